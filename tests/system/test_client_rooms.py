# SPDX-License-Identifier: MIT
"""ngmtctl rooms: what is listed, shown, adopted, ignored and followed, against a scripted daemon."""
import json
import re
import signal
import subprocess

import pytest

from fake_daemon import HANG_UP, Refusal
from test_client import NGMTCTL, PATIENCE, Terminal, daemon, environment, ngmtctl  # noqa: F401 (daemon is a fixture)

COUNTS = {"watched": 3, "waiting": 1, "problems": 1, "held_rows": 2, "ignored": 0}
WATCH = {"folders": [{"game": "lab", "path": "/srv/lab/data", "policy": "pay", "rooms": 3, "events": True, "problem": None}],
         "scanning": False, "waiting": 0, "rescanned_at": "2026-11-23T12:00:00Z"}


def room(number, **more):
    value = {"id": number, "room": f"room{number:06}", "game": "lab", "folder": "/srv/lab/data", "state": "imported",
             "problem": None, "problem_at": None, "policy": "pay", "watched": True,
             "file": f"/srv/lab/data/room{number:06}/bonus.csv", "adopted": True, "ignored": False, "due": False,
             "imported_at": "2026-11-23T12:00:00Z", "versions": 1, "found_at": "2026-11-23T11:00:00Z", "rows": 4,
             "approve": 4, "reject": 0, "held_rows": 0, "skipped": 0, "unjoined": 0, "is_cut": False, "approved": 4,
             "rejected": 0, "paid": 4, "paid_cents": 1000, "paid_fees_cents": 200, "open": 0, "to_pay_cents": 0,
             "to_pay_fees_cents": 0, "held": 0, "failed": 0, "cancelled": 0}
    value.update(more)
    return value


ROOMS = [room(3, state="problem", problem="line 2, column 5: a quote is not closed"),
         room(2, state="waiting", adopted=False, paid=0, paid_cents=0, approved=0, held_rows=2), room(1)]
ROW = {"row": 5, "line": 2, "column": None, "id": "p1", "type": "player", "worker_id": "A1NGMT0000001X",
       "assignment_id": "3NGMTASG00001", "hit_id": None, "exit_code": "e", "verdict": "done", "why": "",
       "decision_why": None, "bonus_why": "paid", "bonus_cents": 250, "decision_state": "done", "bonus_state": "done",
       "join": None}
PLAN = {"environment": "sandbox", "count": 2, "rows": 8, "held_rows": 1, "approvals": 7, "bonuses": 6, "amount_cents": 1250,
        "fees_cents": 250, "refused": [], "batch": None,
        "rooms": [{"room": "room000002", "game": "lab", "policy": "pay", "rows": 4, "held_rows": 0, "approvals": 4,
                   "bonuses": 4, "amount_cents": 1000, "fees_cents": 200},
                  {"room": "", "game": "lab", "policy": "pay", "rows": 4, "held_rows": 1, "approvals": 3, "bonuses": 2,
                   "amount_cents": 250, "fees_cents": 50}]}


def page(rooms, next_offset=None, **more):
    return {"environment": "sandbox", "total": len(rooms), "next_offset": next_offset, "rooms": rooms, "counts": COUNTS,
            "watch": WATCH, **more}


@pytest.fixture
def fake(daemon):  # noqa: F811
    daemon.on("rooms", page(ROOMS))
    daemon.on("room", {"environment": "sandbox", **ROOMS[1], "history": [
        {"sha256": "ab" * 32, "at": "2026-11-23T12:00:00Z", "bytes": 812, "rows_added": 4}],
        "rows_page": [ROW, {**ROW, "line": 3, "column": 7, "verdict": "hold", "why": "no decision", "bonus_why": None,
                            "decision_state": None, "bonus_state": None}], "next_offset": None})
    daemon.on("plan_adopt", PLAN).on("rooms_adopt", {**PLAN, "batch": 12})
    daemon.on("rooms_ignore", {"environment": "sandbox", "count": 1, "refused": [], "batch": 13})
    daemon.on("rooms_rescan", {"environment": "sandbox", "watch": WATCH})
    daemon.on("unclaimed", {"environment": "sandbox", "hits": [], "submissions": [], "next_offset": None})
    return daemon


