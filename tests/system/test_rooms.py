# SPDX-License-Identifier: MIT
"""Rooms as a person sees and directs them, with the real daemon: listed, shown, adopted, ignored, followed; what a policy
does by itself, and never does."""
import json
import re
import subprocess

import pytest

from ngmt import (REASON, approvals, assignment, bonuses, calls, clean_environment, program, rejections, wait_until,
                  worker)
from ordeal import start_deadly
from watched import (check_paid, daemon, entry, game, is_idle, play, player, server, sim,  # noqa: F401 (fixtures)
                     wait_for_import, wait_for_payment, wait_for_rest, wait_for_scan)

HEADER = "id,type,workerid,hitid,assignmentid,access,exit,approve,reject,basepay,bonus"


def rooms(daemon, *options, status=0):  # noqa: F811
    return daemon.ctl("rooms", *options, "--json", status=status).json


def names(listed):
    return [(room["room"], room["state"]) for room in listed["rooms"]]


def settled(sim, daemon):  # noqa: F811
    wait_for_scan(daemon)
    wait_for_rest(daemon)


def write(room, *lines):
    """What a person does by hand."""
    room.path.write_text("\n".join((HEADER, *lines)) + "\n")


def line(number, approve="1", reject="0", bonus="1.00"):
    return f"p{number},player,{worker(number)},3NGMTHIT0000000000000000000001,{assignment(number)},a,e,{approve},{reject},0,{bonus}"


# -- looking ----------------------------------------------------------------------------------------------------------


def test_nothing_is_watched(sim, make_daemon):  # noqa: F811
    daemon = make_daemon(sim)  # noqa: F811
    run = daemon.ctl("rooms")
    assert run.stdout == "0 rooms watched\n" and "No such room is known." in run.stderr
    assert rooms(daemon)["rooms"] == []
    assert daemon.ctl("rooms", "show", "room000001", status=1).stderr.startswith(
        'ngmtctl: there is no room "room000001"')
    assert daemon.ctl("rooms", "rescan").stdout == "looking at 0 folders again\n"
    assert "rooms" not in daemon.ctl("status").stdout


def test_what_is_wrong_comes_first(sim, daemon, game):  # noqa: F811
    daemon.start()
    play(game, {1: 100})
    held, broken = game.room(), game.room()
    game.room()
    write(held, line(2), line(3, approve="0"))
    broken.path.write_text(HEADER + '\np1,"player\n')
    check_paid(sim, daemon, {1: 100, 2: 100})
    listed = rooms(daemon, status=7)
    assert names(listed) == [("room000003", "problem"), ("room000002", "held"), ("room000001", "imported"),
                             ("room000004", "empty")]
    first, second, third, _ = listed["rooms"]
    assert re.search(r"line \d+, column \d+", first["problem"]), first
    assert (second["rows"], second["held_rows"], second["approved"], second["paid_cents"]) == (2, 1, 1, 100)
    assert (third["rows"], third["paid"], third["paid_fees_cents"], third["to_pay_cents"]) == (1, 1, 20, 0)
    assert listed["counts"] == {"watched": 4, "waiting": 0, "problems": 1, "held_rows": 1, "ignored": 0}
    run = daemon.ctl("rooms", status=7)
    lines = run.stdout.splitlines()
    assert [one.split()[0] for one in lines[1:5]] == ["problem", "held", "imported", "empty"]
    assert lines[-1] == "4 rooms watched: 1 with a problem, 1 row held"
    assert "ngmtctl rooms show ROOM" in run.stderr
    assert names(rooms(daemon, "--problems", status=7)) == names(listed)[:2]
    assert names(rooms(daemon, "--state", "imported")) == [("room000001", "imported")]
    assert names(rooms(daemon, "--game", game.name, "--state", "empty")) == [("room000004", "empty")]
    status = daemon.ctl("status").stdout
    assert "! 1 room cannot be imported" in status and "! 1 row of watched rooms is held" in status
    assert re.search(r"rooms +4 watched, 1 not imported", status), status
    # Put right, it is no problem any more.
    write(broken, line(4))
    check_paid(sim, daemon, {1: 100, 2: 100, 4: 100})
    assert rooms(daemon, status=7)["counts"]["problems"] == 0


