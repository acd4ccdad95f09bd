# SPDX-License-Identifier: MIT
"""What an audit found about releases, budgets and doubts, each with the scene in which it paid twice, waited for ever, or did what was
not asked for."""
import time

import pytest

from ngmt import HIT, Room, assignment, bonuses, calls, rejections, submit, wait_until, worker
from test_crash import change_ledger, wait_until_settled
from test_limits import fill, groups_of, held, in_doubt, release
from test_restored import copy_of, restore

DAY_S = 24 * 3600
FEEDBACK = "You left before the end"


def pay_by_hand(sim, number, amount, reason="by hand"):
    sim.boto3_client().send_bonus(WorkerId=worker(number), AssignmentId=assignment(number), BonusAmount=amount, Reason=reason)


def raise_limit(daemon, **limits):
    daemon.set("limits", **limits)
    daemon.restart()


# -- a release waives what was shown, and nothing else ----------------------------------------------------------------


@pytest.mark.parametrize("reason, ends_as", [("Thank you", "done"), ("by hand", "held")])
def test_a_limit_hides_a_foreign_bonus_from_nobody(sim, make_daemon, room, reason, ends_as):
    """Held for max_bonus only, since that is asked first; another tool had paid it already."""
    daemon = make_daemon(sim, options={"limits": {"max_bonus": "5.00"}})
    daemon.load(fill(sim, room, {1: 9}))
    pay_by_hand(sim, 1, "9.00", reason)
    daemon.pay(["bonus"])
    raise_limit(daemon, max_bonus="20.00")
    release(daemon, held(daemon))
    daemon.wait_for_state("bonus/", ends_as)
    assert bonuses(sim) == {assignment(1): [900]}


def test_what_was_paid_by_hand_while_it_was_held_is_seen_at_the_release(sim, make_daemon, room):
    """Facts from before the release count no longer, however young they are."""
    daemon = make_daemon(sim, options={"limits": {"balance_floor": "5.00"}})
    daemon.load(fill(sim, room, {1: 9}))
    sim.balance("6.00")
    daemon.pay(["bonus"])
    sim.balance("100.00")
    pay_by_hand(sim, 1, "9.00")
    release(daemon, held(daemon))
    wait_until(lambda: held(daemon, "foreign"), "held for what is new")
    assert bonuses(sim) == {assignment(1): [900]}
    # Only now was it shown.
    release(daemon, held(daemon, "foreign"))
    wait_until_settled(daemon)
    assert bonuses(sim) == {assignment(1): [900, 900]}


def test_a_release_from_a_limit_waives_no_rejection(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"max_bonus": "5.00"}})
    daemon.load(fill(sim, room, {1: 9}))
    sim.boto3_client().reject_assignment(AssignmentId=assignment(1), RequesterFeedback="no")
    daemon.pay(["bonus"])
    raise_limit(daemon, max_bonus="20.00")
    release(daemon, held(daemon))
    wait_until(lambda: held(daemon, "rejected"), "held for the rejection")
    assert bonuses(sim) == {}
    release(daemon, held(daemon, "rejected"))
    wait_until_settled(daemon)
    assert bonuses(sim) == {assignment(1): [900]}


def test_a_worker_and_a_batch_choose_only_that_workers_operations(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"max_bonus": "5.00"}})
    daemon.load(fill(sim, room, {1: 9, 2: 8, 3: 7}))
    daemon.pay(["bonus"])
    raise_limit(daemon, max_bonus="20.00")
    (batch,) = {op["batch"] for op in held(daemon)}
    select = {"batch": batch, "worker": worker(1)}
    assert len(daemon.call("queue", select=select)["operations"]) == 1
    assert daemon.call("release", select=select)["released"] == 1
    wait_until(lambda: bonuses(sim), "paid")
    daemon.wait_for_state(f"bonus/{assignment(1)}", "done")
    assert bonuses(sim) == {assignment(1): [900]}


