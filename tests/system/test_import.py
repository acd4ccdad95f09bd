# SPDX-License-Identifier: MIT
"""Files that take many turns to import: whoever asks meanwhile is answered, whatever happens meanwhile is kept, and a
daemon that dies in the middle leaves nothing behind that counts."""
import contextlib
import os
import signal
import threading

import pytest

from ngmt import HIT, Room, RpcError, assignment, check_books, submit, wait_until, worker
from ordeal import start_deadly

HEADER = "id,type,workerid,hitid,assignmentid,access,exit,approve,reject,basepay,bonus\n"
MANY = 60_000  # some ten commits
LARGE = 1_000_000  # numbers of the players of large files


def large_file(path, rows=MANY, first=LARGE):
    with open(path, "w", encoding="utf-8") as out:
        out.write(HEADER)
        for n in range(first, first + rows):
            out.write(f"p{n},player,{worker(n)},{HIT},{assignment(n)},acc{n},exp{n},1,0,0,0.01\n")
    return path


def send_load(connection, path, mode="new"):
    return connection.send("load", what="results", path=str(path), mode=mode)


def unready(daemon):
    """Rows of sources that are not complete."""
    (row,) = daemon.ledger.rows("SELECT count(*) AS n FROM result r JOIN source s ON s.id = r.source_id"
                                " WHERE NOT s.ready")
    return row["n"]


def copies(daemon):
    return sorted(path.name for path in (daemon.ledger_path.parent / "snapshots").iterdir())


def wait_for_middle(daemon, rows=5000):
    """Until some of it is committed."""
    wait_until(lambda: unready(daemon) >= rows, lambda: f"{unready(daemon)}\n{daemon.log()[-3000:]}")


def test_whoever_asks_meanwhile_is_answered(daemon, tmp_path):
    answered = 0
    with daemon.connect() as loader, daemon.connect() as other:
        request = send_load(loader, large_file(tmp_path / "large.csv"))
        wait_for_middle(daemon)
        while unready(daemon):
            assert other.call("status")["working_set"]["rows"] in (0, MANY)
            with pytest.raises(RpcError) as refused:
                other.call("worker", worker_id=worker(LARGE + 1))
            if refused.value.name != "not-found":
                break
            answered += 1
            if answered == 20:
                break
        loaded = loader.reply(request)
        assert other.call("worker", worker_id=worker(LARGE + 1))["rows"][0]["newest"]
    assert answered == 20
    assert loaded["working_set"]["rows"] == MANY
    (file,) = loaded["files"]
    assert (file["rows"], file["new"], file["approve"], file["duplicates"]) == (MANY, MANY, MANY, 0)
    assert copies(daemon) == [file["sha256"]]


def test_loads_come_one_after_another(daemon, tmp_path, room):
    """Both are acknowledged, and the one that came first does not undo what the other has done."""
    room.player(1).player(2).write()
    with daemon.connect() as one, daemon.connect() as other:
        first = send_load(one, large_file(tmp_path / "large.csv"))
        wait_for_middle(daemon)
        second = send_load(other, room.path, mode="add")
        refused = other.send("load", what="results", path=str(room.path), mode="new")
        assert one.reply(first)["working_set"]["rows"] == MANY
        assert other.reply(second)["working_set"]["rows"] == MANY + 2
        with pytest.raises(RpcError, match="rows in the working set already"):
            other.reply(refused)


def test_what_others_do_meanwhile_is_durable(sim, daemon, tmp_path, room):
    """Rows of a large file are committed now and then; an operation that was acknowledged is in the ledger at once."""
    numbers = range(1, 6)
    submit(sim, numbers)
    for number in numbers:
        room.player(number, 1)
    daemon.load(room.write())
    plan = daemon.plan()
    with daemon.connect() as loader, daemon.connect() as payer:
        send_load(loader, large_file(tmp_path / "large.csv"), mode="add")
        wait_for_middle(daemon)
        payer.call("apply", do=["approve", "bonus"], reason="Thank you", digest=plan["digest"])
        daemon.kill()
    assert unready(daemon) > 0
    assert len(daemon.ledger.operations()) == 10
    daemon.start()
    wait_until(lambda: all(op["state"] == "done" for op in daemon.ledger.operations()), lambda: daemon.ledger.states())
    check_books(sim, daemon, {number: 100 for number in numbers})


