# SPDX-License-Identifier: MIT
"""A full disk, a damaged page, a ledger that is not ours: nothing is paid twice, nothing that was committed is lost, and
people are told what to do. Old copies put in place are test_restored.py's."""
import contextlib
import os
import pathlib
import resource
import shutil
import sqlite3
import subprocess
import time

import pytest

from ngmt import REASON, RpcError, assignment, bonuses, calls, check_books, submit, wait_until
from test_crash import QUICK, wait_until_settled

KILOBYTE = 1024


def fill(sim, room, numbers, bonus=1):
    submit(sim, numbers, max_assignments=1000)
    for number in numbers:
        room.player(number, bonus)
    return room.write()


def done(daemon, count):
    wait_until(lambda: daemon.ledger.count("done") >= count, lambda: f"{daemon.ledger.states()}\n{daemon.log()[-3000:]}")


def wal_bytes(daemon):
    path = pathlib.Path(f"{daemon.ledger_path}-wal")
    return path.stat().st_size if path.exists() else 0


def limit_files(daemon, size=resource.RLIM_INFINITY):
    """From now on, no file of the daemon grows beyond this: for SQLite as good as a full disk, and no root is needed."""
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def state_of(daemon):
    """On a connection of its own: the daemon binds its socket anew when it goes on."""
    try:
        with daemon.connect() as connection:
            return connection.call("status")["state"]
    except (OSError, ConnectionError, RpcError):
        return None


def wait_for_state(daemon, state):
    wait_until(lambda: state_of(daemon) == state, lambda: f"{state_of(daemon)}\n{daemon.log()[-4000:]}")
    # The one that is kept may be from before it was made anew.
    daemon._forget_connection()


def expect_halted(daemon, what="cannot be"):
    """What people see while it stands still."""
    with daemon.connect() as connection:
        status = connection.call("status")
        problem = status["problems"][0]
        assert status["state"] == "halted"
        assert what in problem["what"] and "nothing is sent" in problem["what"], problem
        assert str(daemon.ledger_path.parent) in problem["hint"], problem
        for method, params in (("load", {"what": "results", "path": "/nowhere", "mode": "replace"}),
                               ("apply", {"do": ["approve"], "digest": "0" * 16}),
                               ("plan", {"do": ["approve"]})):
            with pytest.raises(RpcError) as refused:
                connection.call(method, **params)
            assert refused.value.name == "ledger", refused.value
            assert "no money moved, nothing was recorded" in refused.value.message
            assert str(daemon.ledger_path.parent) in refused.value.hint
    return problem


def everything(daemon):
    return [{k: v for k, v in op.items()} for op in daemon.ledger.operations()]


def temporary_files(daemon):
    return [path.name for path in daemon.ledger_path.parent.rglob("*")
            if path.is_file() and path.name.startswith("new-")]


# -- a full disk -------------------------------------------------------------------------------------------------------


@pytest.fixture
def full(sim, make_daemon):
    """A daemon whose log is not stopped by a limit on files."""
    daemon = make_daemon(sim, options=QUICK, start=False)
    daemon.log_by_pipe = True
    return daemon.start()


def stand_still(daemon):
    """No place for one more commit, in the middle of the work."""
    limit_files(daemon, wal_bytes(daemon))
    wait_for_state(daemon, "halted")


