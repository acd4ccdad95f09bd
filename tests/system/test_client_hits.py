# SPDX-License-Identifier: MIT
"""ngmtctl hit, extend, expire, qualification, worker block, get ...: pages, questions, exit statuses, HIT files, the picker,
against a scripted daemon."""
import json
import re
import subprocess

import pytest

from fake_daemon import HANG_UP, FakeDaemon, Raw, Refusal
from test_client import NGMTCTL, PATIENCE, batch_of, environment, ngmtctl

HIT_ID, TYPE_ID, WORKER = "3NGMTHIT000000000000000001", "3NGMTQUALIFICATION00000001", "A1NGMT0000001X"
HIT = {"hit_id": HIT_ID, "title": "Ultimatum Game", "status": "Assignable", "review_status": "NotReviewed",
       "reward_cents": 100, "max_assignments": 9, "pending": 1, "available": 2, "completed": 6,
       "created_at": "2026-11-01T10:00:00Z", "expires_at": "2026-11-24T09:00:00Z", "annotation": "BatchId:1"}
TYPE = {"qualification_type_id": TYPE_ID, "name": "my_qualification", "description": "who played before",
        "keywords": None, "status": "Active", "created_at": "2026-04-20T10:00:00Z", "is_requestable": False,
        "has_test": False, "auto_granted_value": None}
COST = {"amount_cents": 1800, "fee_cents": 360, "total_cents": 2160, "saved_cents": 360}
BALANCE = {"available_cents": 100000, "after_cents": 97840}


def item(kind, subject, verdict="go", why="", amount=0, fee=0):
    return {"verdict": verdict, "kind": kind, "subject": subject, "why": why, "amount_cents": amount, "fee_cents": fee}


def plan_of(errand, items, **more):
    count = {verdict: sum(one["verdict"] == verdict for one in items) for verdict in ("go", "done", "refuse")}
    plan = {"environment": "sandbox", "errand": errand, "digest": "d1ge57d1ge57d1ge", "title": "what it is about",
            "items": items, "go": count["go"], "done": count["done"], "refused": count["refuse"], "cost": None,
            "balance": BALANCE, "hit": None, "notes": []}
    plan.update(more)
    return plan


PLANS = {
    "create-hit": plan_of("create-hit", [item("create-hit", "1/2", amount=900, fee=180),
                                         item("create-hit", "2/2", amount=900, fee=180)],
                          title='create the HIT "Ultimatum Game" in 2 rounds', cost=COST,
                          hit={"hit_id": None, "title": "Ultimatum Game", "reward_cents": 100, "max_assignments": 18,
                               "lifetime_s": 259200, "duration_s": 5400}),
    "extend-hit": plan_of("extend-hit", [item("extend-hit", HIT_ID, amount=300, fee=60), item("expire-hit", HIT_ID)],
                          cost={"amount_cents": 300, "fee_cents": 60, "total_cents": 360, "saved_cents": 0}, hit=HIT,
                          new_expires_at="2026-11-25T09:00:00Z"),
    "expire-hit": plan_of("expire-hit", [item("expire-hit", HIT_ID)], hit=HIT, notes=["1 worker works on it still"]),
    "delete-hit": plan_of("delete-hit", [item("delete-hit", HIT_ID)], hit=HIT),
    "create-qualification": plan_of("create-qualification", [item("create-qualification", "played")]),
    "grant": plan_of("grant", [item("qualify", WORKER), item("qualify", "A1NGMT0000002X", "done", "has it already")]),
    "revoke": plan_of("revoke", [item("revoke", WORKER)]),
    "block": plan_of("block", [item("block", WORKER), item("block", "A1NGMT0000002X", "refuse", "this is no worker id")]),
    "unblock": plan_of("unblock", [item("unblock", WORKER)]),
}


def created(kind, **more):
    return {"kind": kind, "state": "done", "hit_id": None, "qualification_type_id": None, "subject": None, **more}


KINDS = {"extend-hit": ["extend-hit", "expire-hit"], "grant": ["qualify"]}
CREATED = {
    "create-hit": [created("create-hit", hit_id=HIT_ID, subject="1/2"),
                   created("create-hit", hit_id="3NGMTHIT2", subject="2/2")],
    "create-qualification": [created("create-qualification", qualification_type_id=TYPE_ID, subject="played")],
}


