# SPDX-License-Identifier: MIT
"""ngmtctl queue: what is listed, let go on, taken back and resolved, against a scripted daemon."""
import json
import re
import subprocess

import pytest

from fake_daemon import HANG_UP, SILENCE, Refusal
from fake_queue import QUEUE, Queue, operation
from test_client import PATIENCE, Terminal, daemon, environment, ngmtctl  # noqa: F401 (daemon is a fixture)

CHANGES = ("release", "cancel", "hold", "retry", "resolve")


@pytest.fixture
def queue(daemon):  # noqa: F811
    return Queue(QUEUE).attach(daemon)


def asked(fake, method):
    """The params of every request of this method."""
    return [params for name, params in fake.requests if name == method]


def changed(fake):
    return [name for name in fake.methods() if name in CHANGES]


def ask(fake, *words):
    return Terminal(fake, "queue", *words, env=environment(NO_COLOR="1"), columns=200)


# --- the command line ---

@pytest.mark.parametrize("typed,message", [
    ("queue show", '"queue show" needs ID'), ("queue show 1 2", 'does not take "2"'),
    ("queue show x", '"x" is not the number of an operation'), ("queue show 0", '"0" is not the number'),
    ("queue show -1", "unknown option"), ("queue show 99999999999999999999", "is not the number"),
    ("queue release", '"queue release" needs to know which operations'),
    ("queue cancel --yes", '"queue cancel" needs to know which operations'),
    ("queue release 1 x2", '"x2" is not the number'), ("queue release 1 --all", 'by numbers or by "--all", not by both'),
    ("queue release 1 --batch 2", 'by numbers or by "--batch"'), ("queue cancel 1 --worker A", 'or by "--worker"'),
    ("queue release --all --batch 2", '"--all" and "--batch" exclude each other'),
    ("queue release --all --cancelled", '"--all" and "--cancelled" exclude each other'),
    ("queue release --cancelled --hold limit", "exclude each other"), ("queue release --held", 'unknown option "--held"'),
    ("queue cancel --all --kind bonus", '"--all" and "--kind" exclude each other'),
    ("queue resolve 1", 'needs "--done" or "--not-done"'), ("queue resolve 1 --done --not-done", "exclude each other"),
    ("queue resolve --done", '"queue resolve" needs ID'), ("queue resolve 1 2 --done", 'does not take "2"'),
    ("queue list --held --state done", "exclude each other"), ("queue list --state nonsense", "not one of planned|"),
    ("queue list --kind pay", "not one of approve|"), ("queue list --hold money", "not one of limit|"),
    ("queue list --batch 0", "from 1 to"), ("queue list --batch 7 --batch 8", "given twice"),
    ("queue list --worker A --worker B", "given twice"), ("queue list now", 'does not take "now"'),
    ("queue lst", 'did you mean "queue list"?'), ("queue realease 1", 'did you mean "queue release"?'),
    ("queue nonsense", "one of: list, show, release, cancel, hold, retry, resolve"), ("status --all", 'belongs to "queue release"'),
], ids=lambda value: value)
def test_bad_command_lines_ask_nothing(daemon, typed, message):  # noqa: F811
    run = ngmtctl(*typed.split(), socket=daemon.path)
    assert run.returncode == 2 and message in run.stderr, run.stderr
    assert daemon.requests == []


def test_help():
    assert "queue list" in ngmtctl("help").stdout
    group = ngmtctl("help", "queue").stdout
    for name in ("list", "show ID", "release [ID ...]", "cancel [ID ...]", "resolve ID"):
        assert f"queue {name}" in group
    assert "--cancelled" in ngmtctl("help", "queue", "release").stdout
    assert "Also: queue" in ngmtctl("help", "queue", "list").stdout


# --- list ---

def test_list_shows_what_a_person_needs(daemon, queue):  # noqa: F811
    run = ngmtctl("queue", "list", "--held", socket=daemon.path)
    assert run.returncode == 0, run.stderr
    lines = [re.sub("  +", "  ", line.strip()) for line in run.stdout.splitlines()]
    assert lines[0] == "id  kind  about  amount  state  since  by  why"
    assert lines[1] == ("11  bonus  A1NGMT00000011X  $2.00  held (limit)  2026-11-23T12:00:00Z  alice  "
                        "beyond max_bonus of $1.00")
    assert lines[5].endswith("may still be taken back (until 2026-11-23T12:10:00Z)")
    assert lines[6] == "5 operations, $9.50 + $1.90 fees"
    assert "ngmtctl queue release ID" in run.stderr and "ngmtctl queue resolve ID" in run.stderr


