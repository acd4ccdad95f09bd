# SPDX-License-Identifier: MIT
"""Completion: what ngmtctl says may follow, and the scripts in the real shells, with ids from a scripted daemon."""
import json
import os
import shutil
import subprocess
import time

import pytest

from fake_daemon import HANG_UP, SILENCE, FakeDaemon, Raw, Refusal
from ngmt import clean_environment, program

NGMTCTL = program("client/ngmtctl")
PATIENCE_S = 30
WORKERS = ["A1NGMT0000001X", "A1NGMT0000002X"]
WORDS = {"workers": WORKERS, "hits": ["3NGMTHIT000000000000000001"], "rooms": ["room000060", "room000061"],
         "games": ["ultimatum"], "operations": ["11", "12"], "batches": ["7"], "assignments": ["3NGMTASG00001"],
         "qualifications": ["3NGMTTYPE0000000000000001"]}
SHELLS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"],
          "fish": ["fish", "--no-config", "-i"]}


def complete(params, _peer):
    return {"words": [{"word": word, "note": "seen today"} for word in WORDS[params["what"]]
                      if word.startswith(params["prefix"])]}


@pytest.fixture
def daemon(tmp_path):
    with FakeDaemon(tmp_path) as fake:
        yield fake.on("complete", complete)


def ask(*words, socket=None):
    done = subprocess.run([NGMTCTL, "complete-words", "--", *words], capture_output=True, text=True, timeout=PATIENCE_S,
                          env=clean_environment(HOME="/nonexistent", NGMT_SOCKET=socket or "/nonexistent/socket"))
    assert done.returncode == 0 and done.stderr == "", done
    first, *rest = done.stdout.splitlines()
    return first, [line.split("\t")[0] for line in rest]


def ask_until(words, *typed, socket):
    """Asks again if a busy machine took too long for ids."""
    until = time.monotonic() + PATIENCE_S
    while (found := ask(*typed, socket=socket)) != words and time.monotonic() < until:
        pass
    assert found == words


# --- what may follow ---

def tables():
    return json.loads(subprocess.run([NGMTCTL, "--json", "help"], capture_output=True, text=True, check=True).stdout)


def test_every_command_and_every_option_is_offered():
    known = tables()
    general = ["--" + option["name"] for option in known["options"] if option["general"]]
    assert len(known["commands"]) > 50
    assert "complete-words" not in [command["name"] for command in known["commands"]]
    for command in known["commands"]:
        *before, last = command["name"].split()
        assert last in ask(*before, last[:2])[1]
        _, offered = ask(*command["name"].split(), "--")
        assert offered == ["--" + name for name in command["options"]] + general, command["name"]


@pytest.mark.parametrize("typed,words", [
    (["get", "HITId"], ["HITId", "HITIdList"]), (["GET", "HITS"], ["hits", ]), (["loadg"], ["loadGame"]),
    (["hit", "e"], ["extend", "expire"]), (["show", "Config.f"], ["Config.fields"]), (["complete-w"], []),
    (["queue", "list", "--state", "h"], ["held"]), (["queue", "list", "--state=s"], ["--state=sending"]),
    (["--color", "n", ], ["never"]), (["--json", "--color=al"], ["--color=always"]),
    (["queue", "list", "--held", "--he"], ["--help"]), (["approve", "--worker", "A", "--wo"], ["--worker"]),
    (["bonus", "-r", "ap"], []), (["bonus", "-rx", "--rea"], []), (["get", "hits", "--sel"], ["--select"]),
    (["-q", "sta"], ["status"]), (["--socket", "/x", "sta"], ["status"]), (["help", "roo"], ["rooms"]),
    (["help", "hit", "de"], ["delete"]), (["completion", ""], ["bash", "zsh", "fish"]), (["completion", "bash", "z"], []),
    (["pause", "q"], ["qualify"]), (["nonsense", ""], []), (["load", "results", "--", "--app"], []),
    (["load", "game", "x", "--validateL"], ["--validateLevel"]),
], ids=" ".join)
def test_words(typed, words):
    assert ask(*typed) == (":words", words) or (words == [] and ask(*typed) == (":files", []))


