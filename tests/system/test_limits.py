# SPDX-License-Identifier: MIT
"""Rules of money 4 and 7 in the daemon: limits, budgets, the floor; what is held, released, cancelled, resolved; the time in which a
rejection can be taken back; what changed since a plan was shown."""
import pytest

from ngmt import (HIT, RpcError, Room, approvals, assignment, bonuses, calls, check_books, rejections, submit, wait_until, worker)
from test_crash import QUICK, change_ledger, wait_until_settled

FEEDBACK = "You left before the end"


def fill(sim, room, amounts):
    """{number: dollars}"""
    submit(sim, list(amounts))
    for number, bonus in amounts.items():
        room.player(number, bonus)
    return room.write()


def held(daemon, hold="limit"):
    return daemon.call("queue", select={"state": "held", "hold": hold})["operations"]


def release(daemon, operations):
    return daemon.call("release", select={"ids": [op["id"] for op in operations]})


def groups_of(plan, verdict):
    return [group["why"] for group in plan["groups"] if group["verdict"] == verdict]


# -- max_bonus, min_bonus ---------------------------------------------------------------------------------------------


def test_a_row_beyond_max_bonus_is_held_as_a_whole_and_goes_on_only_after_a_release(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"max_bonus": "5.00"}})
    daemon.load(fill(sim, room, {1: 2, 2: 5.01, 3: 4}))
    plan = daemon.plan()
    assert plan["to_hold"] == 2 and groups_of(plan, "hold") == ['bonus "5.01" is above max_bonus ($5.00)'] * 2
    last = daemon.pay()
    assert (last["done"], last["held"]) == (4, 2)
    check_books(sim, daemon, {1: 200, 3: 400})
    assert {(op["kind"], op["hold"], op["assignment_id"]) for op in held(daemon)} == {
        ("approve", "limit", assignment(2)), ("bonus", "limit", assignment(2))}
    # A higher limit alone lets nothing go on: not by itself, not by giving the command again.
    daemon.set("limits", max_bonus="20.00")
    daemon.restart()
    again = daemon.plan()
    assert again["nothing_to_do"] and len(held(daemon)) == 2
    daemon.load(room, mode="replace")
    assert daemon.plan()["nothing_to_do"]
    answer = release(daemon, held(daemon))
    assert (answer["released"], answer["refused"]) == (2, [])
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 200, 2: 501, 3: 400})


def test_a_release_without_a_higher_limit_is_held_again(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"max_bonus": "5.00"}})
    daemon.load(fill(sim, room, {1: 9}))
    assert daemon.pay(["bonus"])["held"] == 1
    release(daemon, held(daemon))
    wait_until(lambda: held(daemon), "held again")
    assert bonuses(sim) == {}
    assert "max_bonus" in held(daemon)[0]["why"]


def test_a_plan_of_nothing_but_held_rows_records_them(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"max_bonus": "5.00"}})
    daemon.load(fill(sim, room, {1: 9}))
    plan = daemon.plan(["bonus"])
    assert not plan["nothing_to_do"] and plan["actions"] == [] and plan["to_hold"] == 1
    assert daemon.pay(["bonus"])["held"] == 1
    assert daemon.plan(["bonus"])["nothing_to_do"]
    assert len(held(daemon)) == 1


def test_a_corrected_amount_within_the_limit_is_paid(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"max_bonus": "5.00"}})
    daemon.load(fill(sim, room, {1: 500}))
    daemon.pay(["bonus"])
    room.rows.clear()
    daemon.load(room.player(1, 5).write(), mode="replace")
    assert daemon.pay(["bonus"])["done"] == 1
    assert bonuses(sim) == {assignment(1): [500]}


