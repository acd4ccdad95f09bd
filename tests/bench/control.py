# SPDX-License-Identifier: MIT
"""A connection to a daemon."""
import json
import socket


class Refused(Exception):
    """The daemon answered with an error."""


class Control:
    """A connection that speaks ngmt-protocol(7)."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._lines = self._socket.makefile("rb")
        self._last_id = 0
        self.call("hello", protocol=1, client="bench")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self._lines.close()
        self._socket.close()

    def read(self):
        line = self._lines.readline()
        if not line:
            raise Refused("the daemon has closed the connection")
        return json.loads(line)

    def call(self, method, **params):
        self._last_id += 1
        request = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            reply = self.read()
            if reply.get("id") != self._last_id:
                continue
            if "error" in reply:
                raise Refused(f"{method}: {reply['error']['message']}")
            return reply["result"]

    def upload(self, rows_file, **params):
        """Loads and plans. Returns a function that applies the plan and returns the result of that."""
        self.call("load", what="results", path=str(rows_file), mode="replace")
        params["do"] = ["approve", "reject", "bonus"]
        plan = self.call("plan", **params)
        return lambda: self.call("apply", digest=plan["digest"], **params)

    def follow(self, batch):
        """Until the batch is finished; its last description."""
        told = self.call("subscribe", batch=batch)
        while not told["finished"]:
            message = self.read()
            if message.get("method") == "progress":
                told = message["params"]
        return told