class Errands:
    """The daemon's side of errands."""

    def __init__(self, fake):
        self.fake, self.errand, self.batch = fake, None, {}
        fake.on("plan_errand", lambda params, peer: PLANS[params["errand"]])
        fake.on("apply_errand", self.apply).on("subscribe", self.subscribe).on("get", get).on("select", self.select)

    def count(self):
        return len(CREATED.get(self.errand, KINDS.get(self.errand, "x")))

    def apply(self, params, _peer):
        self.errand = params["errand"]
        return {"environment": "sandbox", "batch": 7, "operations": self.count(), "nothing_to_do": False, "why": None}

    def subscribe(self, _params, _peer):
        kinds = KINDS.get(self.errand, [self.errand])
        state = {"approved": 0, "bonuses": 0, "bonus_cents": 0, "fees_cents": 0, "created": CREATED.get(self.errand, []),
                 "by_kind": [{"kind": kind, "total": 1, "done": 1, "held": 0, "failed": 0} for kind in kinds]}
        return batch_of(self.count(), self.count(), **{**state, **self.batch})

    @staticmethod
    def select(params, _peer):
        return {"environment": "sandbox", "hit": {"hit_id": params.get("hit_id"), "title": "Ultimatum Game"}
                if "hit_id" in params else None, "qualification": TYPE if "qualification_type_id" in params else None}


HITS = [{**HIT, "hit_id": f"3NGMTHIT{number:022}", "title": f"Game number {number}"} for number in range(1, 41)]
TYPES = [{**TYPE, "qualification_type_id": f"3NGMTQUAL{number}", "name": f"played_{number}"} for number in range(1, 4)]


def get(params, _peer):
    what, limit = params["what"], params.get("limit", 10)
    answers = {
        "balance": {"available_cents": 97840, "on_hold_cents": 0},
        "hit": {"hit": HIT, "selected": True},
        "hits": {"hits": [hit for hit in HITS if params.get("search", "") in hit["title"]][:limit], "total": 40},
        "hit-status": {"hit": HIT},
        "qualification": {"qualification": TYPE, "selected": True},
        "qualifications": {"qualifications": TYPES[:limit], "total": 3},
        "qualification-type": {"qualification": TYPE},
        "workers": {"total": 2, "workers": [{"worker_id": WORKER, "integer_value": 5, "locale": None,
                                             "granted_at": "2026-11-01T10:00:00Z"}]},
        "bonuses": {"payments": [{"worker_id": WORKER, "assignment_id": "3NGMTASG00001", "amount_cents": 425,
                                  "granted_at": "2026-11-01T10:00:00Z", "reason": "thanks"}] * 2,
                    "workers": [{"worker_id": WORKER, "payments": 2, "amount_cents": 850}], "total_cents": 850},
    }
    return {"environment": "sandbox", **answers[what]}


@pytest.fixture
def fake(tmp_path):
    with FakeDaemon(tmp_path) as daemon:
        daemon.errands = Errands(daemon)
        yield daemon


@pytest.fixture
def hit_file(tmp_path):
    path = tmp_path / "hit.ini"
    path.write_text(HIT_INI)
    return str(path)


HIT_INI = """# a study
[hit]
title = Ultimatum Game
description = Share a sum with another player.
reward = 1.00
assignments = 18
lifetime = 3d
duration = 90m
auto_approval = 2592000

[question]
url = https://play.example.org/ultimatum?a=1&b=2
frame_height = 800

[qualification approved-percent]
comparator = GreaterThanOrEqualTo
values = 95

[qualification locale]
comparator = In
locales = US, US-NY ,DE
guard = preview
"""
DEFINITION = {
    "title": "Ultimatum Game", "description": "Share a sum with another player.", "reward_cents": 100,
    "max_assignments": 18, "lifetime_s": 259200, "duration_s": 5400, "auto_approval_s": 2592000,
    "question": {"url": "https://play.example.org/ultimatum?a=1&b=2", "frame_height": 800},
    "qualifications": [{"type": "approved-percent", "comparator": "GreaterThanOrEqualTo", "values": [95]},
                       {"type": "locale", "comparator": "In", "locales": ["US", "US-NY", "DE"], "guard": "preview"}]}