def test_a_row_beyond_the_limit_with_another_fault_is_held_for_that(sim, make_daemon, room):
    """What a release lets go on has nothing else that is wrong."""
    daemon = make_daemon(sim, options={"limits": {"max_bonus": "5.00"}})
    submit(sim, [1])
    daemon.load(room.player(1, 9, hitid="no such thing!").write())
    plan = daemon.plan()
    assert plan["to_hold"] == 0 and plan["nothing_to_do"]


# -- budgets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["daily_budget", "total_budget"])
def test_what_exceeds_a_budget_is_held_and_released_under_a_higher_one(sim, make_daemon, room, option):
    """Three bonuses of $1 cost $3.60 with fees."""
    daemon = make_daemon(sim, options={"limits": {option: "2.50"}})
    daemon.load(fill(sim, room, {1: 1, 2: 1, 3: 1}))
    plan = daemon.plan()
    assert plan["to_hold"] == 1 and plan["total_cents"] == 200
    assert option in groups_of(plan, "hold")[0] and "$2.50" in groups_of(plan, "hold")[0]
    last = daemon.pay()
    assert (last["done"], last["held"]) == (5, 1)
    limits = daemon.call("status")["limits"]
    assert limits[f"{option}_cents"] == 250 and limits["total_spent_cents"] == 240 == limits["daily_spent_cents"]
    assert len(bonuses(sim)) == 2 and len(approvals(sim)) == 3
    daemon.restart()
    release(daemon, held(daemon))
    wait_until(lambda: held(daemon), "held again")
    daemon.set("limits", **{option: "3.60"})
    daemon.restart()
    assert len(held(daemon)) == 1 and len(bonuses(sim)) == 2
    release(daemon, held(daemon))
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 100, 2: 100, 3: 100})


def test_a_smaller_payment_may_still_fit(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"total_budget": "3.00"}})
    daemon.load(fill(sim, room, {1: 2, 2: 1, 3: 0.5}))
    daemon.pay(["bonus"])
    assert bonuses(sim) == {assignment(1): [200], assignment(3): [50]}


def test_many_at_once_never_exceed_a_budget(sim, make_daemon, room):
    """Not by racing each other, not by two commands, not by lost answers or a kill."""
    daemon = make_daemon(sim, options={"limits": {"daily_budget": "12.00"}, **QUICK})
    numbers = range(1, 41)
    daemon.load(fill(sim, room, {n: 1 for n in numbers}))
    sim.faults({"operation": "SendBonus", "probability": 0.3, "seed": 1, "kind": "drop-after"},
               {"operation": "SendBonus", "probability": 0.2, "seed": 2, "kind": "drop-before"})
    daemon.apply(["bonus"])
    wait_until(lambda: len(bonuses(sim)) >= 4, "some are paid")
    daemon.kill()
    daemon.start()
    wait_until_settled(daemon)
    assert len(bonuses(sim)) == 10
    assert sum(cents for paid in bonuses(sim).values() for cents in paid) == 1000
    status = daemon.call("status")
    assert status["limits"]["daily_spent_cents"] == 1200 and status["queue"]["held"] == 30


def test_the_daily_budget_is_of_any_24_hours(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"daily_budget": "1.20"}})
    daemon.load(fill(sim, room, {1: 1, 2: 1}))
    assert daemon.pay(["bonus"])["held"] == 1
    daemon.terminate()
    change_ledger(daemon, "UPDATE operation SET first_sent_s = first_sent_s - 86400 - 120 WHERE state = 6")
    daemon.start()
    assert daemon.call("status")["limits"]["daily_spent_cents"] == 0
    release(daemon, held(daemon))
    wait_until_settled(daemon)
    assert bonuses(sim) == {assignment(1): [100], assignment(2): [100]}


# -- the floor --------------------------------------------------------------------------------------------------------


