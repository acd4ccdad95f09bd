# SPDX-License-Identifier: MIT
"""Writing to workers: in chunks of at most a hundred, each worker at most once, whatever happens."""
import json
import threading

import pytest

from ngmt import HIT, Room, RpcError, calls, submit, wait_until, worker
from test_crash import LOST, QUICK

SUBJECT = "Your bonus"
TEXT = "Dear worker,\nyour bonus is on its way.\n"
STRANGER = "A1NGMT9999999X"  # has never worked for us
REFUSED = "MTurk says: Cannot send a notification to a worker who has not done any work for you"


def workers(numbers):
    return [worker(n) for n in numbers]


def plan(daemon, **params):
    return daemon.call("plan_notify", **{"subject": SUBJECT, "text": TEXT, "items": {}, **params})


def apply(daemon, **params):
    """Plans and applies; the number of the batch, None if nobody is left to be told."""
    digest = plan(daemon, **params)["digest"]
    return daemon.call("apply_notify", **{"subject": SUBJECT, "text": TEXT, "digest": digest, **params})["batch"]


def tell(daemon, **params):
    """Until all is settled: the last word about the batch."""
    batch = apply(daemon, **params)
    assert batch is not None, "nobody is left to be told"
    return daemon.follow(batch)[-1]


def told(sim):
    """{(worker, subject): how often}"""
    counts = {}
    for message in sim.books("notifications")["notifications"]:
        for worker_id in message["workers"]:
            counts[worker_id, message["subject"]] = counts.get((worker_id, message["subject"]), 0) + 1
    return counts


def requests(sim):
    return [json.loads(r["body"]) for r in sim.requests() if r["operation"] == "NotifyWorkers"]


def recipients(daemon):
    names = ("open", "told", "refused", "unknown")
    return {row["worker_id"]: names[row["state"]]
            for row in daemon.ledger.rows("SELECT * FROM recipient ORDER BY operation_id")}


def group_of(described, state):
    return [group for group in described["groups"] if group["state"] == state]


# -- all is well ------------------------------------------------------------------------------------------------------


def test_250_workers_are_three_requests(sim, daemon):
    numbers = range(1, 251)
    submit(sim, list(numbers), max_assignments=300)
    shown = plan(daemon, workers=workers(numbers))
    assert (shown["workers"], shown["requests"], shown["nothing_to_do"]) == (250, 3, False)
    assert shown["actions"] == [{"kind": "notify", "count": 250, "amount_cents": 0, "fees_cents": 0,
                                 "fees_known": True}]
    assert (shown["subject"], shown["first_line"], shown["characters"]) == (SUBJECT, "Dear worker,", len(TEXT))
    last = tell(daemon, workers=workers(numbers))
    assert (last["total"], last["done"], last["told"], last["not_told"], last["perhaps_told"]) == (3, 3, 250, 0, 0)
    assert last["groups"] == []
    sent = requests(sim)
    # Several connections at once: they may arrive in any order.
    assert sorted(len(body["WorkerIds"]) for body in sent) == [50, 100, 100]
    assert sorted(sum((body["WorkerIds"] for body in sent), [])) == workers(numbers)
    assert {(body["Subject"], body["MessageText"]) for body in sent} == {(SUBJECT, TEXT)}
    assert told(sim) == {(w, SUBJECT): 1 for w in workers(numbers)}


def test_again_tells_nobody_twice(sim, daemon):
    submit(sim, [1, 2, 3])
    tell(daemon, workers=workers([1, 2]))
    again = plan(daemon, workers=workers([2, 1]))
    assert again["nothing_to_do"] and again["why"] == "2 told this already" and again["actions"] == []
    assert apply(daemon, workers=workers([1])) is None
    # Another chunk with a newcomer: only the newcomer is told.
    last = tell(daemon, workers=workers([1, 2, 3]))
    assert (last["told"], last["total"]) == (1, 1)
    assert told(sim) == {(w, SUBJECT): 1 for w in workers([1, 2, 3])}
    # Another message is another matter.
    tell(daemon, workers=workers([1]), subject="Your second bonus")
    assert told(sim)[worker(1), "Your second bonus"] == 1


