# SPDX-License-Identifier: MIT
"""kill -9, SIGTERM and lost answers at every moment: nothing is lost, nothing is done twice."""
import json
import random
import time

import pytest


from simclient import Simulator
from ngmt import (HIT, REASON, STOP_S, Room, approvals, assignment, bonuses, calls, check_books, rejections, submit,
                  wait_until, worker)
from ordeal import change_ledger

HOUR_S = 3600
FEEDBACK = "You left before the end"
# How an answer can be lost, as rules for the endpoint; "executed": the operation took effect there.
LOST = {
    "closed after it was done": {"kind": "drop-after"},
    "closed within the head": {"kind": "drop-during"},
    "closed within the body": {"kind": "half"},
    "rubbish": {"kind": "rubbish"},
    "empty": {"kind": "empty"},
    "500 after it was done": {"kind": "status", "status": 500, "execute": True},
    "503 after it was done": {"kind": "status", "status": 503, "execute": True},
    "HTML after it was done": {"kind": "status", "status": 502, "body": "<html>Bad Gateway</html>",
                               "content_type": "text/html", "execute": True},
    "closed before it was done": {"kind": "drop-before"},
    "500 and not done": {"kind": "status", "status": 500},
    "503 and not done": {"kind": "status", "status": 503},
    "silence after it was done": {"kind": "freeze", "execute": True},
    "silence and not done": {"kind": "freeze"},
}
# After "retries" attempts an operation is tried every few minutes only, and each kill counts: not within these tests.
QUICK = {"queue": {"request_timeout": "1s", "retries": "1000", "retry_interval": "20ms"}}


def fill(sim, room, numbers, bonus=1):
    submit(sim, numbers)
    for number in numbers:
        room.player(number, bonus)
    return room.write()


def sending(daemon, kind="bonus"):
    return [op for op in daemon.ledger.operations(kind, "sending")]


def wait_for_sending(daemon, kind="bonus", count=1):
    wait_until(lambda: len(sending(daemon, kind)) >= count, lambda: f"nothing is sent: {daemon.ledger.states()}")


def wait_until_settled(daemon):
    """Through the ledger alone: no client speaks to the daemon."""
    def settled():
        operations = daemon.ledger.operations()
        return operations and all(op["state"] in ("done", "held", "failed") for op in operations)
    wait_until(settled, lambda: f"{daemon.ledger.states()}\n{daemon.log()[-3000:]}")


# -- lost answers -----------------------------------------------------------------------------------------------------


# The word of the ledger for an operation of each kind: whose first answer came, whose first attempt was executed
# although its answer was lost, whose first attempt was not executed.
WORDS = {"approve": ("approved", "already-approved", "approved"),
         "reject": ("rejected", "already-rejected", "rejected"),
         "bonus": ("paid", "already-processed", "paid"), "qualify": ("granted", "granted", "granted")}
CALLS = {"approve": "ApproveAssignment", "reject": "RejectAssignment", "bonus": "SendBonus",
         "qualify": "AssociateQualificationWithWorker"}
NOT_EXECUTED = ("closed before it was done", "500 and not done", "503 and not done", "silence and not done")


def check_words(sim, daemon, kind, how):
    """Each operation went through "unsure" exactly if its answer was lost, and is recorded as what it was.

    A decision that had been executed is refused when it is repeated, and looked at: "unsure" once more."""
    looks = kind in ("approve", "reject") and how not in NOT_EXECUTED
    direct, executed, repeated = WORDS[kind]
    (lost,) = [rule["fired"] for rule in sim.fault_counts() if rule["operation"] == CALLS[kind]]
    unsure = 0
    for op in daemon.ledger.operations(kind):
        history = daemon.ledger.history(op["id"])
        assert history[:3] == ["planned", "queued", "sending"] and history[-1] == "done", history
        unsure += history.count("unsure") - (looks and "unsure" in history)
        if "unsure" not in history:
            assert (op["outcome"], op["attempts"]) == (direct, 1), op
        else:
            assert history[3] == "unsure" and op["outcome"] == (repeated if how in NOT_EXECUTED else executed), op
    assert unsure == lost > 0


@pytest.mark.parametrize("how", LOST)
def test_a_lost_answer_loses_no_money_and_pays_none_twice(sim, make_daemon, room, how):
    daemon = make_daemon(sim, options=QUICK)
    numbers = range(1, 6)
    daemon.load(fill(sim, room, numbers))
    sim.faults(*[{"operation": operation, "count": 4, **LOST[how]} for operation in ("SendBonus", "ApproveAssignment")])
    assert daemon.pay()["done"] == 10
    assert [rule["fired"] for rule in sim.fault_counts()] == [4, 4]
    check_books(sim, daemon, {number: 100 for number in numbers})
    for kind in ("approve", "bonus"):
        check_words(sim, daemon, kind, how)


