# SPDX-License-Identifier: MIT
"""The control socket and the daemon's own house: protocol, limits, rights, locks, configuration, secrets."""
import base64
import contextlib
import json
import os
import random
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import time
import urllib.parse

import pytest

from ngmt import (HIT, REASON, SANITIZERS, Connection, RpcError, assignment, check_books, program, submit, wait_until)
from simclient import ACCESS_KEY_ID, SECRET_ACCESS_KEY

REQUEST_MAX = 1024 * 1024
CLIENTS_PER_USER = 96  # of those who may change
CLIENTS_OF_A_READER = 48  # of one user who may look
CLIENTS_OF_A_STRANGER = 4
PENDING = 16  # requests of one client that are not answered yet
GREETING_S = 10
NOWHERE = "http://127.0.0.1:9/"  # nothing listens there; for tests that need no platform
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become other users")

# Run as another user, without this folder in reach: says hello and then each line given; prints the answers.
OTHER_CLIENT = """
import json, socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
lines = [{"method": "hello", "params": {"protocol": 1, "client": "other"}}] + json.loads(sys.argv[2])
for number, line in enumerate(lines):
    peer.sendall((json.dumps({"jsonrpc": "2.0", "id": number, **line}) + chr(10)).encode())
peer.shutdown(socket.SHUT_WR)
data = b""
while True:
    more = peer.recv(65536)
    if not more:
        break
    data += more
answers = {a["id"]: a for a in map(json.loads, data.splitlines())}
print(json.dumps([answers.get(number) for number in range(len(lines))]))
"""


@pytest.fixture
def lonely(make_daemon):
    """A daemon whose platform is not there; whatever needs none works."""
    return make_daemon(endpoint=NOWHERE)


def line(number, method, **params):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n"


def error_of(message):
    return message["error"]["code"], message["error"]["data"]["name"]


# -- the protocol -----------------------------------------------------------------------------------------------------


def test_hello_comes_first(lonely):
    with lonely.connect(greet=False) as peer:
        with pytest.raises(RpcError) as refused:
            peer.call("status")
        assert (refused.value.code, refused.value.name, refused.value.data["exit_status"]) == (-32000, "protocol", 10)
        assert "hello" in refused.value.hint
        hello = peer.call("hello", protocol=1, client="tests")
        assert hello["protocol"] == 1 and hello["environment"] == "rehearsal" and hello["platform"] == "mturk"
        assert hello["may_look"] and hello["may_change"] and hello["endpoint"] == NOWHERE
        assert peer.call("status")["state"] == "ok"


@pytest.mark.parametrize("version", [0, 2, -1, 1 << 40, "1", None, 1.5, [1]])
def test_another_version_is_refused(lonely, version):
    with lonely.connect(greet=False) as peer:
        with pytest.raises(RpcError) as refused:
            peer.call("hello", protocol=version, client="tests")
        assert refused.value.name == "protocol" and refused.value.data["exit_status"] == 10
        with pytest.raises(RpcError) as refused:
            peer.call("status")
        assert refused.value.name == "protocol"


def test_an_unknown_method_is_answered_with_a_suggestion(lonely):
    for wrong, right in (("statsu", "status"), ("sho", "show"), ("Apply", "apply")):
        with pytest.raises(RpcError) as refused:
            lonely.call(wrong)
        assert refused.value.code == -32601 and right in refused.value.hint, wrong
    with pytest.raises(RpcError) as refused:
        lonely.call("x" * 500)
    assert refused.value.code == -32601 and len(refused.value.message) < 200