@pytest.mark.parametrize("lost", [False, True])
def test_full_in_the_middle_of_payments(sim, full, room, lost):
    numbers = range(1, 41)
    full.load(fill(sim, room, numbers))
    faults = [{"operation": operation, "kind": "delay", "ms": 20} for operation in ("SendBonus", "ApproveAssignment")]
    if lost:
        faults = [{"operation": "SendBonus", "probability": 0.2, "seed": 7, "kind": "drop-after"},
                  {"operation": "ApproveAssignment", "probability": 0.2, "seed": 8, "kind": "drop-during"}] + faults
    sim.faults(*faults)
    full.apply()
    done(full, 10)
    stand_still(full)
    expect_halted(full)
    committed = everything(full)
    assert {"planned", "queued", "sending", "unsure"} & {op["state"] for op in committed}
    # What was out when it happened may still arrive; then nothing does any more.
    wait_until(lambda: "cannot be written yet" in full.log(), full.log)
    sent = [calls(sim, operation) for operation in ("SendBonus", "ApproveAssignment")]
    tries = full.log().count("cannot be written yet")
    wait_until(lambda: full.log().count("cannot be written yet") > tries, full.log)
    assert [calls(sim, operation) for operation in ("SendBonus", "ApproveAssignment")] == sent
    assert everything(full) == committed
    expect_halted(full)
    limit_files(full)
    wait_for_state(full, "ok")
    assert "everything is taken up from it" in full.log()
    wait_until_settled(full)
    check_books(sim, full, {number: 100 for number in numbers})


def test_nothing_leaves_of_the_turn_that_failed(sim, full, room):
    """Requests that were ready when the commit failed do not leave, and are not left in the ledger as sent."""
    full.load(fill(sim, room, range(1, 9)))
    sim.balance("0.00")
    full.apply(["bonus"])
    wait_until(lambda: full.call("status")["funds"], "out of funds")
    wait_until(lambda: full.ledger.states() == {("bonus", "queued"): 8}, "all of them wait for money")
    sim.faults({"operation": "ListBonusPayments", "kind": "delay", "ms": 700})
    sim.balance("100.00")
    refused, listed = calls(sim, "SendBonus"), calls(sim, "ListBonusPayments")
    full.call("connect")
    wait_until(lambda: calls(sim, "ListBonusPayments") > listed, "the last list before the payments")
    # The turn in which the list arrives makes the first ones ready.
    stand_still(full)
    assert calls(sim, "SendBonus") == refused and bonuses(sim) == {}
    assert full.ledger.states() == {("bonus", "queued"): 8}
    sim.faults()
    limit_files(full)
    wait_until_settled(full)
    assert calls(sim, "SendBonus") == refused + 8
    check_books(sim, full, {number: 100 for number in range(1, 9)}, approved=[])


def test_full_while_importing(sim, full, room):
    for number in range(1, 3001):
        room.player(number, 0.01, exit="x" * 200)
    room.write()
    # The copy of the file still fits, the rows do not.
    limit_files(full, room.path.stat().st_size + 200 * KILOBYTE)
    with pytest.raises(RpcError) as refused:
        full.load(room)
    assert refused.value.name == "ledger" and "nothing was recorded" in refused.value.message
    assert str(full.ledger_path.parent) in refused.value.hint
    limit_files(full)
    wait_for_state(full, "ok")
    assert full.ledger.rows("SELECT count(*) AS n FROM result")[0]["n"] == 0
    assert full.ledger.rows("SELECT count(*) AS n FROM source")[0]["n"] == 0
    with full.connect() as connection:
        loaded = connection.call("load", what="results", path=str(room.path), mode="new")
    assert loaded["working_set"]["rows"] == 3000
    assert full.ledger.is_sound()


def test_no_place_for_the_copy_of_a_file(sim, full, room):
    """That is no failure of the ledger: this import is refused, and everything else goes on."""
    for number in range(1, 3001):
        room.player(number, 0.01, exit="x" * 200)
    room.write()
    limit_files(full, 100 * KILOBYTE)
    with pytest.raises(RpcError) as refused:
        full.load(room)
    assert refused.value.name == "ledger" and "cannot keep a copy" in refused.value.message
    assert "nothing was imported" in refused.value.hint
    assert temporary_files(full) == []
    assert full.call("status")["state"] == "ok"
    limit_files(full)
    assert full.load(room)["working_set"]["rows"] == 3000