# errand, words, what is asked of the daemon, what is printed at the end
ERRANDS = [
    ("create-hit", ["hit", "create", "FILE", "--rounds", "--purpose", "pilot"],
     {"hit": DEFINITION, "rounds": True, "purpose": "pilot"},
     f'created HIT {HIT_ID} ("Ultimatum Game"), round 1/2\ncreated HIT 3NGMTHIT2 ("Ultimatum Game"), round 2/2\n'
     "Original balance: $1,000.00  New balance: $978.40  (diff: $21.60)\n"),
    ("extend-hit", ["extendHIT", "-a", "3", "-t", "1d"], {"assignments": 3, "time_s": 86400},
     f"extended HIT {HIT_ID}\nHIT {HIT_ID} now ends 2026-11-25 10:00:00 CET (2026-11-25T09:00:00Z)\n"),
    ("expire-hit", ["expireHIT", HIT_ID], {"hit_id": HIT_ID}, f"expired HIT {HIT_ID}\n"),
    ("delete-hit", ["hit", "delete", HIT_ID], {"hit_id": HIT_ID}, f"deleted HIT {HIT_ID}\n"),
    ("create-qualification", ["qualification", "create", "played", "--description", "x", "--keywords", "a,b"],
     {"name": "played", "description": "x", "keywords": "a,b"}, f'created qualification type {TYPE_ID} ("played")\n'),
    ("grant", ["qualification", "grant", WORKER, "-Q", TYPE_ID, "-i", "3", "-n"],
     {"workers": [WORKER], "qualification_type_id": TYPE_ID, "integer_value": 3, "send_notification": True},
     "1 worker got the qualification\n"),
    ("revoke", ["qualification", "revoke", WORKER, "A1NGMT0000002X", "-r", "why"],
     {"workers": [WORKER, "A1NGMT0000002X"], "reason": "why"}, "1 worker lost the qualification\n"),
    ("block", ["worker", "block", WORKER, "-r", "why"], {"workers": [WORKER], "reason": "why"},
     "1 worker blocked\n1 worker left out: this is no worker id\n"),
    ("unblock", ["worker", "unblock", WORKER], {"workers": [WORKER]}, "1 worker unblocked\n"),
]
ERRAND_IDS = [errand[0] for errand in ERRANDS]


def run_errand(fake, words, hit_file, *more, **options):
    typed = [hit_file if word == "FILE" else word for word in words]
    return ngmtctl(*typed, *more, socket=fake.path, env=environment(TZ="Europe/Berlin"), **options)


@pytest.mark.parametrize("errand,words,params,text", ERRANDS, ids=ERRAND_IDS)
class TestErrands:
    def test_done(self, fake, hit_file, errand, words, params, text):
        run = run_errand(fake, words, hit_file, "--yes")
        assert run.stdout.startswith(text.splitlines()[0]) and run.returncode == (7 if errand == "block" else 0), run
        assert run.stdout.startswith(text) or errand == "extend-hit" and text in run.stdout, run.stdout
        told = fake.params("apply_errand")
        assert {key: told[key] for key in params} == params and told["errand"] == errand
        assert told["digest"] == "d1ge57d1ge57d1ge" and told["command"].startswith("ngmtctl ")
        assert set(fake.params("plan_errand")) == set(params) | {"errand"}
        assert "what it is about" in run.stderr or errand == "create-hit"

    def test_json(self, fake, hit_file, errand, words, params, text):
        run = run_errand(fake, words, hit_file, "--yes", "--json", "-q" if "-n" not in words else "--quiet")
        told = json.loads(run.stdout)
        assert run.stderr == "" and told["exit_status"] == run.returncode and told["outcome"] == "finished"
        assert told["plan"]["errand"] == errand and told["created"] == CREATED.get(errand, [])
        assert told["environment"] == "sandbox"

    def test_nobody_to_ask(self, fake, hit_file, errand, words, params, text):
        run = run_errand(fake, words, hit_file)
        assert run.returncode == 9 and "not confirmed: nothing was" in run.stderr
        assert run.stderr.splitlines()[-1].endswith(" --yes --plan d1ge57d1ge57d1ge")
        assert "apply_errand" not in fake.methods() and run.stdout == ""

    def test_dry_run(self, fake, hit_file, errand, words, params, text):
        fake.hello["may_change"] = False
        run = run_errand(fake, words, hit_file, "--dry-run")
        assert run.returncode == 0 and "To do exactly this: --plan d1ge57d1ge57d1ge" in run.stdout, run.stderr
        assert fake.methods() == ["hello", "plan_errand"] and json.loads(
            run_errand(fake, words, hit_file, "-d", "--json").stdout)["errand"] == errand

    def test_another_plan(self, fake, hit_file, errand, words, params, text):
        run = run_errand(fake, words, hit_file, "--yes", "--plan", "0ther")
        assert run.returncode == 5 and 'the plan is no longer "0ther"' in run.stderr
        assert "apply_errand" not in fake.methods()
        assert run_errand(fake, words, hit_file, "--yes", "--plan", "d1ge57d1ge57d1ge").returncode in (0, 7)

    def test_no_wait(self, fake, hit_file, errand, words, params, text):
        run = run_errand(fake, words, hit_file, "--yes", "--no-wait")
        assert run.stdout.startswith("batch 7: ") and "subscribe" not in fake.methods(), run

    def test_nothing_to_do(self, fake, hit_file, errand, words, params, text):
        done = plan_of(errand, [item("x", "y", "done", "it was done on Monday")])
        refused = plan_of(errand, [item("x", "y", "refuse", "the platform would refuse it")])
        fake.on("plan_errand", done)
        run = run_errand(fake, words, hit_file)
        assert run.returncode == 0 and run.stdout.endswith("Nothing to do: it was done on Monday\n")
        fake.on("plan_errand", refused)
        run = run_errand(fake, words, hit_file, "--yes", "--quiet")
        assert run.returncode == 7 and run.stdout == "Nothing can be done: the platform would refuse it\n"
        told = json.loads(run_errand(fake, words, hit_file, "--json").stdout)
        assert (told["outcome"], told["exit_status"]) == ("nothing-to-do", 7)

    def test_bad_answers(self, fake, hit_file, errand, words, params, text):
        for answer, status in [(Refusal("state", "no HIT is selected", 1, hint="ngmtctl get hit"), 1), (HANG_UP, 3),
                               (Raw(b"rubbish\n"), 10), ({"environment": "sandbox"}, 10),
                               ({"digest": "d", "items": 5, "go": "x", "notes": {}, "cost": [], "hit": 1}, 0)]:
            fake.on("plan_errand", answer)
            assert run_errand(fake, words, hit_file, "--yes").returncode == status, answer
        fake.on("plan_errand", {"digest": "d", "go": 1, "items": [None, 5, {}], "notes": [5], "cost": {}, "hit": {}})
        assert run_errand(fake, words, hit_file, "--yes").returncode == 0
        fake.on("apply_errand", {"environment": "sandbox"})
        assert run_errand(fake, words, hit_file, "--yes").returncode == 10