def test_one_room_in_full(sim, daemon, game):  # noqa: F811
    daemon.start()
    room = play(game, {1: 100})
    check_paid(sim, daemon, {1: 100})
    write(room, line(1), line(2, bonus="abc"))
    wait_for_import(daemon, (2,))
    settled(sim, daemon)
    shown = daemon.ctl("rooms", "show", room.name, "--json", status=7).json
    assert (shown["state"], shown["versions"], shown["file"]) == ("held", 2, str(room.path.resolve()))
    assert len(shown["history"]) == 2 and {len(one["sha256"]) for one in shown["history"]} == {64}
    first, second = shown["rows_page"]
    assert (first["worker_id"], first["verdict"], first["line"]) == (worker(2), "hold", 3)
    assert first["column"] == line(2, bonus="abc").index("abc") + 1 and "abc" in first["why"]
    assert (second["verdict"], second["decision_state"], second["bonus_state"]) == ("done", "done", "done")
    text = daemon.ctl("rooms", "show", room.name, status=7).stdout
    for part in (f"room: +{room.name}", "state: +held", r"policy: +pay \(its rows are sent by themselves\)",
                 "rows: +2: 1 to approve, 1 held", "operations: +1 approved, 1 paid", r"paid: +\$1.00 \+ \$0.20 fees",
                 f"3:{first['column']} +hold .*{worker(2)}"):
        assert re.search(part, text), (part, text)


def test_names_that_are_not_there(sim, daemon, game):  # noqa: F811
    daemon.start()
    play(game, {1: 100})
    wait_for_payment(sim, daemon, {1: 100})
    for words in (("show",), ("ignore",), ("adopt", "--yes")):
        run = daemon.ctl("rooms", words[0], "room00001", *words[1:], status=1)
        assert 'there is no room "room00001"' in run.stderr and 'did you mean "room000001"?' in run.stderr
    assert 'did you mean "lab"?' in daemon.ctl("rooms", "--game", "lap", status=1).stderr
    refusal = daemon.ctl("rooms", "show", "room00001", "--json", status=1).json["error"]
    assert refusal["hint"] == 'did you mean "room000001"?'


def test_rooms_of_one_name_in_two_games(sim, daemon, server, game):  # noqa: F811
    other = server.game("other")
    daemon.start()
    wait_for_scan(daemon)
    play(game, {1: 100})
    play(other, {2: 200})
    check_paid(sim, daemon, {1: 100, 2: 200})
    run = daemon.ctl("rooms", "show", "room000001", status=2)
    assert '"lab"' in run.stderr and '"other"' in run.stderr and "--game" in run.stderr
    shown = daemon.ctl("rooms", "show", "room000001", "--game", "other", "--json").json
    assert [row["worker_id"] for row in shown["rows_page"]] == [worker(2)]


# -- deciding ---------------------------------------------------------------------------------------------------------


