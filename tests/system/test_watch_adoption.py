# SPDX-License-Identifier: MIT
"""Which rooms are paid by themselves: those that appear while a folder is watched. Those that were there before wait for
a person's word, and so do all when the folder becomes another one or its policy does more."""
import shutil

import pytest

from ngmt import approvals, bonuses, calls
from nodegame import Server
from watched import (check_paid, daemon, entry, game, play, server, sim,  # noqa: F401 (fixtures)
                     wait_for_import, wait_for_payment, wait_for_rest, wait_for_scan)


def check_nothing_sent(sim, daemon):  # noqa: F811
    wait_for_scan(daemon)
    wait_for_rest(daemon)
    assert bonuses(sim) == {} and approvals(sim) == {}
    assert calls(sim, "SendBonus") == calls(sim, "ApproveAssignment") == 0
    assert daemon.ledger.operations() == []


def test_rooms_that_were_there_before_are_imported_and_nothing_is_sent(sim, daemon, game):  # noqa: F811
    first, second = play(game, {1: 100, 2: 200}), play(game, {3: 300})
    daemon.start()
    wait_for_import(daemon, (1, 2, 3))
    check_nothing_sent(sim, daemon)
    assert entry(daemon, game, first)["adopted"] is entry(daemon, game, second)["adopted"] is False
    # Neither a restart nor a death changes that, nor does what is added to them.
    daemon.restart()
    check_nothing_sent(sim, daemon)
    play(game, {4: 400}, room=second, append=True, clients=None)
    wait_for_import(daemon, (4,))
    daemon.kill()
    daemon.start()
    check_nothing_sent(sim, daemon)


def test_adopted_rooms_are_paid_and_the_others_are_not(sim, daemon, game):  # noqa: F811
    first, second = play(game, {1: 100, 2: 200}), play(game, {3: 300})
    daemon.start()
    wait_for_import(daemon, (1, 2, 3))
    daemon.ctl("rooms", "adopt", first.name, "--game", game.name, "--yes")
    check_paid(sim, daemon, {1: 100, 2: 200})
    assert entry(daemon, game, second)["adopted"] is False
    daemon.call("rooms_adopt", all=True)
    check_paid(sim, daemon, {1: 100, 2: 200, 3: 300})


def test_a_room_that_appears_is_paid_also_while_nobody_watched(sim, daemon, game):  # noqa: F811
    old = play(game, {9: 900})
    daemon.start()
    wait_for_import(daemon, (9,))
    play(game, {1: 100})
    check_paid(sim, daemon, {1: 100})
    daemon.terminate()
    play(game, {2: 200})
    daemon.start()
    check_paid(sim, daemon, {1: 100, 2: 200})
    daemon.kill()
    play(game, {3: 300})
    daemon.start()
    check_paid(sim, daemon, {1: 100, 2: 200, 3: 300})
    assert entry(daemon, game, old)["adopted"] is False


def test_a_folder_that_is_replaced_begins_anew(sim, daemon, server, game):  # noqa: F811
    """Yesterday's study is put back in place of today's, with rooms of the same names and others."""
    daemon.start()
    today = play(game, {1: 100})
    check_paid(sim, daemon, {1: 100})
    daemon.terminate()
    game.data.rename(game.path / "today")
    game.data.mkdir()
    game.start()
    play(game, {2: 200})
    play(game, {3: 300})
    daemon.start()
    wait_for_import(daemon, (2, 3))
    check_paid(sim, daemon, {1: 100})
    assert not any(room["adopted"] for room in daemon.call("rooms")["rooms"])
    play(game, {4: 400})
    check_paid(sim, daemon, {1: 100, 4: 400})
    assert today.name == "room000001"


def test_a_folder_that_is_replaced_while_it_is_watched_begins_anew(sim, daemon, server, game):  # noqa: F811
    daemon.start()
    play(game, {1: 100})
    check_paid(sim, daemon, {1: 100})
    elsewhere = server.path / "prepared"
    shutil.copytree(game.data, elsewhere)
    inside = game.data
    game.data = elsewhere
    play(game, {2: 200})
    game.data = inside
    game.data.rename(game.path / "today")
    elsewhere.rename(game.data)
    wait_for_import(daemon, (2,))
    check_paid(sim, daemon, {1: 100})
    game.start()
    play(game, {3: 300})
    check_paid(sim, daemon, {1: 100, 3: 300})


