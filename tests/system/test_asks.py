# SPDX-License-Identifier: MIT
"""What is asked of the platform and of the ledger: lists over all pages, what is selected, what could be typed, and
what is due."""
import datetime
import time

import pytest

from ngmt import HIT, RpcError, assignment, submit, wait_until, worker
from test_control import as_root, ask_as

TYPES = 103  # the platform's pages have 100
DAY_S = 24 * 3600


def ask(daemon, what, **params):
    return daemon.call("get", what=what, **params)


def make_type(sim, name, **more):
    made = sim.boto3_client().create_qualification_type(Name=name, Description=f"Of {name}",
                                                        QualificationTypeStatus="Active", **more)
    return made["QualificationType"]["QualificationTypeId"]


@pytest.fixture
def many_types(sim):
    """More than a page of them: {name: id}, the newest last."""
    client = sim.boto3_client()
    made = {}
    for number in range(TYPES):
        name = f"Study {number}"
        answer = client.create_qualification_type(Name=name, Description="d", QualificationTypeStatus="Active",
                                                  Keywords="pilot,Ünder" if number == 3 else "main")
        made[name] = answer["QualificationType"]["QualificationTypeId"]
    sim.advance(60)
    made["Newest"] = make_type(sim, "Newest", Keywords="pilot two")
    return made


def fails(daemon, name, method, **params):
    with pytest.raises(RpcError) as failure:
        daemon.call(method, **params)
    assert failure.value.name == name, failure.value
    return failure.value


def almost(text):
    """A typing error in it."""
    return text[:-2] + ("Q" if text[-2] != "Q" else "Z") + text[-1]


# -- lists ------------------------------------------------------------------------------------------------------------


def test_qualification_types_over_all_pages(sim, daemon, many_types):
    listed = ask(daemon, "qualifications")
    assert (listed["total"], len(listed["qualifications"])) == (TYPES + 1, 10)
    assert listed["qualifications"][0]["name"] == "Newest"
    every = ask(daemon, "qualifications", limit=1000)["qualifications"]
    assert {t["name"]: t["qualification_type_id"] for t in every} == many_types
    assert [t["created_at"] for t in every] == sorted((t["created_at"] for t in every), reverse=True)

    def found(search):
        return {t["name"] for t in ask(daemon, "qualifications", search=search, limit=1000)["qualifications"]}
    # In names, keywords and ids, whatever the case, on the first and on the last page.
    assert found("PILOT") == {"Study 3", "Newest"}
    assert found("study 102") == {"Study 102"}
    assert found(many_types["Study 7"].lower()) == {"Study 7"}
    assert found("no such thing") == set()
    assert sim.requests()[-1]["operation"] == "ListQualificationTypes" and "NextToken" in sim.requests()[-1]["body"]


def test_workers_of_a_type_over_all_pages(sim, daemon):
    client = sim.boto3_client()
    type_id = make_type(sim, "Finished")
    for number in range(101):
        client.associate_qualification_with_worker(QualificationTypeId=type_id, WorkerId=worker(number),
                                                   IntegerValue=number, SendNotification=False)
    client.disassociate_qualification_from_worker(QualificationTypeId=type_id, WorkerId=worker(5))
    fails(daemon, "state", "get", what="workers")
    first = ask(daemon, "workers", qualification_type_id=type_id, limit=60)
    rest = ask(daemon, "workers", qualification_type_id=type_id, limit=60, offset=first["next_offset"])
    assert (first["total"], rest["total"], first["next_offset"], rest["next_offset"]) == (100, 100, 60, None)
    values = {w["worker_id"]: w["integer_value"] for w in first["workers"] + rest["workers"]}
    assert values == {worker(n): n for n in range(101) if n != 5}
    assert all(w["granted_at"] for w in first["workers"])
    error = fails(daemon, "not-found", "get", what="workers", qualification_type_id="3NGMTNOSUCHTYPE")
    assert "qualification type" in error.message
    fails(daemon, "usage", "get", what="workers", qualification_type_id=type_id, limit=1001)
    fails(daemon, "usage", "get", what="workers", qualification_type_id=type_id, offset=-1)


