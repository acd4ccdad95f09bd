# SPDX-License-Identifier: MIT
"""The console on a real terminal (tmux.py), scripts from standard input, and the options that start it."""
import os
import re
import signal
import stat
import subprocess

import pytest

from fake_daemon import SILENCE, FakeDaemon
from ngmt import SANITIZER_REPORT, check_books, clean_environment, program, submit
from test_client import HIT, LOADED, batch_of, plan_of, ready, subscribe
from tmux import PATIENCE_S

SELECTED = {"hit": {"hit_id": "3ABC00000000000000000000000XYZ", "title": "Ultimatum Game"}, "qualification": None}
QUALIFICATION = {"environment": "sandbox", "selected": True,
                 "qualification": {"qualification_type_id": "3NGMTQUAL0000000000000000000001", "name": "my_qualification",
                                   "description": "", "keywords": None, "created_at": "2026-11-01T10:00:00Z",
                                   "is_active": True}}
COMPLETE = {"hits": [HIT["hit_id"], "3OTHER00000000000000000000001"], "rooms": ["room000060", "room000061"]}


@pytest.fixture
def fake(tmp_path):
    with FakeDaemon(tmp_path) as daemon:
        ready(daemon)
        answers = daemon.answers["get"]
        daemon.on("get", lambda params, peer: QUALIFICATION if params["what"] == "qualification"
                  else answers(params, peer))
        daemon.on("complete", lambda params, peer: {"words": [
            {"word": word, "note": ""} for word in COMPLETE.get(params["what"], [])
            if word.startswith(params["prefix"])]})
        yield daemon


@pytest.fixture
def environment(fake, tmp_path):
    return clean_environment(NGMT_SOCKET=fake.path, HOME=str(tmp_path), NO_COLOR="1")


@pytest.fixture
def console(open_terminal, environment, tmp_path):
    """Opens consoles and waits for the prompt."""
    def open_one(*words, prompt="ngmt SANDBOX>", columns=80, rows=24, **more):
        terminal = open_terminal([program("client/ngmtctl"), *words], columns=columns, rows=rows, folder=tmp_path,
                                 environment={**environment, **more})
        terminal.wait_for_last_line(prompt)
        return terminal

    return open_one


@pytest.fixture
def script(environment, tmp_path):
    """Runs a script: what it left, with what it wrote."""
    def run(text, *words, status=0, **more):
        done = subprocess.run([program("client/ngmtctl"), *words], input=text, capture_output=True, text=True,
                              env={**environment, **more}, cwd=tmp_path, timeout=PATIENCE_S, check=False)
        assert not SANITIZER_REPORT.search(done.stderr), done.stderr
        assert done.returncode == status, (done.stdout, done.stderr)
        return done

    return run


# -- the prompt -------------------------------------------------------------------------------------------------------


def test_commands_are_run_and_ctrl_d_leaves(console):
    terminal = console()
    terminal.wait_for('"help" lists the commands')
    terminal.line("show Summary")
    terminal.wait_for("**** Results ****")
    terminal.line("ngmtctl get balance")
    terminal.wait_for("Your balance is: $964.30 in SANDBOX")
    terminal.wait_for_last_line("ngmt SANDBOX>")
    terminal.send("C-d")
    assert terminal.end() == 0


@pytest.mark.parametrize("word", ["exit", "QUIT"])
def test_the_status_is_that_of_the_last_command(console, word):
    terminal = console("console")
    terminal.line("statsu")
    terminal.wait_for('did you mean "status"?')
    terminal.line("   ")
    terminal.line("# nothing")
    terminal.line(word)
    assert terminal.end() == 2


def test_the_prompt_names_environment_hit_and_dry_run(fake, console):
    fake.hello["selected"] = SELECTED
    terminal = console("-d", prompt="ngmt SANDBOX dry 3ABC…XYZ>")
    fake.hello["selected"] = {"hit": None, "qualification": None}
    terminal.send("Enter")
    terminal.wait_for_last_line("ngmt SANDBOX dry>")


def test_live_is_loud(tmp_path, fake, console):
    fake.hello["environment"] = "live"
    terminal = console(prompt="ngmt  LIVE >", NO_COLOR="")
    assert re.search(r"\x1b\[(1m\x1b\[)?[0-9;m\x1b\[]*41m[^\n]* LIVE ", terminal.styled())
    # What is invisible takes no room: the cursor stands right behind the prompt.
    assert terminal.cursor()[0] == len("ngmt  LIVE > ")


