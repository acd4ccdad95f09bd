# SPDX-License-Identifier: MIT
"""Faults that audits found, each kept from coming back: money paid twice, paid by mistake, or wrongly called paid."""
import contextlib
import email.utils
import http.server
import json
import os
import socket
import sqlite3
import threading
import time

import pytest

from ngmt import (HIT, PATIENCE_S, RpcError, approvals, assignment, bonuses, calls, check_books, rejections,
                  submit, wait_until, worker)

HOUR_S = 3600
# Each attempt is made once and then rests, so that a test can take the next step itself.
RESTING = {"queue": {"request_timeout": "2s", "retry_interval": "1h"}}
READS = ("GetAccountBalance", "GetHIT", "GetAssignment", "ListAssignmentsForHIT", "ListBonusPayments")


def fill(sim, room, numbers, bonus=1):
    submit(sim, numbers)
    for number in numbers:
        room.player(number, bonus)
    return room.write()


def change_ledger(daemon, sql, *values):
    """What time did to the ledger while no daemon ran."""
    assert daemon.process is None
    with contextlib.closing(sqlite3.connect(daemon.ledger_path)) as database:
        database.execute(sql, values)
        database.commit()


def wait_until_settled(daemon):
    def settled():
        operations = daemon.ledger.operations()
        return operations and all(op["state"] in ("done", "held", "failed") for op in operations)
    wait_until(settled, lambda: f"{daemon.ledger.states()}\n{daemon.log()[-3000:]}")


def planned(plan):
    """{(kind, number of the worker)} of what a plan would do."""
    return {(item["kind"], int(item["worker_id"][6:13])) for item in plan["items"] if item["verdict"] == "act"}