def test_list_alone_is_all_that_is_open(daemon, queue):  # noqa: F811
    run = ngmtctl("queue", socket=daemon.path)
    assert run.stdout == ngmtctl("queue", "list", socket=daemon.path).stdout
    assert "select" not in daemon.params("queue")
    assert len(run.stdout.splitlines()) == 1 + 8 + 1 and "A1NGMT00000019X" not in run.stdout


def test_list_hints_only_at_what_is_there(daemon):  # noqa: F811
    Queue([operation(1, state="queued", hold=None)]).attach(daemon)
    assert ngmtctl("queue", socket=daemon.path).stderr == ""
    Queue([operation(1, hold="doubt")]).attach(daemon)
    run = ngmtctl("queue", socket=daemon.path)
    assert "resolve" in run.stderr and "release" not in run.stderr
    assert ngmtctl("queue", "--quiet", socket=daemon.path).stderr == ""


def test_list_of_nothing(daemon, queue):  # noqa: F811
    run = ngmtctl("queue", "--batch", "999", socket=daemon.path)
    assert (run.returncode, run.stdout) == (0, "") and "No such operation" in run.stderr
    result = json.loads(ngmtctl("queue", "--batch", "999", "--json", socket=daemon.path).stdout)
    assert (result["operations"], result["total"]["count"], result["environment"]) == ([], 0, "sandbox")


def test_list_reads_all_pages(daemon):  # noqa: F811
    Queue([operation(i) for i in range(1, 26)], page=10).attach(daemon)
    result = json.loads(ngmtctl("queue", "--json", socket=daemon.path).stdout)
    assert [op["id"] for op in result["operations"]] == list(range(1, 26))
    assert result["total"] == {"count": 25, "amount_cents": 5000, "fees_cents": 1000} and result["next_offset"] is None
    run = ngmtctl("queue", socket=daemon.path)
    assert run.stdout.splitlines()[-1] == "25 operations, $50.00 + $10.00 fees"
    assert [params["offset"] for params in asked(daemon, "queue")[-3:]] == [0, 10, 20]


def test_list_that_breaks_off_prints_no_half_json(daemon):  # noqa: F811
    queue = Queue([operation(i) for i in range(1, 26)], page=10)
    daemon.on("queue", lambda params, peer: queue.queue(params, peer) if params["offset"] < 20 else
              Refusal("ledger", "cannot read", 1))
    run = ngmtctl("queue", "--json", socket=daemon.path)
    assert run.returncode == 1 and json.loads(run.stdout)["error"]["name"] == "ledger"


def test_list_pages_that_do_not_advance(daemon):  # noqa: F811
    daemon.on("queue", {"environment": "sandbox", "operations": QUEUE, "next_offset": 0, "total": {"count": 10}})
    assert ngmtctl("queue", socket=daemon.path).returncode == 0


# --- show ---

def test_show_has_all_and_what_comes_next(daemon, queue):  # noqa: F811
    run = ngmtctl("queue", "show", "11", socket=daemon.path)
    for text in ("held (limit)", "$2.00 + $0.40 fees", "beyond max_bonus", "A1NGMT00000011X", "3NGMTASG00011",
                 "/data/bonus.csv:3", "alice", "**** Steps ****", "planned", "TOKEN"):
        assert text in run.stdout, text
    assert "held until" not in run.stdout
    assert run.stderr == "To let it go on: ngmtctl queue release 11\n"
    assert json.loads(ngmtctl("queue", "show", "11", "--json", socket=daemon.path).stdout)["steps"][1]["state"] == "held"


@pytest.mark.parametrize("number,hint", [(14, "ngmtctl queue resolve 14 --done, or --not-done"),
                                         (15, "ngmtctl queue cancel 15"), (13, "ngmtctl queue release 13"), (19, None)])
def test_show_hints_by_what_it_is_held_for(daemon, queue, number, hint):  # noqa: F811
    run = ngmtctl("queue", "show", str(number), socket=daemon.path)
    assert run.stderr == "" if hint is None else hint in run.stderr
    assert ngmtctl("queue", "show", str(number), "--quiet", socket=daemon.path).stderr == ""


def test_show_and_resolve_of_messages_in_doubt(daemon):  # noqa: F811
    """No platform has a list of messages in which one could look."""
    daemon.on("queue", lambda params, peer: operation(
        1, kind="notify", hold="doubt", amount_cents=0, fees_cents=0, subject="Your bonus", text="Dear worker"))
    run = ngmtctl("queue", "show", "1", socket=daemon.path)
    assert re.search("subject: +Your bonus\n", run.stdout) and re.search("text: +Dear worker\n", run.stdout)
    assert "Find out from the workers" in run.stderr and "queue resolve 1 --done, or --not-done" in run.stderr
    run = ngmtctl("queue", "resolve", "1", "--not-done", socket=daemon.path)
    assert "gets it twice" in run.stderr and "platform's own list" not in run.stderr
    assert "did not get it goes without" in ngmtctl("queue", "resolve", "1", "--done", socket=daemon.path).stderr