def test_page_of_a_new_hit(fake, hit_file):
    run = run_errand(fake, ERRANDS[0][1], hit_file, "--dry-run")
    text = re.sub("  +", "  ", run.stdout)
    for part in ("Plan for SANDBOX  digest d1ge57d1ge57d1ge\n", 'create the HIT "Ultimatum Game" in 2 rounds\n',
                 'HIT:  "Ultimatum Game", 18 assignments at $1.00\n', "open for:  3 d 0 h\n",
                 "time for each:  1 h 30 min\n", "cost:  $18.00 + $3.60 fees = $21.60\n", "saved by rounds:  $3.60\n",
                 "balance:  $1,000.00, $978.40 afterwards\n", "go  create-hit  2/2  $9.00  $1.80\n"):
        assert part in text, (part, text)


def test_page_of_an_extension(fake, hit_file):
    text = re.sub("  +", "  ", run_errand(fake, ERRANDS[1][1], hit_file, "--dry-run").stdout)
    for part in (f"HIT:  {HIT_ID}\n", "title:  Ultimatum Game ($1.00)\n", "status:  Assignable\n",
                 "assignments:  9: 1 pending, 2 available, 6 completed\n",
                 "ends:  2026-11-24 10:00:00 CET (2026-11-24T09:00:00Z)\n",
                 "new end:  2026-11-25 10:00:00 CET (2026-11-25T09:00:00Z)\n", "cost:  $3.00 + $0.60 fees = $3.60\n"):
        assert part in text, (part, text)


def test_notes_are_shown(fake, hit_file):
    assert "note: 1 worker works on it still" in run_errand(fake, ["expire"], hit_file).stderr


@pytest.mark.parametrize("words,question", [
    (["hit", "create", "FILE"], "Create 2 HITs for $18.00 + $3.60 fees in SANDBOX? [y/N]"),
    (["extend", "-a", "3"], "Extend this HIT for $3.00 + $0.60 fees in SANDBOX? [y/N]"),
    (["expire"], "Expire this HIT in SANDBOX? [y/N]"),
    (["worker", "block", WORKER, "-r", "x"], "Block 1 worker in SANDBOX? [y/N]"),
    (["qualification", "grant", WORKER], "Grant it to 1 worker in SANDBOX? [y/N]"),
])
def test_a_terminal_is_asked(fake, hit_file, open_terminal, words, question):
    typed = [hit_file if word == "FILE" else word for word in words]
    terminal = open_terminal([NGMTCTL, "--socket", fake.path, *typed], environment=environment())
    terminal.wait_for(question)
    assert "apply_errand" not in fake.methods()
    assert all(len(line) <= 80 for line in terminal.lines())
    terminal.line("n")
    assert terminal.end() == 9 and "apply_errand" not in fake.methods()


def test_somebody_was_quicker(fake, hit_file):
    fake.on("apply_errand", {"environment": "sandbox", "batch": None, "operations": 0, "nothing_to_do": True,
                             "why": "it was made already"})
    run = run_errand(fake, ["hit", "create", "FILE"], hit_file, "--yes")
    assert run.returncode == 0 and run.stdout == "Nothing to do: it was made already\n"
    told = json.loads(run_errand(fake, ["hit", "create", "FILE"], hit_file, "--yes", "--json", "-q").stdout)
    assert (told["outcome"], told["exit_status"]) == ("nothing-to-do", 0)


