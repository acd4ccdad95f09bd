# SPDX-License-Identifier: MIT
"""The ten rules of money, one after the other, as a person or a script meets them: through ngmtctl, its exit status and
its words, with the endpoint's books as the judge. The many ways to break a rule are in the other files."""
import json
import re
import time

import pytest

from ngmt import (HIT, REASON, Room, approvals, assignment, bonuses, calls, check_books, rejections, submit, wait_until,
                  worker)

PAY = ("bonus", "-r", REASON, "--yes")
BOTH = ("upload", "-b", "-r", REASON, "--yes")
DONE, FAILED, MONEY_RULE, FUNDS, TROUBLE, NOT_CONFIRMED = 0, 1, 5, 6, 7, 9
HOUR_S = 3600


@pytest.fixture
def ctl(daemon):
    return daemon.ctl


def fill(sim, room, amounts, **hit):
    """{number: dollars, as the file says it}"""
    submit(sim, list(amounts), **hit)
    for number, bonus in amounts.items():
        room.player(number, bonus)
    return room.write()


def load(daemon, room, *options):
    daemon.ctl("load", "results", str(room.path), *options, status=None)


def items(daemon, *command):
    """{(kind, assignment): (verdict, why)} of the dry run of a command."""
    asked = [word for word in command if word != "--yes"]
    plan = daemon.ctl(*asked, "--dry-run", "--json", status=DONE).json
    return {(item["kind"], item["assignment_id"]): (item["verdict"], item["why"]) for item in plan["items"]}


def settle(daemon):
    """Until the daemon has nothing more to do by itself."""
    wait_until(lambda: {op["state"] for op in daemon.ledger.operations()} <= {"done", "held", "failed"},
               lambda: daemon.ledger.states())


def wait_for_why(daemon, words):
    wait_until(lambda: any(words in (op["why"] or "") for op in daemon.ledger.operations()),
               lambda: [op["why"] for op in daemon.ledger.operations()])


# -- 1: one bonus for each assignment, worker and purpose -------------------------------------------------------------


def test_rule_1_one_bonus_for_each_assignment_worker_and_purpose(sim, daemon, room, tmp_path):
    load(daemon, fill(sim, room, {1: 1, 2: 2}))
    daemon.ctl(*BOTH, status=DONE)
    for again in (room, Room(tmp_path / "elsewhere", number=7)):
        if again is not room:
            again.rows = room.rows
            again.write()
        load(daemon, again, "--replace")
        assert daemon.ctl(*BOTH, "--json", "--quiet", status=DONE).json["outcome"] == "nothing-to-do"
    daemon.restart()
    assert "Not sent" in daemon.ctl(*BOTH, status=DONE).stdout
    check_books(sim, daemon, {1: 100, 2: 200})


def test_rule_1_a_second_bonus_needs_a_purpose_of_its_own(sim, daemon, room):
    load(daemon, fill(sim, room, {1: 1}))
    for _ in range(2):
        daemon.ctl(*PAY, status=DONE)
        daemon.ctl(*PAY, "--purpose", "follow-up", status=DONE)
    assert bonuses(sim) == {assignment(1): [100, 100]}
    tokens = {bonus["token"] for bonus in sim.books("bonuses")["bonuses"]}
    assert tokens == {op["token"] for op in daemon.ledger.operations("bonus", "done")} and len(tokens) == 2


def test_rule_1_another_amount_is_a_conflict_and_no_second_payment(sim, daemon, room):
    load(daemon, fill(sim, room, {1: 1, 2: 2}))
    daemon.ctl(*PAY, status=DONE)
    room.rows[0]["bonus"] = 9
    load(daemon, room.write(), "--replace")
    verdict, why = items(daemon, *PAY)["bonus", assignment(1)]
    assert verdict == "conflict" and "$1.00" in why and "$9.00" in why
    daemon.ctl(*PAY, status=None)
    assert bonuses(sim) == {assignment(1): [100], assignment(2): [200]}


# -- 2: after a lost answer -------------------------------------------------------------------------------------------


