# SPDX-License-Identifier: MIT
"""An old copy of the ledger put in place of the newer one: it is noticed, compared with the platform before anything is
sent, and nobody is paid twice."""
import contextlib
import shutil
import sqlite3

import pytest

from ngmt import assignment, bonuses, calls, check_books, submit, wait_until
from test_crash import QUICK, wait_until_settled
from test_ledger_trouble import done, fill, wal_bytes


def copy_of(daemon):
    """A backup of the running ledger, as sqlite3's own .backup makes it."""
    path = daemon.directory / "backup.db"
    with contextlib.closing(sqlite3.connect(f"file:{daemon.ledger_path}?mode=ro", uri=True)) as source, \
            contextlib.closing(sqlite3.connect(path)) as target:
        source.backup(target)
        # One file, as a backup should be.
        target.execute("PRAGMA journal_mode = DELETE")
    return path


def restore(daemon, backup):
    for path in daemon.ledger_path.parent.glob("ledger.db*"):
        path.unlink()
    shutil.copy(backup, daemon.ledger_path)


def check_restored(sim, daemon, numbers):
    assert bonuses(sim) == {assignment(number): [100] for number in numbers}
    for op in daemon.ledger.operations():
        assert op["state"] == "done" or (op["state"] == "held" and op["why"]), op
    assert daemon.ledger.is_sound()
    assert daemon.ledger.rows("SELECT * FROM meta WHERE key = 'restored'") == []


def pay_until(sim, daemon, room, numbers, count, delay_ms):
    """In the middle of payments that the endpoint answers slowly."""
    daemon.load(fill(sim, room, numbers))
    sim.faults(*[{"operation": operation, "kind": "delay", "ms": delay_ms}
                 for operation in ("SendBonus", "ApproveAssignment")])
    daemon.apply()
    done(daemon, count)


def come_back(sim, daemon, numbers):
    """The old copy is noticed, and all ends as it should."""
    sim.faults()
    daemon.start()
    assert "is an older one" in daemon.log()
    wait_until_settled(daemon)
    check_restored(sim, daemon, numbers)


