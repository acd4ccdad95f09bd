# SPDX-License-Identifier: MIT
"""Lanes and operations that a person stops: pause, resume, queue hold, queue retry, with the real daemon."""
import pytest

from ngmt import (Room, RpcError, approvals, assignment, bonuses, calls, check_books, submit, wait_until, worker)
from test_crash import wait_until_settled
from test_limits import fill, in_doubt

# What the platform says to a bonus that it never pays.
REFUSED = {"operation": "SendBonus", "kind": "error", "type": "RequestError",
           "message": "This operation can be called with a status of: Approved (1)"}


def lane(daemon, name="bonus"):
    return [one for one in daemon.call("status")["lanes"] if one["lane"] == name][0]


def wait_for_queue(daemon, kind="bonus", state="queued", count=1):
    wait_until(lambda: daemon.ledger.states().get((kind, state)) == count,
               lambda: f"{daemon.ledger.states()}\n{daemon.log()[-3000:]}")


def test_a_paused_lane_sends_nothing_until_it_is_resumed(sim, daemon, room):
    """Not after a restart, not after connect; the other lanes go on; and it says who it was."""
    run = daemon.ctl("pause", "bonus")
    assert run.stdout == "paused: bonus; nothing waits\n" and "ngmtctl resume bonus" in run.stderr
    daemon.load(fill(sim, room, {1: 2, 2: 3}))
    daemon.apply(["approve", "bonus"])
    wait_for_queue(daemon, count=2)
    wait_until(lambda: len(approvals(sim)) == 2, "approvals go on")
    for again in (lambda: daemon.ctl("connect"), daemon.restart):
        again()
        wait_for_queue(daemon, count=2)
        paused = lane(daemon)
        assert (paused["state"], paused["cause"], paused["waiting"]) == ("paused", "person", 2)
        assert paused["paused"] == f"paused by {paused['user']}" and paused["paused_at"]
        assert lane(daemon, "approve")["state"] == "ok" and calls(sim, "SendBonus") == 0
    status = daemon.call("status")
    assert status["state"] == "paused"
    problem, = [one for one in status["problems"] if "lane was paused by" in one["what"]]
    assert problem["what"].startswith("the bonus lane was paused by ") and "ngmtctl resume bonus" in problem["hint"]
    assert daemon.call("batch", batch=2)["waiting_for"] == "ngmtctl resume"
    run = daemon.ctl("pause", "bonus")
    assert run.stdout.startswith("paused already: bonus, by ") and "2 operations wait, $5.00 + $1.00 fees" in run.stdout
    assert daemon.ctl("resume", "bonus").stdout == "goes on: bonus; 2 operations wait, $5.00 + $1.00 fees\n"
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 200, 2: 300})
    assert daemon.ctl("resume", "bonus").stdout == "not paused: bonus; nothing waits\n"
    assert daemon.ctl("resume").stdout == "Nothing was paused.\n"
    commands = [(row["command"], row["typed"]) for row in daemon.ledger.rows("SELECT command, typed FROM batch ORDER BY id")]
    assert ("pause bonus", "ngmtctl pause bonus") in commands and ("resume bonus", "ngmtctl resume bonus") in commands
    assert len(commands) == 3, "what changes nothing is no command"


def test_everything_is_paused_and_lane_by_lane_resumed(sim, daemon, room):
    assert daemon.ctl("pause", "--json").json["changed"] == 6
    daemon.load(fill(sim, room, {1: 2}))
    daemon.apply(["approve", "bonus"])
    wait_for_queue(daemon, "approve")
    assert "everything was paused by" in daemon.call("status")["problems"][0]["what"]
    daemon.ctl("resume", "approve")
    wait_until(lambda: approvals(sim), "approved")
    wait_for_queue(daemon)
    assert calls(sim, "SendBonus") == 0
    assert [one["lane"] for one in daemon.ctl("resume", "--json").json["lanes"] if one["changed"]] == [
        "bonus", "qualify", "notify", "hit", "worker"]
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 200})


@pytest.mark.parametrize("typed", ["read", "bonuss", "all"])
def test_lanes_that_are_none(daemon, typed):
    run = daemon.ctl("pause", typed, status=2)
    assert ('did you mean "bonus"' in run.stderr) == (typed == "bonuss"), run.stderr
    with pytest.raises(RpcError) as refusal:
        daemon.call("pause", lane=typed)
    assert "approve, bonus" in refusal.value.message
    assert not daemon.call("status")["problems"]