@pytest.mark.parametrize("how", LOST)
def test_a_lost_answer_to_a_rejection_or_a_qualification(sim, make_daemon, tmp_path, how):
    daemon = make_daemon(sim, options=QUICK)
    submit(sim, [1, 2, 3, 4])
    kind = sim.boto3_client().create_qualification_type(Name="Played", Description="x",
                                                        QualificationTypeStatus="Active")
    room = Room(tmp_path / "data", addDisconnected=True).player(1, 1).player(3, 1).disconnected(2).disconnected(4)
    room.write()
    daemon.load(room)
    sim.faults({"operation": "RejectAssignment", "count": 1, **LOST[how]},
               {"operation": "AssociateQualificationWithWorker", "count": 1, **LOST[how]})
    last = daemon.pay(["reject", "qualify"], feedback=FEEDBACK,
                      qualification_type_id=kind["QualificationType"]["QualificationTypeId"])
    assert last["done"] == 4, last["groups"]
    assert [rule["fired"] for rule in sim.fault_counts()] == [1, 1]
    assert rejections(sim) == {assignment(2): 1, assignment(4): 1}
    (type_,) = sim.books("qualification_types")["qualification_types"]
    assert sorted(grant["worker"] for grant in type_["grants"]) == [worker(1), worker(3)]
    for kind in ("reject", "qualify"):
        check_words(sim, daemon, kind, how)


@pytest.mark.parametrize("seed", range(4))
def test_every_way_to_lose_answers_at_once(sim, make_daemon, room, seed):
    daemon = make_daemon(sim, options=QUICK)
    numbers = range(1, 21)
    daemon.load(fill(sim, room, numbers))
    sim.faults(*[{"operation": operation, "probability": 0.04, "seed": seed * 100 + i, **rule}
                 for i, rule in enumerate(LOST.values()) for operation in ("SendBonus", "ApproveAssignment")
                 if rule["kind"] != "freeze"],
               {"operation": "*", "probability": 0.05, "seed": seed, "kind": "error", "type": "ThrottlingException",
                "message": "Rate exceeded"})
    assert daemon.pay()["done"] == 40
    assert sum(rule["fired"] for rule in sim.fault_counts()) >= 10
    check_books(sim, daemon, {number: 100 for number in numbers})


def test_answers_to_reads_may_be_lost_too(sim, make_daemon, room):
    daemon = make_daemon(sim, options=QUICK)
    daemon.load(fill(sim, room, range(1, 4)))
    sim.faults(*[{"operation": operation, "count": 1, **LOST[how]}
                 for how in ("closed within the head", "rubbish", "empty", "500 and not done", "silence and not done")
                 for operation in ("GetHIT", "ListAssignmentsForHIT", "ListBonusPayments", "GetAccountBalance")])
    assert daemon.pay()["done"] == 6
    check_books(sim, daemon, {number: 100 for number in range(1, 4)})


# -- kill -9 at chosen moments ----------------------------------------------------------------------------------------


def test_killed_right_after_the_answer_to_apply(sim, daemon, room):
    """Whoever read the answer to apply may rely on it; nobody needs to come back."""
    numbers = range(1, 16)
    daemon.load(fill(sim, room, numbers))
    assert daemon.apply() is not None
    daemon.kill()
    assert len(daemon.ledger.operations()) == 30
    daemon.start()
    wait_until_settled(daemon)
    check_books(sim, daemon, {number: 100 for number in numbers})