def test_options_are_offered_where_nothing_else_can_follow():
    first, words = ask("queue", "list", "")
    assert first == ":words" and words[0] == "--held" and "--json" not in words
    assert ask("version", "") == (":words", [])


@pytest.mark.parametrize("typed", ["load results ", "load results /tm", "--socket /r", "notify --file x", "load game ",
                                   "hit create --json x", "reconcile --game=/d"])
def test_files_are_left_to_the_shell(typed):
    assert ask(*typed.split(" ")) == (":files", [])


@pytest.mark.parametrize("typed,what", [
    ("worker A1NGMT", "workers"), ("worker block A1NGMT0000001X A", "workers"), ("notify -w A", "workers"),
    ("queue list --worker=A", "workers"), ("extend ", "hits"), ("bonus --hit 3", "hits"), ("get hits --select ", "hits"),
    ("get qualifications --select ", "qualifications"), ("qualify -Q ", "qualifications"),
    ("qualification show ", "qualifications"), ("rooms show r", "rooms"), ("reconcile --room ", "rooms"),
    ("load game ul", "games"), ("queue show 1", "operations"), ("queue cancel --batch ", "batches"),
    ("approve --assignment ", "assignments"), ("bonus -yt name --assignment=3N", "assignments"),
])
def test_ids_come_from_the_daemon(daemon, typed, what):
    *before, last = typed.split(" ")
    option = last[:last.index("=") + 1] if "=" in last else ""
    wanted = [option + word for word in WORDS[what]]
    ask_until((":words", wanted), *before, last, socket=daemon.path)
    assert daemon.params("complete") == {"what": what, "prefix": last[len(option):], "limit": 100}
    assert set(daemon.methods()) == {"hello", "complete"}


def test_the_socket_that_was_typed_is_asked(daemon):
    ask_until((":words", WORKERS), "--socket", daemon.path, "worker", "A", socket=None)
    ask_until((":words", WORKERS), "worker", "--socket=" + daemon.path, "A", socket=None)


@pytest.mark.parametrize("answer", [SILENCE, HANG_UP, Raw(b"rubbish\n"), {"words": "no list"}, {},
                                    Refusal("usage", "no such method")],
                         ids=["silence", "hang up", "rubbish", "no list", "nothing", "refusal"])
def test_a_daemon_that_does_not_answer_is_silence(daemon, answer):
    for method in ("complete", "hello"):
        daemon.on(method, answer)
        assert ask("worker", "A", socket=daemon.path) in [(":words", []), (":words", WORKERS)]
        assert method in daemon.methods()


def test_a_daemon_without_an_answer_is_given_up_soon(daemon):
    daemon.on("complete", SILENCE)
    start = time.monotonic()
    assert ask("worker", "A", socket=daemon.path) == (":words", [])
    assert 0.3 <= time.monotonic() - start < 10


def test_nothing_drives_the_terminal(daemon):
    daemon.on("complete", {"words": [{"word": "A\x1b[2J", "note": ""}, {"word": "A\nB", "note": ""}, {"note": "A"},
                                     {"word": "B1", "note": "begins otherwise"}, {"word": "", "note": ""}, 7,
                                     {"word": "A1", "note": "\x1b]0;x\x07 \ttab"}]})
    ask_until((":words", ["A1"]), "worker", "A", socket=daemon.path)
    done = subprocess.run([NGMTCTL, "complete-words", "--", "worker", "A"], capture_output=True,
                          env=clean_environment(NGMT_SOCKET=daemon.path), check=True)
    assert b"\x1b" not in done.stdout and b"\x07" not in done.stdout


def test_json():
    done = subprocess.run([NGMTCTL, "--json", "complete-words", "--", "stat"], capture_output=True, check=True)
    assert json.loads(done.stdout) == {"files": False, "words": [
        {"word": "status", "note": "show what is wrong, the queue, the money and the rate"}]}
    done = subprocess.run([NGMTCTL, "--json", "completion", "fish"], capture_output=True, check=True)
    assert json.loads(done.stdout)["script"].startswith("# fish completion for ngmtctl")