def test_the_floor_of_the_balance(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"balance_floor": "5.00"}})
    sim.hit(hit=HIT, reward="0.10", max_assignments=9)
    submit(sim, [1, 2, 3], make_hit=False)
    for number in (1, 2, 3):
        room.player(number, 1)
    sim.balance("7.50")
    daemon.load(room.write())
    plan = daemon.plan(["bonus"])
    assert plan["to_hold"] == 1 and "balance_floor" in groups_of(plan, "hold")[0]
    assert daemon.pay(["bonus"])["held"] == 1
    assert len(bonuses(sim)) == 2
    release(daemon, held(daemon))
    wait_until(lambda: held(daemon), "held again")
    sim.balance("20.00")
    release(daemon, held(daemon))
    wait_until_settled(daemon)
    assert len(bonuses(sim)) == 3


def test_the_floor_holds_even_if_the_money_goes_elsewhere_after_the_plan(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"balance_floor": "5.00"}})
    daemon.load(fill(sim, room, {1: 1}))
    digest = daemon.plan(["bonus"], items=False)["digest"]
    sim.balance("5.50")
    with pytest.raises(RpcError) as refusal:
        daemon.call("apply", do=["bonus"], reason="Thank you", digest=digest)
    assert refusal.value.name == "money-rule" and "balance_floor" in refusal.value.message
    assert bonuses(sim) == {}


# -- release, cancel, resolve -----------------------------------------------------------------------------------------


def test_a_foreign_bonus_is_paid_again_only_after_a_release(sim, daemon, room):
    fill(sim, room, {1: 1})
    sim.boto3_client().send_bonus(WorkerId=worker(1), AssignmentId=assignment(1), BonusAmount="0.70", Reason="else")
    sim.balance("0.00")
    daemon.load(room)
    assert "0.70" in groups_of(daemon.plan(["bonus"]), "hold")[0]
    # Paid by another tool only after our plan: seen when our turn comes, and held in the ledger.
    submit(sim, [2], make_hit=False)
    room.rows.clear()
    daemon.load(room.player(2, 1).write(), mode="replace")
    daemon.apply(["bonus"])
    wait_until(lambda: daemon.call("status")["funds"], "out of funds")
    sim.balance("100.00")
    sim.boto3_client().send_bonus(WorkerId=worker(2), AssignmentId=assignment(2), BonusAmount="0.30", Reason="else")
    daemon.call("connect")
    wait_until(lambda: held(daemon, "foreign"), "held")
    (op,) = held(daemon, "foreign")
    assert "0.30" in op["why"] and bonuses(sim)[assignment(2)] == [30]
    release(daemon, [op])
    wait_until_settled(daemon)
    assert sorted(bonuses(sim)[assignment(2)]) == [30, 100]


def test_cancelled_before_it_is_sent(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"queue": {"throttle_interval": "1h"}})
    daemon.load(fill(sim, room, {1: 1, 2: 1}))
    sim.balance("0.00")
    daemon.set("queue", throttle_interval="0")
    daemon.restart()
    batch = daemon.apply(["bonus"])
    wait_until(lambda: daemon.call("status")["funds"], "out of funds")
    funds = daemon.call("status")["funds"]
    assert funds == {"missing_cents": 240, "payments": 2}
    answer = daemon.call("cancel", select={"batch": batch})
    assert answer["cancelled"] == 2
    sim.balance("100.00")
    daemon.call("connect")
    assert daemon.ledger.states() == {("bonus", "cancelled"): 2}
    assert daemon.plan(["bonus"])["nothing_to_do"]
    answer = daemon.call("release", select={"ids": [1]})
    assert answer["released"] == 1
    wait_until(lambda: bonuses(sim), "the released one is paid")
    wait_until(lambda: daemon.ledger.states() == {("bonus", "cancelled"): 1, ("bonus", "done"): 1}, "recorded")


def test_whose_command_it_was_is_kept_with_each_step(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"max_bonus": "5.00"}})
    daemon.load(fill(sim, room, {1: 9}))
    daemon.pay(["bonus"])
    (op,) = held(daemon)
    daemon.call("cancel", select={"ids": [op["id"]]})
    shown = daemon.call("queue", what="show", id=op["id"])
    assert [step["state"] for step in shown["steps"]] == ["held", "cancelled"]
    assert shown["steps"][0]["command"].startswith("bonus") and shown["steps"][1]["command"].startswith("queue cancel")
    assert all(step["user"] for step in shown["steps"])


