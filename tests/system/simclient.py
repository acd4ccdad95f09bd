# SPDX-License-Identifier: MIT
"""Starts a mturk-sim of its own in a temporary folder (TLS, a throwaway CA, a port from the kernel) and talks to it.

    with Simulator() as sim:
        sim.hit(hit="3NGMTHIT00001", reward="1.00", max_assignments=50)
        sim.submit(hit="3NGMTHIT00001", count=10)
        sim.boto3_client().get_account_balance()
        sim.books("account")

The binary is $NGMT_BUILD/tests/sim/mturk-sim.
"""
import http.client
import json
import os
import pathlib
import select
import shutil
import signal
import ssl
import subprocess
import tempfile
import urllib.parse

ACCESS_KEY_ID = "AKIDREHEARSAL"
SECRET_ACCESS_KEY = "rehearsal/secret+that+opens+nothing+real"
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 30


class ControlError(Exception):
    """The control interface refused; `status` is HTTP's, `reply` the JSON it sent."""

    def __init__(self, status, reply):
        super().__init__(f"{status}: {reply.get('error')}")
        self.status = status
        self.reply = reply


def binary():
    build = os.environ.get("NGMT_BUILD")
    if not build:
        raise RuntimeError("NGMT_BUILD does not name a build folder")
    return pathlib.Path(build) / "tests" / "sim" / "mturk-sim"


class Simulator:
    """One running mturk-sim. Leaving the context ends it and raises if it did not end cleanly (sanitizers included)."""

    def __init__(self, tls=True, arguments=(), directory=None):
        self.tls = tls
        self.arguments = list(arguments)
        self._own_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="mturk-sim-"))
        self.process = None
        self.endpoint = None
        self._connection = None

    # -- life ---------------------------------------------------------------------------------------------------------

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        try:
            self.stop(check=kind is None)
        finally:
            if self._own_directory:
                shutil.rmtree(self.directory, ignore_errors=True)

    def start(self):
        command = [str(binary())] + self.arguments
        if self.tls:
            command += ["--tls", str(self.directory / "tls")]
        self._log = open(self.directory / "mturk-sim.log", "ab")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, text=True)
        ready, _, _ = select.select([self.process.stdout], [], [], START_TIMEOUT_S)
        line = self.process.stdout.readline() if ready else ""
        if not line.startswith("listening "):
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"mturk-sim did not start: {line!r} {self.log()}")
        self.endpoint = line.split()[1]
        return self

    def stop(self, check=True):
        if self._connection:
            self._connection.close()
            self._connection = None
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        self._log.close()
        self.process = None
        if check and status != 0:
            raise RuntimeError(f"mturk-sim ended with {status}: {self.log()}")

    def log(self):
        return (self.directory / "mturk-sim.log").read_text(errors="replace")

    # -- the way there ------------------------------------------------------------------------------------------------

    @property
    def ca_bundle(self):
        return str(self.directory / "tls" / "ca.pem")

    @property
    def host(self):
        return urllib.parse.urlsplit(self.endpoint).hostname

    @property
    def port(self):
        return urllib.parse.urlsplit(self.endpoint).port

    def connect(self, timeout=60):
        """A fresh http.client connection."""
        if not self.tls:
            return http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        context = ssl.create_default_context(cafile=self.ca_bundle)
        return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=context)

    def environment(self, **more):
        """os.environ for a program that is to use this endpoint, and no other AWS settings."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        kept.update(AWS_ACCESS_KEY_ID=ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET_ACCESS_KEY,
                    AWS_DEFAULT_REGION="us-east-1", AWS_ENDPOINT_URL_MTURK=self.endpoint,
                    AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull,
                    AWS_EC2_METADATA_DISABLED="true")
        if self.tls:
            kept["AWS_CA_BUNDLE"] = self.ca_bundle
        kept.update(more)
        return kept

    def boto3_client(self, access_key_id=ACCESS_KEY_ID, secret_access_key=SECRET_ACCESS_KEY, session_token=None,
                     region="us-east-1", **config):
        """Amazon's own client. It never retries, so that counts are exact, unless `retries` says otherwise."""
        import boto3
        import botocore.config

        config.setdefault("retries", {"total_max_attempts": 1})
        config.setdefault("read_timeout", 30)
        session = boto3.session.Session(aws_access_key_id=access_key_id, aws_secret_access_key=secret_access_key,
                                        aws_session_token=session_token, region_name=region)
        return session.client("mturk", endpoint_url=self.endpoint, verify=self.ca_bundle if self.tls else None,
                              config=botocore.config.Config(**config))

    # -- the control interface ----------------------------------------------------------------------------------------

    def control(self, method, path, body=None):
        if self._connection is None:
            self._connection = self.connect()
        text = None if body is None else json.dumps(body)
        try:
            self._connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
            response = self._connection.getresponse()
            reply = json.loads(response.read())
        except Exception:
            self._connection.close()
            self._connection = None
            raise
        if response.status != 200:
            raise ControlError(response.status, reply)
        return reply

    def books(self, *only):
        """All the books, or only some sections: account, hits, assignments, bonuses, tokens, notifications, …"""
        return self.control("GET", "/sim/books" + ("?only=" + ",".join(only) if only else ""))

    def requests(self, since=0, limit=None):
        reply = self.control("GET", f"/sim/requests?since={since}" + (f"&limit={limit}" if limit else ""))
        return reply["requests"]

    def hit(self, **order):
        return self.control("POST", "/sim/hit", order)["hit"]

    def submit(self, **work):
        return self.control("POST", "/sim/submit", work)["assignments"]

    def accept(self, **work):
        return self.control("POST", "/sim/accept", work)["assignments"]

    def balance(self, available):
        self.control("POST", "/sim/balance", {"available": available})

    def advance(self, seconds):
        return self.control("POST", "/sim/clock", {"advance_s": seconds})

    def skew(self, seconds):
        return self.control("POST", "/sim/clock", {"skew_s": seconds})

    def throttle(self, per_second, burst=None):
        body = {"per_second": per_second}
        if burst is not None:
            body["burst"] = burst
        self.control("POST", "/sim/throttle", body)

    def faults(self, *rules):
        return self.control("POST", "/sim/faults", {"faults": list(rules)})["faults"]

    def fault_counts(self):
        return self.control("GET", "/sim/faults")["faults"]

    def record(self, on=True, limit=0):
        self.control("POST", "/sim/record", {"on": on, "limit": limit})

    def credentials(self, **keys):
        self.control("POST", "/sim/credentials", keys)

    def reset(self):
        self.control("POST", "/sim/reset", {})