def test_bonuses_with_totals_by_worker(sim, daemon):
    client = sim.boto3_client()
    submit(sim, range(1, 103), max_assignments=200)
    for number in range(1, 103):
        client.send_bonus(WorkerId=worker(number), BonusAmount="0.10", AssignmentId=assignment(number), Reason="a")
    client.send_bonus(WorkerId=worker(2), BonusAmount="1.05", AssignmentId=assignment(2), Reason="b")
    listed = ask(daemon, "bonuses", hit_id=HIT, limit=5)
    assert (listed["total"], len(listed["payments"]), listed["next_offset"]) == (103, 5, 5)
    assert listed["total_cents"] == 102 * 10 + 105
    # Totals are of all, whatever the page shows; who has most comes first.
    assert len(listed["workers"]) == 102
    assert listed["workers"][0] == {"worker_id": worker(2), "payments": 2, "amount_cents": 115}
    one = ask(daemon, "bonuses", assignment_id=assignment(2))
    assert {(p["amount_cents"], p["reason"], p["worker_id"]) for p in one["payments"]} == {
        (10, "a", worker(2)), (105, "b", worker(2))}
    assert (one["total_cents"], one["assignment_id"], one["next_offset"]) == (115, assignment(2), None)
    assert ask(daemon, "bonuses", assignment_id=assignment(1))["total_cents"] == 10
    fails(daemon, "not-found", "get", what="bonuses", assignment_id="3NGMTNOSUCHASSIGNMENT")
    fails(daemon, "usage", "get", what="bonuses", assignment_id=assignment(1), hit_id=HIT)
    for odd in ({"assignment_id": 5}, {"hit_id": ["x"]}, {"hit_id": ""}, {"assignment_id": "a b"}):
        fails(daemon, "usage", "get", what="bonuses", **odd)
    fails(daemon, "state", "get", what="bonuses", assignment_id=None)


def test_a_hit_with_everything(sim, daemon):
    sim.hit(hit="3NGMTHITNEW", title="Ultimatum", description="Play", annotation="first wave", reward="1.50",
            max_assignments=9, lifetime_s=7200, duration_s=600, auto_approval_s=DAY_S)
    (hit,) = ask(daemon, "hits", search="WAVE")["hits"]
    assert ask(daemon, "hit-status", hit_id="3NGMTHITNEW")["hit"] == hit
    assert {"title": "Ultimatum", "description": "Play", "annotation": "first wave", "reward_cents": 150,
            "max_assignments": 9, "available": 9, "pending": 0, "completed": 0, "duration_s": 600,
            "auto_approval_s": DAY_S, "status": "Assignable"}.items() <= hit.items()
    assert hit["expires_at"] > hit["created_at"]
    assert ask(daemon, "hits", search="no such thing") == {"environment": "rehearsal", "total": 0, "hits": []}


def test_one_who_hangs_up_is_asked_for_no_longer(sim, daemon, many_types):
    """The first page is held back until the client has gone: the second is never asked for."""
    sim.faults({"kind": "delay", "operation": "ListQualificationTypes", "ms": 400, "count": 1})
    for _ in range(3):
        connection = daemon.connect()
        for what in ("qualifications", "qualification", "qualifications", "hits", "balance"):
            connection.send("get", what=what)
        connection.close()
    wait_until(lambda: daemon.call("status")["lanes"][0]["waiting"] == 0 and
               daemon.call("status")["lanes"][0]["in_flight"] == 0, "the reads end")
    asked = [r for r in sim.requests() if r["operation"] == "ListQualificationTypes"]
    assert asked and len(asked) < 3 * 3 * 2
    assert ask(daemon, "qualifications")["total"] == TYPES + 1


# -- what is selected -------------------------------------------------------------------------------------------------


def selected(daemon):
    with daemon.connect() as connection:
        assert connection.hello["selected"] == daemon.call("status")["selected"]
        return connection.hello["selected"]