def test_it_is_in_the_ledger_before_it_leaves(sim, daemon, room):
    """At the moment when the endpoint has the request, the ledger has it as sending, with the same token."""
    daemon.load(fill(sim, room, [1]))
    sim.faults({"operation": "SendBonus", "kind": "freeze", "count": 1})
    daemon.apply(["bonus"])
    (request,) = wait_until(lambda: [r for r in sim.requests() if r["operation"] == "SendBonus"], "SendBonus arrives")
    (op,) = daemon.ledger.operations("bonus")
    assert op["state"] == "sending" and op["attempts"] == 1 and op["first_sent_s"] > 0
    assert json.loads(request["body"])["UniqueRequestToken"] == op["token"]
    daemon.kill()
    assert daemon.ledger.operations("bonus")[0]["state"] == "sending"
    daemon.start()
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 100}, approved=[])


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize("operation", ["SendBonus", "ApproveAssignment"])
def test_killed_while_answers_are_out(sim, daemon, room, operation, executed):
    numbers = range(1, 9)
    daemon.load(fill(sim, room, numbers))
    sim.faults({"operation": operation, "kind": "freeze", "execute": executed})
    daemon.apply()
    kind = "bonus" if operation == "SendBonus" else "approve"
    wait_for_sending(daemon, kind, count=4)
    wait_until(lambda: calls(sim, operation) >= 4, "four requests arrive")
    daemon.kill()
    out = {op["id"] for op in sending(daemon, kind)}
    sim.faults()
    daemon.start()
    wait_until_settled(daemon)
    check_books(sim, daemon, {number: 100 for number in numbers})
    for op in out:
        assert daemon.ledger.history(op)[:4] == ["planned", "queued", "sending", "unsure"]
    assert "fate is being found out" in daemon.log()


def test_killed_with_unsure_operations(sim, daemon, room):
    daemon.set("queue", retry_interval="1h")
    daemon.restart()
    daemon.load(fill(sim, room, [1, 2]))
    sim.faults({"operation": "SendBonus", "kind": "drop-after"})
    daemon.apply(["bonus"])
    wait_until(lambda: daemon.ledger.states() == {("bonus", "unsure"): 2}, lambda: daemon.ledger.states())
    status = daemon.call("status")
    assert status["queue"]["unsure"] == 2 and "lost" in status["problems"][0]["what"]
    daemon.kill()
    sim.faults()
    daemon.start()
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 100, 2: 100}, approved=[])


def test_killed_while_it_waits_for_submission(sim, daemon, room):
    submit(sim, [])
    sim.accept(hit=HIT, assignments=[{"assignment": assignment(1), "worker": worker(1)}])
    daemon.load(room.player(1, 1).write())
    daemon.apply()
    daemon.kill()
    sim.submit(hit=HIT, assignments=[{"assignment": assignment(1), "worker": worker(1)}])
    daemon.start()
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 100})


@pytest.mark.parametrize("seed", range(6))
def test_killed_within_a_command(sim, daemon, room, seed):
    """load and apply are done whole or not at all, and the same command can be given again."""
    dice = random.Random(seed)
    numbers = range(1, 151)
    submit(sim, numbers, max_assignments=200)
    for number in numbers:
        room.player(number, 0.01)
    room.write()
    with daemon.connect() as connection:
        connection.send("load", what="results", path=str(room.path), mode="replace")
        time.sleep(dice.uniform(0, 0.02))
        daemon.kill()
    daemon.start()
    assert daemon.call("status")["working_set"]["rows"] in (0, 150)
    daemon.load(room, mode="replace")
    digest = daemon.plan()["digest"]
    with daemon.connect() as connection:
        connection.send("apply", do=["approve", "bonus"], reason=REASON, digest=digest)
        time.sleep(dice.uniform(0, 0.15))
        daemon.kill()
    daemon.start()
    assert len(daemon.ledger.operations()) in (0, 300)
    daemon.apply()
    wait_until_settled(daemon)
    check_books(sim, daemon, {number: 1 for number in numbers})


# -- kill -9 at random ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_killed_again_and_again(sim, make_daemon, room, seed):
    dice = random.Random(seed)
    daemon = make_daemon(sim, options=QUICK)
    numbers = range(1, 31)
    daemon.load(fill(sim, room, numbers))
    sim.faults({"operation": "SendBonus", "probability": 0.2, "seed": seed, "kind": "drop-after"},
               {"operation": "ApproveAssignment", "probability": 0.2, "seed": seed, "kind": "drop-during"},
               {"operation": "SendBonus", "kind": "delay", "ms": 15},
               {"operation": "ApproveAssignment", "kind": "delay", "ms": 15})
    daemon.apply()
    kills = 0
    while kills < 25:
        time.sleep(dice.uniform(0, 0.12))
        daemon.kill()
        kills += 1
        states = {op["state"] for op in daemon.ledger.operations()}
        daemon.start()
        if states == {"done"}:
            break
    # One kill more, so that whatever is still in doubt is found out at once and not after its growing pause.
    daemon.kill()
    sim.faults()
    daemon.start()
    wait_until_settled(daemon)
    assert kills >= 3
    check_books(sim, daemon, {number: 100 for number in numbers})


