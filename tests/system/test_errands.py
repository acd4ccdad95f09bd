# SPDX-License-Identifier: MIT
"""Errands through the socket: HITs, qualification types, grants, blocks; what is shown is what happens, and once."""
import itertools

import pytest

from ngmt import Daemon, RpcError, assignment, calls, wait_until, worker
from simclient import Simulator

numbers = itertools.count(1)  # of workers, assignments and HITs: each test has its own


@pytest.fixture(scope="module")
def sim():
    with Simulator() as running:
        yield running


@pytest.fixture(scope="module")
def daemon(sim, tmp_path_factory):
    running = Daemon(tmp_path_factory.mktemp("errands"), sim.endpoint, ca_bundle=sim.ca_bundle).start()
    yield running
    running.finish()


def definition(**members):
    return {"title": f"Ultimatum Game {next(numbers)}", "description": "Play once", "reward_cents": 100,
            "max_assignments": 5, "lifetime_s": 86400, "duration_s": 3600,
            "question": {"url": "https://example.org/game?a=1&b=2"}, **members}


def plan(daemon, errand, **params):
    return daemon.call("plan_errand", errand=errand, **params)


def apply(daemon, errand, **params):
    """Plans and applies: the plan, and the batch (None if nothing was to do)."""
    shown = plan(daemon, errand, **params)
    return shown, daemon.call("apply_errand", errand=errand, digest=shown["digest"], **params)["batch"]


def run(daemon, errand, **params):
    """Until all is settled: the plan, and the last word about the batch."""
    shown, batch = apply(daemon, errand, **params)
    assert batch is not None, shown["items"]
    last = daemon.follow(batch)[-1]
    assert last["done"] == last["total"], last["groups"]
    return shown, last


def create(daemon, **members):
    """The new HIT's id."""
    return run(daemon, "create-hit", hit=definition(**members))[1]["created"][0]["hit_id"]


def hit_of(sim, hit_id):
    (found,) = [h for h in sim.books("hits")["hits"] if h["hit"] == hit_id]
    return found


def held_cents(sim):
    return sim.books("account")["account"]["on_hold_cents"]


def verdicts(shown):
    return [item["verdict"] for item in shown["items"]]


def why(shown):
    (item,) = shown["items"]
    return item["why"]


def refusal(call, *args, **params):
    with pytest.raises(RpcError) as refused:
        call(*args, **params)
    return refused.value


# -- HITs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assignments,rounds,cents,count", [
    (9, False, 9 * 120, 1), (10, False, 10 * 140, 1), (10, True, 10 * 120, 2), (20, True, 20 * 120, 3)])
def test_what_a_hit_costs_is_set_aside(sim, daemon, assignments, rounds, cents, count):
    before = held_cents(sim)
    shown, last = run(daemon, "create-hit", hit=definition(max_assignments=assignments), rounds=rounds)
    assert shown["cost"]["total_cents"] == cents == held_cents(sim) - before
    assert shown["cost"]["saved_cents"] == (20 * assignments if rounds else 0)
    assert shown["balance"]["after_cents"] == shown["balance"]["available_cents"] - cents
    assert daemon.call("get", what="balance")["available_cents"] == shown["balance"]["after_cents"]
    made = [hit_of(sim, one["hit_id"]) for one in last["created"]]
    assert [one["max_assignments"] for one in made] == ([9] * (count - 1) + [assignments - 9 * (count - 1)]
                                                        if rounds else [assignments])
    assert last["by_kind"] == [{"kind": "create-hit", "total": count, "done": count, "held": 0, "failed": 0,
                                "amount_cents": 100 * assignments, "fee_cents": cents - 100 * assignments}]
    assert daemon.call("status")["selected"]["hit"]["hit_id"] in [one["hit"] for one in made]


def test_a_second_click_makes_no_second_hit(sim, daemon):
    hit = definition()
    shown, _ = run(daemon, "create-hit", hit=hit)
    made = len(sim.books("hits")["hits"])
    # Another order of the members is the same HIT; the plan that was confirmed is gone.
    again = dict(reversed(list(hit.items())))
    assert refusal(daemon.call, "apply_errand", errand="create-hit", hit=again,
                   digest=shown["digest"]).name == "money-rule"
    second, batch = apply(daemon, "create-hit", hit=again)
    assert (batch, verdicts(second), second["cost"]["total_cents"]) == (None, ["done"], 0)
    assert "another occasion needs a --purpose" in why(second)
    assert len(sim.books("hits")["hits"]) == made
    _, last = run(daemon, "create-hit", hit=hit, purpose="monday")
    assert len(sim.books("hits")["hits"]) == made + 1
    assert apply(daemon, "create-hit", hit=hit, purpose="monday")[1] is None
    assert last["created"][0]["hit_id"] not in why(second)


