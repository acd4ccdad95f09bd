# SPDX-License-Identifier: MIT
"""kill -9 at every point (daemon/points.def) that a watching daemon passes on its own: from the copy of a file to the
answer about a payment. The next one goes on, and each player is paid once."""
import pytest

from ngmt import wait_until
from ordeal import start_deadly
from watched import check_paid, daemon, game, play, server, sim, wait_for_scan  # noqa: F401 (fixtures)

FEW = (1, 2, 3)
POINTS = {"snapshot-written": FEW, "import-row": (1, 2, 9), "import-rows": FEW, "apply-begun": FEW, "apply-slice": (1, 2),
          "apply-finished": FEW, "turn-commit": (*FEW, 7, 15), "turn-committed": (*FEW, 7, 15),
          "turn-flushed": (*FEW, 7, 15), "request-handed": (*FEW, 12), "answer-arrived": (*FEW, 12),
          "answer-recorded": (*FEW, 12)}


@pytest.mark.parametrize("name, passing", [(name, passing) for name, passings in POINTS.items() for passing in passings])
def test_death_at(sim, daemon, game, name, passing):  # noqa: F811
    daemon.start()
    wait_for_scan(daemon)
    daemon.terminate()
    start_deadly(daemon, NGMT_POINT=f"{name}:{passing}")
    owed, rooms = {}, []
    for first in (1, 6, 11):
        amounts = {number: 10 * number for number in range(first, first + 5)}
        rooms.append(play(game, amounts))
        owed.update(amounts)
    # One of them has a second version, which has a row of the first one and a new one.
    play(game, {16: 160}, room=rooms[0], clients=None)
    owed[16] = 160
    if name == "apply-slice":
        # More than one slice.
        many = {number: number for number in range(17, 81)}
        play(game, many)
        owed.update(many)
    wait_until(lambda: daemon.process.poll() is not None, lambda: f"it lives\n{daemon.log()[-4000:]}")
    assert f"dies at {name}, passing {passing}" in daemon.wait_for_death()
    daemon.start()
    check_paid(sim, daemon, owed)
    assert {op["state"] for op in daemon.ledger.operations()} == {"done"} and daemon.ledger.is_sound()
    assert not daemon.ledger.rows("SELECT 1 FROM source WHERE ready = 0")