@pytest.mark.parametrize("kilobytes", [0, 60, 200])
def test_full_while_recording(sim, full, room, kilobytes):
    """A plan that could not be recorded as a whole is not recorded at all, and can be applied again."""
    numbers = range(1, 201)
    full.load(fill(sim, room, numbers, bonus=0.01))
    digest = full.plan(items=False)["digest"]
    limit_files(full, wal_bytes(full) + kilobytes * KILOBYTE)
    with pytest.raises(RpcError) as refused:
        full.call("apply", do=["approve", "bonus"], reason=REASON, digest=digest)
    assert refused.value.name == "ledger" and "nothing was recorded" in refused.value.message
    assert calls(sim, "SendBonus") == calls(sim, "ApproveAssignment") == 0
    limit_files(full)
    wait_for_state(full, "ok")
    assert full.ledger.operations() == []
    full.apply()
    wait_until_settled(full)
    check_books(sim, full, {number: 1 for number in numbers})


def test_who_waits_is_answered(sim, full, room):
    """A plan that waits for the platform ends with the reason, on a connection that stays."""
    full.load(fill(sim, room, range(1, 4)))
    sim.faults({"operation": "ListAssignmentsForHIT", "kind": "freeze"})
    with full.connect() as connection:
        request = connection.send("plan", do=["approve"])
        wait_until(lambda: calls(sim, "ListAssignmentsForHIT"), "the list is asked for")
        limit_files(full, wal_bytes(full))
        with pytest.raises(RpcError) as refused:
            full.load(room, mode="replace")
        assert refused.value.name == "ledger"
        with pytest.raises(RpcError) as refused:
            connection.reply(request)
        assert refused.value.name == "ledger" and "no money moved" in refused.value.message
    sim.faults()
    limit_files(full)
    wait_for_state(full, "ok")


def test_a_follower_is_told_and_finds_its_way_back(sim, full, room):
    numbers = range(1, 31)
    full.load(fill(sim, room, numbers))
    sim.faults(*[{"operation": operation, "kind": "delay", "ms": 30}
                 for operation in ("SendBonus", "ApproveAssignment")])
    batch = full.apply()
    with full.connect() as connection:
        connection.call("subscribe", batch=batch)
        done(full, 5)
        limit_files(full, wal_bytes(full))
        waiting = None
        while waiting != "a ledger that can be written":
            message = connection.receive()
            waiting = message["params"]["waiting_for"]
    limit_files(full)
    wait_for_state(full, "ok")
    assert full.follow(batch)[-1]["done"] == 60
    check_books(sim, full, {number: 100 for number in numbers})


def test_terminated_while_it_stands_still(sim, full, room):
    numbers = range(1, 21)
    full.load(fill(sim, room, numbers))
    sim.faults({"operation": "SendBonus", "kind": "freeze", "execute": True})
    full.apply()
    wait_until(lambda: calls(sim, "SendBonus") >= 4, "requests are out")
    limit_files(full, wal_bytes(full))
    wait_for_state(full, "halted")
    assert full.terminate() < 3
    sim.faults()
    full.start()
    wait_until_settled(full)
    check_books(sim, full, {number: 100 for number in numbers})


def test_full_again_and_again(sim, full, room):
    numbers = range(1, 61)
    full.load(fill(sim, room, numbers))
    sim.faults({"operation": "SendBonus", "probability": 0.2, "seed": 3, "kind": "drop-after"},
               *[{"operation": operation, "kind": "delay", "ms": 15}
                 for operation in ("SendBonus", "ApproveAssignment")])
    full.apply()
    for turn in range(3):
        done(full, 15 * (turn + 1))
        limit_files(full, wal_bytes(full))
        wait_for_state(full, "halted")
        limit_files(full)
        wait_for_state(full, "ok")
    wait_until_settled(full)
    check_books(sim, full, {number: 100 for number in numbers})