def test_two_clicks_at_once_make_one_hit(sim, daemon):
    hit = definition()
    digest = plan(daemon, "create-hit", hit=hit)["digest"]
    made = len(sim.books("hits")["hits"])
    with daemon.connect() as one, daemon.connect() as other:
        requests = [(c, c.send("apply_errand", errand="create-hit", hit=hit, digest=digest)) for c in (one, other)]
        answers = []
        for connection, request in requests:
            try:
                answers.append(connection.reply(request)["batch"])
            except RpcError as error:
                answers.append(error.name)
    assert sorted(map(str, answers))[1] == "money-rule", answers
    daemon.follow(next(a for a in answers if a != "money-rule"))
    assert len(sim.books("hits")["hits"]) == made + 1


def test_what_was_typed_is_recorded(daemon):
    shown, batch = apply(daemon, "create-hit", hit=definition(title="A \"quoted\" title"), command="ngmtctl hit create x")
    described = daemon.call("batch", batch=batch)
    assert described["command"] == f"ngmtctl hit create x ({shown['title']})"
    daemon.follow(batch)
    (line,) = [line for line in daemon.log().splitlines() if f"errand recorded errand=create-hit batch={batch} " in line]
    assert f"digest={shown['digest']}" in line and "operations=1" in line


@pytest.mark.parametrize("members,message,hint", [
    ({"reward_cents": 1.5}, '"hit.reward_cents" must be a whole number', None),
    ({"titel": "x"}, 'unknown member "hit.titel"', 'did you mean "title"?'),
    ({"question": {"url": "http://example.org"}}, '"hit.question.url" must begin with https://', None),
    ({"qualifications": [{"type": "locale", "comparator": "EqualTo", "values": [1]}]},
     '"hit.qualifications[0]": a qualification of the type "locale" has "locales", not "values"', None)])
def test_a_bad_definition(daemon, members, message, hint):
    error = refusal(plan, daemon, "create-hit", hit=definition(**members))
    assert (error.name, error.message, error.hint) == ("usage", message, hint)


def test_unknown_params(daemon):
    error = refusal(plan, daemon, "create-hit", hit=definition(), round=True)
    assert (error.message, error.hint) == ('unknown member "round"', 'did you mean "rounds"?')
    assert refusal(plan, daemon, "creat-hit").hint == 'did you mean "create-hit"?'


# -- changes of a HIT -------------------------------------------------------------------------------------------------


def test_more_assignments_cost_what_was_shown(sim, daemon):
    small, large = create(daemon, max_assignments=5), create(daemon, max_assignments=10)
    for hit_id, more, cents in ((small, 4, 4 * 120), (large, 3, 3 * 140)):
        before = held_cents(sim)
        shown, _ = run(daemon, "extend-hit", hit_id=hit_id, assignments=more)
        assert shown["cost"]["total_cents"] == cents == held_cents(sim) - before
    assert (hit_of(sim, small)["max_assignments"], hit_of(sim, large)["max_assignments"]) == (9, 13)


def test_the_tenth_assignment_is_refused_before_it_is_asked_for(sim, daemon):
    hit_id = create(daemon, max_assignments=7)
    asked = calls(sim, "CreateAdditionalAssignmentsForHIT")
    shown = plan(daemon, "extend-hit", hit_id=hit_id, assignments=3)
    assert verdicts(shown) == ["refuse"] and "2 at most can be added" in why(shown) and "--rounds" in why(shown)
    error = refusal(daemon.call, "apply_errand", errand="extend-hit", hit_id=hit_id, assignments=3,
                    digest=shown["digest"])
    assert error.name == "state" and "2 at most" in error.message
    # Not half of it, either.
    assert verdicts(plan(daemon, "extend-hit", hit_id=hit_id, assignments=3, time_s=60)) == ["refuse", "refuse"]
    run(daemon, "extend-hit", hit_id=hit_id, assignments=2)
    assert calls(sim, "CreateAdditionalAssignmentsForHIT") == asked + 1


def test_each_extension_is_confirmed_anew(sim, daemon):
    hit_id = create(daemon, max_assignments=3)
    shown, _ = run(daemon, "extend-hit", hit_id=hit_id, assignments=1)
    error = refusal(daemon.call, "apply_errand", errand="extend-hit", hit_id=hit_id, assignments=1,
                    digest=shown["digest"])
    assert error.name == "money-rule" and "the plan has changed" in error.message
    assert hit_of(sim, hit_id)["max_assignments"] == 4