def test_adopting_shows_everything_and_asks(sim, daemon, game):  # noqa: F811
    first, second = play(game, {1: 100, 2: 205}), play(game, {3: 300})
    daemon.start()
    wait_for_import(daemon, (1, 2, 3))
    settled(sim, daemon)
    assert names(rooms(daemon)) == [("room000001", "waiting"), ("room000002", "waiting")]
    assert "2 waiting to be adopted" in daemon.ctl("status").stdout
    dry = daemon.ctl("rooms", "adopt", "--all", "--dry-run").stdout
    assert "To be adopted in" in dry and "2 rooms, 3 approvals, 3 bonuses of $6.05 + $1.21 fees" in dry
    assert re.search(rf"lab +{first.name} +pay +2 +0 +2 +2 +\$3.05 +\$0.61", dry), dry
    plan = daemon.ctl("rooms", "adopt", second.name, "--dry-run", "--json").json
    assert (plan["count"], plan["approvals"], plan["bonuses"], plan["amount_cents"]) == (1, 1, 1, 300)
    # A script that does not say yes is told the command.
    refusal = daemon.ctl("rooms", "adopt", first.name, status=9)
    assert "2 approvals" in refusal.stderr and refusal.stderr.splitlines()[-1].endswith(f"{first.name} --yes")
    assert bonuses(sim) == {} and not any(room["adopted"] for room in rooms(daemon)["rooms"])
    run = daemon.ctl("rooms", "adopt", first.name, "--yes")
    assert run.stdout == "1 room adopted\n" and "$3.05" in run.stderr
    check_paid(sim, daemon, {1: 100, 2: 205})
    again = daemon.ctl("rooms", "adopt", first.name, "--yes", status=7)
    assert "No such room waits" in again.stdout and "it is adopted already" in again.stderr
    assert daemon.ctl("rooms", "adopt", "--game", "lab", "--yes", "--json").json["count"] == 1
    check_paid(sim, daemon, {1: 100, 2: 205, 3: 300})
    assert daemon.ctl("rooms", "adopt", "--all", "--yes").stdout == "No such room waits to be adopted.\n"
    # By whose command: the adoption, and the payment that followed from it.
    commands = [batch["command"] for batch in daemon.ledger.rows("SELECT command FROM batch ORDER BY id")]
    assert f"rooms adopt (1): {first.name}" in commands
    story = daemon.ctl("worker", worker(1)).stdout
    assert f'policy pay: room "{first.name}" of "lab"' in story and "ngmtd" in story


def test_what_changed_since_it_was_shown_is_not_adopted(sim, daemon, game):  # noqa: F811
    room = play(game, {1: 100})
    daemon.start()
    wait_for_import(daemon, (1,))
    settled(sim, daemon)
    expect = {"rooms": 1, "approvals": 1, "bonuses": 1, "amount_cents": 100}
    play(game, {2: 200}, room=room, append=True)
    wait_for_import(daemon, (2,))
    settled(sim, daemon)
    with pytest.raises(Exception, match="it would be 1 with 2 and"):
        daemon.call("rooms_adopt", rooms=[room.name], expect=expect)
    settled(sim, daemon)
    assert bonuses(sim) == {} and entry(daemon, game, room)["adopted"] is False


def test_ignored_rooms_are_nobodys_problem(sim, daemon, game):  # noqa: F811
    daemon.start()
    room = game.room()
    write(room, line(1, approve="0"))
    wait_for_import(daemon, (1,))
    settled(sim, daemon)
    assert rooms(daemon, status=7)["counts"]["held_rows"] == 1
    run = daemon.ctl("rooms", "ignore", room.name)
    assert run.stdout == "1 room ignored\n" and "queue cancel" in run.stderr
    assert names(rooms(daemon)) == [(room.name, "ignored")]
    assert "held" not in daemon.ctl("status").stdout
    assert "it is ignored already" in daemon.ctl("rooms", "ignore", room.name).stderr
    assert "it is ignored" in daemon.ctl("rooms", "adopt", room.name, "--yes", status=7).stderr
    run = daemon.ctl("rooms", "ignore", room.name, "--undo")
    assert run.stdout == "1 room ignored no more\n" and "rooms adopt" in run.stderr
    assert names(rooms(daemon, status=7)) == [(room.name, "held")]
    assert rooms(daemon, status=7)["rooms"][0]["adopted"] is False
    user = daemon.ledger.rows("SELECT command, typed FROM batch WHERE command LIKE 'rooms ignore%' ORDER BY id")
    assert user[0]["typed"] == f"ngmtctl rooms ignore {room.name}" and "--undo" in user[-1]["command"]


def test_a_room_of_a_command_that_names_one_wrong_is_left_alone(sim, daemon, game):  # noqa: F811
    daemon.start()
    play(game, {1: 100})
    wait_for_payment(sim, daemon, {1: 100})
    daemon.ctl("rooms", "ignore", "room000001", "room000009", status=1)
    assert names(rooms(daemon)) == [("room000001", "imported")]


# -- what policies do -------------------------------------------------------------------------------------------------