def test_failures_within_a_success_are_recorded_per_worker(sim, daemon):
    submit(sim, [1, 2])
    strangers = [STRANGER, "A1NGMT9999998X"]
    last = tell(daemon, workers=workers([1, 2]) + strangers)
    assert (last["done"], last["told"], last["not_told"]) == (1, 2, 2)
    (group,) = last["groups"]
    assert (group["state"], group["kind"], group["count"], group["why"]) == ("failed", "notify", 2, REFUSED)
    assert group["example"] in strangers
    described = daemon.call("batch", batch=last["batch"], recipients={"troubled": True, "limit": 1})
    assert [(r["worker_id"], r["state"], r["why"]) for r in described["recipients"]] == [
        ("A1NGMT9999998X", "refused", REFUSED)]
    assert described["recipients_next_offset"] == 1
    everybody = daemon.call("batch", batch=last["batch"], recipients={})
    assert [r["state"] for r in everybody["recipients"]] == ["told", "told", "refused", "refused"]
    assert everybody["recipients_next_offset"] is None


def test_who_was_refused_may_be_tried_again_and_again(sim, daemon):
    submit(sim, [1])
    tell(daemon, workers=[worker(1), STRANGER])
    for attempt in range(2, 5):
        last = tell(daemon, workers=[worker(1), STRANGER])
        assert (last["told"], last["not_told"]) == (0, 1)
        assert calls(sim, "NotifyWorkers") == attempt
    sim.submit(hit=HIT, assignments=[{"assignment": "3NGMTASG0000000000000000009999", "worker": STRANGER}])
    assert tell(daemon, workers=[worker(1), STRANGER])["told"] == 1
    assert plan(daemon, workers=[worker(1), STRANGER])["nothing_to_do"]
    assert set(told(sim).values()) == {1} and len(told(sim)) == 2


def test_the_workers_of_the_working_set(sim, daemon, room):
    submit(sim, [1, 2, 3, 4])
    room.player(1).player(2, approve=False, reject=True).player(1).player(3, bonus="NaN").bot().write()
    daemon.load(room)
    shown = plan(daemon)
    assert (shown["rows"], shown["workers"]) == (5, 2)
    assert sorted((g["verdict"], g["count"]) for g in shown["groups"]) == [("hold", 1), ("skip", 1)]
    acting = [item["worker_id"] for item in shown["items"] if item["verdict"] == "act"]
    assert acting == workers([1, 2])
    tell(daemon)
    assert told(sim) == {(w, SUBJECT): 1 for w in workers([1, 2])}
    # Of a room, of a HIT, and of nothing.
    assert plan(daemon, select={"hit": HIT})["nothing_to_do"]
    assert plan(daemon, select={"worker": worker(2)})["why"] == "1 told this already"
    with pytest.raises(RpcError) as refused:
        plan(daemon, select={"room": "room000099"})
    assert refused.value.name == "not-found"


def test_nobody_is_selected(daemon):
    shown = plan(daemon)
    assert shown["nothing_to_do"] and "load some results first" in shown["why"]


def test_what_is_no_worker_id_is_left_out(sim, daemon):
    submit(sim, [1])
    bad = ["a1ngmt0000001x", "A1 B2", "B1NGMT0000001X", "A" + "1" * 64, "A" + "1" * 300, "A"]
    last_plan = plan(daemon, workers=[worker(1), worker(1)] + bad)
    assert last_plan["workers"] == 1
    assert last_plan["groups"] == [{"verdict": "hold", "kind": "notify", "count": len(bad), "why": "bad worker id"}]
    tell(daemon, workers=[worker(1)] + bad)
    assert [body["WorkerIds"] for body in requests(sim)] == [[worker(1)]]