def test_show_of_what_is_held_for_a_new_reason(daemon):  # noqa: F811
    daemon.on("queue", operation(1, hold="foreign"))
    assert ngmtctl("queue", "show", "1", socket=daemon.path).stderr == "To let it go on: ngmtctl queue release 1\n"


def test_show_of_what_does_not_exist(daemon, queue):  # noqa: F811
    run = ngmtctl("queue", "show", "99", socket=daemon.path)
    assert run.returncode == 1 and "there is no operation 99" in run.stderr


# --- release ---

def test_release_asks_with_all_of_it(daemon, queue):  # noqa: F811
    terminal = ask(daemon, "release", "11", "12", "15")
    terminal.read_until("Reject 1 assignment and pay 1 worker $5.50 + $1.10 fees in SANDBOX? [y/N]")
    assert "To be released in SANDBOX:" in terminal.text and "3 operations, $5.50 + $1.10 fees" in terminal.text
    assert "A1NGMT00000011X" in terminal.text and changed(daemon) == []
    terminal.type("y\n")
    assert terminal.finish() == 0, terminal.text
    assert "3 operations released (batch 41)" in terminal.text and "ngmtctl status" in terminal.text
    assert daemon.params("release") == {"select": {"ids": [11, 12, 15]}, "expect": {"count": 3, "amount_cents": 550},
                                        "command": "ngmtctl --socket " + daemon.path + " queue release 11 12 15"}
    assert queue.states(11, 12, 15) == ["queued"] * 3


@pytest.mark.parametrize("answer", ["n\n", "\n", "1\n", "\x04"])
def test_release_not_confirmed(daemon, queue, answer):  # noqa: F811
    terminal = ask(daemon, "release", "--all")
    terminal.read_until("[y/N]").type(answer)
    assert terminal.finish() == 9 and "nothing was released" in terminal.text
    assert changed(daemon) == []


def test_release_in_live_is_loud(daemon, queue):  # noqa: F811
    daemon.hello["environment"] = "live"
    terminal = Terminal(daemon, "queue", "release", "11")
    terminal.read_until("in LIVE? [y/N]").type("n\n")
    assert terminal.finish() == 9 and "\033[1;97;41m LIVE \033[0m" in terminal.text


def test_release_in_a_script(daemon, queue):  # noqa: F811
    run = ngmtctl("queue", "release", "--worker", "A1NGMT00000011X", socket=daemon.path)
    assert run.returncode == 9 and changed(daemon) == [] and run.stdout == ""
    assert "$5.50 + $1.10 fees" in run.stderr and "beyond max_bonus" in run.stderr
    typed = run.stderr.splitlines()[-1].strip()
    assert typed.endswith("queue release --worker A1NGMT00000011X --yes")
    again = subprocess.run(typed, shell=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                           timeout=PATIENCE, env=environment())
    assert again.returncode == 0 and queue.states(11, 12) == ["queued", "queued"]
    assert daemon.params("release")["select"] == {"worker": "A1NGMT00000011X", "state": "held"}


def test_release_not_confirmed_json(daemon, queue):  # noqa: F811
    run = ngmtctl("queue", "release", "--all", "--json", socket=daemon.path)
    error = json.loads(run.stdout)["error"]
    assert (run.returncode, error["name"]) == (9, "not-confirmed") and run.stderr == ""
    assert error["command"].endswith("queue release --all --json --yes")


def test_release_all_leaves_doubts_and_what_goes_on_by_itself(daemon, queue):  # noqa: F811
    run = ngmtctl("queue", "release", "--all", "--yes", socket=daemon.path)
    assert run.returncode == 0, run.stderr
    assert daemon.params("release") == {"select": {"state": "held"}, "expect": {"count": 3, "amount_cents": 750},
                                        "command": "ngmtctl --socket " + daemon.path + " queue release --all --yes"}
    assert asked(daemon, "queue")[0]["for"] == "release"
    assert queue.states(11, 12, 13, 14, 15) == ["queued", "queued", "queued", "held", "held"]
    assert "3 operations released (batch 41)" in run.stdout
    assert "Left out: 1 in doubt" in run.stderr


def test_release_json(daemon, queue):  # noqa: F811
    run = ngmtctl("queue", "release", "--all", "--yes", "--json", socket=daemon.path)
    result = json.loads(run.stdout)
    assert run.stderr == "" and result == {"environment": "sandbox", "batch": 41, "batches": [41], "released": 3,
                                           "refused_total": 0, "refused": [], "exit_status": 0, "held_again": [],
                                           "waiting": [], "failed": [], "on_their_way": 3, "done": 0, "cancelled": 0}