@pytest.mark.parametrize("text,code", [
    ("{", -32700), ("nonsense", -32700), ("", -32700), ("{\"jsonrpc\":\"2.0\",}", -32700), ("{} {}", -32700),
    ("\x00\x01", -32700), ("[" * 5000, -32700), ('{"a":' * 5000, -32700), (b"\xff\xfe{}", -32700),
    ('{"jsonrpc":"2.0","id":1,"method":"status","x":"\\ud800"}', None),
    ("[]", -32600), ("[" + line(1, "status").strip() + "]", -32600), ("1", -32600), ("null", -32700), ('"x"', -32600),
    ("{}", -32600), ('{"jsonrpc":"2.0","method":"status"}', -32600),
    ('{"jsonrpc":"1.0","id":1,"method":"status"}', -32600), ('{"id":1,"method":"status"}', -32600),
    ('{"jsonrpc":"2.0","id":1}', -32600), ('{"jsonrpc":"2.0","id":1,"method":5}', -32600),
    ('{"jsonrpc":"2.0","id":1.5,"method":"status"}', -32600), ('{"jsonrpc":"2.0","id":{},"method":"status"}', -32600),
    ('{"jsonrpc":"2.0","id":null,"method":"status"}', -32600),
    ('{"jsonrpc":"2.0","id":1,"method":"status","params":[1]}', -32600),
])
def test_what_is_no_request_is_refused_and_the_connection_lives(lonely, text, code):
    with lonely.connect() as peer:
        peer.write((text if isinstance(text, bytes) else text.encode()) + b"\n")
        answer = peer.receive()
        assert "error" in answer or code is None
        if code is not None:
            assert answer["error"]["code"] == code and answer["id"] is None
            assert answer["error"]["message"]
        assert peer.call("status")["state"] == "ok"


@pytest.mark.parametrize("method,params", [
    ("load", {}), ("load", {"what": "results"}), ("load", {"what": "results", "path": "relative.csv"}),
    ("load", {"what": "results", "path": 5}), ("load", {"what": "x", "path": "/x"}), ("load", {"what": "game"}),
    ("load", {"what": "results", "path": "/x", "mode": "sideways"}),
    ("load", {"what": "results", "path": "/x", "validate_level": 9}),
    ("show", {}), ("show", {"what": "x"}), ("show", {"what": "results", "limit": 0}),
    ("show", {"what": "results", "limit": 1001}), ("show", {"what": "results", "offset": -1}),
    ("show", {"what": "results", "verdict": "x"}), ("get", {}), ("get", {"what": "x"}),
    ("get", {"what": "hits", "limit": 0}), ("get", {"what": "hit-status", "hit_id": "a b"}),
    ("plan", {}), ("plan", {"do": []}), ("plan", {"do": "bonus"}),
    ("plan", {"do": ["steal"]}), ("plan", {"do": [7]}), ("plan", {"do": ["bonus"], "reason": "x" * 1025}),
    ("plan", {"do": ["bonus"], "reason": "bell\u0007"}), ("plan", {"do": ["bonus"], "purpose": "x" * 65}),
    ("plan", {"do": ["bonus"], "select": "room"}), ("plan", {"do": ["qualify"], "qualification_type_id": "a b"}),
    ("plan", {"do": ["qualify"], "integer_value": -1}), ("plan", {"do": ["qualify"], "integer_value": 1 << 40}),
    ("batch", {}), ("batch", {"batch": 99}), ("batch", {"batch": "x"}), ("subscribe", {"batch": 99}), ("subscribe", {}),
])
def test_params_without_sense_are_refused(lonely, method, params):
    with pytest.raises(RpcError) as refused:
        lonely.call(method, **params)
    assert refused.value.code in (-32602, -32000) and refused.value.name in ("usage", "not-found", "file", "state")
    assert refused.value.data["environment"] == "rehearsal"
    assert lonely.call("status")["working_set"]["rows"] == 0


def test_a_file_that_cannot_be_read_is_refused_whole(lonely, tmp_path):
    for name, content in (("empty.csv", b""), ("binary.csv", os.urandom(4000)), ("header.csv", b"a,b,c\n1,2,3\n"),
                          ("quote.csv", b'workerid,assignmentid,bonus\n"A1NGMT1X,3NGMT,1\n')):
        (tmp_path / name).write_bytes(content)
        with contextlib.suppress(RpcError):
            loaded = lonely.call("load", what="results", path=str(tmp_path / name), mode="replace")
            assert loaded["files"][0]["approve"] == loaded["files"][0]["reject"] == 0, name
    for path in (tmp_path / "nothing.csv", tmp_path, "/dev/zero"):
        with pytest.raises(RpcError) as refused:
            lonely.call("load", what="results", path=str(path), mode="replace")
        assert refused.value.name in ("file", "format"), path
    assert lonely.call("status")["queue"]["planned"] == 0


