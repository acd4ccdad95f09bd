# SPDX-License-Identifier: MIT
"""One run: an endpoint that misbehaves, a daemon that is killed again and again, and people who do not give up."""
import collections
import dataclasses
import http.client
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import ngmt
import simclient
from proof import Proof
from scenario import FEEDBACK, LEAST_LOST, LOST

POINTS_PROGRAM = "tests/points/ngmtd-points"
POINT_ONE_IN = (20, 60, 200, 600)
COMMAND_S = 240  # no single command may take longer
PATIENCE_S = 60  # a daemon that was asked to end is gone by then
IDLE_S = 1.5  # without a request: nothing is to be seen by waiting for longer
SETTLE_S = 120  # nor all that is left once the faults are lifted
BALANCE = "100000.00"
# Statuses of ngmtctl with which a command is in the ledger (or there was nothing to do).
ACKNOWLEDGED = (0, 6, 7, 8)
USAGE, NO_DAEMON = 2, 3
DEATHS = ("kill", "early", "point")


@dataclasses.dataclass
class Result:
    seed: int
    folder: pathlib.Path
    findings: list = dataclasses.field(default_factory=list)
    blows: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    faults: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    points: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    requests: int = 0
    lost_answers: int = 0
    doubts: int = 0
    double: int = 0
    lost: int = 0
    operations: int = 0
    seconds: float = 0

    @property
    def kills(self):
        return sum(self.blows[kind] for kind in DEATHS)


class Endpoint(simclient.Simulator):
    """Counts the API's requests with a rule that never fires."""

    def lay(self, rules):
        self.faults({"operation": "*", "kind": "delay", "probability": 0}, *rules)

    def control(self, method, path, body=None):
        try:
            return super().control(method, path, body)
        except (ConnectionError, http.client.HTTPException):
            return super().control(method, path, body)  # the connection had been idle for too long

    def count(self):
        return self.fault_counts()[0]["matched"]


class Victim(ngmt.Daemon):
    """A daemon that may be dead at any time."""

    def raise_up(self, point=None):
        """Starts it without waiting for an answer; `point`: the build that dies at one of its points, as that seed
        wills, and half the time in a power failure, too."""
        deadly = {}
        if point is not None:
            deadly["NGMT_POINT"] = f"random:{point}:{POINT_ONE_IN[point % len(POINT_ONE_IN)]}"
            if point // 8 % 2:
                deadly["NGMT_POWER_LOSS"] = str(point)
        self.start(ready=False, binary=POINTS_PROGRAM if deadly else "daemon/ngmtd", environment=deadly)

    def is_dead(self):
        return self.process.poll() is not None

    def leave(self):
        """SIGTERM. The status with which it ended."""
        self._forget_connection()
        self.process.terminate()
        status = self.process.wait(PATIENCE_S)
        self.process = None
        return status

    def bury(self):
        """Kills it unless it died by itself; its status must be that of a kill either way."""
        self._forget_connection()
        self.process.kill()
        status = self.process.wait()
        self.process = None
        assert status == -signal.SIGKILL, f"ngmtd ended by itself with {status}\n{self.log()[-3000:]}"


class Operator(threading.Thread):
    """Gives the commands of a script; whenever one is cut off or refused, the whole script begins anew."""

    def __init__(self, trial, script):
        super().__init__(daemon=True)
        self.trial = trial
        self.script = script
        self.process = None
        self.failure = None
        self.last = None
        self.statuses = collections.Counter()

    def run(self):
        try:
            while not all(self._give(command) for command in self.script):
                if self.trial.is_over:
                    return
                time.sleep(0.02)
        except (AssertionError, OSError, ValueError) as failure:
            self.failure = f"{type(failure).__name__}: {failure}"

    def _give(self, command):
        words = self.trial.words(command)
        command = [ngmt.program("client/ngmtctl"), "--timeout", str(COMMAND_S), *words]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors="replace",
                                        env=ngmt.clean_environment(NGMT_SOCKET=str(self.trial.daemon.socket_path)))
        said, _ = self.process.communicate()
        status = self.process.returncode
        self.statuses[status] += 1
        self.trial.note(f"ngmtctl {words[0]}: {status}")
        self.last = (words, status, said[-2000:])
        is_good = status != USAGE and not ngmt.SANITIZER_REPORT.search(said)
        assert is_good, f"ngmtctl {' '.join(words)}: {status}: {said[-3000:]}"
        return status in ACKNOWLEDGED

    def cut_off(self):
        process = self.process
        if process and process.poll() is None:
            process.kill()
            return True
        return False


