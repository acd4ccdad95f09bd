# SPDX-License-Identifier: MIT
"""How well the adaptive throttle finds a limit that it is not told, by the endpoint's own counts."""
import time

import study
from ngmtd import Daemon
from pay import simulator

PER_SECOND = 10
WARM_UP_S = 10
GOAL_USED = 0.95
GOAL_REFUSED = 0.03


def counts(sim):
    """Requests so far: (accepted, refused for being too fast)."""
    calls = sim.books("account")["calls"].values()
    throttled = sum(c["throttled"] for c in calls)
    return sum(c["calls"] for c in calls) - throttled, throttled


def run_ngmtd(build, folder, burst, seconds, probe=None):
    """Shares of the rate used and of the requests refused, over `seconds` after the first ten."""
    with simulator() as sim:
        submitted = study.submit(sim, (WARM_UP_S + seconds) * PER_SECOND)
        with Daemon(build, folder, sim) as daemon:
            control = daemon.control()
            results = study.write_results(folder / "bonus.csv", submitted)
            apply = control.upload(results, reason=study.REASON)
            sim.throttle(per_second=PER_SECOND, burst=burst)
            if probe:
                probe.start(daemon)
            batch = apply()["batch"]
            time.sleep(WARM_UP_S)
            start_s, (accepted, refused) = time.monotonic(), counts(sim)
            time.sleep(seconds)
            elapsed_s, (accepted_then, refused_then) = time.monotonic() - start_s, counts(sim)
            if probe:
                probe.stop()
            if control.call("batch", batch=batch)["finished"]:
                raise RuntimeError("the work ended before the time did")
            control.close()
    accepted, refused = accepted_then - accepted, refused_then - refused
    return accepted / (PER_SECOND * elapsed_s), refused / (accepted + refused)


def measure(build, folder, report, seconds):
    for burst in (10, 1):
        used, refused = run_ngmtd(build, folder / f"burst{burst}", burst, seconds)
        name = f"throttle: {PER_SECOND}/s, burst {burst}, {seconds} s"
        report.add(f"{name}: rate used", 100 * used, "%", None, f">= {100 * GOAL_USED:.0f}", used >= GOAL_USED)
        report.add(f"{name}: refused", 100 * refused, "%", None, f"< {100 * GOAL_REFUSED:.0f}", refused < GOAL_REFUSED)