def test_help_knows_the_words_of_the_console(console):
    terminal = console(rows=150)
    terminal.line("help")
    terminal.wait_for("In the console:\n  exit, quit (or Ctrl-D): leave the console.")
    terminal.line("help exit")
    terminal.wait_for("exit, quit (or Ctrl-D)", count=2)
    terminal.line("help grantBonus")
    terminal.wait_for("--reason TEXT")


def test_lines_that_are_no_commands(console, fake):
    terminal = console()
    terminal.line("bonus -r 'Thank you")
    terminal.wait_for("a quote (') is opened at byte 10 of the line, and not closed")
    terminal.line("console")
    terminal.wait_for("this is the console already")
    terminal.line("-r file.csv")
    terminal.wait_for("this is the console already", count=2)
    terminal.line("exit now")
    terminal.wait_for('"exit" takes no words')
    terminal.line("exit")
    assert terminal.end() == 2
    assert set(fake.methods()) == {"hello"}


# -- history ----------------------------------------------------------------------------------------------------------


def test_history_outlives_the_console(console, tmp_path):
    first = console()
    for line in ("get balance", "get balance", " show fields", "help AKIAIOSFODNN7EXAMPLE", "help completion"):
        first.line(line)
    first.wait_for("ngmtctl completion SHELL")
    first.wait_for_last_line("ngmt SANDBOX>")
    first.send("C-d")
    assert first.end() == 0
    place = tmp_path / ".local" / "state" / "ngmt"
    assert (place / "history").read_text() == "get balance\nhelp completion\n"
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / "history").stat().st_mode) == 0o600
    assert os.listdir(place) == ["history"]

    second = console()
    second.send("Up")
    second.wait_for_last_line("ngmt SANDBOX> help completion")
    second.send("Up")
    second.wait_for_last_line("ngmt SANDBOX> get balance")
    second.send("Enter")
    second.wait_for("Your balance is")
    second.wait_for_last_line("ngmt SANDBOX>")
    second.send("C-r")
    second.type("compl")
    second.wait_for("help completion")


def test_history_without_a_folder_is_no_error(console, tmp_path):
    (tmp_path / "file").write_text("")
    terminal = console(XDG_STATE_HOME=str(tmp_path / "file" / "state"))
    terminal.line("get balance")
    terminal.wait_for("Your balance is")
    terminal.wait_for_last_line("ngmt SANDBOX>")
    terminal.send("Up")
    terminal.wait_for_last_line("ngmt SANDBOX> get balance")
    terminal.send("C-c")
    terminal.wait_for("get balance^C\nngmt SANDBOX>")
    terminal.send("C-d")
    assert terminal.end() == 0


# -- TAB --------------------------------------------------------------------------------------------------------------


def press_tab(terminal, wanted):
    """Until it shows what is wanted: a daemon that takes long is not waited for, and pressing it again asks again."""
    for patience_s in (3, 3, PATIENCE_S):
        terminal.send("Tab")
        try:
            return terminal.wait_for(wanted, timeout=patience_s)
        except AssertionError:
            if patience_s == PATIENCE_S:
                raise


def test_tab_completes(console, tmp_path):
    (tmp_path / "my results.csv").write_text("")
    (tmp_path / "rooms").mkdir()
    terminal = console()

    def complete(typed, shown):
        terminal.type(typed)
        press_tab(terminal, lambda screen: screen.split("\n")[-1] == f"ngmt SANDBOX> {shown}")
        terminal.send("C-u")
        terminal.wait_for_last_line("ngmt SANDBOX>")

    complete("stat", "status")
    complete("show su", "show summary")
    complete("ngmtctl show su", "ngmtctl show summary")
    complete("bonus --rea", "bonus --reason")
    complete("load results my", "load results 'my results.csv'")
    complete("load results 'my", "load results 'my results.csv'")
    complete("load results roo", "load results rooms/")
    complete("bonus --hit 3NG", f"bonus --hit {HIT['hit_id']}")
    complete("show results --verdict ap", "show results --verdict approve")
    complete("ex", "ex")  # exit, expire, extend
    terminal.type("qui")
    terminal.send("Tab", "Enter")
    assert terminal.end() == 0


