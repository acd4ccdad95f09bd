# SPDX-License-Identifier: MIT
"""ngmtctl against a scripted daemon: every command, every exit status, terminals, lost connections, hostile peers."""
import fcntl
import json
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import termios
import time

import pytest

from fake_daemon import HANG_UP, SILENCE, FakeDaemon, Raw, Refusal
from fake_queue import QUEUE, Queue

NGMTCTL = os.path.join(os.environ.get("NGMT_BUILD", "build"), "client", "ngmtctl")
PATIENCE = 30  # seconds until a test gives up; nothing waits that long when it works

HIT = {"hit_id": "3NGMTHIT000000000000000001", "title": "Ultimatum Game", "status": "Reviewable",
       "review_status": "NotReviewed", "reward_cents": 100, "max_assignments": 9, "pending": 0, "available": 2,
       "completed": 7, "created_at": "2026-11-01T10:00:00Z", "expires_at": "2026-11-02T10:00:00Z",
       "annotation": "BatchId:1"}

ROWS = [{"row": i, "file": "/data/bonus.csv", "room": None, "line": i + 1, "id": f"p{i}", "type": None,
         "worker_id": f"A1NGMT0000000{i}X", "assignment_id": f"3NGMTASG0000{i}", "hit_id": HIT["hit_id"],
         "exit_code": "ex", "access_code": "ac", "verdict": "approve", "why": "approved by the file",
         "bonus_cents": 250, "decision_state": None, "bonus_state": None} for i in range(1, 4)]

ITEMS = [{"row": i, "line": i + 1, "file": "/data/bonus.csv", "kind": "bonus", "worker_id": f"A1NGMT0000000{i}X",
          "assignment_id": f"3NGMTASG0000{i}", "amount_cents": 425, "fees_cents": 85, "verdict": "act", "why": "ok"}
         for i in range(1, 8)]

STATUS = {"environment": "sandbox", "endpoint": "https://mturk-requester-sandbox.us-east-1.amazonaws.com",
          "version": "0.1.0", "uptime_s": 250, "state": "ok", "dry": False, "problems": [],
          "queue": {"planned": 0, "held": 0, "queued": 3, "sending": 1, "accepted": 0, "unsure": 0, "done": 12,
                    "failed": 0, "cancelled": 0},
          "lanes": [{"lane": "bonus", "waiting": 3, "in_flight": 1, "paused": None}],
          "money": {"currency": "USD", "sent_cents": 2975, "sent_fees_cents": 595, "to_send_cents": 1275,
                    "to_send_fees_cents": 255},
          "rate": {"per_s": 1.9, "limit_per_s": 2.0, "throttled": 3}, "eta_s": 12,
          "balance": {"available_cents": 100000, "at": "2026-11-23T12:00:00Z"}, "working_set": {"rows": 9},
          "last_error": None}

SUMMARY = {"environment": "sandbox",
           "results": {"total": 9, "approve": 7, "reject": 2, "hold": 0, "skip": 0, "done": 0, "conflict": 0},
           "bonus": {"count": 7, "total_cents": 2975, "mean_cents": 425, "std_cents": 55, "min_cents": 239,
                     "max_cents": 406},
           "qualification": {"count": 0}, "balance": {"available_cents": 100000, "message": None}}

LOADED = {"environment": "sandbox",
          "files": [{"path": "/data/room000061/bonus.csv", "room": "room000061", "sha256": "00", "rows": 4, "new": 4,
                     "approve": 3, "reject": 1, "hold": 0, "skip": 0, "duplicates": 0, "problems": [],
                     "problems_omitted": 0}],
          "warnings": ["no results in room room000060"], "working_set": {"rows": 4}}


def plan_of(do=("bonus",), **more):
    known = {
        "approve": {"kind": "approve", "count": 7, "amount_cents": 700, "fees_cents": 140, "fees_known": True},
        "reject": {"kind": "reject", "count": 2, "amount_cents": 0, "fees_cents": 0, "fees_known": True},
        "bonus": {"kind": "bonus", "count": 7, "amount_cents": 2975, "fees_cents": 595, "fees_known": True},
        "qualify": {"kind": "qualify", "count": 7, "amount_cents": 0, "fees_cents": 0, "fees_known": True},
    }
    pays = "bonus" in do
    plan = {"environment": "sandbox", "digest": "".join(d[0] for d in do).ljust(16, "0"), "rows": 9,
            "nothing_to_do": False, "why": None, "actions": [known[kind] for kind in do],
            "total_cents": 2975 if pays else 0, "total_fees_cents": 595 if pays else 0, "balance_cents": 100000,
            "balance_after_cents": 96430 if pays else 100000, "warnings": [],
            "groups": [{"verdict": "skip", "kind": "bonus", "count": 1, "why": "a bot"}],
            "items": ITEMS, "items_next_offset": None}
    plan.update(more)
    return plan


def batch_of(done, total=16, **more):
    batch = {"environment": "sandbox", "batch": 7, "command": "upload", "user": "tester",
             "at": "2026-11-23T12:00:00Z", "total": total, "waiting": total - done, "in_flight": 0, "done": done,
             "held": 0, "failed": 0, "cancelled": 0, "unsure": 0, "finished": done == total, "waiting_for": None,
             "approved": 7 if done == total else 0, "rejected": 0, "bonuses": 7 if done == total else 0,
             "bonus_cents": 2975 if done == total else 0, "fees_cents": 595 if done == total else 0,
             "rate_per_s": 1.9, "eta_s": 4, "groups": []}
    batch.update(more)
    return batch


def get(params, _peer):
    answers = {
        "balance": {"environment": "sandbox", "available_cents": 96430, "on_hold_cents": 0},
        "hit": {"environment": "sandbox", "hit": HIT},
        "hits": {"environment": "sandbox", "total": 12, "hits": [HIT]},
        "hit-status": {"environment": "sandbox", "hit": HIT},
    }
    return answers[params["what"]]


def show(params, _peer):
    answers = {
        "summary": SUMMARY,
        "results": {"environment": "sandbox", "total": 3, "next_offset": None, "rows": ROWS},
        "config": {"environment": "sandbox",
                   "options": [{"section": "aws", "key": "sandbox", "value": "true", "origin": "default"}]},
        "fields": {"environment": "sandbox",
                   "fields": [{"field": "worker_id", "name": "WorkerId", "others": ["workerid"]}]},
    }
    return answers[params["what"]]


def subscribe(_params, _peer):
    def progress(peer):
        peer.notify(batch_of(8))
        peer.notify(batch_of(16))
    return batch_of(0), progress


def ready(daemon):
    """All methods work, and every plan has something to do."""
    daemon.on("status", STATUS).on("load", LOADED).on("show", show).on("get", get).on("subscribe", subscribe)
    daemon.on("connect", {"environment": "sandbox", "endpoint": "https://x", "credentials": "environment variables",
                          "available_cents": 100000, "on_hold_cents": None})
    daemon.on("plan", lambda params, peer: plan_of(params["do"]))
    daemon.on("apply", {"environment": "sandbox", "batch": 7, "operations": 16, "nothing_to_do": False, "why": None})
    Queue(QUEUE).attach(daemon)
    return daemon


@pytest.fixture
def daemon(tmp_path):
    with FakeDaemon(tmp_path) as fake:
        yield ready(fake)