@pytest.mark.parametrize("passing", [1, MANY // 2, MANY])
def test_death_in_the_middle(daemon, tmp_path, passing):
    path = large_file(tmp_path / "large.csv")
    daemon.terminate()
    start_deadly(daemon, NGMT_POINT=f"import-row:{passing}")
    with contextlib.suppress(ConnectionError), daemon.connect() as connection:
        connection.reply(send_load(connection, path))
    assert daemon.wait_for_death() == f"ngmtd-points: dies at import-row, passing {passing}"
    left = unready(daemon)
    assert left > 0 or passing == 1
    daemon.start()
    assert daemon.call("status")["working_set"]["rows"] == 0
    with pytest.raises(RpcError, match="knows no worker"):
        daemon.call("worker", worker_id=worker(LARGE))
    # It is taken away while nothing else is to be done; so is the copy that was being made.
    wait_until(lambda: not daemon.ledger.rows("SELECT 1 FROM source") and not daemon.ledger.rows("SELECT 1 FROM result"),
               lambda: f"{unready(daemon)} of {left}")
    assert copies(daemon) == []
    assert daemon.ledger.rows("SELECT * FROM snapshot") == []
    with daemon.connect() as connection:
        loaded = connection.reply(send_load(connection, path))
    assert loaded["working_set"]["rows"] == loaded["files"][0]["new"] == MANY
    assert len(copies(daemon)) == 1
    assert daemon.ledger.is_sound()


def test_again_at_once_after_a_death(daemon, tmp_path):
    """What the dead daemon left of the same file is not in the way."""
    path = large_file(tmp_path / "large.csv")
    with daemon.connect() as connection:
        send_load(connection, path)
        wait_for_middle(daemon)
        daemon.kill()
    daemon.start()
    with daemon.connect() as connection:
        loaded = connection.reply(send_load(connection, path))
    assert loaded["files"][0]["new"] == MANY
    wait_until(lambda: daemon.ledger.rows("SELECT count(*) AS n FROM result")[0]["n"] == MANY, lambda: unready(daemon))


def test_asked_to_end_in_the_middle(daemon, tmp_path):
    with daemon.connect() as connection:
        request = send_load(connection, large_file(tmp_path / "large.csv"))
        wait_for_middle(daemon)
        daemon.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(ConnectionError):
            with pytest.raises(RpcError) as refused:
                connection.reply(request)
            assert refused.value.name == "busy"
    daemon.process.wait()
    daemon.process = None
    daemon.start()
    assert daemon.call("status")["working_set"]["rows"] == 0


def test_a_bad_line_at_the_end(daemon, tmp_path):
    """Sixty thousand rows are taken back, and what was loaded before is as it was."""
    path = large_file(tmp_path / "large.csv")
    small = large_file(tmp_path / "small.csv", rows=3, first=1)
    with daemon.connect() as connection:
        connection.reply(send_load(connection, small))
        with open(path, "a", encoding="utf-8") as out:
            out.write('p,"never closed\n')
        with pytest.raises(RpcError, match=f"line {MANY + 2}, column 3: .* never closed"):
            connection.reply(send_load(connection, path, mode="replace"))
    assert daemon.call("status")["working_set"]["rows"] == 3
    wait_until(lambda: daemon.ledger.rows("SELECT count(*) AS n FROM result")[0]["n"] == 3, lambda: unready(daemon))
    assert len(copies(daemon)) == 1


def test_a_file_that_changes_while_it_is_copied(daemon, tmp_path):
    path = tmp_path / "growing.csv"
    path.write_text(HEADER)
    os.truncate(path, 150_000_000)
    with daemon.connect() as connection:
        request = send_load(connection, path)
        wait_until(lambda: (daemon.ledger_path.parent / "snapshots").is_dir() and copies(daemon), "the copy begins")
        with open(path, "a", encoding="utf-8") as out:
            out.write("one more line\n")
        with pytest.raises(RpcError, match="changed while it was being read") as refused:
            connection.reply(request)
    assert refused.value.name == "file"
    assert copies(daemon) == []


def test_many_rooms_at_once(daemon, tmp_path):
    """All of a command or nothing: a room that is no results file is named, and the others are there together."""
    data = tmp_path / "game" / "data"
    for number in range(1, 121):
        Room(data, number).player(number, 0.5).write()
    (data / "room000050" / "bonus.csv").write_text('id,bonus\n"never closed\n')
    (data / "room000051" / "bonus.csv").unlink()
    # The same player in two rooms.
    Room(data, 121).player(1, 0.5).write()
    seen = set()
    ends = threading.Event()

    def watch():
        with daemon.connect() as connection:
            while not ends.is_set():
                seen.add(connection.call("status")["working_set"]["rows"])

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        loaded = daemon.call("load", what="game", game=str(tmp_path / "game"), mode="new")
    finally:
        ends.set()
        thread.join()
    assert loaded["working_set"]["rows"] == 119
    assert len(loaded["files"]) == 119 and sum(file["duplicates"] for file in loaded["files"]) == 1
    assert sorted(warning.split(":")[0] for warning in loaded["warnings"]) == [
        "no results in room room000051", "room room000050 is left out"]
    assert seen <= {0, 119}


def test_the_same_content_is_not_written_again(daemon, tmp_path):
    path = large_file(tmp_path / "large.csv")
    with daemon.connect() as connection:
        first = connection.reply(send_load(connection, path))["files"][0]
        copy = daemon.ledger_path.parent / "snapshots" / first["sha256"]
        before = copy.stat()
        again = connection.reply(send_load(connection, path, mode="add"))["files"][0]
    assert (again["sha256"], again["rows"], again["new"]) == (first["sha256"], MANY, 0)
    assert (copy.stat().st_ino, copy.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert copies(daemon) == [first["sha256"]]


# -- versions of a watched file ---------------------------------------------------------------------------------------


@pytest.fixture
def watching(sim, make_daemon, tmp_path):
    (tmp_path / "data").mkdir()
    return make_daemon(sim, options={"nodegame": {"game": str(tmp_path / "data"), "settle": "20ms", "rescan": "1s"}})


def wait_for_version(daemon, number):
    wait_until(lambda: daemon.ledger.rows("SELECT 1 FROM room WHERE versions = ?", number),
               lambda: f"{daemon.ledger.rows('SELECT * FROM room')}\n{daemon.log()[-3000:]}")


def current(daemon):
    return [(row["assignment_id"], row["bonus_cents"]) for row in daemon.ledger.rows(
        "SELECT r.assignment_id, r.bonus_cents FROM result r JOIN source s ON s.id = r.source_id"
        " WHERE s.ready AND r.current ORDER BY r.assignment_id, r.bonus_cents")]


def test_ten_appended_versions_make_ten_rows(watching, tmp_path):
    room = Room(tmp_path / "data")
    for number in range(1, 11):
        room.player(number, number / 100).write()
        wait_for_version(watching, number)
    assert current(watching) == [(assignment(number), number) for number in range(1, 11)]
    assert watching.ledger.rows("SELECT count(*) AS n FROM result")[0]["n"] == 10
    # Each version begins with the one before it.
    wait_until(lambda: len(copies(watching)) == 1, lambda: copies(watching))


def test_rewritten_and_changed_versions(watching, tmp_path):
    room = Room(tmp_path / "data").player(1, 1).write()
    wait_for_version(watching, 1)
    room.rows.clear()
    room.player(2, 1).write()
    wait_for_version(watching, 2)
    assert current(watching) == [(assignment(1), 100), (assignment(2), 100)]
    room.rows.clear()
    room.player(2, 0.1).write()
    wait_for_version(watching, 3)
    # Another amount for the same work: a person decides, so both are there.
    assert current(watching) == [(assignment(1), 100), (assignment(2), 10), (assignment(2), 100)]
    assert len(copies(watching)) == 3
