# SPDX-License-Identifier: MIT
"""What paying costs: approvals and bonuses without a throttle, over TLS, beside boto3 on the same endpoint."""
import contextlib
import json
import pathlib
import statistics
import subprocess
import sys
import time

import simclient

import study
from ngmtd import Daemon

ASSIGNMENTS = 1000
ROUNDS = 3
GOAL_MS = 0.25
GOAL_RSS_MB = 20


@contextlib.contextmanager
def simulator():
    """An endpoint without a throttle that remembers no requests."""
    with simclient.Simulator(arguments=["--balance", "1000000.00"]) as sim:
        sim.record(on=False)
        yield sim


def run_ngmtd(build, folder, probe=None, assignments=ASSIGNMENTS):
    """One daemon from its start to its end. `probe`: entered while it works (see latency.py)."""
    with simulator() as sim:
        submitted = study.submit(sim, assignments)
        with Daemon(build, folder, sim) as daemon:
            control = daemon.control()
            if probe:
                probe.start(daemon)
            results = study.write_results(folder / "bonus.csv", submitted)
            apply = control.upload(results, reason=study.REASON)
            before, split, wall = daemon.cpu_s(), daemon.cpu_split_s(), time.monotonic()
            applied = apply()
            told = control.follow(applied["batch"])
            out = {"operations": applied["operations"], "cpu_s": daemon.cpu_s() - before,
                   "wall_s": time.monotonic() - wall, "life_cpu_s": daemon.cpu_s()}
            out["user_s"], out["system_s"] = (after - b for after, b in zip(daemon.cpu_split_s(), split))
            if probe:
                probe.stop()
            control.close()
            out["rss_mb"] = daemon.peak_rss_mb()
        out["exact"] = told["done"] == 2 * assignments and study.is_exact(sim, submitted)
    return out


def run_boto3(folder):
    with simulator() as sim:
        submitted = study.submit(sim, ASSIGNMENTS)
        listed = folder / "assignments.json"
        listed.write_text(json.dumps(submitted))
        program = pathlib.Path(__file__).with_name("boto3_pay.py")
        done = subprocess.run([sys.executable, str(program), str(listed)], env=sim.environment(), check=True,
                              stdout=subprocess.PIPE)
        out = json.loads(done.stdout)
        out["exact"] = study.is_exact(sim, submitted)
    return out


def measure(build, folder, report):
    """In turns, so that both meet the same weather."""
    ours, theirs = [], []
    for i in range(ROUNDS):
        ours.append(run_ngmtd(build, folder / f"ngmtd{i}"))
        theirs.append(run_boto3(folder))
    count = 2 * ASSIGNMENTS
    cost, boto3_cost = (1000 * statistics.median(r["cpu_s"] for r in runs) / count for runs in (ours, theirs))
    rss, boto3_rss = (max(r["rss_mb"] for r in runs) for runs in (ours, theirs))
    wall, boto3_wall = (statistics.median(r["wall_s"] for r in runs) for runs in (ours, theirs))
    life = 1000 * statistics.median(r["life_cpu_s"] for r in ours) / count
    system = 1000 * statistics.median(r["system_s"] for r in ours) / count
    exact = all(r["exact"] and r["operations"] == count for r in ours)
    report.add("pay: CPU per operation, apply to finished", cost, "ms", boto3_cost, f"<= {GOAL_MS}", cost <= GOAL_MS)
    report.add("pay: of it in the kernel", system, "ms")
    report.add("pay: CPU per operation, whole life", life, "ms")
    report.add(f"pay: wall for {count} operations", wall, "s", boto3_wall)
    report.add("pay: peak memory", rss, "MB", boto3_rss, f"<= {GOAL_RSS_MB}", rss <= GOAL_RSS_MB)
    report.add("pay: books exact", "yes" if exact else "NO", "", None, "yes", exact)
    if not all(r["exact"] for r in theirs):
        raise RuntimeError("boto3's books are not exact: the comparison is worth nothing")
