# SPDX-License-Identifier: MIT
"""A nodeGame room through the whole program: file, verdicts, plan, ledger, wire, and the endpoint's own books."""
import math
import re

import pytest

from ngmt import (HIT, PATIENCE_S, REASON, Room, RpcError, approvals, assignment, bonuses, calls, check_books,
                  rejections, submit, wait_until, worker)

FEEDBACK = "You left before the end"


def why_of(plan, verdict, kind=None):
    """The reasons that a plan gives for what it will not do."""
    return [group["why"] for group in plan["groups"]
            if group["verdict"] == verdict and kind in (None, group["kind"])]


def items_of(plan, number, kind):
    return [item for item in plan["items"] if item["assignment_id"] == assignment(number) and item["kind"] == kind]


def verdict_of(plan, number, kind):
    found = {item["verdict"] for item in items_of(plan, number, kind)}
    assert len(found) == 1, plan["items"]
    return found.pop()


def action(plan, kind):
    return next((a for a in plan["actions"] if a["kind"] == kind), {"count": 0})


# -- the main road ----------------------------------------------------------------------------------------------------


def test_a_finished_room_is_paid(sim, daemon, tmp_path):
    amounts = {1: 250, 2: 239, 3: 406, 4: 33, 5: 0}
    submit(sim, range(1, 8), max_assignments=20)
    room = Room(tmp_path / "data", 61, addDisconnected=True)
    for number, cents in amounts.items():
        room.player(number, cents / 100)
    room.bot().player(1, 2.5).disconnected(6, 1.25).disconnected(7, 0).write()

    loaded = daemon.call("load", what="game", game=str(tmp_path / "data"), mode="new")
    (file,) = loaded["files"]
    assert (file["rows"], file["approve"], file["reject"], file["hold"], file["skip"]) == (9, 6, 2, 0, 1)
    assert (file["room"], file["duplicates"], file["new"]) == ("room000061", 1, 9)
    assert loaded["working_set"]["rows"] == 9

    plan = daemon.plan(["approve", "bonus"])
    # 20 % of each bonus; 40 % of the reward of a HIT with ten and more assignments.
    assert action(plan, "approve") == {"kind": "approve", "count": 5, "amount_cents": 500, "fees_cents": 200,
                                       "fees_known": True}
    fees = sum(math.ceil(cents / 5) for cents in amounts.values())
    assert abs(action(plan, "bonus")["fees_cents"] - fees) <= len(amounts)
    assert (action(plan, "bonus")["count"], plan["total_cents"]) == (4, 928)
    assert plan["balance_after_cents"] == plan["balance_cents"] - 928 - plan["total_fees_cents"]
    assert (plan["environment"], plan["nothing_to_do"]) == ("rehearsal", False)
    assert re.fullmatch("[0-9a-f]{16}", plan["digest"])
    assert "a bot" in why_of(plan, "skip")
    before = sim.books("account")["account"]

    with daemon.connect() as connection:
        batch = connection.call("apply", do=["approve", "bonus"], reason=REASON, digest=plan["digest"])
        assert batch["operations"] == 9
        seen = connection.follow(batch["batch"])
    last = seen[-1]
    assert (last["finished"], last["done"], last["total"], last["held"], last["failed"]) == (True, 9, 9, 0, 0)
    assert (last["approved"], last["rejected"], last["bonuses"], last["bonus_cents"]) == (5, 0, 4, 928)
    assert [word["done"] for word in seen] == sorted(word["done"] for word in seen)

    check_books(sim, daemon, amounts)
    assert {bonus["reason"] for bonus in sim.books("bonuses")["bonuses"]} == {REASON}
    account = sim.books("account")["account"]
    spent = sum(bonus["fee_cents"] for bonus in sim.books("bonuses")["bonuses"])
    assert last["fees_cents"] == spent == plan["total_fees_cents"]
    assert before["available_cents"] - account["available_cents"] == 928 + spent
    assert (calls(sim, "ApproveAssignment"), calls(sim, "SendBonus"), calls(sim, "RejectAssignment")) == (5, 4, 0)