def asked(fake, method):  # noqa: F811
    return [params for name, params in fake.requests if name == method]


# --- the command line ---

@pytest.mark.parametrize("typed,message", [
    ("rooms show", '"rooms show" needs ROOM'), ("rooms show a b", 'does not take "b"'),
    ("rooms adopt", '"rooms adopt" needs to be told which rooms'), ("rooms adopt a --all", "either name rooms or say --all"),
    ("rooms adopt --yes", "needs to be told which rooms"), ("rooms ignore", '"rooms ignore" needs ROOM'),
    ("rooms adopt a --dry-run --yes", "exclude each other"), ("rooms adopt a --undo", 'belongs to "rooms ignore"'),
    ("rooms ignore a --yes", "unknown option"), ("rooms rescan now", 'does not take "now"'),
    ("rooms --unclaimed --problems", "exclude each other"), ("rooms --unclaimed --follow", "exclude each other"),
    ("rooms --follow --problems", "exclude each other"), ("rooms --follow --state held", "exclude each other"),
    ("rooms --problems --state held", "exclude each other"), ("rooms --unclaimed --state held", "exclude each other"),
    ("rooms --state wating", "not one of problem|"), ("rooms --all", "unknown option"),
    ("rooms lst", 'did you mean "rooms list"?'), ("rooms adpt a", 'did you mean "rooms adopt"?'),
    ("rooms room000001", "one of: list, show, adopt, ignore, rescan"), ("status --unclaimed", 'belongs to "rooms list"'),
], ids=lambda value: value)
def test_bad_command_lines_ask_nothing(daemon, typed, message):  # noqa: F811
    run = ngmtctl(*typed.split(), socket=daemon.path)
    assert run.returncode == 2 and message in run.stderr, run.stderr
    assert daemon.requests == []


def test_help():
    group = ngmtctl("help", "rooms").stdout
    for name in ("list", "show ROOM", "adopt [ROOM ...]", "ignore ROOM ...", "rescan"):
        assert f"rooms {name}" in group
    assert "Also: rooms" in ngmtctl("help", "rooms", "list").stdout


# --- list ---

def test_list_shows_what_a_person_needs(fake):
    run = ngmtctl("rooms", socket=fake.path)
    assert run.returncode == 7, run.stderr
    lines = [re.sub("  +", "  ", line.strip()) for line in run.stdout.splitlines()]
    assert lines == [
        "state  game  room  rows  approved  open  paid  to pay  imported  what",
        "problem  lab  room000003  4  4  $10.00  2026-11-23T12:00:00Z  line 2, column 5: a quote is not closed",
        "waiting  lab  room000002  4  2026-11-23T12:00:00Z  waits to be adopted; 2 rows are held",
        "imported  lab  room000001  4  4  $10.00  2026-11-23T12:00:00Z",
        "3 rooms watched: 1 with a problem, 2 rows held, 1 waits to be adopted"]
    assert "rooms adopt --all --dry-run" in run.stderr and "rooms show ROOM" in run.stderr
    assert ngmtctl("rooms", "-q", socket=fake.path).stderr == ""


def test_list_asks_for_what_was_typed(fake):
    ngmtctl("ROOMS", "LIST", "--game", "lab", "--problems", socket=fake.path)
    ngmtctl("rooms", "--state", "waiting", socket=fake.path)
    first, second = asked(fake, "rooms")
    assert (first["game"], first["problems"]) == ("lab", True) and "state" not in first
    assert second["state"] == "waiting" and "problems" not in second


def test_list_reads_all_pages(fake):
    fake.on("rooms", lambda params, peer: page(ROOMS[:2], 2, total=3) if params["offset"] == 0 else page(ROOMS[2:], total=3))
    run = ngmtctl("rooms", "--json", socket=fake.path)
    assert run.returncode == 7
    told = json.loads(run.stdout)
    assert [one["id"] for one in told["rooms"]] == [3, 2, 1] and told["next_offset"] is None
    # A daemon that goes back is not followed for ever.
    fake.on("rooms", lambda params, peer: page(ROOMS[2:], 1, total=3))
    assert len(json.loads(ngmtctl("rooms", "--json", socket=fake.path).stdout)["rooms"]) == 2


