# SPDX-License-Identifier: MIT
"""The examples of programs that talk to the socket: each pays one worker, once, and its exit status is ngmtctl's."""
import shutil
import subprocess

import pytest

from ngmt import REASON, assignment, bonuses, clean_environment, source_root, submit, worker

FOLDER = source_root() / "client" / "examples"
INTERPRETERS = {"pay.py": "/usr/bin/python3", "pay.js": "node", "pay.sh": "socat"}


@pytest.fixture(params=sorted(INTERPRETERS))
def pay(request):
    if not shutil.which(INTERPRETERS[request.param]):
        pytest.skip(f"there is no {INTERPRETERS[request.param]}")

    def run(socket_path, *words):
        return subprocess.run([FOLDER / request.param, *words], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, env=clean_environment(NGMT_SOCKET=str(socket_path)))

    run.name = request.param
    return run


def check(done, status, out="", err=""):
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    assert out in done.stdout and err in done.stderr, (done.stdout, done.stderr)


def test_one_worker_is_paid_once(sim, daemon, room, pay):
    submit(sim, [1, 2])
    daemon.load(room.player(1, 2.5).player(2, 1).write())
    daemon.pay(("approve",))
    check(pay(daemon.socket_path, worker(1), REASON), 0, "rehearsal: 1 paid, 2")
    assert bonuses(sim) == {assignment(1): [250]}
    check(pay(daemon.socket_path, worker(1), REASON), 0, "nothing to pay: ")
    assert bonuses(sim) == {assignment(1): [250]}, "the second run pays nothing"
    (command,) = [o["command"] for o in daemon.call("worker", worker_id=worker(1))["operations"]
                  if o["kind"] == "bonus"]
    assert command.startswith(pay.name + " "), "the ledger knows whose command it was"


def test_what_goes_wrong(sim, daemon, room, pay, tmp_path):
    check(pay(tmp_path / "absent", worker(1), REASON), 3, err=f"{pay.name}: ")
    submit(sim, [1])
    daemon.load(room.player(1, 11).player(2, "NaN").write())
    check(pay(daemon.socket_path, worker(2), REASON), 7, "nothing to pay: ")
    check(pay(daemon.socket_path, "A1NGMTNOBODYX", REASON), 1, err="no row that was loaded is of that")
    assert bonuses(sim) == {}


def test_without_funds_it_does_not_wait(sim, daemon, room, pay):
    submit(sim, [1])
    daemon.load(room.player(1, 9).write())
    daemon.pay(("approve",))
    sim.balance("5.00")
    check(pay(daemon.socket_path, worker(1), REASON), 6, "0 paid")
    assert bonuses(sim) == {}