def test_selecting(sim, daemon):
    assert selected(daemon) == {"hit": None, "qualification": None}
    sim.hit(hit=HIT, title="Old")
    sim.advance(60)
    sim.hit(hit="3NGMTHITNEWEST", title="New")
    type_id = make_type(sim, "Finished")
    newest = {"hit_id": "3NGMTHITNEWEST", "title": "New"}
    answer = ask(daemon, "hit")
    assert (answer["selected"], answer["hit"]["hit_id"]) == (True, "3NGMTHITNEWEST")
    assert selected(daemon) == {"hit": newest, "qualification": None}
    answer = daemon.call("select", hit_id=HIT)
    assert answer["selected"]["hit"] == {"hit_id": HIT, "title": "Old"} and answer["hit"]["title"] == "Old"
    assert ask(daemon, "hit-status")["hit"]["hit_id"] == HIT
    assert ask(daemon, "bonuses")["hit_id"] == HIT
    daemon.call("select", qualification_type_id=type_id)
    assert ask(daemon, "qualification-type")["qualification"]["name"] == "Finished"
    assert ask(daemon, "workers")["qualification_type_id"] == type_id
    both = {"hit": {"hit_id": HIT, "title": "Old"},
            "qualification": {"qualification_type_id": type_id, "name": "Finished"}}
    assert selected(daemon) == both
    daemon.restart()
    assert selected(daemon) == both
    assert daemon.call("select", hit_id=None)["selected"] == {**both, "hit": None}
    assert daemon.call("select", qualification_type_id=None)["selected"] == {"hit": None, "qualification": None}
    fails(daemon, "state", "get", what="hit-status")


def test_a_wrong_id_is_not_selected(sim, daemon):
    sim.hit(hit=HIT)
    type_id = make_type(sim, "Finished")
    ask(daemon, "hits")
    ask(daemon, "qualification")
    for params, right in (({"hit_id": almost(HIT)}, HIT), ({"hit_id": HIT.lower()}, HIT),
                          ({"qualification_type_id": almost(type_id)}, type_id)):
        name = "usage" if "hit_id" in params and params["hit_id"].islower() else "not-found"
        error = fails(daemon, "usage" if params.get("hit_id") == HIT.lower() else name, "select", **params)
        assert right in error.hint, error
    assert selected(daemon)["hit"] is None and selected(daemon)["qualification"]["name"] == "Finished"
    for params in ({}, {"hit_id": HIT, "qualification_type_id": type_id}, {"hit_id": 5}, {"hit_id": ""}):
        fails(daemon, "usage", "select", **params)
    error = fails(daemon, "not-found", "get", what="hit-status", hit_id=almost(HIT))
    assert HIT in error.hint
    assert "sandbox and live" in fails(daemon, "not-found", "select", hit_id="3COMPLETELYDIFFERENT").hint


@as_root
def test_who_may_only_look_selects_nothing(sim, make_daemon):
    daemon = make_daemon(sim, options={"control": {"read_group": "games", "pay_group": "users"}})
    sim.hit(hit=HIT)
    type_id = make_type(sim, "Finished")
    hello, hit, kind, select = ask_as(
        daemon, ["games"], {"method": "get", "params": {"what": "hit"}},
        {"method": "get", "params": {"what": "qualification"}}, {"method": "select", "params": {"hit_id": HIT}})
    _, known = ask_as(daemon, ["games"], {"method": "complete", "params": {"what": "hits"}})
    assert hello["result"]["may_change"] is False
    assert (hit["result"]["selected"], hit["result"]["hit"]["hit_id"]) == (False, HIT)
    assert (kind["result"]["selected"], kind["result"]["qualification"]["qualification_type_id"]) == (False, type_id)
    assert select["error"]["data"]["name"] == "not-authorised"
    assert [w["word"] for w in known["result"]["words"]] == [HIT]
    assert selected(daemon) == {"hit": None, "qualification": None}


