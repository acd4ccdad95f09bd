# SPDX-License-Identifier: MIT
"""top and status on a terminal, against a scripted daemon; the bar of long work."""
import json
import os
import re
import signal
import subprocess
import termios

import pytest

from fake_daemon import SILENCE, FakeDaemon
from ngmt import clean_environment, program
from test_client import STATUS, batch_of, plan_of

NGMTCTL = program("client/ngmtctl")
PATIENCE_S = 30
EVENTS = {"events": [{"id": number, "at": f"2026-11-23T12:00:{number:02}Z", "what": "operation", "operation": number,
                      "kind": "bonus", "state": "done", "worker_id": f"A1NGMT{number:07}X", "amount_cents": 100 + number}
                     for number in range(1, 31)], "next_before": None, "newest": 30}
BUSY = dict(STATUS, problems=[{"what": "out of funds: $12.00 missing for 3 payments", "hint": "add money"}],
            selected={"hit": {"hit_id": "3NGMTHIT1", "title": "Ultimatum " * 20}, "qualification": None},
            deadlines=[{"what": "auto-approval", "at": "2026-11-24T10:00:00Z", "count": 12, "next_subject": "3NGMTASG1"}],
            errors=[{"at": "2026-11-23T12:00:00Z", "what": "operation", "kind": "bonus", "state": "failed", "why": "gone"}])


@pytest.fixture
def daemon(tmp_path):
    with FakeDaemon(tmp_path) as fake:
        yield fake.on("status", BUSY).on("events", EVENTS)


@pytest.fixture
def top(daemon, open_terminal):
    terminal = open_terminal([NGMTCTL, "--socket", daemon.path, "top"], environment=clean_environment(NO_COLOR="1"))
    terminal.wait_for("q quit")
    return terminal


def run(daemon, *words, **more):
    return subprocess.run([NGMTCTL, "--socket", daemon.path, *words], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE_S, env=clean_environment(**more))


def test_a_small_screen_has_all_that_matters(top):
    lines = top.lines()
    assert len(lines) == 24 and max(map(len, lines)) <= 80
    assert lines[0].startswith("SANDBOX  https://") and "! out of funds: $12.00 missing for 3 payments" in lines
    for text in ("queue          3 queued, 1 sending, 12 done", "bonus: 3 waiting", "sent           $29.75 + $5.95 fees",
                 "to send        $12.75", "rate           1.9/s", "balance        $1,000.00", "auto-approval (12)",
                 "last errors", "Ultimatum Ultimatum", "...", "what happened last", "A1NGMT0000030X"):
        assert text in top.screen(), text


def test_it_fits_after_every_resize(top):
    for columns, rows in ((120, 40), (40, 10), (20, 5), (80, 24)):
        top.resize(columns, rows)
        top.wait_for(lambda screen, rows=rows: len(lines := screen.split("\n")) == rows and "SANDBOX" in lines[0] and
                     lines[-1].startswith("q quit"))
        assert max(map(len, top.lines())) <= columns
    top.resize(120, 40)
    top.wait_for("A1NGMT0000015X")
    top.send("q")
    assert top.end() == 0


@pytest.mark.parametrize("key", ["q", "C-c", "C-d", "Escape"])
def test_it_leaves_the_terminal_as_it_was(daemon, open_terminal, key):
    """In a shell: the screen of before is there again, typed letters are shown, the cursor, too."""
    terminal = open_terminal(["bash", "--norc", "--noprofile", "-i"], environment=clean_environment(PS1="$ "))
    terminal.line(f"echo before; stty -a >{daemon.path}.1; '{NGMTCTL}' --socket '{daemon.path}' top; "
                  f"echo \"left=$?\"; stty -a >{daemon.path}.2")
    terminal.wait_for("q quit")
    assert "before" not in terminal.screen()
    terminal.send(key)
    terminal.wait_for("left=0")
    terminal.line("echo typ''ed")
    terminal.wait_for("typed")
    assert "before" in terminal.screen() and "q quit" not in terminal.screen()
    with open(daemon.path + ".1", encoding="utf-8") as one, open(daemon.path + ".2", encoding="utf-8") as other:
        assert one.read() == other.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT])
def test_signals_restore_the_terminal(daemon, open_terminal, number):
    terminal = open_terminal(["bash", "--norc", "--noprofile", "-i"], environment=clean_environment(PS1="$ "))
    terminal.line(f"echo before; '{NGMTCTL}' --socket '{daemon.path}' top; echo \"left=$?\"")
    terminal.wait_for("q quit")
    children = subprocess.run(["pgrep", "-P", str(terminal.pid())], capture_output=True, text=True, check=True).stdout
    os.kill(int(children.split()[0]), number)
    terminal.wait_for(re.compile(r"left=\d"))
    assert "before" in terminal.screen() and "q quit" not in terminal.screen()
    terminal.line("stty -a | grep -c -- ' icanon.* echo '")
    terminal.wait_for(re.compile("^1$", re.M))