class Endpoint:
    """A platform of a few lines with one HIT, for answers that mturk-sim does not give and for a port that is closed.

    `answers`: {operation: f(body)}, each giving (status, object), or None to hang up without an answer."""

    def __init__(self, numbers=(1,)):
        self.numbers = numbers
        self.answers = {}
        self.seen = []
        self.payments = []
        self._server = None
        self._port = 0

    def __enter__(self):
        return self.open()

    def __exit__(self, *unused):
        self.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}/"

    def calls(self, operation):
        return self.seen.count(operation)

    def open(self):
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *unused):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
                answer = endpoint.answer(self.headers["X-Amz-Target"].split(".")[1], body)
                if answer is None:
                    return
                data = json.dumps(answer[1]).encode()
                self.send_response_only(answer[0])
                self.send_header("Date", email.utils.formatdate(usegmt=True))
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def close(self):
        """From now on nobody listens; the port stays the same when it is opened again."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        self._server = None

    def answer(self, operation, body):
        self.seen.append(operation)
        return self.answers.get(operation, self.usual(operation))(body)

    def usual(self, operation):
        rows = [{"AssignmentId": assignment(n), "WorkerId": worker(n), "HITId": HIT, "AssignmentStatus": "Approved"}
                for n in self.numbers]
        hit = {"HITId": HIT, "Reward": "1.00", "MaxAssignments": 100}
        reply = {"GetAccountBalance": {"AvailableBalance": "1000.00"}, "GetHIT": {"HIT": hit},
                 "GetAssignment": {"Assignment": rows[0], "HIT": hit},
                 "ListAssignmentsForHIT": {"Assignments": rows, "NumResults": len(rows)},
                 "ListBonusPayments": {"BonusPayments": self.payments, "NumResults": len(self.payments)}}
        return lambda body: (200, reply.get(operation, {}))

    def pays(self, number, amount):
        self.payments.append({"AssignmentId": assignment(number), "WorkerId": worker(number), "BonusAmount": amount,
                              "Reason": "x", "GrantTime": time.time()})


@pytest.fixture
def endpoint():
    with Endpoint() as running:
        yield running


# -- facts that have grown old ----------------------------------------------------------------------------------------


def wait_for_funds(sim, daemon, numbers):
    """Bonuses that the account cannot pay: all are queued, none is out."""
    sim.balance("1.00")
    batch = daemon.apply(["bonus"])
    wait_until(lambda: calls(sim, "SendBonus") >= 1, "a bonus is tried")
    wait_until(lambda: daemon.ledger.states() == {("bonus", "queued"): len(numbers)}, lambda: daemon.ledger.states())
    assert bonuses(sim) == {}
    return batch


def pay_by_hand(sim, numbers, amount="1.00", **more):
    client = sim.boto3_client()
    for number in numbers:
        client.send_bonus(WorkerId=worker(number), AssignmentId=assignment(number), BonusAmount=amount,
                          Reason="by hand", **more)


@pytest.mark.parametrize("how", ["running", "ended", "killed"])
def test_queued_bonuses_that_another_tool_paid_meanwhile_are_not_paid_again(sim, make_daemon, room, how):
    daemon = make_daemon(sim)
    numbers = range(1, 6)
    daemon.load(fill(sim, room, numbers))
    batch = wait_for_funds(sim, daemon, numbers)
    if how == "ended":
        daemon.terminate()
    elif how == "killed":
        daemon.kill()
    sim.balance("1000.00")
    pay_by_hand(sim, [1, 2, 3, 4])
    if how == "running":
        daemon.call("get", what="balance")
    else:
        daemon.start()
    daemon.follow(batch)
    assert bonuses(sim) == {assignment(number): [100] for number in numbers}
    assert daemon.ledger.states() == {("bonus", "held"): 4, ("bonus", "done"): 1}
    assert daemon.ledger.operation("bonus", assignment(5))["state"] == "done"


def test_the_limit_in_force_when_a_bonus_is_sent_counts(sim, make_daemon, room):
    """Queued under a higher max_bonus, with a restart in between: held, and taken up again when the limit allows it."""
    daemon = make_daemon(sim)
    daemon.load(fill(sim, room, [1, 2]))
    batch = wait_for_funds(sim, daemon, [1, 2])
    daemon.terminate()
    daemon.set("limits", max_bonus="0.50")
    sim.balance("1000.00")
    daemon.start()
    daemon.follow(batch)
    assert bonuses(sim) == {}
    assert daemon.ledger.states() == {("bonus", "held"): 2}
    daemon.terminate()
    daemon.set("limits", max_bonus="10.00")
    daemon.start()
    assert daemon.plan(["bonus"])["nothing_to_do"]
    assert daemon.call("release", select={"state": "held"})["released"] == 2
    wait_until(lambda: daemon.ledger.states() == {("bonus", "done"): 2}, lambda: daemon.ledger.states())
    check_books(sim, daemon, {1: 100, 2: 100}, approved=[])


# -- doubts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("executed", [True, False])
def test_a_second_purpose_in_doubt_is_not_mistaken_for_the_first(sim, make_daemon, room, executed):
    """The same worker and amount are in the platform's list already: for the first purpose, not for this one."""
    daemon = make_daemon(sim, options=RESTING)
    daemon.load(fill(sim, room, [1]))
    daemon.pay()
    sim.faults({"operation": "SendBonus", "count": 1, "kind": "drop-after" if executed else "drop-before"})
    daemon.apply(["bonus"], purpose="second")
    wait_until(lambda: daemon.ledger.operation("bonus", assignment(1), "second")["state"] == "unsure", "in doubt")
    daemon.terminate()
    change_ledger(daemon, "UPDATE operation SET first_sent_s = first_sent_s - ? WHERE purpose = 'second'", 25 * HOUR_S)
    sim.faults()
    sim.advance(25 * HOUR_S)
    daemon.start()
    wait_until_settled(daemon)
    assert bonuses(sim) == {assignment(1): [100, 100] if executed else [100]}
    assert daemon.ledger.operation("bonus", assignment(1))["state"] == "done"
    second = daemon.ledger.operation("bonus", assignment(1), "second")
    if executed:  # two payments and two operations: nobody is missing
        assert second["state"] in ("done", "held")
    else:
        assert (second["state"], second["outcome"]) == ("held", "not-found")
    assert calls(sim, "SendBonus") == 2


@pytest.mark.parametrize("read_back", ["at once", "after a throttled one"])
def test_already_processed_for_another_amount_is_held(make_daemon, endpoint, room, read_back):
    """Another daemon of the account paid 0.50 with the token that ours would pay 1.00 with."""
    throttled = [True] if read_back == "after a throttled one" else []

    def already(body):
        if not endpoint.payments:
            endpoint.pays(1, "0.50")
        return 400, {"__type": "RequestError", "TurkErrorCode": "AWS.MechanicalTurk.DuplicateCall",
                     "Message": "The request has already been processed (1)"}

    def listed(body):
        if endpoint.payments and throttled:
            throttled.pop()
            return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
        return endpoint.usual("ListBonusPayments")(body)

    endpoint.answers = {"SendBonus": already, "ListBonusPayments": listed}
    daemon = make_daemon(endpoint=endpoint.url)
    daemon.load(room.player(1, 1).write())
    last = daemon.pay(["bonus"])
    assert (last["done"], last["held"]) == (0, 1)
    (op,) = daemon.ledger.operations("bonus")
    assert op["state"] == "held" and op["outcome"] != "paid"
    assert throttled == [] and endpoint.calls("ListBonusPayments") >= 2
    assert daemon.plan(["bonus"])["nothing_to_do"]