def test_no_start_with_a_full_disk(sim, make_daemon):
    daemon = make_daemon(sim, start=False)
    done = subprocess.run(["prlimit", "--fsize=2000", *daemon.command()], env=daemon.environment, capture_output=True,
                          text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 1, done
    assert "cannot start" in done.stderr and "free some space on the disk" in done.stderr
    daemon.start()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 3 MB of its own."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a disk")
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("may not mount")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill_up(place):
    with contextlib.suppress(OSError), open(place / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)


def test_a_disk_that_is_really_full(sim, make_daemon, room, small_disk):
    daemon = make_daemon(sim, options={**QUICK, "state": {"directory": str(small_disk / "state")}}, start=False)
    daemon.state_path = small_disk / "state"
    daemon.start()
    numbers = range(1, 31)
    daemon.load(fill(sim, room, numbers))
    sim.faults(*[{"operation": operation, "kind": "delay", "ms": 30}
                 for operation in ("SendBonus", "ApproveAssignment")])
    daemon.apply()
    done(daemon, 5)
    fill_up(small_disk)
    wait_for_state(daemon, "halted")
    problem = expect_halted(daemon, "full")
    assert problem["hint"].startswith("free some space on the disk of")
    (small_disk / "filler").unlink()
    wait_for_state(daemon, "ok")
    wait_until_settled(daemon)
    check_books(sim, daemon, {number: 100 for number in numbers})


def test_the_disk_is_read_only_meanwhile(sim, make_daemon, room, small_disk):
    """As an ext4 does it after an error of the disk."""
    daemon = make_daemon(sim, options={**QUICK, "state": {"directory": str(small_disk / "state")}}, start=False)
    daemon.state_path = small_disk / "state"
    daemon.start()
    daemon.terminate()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    status, output = daemon.run_to_end()
    assert status == 1
    assert "Read-only file system" in output and "write there" in output
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    daemon.start()


# -- no place, or not ours ---------------------------------------------------------------------------------------------


def expect_no_start(daemon, *words):
    status, output = daemon.run_to_end()
    assert status == 1, output
    line = [line for line in output.splitlines() if "cannot start" in line]
    assert len(line) == 1, output
    for word in words:
        assert word in line[0], line[0]


def test_the_directory_is_a_file(sim, make_daemon):
    daemon = make_daemon(sim, start=False)
    daemon.state_path.write_text("not a directory")
    expect_no_start(daemon, "is no directory", "[state] directory")


def test_the_ledger_is_a_directory(sim, make_daemon):
    daemon = make_daemon(sim, start=False)
    daemon.ledger_path.mkdir(parents=True)
    expect_no_start(daemon, "cannot open the ledger", "Is a directory", "it must be a file that user")


def test_not_allowed(sim, tmp_path):
    """A directory of somebody else's; and a ledger that can be read but not written."""
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    place = pathlib.Path(subprocess.run(["mktemp", "-d", "/tmp/ngmt-XXXXXX"], capture_output=True, text=True,
                                        check=True).stdout.strip())
    try:
        place.chmod(0o755)
        state, copy = place / "state", place / "ngmtd"
        shutil.copy(f"{os.environ['NGMT_BUILD']}/daemon/ngmtd", copy)
        copy.chmod(0o755)
        (state / "rehearsal").mkdir(parents=True)
        (place / "ngmt.conf").write_text("")
        command = [str(copy), "-o", f"aws.endpoint={sim.endpoint}", "-o", f"state.directory={state}", "-o",
                   f"control.socket={place}/s", "-C", f"{place}/ngmt.conf"]

        def run():
            return subprocess.run(command, user=65534, group=65534, extra_groups=[], capture_output=True, text=True,
                                  timeout=60, stdin=subprocess.DEVNULL, env={"HOME": "/nonexistent"}, cwd="/")

        done = run()
        assert done.returncode == 1 and "Permission denied" in done.stderr and "let user 65534" in done.stderr, done
        os.chown(state / "rehearsal", 65534, 65534)
        (state / "rehearsal" / "ledger.db").touch(mode=0o444)
        (state / "rehearsal" / "ledger.db").chmod(0o444)
        done = run()
        assert done.returncode == 1 and "cannot open the ledger" in done.stderr and "user 65534" in done.stderr, done
    finally:
        shutil.rmtree(place)


