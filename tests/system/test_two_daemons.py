# SPDX-License-Identifier: MIT
"""Two daemons with a ledger each, on one account and the same rooms: the tokens come from the work itself, so whoever
is second finds it done, and records what it was."""
import collections
import contextlib
import random

import pytest

from ngmt import (REASON, Room, RpcError, approvals, assignment, bonuses, calls, rejections, submit, wait_until,
                  worker)

FEEDBACK = "You left before the end"
DO = ["approve", "reject", "bonus", "qualify"]
OPTIONS = {"queue": {"request_timeout": "1s", "retries": "1000", "retry_interval": "20ms"}}
OWN = {"approve": "approved", "reject": "rejected", "bonus": "paid", "qualify": "granted"}
FOUND = {"approve": {"already-approved"}, "reject": {"already-rejected"},
         "bonus": {"found-paid", "already-processed"}, "qualify": {"already-granted", "granted"}}
LOST = [{"kind": "drop-before"}, {"kind": "drop-after"}, {"kind": "drop-during"}, {"kind": "half"}, {"kind": "rubbish"},
        {"kind": "status", "status": 503, "execute": True}, {"kind": "status", "status": 500}]
WRITES = ("SendBonus", "ApproveAssignment", "RejectAssignment", "AssociateQualificationWithWorker")


class Pair:
    """Two daemons, and a room of which each has a copy of its own."""

    def __init__(self, sim, make_daemon, folder, numbers, amounts=None):
        self.sim = sim
        self.numbers = list(numbers)
        submit(sim, self.numbers)
        kind = sim.boto3_client().create_qualification_type(Name="Played", Description="x",
                                                            QualificationTypeStatus="Active")
        self.params = {"reason": REASON, "feedback": FEEDBACK,
                       "qualification_type_id": kind["QualificationType"]["QualificationTypeId"]}
        self.daemons = [make_daemon(sim, name=name, options=OPTIONS) for name in ("first", "second")]
        self.rooms = [self._room(folder / f"data{i}", (amounts or [{}, {}])[i]) for i in range(2)]
        for daemon, room in zip(self.daemons, self.rooms):
            daemon.load(room)

    def _room(self, folder, amounts):
        room = Room(folder, addDisconnected=True)
        for number in self.numbers:
            if self.is_rejected(number):
                room.disconnected(number, 0)
            else:
                room.player(number, amounts.get(number, number / 100))
        return room.write()

    @staticmethod
    def is_rejected(number):
        return number % 7 == 0

    def at_once(self):
        """Both plan, then both are told to go before either is followed to its end."""
        plans = [daemon.plan(DO, items=False, **self.params) for daemon in self.daemons]
        connections = [daemon.connect() for daemon in self.daemons]
        asked = [connection.send("apply", do=DO, digest=plan["digest"], **self.params)
                 for connection, plan in zip(connections, plans)]
        batches = [connection.reply(number)["batch"] for connection, number in zip(connections, asked)]
        for connection in connections:
            connection.close()
        return batches

    @contextlib.contextmanager
    def faults(self, rules):
        """The rules look at writes and hold answers back; afterwards it must have hurt."""
        self.sim.faults(*rules)
        yield
        assert sum(rule["fired"] for rule in self.sim.fault_counts() if rule["kind"] != "delay") >= 10
        self.sim.faults()

    def wait_until_done(self):
        def done():
            states = [daemon.ledger.states() for daemon in self.daemons]
            return all(states) and all(state == "done" for counts in states for _, state in counts)
        wait_until(done, lambda: [daemon.ledger.states() for daemon in self.daemons])

    def check_books(self):
        paid = [n for n in self.numbers if not self.is_rejected(n)]
        assert bonuses(self.sim) == {assignment(n): [n] for n in paid}
        assert approvals(self.sim) == {assignment(n): 1 for n in paid}
        assert rejections(self.sim) == {assignment(n): 1 for n in self.numbers if self.is_rejected(n)}
        (kind,) = self.sim.books("qualification_types")["qualification_types"]
        assert sorted(grant["worker"] for grant in kind["grants"]) == [worker(n) for n in paid]

    def check_ledgers(self):
        """Both say the same of everything, with the same tokens."""
        said = [{(op["key"], op["token"], op["state"], op["amount_minor"]) for op in daemon.ledger.operations()}
                for daemon in self.daemons]
        assert said[0] == said[1] and {state for _, _, state, _ in said[0]} == {"done"}
        assert len(said[0]) == sum(1 if self.is_rejected(n) else 3 for n in self.numbers)
        for daemon in self.daemons:
            assert daemon.ledger.is_sound()

    def outcomes(self, which):
        counts = collections.defaultdict(collections.Counter)
        for op in self.daemons[which].ledger.operations():
            counts[op["kind"]][op["outcome"]] += 1
        return {kind: dict(counter) for kind, counter in counts.items()}


def sent(sim):
    return {name: calls(sim, name) for name in WRITES}


def upload(daemon, pair):
    return daemon.ctl("upload", "-b", "-r", REASON, "-q", "-Q", pair.params["qualification_type_id"], "-i", "1",
                      "-f", FEEDBACK, "--reject", "--yes", status=None)


# -- one after the other ----------------------------------------------------------------------------------------------


def test_one_after_the_other(sim, make_daemon, tmp_path):
    pair = Pair(sim, make_daemon, tmp_path, range(1, 16))
    first, second = pair.daemons
    assert first.pay(DO, **pair.params)["done"] == 13 * 3 + 2
    before = sent(sim)
    plan = second.plan(DO, **pair.params)
    assert {item["verdict"] for item in plan["items"] if item["kind"] in ("approve", "reject")} == {"done"}
    assert {item["verdict"] for item in plan["items"] if item["kind"] == "bonus"} == {"done", "skip"}
    assert upload(second, pair).returncode == 0
    after = sent(sim)
    # A grant is no money and may be repeated; MTurk tells no one that it was there.
    assert {**before, "AssociateQualificationWithWorker": 26} == after
    pair.check_books()