def test_list_of_nothing_wrong(fake):
    fake.on("rooms", page([room(1)], counts={**COUNTS, "waiting": 0, "problems": 0, "held_rows": 0}))
    run = ngmtctl("rooms", socket=fake.path)
    assert run.returncode == 0 and run.stderr == "" and run.stdout.endswith("\n3 rooms watched\n")


@pytest.mark.parametrize("more,words", [
    ({"room": ""}, "lab .*  \\.  "), ({"is_cut": True, "rows": 20000}, "20000\\+"),
    ({"watched": False}, "not watched now"), ({"state": "empty", "imported_at": None}, "no results yet"),
    ({"state": "held", "held": 1}, "1 operation is held"), ({"failed": 2}, "2 were refused"),
    ({"unjoined": 3}, "3 without an assignment yet"), ({"open": 2, "to_pay_cents": 150}, "2 +\\$10.00 +\\$1.50"),
    ({"state": "problem", "problem": "evil \x1b[2J\ntext"}, "evil .*text"),
], ids=lambda value: str(value)[:40])
def test_list_words(fake, more, words):
    fake.on("rooms", page([room(1, **more)]))
    run = ngmtctl("rooms", socket=fake.path)
    assert re.search(words, run.stdout), run.stdout
    assert "\x1b" not in run.stdout


def test_trouble_of_the_watching_comes_first(fake):
    folder = {**WATCH["folders"][0], "events": False, "problem": "the limit of inotify watches is reached"}
    fake.on("rooms", page([room(1)], watch={**WATCH, "folders": [folder]}))
    run = ngmtctl("rooms", socket=fake.path)
    assert run.returncode == 7
    assert run.stdout.splitlines()[0] == "! lab: the limit of inotify watches is reached"


def test_unclaimed(fake):
    run = ngmtctl("rooms", "--unclaimed", "--game", "lab", socket=fake.path)
    assert run.returncode == 0 and run.stdout == "" and "0 submissions are in no row of a room." in run.stderr
    assert asked(fake, "unclaimed")[0]["game"] == "lab" and asked(fake, "rooms") == []
    submission = {"assignment_id": "3NGMTASG00009", "worker_id": "A1NGMT0000009X", "hit_id": "3NGMTHIT00001",
                  "submitted_at": "2026-11-23T12:00:00Z", "codes": ["abc", "def"], "why": "no row has its code"}
    fake.on("unclaimed", {"environment": "sandbox", "hits": ["3NGMTHIT00001"], "submissions": [submission],
                          "next_offset": None})
    run = ngmtctl("rooms", "--unclaimed", socket=fake.path)
    assert run.returncode == 7 and "A1NGMT0000009X" in run.stdout and "abc, def" in run.stdout
    assert "1 submission is in no row" in run.stderr


# --- show ---

def test_show(fake):
    run = ngmtctl("rooms", "show", "room000002", socket=fake.path)
    assert run.returncode == 0, run.stderr
    text = re.sub("  +", "  ", run.stdout)
    for part in ("policy:  pay (waits to be adopted: nothing is sent for it until then)\n",
                 "rows:  4: 4 to approve, 2 held\n", "**** Versions ****", "812  4  " + "ab" * 32, "**** Rows ****",
                 "3:7  hold  p1  A1NGMT0000001X  3NGMTASG00001  -  $2.50  -  no decision\n",
                 "2  done  p1  A1NGMT0000001X  3NGMTASG00001  done  $2.50  done  paid\n"):
        assert part in text, (part, text)
    assert "ngmtctl rooms adopt room000002" in run.stderr
    assert asked(fake, "room")[0]["room"] == "room000002"


def test_show_says_a_reason_once(fake):
    row = {**ROW, "verdict": "hold", "why": "no decision", "decision_why": "no decision", "bonus_why": "no decision"}
    fake.on("room", {"environment": "sandbox", **ROOMS[2], "history": [], "rows_page": [row], "next_offset": None})
    run = ngmtctl("rooms", "show", "room000001", socket=fake.path)
    assert run.stdout.count("no decision") == 1, run.stdout