def change_ledger(daemon, sql, *values):
    assert daemon.process is None
    with contextlib.closing(sqlite3.connect(daemon.ledger_path)) as database:
        database.execute(sql, values)
        database.commit()


def test_a_ledger_of_another_environment(sim, daemon):
    daemon.terminate()
    change_ledger(daemon, "UPDATE meta SET value = 'live' WHERE key = 'environment'")
    expect_no_start(daemon, "belongs to the live environment", "never share a ledger")


def test_a_ledger_of_a_newer_version(sim, daemon):
    daemon.terminate()
    change_ledger(daemon, "PRAGMA user_version = 99")
    expect_no_start(daemon, "has version 99", "install the newer ngmtd")


def test_a_database_of_another_program(sim, make_daemon):
    daemon = make_daemon(sim, start=False)
    daemon.ledger_path.parent.mkdir(parents=True)
    change_ledger(daemon, "CREATE TABLE bookmarks (url TEXT)")
    before = daemon.ledger_path.read_bytes()
    expect_no_start(daemon, "a database of another program", "nothing was changed")
    assert daemon.ledger_path.read_bytes() == before


# -- damage ------------------------------------------------------------------------------------------------------------


def damage(path, first=3, pages=40):
    """Pages in the middle of the file, in place."""
    with open(path, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        last = min(first + pages, size // 4096)
        assert last > first
        file.seek(first * 4096)
        file.write(b"\xa5" * 4096 * (last - first))


def test_damaged_at_the_start(sim, daemon, room):
    """Refused, and the way out that is told works."""
    daemon.load(fill(sim, room, range(1, 31)))
    daemon.terminate()
    backup = daemon.ledger_path.read_bytes()
    daemon.start()
    daemon.pay()
    daemon.terminate()
    damage(daemon.ledger_path)
    expect_no_start(daemon, "the ledger is damaged", "stop ngmtd, copy ledger.db*", "remove ledger.db-wal", "RECOVERY")
    expect_no_start(daemon, "the ledger is damaged")
    for path in daemon.ledger_path.parent.glob("ledger.db*"):
        path.rename(daemon.directory / path.name)
    daemon.ledger_path.write_bytes(backup)
    daemon.start()
    assert "is an older one" in daemon.log()
    plan = daemon.plan()
    assert plan["actions"] == [], plan["groups"]
    assert bonuses(sim) == {assignment(number): [100] for number in range(1, 31)}


def test_damaged_while_it_runs(sim, daemon, room):
    """Nothing is sent any more, status says so, and no probe takes it for healed."""
    for number in range(1, 8001):
        room.player(number, 0.01, exit="x" * 400)
    daemon.load(room.write())
    daemon.restart()
    size = daemon.ledger_path.stat().st_size
    assert size > 4 << 20  # more than is kept in memory
    damage(daemon.ledger_path, first=20, pages=size // 4096 - 20)
    # Whatever reads it may be told so; the daemon lives.
    with contextlib.suppress(RpcError):
        daemon.plan(["approve"])
    wait_for_state(daemon, "halted")
    problem = daemon.call("status")["problems"][0]
    assert "malformed" in problem["what"] and "RECOVERY" in problem["hint"], problem
    assert "start ngmtd" in problem["hint"] and "by itself" not in problem["hint"]
    daemon.ctl("status")
    began = time.monotonic()
    wait_until(lambda: time.monotonic() - began > 7, "two probes could have been made")
    assert state_of(daemon) == "halted"
    assert "taken up" not in daemon.log()
    assert sum(calls(sim, operation) for operation in ("SendBonus", "ApproveAssignment")) == 0
    daemon.terminate()
    expect_no_start(daemon, "damaged")