def test_a_folder_that_is_deleted_and_made_anew_begins_anew(sim, daemon, game):  # noqa: F811
    """A new folder often has the number of the one that was deleted before."""
    daemon.start()
    play(game, {1: 100})
    check_paid(sim, daemon, {1: 100})
    daemon.terminate()
    game.data.rename(game.path / "kept")
    (game.path / "kept" / "room000001" / "bonus.csv").unlink()
    number = (game.path / "kept").stat().st_ino
    for _ in range(50):
        shutil.rmtree(game.path / "kept", ignore_errors=True)
        game.data.mkdir()
        if game.data.stat().st_ino == number:
            break
        game.data.rename(game.path / "kept")
    game.data.mkdir(exist_ok=True)
    game.start()
    play(game, {2: 200})
    play(game, {3: 300})
    daemon.start()
    wait_for_import(daemon, (2, 3))
    check_paid(sim, daemon, {1: 100})


def test_a_link_to_another_game_begins_anew(sim, daemon, server, game):  # noqa: F811
    """games/lab leads to another folder of games_available from now on."""
    daemon.start()
    play(game, {1: 100})
    check_paid(sim, daemon, {1: 100})
    other = server.game("other_lab")
    (server.path / "games" / "other_lab").unlink()
    play(other, {2: 200})
    link = server.path / "games" / "lab"
    link.unlink()
    link.symlink_to("../games_available/other_lab")
    wait_for_import(daemon, (2,))
    check_paid(sim, daemon, {1: 100})
    play(other, {3: 300})
    check_paid(sim, daemon, {1: 100, 3: 300})


@pytest.mark.parametrize("before", ["import", "approve"])
def test_a_policy_that_does_more_begins_anew(sim, daemon, game, before):  # noqa: F811
    daemon.set("nodegame", policy=before)
    daemon.start()
    room = play(game, {1: 100})
    wait_for_import(daemon, (1,))
    wait_for_scan(daemon)
    wait_for_rest(daemon)
    done = len(approvals(sim))
    assert done == (before == "approve") and bonuses(sim) == {}
    daemon.set("nodegame", policy="pay")
    daemon.restart()
    wait_for_scan(daemon)
    wait_for_rest(daemon)
    assert bonuses(sim) == {} and len(approvals(sim)) == done
    play(game, {2: 200})
    wait_for_payment(sim, daemon, {2: 200})
    daemon.call("rooms_adopt", rooms=[room.name])
    check_paid(sim, daemon, {1: 100, 2: 200})


def test_a_game_that_is_configured_later_begins_anew(sim, daemon, server, game, tmp_path):  # noqa: F811
    """Its rooms were there when it was first watched, though the daemon has known other games for long."""
    daemon.start()
    play(game, {1: 100})
    check_paid(sim, daemon, {1: 100})
    # It comes as a whole: a room that is made after its folder was seen would be a new one.
    other = Server(tmp_path / "elsewhere").game("other", is_linked=False)
    play(other, {2: 200})
    other.path.rename(server.path / "games" / "other")
    wait_for_import(daemon, (2,))
    check_paid(sim, daemon, {1: 100})


def test_ignored_rooms_are_not_paid_until_they_are_adopted_again(sim, daemon, game):  # noqa: F811
    daemon.start()
    room = play(game, {1: 100})
    wait_for_payment(sim, daemon, {1: 100})
    daemon.ctl("rooms", "ignore", room.name)
    play(game, {2: 200}, room=room)
    check_paid(sim, daemon, {1: 100})
    daemon.restart()
    check_paid(sim, daemon, {1: 100})
    daemon.ctl("rooms", "ignore", room.name, "--undo")
    wait_for_import(daemon, (2,))
    check_paid(sim, daemon, {1: 100})
    daemon.ctl("rooms", "adopt", room.name, "--yes")
    check_paid(sim, daemon, {1: 100, 2: 200})