class Trial:
    def __init__(self, scenario, folder, is_kept=False):
        self.scenario = scenario
        self.is_kept = is_kept
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.result = Result(scenario.seed, self.folder)
        self.has_points = os.access(ngmt.program(POINTS_PROGRAM), os.X_OK)
        self.is_over = False
        self.operators = []
        self.sim = self.daemon = self.phases = None
        self.files = {}
        self.seen = 0
        self.point = None  # of the daemon that runs

    def run(self):
        self.began = time.monotonic()
        (self.folder / "sim").mkdir()
        self.sim = Endpoint(directory=self.folder / "sim", arguments=["--balance", BALANCE])
        try:
            self.sim.start()
            self._prepare()
            self._torture()
            self._recover()
            self._judge()
        except Exception as failure:  # every failure belongs to the seed
            self.say(f"{type(failure).__name__}: {failure}")
        finally:
            self._end()
        self.result.seconds = time.monotonic() - self.began
        return self.result

    # -- before

    def _prepare(self):
        sim, scenario = self.sim, self.scenario
        for hit in range(scenario.hits):
            sim.hit(hit=self._hit(hit), reward="1.00", max_assignments=scenario.size, title="Ultimatum Game")
        for hit in range(scenario.hits):
            self._submit([p for p in scenario.players if p.hit == hit and not p.is_late])
        self._accept([p for p in scenario.players if p.is_late])
        self.late = [p for p in scenario.players if p.is_late]
        kind = sim.boto3_client().create_qualification_type(Name="Played", Description="x",
                                                            QualificationTypeStatus="Active")
        self.qualification_type = kind["QualificationType"]["QualificationTypeId"]
        self._write_files()
        self.daemon = Victim(self.folder / "daemon", endpoint=sim.endpoint, ca_bundle=sim.ca_bundle,
                             options={"queue": scenario.queue, "limits": {"max_bonus": "10.00"}})
        self.daemon.set("defaults", qualification_type_id=self.qualification_type)
        sim.skew(scenario.skew_s)
        sim.lay(scenario.faults)

    @staticmethod
    def _hit(number):
        return f"3NGMTHIT{number:022}"

    def _work(self, players):
        return [{"assignment": ngmt.assignment(p.number), "worker": ngmt.worker(p.number), "hit": self._hit(p.hit),
                 **({"code": f"exp{p.number}"} if p.has_code else {})} for p in players]

    def _submit(self, players):
        if players:
            self.sim.submit(hit=self._hit(players[0].hit), assignments=self._work(players))

    def _submit_rest(self):
        while self.late:
            self._submit([self.late.pop()])

    def _accept(self, players):
        if players:
            self.sim.accept(hit=self._hit(players[0].hit), assignments=self._work(players))

    def _write_files(self):
        for number, name in enumerate(("room", "elsewhere", "other amounts")):
            room = ngmt.Room(self.folder / name.replace(" ", "-"), number=number + 1, addDisconnected=True)
            for player in self.scenario.players:
                for _ in range(1 + player.is_twice):
                    self._add(room, player, self.scenario.conflicts if name == "other amounts" else {})
            for _ in range(self.scenario.bots):
                room.bot()
            self.files[name] = room.write()

    def _add(self, room, player, conflicts):
        cents = conflicts.get(player.number, player.bonus_cents)
        cells = {"hitid": self._hit(player.hit)}
        if player.decision == "reject":
            cells.update(approve=False, reject=True, disconnected=True, disconnectedStage="2.1.3")
        room.player(player.number, f"{cents // 100}.{cents % 100:02}", **cells)

    def words(self, command):
        if command.words[0] == "load":
            return [*command.words, str(self.files[command.file].path)]
        chosen = [p for p in self.scenario.paid() if p.has_second_bonus] if command.file == "follow-up" else []
        return [*command.words, *(word for p in chosen for word in ("--assignment", ngmt.assignment(p.number)))]

    # -- the torture itself

    def _torture(self):
        self.phases = iter(self.scenario.phases)
        self.daemon.raise_up()
        self._next_phase()
        for blow in self.scenario.blows:
            if not self._wait_for(blow):
                break
            getattr(self, "_blow_" + blow.kind)(blow)
        self.result.requests += self.sim.count()

    def _next_phase(self):
        """The next people, once all before have been told that their work is in the ledger. False: there are none."""
        if any(operator.is_alive() for operator in self.operators):
            return True
        self._check_operators()
        scripts = next(self.phases, None)
        # Nobody asks for a follow-up where nobody is to get one.
        while scripts and any(c.file == "follow-up" and len(self.words(c)) == len(c.words) for s in scripts for c in s):
            scripts = next(self.phases, None)
        self.operators = [Operator(self, script) for script in scripts or []]
        for operator in self.operators:
            operator.start()
        return bool(scripts)

    def _check_operators(self):
        failures = [operator.failure for operator in self.operators if operator.failure]
        assert not failures, failures

    def _is_settled(self):
        """Nothing moves any more, but for what waits for workers who have not handed in."""
        late = {ngmt.assignment(p.number) for p in self.late} | {ngmt.worker(p.number) for p in self.late}
        try:
            operations = self.daemon.ledger.operations()
        except sqlite3.OperationalError:  # not made yet
            return False
        waiting = [op for op in operations if op["state"] not in ("done", "failed", "cancelled", "held") or
                   op["state"] == "held" and op["hold_until_s"]]  # a rejection that goes on by itself
        return bool(operations) and all(op["state"] == "planned" and late & {op["assignment_id"], op["worker_id"]}
                                        for op in waiting)

    def _wait_for(self, blow):
        """Until its moment, or until nothing has moved for a while. False: all work is done, nothing is left to hit."""
        now = time.monotonic()
        deadline, idle_from, last = now + blow.patience_s, now, self.seen
        while True:
            if self._is_settled():
                self._submit_rest()
                if not self._next_phase():
                    return False
            self._next_phase()
            if self.daemon.is_dead():  # at a point; the next one draws anew
                self._die()
                self._raise(self.point + 1 if self.point is not None else None)
            now, count = time.monotonic(), self.sim.count()
            if count != last:
                idle_from, last = now, count
            if count - self.seen >= blow.requests or now > min(deadline, idle_from + IDLE_S):
                self.seen = count
                return True
            time.sleep(0.004)

    def _struck(self, kind):
        self.result.blows[kind] += 1
        self.note(kind)

    def say(self, finding):
        self.result.findings.append(finding)

    def note(self, what):
        """What happened when, for whoever looks into a run that failed."""
        with open(self.folder / "journal", "a", encoding="utf-8") as journal:
            journal.write(f"{time.time():.3f} {time.monotonic() - self.began:8.3f} s {self.seen:6} requests: {what}\n")

    def _die(self, kind="kill"):
        """Whatever runs dies; one that met its point did so before."""
        met_point = self.daemon.is_dead()
        assert self.point is not None or not met_point, f"ngmtd ended by itself\n{self.daemon.log()[-3000:]}"
        self.daemon.bury()
        self._struck("point" if met_point else kind)

    def _raise(self, point=None):
        self.point = point
        self.daemon.raise_up(point)

    def _blow_kill(self, _blow):
        self._die()
        self._raise()

    def _blow_early(self, blow):
        self._die()
        self._raise()
        time.sleep(blow.delay_s)
        self._die("early")
        self._raise()

    def _blow_point(self, blow):
        """From now on until the next death by another hand, a daemon that dies at random points."""
        self._die()
        self._raise(blow.seed if self.has_points else None)

    def _blow_term(self, _blow):
        """Asked to end, even before it has begun; what is out is waited for. It may meet its point while it ends."""
        status = self.daemon.leave()
        if status == -signal.SIGKILL and self.point is not None:
            self._struck("point")
        else:
            # Before it has set up its handlers, SIGTERM ends it as it ends every program.
            assert status in (0, -signal.SIGTERM), f"ngmtd ended with {status}\n{self.daemon.log()[-3000:]}"
            self._struck("term")
        self._raise()

    def _blow_down(self, blow):
        """The same command while there is no daemon changes nothing, and says so."""
        self._die()
        for words in (["status"], ["upload", "-b", "-r", "x", "-f", FEEDBACK, "--yes"]):
            self.daemon.ctl(*words, status=NO_DAEMON)
        time.sleep(blow.delay_s)
        self._raise()
        self._struck("down")

    def _blow_ctl(self, _blow):
        if any([operator.cut_off() for operator in self.operators]):
            self._struck("ctl")

    def _blow_poor(self, _blow):
        self.sim.balance("3.00")
        self._struck("poor")

    def _blow_rich(self, _blow):
        self.sim.balance(BALANCE)
        self._struck("rich")

    def _blow_submit(self, _blow):
        if self.late:
            self._submit([self.late.pop()])
            self._struck("submit")

    # -- after

    def _recover(self):
        """The faults are lifted, and the daemon is left in peace. It starts once more: no long pause is waited for."""
        self._count_faults()
        self.sim.lay([])
        self.sim.balance(BALANCE)
        self._submit_rest()
        self._die("last")
        self.daemon.start()
        deadline = time.monotonic() + SETTLE_S
        while self._next_phase() or not self._is_settled():
            if time.monotonic() > deadline:
                waiting = [operator.last for operator in self.operators if operator.is_alive()]
                self.say(f"not settled {SETTLE_S} s after the last fault: {self.daemon.ledger.states()}; "
                         f"people: {waiting}")
                break
            time.sleep(0.02)
        self.result.requests += self.sim.count()
        self._give_again()

    def _count_faults(self):
        lost = {rule["kind"] for rule in LOST}
        for rule in self.sim.fault_counts()[1:]:
            self.result.faults[rule["kind"]] += rule["fired"]
            self.result.lost_answers += rule["fired"] if rule["kind"] in lost else 0

    def _give_again(self):
        """All of it once more: nothing to do, and nothing but reads reaches the platform."""
        writes = ("SendBonus", "ApproveAssignment", "RejectAssignment", "AssociateQualificationWithWorker")
        before = {name: ngmt.calls(self.sim, name) for name in writes}
        for name in ("room", "elsewhere"):
            self.daemon.ctl("load", "results", "--replace", str(self.files[name].path))
            again = self.daemon.ctl("upload", "-b", "-r", "x", "-q", "-i", "1", "-f", FEEDBACK, "--reject", "--yes",
                                    "--json", "--quiet", status=None)
            if again.returncode != 0 or again.json.get("outcome") != "nothing-to-do":
                self.say(f"given again, the command does something: {again.returncode} {again.stdout[:1500]}")
        after = {name: ngmt.calls(self.sim, name) for name in writes}
        if before != after:
            self.say(f"given again, the command reaches the platform: {before} then {after}")

    def _judge(self):
        proof = Proof(self.scenario, self.sim, self.daemon, self.qualification_type).run()
        result = self.result
        result.findings += proof.findings
        result.double, result.lost = proof.double, proof.lost
        result.operations, result.doubts = len(proof.operations), proof.doubts()
        result.points.update(re.findall(r"^ngmtd-points: dies at ([\w-]+)", self.daemon.log(), re.MULTILINE))
        asked = LEAST_LOST - 0.01
        if result.requests > 500 and result.lost_answers < asked * result.requests / 2:
            self.say(f"only {result.lost_answers} answers of {result.requests} were lost: the faults do not bite")

    def _end(self):
        self.is_over = True
        for end in (lambda: [o.cut_off() for o in self.operators], self._end_daemon, self.sim.stop):
            try:
                end()
            except Exception as failure:  # all of them are ended
                self.say(f"{type(failure).__name__}: {str(failure)[:4000]}")
        if not self.result.findings and not self.is_kept:
            shutil.rmtree(self.folder)

    def abandon(self):
        """Ends all processes at once, from another thread."""
        self.is_over = True
        operators = [operator.process for operator in self.operators]
        for process in (*operators, self.daemon and self.daemon.process, self.sim and self.sim.process):
            if process and process.poll() is None:
                process.kill()

    def _end_daemon(self):
        if self.daemon is None:
            return
        if self.daemon.process is not None and self.daemon.is_dead():
            self.daemon.process = None
        self.daemon.finish()