def test_pages_fit_into_80_columns(fake, open_terminal):
    what = "line 2, column 5: a quote is not closed, and so on until the end of the file, which is far away"
    fake.on("rooms", page([room(3, state="problem", problem=what), room(1, game="a_longer_name")]))
    submission = {"assignment_id": "3NGMTASGN0000000000000000000009", "worker_id": "A1NGMT0000009X",
                  "hit_id": "3NGMTHIT0000000000000000000001", "submitted_at": "2026-11-23T12:00:00Z", "codes": ["abc"],
                  "why": "a row asks for it and is about to be joined"}
    fake.on("unclaimed", {"environment": "sandbox", "hits": [], "submissions": [submission], "next_offset": None})
    for words, texts in ((["rooms"], ["a quote is not closed", "is far away"]),
                         (["rooms", "show", "room000002"], ["3NGMTASG00001, p1: paid", "3:7   hold"]),
                         (["rooms", "--unclaimed"], ["2026-11-23T12:00:00Z", "HIT:    3NGMTHIT", "about to be joined"])):
        terminal = open_terminal([NGMTCTL, "--socket", fake.path, *words], environment=environment())
        assert terminal.end() in (0, 7)
        text = terminal.everything()  # long lines in one piece
        assert all(part in text for part in texts), text
        table = [line for line in text.splitlines() if "rooms adopt" not in line and not line.startswith("Rooms that")]
        assert all(len(line) <= 80 for line in table), text


def test_show_of_a_name_that_two_games_have(fake):
    fake.on("room", Refusal("usage", 'there are 2 rooms "room000001": of "lab", "other"', 2, hint="say which one"))
    fake.on("rooms", page([room(1), room(1, game="other"), room(2)]))
    run = ngmtctl("rooms", "show", "room000001", socket=fake.path)
    assert run.returncode == 2
    commands = [line.strip() for line in run.stderr.splitlines() if "--game" in line]
    assert [command.split(" rooms ")[1] for command in commands] == ["show room000001 --game 'lab'",
                                                                      "show room000001 --game 'other'"]
    assert ngmtctl("rooms", "show", "room000001", "--game", "x", socket=fake.path).stderr.count("--game") == 0


def test_show_by_game_and_as_json(fake):
    run = ngmtctl("rooms", "show", ".", "--game", "lab", "--json", socket=fake.path)
    assert (asked(fake, "room")[0]["room"], asked(fake, "room")[0]["game"]) == (".", "lab")
    assert len(json.loads(run.stdout)["rows_page"]) == 2 and run.returncode == 0


def test_show_of_no_such_room(fake):
    fake.on("room", Refusal("not-found", 'there is no room "x"', 1, hint='did you mean "room000001"?'))
    run = ngmtctl("rooms", "show", "x", socket=fake.path)
    assert run.returncode == 1 and 'there is no room "x"\n  did you mean "room000001"?' in run.stderr


# --- adopt ---

def test_adopt_asks_a_terminal_in_money(fake):
    terminal = Terminal(fake, "rooms", "adopt", "--all", env=environment(NO_COLOR="1"), columns=200)
    terminal.read_until("Adopt 2 rooms, 7 approvals, 6 bonuses of $12.50 + $2.50 fees in SANDBOX? [y/N]")
    assert asked(fake, "rooms_adopt") == []
    assert "To be adopted in" in terminal.text and "sent by itself, too" in terminal.text
    terminal.type("y\r")
    assert terminal.finish() == 0
    assert "2 rooms adopted" in terminal.text
    (params,) = asked(fake, "rooms_adopt")
    assert params["expect"] == {"rooms": 2, "approvals": 7, "bonuses": 6, "amount_cents": 1250} and params["all"] is True
    assert params["command"].startswith("ngmtctl ") and params["command"].endswith(" rooms adopt --all")


def test_adopt_takes_no_for_an_answer(fake):
    terminal = Terminal(fake, "rooms", "adopt", "room000002", env=environment(NO_COLOR="1"), columns=200)
    terminal.read_until("[y/N]").type("n\r")
    assert terminal.finish() == 9
    assert "not confirmed: nothing was adopted" in terminal.text and asked(fake, "rooms_adopt") == []