@pytest.mark.parametrize("how", ["nobody listens", "it hangs up"])
def test_a_doubt_is_not_given_up_while_the_endpoint_is_down(make_daemon, endpoint, room, how):
    """Nothing was answered after a restart, so the platform's clock is unknown: that alone makes no doubt too old."""
    endpoint.numbers = range(1, 31)
    endpoint.answers = {"SendBonus": lambda body: None}
    daemon = make_daemon(endpoint=endpoint.url, options=RESTING)
    for number in endpoint.numbers:
        room.player(number, 1)
    daemon.load(room.write())
    daemon.apply(["bonus"])
    wait_until(lambda: daemon.ledger.states() == {("bonus", "unsure"): 30}, lambda: daemon.ledger.states())
    daemon.terminate()
    if how == "nobody listens":
        endpoint.close()
    endpoint.answers = {operation: lambda body: None for operation in READS + ("SendBonus",)}
    asked, sent = endpoint.calls("GetAccountBalance"), endpoint.calls("SendBonus")
    daemon.start()
    if how == "nobody listens":
        with pytest.raises(RpcError):
            daemon.call("get", what="balance")
    else:
        wait_until(lambda: endpoint.calls("GetAccountBalance") >= asked + 4, lambda: endpoint.seen)
    assert {op["state"] for op in daemon.ledger.operations()} <= {"unsure", "sending"}
    endpoint.answers = {}
    if how == "nobody listens":
        endpoint.open()
    wait_until_settled(daemon)
    assert daemon.ledger.states() == {("bonus", "done"): 30}, endpoint.seen
    assert endpoint.calls("SendBonus") == sent + 30


def test_many_doubts_are_not_given_up_for_slow_first_answers(sim, make_daemon, room):
    numbers = range(1, 81)
    daemon = make_daemon(sim, options=RESTING)
    daemon.load(fill(sim, room, numbers))
    sim.faults({"operation": "SendBonus", "kind": "drop-after"})
    daemon.apply(["bonus"])
    wait_until(lambda: daemon.ledger.states() == {("bonus", "unsure"): 80}, lambda: daemon.ledger.states())
    daemon.terminate()
    sim.faults({"operation": "GetAccountBalance", "kind": "delay", "ms": 1500, "count": 1})
    daemon.start()
    wait_until_settled(daemon)
    check_books(sim, daemon, {number: 100 for number in numbers}, approved=[])


# -- what the files say -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("do", [["approve", "bonus"], ["bonus"], ["approve", "reject", "bonus"]])
def test_a_bonus_waits_while_the_file_both_approves_and_rejects(sim, daemon, room, do):
    submit(sim, [1, 2])
    room.player(1, 3).player(1, 3, approve=False, reject=True).player(2, 1).write()
    daemon.load(room)
    more = {"feedback": "You left before the end"} if "reject" in do else {}
    plan = daemon.plan(do, **more)
    assert planned(plan) == {(kind, 2) for kind in do if kind != "reject"}
    verdicts = {item["verdict"] for item in plan["items"] if item["assignment_id"] == assignment(1)}
    assert "conflict" in verdicts and "act" not in verdicts
    daemon.pay(do, **more)
    assert bonuses(sim) == {assignment(2): [100]}
    assert approvals(sim) == ({assignment(2): 1} if "approve" in do else {})
    assert rejections(sim) == {}


def load_game(daemon, room, mode):
    return daemon.call("load", what="game", game=str(room.directory.parent), mode=mode)


def replace(room, *players):
    """The file again, with other rows."""
    room.rows = []
    for number, bonus, cells in players:
        room.player(number, bonus, **cells)
    return room.write()


# Row 3 was a mistake and is gone from the second version; worker 2 is to be rejected there.
FIRST = ((1, 1, {}), (2, 1, {}), (3, 9.99, {}))
SECOND = ((1, 1, {}), (2, 1, {"approve": False, "reject": True}))
TO_PAY = {("approve", 1), ("bonus", 1)}


@pytest.mark.parametrize("select", [{"room": "room000061"}, {"hit": HIT}], ids=["room", "hit"])
def test_rows_of_a_replaced_version_are_not_selected(sim, daemon, room, select):
    submit(sim, [1, 2, 3])
    replace(room, *FIRST)
    load_game(daemon, room, "new")
    assert planned(daemon.plan(select=select)) == {(kind, n) for kind in ("approve", "bonus") for n in (1, 2, 3)}
    replace(room, *SECOND)
    load_game(daemon, room, "replace")
    assert planned(daemon.plan(select=select)) == TO_PAY
    daemon.pay(select=select)
    check_books(sim, daemon, {1: 100})