def copy_in_the_middle(sim, daemon, room, numbers):
    pay_until(sim, daemon, room, numbers, len(numbers) // 2, 100)
    backup = copy_of(daemon)
    sim.faults()
    wait_until_settled(daemon)
    return backup


def test_restored_in_the_middle_of_payments(sim, make_daemon, room):
    daemon = make_daemon(sim, options=QUICK)
    numbers = range(1, 21)
    backup = copy_in_the_middle(sim, daemon, room, numbers)
    daemon.terminate()
    restore(daemon, backup)
    sent = [calls(sim, operation) for operation in ("SendBonus", "ApproveAssignment")]
    sim.faults({"operation": "ListBonusPayments", "kind": "freeze"})
    daemon.start()
    status = daemon.call("status")
    (problem,) = [problem for problem in status["problems"] if "older one" in problem["what"]]
    assert "restored from a backup?" in problem["what"] and "before anything is sent" in problem["what"]
    assert status["state"] == "paused"
    # A restart does not forget it, and nothing leaves before the lists have been read, not even what is in doubt.
    daemon.kill()
    daemon.start()
    asked = calls(sim, "ListBonusPayments")
    wait_until(lambda: calls(sim, "ListBonusPayments") > asked, "the lists are asked for")
    assert any("older one" in problem["what"] for problem in daemon.call("status")["problems"])
    assert [calls(sim, operation) for operation in ("SendBonus", "ApproveAssignment")] == sent
    sim.faults()
    wait_until_settled(daemon)
    wait_until(lambda: "the restored ledger agrees" in daemon.log(), daemon.log)
    check_restored(sim, daemon, numbers)
    assert not any("older one" in problem["what"] for problem in daemon.call("status")["problems"])
    daemon.restart()
    assert not any("older one" in problem["what"] for problem in daemon.call("status")["problems"])


def test_restored_and_not_all_was_paid(sim, make_daemon, room):
    """What the ledger that is gone did not do is done now, once."""
    daemon = make_daemon(sim, options=QUICK)
    numbers = range(1, 21)
    pay_until(sim, daemon, room, numbers, 4, 100)
    backup = copy_of(daemon)
    done(daemon, 16)
    daemon.kill()
    restore(daemon, backup)
    come_back(sim, daemon, numbers)


def test_restored_with_what_waits(sim, make_daemon, room):
    """"Not submitted yet" may take weeks: the others do not wait for it."""
    daemon = make_daemon(sim, options=QUICK)
    submit(sim, [1, 2])
    sim.accept(hit="3NGMTHIT0000000000000000000001",
               assignments=[{"assignment": assignment(3), "worker": "A1NGMT0000003X"}])
    for number in (1, 2, 3):
        room.player(number, 1)
    daemon.load(room.write())
    sim.faults({"operation": "SendBonus", "kind": "freeze"})
    daemon.apply(["bonus"])
    backup = copy_of(daemon)
    sim.faults()
    wait_until(lambda: daemon.ledger.count("done") == 2, daemon.log)
    daemon.terminate()
    restore(daemon, backup)
    daemon.start()
    wait_until(lambda: "the restored ledger agrees" in daemon.log(), daemon.log)
    assert bonuses(sim) == {assignment(1): [100], assignment(2): [100]}
    assert daemon.ledger.operation("bonus", assignment(3))["state"] == "planned"


def test_restored_beside_the_log_of_the_other(sim, make_daemon, room):
    """ledger.db is put back, but ledger.db-wal of the newer one is left beside it."""
    daemon = make_daemon(sim, options=QUICK)
    numbers = range(1, 21)
    backup = copy_in_the_middle(sim, daemon, room, numbers)
    daemon.kill()
    assert wal_bytes(daemon) > 0
    shutil.copy(backup, daemon.ledger_path)
    daemon.start()
    wait_until_settled(daemon)
    check_restored(sim, daemon, numbers)


def checkpoint(daemon):
    """As the daemon does it by itself every thousand pages."""
    with contextlib.closing(sqlite3.connect(daemon.ledger_path, timeout=30)) as database:
        assert database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


@pytest.mark.parametrize("checkpointed", [1, 2])
def test_restored_beside_the_log_of_a_later_one(sim, make_daemon, room, checkpointed):
    """What is in ledger.db-wal builds on a later ledger.db than the one that was put back: it must not be mixed."""
    daemon = make_daemon(sim, options=QUICK)
    numbers = range(1, 41)
    pay_until(sim, daemon, room, numbers, 10, 60)
    backup = copy_of(daemon)
    for turn in range(checkpointed):
        done(daemon, 30 + 20 * turn)
        checkpoint(daemon)
    done(daemon, 60)
    daemon.kill()
    assert wal_bytes(daemon) > 0
    shutil.copy(backup, daemon.ledger_path)
    come_back(sim, daemon, numbers)


def test_a_backup_on_a_new_machine(sim, make_daemon, room):
    """There, no witness tells how old it is."""
    daemon = make_daemon(sim, options=QUICK)
    numbers = range(1, 11)
    backup = copy_in_the_middle(sim, daemon, room, numbers)
    daemon.terminate()
    other = make_daemon(sim, options=QUICK, start=False)
    other.ledger_path.parent.mkdir(parents=True)
    shutil.copy(backup, other.ledger_path)
    other.start()
    assert "its witness is missing" in other.log()
    wait_until_settled(other)
    check_restored(sim, other, numbers)


def test_a_garbled_witness(sim, daemon, room):
    daemon.load(fill(sim, room, [1, 2]))
    daemon.pay()
    daemon.terminate()
    (daemon.ledger_path.parent / "witness").write_bytes(b"\0" * 40)
    daemon.start()
    assert "witness makes no sense" in daemon.log()
    plan = daemon.plan()
    assert plan["actions"] == [], plan["groups"]
    check_books(sim, daemon, {1: 100, 2: 100})
    daemon.restart()
    assert daemon.log().count("witness makes no sense") <= 2
