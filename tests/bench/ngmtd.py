# SPDX-License-Identifier: MIT
"""One ngmtd in a folder of its own, and what it costs."""
import os
import pathlib
import signal
import socket
import subprocess
import time

import simclient

from control import Control

START_S = 20
STOP_S = 30


class Daemon:
    """`with Daemon(build, folder, simulator) as daemon:`. Its log is ngmtd.log in the folder. `more` is added to its
    configuration."""

    def __init__(self, build, folder, simulator, concurrency=8, under=(), more=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket = str(self.folder / "socket")
        self._command = list(under) + [str(build / "daemon" / "ngmtd"), "-C", str(self.folder / "ngmt.conf")]
        self._write_configuration(simulator, concurrency, more)
        self.process = None

    def _write_configuration(self, simulator, concurrency, more):
        path = self.folder / "ngmt.conf"
        path.touch(mode=0o600)
        path.write_text(f"""[aws]
access_key_id = {simclient.ACCESS_KEY_ID}
secret_access_key = {simclient.SECRET_ACCESS_KEY}
endpoint = {simulator.endpoint}
ca_bundle = {simulator.ca_bundle}
[queue]
throttle_interval = 0
concurrency = {concurrency}
[state]
directory = {self.folder}/state
[control]
socket = {self.socket}
{more}""")

    def __enter__(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        with open(self.folder / "ngmtd.log", "wb") as log:
            self.process = subprocess.Popen(self._command, stderr=log, env=environment)
        end = time.monotonic() + START_S
        while not self._is_listening():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                self.process.wait()
                raise RuntimeError(f"ngmtd did not start: {self.log()}")
            time.sleep(0.01)
        return self

    def _is_listening(self):
        with socket.socket(socket.AF_UNIX) as attempt:
            return attempt.connect_ex(self.socket) == 0

    def __exit__(self, kind, value, trace):
        if self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        if status != 0 and kind is None:
            raise RuntimeError(f"ngmtd ended with {status}: {self.log()}")

    def log(self):
        return (self.folder / "ngmtd.log").read_text(errors="replace")[-2000:]

    @property
    def ledger(self):
        return self.folder / "state" / "rehearsal" / "ledger.db"

    def control(self):
        return Control(self.socket)

    def cpu_s(self):
        """User and system time since it started. The kernel's clock of the process, since /proc/PID/stat counts in
        hundredths of a second; both count the same time."""
        return time.clock_gettime(~self.process.pid << 3 | 2)

    def cpu_split_s(self):
        """The same as (user, system), in hundredths."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return tuple(int(fields[i]) / os.sysconf("SC_CLK_TCK") for i in (11, 12))

    def peak_rss_mb(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("the kernel does not tell VmHWM")