# -- lines, pipes, many clients ---------------------------------------------------------------------------------------


def test_a_line_may_be_as_long_as_the_limit_and_no_longer(lonely):
    request = line(1, "hello", protocol=1, client="x").strip()
    with lonely.connect(greet=False) as peer:
        peer.write(request + " " * (REQUEST_MAX - len(request)) + "\n")
        assert peer.receive()["result"]["protocol"] == 1
    for ending in ("\n", ""):
        with lonely.connect(greet=False) as peer:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                peer.write(request + " " * (REQUEST_MAX + 4 - len(request)) + ending)
            assert error_of(peer.receive()) == (-32600, "protocol")
            assert peer.read_line() is None
    with lonely.connect(greet=False) as peer:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(64):
                peer.write("x" * REQUEST_MAX)
            pytest.fail("an endless line is read for ever")
    assert lonely.call("status")["state"] == "ok"


def test_requests_may_come_all_at_once(lonely):
    count = 500
    with lonely.connect() as peer:
        peer.write("".join(line(number, "status") for number in range(1, count + 1)))
        assert sorted(peer.receive()["id"] for _ in range(count)) == list(range(1, count + 1))


def test_requests_may_come_byte_by_byte(lonely):
    with lonely.connect(greet=False) as peer:
        for byte in line(1, "hello", protocol=1, client="slow") + line("two", "status"):
            peer.write(byte)
        assert peer.receive()["id"] == 1
        assert peer.receive()["id"] == "two"


def test_who_closes_the_writing_half_still_gets_all_answers(sim, daemon, room):
    submit(sim, [1])
    daemon.load(room.player(1).write())
    with daemon.connect(greet=False) as peer:
        peer.write(line(1, "hello", protocol=1, client="x") + line(2, "plan", do=["approve"]) + line(3, "status") +
                   line(4, "get", what="balance") + line(5, "show", what="results") + '{"cut off')
        peer.socket.shutdown(socket.SHUT_WR)
        answers = {}
        while (text := peer.read_line()) is not None:
            answers[json.loads(text)["id"]] = json.loads(text)
    assert sorted(answers) == [1, 2, 3, 4, 5] and all("result" in answer for answer in answers.values())
    assert answers[2]["result"]["actions"][0]["count"] == 1


def test_a_client_that_leaves_takes_nothing_with_it(sim, daemon, room):
    submit(sim, [1])
    daemon.load(room.player(1).write())
    digest = daemon.plan()["digest"]
    sim.faults({"operation": "GetAccountBalance", "kind": "delay", "ms": 200})
    for method, params in (("plan", {"do": ["approve"]}), ("get", {"what": "balance"}), ("connect", {}),
                           ("get", {"what": "hits"}), ("show", {"what": "summary"})):
        with daemon.connect() as peer:
            peer.send(method, **params)
    with daemon.connect() as peer:
        peer.send("apply", do=["approve", "bonus"], reason=REASON, digest=digest)
    daemon.wait_for_state(assignment(1), "done")
    check_books(sim, daemon, {1: 250})


def test_so_many_clients_and_no_more(lonely):
    peers = []
    try:
        for _ in range(CLIENTS_PER_USER):
            peers.append(lonely.connect())
        with pytest.raises(ConnectionError):
            lonely.connect()
        assert peers[0].call("status")["state"] == "ok" and peers[-1].call("status")["state"] == "ok"
        peers.pop().close()

        def accepted():
            with contextlib.suppress(ConnectionError):
                peers.append(lonely.connect())
                return True
            return False
        wait_until(accepted, "a place becomes free")
    finally:
        for peer in peers:
            peer.close()
    assert "too many" in lonely.log()


