# SPDX-License-Identifier: MIT
"""Files as nodeGame writes them under the eyes of the watcher: in place, in pieces, anew, twice, never closed."""
import os
import threading

import pytest

import nddb
from ngmt import HIT, approvals, assignment, bonuses, wait_until, worker
from nodegame import litter, race
from watched import (SETTLE_MS, check_paid, daemon, entry, game, play, player, server, sim,  # noqa: F401 (fixtures)
                     wait_for_import, wait_for_payment, wait_for_rest, wait_for_scan)


@pytest.fixture
def watching(daemon):  # noqa: F811
    return daemon.start()


def test_half_an_amount_is_not_paid(sim, watching, game):  # noqa: F811
    """"…,1" of "…,1.50" is an amount too. A line without an end is waited for, ten times as long as others' quiet."""
    room = game.room()
    room.enter(player(game, 1, 150))
    (writing,) = room.begin_bonus()
    writing.open().write_some(writing.length - len(".5\n"))
    play(game, {2: 200})
    wait_for_payment(sim, watching, {2: 200})
    assert assignment(1) not in {op["assignment_id"] for op in watching.ledger.operations()}
    writing.write().close()
    check_paid(sim, watching, {1: 150, 2: 200})


def test_a_last_line_without_an_end_counts_when_nothing_follows(sim, watching, game):  # noqa: F811
    room = play(game, {1: 100, 2: 200})
    wait_for_payment(sim, watching, {1: 100, 2: 200})
    second = game.room()
    second.path.write_text(room.path.read_text().replace(assignment(1), assignment(3)).replace(worker(1), worker(3))
                           .replace(assignment(2), assignment(4)).replace(worker(2), worker(4))
                           .replace("exp1", "exp3").replace("exp2", "exp4").rstrip("\n"))
    check_paid(sim, watching, {1: 100, 2: 200, 3: 100, 4: 200})


def test_a_file_that_is_written_anew_for_each_pays_all(sim, watching, game):  # noqa: F811
    room = game.room()
    for number in range(1, 6):
        client = player(game, number, 100 * number)
        room.enter(client)
        room.compute_bonus(clients=[client])
        wait_for_import(watching, (number,))
    check_paid(sim, watching, {n: 100 * n for n in range(1, 6)})


def test_rows_that_are_appended_are_paid_once_each(sim, watching, game):  # noqa: F811
    room = game.room()
    for number in range(1, 9):
        client = player(game, number, 10 * number)
        room.enter(client)
        room.compute_bonus(clients=[client], append=True)
    check_paid(sim, watching, {n: 10 * n for n in range(1, 9)})


def test_a_file_that_is_being_written_is_left_alone(sim, watching, game):  # noqa: F811
    """A writer that goes on for as long as it likes: nothing is read before it is quiet."""
    room, stop = game.room(), threading.Event()
    room.enter(player(game, 1, 100))
    room.compute_bonus()
    content = room.path.read_bytes()

    def write():
        while not stop.wait(SETTLE_MS / 1000 / 6):
            with open(room.path, "r+b") as out:
                out.write(content)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        play(game, {2: 200})
        wait_for_payment(sim, watching, {2: 200})
        assert assignment(1) not in {op["assignment_id"] for op in watching.ledger.operations()}
    finally:
        stop.set()
        writer.join()
    check_paid(sim, watching, {1: 100, 2: 200})


@pytest.mark.parametrize("version", [1, 3])
def test_a_file_that_is_never_closed_is_read(sim, watching, game, version):  # noqa: F811
    room = game.room()
    with nddb.Database(version) as database:
        database.save_csv(room.directory / "results.csv", [
            {"WorkerId": worker(n), "AssignmentId": assignment(n), "HITId": HIT, "bonus": n / 4, "Approve": "x",
             "Reject": "", "note": 'a "b",\n\t\\'} for n in range(1, 9)])
        check_paid(sim, watching, {n: 25 * n for n in range(1, 9)})