def test_a_released_payment_of_a_lost_ledger_is_found(sim, make_daemon, room):
    """A backup has as held what was released and paid after it."""
    daemon = make_daemon(sim, options={"limits": {"max_bonus": "5.00"}})
    daemon.load(fill(sim, room, {1: 9}))
    daemon.pay(["bonus"])
    backup = copy_of(daemon)
    raise_limit(daemon, max_bonus="20.00")
    release(daemon, held(daemon))
    wait_until_settled(daemon)
    daemon.terminate()
    restore(daemon, backup)
    sim.advance(DAY_S + 3600)
    sim.skew(DAY_S + 3600)
    daemon.start()
    daemon.plan(["bonus"])
    release(daemon, held(daemon))
    daemon.wait_for_state("bonus/", "done")
    assert bonuses(sim) == {assignment(1): [900]}


def test_a_doubt_of_ours_excuses_no_foreign_payment(sim, daemon, room):
    op = in_doubt(sim, daemon, room, executed=False)
    pay_by_hand(sim, 1, "1.00")
    daemon.restart()
    plan = daemon.plan(["bonus"], purpose="extra")
    assert plan["actions"] == [] and "in doubt" in groups_of(plan, "hold")[0]
    daemon.call("resolve", id=op["id"], done=True)
    plan = daemon.plan(["bonus"], purpose="extra")
    assert [action["count"] for action in plan["actions"]] == [1]


# -- budgets and the floor --------------------------------------------------------------------------------------------


def test_a_doubt_keeps_no_payment_waiting_for_the_balance(sim, daemon, room):
    in_doubt(sim, daemon, room, executed=False)
    daemon.terminate()
    daemon.set("limits", balance_floor="5.00")
    daemon.start()
    submit(sim, [2], make_hit=False)
    room.rows.clear()
    daemon.load(room.player(2, 3).write(), mode="replace")
    sim.balance("5.50")
    daemon.apply(["bonus"])
    (op,) = held(daemon)
    release(daemon, [op])
    wait_until(lambda: len(daemon.ledger.history(op["id"])) > 2 and held(daemon), "held again")


def test_a_balance_that_comes_late_is_one(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"balance_floor": "5.00"}})
    daemon.load(fill(sim, room, {1: 3}))
    sim.balance("5.50")
    daemon.apply(["bonus"])
    (op,) = held(daemon)
    sim.faults({"operation": "GetAccountBalance", "kind": "delay", "ms": 2300})
    release(daemon, [op])
    wait_until(lambda: len(daemon.ledger.history(op["id"])) > 2 and held(daemon), "held again")
    sim.faults()


def test_a_row_that_stands_twice_costs_once(sim, make_daemon, room, tmp_path):
    daemon = make_daemon(sim, options={"limits": {"total_budget": "3.00"}})
    daemon.load(fill(sim, room, {1: 1}))
    submit(sim, [2], make_hit=False)
    daemon.load(Room(tmp_path / "copy", 62).player(1, 1).player(2, 1).write(), mode="add")
    plan = daemon.plan(["bonus"])
    assert plan["to_hold"] == 0 and plan["total_cents"] == 200


def test_a_restored_ledger_has_no_new_total_budget(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"total_budget": "3.00"}})
    daemon.load(fill(sim, room, {1: 2}))
    backup = copy_of(daemon)
    daemon.pay(["bonus"])
    daemon.terminate()
    restore(daemon, backup)
    daemon.start()
    plan = daemon.plan(["bonus"])
    assert plan["to_record"] == 1 and any("--purpose" in warning for warning in plan["warnings"])
    daemon.pay(["bonus"])
    submit(sim, [2], make_hit=False)
    room.rows.clear()
    daemon.load(room.player(2, 2).write(), mode="replace")
    assert daemon.pay(["bonus"])["held"] == 1
    assert bonuses(sim) == {assignment(1): [200]}


# -- the window of a rejection ----------------------------------------------------------------------------------------


