# SPDX-License-Identifier: MIT
"""How long a status takes while the daemon works: in the middle of paying without a throttle (loading and planning
included), and of paying at a throttled endpoint."""
import math
import time

import pay
import throttle
from latency import Probe
from ngmtd import Daemon

# The size that the figure is about, often enough for a p99; and a larger one, to see how it grows.
ASSIGNMENTS, TIMES = 1000, 8
MANY_ASSIGNMENTS = 5000
IDLE_S = 3
THROTTLED_S = 20
GOAL_P99_MS = 20


def percentile(samples, share):
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def run_idle(build, folder):
    """What the machine and the way cost by themselves."""
    probe = Probe(build)
    with pay.simulator() as sim, Daemon(build, folder, sim) as daemon:
        probe.start(daemon)
        time.sleep(IDLE_S)
        probe.stop()
    return probe.samples


def run_paying(build, folder, assignments, times):
    samples = {}
    for number in range(times):
        probe = Probe(build)
        if not pay.run_ngmtd(build, folder / str(number), probe, assignments)["exact"]:
            raise RuntimeError("the books are not exact")
        for way, some in probe.samples.items():
            samples.setdefault(way, []).extend(some)
    return samples


def run_throttled(build, folder):
    probe = Probe(build)
    throttle.run_ngmtd(build, folder, 10, THROTTLED_S, probe)
    return probe.samples


def add(report, name, samples, idle, has_goal):
    for way in ("connection", "process"):
        p50, p99 = percentile(samples[way], 0.5), percentile(samples[way], 0.99)
        title = f"status: {name}, {way}, {len(samples[way])} times"
        report.add(f"{title}: p50", p50, "ms", idle and percentile(idle[way], 0.5))
        report.add(f"{title}: p99", p99, "ms", idle and percentile(idle[way], 0.99),
                   *((f"<= {GOAL_P99_MS}", p99 <= GOAL_P99_MS) if has_goal else ()))
        report.add(f"{title}: max", max(samples[way]), "ms", idle and max(idle[way]))


def measure(build, folder, report):
    idle = run_idle(build, folder / "idle")
    add(report, "idle", idle, None, False)
    add(report, "paying", run_paying(build, folder / "paying", ASSIGNMENTS, TIMES), idle, True)
    add(report, f"paying {MANY_ASSIGNMENTS}", run_paying(build, folder / "many", MANY_ASSIGNMENTS, 1), idle, False)
    add(report, "throttled", run_throttled(build, folder / "throttled"), idle, True)
