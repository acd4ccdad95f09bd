# SPDX-License-Identifier: MIT
"""What happened: the method events and its notifications with the real daemon; the pages of ngmtctl events, pause, resume and
queue retry with a scripted one."""
import contextlib
import json
import re
import signal
import sqlite3
import subprocess

import pytest

from fake_daemon import HANG_UP, Refusal
from fake_queue import Queue, operation
from ngmt import Room, RpcError, assignment, clean_environment, program, submit, wait_until, worker
from test_client import daemon as fake_fixture  # noqa: F401
from test_client import environment, ngmtctl
from test_crash import wait_until_settled
from test_limits import fill

fake = fake_fixture


def brief(events):
    """What of each: "bonus done", "command", "lane paused"."""
    return [(one.get("kind") if one["what"] == "operation" else one["what"]) +
            (" " + one["state"] if one.get("state") else "") for one in events]


@contextlib.contextmanager
def following(socket_path, *options):
    process = subprocess.Popen([program("client/ngmtctl"), "events", "--follow", *options], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=clean_environment(NGMT_SOCKET=str(socket_path)))
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode in (0, 8), errors


# -- the daemon -------------------------------------------------------------------------------------------------------


def test_what_happened_in_order_and_page_by_page(sim, daemon, room):
    daemon.load(fill(sim, room, {1: 2, 2: 3}))
    daemon.ctl("pause", "notify")
    batch = daemon.pay(["approve", "bonus"])["batch"]
    daemon.ctl("resume", "notify")
    whole = daemon.call("events")
    assert whole["next_before"] is None and [one["id"] for one in whole["events"]] == sorted(
        {one["id"] for one in whole["events"]}) and whole["newest"] == whole["events"][-1]["id"]
    what = brief(whole["events"])
    assert what[:3] == ["command", "lane paused", "command"] and what[-2:] == ["command", "lane resumed"]
    assert sorted(what[3:-2]) == ["approve done"] * 2 + ["bonus done"] * 2
    paid, = [one for one in whole["events"] if one.get("worker_id") == worker(2) and one["kind"] == "bonus"]
    assert (paid["amount_cents"], paid["fees_cents"], paid["assignment_id"]) == (300, 60, assignment(2))
    command = whole["events"][2]
    assert command["batch"] == batch and command["command"] and command["user"] and command["policy"] is False
    pages, before = [], 0
    while True:
        page = daemon.call("events", limit=2, **({"before": before} if before else {}))
        pages = page["events"] + pages
        before = page["next_before"]
        if not before:
            break
        assert len(page["events"]) == 2
    assert pages == whole["events"]
    after = daemon.call("events", after=whole["events"][2]["id"], limit=3)
    assert after["events"] == whole["events"][3:6] and after["next_after"] == whole["events"][5]["id"]
    assert brief(daemon.call("events", lane="notify")["events"]) == ["lane paused", "lane resumed"]
    assert set(brief(daemon.call("events", lane="bonus")["events"])) == {"bonus done"}


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 1001}, {"lane": "read"}, {"lane": 7}, {"before": -1},
                                    {"after": -1}, {"before": 7, "after": 3}], ids=str)
def test_bad_questions(daemon, params):
    with pytest.raises(RpcError) as refusal:
        daemon.call("events", **params)
    assert refusal.value.name == "usage"


def test_a_follower_is_told_everything_once_across_a_crash(sim, daemon, room):
    """What happened while nobody was connected too, from the place up to which it was told."""
    seen = []
    daemon.load(fill(sim, room, {number: 1 for number in range(1, 31)}))

    def listen(connection, after):
        connection.call("subscribe", events=True, **({"after": after} if after else {}))

    def hear(connection, until):
        while not (seen and until()):
            if not connection.notifications:
                message = connection.receive()
                assert message["method"] == "event"
                connection.notifications.append(message["params"])
            seen.append(connection.notifications.pop(0))

    with daemon.connect() as connection:
        listen(connection, 0)
        daemon.apply(["bonus"])
        hear(connection, lambda: len(seen) >= 10)
    daemon.kill()
    daemon.start()
    wait_until_settled(daemon)
    with daemon.connect() as connection:
        listen(connection, seen[-1]["id"])
        newest = daemon.call("events", limit=1)["newest"]
        hear(connection, lambda: seen[-1]["id"] == newest)
    known = daemon.call("events", limit=1000)["events"]
    assert [one["id"] for one in seen] == [one["id"] for one in known]
    assert brief(seen).count("bonus done") == 30
    assert all({key: one[key] for key in known[0] if key in one} for one in seen)


