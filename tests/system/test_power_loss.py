# SPDX-License-Identifier: MIT
"""The power fails: what was written and not synced is gone, kept, or torn (tests/points/power.h), and -shm is gone in any
case. What had been sent is in the ledger all the same, and everything is paid once."""
import pytest

from ordeal import daemon, sim, start_deadly, work

FATES = ("none", "all", "some", "torn")  # of the un-synced changes; the seed's remainder
# Those between a write and its sync, and those that rely on what was synced.
POINTS = ["import-row:3", "turn-commit:4", "turn-committed:6", "request-handed:1", "answer-arrived:2",
          "answer-recorded:11"]


def go_on(daemon, work):
    """After the failure: what the disk has kept, then the rest of the work."""
    assert not daemon.ledger_path.with_name("ledger.db-shm").exists()
    assert daemon.ledger.is_sound()
    work.check_what_was_sent(daemon)
    daemon.start()
    work.finish(daemon)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("seed", range(len(FATES)), ids=FATES)
def test_power_fails_at_a_point(daemon, work, point, seed):
    start_deadly(daemon, NGMT_POINT=point, NGMT_POWER_LOSS=str(seed))
    work.give_commands(daemon)
    assert daemon.wait_for_death().startswith(f"ngmtd-points: dies at {point.split(':')[0]}, ")
    go_on(daemon, work)


@pytest.mark.parametrize("change", [1, 20, 60, 160, 260])
@pytest.mark.parametrize("seed", range(len(FATES)), ids=FATES)
def test_power_fails_within_a_commit(daemon, work, change, seed):
    """Before a write or a sync of SQLite's own: the first ones make the ledger."""
    start_deadly(daemon, NGMT_POWER_LOSS=str(seed + 4 * change), NGMT_POWER_FAILS_AT=str(change))
    work.give_commands(daemon)
    assert daemon.wait_for_death() == f"ngmtd-points: the power fails before write or sync {change}"
    if change > 100:  # there is a ledger
        go_on(daemon, work)
    else:
        daemon.start()
        work.finish(daemon)


def test_power_fails_again_and_again(daemon, work):
    for turn in range(1, 7):
        start_deadly(daemon, NGMT_POWER_LOSS=str(turn), NGMT_POINT=f"turn-committed:{2 * turn}")
        if not work.kills(daemon):
            daemon.kill()
            break
        daemon.wait_for_death()
        work.check_what_was_sent(daemon)
    assert turn >= 3
    daemon.start()
    work.finish(daemon)


def test_what_is_not_synced_is_lost_here(daemon, work):
    """The negative control: if syncs count for nothing, a power failure takes commits away, and the check sees it."""
    daemon.start()
    daemon.terminate()
    start_deadly(daemon, NGMT_POINT="answer-arrived:1", NGMT_POWER_LOSS="0", NGMT_POWER_NO_SYNC="1")
    work.give_commands(daemon)
    assert daemon.wait_for_death() == "ngmtd-points: dies at answer-arrived, passing 1"
    assert daemon.ledger.operations() == []
    with pytest.raises(AssertionError, match="was sent, and the ledger has nothing of it"):
        work.check_what_was_sent(daemon)


def test_what_is_synced_is_kept_here(daemon, work):
    """The same with syncs that count."""
    daemon.start()
    daemon.terminate()
    start_deadly(daemon, NGMT_POINT="answer-arrived:1", NGMT_POWER_LOSS="0")
    work.give_commands(daemon)
    assert daemon.wait_for_death() == "ngmtd-points: dies at answer-arrived, passing 1"
    assert list(work.requests_to_write())
    go_on(daemon, work)