def test_what_the_other_did_is_recorded(sim, make_daemon, tmp_path):
    pair = Pair(sim, make_daemon, tmp_path, range(1, 16))
    first, second = pair.daemons
    first.pay(DO, **pair.params)
    assert upload(second, pair).returncode == 0
    pair.wait_until_done()
    pair.check_books()
    pair.check_ledgers()
    assert pair.outcomes(0) == {"approve": {"approved": 13}, "reject": {"rejected": 2}, "bonus": {"paid": 13},
                                "qualify": {"granted": 13}}
    assert pair.outcomes(1) == {"approve": {"already-approved": 13}, "reject": {"already-rejected": 2},
                                "bonus": {"found-paid": 13}, "qualify": {"granted": 13}}


def test_confirmed_before_the_other_had_paid(sim, make_daemon, tmp_path):
    """The second's plan was shown and confirmed while nothing was paid, and its work begins when all is done."""
    pair = Pair(sim, make_daemon, tmp_path, range(1, 16))
    first, second = pair.daemons
    digest = second.plan(DO, items=False, **pair.params)["digest"]
    first.pay(DO, **pair.params)
    before = sent(sim)
    batch = second.call("apply", do=DO, digest=digest, **pair.params)["batch"]
    assert second.follow(batch)[-1]["done"] == 13 * 3 + 2
    pair.check_books()
    pair.check_ledgers()
    found = pair.outcomes(1)
    assert all(set(found[kind]) <= FOUND[kind] for kind in FOUND), found
    # Whatever reached the platform again had the token of the first, or was an approval of what is approved.
    assert len(sim.books("bonuses")["bonuses"]) == 13 and sent(sim)["SendBonus"] <= before["SendBonus"] + 13


def test_long_after_the_tokens_are_forgotten(sim, make_daemon, tmp_path):
    """After 25 hours no token protects: the platform's own list does."""
    pair = Pair(sim, make_daemon, tmp_path, range(1, 7))
    first, second = pair.daemons
    digest = second.plan(DO, items=False, **pair.params)["digest"]
    first.pay(DO, **pair.params)
    sim.advance(25 * 3600)
    second.restart()  # what it knew of the platform is old
    try:
        batch = second.call("apply", do=DO, digest=digest, **pair.params)["batch"]
    except RpcError as refused:  # the plan is another one by now
        assert refused.name == "money-rule", refused
    else:
        second.follow(batch)
    upload(second, pair)
    pair.check_books()


def test_another_amount_is_held_and_both_are_shown(sim, make_daemon, tmp_path):
    pair = Pair(sim, make_daemon, tmp_path, range(1, 5), amounts=[{}, {2: 0.5}])
    first, second = pair.daemons
    first.pay(DO, **pair.params)
    (item,) = [i for i in second.plan(["bonus"])["items"] if i["assignment_id"] == assignment(2)]
    assert item["verdict"] == "hold" and "$0.02" in item["why"] and "$0.50" in item["why"], item
    upload(second, pair)
    pair.check_books()


# -- both at once -----------------------------------------------------------------------------------------------------


def test_both_at_once(sim, make_daemon, tmp_path):
    pair = Pair(sim, make_daemon, tmp_path, range(1, 26))
    pair.at_once()
    pair.wait_until_done()
    pair.check_books()
    pair.check_ledgers()
    for which in range(2):
        outcomes = pair.outcomes(which)
        assert all(set(outcomes[kind]) <= FOUND[kind] | {OWN[kind]} for kind in OWN), outcomes
    # Without a lost answer, each payment is one daemon's own, and the other says that it found it.
    own = [{op["assignment_id"] for op in daemon.ledger.operations("bonus") if op["outcome"] == "paid"}
           for daemon in pair.daemons]
    assert not own[0] & own[1] and len(own[0] | own[1]) == len(bonuses(sim))


@pytest.mark.parametrize("seed", range(5))
def test_both_at_once_with_lost_answers(sim, make_daemon, tmp_path, seed):
    dice = random.Random(seed)
    pair = Pair(sim, make_daemon, tmp_path, range(1, 31))
    rules = [{"operation": operation, "probability": 0.03, "seed": dice.getrandbits(31), **rule}
                  for rule in LOST for operation in WRITES]
    delay = {"operation": "*", "probability": 0.5, "seed": seed, "kind": "delay", "ms": dice.randint(1, 20)}
    with pair.faults([*rules, delay]):
        pair.at_once()
        pair.wait_until_done()
    pair.check_books()
    pair.check_ledgers()


@pytest.mark.parametrize("seed", range(3))
def test_both_at_once_and_killed_in_turn(sim, make_daemon, tmp_path, seed):
    dice = random.Random(seed)
    pair = Pair(sim, make_daemon, tmp_path, range(1, 31))
    faults = [{"operation": operation, "probability": 0.03, "seed": dice.getrandbits(31), **rule}
              for rule in LOST for operation in WRITES]
    with pair.faults([*faults, {"operation": "*", "kind": "delay", "ms": 10}]):
        pair.at_once()
        for _ in range(8):
            daemon = dice.choice(pair.daemons)
            done = daemon.ledger.count("done")
            aim = min(len(daemon.ledger.operations()), done + dice.randint(1, 12))
            wait_until(lambda: daemon.ledger.count("done") >= aim, lambda: daemon.ledger.states())
            daemon.kill()
            daemon.start()
        pair.wait_until_done()
    pair.check_books()
    pair.check_ledgers()