def test_a_rejection_that_was_asked_for_anew_waits_for_its_own_time(sim, make_daemon, room):
    """The first command's window ends while the second one's still runs."""
    daemon = make_daemon(sim, options={"queue": {"undo_window": "3s"}})
    submit(sim, [1, 2])
    room.player(1, 0, approve=False, reject=True, hitid=None)
    room.player(2, 0, approve=False, reject=True)
    daemon.load(room.write())
    daemon.apply(["reject"], feedback=FEEDBACK)
    first = daemon.ledger.operation("reject", assignment(1))["hold_until_s"]
    wait_until(lambda: time.time() > first - 1.5, "half of the window is over")
    room.rows[0]["hitid"] = HIT
    daemon.load(room.write(), mode="replace")
    daemon.apply(["reject"], feedback=FEEDBACK)
    second = daemon.ledger.operation("reject", assignment(1))["hold_until_s"]
    assert second > first
    wait_until(lambda: assignment(2) in rejections(sim), "the other one's time is over")
    assert assignment(1) not in rejections(sim)
    wait_until(lambda: assignment(1) in rejections(sim), "its own time is over")


# -- recovery ---------------------------------------------------------------------------------------------------------


def test_an_unfinished_batch_is_dealt_with_once(sim, daemon, room):
    """Done operations became held at every start, and could be paid again."""
    daemon.load(fill(sim, room, {1: 1}))
    sim.balance("0.00")
    daemon.apply(["bonus"])
    wait_until(lambda: daemon.call("status")["funds"], "out of funds")
    daemon.terminate()
    change_ledger(daemon, "INSERT INTO batch (id, command, user, uid, pid, created_s, digest, ready)"
                          " VALUES (9, 'bonus', 'ada', 0, 0, 0, 'd', 0)")
    change_ledger(daemon, "UPDATE operation SET state = 0, batch_id = 9, attempts = 1")
    change_ledger(daemon, "UPDATE step SET batch_id = 9 WHERE id = (SELECT min(id) FROM step)")
    sim.balance("100.00")
    daemon.start()
    release(daemon, held(daemon, "disagrees"))
    wait_until_settled(daemon)
    for _ in range(2):
        daemon.restart()
        assert daemon.ledger.states() == {("bonus", "done"): 1}
    assert bonuses(sim) == {assignment(1): [100]}


def test_the_comparison_of_a_restored_ledger_ends_though_something_is_cancelled(sim, daemon, room):
    daemon.load(fill(sim, room, {1: 1, 2: 1}))
    sim.balance("0.00")
    daemon.apply(["bonus"])
    wait_until(lambda: daemon.call("status")["funds"], "out of funds")
    backup = copy_of(daemon)
    daemon.call("cancel", select={"ids": [1]})
    daemon.terminate()
    restore(daemon, backup)
    sim.balance("100.00")
    sim.faults({"operation": "ListBonusPayments", "kind": "delay", "ms": 1500})
    before = calls(sim, "ListBonusPayments")
    daemon.start()
    wait_until(lambda: calls(sim, "ListBonusPayments") > before, "the comparison has begun")
    assert daemon.call("cancel", select={"ids": [1]})["cancelled"] == 1
    daemon.wait_for_state(f"bonus/{assignment(2)}", "done")
    assert bonuses(sim) == {assignment(2): [100]}


