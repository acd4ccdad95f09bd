# SPDX-License-Identifier: MIT
"""HITs, qualification types and blocks on the wire: whatever happens to answers, to the daemon and to the money, each is
made once, and what is recorded is what the endpoint has."""
import itertools
import xml.etree.ElementTree as xml

import pytest

from ngmt import Daemon, bonuses, calls, submit, wait_until, worker
from ordeal import change_ledger, start_deadly
from simclient import Simulator
from test_errands import apply, definition, held_cents, hit_of, plan, run, verdicts

HOUR_S = 3600
# After "retries" attempts an operation is tried every few minutes only: not within these tests.
QUICK = {"queue": {"request_timeout": "1s", "retries": "1000", "retry_interval": "20ms"}}
LOST = {
    "closed after it was done": {"kind": "drop-after"},
    "closed within the body": {"kind": "half"},
    "rubbish": {"kind": "rubbish"},
    "empty": {"kind": "empty"},
    "500 after it was done": {"kind": "status", "status": 500, "execute": True},
    "closed before it was done": {"kind": "drop-before"},
    "503 and not done": {"kind": "status", "status": 503},
    "silence after it was done": {"kind": "freeze", "execute": True},
}
CALLS = ("CreateHIT", "CreateAdditionalAssignmentsForHIT", "UpdateExpirationForHIT", "DeleteHIT",
         "CreateQualificationType", "DisassociateQualificationFromWorker", "CreateWorkerBlock", "DeleteWorkerBlock")
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def shared_sim():
    with Simulator(tls=False) as running:
        yield running


@pytest.fixture(scope="module")
def shared_daemon(shared_sim, tmp_path_factory):
    running = Daemon(tmp_path_factory.mktemp("wire"), shared_sim.endpoint, options=QUICK).start()
    yield running
    running.finish()


@pytest.fixture
def sim():
    """Without TLS, which only costs time here."""
    with Simulator(tls=False) as running:
        yield running


@pytest.fixture
def daemon(sim, make_daemon):
    return make_daemon(sim, options=QUICK)


def hits(sim, title):
    books = sim.books("hits", "hit_types")
    types = {one["id"] for one in books["hit_types"] if one["title"] == title}
    return [hit["hit"] for hit in books["hits"] if hit["type"] in types]


def newest(daemon, kind):
    return daemon.ledger.operations(kind)[-1]


def settled(daemon, kind):
    """The newest operation of the kind, once nothing will happen to it any more."""
    wait_until(lambda: newest(daemon, kind)["state"] in ("done", "held", "failed"),
               lambda: f"{newest(daemon, kind)}\n{daemon.log()[-3000:]}")
    return newest(daemon, kind)


def status_of(daemon, hit_id):
    return daemon.call("get", what="hit-status", hit_id=hit_id)["hit"]["status"]


def balance(daemon):
    return daemon.call("get", what="balance")["available_cents"]


