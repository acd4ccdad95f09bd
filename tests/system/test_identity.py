# SPDX-License-Identifier: MIT
"""Whose assignment it is, which code was submitted for it, and what others did before us (rules of money 3 and 9)."""
import contextlib
import sqlite3

import pytest

from ngmt import HIT, REASON, Room, approvals, assignment, bonuses, check_books, rejections, submit, wait_until, worker
from test_crash import wait_until_settled

FEEDBACK = "You left before the end"
FORM = ('<?xml version="1.0" encoding="ASCII"?><QuestionFormAnswers xmlns="http://mechanicalturk.amazonaws.com/'
        'AWSMechanicalTurkDataSchemas/2005-10-01/QuestionFormAnswers.xsd">{}</QuestionFormAnswers>')
ANSWER = "<Answer><QuestionIdentifier>{}</QuestionIdentifier><FreeText>{}</FreeText></Answer>"
OTHER_CODE = "the file says exit code exp1, the worker submitted {}; no money moved"


def form(**answers):
    return FORM.format("".join(ANSWER.format(name, text) for name, text in answers.items()))


def submit_codes(sim, codes):
    """{number: what the worker submitted: a code, a whole form, None: nothing}"""
    submit(sim, [])
    for number, text in codes.items():
        how = {} if text is None else {"answer" if text.startswith("<") else "code": text}
        sim.submit(hit=HIT, assignments=[{"assignment": assignment(number), "worker": worker(number), **how}])


def accept(sim, numbers):
    """Taken by their workers, but not submitted: whatever is planned for them waits."""
    sim.accept(hit=HIT, assignments=[{"assignment": assignment(n), "worker": worker(n)} for n in numbers])


def fill(room, numbers, bonus=1):
    for number in numbers:
        room.player(number, bonus)
    return room.write()


def whys(plan, verdict):
    return {group["why"] for group in plan["groups"] if group["verdict"] == verdict}


def outcomes(daemon):
    return {op["kind"]: (op["state"], op["outcome"]) for op in daemon.ledger.operations()}


def bonus_facts(daemon):
    with contextlib.closing(sqlite3.connect(f"file:{daemon.ledger_path}?mode=ro", uri=True)) as database:
        return database.execute("SELECT amount_minor, nth FROM bonus_fact ORDER BY granted_s, nth").fetchall()


# -- exit codes -------------------------------------------------------------------------------------------------------


# What is in nobody's way.
HARMLESS = {
    "equal": "exp1", "other case": "EXP1", "blanks": "  exp1 ", "nothing": None, "empty": "",
    "several texts": form(comment="Nice", age="33"), "empty form": form(),
    "code among others": form(surveycode="exp1", comment="x"),
    "asked for, not given": form(code="", comment="exp2"), "one of two": form(code="exp2", other_code="exp1"),
    "fields as JSON": form(taskAnswers='[{"a":1}]'), "not XML": "<not XML", "other XML": "<xml/>",
    "entity": '<!DOCTYPE x [<!ENTITY e "exp2">]>' + form(code="&e;").split("?>")[1],
    "DTD": '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + form(code="exp2").split("?>")[1],
    "deep": "<QuestionFormAnswers>" + "<a>" * 3000, "large": form(code="x" * 140000),
}


@pytest.mark.parametrize("how", HARMLESS)
def test_a_code_that_agrees_or_that_nobody_can_read_is_in_nobodys_way(sim, daemon, room, how):
    submit_codes(sim, {1: HARMLESS[how]})
    daemon.load(fill(room, [1]))
    assert daemon.pay()["done"] == 2
    check_books(sim, daemon, {1: 100})


# What is held: what was submitted, and how it is shown.
OTHER = {
    "another": ("exp2", "exp2"), "shorter": ("exp", "exp"), "longer": ("exp11", "exp11"),
    "the only text": (form(q1="exp2"), "exp2"), "a comment alone": (form(comment="Nice game"), "Nice game"),
    "none of two": (form(code="exp2", other_code="exp3", comment="exp1"), "exp2"),
    "unprintable": (form(code="&#x85;&#x202e;a"), None),
}


@pytest.mark.parametrize("how", OTHER)
def test_another_code_is_held_and_both_are_shown(sim, daemon, room, how):
    submitted, shown = OTHER[how]
    submit_codes(sim, {1: submitted, 2: "exp2"})  # the code of the second player
    daemon.load(fill(room, [1, 2]))
    plan = daemon.plan()
    if shown is None:
        (why,) = whys(plan, "hold")
        assert why.isprintable() and "exp1" in why and why.endswith("no money moved")
    else:
        assert whys(plan, "hold") == {OTHER_CODE.format(shown)}
    assert daemon.pay()["done"] == 2
    check_books(sim, daemon, {2: 100})