def test_adding_the_corrected_file_takes_its_old_rows_out(sim, daemon, room):
    submit(sim, [1, 2, 3])
    daemon.load(replace(room, *FIRST))
    daemon.load(replace(room, *SECOND), mode="add")
    assert planned(daemon.plan()) == TO_PAY
    daemon.pay()
    check_books(sim, daemon, {1: 100})


def test_a_file_loaded_through_a_link_is_the_same_file(sim, daemon, room, tmp_path):
    submit(sim, [1, 2, 3])
    replace(room, *FIRST)
    os.symlink(room.directory.parent, tmp_path / "link")
    daemon.call("load", what="results", path=str(tmp_path / "link" / room.name / "bonus.csv"), mode="new")
    replace(room, *SECOND)
    load_game(daemon, room, "replace")
    assert planned(daemon.plan(select={"hit": HIT})) == TO_PAY
    daemon.pay(select={"hit": HIT})
    check_books(sim, daemon, {1: 100})


def test_the_first_version_loaded_again_is_the_newest(sim, daemon, room):
    submit(sim, [1, 2])
    for rows in (((1, 1, {}), (2, 2, {})), ((1, 1, {}),), ((1, 1, {}), (2, 2, {}))):
        daemon.load(replace(room, *rows), mode="replace")
    assert planned(daemon.plan(select={"hit": HIT})) == {(kind, n) for kind in ("approve", "bonus") for n in (1, 2)}
    daemon.pay(select={"hit": HIT})
    check_books(sim, daemon, {1: 100, 2: 200})


# -- answers that are none --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [{"__type": "ServiceFault", "Message": "unable"},
                                  {"TurkErrorCode": "AWS.ServiceUnavailable"}], ids=["type", "code"])
def test_an_error_under_status_200_is_not_paid(sim, make_daemon, room, body):
    daemon = make_daemon(sim)
    daemon.load(fill(sim, room, [1]))
    sim.faults({"operation": "SendBonus", "count": 1, "kind": "status", "status": 200, "body": json.dumps(body),
                "execute": False, "content_type": "application/x-amz-json-1.1"})
    last = daemon.pay(["bonus"])
    assert [rule["fired"] for rule in sim.fault_counts()] == [1]
    assert last["done"] == len(bonuses(sim)), (last["groups"], bonuses(sim))
    assert daemon.ledger.operations("bonus", "done") == [] or calls(sim, "SendBonus") == 2


def test_an_endless_refusal_does_not_become_a_loop_at_full_speed(sim, make_daemon, room):
    """The platform calls it submitted and yet refuses to approve: a few attempts, then a person."""
    tries = 5
    daemon = make_daemon(sim, options={"queue": {"retries": str(tries), "retry_interval": "20ms"}})
    daemon.load(fill(sim, room, [1]))
    sim.faults({"operation": "ApproveAssignment", "kind": "error", "type": "RequestError",
                "code": "AWS.MechanicalTurk.InvalidAssignmentState",
                "message": "This operation can be called with a status of: Submitted"})
    last = daemon.pay(["approve"])
    assert (last["done"], last["held"]) == (0, 1)
    assert calls(sim, "ApproveAssignment") <= tries + 1
    assert calls(sim, "GetAssignment") <= 2 * (tries + 1)


# -- others in the way ------------------------------------------------------------------------------------------------


def ask_without_end(daemon, ended):
    """Balance questions, always some hundred of them on their way."""
    with daemon.connect() as connection, contextlib.suppress(ConnectionError, socket.timeout):
        while not ended.is_set():
            for number in [connection.send("get", what="balance") for _ in range(200)]:
                with contextlib.suppress(RpcError):
                    connection.reply(number)


def test_a_flood_of_reads_does_not_starve_payments(sim, make_daemon, room):
    numbers = range(1, 21)
    daemon = make_daemon(sim, options={"queue": {"throttle_interval": "20ms"}})
    daemon.load(fill(sim, room, numbers))
    digest = daemon.plan()["digest"]
    ended = threading.Event()
    flood = threading.Thread(target=ask_without_end, args=(daemon, ended))
    flood.start()
    try:
        before = calls(sim, "GetAccountBalance")
        wait_until(lambda: calls(sim, "GetAccountBalance") > before, "the flood arrives")
        daemon.call("apply", do=["approve", "bonus"], reason="Thank you", digest=digest)
        wait_until(lambda: daemon.ledger.count("done") == 40, lambda: daemon.ledger.states(), PATIENCE_S / 3)
        assert flood.is_alive()
    finally:
        ended.set()
        flood.join(PATIENCE_S)
    check_books(sim, daemon, {number: 100 for number in numbers})