def test_a_large_file_in_chunks_is_read_when_all_of_it_is_there(sim, watching, game):  # noqa: F811
    """64 KiB at a time, with cells across the borders; each chunk ends in the middle of a row."""
    room, sizes = game.room(), []
    items = [{"WorkerId": worker(n), "AssignmentId": assignment(n), "bonus": 0.5, "Approve": True, "Reject": False,
              "note": "ü" * 30000} for n in range(1, 9)]

    def look(written):
        sizes.append(written)
        # A turn of the daemon lies in between.
        watching.call("status")
        assert bonuses(sim) == {} or written == os.path.getsize(room.directory / "results.csv")

    with nddb.Database(1) as database:
        database.save_csv(room.directory / "results.csv", items, on_chunk=look)
    assert len(sizes) > 4
    check_paid(sim, watching, {n: 50 for n in range(1, 9)})


def test_a_second_computation_with_the_rate_applied_again_pays_nothing_more(sim, daemon, server):  # noqa: F811
    game = server.game("rate", settings={"EXCHANGE_RATE": 0.1})  # noqa: F811
    daemon.start()
    room = game.room()
    for number in (1, 2):
        room.enter(player(game, number, 5000 * number))
    room.compute_bonus()
    wait_for_payment(sim, daemon, {1: 500, 2: 1000})
    room.compute_bonus()
    wait_for_scan(daemon)
    check_paid(sim, daemon, {1: 500, 2: 1000})
    told = daemon.ctl("rooms", "show", room.name, "--game", game.name, status=None).stdout
    assert "0.50" in told and "5.00" in told, told


def test_the_same_room_written_again_changes_nothing(sim, watching, game):  # noqa: F811
    room = play(game, {1: 100, 2: 0})
    check_paid(sim, watching, {1: 100, 2: 0})
    before = watching.ledger.rows("SELECT count(*) AS n FROM operation")
    for _ in range(3):
        room.compute_bonus()
        os.utime(room.path)
        wait_for_scan(watching)
    check_paid(sim, watching, {1: 100, 2: 0})
    assert watching.ledger.rows("SELECT count(*) AS n FROM operation") == before


def test_two_first_calls_of_which_one_is_lost(sim, watching, game):  # noqa: F811
    room = game.room()
    lost, lucky = player(game, 1, 625), player(game, 2, 500)
    for client in (lost, lucky):
        room.enter(client)
    race(room.begin_bonus(clients=[lost]), room.begin_bonus(clients=[lucky]))
    check_paid(sim, watching, {2: 500})
    assert assignment(1) in watching.ctl("rooms", "--unclaimed", status=None).stdout


def test_an_empty_file_after_rows_is_waited_for(sim, watching, game):  # noqa: F811
    room = play(game, {1: 100})
    wait_for_payment(sim, watching, {1: 100})
    room.enter(player(game, 2, 200))
    (writing,) = room.begin_bonus()
    writing.open()
    wait_for_scan(watching)
    assert entry(watching, game, room) is not None
    writing.write().close()
    check_paid(sim, watching, {1: 100, 2: 200})


def test_other_files_are_no_results(sim, watching, server, game):  # noqa: F811
    room = play(game, {1: 100})
    text = room.path.read_text().replace(assignment(1), assignment(2)).replace(worker(1), worker(2))
    litter(game.data)
    litter(room.directory)
    (game.data / "export").mkdir()
    (room.directory / "Room000002").mkdir()
    for path in (room.directory / ".bonus.bak", room.directory / "bonus.csv_4711.bak", room.directory / "codes.csv",
                 room.directory / "bonus_prolific.csv", game.data / "export" / "bonus.csv", game.data / "codes.csv",
                 room.directory / ".bonus.csv", game.data / "room000001.bonus.csv", room.directory / "bonus.csv~",
                 game.path / "bonus.csv", room.directory / "Room000002" / "bonus.csv", room.directory / "BONUS.CSV"):
        path.write_text(text)
    room.compute_bonus()
    check_paid(sim, watching, {1: 100})
    assert {one["room"] for one in watching.call("rooms")["rooms"]} == {room.name}


def test_rooms_that_share_a_folder(sim, daemon, server):  # noqa: F811
    game = server.game("shared", own_data_dir=False)  # noqa: F811
    daemon.start()
    for number in (1, 2, 3):
        client = player(game, number, 100 * number)
        room = game.room()
        room.enter(client)
        room.compute_bonus(clients=[client], append=True)
    check_paid(sim, daemon, {1: 100, 2: 200, 3: 300})


