# SPDX-License-Identifier: MIT
"""ngmt-protocol(7) is true: what a real daemon answers to every method has the members and types that the page says."""
import re

import pytest

from ngmt import HIT, REASON, Room, RpcError, assignment, source_root, submit, wait_until, worker
from protocol import Manual, Mismatch, Parser

DEFINITION = {"title": "Rehearsal", "description": "A game", "reward_cents": 10, "max_assignments": 12,
              "lifetime_s": 86400, "duration_s": 3600, "question": {"url": "https://127.0.0.1/", "frame_height": 0},
              "qualifications": [{"type": "approved-percent", "comparator": "GreaterThan", "values": [95]}]}


def test_every_method_is_explained(protocol):
    table = re.findall(r'^METHOD\("(\w+)",\s+ACCESS_(\w+)', (source_root() / "daemon" / "methods.def").read_text(), re.M)
    rights = {"NONE": "no right needed", "LOOK": "look", "CHANGE": "change"}
    assert {m.name: m.access for m in protocol.methods.values()} == {name: rights[access] for name, access in table}


def files(daemon, tmp_path, room):
    codes = tmp_path / "codes.csv"
    codes.write_text("id,AccessCode,ExitCode\n" + "".join(f"p{n},acc{n},exp{n}\n" for n in range(1, 10)))
    daemon.call("load", what="inputcodes", path=str(codes), mode="new")
    daemon.call("load", what="results", path=str(room.path), mode="new", validate_level=2)
    daemon.call("load", what="game", game=str(room.directory.parent.parent), min_room=61, max_room=61, mode="replace")
    for what in ("summary", "results", "config", "fields", "inputcodes"):
        daemon.call("show", what=what)
    daemon.call("show", what="results", offset=1, limit=1, verdict="approve")


def asking(daemon, type_id):
    for what in ("balance", "hit", "hits", "hit-status", "qualification", "qualifications", "bonuses"):
        daemon.call("get", what=what)
    daemon.call("get", what="hits", search="Ultimatum", limit=2)
    daemon.call("get", what="bonuses", assignment_id=assignment(1))
    daemon.call("get", what="workers", qualification_type_id=type_id)
    daemon.call("get", what="qualification-type", qualification_type_id=type_id)
    daemon.call("select", hit_id=HIT)
    daemon.call("select", qualification_type_id=type_id)
    for what in ("hits", "workers", "assignments", "rooms", "games", "qualifications", "operations", "batches"):
        daemon.call("complete", what=what, prefix="", limit=5)


def paying(daemon):
    daemon.plan(("approve", "reject", "bonus", "qualify"), feedback="not done", integer_value=1)
    daemon.pay(("approve", "bonus"))
    with pytest.raises(RpcError):
        daemon.call("apply", do=["bonus"], reason=REASON, digest="0" * 16)
    notice = {"subject": "Hello", "text": "Come again", "workers": [worker(1)]}
    digest = daemon.call("plan_notify", items={}, **notice)["digest"]
    batch = daemon.call("apply_notify", digest=digest, **notice)["batch"]
    daemon.follow(batch)
    daemon.call("batch", batch=batch, recipients={})


def errands(daemon, type_id):
    wishes = [{"errand": "create-hit", "hit": DEFINITION, "rounds": True}, {"errand": "extend-hit", "time_s": 3600},
              {"errand": "expire-hit"}, {"errand": "create-qualification", "name": "Finished", "description": "x"},
              {"errand": "grant", "workers": [worker(1)], "qualification_type_id": type_id, "integer_value": 2},
              {"errand": "revoke", "workers": [worker(1)], "qualification_type_id": type_id, "reason": "x"},
              {"errand": "block", "workers": [worker(2)], "reason": "x"},
              {"errand": "unblock", "workers": [worker(2)]}, {"errand": "delete-hit", "hit_id": HIT}]
    for wish in wishes:
        plan = daemon.call("plan_errand", **wish)
        if plan["go"]:
            daemon.follow(daemon.call("apply_errand", digest=plan["digest"], **wish)["batch"])