def test_a_slow_reader_misses_nothing(sim, daemon, room):
    """Its connection is full and stays so; what it was not told comes once it reads, and nobody else waits for it."""
    daemon.load(fill(sim, room, {1: 1}))
    daemon.pay(["bonus"])
    daemon.terminate()
    words = "x" * 900
    with contextlib.closing(sqlite3.connect(daemon.ledger_path)) as database, database:
        database.executemany("INSERT INTO step (operation_id, at_s, state, why) VALUES (1, 1, 6, ?)", [(words,)] * 6000)
    daemon.start()
    with daemon.connect() as connection:
        connection.call("subscribe", events=True, after=0)
        daemon.ctl("pause")
        wait_until(lambda: daemon.call("status")["state"] == "paused", "answers")
        ids = []
        while not ids or ids[-1] < daemon.call("events", limit=1)["newest"]:
            message = connection.notifications.pop(0) if connection.notifications else connection.receive()["params"]
            ids.append(message["id"])
        assert ids == sorted(set(ids)) and len(ids) >= 6000


def test_rooms_are_events_and_troubles(sim, make_daemon, tmp_path):
    submit(sim, [1])
    data = tmp_path / "game" / "data"
    data.mkdir(parents=True)
    daemon = make_daemon(sim, options={"nodegame": {"game": str(tmp_path / "game"), "settle": "50ms", "rescan": "1s",
                                                    "policy": "import"}})
    Room(data, 1).player(1, 2).write()
    broken = Room(data, 2).player(1, 2).write()
    broken.path.write_text('id,workerid\n"unclosed')
    wait_until(lambda: sorted(brief(daemon.call("events")["events"])) == ["room imported", "room problem"],
               lambda: daemon.call("events"))
    error, = daemon.call("status")["errors"]
    assert (error["what"], error["room"], error["game"]) == ("room", "room000002", "game") and error["problem"]
    assert "room problem" in daemon.ctl("events").stdout and "game room000001: 1 row, 1 new" in daemon.ctl("events").stdout
    broken.write()
    wait_until(lambda: not daemon.call("status")["errors"], "no trouble any more")


def test_status_tells_the_last_troubles(sim, daemon, room):
    """A person's holds are no errors, and status tells the last five troubles, the newest first."""
    daemon.ctl("pause")
    daemon.load(fill(sim, room, {number: 1 for number in range(1, 8)}))
    daemon.apply(["bonus"])
    wait_until(lambda: daemon.ledger.states() == {("bonus", "queued"): 7}, "queued")
    assert daemon.ctl("queue", "hold", "--worker", worker(1)).stdout.startswith("1 operation held")
    assert daemon.call("status")["errors"] == []
    sim.faults({"operation": "SendBonus", "kind": "error", "type": "RequestError",
                "message": "This operation can be called with a status of: Approved (1)"})
    daemon.ctl("resume")
    wait_until_settled(daemon)
    errors = daemon.call("status")["errors"]
    assert len(errors) == 5 and [one["id"] for one in errors] == sorted((one["id"] for one in errors), reverse=True)
    assert {one["state"] for one in errors} == {"failed"}