def test_summary_has_the_numbers_of_the_seed(sim, daemon, room):
    for number, bonus in enumerate((2.5, 0.3, 1.7, 4), start=1):
        room.player(number, bonus)
    room.bot().disconnected(5, 1).player(6, "12.345").write()
    daemon.load(room)
    summary = daemon.call("show", what="summary")
    assert summary["results"] == {"total": 7, "approve": 4, "reject": 1, "hold": 1, "skip": 1, "done": 0, "conflict": 0}
    # Sample standard deviation of 250, 30, 170, 400: 154.78…
    assert summary["bonus"] == {"count": 4, "total_cents": 850, "mean_cents": 213, "std_cents": 155, "min_cents": 30,
                                "max_cents": 400}
    assert summary["balance"]["available_cents"] == 1000000


def test_second_upload_does_nothing_and_says_why(sim, daemon, room):
    submit(sim, [1, 2])
    room.player(1, 2.5).player(2, 0.3).write()
    daemon.load(room)
    daemon.pay()
    sent = len(sim.requests()) + 1
    plan = daemon.plan()
    assert (plan["nothing_to_do"], plan["actions"]) == (True, [])
    assert "already" in plan["why"]
    assert sorted(why_of(plan, "done")) == ["approved already", "paid already"]
    applied = daemon.call("apply", do=["approve", "bonus"], reason=REASON, digest=plan["digest"])
    assert (applied["batch"], applied["operations"], applied["nothing_to_do"]) == (None, 0, True)
    assert {request["operation"] for request in sim.requests(since=sent)} <= {
        "GetAccountBalance", "GetHIT", "ListAssignmentsForHIT", "ListBonusPayments"}
    assert daemon.call("show", what="summary")["results"]["done"] == 2
    check_books(sim, daemon, {1: 250, 2: 30})


@pytest.mark.parametrize("how", ["the same file again", "in another folder", "with one more line", "after a restart"])
def test_loading_again_pays_nobody_twice(sim, daemon, room, tmp_path, how):
    submit(sim, [1, 2, 3])
    room.player(1, 2.5).player(2, 0.3).write()
    daemon.load(room)
    daemon.pay()
    amounts = {1: 250, 2: 30}
    if how == "in another folder":
        room = Room(tmp_path / "copy", 7).player(1, 2.5).player(2, 0.3).write()
    elif how == "with one more line":
        room.player(3, 1).write()
        amounts[3] = 100
    elif how == "after a restart":
        daemon.restart()
    daemon.load(room, mode="replace")
    if 3 in amounts:
        assert daemon.pay()["total"] == 2
    else:
        assert daemon.apply() is None
    check_books(sim, daemon, amounts)


def test_working_set_survives_a_restart_and_is_guarded(sim, daemon, room):
    room.player(1).player(2).write()
    daemon.load(room)
    daemon.restart()
    assert daemon.call("status")["working_set"]["rows"] == 2
    with pytest.raises(RpcError) as refused:
        daemon.load(room)
    assert refused.value.name == "state" and "-a" in refused.value.hint
    assert daemon.load(room, mode="add")["files"][0]["new"] == 0
    assert daemon.load(room, mode="replace")["working_set"]["rows"] == 2


def test_the_client_pays_and_repeats_itself_in_vain(sim, daemon, room):
    """ngmtctl from load to the second upload: words on stdout, exit statuses."""
    submit(sim, [1, 2])
    room.player(1, 2.5).bot().player(2, 0.3).write()
    daemon.ctl("load", "results", str(room.path))
    assert "2.80" in daemon.ctl("show", "summary").stdout
    dry = daemon.ctl("upload", "-b", "-r", REASON, "--dry-run", "--json").json
    assert approvals(sim) == {} and dry["total_cents"] == 280
    daemon.ctl("upload", "-b", "-r", REASON, "--plan", "0123456789abcdef", "--yes", status=5)
    daemon.ctl("upload", "-b", "-r", REASON, status=9)  # nobody there to say yes
    assert approvals(sim) == {} and bonuses(sim) == {}
    daemon.ctl("upload", "-b", "-r", REASON, "--plan", dry["digest"], "--yes")
    check_books(sim, daemon, {1: 250, 2: 30})
    again = daemon.ctl("upload", "-b", "-r", REASON, "--yes")
    assert "already" in again.stdout + again.stderr
    check_books(sim, daemon, {1: 250, 2: 30})