def test_tab_lists(console):
    terminal = console(rows=40)
    terminal.type("rooms show ")
    press_tab(terminal, "ngmt SANDBOX> rooms show room00006")
    press_tab(terminal, re.compile(r"^room000060 +room000061\nngmt SANDBOX> rooms show room00006$", re.M))
    terminal.send("C-u")
    terminal.type("queue ")
    terminal.send("Tab")
    terminal.wait_for("resolve  say what became of an operation in doubt\nngmt SANDBOX> queue")
    # In the middle of a line what stands behind the cursor stays.
    terminal.send("C-u")
    terminal.type("show su --json")
    for _ in range(len(" --json")):
        terminal.send("Left")
    terminal.send("Tab")
    terminal.wait_for_last_line("ngmt SANDBOX> show summary  --json")


def test_a_list_that_is_too_long_is_cut(console):
    terminal = console(columns=40, rows=8)
    terminal.send("Tab")
    terminal.wait_for(re.compile(r"^\.\.\. and \d+ more\nngmt SANDBOX>$", re.M))


def test_tab_without_a_daemon(fake, console):
    terminal = console()
    fake.stop()
    terminal.type("bonus --hit 3NG")
    terminal.send("Tab")
    terminal.send("C-a")
    terminal.type("s")
    terminal.wait_for_last_line("ngmt SANDBOX> sbonus --hit 3NG")


# -- Ctrl-C -----------------------------------------------------------------------------------------------------------


def test_ctrl_c_clears_the_line(fake, console):
    terminal = console()
    terminal.type("bonus --yes")
    terminal.send("Left", "Left", "C-c")
    terminal.wait_for("ngmt SANDBOX> bonus --yes^C\nngmt SANDBOX>")
    terminal.send("C-c")
    terminal.wait_for("ngmt SANDBOX> ^C\nngmt SANDBOX>")
    terminal.send("C-d")
    assert terminal.end() == 0
    assert set(fake.methods()) == {"hello"}


def test_ctrl_c_detaches_from_a_batch(fake, console):
    fake.on("subscribe", batch_of(4))
    terminal = console()
    terminal.line("bonus --yes")
    terminal.wait_for("4/16")
    terminal.send("C-c")
    terminal.wait_for("Detached: the daemon goes on.")
    terminal.wait_for_last_line("ngmt SANDBOX>")
    # The next line is not detached from the beginning.
    fake.on("subscribe", subscribe)
    terminal.line("bonus --yes")
    terminal.wait_for("bonuses paid:")
    terminal.wait_for_last_line("ngmt SANDBOX>")
    terminal.send("C-d")
    assert terminal.end() == 0


def test_ctrl_c_at_a_question_sends_nothing(fake, console):
    terminal = console()
    terminal.line("bonus")
    terminal.wait_for("[y/N]")
    terminal.send("C-c")
    terminal.wait_for("not confirmed: nothing was sent")
    terminal.line("bonus")
    terminal.wait_for("[y/N]", count=2)
    terminal.line("y")
    terminal.wait_for("bonuses paid:")
    assert fake.methods().count("apply") == 1


def test_ctrl_c_ends_waiting_for_an_answer(fake, console):
    fake.on("show", SILENCE)
    terminal = console()
    terminal.line("show summary")
    fake.wait_for("show")
    terminal.send("C-c")
    terminal.wait_for("interrupted while waiting for ngmtd")
    terminal.wait_for_last_line("ngmt SANDBOX>")


def test_ctrl_z_stops_it_until_fg(open_terminal, environment, tmp_path):
    terminal = open_terminal(["bash", "--norc", "--noprofile"], folder=tmp_path,
                             environment={**environment, "PS1": "shell> "})
    terminal.wait_for_last_line("shell>")
    terminal.line(f"'{program('client/ngmtctl')}'")
    terminal.wait_for_last_line("ngmt SANDBOX>")
    terminal.type("get bal")
    terminal.wait_for_last_line("ngmt SANDBOX> get bal")
    terminal.send("C-z")
    terminal.wait_for_last_line("shell>")
    terminal.line("fg")
    terminal.wait_for_last_line("ngmt SANDBOX> get bal")
    terminal.line("ance")
    terminal.wait_for("Your balance is")