def test_trouble_is_told(fake, hit_file):
    fake.errands.batch = {"failed": 1, "created": [], "groups": [{"kind": "create-hit", "state": "failed", "count": 1,
                                                              "why": "the reward is too small", "example": None}]}
    run = run_errand(fake, ["hit", "create", "FILE"], hit_file, "--yes")
    assert run.returncode == 7 and "1 new HIT failed: the reward is too small" in run.stdout
    fake.errands.batch = {"finished": False, "waiting_for": "funds", "waiting": 2}
    assert run_errand(fake, ["hit", "create", "FILE"], hit_file, "--yes").returncode == 6
    fake.errands.batch = {"finished": False, "waiting": 2}
    assert run_errand(fake, ["hit", "create", "FILE"], hit_file, "--yes", "--timeout", "1").returncode == 8


@pytest.mark.parametrize("words,message", [
    (["extend"], '"extend" needs to be told by what'), (["extend", "-t", "3 days"], '--time: "3 days" is not a time'),
    (["extend", "-t", "-5"], '"-5" is not a time'), (["extend", "-t", "0"], "puts nothing off"),
    (["extend", "-a", "0"], "not a whole number from 1"), (["hit", "delete"], '"hit delete" needs HIT'),
    (["worker", "block", WORKER], '"worker block" needs --reason'), (["worker", "block"], "needs WORKER"),
    (["qualification", "create"], "needs NAME"), (["hit", "create"], "needs FILE"),
    (["expire", "--yes", "--dry-run"], "exclude each other"), (["hit", "crate", "x"], 'did you mean "hit create"?'),
    (["get", "bonuses", HIT_ID, "--assignment", "3X"], "either name a HIT or say --assignment"),
    (["get", "hits", "--select", "0"], "the list has the numbers from 1"),
    (["notify", "-s", "x", "-m", "y", "--file", "z"], 'options "--message" and "--file" exclude each other'),
    (["notify", "-s", "x", "--file", "/dev/null"], '"/dev/null" is empty'),
])
def test_bad_command_lines_ask_nothing(fake, words, message):
    run = ngmtctl(*words, socket=fake.path)
    assert run.returncode == 2 and message in run.stderr, run.stderr
    assert set(fake.methods()) <= {"hello"}


# --- HIT files ---

def create(fake, path, **more):
    return ngmtctl("hit", "create", str(path), "--dry-run", socket=fake.path, **more)


def test_ini_becomes_a_definition(fake, hit_file):
    assert create(fake, hit_file).returncode == 0
    assert fake.params("plan_errand")["hit"] == DEFINITION


def test_json_is_taken_as_it_is(fake, tmp_path):
    (tmp_path / "hit.json").write_text(json.dumps({**DEFINITION, "future": 1}))
    assert create(fake, tmp_path / "hit.json").returncode == 0
    assert fake.params("plan_errand")["hit"] == {**DEFINITION, "future": 1}


@pytest.mark.parametrize("text", [HIT_INI, json.dumps(DEFINITION), "\ufeff" + HIT_INI, " \n" + json.dumps(DEFINITION)])
def test_standard_input(fake, text):
    run = subprocess.run([NGMTCTL, "--socket", fake.path, "hit", "create", "-", "-d"], input=text, capture_output=True,
                         text=True, timeout=PATIENCE, check=False, env=environment())
    assert run.returncode == 0, run.stderr
    assert fake.params("plan_errand")["hit"] == DEFINITION