def test_rule_2_a_lost_answer_is_resolved_with_the_same_token(sim, daemon, room):
    load(daemon, fill(sim, room, {1: 1, 2: 2}))
    sim.record(True)
    sim.faults({"operation": "SendBonus", "kind": "drop-after", "count": 1})
    assert daemon.ctl(*PAY, "--json", "--quiet", status=DONE).json["bonuses"] == 2
    sent = [json.loads(request["body"]) for request in sim.requests() if request["operation"] == "SendBonus"]
    assert len(sent) == 3 and len({body["UniqueRequestToken"] for body in sent}) == 2
    lost = [op for op in daemon.ledger.operations("bonus") if op["attempts"] == 2]
    assert [op["outcome"] for op in lost] == ["already-processed"]
    assert "unsure" in daemon.ledger.history(lost[0]["id"])
    check_books(sim, daemon, {1: 100, 2: 200}, approved=[])


@pytest.mark.parametrize("executed", [True, False])
def test_rule_2_an_old_doubt_is_read_back_and_never_sent_again(sim, daemon, room, executed):
    """25 hours later the platform has forgotten the token: its list decides, or a person."""
    load(daemon, fill(sim, room, {1: 1}))
    sim.faults({"operation": "SendBonus", "kind": "freeze", "execute": executed})
    daemon.ctl(*PAY, "--no-wait", status=DONE)
    wait_until(lambda: calls(sim, "SendBonus") == 1, "the request arrives")
    daemon.kill()
    sim.faults()
    sim.advance(25 * HOUR_S)
    sim.skew(25 * HOUR_S)  # the platform's clock, of which the daemon knows, goes on as well
    daemon.start()
    settle(daemon)
    (op,) = daemon.ledger.operations("bonus")
    assert calls(sim, "SendBonus") == 1 and bonuses(sim) == ({assignment(1): [100]} if executed else {})
    assert (op["state"], op["outcome"]) == (("done", "found-paid") if executed else ("held", "not-found"))
    # Giving the command again is no way around it.
    daemon.ctl(*PAY, status=None)
    assert calls(sim, "SendBonus") == 1


# -- 3: whose assignment it is ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("column, theirs", [("workerid", worker(99)), ("hitid", "3NGMTHIT0000000000000000000099")])
def test_rule_3_another_worker_or_hit_is_held_and_both_are_shown(sim, daemon, room, column, theirs):
    sim.hit(hit="3NGMTHIT0000000000000000000099", reward="1.00", max_assignments=9)
    fill(sim, room, {1: 1, 2: 2})
    room.rows[0][column] = theirs
    load(daemon, room.write())
    for kind in ("approve", "bonus"):
        verdict, why = items(daemon, *BOTH)[kind, assignment(1)]
        assert verdict == "hold" and theirs in why and (worker(1) if column == "workerid" else HIT) in why
    daemon.ctl(*BOTH, status=TROUBLE)
    assert bonuses(sim) == {assignment(2): [200]} and approvals(sim) == {assignment(2): 1}


def test_rule_3_what_is_not_submitted_yet_waits_and_what_is_approved_is_done(sim, daemon, room):
    submit(sim, [2])
    sim.accept(hit=HIT, assignments=[{"assignment": assignment(1), "worker": worker(1)}])
    sim.boto3_client().approve_assignment(AssignmentId=assignment(2))
    load(daemon, room.player(1, 1).player(2, 2).write())
    assert items(daemon, "approve")["approve", assignment(2)] == ("done", "approved on MTurk already")
    daemon.ctl(*BOTH, "--no-wait", status=DONE)
    wait_for_why(daemon, "not submitted on MTurk yet")
    assert calls(sim, "ApproveAssignment") == 1  # boto3's
    sim.submit(hit=HIT, assignments=[{"assignment": assignment(1), "worker": worker(1)}])
    daemon.restart()
    settle(daemon)
    assert approvals(sim) == {assignment(1): 1, assignment(2): 1}
    assert bonuses(sim) == {assignment(1): [100], assignment(2): [200]}


def test_rule_3_a_whole_hit_is_compared_in_bulk(sim, daemon, room):
    load(daemon, fill(sim, room, {number: 1 for number in range(1, 121)}, max_assignments=150))
    daemon.ctl("approve", "--dry-run", status=DONE)
    assert calls(sim, "ListAssignmentsForHIT") == 2 and calls(sim, "GetAssignment") == 0


# -- 4: limits, budgets, the floor ------------------------------------------------------------------------------------


@pytest.mark.parametrize("option, limit, paid", [("max_bonus", "2.50", [1, 2]), ("min_bonus", "1.50", [2, 3]),
                                                 ("daily_budget", "3.60", [1, 2]), ("total_budget", "3.60", [1, 2]),
                                                 ("balance_floor", "6.40", [1, 2])])
