# SPDX-License-Identifier: MIT
"""ngmtctl queue, and what is held and taken back, with the real daemon: what test_client_queue.py and test_limits.py have apart."""
import json
import re

import pytest

from ngmt import Room, assignment, bonuses, check_books, rejections, submit, wait_until, worker
from test_crash import wait_until_settled
from test_limits import FEEDBACK, fill, in_doubt

LIMITED = {"limits": {"max_bonus": "5.00"}}


def listed(daemon, *options):
    return daemon.ctl("queue", "list", *options, "--json").json["operations"]


def rejecting(sim, make_daemon, tmp_path, numbers, window="10m"):
    daemon = make_daemon(sim, options={"queue": {"undo_window": window}})
    submit(sim, numbers)
    room = Room(tmp_path / "data", addDisconnected=True)
    for number in numbers:
        room.disconnected(number)
    daemon.load(room.write())
    return daemon


def test_held_by_a_limit_listed_shown_released(sim, make_daemon, room):
    daemon = make_daemon(sim, options=LIMITED)
    daemon.load(fill(sim, room, {1: 2, 2: 9, 3: 8}))
    run = daemon.ctl("bonus", "-r", "Thank you", "--yes", status=7)
    assert "2 held (see ngmtctl queue list --held)" in run.stdout and "2 of these: recorded as held" in run.stderr
    operations = listed(daemon, "--held")
    assert [(op["worker_id"], op["amount_cents"], op["hold"]) for op in operations] == [
        (worker(2), 900, "limit"), (worker(3), 800, "limit")]
    text = daemon.ctl("queue", "list", "--held").stdout
    assert worker(2) in text and "max_bonus" in text and "2 operations, $17.00" in text
    number = str(operations[0]["id"])
    shown = daemon.ctl("queue", "show", number).stdout
    assert f"{room.path}:" in shown and "held (limit)" in shown and "bonus" in shown
    assert daemon.ctl("queue", "release", number, status=9).stderr.splitlines()[-1].endswith(f"release {number} --yes")
    assert bonuses(sim) == {assignment(1): [200]}
    daemon.set("limits", max_bonus="20.00")
    daemon.restart()
    assert daemon.ctl("queue", "release", number, "--yes").stdout.startswith("1 operation released")
    wait_until_settled(daemon)
    check_books(sim, daemon, {1: 200, 2: 900}, approved=[])
    assert daemon.ctl("queue", "release", "--all", "--yes", "--json").json["released"] == 1
    wait_until_settled(daemon)
    assert bonuses(sim) == {assignment(1): [200], assignment(2): [900], assignment(3): [800]}
    assert listed(daemon) == [] and len(listed(daemon, "--state", "done")) == 3


def test_a_plan_that_only_holds(sim, make_daemon, room):
    daemon = make_daemon(sim, options=LIMITED)
    daemon.load(fill(sim, room, {1: 9}))
    run = daemon.ctl("bonus", "-r", "Thank you", status=7)
    assert "1 held (see ngmtctl queue list --held)" in run.stdout
    assert len(listed(daemon, "--held")) == 1 and bonuses(sim) == {}
    run = daemon.ctl("queue", "release", "--all", "--yes", status=7)
    assert re.search(r"^1 held again: .*\$9\.00.*max_bonus.*\n", run.stdout, re.M), run.stdout
    (again,) = daemon.ctl("queue", "release", "--all", "--yes", "--json", status=7).json["held_again"]
    assert again["id"] == listed(daemon, "--held")[0]["id"] and "max_bonus" in again["why"]
    daemon.ctl("queue", "release", "--all", "--yes", "--no-wait")
    wait_until(lambda: listed(daemon, "--held"), "held again")
    assert bonuses(sim) == {}
    assert daemon.ctl("status").stdout.count("queue list --") == 1


