# SPDX-License-Identifier: MIT
"""Whoever can write into a room's folder can ask for much. What is paid is within the rules of money all the same, the
daemon goes on for everybody else, and nothing of it reaches a terminal."""
import json
import os
import re
import socket
import time

import pytest

from ngmt import HIT, REASON, approvals, assignment, bonuses, rejections, wait_until, worker
from watched import game, server, sim  # noqa: F401

WORKERS = 20  # of those whom the endpoint knows; the last one is honest
MAX_CENTS = 1000
STATUS_S = 5  # on a busy machine with sanitizers; without, see tests/bench
HEADER = "id,type,workerid,hitid,assignmentid,access,exit,approve,reject,basepay,bonus"
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture
def daemon(sim, make_daemon, server, game):  # noqa: F811
    """Watches, pays, and nothing is there yet."""
    return make_daemon(sim, options={
        "nodegame": {"path": str(server.path), "policy": "pay", "settle": "50ms", "rescan": "1s"},
        "defaults": {"reason": REASON}})


def row(number, bonus="1", assignment_of=None, **cells):
    values = {"id": f"p{number}", "type": "player", "workerid": worker(number), "hitid": HIT,
              "assignmentid": assignment(assignment_of or number), "access": f"acc{number}", "exit": f"exp{number}",
              "approve": "1", "reject": "0", "basepay": "0", "bonus": bonus, **cells}
    return ",".join(values[column] for column in HEADER.split(","))


def write(room, rows, header=HEADER):
    room.path.write_text("\n".join([header, *rows]) + "\n")


def pay_honest(daemon, sim, game, number=WORKERS):  # noqa: F811
    """A room as any other: whatever the others ask for, this one is paid."""
    room = game.room()
    write(room, [row(number, "0.07")])
    wait_until(lambda: bonuses(sim).get(assignment(number)) == [7],
               lambda: f"{daemon.ledger.states()}\n{daemon.log()[-4000:]}")


def wait_for_rest(daemon):
    """Until nothing is about to be sent."""
    wait_until(lambda: not daemon.ledger.rows("SELECT 1 FROM result WHERE todo = 1 AND current = 1 LIMIT 1") and
               all(op["state"] in ("done", "held", "failed") for op in daemon.ledger.operations()),
               lambda: f"{daemon.ledger.states()}\n{daemon.log()[-4000:]}")


def show(daemon, game, room):  # noqa: F811
    return daemon.call("room", game=game.name, room=room.name)


def check_only_honest(sim, number=WORKERS):  # noqa: F811
    assert bonuses(sim) == {assignment(number): [7]}
    assert approvals(sim) == {assignment(number): 1} and rejections(sim) == {}


# -- money ------------------------------------------------------------------------------------------------------------


AMOUNTS = ("10.01", "1000000", "99999999999999999999", "9" * 400, "1e3", "1e-2", "0x10", "1_000", "NaN", "Infinity",
           "-1", "- 1", "--1", "5.005", "0.001", "10.000000000000000001", "\uff11\uff10", "1 0", "$", "1.2.3", "=1+1")


def test_amounts_beyond_the_limits_or_of_odd_forms_pay_nothing(daemon, sim, game):  # noqa: F811
    room = game.room()
    write(room, [row(n % (WORKERS - 1) + 1, amount) for n, amount in enumerate(AMOUNTS)])
    pay_honest(daemon, sim, game)
    wait_for_rest(daemon)
    check_only_honest(sim)
    assert all(op["state"] == "held" for op in daemon.ledger.operations() if op["assignment_id"] != assignment(WORKERS))


def test_other_peoples_assignments_pay_nothing(daemon, sim, game):  # noqa: F811
    room = game.room()
    write(room, [row(n, "9.99", assignment_of=n % (WORKERS - 1) + 1) for n in range(1, WORKERS)])
    pay_honest(daemon, sim, game)
    wait_for_rest(daemon)
    check_only_honest(sim)
    for op in daemon.ledger.operations():
        assert op["assignment_id"] == assignment(WORKERS) or (op["state"], op["worker_id"]) != ("done", None)