def test_rule_4_what_is_beyond_a_limit_is_held_by_the_daemon(sim, make_daemon, room, option, limit, paid):
    """Three bonuses of $1, $2 and $3, to which a fifth is added in fees; a balance of $10 where it matters."""
    daemon = make_daemon(sim, options={"limits": {option: limit}})
    load(daemon, fill(sim, room, {1: 1, 2: 2, 3: 3}))
    sim.balance("10.00")
    found = items(daemon, *PAY)
    assert sorted(n for n in (1, 2, 3) if found["bonus", assignment(n)][0] == "act") == paid, found
    (why,) = [why for verdict, why in found.values() if verdict == "hold"]
    assert option in why, why
    daemon.ctl(*PAY, status=TROUBLE)
    assert bonuses(sim) == {assignment(n): [100 * n] for n in paid}
    # No option of the command and no repetition leads past it.
    daemon.ctl(*PAY, "--purpose", "bonus", status=None)
    load(daemon, room, "--replace", "--validate-level", "0")
    daemon.ctl(*PAY, status=None)
    assert bonuses(sim) == {assignment(n): [100 * n] for n in paid}


def test_rule_4_a_raised_limit_lets_held_rows_go_on_only_after_a_release(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"total_budget": "1.20"}})
    load(daemon, fill(sim, room, {1: 1, 2: 1}))
    daemon.ctl(*PAY, status=TROUBLE)
    daemon.set("limits", total_budget="100.00")
    daemon.restart()
    assert len(bonuses(sim)) == 1
    listed = daemon.ctl("queue", "list", "--held", "--json", status=DONE).json["operations"]
    assert [op["hold"] for op in listed] == ["limit"]
    daemon.ctl("queue", "release", str(listed[0]["id"]), "--yes", status=DONE)
    settle(daemon)
    check_books(sim, daemon, {1: 100, 2: 100}, approved=[])


# -- 5: exact cents ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount, sent", [("1", "1.00"), ("1.5", "1.50"), ("0.05", "0.05"), ("0.07", "0.07"),
                                          ("4.35", "4.35"), ("8.20", "8.20"), ("9.99", "9.99"), ("10", "10.00")])
def test_rule_5_amounts_are_sent_as_exact_cents(sim, daemon, room, amount, sent):
    load(daemon, fill(sim, room, {1: amount}))
    sim.record(True)
    daemon.ctl(*PAY, status=DONE)
    (request,) = [request for request in sim.requests() if request["operation"] == "SendBonus"]
    assert json.loads(request["body"])["BonusAmount"] == sent
    assert bonuses(sim) == {assignment(1): [round(float(amount) * 100)]}


@pytest.mark.parametrize("amount", ["1.005", "0.333", "NaN", "-1", "1e1", "€1", "1.00 EUR", "1,5", "0x10", "Infinity",
                                    "one"])
def test_rule_5_what_is_no_amount_of_cents_is_never_sent(sim, daemon, room, amount):
    fill(sim, room, {2: 2})
    room.player(1, amount).write()
    load(daemon, room)
    daemon.ctl(*PAY, status=None)
    assert assignment(1) not in bonuses(sim)
    assert {op["assignment_id"] for op in daemon.ledger.operations("bonus", "done")} <= {assignment(2)}
    assert "SendBonus" not in sim.books("account")["calls"] or calls(sim, "SendBonus") == 1


# -- 6: out of funds --------------------------------------------------------------------------------------------------


def test_rule_6_out_of_funds_is_a_pause_that_ends_by_itself(sim, daemon, room):
    """$2.50 pay for two of four bonuses of $1, with their fees."""
    load(daemon, fill(sim, room, {n: 1 for n in range(1, 5)}))
    sim.balance("2.50")
    done = daemon.ctl(*PAY, status=FUNDS)
    assert "Out of funds" in done.stderr
    assert len(bonuses(sim)) == 2 and {op["state"] for op in daemon.ledger.operations()} == {"done", "queued"}
    # Two more cost $2.40, and ten cents are left.
    status = daemon.ctl("status", status=None)
    assert "$2.30" in status.stdout and "2 bonuses" in status.stdout, status.stdout
    status = daemon.ctl("status", "--json", status=None).json
    assert any("$2.30" in problem["what"] for problem in status["problems"]), status["problems"]
    sim.balance("2.40")
    daemon.ctl("connect", status=DONE)  # asks for the balance at once; by itself it does so twice a minute
    settle(daemon)
    check_books(sim, daemon, {n: 100 for n in range(1, 5)}, approved=[])


