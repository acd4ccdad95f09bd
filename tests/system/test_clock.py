# SPDX-License-Identifier: MIT
"""The local clock is wrong, or jumps while the daemon runs: requests are signed with the platform's time, waits keep their
pace, and the age of a token counts by the platform's clock alone."""
import json
import os

import pytest

from ngmt import REASON, Room, assignment, bonuses, calls, check_books, submit, wait_until
from ordeal import Work, daemon, sim, start_deadly

HOUR_S = 3600
DAY_S = 24 * HOUR_S
JUMPS = pytest.mark.parametrize("jump_s", [5 * HOUR_S, -5 * HOUR_S, 3 * DAY_S, -3 * DAY_S],
                                ids=["5h ahead", "5h behind", "3d ahead", "3d behind"])


class Clock:
    """The machine's wall clock, as the daemon sees it (tests/points/wall.c)."""

    def __init__(self, path):
        self.path = path
        self.set(0)

    def set(self, offset_s):
        new = self.path.with_suffix(".new")
        new.write_text(str(offset_s))
        os.replace(new, self.path)

    def start(self, daemon):
        start_deadly(daemon, NGMT_TEST_CLOCK=str(self.path))
        assert daemon.process.poll() is None, daemon.log()


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path / "clock")


def load(sim, daemon, directory, numbers):
    submit(sim, numbers)
    room = Room(directory)
    for number in numbers:
        room.player(number, 1)
    daemon.load(room.write())


def sent(sim, operation="SendBonus"):
    """(time at the endpoint, token) of each of these requests, in order."""
    return [(request["at_ms"] / 1000, json.loads(request["body"]).get("UniqueRequestToken"))
            for request in sim.requests() if request["operation"] == operation]


def refused(sim):
    return [request["operation"] for request in sim.requests() if request["error"]]


# -- wrong from the start ---------------------------------------------------------------------------------------------


@JUMPS
def test_a_clock_that_is_wrong_from_the_start(sim, daemon, clock, tmp_path, jump_s):
    """The endpoint refuses a signature that is off by more than five minutes: its Date tells the time after the first."""
    work = Work(sim, tmp_path / "data")
    clock.set(jump_s)
    clock.start(daemon)
    work.finish(daemon)
    assert 1 <= len(refused(sim)) <= 4
    assert set(refused(sim)).isdisjoint({"SendBonus", "ApproveAssignment", "AssociateQualificationWithWorker"})
    for op in daemon.ledger.operations("bonus"):
        (at_s,) = [at_s for at_s, token in sent(sim) if token == op["token"]]
        assert abs(op["first_sent_s"] - at_s) < 60, "a token's age counts by the platform's clock"


# -- jumps ------------------------------------------------------------------------------------------------------------


@JUMPS
def test_a_jump_changes_no_wait(sim, daemon, clock, tmp_path, jump_s):
    """Ten answers are lost; each resend is due within two seconds, at a time of its own: not at once, not days later."""
    numbers = range(1, 11)
    daemon.set("queue", retry_interval="2s", concurrency="10")
    clock.start(daemon)
    load(sim, daemon, tmp_path / "data", numbers)
    sim.faults({"operation": "SendBonus", "kind": "drop-after", "count": len(numbers)})
    batch = daemon.apply(["bonus"])
    wait_until(lambda: calls(sim, "SendBonus") >= len(numbers), "the first requests")
    clock.set(jump_s)
    assert daemon.follow(batch)[-1]["done"] == len(numbers)
    check_books(sim, daemon, {number: 100 for number in numbers}, approved=[])
    times = {}
    for at_s, token in sent(sim):
        times.setdefault(token, []).append(at_s)
    waits = sorted(at[1] - at[0] for at in times.values())
    assert waits[-1] - waits[0] > 0.3, waits  # each is between 0 and 2 s by chance: all within 0.3 s is one in a million
    assert waits[-1] < 10, waits
    # A signature of the wrong time is refused once for each that was out then, and no loop follows.
    assert all(2 <= len(at) <= 3 for at in times.values()), times


@pytest.mark.parametrize("platform_s", [0, 25 * HOUR_S], ids=["young", "old"])
@pytest.mark.parametrize("jump_s", [0, 3 * DAY_S, -3 * DAY_S], ids=["right", "3d ahead", "3d behind"])
@pytest.mark.parametrize("restarts", [False, True], ids=["runs on", "restarted"])
def test_the_platforms_clock_alone_decides_about_a_token(sim, daemon, clock, tmp_path, platform_s, jump_s, restarts):
    """A young token is sent again, whatever the local clock says; an old one never is, and the lists decide."""
    daemon.set("queue", request_timeout="10m" if restarts else "1s", retry_interval="100ms")
    clock.start(daemon)
    load(sim, daemon, tmp_path / "data", [1])
    sim.faults({"operation": "SendBonus", "kind": "freeze", "execute": True, "count": 1})
    daemon.apply(["bonus"], reason=REASON)
    wait_until(lambda: calls(sim, "SendBonus") == 1, "the request arrives")
    clock.set(jump_s)
    if platform_s:
        sim.advance(platform_s)  # its books
        sim.skew(platform_s)  # its Date, and what it holds signatures against
    if restarts:
        daemon.kill()
        clock.start(daemon)
    wait_until(lambda: daemon.ledger.count("done") == 1, lambda: f"{daemon.ledger.states()}\n{daemon.log()[-3000:]}")
    (op,) = daemon.ledger.operations("bonus")
    assert op["outcome"] == ("found-paid" if platform_s else "already-processed"), op
    assert len({token for _, token in sent(sim)}) == 1
    assert bonuses(sim) == {assignment(1): [100]}
    # Executed, or refused for its signature; but never judged by the endpoint a day later.
    answered = [r for r in sim.requests() if r["operation"] == "SendBonus" and "ignature" not in str(r["error"])]
    assert len(answered) == (1 if platform_s else 2), [r["error"] for r in sim.requests()]