def test_release_quiet(daemon, queue):  # noqa: F811
    run = ngmtctl("queue", "release", "11", "--yes", "--quiet", socket=daemon.path)
    assert (run.stdout, run.stderr) == ("1 operation released (batch 41)\n1 on its way\n", "")


def test_release_of_a_batch_leaves_out_what_is_in_doubt(daemon, queue):  # noqa: F811
    terminal = ask(daemon, "release", "--batch", "7")
    terminal.read_until("Pay 2 workers $7.50 + $1.50 fees in SANDBOX? [y/N]").type("y\n")
    assert terminal.finish() == 0, terminal.text
    assert "3 operations released" in terminal.text and "Left out: 1 in doubt" in terminal.text
    assert queue.states(14, 15, 16) == ["held", "held", "queued"]
    assert "in doubt" not in ngmtctl("queue", "release", "--batch", "8", socket=daemon.path).stderr


def test_release_of_rejections_before_their_time(daemon, queue):  # noqa: F811
    terminal = ask(daemon, "release", "--hold", "undo")
    terminal.read_until("Reject 1 assignment in SANDBOX? [y/N]").type("y\n")
    assert terminal.finish() == 0 and queue.states(15) == ["queued"]


@pytest.mark.parametrize("number,why", [(14, 'it is in doubt: see "ngmtctl queue resolve"'), (18, "it is sending"),
                                        (19, "it is done")])
def test_release_never_asks_for_what_cannot_go_on(daemon, queue, number, why):  # noqa: F811
    terminal = ask(daemon, "release", str(number))
    assert terminal.finish() == 7, terminal.text
    assert "[y/N]" not in terminal.text and f"not released: {number}, {why}" in terminal.text
    assert changed(daemon) == []


def test_release_of_some_that_cannot_go_on(daemon, queue):  # noqa: F811
    """What is on its way when it is shown may be held when the answer comes: it was not asked for."""
    terminal = ask(daemon, "release", "11", "18")
    terminal.read_until("Pay 1 worker $2.00 + $0.40 fees in SANDBOX? [y/N]")
    queue.operations[7].update(state="held", hold="disagrees")
    terminal.type("y\n")
    assert terminal.finish() == 7 and queue.states(11, 18) == ["queued", "held"]
    assert daemon.params("release")["select"] == {"ids": [11]}


def test_release_has_cancelled_ones_back(daemon, queue):  # noqa: F811
    assert ngmtctl("queue", "release", "20", "--yes", socket=daemon.path).returncode == 0
    assert queue.states(20) == ["queued"]
    queue = Queue(QUEUE).attach(daemon)
    run = ngmtctl("queue", "release", "--cancelled", "--yes", socket=daemon.path)
    assert run.returncode == 0 and queue.states(11, 20) == ["held", "queued"]
    assert daemon.params("release")["select"] == {"ids": [20]}
    run = ngmtctl("queue", "release", "--batch", "9", "--cancelled", "--yes", socket=daemon.path)
    assert run.returncode == 0 and "0 operations released" in run.stdout


def test_release_of_a_mistyped_number_does_nothing(daemon, queue):  # noqa: F811
    run = ngmtctl("queue", "release", "11", "99", "--yes", socket=daemon.path)
    assert run.returncode == 1 and "there is no operation 99; nothing was released" in run.stderr
    assert changed(daemon) == []


def test_release_refuses_another_number_than_was_shown(daemon, queue):  # noqa: F811
    terminal = ask(daemon, "release", "--hold", "limit")
    terminal.read_until("Pay 1 worker $5.50 + $1.10 fees")
    queue.operations.append(operation(21, amount_cents=99999))
    terminal.type("y\n")
    assert terminal.finish() == 5, terminal.text
    assert "nothing was done" in terminal.text and queue.states(11, 12, 21) == ["held"] * 3
    assert len(asked(daemon, "release")) == 1


def test_release_refuses_a_list_that_is_not_its_total(daemon, queue):  # noqa: F811
    daemon.on("queue", lambda params, peer: dict(queue.queue(params, peer), operations=QUEUE[:1]))
    run = ngmtctl("queue", "release", "--hold", "limit", "--yes", socket=daemon.path)
    assert run.returncode == 1 and "changed while it was read" in run.stderr and changed(daemon) == []


def test_release_of_more_than_the_daemon_takes_at_once(daemon):  # noqa: F811
    queue = Queue([operation(i) for i in range(1, 6002)]).attach(daemon)
    run = ngmtctl("queue", "release", "--all", "--yes", socket=daemon.path)
    assert run.returncode == 0 and "6001 operations released (batch 41, 42)" in run.stdout
    assert [params["expect"]["count"] for params in asked(daemon, "release")] == [5000, 1001]
    assert {op["state"] for op in queue.operations} == {"queued"}
    run = ngmtctl("queue", "cancel", "--all", "--yes", "--json", socket=daemon.path)
    assert run.returncode == 0 and json.loads(run.stdout)["cancelled"] == 6001


