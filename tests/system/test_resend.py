# SPDX-License-Identifier: MIT
"""A server that reads a request on a reused connection and closes: the request must not leave a second time by itself.

libcurl would send it again silently. Between the daemon and the endpoint stands a wire of ours that sees every request
as bytes arrive, and may read one, pass it on or not, and close without an answer.
"""
import json
import socket
import ssl
import struct
import threading

import pytest

from ngmt import assignment, approvals, bonuses, check_books, submit, worker


class Wire:
    """Passes requests on to the endpoint; those that `cut` chooses get no answer."""

    def __init__(self, sim, tls, cut):
        self.sim = sim
        self.cut = cut
        self.requests = []  # (connection, operation, body, what the observer saw)
        self.observe = lambda: None
        self.failures = []
        self._lock = threading.Lock()
        self._connections = []
        self._threads = []
        self._context = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(sim.directory / "tls" / "server.pem", sim.directory / "tls" / "server.key")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._start(self._accept)

    def _start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.append(peer)
                number = len(self._connections)
            self._start(self._serve, peer, number)

    def _serve(self, peer, number):
        try:
            if self._context:
                peer = self._context.wrap_socket(peer, server_side=True)
            upstream = self.sim.connect()
            while self._exchange(peer, number, upstream):
                pass
            upstream.close()
        except (OSError, ssl.SSLError):
            pass
        except Exception as failure:  # pylint: disable=broad-except
            self.failures.append(repr(failure))
        finally:
            peer.close()

    @staticmethod
    def _read(peer):
        data = b""
        while b"\r\n\r\n" not in data:
            more = peer.recv(65536)
            if not more:
                return None, None
            data += more
        head, body = data.split(b"\r\n\r\n", 1)
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
        length = next(int(value) for name, value in headers if name.lower() == "content-length")
        while len(body) < length:
            body += peer.recv(65536)
        assert len(body) == length, "more than one request at once"
        return headers, body

    def _exchange(self, peer, number, upstream):
        headers, body = self._read(peer)
        if headers is None:
            return False
        operation = next(value for name, value in headers if name.lower() == "x-amz-target").split(".")[1]
        with self._lock:
            self.requests.append((number, operation, json.loads(body), self.observe()))
            how = self.cut(self, number, operation)
        if how != "read":
            upstream.putrequest("POST", "/", skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            text = answer.read()
        if how is None:
            lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
            lines += [f"{name}: {value}" for name, value in answer.getheaders()
                      if name.lower() not in ("connection", "transfer-encoding", "content-length")]
            peer.sendall("\r\n".join(lines + [f"Content-Length: {len(text)}", "", ""]).encode() + text)
            return True
        if how == "reset":
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif self._context:
            peer.unwrap()  # a clean end of TLS
        return False

    def of(self, operation):
        return [request for request in self.requests if request[1] == operation]

    def on_connection(self, number):
        return [operation for connection, operation, _, _ in self.requests if connection == number]

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        assert not self.failures, self.failures


def cut_first(operation, how):
    """Cuts the first request of the operation that arrives on a connection that has answered before."""
    cut = []

    def decide(wire, number, seen):
        if seen != operation or cut or len(wire.on_connection(number)) < 2:
            return None
        cut.append(number)
        return how
    return decide


@pytest.fixture
def make_wire(sim):
    made = []

    def make(tls, cut):
        made.append(Wire(sim, tls, cut))
        return made[-1]

    yield make
    for wire in made:
        wire.close()


def start(make_daemon, sim, wire, **options):
    daemon = make_daemon(endpoint=wire.endpoint, ca_bundle=sim.ca_bundle if wire.endpoint.startswith("https") else None,
                         options={"queue": options})
    # What the ledger says at the moment when a request has arrived: the history of every operation so far.
    wire.observe = lambda: {op["key"]: daemon.ledger.history(op["id"]) for op in daemon.ledger.operations()}
    return daemon


@pytest.mark.parametrize("how", ["read", "passed on", "reset"])
@pytest.mark.parametrize("tls", [True, False])
def test_a_bonus_leaves_once_until_it_is_recorded_as_unsure(sim, make_daemon, make_wire, room, tls, how):
    wire = make_wire(tls, cut_first("SendBonus", how))
    daemon = start(make_daemon, sim, wire, concurrency=1)
    submit(sim, [1])
    daemon.load(room.player(1, 2.5).write())
    assert daemon.pay(["bonus"])["done"] == 1
    first, second = wire.of("SendBonus")
    key = f"bonus/{assignment(1)}/{worker(1)}/bonus"
    assert first[3][key] == ["planned", "queued", "sending"]
    assert len(wire.on_connection(first[0])) > 1, "the connection was not a reused one"
    # The second one is ours: the doubt is on disk before it leaves, and it has a connection of its own.
    assert second[3][key] == ["planned", "queued", "sending", "unsure", "sending"]
    assert second[0] != first[0]
    assert first[2] == second[2] and first[2]["UniqueRequestToken"]
    (op,) = daemon.ledger.operations("bonus")
    assert (op["token"], op["attempts"]) == (first[2]["UniqueRequestToken"], 2)
    assert op["outcome"] == ("paid" if how == "read" else "already-processed")
    check_books(sim, daemon, {1: 250}, approved=[])


@pytest.mark.parametrize("tls", [True, False])
def test_an_approval_leaves_once_until_it_is_recorded_as_unsure(sim, make_daemon, make_wire, room, tls):
    wire = make_wire(tls, cut_first("ApproveAssignment", "read"))
    daemon = start(make_daemon, sim, wire, concurrency=1)
    submit(sim, [1])
    daemon.load(room.player(1).write())
    assert daemon.pay(["approve"])["done"] == 1
    key = f"decision/{assignment(1)}"
    arrivals = [request for request in wire.requests if "planned" in request[3].get(key, [])
                and request[1] in ("ApproveAssignment", "GetAssignment")]
    assert arrivals[0][3][key] == ["planned", "queued", "sending"]
    assert "unsure" in arrivals[1][3][key]
    assert approvals(sim) == {assignment(1): 1}


@pytest.mark.parametrize("tls", [True, False])
def test_every_third_request_loses_its_answer(sim, make_daemon, make_wire, room, tls):
    """With several connections at once: no request arrives twice without an unsure in between."""
    numbers = range(1, 13)
    ways = ["read", "passed on", "reset"]

    def cut(wire, number, operation):
        count = len(wire.requests)
        return ways[count // 3 % 3] if count % 3 == 0 and operation in ("SendBonus", "ApproveAssignment") else None

    wire = make_wire(tls, cut)
    daemon = start(make_daemon, sim, wire)
    submit(sim, numbers)
    for number in numbers:
        room.player(number, 1)
    daemon.load(room.write())
    daemon.pay()
    check_books(sim, daemon, {number: 100 for number in numbers})
    sent = {}
    for _, operation, body, histories in wire.of("SendBonus"):
        key = f"bonus/{body['AssignmentId']}/{body['WorkerId']}/bonus"
        sent[key] = sent.get(key, 0) + 1
        assert histories[key].count("sending") == sent[key] and histories[key].count("unsure") == sent[key] - 1
    assert len(sent) == 12 and sum(sent.values()) > 12
    assert bonuses(sim) == {assignment(number): [100] for number in numbers}


def test_a_server_whose_connections_answer_once(sim, make_daemon, make_wire, room):
    """Each connection answers its first request, reads the second, and closes."""
    numbers = range(1, 7)
    wire = make_wire(True, lambda wire, number, operation: "read" if len(wire.on_connection(number)) == 2 and
                     operation != "GetAccountBalance" else None)
    daemon = start(make_daemon, sim, wire)
    submit(sim, numbers)
    for number in numbers:
        room.player(number, 1)
    daemon.load(room.write())
    daemon.pay()
    check_books(sim, daemon, {number: 100 for number in numbers})