def test_an_old_copy_of_the_ledger_pays_nobody_twice(sim, daemon, room, tmp_path):
    """Restored from a copy made before the payments: the platform's own lists stand against paying again."""
    numbers = range(1, 6)
    daemon.load(fill(sim, room, numbers))
    daemon.terminate()
    copy = daemon.ledger_path.read_bytes()
    daemon.start()
    daemon.pay()
    daemon.terminate()
    for path in daemon.ledger_path.parent.glob("ledger.db*"):
        path.unlink()
    daemon.ledger_path.write_bytes(copy)
    daemon.start()
    plan = daemon.plan()
    assert plan["actions"] == [], plan["actions"]
    assert {group["verdict"] for group in plan["groups"]} == {"done"}
    assert bonuses(sim) == {assignment(number): [100] for number in numbers}


# -- old doubts -------------------------------------------------------------------------------------------------------


def leave_in_doubt(sim, daemon, room, operation, executed, age_s):
    """An operation whose answer was lost `age_s` ago, and a daemon that does not run."""
    daemon.load(fill(sim, room, [1]))
    sim.faults({"operation": operation, "kind": "freeze", "execute": executed})
    daemon.apply(["bonus"] if operation == "SendBonus" else ["approve"])
    wait_until(lambda: calls(sim, operation) == 1, "the request arrives")
    wait_for_sending(daemon, "bonus" if operation == "SendBonus" else "approve")
    daemon.kill()
    change_ledger(daemon, "UPDATE operation SET first_sent_s = first_sent_s - ?", age_s)
    sim.faults()
    sim.advance(age_s)


@pytest.mark.parametrize("hours", [1, 22])
@pytest.mark.parametrize("executed", [True, False])
def test_a_doubt_below_23_hours_is_resent_with_the_same_token(sim, daemon, room, executed, hours):
    leave_in_doubt(sim, daemon, room, "SendBonus", executed, hours * HOUR_S)
    daemon.start()
    wait_until_settled(daemon)
    assert calls(sim, "SendBonus") == 2
    assert daemon.ledger.operation("bonus", assignment(1))["outcome"] == ("already-processed" if executed else "paid")
    check_books(sim, daemon, {1: 100}, approved=[])


@pytest.mark.parametrize("hours", [23.5, 25, 24 * 40])
@pytest.mark.parametrize("executed", [True, False])
def test_an_old_doubt_is_never_resent(sim, daemon, room, executed, hours):
    """The token is forgotten after 24 hours: what the platform's list shows is done, anything else is for a person."""
    leave_in_doubt(sim, daemon, room, "SendBonus", executed, int(hours * HOUR_S))
    daemon.start()
    wait_until_settled(daemon)
    assert calls(sim, "SendBonus") == 1
    op = daemon.ledger.operation("bonus", assignment(1))
    assert bonuses(sim) == ({assignment(1): [100]} if executed else {})
    assert (op["state"], op["outcome"]) == (("done", "found-paid") if executed else ("held", "not-found"))
    assert daemon.plan(["bonus"])["nothing_to_do"]


@pytest.mark.parametrize("executed", [True, False])
def test_an_old_doubt_about_an_approval(sim, daemon, room, executed):
    leave_in_doubt(sim, daemon, room, "ApproveAssignment", executed, 30 * HOUR_S)
    daemon.start()
    wait_until_settled(daemon)
    assert approvals(sim) == {assignment(1): 1}
    op = daemon.ledger.operation("approve", assignment(1))
    assert (op["state"], op["outcome"]) == ("done", "already-approved" if executed else "approved")


def test_approved_by_time_alone_is_done(sim, daemon, room):
    """Auto-approval between plan and sending."""
    sim.hit(hit=HIT, reward="1.00", max_assignments=9, auto_approval_s=600)
    submit(sim, [1], make_hit=False)
    daemon.load(room.player(1, 1).write())
    digest = daemon.plan(["approve"])["digest"]
    sim.advance(700)
    batch = daemon.call("apply", do=["approve"], digest=digest)["batch"]
    assert daemon.follow(batch)[-1]["done"] == 1
    assert sim.books("assignments")["assignments"][0]["is_auto_approved"]
    assert daemon.ledger.operation("approve", assignment(1))["outcome"] == "auto-approved"


def test_a_refused_resend_says_nothing_about_the_first(sim, make_daemon, room):
    """A lost payment whose repetition is refused is not "failed": a person decides, and it is not paid again."""
    daemon = make_daemon(sim, options=QUICK)
    daemon.load(fill(sim, room, [1]))
    sim.faults({"operation": "SendBonus", "kind": "drop-after", "count": 1},
               {"operation": "SendBonus", "kind": "error", "type": "RequestError", "message": "This is not possible."})
    last = daemon.pay(["bonus"])
    assert (last["held"], last["failed"]) == (1, 0)
    sim.faults()
    assert daemon.plan(["bonus"])["nothing_to_do"]
    assert bonuses(sim) == {assignment(1): [100]}