def test_who_does_not_read_is_not_read_and_nobody_waits_for_him(make_daemon):
    """The answers to thousands of requests do not pile up in the daemon; none is lost once they are read."""
    # AddressSanitizer keeps what was freed, up to 256 MB of it: here it is the daemon's own memory that counts.
    own = {"ASAN_OPTIONS": SANITIZERS["ASAN_OPTIONS"] + ":quarantine_size_mb=1"}
    lonely = make_daemon(endpoint=NOWHERE, environment=own)
    count = 20000
    with lonely.connect() as deaf, lonely.connect() as other:
        deaf.socket.setblocking(False)
        data = memoryview("".join(line(number, "show", what="config") for number in range(count)).encode())
        sent, quiet_since = 0, time.monotonic()
        while sent < len(data) and time.monotonic() - quiet_since < 2:
            with contextlib.suppress(BlockingIOError):
                sent += deaf.socket.send(data[sent:sent + 65536])
                quiet_since = time.monotonic()
            asked = time.monotonic()
            assert other.call("status")["state"] == "ok"
            assert time.monotonic() - asked < 5
        assert sent < len(data), "everything is read from a client that reads nothing"
        with open(f"/proc/{lonely.process.pid}/status", encoding="ascii") as status:
            resident_kb = int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1])
        assert resident_kb < 128 * 1024
        # It reads after all: every request that was sent whole is answered, in order.
        whole = bytes(data[:sent]).count(b"\n")
        deaf.socket.settimeout(60)
        for number in range(whole):
            assert deaf.receive()["id"] == number
        assert other.call("status")["state"] == "ok"


def test_too_many_unanswered_requests_of_one_client(sim, daemon):
    sim.faults({"operation": "GetAccountBalance", "kind": "delay", "ms": 500})
    with daemon.connect() as peer:
        asked = [peer.send("get", what="balance") for _ in range(3 * PENDING)]
        answers = {"done": 0, "busy": 0}
        for number in asked:
            try:
                answers["done"] += peer.reply(number)["available_cents"] > 0
            except RpcError as refused:
                assert refused.name == "busy" and refused.data["retryable"]
                answers["busy"] += 1
        assert answers["done"] >= PENDING and answers["busy"] > 0
        assert peer.call("status")["state"] == "ok"


def test_who_says_nothing_makes_room(lonely):
    with lonely.connect(greet=False) as silent, lonely.connect() as greeted:
        silent.socket.settimeout(GREETING_S + 20)
        began = time.monotonic()
        assert silent.read_line() is None
        assert time.monotonic() - began >= GREETING_S - 1
        assert greeted.call("status")["state"] == "ok"


def test_progress_is_left_out_for_who_does_not_read_but_not_the_work(sim, daemon, room):
    numbers = range(1, 41)
    submit(sim, numbers)
    for number in numbers:
        room.player(number, 0.01)
    daemon.load(room.write())
    with daemon.connect() as deaf:
        batch = daemon.apply()
        for _ in range(20):
            deaf.send("subscribe", batch=batch)
        assert daemon.follow(batch)[-1]["done"] == 80
    check_books(sim, daemon, {number: 1 for number in numbers})


def test_subscribing_to_a_finished_batch_tells_at_once(sim, daemon, room):
    submit(sim, [1])
    daemon.load(room.player(1).write())
    batch = daemon.pay()["batch"]
    (only,) = daemon.follow(batch)
    assert only["finished"] and only["done"] == 2