def deciding(daemon):
    held = daemon.call("queue", what="list", select={"state": "held"})["operations"][0]["id"]
    daemon.call("queue", what="show", id=held)
    for method in ("release", "cancel"):
        daemon.call(method, select={"ids": [held]})
    daemon.call("pause", lane="bonus")
    batch = daemon.apply(("bonus",), purpose="again", select={"worker": worker(1)})
    daemon.call("status")
    daemon.call("hold", select={"batch": batch})
    daemon.call("release", select={"batch": batch})
    daemon.call("retry", select={"ids": [held]})
    daemon.call("resume")
    with pytest.raises(RpcError):
        daemon.call("resolve", id=held, done=True)
    daemon.call("worker", worker_id=worker(1))
    daemon.call("reconcile", all=True)
    daemon.call("unclaimed")


def rooms(daemon):
    room = wait_until(lambda: daemon.call("rooms")["rooms"], "the room is found")[0]["room"]
    daemon.call("room", room=room)
    daemon.call("plan_adopt", all=True)
    daemon.call("rooms_adopt", all=True)
    daemon.call("rooms_ignore", rooms=[room])
    daemon.call("rooms_rescan")
    with daemon.connect() as connection:
        connection.call("subscribe", rooms=True)
        connection.call("subscribe", events=True)
        daemon.call("rooms_ignore", rooms=[room], undo=True)
        wait_until(lambda: len({"room", "event"} & seen_of(connection)) == 2, "news of the room")
    daemon.call("events", limit=1000)


def seen_of(connection):
    message = connection.receive()
    connection.kinds = getattr(connection, "kinds", set()) | {message.get("method")}
    return connection.kinds


def test_what_is_answered_is_what_the_manual_says(sim, make_daemon, tmp_path, judge, protocol):
    room = Room(tmp_path / "games" / "survey" / "data")
    room.player(1, 2.5).player(2, 1).disconnected(3).player(4, 9).bot().write()
    submit(sim, [1, 2, 3, 4])
    type_id = sim.boto3_client().create_qualification_type(
        Name="Played", Description="x", QualificationTypeStatus="Active")["QualificationType"]["QualificationTypeId"]
    daemon = make_daemon(sim, options={"limits": {"max_bonus": "5.00", "daily_budget": "100.00"}, "nodegame": {
        "game": str(tmp_path / "games" / "survey"), "settle": "0"}})
    daemon.call("status")
    daemon.call("connect")
    files(daemon, tmp_path, room)
    asking(daemon, type_id)
    paying(daemon)
    deciding(daemon)
    rooms(daemon)
    errands(daemon, type_id)
    daemon.call("status")
    never = set(protocol.methods) | {"progress", "room", "event"}
    assert never - judge.seen == {"resolve"}, "resolve needs a lost answer: test_queue_commands.py"


@pytest.mark.parametrize("method, params, name", [
    ("nothing", {}, None), ("show", {"what": "everything"}, "usage"), ("worker", {"worker_id": "A1NGMTNOBODYX"}, "not-found"),
])
def test_errors_have_the_documented_members(daemon, method, params, name):
    with pytest.raises(RpcError) as caught:
        daemon.call(method, **params)
    assert set(caught.value.data) == {"name", "hint", "exit_status", "retryable", "environment"}
    assert isinstance(caught.value.data["exit_status"], int) and isinstance(caught.value.data["retryable"], bool)
    assert caught.value.data["name"] == name or name is None


@pytest.mark.parametrize("schema, good, bad", [
    ('{"at"}', {"at": "2026-11-23T22:00:00Z"}, {"at": "2026-11-23T22:00:00+01:00"}),
    ('{"a_cents"}', {"a_cents": 5}, {"a_cents": 5.0}), ('{"a_cents"}', {"a_cents": None}, {"a_cents": "5"}),
    ('{"n": 7}', {"n": 1}, {"n": True}), ('{"n"?: 7}', {}, {"m": 1}), ('{"n": null | 7}', {"n": None}, {"n": "7"}),
    ('{"s": "a" | "b"}', {"s": "a"}, {"s": "c"}), ('{"s": "An example"}', {"s": "x"}, {"s": 1}),
    ('[{"b": false}]', [{"b": True}], [{"b": 0}]), ('{"x": any}', {"x": [1]}, {}),
])
def test_the_judge_can_say_no(protocol, schema, good, bad):
    kind = Parser(schema).whole()
    kind.check(good, "good", protocol)
    with pytest.raises(Mismatch):
        kind.check(bad, "bad", protocol)
    with pytest.raises(Manual):
        Parser(schema + "}").whole()