def test_a_changed_plan_is_refused(sim, daemon, room):
    submit(sim, [1, 2])
    room.player(1, 2.5).write()
    daemon.load(room)
    digest = daemon.plan()["digest"]
    room.player(2, 0.3).write()
    daemon.load(room, mode="replace")
    with pytest.raises(RpcError) as refused:
        daemon.call("apply", do=["approve", "bonus"], reason=REASON, digest=digest)
    assert refused.value.name == "money-rule" and "no money moved" in refused.value.message
    with pytest.raises(RpcError) as refused:
        daemon.call("apply", do=["approve", "bonus"], reason="Another reason", digest=daemon.plan()["digest"])
    assert refused.value.name == "money-rule"
    with pytest.raises(RpcError):
        daemon.call("apply", do=["approve", "bonus"], reason=REASON)
    assert daemon.ledger.operations() == [] and bonuses(sim) == {}


# -- rejections, qualifications, purposes -----------------------------------------------------------------------------


def test_rejections_need_a_word_and_are_sent_with_it(sim, daemon, tmp_path):
    submit(sim, [1, 2])
    room = Room(tmp_path / "data", addDisconnected=True).player(1, 1).disconnected(2, 1.5).write()
    daemon.load(room)
    plan = daemon.plan(["approve", "reject", "bonus"])
    assert action(plan, "reject")["count"] == 0
    assert any("feedback" in why for why in why_of(plan, "hold", "reject"))
    daemon.pay()  # the rejection is not asked for
    assert rejections(sim) == {}
    last = daemon.pay(["approve", "reject", "bonus"], feedback=FEEDBACK)
    assert (last["rejected"], last["total"]) == (1, 1)
    assert rejections(sim) == {assignment(2): 1}
    (sent,) = [r for r in sim.requests() if r["operation"] == "RejectAssignment"]
    assert FEEDBACK in sent["body"]
    check_books(sim, daemon, {1: 100}, approved=[1])


def test_rejections_by_the_client_only_when_asked(sim, daemon, tmp_path):
    submit(sim, [1, 2])
    room = Room(tmp_path / "data", addDisconnected=True).player(1, 1).disconnected(2, 1.5).write()
    daemon.load(room)
    daemon.ctl("upload", "-f", FEEDBACK, "--yes", status=None)
    assert approvals(sim) == {assignment(1): 1} and rejections(sim) == {}
    daemon.ctl("upload", "-f", FEEDBACK, "--yes", "--reject")
    assert rejections(sim) == {assignment(2): 1}


def test_qualifications_are_granted_once(sim, daemon, room):
    submit(sim, [1, 2])
    kind = sim.boto3_client().create_qualification_type(Name="Played", Description="Has played before",
                                                        QualificationTypeStatus="Active")
    type_id = kind["QualificationType"]["QualificationTypeId"]
    room.player(1).player(2).write()
    daemon.load(room)
    assert any("qualification type" in why for why in why_of(daemon.plan(["qualify"]), "hold"))
    last = daemon.pay(["qualify"], qualification_type_id=type_id, integer_value=7)
    assert (last["qualified"], last["total"]) == (2, 2)
    assert daemon.apply(["qualify"], qualification_type_id=type_id, integer_value=7) is None
    (books,) = sim.books("qualification_types")["qualification_types"]
    assert {(g["worker"], g["value"], g["messages"]) for g in books["grants"]} == {(worker(1), 7, 0), (worker(2), 7, 0)}
    assert calls(sim, "AssociateQualificationWithWorker") == 2