def test_adopt_in_a_script(fake):
    run = ngmtctl("rooms", "adopt", "room000002", "--game", "lab", socket=fake.path)
    assert run.returncode == 9 and run.stderr.splitlines()[-1].endswith("rooms adopt room000002 --game lab --yes")
    run = ngmtctl("rooms", "adopt", "room000002", "--yes", socket=fake.path)
    assert run.returncode == 0 and run.stdout == "2 rooms adopted\n" and "$12.50 + $2.50 fees" in run.stderr
    assert asked(fake, "plan_adopt")[-1]["rooms"] == asked(fake, "rooms_adopt")[-1]["rooms"] == ["room000002"]
    run = ngmtctl("rooms", "adopt", "--all", "-q", "-y", socket=fake.path)
    assert run.stderr == "" and run.stdout == "2 rooms adopted\n"
    told = json.loads(ngmtctl("rooms", "adopt", "--all", "--yes", "--json", socket=fake.path).stdout)
    assert (told["count"], told["batch"], told["exit_status"]) == (2, 12, 0)


def test_adopt_dry_run(fake):
    run = ngmtctl("rooms", "adopt", "--game", "lab", "--dry-run", socket=fake.path)
    assert run.returncode == 0 and asked(fake, "rooms_adopt") == []
    lines = [re.sub("  +", "  ", line.strip()) for line in run.stdout.splitlines()]
    assert lines[1] == "game  room  policy  rows  held  approvals  bonuses  amount  fees"
    assert lines[2] == "lab  room000002  pay  4  0  4  4  $10.00  $2.00"
    assert lines[3].startswith("lab  .  pay") and lines[4] == "2 rooms, 7 approvals, 6 bonuses of $12.50 + $2.50 fees"


def test_adopt_nothing(fake):
    fake.on("plan_adopt", {**PLAN, "count": 0, "rooms": [],
                           "refused": [{"room": "a", "game": "lab", "why": "it is adopted already"}]})
    run = ngmtctl("rooms", "adopt", "a", "--yes", socket=fake.path)
    assert run.returncode == 7 and "warn: a: it is adopted already" in run.stderr
    assert run.stdout == "No such room waits to be adopted.\n" and asked(fake, "rooms_adopt") == []


def test_adopt_what_has_changed(fake):
    fake.on("rooms_adopt", Refusal("money-rule", "it would be more now; nothing was done", 5))
    assert ngmtctl("rooms", "adopt", "a", "--yes", socket=fake.path).returncode == 5


def test_who_may_only_look_sees_the_plan(fake):
    fake.hello["may_change"] = False
    assert ngmtctl("rooms", "adopt", "a", "--dry-run", socket=fake.path).returncode == 0
    for words in (("adopt", "a", "--yes"), ("ignore", "a"), ("rescan",)):
        assert ngmtctl("rooms", *words, socket=fake.path).returncode == 4
    assert asked(fake, "rooms_adopt") == asked(fake, "rooms_ignore") == asked(fake, "rooms_rescan") == []


# --- ignore, rescan ---

def test_ignore(fake):
    run = ngmtctl("rooms", "ignore", "a", "b", socket=fake.path)
    assert run.returncode == 0 and run.stdout == "1 room ignored\n" and "queue cancel" in run.stderr
    assert "What its policy has in the queue already is held." in run.stderr
    run = ngmtctl("rooms", "ignore", "a", "--undo", "--game", "lab", socket=fake.path)
    assert run.stdout == "1 room ignored no more\n" and "rooms adopt" in run.stderr
    first, second = asked(fake, "rooms_ignore")
    assert first["rooms"] == ["a", "b"] and "undo" not in first and "game" not in first
    assert second["undo"] is True and second["game"] == "lab"
    fake.on("rooms_ignore", {"count": 0, "refused": [{"room": "a", "why": "it is ignored already"}], "batch": 14})
    run = ngmtctl("rooms", "ignore", "a", socket=fake.path)
    assert run.returncode == 7 and run.stdout == "0 rooms ignored\n" and "a: it is ignored already" in run.stderr