def test_approve_pays_no_bonus(sim, daemon, game):  # noqa: F811
    daemon.set("nodegame", policy="approve")
    daemon.start()
    play(game, {1: 100, 2: 200})
    wait_until(lambda: approvals(sim) == {assignment(1): 1, assignment(2): 1}, lambda: daemon.log()[-4000:])
    settled(sim, daemon)
    assert bonuses(sim) == {} and calls(sim, "SendBonus") == 0
    assert {op["kind"] for op in daemon.ledger.operations()} == {"approve"}


def test_import_sends_nothing(sim, daemon, game):  # noqa: F811
    daemon.set("nodegame", policy="import")
    daemon.start()
    play(game, {1: 100})
    wait_for_import(daemon, (1,))
    settled(sim, daemon)
    assert daemon.ledger.operations() == [] and calls(sim, "SendBonus") == calls(sim, "ApproveAssignment") == 0
    # By a command it is paid all the same.
    daemon.ctl("upload", "--bonus", "-r", REASON, "--room", "room000001", "--yes")
    check_paid(sim, daemon, {1: 100})


def test_a_rejection_is_never_sent_by_itself(sim, daemon, game):  # noqa: F811
    daemon.set("defaults", requester_feedback="You left the game")
    daemon.start()
    room = game.room()
    write(room, line(1), line(2, approve="0", reject="1"))
    check_paid(sim, daemon, {1: 100})
    assert rejections(sim) == {} and calls(sim, "RejectAssignment") == 0
    assert daemon.ledger.operations("reject") == []
    assert entry(daemon, game, room)["reject"] == 1


def test_two_amounts_for_one_worker_are_a_conflict(sim, daemon, game):  # noqa: F811
    """EXCHANGE_RATE applied twice: the first amount is paid, the second one is a person's business."""
    daemon.start()
    room = play(game, {1: 100})
    check_paid(sim, daemon, {1: 100})
    write(room, line(1, bonus="0.10"), line(2))
    check_paid(sim, daemon, {1: 100, 2: 100})
    shown = daemon.ctl("rooms", "show", room.name, "--json", status=None).json
    verdicts = {(row["worker_id"], row["bonus_cents"]): row["verdict"] for row in shown["rows_page"]}
    assert verdicts[(worker(1), 10)] == "conflict" and verdicts[(worker(1), 100)] == "done"
    assert shown["rows_page"][0]["verdict"] == "conflict"


def test_a_qualification_is_granted_where_one_is_configured(sim, daemon, game):  # noqa: F811
    kind = sim.boto3_client().create_qualification_type(Name="Played", Description="x", QualificationTypeStatus="Active")[
        "QualificationType"]["QualificationTypeId"]
    daemon.set("defaults", qualification_type_id=kind, integer_value="7")
    daemon.start()
    play(game, {1: 100})
    wait_until(lambda: daemon.ledger.operations("qualify", "done"), lambda: daemon.log()[-4000:])
    check_paid(sim, daemon, {1: 100})


def test_dry_mode_records_nothing_and_forgets_nothing(sim, daemon, game):  # noqa: F811
    daemon.set("queue", dry="yes")
    daemon.start()
    play(game, {1: 100})
    wait_for_import(daemon, (1,))
    wait_for_scan(daemon)
    assert daemon.ledger.operations() == [] and bonuses(sim) == {}
    assert len(daemon.ledger.rows("SELECT 1 FROM room WHERE due IS NOT NULL")) == 1
    daemon.set("queue", dry="no")
    daemon.restart()
    check_paid(sim, daemon, {1: 100})