def test_the_selected_type_is_the_default_of_qualify(sim, make_daemon, room):
    """After -Q and the row's own, before [defaults]."""
    ids = [make_type(sim, name) for name in ("configured", "selected", "own", "named")]
    daemon = make_daemon(sim, options={"defaults": {"qualification_type_id": ids[0]}})
    submit(sim, [1, 2])
    room.columns += ("QualificationTypeId",)
    room.player(1).player(2, QualificationTypeId=ids[2]).write()
    daemon.load(room)

    def granted():
        return {op["worker_id"]: op["qualification_type_id"] for op in daemon.ledger.operations("qualify")}
    shown = daemon.plan(["qualify"])
    daemon.call("select", qualification_type_id=ids[1])
    assert daemon.plan(["qualify"])["digest"] != shown["digest"]
    with pytest.raises(RpcError) as failure:
        daemon.call("apply", do=["qualify"], digest=shown["digest"])
    assert failure.value.name == "money-rule"
    daemon.pay(["qualify"])
    assert granted() == {worker(1): ids[1], worker(2): ids[2]}
    daemon.pay(["qualify"], qualification_type_id=ids[3])
    assert set(granted().values()) == {ids[3]}


# -- what could be typed ----------------------------------------------------------------------------------------------


def words(daemon, what, prefix="", **more):
    return {w["word"]: w["note"] for w in daemon.call("complete", what=what, prefix=prefix, **more)["words"]}


def test_completing(sim, daemon, room):
    for what in ("hits", "workers", "assignments", "rooms", "games", "qualifications", "operations", "batches"):
        assert words(daemon, what) == {}
    submit(sim, range(1, 8))
    type_id = make_type(sim, "Finished")
    for number in range(1, 8):
        room.player(number)
    room.write()
    daemon.load(room)
    assert words(daemon, "workers", worker(3).lower()[:13]) == {worker(3): None}
    assert list(words(daemon, "workers")) == [worker(n) for n in range(7, 0, -1)]
    assert words(daemon, "hits") == {HIT: None}
    daemon.pay()
    ask(daemon, "hit")
    ask(daemon, "qualifications")
    assert words(daemon, "hits", HIT.lower()) == {HIT: "Ultimatum Game"}
    assert words(daemon, "assignments", assignment(2)) == {assignment(2): worker(2)}
    assert words(daemon, "qualifications", type_id[:5]) == {type_id: "Finished"}
    assert words(daemon, "operations", "1") == {
        "14": f"bonus {worker(7)}, done", "13": f"approve {worker(7)}, done", "12": f"bonus {worker(6)}, done",
        "11": f"approve {worker(6)}, done", "10": f"bonus {worker(5)}, done", "1": f"approve {worker(1)}, done"}
    assert list(words(daemon, "operations", limit=2)) == ["14", "13"]
    assert "approve, bonus" in next(iter(words(daemon, "batches").values()))
    asked = len(sim.requests())
    for wrong in ("%", "_", "3NGMT%", "x" * 500, "0", "-1", "1e1", "é", "'"):
        assert not any(words(daemon, what, wrong) for what in ("hits", "workers", "operations", "batches", "rooms"))
    assert len(sim.requests()) == asked
    assert fails(daemon, "usage", "complete", what="worker").hint == 'did you mean "workers"?'
    fails(daemon, "usage", "complete", what="hits", limit=101)


def test_completing_rooms_and_games(sim, make_daemon, tmp_path):
    for name in ("room000007", "room000008", "Other"):
        (tmp_path / "games" / "ultimatum" / "data" / name).mkdir(parents=True)
    (tmp_path / "games" / "ultimatum" / "ultimatum.game").mkdir()
    daemon = make_daemon(sim, options={"nodegame": {
        "game": [str(tmp_path / "games" / "ultimatum"), str(tmp_path / "elsewhere" / "dictator")]}})
    wait_until(lambda: words(daemon, "rooms"), "the rooms are found")
    assert words(daemon, "rooms", "ROOM") == {"room000008": "ultimatum", "room000007": "ultimatum"}
    assert set(words(daemon, "games")) == {"ultimatum", "dictator"}
    for method, params in (("rooms_adopt", {"all": True, "game": "ultimatun"}), ("plan_adopt", {"game": "ultimatun"}),
                           ("rooms", {"game": "ultimatun"}),
                           ("load", {"what": "game", "game": "ultimatun", "mode": "new"})):
        error = fails(daemon, "not-found", method, **params)
        assert error.hint == 'did you mean "ultimatum"?', (method, error)