def test_more_time(sim, daemon):
    hit_id = create(daemon, max_assignments=2)
    before = hit_of(sim, hit_id)["expires_ms"]
    shown, _ = run(daemon, "extend-hit", hit_id=hit_id, time_s=7200, assignments=1)
    after = hit_of(sim, hit_id)
    assert after["expires_ms"] // 1000 == before // 1000 + 7200 and after["max_assignments"] == 3
    assert shown["new_expires_at"] == daemon.call("get", what="hit-status", hit_id=hit_id)["hit"]["expires_at"]
    shown = plan(daemon, "extend-hit", hit_id=hit_id, time_s=31536000)
    assert verdicts(shown) == ["refuse"] and "at most 365 days ahead" in why(shown)


def test_expired_once_and_opened_again(sim, daemon):
    hit_id = create(daemon, max_assignments=2)
    sim.accept(hit=hit_id, worker=worker(next(numbers)))
    shown, _ = run(daemon, "expire-hit", hit_id=hit_id)
    assert "1 worker works on it and can still hand in" in shown["notes"]
    expired_ms = hit_of(sim, hit_id)["expires_ms"]
    again, batch = apply(daemon, "expire-hit", hit_id=hit_id)
    assert (batch, verdicts(again)) == (None, ["done"]) and "it expired already on" in why(again)
    assert hit_of(sim, hit_id)["expires_ms"] == expired_ms
    held = held_cents(sim)
    shown, _ = run(daemon, "extend-hit", hit_id=hit_id, time_s=3600)
    assert any("sets aside $1.00 + $0.20 fees anew for the 1 assignments" in note for note in shown["notes"])
    assert held_cents(sim) - held == 120
    assert verdicts(plan(daemon, "expire-hit", hit_id=hit_id)) == ["go"]


