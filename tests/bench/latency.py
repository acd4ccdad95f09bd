# SPDX-License-Identifier: MIT
"""latency.py SOCKET NGMTCTL: asks for the status every 20 ms until its standard input ends, over one open connection
and, in turn, with whole ngmtctl processes; prints the milliseconds of each as JSON. A process of its own, so that
nothing else of the benchmark delays it."""
import json
import os
import select
import subprocess
import sys
import time

from control import Control

EVERY_S = 0.02


def ask_process(ngmtctl, socket, null):
    """The fastest way that Python has: neither it nor its memory's size shall be measured."""
    start = time.monotonic()
    pid = os.posix_spawn(ngmtctl, [ngmtctl, "--socket", socket, "--json", "status"], os.environ,
                         file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise RuntimeError(f"ngmtctl status ended with {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - start


def ask_connection(control):
    start = time.monotonic()
    control.call("status")
    return time.monotonic() - start


def main(socket, ngmtctl):
    control = Control(socket)
    null = os.open(os.devnull, os.O_WRONLY)
    connection, process = [], []
    due = time.monotonic()
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], max(0, due - time.monotonic()))[0]:
        connection.append(1000 * ask_connection(control))
        process.append(1000 * ask_process(ngmtctl, socket, null))
        due = max(due + EVERY_S, time.monotonic())
    print(json.dumps({"connection": connection, "process": process}))


class Probe:
    """Runs latency.py while something else is measured."""

    def __init__(self, build):
        self._ngmtctl = str(build / "client" / "ngmtctl")
        self._process = None
        self.samples = {"connection": [], "process": []}

    def start(self, daemon):
        self._process = subprocess.Popen([sys.executable, __file__, daemon.socket, self._ngmtctl], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError("the status cannot be asked for")

    def stop(self):
        text, _ = self._process.communicate()
        for way, samples in json.loads(text).items():
            self.samples[way] += samples


if __name__ == "__main__":
    main(*sys.argv[1:])