def test_taken_back_and_had_back(sim, make_daemon, room):
    daemon = make_daemon(sim, options=LIMITED)
    daemon.load(fill(sim, room, {1: 9, 2: 8}))
    batch = daemon.ctl("bonus", "-r", "Thank you", "--json", status=7).json["batch"]
    run = daemon.ctl("queue", "cancel", "--batch", str(batch))
    assert run.stdout.startswith("2 operations taken back")
    assert listed(daemon) == [] and len(listed(daemon, "--state", "cancelled")) == 2
    assert daemon.ctl("queue", "cancel", "--batch", str(batch)).stdout == "0 operations taken back\n"
    daemon.ctl("bonus", "-r", "Thank you", status=None)
    assert listed(daemon) == []
    daemon.set("limits", max_bonus="20.00")
    daemon.restart()
    number = str(listed(daemon, "--worker", worker(1), "--state", "cancelled")[0]["id"])
    assert daemon.ctl("queue", "release", number, "--yes").stdout.startswith("1 operation released")
    wait_until(lambda: bonuses(sim) == {assignment(1): [900]}, "the released one is paid")
    wait_until(lambda: daemon.ledger.states() == {("bonus", "cancelled"): 1, ("bonus", "done"): 1}, "recorded")
    assert daemon.ctl("queue", "release", "--cancelled", "--yes").stdout.startswith("1 operation released")
    wait_until_settled(daemon)
    assert bonuses(sim) == {assignment(1): [900], assignment(2): [800]}
    assert "it is done" in daemon.ctl("queue", "cancel", number, status=7).stdout
    assert "it is done" in daemon.ctl("queue", "release", number, "--yes", status=7).stdout
    daemon.ctl("queue", "release", number, "999", "--yes", status=1)


def test_all_is_taken_back(sim, make_daemon, room):
    daemon = make_daemon(sim, options=LIMITED)
    daemon.load(fill(sim, room, {1: 9, 2: 8}))
    daemon.ctl("upload", "-b", "-r", "Thank you", "--yes", status=7)
    run = daemon.ctl("queue", "cancel", "--all", status=9)
    assert "4 operations" in run.stderr and run.stderr.splitlines()[-1].endswith("queue cancel --all --yes")
    assert daemon.ctl("queue", "cancel", "--all", "--yes", "--json").json["cancelled"] == 4
    assert listed(daemon) == []


def test_rejections_wait_and_are_taken_back_by_their_batch(sim, make_daemon, tmp_path):
    daemon = rejecting(sim, make_daemon, tmp_path, [1, 2])
    run = daemon.ctl("reject", "-f", FEEDBACK, "--yes")
    assert "rejections wait 10 min; ngmtctl queue cancel --batch N takes them back" in run.stderr
    (line,) = [line for line in run.stdout.splitlines() if line.startswith("2 rejections wait until ")]
    command = line.split("; ngmtctl ")[1].split(" takes")[0].split()
    operations = listed(daemon, "--hold", "undo")
    assert all(op["held_until"] in line for op in operations)
    assert daemon.ctl("queue", "release", "--all", "--yes").stdout == "0 operations released\n"
    assert daemon.ctl(*command).stdout.startswith("2 operations taken back")
    assert rejections(sim) == {} and listed(daemon) == []


def test_rejections_go_on_before_their_time_only_by_a_word(sim, make_daemon, tmp_path):
    daemon = rejecting(sim, make_daemon, tmp_path, [1])
    assert daemon.ctl("reject", "-f", FEEDBACK, "--yes", "--json").json["undo"] == 1
    assert daemon.ctl("queue", "release", "--hold", "undo", status=9)
    assert daemon.ctl("queue", "release", "--hold", "undo", "--yes").stdout.startswith("1 operation released")
    wait_until(lambda: rejections(sim) == {assignment(1): 1}, "rejected")


def test_a_rejection_without_a_text_is_not_sent(sim, make_daemon, tmp_path):
    daemon = rejecting(sim, make_daemon, tmp_path, [1], window="0")
    run = daemon.ctl("reject", "--yes", status=7)
    assert "a rejection needs a feedback text that tells the worker why (-f)" in run.stdout
    assert rejections(sim) == {}
    daemon.ctl("reject", "-f", FEEDBACK, "--yes")
    assert rejections(sim) == {assignment(1): 1}