# -- lost answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", LOST)
def test_a_lost_answer_makes_nothing_twice(shared_sim, shared_daemon, how):
    sim, daemon = shared_sim, shared_daemon
    hit, who, name = definition(max_assignments=5), worker(next(numbers)), f"Veterans {next(numbers)}"
    before, held = balance(daemon), held_cents(sim)
    sim.faults(*[{"operation": operation, "count": 1, **LOST[how]} for operation in CALLS])
    _, last = run(daemon, "create-hit", hit=hit)
    (hit_id,) = hits(sim, hit["title"])
    assert [made["hit_id"] for made in last["created"]] == [hit_id] == [newest(daemon, "create-hit")["hit_id"]]
    run(daemon, "extend-hit", hit_id=hit_id, assignments=3, time_s=HOUR_S)
    assert hit_of(sim, hit_id)["max_assignments"] == 8
    assert held_cents(sim) - held == before - balance(daemon) == 8 * 120
    run(daemon, "expire-hit", hit_id=hit_id)
    run(daemon, "delete-hit", hit_id=hit_id)
    assert hit_of(sim, hit_id)["is_disposed"] and balance(daemon) == before
    assert daemon.call("status")["selected"]["hit"] is None
    _, last = run(daemon, "create-qualification", name=name, description="Took part")
    (type_id,) = [t["id"] for t in sim.books("qualification_types")["qualification_types"] if t["name"] == name]
    assert [made["qualification_type_id"] for made in last["created"]] == [type_id]
    run(daemon, "grant", workers=[who])
    run(daemon, "revoke", workers=[who], reason="It is over")
    run(daemon, "block", workers=[who], reason="Spam")
    run(daemon, "unblock", workers=[who])
    assert [rule["fired"] for rule in sim.fault_counts()] == [1] * len(CALLS)
    for op in daemon.ledger.operations()[-10:]:
        # The expiry was set twice, and only the first answer was lost.
        was_answered = op["kind"] == "qualify" or (op["kind"] == "expire-hit" and op["integer_value"] == 0)
        assert op["state"] == "done" and ("unsure" in daemon.ledger.history(op["id"])) != was_answered, op


def test_extended_twice_with_lost_answers(shared_sim, shared_daemon):
    """The second extension is another wish, with a token of its own; each token is used until it is answered."""
    sim, daemon = shared_sim, shared_daemon
    _, last = run(daemon, "create-hit", hit=definition(max_assignments=2))
    hit_id = last["created"][0]["hit_id"]
    for before, after in ((2, 5), (5, 8)):
        sim.faults({"operation": "CreateAdditionalAssignmentsForHIT", "count": 2, "kind": "drop-after"})
        run(daemon, "extend-hit", hit_id=hit_id, assignments=3)
        assert hit_of(sim, hit_id)["max_assignments"] == after
        op = newest(daemon, "extend-hit")
        assert (op["key"], op["attempts"], op["outcome"]) == (f"extend-hit/{hit_id}/{before}/3", 3,
                                                              "already-processed")
    assert len({op["token"] for op in daemon.ledger.operations("extend-hit") if op["hit_id"] == hit_id}) == 2


def test_the_same_end_twice_is_looked_at(shared_sim, shared_daemon):
    """MTurk takes the same moment only once a day: its words about a token do not prove that the HIT ends then."""
    sim, daemon = shared_sim, shared_daemon
    _, last = run(daemon, "create-hit", hit=definition(max_assignments=2))
    hit_id = last["created"][0]["hit_id"]
    for _ in range(2):
        run(daemon, "expire-hit", hit_id=hit_id)
        assert status_of(daemon, hit_id) == "Reviewable"
        run(daemon, "extend-hit", hit_id=hit_id, time_s=HOUR_S + next(numbers))
        assert status_of(daemon, hit_id) == "Assignable"
    # Somebody else has changed it in between.
    sim.faults({"operation": "UpdateExpirationForHIT", "kind": "drop-after", "count": 1},
               {"operation": "GetHIT", "kind": "status", "status": 500, "count": 2})
    run(daemon, "extend-hit", hit_id=hit_id, time_s=3 * HOUR_S)
    assert newest(daemon, "expire-hit")["outcome"] == "already-processed"


@pytest.mark.parametrize("executed,outcome", [(True, "already-created"), (False, "created")])
def test_a_name_that_our_own_attempt_took(shared_sim, shared_daemon, executed, outcome):
    sim, daemon = shared_sim, shared_daemon
    name = f"Veterans {next(numbers)}"
    sim.faults({"operation": "CreateQualificationType", "kind": "drop-after" if executed else "drop-before", "count": 1})
    run(daemon, "create-qualification", name=name, description="Took part")
    assert newest(daemon, "create-qualification")["outcome"] == outcome


