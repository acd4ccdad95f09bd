# SPDX-License-Identifier: MIT
"""Was this worker paid, when, how much, by whose command? Answered from the ledger alone (rule of money 10)."""
import getpass
import re

import pytest

from ngmt import REASON, RpcError, assignment, submit, worker


@pytest.fixture
def paid(sim, daemon, room):
    submit(sim, [1, 2, 3])
    room.player(1, 2.5).player(2, 1).player(3, "1.234").write()
    daemon.load(room)
    daemon.pay()
    return room


def test_the_story_of_a_worker(sim, daemon, paid):
    story = daemon.call("worker", worker_id=worker(1))
    assert story["answer"] == "paid $2.50 in 1 bonus, 1 assignment approved; nothing is open"
    assert (story["paid_cents"], story["fees_cents"], story["bonuses"], story["approved"]) == (250, 50, 1, 1)
    assert (story["environment"], story["worker_id"]) == ("rehearsal", worker(1))
    approve, bonus = story["operations"]
    assert (approve["kind"], approve["state"], bonus["kind"], bonus["state"]) == ("approve", "done", "bonus", "done")
    assert (bonus["amount_cents"], bonus["fees_cents"], bonus["purpose"], bonus["text"]) == (250, 50, "bonus", REASON)
    assert (bonus["assignment_id"], bonus["file"], bonus["line"]) == (assignment(1), str(paid.path), 2)
    assert bonus["http_status"] == 200 and bonus["request_id"] and bonus["outcome"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bonus["first_sent_at"])
    # Asked for by a person, done by the daemon.
    steps = bonus["steps"]
    assert [step["state"] for step in steps] == ["planned", "queued", "sending", "done"]
    assert steps[0]["user"] == bonus["user"] == getpass.getuser() and steps[0]["batch"] == bonus["batch"]
    assert "bonus" in steps[0]["command"]
    assert {(step["batch"], step["user"]) for step in steps[1:]} == {(None, None)}
    (row,) = story["rows"]
    assert (row["file"], row["line"], row["verdict"], row["bonus_cents"]) == (str(paid.path), 2, "approve", 250)
    assert row["newest"] is True and story["notifications"] == []


def test_it_needs_no_platform(sim, daemon, paid):
    before = len(sim.books("account")["calls"]), sum(c["calls"] for c in sim.books("account")["calls"].values())
    daemon.call("worker", worker_id=worker(1))
    assert (len(sim.books("account")["calls"]),
            sum(c["calls"] for c in sim.books("account")["calls"].values())) == before


def test_a_worker_whose_row_is_held(daemon, paid):
    story = daemon.call("worker", worker_id=worker(3))
    assert story["operations"] == []
    assert story["answer"] == "paid no bonus; nothing is open"
    assert story["rows"][0]["verdict"] == "hold" and "1.234" in story["rows"][0]["why"]


def test_older_versions_of_a_file_are_told(daemon, paid):
    paid.rows[0]["bonus"] = 3
    daemon.load(paid.write(), mode="replace")
    story = daemon.call("worker", worker_id=worker(1))
    assert [(row["newest"], row["bonus_cents"]) for row in story["rows"]] == [(False, 250), (True, 300)]


def test_what_is_open_and_what_failed(sim, daemon, room):
    submit(sim, [1])
    sim.accept(hit="3NGMTHIT0000000000000000000001", assignments=[{"assignment": assignment(2), "worker": worker(2)}])
    daemon.load(room.player(1, 1).player(2, 1).write())
    daemon.apply()
    daemon.wait_for_state(f"bonus/{assignment(1)}", "done")
    assert "on the way" in daemon.call("worker", worker_id=worker(2))["answer"]
    text = daemon.ctl("worker", worker(2)).stdout
    assert text.splitlines()[0].endswith("paid no bonus; 2 on the way, 0 held, 0 failed")


def test_commands_and_users_are_named(sim, daemon, paid):
    daemon.pay(["bonus"], purpose="follow-up")
    story = daemon.call("worker", worker_id=worker(1))
    assert story["answer"].startswith("paid $5.00 in 2 bonuses")
    assert len({op["batch"] for op in story["operations"]}) == 2
    text = daemon.ctl("worker", worker(1)).stdout
    assert text.startswith("REHEARSAL  " + worker(1) + ": paid $5.00 in 2 bonuses, 1 assignment approved")
    for part in ("purpose: follow-up", 'purpose="follow-up"', getpass.getuser(), "HTTP 200", "request ",
                 f"{paid.path}:2", "ngmtd"):
        assert part in text, part


def test_an_unknown_worker_is_refused_with_the_nearest(daemon, paid):
    done = daemon.ctl("worker", "A1NGMT0000009X", "--json", status=1)
    assert done.json["error"]["name"] == "not-found"
    assert "did you mean" in done.json["error"]["hint"] and "A1NGMT000000" in done.json["error"]["hint"]
    assert worker(1) in daemon.ctl("worker", worker(1).lower(), status=1).stderr
    assert worker(1) in daemon.ctl("worker", "B" + worker(1)[1:], status=1).stderr
    assert "did you mean" not in daemon.ctl("worker", "SOMEBODYELSE", status=1).stderr
    assert daemon.ctl("worker", "", status=None).returncode in (1, 2)
    daemon.ctl("worker", status=2)
    for bad in ({}, {"worker_id": ""}, {"worker_id": 1}, {"worker_id": "A" * 300}):
        with pytest.raises(RpcError) as refused:
            daemon.call("worker", **bad)
        assert refused.value.name == "usage"


def test_a_file_cannot_drive_the_terminal(daemon, room):
    room.player(1, 1, exit="a\x1b[31mb").write()
    daemon.load(room)
    assert "\x1b" not in daemon.ctl("worker", worker(1)).stdout


def test_messages_are_told(sim, daemon, paid):
    done = daemon.ctl("notify", "--worker", worker(1), "--subject", "Hello", "--message", "Thank you all", "--yes")
    assert done.returncode == 0
    story = daemon.call("worker", worker_id=worker(1))
    (message,) = story["notifications"]
    assert (message["subject"], message["text"], message["state"]) == ("Hello", "Thank you all", "told")
    assert message["user"] == getpass.getuser() and message["operation_state"] == "done"
    assert "1 message sent" in story["answer"]
    assert "Hello" in daemon.ctl("worker", worker(1)).stdout