def test_sigterm_ends_it(fake, console):
    terminal = console()
    os.kill(terminal.pid(), signal.SIGTERM)
    assert terminal.end() == -signal.SIGTERM
    fake.on("subscribe", batch_of(4))
    terminal = console()
    terminal.line("bonus --yes")
    terminal.wait_for("4/16")
    os.kill(terminal.pid(), signal.SIGTERM)
    assert terminal.end() == -signal.SIGTERM
    assert "Detached" in terminal.screen()


# -- a daemon that comes and goes -------------------------------------------------------------------------------------


def test_the_daemon_is_started_again(fake, console):
    terminal = console()
    fake.stop()
    terminal.line("status")
    terminal.wait_for("ngmtctl: no daemon answers at")
    terminal.wait_for_last_line("ngmt (no daemon)>")
    fake.start()
    terminal.line("get balance")
    terminal.wait_for("Your balance is")
    terminal.wait_for_last_line("ngmt SANDBOX>")
    fake.stop()
    terminal.line("status")
    terminal.wait_for_last_line("ngmt (no daemon)>")
    terminal.send("C-d")
    assert terminal.end() == 3


def test_a_line_runs_in_the_environment_of_its_prompt(fake, console):
    terminal = console()
    terminal.type("bonus --yes")
    fake.stop()
    fake.hello["environment"] = "live"
    fake.start()
    terminal.send("Enter")
    terminal.wait_for('the daemon was in environment "sandbox" and is now in "live"')
    terminal.wait_for_last_line("ngmt LIVE>")
    assert "apply" not in fake.methods()
    terminal.line("bonus --yes")
    terminal.wait_for("bonuses paid:")


def test_the_terminal_is_resized(fake, console):
    terminal = console(columns=80)
    terminal.type("bonus -r 'a reason that is rather long, and ends behind the ed")
    terminal.resize(50, 20)
    terminal.wait_until(lambda unused: terminal.size() == (50, 20), "the new size")
    terminal.line("ge of it' --yes")
    terminal.wait_for("bonuses paid:")
    assert fake.params("apply")["reason"] == "a reason that is rather long, and ends behind the edge of it"
    terminal.type("queue ")
    terminal.send("Tab")
    terminal.wait_for(re.compile(r"^retry    try again what the platform refused", re.M))
    assert all(len(line) <= 50 for line in terminal.lines())


# -- scripts ----------------------------------------------------------------------------------------------------------


def test_a_script(fake, script):
    done = script("# pays\n\nload results '/data/bonus.csv'\r\n  ngmtctl grantBonus -r \"Thank You\" --yes # now\n"
                  "show summary")
    assert "result codes: 4" in done.stdout and "bonuses paid:" in done.stdout and "**** Balance" in done.stdout
    assert "> load results '/data/bonus.csv'\n" in done.stderr and "# pays" not in done.stderr
    assert fake.params("apply")["reason"] == "Thank You"
    assert fake.params("apply")["command"] == "ngmtctl grantBonus -r 'Thank You' --yes"


def test_a_quiet_script(script):
    done = script("get balance\n", "-q")
    assert done.stderr == "" and done.stdout.startswith("Your balance")


def test_a_script_stops_at_the_first_error(fake, script):
    done = script("get balance\n\nshow sumary\nget hit\n", status=2)
    assert 'did you mean "show summary"?' in done.stderr
    assert "line 3 of the script failed with exit status 2: show sumary" in done.stderr
    assert "--keep-going" in done.stderr
    assert fake.methods().count("get") == 1


def test_nothing_is_left_out_after_the_last_line(script):
    assert "was not run" not in script("get balance\nstatsu\n", status=2).stderr


def test_a_script_that_keeps_going(fake, script):
    done = script("show sumary\nget balance\nbonus\n'\nget hit\n", "--keep-going", status=2)
    assert "Your balance is" in done.stdout and "retrieved last HIT id" in done.stdout
    assert "failed with exit status" not in done.stderr


def test_a_script_leaves(fake, script):
    script("get balance\nexit\nget hit\n")
    assert fake.methods().count("get") == 1


def test_the_lines_of_a_script_are_no_answers(fake, script):
    done = script("bonus\ny\nyes\n", "--socket", fake.path, status=9)
    assert f"ngmtctl --socket={fake.path} bonus --yes --plan" in done.stderr
    assert "line 1 of the script failed with exit status 9" in done.stderr
    assert "apply" not in fake.methods()


