# SPDX-License-Identifier: MIT
"""Work that must come out right however often the daemon dies: three rooms are loaded, and their workers are approved,
paid and qualified by a command each.

A command that was not acknowledged is given again, one that was never is: what it asked for must happen anyway."""
import contextlib
import json
import sqlite3

import pytest

from ngmt import Room, RpcError, calls, check_books, submit, wait_until, worker
from simclient import Simulator

# What a client sees when the daemon dies, or has died.
DEATH = (ConnectionError, FileNotFoundError)
# Answers may stay out for a while without being given up; retries are quick.
OPTIONS = {"queue": {"request_timeout": "20s", "retries": "1000", "retry_interval": "20ms"}}
DOUBTS = 3  # fewer than may be out at once: a daemon whose every slot waits does nothing else
PLANS_MAX = 100  # until a plan is still the same when it is applied


def start_deadly(daemon, *arguments, **environment):
    """Starts ngmtd-points with this in its environment, until it answers or is dead."""
    daemon.start(*arguments, ready=False, binary="tests/points/ngmtd-points", environment=environment)

    def answers():
        with contextlib.suppress(*DEATH), daemon.connect():
            return True

    wait_until(lambda: answers() or daemon.process.poll() is not None, "an answer, or death")


def change_ledger(daemon, sql, *values):
    """What time did to the ledger while no daemon ran."""
    assert daemon.process is None
    with contextlib.closing(sqlite3.connect(daemon.ledger_path)) as database:
        database.execute(sql, values)
        database.commit()


class Work:
    def __init__(self, sim, directory, workers=8):
        self.sim = sim
        self.numbers = range(1, workers + 1)
        submit(sim, self.numbers)
        kind = sim.boto3_client().create_qualification_type(Name="Played", Description="Has played before",
                                                            QualificationTypeStatus="Active")
        self.qualification = kind["QualificationType"]["QualificationTypeId"]
        rooms = [Room(directory, number) for number in (61, 62, 63)]
        for number in self.numbers:
            rooms[number % 3].player(number, number / 100)
        self.commands = [(self._load, room.write(), "add" if i else "replace") for i, room in enumerate(rooms)]
        self.commands += [(self._apply, kind) for kind in ("approve", "bonus", "qualify")]

    def _load(self, daemon, room, mode):
        daemon.load(room, mode=mode)

    def _apply(self, daemon, kind):
        more = {"qualification_type_id": self.qualification} if kind == "qualify" else {}
        for _ in range(PLANS_MAX):
            try:
                daemon.apply([kind], **more)
                return
            except RpcError as error:
                # What was asked for before is being done meanwhile, so the plan may change under one's hands.
                if "the plan has changed" not in error.message:
                    raise
        raise AssertionError(f"the plan changes for ever\n{daemon.log()[-3000:]}")

    def give_commands(self, daemon):
        """Those that were not acknowledged. A death of the daemon leaves the rest for the next one."""
        while self.commands:
            command, *arguments = self.commands[0]
            try:
                command(daemon, *arguments)
            except DEATH:
                return
            self.commands.pop(0)

    def is_settled(self, daemon, *more):
        """All that is to be done has come to its end, or to one of these states."""
        operations = daemon.ledger.operations()
        return len(operations) == 3 * len(self.numbers) and all(op["state"] in ("done", "held", "failed", *more)
                                                                for op in operations)

    def kills(self, daemon):
        """Gives the commands to a daemon that may die any time: whether it died before all was done."""
        self.give_commands(daemon)
        wait_until(lambda: daemon.process.poll() is not None or (not self.commands and self.is_settled(daemon)),
                   lambda: f"{daemon.ledger.states()}\n{daemon.log()[-3000:]}")
        return daemon.process.poll() is not None

    def finish(self, daemon):
        """By a daemon that lives: everything is done, once."""
        self.give_commands(daemon)
        assert not self.commands, daemon.log()[-3000:]
        wait_until(lambda: self.is_settled(daemon), lambda: f"{daemon.ledger.states()}\n{daemon.log()[-3000:]}")
        self.check(daemon)

    def check(self, daemon):
        check_books(self.sim, daemon, {number: number for number in self.numbers})
        count = len(self.numbers)
        assert daemon.ledger.states() == {(kind, "done"): count for kind in ("approve", "bonus", "qualify")}
        (kind,) = self.sim.books("qualification_types")["qualification_types"]
        assert sorted(grant["worker"] for grant in kind["grants"]) == [worker(number) for number in self.numbers]
        assert daemon.call("status")["working_set"]["rows"] == count

    # -- what the endpoint has seen

    def requests_to_write(self):
        """(kind, assignment, worker) of each request that arrived and changes something, by this daemon."""
        for request in self.sim.requests():
            body = json.loads(request["body"])
            if request["operation"] == "SendBonus":
                yield "bonus", body["AssignmentId"], body["WorkerId"]
            elif request["operation"] == "ApproveAssignment":
                yield "approve", body["AssignmentId"], None
            elif request["operation"] == "AssociateQualificationWithWorker":
                yield "qualify", None, body["WorkerId"]

    def check_what_was_sent(self, daemon):
        """Whatever has reached the endpoint is in the ledger, and marked as sent at least."""
        known = {}
        for op in daemon.ledger.operations():
            known[op["kind"], op["assignment_id"] if op["kind"] != "qualify" else None,
                  op["worker_id"] if op["kind"] != "approve" else None] = op
        for key in self.requests_to_write():
            assert key in known, f"{key} was sent, and the ledger has nothing of it"
            assert known[key]["state"] in ("sending", "accepted", "unsure", "done"), dict(known[key])
            assert known[key]["first_sent_s"] > 0, dict(known[key])


# -- preparations -----------------------------------------------------------------------------------------------------


def lose_answers(work, daemon, age_s=0):
    """Leaves a ledger with bonuses that were sent `age_s` ago, and whose answers never came."""
    work.sim.faults({"operation": "SendBonus", "kind": "freeze", "execute": True, "count": DOUBTS})
    daemon.start()
    work.give_commands(daemon)
    # A request that the kill stopped on its way would be a doubt of another kind: not executed.
    wait_until(lambda: work.is_settled(daemon, "sending") and calls(work.sim, "SendBonus") == len(work.numbers),
               lambda: daemon.ledger.states())
    daemon.kill()
    work.sim.faults()
    if age_s:
        change_ledger(daemon, "UPDATE operation SET first_sent_s = first_sent_s - ? WHERE first_sent_s > 0", age_s)
        work.sim.advance(age_s)
    assert len(daemon.ledger.operations("bonus", "sending")) == DOUBTS


def hold_back_answers(work):
    """Answers that come one after another, so that each has a turn of the loop of its own: those to the last command."""
    work.sim.faults(*[{"operation": "AssociateQualificationWithWorker", "kind": "delay", "ms": 300 + 100 * i, "count": 1}
                      for i in range(1, 9)])


# -- fixtures of those who import them --------------------------------------------------------------------------------


@pytest.fixture
def sim():
    """Without TLS, which only costs time here."""
    with Simulator(tls=False) as running:
        yield running


@pytest.fixture
def daemon(sim, make_daemon):
    return make_daemon(sim, start=False, options=OPTIONS)


@pytest.fixture
def work(sim, tmp_path):
    return Work(sim, tmp_path / "data")