def test_a_second_bonus_needs_another_purpose(sim, daemon, room):
    submit(sim, [1])
    room.player(1, 2.5).write()
    daemon.load(room)
    daemon.pay()
    assert daemon.apply(["bonus"]) is None
    assert daemon.apply(["bonus"], reason="Another reason is no other purpose") is None
    last = daemon.pay(["bonus"], purpose="session-2")
    assert (last["bonuses"], last["bonus_cents"]) == (1, 250)
    assert daemon.apply(["bonus"], purpose="session-2") is None
    assert bonuses(sim) == {assignment(1): [250, 250]}
    assert len({bonus["token"] for bonus in sim.books("bonuses")["bonuses"]}) == 2
    with pytest.raises(RpcError) as refused:
        daemon.plan(["bonus"], purpose="a/b")
    assert refused.value.name == "usage"


# -- contradictions ---------------------------------------------------------------------------------------------------


def test_another_amount_is_a_conflict(sim, daemon, room):
    submit(sim, [1])
    room.player(1, 2.5).write()
    daemon.load(room)
    daemon.pay()
    room.rows.clear()
    daemon.load(room.player(1, 3).write(), mode="replace")
    plan = daemon.plan()
    assert plan["nothing_to_do"]
    (why,) = why_of(plan, "conflict", "bonus")
    assert "2.50" in why and "3.00" in why and "purpose" in why
    assert daemon.call("show", what="summary")["results"]["conflict"] == 1
    check_books(sim, daemon, {1: 250})


def test_the_same_line_twice_is_paid_once(sim, daemon, room):
    submit(sim, [1])
    room.player(1, 2.5).player(1, 2.5).player(1, 2.5).write()
    daemon.load(room)
    plan = daemon.plan()
    assert (action(plan, "approve")["count"], action(plan, "bonus")["count"]) == (1, 1)
    assert any("the same as line 2" in why for why in why_of(plan, "skip", "bonus"))
    daemon.pay()
    check_books(sim, daemon, {1: 250})


@pytest.mark.parametrize("amounts", [(2.5, 3), (2.5, 3, 2.5), (2.5, 3, 4), (2.5, 2.5, 3), (2.5, 3, 3),
                                     (2.5, 3, 2.5, 3)])
def test_contradicting_lines_are_not_paid(sim, daemon, room, amounts):
    """However many lines contradict each other, none of them is a payment."""
    submit(sim, [1, 2])
    for bonus in amounts:
        room.player(1, bonus)
    room.player(2, 1).write()
    daemon.load(room)
    plan = daemon.plan(["bonus"])
    assert {item["verdict"] for item in items_of(plan, 1, "bonus")} <= {"conflict", "skip"}, why_of(plan, "conflict")
    assert action(plan, "bonus")["count"] == 1
    daemon.pay(["bonus"])
    check_books(sim, daemon, {2: 100}, approved=[])


def test_an_assignment_to_approve_and_to_reject_is_left_alone(sim, daemon, tmp_path):
    submit(sim, [1])
    room = Room(tmp_path / "data", addDisconnected=True)
    room.player(1, 1).disconnected(1, 1).player(1, 1).write()
    daemon.load(room)
    plan = daemon.plan(["approve", "reject"], feedback=FEEDBACK)
    assert plan["nothing_to_do"], plan["items"]
    assert {item["verdict"] for item in plan["items"]} <= {"conflict", "skip"}


# -- what the platform says otherwise ---------------------------------------------------------------------------------


def test_approved_elsewhere_is_done(sim, daemon, room):
    submit(sim, [1, 2])
    sim.boto3_client().approve_assignment(AssignmentId=assignment(1))
    daemon.load(room.player(1, 2.5).player(2, 0.3).write())
    plan = daemon.plan()
    assert verdict_of(plan, 1, "approve") == "done" and verdict_of(plan, 1, "bonus") == "act"
    daemon.pay()
    assert approvals(sim) == {assignment(1): 1, assignment(2): 1}
    assert bonuses(sim) == {assignment(1): [250], assignment(2): [30]}
    assert calls(sim, "ApproveAssignment") == 2  # boto3's and one of ours