def test_refusals_say_why(sim, daemon, room):
    daemon.load(fill(sim, room, {1: 1}))
    daemon.pay(["bonus"])
    assert "done" in daemon.call("release", select={"ids": [1]})["refused"][0]["why"]
    assert "done" in daemon.call("cancel", select={"ids": [1]})["refused"][0]["why"]
    with pytest.raises(RpcError):
        daemon.call("resolve", id=1, done=True)
    for select in ({}, {"ids": []}, {"kind": "tip"}, {"worker": ""}, {"nonsense": 1}, {"ids": ["1"]}):
        with pytest.raises(RpcError) as refusal:
            daemon.call("release", select=select)
        assert refusal.value.name == "usage"


def test_what_was_shown_must_be_what_is_released(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"max_bonus": "5.00"}})
    daemon.load(fill(sim, room, {1: 9, 2: 8}))
    daemon.pay(["bonus"])
    with pytest.raises(RpcError) as refusal:
        daemon.call("release", select={"state": "held"}, expect={"count": 1, "amount_cents": 900})
    assert refusal.value.name == "money-rule"
    assert daemon.call("release", select={"state": "held"}, expect={"count": 2, "amount_cents": 1700})["released"] == 2


def in_doubt(sim, daemon, room, executed):
    """A bonus whose answer was lost 30 hours ago, held since nothing tells."""
    daemon.load(fill(sim, room, {1: 1}))
    sim.faults({"operation": "SendBonus", "kind": "freeze", "execute": executed})
    daemon.apply(["bonus"])
    wait_until(lambda: calls(sim, "SendBonus") == 1, "the request arrives")
    daemon.kill()
    change_ledger(daemon, "UPDATE operation SET first_sent_s = first_sent_s - 108000, text = 'another reason'")
    sim.faults()
    sim.advance(108000)
    daemon.start()
    wait_until_settled(daemon)
    (op,) = held(daemon, "doubt")
    return op


@pytest.mark.parametrize("executed", [True, False])
def test_what_is_in_doubt_is_resolved_by_a_person(sim, daemon, room, executed):
    op = in_doubt(sim, daemon, room, executed)
    assert "resolve" in release(daemon, [op])["refused"][0]["why"]
    assert "resolve" in daemon.call("cancel", select={"ids": [op["id"]]})["refused"][0]["why"]
    daemon.call("resolve", id=op["id"], done=executed)
    wait_until_settled(daemon)
    shown = daemon.call("queue", what="show", id=op["id"])
    assert shown["state"] == "done" and shown["outcome"] == ("resolved-done" if executed else "paid")
    assert bonuses(sim) == {assignment(1): [100]}


def test_a_wrong_word_of_a_person_pays_nobody_twice(sim, daemon, room):
    """Resolved as not executed, though MTurk's list shows a payment: held again."""
    op = in_doubt(sim, daemon, room, True)
    daemon.call("resolve", id=op["id"], done=False)
    wait_until(lambda: held(daemon, "foreign"), "held again")
    assert bonuses(sim) == {assignment(1): [100]}


# -- rejections can be taken back -------------------------------------------------------------------------------------


def reject(sim, make_daemon, tmp_path, numbers, window):
    daemon = make_daemon(sim, options={"queue": {"undo_window": window}})
    submit(sim, numbers)
    room = Room(tmp_path / "data", addDisconnected=True)
    for number in numbers:
        room.disconnected(number)
    daemon.load(room.write())
    plan = daemon.plan(["reject"], feedback=FEEDBACK)
    return daemon, daemon.apply(["reject"], feedback=FEEDBACK), plan


