# SPDX-License-Identifier: MIT
"""The harness of the system tests: a real ngmtd with a folder of its own, its protocol, its ledger, and nodeGame rooms.

Nothing here sleeps for luck: wait_until() polls a condition up to a deadline that is only reached when something is
wrong, and progress is followed through the daemon's own notifications. Every daemon ends with a check of its exit
status and of its stderr, where the sanitizers write.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

from simclient import ACCESS_KEY_ID, SECRET_ACCESS_KEY

PATIENCE_S = 90  # until a test gives up; nothing takes that long when it works
STOP_S = 10  # a daemon that was asked to end must be gone by then
HIT = "3NGMTHIT0000000000000000000001"
REASON = "Thank you"
COLUMNS = ("id", "type", "workerid", "hitid", "assignmentid", "access", "exit", "approve", "reject", "basepay", "bonus")
STATES = ("planned", "held", "queued", "sending", "accepted", "unsure", "done", "failed", "cancelled")
KINDS = ("approve", "reject", "bonus", "qualify", "notify", "create-hit", "extend-hit", "expire-hit", "delete-hit",
         "create-qualification", "revoke", "block", "unblock")
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1:exitcode=99:abort_on_error=0",
              "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99:print_stacktrace=1",
              "LSAN_OPTIONS": "exitcode=99"}
SANITIZER_REPORT = re.compile(r"(ERROR: (Address|Leak)Sanitizer|runtime error:|LeakSanitizer has encountered)")


def program(name):
    """A program of the build that is tested: "daemon/ngmtd", "client/ngmtctl"."""
    return str(pathlib.Path(os.environ["NGMT_BUILD"]).resolve() / name)


def source_root():
    return pathlib.Path(__file__).resolve().parents[2]


def wait_until(condition, what, patience_s=PATIENCE_S):
    """Polls until `condition()` is true, and returns what it returned."""
    deadline = time.monotonic() + patience_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience_s} s in vain: {what() if callable(what) else what}")
        time.sleep(0.01)


def worker(number):
    return f"A1NGMT{number:07}X"


def assignment(number):
    return f"3NGMTASG{number:022}"


def clean_environment(**more):
    """Ours, without anything that AWS's tools or ngmt would take for configuration or taste."""
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith(("AWS_", "NGMT_", "XDG_")) and not k.lower().endswith("_proxy")
            and k not in ("NO_COLOR", "CI")}
    kept.update(SANITIZERS, AWS_CONFIG_FILE="/nonexistent/config",
                AWS_SHARED_CREDENTIALS_FILE="/nonexistent/credentials", LC_ALL="C.UTF-8")
    kept.update(more)
    return kept


# -- the protocol -----------------------------------------------------------------------------------------------------


class RpcError(Exception):
    """The daemon refused: `code` and `data` as in ngmt-protocol(7)."""

    def __init__(self, error):
        super().__init__(f"{error['data']['name'] if error.get('data') else error['code']}: {error['message']}"
                         f" ({(error.get('data') or {}).get('hint')})")
        self.code = error["code"]
        self.message = error["message"]
        self.data = error.get("data") or {}
        self.name = self.data.get("name")
        self.hint = self.data.get("hint")