@pytest.mark.parametrize("seed", range(3))
def test_noise_from_many_clients(daemon, seed):
    """Mutated requests, cut lines and sudden ends: nothing but answers, and the daemon lives."""
    dice = random.Random(seed)
    good = [line(1, "hello", protocol=1, client="x"), line(2, "status"), line(3, "show", what="config"),
            line(4, "plan", do=["bonus"], reason="x", items={"offset": 0, "limit": 5}, select={"worker": ["A1"]}),
            line("5", "load", what="results", path="/nonexistent"), line(6, "batch", batch=1)]
    for _ in range(60):
        with daemon.connect(greet=dice.random() < 0.5) as peer:
            data = bytearray("".join(dice.choices(good, k=dice.randint(1, 6))).encode())
            for _ in range(dice.randint(0, 8)):
                at = dice.randrange(len(data))
                if dice.random() < 0.5:
                    data[at] = dice.randrange(256)
                else:
                    del data[at:at + dice.randint(1, 9)]
                data = data or bytearray(b"\n")
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                peer.write(bytes(data))
                if dice.random() < 0.5:
                    peer.socket.shutdown(socket.SHUT_WR)
                    while (text := peer.read_line()) is not None:
                        assert json.loads(text)["jsonrpc"] == "2.0"
    assert daemon.call("status")["state"] == "ok"


# -- rights -----------------------------------------------------------------------------------------------------------


def as_nobody(groups, script, *arguments):
    """The command that runs a script as another user; `groups` are its supplementary groups."""
    return ["setpriv", "--reuid", "nobody", "--regid", "nogroup",
            *(["--groups", ",".join(groups)] if groups else ["--clear-groups"]), "--",
            "/usr/bin/python3", "-I", "-c", script, *arguments]


def ask_as(daemon, groups, *requests):
    """What another user is told."""
    done = subprocess.run(as_nobody(groups, OTHER_CLIENT, str(daemon.socket_path), json.dumps(requests)),
                          capture_output=True, text=True, timeout=60, cwd="/")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


LOOKS = [{"method": "status"}, {"method": "show", "params": {"what": "results"}},
         {"method": "show", "params": {"what": "config"}}, {"method": "plan", "params": {"do": ["approve"]}},
         {"method": "get", "params": {"what": "balance"}}, {"method": "connect"}]
CHANGES = [{"method": "load", "params": {"what": "results", "path": "/nonexistent"}},
           {"method": "apply", "params": {"do": ["approve"], "digest": "0" * 16}}]


def is_refused(answer):
    return "error" in answer and answer["error"]["data"]["name"] == "not-authorised"


@as_root
@pytest.mark.parametrize("groups,may_look,may_change", [
    ([], False, False), (["games"], True, False), (["users"], True, True), (["games", "users"], True, True),
    (["mail"], False, False)])
def test_groups_decide_who_may_what(sim, make_daemon, groups, may_look, may_change):
    daemon = make_daemon(sim, options={"control": {"read_group": "games", "pay_group": "users"}})
    hello, *answers = ask_as(daemon, groups, *LOOKS, *CHANGES)
    assert (hello["result"]["may_look"], hello["result"]["may_change"]) == (may_look, may_change)
    assert hello["result"]["user"] == "nobody"
    assert [is_refused(answer) for answer in answers[:len(LOOKS)]] == [not may_look] * len(LOOKS)
    assert [is_refused(answer) for answer in answers[len(LOOKS):]] == [not may_change] * len(CHANGES)
    for answer in answers:
        if is_refused(answer):
            assert answer["error"]["data"]["exit_status"] == 4 and "usermod" in answer["error"]["data"]["hint"]
            assert ("users" if answer in answers[len(LOOKS):] else "games") in answer["error"]["data"]["hint"]


@as_root
def test_nobody_but_the_owner_without_the_groups(make_daemon):
    """Groups that do not exist give nobody a right."""
    daemon = make_daemon(endpoint=NOWHERE, options={"control": {"read_group": "no-such-1", "pay_group": "no-such-2"}})
    _, *answers = ask_as(daemon, ["games", "users"], *LOOKS, *CHANGES)
    assert all(is_refused(answer) for answer in answers)
    assert daemon.call("status")["state"] == "ok"