def test_bonuses_without_a_reason_are_not_a_success(sim, daemon, room):
    """Whether there is something else to do or not: the 2 bonuses were asked for and are not paid."""
    daemon.load(fill(sim, room, {1: 1, 2: 2}))
    line = "2 bonuses not sent: a bonus needs a reason that the worker will read (-r)\n"
    run = daemon.ctl("upload", "-b", "--yes", status=7)
    assert line in run.stdout and re.search("approve/reject failed: +0\n", run.stdout), run.stdout
    assert "bonuses failed" not in run.stdout
    run = daemon.ctl("upload", "-b", "--yes", "--quiet", status=7)
    assert run.stdout == "Nothing can be sent: 2 approved already, 2 held\n" + line
    assert daemon.ctl("upload", "-b", "--yes", "--json", status=7).json["exit_status"] == 7
    daemon.ctl("upload", "--yes")
    daemon.ctl("bonus", "-r", "Thank you", "--yes")
    daemon.ctl("upload", "-b", "-r", "Thank you", "--yes")
    assert bonuses(sim) == {assignment(1): [100], assignment(2): [200]}


def test_a_qualification_without_a_type_names_the_option(sim, daemon, room):
    daemon.load(fill(sim, room, {1: 1}))
    assert "names a qualification type (-Q)\n" in daemon.ctl("qualify", "--yes", status=7).stdout


def test_the_ledger_keeps_what_was_typed(sim, make_daemon, room):
    daemon = make_daemon(sim, options=LIMITED)
    daemon.load(fill(sim, room, {1: 9}))
    daemon.ctl("bonus", "-r", "It's you", "--yes", status=7)
    number = str(listed(daemon, "--held")[0]["id"])
    daemon.ctl("queue", "cancel", number)
    operation = daemon.ctl("queue", "show", number, "--json").json
    assert operation["command"].split(" (")[0] == "ngmtctl bonus -r 'It'\\''s you' --yes"
    assert operation["steps"][-1]["command"].split(" (")[0] == f"ngmtctl queue cancel {number}"


def test_a_plan_that_changed_says_what_did(sim, daemon, room):
    daemon.load(fill(sim, room, {1: 1, 2: 2}))
    digest = daemon.ctl("bonus", "-r", "Thank you", "--dry-run", "--json").json["digest"]
    room.rows.clear()
    daemon.load(room.player(1, 1).player(2, 2.5).write(), mode="replace")
    run = daemon.ctl("bonus", "-r", "Thank you", "--plan", digest, "--yes", status=5)
    assert "$2.00 then, $2.50 now" in run.stderr and assignment(2) in run.stderr
    error = json.loads(daemon.ctl("bonus", "-r", "Thank you", "--plan", digest, "--yes", "--json", status=5).stdout)["error"]
    assert error["name"] == "money-rule" and len(error["changes"]) == 1
    assert bonuses(sim) == {}


@pytest.mark.parametrize("executed,option", [(True, "--done"), (False, "--not-done")])
def test_a_doubt_is_resolved(sim, daemon, room, executed, option):
    number = str(in_doubt(sim, daemon, room, executed)["id"])
    assert "in doubt" in daemon.ctl("queue", "release", number, "--yes", status=7).stdout
    assert "in doubt" in daemon.ctl("queue", "cancel", "--all", "--yes", status=7).stdout
    run = daemon.ctl("queue", "release", "--all", "--yes")
    assert run.stdout == "0 operations released\n" and "Left out: 1 in doubt" in run.stderr
    assert f"queue resolve {number} --done, or --not-done" in daemon.ctl("queue", "show", number).stderr
    run = daemon.ctl("queue", "resolve", number, option, status=9)
    assert "$1.00" in run.stderr and worker(1) in run.stderr
    daemon.ctl("queue", "resolve", number, option, "--yes")
    wait_until_settled(daemon)
    assert bonuses(sim) == {assignment(1): [100]}
    daemon.ctl("queue", "resolve", number, option, "--yes", status=1)