class Connection:
    """One connection to a daemon: JSON objects, one a line."""

    def __init__(self, path, greet=True, timeout_s=PATIENCE_S):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout_s)
        self._input = b""
        self._replies = {}
        self.notifications = []
        self._last_id = 0
        try:
            self.socket.connect(str(path))
            self.hello = self.call("hello", protocol=1, client="tests") if greet else None
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.socket.close()

    def write(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def send(self, method, **params):
        self._last_id += 1
        self.write(json.dumps({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params}) + "\n")
        return self._last_id

    def read_line(self):
        """The next line; None when the daemon has closed."""
        while b"\n" not in self._input:
            try:
                data = self.socket.recv(1 << 16)
            except (ConnectionResetError, BrokenPipeError):
                return None
            if not data:
                return None
            self._input += data
        line, self._input = self._input.split(b"\n", 1)
        return line

    def receive(self):
        line = self.read_line()
        if line is None:
            raise ConnectionError("the daemon closed the connection")
        return json.loads(line)

    def reply(self, request_id):
        while request_id not in self._replies:
            message = self.receive()
            if "method" in message:
                self.notifications.append(message["params"])
            else:
                self._replies[message["id"]] = message
        message = self._replies.pop(request_id)
        if "error" in message:
            raise RpcError(message["error"])
        return message["result"]

    def call(self, method, **params):
        return self.reply(self.send(method, **params))

    def follow(self, batch):
        """Every progress notification of a batch, the last one with "finished"."""
        described = self.call("subscribe", batch=batch)
        seen = []
        while not seen or not seen[-1]["finished"]:
            if self.notifications:
                seen.append(self.notifications.pop(0))
                continue
            message = self.receive()
            assert message.get("method") == "progress", message
            seen.append(message["params"])
        assert described["batch"] == batch
        return seen


# -- the daemon -------------------------------------------------------------------------------------------------------


class Daemon:
    """A configuration, a state directory, and an ngmtd that can be started and ended as often as a test likes."""

    def __init__(self, directory, endpoint, ca_bundle=None, options=None, environment=None, keys=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        # A socket's path has at most 107 characters, which pytest's folders may exceed.
        self.socket_directory = pathlib.Path(tempfile.mkdtemp(prefix="ngmt-"))
        self.socket_directory.chmod(0o755)
        self.socket_path = self.socket_directory / "s"
        self.config_path = self.directory / "ngmt.conf"
        self.state_path = self.directory / "state"
        self.log_path = self.directory / "ngmtd.log"
        self.environment = clean_environment(**(environment or {}))
        self.process = None
        self.log_by_pipe = False
        self._pipes = []
        self._connection = None
        self.statuses = []
        self.sections = {
            "aws": {"endpoint": endpoint, **(keys if keys is not None else {
                "access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY})},
            "queue": {"throttle_interval": "0", "retry_interval": "20ms", "request_timeout": "30s",
                      "undo_window": "0s"},
            "state": {"directory": str(self.state_path)},
            "control": {"socket": str(self.socket_path)},
        }
        if ca_bundle:
            self.sections["aws"]["ca_bundle"] = ca_bundle
        for section, keys_of_section in (options or {}).items():
            self.sections.setdefault(section, {}).update(keys_of_section)
        self.write_config()

    def write_config(self):
        lines = []
        for section, keys in self.sections.items():
            lines.append(f"[{section}]")
            for key, value in keys.items():
                lines += [f"{key} = {one}" for one in (value if isinstance(value, list) else [value])]
        self.config_path.write_text("\n".join(lines) + "\n")
        self.config_path.chmod(0o600)

    def set(self, section, **keys):
        """Changes the configuration; in force from the next start."""
        self.sections.setdefault(section, {}).update(keys)
        self.write_config()

    @property
    def ledger_path(self):
        return self.state_path / "rehearsal" / "ledger.db"

    @property
    def ledger(self):
        return Ledger(self.ledger_path)

    def command(self, *arguments, binary="daemon/ngmtd"):
        return [program(binary), "-C", str(self.config_path), "-v", *arguments]

    def start(self, *arguments, ready=True, binary="daemon/ngmtd", environment=None):
        """`binary` and what `environment` adds are for this start only."""
        assert self.process is None
        with self._open_log() as log:
            self.process = subprocess.Popen(self.command(*arguments, binary=binary), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env={**self.environment, **(environment or {})},
                                            cwd=self.directory)
        if ready:
            wait_until(self._answers, lambda: f"ngmtd does not answer\n{self.log()}")
        return self

    def _open_log(self):
        """Where the daemon writes to: its log; or a pipe into it, which no limit on the size of its files stops."""
        log = open(self.log_path, "ab")
        if not self.log_by_pipe:
            return log
        with log:
            self._pipes.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=log))
        return self._pipes[-1].stdin

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"ngmtd ended with {self.process.returncode}\n{self.log()}")
        try:
            Connection(self.socket_path).close()
        except (FileNotFoundError, ConnectionError):
            return False
        return True

    def run_to_end(self, *arguments):
        """For a start that is to fail: its exit status and what it wrote."""
        done = subprocess.run(self.command(*arguments), env=self.environment, cwd=self.directory, timeout=PATIENCE_S,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert not SANITIZER_REPORT.search(done.stderr), done.stderr
        return done.returncode, done.stdout + done.stderr

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def connect(self, greet=True):
        return Connection(self.socket_path, greet=greet)

    def call(self, method, **params):
        """One call on a connection that is kept, and made again after a restart."""
        if self._connection is None:
            self._connection = self.connect()
        return self._connection.call(method, **params)

    def _forget_connection(self):
        if self._connection:
            self._connection.close()
        self._connection = None

    def kill(self):
        """As a crash: at once, with no last words."""
        self._forget_connection()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def wait_for_death(self):
        """Until a daemon that was told to die at a point (tests/points/) has done so: its last words."""
        try:
            status = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the daemon lives\n{self.log()[-6000:]}") from None
        assert status == -signal.SIGKILL, f"ngmtd ended with {status}\n{self.log()[-6000:]}"
        self._forget_connection()
        self.process = None
        return self.log().splitlines()[-1]

    def terminate(self):
        """SIGTERM. Returns the seconds it took; it must end with status 0."""
        self._forget_connection()
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_S + 20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"ngmtd does not end\n{self.log()}") from None
        self.process = None
        assert status == 0, f"ngmtd ended with {status}\n{self.log()}"
        return time.monotonic() - began

    def restart(self):
        if self.process:
            self.terminate()
        return self.start()

    def finish(self):
        try:
            if self.process and self.process.poll() is None:
                self.terminate()
            elif self.process:
                raise AssertionError(f"ngmtd ended by itself with {self.process.returncode}\n{self.log()}")
        finally:
            if self.process and self.process.poll() is None:
                self.kill()
            shutil.rmtree(self.socket_directory, ignore_errors=True)
            for pipe in self._pipes:
                pipe.wait()
        report = SANITIZER_REPORT.search(self.log())
        assert not report, self.log()[report.start():][:6000]

    # -- what people do with it

    def ctl(self, *words, status=0, **more):
        """Runs ngmtctl; `status` None: any. With --json the reply is parsed into `.json`."""
        done = subprocess.run([program("client/ngmtctl"), *words], capture_output=True, text=True, timeout=PATIENCE_S,
                              stdin=subprocess.DEVNULL,
                              env=clean_environment(NGMT_SOCKET=str(self.socket_path), **more))
        assert not SANITIZER_REPORT.search(done.stderr), done.stderr
        assert status is None or done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
        done.json = json.loads(done.stdout) if "--json" in words and done.stdout else None
        return done

    def load(self, room, mode="new"):
        return self.call("load", what="results", path=str(room.path), mode=mode)

    def plan(self, do=("approve", "bonus"), items=True, **params):
        if "bonus" in do:
            params.setdefault("reason", REASON)
        return self.call("plan", do=list(do), **({"items": {}} if items else {}), **params)

    def apply(self, do=("approve", "bonus"), **params):
        """Plans and applies: the number of the batch, None if there was nothing to do."""
        if "bonus" in do:
            params.setdefault("reason", REASON)
        plan = self.plan(do, items=False, **params)
        return self.call("apply", do=list(do), digest=plan["digest"], **params)["batch"]

    def follow(self, batch):
        """All progress of a batch until it is finished."""
        with self.connect() as connection:
            return connection.follow(batch)

    def pay(self, do=("approve", "bonus"), **params):
        """Applies and waits until all is settled: the last word about the batch."""
        batch = self.apply(do, **params)
        assert batch is not None, "nothing to do"
        return self.follow(batch)[-1]

    def wait_for_state(self, key_part, state):
        """Until the operations whose key contains `key_part` (at least one) all are in `state`."""
        def reached():
            states = [op["state"] for op in self.ledger.operations() if key_part in op["key"]]
            return states and set(states) <= {state}
        wait_until(reached, lambda: f"{key_part}: {self.ledger.states()}\n{self.log()[-4000:]}")


# -- the ledger -------------------------------------------------------------------------------------------------------


class Ledger:
    """Looks into a ledger, and can do no more than that; the daemon may be running or not."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def rows(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)) as database:
            database.row_factory = sqlite3.Row
            # What the platform answered is kept as it came, which may be no UTF-8.
            database.text_factory = lambda data: data.decode(errors="replace")
            return [dict(row) for row in database.execute(sql, values)]

    def operations(self, kind=None, state=None):
        found = self.rows("SELECT * FROM operation ORDER BY id")
        for op in found:
            op["kind"] = KINDS[op["kind"]]
            op["state"] = STATES[op["state"]]
        return [op for op in found if kind in (None, op["kind"]) and state in (None, op["state"])]

    def operation(self, kind, assignment_id, purpose="bonus"):
        found = [op for op in self.operations(kind) if op["assignment_id"] == assignment_id and
                 (kind != "bonus" or op["purpose"] == purpose)]
        assert len(found) <= 1, found
        return found[0] if found else None

    def states(self):
        """{(kind, state): count}"""
        counts = {}
        for op in self.operations():
            counts[op["kind"], op["state"]] = counts.get((op["kind"], op["state"]), 0) + 1
        return counts

    def count(self, state):
        return len(self.operations(state=state))

    def history(self, operation_id):
        """The states that an operation went through, in order."""
        return [STATES[row["state"]]
                for row in self.rows("SELECT state FROM step WHERE operation_id = ? ORDER BY id", operation_id)]

    def is_sound(self):
        return [row for row in self.rows("PRAGMA integrity_check")][0]["integrity_check"] == "ok"


# -- rooms ------------------------------------------------------------------------------------------------------------


def javascript(value):
    """A value as nodeGame's writer puts it into a cell (GameRoom.js, formatField of 7.0.3)."""
    if value is None:
        return "NA"
    if value is True:
        return "1"
    if value is False or value == "":
        return "0"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


class Room:
    """A room's bonus.csv as the writer of nodeGame 7.0.3 makes it: no quotes, ",", "\\n", "NA" for what is missing."""

    def __init__(self, data, number=61, addDisconnected=False):
        self.name = f"room{number:06}"
        self.directory = pathlib.Path(data) / self.name
        self.directory.mkdir(parents=True, exist_ok=True)
        self.path = self.directory / "bonus.csv"
        self.columns = COLUMNS + (("disconnected", "disconnectedStage") if addDisconnected else ())
        self.rows = []

    def add(self, **cells):
        self.rows.append(cells)
        return self

    def player(self, number, bonus=2.5, **cells):
        """Line 2 is the first player's."""
        row = {"id": f"p{number}", "type": "player", "workerid": worker(number), "hitid": HIT,
               "assignmentid": assignment(number), "access": f"acc{number}", "exit": f"exp{number}", "approve": True,
               "reject": False, "basepay": 0, "bonus": bonus, "disconnected": False, "disconnectedStage": None}
        row.update(cells)
        return self.add(**row)

    def bot(self, bonus=3):
        return self.add(id="998877665544", type="bot", approve=True, reject=False, basepay=0, bonus=bonus)

    def disconnected(self, number, bonus=1, stage="2.1.3"):
        return self.player(number, bonus, approve=False, reject=True, disconnected=True, disconnectedStage=stage)

    def write(self):
        lines = [",".join(self.columns)]
        lines += [",".join(javascript(row.get(column)) for column in self.columns) for row in self.rows]
        self.path.write_text("\n".join(lines) + "\n")
        return self


# -- the books of the endpoint ----------------------------------------------------------------------------------------


def submit(sim, numbers, hit=HIT, make_hit=True, reward="1.00", max_assignments=100):
    """A HIT, and the assignments of these numbers submitted by their workers."""
    if make_hit:
        sim.hit(hit=hit, reward=reward, max_assignments=max_assignments, title="Ultimatum Game")
    if numbers:
        sim.submit(hit=hit, assignments=[{"assignment": assignment(n), "worker": worker(n)} for n in numbers])


def approvals(sim):
    """{assignment: number of approvals}, of those that were approved."""
    return {a["assignment"]: a["approvals"] for a in sim.books("assignments")["assignments"] if a["approvals"]}


def rejections(sim):
    return {a["assignment"]: a["rejections"] for a in sim.books("assignments")["assignments"] if a["rejections"]}


def bonuses(sim):
    """{assignment: [cents, …]}; two entries in a list are a second payment."""
    paid = {}
    for bonus in sim.books("bonuses")["bonuses"]:
        paid.setdefault(bonus["assignment"], []).append(bonus["cents"])
    return paid


def calls(sim, operation):
    return sim.books("account")["calls"].get(operation, {}).get("calls", 0)


def check_books(sim, daemon, amounts, approved=None):
    """Each assignment approved once, each bonus paid once to its worker with its amount; the ledger says the same.

    `amounts`: {number: cents}; 0: approved without a bonus."""
    paid = {assignment(n): [cents] for n, cents in amounts.items() if cents}
    assert bonuses(sim) == paid
    assert approvals(sim) == {assignment(n): 1 for n in (amounts if approved is None else approved)}
    for bonus in sim.books("bonuses")["bonuses"]:
        assert bonus["worker"][6:13] == bonus["assignment"][-7:], bonus
    ledger = daemon.ledger
    assert {op["assignment_id"]: [op["amount_minor"]] for op in ledger.operations("bonus", "done")} == paid
    assert {op["assignment_id"]: 1 for op in ledger.operations("approve", "done")} == approvals(sim)
    assert {op["state"] for op in ledger.operations()} <= {"done", "held", "failed", "cancelled"}
    tokens = {bonus["token"]: bonus["assignment"] for bonus in sim.books("bonuses")["bonuses"]}
    assert tokens == {op["token"]: op["assignment_id"] for op in ledger.operations("bonus", "done")}
    assert ledger.is_sound()