@as_root
def test_nothing_in_a_request_gives_a_right(make_daemon):
    daemon = make_daemon(endpoint=NOWHERE, options={"control": {"read_group": "games", "pay_group": "users"}})
    load = {"what": "results", "path": "/nonexistent", "user": "root", "uid": 0, "may_change": True, "access": "change"}
    again = {"protocol": 1, "may_change": True, "uid": 0}
    hello, *answers = ask_as(daemon, ["games"], {"method": "hello", "params": again},
                             {"method": "load", "params": load}, {"method": "load", "params": load, "user": "root"})
    assert not hello["result"]["may_change"] and not answers[0]["result"]["may_change"]
    assert is_refused(answers[1]) and is_refused(answers[2])


@as_root
def test_the_ledger_names_the_user_who_paid(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"control": {"read_group": "games", "pay_group": "users"}})
    submit(sim, [1])
    daemon.load(room.player(1).write())
    digest = daemon.plan(["approve"])["digest"]
    answers = ask_as(daemon, ["users"], {"method": "apply", "params": {"do": ["approve"], "digest": digest}})
    batch = answers[1]["result"]["batch"]
    assert daemon.follow(batch)[-1]["user"] == "nobody"
    (row,) = daemon.ledger.rows("SELECT user, uid FROM batch")
    assert row == {"user": "nobody", "uid": 65534}
    assert 'user="nobody" uid=65534' in daemon.log()


CROWD = """
import json, socket, sys
peers, greeted = [], 0
for _ in range(int(sys.argv[2])):
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(30)
    peer.connect(sys.argv[1])
    peers.append(peer)
    hello = {"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {"protocol": 1, "client": "crowd"}}
    try:
        peer.sendall((json.dumps(hello) + chr(10)).encode())
        greeted += bool(peer.recv(65536))
    except OSError:
        pass
print(greeted, flush=True)
sys.stdin.read()
"""


@as_root
@pytest.mark.parametrize("groups,places", [([], CLIENTS_OF_A_STRANGER), (["games"], CLIENTS_OF_A_READER)])
def test_one_user_cannot_take_all_the_places(make_daemon, groups, places):
    daemon = make_daemon(endpoint=NOWHERE, options={"control": {"read_group": "games", "pay_group": "users"}})
    with subprocess.Popen(as_nobody(groups, CROWD, str(daemon.socket_path), "100"), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True, cwd="/") as crowd:
        assert int(crowd.stdout.readline()) == places
        with Connection(daemon.socket_path) as peer:
            assert peer.call("status")["state"] == "ok"
        crowd.stdin.close()
        crowd.wait(30)


# -- one daemon, one socket, one ledger -------------------------------------------------------------------------------


def test_two_daemons_never_share_a_ledger(lonely, make_daemon):
    other = make_daemon(endpoint=NOWHERE, start=False)
    other.set("state", directory=str(lonely.state_path))
    status, said = other.run_to_end()
    assert status == 1 and "another ngmtd holds the ledger" in said
    assert lonely.call("status")["state"] == "ok"
    lonely.kill()
    other.start()
    assert other.call("status")["state"] == "ok"


def test_a_live_socket_is_not_taken_over(lonely, make_daemon):
    other = make_daemon(endpoint=NOWHERE, start=False)
    other.set("control", socket=str(lonely.socket_path))
    status, said = other.run_to_end()
    assert status == 1 and "another ngmtd listens" in said
    assert lonely.call("status")["state"] == "ok"


def test_a_stale_socket_is_replaced(lonely):
    lonely.kill()
    assert stat.S_ISSOCK(lonely.socket_path.stat().st_mode)
    lonely.start()
    assert lonely.call("status")["state"] == "ok"
    lonely.terminate()
    assert not lonely.socket_path.exists()


def test_a_file_in_the_place_of_the_socket_is_left_alone(make_daemon):
    daemon = make_daemon(endpoint=NOWHERE, start=False)
    daemon.socket_path.write_text("precious")
    status, said = daemon.run_to_end()
    assert status == 1 and "is not a socket" in said
    assert daemon.socket_path.read_text() == "precious"