def test_rescan(fake):
    run = ngmtctl("rooms", "rescan", socket=fake.path)
    assert run.returncode == 0 and run.stdout == "looking at 1 folder again\n"
    assert json.loads(ngmtctl("rooms", "rescan", "--json", socket=fake.path).stdout)["watch"] == WATCH


# --- follow ---

def news(**more):
    return {"environment": "sandbox", "game": "lab", "room": "room000001", "state": "imported", "policy": "pay",
            "at": "2026-11-23T12:00:00Z", "rows": 4, "added": 2, "held": 1, "adopted": True, "problem": None, **more}


def told(fake, *all_news, after=None, options=()):
    """What is printed of these notifications."""
    def subscribe(_params, _peer):
        def tell(peer):
            for one in all_news:
                peer.notify(one, method="room")
        return {"environment": "sandbox", "rooms": True}, tell
    fake.on("subscribe", subscribe)
    process = subprocess.Popen([NGMTCTL, "--socket", fake.path, "rooms", "--follow", *options], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=environment())
    lines = [process.stdout.readline() for one in all_news if one.get("state") and one["game"] == "lab"]
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and rest == "", errors
    return lines


def test_follow(fake):
    assert told(fake, news(), news(state="recorded", operations=1, batch=12), {"batch": 7, "game": "lab"},
                news(state="problem", problem="line 2:\x1b[2J a quote"), news(room="", state="ignored"),
                news(adopted=False, held=0)) == [
        "2026-11-23T12:00:00Z  lab room000001  imported: 4 rows, 2 new, 1 held\n",
        "2026-11-23T12:00:00Z  lab room000001  recorded: 1 operation under policy pay (batch 12)\n",
        "2026-11-23T12:00:00Z  lab room000001  problem: line 2:\\x1b[2J a quote\n",
        "2026-11-23T12:00:00Z  lab .  ignored\n",
        "2026-11-23T12:00:00Z  lab room000001  imported: 4 rows, 2 new; it waits to be adopted\n"]
    assert asked(fake, "subscribe")[0] == {"rooms": True}


def test_follow_one_game_as_json(fake):
    lines = told(fake, news(game="other"), news(), options=("--game", "lab", "--json"))
    assert [json.loads(line) for line in lines] == [news()]


def test_follow_until_a_timeout(fake):
    fake.on("subscribe", {"environment": "sandbox", "rooms": True})
    assert ngmtctl("rooms", "--follow", "--timeout", "1", socket=fake.path).returncode == 8


def test_follow_an_old_daemon(fake):
    fake.on("subscribe", Refusal("usage", '"batch" must be the number of a batch', 2))
    run = ngmtctl("rooms", "--follow", socket=fake.path)
    assert run.returncode == 2 and '"batch" must be' in run.stderr


def test_follow_through_a_lost_connection(fake):
    seen = []

    def subscribe(_params, _peer):
        seen.append(1)
        if len(seen) == 1:
            return {"rooms": True}, lambda peer: peer.hang_up()
        return {"rooms": True}, lambda peer: peer.notify(news(), method="room")
    fake.on("subscribe", subscribe)
    process = subprocess.Popen([NGMTCTL, "--socket", fake.path, "rooms", "--follow"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=environment())
    assert "imported" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and "was lost" in errors and "Connected again." in errors


def test_follow_a_daemon_that_hangs_up_at_once(fake):
    fake.on("subscribe", HANG_UP)
    assert ngmtctl("rooms", "--follow", socket=fake.path).returncode == 3


# --- status ---

def test_status_tells_of_rooms(daemon):  # noqa: F811
    status = dict(daemon.answers["status"])
    daemon.on("status", {**status, "rooms": COUNTS})
    assert re.search(r"rooms +3 watched, 1 not imported, 1 waiting to be adopted\n",
                     ngmtctl("status", socket=daemon.path).stdout)
    daemon.on("status", {**status, "rooms": {key: 0 for key in COUNTS}})
    assert "rooms" not in ngmtctl("status", socket=daemon.path).stdout
    daemon.on("status", status)
    assert ngmtctl("status", socket=daemon.path).returncode == 0