# -- what is due ------------------------------------------------------------------------------------------------------


def deadlines(daemon):
    return {d["what"]: d for d in daemon.call("status")["deadlines"]}


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def test_deadlines(sim, daemon, room):
    assert daemon.call("status")["deadlines"] == []
    sim.hit(hit=HIT, max_assignments=20, auto_approval_s=2 * DAY_S, lifetime_s=7200)
    submit(sim, range(1, 5), make_hit=False)
    for number in range(1, 5):
        room.player(number, 0, **({"approve": False, "reject": True} if number == 2 else {}))
    room.write()
    daemon.load(room)
    daemon.plan(["approve"])
    due = deadlines(daemon)
    assert set(due) == {"auto-approval"}
    assert (due["auto-approval"]["count"], due["auto-approval"]["is_cut"]) == (4, False)
    assert due["auto-approval"]["next_subject"] in map(assignment, range(1, 5))
    assert abs(seconds(due["auto-approval"]["at"]) - time.time() - 2 * DAY_S) < 300
    # Decided ones are no longer waiting, whether or not the platform's list has been read again.
    daemon.pay(["approve", "reject"], feedback="No", select={"assignment": [assignment(1), assignment(2)]})
    due = deadlines(daemon)
    assert due["auto-approval"]["count"] == 2
    assert (due["un-reject"]["count"], due["un-reject"]["next_subject"]) == (1, assignment(2))
    assert abs(seconds(due["un-reject"]["at"]) - time.time() - 30 * DAY_S) < 300
    ask(daemon, "hit")
    listed = daemon.call("status")["deadlines"]
    assert [d["what"] for d in listed] == ["hit-expiry", "auto-approval", "un-reject"]
    assert listed[0]["next_subject"] == HIT and abs(seconds(listed[0]["at"]) - time.time() - 7200) < 300
    daemon.restart()
    assert daemon.call("status")["deadlines"] == listed
    daemon.call("select", hit_id=None)
    daemon.pay(["approve"])
    assert set(deadlines(daemon)) == {"un-reject"}


def test_the_age_of_a_token_is_a_deadline(sim, daemon, room):
    submit(sim, [1])
    room.player(1).write()
    daemon.load(room)
    sim.faults({"kind": "drop-after", "operation": "SendBonus"})
    batch = daemon.apply()
    wait_until(lambda: "token" in deadlines(daemon), "a bonus is in doubt")
    due = deadlines(daemon)["token"]
    assert due["count"] == 1 and abs(seconds(due["at"]) - time.time() - 23 * 3600) < 300
    (bonus,) = daemon.ledger.operations("bonus")
    assert due["next_subject"] == str(bonus["id"])
    sim.faults()
    assert daemon.follow(batch)[-1]["done"] == 2
    assert "token" not in deadlines(daemon)


def test_unclaimed_is_what_no_row_is_about_to_be_joined_with(sim, make_daemon, room):
    """The list that is read for it joins the row at once; without that, "no row asks for it" would be untrue."""
    daemon = make_daemon(sim, options={"defaults": {"hit_id": HIT}, "nodegame": {"join": "exit-code"}})
    submit(sim, [1])
    room.player(2, workerid=None, assignmentid=None, hitid=None).write()
    daemon.load(room)
    assert daemon.call("show", what="summary")["results"]["hold"] == 1
    sim.submit(hit=HIT, assignments=[{"assignment": assignment(2), "worker": worker(2), "code": "exp2"}])
    (one,) = daemon.call("unclaimed")["submissions"]
    assert one["assignment_id"] == assignment(1) and "no row asks for it" in one["why"]
    assert abs(seconds(one["submitted_at"]) - time.time()) < 300
    assert daemon.call("show", what="summary")["results"]["approve"] == 1