@pytest.mark.parametrize("params", [
    {"subject": "x" * 201}, {"text": "x" * 4097}, {"subject": ""}, {"text": "a\x0bb"}, {"workers": []},
    {"workers": "A1"}, {"select": {}}, {"select": {"room": ""}}, {"workers": ["A1NGMT1"], "select": {"room": "r"}},
])
def test_nonsense_is_refused(daemon, params):
    with pytest.raises(RpcError) as refused:
        plan(daemon, **params)
    assert refused.value.name == "usage"
    with pytest.raises(RpcError) as refused:
        daemon.call("plan", do=["notify"])
    assert refused.value.name == "usage"


def test_the_longest_message_that_fits(sim, daemon):
    submit(sim, [1])
    subject, text = "ä" * 200, "謝\t\r\n" + "ß" * 4092
    tell(daemon, workers=workers([1]), subject=subject, text=text)
    (body,) = requests(sim)
    assert (body["Subject"], body["MessageText"]) == (subject, text)


def test_another_digest_is_refused(sim, daemon):
    submit(sim, [1, 2])
    digest = plan(daemon, workers=workers([1]))["digest"]
    for params in ({"workers": workers([1, 2])}, {"workers": workers([1]), "text": "x"}, {"workers": workers([2])}):
        with pytest.raises(RpcError) as refused:
            daemon.call("apply_notify", **{"subject": SUBJECT, "text": TEXT, "digest": digest, **params})
        assert refused.value.name == "money-rule"
    with pytest.raises(RpcError):
        daemon.call("apply_notify", subject=SUBJECT, text=TEXT, workers=workers([1]))
    assert requests(sim) == [] and daemon.ledger.operations() == []


# -- lost answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", LOST)
def test_a_lost_answer_is_never_sent_again(sim, make_daemon, how):
    daemon = make_daemon(sim, options=QUICK)
    numbers = range(1, 151)
    submit(sim, list(numbers), max_assignments=200)
    sim.faults({"operation": "NotifyWorkers", "count": 2, **LOST[how]})
    last = tell(daemon, workers=workers(numbers))
    assert (last["held"], last["done"], last["perhaps_told"]) == (2, 0, 150)
    (group,) = last["groups"]
    assert (group["state"], group["kind"], group["count"]) == ("held", "notify", 150)
    assert calls(sim, "NotifyWorkers") == 2
    for op in daemon.ledger.operations("notify"):
        assert (op["state"], op["hold"], op["doubtful"], op["attempts"]) == ("held", 4, 1, 1)
        assert daemon.ledger.history(op["id"]) == ["planned", "queued", "sending", "unsure", "held"]
    assert set(recipients(daemon).values()) == {"unknown"}
    # Neither the same command, nor another one, nor a restart sends it again.
    assert plan(daemon, workers=workers(numbers))["nothing_to_do"]
    assert apply(daemon, workers=workers([1])) is None
    daemon.restart()
    assert plan(daemon, workers=workers(numbers))["groups"][0]["verdict"] == "hold"
    assert calls(sim, "NotifyWorkers") == 2
    assert set(told(sim).values()) <= {1}


def test_an_answer_without_the_list_proves_nothing(sim, daemon):
    submit(sim, [1, 2])
    for number, body in enumerate(("{}", '{"NotifyWorkersFailureStatuses":null}', "[]",
                                   '{"NotifyWorkersFailureStatuses":[{"WorkerId":"A1NGMT7777777X"}]}'), 1):
        sim.faults({"operation": "NotifyWorkers", "count": 1, "kind": "status", "status": 200, "body": body,
                    "content_type": "application/x-amz-json-1.1"})
        last = tell(daemon, workers=workers([1]), subject=f"{SUBJECT} {number}")
        assert (last["held"], last["perhaps_told"]) == (1, 1), body
        assert calls(sim, "NotifyWorkers") == number


