# SPDX-License-Identifier: MIT
"""What the tests of a watching daemon have in common: a nodeGame server, an endpoint, players with assignments, and words
for "it has looked at everything"."""
import pytest

from ngmt import HIT, REASON, approvals, assignment, bonuses, submit, wait_until, worker
from nodegame import Server
from simclient import Simulator

SETTLE_MS = 100
WORKERS = 80


@pytest.fixture
def sim():
    with Simulator(tls=False) as running:
        submit(running, range(1, WORKERS + 1))
        yield running


@pytest.fixture
def server(tmp_path):
    return Server(tmp_path / "nodegame")


@pytest.fixture
def game(server):
    return server.game("lab")


@pytest.fixture
def daemon(sim, make_daemon, server, game):
    """It pays, and is not started yet."""
    return make_daemon(sim, start=False, options={
        "nodegame": {"path": str(server.path), "policy": "pay", "settle": f"{SETTLE_MS}ms", "rescan": "1s"},
        "defaults": {"reason": REASON}})


def player(game, number, cents, **more):
    """In the registry, with the ids of worker and assignment `number`."""
    client = game.claim(worker(number), HIT, assignment(number))
    client.update(ExitCode=f"exp{number}", win=cents / 100, **more)
    return client


def play(game, amounts, room=None, **options):
    """A room in which {number: cents} was won, with its bonuses computed."""
    room = room or game.room()
    for number, cents in amounts.items():
        room.enter(player(game, number, cents))
    return room.compute_bonus(**options)


def entry(daemon, game, room):
    """What "rooms" says of it; None if it does not know it."""
    found = [one for one in daemon.call("rooms")["rooms"] if one["game"] == game.name and one["room"] == room.name]
    assert len(found) <= 1, found
    return found[0] if found else None


def wait_for_import(daemon, numbers):
    """Until rows of these assignments are in the ledger."""
    wanted = {assignment(number) for number in numbers}
    wait_until(lambda: wanted <= {row["assignment_id"] for row in daemon.ledger.rows(
        "SELECT r.assignment_id FROM result r JOIN source s ON s.id = r.source_id WHERE s.ready")},
        lambda: f"{wanted}\n{daemon.log()[-4000:]}")


def wait_for_rest(daemon):
    """Until no room's policy has anything left to do, and nothing is about to be sent."""
    wait_until(lambda: not daemon.ledger.rows("SELECT 1 FROM room WHERE due IS NOT NULL") and
               all(op["state"] in ("done", "held", "failed") for op in daemon.ledger.operations()),
               lambda: f"{daemon.ledger.states()}\n{daemon.log()[-4000:]}")


def is_idle(daemon):
    """No folder is being looked through, and no file waits to be read."""
    watch = daemon.call("rooms")["watch"]
    return not watch["scanning"] and watch["waiting"] == 0


def wait_for_scan(daemon):
    """Until everything was looked at again, and what was found is read."""
    daemon.call("rooms_rescan")
    wait_until(lambda: is_idle(daemon), lambda: f"{daemon.call('rooms')['watch']}\n{daemon.log()[-4000:]}")


def wait_for_payment(sim, daemon, amounts):
    """Until these are approved and paid: {number: cents}."""
    def is_paid():
        paid, approved = bonuses(sim), approvals(sim)
        return all(assignment(n) in approved and paid.get(assignment(n), [0]) == [cents] for n, cents in amounts.items())

    wait_until(is_paid,
               lambda: f"{bonuses(sim)}\n{daemon.ledger.states()}\n{daemon.log()[-4000:]}")


def check_paid(sim, daemon, amounts):
    """These, once each, and nobody else, also after another look at everything."""
    wait_for_payment(sim, daemon, amounts)
    wait_for_scan(daemon)
    wait_for_rest(daemon)
    assert bonuses(sim) == {assignment(n): [cents] for n, cents in amounts.items() if cents}
    assert approvals(sim) == {assignment(n): 1 for n in amounts}
