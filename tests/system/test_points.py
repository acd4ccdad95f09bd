# SPDX-License-Identifier: MIT
"""kill -9 at every numbered point of daemon/points.def, and at random ones: each worker is approved, paid and qualified
once, and no operation is left behind."""
import contextlib
import re
import signal
import sqlite3

import pytest

from ngmt import source_root, wait_until
from ordeal import Work, daemon, hold_back_answers, lose_answers, sim, start_deadly, work

HOUR_S = 3600
POINT = re.compile(r'^POINT\((\w+),\s*(\d+),\s*"([\w-]+)",\s*"([^"]+)"\)', re.MULTILINE)
POINTS = {name: int(number) for _, number, name, _ in
          POINT.findall((source_root() / "daemon" / "points.def").read_text())}


def die(daemon, name, passing):
    words = daemon.wait_for_death()
    assert words == f"ngmtd-points: dies at {name}, passing {passing}"


# -- scenes: each ends with a daemon that has died at the point -------------------------------------------------------


def at_work(sim, daemon, directory, name, passing, workers=8):
    work = Work(sim, directory, workers)
    start_deadly(daemon, NGMT_POINT=f"{name}:{passing}")
    work.give_commands(daemon)
    die(daemon, name, passing)
    return work


def at_long_work(sim, daemon, directory, name, passing):
    """More than one slice a command."""
    return at_work(sim, daemon, directory, name, passing, workers=42)


def at_first_start(sim, daemon, directory, name, passing):
    start_deadly(daemon, NGMT_POINT=f"{name}:{passing}")
    die(daemon, name, passing)
    return Work(sim, directory)


def at_start_with_doubts(sim, daemon, directory, name, passing):
    """`passing` deaths in a row, for each start passes the point once."""
    work = Work(sim, directory)
    lose_answers(work, daemon)
    for _ in range(passing):
        start_deadly(daemon, NGMT_POINT=f"{name}:1")
        die(daemon, name, 1)
    return work


def at_read_back(sim, daemon, directory, name, passing):
    work = Work(sim, directory)
    lose_answers(work, daemon, age_s=30 * HOUR_S)
    start_deadly(daemon, NGMT_POINT=f"{name}:{passing}")
    die(daemon, name, passing)
    return work


def at_stop(sim, daemon, directory, name, passing):
    work = Work(sim, directory)
    hold_back_answers(work)
    start_deadly(daemon, NGMT_POINT=f"{name}:{passing}")
    work.give_commands(daemon)
    wait_until(lambda: len(daemon.ledger.operations("qualify", "sending")) >= 4, lambda: daemon.ledger.states())
    daemon.process.send_signal(signal.SIGTERM)
    die(daemon, name, passing)
    sim.faults()
    return work


FEW = (1, 2, 3)
SCENES = {
    "migration-commit": (at_first_start, (1, 2)),
    "migration-committed": (at_first_start, (1, 2)),
    "recovery-commit": (at_start_with_doubts, FEW),
    "recovery-committed": (at_start_with_doubts, FEW),
    "snapshot-written": (at_work, FEW),
    "import-row": (at_work, FEW),
    "import-rows": (at_work, FEW),
    "apply-begun": (at_work, FEW),
    "apply-slice": (at_long_work, FEW),
    "apply-finished": (at_work, FEW),
    "turn-commit": (at_work, (*FEW, 7, 15)),
    "turn-committed": (at_work, (*FEW, 7, 15)),
    "turn-flushed": (at_work, (*FEW, 7, 15)),
    "request-handed": (at_work, (*FEW, 12)),
    "answer-arrived": (at_work, (*FEW, 12)),
    "read-back-arrived": (at_read_back, FEW),
    "answer-recorded": (at_work, (*FEW, 12)),
    "drain": (at_stop, FEW),
}


def test_every_point_has_a_test():
    assert set(SCENES) == set(POINTS)
    assert sorted(POINTS.values()) == list(range(1, len(POINTS) + 1))


@pytest.mark.parametrize("name, passing", [(name, passing) for name, (_, passings) in SCENES.items()
                                           for passing in passings])
def test_death_at(sim, daemon, tmp_path, name, passing):
    scene, _ = SCENES[name]
    work = scene(sim, daemon, tmp_path / "data", name, passing)
    daemon.start()
    work.finish(daemon)


# What version 1 knew of operations and steps.
KNOWN_OF_OPERATIONS = ("id, key, kind, state, batch_id, token, assignment_id, worker_id, amount_minor, fee_minor, attempts,"
                       " first_sent_s, doubtful, created_s, changed_s, why, outcome")
KNOWN_OF_STEPS = "id, operation_id, at_s, state, why"
KNOWN_OF_BATCHES = "id, command, user, uid, pid, created_s, digest, ready"
DRY = ("-o", "queue.dry=yes")  # nothing is sent, so nothing else changes


def make_old_ledger(daemon):
    daemon.ledger_path.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(daemon.ledger_path)) as database:
        database.executescript((source_root() / "tests" / "data" / "ledger-1.sql").read_text())


def contents(daemon):
    return (daemon.ledger.rows(f"SELECT {KNOWN_OF_OPERATIONS} FROM operation ORDER BY id"),
            daemon.ledger.rows(f"SELECT {KNOWN_OF_STEPS} FROM step ORDER BY id"),
            daemon.ledger.rows(f"SELECT {KNOWN_OF_BATCHES} FROM batch ORDER BY id"), daemon.ledger.rows("SELECT * FROM tally ORDER BY 1, 2, 3"))


@pytest.mark.parametrize("name", ["migration-commit", "migration-committed"])
@pytest.mark.parametrize("deaths", FEW)
def test_death_in_the_migration_of_an_old_ledger(daemon, name, deaths):
    """However often it dies on the way to the newest version, every operation and every step arrives there."""
    make_old_ledger(daemon)
    before = contents(daemon)
    assert len(before[0]) == 10 and len(before[1]) == 31
    for _ in range(deaths):
        start_deadly(daemon, *DRY, NGMT_POINT=f"{name}:1")
        if daemon.process.poll() is None:  # a step a death: there are no more steps
            assert name == "migration-committed"
            daemon.terminate()
            break
        die(daemon, name, 1)
        assert contents(daemon) == before
    daemon.start(*DRY)
    assert contents(daemon) == before
    assert daemon.ledger.rows("PRAGMA user_version")[0]["user_version"] > 1
    assert daemon.ledger.is_sound()
    assert daemon.call("status")["queue"]["done"] == 4


@pytest.mark.parametrize("seed", range(6))
def test_deaths_at_random(sim, daemon, work, seed):
    """Each daemon dies at some passing of some point; every so many, one is let live for a while by chance."""
    deaths = 0
    for turn in range(40):
        start_deadly(daemon, NGMT_POINT=f"random:{seed * 1000 + turn}:60")
        if not work.kills(daemon):
            break
        assert "ngmtd-points: dies at" in daemon.wait_for_death()
        deaths += 1
    if daemon.process:
        daemon.kill()
    assert deaths >= 3
    daemon.start()
    work.finish(daemon)