def test_approved_elsewhere_between_plan_and_sending_is_done(sim, daemon, room):
    submit(sim, [1])
    daemon.load(room.player(1, 2.5).write())
    digest = daemon.plan()["digest"]
    sim.boto3_client().approve_assignment(AssignmentId=assignment(1))
    batch = daemon.call("apply", do=["approve", "bonus"], reason=REASON, digest=digest)["batch"]
    assert daemon.follow(batch)[-1]["done"] == 2
    assert approvals(sim) == {assignment(1): 1}
    assert daemon.ledger.operation("approve", assignment(1))["outcome"] == "already-approved"


def test_rejected_elsewhere_is_not_approved(sim, daemon, room):
    submit(sim, [1])
    sim.boto3_client().reject_assignment(AssignmentId=assignment(1), RequesterFeedback="no")
    daemon.load(room.player(1, 2.5).write())
    plan = daemon.plan()
    assert plan["actions"] == [] and verdict_of(plan, 1, "approve") == "hold" and verdict_of(plan, 1, "bonus") == "hold"


def test_a_bonus_paid_elsewhere_is_not_paid_again(sim, daemon, room):
    submit(sim, [1, 2])
    sim.boto3_client().send_bonus(WorkerId=worker(1), AssignmentId=assignment(1), BonusAmount="2.50", Reason="by hand",
                                  UniqueRequestToken="by-hand-1")
    daemon.load(room.player(1, 2.5).player(2, 0.3).write())
    plan = daemon.plan()
    assert verdict_of(plan, 1, "bonus") == "hold"
    (why,) = why_of(plan, "hold", "bonus")
    assert "2.50" in why and "did not send" in why
    daemon.pay()
    assert bonuses(sim) == {assignment(1): [250], assignment(2): [30]}


def test_a_bonus_paid_elsewhere_is_found_without_the_hit_in_the_file(sim, daemon, room):
    """Rows without a HIT: the assignment tells its HIT, and the HIT its bonuses."""
    submit(sim, [1, 2])
    sim.boto3_client().send_bonus(WorkerId=worker(1), AssignmentId=assignment(1), BonusAmount="2.50", Reason="by hand",
                                  UniqueRequestToken="by-hand-1")
    daemon.load(room.player(1, 2.5, hitid=None).player(2, 0.3, hitid=None).write())
    assert verdict_of(daemon.plan(), 1, "bonus") == "hold"
    daemon.pay()
    assert bonuses(sim) == {assignment(1): [250], assignment(2): [30]}


def test_another_worker_is_held(sim, daemon, room):
    submit(sim, [1, 2])
    daemon.load(room.player(1, 2.5, workerid=worker(9)).player(2, 0.3).write())
    plan = daemon.plan()
    assert verdict_of(plan, 1, "approve") == verdict_of(plan, 1, "bonus") == "hold"
    why = why_of(plan, "hold", "bonus")[0]
    assert worker(9) in why and worker(1) in why
    daemon.pay()
    check_books(sim, daemon, {2: 30})


def test_a_rejection_of_what_is_now_somebody_elses_is_held(sim, daemon, tmp_path):
    """Who left has returned the HIT, and the platform gave the assignment to another worker."""
    submit(sim, [1, 2])
    room = Room(tmp_path / "data", addDisconnected=True).disconnected(2, 1)
    room.player(1, 1, approve=False, reject=True, disconnected=True, workerid=worker(9)).write()
    daemon.load(room)
    plan = daemon.plan(["approve", "reject", "bonus"], feedback=FEEDBACK)
    assert verdict_of(plan, 1, "reject") == "hold"
    assert worker(9) in why_of(plan, "hold", "reject")[0] and worker(1) in why_of(plan, "hold", "reject")[0]
    daemon.pay(["approve", "reject", "bonus"], feedback=FEEDBACK)
    assert rejections(sim) == {assignment(2): 1}
    assert approvals(sim) == {} and bonuses(sim) == {}


def test_another_hit_is_held(sim, daemon, room):
    other = "3NGMTHIT0000000000000000000002"
    submit(sim, [1, 2])
    submit(sim, [], hit=other)
    daemon.load(room.player(1, 2.5, hitid=other).player(2, 0.3).write())
    plan = daemon.plan()
    assert verdict_of(plan, 1, "bonus") == "hold"
    assert other in why_of(plan, "hold", "bonus")[0] and HIT in why_of(plan, "hold", "bonus")[0]
    daemon.pay()
    check_books(sim, daemon, {2: 30})


