#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Pays the bonus of one worker over ngmtd's socket, and waits until it is done: pay.py WORKER REASON

The rows must be known to the daemon (ngmtctl load results FILE, or a watched room). A second run pays nothing. The
methods are those of ngmt-protocol(7), the exit status is ngmtctl(1)'s.
"""
import json
import os
import socket
import sys

SOCKET = os.environ.get("NGMT_SOCKET", "/run/ngmt/ngmtd.sock")


class Refused(Exception):
    """The daemon's word, with the exit status that it proposes."""

    def __init__(self, error):
        data = error.get("data") or {}
        hint = f" ({data['hint']})" if data.get("hint") else ""
        super().__init__(error["message"] + hint)
        self.exit_status = data.get("exit_status", 1)


class Daemon:
    def __init__(self, path):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(path)
        self.stream = connection.makefile("rw", encoding="utf-8", newline="\n")
        self.last_id = 0
        self.call("hello", protocol=1, client="pay.py")

    def receive(self):
        line = self.stream.readline()
        if not line:
            raise ConnectionError("the daemon has closed the connection")
        return json.loads(line)

    def call(self, method, **params):
        self.last_id += 1
        request = {"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params}
        self.stream.write(json.dumps(request) + "\n")
        self.stream.flush()
        while True:
            message = self.receive()
            if message.get("id") != self.last_id:
                continue  # a notification
            if "error" in message:
                raise Refused(message["error"])
            return message["result"]

    def follow(self, batch):
        """Until everything is done, or waits for money."""
        progress = self.call("subscribe", batch=batch)
        while not progress["finished"] and progress["waiting_for"] != "funds":
            message = self.receive()
            if message.get("method") == "progress":
                progress = message["params"]
        return progress


def pay(worker, reason):
    daemon = Daemon(SOCKET)
    wish = {"do": ["bonus"], "reason": reason, "select": {"worker": worker}}
    plan = daemon.call("plan", **wish)
    if plan["nothing_to_do"]:
        print(f"nothing to pay: {plan['why']}")
        return 7 if any(group["verdict"] in ("hold", "conflict") for group in plan["groups"]) else 0
    # The digest makes sure that what is paid is what was planned.
    applied = daemon.call("apply", digest=plan["digest"], command="pay.py", **wish)
    result = daemon.follow(applied["batch"])
    print(f"{result['environment']}: {result['bonuses']} paid, {result['bonus_cents'] / 100:.2f} dollars "
          f"and {result['fees_cents'] / 100:.2f} of fees")
    if not result["finished"]:
        return 6
    return 0 if result["done"] == result["total"] else 7


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        sys.exit(pay(*sys.argv[1:]))
    except Refused as refusal:
        print(f"pay.py: {refusal}", file=sys.stderr)
        sys.exit(refusal.exit_status)
    except OSError as problem:
        print(f"pay.py: {SOCKET}: {problem}", file=sys.stderr)
        sys.exit(3)