def test_the_page_follows_across_a_restart(sim, daemon, room):
    daemon.load(fill(sim, room, {1: 2, 2: 3}))
    with following(daemon.socket_path, "--json") as process:
        daemon.ctl("pause", "approve")
        first = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert brief(first) == ["command", "lane paused"]
        daemon.restart()
        daemon.pay(["bonus"])
        rest = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert brief(rest) == ["command", "bonus done", "bonus done"]
        known = daemon.call("events")["events"]
        assert [one["id"] for one in first + rest] == [one["id"] for one in known]
    run = daemon.ctl("events", TZ="UTC")
    lines = run.stdout.splitlines()
    assert len(lines) == 5 and re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  lane paused .*  approve, by ", lines[1])
    assert re.search(rf"bonus done +\d+  {worker(1)} +\$2\.00", run.stdout), run.stdout
    assert "ngmtctl pause approve (pause approve) (batch 1)" in lines[0]
    assert len(daemon.ctl("events", "--max", "2").stdout.splitlines()) == 2
    assert len(daemon.ctl("events", "--lane", "approve").stdout.splitlines()) == 1
    assert daemon.ctl("events", "--json", "--max", "3").json["events"] == known[-3:]


# -- the pages, with a scripted daemon --------------------------------------------------------------------------------


def event(number, **more):
    return {"id": number, "at": "2026-11-23T12:00:00Z", "what": "operation", "operation": 12, "kind": "bonus",
            "state": "done", "lane": "bonus", "worker_id": "A1NGMT0000001X", "assignment_id": "3NGMTASG00001",
            "hit_id": None, "amount_cents": 250, "fees_cents": 50, "why": None, **more}


WORDS = [
    (event(1), "2026-11-23 12:00:00  bonus done           12  A1NGMT0000001X     $2.50"),
    (event(2, state="held", why="beyond max_bonus", user="anna", batch=7),
     "bonus held           12  A1NGMT0000001X     $2.50  beyond max_bonus (anna, batch 7)"),
    (event(3, state="unsure", kind="approve", amount_cents=0), "approve in doubt     12  A1NGMT0000001X"),
    ({"id": 4, "at": "2026-11-23T12:00:00Z", "what": "command", "batch": 7, "user": "anna", "command": "ngmtctl bonus (bonus)",
      "policy": False}, "command                  anna: ngmtctl bonus (bonus) (batch 7)"),
    ({"id": 5, "at": "2026-11-23T12:00:00Z", "what": "command", "batch": 7, "user": "ngmt", "command": "policy pay",
      "policy": True}, "by itself: policy pay (batch 7)"),
    ({"id": 6, "at": "2026-11-23T12:00:00Z", "what": "room", "game": "lab", "room": "room000007", "state": "imported",
      "rows": 4, "added": 4, "held": 0, "adopted": True}, "room imported            lab room000007: 4 rows, 4 new"),
    ({"id": 7, "at": "2026-11-23T12:00:00Z", "what": "lane", "lane": None, "state": "paused", "user": "anna"},
     "lane paused              all lanes, by anna"),
    ({"id": 8, "at": "2026-11-23T12:00:00Z", "what": "lane", "lane": "bonus", "state": "paused", "cause": "funds",
      "why": "out of funds"}, "lane paused              bonus: out of funds"),
    (event(9, why="evil \x1b[2J\ntext", worker_id="A\x1b[1mX"), "evil "),
    ({"id": 10, "what": "new in a later version"}, "-  new in a later version"),
]


@pytest.mark.parametrize("told,words", WORDS, ids=[str(one["id"]) for one, _ in WORDS])
def test_words(fake, told, words):
    fake.on("events", {"environment": "sandbox", "events": [told], "next_before": None, "newest": told["id"]})
    run = ngmtctl("events", socket=fake.path, env=environment(TZ="UTC"))
    assert run.returncode == 0 and words in run.stdout and run.stdout.count("\n") == 1, run.stdout
    assert "\x1b" not in run.stdout


def test_no_events(fake):
    fake.on("events", {"environment": "sandbox", "events": [], "next_before": None, "newest": 0})
    run = ngmtctl("events", socket=fake.path)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "Nothing has happened yet.\n")
    assert fake.params("events") == {"limit": 20}


def test_short_pages_are_put_together(fake):
    """Looking for a lane, the daemon may stop early; one that does not go back is not followed for ever."""
    pages = {None: ([event(9)], 7), 7: ([], 5), 5: ([event(3), event(4)], 3), 3: ([event(1)], 3)}

    def events(params, _peer):
        found, before = pages[params.get("before")]
        return {"environment": "sandbox", "events": found, "next_before": before, "newest": 9}
    fake.on("events", events)
    run = ngmtctl("events", "--lane", "bonus", "--max", "100", "--json", socket=fake.path)
    assert [one["id"] for one in json.loads(run.stdout)["events"]] == [1, 3, 4, 9]
    assert fake.params("events") == {"limit": 97, "lane": "bonus", "before": 3}