def test_unknown_hit_and_assignment_are_held(sim, daemon, room):
    submit(sim, [1])
    room.player(1, 2.5).player(2, 1).player(3, 1, hitid="3NGMTHIT0000000000000000000099").player(4, 1, hitid=None)
    daemon.load(room.write())
    plan = daemon.plan()
    for number in (2, 3, 4):
        assert verdict_of(plan, number, "bonus") == "hold", plan["items"]
    reasons = " ".join(why_of(plan, "hold", "bonus"))
    assert "no HIT 3NGMTHIT0000000000000000000099" in reasons and f"no assignment {assignment(2)}" in reasons
    daemon.pay()
    check_books(sim, daemon, {1: 250})


def test_not_submitted_yet_waits_and_is_paid_after_it(sim, daemon, room):
    submit(sim, [1])
    sim.accept(hit=HIT, assignments=[{"assignment": assignment(2), "worker": worker(2)}])
    daemon.load(room.player(1, 2.5).player(2, 0.3).write())
    plan = daemon.plan()
    assert verdict_of(plan, 2, "bonus") == "wait"
    assert any("not submitted" in why for why in why_of(plan, "wait"))
    batch = daemon.apply()
    daemon.wait_for_state(assignment(1), "done")
    assert daemon.call("batch", batch=batch)["finished"] is False
    assert bonuses(sim) == {assignment(1): [250]}
    assert {op["state"] for op in daemon.ledger.operations() if op["assignment_id"] == assignment(2)} == {"planned"}
    sim.submit(hit=HIT, assignments=[{"assignment": assignment(2), "worker": worker(2)}])
    assert daemon.follow(batch)[-1]["done"] == 4
    check_books(sim, daemon, {1: 250, 2: 30})


def test_submitted_by_somebody_else_after_waiting_is_held(sim, daemon, room):
    """The assignment of a worker who returned it may belong to another worker later."""
    submit(sim, [1])
    sim.accept(hit=HIT, assignments=[{"assignment": assignment(2), "worker": worker(8)}])
    daemon.load(room.player(2, 0.3).write())
    batch = daemon.apply()
    sim.submit(hit=HIT, assignments=[{"assignment": assignment(2), "worker": worker(8)}])
    last = daemon.follow(batch)[-1]
    assert (last["held"], last["done"]) == (2, 0)
    assert bonuses(sim) == {} and approvals(sim) == {}


# -- errors in rows, limits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bonus", ["5000", "NaN", "-1", "2.505", "1e3", "2,50", "EUR2", "Infinity", "10.01", "0x10",
                                   "[object Object]", "99999999999999999999"])
def test_rows_with_errors_are_never_sent(sim, daemon, room, bonus):
    submit(sim, [1, 2])
    room.player(1, bonus).player(2, 0.3).write()
    (file,) = daemon.load(room)["files"]
    assert file["hold"] == 1 and file["problems"][0]["line"] == 2
    daemon.pay(["approve", "reject", "bonus"], feedback=FEEDBACK)
    check_books(sim, daemon, {2: 30})


@pytest.mark.parametrize("cells", [{"workerid": None}, {"assignmentid": None}, {"workerid": "a1ngmt0000001x"},
                                   {"assignmentid": "3NGMT ASG"}, {"approve": True, "reject": True},
                                   {"approve": False, "reject": False}, {"exit": None}])
def test_rows_without_sense_are_never_sent(sim, daemon, room, cells):
    submit(sim, [1, 2])
    room.player(1, 1, **cells).player(2, 0.3).write()
    (file,) = daemon.load(room)["files"]
    assert file["hold"] == 1 and len(file["problems"]) == 1
    daemon.pay(["approve", "reject", "bonus"], feedback=FEEDBACK)
    check_books(sim, daemon, {2: 30})