def test_keys(top, daemon):
    top.send("h")
    top.wait_for("the daemon goes on")
    top.send("Up")
    top.send("h")
    top.wait_until_gone("the daemon goes on")
    top.send("p")
    top.wait_for("paused: p goes on")
    daemon.on("status", dict(BUSY, eta_s=777))
    top.send("r")
    top.wait_for("12 min 57 s left")
    assert "paused: p goes on" in top.screen()
    top.send("p")
    top.wait_until_gone("paused: p goes on")
    asked = daemon.methods().count("status")
    daemon.wait_for("status", asked + 2)


def test_a_lost_daemon_comes_back(top, daemon):
    daemon.stop()
    top.wait_for(re.compile("! no daemon since [1-9] s; what stands below is older"))
    assert "3 queued" in top.screen()
    daemon.on("status", dict(STATUS, state="halted"))
    daemon.start()
    top.wait_for("halted")
    top.wait_until_gone("no daemon")


def test_a_daemon_in_another_environment_is_another_daemon(top, daemon):
    daemon.stop()
    top.wait_for("no daemon since")
    daemon.hello["environment"] = "live"
    daemon.start()
    assert top.end() == 1
    assert 'now in "live"' in top.everything()


def test_a_daemon_that_hangs_is_told(top, daemon):
    daemon.on("status", SILENCE)
    top.wait_for("! no answer from the daemon since")
    daemon.on("status", BUSY)
    top.wait_until_gone("no answer")
    daemon.on("status", SILENCE)
    top.send("C-c")
    assert top.end() == 0


def test_without_events(top, daemon, open_terminal):
    del daemon.answers["events"]
    terminal = open_terminal([NGMTCTL, "--socket", daemon.path, "top"])
    terminal.wait_for("q quit")
    assert "what happened last" not in terminal.screen() and "out of funds" in terminal.screen()


def test_without_a_terminal_it_is_one_page(daemon):
    done = run(daemon, "top")
    assert done.returncode == 0 and done.stderr == "" and "\x1b" not in done.stdout
    assert "Ultimatum " * 19 in done.stdout and "A1NGMT0000001X" in done.stdout and "q quit" not in done.stdout
    value = json.loads(run(daemon, "top", "--json").stdout)
    assert value["queue"] == BUSY["queue"] and len(value["events"]) == 30 and value["environment"] == "sandbox"
    assert run(daemon, "top", TERM="dumb").returncode == 0


def test_status_is_one_screen(daemon, open_terminal):
    daemon.on("status", dict(BUSY, problems=[{"what": f"problem {number}", "hint": "do something"} for number in range(9)]))
    terminal = open_terminal([NGMTCTL, "--socket", daemon.path, "status"], environment=clean_environment(NO_COLOR="1"))
    assert terminal.end() == 0
    lines = terminal.lines()
    assert lines[0] == "! problem 0" and "SANDBOX" in terminal.screen() and "queue" in terminal.screen()
    assert "! 4 more: ngmtctl --json status" in lines and re.search(r"lines more: ngmtctl status \| cat", lines[-1])
    assert "problem 4" in run(daemon, "status").stdout and "9 rows" in run(daemon, "status").stdout


def test_status_tells_deadlines_selection_and_errors(daemon):
    text = run(daemon, "status").stdout
    assert "HIT            3NGMTHIT1  Ultimatum" in text and "qualification" not in text
    assert re.search(r"deadlines +(in .*|.* ago): auto-approval \(12\), first 3NGMTASG1\n", text)
    assert re.search(r"last errors +(in .*|.* ago): bonus failed: gone\n", text)


# --- the bar ---

def test_the_bar_of_long_work(daemon, open_terminal):
    """Rows, percent, money, rate and time to go; Ctrl-C leaves the work to the daemon and says how to look again."""
    daemon.on("plan", plan_of()).on("apply", {"environment": "sandbox", "batch": 7, "operations": 16})
    daemon.on("subscribe", lambda _params, _peer: batch_of(8, bonus_cents=1275))
    daemon.on("batch", batch_of(8, bonus_cents=1275))
    terminal = open_terminal([NGMTCTL, "--socket", daemon.path, "bonus", "--yes", "-r", "Thank you"],
                             environment=clean_environment(NO_COLOR="1"))
    terminal.wait_for(re.compile(r"█+░+  8/16   50 %  \$12\.75 of \$29\.75  1\.9/s  4 s left"))
    assert len(terminal.last_line()) < 80
    terminal.resize(40, 24)
    daemon.peers[0].notify(batch_of(12, bonus_cents=2000))
    terminal.wait_for(lambda screen: "12/16" in screen.split("\n")[-1] and len(screen.split("\n")[-1]) < 40)
    terminal.send("C-c")
    assert terminal.end() == 8
    text = " ".join(terminal.everything().split())
    assert "Detached: the daemon goes on. Batch 7; look again with \"ngmtctl status\"." in text