@pytest.mark.parametrize("error", [{"type": "ThrottlingException", "message": "Rate exceeded"},
                                   {"type": "RequestError", "code": "AWS.MechanicalTurk.InsufficientFunds",
                                    "message": "This Requester has insufficient funds"}])
def test_a_doubt_survives_a_refusal_for_a_passing_reason(sim, make_daemon, room, error):
    """After a lost answer, a repetition that was certainly not executed does not make the first one certain."""
    daemon = make_daemon(sim, options=QUICK)
    daemon.load(fill(sim, room, [1]))
    sim.faults({"operation": "SendBonus", "kind": "drop-after", "count": 1},
               {"operation": "SendBonus", "kind": "error", "count": 1, **error})
    batch = daemon.apply(["bonus"])
    wait_until(lambda: calls(sim, "SendBonus") >= 2, "a repetition")
    daemon.call("connect")
    daemon.follow(batch)
    (op,) = daemon.ledger.operations("bonus")
    history = daemon.ledger.history(op["id"])
    assert "queued" not in history[history.index("unsure"):]
    check_books(sim, daemon, {1: 100}, approved=[])


# -- SIGTERM ----------------------------------------------------------------------------------------------------------


def test_terminated_in_the_middle_leaves_nothing_half_done(sim, daemon, room):
    numbers = range(1, 21)
    daemon.load(fill(sim, room, numbers))
    sim.faults({"operation": "*", "kind": "delay", "ms": 200})
    daemon.apply()
    wait_for_sending(daemon, "approve", count=2)
    assert daemon.terminate() < STOP_S
    states = daemon.ledger.states()
    assert not {state for _, state in states} & {"sending", "unsure"}, states
    assert sum(count for (_, state), count in states.items() if state == "done") < 40
    sim.faults()
    daemon.start()
    wait_until_settled(daemon)
    check_books(sim, daemon, {number: 100 for number in numbers})


def test_terminated_while_answers_do_not_come(sim, daemon, room):
    daemon.load(fill(sim, room, range(1, 6)))
    sim.faults({"operation": "SendBonus", "kind": "freeze", "execute": True})
    daemon.apply(["bonus"])
    wait_until(lambda: calls(sim, "SendBonus") >= 4, "requests arrive")
    assert daemon.terminate() < STOP_S
    assert {op["state"] for op in daemon.ledger.operations()} <= {"unsure", "sending", "queued"}
    sim.faults()
    daemon.start()
    wait_until_settled(daemon)
    check_books(sim, daemon, {number: 100 for number in range(1, 6)}, approved=[])


def test_terminated_while_a_plan_is_made(sim, daemon, room):
    daemon.load(fill(sim, room, range(1, 4)))
    sim.faults({"operation": "ListAssignmentsForHIT", "kind": "freeze"})
    with daemon.connect() as connection:
        number = connection.send("plan", do=["approve"])
        wait_until(lambda: calls(sim, "ListAssignmentsForHIT"), "the list is asked for")
        assert daemon.terminate() < STOP_S
        answer = connection.read_line()
        assert answer is None or json.loads(answer)["id"] == number
    assert daemon.ledger.operations() == []


def test_terminated_and_killed_in_turn(sim, make_daemon, room):
    daemon = make_daemon(sim, options=QUICK)
    numbers = range(1, 26)
    daemon.load(fill(sim, room, numbers))
    sim.faults({"operation": "*", "kind": "delay", "ms": 20})
    batch = daemon.apply()
    for turn in range(6):
        done = daemon.ledger.count("done")
        wait_until(lambda: daemon.ledger.count("done") >= min(50, done + 4), "work goes on")
        if turn % 2:
            daemon.kill()
        else:
            daemon.terminate()
        daemon.start()
    assert daemon.follow(batch)[-1]["done"] == 50
    check_books(sim, daemon, {number: 100 for number in numbers})


def test_the_endpoint_ends_while_its_answers_are_held_back(make_daemon, room):
    """mturk-sim used to leak the connections of answers that a fault delayed; Simulator checks how it ends."""
    with Simulator() as sim:
        daemon = make_daemon(sim)
        daemon.load(fill(sim, room, range(1, 21)))
        sim.faults({"operation": "*", "kind": "delay", "ms": 100})
        daemon.apply()
        wait_until(lambda: daemon.ledger.count("done") >= 3, "the middle of the work")