def test_a_lowered_limit_stops_what_was_loaded_before(sim, daemon, room):
    submit(sim, [1, 2])
    daemon.load(room.player(1, 5).player(2, 1).write())
    daemon.set("limits", max_bonus="2.00", min_bonus="0.10")
    daemon.restart()
    plan = daemon.plan(["bonus"])
    assert verdict_of(plan, 1, "bonus") == "hold" and "max_bonus" in why_of(plan, "hold", "bonus")[0]
    daemon.pay(["bonus"])
    check_books(sim, daemon, {2: 100}, approved=[])


def test_a_bonus_that_the_platform_refuses_fails_alone(sim, daemon, room):
    submit(sim, [1, 2])
    sim.faults({"operation": "SendBonus", "contains": assignment(1), "kind": "error", "count": 1,
                "type": "RequestError", "message": "This payment is not possible."})
    daemon.load(room.player(1, 2.5).player(2, 0.3).write())
    last = daemon.pay(["bonus"])
    assert (last["failed"], last["done"], last["finished"]) == (1, 1, True)
    (group,) = last["groups"]
    assert group["state"] == "failed" and "not possible" in group["why"] and "no money moved" in group["why"]
    assert daemon.call("status")["queue"]["failed"] == 1
    # Asked for again by a person, it is sent again.
    assert daemon.pay(["bonus"])["done"] == 1
    check_books(sim, daemon, {1: 250, 2: 30}, approved=[])


# -- selections, several rooms, several operators ---------------------------------------------------------------------


def test_only_what_is_selected_is_paid(sim, daemon, tmp_path):
    submit(sim, [1, 2, 3, 4])
    Room(tmp_path / "data", 60).player(1, 1).player(2, 2).write()
    Room(tmp_path / "data", 61).player(3, 3).player(4, 4).write()
    (tmp_path / "data" / "room000062").mkdir()
    loaded = daemon.call("load", what="game", game=str(tmp_path / "data"), mode="new")
    assert [file["room"] for file in loaded["files"]] == ["room000060", "room000061"]
    assert loaded["warnings"] == ["no results in room room000062"]
    daemon.pay(select={"room": "room000061"})
    check_books(sim, daemon, {3: 300, 4: 400})
    daemon.pay(select={"assignment": [assignment(1), assignment(3)]})
    check_books(sim, daemon, {1: 100, 3: 300, 4: 400})
    # A selection of nothing is a slip of the pen, not a success.
    with pytest.raises(RpcError) as nobody:
        daemon.plan(select={"worker": worker(9)})
    assert nobody.value.name == "not-found"
    daemon.pay()
    check_books(sim, daemon, {1: 100, 2: 200, 3: 300, 4: 400})


def test_two_operators_at_once_pay_once(sim, daemon, room):
    numbers = range(1, 13)
    submit(sim, numbers)
    for number in numbers:
        room.player(number, 1)
    daemon.load(room.write())
    digest = daemon.plan()["digest"]
    with daemon.connect() as one, daemon.connect() as other:
        asked = [(who, who.send("apply", do=["approve", "bonus"], reason=REASON, digest=digest))
                 for who in (one, other)]
        replies = []
        for who, number in asked:
            try:
                replies.append(who.reply(number))
            except RpcError as refused:
                assert refused.name == "money-rule"
    assert sum(reply["operations"] for reply in replies) == 24
    for reply in replies:
        if reply["batch"] and reply["operations"]:
            daemon.follow(reply["batch"])
    check_books(sim, daemon, {number: 100 for number in numbers})


def test_two_daemons_on_one_account_pay_once(sim, make_daemon, room):
    """Their ledgers know nothing of each other; the tokens are derived from the work."""
    submit(sim, range(1, 7))
    for number in range(1, 7):
        room.player(number, 1)
    room.write()
    daemons = [make_daemon(sim), make_daemon(sim)]
    # Both plan before either pays, so that both believe that there is everything to do.
    digests = []
    for daemon in daemons:
        daemon.load(room)
        digests.append(daemon.plan()["digest"])
    batches = [daemon.call("apply", do=["approve", "bonus"], reason=REASON, digest=digest)["batch"]
               for daemon, digest in zip(daemons, digests)]
    for daemon, batch in zip(daemons, batches):
        assert daemon.follow(batch)[-1]["done"] == 12
    for daemon in daemons:
        check_books(sim, daemon, {number: 100 for number in range(1, 7)})
    tokens = [{op["token"] for op in daemon.ledger.operations("bonus")} for daemon in daemons]
    assert tokens[0] == tokens[1]