def test_expired_with_the_same_end_as_before_it_was_put_back(sim, daemon):
    hit_id = create(daemon, max_assignments=2)
    ends_s = hit_of(sim, hit_id)["expires_ms"] // 1000
    run(daemon, "expire-hit", hit_id=hit_id)
    run(daemon, "extend-hit", hit_id=hit_id, time_s=ends_s - hit_of(sim, hit_id)["expires_ms"] // 1000)
    assert hit_of(sim, hit_id)["expires_ms"] // 1000 == ends_s
    run(daemon, "expire-hit", hit_id=hit_id)
    assert hit_of(sim, hit_id)["expires_ms"] // 1000 < ends_s


def test_deleted_when_all_is_decided(sim, daemon):
    hit_id = create(daemon, max_assignments=2)
    one, other = next(numbers), next(numbers)
    assert "expire it first" in why(plan(daemon, "delete-hit", hit_id=hit_id))
    sim.submit(hit=hit_id, assignments=[{"assignment": assignment(n), "worker": worker(n)} for n in (one, other)])
    shown = plan(daemon, "delete-hit", hit_id=hit_id)
    assert verdicts(shown) == ["refuse"]
    assert why(shown).startswith("2 assignments are neither approved nor rejected")
    client = sim.boto3_client()
    client.approve_assignment(AssignmentId=assignment(one))
    client.reject_assignment(AssignmentId=assignment(other), RequesterFeedback="no")
    shown, _ = run(daemon, "delete-hit", hit_id=hit_id)
    assert shown["notes"] == ["1 assignment is rejected: after this nobody can approve it any more"]
    assert hit_of(sim, hit_id)["is_disposed"]
    assert verdicts(plan(daemon, "delete-hit", hit_id=hit_id)) == ["done"]
    assert verdicts(plan(daemon, "extend-hit", hit_id=hit_id, time_s=60)) == ["refuse"]


def test_the_selected_hit_is_meant(daemon):
    daemon.call("select", hit_id=None)
    error = refusal(plan, daemon, "expire-hit")
    assert error.name == "state" and "select one" in error.hint
    hit_id = create(daemon)
    assert plan(daemon, "expire-hit")["hit"]["hit_id"] == hit_id
    assert refusal(plan, daemon, "expire-hit", hit_id="3NGMTNONE").name == "not-found"


# -- qualifications and blocks ----------------------------------------------------------------------------------------


def grants(sim, type_id):
    (found,) = [t for t in sim.books("qualification_types")["qualification_types"] if t["id"] == type_id]
    return {g["worker"]: g["value"] for g in found["grants"] if not g["is_revoked"]}


def test_a_qualification_from_its_making_to_its_end(sim, daemon):
    name = f"Was there {next(numbers)}"
    shown, last = run(daemon, "create-qualification", name=name, description="d", keywords="a, b")
    (made,) = last["created"]
    type_id = made["qualification_type_id"]
    assert (shown["cost"], made["kind"], made["subject"]) == (None, "create-qualification", name)
    assert apply(daemon, "create-qualification", name=name)[1] is None
    assert daemon.call("status")["selected"]["qualification"]["qualification_type_id"] == type_id
    one, other = worker(next(numbers)), worker(next(numbers))
    client = sim.boto3_client()
    hit_id = create(daemon)
    sim.submit(hit=hit_id, assignments=[{"assignment": assignment(next(numbers)), "worker": w} for w in (one, other)])
    shown, last = run(daemon, "grant", workers=[one, other, one, "nobody"], integer_value=3)
    assert verdicts(shown) == ["go", "go", "refuse"] and last["total"] == 2
    assert grants(sim, type_id) == {one: 3, other: 3}
    assert apply(daemon, "grant", workers=[one, other], integer_value=3)[1] is None
    run(daemon, "grant", workers=[one], integer_value=5)
    run(daemon, "grant", workers=[one], integer_value=3)
    run(daemon, "revoke", workers=[other], reason="thanks", qualification_type_id=type_id)
    assert apply(daemon, "revoke", workers=[other])[1] is None
    assert grants(sim, type_id) == {one: 3}
    run(daemon, "grant", workers=[other], integer_value=3)
    assert grants(sim, type_id) == {one: 3, other: 3}
    # A HIT may ask for it by the word.
    made = create(daemon, qualifications=[{"type": "selected", "comparator": "DoesNotExist", "guard": "discover"}])
    (asked,) = client.get_hit(HITId=made)["HIT"]["QualificationRequirements"]
    assert (asked["QualificationTypeId"], asked["Comparator"], asked["ActionsGuarded"]) == (
        type_id, "DoesNotExist", "DiscoverPreviewAndAccept")


def test_blocked_unblocked_blocked(sim, daemon):
    hit_id = create(daemon)
    number = next(numbers)
    sim.submit(hit=hit_id, assignments=[{"assignment": assignment(number), "worker": worker(number)}])
    client = sim.boto3_client()

    def blocked():
        return worker(number) in [b["WorkerId"] for b in client.list_worker_blocks()["WorkerBlocks"]]

    assert refusal(plan, daemon, "block", workers=[worker(number)]).message == '"reason" is missing'
    for _ in range(2):
        run(daemon, "block", workers=[worker(number)], reason="spam")
        assert blocked()
        shown, batch = apply(daemon, "block", workers=[worker(number)], reason="spam")
        assert batch is None and why(shown).startswith("blocked already on ")
        run(daemon, "unblock", workers=[worker(number)])
        assert not blocked()
        assert apply(daemon, "unblock", workers=[worker(number)])[1] is None


# -- rules ------------------------------------------------------------------------------------------------------------


def test_dry_mode_plans_and_records_nothing(sim, make_daemon):
    dry = make_daemon(sim, options={"queue": {"dry": "yes"}})
    hit = definition()
    shown = plan(dry, "create-hit", hit=hit)
    assert shown["go"] == 1
    assert refusal(dry.call, "apply_errand", errand="create-hit", hit=hit, digest=shown["digest"]).name == "money-rule"
    assert dry.ledger.rows("SELECT count(*) AS n FROM batch") == [{"n": 0}]


def test_beyond_a_budget_it_is_held_as_the_plan_said(sim, make_daemon):
    limited = make_daemon(sim, options={"limits": {"total_budget": "22.00"}})
    shown, batch = apply(limited, "create-hit", hit=definition(max_assignments=20), rounds=True)
    assert [item["why"] for item in shown["items"]] == [
        "", "", "will be held: beyond total_budget ($22.00, fees included)"]
    assert any(note.startswith("1 of 3 will be held for a limit") for note in shown["notes"])
    last = limited.follow(batch)[-1]
    assert (last["done"], last["held"]) == (2, 1)


def test_short_of_money_the_hit_waits(make_daemon):
    with Simulator() as poor:
        poor.balance("1.00")
        daemon = make_daemon(poor)
        shown, batch = apply(daemon, "create-hit", hit=definition(max_assignments=1))
        assert "the balance is $0.20 short: it will wait until there is more" in shown["notes"]
        wait_until(lambda: daemon.call("batch", batch=batch)["waiting_for"] == "funds", daemon.log)
        waiting = plan(daemon, "create-hit", hit=definition(max_assignments=1))
        assert any(note.startswith("it will have to wait: ") for note in waiting["notes"])
        poor.balance("100.00")
        daemon.call("connect")
        assert daemon.follow(batch)[-1]["done"] == 1
        assert len(poor.books("hits")["hits"]) == 1