@pytest.mark.parametrize("error", [
    {"type": "ThrottlingException", "message": "Rate exceeded"},
    {"type": "RequestError", "status": 429, "code": "AWS.MechanicalTurk.Throttling", "message": "Rate exceeded"},
])
def test_throttling_is_tried_again(sim, make_daemon, error):
    daemon = make_daemon(sim, options=QUICK)
    numbers = range(1, 251)
    submit(sim, list(numbers), max_assignments=300)
    sim.faults({"operation": "NotifyWorkers", "kind": "error", "count": 5, **error})
    last = tell(daemon, workers=workers(numbers))
    assert (last["done"], last["told"]) == (3, 250)
    assert calls(sim, "NotifyWorkers") == 8
    assert set(told(sim).values()) == {1} and len(told(sim)) == 250


def test_without_access_it_waits_and_goes_on(sim, make_daemon):
    daemon = make_daemon(sim, options=QUICK)
    submit(sim, [1])
    sim.faults({"operation": "NotifyWorkers", "kind": "error", "count": 1, "type": "AccessDeniedException",
                "message": "no"})
    batch = apply(daemon, workers=workers([1]))
    wait_until(lambda: calls(sim, "NotifyWorkers") == 1, "it is refused")
    daemon.call("connect")
    assert daemon.follow(batch)[-1]["told"] == 1
    assert told(sim) == {(worker(1), SUBJECT): 1}


def test_a_refusal_fails_and_may_be_asked_for_again(sim, daemon):
    submit(sim, [1])
    sim.faults({"operation": "NotifyWorkers", "kind": "error", "count": 1, "type": "RequestError",
                "message": "This is not possible."})
    last = tell(daemon, workers=workers([1]))
    assert (last["failed"], last["not_told"], last["told"]) == (1, 1, 0)
    assert tell(daemon, workers=workers([1]))["told"] == 1
    assert told(sim) == {(worker(1), SUBJECT): 1}


# -- crashes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("executed", [True, False])
def test_killed_while_it_is_out(sim, daemon, executed):
    numbers = range(1, 251)
    submit(sim, list(numbers), max_assignments=300)
    sim.faults({"operation": "NotifyWorkers", "kind": "freeze", "execute": executed})
    apply(daemon, workers=workers(numbers))
    wait_until(lambda: calls(sim, "NotifyWorkers") == 3, "three requests arrive")
    assert daemon.ledger.count("sending") == 3
    daemon.kill()
    sim.faults()
    daemon.start()
    wait_until(lambda: daemon.ledger.count("held") == 3, lambda: daemon.ledger.states())
    assert plan(daemon, workers=workers(numbers))["nothing_to_do"]
    assert calls(sim, "NotifyWorkers") == 3
    assert set(recipients(daemon).values()) == {"unknown"}
    assert set(told(sim).values()) == ({1} if executed else set())


def test_killed_right_after_the_answer_to_apply(sim, daemon):
    numbers = range(1, 151)
    submit(sim, list(numbers), max_assignments=200)
    sim.faults({"operation": "NotifyWorkers", "kind": "delay", "ms": 300})
    apply(daemon, workers=workers(numbers))
    daemon.kill()
    sim.faults()
    daemon.start()
    wait_until(lambda: all(op["state"] in ("done", "held") for op in daemon.ledger.operations()),
               lambda: daemon.ledger.states())
    assert calls(sim, "NotifyWorkers") <= 2
    assert set(told(sim).values()) <= {1}


def test_killed_again_and_again(sim, daemon):
    numbers = range(1, 1001)
    submit(sim, list(numbers), max_assignments=1000)
    sim.faults({"operation": "NotifyWorkers", "kind": "delay", "ms": 30})
    apply(daemon, workers=workers(numbers))
    for _ in range(3):
        settled = daemon.ledger.count("done") + daemon.ledger.count("held")
        wait_until(lambda: daemon.ledger.count("done") + daemon.ledger.count("held") > min(settled, 9), "it goes on")
        daemon.kill()
        daemon.start()
    wait_until(lambda: {op["state"] for op in daemon.ledger.operations()} <= {"done", "held"},
               lambda: daemon.ledger.states())
    assert set(told(sim).values()) == {1}
    asked = [tuple(body["WorkerIds"]) for body in requests(sim)]
    assert len(asked) == len(set(asked)) <= 10
    was_told = {w for w, state in recipients(daemon).items() if state == "told"}
    assert was_told <= {w for w, _ in told(sim)}