def test_nobody_is_paid_twice_by_many_rooms_and_names(daemon, sim, game):  # noqa: F811
    """The same assignment in several rooms, files, spellings and amounts: one payment at most, of an amount asked for."""
    rooms = [game.room() for _ in range(5)]
    for number, room in enumerate(rooms, 1):
        write(room, [row(1, f"{number}.00"), row(1, f"{number}.00"), row(1, f"{number}.00", workerid=worker(1).lower()),
                     row(1, "3.00", assignmentid=assignment(1).lower()), row(1, "3.00", hitid="NA")])
    (game.data / "bonus.csv").write_text(rooms[0].path.read_text())
    pay_honest(daemon, sim, game)
    wait_for_rest(daemon)
    paid = bonuses(sim)
    assert len(paid.pop(assignment(1), [])) <= 1 and paid == {assignment(WORKERS): [7]}
    assert approvals(sim).get(assignment(1), 0) <= 1


def test_a_token_of_the_file_makes_no_second_payment(daemon, sim, game):  # noqa: F811
    """The column is known by its name; whose payment is whose is the ledger's to say."""
    header = HEADER + ",UniqueRequestToken"
    first, second = game.room(), game.room()
    write(first, [row(1, "1.00") + ",one", row(2, "2.00") + ",one"], header)
    wait_until(lambda: bonuses(sim) == {assignment(1): [100], assignment(2): [200]},
               lambda: f"{daemon.ledger.states()}\n{daemon.log()[-4000:]}")
    write(second, [row(1, "1.00") + ",two", row(2, "2.00") + ",three"], header)
    pay_honest(daemon, sim, game)
    wait_for_rest(daemon)
    assert bonuses(sim) == {assignment(1): [100], assignment(2): [200], assignment(WORKERS): [7]}


def test_the_budget_holds_whatever_is_asked_for(daemon, sim, game):  # noqa: F811
    """Each row by itself is within the limits; together they are not."""
    daemon.set("limits", daily_budget="30.00")
    daemon.restart()
    room = game.room()
    write(room, [row(n, "10.00") for n in range(1, WORKERS)])
    wait_for_rest(daemon)
    wait_until(lambda: len(approvals(sim)) == WORKERS - 1, lambda: daemon.ledger.states())
    wait_for_rest(daemon)
    # With the fee, $12.00 each.
    assert [cents for paid in bonuses(sim).values() for cents in paid] == [1000, 1000]
    assert daemon.ledger.states()["bonus", "held"] == WORKERS - 3


def test_no_row_makes_a_rejection(daemon, sim, game):  # noqa: F811
    room = game.room()
    write(room, [row(n, "1", approve="0", reject="1") for n in range(1, 10)] +
          [row(n, "1", approve="1", reject="1") for n in range(10, WORKERS)])
    pay_honest(daemon, sim, game)
    wait_for_rest(daemon)
    check_only_honest(sim)


# -- texts ------------------------------------------------------------------------------------------------------------


TEXTS = ("=cmd|' /C calc'!A0", "@SUM(1+1)*cmd", "+1-2", "\x1b]0;owned\x07\x1b[2J", "\x9b31mred", "\u202egnp.exe",
         "a\u2028b", "\x7f\x08\x08\x08", "%s%n%p", "'; DROP TABLE result; --", "../../../etc/passwd", "{{7*7}}",
         "<script>alert(1)</script>", "A" * 5000, "\ufeff", "\\u001b[31m")


def quote(text):
    return '"' + text.replace('"', '""') + '"'


def test_texts_reach_no_terminal_and_no_spreadsheet_as_they_are(daemon, sim, game):  # noqa: F811
    room = game.room()
    header = HEADER + ",RequesterFeedback,Reason"
    write(room, [row(n % 9 + 1, "1", id=quote(text), access=quote(text), exit=quote(text), type=quote(text)) +
                 f",{quote(text)},{quote(text)}" for n, text in enumerate(TEXTS)], header)
    broken = game.room()
    broken.path.write_bytes(b'\x1b[31mid,"\x1b]0;owned\x07\n"' + b"\x9b" * 100)
    long = game.room()
    write(long, [row(1, "1", id=quote("\x1b[2J" * 20000))])
    pay_honest(daemon, sim, game)
    wait_until(lambda: show(daemon, game, broken)["problem"] and show(daemon, game, long)["problem"] and
               show(daemon, game, room)["rows"], lambda: daemon.log()[-4000:])
    wait_for_rest(daemon)
    for words in (("rooms",), ("rooms", "show", room.name), ("rooms", "show", broken.name), ("rooms", "--problems"),
                  ("rooms", "show", room.name, "--json"), ("rooms", "show", long.name), ("rooms", "--unclaimed"),
                  ("queue",), ("status",)):
        said = daemon.ctl(*words, status=None)
        assert not CONTROLS.search(said.stdout + said.stderr), (words, CONTROLS.search(said.stdout + said.stderr))
    assert not CONTROLS.search(daemon.log())
    for bonus in sim.books("bonuses")["bonuses"]:
        assert bonus["cents"] <= MAX_CENTS