def test_release_that_fails_halfway_says_what_it_did(daemon):  # noqa: F811
    queue = Queue([operation(i) for i in range(1, 5003)]).attach(daemon)
    daemon.on("release", lambda params, peer: queue.release(params, peer) if params["expect"]["count"] == 5000 else
              Refusal("money-rule", "others than were shown", 5))
    run = ngmtctl("queue", "release", "--all", "--yes", socket=daemon.path)
    assert run.returncode == 5 and "5000 were released before this: others than were shown" in run.stderr


@pytest.mark.parametrize("answer,options,status", [(HANG_UP, [], 3), (SILENCE, ["--timeout", "2"], 8)],
                         ids=["lost", "silent"])
def test_release_that_is_not_answered(daemon, queue, answer, options, status):  # noqa: F811
    daemon.on("release", answer)
    run = ngmtctl("queue", "release", "11", "--yes", *options, socket=daemon.path)
    assert run.returncode == status and "nothing is paid twice" in run.stderr
    assert len(asked(daemon, "release")) == 1


def test_release_of_many(daemon):  # noqa: F811
    queue = Queue([operation(i, worker_id=f"A1NGMT{i // 2:08}X") for i in range(1, 31)], page=7).attach(daemon)
    terminal = ask(daemon, "release", "--hold", "limit")
    terminal.read_until("Pay 16 workers $60.00 + $12.00 fees in SANDBOX? [y/N]")
    assert "... and 10 more" in terminal.text and "30 operations" in terminal.text
    terminal.type("y\n")
    assert terminal.finish() == 0 and set(op["state"] for op in queue.operations) == {"queued"}


def test_release_of_many_rejections_asks_for_their_number(daemon):  # noqa: F811
    Queue([operation(i, kind="reject", amount_cents=0, fees_cents=0) for i in range(1, 12)]).attach(daemon)
    terminal = ask(daemon, "release", "--all")
    terminal.read_until("Reject 11 assignments in SANDBOX? Type 11, the number of rejections, to say yes:").type("y\n")
    assert terminal.finish() == 9 and changed(daemon) == []
    terminal = ask(daemon, "release", "--all")
    terminal.read_until("to say yes:").type("11\n")
    assert terminal.finish() == 0 and changed(daemon) == ["release"]


def test_release_of_nothing(daemon):  # noqa: F811
    Queue([operation(1, state="queued", hold=None)]).attach(daemon)
    run = ngmtctl("queue", "release", "--all", socket=daemon.path)
    assert (run.returncode, run.stdout) == (0, "0 operations released\n") and changed(daemon) == []
    result = json.loads(ngmtctl("queue", "release", "--all", "--json", socket=daemon.path).stdout)
    assert (result["released"], result["batch"], result["exit_status"]) == (0, None, 0)


def test_refusals_are_named_and_the_rest_is_counted(daemon):  # noqa: F811
    """The daemon names a hundred, the report has a line for each reason."""
    Queue([operation(i, state="done", hold=None) for i in range(1, 151)]).attach(daemon)
    run = ngmtctl("queue", "cancel", *map(str, range(1, 151)), socket=daemon.path)
    assert run.returncode == 7 and run.stdout.count("it is done") == 1 and "... and 50 more" in run.stdout
    assert "not taken back: 100 operations, it is done (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ...)\n" in run.stdout
    assert "has them back" not in run.stderr
    result = json.loads(ngmtctl("queue", "cancel", *map(str, range(1, 151)), "--json", socket=daemon.path).stdout)
    assert (result["cancelled"], result["refused_total"], len(result["refused"])) == (0, 150, 100)


# --- what becomes of a release ---

TOO_MUCH = {"state": "held", "hold": "limit", "why": "a bonus of $15.00 is above max_bonus ($10.00)"}


def test_what_is_held_again_is_told(daemon, queue):  # noqa: F811
    queue.settles({11: TOO_MUCH, 12: TOO_MUCH}, looks=2)
    run = ngmtctl("queue", "release", "11", "12", "13", "--yes", socket=daemon.path)
    assert run.returncode == 7, run.stderr
    assert run.stdout == ("3 operations released (batch 41)\n"
                          "2 held again: a bonus of $15.00 is above max_bonus ($10.00)\n1 on its way\n")
    assert "ngmtctl status" in run.stderr
    assert [params["select"] for params in asked(daemon, "queue")[1:]] == [{"ids": [11, 12, 13]}] * 2