def test_terminated_while_the_answer_does_not_come(sim, daemon):
    submit(sim, [1])
    sim.faults({"operation": "NotifyWorkers", "kind": "freeze", "execute": True})
    apply(daemon, workers=workers([1]))
    wait_until(lambda: calls(sim, "NotifyWorkers") == 1, "the request arrives")
    daemon.terminate()
    sim.faults()
    daemon.start()
    wait_until(lambda: daemon.ledger.count("held") == 1, lambda: daemon.ledger.states())
    assert calls(sim, "NotifyWorkers") == 1


# -- people -----------------------------------------------------------------------------------------------------------


def test_two_operators_at_once(sim, daemon):
    numbers = range(1, 151)
    submit(sim, list(numbers), max_assignments=200)
    outcomes = []

    def operate(mine):
        with daemon.connect() as connection:
            params = {"subject": SUBJECT, "text": TEXT, "workers": workers(mine)}
            digest = connection.call("plan_notify", **params)["digest"]
            barrier.wait()
            try:
                outcomes.append(connection.call("apply_notify", digest=digest, **params)["batch"])
            except RpcError as refused:
                outcomes.append(refused.name)

    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=operate, args=(mine,))
               for mine in (range(1, 151), range(1, 151), range(50, 151), range(150, 0, -1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batches = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert len(batches) == 1 and outcomes.count("money-rule") == 3, outcomes
    daemon.follow(batches[0])
    tell_rest = apply(daemon, workers=workers(numbers))
    if tell_rest:
        daemon.follow(tell_rest)
    assert told(sim) == {(w, SUBJECT): 1 for w in workers(numbers)}


def test_a_person_resolves_the_doubt(sim, make_daemon):
    daemon = make_daemon(sim, options=QUICK)
    submit(sim, [1, 2])
    sim.faults({"operation": "NotifyWorkers", "kind": "status", "status": 500, "count": 2})
    tell(daemon, workers=workers([1]))
    tell(daemon, workers=workers([2]))
    first, second = daemon.ledger.operations("notify")
    daemon.call("resolve", id=first["id"], done=False)
    wait_until(lambda: daemon.ledger.operations("notify")[0]["state"] == "done", lambda: daemon.ledger.states())
    daemon.call("resolve", id=second["id"], done=True)
    assert recipients(daemon) == {worker(1): "told", worker(2): "told"}
    assert told(sim) == {(worker(1), SUBJECT): 1}


def test_what_was_cancelled_may_be_told_by_another_command_and_by_that_one_only(sim, make_daemon):
    daemon = make_daemon(sim, options={"queue": {"throttle_interval": "1h"}})
    submit(sim, [1, 2, 3])
    tell(daemon, workers=workers([3]))  # the next request leaves in an hour
    apply(daemon, workers=workers([1, 2]))
    (op,) = [op for op in daemon.ledger.operations("notify") if op["state"] != "done"]
    assert plan(daemon, workers=workers([1]))["groups"][0]["why"] == "about to be told this by an earlier command"
    daemon.call("cancel", select={"ids": [op["id"]]})
    assert recipients(daemon) == {worker(3): "told", worker(1): "refused", worker(2): "refused"}
    apply(daemon, workers=workers([1]))
    daemon.call("release", select={"ids": [op["id"]]})
    daemon.set("queue", throttle_interval="0")
    daemon.restart()
    wait_until(lambda: daemon.ledger.states() == {("notify", "done"): 3}, lambda: daemon.ledger.states())
    assert told(sim) == {(w, SUBJECT): 1 for w in workers([1, 2, 3])}


# -- the command ------------------------------------------------------------------------------------------------------


def arguments(numbers, *more):
    named = [word for number in numbers for word in ("-w", worker(number))]
    return ["notify", *named, "-s", SUBJECT, "-m", TEXT, *more]


def test_on_the_command_line(sim, daemon):
    submit(sim, list(range(1, 104)), max_assignments=200)
    dry = daemon.ctl(*arguments(range(1, 104), "--dry-run"))
    for line in ("notify  103  workers", f"subject:   {SUBJECT}", f"text:      Dear worker, ({len(TEXT)} characters in all)",
                 "requests:  2", worker(103)):
        assert line in dry.stdout, dry.stdout
    assert "balance" not in dry.stdout
    refused = daemon.ctl(*arguments(range(1, 104)), status=9)
    assert "--yes --plan " in refused.stderr and requests(sim) == []
    done = daemon.ctl(*arguments(range(1, 104), "--yes"))
    assert "workers told:  103/103" in done.stdout, done.stdout
    again = daemon.ctl(*arguments(range(1, 104), "--yes"))
    assert "Nothing to do: 103 told this already" in again.stdout
    assert calls(sim, "NotifyWorkers") == 2


def test_the_command_tells_who_was_not_told(sim, daemon):
    submit(sim, [1])
    done = daemon.ctl("Notify", "-w", worker(1), "--WorkerIds", STRANGER, "--Subject", SUBJECT, "--MessageText", TEXT,
                      "-y", status=7)
    assert "workers told:  1/2" in done.stdout and "not told:      1" in done.stdout, done.stdout
    assert f"1 message failed: {REFUSED} (such as {STRANGER})" in done.stdout
    last = daemon.ctl("--json", "--quiet", *arguments([1], "-w", STRANGER, "--yes"), status=7).json
    assert last["exit_status"] == 7 and last["plan"]["workers"] == 1
    assert last["recipients"] == [{"worker_id": STRANGER, "state": "refused", "why": REFUSED}]
    # An id that is none is left out, and that shows in the exit status.
    daemon.ctl("notify", "-w", worker(1), "-w", "nobody", "-s", "Another", "-m", "x", "--yes", status=7)


def test_the_command_with_a_lost_answer(sim, daemon):
    submit(sim, [1])
    sim.faults({"operation": "NotifyWorkers", "kind": "drop-after", "count": 1})
    done = daemon.ctl(*arguments([1], "--yes"), status=7)
    assert "perhaps told:  1" in done.stdout, done.stdout
    assert "a person must decide" in done.stdout
    assert calls(sim, "NotifyWorkers") == 1


@pytest.mark.parametrize("words, message", [
    (["notify", "-w", "A1NGMT1", "-m", "x"], '"notify" needs --subject (-s) TEXT'),
    (["notify", "-w", "A1NGMT1", "-s", "x"], '"notify" needs --message (-m) TEXT'),
    (["notify", "-w", "A1NGMT1", "-s", "x", "-m", "y", "--room", "room000061"], "exclude each other"),
    (["notify", "-w", "", "-s", "x", "-m", "y"], "is empty"),
    (["notify", "-s", "x" * 201, "-m", "y", "-y"], "at most 200 fit"),
])
def test_wrong_command_lines(daemon, words, message):
    assert message in daemon.ctl(*words, status=2).stderr


def test_a_room_by_name(sim, daemon, tmp_path):
    submit(sim, [1, 2, 3])
    game = tmp_path / "game" / "data"
    Room(game, 61).player(1).player(2).write()
    Room(game, 62).player(3).write()
    daemon.ctl("load", "game", str(game))
    daemon.ctl("notify", "--room", "room000061", "-s", SUBJECT, "-m", TEXT, "--yes")
    assert told(sim) == {(w, SUBJECT): 1 for w in workers([1, 2])}
    batch = daemon.ledger.rows("SELECT command, typed FROM batch")[-1]
    assert batch["command"] == 'notify subject="Your bonus" room="room000061"'
    command = batch["typed"]
    assert command.startswith(f"ngmtctl notify --room room000061 -s '{SUBJECT}' -m '") and command.endswith("' --yes")