@pytest.mark.parametrize("name,member", [("q.xml", "xml"), ("q.html", "html"), ("Q.HTM", "html")])
def test_question_beside_the_file(fake, tmp_path, name, member):
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / name).write_text("<p>\u00fcber\n</p>\n")
    (folder / "hit.ini").write_text(re.sub("url = .*\nframe_height = 800", f"file = {name}", HIT_INI))
    run = create(fake, folder / "hit.ini", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert fake.params("plan_errand")["hit"]["question"] == {member: "<p>\u00fcber\n</p>\n"}
    (folder / "hit.json").write_text(json.dumps({**DEFINITION, "question": {"file": name}}))
    assert create(fake, folder / "hit.json").returncode == 0
    assert fake.params("plan_errand")["hit"]["question"] == {member: "<p>\u00fcber\n</p>\n"}


@pytest.mark.parametrize("change,message", [
    (("reward = 1.00", "rewrd = 1.00"), 'hit.ini:5: unknown key "rewrd" in [hit]\n  did you mean "reward"?'),
    (("reward = 1.00", "reward = 1.005"), "hit.ini:5: reward: "), (("reward = 1.00", "reward = 0"), "hit.ini:5: reward:"),
    (("lifetime = 3d", "lifetime = 3"), 'hit.ini:7: lifetime: "3" is not from 30 seconds to 365 days'),
    (("[question]", "[qestion]"), "hit.ini:11: unknown section [qestion]\n  did you mean [question]?"),
    (("duration = 90m\n", ""), 'hit.ini:2: [hit] has no "duration"'),
    (("values = 95", "values = 95,,96"), "hit.ini:17: values: nothing stands between two commas"),
    (("values = 95", "values = many"), 'hit.ini:17: values: "many" is not a whole number'),
    (("url = https", "file = x.txt\nurl = https"), 'hit.ini: [question] needs either "url" or "file"'),
    (("assignments = 18", "assignments = 18\nassignments = 9"), 'hit.ini:7: "assignments" is given twice'),
    (("title = Ultimatum Game", "title = "), 'hit.ini:3: "title" is empty'),
    (("[qualification locale]", "[qualification]"), "hit.ini:19: [qualification] needs a name"),
    (("frame_height = 800", "comparator = In"), "it belongs into [qualification]"),
    (("[hit]", "title = x\n[hit]"), 'hit.ini:2: "title" stands before the first heading'),
    (("title = Ultimatum Game", "title = a\x07b"), "hit.ini:3: a control character"),
])
def test_mistakes_have_a_line(fake, hit_file, tmp_path, change, message):
    (tmp_path / "hit.ini").write_text(HIT_INI.replace(*change))
    run = create(fake, hit_file)
    assert run.returncode != 0 and message in run.stderr, run.stderr
    assert "plan_errand" not in fake.methods()


@pytest.mark.parametrize("content,message", [
    (None, "No such file"), (b"\xff\xfe", "is not UTF-8: see byte 1"), (b"[hit]\x00", "a NUL byte at byte 6"),
    (b"", "there is no section [hit]"), (b"x" * 500001, "has more than 500000 bytes"),
], ids=["none", "not UTF-8", "NUL", "empty", "too long"])
def test_files_that_are_none(fake, tmp_path, content, message):
    if content is not None:
        (tmp_path / "a.ini").write_bytes(content)
    run = create(fake, tmp_path / "a.ini")
    assert run.returncode == 1 and message in run.stderr, run.stderr
    (tmp_path / "a.json").write_text("[1]")
    assert "not a JSON object" in create(fake, tmp_path / "a.json").stderr
    assert "Is a directory" in create(fake, tmp_path).stderr


# --- get ---

@pytest.mark.parametrize("words,params,text", [
    (["get", "HITId"], {"what": "hit"}, f'retrieved last HIT id: {HIT_ID} ("Ultimatum Game")'),
    (["get", "QualificationTypeId"], {"what": "qualification"},
     f'retrieved QualificationTypeId: {TYPE_ID} ("my_qualification")'),
    (["get", "QualificationTypeIdList", "-s", "Finished"],
     {"what": "qualifications", "limit": 10, "search": "Finished"}, "1)  2026-04-20  3NGMTQUAL1  played_1\n"),
    (["get", "HITIdList", "-m", "40"], {"what": "hits", "limit": 40},
     " 1)  2026-11-01  3NGMTHIT0000000000000000000001  Game number 1   ($1.00)  6/9\n"),
    (["qualification", "show"], {"what": "qualification-type"}, "**** Qualification Type ****\n"),
    (["qualification", "show", "3X"], {"qualification_type_id": "3X"}, "name:              my_qualification\n"),
    (["qualification", "workers", "-m", "1"], {"what": "workers", "limit": 1}, f"{WORKER}      5  2026-11-01T10:00:00Z\n"),
    (["get", "bonuses", HIT_ID], {"what": "bonuses", "hit_id": HIT_ID}, "bonuses tot: $8.50 to 1 worker\n"),
    (["get", "BonusPayments", "--assignment", "3A"], {"assignment_id": "3A"}, f"{WORKER}  2  bonuses  $8.50\n"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_get(fake, words, params, text):
    run = ngmtctl(*words, socket=fake.path)
    assert run.returncode == 0 and text in run.stdout, run
    told = fake.params("get")
    assert {key: told.get(key) for key in params} == params
    assert "select" not in fake.methods()
    assert json.loads(ngmtctl(*words, "--json", socket=fake.path).stdout)["environment"] == "sandbox"


def test_hit_status_is_the_seeds(fake):
    run = ngmtctl("get", "HITStatus", socket=fake.path, env=environment(TZ="Europe/Berlin"))
    text = re.sub("  +", " ", run.stdout)
    assert text.startswith(f"**** HIT Status ****\nid: {HIT_ID}\n")
    for line in ("status: Assignable", "pending ass: 1", "available ass: 2", "completed ass: 6", "annotation: BatchId:1",
                 "expiration: 2026-11-24 10:00:00 CET (2026-11-24T09:00:00Z)"):
        assert f"\n{line}\n" in text, text


def test_what_was_not_selected_is_said(fake):
    fake.on("get", {"environment": "sandbox", "hit": HIT, "qualification": TYPE, "selected": False})
    for words in (["get", "hit"], ["get", "qualification"]):
        assert "not selected: this user may only look" in ngmtctl(*words, socket=fake.path).stderr
    fake.on("get", {"environment": "sandbox", "hit": None, "qualification": None, "hits": [], "qualifications": []})
    assert "there is no qualification type yet" in ngmtctl("get", "qualification", socket=fake.path).stderr
    assert "There is no qualification type yet." in ngmtctl("get", "qualifications", socket=fake.path).stderr
    assert "No HIT matches." in ngmtctl("get", "hits", "-s", "x", socket=fake.path).stderr


@pytest.mark.parametrize("which,expected", [("2", HITS[1]["hit_id"]), ("12", HITS[11]["hit_id"]), (HIT_ID, HIT_ID)])
def test_select_in_a_script(fake, which, expected):
    run = ngmtctl("get", "hits", "--select", which, socket=fake.path)
    assert run.returncode == 0 and run.stdout == f'selected HIT id: {expected} ("Ultimatum Game")\n'
    assert fake.params("select")["hit_id"] == expected and "command" in fake.params("select")


def test_select_of_types_and_of_nothing(fake):
    run = ngmtctl("get", "qualifications", "--select", "3", socket=fake.path)
    assert run.stdout == 'selected qualification type id: 3NGMTQUAL3 ("my_qualification")\n'
    assert fake.params("select")["qualification_type_id"] == "3NGMTQUAL3"
    told = json.loads(ngmtctl("get", "hits", "--select", "1", "--json", socket=fake.path).stdout)
    assert told["hit"]["hit_id"] == HITS[0]["hit_id"]
    count = fake.methods().count("select")
    assert "Game number 1 " in ngmtctl("get", "hits", "--select", "none", socket=fake.path).stdout
    run = ngmtctl("get", "hits", "--select", "41", socket=fake.path)
    assert run.returncode == 1 and "there is no number 41 in a list of 40 HITs" in run.stderr
    assert fake.methods().count("select") == count


# --- the picker ---

def open_picker(fake, open_terminal, *words, rows=10, columns=80, **more):
    terminal = open_terminal([NGMTCTL, "--socket", fake.path, "get", "hits", *words], rows=rows, columns=columns,
                             environment=environment(**more))
    terminal.wait_for("? Select a HIT")
    return terminal


def cursor_on(number):
    return re.compile(rf"^>  ?{number}\) ", re.M)


def test_picker_moves_and_selects(fake, open_terminal):
    terminal = open_picker(fake, open_terminal, "-m", "40")
    terminal.wait_for("(1-8 of 40)")
    terminal.send("Down")
    terminal.wait_for(cursor_on(2))
    terminal.send("NPage")
    terminal.wait_for(cursor_on(10))
    terminal.send("End")
    terminal.wait_for(cursor_on(40))
    terminal.wait_for("(33-40 of 40)")
    terminal.send("Up", "PPage", "Home", "Down")
    terminal.wait_for(cursor_on(2))
    assert all(len(line) <= 80 for line in terminal.lines())
    terminal.send("Enter")
    assert terminal.end() == 0
    assert fake.params("select")["hit_id"] == HITS[1]["hit_id"]
    assert "selected HIT id:" in terminal.screen() and "Select a HIT" not in terminal.screen()


def test_picker_filters(fake, open_terminal):
    terminal = open_picker(fake, open_terminal, "-m", "40")
    terminal.type("NUMBER 3")
    terminal.wait_for("(1-8 of 11)")
    terminal.type("7q")
    terminal.wait_for("none of 40 matches")
    terminal.send("Enter", "BSpace")
    terminal.wait_for("(1-1 of 1)")
    assert "filter: NUMBER 37" in terminal.screen() and fake.methods().count("select") == 0
    terminal.send("Enter")
    assert terminal.end() == 0 and fake.params("select")["hit_id"] == HITS[36]["hit_id"]


@pytest.mark.parametrize("key", ["Escape", "q", "C-c"])
def test_picker_is_left_without_selecting(fake, open_terminal, key):
    terminal = open_terminal(["sh", "-c", '"$@"; echo "status $?"; stty -a', "sh", NGMTCTL, "--socket", fake.path, "get",
                              "hits"], environment=environment())
    terminal.wait_for("? Select a HIT")
    terminal.send(key)
    terminal.wait_for("status 0")
    assert terminal.end() == 0 and "select" not in fake.methods()
    assert "Nothing was selected." in terminal.screen() and "Game number 10" in terminal.everything()
    settings = terminal.everything().split()
    assert {"isig", "icanon", "echo", "icrnl"} <= {word.rstrip(";") for word in settings}


def test_picker_resizes(fake, open_terminal):
    terminal = open_picker(fake, open_terminal, "-m", "40")
    terminal.send("Down", "Down", "Down", "Down", "Down")
    terminal.wait_for(cursor_on(6))
    terminal.resize(40, 5)
    terminal.wait_for("(4-6 of 40)")
    assert cursor_on(6).search(terminal.screen())
    terminal.resize(120, 30)
    terminal.wait_for("(4-31 of 40)")
    terminal.send("Enter")
    assert terminal.end() == 0 and fake.params("select")["hit_id"] == HITS[5]["hit_id"]


def test_a_signal_restores_the_terminal(fake, open_terminal):
    terminal = open_picker(fake, open_terminal)
    pid = terminal.pid()
    subprocess.run(["kill", "-TERM", str(pid)], check=True)
    assert terminal.end() == -15
    assert "Select a HIT" not in terminal.screen()


def test_no_picker_where_none_can_be(fake, open_terminal):
    terminal = open_terminal(["env", "TERM=dumb", NGMTCTL, "--socket", fake.path, "get", "hits"], environment=environment())
    assert terminal.end() == 0 and "Game number 10" in terminal.screen()
    fake.hello["may_change"] = False
    terminal = open_terminal([NGMTCTL, "--socket", fake.path, "get", "hits"], environment=environment())
    assert terminal.end() == 0 and "Game number 10" in terminal.screen()
    assert all(len(line) <= 80 for line in terminal.lines()) and "select" not in fake.methods()


def test_nothing_raw_reaches_the_terminal(fake):
    evil = {**HIT, "title": "\x1b[2Jevil\u202e", "annotation": "\x07"}
    fake.on("get", {"environment": "sandbox", "hit": evil, "hits": [evil], "total": 1})
    for words in (["get", "hit"], ["get", "hits"], ["get", "hit-status"]):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", ngmtctl(*words, socket=fake.path).stdout)


# --- notify from a file ---

def notify_plan(params, _peer):
    return {"environment": "sandbox", "digest": "n0t1fy", "rows": 1, "nothing_to_do": False, "total_cents": 0,
            "actions": [{"kind": "notify", "count": 1}], "groups": [], "warnings": [], "items": [], "workers": 1,
            "subject": params["subject"], "text": params["text"], "items_next_offset": None}


@pytest.mark.parametrize("source", ["file", "-"])
def test_notify_reads_its_text(fake, tmp_path, source):
    fake.on("plan_notify", notify_plan).on("apply_notify", {"environment": "sandbox", "batch": 7, "operations": 1})
    text = "Dear worker,\n\nthank you \u2013 see you.\n"
    (tmp_path / "text").write_text(text)
    run = subprocess.run([NGMTCTL, "--socket", fake.path, "notify", "-w", WORKER, "-s", "Hello", "--file",
                          source if source == "-" else str(tmp_path / "text"), "--yes", "--no-wait"], input=text,
                         capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment())
    assert run.returncode == 0, run.stderr
    assert fake.params("plan_notify")["text"] == fake.params("apply_notify")["text"] == text.rstrip()


# --- codes ---

CODE = {"path": "/srv/lab/auth/codes.csv", "line": 2, "id": "p1", "access_code": "acc", "exit_code": "ex", "worker_id": None}


def test_one_code_in_full(fake):
    fake.on("show", {"environment": "sandbox", "total": 5, "files": [{"path": CODE["path"], "folder": None, "codes": 5}],
                     "next_offset": None, "codes": [CODE]})
    run = ngmtctl("show", "inputcodes", "-p", "3", socket=fake.path)
    assert re.sub("  +", " ", run.stdout) == ("position: 3\nid: p1\naccess code: acc\nexit code: ex\nworker: -\n"
                                              "from: /srv/lab/auth/codes.csv:2\n")
    assert (fake.params("show")["offset"], fake.params("show")["limit"]) == (3, 1)


def test_a_results_file_is_no_codes_file(fake):
    fake.on("load", {"environment": "sandbox", "path": "/x", "codes": 4, "new": 4, "total": 4, "warnings": ["it has amounts"]})
    run = ngmtctl("load", "inputcodes", "/x", socket=fake.path)
    assert run.returncode == 0 and "warn: it has amounts" in run.stderr