def test_rejections_are_held_and_can_be_cancelled(sim, make_daemon, tmp_path):
    daemon, batch, plan = reject(sim, make_daemon, tmp_path, [1, 2], "10m")
    assert plan["undo_window_s"] == 600
    described = daemon.call("batch", batch=batch)
    assert (described["undo"], described["held"], described["finished"]) == (2, 2, True) and described["undo_until"]
    ops = held(daemon, "undo")
    assert len(ops) == 2 and ops[0]["held_until"]
    assert daemon.plan(["reject"], feedback=FEEDBACK)["nothing_to_do"]
    daemon.restart()
    answer = daemon.call("cancel", select={"ids": [ops[0]["id"]]})
    assert answer["cancelled"] == 1
    assert rejections(sim) == {}
    # To go on before its time is a person's word as well.
    release(daemon, [ops[1]])
    wait_until(lambda: rejections(sim) == {ops[1]["assignment_id"]: 1}, "released")


def test_rejections_go_on_by_themselves(sim, make_daemon, tmp_path):
    daemon, batch, _ = reject(sim, make_daemon, tmp_path, [1, 2], "1s")
    wait_until(lambda: rejections(sim) == {assignment(1): 1, assignment(2): 1}, "the time is over")
    wait_until(lambda: daemon.call("batch", batch=batch)["rejected"] == 2, "recorded")
    assert daemon.call("batch", batch=batch)["undo"] == 0


def test_a_window_goes_on_after_a_restart(sim, make_daemon, tmp_path):
    daemon, _, _ = reject(sim, make_daemon, tmp_path, [1], "2s")
    daemon.kill()
    daemon.start()
    wait_until(lambda: rejections(sim), "sent after the restart")


def test_an_approval_may_take_the_place_of_a_rejection_in_its_window(sim, make_daemon, tmp_path):
    daemon, _, _ = reject(sim, make_daemon, tmp_path, [1], "10m")
    room = Room(tmp_path / "data").player(1, 1).write()
    daemon.load(room, mode="replace")
    assert daemon.pay(["approve"])["done"] == 1
    assert approvals(sim) == {assignment(1): 1} and rejections(sim) == {}


# -- what changed -----------------------------------------------------------------------------------------------------


def test_a_refused_plan_says_what_changed(sim, daemon, room):
    daemon.load(fill(sim, room, {1: 1, 2: 2, 3: 3}))
    digest = daemon.plan(["bonus"])["digest"]
    room.rows.clear()
    submit(sim, [4], make_hit=False)
    daemon.load(room.player(1, 1).player(2, 2.5).player(4, 4).write(), mode="replace")
    with pytest.raises(RpcError) as refusal:
        daemon.call("apply", do=["bonus"], reason="Thank you", digest=digest)
    assert "$2.00 then, $2.50 now" in refusal.value.message and "no money moved" in refusal.value.message
    changes = daemon.plan(["bonus"], digest=digest)["changes"]
    assert len(changes) == 3
    for number, words in ((2, "$2.00 then, $2.50 now"), (3, "not asked for any more"), (4, "is new")):
        assert any(assignment(number) in change and words in change for change in changes), changes
    assert "changes" not in daemon.plan(["bonus"], digest=daemon.plan(["bonus"])["digest"])
    daemon.restart()
    assert "not remembered" in daemon.plan(["bonus"], digest=digest)["changes"][0]
    assert bonuses(sim) == {}


def test_what_somebody_else_did_meanwhile_is_named(sim, daemon, room):
    daemon.load(fill(sim, room, {1: 1, 2: 2}))
    digest = daemon.plan(["bonus"])["digest"]
    daemon.pay(["bonus"], select={"assignment": assignment(1)})
    changes = daemon.plan(["bonus"], digest=digest)["changes"]
    assert len(changes) == 1 and "is out: paid already" in changes[0] and assignment(1) in changes[0]