# -- 7: shown first, confirmed, and exactly that ----------------------------------------------------------------------


def test_rule_7_nothing_is_sent_without_a_word(sim, daemon, room):
    load(daemon, fill(sim, room, {1: 1, 2: 2}))
    for command in (BOTH[:-1], PAY[:-1], ("approve",)):
        done = daemon.ctl(*command, status=NOT_CONFIRMED)
        assert "REHEARSAL" in done.stderr and "--yes" in done.stderr
    shown = daemon.ctl(*BOTH[:-1], status=NOT_CONFIRMED).stderr
    assert re.search(r"bonus\s+2\s+bonuses\s+\$3\.00\s+\+ \$0\.60 fees", shown), shown
    assert worker(1) in shown and worker(2) in shown
    dry = daemon.ctl(*BOTH[:-1], "--dry-run", status=DONE)
    assert assignment(1) in dry.stdout and "--plan" in dry.stdout
    assert bonuses(sim) == {} and approvals(sim) == {} and daemon.ledger.operations() == []


def test_rule_7_a_plan_is_done_exactly_or_refused_with_what_changed(sim, daemon, room):
    load(daemon, fill(sim, room, {1: 1, 2: 2}))
    digest = daemon.ctl(*BOTH[:-1], "--dry-run", "--json", status=DONE).json["digest"]
    room.rows[1]["bonus"] = 2.5
    load(daemon, room.write(), "--replace")
    refused = daemon.ctl(*BOTH, "--plan", digest, status=MONEY_RULE)
    assert "$2.00" in refused.stderr and "$2.50" in refused.stderr and assignment(2) in refused.stderr, refused.stderr
    assert bonuses(sim) == {} and approvals(sim) == {}
    room.rows[1]["bonus"] = 2
    load(daemon, room.write(), "--replace")
    daemon.ctl(*BOTH, "--plan", digest, status=DONE)
    check_books(sim, daemon, {1: 100, 2: 200})


def test_rule_7_rejections_need_a_text_and_a_word_and_can_be_taken_back(sim, make_daemon, tmp_path):
    daemon = make_daemon(sim, options={"queue": {"undo_window": "10m"}})
    submit(sim, [1, 2])
    room = Room(tmp_path / "data", addDisconnected=True).disconnected(1, 0).disconnected(2, 0).write()
    load(daemon, room)
    daemon.ctl("reject", "--yes", status=None)  # without a text for the workers
    daemon.ctl("upload", "-f", "You left", "--yes", status=None)  # without a word for the rejections
    assert daemon.ledger.operations() == []
    daemon.ctl("reject", "-f", "You left", "--yes", "--no-wait", status=None)
    held = daemon.ctl("queue", "list", "--held", "--json", status=DONE).json["operations"]
    assert [(op["kind"], op["hold"]) for op in held] == [("reject", "undo")] * 2
    daemon.ctl("queue", "cancel", *[str(op["id"]) for op in held], "--yes", status=DONE)
    assert {op["state"] for op in daemon.ledger.operations()} == {"cancelled"}
    assert rejections(sim) == {} and calls(sim, "RejectAssignment") == 0


# -- 8: which environment ---------------------------------------------------------------------------------------------


def test_rule_8_the_sandbox_is_the_default(make_daemon):
    daemon = make_daemon(endpoint="https://127.0.0.1:1/", start=False)
    del daemon.sections["aws"]["endpoint"]
    daemon.write_config()
    daemon.start()
    assert daemon.ctl("status", "--json", status=None).json["environment"] == "sandbox"
    assert "SANDBOX" in daemon.ctl("status", status=None).stdout
    assert (daemon.state_path / "sandbox" / "ledger.db").exists() and not (daemon.state_path / "live").exists()


def test_rule_8_every_reply_names_the_environment(sim, daemon, room):
    load(daemon, fill(sim, room, {1: 1}))
    for command in (("status",), ("show", "summary"), ("show", "results"), ("get", "balance"), (*PAY[:-1], "--dry-run"),
                    (*PAY, "--plan", "0000000000000000")):
        done = daemon.ctl(*command, "--json", status=None)
        assert '"environment":"rehearsal"' in done.stdout.replace(" ", ""), (command, done.stdout)
    assert "REHEARSAL" in daemon.ctl(*PAY, status=DONE).stderr