def test_what_is_held_again_json(daemon, queue):  # noqa: F811
    queue.settles({11: TOO_MUCH, 12: {"state": "done"}, 13: {"state": "failed", "why": "the worker is blocked"}})
    run = ngmtctl("queue", "release", "--all", "--yes", "--json", socket=daemon.path)
    result = json.loads(run.stdout)
    assert (run.returncode, result["exit_status"], result["released"]) == (7, 7, 3)
    assert result["held_again"] == [{"id": 11, "why": TOO_MUCH["why"]}]
    assert result["failed"] == [{"id": 13, "why": "the worker is blocked"}]
    assert (result["done"], result["on_their_way"], result["waiting"]) == (1, 0, [])


def test_all_that_becomes_of_a_release(daemon, queue):  # noqa: F811
    queue.settles({11: {"state": "done"}, 12: {"state": "failed", "why": "the worker is blocked\x1b[31m"},
                   13: {"state": "cancelled"}, 15: {"state": "held", "hold": "undo", "why": "may be taken back"}})
    run = ngmtctl("queue", "release", "11", "12", "13", "15", "20", "--yes", socket=daemon.path)
    assert run.returncode == 7 and "\x1b" not in run.stdout
    assert run.stdout.splitlines()[1:] == ["1 failed: the worker is blocked\\x1b[31m", "1 waits: may be taken back",
                                           "1 on its way", "1 done", "1 taken back meanwhile"]


def test_what_waits_is_no_trouble(daemon, queue):  # noqa: F811
    """It stays planned for as long as the worker has not handed in: --timeout ends the waiting."""
    queue.settles({11: {"state": "planned", "why": "not submitted on MTurk yet"}, 12: {"state": "planned", "why": "released"}})
    run = ngmtctl("queue", "release", "11", "12", "13", "--yes", "--timeout", "1", socket=daemon.path)
    assert run.returncode == 8, run.stderr
    assert run.stdout.splitlines()[1:] == ["1 waits: not submitted on MTurk yet", "1 waits: not checked yet", "1 on its way"]


def test_waiting_for_a_check_ends_by_itself(daemon, queue):  # noqa: F811
    queue.settles({11: {"state": "planned", "why": "not submitted on MTurk yet"}})
    run = ngmtctl("queue", "release", "11", "--yes", "--json", socket=daemon.path)
    result = json.loads(run.stdout)
    assert (run.returncode, result["exit_status"]) == (0, 0)
    assert result["waiting"] == [{"id": 11, "why": "not submitted on MTurk yet"}]


def test_release_without_waiting(daemon, queue):  # noqa: F811
    queue.settles({11: TOO_MUCH})
    run = ngmtctl("queue", "release", "11", "--yes", "--no-wait", socket=daemon.path)
    assert (run.returncode, run.stdout) == (0, "1 operation released (batch 41)\n") and "checked again" in run.stderr
    assert queue.states(11) == ["planned"] and len(asked(daemon, "queue")) == 1
    run = ngmtctl("queue", "release", "12", "--yes", "--no-wait", "--json", socket=daemon.path)
    assert "held_again" not in json.loads(run.stdout)


def test_the_daemon_is_lost_while_a_release_is_checked(daemon, queue):  # noqa: F811
    daemon.on("queue", lambda params, peer: HANG_UP if changed(daemon) else queue.queue(params, peer))
    run = ngmtctl("queue", "release", "11", "--yes", socket=daemon.path)
    assert run.returncode == 3 and run.stdout == "1 operation released (batch 41)\n"
    assert "1 were released, but what became of them is not known" in run.stderr


def test_ctrl_c_while_a_release_is_checked(daemon, queue):  # noqa: F811
    queue.settles({11: {"state": "planned"}})
    terminal = ask(daemon, "release", "11", "--yes")
    terminal.read_until("1 operation released")
    daemon.wait_for("queue", 2)
    terminal.type("\x03")
    assert terminal.finish() == 8, terminal.text


def test_what_was_refused_is_not_asked_for_again(daemon, queue):  # noqa: F811
    def release(params, peer):
        queue.operations[1].update(state="sending", hold=None)
        return queue.release(params, peer)
    daemon.on("release", release)
    run = ngmtctl("queue", "release", "11", "12", "--yes", socket=daemon.path)
    assert run.returncode == 7 and run.stdout.splitlines() == [
        "1 operation released (batch 41)", "not released: 12, it is sending", "1 on its way"]
    assert daemon.params("queue")["select"] == {"ids": [11]}


def test_release_says_what_was_left_out(daemon):  # noqa: F811
    Queue([operation(1, kind="reject", hold="undo", held_until="2026-11-23T12:10:00Z")]).attach(daemon)
    run = ngmtctl("queue", "release", "--all", "--yes", socket=daemon.path)
    assert (run.returncode, run.stdout) == (0, "0 operations released\n")
    assert "Left out: 1 to reject" in run.stderr and "--hold undo" in run.stderr
    assert ngmtctl("queue", "release", "--all", "--yes", "--quiet", socket=daemon.path).stderr == ""