def test_follow_goes_on_where_it_was(fake):
    """Told twice it is printed once; an older ledger is said."""
    asked = []

    def subscribe(params, _peer):
        asked.append(params)
        if len(asked) == 1:
            return {"environment": "sandbox", "events": True, "newest": 5}, lambda peer: [
                peer.notify(event(6), method="event"), peer.notify({"batch": 7, "finished": False}), peer.hang_up()]
        return {"environment": "sandbox", "events": True, "newest": 6 if len(asked) == 2 else 2}, lambda peer: [
            peer.notify(event(number), method="event") for number in ((6, 7) if len(asked) == 2 else (3,))] + (
                [peer.hang_up()] if len(asked) == 2 else [])
    fake.on("events", {"environment": "sandbox", "events": [event(5)], "next_before": None, "newest": 5})
    fake.on("subscribe", subscribe)
    with following(fake.path, "--json") as process:
        ids = [json.loads(process.stdout.readline())["id"] for _ in range(4)]
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert ids == [5, 6, 7, 3] and "older one" in errors and errors.count("Connected again.") == 2
    assert [params["after"] for params in asked] == [5, 6, 7] and process.returncode == 0


def test_follow_ends_by_its_time_and_with_the_daemon(fake):
    fake.on("events", {"environment": "sandbox", "events": [], "next_before": None, "newest": 0})
    fake.on("subscribe", {"environment": "sandbox", "events": True, "newest": 0})
    assert ngmtctl("events", "--follow", "--timeout", "1", socket=fake.path).returncode == 8
    fake.on("subscribe", Refusal("busy", "too many clients follow the events already", 1, retryable=True))
    run = ngmtctl("events", "--follow", socket=fake.path)
    assert run.returncode == 1 and "too many clients" in run.stderr
    fake.on("events", HANG_UP)
    assert ngmtctl("events", socket=fake.path).returncode == 3


@pytest.mark.parametrize("typed,message", [
    ("events now", 'does not take "now"'), ("events --lane read", "not one of approve|"), ("events --max 0", "from 1 to"),
    ("pause bonuss", 'did you mean "bonus"'), ("pause bonus approve", 'does not take "approve"'),
    ("resume everything", '"lane everything": not one of approve|'), ("queue retry", "needs to know which operations"),
    ("queue hold x", "is not the number"), ("queue hold 1 --all", "not by both"), ("queue retry --all --room a", "exclude"),
    ("queue hold --cancelled", "unknown option"), ("queue cancel --room", "needs a value"),
], ids=lambda value: value)
def test_bad_command_lines_ask_nothing(fake, typed, message):
    run = ngmtctl(*typed.split(), socket=fake.path)
    assert run.returncode == 2 and message in run.stderr, run.stderr
    assert fake.requests == []


def lane(name, **more):
    return {"lane": name, "changed": True, "state": "ok", "paused": None, "cause": None, "user": None, "paused_at": None,
            "waiting": 0, "amount_cents": 0, "fees_cents": 0, "in_flight": 0, **more}


PAUSED = {"state": "paused", "paused": "paused by anna", "cause": "person", "user": "anna", "paused_at": "2026-11-23T12:00:00Z"}