def test_out_of_funds_and_paused(sim, daemon, room):
    """Money that comes lifts its own pause, not the person's."""
    daemon.load(fill(sim, room, {1: 2}))
    sim.balance("0.10")
    daemon.apply(["bonus"])
    wait_until(lambda: lane(daemon)["cause"] == "funds", "out of funds")
    daemon.ctl("pause", "bonus")
    assert lane(daemon)["cause"] == "person"
    sim.balance("100.00")
    daemon.ctl("connect")
    wait_until(lambda: lane(daemon)["paused"].startswith("paused by"), "funds are there")
    assert bonuses(sim) == {}
    daemon.ctl("resume", "bonus")
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 200}, approved=[])
    what = [(one.get("cause"), one["state"]) for one in daemon.call("events", lane="bonus")["events"] if one["what"] == "lane"]
    assert what == [("funds", "paused"), ("person", "paused"), ("funds", "resumed"), ("person", "resumed")]


@pytest.mark.parametrize("executed", [True, False])
def test_a_lost_answer_is_found_out_while_paused(sim, daemon, room, executed):
    """By reading: nothing is sent, not even the same again; what the list does not show waits for that."""
    daemon.load(fill(sim, room, {1: 2}))
    sim.faults({"operation": "SendBonus", "kind": "freeze", "execute": executed})
    daemon.apply(["bonus"])
    wait_until(lambda: calls(sim, "SendBonus") == 1, "the request arrives")
    daemon.ctl("pause")
    daemon.kill()
    sim.faults()
    daemon.start()
    bonus = lambda: daemon.ledger.operation("bonus", assignment(1))  # noqa: E731
    wait_until(lambda: bonus()["state"] == "done" if executed else "once the lane goes on" in (bonus()["why"] or ""),
               lambda: f"{daemon.ledger.operations()}\n{daemon.log()[-3000:]}")
    assert calls(sim, "SendBonus") == 1 and calls(sim, "ListBonusPayments") >= 1 and "paused" == lane(daemon)["state"]
    assert bonus()["state"] == ("done" if executed else "unsure")
    daemon.ctl("resume")
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 200}, approved=[])
    assert calls(sim, "SendBonus") == (1 if executed else 2)


def test_an_approval_whose_answer_was_lost_waits_for_nothing(sim, daemon, room):
    daemon.load(fill(sim, room, {1: 2}))
    sim.faults({"operation": "ApproveAssignment", "kind": "freeze", "execute": True})
    daemon.apply(["approve"])
    wait_until(lambda: calls(sim, "ApproveAssignment") == 1, "the request arrives")
    daemon.ctl("pause", "approve")
    daemon.kill()
    sim.faults()
    daemon.start()
    wait_until_settled(daemon)
    assert calls(sim, "ApproveAssignment") == 1 and daemon.ledger.states() == {("approve", "done"): 1}


# -- hold and retry ---------------------------------------------------------------------------------------------------


def test_hold_and_release(sim, daemon, room):
    daemon.ctl("pause")
    daemon.load(fill(sim, room, {1: 2, 2: 3}))
    batch = daemon.apply(["approve", "bonus"])
    wait_for_queue(daemon, count=2)
    run = daemon.ctl("queue", "hold", "--worker", worker(1))
    assert run.stdout.startswith("2 operations held (batch ") and "queue release" in run.stderr
    daemon.ctl("resume")
    wait_until_settled(daemon)
    check_books(sim, daemon, {2: 300})
    number = str(daemon.ledger.operation("bonus", assignment(1))["id"])
    shown = daemon.ctl("queue", "show", number).stdout
    assert "held (person)" in shown and "held by a person" in shown and "ngmtctl queue hold --worker" in shown
    assert "it is held already" in daemon.ctl("queue", "hold", number, status=7).stdout
    assert "it is held (person)" in daemon.ctl("queue", "retry", number, "--yes", status=7).stdout
    # Who asks for the same again does not undo what a person stopped.
    assert daemon.apply(["approve", "bonus"]) is None
    done = str(daemon.ledger.operation("bonus", assignment(2))["id"])
    assert f"not held: {done}, it is done" in daemon.ctl("queue", "hold", done, status=7).stdout
    daemon.ctl("queue", "release", "--batch", str(batch), "--yes")
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 200, 2: 300})


def test_hold_keeps_a_rejection_from_its_time(sim, make_daemon, tmp_path):
    daemon = make_daemon(sim, options={"queue": {"undo_window": "10m"}, "defaults": {"requester_feedback": "Sorry"}})
    submit(sim, [1])
    daemon.load(Room(tmp_path / "data", addDisconnected=True).disconnected(1).write())
    daemon.apply(["reject"])
    (op,) = daemon.call("queue", what="list", select={"hold": "undo"})["operations"]
    assert daemon.ctl("queue", "hold", "--all").stdout.startswith("1 operation held")
    shown = daemon.call("queue", what="show", id=op["id"])
    assert (shown["hold"], shown["held_until"]) == ("person", None)