# --- cancel ---

def test_cancel_of_numbers_does_not_ask(daemon, queue):  # noqa: F811
    terminal = ask(daemon, "cancel", "11", "16", "17")
    assert terminal.finish() == 0, terminal.text
    assert "[y/N]" not in terminal.text and "3 operations taken back (batch 41)" in terminal.text
    assert queue.states(11, 16, 17) == ["cancelled"] * 3
    assert daemon.params("cancel") == {"select": {"ids": [11, 16, 17]}, "expect": {"count": 3, "amount_cents": 500},
                                       "command": "ngmtctl --socket " + daemon.path + " queue cancel 11 16 17"}


@pytest.mark.parametrize("number,state", [(14, "held"), (18, "sending"), (19, "done")])
def test_cancel_of_what_cannot_be_taken_back(daemon, queue, number, state):  # noqa: F811
    run = ngmtctl("queue", "cancel", "11", str(number), socket=daemon.path)
    assert run.returncode == 7 and f"not taken back: {number}, it is {state}" in run.stdout
    assert queue.states(11, number) == ["cancelled", state]


def test_cancel_of_a_batch(daemon, queue):  # noqa: F811
    """What is done is left out in silence, what is on its way or in doubt is named."""
    run = ngmtctl("queue", "cancel", "--batch", "6", socket=daemon.path)
    assert (run.returncode, run.stdout) == (0, "0 operations taken back\n")
    run = ngmtctl("queue", "cancel", "--batch", "8", socket=daemon.path)
    assert run.returncode == 7 and "not taken back: 18, it is on its way (sending)" in run.stdout
    assert changed(daemon) == []
    run = ngmtctl("queue", "cancel", "--batch", "7", "--kind", "reject", socket=daemon.path)
    assert run.returncode == 0 and queue.states(15) == ["cancelled"]
    assert daemon.params("cancel")["select"] == {"batch": 7, "kind": "reject"}
    result = json.loads(ngmtctl("queue", "cancel", "--batch", "7", "--json", socket=daemon.path).stdout)
    assert result["cancelled"] == 5 and result["exit_status"] == 7 and result["refused_total"] == 1
    assert result["refused"] == [{"id": 14, "why": 'it is in doubt: see "ngmtctl queue resolve"'}]


def test_cancel_again_says_why_there_is_nothing(daemon):  # noqa: F811
    Queue([operation(1), operation(2), operation(3, state="done", hold=None)]).attach(daemon)
    run = ngmtctl("queue", "cancel", "--batch", "7", socket=daemon.path)
    assert (run.returncode, run.stdout) == (0, "2 operations taken back (batch 41)\n") and "Left out" not in run.stderr
    run = ngmtctl("queue", "cancel", "--batch", "7", socket=daemon.path)
    assert (run.returncode, run.stdout) == (0, "0 operations taken back\n")
    assert run.stderr == "Left out: 2 taken back already.\nLeft out: 1 done already.\n"


def test_cancel_by_what_it_is_held_for(daemon, queue):  # noqa: F811
    assert ngmtctl("queue", "cancel", "--hold", "undo", socket=daemon.path).returncode == 0
    assert [params["select"] for params in asked(daemon, "queue")] == [{"hold": "undo"}]
    assert queue.states(15) == ["cancelled"]


def test_cancel_all_asks(daemon, queue):  # noqa: F811
    terminal = ask(daemon, "cancel", "--all")
    terminal.read_until("Take back all 6 operations in SANDBOX? [y/N]").type("n\n")
    assert terminal.finish() == 9 and changed(daemon) == [] and "nothing was taken back" in terminal.text
    run = ngmtctl("queue", "cancel", "--all", socket=daemon.path)
    assert run.returncode == 9 and run.stderr.splitlines()[-1].endswith("queue cancel --all --yes")
    terminal = ask(daemon, "cancel", "--all")
    terminal.read_until("[y/N]").type("y\n")
    assert terminal.finish() == 7 and "not taken back: 18, it is on its way" in terminal.text
    assert queue.states(11, 12, 13, 15, 16, 17) == ["cancelled"] * 6 and queue.states(14, 18) == ["held", "sending"]


def test_cancel_all_takes_less_than_was_shown_but_not_more(daemon, queue):  # noqa: F811
    terminal = ask(daemon, "cancel", "--all")
    terminal.read_until("[y/N]")
    queue.operations.append(operation(21, state="queued", hold=None))
    terminal.type("y\n")
    assert terminal.finish() == 1 and "there are 7 operations now, not the 6 that were shown" in terminal.text
    assert changed(daemon) == []
    terminal = ask(daemon, "cancel", "--all")
    terminal.read_until("Take back all 7")
    queue.operations[-1].update(state="done")
    terminal.type("y\n")
    assert terminal.finish() == 7 and queue.states(16, 17, 21) == ["cancelled", "cancelled", "done"]