def test_results_csv_gives_way_to_bonus_csv(sim, watching, game):  # noqa: F811
    room = play(game, {1: 100})
    wait_for_payment(sim, watching, {1: 100})
    text = room.path.read_text().replace(assignment(1), assignment(2)).replace(worker(1), worker(2))
    (room.directory / "results.csv").write_text(text)
    check_paid(sim, watching, {1: 100})


def test_a_room_whose_folder_goes_and_comes_back(sim, watching, game):  # noqa: F811
    room = play(game, {1: 100})
    wait_for_payment(sim, watching, {1: 100})
    away = game.path / "away"
    room.directory.rename(away)
    wait_for_scan(watching)
    away.rename(room.directory)
    play(game, {2: 200}, room=room)
    check_paid(sim, watching, {1: 100, 2: 200})


def test_a_row_that_comes_back(sim, daemon, game):  # noqa: F811
    """A player finishes, closes the tab (so that a second computation calls for a rejection), comes back, and a third one
    writes what the first one did. The room waits for a person meanwhile, so nothing was sent at any time."""
    room = play(game, {1: 100, 2: 200})
    daemon.start()
    wait_for_import(daemon, (1, 2))
    client = next(iter(room.clients.values()))
    first = room.path.read_bytes()
    room.disconnect(client)
    room.compute_bonus()
    wait_until(lambda: entry(daemon, game, room)["versions"] == 2, lambda: daemon.log()[-4000:])
    room.path.write_bytes(first)
    wait_for_scan(daemon)
    daemon.call("rooms_adopt", rooms=[room.name])
    check_paid(sim, daemon, {1: 100, 2: 200})


def test_a_row_that_comes_back_in_another_company(sim, daemon, game):  # noqa: F811
    """The same, but for a third player in the last version."""
    room = play(game, {1: 100, 2: 200})
    daemon.start()
    wait_for_import(daemon, (1, 2))
    client = next(iter(room.clients.values()))
    room.disconnect(client)
    room.compute_bonus()
    wait_until(lambda: entry(daemon, game, room)["versions"] == 2, lambda: daemon.log()[-4000:])
    room.reconnect(client)
    play(game, {3: 300}, room=room)
    wait_for_import(daemon, (3,))
    daemon.call("rooms_adopt", rooms=[room.name])
    check_paid(sim, daemon, {1: 100, 2: 200, 3: 300})


def test_a_file_that_was_loaded_by_hand_is_watched_all_the_same(sim, daemon, game):  # noqa: F811
    """And what is loaded of a watched file is all of it, also the rows that earlier versions had."""
    daemon.start()
    room = game.room()
    (room.directory / "bonus.csv.new").write_text("")
    first = player(game, 1, 100)
    room.enter(first)
    daemon.set("nodegame", watch="no")
    daemon.restart()
    room.compute_bonus()
    daemon.call("load", what="results", path=str(room.path), mode="new")
    daemon.set("nodegame", watch="yes")
    daemon.restart()
    wait_for_payment(sim, daemon, {1: 100})
    room.enter(player(game, 2, 200))
    room.compute_bonus()
    check_paid(sim, daemon, {1: 100, 2: 200})
    loaded = daemon.call("load", what="results", path=str(room.path), mode="replace")
    assert daemon.call("status")["working_set"]["rows"] == 2, loaded


def test_rows_are_judged_anew_when_the_rules_change(sim, daemon, game):  # noqa: F811
    """Without approve and reject a row is held; with auto_approve it is not, though its bytes are the same."""
    daemon.start()
    room = game.room()
    room.enter(player(game, 1, 100))
    room.compute_bonus(header=["id", ("workerid", "WorkerId"), ("assignmentid", "AssignmentId"), ("bonus", "win")])
    wait_for_import(daemon, (1,))
    wait_for_scan(daemon)
    assert bonuses(sim) == {} and entry(daemon, game, room)["state"] == "held"
    daemon.set("import", auto_approve="yes")
    daemon.restart()
    check_paid(sim, daemon, {1: 100})
    assert entry(daemon, game, room)["state"] == "imported"