def test_a_daemon_that_cannot_start_leaves_no_lock(make_daemon):
    daemon = make_daemon(endpoint=NOWHERE, start=False)
    daemon.socket_path.write_text("in the way")
    assert daemon.run_to_end()[0] == 1
    daemon.socket_path.unlink()
    daemon.start()


def test_the_ledger_is_nobody_elses_business(sim, daemon, room):
    submit(sim, [1])
    daemon.load(room.player(1).write())
    daemon.pay()
    seen = {}
    for root, folders, files in os.walk(daemon.state_path):
        for name in folders + files + ["."]:
            seen[os.path.join(root, name)] = stat.S_IMODE(os.stat(os.path.join(root, name)).st_mode)
    assert any(path.endswith("ledger.db") for path in seen) and any(path.endswith("-wal") for path in seen)
    assert {path: oct(mode) for path, mode in seen.items() if mode & 0o077} == {}
    assert stat.S_IMODE(daemon.ledger_path.stat().st_mode) == 0o600


def spoil(daemon, *statements):
    with contextlib.closing(sqlite3.connect(daemon.ledger_path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return daemon.ledger_path.read_bytes()


@pytest.mark.parametrize("statement,words", [
    ("PRAGMA user_version = 999", "version 999"),
    ("UPDATE meta SET value = 'live' WHERE key = 'environment'", "live"),
    ("PRAGMA application_id = 12345", "another program"),
])
def test_a_ledger_that_is_not_ours_is_refused_and_untouched(lonely, statement, words):
    lonely.terminate()
    before = spoil(lonely, statement)
    status, said = lonely.run_to_end()
    assert status == 1 and words in said, said
    assert lonely.ledger_path.read_bytes() == before


def test_a_damaged_ledger_is_refused(sim, daemon, room):
    for number in range(1, 60):
        room.player(number)
    daemon.load(room.write())
    daemon.terminate()
    content = bytearray(daemon.ledger_path.read_bytes())
    for page in range(4096 * 2, len(content) - 4096, 4096):
        content[page:page + 2000] = b"\xa5" * 2000
    daemon.ledger_path.write_bytes(content)
    status, said = daemon.run_to_end()
    assert status == 1 and ("damaged" in said or "malformed" in said), said


# -- command line and configuration -----------------------------------------------------------------------------------


def test_check_config_tells_every_error(make_daemon):
    daemon = make_daemon(endpoint=NOWHERE, start=False)
    status, said = daemon.run_to_end("--check-config")
    assert (status, "the configuration is good." in said) == (0, True)
    daemon.config_path.write_text("[aws]\nsandbx = yes\nregion = us-west-2\n[limits]\nmax_bonus = ten\nmin_bonus = 1\n"
                                  "[quue]\ndry = yes\n[queue]\nthrottle_interval = 5 parsecs\nconcurrency = 99\n")
    daemon.config_path.chmod(0o600)
    status, said = daemon.run_to_end("--check-config")
    assert status == 1 and "good" not in said
    for where, word in ((2, "sandbox"), (5, "max_bonus"), (7, "queue"), (10, "throttle_interval"), (11, "concurrency")):
        assert re.search(rf"ngmt\.conf:{where}: .*{word}", said), (where, word, said)
    assert daemon.run_to_end()[0] == 1
    assert not daemon.state_path.exists()


def test_options_on_the_command_line_win(make_daemon):
    daemon = make_daemon(endpoint=NOWHERE, start=False)
    status, said = daemon.run_to_end("--check-config", "-o", "limits.max_bonus=ten")
    assert status == 1 and "max_bonus" in said
    daemon.start("-o", "limits.max_bonus=3.50")
    options = {(o["section"], o["key"]): o for o in daemon.call("show", what="config")["options"]}
    assert options["limits", "max_bonus"]["value"] == "3.50"
    assert "command line" in options["limits", "max_bonus"]["origin"]


def test_a_wrong_command_line_is_refused(lonely):
    for arguments in (["--nonsense"], ["status"], ["-C"]):
        done = subprocess.run([program("daemon/ngmtd"), *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and done.stderr, arguments
    done = subprocess.run([program("daemon/ngmtd"), "--version"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and re.fullmatch(r"ngmtd \d+\.\d+\.\d+\n", done.stdout)


def test_hangup_changes_nothing(lonely):
    lonely.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "SIGHUP" in lonely.log(), "the log says so")
    assert lonely.call("status")["state"] == "ok"


# -- secrets ----------------------------------------------------------------------------------------------------------


class Ear(Connection):
    """Keeps every byte that the daemon says."""

    heard = b""

    def read_line(self):
        text = super().read_line()
        self.heard += (text or b"") + b"\n"
        return text


def forms_of(secret):
    """The ways in which a secret might be written."""
    return {secret.encode(), json.dumps(secret).encode()[1:-1], secret.replace("/", "\\/").encode(),
            urllib.parse.quote(secret, safe="").encode(), base64.b64encode(secret.encode()),
            secret.encode().hex().encode()}


@pytest.mark.parametrize("source", ["configuration", "environment"])
def test_secrets_are_nowhere(sim, make_daemon, room, source):
    token = "Session/token+of+the+rehearsal=="
    secret = "quite/secret+and+nobody+elses"
    sim.credentials(access_key_id=ACCESS_KEY_ID, secret_access_key=secret, session_token=token)
    keys = {"access_key_id": ACCESS_KEY_ID, "secret_access_key": secret, "session_token": token}
    more = {"keys": keys} if source == "configuration" else {
        "keys": {}, "environment": {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": secret,
                                    "AWS_SESSION_TOKEN": token}}
    daemon = make_daemon(sim, **more)
    submit(sim, [1, 2])
    room.player(1).player(2, 9999).write()
    with Ear(daemon.socket_path) as ear:
        def call(method, **params):
            with contextlib.suppress(RpcError):
                return ear.call(method, **params)
        call("connect")
        call("load", what="results", path=str(room.path), mode="new")
        for what in ("config", "fields", "results", "summary"):
            call("show", what=what)
        for what in ("balance", "hit", "hits", "hit-status"):
            call("get", what=what)
        sim.faults({"operation": "SendBonus", "kind": "rubbish", "count": 1})
        plan = call("plan", do=["approve", "bonus"], reason=REASON, items={})
        batch = call("apply", do=["approve", "bonus"], reason=REASON, digest=plan["digest"])["batch"]
        ear.follow(batch)
        sim.credentials(access_key_id=ACCESS_KEY_ID, secret_access_key="changed", session_token=token)
        call("connect")
        call("status")
        call("show", what="config")
        assert "secret_access_key" in ear.heard.decode()
        heard = ear.heard
    said = [daemon.ctl(*words, status=None)
            for words in (["status"], ["show", "config"], ["connect"], ["show", "config", "--json"])]
    daemon.kill()  # the write-ahead log too
    written = {"the protocol": heard, "ngmtctl": "".join(done.stdout + done.stderr for done in said).encode()}
    for root, _, files in os.walk(daemon.directory):
        for name in files:
            if name != daemon.config_path.name:
                with open(os.path.join(root, name), "rb") as file:
                    written[name] = file.read()
    assert {"ledger.db", "ngmtd.log"} <= set(written)
    assert HIT.encode() in written["ledger.db"] + written.get("ledger.db-wal", b"")
    forms = forms_of(secret) | forms_of(token) | {b"AWS4-HMAC-SHA256 Credential", SECRET_ACCESS_KEY.encode()}
    for where, content in written.items():
        for form in forms:
            assert form not in content, f"{form} in {where}"


def test_a_configuration_with_keys_that_others_may_read_is_warned_about(make_daemon):
    daemon = make_daemon(endpoint=NOWHERE, start=False)
    daemon.config_path.chmod(0o644)
    daemon.start()
    assert re.search(r"warn.*read", daemon.log()), daemon.log()


def test_no_core_dumps(lonely):
    with open(f"/proc/{lonely.process.pid}/limits", encoding="ascii") as limits:
        assert re.search(r"Max core file size\s+0\s+0", limits.read())