def test_a_notification_of_a_restored_ledger_is_in_doubt(sim, daemon, room):
    """Cancelled, it was taken for certainly not sent, and sent again."""
    daemon.load(fill(sim, room, {1: 1}))
    sim.boto3_client().approve_assignment(AssignmentId=assignment(1))
    message = {"subject": "Hello", "text": "World", "workers": [worker(1)]}
    sim.faults({"operation": "NotifyWorkers", "kind": "error", "type": "ThrottlingException", "message": "Rate exceeded"})
    daemon.call("apply_notify", digest=daemon.call("plan_notify", **message)["digest"], **message)
    wait_until(lambda: calls(sim, "NotifyWorkers"), "tried")
    daemon.terminate()
    backup = copy_of(daemon)
    sim.faults()
    daemon.start()
    wait_until_settled(daemon)
    daemon.terminate()
    restore(daemon, backup)
    daemon.start()
    (op,) = held(daemon, "doubt")
    assert "resolve" in daemon.call("cancel", select={"ids": [op["id"]]})["refused"][0]["why"]
    assert daemon.call("plan_notify", **message)["nothing_to_do"]
    daemon.call("resolve", id=op["id"], done=True)
    assert daemon.call("queue", what="show", id=op["id"])["state"] == "done"


def test_an_answer_never_stops_the_ledger(sim, make_daemon, room):
    """Taken back and released, an operation stood in its lane twice, and two questions about it were out at once."""
    daemon = make_daemon(sim, options={"queue": {"throttle_interval": "500ms", "request_timeout": "2s"}})
    daemon.load(fill(sim, room, {n: 1 for n in range(1, 5)}))
    daemon.apply(["approve"])
    wait_until(lambda: daemon.ledger.count("queued") >= 2, "queued")
    last = daemon.ledger.operation("approve", assignment(4))["id"]
    if not daemon.call("cancel", select={"ids": [last]})["cancelled"]:
        pytest.skip("it was sent already")
    daemon.call("release", select={"ids": [last]})
    sim.boto3_client().approve_assignment(AssignmentId=assignment(4))
    sim.faults({"operation": "GetAssignment", "kind": "delay", "ms": 1500, "count": 1},
               {"operation": "GetAssignment", "kind": "drop-after"})
    wait_until(lambda: daemon.ledger.count("done") >= 3, "the others are done")
    wait_until(lambda: daemon.ledger.operation("approve", assignment(4))["state"] in ("done", "unsure"), "sent")
    sim.faults()
    wait_until_settled(daemon)
    assert daemon.call("status")["state"] != "halted"


def test_what_a_command_found_done_is_kept_when_it_is_cut_off(sim, daemon, room):
    """The first command had been acknowledged: its operation must not go with the second one's."""
    daemon.load(fill(sim, room, {1: 1}))
    pay_by_hand(sim, 1, "1.00")
    daemon.apply(["bonus"])
    assert [op["hold"] for op in held(daemon, "foreign")] == ["foreign"]
    batch = daemon.apply(["bonus"], reason="by hand")
    assert daemon.ledger.states() == {("bonus", "done"): 1}
    daemon.kill()
    change_ledger(daemon, "UPDATE batch SET ready = 0 WHERE id = ?", batch)  # as if killed between two slices
    daemon.start()
    (op,) = daemon.ledger.operations()
    assert op["state"] in ("done", "held") and daemon.ledger.history(op["id"])[0] == "held"
    assert bonuses(sim) == {assignment(1): [100]}


def test_a_survey_from_before_the_release_is_not_believed(sim, make_daemon, room):
    """It was under way when a person paid by hand and released: its list had been read before."""
    daemon = make_daemon(sim, options={"limits": {"balance_floor": "5.00"}})
    daemon.load(fill(sim, room, {1: 9}))
    sim.balance("6.00")
    daemon.pay(["bonus"])
    sim.balance("100.00")
    daemon.restart()
    sim.faults({"operation": "ListBonusPayments", "kind": "delay", "ms": 1500, "count": 1})
    before = calls(sim, "ListBonusPayments")
    with daemon.connect() as connection:
        number = connection.send("plan", do=["bonus"], reason="Thank you")
        wait_until(lambda: calls(sim, "ListBonusPayments") > before, "the list is asked for")
        pay_by_hand(sim, 1, "9.00")
        release(daemon, held(daemon))
        connection.reply(number)
    wait_until(lambda: held(daemon, "foreign"), "held for what is new")
    assert bonuses(sim) == {assignment(1): [900]}