def test_what_was_refused_is_tried_again_under_the_rules_of_today(sim, daemon, room):
    daemon.load(fill(sim, room, {1: 2, 2: 9}))
    sim.faults({**REFUSED, "count": 2})
    daemon.apply(["bonus"])
    wait_for_queue(daemon, state="failed", count=2)
    errors = daemon.call("status")["errors"]
    assert [(one["what"], one["state"], one["kind"]) for one in errors] == [("operation", "failed", "bonus")] * 2
    daemon.set("limits", max_bonus="5.00")
    daemon.restart()
    run = daemon.ctl("queue", "retry", "--all", status=9)
    assert "To be tried again" in run.stderr and "$11.00 + $2.20 fees" in run.stderr
    run = daemon.ctl("queue", "retry", "--all", "--yes", status=7)
    assert "2 operations retried" in run.stdout and "1 held again: " in run.stdout and "max_bonus" in run.stdout
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 200}, approved=[])
    assert daemon.ctl("queue", "retry", "--all", "--yes").stdout.startswith("0 operations retried")
    errors = daemon.call("status")["errors"]
    assert [(one["state"], one["worker_id"]) for one in errors] == [("held", worker(2))]


def test_what_waits_is_tried_at_once(sim, make_daemon, room):
    """Five minutes are between slow attempts, and nobody is asked about what goes on anyway."""
    daemon = make_daemon(sim, options={"queue": {"retries": "0", "retry_interval": "100s"}})
    daemon.load(fill(sim, room, {1: 2}))
    sim.faults({"operation": "SendBonus", "kind": "status", "status": 503, "count": 1, "execute": False})
    batch = daemon.apply(["bonus"])
    wait_until(lambda: (daemon.ledger.operation("bonus", assignment(1)) or {}).get("attempts") == 1 and
               daemon.ledger.operation("bonus", assignment(1))["state"] in ("unsure", "queued"), "refused for now")
    run = daemon.ctl("queue", "retry", "--batch", str(batch), "--json").json
    assert run["retried"] == 1 and run["refused"] == []
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 200}, approved=[])


def test_what_is_in_doubt_is_not_retried(sim, daemon, room):
    op = in_doubt(sim, daemon, room, True)
    for command in ("retry", "hold"):
        run = daemon.ctl("queue", command, str(op["id"]), "--yes", status=7)
        assert "it is in doubt" in run.stdout and "resolve" in run.stdout
        refusal, = daemon.call(command, select={"ids": [op["id"]]})["refused"]
        assert "resolve" in refusal["why"]
    with pytest.raises(RpcError) as refusal:
        daemon.call("retry", select={"kind": "bonus"})
    assert refusal.value.name == "not-found"
    assert bonuses(sim) == {assignment(1): [100]}


def test_an_expectation_that_is_not_met(sim, daemon, room):
    daemon.load(fill(sim, room, {1: 2}))
    sim.faults({**REFUSED, "count": 1})
    daemon.apply(["bonus"])
    wait_for_queue(daemon, state="failed")
    with pytest.raises(RpcError) as refusal:
        daemon.call("retry", select={"state": "failed"}, expect={"count": 1, "amount_cents": 100})
    assert refusal.value.name == "money-rule" and bonuses(sim) == {}


# -- by room ----------------------------------------------------------------------------------------------------------


def test_the_work_of_a_room_is_taken_back(sim, daemon, tmp_path):
    data = tmp_path / "ultimatum" / "data"
    submit(sim, [1, 2, 3])
    Room(data, 1).player(1, 2).write()
    Room(data, 2).player(2, 2).player(3, 4).write()
    daemon.ctl("pause")
    daemon.ctl("load", "game", str(tmp_path / "ultimatum"))
    daemon.apply(["approve", "bonus"])
    wait_for_queue(daemon, count=3)
    listed = daemon.ctl("queue", "list", "--room", "room000002", "--json").json
    assert {op["worker_id"] for op in listed["operations"]} == {worker(2), worker(3)} and listed["total"]["count"] == 4
    assert daemon.call("queue", what="list", select={"room": "room000001"})["total"]["count"] == 2
    run = daemon.ctl("queue", "cancel", "--room", "room000002", "--kind", "bonus")
    assert run.stdout.startswith("2 operations taken back")
    assert daemon.ctl("queue", "hold", "--room", "room000002", "--game", "dictator").stdout == "0 operations held\n"
    daemon.ctl("resume")
    wait_until(lambda: all(op["state"] in ("done", "cancelled") for op in daemon.ledger.operations()), "settled")
    assert bonuses(sim) == {assignment(1): [200]} and len(approvals(sim)) == 3
