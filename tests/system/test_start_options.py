# SPDX-License-Identifier: MIT
"""ngmtd's command line: the options with which nodegame-mturk is started, in its letters and names."""
import re
import subprocess

import pytest

from ngmt import clean_environment, program, source_root, submit, wait_until


def settings(daemon):
    """{"queue.retries": (value, origin)} of the settings in force."""
    options = daemon.ctl("show", "config", "--json").json["options"]
    return {f"{o['section']}.{o['key']}": (o["value"], o["origin"]) for o in options}


def run(*arguments):
    return subprocess.run([program("daemon/ngmtd"), *arguments], capture_output=True, text=True, timeout=30,
                          env=clean_environment(), stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("arguments, key, value", [
    (["-s"], "aws.sandbox", True), (["--sandbox"], "aws.sandbox", True),
    (["-d"], "queue.dry", True), (["--dry"], "queue.dry", True),
    (["-n", "3"], "queue.retries", 3), (["--nRetries", "0"], "queue.retries", 0),
    (["-l", "250"], "queue.retry_interval", "250ms"), (["--retryInterval", "10000"], "queue.retry_interval", "10s"),
    (["--retry-interval", "2s"], "queue.retry_interval", "2s"),
    (["-o", "750"], "queue.throttle_interval", "750ms"), (["-o", "0"], "queue.throttle_interval", "0"),
    (["--throttleInterval", "1000"], "queue.throttle_interval", "1s"),
    (["-o", "limits.max_bonus=2.00"], "limits.max_bonus", "2.00"),
])
def test_each_sets_one_option(sim, make_daemon, arguments, key, value):
    daemon = make_daemon(sim, start=False).start(*arguments)
    assert settings(daemon)[key] == (value, "command line")


def test_a_game_is_watched_beside_those_of_the_file(sim, make_daemon, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "data").mkdir(parents=True)
    daemon = make_daemon(sim, start=False, options={"nodegame": {"game": str(tmp_path / "one")}})
    daemon.start("-g", str(tmp_path / "two"))
    assert settings(daemon)["nodegame.game"][0] == [str(tmp_path / "one"), str(tmp_path / "two")]


def test_files_are_loaded_at_the_start(sim, make_daemon, room, tmp_path):
    submit(sim, [1, 2])
    room.player(1).player(2).write()
    codes = tmp_path / "codes.csv"
    codes.write_text("id,AccessCode,ExitCode\np1,acc1,exp1\np2,acc2,other\n")
    daemon = make_daemon(sim, start=False).start("-r", str(room.path), "-i", str(codes))
    wait_until(lambda: "import.results_file is loaded" in daemon.log(), daemon.log)
    summary = daemon.call("show", what="summary")["results"]
    assert (summary["total"], summary["approve"], summary["hold"]) == (2, 1, 1), "exit code of p2 is another one"
    daemon.terminate()
    room.player(3).write()
    daemon.start("-r", str(room.path))
    assert "not loaded, for there is a working set already rows=2" in daemon.log()
    assert daemon.call("show", what="summary")["results"]["total"] == 2, "what was loaded stays"


def test_a_results_file_that_is_missing_stops_nobody(sim, make_daemon, tmp_path):
    daemon = make_daemon(sim, start=False).start("--resultsFile", str(tmp_path / "absent.csv"))
    wait_until(lambda: "import.results_file is not loaded: " in daemon.log(), daemon.log)
    assert daemon.call("status")["working_set"]["rows"] == 0


def test_quiet(sim, make_daemon):
    daemon = make_daemon(sim, start=False)
    daemon.start("-q")  # after the harness' own -v
    assert daemon.log() == ""


@pytest.mark.parametrize("arguments, status, said", [
    (["-n", "many"], 1, '"retries" is not a whole number: "many"'),
    (["-l", "soon"], 1, '"retry_interval" is not a time with its unit: "soon"'),
    (["-g"], 2, "requires an argument"), (["-H"], 2, 'Try "ngmtd --help"'), (["-g", "x", "60-61"], 2, "with ngmtctl"),
])
def test_wrong_ones_are_refused(tmp_path, arguments, status, said):
    (tmp_path / "ngmt.conf").write_text("")
    done = run("-C", str(tmp_path / "ngmt.conf"), "--check-config", *arguments)
    assert done.returncode == status and said in done.stderr, done.stderr


def test_manual_and_help_name_the_same_options():
    text = run("--help").stdout
    shown = set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", text, re.M) + re.findall(r"^ +(-\w),", text, re.M) +
                re.findall(r"also (--?\w+)", text))
    manual = (source_root() / "daemon" / "ngmtd.8.scd").read_text()
    explained = set(re.findall(r"\*(--?[A-Za-z][\w-]*)\*", manual.split("# OPTIONS")[1].split("\n# ")[0]))
    assert shown and shown == explained, (shown - explained, explained - shown)