def test_bytes_that_are_no_text_do_no_harm(daemon, sim, game):  # noqa: F811
    contents = (b"\xff\xfe" + HEADER.encode("utf-16-le"), b"\x00" * 5000, os.urandom(20000), b'"' * 20000,
                b"," * 20000, b"id\n" * 20000, b"\xc3\x28,\xa0\xa1\n" * 50, b"a" * (2 << 20), b'id,bonus\n"' + b"x" * (2 << 20))
    rooms = [game.room() for _ in contents]
    for room, content in zip(rooms, contents):
        room.path.write_bytes(content)
    pay_honest(daemon, sim, game)
    wait_until(lambda: all(show(daemon, game, room).get("problem") for room in rooms[:1]), lambda: daemon.log()[-4000:])
    wait_for_rest(daemon)
    check_only_honest(sim)
    json.dumps(daemon.call("rooms"))


# -- files ------------------------------------------------------------------------------------------------------------


def test_a_hundred_thousand_rows_keep_nobody_waiting(daemon, sim, game):  # noqa: F811
    """All of them forged: of a HIT of this account, for workers who never came, a few of them with amounts that could be.
    Others are paid all the same."""
    room, slow = game.room(), []
    write(room, [row(n, "1.00" if n % 100 == 0 else "9999" if n % 10 == 0 else "NaN", id=f"p{n},=1+1"[:20 * (n % 7)])
                 for n in range(1000, 101000)])

    def is_read():
        began = time.monotonic()
        daemon.call("status")
        slow.append(time.monotonic() - began)
        return daemon.ledger.rows("SELECT count(*) AS n FROM result")[0]["n"] >= 100000

    wait_until(is_read, lambda: daemon.log()[-4000:])
    pay_honest(daemon, sim, game)
    check_only_honest(sim)
    assert max(slow) < STATUS_S, max(slow)


def test_what_is_no_file_is_not_waited_for(daemon, sim, game, tmp_path):  # noqa: F811
    """Opening a FIFO blocks, reading a device never ends; links may lead anywhere."""
    honest = tmp_path / "elsewhere.csv"
    honest.write_text(f"{HEADER}\n{row(2, '1.23')}\n")
    rooms = [game.room() for _ in range(7)]
    os.mkfifo(rooms[0].path)
    rooms[1].path.symlink_to("/dev/zero")
    rooms[2].path.symlink_to(rooms[2].path)
    rooms[3].path.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.open(rooms[4].directory, os.O_RDONLY)
        listening.bind(f"/proc/self/fd/{here}/bonus.csv")
        os.close(here)
    with open(rooms[5].path, "wb") as sparse:
        sparse.truncate(2 << 30)
    rooms[6].path.symlink_to("/nonexistent/bonus.csv")
    (game.data / "room000099").symlink_to("/")
    (game.data / "room000098").symlink_to("/proc")
    pay_honest(daemon, sim, game)
    daemon.call("status")
    wait_for_rest(daemon)
    check_only_honest(sim)


def test_a_room_of_many_files_and_folders_is_one_room(daemon, sim, game):  # noqa: F811
    room = game.room()
    for number in range(2000):
        (room.directory / f"bonus.csv_{number}.bak").write_text(f"{HEADER}\n{row(1, '5')}\n")
    deep = room.directory
    for _ in range(200):
        deep = deep / "data"
        deep.mkdir()
    (room.directory / "data" / "bonus.csv").write_text(f"{HEADER}\n{row(1, '5')}\n")
    (room.directory / "codes.csv").write_text(f"{HEADER}\n{row(1, '5')}\n")
    pay_honest(daemon, sim, game)
    wait_for_rest(daemon)
    check_only_honest(sim)