def test_more_than_a_page_of_everything(sim, daemon, room):
    """More assignments than one answer of the platform holds, and more items than a page of the protocol shows."""
    numbers = range(1, 251)
    submit(sim, numbers, max_assignments=300)
    for number in numbers:
        room.player(number, 0.01)
    daemon.load(room.write())
    plan = daemon.call("plan", do=["approve", "bonus"], reason=REASON, items={"offset": 400, "limit": 60})
    assert len(plan["items"]) == 60 and plan["items_next_offset"] == 460
    page = daemon.call("show", what="results", offset=240, limit=100)
    assert (page["total"], len(page["rows"]), page["next_offset"]) == (250, 10, None)
    last = daemon.pay()
    assert last["done"] == 500
    check_books(sim, daemon, {number: 1 for number in numbers})
    assert calls(sim, "ListAssignmentsForHIT") <= 9 and calls(sim, "GetAssignment") == 0


def test_hits_are_listed_and_selected(sim, daemon):
    for number in range(1, 4):
        sim.hit(hit=f"3NGMTHIT{number:022}", reward="0.50", title=f"Game {number}", annotation=f"BatchId:{number}")
        sim.advance(10)
    found = daemon.call("get", what="hits", limit=2)
    assert found["total"] == 3
    assert [hit["hit_id"][-1] for hit in found["hits"]] == ["3", "2"]
    assert [hit["title"] for hit in daemon.call("get", what="hits", search="game 1")["hits"]] == ["Game 1"]
    with pytest.raises(RpcError) as refused:
        daemon.call("get", what="hit-status")
    assert refused.value.name == "state"
    assert daemon.call("get", what="hit")["hit"]["reward_cents"] == 50
    assert daemon.call("get", what="hit-status")["hit"]["hit_id"][-1] == "3"
    with pytest.raises(RpcError) as refused:
        daemon.call("get", what="hit-status", hit_id="3NOSUCHHIT")
    assert refused.value.name == "not-found"


def test_dry_mode_sends_nothing(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"queue": {"dry": "yes"}})
    submit(sim, [1])
    daemon.load(room.player(1).write())
    plan = daemon.plan()
    assert action(plan, "bonus")["count"] == 1
    with pytest.raises(RpcError) as refused:
        daemon.call("apply", do=["approve", "bonus"], reason=REASON, digest=plan["digest"])
    assert refused.value.name == "money-rule"
    assert daemon.call("status")["dry"] is True
    assert {r["operation"] for r in sim.requests()}.isdisjoint({"SendBonus", "ApproveAssignment"})


def test_the_ledger_answers_whose_command_it_was(sim, daemon, room):
    submit(sim, [1])
    daemon.load(room.player(1, 2.5).write())
    daemon.pay()
    (answer,) = daemon.ledger.rows(
        "SELECT b.user, b.command, b.uid, s.path, r.line, o.amount_minor, o.request_id, o.http_status, o.outcome"
        " FROM operation o JOIN batch b ON b.id = o.batch_id JOIN result r ON r.id = o.result_id"
        " JOIN source s ON s.id = r.source_id WHERE o.worker_id = ? AND o.kind = 2", worker(1))
    assert (answer["line"], answer["amount_minor"], answer["http_status"], answer["outcome"]) == (2, 250, 200, "paid")
    assert answer["path"] == str(room.path) and answer["request_id"] and REASON in answer["command"]
    op = daemon.ledger.operation("bonus", assignment(1))
    assert daemon.ledger.history(op["id"]) == ["planned", "queued", "sending", "done"]
    wait_until(lambda: "bonus done" in daemon.log(), "the log tells of the bonus", PATIENCE_S)