@pytest.mark.parametrize("typed,hint", [("completion bsh", 'did you mean "bash"?'), ("help qeue", 'did you mean "queue"?'),
                                        ("help monye", 'did you mean "money"?'), ("help queue lst", "queue list"),
                                        ("queue list --state hold", 'did you mean "held"?'),
                                        ("--color=alway status", 'did you mean "always"?'), ("complete-word x", "")])
def test_did_you_mean(typed, hint):
    done = subprocess.run([NGMTCTL, *typed.split()], capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == "" and hint in done.stderr and "complete-words" not in done.stderr


# --- the shells ---

def start_shell(open_terminal, shell, folder, socket):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    (bin_folder / "ngmtctl").symlink_to(os.path.realpath(NGMTCTL))
    (folder / "a file of results.csv").touch()
    environment = clean_environment(NGMT_SOCKET=str(socket), HOME=str(folder), PATH=f"{bin_folder}:{os.environ['PATH']}",
                                    PS1="> ", INPUTRC="/dev/null", XDG_CONFIG_HOME=str(folder), XDG_DATA_HOME=str(folder))
    terminal = open_terminal(SHELLS[shell], columns=120, rows=40, environment=environment, folder=folder)
    setup = {"bash": 'bind "set bell-style none"; bind "set completion-query-items 0"; source <(ngmtctl completion bash)',
             "zsh": "PROMPT='> '; bindkey -e; autoload -U compinit; compinit -u -D; source <(ngmtctl completion zsh)",
             "fish": "set -g fish_autosuggestion_enabled 0; ngmtctl completion fish | source"}[shell]
    terminal.line(setup + " && echo re''ady")
    terminal.wait_for("\nready")
    return terminal


def tab_until(terminal, typed, wanted):
    """Types at a fresh line and presses TAB until the text is there: a busy machine may take too long for ids."""
    terminal.send("C-u")
    terminal.type(typed)
    terminal.wait_for(lambda screen: any(line.endswith(typed.rstrip()) for line in screen.split("\n")))
    until = time.monotonic() + PATIENCE_S
    while True:
        terminal.send("Tab")
        try:
            return terminal.wait_for(wanted, timeout=0.7)
        except AssertionError:
            assert time.monotonic() < until, terminal.screen()


@pytest.mark.parametrize("shell", SHELLS)
def test_in_the_shell(open_terminal, tmp_path, daemon, shell):
    terminal = start_shell(open_terminal, shell, tmp_path, daemon.path)
    tab_until(terminal, "ngmtctl quali", "ngmtctl qualif")
    tab_until(terminal, "ngmtctl rec", "ngmtctl reconcile")
    tab_until(terminal, "ngmtctl GET HITIdL", "ngmtctl GET HITIdList")
    tab_until(terminal, "ngmtctl queue list --state=uns", "--state=unsure")
    tab_until(terminal, "ngmtctl worker A1", "A1NGMT000000")
    tab_until(terminal, "ngmtctl rooms show r", lambda screen: "room000060" in screen and "room000061" in screen)
    tab_until(terminal, "ngmtctl load results a", "a\\ file\\ of\\ results.csv")
    tab_until(terminal, "ngmtctl approve --hit=3", "--hit=3NGMTHIT000000000000000001")
    assert daemon.params("complete")["what"] == "hits"


def test_a_shell_offers_no_files_where_none_belong(open_terminal, tmp_path, daemon):
    terminal = start_shell(open_terminal, "bash", tmp_path, daemon.path)
    terminal.send("C-l")
    terminal.type("ngmtctl completion ba")
    terminal.send("Tab")
    terminal.wait_for("ngmtctl completion bash")
    terminal.type("a")
    terminal.send("Tab")
    terminal.type("!")
    assert terminal.wait_for_last_line("> ngmtctl completion bash a!")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_sound(shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    script = subprocess.run([NGMTCTL, "completion", shell], capture_output=True, text=True, check=True).stdout
    done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "" and "ngmtctl" in script
