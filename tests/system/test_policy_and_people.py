# SPDX-License-Identifier: MIT
"""A policy pays by itself; it never decides anew what a person, a limit or the ledger has decided, and what it has asked for
goes on only as long as its room and its policy let it."""
import pytest

from ngmt import approvals, assignment, bonuses, submit, wait_until
from watched import (check_paid, daemon, entry, game, play, player, server, sim, wait_for_import,  # noqa: F401
                     wait_for_payment, wait_for_rest, wait_for_scan)

LATECOMER = 99  # has not submitted when the tests begin


def results(game, room):  # noqa: F811
    return game.data / room.name / "bonus.csv"


def rewritten(text, line, **cells):
    """The file with other cells in a line, 1 being the first below the header."""
    lines = [one.split(",") for one in text.splitlines()]
    for name, value in cells.items():
        lines[line][lines[0].index(name)] = value
    return "\n".join(",".join(one) for one in lines) + "\n"


def rewrite(daemon, game, room, text):  # noqa: F811
    """Until the policy has looked at what the file says now."""
    results(game, room).write_text(text)
    wait_for_scan(daemon)
    wait_for_rest(daemon)


def started(daemon):  # noqa: F811
    daemon.start()
    wait_for_scan(daemon)
    return daemon


def a_room(game, amounts):  # noqa: F811
    room = game.room()
    play(game, amounts, room=room)
    return room


def held(daemon, kind):  # noqa: F811
    return [op["why"] for op in daemon.ledger.operations(kind=kind, state="held")]


def test_a_smaller_amount_is_not_paid_in_place_of_one_beyond_the_limit(sim, daemon, game):  # noqa: F811
    started(daemon)
    room = a_room(game, {1: 5000})
    wait_until(lambda: held(daemon, "bonus"), daemon.log)
    rewrite(daemon, game, room, rewritten(results(game, room).read_text(), 1, bonus="5"))
    assert bonuses(sim) == {} and approvals(sim) == {}
    assert entry(daemon, game, room)["state"] == "held"


@pytest.mark.parametrize("undo_window", ["0s", "1h"])
def test_the_rejection_of_a_person_stands(sim, daemon, game, undo_window):  # noqa: F811
    daemon.set("queue", undo_window=undo_window)
    started(daemon)
    room = game.room()
    room.enter(player(game, 1, 250))
    room.enter(player(game, 2, 100))
    room.compute_bonus()
    finished = results(game, room).read_text()
    results(game, room).write_text(rewritten(finished, 1, approve="0", reject="1"))
    wait_for_payment(sim, daemon, {2: 100})
    daemon.apply(do=("reject",), select={"room": room.name}, feedback="You left the game")
    wait_until(lambda: daemon.ledger.operations(kind="reject", state="held" if undo_window == "1h" else "done"), daemon.log)
    rewrite(daemon, game, room, finished)
    assert bonuses(sim) == {assignment(2): [100]} and approvals(sim) == {assignment(2): 1}
    assert entry(daemon, game, room)["state"] == "held"


def test_a_rejection_of_who_is_paid_is_told(sim, daemon, game):  # noqa: F811
    started(daemon)
    room = a_room(game, {1: 250})
    check_paid(sim, daemon, {1: 250})
    rewrite(daemon, game, room, rewritten(results(game, room).read_text(), 1, approve="0", reject="1"))
    wait_until(lambda: entry(daemon, game, room)["state"] == "held", daemon.log)


def test_another_name_is_no_adoption(sim, daemon, game):  # noqa: F811
    old = a_room(game, {1: 900})
    started(daemon)
    wait_for_import(daemon, (1,))
    # Written to since, so that its age says nothing.
    text = results(game, old).read_text()
    results(game, old).write_text(text + rewritten(text, 1, workerid="A1NGMT0000002X", assignmentid=assignment(2)).splitlines()[1] + "\n")
    wait_for_import(daemon, (2,))
    tried = game.room()
    wait_until(lambda: entry(daemon, game, tried), daemon.log)
    daemon.call("rooms_ignore", rooms=[tried.name])
    play(game, {3: 800}, room=tried)
    wait_for_scan(daemon)
    (game.data / old.name).rename(game.data / "room000777")
    (game.data / tried.name).rename(game.data / "room000778")
    wait_for_import(daemon, (3,))
    wait_for_scan(daemon)
    wait_for_rest(daemon)
    assert bonuses(sim) == {} and approvals(sim) == {}
    states = {one["room"]: one["state"] for one in daemon.call("rooms")["rooms"]}
    assert states["room000777"] == states["room000778"] == "waiting"


def recorded_for_a_latecomer(daemon, game):  # noqa: F811
    """A room whose operations wait for a submission."""
    started(daemon)
    room = a_room(game, {LATECOMER: 300})
    wait_until(lambda: len(daemon.ledger.operations()) == 2, daemon.log)
    return room


def check_withdrawn(sim, daemon, why):  # noqa: F811
    """After a restart, since what waits is looked at seldom."""
    submit(sim, [LATECOMER], make_hit=False)
    daemon.start()
    wait_until(lambda: len(daemon.ledger.operations(state="held")) == 2, daemon.log)
    assert why in held(daemon, "bonus")[0] and bonuses(sim) == {} and approvals(sim) == {}


def test_what_was_asked_for_is_not_sent_once_its_room_is_ignored(sim, daemon, game):  # noqa: F811
    room = recorded_for_a_latecomer(daemon, game)
    # Refused for the moment in which its rows are being recorded.
    wait_until(lambda: daemon.call("rooms_ignore", rooms=[room.name])["count"] == 1, daemon.log)
    daemon.terminate()
    check_withdrawn(sim, daemon, "its room is ignored by now")


def test_what_was_asked_for_is_not_sent_once_the_policy_does_less(sim, daemon, game):  # noqa: F811
    recorded_for_a_latecomer(daemon, game)
    daemon.terminate()
    daemon.set("nodegame", policy="import")
    check_withdrawn(sim, daemon, "the policy of its game does less by now")


def test_a_room_is_adopted_only_once_it_is_read(sim, daemon, game):  # noqa: F811
    daemon.set("nodegame", settle="1h")
    room = a_room(game, {1: 900})
    daemon.start()
    wait_until(lambda: entry(daemon, game, room), daemon.log)
    with pytest.raises(Exception, match="is not read yet"):
        daemon.call("plan_adopt", rooms=[room.name])
