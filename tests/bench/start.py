# SPDX-License-Identifier: MIT
"""ngmtctl status as a whole process, from start to finish, with a daemon that has nothing to do; beside it what Node.js
and Python need merely to start."""
import os
import shutil
import statistics
import time

import pay
from ngmtd import Daemon

ROUNDS = 200
GOAL_CPU_MS, GOAL_WALL_MS = 5, 10


def run(command, null):
    """Wall and CPU time in milliseconds."""
    start = time.monotonic()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - start
    if status != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return 1000 * wall, 1000 * (usage.ru_utime + usage.ru_stime)


def run_in_turns(commands):
    null, samples = os.open(os.devnull, os.O_WRONLY), {name: [] for name in commands}
    try:
        for _ in range(ROUNDS):
            for name, command in commands.items():
                samples[name].append(run(command, null))
    finally:
        os.close(null)
    return {name: tuple(map(statistics.median, zip(*some))) for name, some in samples.items()}


def others():
    found = {"node": (shutil.which("node"), "-e", ""), "python3": ("/usr/bin/python3", "-c", "")}
    return {name: list(command) for name, command in found.items() if command[0] and os.access(command[0], os.X_OK)}


def measure(build, folder, report):
    ngmtctl = str(build / "client" / "ngmtctl")
    with pay.simulator() as sim, Daemon(build, folder, sim) as daemon:
        ours = {"ngmtctl status": [ngmtctl, "--socket", daemon.socket, "status"],
                "ngmtctl --json status": [ngmtctl, "--socket", daemon.socket, "--json", "status"]}
        medians = run_in_turns({**ours, **others()})
    slowest = {what: max(medians[name][what] for name in ours) for what in (0, 1)}
    for name in ours:
        wall, cpu = medians[name]
        report.add(f"start: {name}: CPU, median of {ROUNDS}", cpu, "ms", None, f"<= {GOAL_CPU_MS}", cpu <= GOAL_CPU_MS)
        report.add(f"start: {name}: wall, median of {ROUNDS}", wall, "ms", None, f"<= {GOAL_WALL_MS}",
                   wall <= GOAL_WALL_MS)
    for name in medians.keys() - ours.keys():
        report.add(f"start: CPU beside {name} that does nothing", slowest[1], "ms", medians[name][1])
        report.add(f"start: wall beside {name} that does nothing", slowest[0], "ms", medians[name][0])