def test_a_name_that_was_taken_before(sim, daemon):
    """A lost answer does not make an older type ours."""
    name = f"Veterans {next(numbers)}"
    sim.boto3_client().create_qualification_type(Name=name, Description="x", QualificationTypeStatus="Active")
    sim.skew(HOUR_S)
    daemon.call("connect")  # the platform's time, by which attempts are dated
    sim.faults({"operation": "CreateQualificationType", "kind": "drop-after", "count": 1})
    _, batch = apply(daemon, "create-qualification", name=name, description="Took part")
    assert daemon.follow(batch)[-1]["failed"] == 1
    assert "before" in newest(daemon, "create-qualification")["why"]


# -- the question -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question,tag,content", [
    ({"url": "https://example.org/?a=1&b='2'"}, "ExternalURL", "https://example.org/?a=1&b='2'"),
    ({"html": "<p>a &amp; b</p><script>if (x[y[0]]>1) z</script>\u00e4\U0001f600"}, "HTMLContent",
     "<p>a &amp; b</p><script>if (x[y[0]]>1) z</script>\u00e4\U0001f600")], ids=["url", "html"])
def test_the_question_arrives_as_it_is(shared_sim, shared_daemon, question, tag, content):
    """Read by boto3 and Python's XML parser."""
    shared_sim.faults()
    _, last = run(shared_daemon, "create-hit", hit=definition(question={"frame_height": 500, **question}))
    hit = shared_sim.boto3_client().get_hit(HITId=last["created"][0]["hit_id"])["HIT"]
    parsed = xml.fromstring(hit["Question"])
    texts = {element.tag.split("}")[1]: element.text for element in parsed}
    assert texts == {tag: content, "FrameHeight": "500"}


def test_what_queue_shows(shared_sim, shared_daemon):
    daemon = shared_daemon
    shared_sim.faults()
    _, last = run(daemon, "create-hit", hit=definition(max_assignments=12), rounds=True)
    batch, hit_id = last["batch"], last["created"][0]["hit_id"]
    listed = daemon.call("queue", what="list", select={"batch": batch})["operations"]
    assert [(op["subject"], op["assignments"], op["amount_cents"]) for op in listed] == [
        ("1/2", 9, 900), ("2/2", 3, 300)]
    assert listed[0]["hit_id"] == hit_id
    shown = daemon.ctl("queue", "show", str(listed[0]["id"])).stdout
    for words in (hit_id, "round:", "1/2", "assignments:"):
        assert words in shown
    run(daemon, "extend-hit", hit_id=hit_id, time_s=HOUR_S)
    (listed,) = daemon.call("queue", what="list", select={"hit": hit_id, "kind": "expire-hit"})["operations"]
    assert listed["subject"] < listed["expires_at"] == daemon.call(
        "get", what="hit-status", hit_id=hit_id)["hit"]["expires_at"]
    assert hit_id in daemon.ctl("queue", "list", "--hit", hit_id).stdout


# -- kill -9 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["apply-finished", "turn-committed", "request-handed", "answer-arrived",
                                   "answer-recorded"])
def test_killed_in_the_middle(sim, make_daemon, point):
    """Four rounds; then the same command again, as somebody would give it who saw it die."""
    daemon = make_daemon(sim, start=False, options=QUICK)
    hit = definition(max_assignments=36)
    # The first turn that changes the ledger records, the second one sends.
    start_deadly(daemon, NGMT_POINT=f"{point}:{2 if point == 'turn-committed' else 1}")
    shown = plan(daemon, "create-hit", hit=hit, rounds=True)
    try:
        daemon.call("apply_errand", errand="create-hit", hit=hit, rounds=True, digest=shown["digest"])
    except (ConnectionError, OSError):
        pass
    if daemon.process.poll() is None and point != "apply-finished":
        daemon.wait_for_death()
    else:
        daemon.kill()
    daemon.start()
    shown, batch = apply(daemon, "create-hit", hit=hit, rounds=True)
    if batch:
        daemon.follow(batch)
    wait_until(lambda: len(daemon.ledger.operations("create-hit", "done")) == 4, daemon.ledger.states)
    assert sorted(op["hit_id"] for op in daemon.ledger.operations("create-hit")) == sorted(hits(sim, hit["title"]))
    assert len(hits(sim, hit["title"])) == 4 and held_cents(sim) == 36 * 120
    assert daemon.call("status")["selected"]["hit"]["hit_id"] in hits(sim, hit["title"])


