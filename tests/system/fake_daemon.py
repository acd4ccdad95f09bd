# SPDX-License-Identifier: MIT
"""A scripted peer for ngmtctl: speaks ngmt-protocol(7) on a Unix socket and answers what a test tells it to.

    with FakeDaemon(folder) as daemon:
        daemon.on("status", {"environment": "sandbox", ...})     # a fixed result
        daemon.on("plan", lambda params, peer: {...})            # a computed one
        daemon.on("apply", Refusal("money-rule", "...", 5))      # an error
        daemon.on("get", Raw(b"rubbish\\n"))                      # these very bytes instead of a reply
        daemon.on("get", HANG_UP)                                # close instead of a reply
        daemon.on("get", SILENCE)                                # never reply

Every request is kept in `daemon.requests` as (method, params).
"""
import json
import os
import socket
import threading

HANG_UP = object()
SILENCE = object()


class Raw:
    def __init__(self, data, hang_up=False):
        self.data = data
        self.hang_up = hang_up


class Refusal:
    def __init__(self, name, message, exit_status=1, hint=None, retryable=False):
        self.error = {"code": -32000, "message": message,
                      "data": {"name": name, "hint": hint, "exit_status": exit_status, "retryable": retryable,
                               "environment": "sandbox"}}


class Peer:
    """One connection, as answers see it."""

    def __init__(self, connection):
        self.connection = connection
        self.lock = threading.Lock()

    def write(self, data):
        with self.lock:
            try:
                self.connection.sendall(data)
            except OSError:
                pass

    def send(self, value):
        self.write(json.dumps(value).encode() + b"\n")

    def notify(self, params, method="progress"):
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def hang_up(self):
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class FakeDaemon:
    def __init__(self, folder, environment="sandbox", may_look=True, may_change=True, protocol=1):
        self.path = os.path.join(str(folder), "ngmtd.sock")
        self.hello = {"protocol": protocol, "server": "ngmtd fake", "environment": environment, "platform": "mturk",
                      "endpoint": "https://127.0.0.1:1", "user": "tester", "may_look": may_look,
                      "may_change": may_change, "dry": False}
        self.answers = {"hello": lambda params, peer: self.hello}
        self.requests = []
        self.changed = threading.Condition()
        self.peers = []
        self.listener = None

    def on(self, method, answer):
        self.answers[method] = answer
        return self

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Listens; can be called again after stop(), as a daemon that is started again."""
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen(16)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def stop(self):
        """As kill -9: every connection ends at once, and nobody listens."""
        listener, self.listener = self.listener, None
        if listener:
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()
        for peer in self.peers:
            peer.hang_up()
        self.peers = []

    def methods(self):
        return [method for method, _ in self.requests]

    def params(self, method):
        """The params of the last request of this method."""
        return [params for name, params in self.requests if name == method][-1]

    def wait_for(self, method, count=1, timeout=10):
        """Waits until `method` was asked for `count` times."""
        with self.changed:
            done = self.changed.wait_for(lambda: self.methods().count(method) >= count, timeout)
        assert done, f"{method} was asked for {self.methods().count(method)} times, not {count}"

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            peer = Peer(connection)
            self.peers.append(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        try:
            with peer.connection, peer.connection.makefile("rb") as lines:
                for line in lines:
                    self._answer(peer, json.loads(line))
        except (OSError, ValueError):
            pass

    def _answer(self, peer, request):
        method, params = request["method"], request.get("params", {})
        assert request["jsonrpc"] == "2.0" and isinstance(request["id"], int)
        with self.changed:
            self.requests.append((method, params))
            self.changed.notify_all()
        answer = self.answers.get(method, Refusal("internal", f'the test has no answer for "{method}"'))
        after = None
        if callable(answer):
            answer = answer(params, peer)
        if isinstance(answer, tuple):
            answer, after = answer
        if answer is SILENCE:
            return
        if answer is HANG_UP:
            peer.hang_up()
        elif isinstance(answer, Raw):
            peer.write(answer.data)
            if answer.hang_up:
                peer.hang_up()
        elif isinstance(answer, Refusal):
            peer.send({"jsonrpc": "2.0", "id": request["id"], "error": answer.error})
        else:
            peer.send({"jsonrpc": "2.0", "id": request["id"], "result": answer})
        if after:
            after(peer)