def test_another_code_holds_rejections_and_qualifications_too(sim, daemon, tmp_path):
    submit_codes(sim, {1: "exp9", 2: "exp9"})
    kind = sim.boto3_client().create_qualification_type(Name="Played", Description="x",
                                                        QualificationTypeStatus="Active")
    room = Room(tmp_path / "data", addDisconnected=True).player(1, 1).disconnected(2).write()
    daemon.load(room)
    plan = daemon.plan(["reject", "qualify"], feedback=FEEDBACK,
                       qualification_type_id=kind["QualificationType"]["QualificationTypeId"])
    assert plan["actions"] == [] and plan["to_hold"] == 2, plan["groups"]
    assert len(whys(plan, "hold")) == 2 and rejections(sim) == {}


def test_another_code_that_comes_after_the_command_is_held_until_a_person_lets_it_go_on(sim, daemon, room):
    submit(sim, [])
    accept(sim, [1])
    daemon.load(fill(room, [1]))
    daemon.apply()
    daemon.terminate()
    submit_codes_of_accepted(sim, {1: "exp2"})
    daemon.start()
    daemon.wait_for_state(assignment(1), "held")
    assert {op["why"] for op in daemon.ledger.operations()} == {OTHER_CODE.format("exp2")}
    assert bonuses(sim) == {} and approvals(sim) == {}
    daemon.call("release", select={"ids": [op["id"] for op in daemon.ledger.operations()]})
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 100})


def submit_codes_of_accepted(sim, codes):
    sim.submit(hit=HIT, assignments=[{"assignment": assignment(n), "worker": worker(n), "code": code}
                                     for n, code in codes.items()])


# -- what others did --------------------------------------------------------------------------------------------------


def wait_unsubmitted(sim, daemon, room, do=("approve", "bonus"), **params):
    """Operations that wait for the worker, and a daemon that does not run."""
    accept(sim, [1])
    daemon.load(room)
    daemon.apply(do, **params)
    daemon.terminate()


@pytest.mark.parametrize("how, outcome", [("by hand", "already-approved"), ("by time", "auto-approved")])
def test_an_approval_is_recorded_as_what_it_was(sim, daemon, room, how, outcome):
    sim.hit(hit=HIT, reward="1.00", max_assignments=9, auto_approval_s=600)
    wait_unsubmitted(sim, daemon, fill(room, [1]), ["approve"])
    submit(sim, [1], make_hit=False)
    if how == "by hand":
        sim.boto3_client().approve_assignment(AssignmentId=assignment(1))
    else:
        sim.advance(700)
    daemon.start()
    wait_until_settled(daemon)
    assert outcomes(daemon) == {"approve": ("done", outcome)}
    assert approvals(sim) == {assignment(1): 1}


@pytest.mark.parametrize("how, outcome", [("by hand", "already-approved"), ("by time", "auto-approved")])
def test_an_approval_that_came_between_is_recorded_as_what_it_was(sim, daemon, room, how, outcome):
    """After the comparison: MTurk refuses ours and is asked why."""
    sim.hit(hit=HIT, reward="1.00", max_assignments=9, auto_approval_s=600)
    submit(sim, [1], make_hit=False)
    daemon.load(fill(room, [1]))
    digest = daemon.plan(["approve"])["digest"]
    if how == "by hand":
        sim.boto3_client().approve_assignment(AssignmentId=assignment(1))
    else:
        sim.advance(700)
    daemon.follow(daemon.call("apply", do=["approve"], digest=digest)["batch"])
    assert outcomes(daemon) == {"approve": ("done", outcome)}


def test_a_rejection_by_another_is_recorded_as_what_it_was(sim, daemon, tmp_path):
    submit(sim, [])
    room = Room(tmp_path / "data", addDisconnected=True).disconnected(1).write()
    wait_unsubmitted(sim, daemon, room, ["reject"], feedback=FEEDBACK)
    submit(sim, [1], make_hit=False)
    sim.boto3_client().reject_assignment(AssignmentId=assignment(1), RequesterFeedback="x")
    daemon.start()
    wait_until_settled(daemon)
    assert outcomes(daemon) == {"reject": ("done", "already-rejected")}