def environment(**more):
    env = {key: value for key, value in os.environ.items()
           if key not in ("NGMT_SOCKET", "XDG_RUNTIME_DIR", "NO_COLOR", "COLUMNS")}
    env.update({"TERM": "xterm", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"})
    env.update(more)
    return env


def ngmtctl(*args, socket=None, env=None, **more):
    """Runs ngmtctl without a terminal."""
    words = [NGMTCTL] + (["--socket", socket] if socket else []) + list(args)
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
                          env=env or environment(), check=False, **more)


# Every command that talks to the daemon: its words, what its text says, the method it asks for, what must be in the
# params.
COMMANDS = [
    (["load", "results", "/data/bonus.csv"], "result codes: 4", "load",
     {"what": "results", "path": "/data/bonus.csv", "mode": "new"}),
    (["load", "game", "ultimatum"], "loading results file: room000061", "load", {"what": "game", "game": "ultimatum"}),
    (["show", "summary"], "**** Results ****", "show", {"what": "summary"}),
    (["show", "results"], "A1NGMT00000001X", "show", {"what": "results"}),
    (["show", "config"], "[aws] sandbox", "show", {"what": "config"}),
    (["show", "fields"], "WorkerId", "show", {"what": "fields"}),
    (["get", "balance"], "Your balance is: $964.30", "get", {"what": "balance"}),
    (["get", "hit"], 'retrieved last HIT id: 3NGMTHIT000000000000000001 ("Ultimatum Game")', "get", {"what": "hit"}),
    (["get", "hits"], "Ultimatum Game", "get", {"what": "hits", "limit": 10}),
    (["get", "hit-status"], "**** HIT Status ****", "get", {"what": "hit-status"}),
    (["approve", "--yes"], "approved:", "apply", {"do": ["approve"]}),
    (["reject", "--yes"], "results processed:", "apply", {"do": ["reject"]}),
    (["bonus", "-r", "Thank you", "--yes"], "7, $29.75 (fees: $5.95)", "apply",
     {"do": ["bonus"], "reason": "Thank you"}),
    (["qualify", "-Q", "3NGMTQUAL", "-i", "1", "--yes"], "7/7", "apply",
     {"do": ["qualify"], "qualification_type_id": "3NGMTQUAL", "integer_value": 1}),
    (["upload", "-b", "-r", "Thank you", "--yes"], "results processed:", "apply", {"do": ["approve", "bonus"]}),
    (["status"], "SANDBOX", "status", {}),
    (["queue", "list", "--held"], "beyond max_bonus of $1.00", "queue", {"what": "list", "select": {"state": "held"}}),
    (["queue", "show", "11"], "/data/bonus.csv:3", "queue", {"what": "show", "id": 11}),
    (["queue", "release", "11", "--yes"], "1 operation released (batch 41)", "release",
     {"select": {"ids": [11]}, "expect": {"count": 1, "amount_cents": 200}}),
    (["queue", "cancel", "11"], "1 operation taken back (batch 41)", "cancel",
     {"select": {"ids": [11]}, "expect": {"count": 1, "amount_cents": 200}}),
    (["queue", "resolve", "14", "--done", "--yes"], "operation 14 is now done (batch 44)", "resolve",
     {"id": 14, "done": True}),
    (["connect"], "connected to SANDBOX", "connect", {}),
]
IDS = [" ".join(words[:2]) for words, *_ in COMMANDS]
MAY_CHANGE = ("load", "approve", "reject", "bonus", "qualify", "upload")


@pytest.mark.parametrize("words,text,method,params", COMMANDS, ids=IDS)
class TestEveryCommand:
    def test_text(self, daemon, words, text, method, params):
        run = ngmtctl(*words, socket=daemon.path)
        assert run.returncode == 0, run.stderr
        assert text in run.stdout
        assert "\033" not in run.stdout + run.stderr
        asked = daemon.params(method)
        assert {key: asked.get(key) for key in params} == params
        assert daemon.methods()[0] == "hello"
        assert daemon.params("hello")["protocol"] == 1

    def test_options_before_the_command(self, daemon, words, text, method, params):
        command = words[:2] if words[0] in ("load", "show", "get", "queue") else words[:1]
        run = ngmtctl(*words[len(command):], *command, socket=daemon.path)
        if words[0] == "load" or words[1:2] in (["show"], ["release"], ["cancel"], ["resolve"]):
            assert run.returncode == 2  # a FILE or ID is no option
        else:
            assert run.returncode == 0, run.stderr
            assert text in run.stdout

    def test_json(self, daemon, words, text, method, params):
        run = ngmtctl(*words, "--json", socket=daemon.path)
        assert run.returncode == 0, run.stderr
        lines = run.stdout.splitlines()
        last = json.loads(lines[-1])
        assert last["environment"] == "sandbox"
        if method == "apply":
            assert last["outcome"] == "finished" and last["exit_status"] == 0 and last["finished"] is True
            assert last["balance_cents"] == 96430 and last["plan"]["digest"]
            assert [json.loads(line)["done"] for line in lines] == [0, 8, 16]
        else:
            assert len(lines) == 1
        assert run.stderr == ""

    def test_bad_arguments(self, daemon, words, text, method, params):
        for bad in (["--no-such-option"], ["-Z"], ["surplus", "words", "here"]):
            run = ngmtctl(*words, *bad, socket=daemon.path)
            assert run.returncode == 2, bad
            assert run.stdout == "" and run.stderr.startswith("ngmtctl: ")
            run = ngmtctl(*words, *bad, "--json", socket=daemon.path)
            error = json.loads(run.stdout)["error"]
            assert (run.returncode, error["name"], error["exit_status"]) == (2, "usage", 2)
        assert daemon.requests == []

    def test_no_daemon(self, tmp_path, words, text, method, params):
        socket = str(tmp_path / "none.sock")
        run = ngmtctl(*words, socket=socket)
        assert run.returncode == 3 and socket in run.stderr and run.stdout == ""
        run = ngmtctl(*words, "--json", socket=socket)
        error = json.loads(run.stdout)["error"]
        assert (run.returncode, error["name"], error["retryable"]) == (3, "no-daemon", True)

    def test_no_right(self, daemon, words, text, method, params):
        changes = words[0] in MAY_CHANGE or words[1:2] in (["release"], ["cancel"], ["resolve"])
        daemon.hello["may_change" if changes else "may_look"] = False
        run = ngmtctl(*words, socket=daemon.path)
        assert run.returncode == 4
        assert ("ngmt-pay" if changes else "group ngmt ") in run.stderr
        assert daemon.methods() == ["hello"]
        run = ngmtctl(*words, "--json", socket=daemon.path)
        error = json.loads(run.stdout)["error"]
        assert (run.returncode, error["name"], error["environment"]) == (4, "not-authorised", "sandbox")

    def test_daemon_refuses(self, daemon, words, text, method, params):
        daemon.on(method, Refusal("state", "cannot now", 1, "try later"))
        run = ngmtctl(*words, socket=daemon.path)
        assert run.returncode == 1 and "ngmtctl: cannot now\n  try later\n" in run.stderr
        run = ngmtctl(*words, "--json", socket=daemon.path)
        error = json.loads(run.stdout.splitlines()[-1])["error"]
        assert (run.returncode, error["name"], error["hint"]) == (1, "state", "try later")

    def test_protocol_mismatch(self, daemon, words, text, method, params):
        daemon.hello["protocol"] = 2
        run = ngmtctl(*words, "--json", socket=daemon.path)
        assert run.returncode == 10 and json.loads(run.stdout)["error"]["name"] == "protocol"


@pytest.mark.parametrize("typed,method,params", [
    ("uploadResults --yes", "apply", {"do": ["approve"]}),
    ("UPLOADRESULTS -b -y", "apply", {"do": ["approve", "bonus"]}),
    ("uploadResults --doBonus --Reason Thanks --UniqueRequestToken t1 -y", "apply",
     {"do": ["approve", "bonus"], "reason": "Thanks", "purpose": "t1"}),
    ("upload -q -Q 3Q -i 5 -n -y", "apply", {"do": ["approve", "qualify"], "qualification_type_id": "3Q",
                                             "integer_value": 5, "send_notification": True}),
    ("upload -y --reject -f Sorry", "apply", {"do": ["approve", "reject"], "feedback": "Sorry"}),
    ("grantBonus -r Thanks -y", "apply", {"do": ["bonus"], "reason": "Thanks"}),
    ("assignQualification -i 1 -y", "apply", {"do": ["qualify"], "integer_value": 1}),
    ("load Results /tmp/x.csv -r", "load", {"what": "results", "mode": "replace"}),
    ("load Results /tmp/x.csv -a -v 1", "load", {"mode": "add", "validate_level": 1}),
    ("load Game mygame -l 60-61", "load", {"what": "game", "game": "mygame", "min_room": 60, "max_room": 61}),
    ("load game mygame -l 60", "load", {"min_room": 60, "max_room": 60}),
    ("load game mygame -l 60-", "load", {"min_room": 60, "max_room": None}),
    ("show Summary", "show", {"what": "summary"}),
    ("show Results -p 2", "show", {"what": "results", "offset": 2, "limit": 1}),
    ("show results --verdict hold", "show", {"verdict": "hold"}),
    ("Config.fields", "show", {"what": "fields"}),
    ("get AccountBalance", "get", {"what": "balance"}),
    ("get HITId", "get", {"what": "hit"}),
    ("get HITIdList -s Game -m 3", "get", {"what": "hits", "search": "Game", "limit": 3}),
    ("get HITStatus", "get", {"what": "hit-status"}),
    ("queue", "queue", {"what": "list", "select": None, "offset": 0, "limit": 1000}),
    ("QUEUE LIST --state unsure --kind bonus", "queue", {"select": {"state": "unsure", "kind": "bonus"}}),
    ("queue --hold limit --batch 7 --worker A1 --assignment 3A --hit 3H", "queue",
     {"select": {"hold": "limit", "batch": 7, "worker": "A1", "assignment": "3A", "hit": "3H"}}),
    ("get hitstatus 3NGMTHIT1", "get", {"hit_id": "3NGMTHIT1"}),
    ("approve --room r1 --game g --hit h --worker A1 --worker A2 --assignment 3X -y", "apply",
     {"select": {"room": "r1", "game": "g", "hit": "h", "assignment": ["3X"], "worker": ["A1", "A2"]}}),
], ids=lambda value: value if isinstance(value, str) else "")
def test_the_seeds_spelling_and_options(daemon, typed, method, params):
    run = ngmtctl(*typed.split(), socket=daemon.path)
    assert run.returncode == 0, run.stderr
    asked = daemon.params(method)
    assert {key: asked.get(key) for key in params} == params


def test_summary_is_the_seeds(daemon):
    lines = ngmtctl("show", "summary", socket=daemon.path).stdout.splitlines()
    assert lines == [
        "**** Results ****", "tot results:  9", "to approve:   7", "to reject:    2", "",
        "**** Bonus ****", "bonuses:            7", "bonuses tot:   $29.75", "bonuses mean:   $4.25",
        "bonuses std:    $0.55", "bonuses min:    $2.39", "bonuses max:    $4.06", "",
        "**** Qualification ****", "qualifications: 0", "",
        "**** Balance ****", "Your balance is: $1,000.00 in SANDBOX"]


def test_relative_file_is_made_absolute(daemon, tmp_path):
    (tmp_path / "bonus.csv").write_text("id\n")
    ngmtctl("load", "results", "bonus.csv", socket=daemon.path, cwd=tmp_path)
    assert daemon.params("load")["path"] == str(tmp_path / "bonus.csv")
    ngmtctl("load", "results", "missing.csv", socket=daemon.path, cwd=tmp_path)
    assert daemon.params("load")["path"] == str(tmp_path / "missing.csv")


def test_row_errors_are_named_by_file_and_line(daemon):
    bad = json.loads(json.dumps(LOADED))
    bad["files"][0]["problems"] = [{"line": 3, "column": 40, "message": "wrong bonus: 5000"},
                                   {"line": 4, "column": None, "message": "no worker id"}]
    bad["files"][0]["problems_omitted"] = 2
    daemon.on("load", bad)
    run = ngmtctl("load", "results", "/data/x", socket=daemon.path)
    assert run.returncode == 7
    assert "/data/room000061/bonus.csv:3:40: wrong bonus: 5000\n" in run.stderr
    assert "/data/room000061/bonus.csv:4: no worker id\n" in run.stderr
    assert "2 more problems" in run.stderr
    assert "warn: no results in room room000060" in run.stderr


@pytest.mark.parametrize("typed,hint", [
    ("statsu", 'did you mean "status"?'), ("show sumary", 'did you mean "show summary"?'),
    ("uplaod", 'did you mean "upload"?'), ("show", "one of: summary, results, inputcodes, config, fields"),
    ("get nonsense", "one of: balance, hit, hits, hit-status"), ("frobnicate", "ngmtctl help"),
    ("status --jsn", 'did you mean "--json"?'), ("upload --bonsu", 'did you mean "--bonus"?'),
    ("bonus --reas x", 'did you mean "--reason"?'), ("upload --re", 'did you mean'),
    ("bonus -b", "ngmtctl help bonus"), ("status --yes", 'it belongs to "hit create"'),
], ids=lambda value: value)
def test_unknown_words_are_never_guessed(daemon, typed, hint):
    run = ngmtctl(*typed.split(), socket=daemon.path)
    assert run.returncode == 2 and hint in run.stderr
    assert daemon.requests == []


@pytest.mark.parametrize("typed,message", [
    ("load results", '"load results" needs FILE'), ("load results a b", 'does not take "b"'),
    ("load results a -a -r", "exclude each other"), ("load results a -v 3", "from 0 to 2"),
    ("load results a -v 1x", "from 0 to 2"), ("load game g -l 9-5", "not a range"),
    ("load game g -l x", "not a range"), ("get hits -m 0", "from 1 to"), ("get hits -m -1", "from 1 to"),
    ("show results --verdict maybe", "not one of"), ("bonus -r", "needs a value"), ("bonus -r a -r b", "given twice"),
    ("upload -r reason", 'no effect without "--bonus"'), ("upload -i 3", 'no effect without "--qualify"'),
    ("upload --yes --dry-run", "exclude each other"), ("upload --wait --no-wait", "exclude each other"),
    ("status --color purple", "not one of"), ("status --timeout 0", "from 1 to"),
    ("status --json=yes", "takes no value"), ("get hits --max", "needs a value"),
], ids=lambda value: value)
def test_bad_values(daemon, typed, message):
    run = ngmtctl(*typed.split(), socket=daemon.path)
    assert run.returncode == 2 and message in run.stderr
    assert daemon.requests == []


def test_empty_reason_is_refused(daemon):
    assert ngmtctl("bonus", "-r", "", socket=daemon.path).returncode == 2


def test_without_a_command():
    run = ngmtctl()
    assert run.returncode == 2 and run.stdout == "" and "show summary" in run.stderr


def test_help_needs_no_daemon():
    assert "load results FILE" in ngmtctl("help").stdout
    assert "--reason TEXT" in ngmtctl("help", "grantBonus").stdout
    assert ngmtctl("bonus", "--help").stdout == ngmtctl("help", "bonus").stdout == ngmtctl("-h", "bonus").stdout
    assert "show results" in ngmtctl("help", "show").stdout
    assert ngmtctl("help", "nonsense").returncode == 2
    assert ngmtctl("--version").stdout == ngmtctl("version").stdout
    assert json.loads(ngmtctl("version", "--json").stdout)["protocol"] == 1
    names = [command["name"] for command in json.loads(ngmtctl("help", "--json").stdout)["commands"]]
    assert "upload" in names and "get hit-status" in names


def test_manual_page_has_the_tables():
    source = os.path.join(os.path.dirname(__file__), "..", "..", "client", "ngmtctl.1.scd")
    with open(source, encoding="utf-8") as page:
        assert ngmtctl("help", "--manual").stdout in page.read()


def test_summary_goes_to_a_full_disk(daemon):
    with open("/dev/full", "w", encoding="utf-8") as full:
        run = subprocess.run([NGMTCTL, "--socket", daemon.path, "show", "summary"], stdout=full,
                             stderr=subprocess.PIPE, text=True, timeout=PATIENCE, env=environment(), check=False)
    assert run.returncode == 1 and "cannot write" in run.stderr


# --- where the socket is ---

def test_socket_from_the_environment(daemon):
    assert ngmtctl("status", env=environment(NGMT_SOCKET=daemon.path)).returncode == 0


def test_socket_in_runtime_and_home_folder(tmp_path):
    for key, folder in (("XDG_RUNTIME_DIR", "ngmt"), ("HOME", ".local/state/ngmt")):
        place = tmp_path / key / folder
        place.mkdir(parents=True)
        with FakeDaemon(place) as fake:
            ready(fake)
            run = ngmtctl("status", env=environment(**{key: str(tmp_path / key)}))
            if os.path.exists("/run/ngmt/ngmtd.sock"):
                pytest.skip("a real daemon runs on this machine")
            assert run.returncode == 0, run.stderr


def test_tried_paths_are_named(tmp_path):
    if os.path.exists("/run/ngmt/ngmtd.sock"):
        pytest.skip("a real daemon runs on this machine")
    run = ngmtctl("status", env=environment(XDG_RUNTIME_DIR=str(tmp_path), HOME=str(tmp_path)))
    assert run.returncode == 3
    for path in ("/run/ngmt/ngmtd.sock", f"{tmp_path}/ngmt/ngmtd.sock", f"{tmp_path}/.local/state/ngmt/ngmtd.sock"):
        assert path in run.stderr


def test_stale_socket(tmp_path):
    fake = FakeDaemon(tmp_path)
    fake.start()
    fake.stop()
    run = ngmtctl("status", socket=fake.path)
    assert run.returncode == 3 and "refused" in run.stderr


def test_socket_path_too_long(tmp_path):
    assert ngmtctl("status", socket=str(tmp_path / ("x" * 200))).returncode == 2


# --- the plan, its confirmation, its digest ---

def test_dry_run_shows_all_and_sends_nothing(daemon):
    run = ngmtctl("bonus", "-r", "x", "--dry-run", socket=daemon.path)
    assert run.returncode == 0
    for text in ("SANDBOX", "$29.75 + $5.95 fees = $35.70", "$1,000.00, $964.30 afterwards", "digest b000000000000000",
                 "a bot", "A1NGMT00000007X", "workers:  7", "--plan b000000000000000"):
        assert text in run.stdout, text
    assert "apply" not in daemon.methods()


def test_dry_run_needs_no_right_to_change(daemon):
    daemon.hello["may_change"] = False
    assert ngmtctl("bonus", "-r", "x", "--dry-run", socket=daemon.path).returncode == 0


def test_dry_run_reads_all_pages(daemon):
    def plan(params, _peer):
        offset = params["items"]["offset"]
        return plan_of(params["do"], items=ITEMS[offset:offset + 3],
                       items_next_offset=offset + 3 if offset < 6 else None)
    daemon.on("plan", plan)
    run = ngmtctl("bonus", "--dry-run", "--json", socket=daemon.path)
    assert [item["row"] for item in json.loads(run.stdout)["items"]] == list(range(1, 8))


def test_dry_run_refuses_a_plan_that_changes_under_it(daemon):
    pages = iter(["first00000000000", "second0000000000"])
    daemon.on("plan", lambda params, peer: plan_of(params["do"], digest=next(pages), items_next_offset=3
                                                   if params["items"]["offset"] == 0 else None))
    run = ngmtctl("bonus", "--dry-run", socket=daemon.path)
    assert run.returncode == 1 and "changed while it was read" in run.stderr


def test_no_terminal_no_yes(daemon):
    run = ngmtctl("bonus", "-r", "It's you", socket=daemon.path)
    assert run.returncode == 9 and "apply" not in daemon.methods()
    assert "$29.75" in run.stderr and run.stdout == ""
    typed = run.stderr.splitlines()[-1].strip()
    assert typed.endswith(f"--socket {daemon.path} bonus -r 'It'\\''s you' --yes --plan b000000000000000")
    again = subprocess.run(typed, shell=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                           timeout=PATIENCE, env=environment())
    assert again.returncode == 0 and daemon.params("apply")["reason"] == "It's you"


def test_no_terminal_no_yes_json(daemon):
    run = ngmtctl("bonus", "--json", socket=daemon.path)
    error = json.loads(run.stdout)["error"]
    assert (run.returncode, error["name"]) == (9, "not-confirmed")
    assert error["command"].endswith("--yes --plan b000000000000000")


def test_a_very_long_command_is_printed_whole(daemon):
    words = [word for i in range(200) for word in ("--worker", f"A1NGMT{i:08}X")]
    run = ngmtctl("bonus", *words, socket=daemon.path)
    assert run.returncode == 9
    assert all(word in run.stderr.splitlines()[-1] for word in words)


def test_plan_digest_must_match(daemon):
    run = ngmtctl("bonus", "--yes", "--plan", "other", socket=daemon.path)
    assert run.returncode == 5 and "apply" not in daemon.methods()
    run = ngmtctl("bonus", "--yes", "--plan", "b000000000000000", socket=daemon.path)
    assert run.returncode == 0 and daemon.params("apply")["digest"] == "b000000000000000"


def test_plan_changed_before_apply(daemon):
    daemon.on("apply", Refusal("money-rule", "the plan is not the same any more", 5))
    run = ngmtctl("bonus", "--yes", socket=daemon.path)
    assert run.returncode == 5 and "subscribe" not in daemon.methods()


def test_rejections_are_left_out_of_a_scripted_upload(daemon):
    run = ngmtctl("upload", "--yes", socket=daemon.path)
    assert run.returncode == 0
    assert daemon.params("apply")["do"] == ["approve"]
    assert "Left out: 2 rejections; add --reject" in run.stderr
    run = ngmtctl("upload", "--yes", "--reject", socket=daemon.path)
    assert daemon.params("apply")["do"] == ["approve", "reject"]


def test_dry_run_and_do_agree_on_the_digest(daemon):
    for more in ([], ["--reject"]):
        digest = json.loads(ngmtctl("upload", "--dry-run", "--json", *more, socket=daemon.path).stdout)["digest"]
        assert ngmtctl("upload", "--yes", "--plan", digest, *more, socket=daemon.path).returncode == 0


def test_nothing_to_do(daemon):
    daemon.on("plan", plan_of((), nothing_to_do=True, why="all 9 rows are done already", digest="n" * 16))
    run = ngmtctl("upload", socket=daemon.path)
    assert run.returncode == 0 and "all 9 rows are done already" in run.stdout
    run = ngmtctl("upload", "--json", socket=daemon.path)
    result = json.loads(run.stdout)
    assert (result["outcome"], result["why"]) == ("nothing-to-do", "all 9 rows are done already")
    assert "apply" not in daemon.methods()


def test_nothing_left_at_apply(daemon):
    daemon.on("apply", {"environment": "sandbox", "batch": None, "operations": 0, "nothing_to_do": True,
                        "why": "somebody else did it"})
    run = ngmtctl("bonus", "--yes", socket=daemon.path)
    assert run.returncode == 0 and "somebody else did it" in run.stdout
    # Also if the plan had something to record: the plan itself is not shown twice.
    daemon.on("plan", lambda params, peer: plan_of(params["do"], to_record=2))
    run = ngmtctl("bonus", "--yes", socket=daemon.path)
    assert (run.returncode, run.stdout) == (0, "Nothing to do: somebody else did it\n")
    daemon.on("apply", {"environment": "sandbox", "batch": None, "operations": 0, "nothing_to_do": False, "why": None})
    assert "another command has recorded it meanwhile" in ngmtctl("bonus", "--yes", socket=daemon.path).stdout


def test_a_dry_run_of_nothing_offers_no_digest(daemon):
    daemon.on("plan", plan_of((), nothing_to_do=True, why="all 9 rows are done already", workers=0))
    run = ngmtctl("bonus", "--dry-run", socket=daemon.path)
    assert run.stdout.endswith("Nothing was sent (dry run).\n") and "workers:" not in run.stdout


def test_no_wait(daemon):
    run = ngmtctl("bonus", "--yes", "--no-wait", socket=daemon.path)
    assert run.returncode == 0 and "batch 7" in run.stdout and "subscribe" not in daemon.methods()
    run = ngmtctl("bonus", "--yes", "--no-wait", "--json", socket=daemon.path)
    assert json.loads(run.stdout)["outcome"] == "queued"


def test_a_changed_plan_says_what_changed(daemon):
    changes = ["1 bonus more: A1NGMT00000008X, $4.25", "assignment 3NGMTASG00002 was approved meanwhile \x1b[31m"]
    daemon.on("plan", lambda params, peer: plan_of(params["do"], changes=changes))
    run = ngmtctl("bonus", "--yes", "--plan", "other", socket=daemon.path)
    assert run.returncode == 5 and "apply" not in daemon.methods()
    assert daemon.params("plan")["digest"] == "other"
    lines = run.stderr.splitlines()
    assert lines[0].startswith('ngmtctl: the plan is no longer "other"')
    assert lines[1] == "  1 bonus more: A1NGMT00000008X, $4.25" and lines[2].endswith("meanwhile \\x1b[31m")
    assert "--dry-run" in lines[3]
    error = json.loads(ngmtctl("bonus", "--yes", "--json", "--plan", "other", socket=daemon.path).stdout)["error"]
    assert (error["name"], error["changes"]) == ("money-rule", changes)


def test_no_digest_is_passed_along_unless_one_is_meant(daemon):
    assert ngmtctl("bonus", "--yes", socket=daemon.path).returncode == 0
    assert "digest" not in daemon.params("plan")


def test_changes_that_are_no_texts(daemon):
    for changes in ({}, [7, None, {}], "x"):
        daemon.on("plan", lambda params, peer, changes=changes: plan_of(params["do"], changes=changes))
        assert ngmtctl("bonus", "--yes", "--plan", "other", socket=daemon.path).returncode == 5


# --- what is beyond a limit, and what may be taken back ---

HELD_ONLY = {"nothing_to_do": False, "to_hold": 3, "digest": "h" * 16,
             "groups": [{"verdict": "hold", "kind": "bonus", "count": 3, "why": "beyond max_bonus of $1.00"}]}


@pytest.mark.parametrize("options", [[], ["--yes"]], ids=["", "yes"])
def test_a_plan_that_only_holds_is_recorded_without_a_question(daemon, options):
    daemon.on("plan", plan_of((), **HELD_ONLY))
    daemon.on("subscribe", batch_of(0, total=3, held=3, waiting=0, finished=True))
    run = ngmtctl("bonus", *options, socket=daemon.path)
    assert run.returncode == 7, run.stderr
    assert daemon.params("apply")["digest"] == "h" * 16
    assert "3 held (see ngmtctl queue list --held)" in run.stdout
    assert "3 of these: recorded as held, not sent (see ngmtctl queue list --held)" in run.stderr
    last = json.loads(ngmtctl("bonus", "--json", socket=daemon.path).stdout.splitlines()[-1])
    assert (last["exit_status"], last["held"], last["outcome"]) == (7, 3, "finished")


def test_a_plan_that_only_holds_asks_nobody_on_a_terminal(daemon):
    daemon.on("plan", plan_of((), **HELD_ONLY))
    daemon.on("subscribe", batch_of(0, total=3, held=3, waiting=0, finished=True))
    terminal = Terminal(daemon, "bonus", env=environment(NO_COLOR="1"))
    assert terminal.finish() == 7
    assert "[y/N]" not in terminal.text and "3 held (see ngmtctl queue list --held)" in terminal.text


def test_a_dry_run_of_a_plan_that_only_holds_records_nothing(daemon):
    daemon.on("plan", plan_of((), **HELD_ONLY))
    run = ngmtctl("bonus", "--dry-run", socket=daemon.path)
    assert run.returncode == 0 and "3 of these: recorded as held" in run.stdout
    assert "apply" not in daemon.methods()


def test_a_plan_with_payments_and_held_ones_is_asked_for(daemon):
    daemon.on("plan", lambda params, peer: plan_of(params["do"], to_hold=1))
    run = ngmtctl("bonus", socket=daemon.path)
    assert run.returncode == 9 and "apply" not in daemon.methods()
    assert "1 of these: recorded as held" in run.stderr


def test_rejections_that_only_hold_are_left(daemon):
    """Without the rejections nothing but held payments is left: no second question."""
    daemon.on("plan", lambda params, peer: plan_of(["reject"], to_hold=3) if "reject" in params["do"] else
              plan_of((), **HELD_ONLY))
    daemon.on("subscribe", batch_of(0, total=3, held=3, waiting=0, finished=True))
    terminal = Terminal(daemon, "upload", "-b", env=environment(NO_COLOR="1"))
    terminal.read_until("[y/N]").type("n\n")
    assert terminal.finish() == 7, terminal.text
    assert terminal.text.count("[y/N]") == 1 and daemon.params("apply")["do"] == ["approve", "bonus"]


def test_rejections_can_be_taken_back(daemon):
    daemon.on("plan", lambda params, peer: plan_of(params["do"], undo_window_s=600))
    daemon.on("subscribe", batch_of(0, total=2, held=2, waiting=0, finished=True, undo=2,
                                    undo_until="2026-11-23T12:10:00Z", groups=[
                                        {"state": "held", "kind": "reject", "count": 2, "why": "may be taken back",
                                         "example": "3NGMTASG00001"}]))
    run = ngmtctl("reject", "-f", "Sorry", "--yes", socket=daemon.path)
    assert run.returncode == 0, run.stdout
    assert "rejections wait 10 min; ngmtctl queue cancel --batch N takes them back" in run.stderr
    assert ("2 rejections wait until 2026-11-23T12:10:00Z and are then sent; ngmtctl queue cancel --batch 7 takes "
            "them back\n") in run.stdout
    assert "in trouble" not in run.stderr and "held (see" not in run.stdout
    assert re.search("approve/reject failed: +0\n", run.stdout)
    last = json.loads(ngmtctl("reject", "--yes", "--json", socket=daemon.path).stdout.splitlines()[-1])
    assert (last["exit_status"], last["undo"], last["undo_until"]) == (0, 2, "2026-11-23T12:10:00Z")


@pytest.mark.parametrize("window,text", [(600, "wait 10 min;"), (60, "wait 1 min;"), (90, "wait 1 min 30 s;"),
                                         (5, "wait 5 s;")])
def test_the_undo_window_in_words(daemon, window, text):
    daemon.on("plan", lambda params, peer: plan_of(params["do"], undo_window_s=window))
    assert text in ngmtctl("reject", "--dry-run", socket=daemon.path).stdout
    assert "takes them back" not in ngmtctl("bonus", "--dry-run", socket=daemon.path).stdout


def test_no_undo_window_no_promise(daemon):
    daemon.on("plan", lambda params, peer: plan_of(params["do"], undo_window_s=0))
    assert "back" not in ngmtctl("reject", "--dry-run", socket=daemon.path).stdout


def test_held_ones_are_trouble_beside_those_that_can_be_taken_back(daemon):
    daemon.on("subscribe", batch_of(0, total=3, held=3, waiting=0, finished=True, undo=1))
    run = ngmtctl("reject", "--yes", socket=daemon.path)
    assert run.returncode == 7 and "2 held (see ngmtctl queue list --held)" in run.stdout
    assert "1 rejection waits until" in run.stdout


def test_a_rejection_without_feedback_is_held_and_said(daemon):
    why = "a rejection needs a feedback text that tells the worker why"
    daemon.on("plan", plan_of(["approve"], groups=[{"verdict": "hold", "kind": "reject", "count": 1, "why": why}]))
    run = ngmtctl("upload", "--reject", "--yes", socket=daemon.path)
    assert run.returncode == 7 and why in run.stderr
    daemon.on("plan", plan_of((), nothing_to_do=True, why="1 held",
                              groups=[{"verdict": "hold", "kind": "reject", "count": 1, "why": why}]))
    run = ngmtctl("reject", "--yes", socket=daemon.path)
    assert (run.returncode, daemon.methods().count("apply")) == (7, 1)
    assert "Nothing can be sent: 1 held\n" in run.stdout and f"1  hold  reject  {why} (-f)\n" in run.stdout


HELD = {"verdict": "hold", "kind": "bonus", "count": 36, "why": "a bonus needs a reason that the worker will read"}
CONFLICT = {"verdict": "conflict", "kind": "approve", "count": 2, "why": "lines 3 and 4 contradict each other"}
DONE = {"verdict": "done", "kind": "approve", "count": 33, "why": "approved already"}
SKIPPED = {"verdict": "skip", "kind": "bonus", "count": 5, "why": "nothing to pay"}


@pytest.mark.parametrize("groups,status,heading", [
    ([HELD, DONE, SKIPPED], 7, "Nothing can be sent: 33 approved already, 36 held, 5 skipped"),
    ([CONFLICT], 7, "Nothing can be sent: 33 approved already, 36 held, 5 skipped"),
    ([DONE, SKIPPED], 0, "Nothing to do: 33 approved already, 36 held, 5 skipped"), ([], 0, "Nothing to do: ")],
    ids=["held", "conflict", "done", "empty"])
def test_nothing_is_sent_because_all_is_held(daemon, groups, status, heading):
    """Exit status 0 would tell a script that the 36 bonuses were paid."""
    daemon.on("plan", plan_of((), nothing_to_do=True, why="33 approved already, 36 held, 5 skipped", groups=groups))
    for options in (["-b"], ["-b", "--yes"], ["-b", "--yes", "--no-wait"], ["-b", "--quiet"]):
        run = ngmtctl("upload", *options, socket=daemon.path)
        assert run.returncode == status and heading in run.stdout, run.stdout
        if HELD in groups:
            assert HELD["why"] + " (-r)\n" in run.stdout
    result = json.loads(ngmtctl("upload", "-b", "--json", socket=daemon.path).stdout)
    assert (result["outcome"], result["exit_status"]) == ("nothing-to-do", status) and result["groups"] == groups
    assert "apply" not in daemon.methods()


def test_quiet_names_what_is_held(daemon):
    daemon.on("plan", plan_of((), nothing_to_do=True, why="38 held", groups=[HELD, CONFLICT, DONE]))
    run = ngmtctl("upload", "-b", "--yes", "--quiet", socket=daemon.path)
    assert (run.returncode, run.stderr) == (7, "")
    assert run.stdout == ("Nothing can be sent: 38 held\n36 bonuses not sent: a bonus needs a reason that the worker will "
                          "read (-r)\n2 approvals not sent: lines 3 and 4 contradict each other\n")


def test_nothing_left_at_apply_with_something_held(daemon):
    daemon.on("plan", lambda params, peer: plan_of(params["do"], groups=[HELD]))
    daemon.on("apply", {"environment": "sandbox", "batch": None, "operations": 0, "nothing_to_do": True,
                        "why": "somebody else did it"})
    assert ngmtctl("bonus", "--yes", socket=daemon.path).returncode == 7


def test_the_end_names_what_the_plan_held(daemon):
    daemon.on("plan", lambda params, peer: plan_of(params["do"], groups=[HELD, DONE, SKIPPED]))
    run = ngmtctl("upload", "-b", "--yes", "--quiet", socket=daemon.path)
    assert run.returncode == 7
    assert "36 bonuses not sent: a bonus needs a reason that the worker will read (-r)\n" in run.stdout
    assert "approved already" not in run.stdout and "nothing to pay" not in run.stdout


def test_what_is_held_is_not_counted_as_failed(daemon):
    daemon.on("subscribe", batch_of(14, finished=True, held=2, approved=6, groups=[
        {"state": "held", "kind": "approve", "count": 1, "why": "above max_bonus", "example": None},
        {"state": "held", "kind": "bonus", "count": 1, "why": "above max_bonus", "example": None}]))
    run = ngmtctl("upload", "-b", "--yes", socket=daemon.path)
    assert run.returncode == 7 and re.search("approve/reject failed: +0\n", run.stdout)
    assert "bonuses failed" not in run.stdout and "in trouble" not in run.stderr
    assert "1 approval held: above max_bonus\n1 bonus held: above max_bonus\n" in run.stdout
    assert "2 held" in run.stderr and "2 held (see ngmtctl queue list --held)" in run.stdout


@pytest.mark.parametrize("groups,status", [([HELD], 7), ([CONFLICT], 7), ([DONE, SKIPPED], 0)], ids=["held", "conflict", "done"])
def test_no_wait_with_something_held(daemon, groups, status):
    daemon.on("plan", lambda params, peer: plan_of(params["do"], groups=groups))
    run = ngmtctl("bonus", "--yes", "--no-wait", socket=daemon.path)
    assert run.returncode == status and ("not sent" in run.stdout) == (status == 7)
    run = ngmtctl("bonus", "--yes", "--no-wait", "--json", socket=daemon.path)
    assert (run.returncode, json.loads(run.stdout)["exit_status"]) == (status, status)


QUEUED = {"verdict": "done", "kind": "bonus", "count": 7, "why": "on its way already (queued)"}


@pytest.mark.parametrize("groups,funds,status", [
    ([QUEUED], {"missing_cents": 2100, "payments": 7}, 6), ([QUEUED, HELD], {"missing_cents": 2100, "payments": 7}, 6),
    ([QUEUED], None, 0), ([QUEUED], {"missing_cents": 0, "payments": 0}, 0), ([QUEUED], 7, 0),
    ([DONE], {"missing_cents": 2100, "payments": 7}, 0)])
def test_the_same_command_again_while_money_is_missing(daemon, groups, funds, status):
    daemon.on("plan", plan_of((), nothing_to_do=True, why="7 on its way already (queued)", groups=groups))
    daemon.on("status", dict(STATUS, funds=funds))
    for options in ([], ["--quiet"]):
        run = ngmtctl("bonus", "--yes", *options, socket=daemon.path)
        assert run.returncode == status
        assert ("Out of funds: 7 payments wait for $21.00, fees included" in run.stdout) == (status == 6)
    result = json.loads(ngmtctl("bonus", "--yes", "--json", socket=daemon.path).stdout)
    assert (result["exit_status"], result["outcome"]) == (status, "nothing-to-do")


# --- by whose words ---

CHANGING = [(["load", "results", "/data/bonus.csv"], "load"), (["bonus", "-r", "It's  you", "--yes"], "apply"),
            (["upload", "-b", "-y"], "apply"), (["notify", "-s", "S", "-m", "a\nb", "--yes"], "apply_notify"),
            (["queue", "release", "11", "-y"], "release"), (["queue", "cancel", "--all", "-y"], "cancel"),
            (["queue", "resolve", "14", "--done", "-y"], "resolve")]


@pytest.mark.parametrize("words,method", CHANGING, ids=[words[0] + " " + words[1] for words, _ in CHANGING])
def test_what_was_typed_goes_along_with_every_change(daemon, words, method):
    daemon.on("plan_notify", lambda params, peer: plan_of((), actions=[{"kind": "notify", "count": 1}]))
    daemon.on("apply_notify", {"environment": "sandbox", "batch": 7, "operations": 1, "nothing_to_do": False, "why": None})
    assert ngmtctl(*words, "--quiet", socket=daemon.path).returncode in (0, 7)
    typed = daemon.params(method)["command"]
    assert shlex.split(typed.replace("\\x0a", "\n")) == ["ngmtctl", "--socket", daemon.path, *words, "--quiet"]
    looking = {name for name, params in daemon.requests if "command" in params}
    assert looking == {method}


def test_what_was_typed_is_cut_at_a_character(daemon):
    assert ngmtctl("bonus", "-r", "ü" * 1000, "-y", socket=daemon.path).returncode == 0
    command = daemon.params("apply")["command"]
    assert 998 <= len(command.encode()) <= 1000 and command.startswith("ngmtctl --socket ") and command.endswith("ü")
    assert daemon.params("apply")["reason"] == "ü" * 1000


# --- the end of a batch ---

def test_closing_lines_are_the_seeds(daemon):
    daemon.on("subscribe", (batch_of(16, rejected=2)))
    run = ngmtctl("upload", "-b", "--reject", "--yes", socket=daemon.path)
    lines = [re.sub(" +", " ", line) for line in run.stdout.splitlines()]
    assert lines == ["results processed: 9/9", "approved: 7", "rejected: 2", "approve/reject failed: 0",
                     "bonuses paid: 7, $29.75 (fees: $5.95)",
                     "Original balance: $1,000.00 New balance: $964.30 (diff: $35.70)"]


@pytest.mark.parametrize("batch,plan,options,status", [
    (batch_of(16), {}, [], 0),
    (batch_of(15, finished=True, failed=1), {}, [], 7),
    (batch_of(15, finished=True, held=1), {}, [], 7),
    (batch_of(15, finished=True, unsure=1), {}, [], 7),
    (batch_of(16), {"groups": [{"verdict": "hold", "kind": "bonus", "count": 2, "why": "too much"}]}, [], 7),
    (batch_of(16), {"groups": [{"verdict": "conflict", "kind": "bonus", "count": 1, "why": "other"}]}, [], 7),
    (batch_of(16), {"groups": [{"verdict": "done", "kind": "bonus", "count": 2, "why": "paid"}]}, [], 0),
    (batch_of(8, waiting_for="funds"), {}, [], 6),
    (batch_of(8), {}, ["--timeout", "1"], 8),
])
def test_exit_status_of_a_batch(daemon, batch, plan, options, status):
    daemon.on("plan", lambda params, peer: plan_of(params["do"], **plan))
    daemon.on("subscribe", batch)
    run = ngmtctl("bonus", "--yes", *options, socket=daemon.path)
    assert run.returncode == status, run.stderr
    last = json.loads(ngmtctl("bonus", "--yes", "--json", *options, socket=daemon.path).stdout.splitlines()[-1])
    assert last["exit_status"] == status


def test_wait_for_funds(daemon):
    def funds(_params, _peer):
        return batch_of(8, waiting_for="funds"), lambda peer: peer.notify(batch_of(16))
    daemon.on("subscribe", funds)
    assert ngmtctl("bonus", "--yes", "--wait", socket=daemon.path).returncode == 0


def test_failures_are_grouped(daemon):
    daemon.on("subscribe", batch_of(15, finished=True, failed=1, groups=[
        {"state": "failed", "kind": "bonus", "count": 1, "why": "the worker is blocked", "example": "3NGMTASG00001"}]))
    run = ngmtctl("bonus", "--yes", socket=daemon.path)
    assert "1 bonus failed: the worker is blocked (such as 3NGMTASG00001)" in run.stdout
    assert "bonuses failed:  1" in run.stdout


def test_progress_in_a_log_and_quiet(daemon):
    def steps(_params, _peer):
        return batch_of(0), lambda peer: [peer.notify(batch_of(n)) for n in range(1, 17)]
    daemon.on("subscribe", steps)
    lines = [line for line in ngmtctl("bonus", "--yes", socket=daemon.path).stderr.splitlines() if "progress" in line]
    assert 5 <= len(lines) <= 11 and "100 %" in lines[-1] and "$29.75 of $29.75" in lines[-1]
    assert ngmtctl("bonus", "--yes", "--quiet", socket=daemon.path).stderr == ""
    assert ngmtctl("-q", "upload", "--yes", socket=daemon.path).stderr == ""


# --- connections that break ---

def restart(daemon, after):
    """Kills the fake daemon and starts it again with `after` as the answer to subscribe."""
    daemon.stop()
    daemon.on("subscribe", after)
    daemon.start()


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_daemon_killed_while_following(daemon, options):
    daemon.on("subscribe", batch_of(4))
    process = subprocess.Popen([NGMTCTL, "--socket", daemon.path, "bonus", "--yes", *options], text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment())
    daemon.wait_for("subscribe")
    restart(daemon, subscribe)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert err.count("was lost") == 1 and err.count("Connected again") == 1
    assert daemon.methods().count("apply") == 1
    assert ("bonuses paid:" in out) if not options else json.loads(out.splitlines()[-1])["outcome"] == "finished"


def test_daemon_killed_before_subscribe_is_answered(daemon):
    daemon.on("subscribe", HANG_UP)
    process = subprocess.Popen([NGMTCTL, "--socket", daemon.path, "bonus", "--yes"], text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment())
    daemon.wait_for("subscribe")
    daemon.on("subscribe", subscribe)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err


def test_daemon_does_not_come_back(daemon):
    daemon.on("subscribe", lambda params, peer: (batch_of(4), lambda peer: daemon.stop()))
    run = ngmtctl("bonus", "--yes", "--timeout", "2", socket=daemon.path)
    assert run.returncode in (3, 8) and "was lost" in run.stderr


def test_daemon_comes_back_as_another_environment(daemon):
    daemon.on("subscribe", batch_of(4))
    process = subprocess.Popen([NGMTCTL, "--socket", daemon.path, "bonus", "--yes"], text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment())
    daemon.wait_for("subscribe")
    daemon.hello["environment"] = "live"
    restart(daemon, subscribe)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1 and '"live"' in err


def test_connection_lost_at_apply_says_what_to_do(daemon):
    daemon.on("apply", HANG_UP)
    run = ngmtctl("bonus", "--yes", socket=daemon.path)
    assert run.returncode == 3 and "nothing is paid twice" in run.stderr
    assert daemon.methods().count("apply") == 1


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_detaches(daemon, signal_number):
    daemon.on("subscribe", batch_of(4))
    process = subprocess.Popen([NGMTCTL, "--socket", daemon.path, "bonus", "--yes"], text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment())
    seen = process.stderr.readline()
    while "progress: 4/16" not in seen:
        assert seen
        seen = process.stderr.readline()
    process.send_signal(signal_number)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 8 and "Detached: the daemon goes on" in err and "ngmtctl status" in err
    assert "still waiting:" in out


def test_interrupt_before_the_first_state(daemon):
    daemon.on("subscribe", SILENCE)
    process = subprocess.Popen([NGMTCTL, "--socket", daemon.path, "bonus", "--yes"], text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment())
    daemon.wait_for("subscribe")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 8 and "Detached" in err and "was lost" not in err


def test_interrupt_while_reconnecting(daemon):
    daemon.on("subscribe", batch_of(4))
    process = subprocess.Popen([NGMTCTL, "--socket", daemon.path, "bonus", "--yes"], text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment())
    daemon.wait_for("subscribe")
    daemon.stop()
    line = process.stderr.readline()
    while "was lost" not in line:
        assert line
        line = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 8


def test_interrupt_while_apply_waits(daemon):
    daemon.on("apply", SILENCE)
    process = subprocess.Popen([NGMTCTL, "--socket", daemon.path, "bonus", "--yes"], text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment())
    daemon.wait_for("apply")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 8 and "nothing is paid twice" in err


# --- hostile peers ---

@pytest.mark.parametrize("answer,status", [
    (Raw(b"rubbish\n"), 10), (Raw(b"[1,2]\n"), 10), (Raw(b"\xff\xfe\n"), 10), (Raw(b"\0\0\n"), 10), (Raw(b"\n"), 10),
    (Raw(b'{"jsonrpc":"2.0","id":2'), 8), (Raw(b'{"jsonrpc":"2.0","id":2', hang_up=True), 3),
    (Raw(b'{"jsonrpc":"2.0","id":2}\n'), 10), (Raw(b'{"jsonrpc":"2.0","id":2,"result":7}\n'), 10),
    (Raw(b'{"jsonrpc":"2.0","id":2,"result":null,"error":null}\n'), 10),
    (Raw(b'{"jsonrpc":"2.0","id":99,"result":{}}\n'), 8), (Raw(b'{"id":2,"id":2,"result":{}}\n'), 10),
    (Raw(b"[" * 100000 + b"\n"), 10), (Raw(b'{"id":2,"error":{}}\n'), 1), (Raw(b'{"id":2,"error":{"data":7}}\n'), 1),
    (Raw(b"x" * (16 * 1024 * 1024 + 100000)), 10), (HANG_UP, 3), (SILENCE, 8), ({}, 0),
    ({"environment": 7, "queue": [], "lanes": {}, "rate": "x", "problems": [7, None, {}], "money": None,
      "balance": {"available_cents": 9e99}, "uptime_s": -5, "working_set": 3, "last_error": "x"}, 0),
    (Refusal("no-such-name", "newer daemon", 6), 6), (Refusal("no-such-name", "x", 99), 1),
    (Refusal("credentials", "bad keys", 4), 4), (Refusal("money-rule", "no", 5), 5), (Refusal("busy", "later", 1), 1),
], ids=lambda value: "" if not isinstance(value, int) else str(value))
def test_hostile_daemon(daemon, answer, status):
    daemon.on("status", answer)
    for options in ([], ["--json"]):
        run = ngmtctl("status", "--timeout", "1", *options, socket=daemon.path)
        assert run.returncode == status, run.stdout + run.stderr
        assert "Sanitizer" not in run.stderr and "runtime error" not in run.stderr


def test_flood_of_notifications_does_not_outlast_the_timeout(daemon):
    def flood(_params, peer):
        line = json.dumps({"jsonrpc": "2.0", "method": "progress", "params": {}}).encode() + b"\n"
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                peer.connection.sendall(line * 100)
            except OSError:
                break
        return SILENCE
    daemon.on("status", flood)
    start = time.monotonic()
    assert ngmtctl("status", "--timeout", "1", socket=daemon.path).returncode == 8
    assert time.monotonic() - start < 8


@pytest.mark.parametrize("words", [words for words, *_ in COMMANDS], ids=IDS)
def test_empty_results_do_no_harm(daemon, words):
    for method in ("status", "load", "show", "get", "connect", "plan", "apply", "subscribe", "queue", "release",
                   "cancel", "resolve"):
        daemon.on(method, {})
    for options in ([], ["--json"]):
        run = ngmtctl(*words, "--timeout", "2", *options, socket=daemon.path)
        assert 0 <= run.returncode <= 10
        assert "Sanitizer" not in run.stderr and "runtime error" not in run.stderr


def evil(value):
    """The same structure with control characters in every text."""
    if isinstance(value, str):
        return value if value in ("act", "funds", "held", "doubt") else "\x1b]0;owned\x07\x9b31m\u202e" + value
    if isinstance(value, list):
        return [evil(member) for member in value]
    if isinstance(value, dict):
        return {key: evil(member) for key, member in value.items()}
    return value


@pytest.mark.parametrize("words", [words for words, *_ in COMMANDS], ids=IDS)
def test_control_characters_never_reach_the_terminal(daemon, words):
    for method in ("status", "load", "connect", "apply"):
        answer = daemon.answers[method]
        daemon.on(method, evil(answer))
    daemon.on("show", lambda params, peer: evil(show(params, peer)))
    queue = Queue(QUEUE)
    daemon.on("queue", lambda params, peer: evil(queue.queue(params, peer)))
    for method in ("release", "cancel"):
        daemon.on(method, evil({"environment": "sandbox", "batch": 9, "released": 1, "cancelled": 1,
                                "refused": [{"id": 11, "why": "no"}]}))
    daemon.on("resolve", lambda params, peer: evil(queue.resolve(params, peer)))
    daemon.on("get", lambda params, peer: evil(get(params, peer)))
    daemon.on("plan", lambda params, peer: {**evil(plan_of(params["do"])), "digest": "d" * 16})
    daemon.on("subscribe", evil(batch_of(16, waiting_for="x", groups=[
        {"state": "failed", "kind": "bonus", "count": 1, "why": "y", "example": "z"}])))
    for options in ([], ["--json"]):
        run = ngmtctl(*words, *options, socket=daemon.path)
        for character in "\x1b\x07\x9b\u202e":
            assert character not in run.stdout + run.stderr
        assert "owned" in (run.stdout + run.stderr).lower()


def test_control_characters_in_errors_and_arguments(daemon):
    daemon.on("status", Refusal("state", "bad \x1b[31m \u202e", 1, "hint \x07"))
    for options in ([], ["--json"]):
        run = ngmtctl("status", *options, socket=daemon.path)
        assert not set("\x1b\x07\u202e") & set(run.stdout + run.stderr)
    run = ngmtctl("stat\x1b[31mus", socket=daemon.path)
    assert "\x1b" not in run.stderr
    run = ngmtctl("load", "game", "a\x1b[31m", socket=daemon.path)
    assert "\x1b" not in run.stdout


def test_many_pages_of_results(daemon):
    def pages(params, _peer):
        offset = params["offset"]
        rows = [dict(ROWS[0], row=offset + i) for i in range(1000)]
        return {"environment": "sandbox", "total": 3000, "next_offset": offset + 1000 if offset < 2000 else None,
                "rows": rows}
    daemon.on("show", pages)
    result = json.loads(ngmtctl("show", "results", "--json", socket=daemon.path).stdout)
    assert [row["row"] for row in result["rows"]] == list(range(3000)) and result["total"] == 3000
    assert len(ngmtctl("show", "results", socket=daemon.path).stdout.splitlines()) == 3003


def test_pages_that_do_not_advance(daemon):
    daemon.on("show", {"environment": "sandbox", "total": 9, "next_offset": 0, "rows": ROWS})
    assert ngmtctl("show", "results", socket=daemon.path).returncode == 0


def test_position_beyond_the_end(daemon):
    daemon.on("show", {"environment": "sandbox", "total": 3, "next_offset": None, "rows": []})
    run = ngmtctl("show", "results", "-p", "5", socket=daemon.path)
    assert run.returncode == 1 and "no row at position 5 of 3" in run.stderr


def test_show_config_prints_a_list_as_one_reads_it(daemon):
    options = [{"section": "nodegame", "key": "game", "value": ["/srv/games/ultimatum", "/srv/trust"], "origin": "/etc/x:3"},
               {"section": "nodegame", "key": "none", "value": [], "origin": "default"},
               {"section": "nodegame", "key": "odd", "value": [None, 7, "a\x1b[31m"], "origin": "default"}]
    daemon.on("show", {"environment": "sandbox", "options": options})
    lines = [re.sub(" +", " ", line) for line in ngmtctl("show", "config", socket=daemon.path).stdout.splitlines()]
    assert lines == ["[nodegame] game = /srv/games/ultimatum, /srv/trust (/etc/x:3)", "[nodegame] none = (default)",
                     "[nodegame] odd = , 7, a\\x1b[31m (default)"]
    result = json.loads(ngmtctl("show", "config", "--json", socket=daemon.path).stdout)
    assert result["options"] == options


def test_show_results_lists_the_positions_that_it_takes(daemon):
    """The rows have the ledger's numbers, --position counts those that are shown."""
    rows = [dict(ROWS[0], row=125 + i) for i in range(5)]

    def show(params, _peer):
        at, last = params["offset"], params["offset"] + min(params["limit"], 2)
        return {"environment": "sandbox", "total": 5, "next_offset": last if last < 5 else None, "rows": rows[at:last]}
    daemon.on("show", show)
    lines = ngmtctl("show", "results", socket=daemon.path).stdout.splitlines()
    assert [line.split()[0] for line in lines if "position" not in line] == ["0", "1", "2", "3", "4"]
    run = ngmtctl("show", "results", "-p", "4", socket=daemon.path)
    assert run.returncode == 0 and re.search("row: +129\n", run.stdout)


def test_problems_come_first_in_status(daemon):
    daemon.on("status", dict(STATUS, problems=[{"what": "out of funds: $12.00 missing for 3 payments",
                                                "hint": "add money; it resumes by itself"}], state="paused"))
    lines = ngmtctl("status", socket=daemon.path).stdout.splitlines()
    assert lines[0] == "! out of funds: $12.00 missing for 3 payments"
    assert "SANDBOX" in lines[3] and "paused" in lines[4]


def test_status_says_what_is_missing_and_what_is_left(daemon):
    daemon.on("status", dict(STATUS, funds={"missing_cents": 1200, "payments": 3}, limits={
        "daily_budget_cents": 10000, "daily_spent_cents": 2500, "total_budget_cents": None, "total_spent_cents": 2500,
        "balance_floor_cents": 5000}, queue=dict(STATUS["queue"], held=4)))
    run = ngmtctl("status", socket=daemon.path)
    lines = [re.sub("  +", "  ", line.strip()) for line in run.stdout.splitlines()]
    assert "missing  $12.00 for 3 payments, fees included; they go on by themselves" in lines
    assert "daily budget  $25.00 of $100.00" in lines and "balance floor  $50.00" in lines
    assert "total budget" not in run.stdout
    assert lines[-1] == "What is held, and why: ngmtctl queue list --held"
    result = json.loads(ngmtctl("status", "--json", socket=daemon.path).stdout)
    assert result["funds"]["payments"] == 3 and result["limits"]["daily_spent_cents"] == 2500


def test_status_says_once_where_to_look(daemon):
    hint = "ngmtctl queue list --held says why"
    daemon.on("status", dict(STATUS, queue=dict(STATUS["queue"], held=4),
                             problems=[{"what": "4 operations (bonus) are held for a person", "hint": hint}]))
    assert ngmtctl("status", socket=daemon.path).stdout.count("queue list") == 1


def test_status_without_limits_is_as_before(daemon):
    plain = ngmtctl("status", socket=daemon.path).stdout
    daemon.on("status", dict(STATUS, funds=None, limits={
        "daily_budget_cents": None, "daily_spent_cents": 0, "total_budget_cents": None, "total_spent_cents": 0,
        "balance_floor_cents": None}))
    assert ngmtctl("status", socket=daemon.path).stdout == plain
    assert "held" not in plain and "budget" not in plain


# --- on a terminal ---

class Terminal:
    """ngmtctl on a pseudo terminal; stdout may go elsewhere."""

    def __init__(self, daemon, *args, columns=100, env=None):
        self.master, slave = pty.openpty()
        self.resize(columns)
        self.text = ""
        self.process = subprocess.Popen([NGMTCTL, "--socket", daemon.path, *args], stdin=slave, stdout=slave,
                                        stderr=slave, env=env or environment(), start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)

    def resize(self, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def read_until(self, text):
        end = time.monotonic() + PATIENCE
        while text not in self.text:
            assert self._read(end), f"waited for {text!r}, got {self.text!r}"
        return self

    def _read(self, end):
        readable, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
        if not readable:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)

    def type(self, text):
        os.write(self.master, text.encode())
        return self

    def finish(self):
        end = time.monotonic() + PATIENCE
        while self._read(end):
            pass
        status = self.process.wait(timeout=PATIENCE)
        os.close(self.master)
        return status


@pytest.mark.parametrize("answer,status", [("y\n", 0), ("YES\n", 0), (" yes \n", 0), ("n\n", 9), ("\n", 9),
                                           ("yep\n", 9), ("yesterday I said no\n", 9), ("\x04", 9)])
def test_terminal_is_asked(daemon, answer, status):
    terminal = Terminal(daemon, "bonus", "-r", "Thanks", env=environment(NO_COLOR="1"))
    terminal.read_until("Pay 7 workers $29.75 + $5.95 fees in SANDBOX? [y/N]").type(answer)
    assert terminal.finish() == status, terminal.text
    assert ("apply" in daemon.methods()) == (status == 0)
    if status == 9:
        assert "nothing was sent" in terminal.text


def test_live_is_loud(tmp_path):
    with FakeDaemon(tmp_path, environment="live") as fake:
        ready(fake).on("plan", lambda params, peer: plan_of(params["do"], environment="live"))
        terminal = Terminal(fake, "upload", "-b", "--reject")
        terminal.read_until("Approve 7 assignments, reject 2 assignments and pay 7 workers "
                            "$29.75 + $5.95 fees in LIVE?")
        assert "\033[1;97;41m LIVE \033[0m" in terminal.text
        terminal.type("n\n")
        assert terminal.finish() == 9


def many_rejections(daemon, count):
    """Plans with so many rejections."""
    def plan(params, _peer):
        plan = plan_of(params["do"])
        for action in plan["actions"]:
            if action["kind"] == "reject":
                action["count"] = count
        return plan
    daemon.on("plan", plan)


@pytest.mark.parametrize("count,question,answer,do", [
    (1, "1 assignment would be rejected, and its worker not paid. Reject it? Otherwise it is left out. [y/N]", "y",
     ["approve", "reject"]),
    (2, "Reject them? Otherwise they are left out. [y/N]", "yes", ["approve", "reject"]),
    (10, "Otherwise they are left out. [y/N]", "y", ["approve", "reject"]),
    (10, "Otherwise they are left out. [y/N]", "10", ["approve"]), (2, "left out. [y/N]", "", ["approve"]),
    (11, "Type 11 to reject, Enter to leave them out:", "11", ["approve", "reject"]),
    (11, "Type 11 to reject", "", ["approve"]), (11, "Type 11 to reject", "12", ["approve"]),
    (11, "Type 11 to reject", "y", ["approve"]), (4000, "Type 4000 to reject", "4000", ["approve", "reject"]),
])
def test_many_rejections_are_confirmed_by_their_number(daemon, count, question, answer, do):
    many_rejections(daemon, count)
    terminal = Terminal(daemon, "upload", env=environment(NO_COLOR="1"))
    terminal.read_until(question).type(answer + "\n")
    terminal.read_until(" in SANDBOX? [y/N]").type("y\n")
    assert terminal.finish() == 0, terminal.text
    assert daemon.params("apply")["do"] == do
    assert daemon.params("apply")["digest"] == plan_of(do)["digest"]


@pytest.mark.parametrize("words", [["reject", "-f", "Sorry"], ["upload", "--reject", "-f", "Sorry"]],
                         ids=lambda words: words[0])
@pytest.mark.parametrize("count,question,answer,status", [
    (10, "eject 10 assignments in SANDBOX? [y/N]", "y", 0), (10, "SANDBOX? [y/N]", "10", 9),
    (11, "in SANDBOX? Type 11, the number of rejections, to say yes:", "11", 0),
    (11, "Type 11, ", "y", 9), (11, "Type 11, ", "", 9), (11, "Type 11, ", "10", 9), (11, "Type 11, ", "\x04", 9),
])
def test_rejecting_many_asks_for_their_number(daemon, words, count, question, answer, status):
    many_rejections(daemon, count)
    terminal = Terminal(daemon, *words, env=environment(NO_COLOR="1"))
    terminal.read_until(question)
    terminal.type(answer if answer == "\x04" else answer + "\n")
    assert terminal.finish() == status, terminal.text
    assert ("apply" in daemon.methods()) == (status == 0)


def test_a_script_rejects_many_with_yes(daemon):
    many_rejections(daemon, 500)
    assert ngmtctl("reject", "-f", "Sorry", "--yes", socket=daemon.path).returncode == 0
    assert daemon.params("apply")["do"] == ["reject"]
    assert ngmtctl("reject", "-f", "Sorry", socket=daemon.path).returncode == 9


def test_end_of_input_at_the_rejections_sends_nothing(daemon):
    terminal = Terminal(daemon, "upload", env=environment(NO_COLOR="1"))
    terminal.read_until("[y/N]").type("\x04")
    assert terminal.finish() == 9 and "apply" not in daemon.methods()


def test_only_rejections_and_none_confirmed(daemon):
    daemon.on("plan", lambda params, peer: plan_of(["reject"]) if "reject" in params["do"] else
              plan_of((), nothing_to_do=True, why="nothing to approve"))
    terminal = Terminal(daemon, "upload", env=environment(NO_COLOR="1"))
    terminal.read_until("left out. [y/N]").type("\n")
    assert terminal.finish() == 0
    assert "nothing to approve" in terminal.text and "apply" not in daemon.methods()


def test_confirmation_with_json_shows_a_harmless_plan(daemon):
    daemon.on("plan", lambda params, peer: plan_of(params["do"], warnings=["evil \x1b]0;owned\x07"]))
    terminal = Terminal(daemon, "bonus", "--json", env=environment(NO_COLOR="1"))
    terminal.read_until("[y/N]")
    assert "warning: evil" in terminal.text and "\x1b]0" not in terminal.text
    terminal.type("n\n")
    assert terminal.finish() == 9


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_progress_bar_fits(daemon, columns):
    def steps(_params, _peer):
        return batch_of(0), lambda peer: [peer.notify(batch_of(n)) for n in range(1, 17)]
    daemon.on("subscribe", steps)
    terminal = Terminal(daemon, "bonus", "--yes", columns=columns, env=environment(NO_COLOR="1"))
    assert terminal.finish() == 0
    drawn = re.findall(r"\r([^\r\n\033]+)\033\[K", terminal.text)
    assert any("16/16" in line for line in drawn)
    assert max(len(line) for line in drawn if "/16" in line) < columns
    assert "█" in terminal.text or columns < 40


def test_ctrl_c_on_a_terminal_detaches(daemon):
    daemon.on("subscribe", batch_of(4))
    terminal = Terminal(daemon, "bonus", "--yes")
    daemon.wait_for("subscribe")
    terminal.read_until("4/16").type("\x03")
    assert terminal.finish() == 8
    assert "Detached: the daemon goes on." in terminal.text


def test_ctrl_c_at_the_question_sends_nothing(daemon):
    terminal = Terminal(daemon, "bonus")
    terminal.read_until("[y/N]").type("\x03")
    assert terminal.finish() == -signal.SIGINT
    assert "apply" not in daemon.methods()


@pytest.mark.parametrize("options,env,coloured", [
    ([], {}, True), ([], {"NO_COLOR": "1"}, False), ([], {"NO_COLOR": ""}, True), ([], {"TERM": "dumb"}, False),
    (["--color=never"], {}, False), (["--color", "always"], {"NO_COLOR": "1"}, True)])
def test_colours(daemon, options, env, coloured):
    terminal = Terminal(daemon, "status", *options, env=environment(**env))
    assert terminal.finish() == 0
    assert ("\033[" in terminal.text) == coloured


def test_start_is_cheap(daemon):
    """No TLS library, no event loop: what makes a client slow to start."""
    libraries = subprocess.run(["ldd", NGMTCTL], capture_output=True, text=True, check=True).stdout
    assert not re.search("libcrypto|libssl|libcurl|libevent|libsqlite", libraries)