def test_cancel_looks_again_when_something_has_left(daemon, queue):  # noqa: F811
    """Between the look and the call one operation was sent: the rest is still taken back."""
    def cancel(params, peer):
        if len(asked(daemon, "cancel")) == 1:
            queue.operations[5].update(state="done")
            queue.operations.append(operation(21, state="queued", hold=None, batch=77))
        return queue.cancel(params, peer)
    queue.operations[5]["batch"] = 77
    queue.operations.append(operation(22, state="queued", hold=None, batch=77))
    daemon.on("cancel", cancel)
    run = ngmtctl("queue", "cancel", "--batch", "77", socket=daemon.path)
    assert run.returncode == 0, run.stderr
    assert queue.states(16, 21, 22) == ["done", "cancelled", "cancelled"] and len(asked(daemon, "cancel")) == 2


def test_cancel_gives_up_looking(daemon, queue):  # noqa: F811
    daemon.on("cancel", Refusal("money-rule", "others than were shown", 5))
    run = ngmtctl("queue", "cancel", "11", socket=daemon.path)
    assert run.returncode == 5 and len(asked(daemon, "cancel")) == 5


# --- resolve ---

@pytest.mark.parametrize("option,question,meaning,state", [
    ("--done", "Was the bonus of $2.00 + $0.40 fees for A1NGMT00000014X executed in SANDBOX, and may it be recorded as "
     "done? [y/N]", "never sent again", "done"),
    ("--not-done", "Was the bonus of $2.00 + $0.40 fees for A1NGMT00000014X not executed in SANDBOX, and may it be sent "
     "again? [y/N]", "it happens twice", "planned"),
])
def test_resolve_asks_and_says_what_it_means(daemon, queue, option, question, meaning, state):  # noqa: F811
    terminal = ask(daemon, "resolve", "14", option)
    terminal.read_until(question).type("n\n")
    assert terminal.finish() == 9 and changed(daemon) == [] and meaning in terminal.text
    terminal = ask(daemon, "resolve", "14", option)
    terminal.read_until("[y/N]").type("y\n")
    assert terminal.finish() == 0 and f"operation 14 is now {state} (batch 44)" in terminal.text
    assert daemon.params("resolve") == {"id": 14, "done": option == "--done",
                                        "command": f"ngmtctl --socket {daemon.path} queue resolve 14 {option}"}
    assert queue.states(14) == [state]


def test_resolve_in_a_script(daemon, queue):  # noqa: F811
    run = ngmtctl("queue", "resolve", "14", "--not-done", socket=daemon.path)
    assert run.returncode == 9 and changed(daemon) == []
    assert run.stderr.splitlines()[-1].endswith("queue resolve 14 --not-done --yes")
    result = json.loads(ngmtctl("queue", "resolve", "14", "--done", "--yes", "--json", socket=daemon.path).stdout)
    assert result == {"environment": "sandbox", "batch": 44, "id": 14, "state": "done"}


@pytest.mark.parametrize("number,state", [(11, "held (limit)"), (18, "sending"), (19, "done")])
def test_resolve_is_only_for_doubts(daemon, queue, number, state):  # noqa: F811
    run = ngmtctl("queue", "resolve", str(number), "--done", "--yes", socket=daemon.path)
    assert run.returncode == 1 and f"not held in doubt: it is {state}" in run.stderr
    assert changed(daemon) == []


# --- hostile answers ---

HOSTILE = [{"operations": 7, "total": []}, {"operations": [7, None, {}, []], "total": {"count": "x"}},
           {"operations": [{"id": -1, "state": 7, "hold": [], "amount_cents": 9e99, "kind": {}}], "next_offset": "x"},
           {"operations": [], "total": {"count": 2**62, "amount_cents": 2**63 - 1, "fees_cents": -2**63}}]


@pytest.mark.parametrize("words", [["list"], ["show", "1"], ["release", "--all", "--yes"], ["release", "1", "--yes"],
                                   ["cancel", "--all", "--yes"], ["cancel", "1"], ["resolve", "1", "--done", "--yes"]],
                         ids=" ".join)
def test_hostile_answers_do_no_harm(daemon, words):  # noqa: F811
    for answer in HOSTILE:
        for method in ("queue", *CHANGES):
            daemon.on(method, dict(answer, batch=[], refused=[7, {}], steps=[7, {}], row=7, hold="doubt"))
        for options in ([], ["--json"]):
            run = ngmtctl("queue", *words, "--timeout", "5", *options, socket=daemon.path)
            assert 0 <= run.returncode <= 10
            assert "Sanitizer" not in run.stderr and "runtime error" not in run.stderr