def test_two_daemons_with_a_ledger_each_pay_once_and_both_know(sim, make_daemon, room):
    submit(sim, [])
    accept(sim, [1])
    fill(room, [1])
    first, second = make_daemon(sim), make_daemon(sim)
    for daemon in (first, second):
        daemon.load(room)
        daemon.apply()
        daemon.terminate()
    submit(sim, [1], make_hit=False)
    for daemon in (first, second):
        daemon.start()
        wait_until_settled(daemon)
        daemon.terminate()
        check_books(sim, daemon, {1: 100})
    assert outcomes(first) == {"approve": ("done", "approved"), "bonus": ("done", "paid")}
    assert outcomes(second) == {"approve": ("done", "already-approved"), "bonus": ("done", "found-paid")}
    (why,) = [op["why"] for op in second.ledger.operations("bonus")]
    assert "lists this bonus already" in why and "another ngmtd or tool paid it" in why
    second.start()
    assert second.plan()["nothing_to_do"]


def test_a_second_daemon_shows_what_the_first_one_paid(sim, make_daemon, room):
    submit(sim, [1, 2, 3])
    fill(room, [1, 2, 3])
    first, second = make_daemon(sim), make_daemon(sim)
    first.load(room)
    first.pay()
    second.load(room)
    plan = second.plan()
    assert plan["actions"] == [] and plan["to_record"] == 6, plan["groups"]
    assert {(group["verdict"], group["count"]) for group in plan["groups"]} == {("done", 3)}, plan["groups"]
    check_books(sim, first, {1: 100, 2: 100, 3: 100})


@pytest.mark.parametrize("cents, reason, verdict", [(100, REASON, "done"), (100, "by hand", "hold"),
                                                    (99, REASON, "hold")])
def test_a_bonus_of_another_tool(sim, daemon, room, cents, reason, verdict):
    """The very same bonus is this one; any other is for a person, both shown."""
    submit(sim, [1])
    sim.boto3_client().send_bonus(AssignmentId=assignment(1), WorkerId=worker(1), Reason=reason,
                                  BonusAmount=f"{cents / 100:.2f}", UniqueRequestToken="another tool's")
    daemon.load(fill(room, [1]))
    plan = daemon.plan(["bonus"])
    assert plan["actions"] == [] and plan["to_record"] == (verdict == "done")
    (why,) = whys(plan, verdict)
    if verdict == "hold":
        assert f"${cents / 100:.2f}" in why and "$1.00" in why and "did not send" in why
    assert bonuses(sim) == {assignment(1): [cents]}


def test_equal_bonuses_of_another_tool_are_as_many_as_they_are(sim, daemon, room):
    submit(sim, [1])
    client = sim.boto3_client()
    for token in ("one", "two", "three"):
        client.send_bonus(AssignmentId=assignment(1), WorkerId=worker(1), Reason="by hand", BonusAmount="1.00",
                          UniqueRequestToken=token)
    daemon.load(fill(room, [1]))
    for _ in range(3):
        assert daemon.plan(["bonus"])["actions"] == []
        assert [cents for cents, _ in bonus_facts(daemon)] == [100, 100, 100]
        daemon.restart()


def test_a_person_who_has_seen_what_others_paid_may_pay_all_the_same(sim, daemon, room):
    submit(sim, [])
    wait_unsubmitted(sim, daemon, fill(room, [1]), ["bonus"])
    submit(sim, [1], make_hit=False)
    sim.boto3_client().send_bonus(AssignmentId=assignment(1), WorkerId=worker(1), Reason="by hand", BonusAmount="0.50",
                                  UniqueRequestToken="another tool's")
    daemon.start()
    daemon.wait_for_state(assignment(1), "held")
    (op,) = daemon.ledger.operations("bonus")
    daemon.call("release", select={"ids": [op["id"]]})
    wait_until(lambda: daemon.ledger.operations("bonus", "done"), "it is paid")
    assert sorted(bonuses(sim)[assignment(1)]) == [50, 100]


def test_a_rejected_worker_is_paid_on_a_persons_word_only(sim, daemon, room):
    submit(sim, [])
    wait_unsubmitted(sim, daemon, fill(room, [1]), ["bonus"])
    submit(sim, [1], make_hit=False)
    sim.boto3_client().reject_assignment(AssignmentId=assignment(1), RequesterFeedback="x")
    daemon.start()
    daemon.wait_for_state(assignment(1), "held")
    (op,) = daemon.ledger.operations("bonus")
    assert "a person's word" in op["why"]
    daemon.call("release", select={"ids": [op["id"]]})
    wait_until(lambda: daemon.ledger.operations("bonus", "done"), "it is paid")
    assert bonuses(sim) == {assignment(1): [100]}