# -- old doubts -------------------------------------------------------------------------------------------------------


def leave_in_doubt(sim, daemon, errand, operation, executed, age_s, **params):
    """An errand whose answer was lost `age_s` ago, and a daemon that does not run."""
    before = calls(sim, operation)
    sim.faults({"operation": operation, "kind": "freeze", "execute": executed})
    apply(daemon, errand, **params)
    wait_until(lambda: calls(sim, operation) == before + 1, "the request arrives")
    daemon.kill()
    change_ledger(daemon, "UPDATE operation SET first_sent_s = first_sent_s - ? WHERE first_sent_s > 0", age_s)
    sim.faults()
    sim.advance(age_s)
    daemon.start()


@pytest.mark.parametrize("executed", [True, False])
def test_a_young_doubt_is_resent_with_the_same_token(sim, daemon, executed):
    hit = definition()
    leave_in_doubt(sim, daemon, "create-hit", "CreateHIT", executed, 22 * HOUR_S, hit=hit)
    op = settled(daemon, "create-hit")
    assert (op["state"], op["outcome"]) == ("done", "already-created" if executed else "created")
    assert hits(sim, hit["title"]) == [op["hit_id"]] and calls(sim, "CreateHIT") == 2


@pytest.mark.parametrize("executed", [True, False])
def test_an_old_doubt_goes_to_a_person(sim, daemon, executed):
    """Never sent again by itself; the person's word decides."""
    hit = definition()
    leave_in_doubt(sim, daemon, "create-hit", "CreateHIT", executed, int(23.5 * HOUR_S), hit=hit)
    op = settled(daemon, "create-hit")
    assert op["state"] == "held" and op["doubtful"] and "ngmtctl get hits" in op["why"]
    assert calls(sim, "CreateHIT") == 1
    # Not even by somebody who asks for the same again.
    assert verdicts(plan(daemon, "create-hit", hit=hit)) == ["refuse"]
    daemon.call("resolve", id=op["id"], done=executed)
    op = settled(daemon, "create-hit")
    assert op["state"] == "done" and len(hits(sim, hit["title"])) == 1
    assert calls(sim, "CreateHIT") == (1 if executed else 2)


@pytest.mark.parametrize("executed", [True, False])
def test_an_old_doubt_about_an_extension(sim, daemon, executed):
    _, last = run(daemon, "create-hit", hit=definition(max_assignments=2))
    hit_id = last["created"][0]["hit_id"]
    leave_in_doubt(sim, daemon, "extend-hit", "CreateAdditionalAssignmentsForHIT", executed, 24 * HOUR_S - 600,
                   hit_id=hit_id, assignments=3)
    op = settled(daemon, "extend-hit")
    assert op["state"] == "held" and op["doubtful"]
    assert calls(sim, "CreateAdditionalAssignmentsForHIT") == 1
    assert hit_of(sim, hit_id)["max_assignments"] == (5 if executed else 2)


def test_an_old_doubt_that_does_no_harm_is_resent(sim, daemon):
    who = worker(next(numbers))
    leave_in_doubt(sim, daemon, "block", "CreateWorkerBlock", True, 40 * 24 * HOUR_S, workers=[who], reason="Spam")
    assert settled(daemon, "block")["state"] == "done"
    assert calls(sim, "CreateWorkerBlock") == 2


# -- money ------------------------------------------------------------------------------------------------------------


def lanes(daemon):
    return {lane["lane"]: lane["paused"] for lane in daemon.call("status")["lanes"]}