@pytest.mark.parametrize("method,told,words", [
    ("pause", lane("bonus", **PAUSED, waiting=3, amount_cents=750, fees_cents=150, in_flight=1),
     "paused: bonus; 3 operations wait, $7.50 + $1.50 fees, 1 is on the way or being found out\n"),
    ("pause", lane("bonus", changed=False, **PAUSED), "paused already: bonus, by anna since 2026-11-23 12:00:00; nothing waits\n"),
    ("resume", lane("bonus", waiting=1), "goes on: bonus; 1 operation waits\n"),
    ("resume", lane("bonus", state="paused", paused="out of funds", cause="funds"),
     "resumed: bonus, but it still waits: out of funds; nothing waits\n"),
    ("resume", lane("bonus", changed=False), "not paused: bonus; nothing waits\n"),
], ids=["paused", "already", "resumed", "still waits", "not paused"])
def test_lane_words(fake, method, told, words):
    fake.on(method, {"environment": "sandbox", "batch": 3, "changed": int(told["changed"]), "lanes": [told]})
    run = ngmtctl(method, "bonus", socket=fake.path, env=environment(TZ="UTC"))
    assert (run.returncode, run.stdout) == (0, words)
    assert ("until: ngmtctl resume bonus" in run.stderr) == (method == "pause" and told["changed"])
    assert fake.params(method)["lane"] == "bonus" and fake.params(method)["command"].endswith(f" {method} bonus")
    assert json.loads(ngmtctl(method, "bonus", "--json", socket=fake.path).stdout)["lanes"] == [told]


# -- hold and retry ---------------------------------------------------------------------------------------------------

OPERATIONS = [operation(1, state="failed", hold=None, why="refused"), operation(2, state="failed", hold=None, why="refused"),
              operation(3, state="queued", hold=None, why="waits", attempts=2), operation(4, state="done", hold=None),
              operation(5, hold="doubt"), operation(6, state="planned", hold=None)]


@pytest.fixture
def queue(fake):
    return Queue(OPERATIONS).attach(fake)


def test_looking_says_how_to_try_again(fake, queue):
    assert "ngmtctl queue retry ID" in ngmtctl("queue", "list", "--state", "failed", socket=fake.path).stderr
    assert "ngmtctl queue retry 1\n" in ngmtctl("queue", "show", "1", socket=fake.path).stderr
    assert "retry" not in ngmtctl("queue", "show", "4", socket=fake.path).stderr


def test_retry_asks_for_what_was_refused_only(fake, queue):
    run = ngmtctl("queue", "retry", "--kind", "bonus", socket=fake.path)
    assert run.returncode == 9 and "retry --kind bonus --yes" in run.stderr and "To be tried again" in run.stderr
    assert "retry" not in fake.methods()
    run = ngmtctl("queue", "retry", "--kind", "bonus", "--yes", socket=fake.path)
    assert run.stdout.startswith("3 operations retried (batch 41, 42)\n"), run.stdout + run.stderr
    expectations = [params.get("expect") for name, params in fake.requests if name == "retry"]
    assert expectations == [{"count": 2, "amount_cents": 400}, None], "nobody relies on what goes on by itself"
    assert queue.states(1, 2, 3, 4) == ["queued", "queued", "queued", "done"]


def test_what_only_waits_is_not_asked_about(fake, queue):
    run = ngmtctl("queue", "retry", "3", "--json", socket=fake.path)
    told = json.loads(run.stdout)
    assert run.returncode == 0 and (told["retried"], told["on_their_way"]) == (1, 1), run.stderr


def test_what_went_on_meanwhile_is_no_trouble(fake, queue):
    fake.on("retry", lambda params, peer: Refusal("not-found", "no operation is chosen by that; nothing was done")
            if params["select"].get("state") != "failed" else queue.retry(params, peer))
    run = ngmtctl("queue", "retry", "--kind", "bonus", "--yes", socket=fake.path)
    assert run.returncode == 0 and run.stdout.startswith("2 operations retried (batch 41)\n"), run.stdout + run.stderr


def test_hold_asks_nothing(fake, queue):
    run = ngmtctl("queue", "hold", "6", "4", socket=fake.path)
    assert run.returncode == 7
    assert run.stdout == "1 operation held (batch 41)\nnot held: 4, it is done\n"
    assert "queue release" in run.stderr and queue.states(6) == ["held"]


def test_groups_of_refusals(fake, queue):
    run = ngmtctl("queue", "retry", "4", "5", "--yes", socket=fake.path)
    assert run.returncode == 7
    assert run.stdout == ('0 operations retried\nnot retried: 4, it is done\nnot retried: 5, it is in doubt: see "ngmtctl queue '
                          'resolve"\n')
