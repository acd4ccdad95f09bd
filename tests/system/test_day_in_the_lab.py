# SPDX-License-Identifier: MIT
"""A day in the laboratory (lab.py): fifty rooms are played, all kinds of things happen to players, files and the daemon,
and in the end everyone who finished and submitted is approved and paid once, and nobody else is."""
import contextlib
import itertools
import os

import pytest

import ordeal
from lab import Day
from ngmt import REASON, approvals, bonuses, rejections, wait_until
from ordeal import start_deadly
from simclient import Simulator
from watched import is_idle, wait_for_scan

SEED = int(os.environ.get("NGMT_SEED") or 1)
SETTLE = "200ms"
OPTIONS = {"queue": ordeal.OPTIONS["queue"], "defaults": {"reason": REASON},
           # Files without columns for MTurk do not say whom to approve.
           "import": {"auto_approve": "yes"}}
LOST = ({"kind": "drop-before"}, {"kind": "drop-after"}, {"kind": "status", "status": 503, "execute": True})
ONE_IN = 400  # passings of a point that the daemon survives


@pytest.fixture
def sim():
    with Simulator(tls=False) as running:
        yield running


@pytest.fixture
def make_day(sim, make_daemon, tmp_path):
    """The games are there and the daemon watches; no room is open."""
    with contextlib.ExitStack() as servers:
        def make(seed):
            daemon = make_daemon(sim, start=False, options=OPTIONS)
            day = Day(seed, tmp_path, sim, daemon)
            servers.callback(day.close)
            day.write_down_games()
            daemon.set("nodegame", path=str(day.server.path), policy="pay", settle=SETTLE, rescan="1s",
                       game=day.entries())
            daemon.start()
            wait_until(lambda: is_idle(daemon), "the first look at the games")
            return day

        yield make


def wanted_approvals(day, sim):
    """Of those in dispute, each is approved or not: a person is asked before or after."""
    paid = {assignment: 1 for assignment in day.owed}
    return {**paid, **{a: n for a, n in approvals(sim).items() if a in day.disputed}}


def check(day, sim):
    """The endpoint's books: what is not as it must be, in words."""
    paid, found = bonuses(sim), []
    wanted = {assignment: [cents] for assignment, cents in day.owed.items() if cents}
    for assignment in wanted.keys() | paid.keys():
        if assignment in day.disputed:
            if len(paid.get(assignment, [])) > 1 or not set(paid.get(assignment, [])) <= day.disputed[assignment]:
                found.append(f"{assignment}: paid {paid[assignment]} of {day.disputed[assignment]}")
        elif paid.get(assignment) != wanted.get(assignment):
            found.append(f"{assignment}: paid {paid.get(assignment)}, owed {wanted.get(assignment)}")
    if approvals(sim) != wanted_approvals(day, sim):
        wrong = approvals(sim).items() ^ wanted_approvals(day, sim).items()
        found.append(f"approvals: {sorted(wrong)}")
    if rejections(sim):
        found.append(f"rejections: {rejections(sim)}")
    workers = {a["assignment"]: a["worker"] for a in sim.books("assignments")["assignments"]}
    found += [f"paid to somebody else: {b}" for b in sim.books("bonuses")["bonuses"]
              if b["worker"] != workers[b["assignment"]]]
    return found


def is_at_rest(daemon):
    """Nothing is under way but what waits for a worker to submit."""
    return all(op["state"] in ("done", "held") or (op["state"] == "planned" and "not submitted" in (op["why"] or ""))
               for op in daemon.ledger.operations())


def rooms_by_state(daemon):
    """{(game, room): what "rooms" says of it}, all pages."""
    found, offset = {}, 0
    while offset is not None:
        page = daemon.call("rooms", offset=offset)
        found.update({(room["game"], room["room"]): room for room in page["rooms"]})
        offset = page["next_offset"]
    return found


def told_as_wrong(daemon, rooms):
    """Assignments whose rows a person is told of by the rooms in which something is wrong."""
    told = set()
    for game, name in rooms:
        for row in daemon.call("room", game=game, room=name)["rows_page"]:
            if row["verdict"] in ("hold", "conflict") or "held" in (row["decision_state"], row["bonus_state"]):
                told.add(row["assignment_id"])
    return told


def check_named(day):
    """What is held has its room among those in which something is wrong, and it is one of its rows."""
    rooms = rooms_by_state(day.daemon)
    wrong = {key for key, room in rooms.items() if room["state"] in ("problem", "held")}
    told, found = told_as_wrong(day.daemon, wrong), []
    if not day.named.keys() <= wrong:
        found.append(f"rooms that say nothing: {[(key, rooms[key]['state']) for key in day.named.keys() - wrong]}")
    if not day.held <= told:
        found.append(f"held, and nobody is told: {sorted(day.held - told)}")
    if set(day.owed) & told - day.asked_twice:
        found.append(f"paid, and shown as wrong: {sorted(set(day.owed) & told - day.asked_twice)}")
    if not all(room["adopted"] and room["watched"] for room in rooms.values()):
        found.append(f"not adopted: {[key for key, room in rooms.items() if not room['adopted']]}")
    unclaimed = day.daemon.ctl("rooms", "--unclaimed", status=7).stdout
    found += [f"nobody claims {assignment}, and nobody is told" for assignment in day.unclaimed
              if assignment not in unclaimed]
    return found


def finish(day, sim):
    """Until the books are right; then nothing comes of another start and another look at everything."""
    daemon = day.daemon
    wait_until(lambda: not check(day, sim) and is_at_rest(daemon), lambda: tell(day, sim))
    sim.faults()
    counts = daemon.ledger.states()
    daemon.restart()
    wait_for_scan(daemon)
    wait_until(lambda: is_at_rest(daemon), lambda: tell(day, sim))
    assert not check(day, sim), tell(day, sim)
    assert daemon.ledger.states() == counts and daemon.ledger.is_sound(), tell(day, sim)
    assert not check_named(day), (day.seed, check_named(day))


def tell(day, sim):
    return f"seed {day.seed}: {check(day, sim)[:20]}\n{day.daemon.ledger.states()}\n{day.daemon.log()[-6000:]}"


@pytest.mark.parametrize("seed", (SEED, SEED + 1))
def test_a_day_in_the_lab(make_day, sim, seed):
    day = make_day(seed)
    assert day.run().deaths == 2
    finish(day, sim)


def test_a_bad_day_in_the_lab(make_day, sim):
    """The daemon dies at the worst moments (tests/points), and answers about payments are lost."""
    day = make_day(SEED + 2)
    sim.faults(*[{"operation": operation, "probability": 0.03, "seed": SEED, **fault}
                 for operation in ("SendBonus", "ApproveAssignment") for fault in LOST])
    seeds = itertools.count(SEED)

    def start():
        start_deadly(day.daemon, NGMT_POINT=f"random:{next(seeds)}:{ONE_IN}")

    assert day.run(deadly=start).deaths > 4
    finish(day, sim)