def test_a_game_taken_out_of_the_configuration_is_not_paid(sim, daemon, server, game):  # noqa: F811
    """Not what a crash had left, and not what came meanwhile when it is put back."""
    del daemon.sections["nodegame"]["path"]
    daemon.set("nodegame", game=str(game.path))
    daemon.set("queue", dry="yes")
    daemon.start()
    play(game, {1: 100})
    wait_for_import(daemon, (1,))
    wait_for_scan(daemon)
    daemon.set("queue", dry="no")
    daemon.set("nodegame", game=str(server.game("other").path))
    daemon.restart()
    wait_until(lambda: is_idle(daemon), lambda: daemon.log()[-4000:])
    play(game, {2: 200})
    wait_for_scan(daemon)
    assert daemon.ledger.operations() == [] and "not watched now" in daemon.ctl("rooms").stdout
    daemon.set("nodegame", game=str(game.path))
    daemon.restart()
    check_paid(sim, daemon, {1: 100})
    assert rooms(daemon)["counts"]["waiting"] == 1


DEATHS = [(name, passing) for name in ("turn-commit", "turn-committed", "turn-flushed") for passing in (1, 2, 3, 4, 5)]
DEATHS += [("import-rows", 1), ("apply-begun", 1), ("apply-finished", 1), ("snapshot-written", 1)]


@pytest.mark.parametrize("name,passing", DEATHS)
def test_a_death_between_import_and_payment_costs_nothing_and_forgets_nothing(sim, daemon, game, name,  # noqa: F811
                                                                            passing):
    daemon.start()
    wait_for_scan(daemon)
    daemon.terminate()
    play(game, {1: 100, 2: 200})
    start_deadly(daemon, NGMT_POINT=f"{name}:{passing}")
    assert daemon.wait_for_death() == f"ngmtd-points: dies at {name}, passing {passing}"
    daemon.start()
    check_paid(sim, daemon, {1: 100, 2: 200})


# -- following --------------------------------------------------------------------------------------------------------


class Follower:
    """ngmtctl rooms --follow, and the lines that it has printed."""

    def __init__(self, daemon, *options):  # noqa: F811
        self.process = subprocess.Popen([program("client/ngmtctl"), "rooms", "--follow", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=clean_environment(NGMT_SOCKET=str(daemon.socket_path)))
        if "--json" not in options:
            assert self.process.stderr.readline() == "Following the rooms; Ctrl-C ends it.\n"

    def line(self):
        return self.process.stdout.readline()

    def until(self, part):
        lines = []
        while not lines or part not in lines[-1]:
            lines.append(self.line())
            assert lines[-1], (lines, self.process.stderr.read())
        return lines

    def end(self):
        self.process.send_signal(2)
        rest = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, rest
        return rest


def test_followed_line_by_line(sim, daemon, game):  # noqa: F811
    daemon.start()
    wait_for_scan(daemon)
    follower = Follower(daemon)
    play(game, {1: 100, 2: 200})
    imported, recorded = follower.until("recorded")
    assert re.fullmatch(r"20\d\d-\S+Z  lab room000001  imported: 2 rows, 2 new\n", imported)
    assert re.fullmatch(r"20\d\d-\S+Z  lab room000001  recorded: 4 operations under policy pay \(batch \d+\)\n", recorded)
    broken = game.room()
    broken.path.write_text(HEADER + '\np1,"player\n')
    assert "lab room000002  problem: " in follower.until("problem")[-1]
    daemon.ctl("rooms", "ignore", "room000002")
    assert follower.until("ignored")[-1].endswith("lab room000002  ignored\n")
    # The daemon comes and goes.
    daemon.restart()
    wait_until(lambda: "Connected again" in (follower.process.stderr.readline()), "connected again")
    play(game, {3: 300})
    assert "room000003  imported" in follower.until("room000003")[-1]
    follower.end()


def test_followed_as_json(sim, daemon, game):  # noqa: F811
    daemon.start()
    wait_for_scan(daemon)
    follower = Follower(daemon, "--json", "--game", "lab")
    seen = None
    number = 0
    # It has subscribed once it tells of a room.
    while seen is None:
        number += 1
        play(game, {number: 100})
        wait_for_payment(sim, daemon, {number: 100})
        seen = json.loads(follower.line()) if number == 5 else None
    assert (seen["game"], seen["state"], seen["environment"]) == ("lab", "imported", "rehearsal")
    assert seen["rows"] == seen["added"] == 1 and seen["policy"] == "pay" and seen["adopted"] is True
    follower.end()