def test_rule_8_environments_never_share_a_ledger(sim, make_daemon, room):
    daemon = make_daemon(sim)
    load(daemon, fill(sim, room, {1: 1}))
    daemon.ctl(*PAY, status=DONE)
    daemon.terminate()
    # The rehearsal's ledger in the place of the one for the sandbox.
    (daemon.state_path / "sandbox").mkdir()
    for path in daemon.ledger_path.parent.glob("ledger.db*"):
        (daemon.state_path / "sandbox" / path.name).write_bytes(path.read_bytes())
    before = daemon.ledger_path.read_bytes()
    del daemon.sections["aws"]["endpoint"]
    daemon.write_config()
    status, said = daemon.run_to_end()
    assert status != 0 and "rehearsal" in said and "sandbox" in said, said
    assert daemon.ledger_path.read_bytes() == before


# -- 9: what was paid by another tool ---------------------------------------------------------------------------------


@pytest.mark.parametrize("cents", [100, 70])
def test_rule_9_a_bonus_that_another_tool_paid_is_not_paid_again(sim, daemon, room, cents):
    fill(sim, room, {1: 1, 2: 2})
    sim.boto3_client().send_bonus(AssignmentId=assignment(1), WorkerId=worker(1), Reason="by hand",
                                  BonusAmount=f"{cents / 100:.2f}", UniqueRequestToken="another tool's")
    load(daemon, room)
    verdict, why = items(daemon, *PAY)["bonus", assignment(1)]
    assert verdict == "hold" and f"${cents / 100:.2f}" in why and "$1.00" in why
    assert calls(sim, "ListBonusPayments") == 1  # by HIT, not by assignment
    daemon.ctl(*PAY, status=TROUBLE)
    assert bonuses(sim) == {assignment(1): [cents], assignment(2): [200]}


def test_rule_9_nor_when_it_was_paid_after_the_plan(sim, daemon, room):
    load(daemon, fill(sim, room, {1: 1}))
    sim.faults({"operation": "SendBonus", "kind": "error", "type": "RequestError", "count": 1,
                "code": "AWS.MechanicalTurk.InsufficientFunds", "message": "insufficient funds"})
    daemon.ctl(*PAY, status=FUNDS)
    sim.boto3_client().send_bonus(AssignmentId=assignment(1), WorkerId=worker(1), Reason="by hand", BonusAmount="0.70",
                                  UniqueRequestToken="another tool's")
    daemon.ctl("connect", status=DONE)
    settle(daemon)
    assert bonuses(sim) == {assignment(1): [70]}
    assert daemon.ledger.operation("bonus", assignment(1))["state"] == "held"


# -- 10: was this worker paid? ----------------------------------------------------------------------------------------


def test_rule_10_the_ledger_alone_answers_whether_a_worker_was_paid(make_daemon, sim, room):
    daemon = make_daemon(sim)
    load(daemon, fill(sim, room, {1: 1.5, 2: 2}))
    began = time.time()
    daemon.ctl(*BOTH, status=DONE)
    daemon.restart()
    sent = sum(call["calls"] for call in sim.books("account")["calls"].values())
    told = daemon.ctl("worker", worker(1), "--json", status=DONE).json
    assert (told["paid_cents"], told["fees_cents"], told["bonuses"], told["approved"]) == (150, 30, 1, 1)
    text = daemon.ctl("worker", worker(1), status=DONE).stdout
    assert "$1.50" in text and assignment(1) in text and str(room.path) in text and assignment(2) not in text
    for op in told["operations"]:
        assert op["assignment_id"] == assignment(1) and op["state"] == "done"
        first = op["steps"][0]
        assert first["user"] and "upload" not in first["state"] and REASON in first["command"]
        at = [time.strptime(step["at"], "%Y-%m-%dT%H:%M:%SZ") for step in op["steps"]]
        assert at == sorted(at) and time.gmtime(began - 2) <= at[0]
    # Asked of no platform.
    assert sum(call["calls"] for call in sim.books("account")["calls"].values()) == sent
    assert daemon.ctl("worker", worker(77), status=None).returncode != DONE