def test_no_funds_pauses_the_lane_of_hits_only(sim, daemon, room):
    """Two rounds of $10.80; there is money for one of them, and then for bonuses."""
    submit(sim, [1])
    sim.balance("15.00")
    _, batch = apply(daemon, "create-hit", hit=definition(max_assignments=18), rounds=True)
    wait_until(lambda: lanes(daemon)["hit"], lambda: daemon.call("status")["lanes"])
    wait_until(lambda: len(daemon.ledger.operations("create-hit", "done")) == 1, daemon.ledger.states)
    assert [lane for lane, why in lanes(daemon).items() if why] == ["hit"]
    described = daemon.call("batch", batch=batch)
    assert (described["waiting_for"], described["failed"], described["held"]) == ("funds", 0, 0)
    status = wait_until(lambda: (daemon.call("status")["funds"] or {}).get("missing_cents") == 1080 - 420 and
                        daemon.call("status"), lambda: daemon.call("status"), patience_s=20)
    assert status["funds"]["payments"] == 1
    assert "out of funds: $6.60 are missing for 1 change of a HIT" in status["problems"][0]["what"]
    # Sent is what workers got; a HIT only sets money aside.
    assert {key: status["money"][key] for key in status["money"] if key.endswith("cents")} == {
        "sent_cents": 0, "sent_fees_cents": 0, "to_send_cents": 0, "to_send_fees_cents": 0, "set_aside_cents": 900,
        "set_aside_fees_cents": 180, "to_set_aside_cents": 900, "to_set_aside_fees_cents": 180}
    daemon.load(room.player(1, 1).write())
    assert daemon.pay(["bonus"])["done"] == 1 and bonuses(sim)
    sim.balance("10.79")
    daemon.call("connect")
    assert lanes(daemon)["hit"]
    sim.balance("10.80")
    daemon.call("connect")
    assert daemon.follow(batch)[-1]["done"] == 2
    assert daemon.call("status")["problems"] == [] and len(daemon.ledger.operations("create-hit", "done")) == 2


def test_the_floor_holds_a_hit(sim, make_daemon):
    daemon = make_daemon(sim, options={"limits": {"balance_floor": "5.00"}})
    sim.balance("15.00")
    _, batch = apply(daemon, "create-hit", hit=definition(max_assignments=9))
    last = daemon.follow(batch)[-1]
    assert (last["done"], last["held"]) == (0, 1) and "balance_floor" in newest(daemon, "create-hit")["why"]
    sim.balance("15.80")
    daemon.call("release", select={"batch": batch}, expect={"count": 1, "amount_cents": 900})
    assert settled(daemon, "create-hit")["state"] == "done"
    assert balance(daemon) == 500


def test_a_budget_counts_hits_and_bonuses_after_a_restart(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"limits": {"total_budget": "12.00"}})
    run(daemon, "create-hit", hit=definition(max_assignments=9))
    daemon.restart()
    assert daemon.call("status")["limits"]["total_spent_cents"] == 1080
    submit(sim, [1, 2])
    daemon.load(room.player(1, 1).player(2, 1).write())
    last = daemon.pay(["bonus"])
    assert (last["done"], last["held"]) == (1, 1)


# -- two daemons ------------------------------------------------------------------------------------------------------


def test_two_daemons_make_one_hit(sim, make_daemon):
    """The token is made of the definition: whoever is second finds it."""
    hit, made = definition(max_assignments=18), []
    for name in ("first", "second"):
        daemon = make_daemon(sim, name=name, options=QUICK)
        _, last = run(daemon, "create-hit", hit=hit, rounds=True)
        made.append({one["hit_id"] for one in last["created"]})
        assert {op["outcome"] for op in daemon.ledger.operations("create-hit")} == {
            "created" if name == "first" else "already-created"}
    assert made[0] == made[1] == set(hits(sim, hit["title"])) and held_cents(sim) == 18 * 120