def test_a_command_in_a_script_reads_nothing_of_it(fake, script):
    script("notify --subject Hello --worker A1NGMT00000001X --file - --yes\nget balance\n", status=2)
    assert "get" not in fake.methods() and "apply_notify" not in fake.methods()


def test_a_script_in_json(script):
    done = script("get balance\nstatsu\n", "--json", status=2)
    lines = done.stdout.splitlines()
    assert '"available_cents":96430' in lines[0].replace(" ", "") and '"usage"' in lines[1]


def test_a_script_is_a_conversation(fake, environment):
    """Each line is run as it comes, also when the daemon was started again meanwhile."""
    process = subprocess.Popen([program("client/ngmtctl"), "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=environment)
    process.stdin.write("get balance\n")
    process.stdin.flush()
    assert "Your balance is" in process.stdout.readline()
    fake.stop()
    fake.start()
    process.stdin.write("get balance\n")
    process.stdin.flush()
    assert "Your balance is" in process.stdout.readline()
    fake.stop()
    fake.hello["environment"] = "live"
    fake.start()
    out, err = process.communicate("get balance\n", timeout=PATIENCE_S)
    assert (process.returncode, out) == (1, "") and 'is now in "live"' in err


def test_scripts_that_are_no_text(script):
    assert "line 2 of the script is no text" in script("get balance\nget\0 hit\n", status=1).stderr
    assert "line 1 of the script is too long" in script("x" * 70000 + "\n", status=1).stderr
    assert "Your balance is" in script("\ufeffget balance").stdout


def test_nothing_to_do(fake, script):
    done = script("", status=2)
    assert "show summary" in done.stderr and done.stdout == ""
    assert script("\n# nothing\n", "console").stderr == ""
    assert fake.methods() == []


# -- the options that start it ----------------------------------------------------------------------------------------


def test_the_seeds_example(fake, script):
    fake.on("load", {**LOADED, "validate_level": 2})
    done = script("", "-r", "path/to/results/file.csv", "-H", "-Q")
    assert fake.params("load")["path"].endswith("/path/to/results/file.csv")
    assert "info: sandbox-mode: on\n" in done.stderr and "info: creating mturk client...\n" in done.stderr
    assert "info: done.\n" in done.stderr
    for line in (r"results file: /data/room000061/bonus\.csv", r"validation level: 2", r"result codes: 4.*",
                 rf'retrieved QualificationTypeId: 3NGMTQUAL0000000000000000000001 \("my_qualification"\)',
                 rf'retrieved last HIT id: {HIT["hit_id"]} \("Ultimatum Game"\)'):
        assert re.search(rf"^{line}$", done.stdout, re.M), line
    assert [m for m in fake.methods() if m not in ("hello", "select")] == ["load", "connect", "get", "get"]


@pytest.mark.parametrize("words,method,params", [
    (["-g", "mygame", "60-61"], "load", {"what": "game", "game": "mygame", "min_room": 60, "max_room": 61}),
    (["-q", "-g", "mygame"], "load", {"what": "game", "game": "mygame"}),
    (["--game=mygame", "60-61", "--sandbox"], "load", {"min_room": 60, "max_room": 61}),
    (["--inputCodesFile", "/c.csv"], "load", {"what": "inputcodes", "path": "/c.csv"}),
    (["-c"], "connect", {}),
    (["console", "--getLastHITId"], "get", {"what": "hit"}),
    (["-d", "-r", "-odd.csv"], "load", {"what": "results"}),
], ids=str)
def test_what_is_done_first(fake, script, words, method, params):
    fake.on("load", lambda asked, peer: LOADED if asked["what"] != "inputcodes" else
            {"environment": "sandbox", "path": "/c.csv", "codes": 3, "new": 3, "total": 3})
    script("", *words)
    assert params.items() <= fake.params(method).items()


@pytest.mark.parametrize("words,hint", [
    (["-n", "3"], '"retries = 3" into section [queue] of ngmt.conf, or start ngmtd -n 3'),
    (["-l", "10000", "-r", "x"], '"retry_interval = 10000ms"'), (["--throttleInterval", "500"], "= 500ms"),
    (["--config", "my.conf"], "ngmtd -C my.conf"), (["-r"], "needs a value"), (["-r", "x", "60-61"], "60-61"),
    (["--resultFile", "x"], 'did you mean "--resultsFile"?'),
], ids=str)
def test_what_does_not_start_it(fake, script, words, hint):
    assert hint in script("get balance\n", *words, status=2).stderr
    assert fake.requests == []


def test_sandbox_only(fake, script):
    assert "Your balance is" in script("get balance\n", "-s").stdout
    fake.hello["environment"] = "live"
    done = script("get balance\n", "-s", "-r", "x", status=5)
    assert "LIVE" in done.stderr and set(fake.methods()) == {"hello", "get"} and "load" not in fake.methods()
    fake.stop()
    script("get balance\n", "-s", status=3)


def test_a_console_for_the_sandbox_stays_there(fake, console):
    terminal = console("-s")
    fake.stop()
    fake.hello["environment"] = "live"
    fake.start()
    terminal.send("Enter")
    terminal.wait_for_last_line("ngmt LIVE>")
    terminal.line("bonus --yes")
    terminal.wait_for('the daemon was in environment "sandbox" and is now in "live"')
    assert "plan" not in fake.methods()


def test_the_token_is_the_purpose(fake, script):
    script("bonus --yes\n", "-t", "second-day")
    assert fake.params("apply")["purpose"] == "second-day"
    assert fake.params("apply")["command"] == "ngmtctl --purpose=second-day bonus --yes"
    script("bonus --yes -t third\nupload --yes\n", "-t", "second-day")
    assert [p.get("purpose") for m, p in fake.requests if m == "apply"] == ["second-day", "third", None]


def test_a_dry_console(fake, script):
    done = script("load results x\nbonus --yes\nstatus\n", "-d")
    assert "Nothing was sent (dry run)" in done.stdout and "apply" not in fake.methods()
    done = script("queue cancel 11\n", "-d", status=1)
    assert "start ngmtctl without -d" in done.stderr and "cancel" not in fake.methods()


def test_a_start_that_fails(fake, script, console):
    fake.on("plan", plan_of())
    refused = script("get balance\n", "-r", "x", "--socket", "/nonexistent/s", status=3)
    assert "Your balance" not in refused.stdout and refused.stderr.count("no daemon answers") == 1
    done = script("get balance\n", "-k", "-r", "x", "--socket", "/nonexistent/s", status=3)
    assert done.stderr.count("no daemon answers") == 2
    terminal = console("-r", "x", "--socket", "/nonexistent/s", prompt="ngmt (no daemon)>")
    terminal.wait_for("no daemon answers")
    terminal.line("exit")
    assert terminal.end() == 3


# -- the whole program ------------------------------------------------------------------------------------------------


def test_a_room_is_paid_by_a_script(sim, daemon, room):
    submit(sim, [1, 2])
    room.player(1, 2.5).player(2, 2.39).write()
    lines = "show Summary\nuploadResults -b -r 'Thank You' --yes\nget HITId\n"
    done = subprocess.run([program("client/ngmtctl"), "-r", str(room.path)], input=lines, capture_output=True, text=True,
                          env=clean_environment(NGMT_SOCKET=str(daemon.socket_path)), timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    assert "info: sandbox-mode: on (REHEARSAL)" in done.stderr
    assert re.search(r"^validation level: 2\nresult codes: 2, to approve: 2$", done.stdout, re.M)
    check_books(sim, daemon, {1: 250, 2: 239})


def test_a_room_is_paid_over_a_restart(sim, daemon, room, open_terminal, tmp_path):
    submit(sim, [1])
    room.player(1, 2.5).write()
    environment = clean_environment(NGMT_SOCKET=str(daemon.socket_path), HOME=str(tmp_path), NO_COLOR="1")
    terminal = open_terminal([program("client/ngmtctl")], environment=environment, rows=40)
    terminal.wait_for_last_line(re.compile(r"ngmt REHEARSAL( \S+)?>"))
    terminal.line(f"load Results {room.path}")
    terminal.wait_for("result codes: 1")
    daemon.restart()
    terminal.line("uploadResults -b -r 'Thank You'")
    terminal.wait_for("[y/N]")
    terminal.line("y")
    terminal.wait_for("bonuses paid:")
    terminal.line("exit")
    assert terminal.end() == 0
    check_books(sim, daemon, {1: 250})
