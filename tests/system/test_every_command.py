# SPDX-License-Identifier: MIT
"""Every command of ngmtctl, by its own table: as text, with --json, with wrong arguments, without a daemon, without the
right, and without a terminal where it needs an answer. A command that has no row below fails the test."""
import json
import os
import pathlib
import re
import subprocess
import tempfile

import pytest

from ngmt import HIT, SANITIZER_REPORT, Daemon, Room, clean_environment, program, source_root, submit, wait_until, worker
from simclient import Simulator

OLD_HIT = "3NGMTHIT000000000000000000OLD1"
MODES = ("text", "json", "unknown option", "too many words", "too few words", "no daemon", "no right", "no terminal")
# The one that README.md shows.
HIT_FILE = re.sub(r"^    ", "", re.search(r"A HIT is a file:\n\n((?:    .*\n)+)", (source_root() / "README.md").read_text(
    encoding="utf-8"))[1], flags=re.M)


class Row:
    """`words` and `status` of a call that changes nothing that other rows need; `asks`: the words of a call that has to be
    confirmed by a person; `stdin`; `is_many`: JSON lines instead of one object."""

    def __init__(self, *words, status=0, asks=None, stdin=None, is_many=False):
        self.words = words
        self.status = status
        self.asks = asks
        self.stdin = stdin
        self.is_many = is_many


ROWS = {
    "load results": Row("{csv}", "--replace", status=7),
    "load game": Row("{game}", "--replace", status=7),
    "load inputcodes": Row("{codes}", "--replace"),
    "show summary": Row(), "show results": Row(), "show inputcodes": Row(), "show config": Row(), "show fields": Row(),
    "get balance": Row(), "get hit": Row(), "get hits": Row(), "get hit-status": Row(HIT),
    "get qualification": Row(), "get qualifications": Row(), "get bonuses": Row(HIT),
    "hit create": Row("{hit}", "--dry-run", asks=("{hit}",)),
    "extend": Row(HIT, "-a", "1", "--dry-run", asks=(HIT, "-a", "1")),
    "expire": Row(HIT, "--dry-run", asks=(HIT,)),
    "hit delete": Row(OLD_HIT, "--dry-run", asks=(OLD_HIT,)),
    "qualification create": Row("Finished", "--description", "x", "--dry-run",
                                asks=("Finished", "--description", "x")),
    "qualification show": Row("{type}"), "qualification workers": Row("{type}"),
    "qualification grant": Row(worker(1), "-Q", "{type}", "--dry-run", asks=(worker(1), "-Q", "{type}")),
    "qualification revoke": Row(worker(1), "-Q", "{type}", "--dry-run", asks=(worker(1), "-Q", "{type}")),
    "worker block": Row(worker(1), "-r", "spam", "--dry-run", asks=(worker(1), "-r", "spam")),
    "worker unblock": Row(worker(1), "--dry-run", asks=(worker(1),)),
    "approve": Row("--dry-run", asks=()),
    "reject": Row("-f", "not done", "--dry-run", asks=("-f", "not done")),
    "bonus": Row("-r", "Thank you", "--dry-run", asks=("-r", "Thank you")),
    "qualify": Row("-Q", "{type}", "--dry-run", asks=("-Q", "{type}")),
    "notify": Row("-w", worker(1), "-s", "Hello", "-m", "Text", "--dry-run",
                  asks=("-w", worker(1), "-s", "Hello", "-m", "Text")),
    "upload": Row("--dry-run", asks=()),
    "status": Row(), "top": Row(), "events": Row(is_many=True),
    "pause": Row("notify"), "resume": Row("notify"),
    "queue list": Row(), "queue show": Row("{held}"),
    "queue release": Row("999999", status=1, asks=("--all",)),
    "queue cancel": Row("999999", status=1, asks=("--all",)),
    "queue hold": Row("999999", status=1), "queue retry": Row("999999", status=1),
    "queue resolve": Row("{held}", "--done", "--yes", status=1),
    "rooms list": Row(status=7), "rooms show": Row("room000061", status=7),
    "rooms adopt": Row("room000061", "--dry-run", asks=("room000061",)),
    "rooms ignore": Row("room000099", status=1), "rooms rescan": Row(),
    "reconcile": Row(status=7), "worker": Row(worker(9)), "connect": Row(),
    "console": Row(stdin="version\n"),
    "migrate": Row("{old}", "--output", "-"),
    "completion": Row("bash"), "help": Row("bonus"), "version": Row(),
}


COMMAND = re.compile(r'^COMMAND\(\w+, \w+, "([^"]+)",\s*"[^"]*",\s*"([^"]*)",\s*(\d+), (\d+),\s*ACCESS_(\w+),\s*"([^"]*)"',
                     re.M)
# {name: (argument, fewest words, most words, access)}; hidden commands have no summary.
TABLE = {name: (argument, int(least), int(most), access.lower()) for name, argument, least, most, access, summary in
         COMMAND.findall((source_root() / "client" / "commands.def").read_text(encoding="utf-8")) if summary}


def is_possible(name, mode):
    """Whether the command can be tried in this way at all."""
    _, least, most, access = TABLE.get(name, ("", 0, 0, ""))
    return {"too many words": most < 1000, "too few words": least > 0, "no right": access != "none",
            "no terminal": ROWS[name].asks is not None}.get(mode, True)


class Lab:
    """One daemon with something of everything; what a row does leaves it as it was."""

    def __init__(self, folder):
        self.sim = Simulator().start()
        data = folder / "games" / "survey" / "data"
        self.room = Room(data)
        self.room.player(1, 2.5).player(2, 1).disconnected(3).player(9, 5).write()
        (folder / "games" / "survey" / "package.json").write_text("{}")
        self.daemon = Daemon(folder / "ngmt", self.sim.endpoint, ca_bundle=self.sim.ca_bundle, options={
            "limits": {"max_bonus": "4.00"}, "control": {"read_group": "nogroup"},
            "nodegame": {"game": str(folder / "games" / "survey"), "settle": "0"}})
        self.sim.hit(hit=OLD_HIT, reward="0.10", max_assignments=1, title="Old")
        submit(self.sim, [1, 2, 3, 9])
        client = self.sim.boto3_client()
        client.update_expiration_for_hit(HITId=OLD_HIT, ExpireAt=0)
        type_id = client.create_qualification_type(Name="Played", Description="x", QualificationTypeStatus="Active")
        client.associate_qualification_with_worker(
            QualificationTypeId=type_id["QualificationType"]["QualificationTypeId"], WorkerId=worker(1))
        self.daemon.start()
        self.daemon.load(self.room)
        self.daemon.follow(self.daemon.apply(("bonus",), select={"worker": worker(9)}))
        wait_until(lambda: self.daemon.call("rooms")["counts"]["held_rows"], "the room is imported")
        (held,) = self.daemon.call("queue", select={"state": "held"})["operations"]
        files = {"csv": self.room.path, "game": folder / "games" / "survey", "codes": folder / "codes.csv",
                 "hit": folder / "hit.ini", "old": folder / "mturk.conf.js"}
        files["codes"].write_text("id,AccessCode,ExitCode\n" + "".join(f"p{n},acc{n},exp{n}\n" for n in (1, 2, 3, 9)))
        files["hit"].write_text(HIT_FILE)
        files["old"].write_text("module.exports = { maxBonus: 5 };\n")
        self.names = {**files, "type": type_id["QualificationType"]["QualificationTypeId"], "held": held["id"]}

    def run(self, *words, stdin=None, socket=None, user=None, **more):
        words = [str(word).format(**self.names) for word in words]
        as_user = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
        done = subprocess.run([program("client/ngmtctl"), *words], text=True, capture_output=True, timeout=60,
                              input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                              env=clean_environment(NGMT_SOCKET=str(socket or self.daemon.socket_path), HOME="/nonexistent",
                                                    COLUMNS="80", **more), cwd="/", **as_user)
        assert not SANITIZER_REPORT.search(done.stderr), done.stderr
        return done

    def finish(self):
        try:
            self.daemon.finish()
        finally:
            self.sim.stop()


@pytest.fixture(scope="module")
def lab():
    with tempfile.TemporaryDirectory(prefix="ngmt-every-") as folder:
        os.chmod(folder, 0o755)
        made = Lab(pathlib.Path(folder))
        try:
            yield made
        finally:
            made.finish()


def expect(done, status, *, out=False, err=None):
    assert done.returncode == status, (done.args, done.returncode, done.stdout, done.stderr)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", done.stdout + done.stderr), "control characters"
    assert not out or done.stdout.strip(), "nothing on standard output"
    assert err is None or re.search(err, done.stderr), (err, done.stderr)


def objects(done, is_many=False):
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found and (is_many or len(found) == 1), done.stdout
    return found


def try_text(lab, name, row):
    # A console that is given a script prints what its commands print.
    expect(lab.run(*name.split(), *row.words, stdin=row.stdin), row.status, out=row.status != 1)


def try_json(lab, name, row):
    done = lab.run(*name.split(), *row.words, "--json", stdin=row.stdin)
    expect(done, row.status)
    for one in objects(done, row.is_many):
        if row.status == 1:
            assert one["error"]["message"] and one["error"]["exit_status"] == 1, one
        elif TABLE[name][3] != "none":
            assert one["environment"] == "rehearsal", one


def try_unknown_option(lab, name, row):
    expect(lab.run(*name.split(), *row.words, "--no-such-option", stdin=row.stdin), 2, err="no-such-option")
    (error,) = objects(lab.run(*name.split(), *row.words, "--json", "--no-such-option", stdin=row.stdin))
    assert error["error"]["name"] == "usage" and error["error"]["hint"], error


def try_too_many_words(lab, name, row):
    surplus = ["surplus"] * 4
    expect(lab.run(*name.split(), *surplus, stdin=row.stdin), 2, err=r"surplus")


def try_too_few_words(lab, name, row):
    expect(lab.run(*name.split(), stdin=row.stdin), 2, err=re.escape(TABLE[name][0]))


def try_no_daemon(lab, name, row):
    done = lab.run(*name.split(), *row.words, "--json", stdin=row.stdin, socket="/nonexistent/s")
    if TABLE[name][3] == "none":
        expect(done, row.status)
        return
    expect(done, 3)
    assert objects(done)[0]["error"]["name"] == "no-daemon"
    assert "/nonexistent/s" in lab.run(*name.split(), *row.words, socket="/nonexistent/s").stderr


def try_no_right(lab, name, row):
    """Nobody may do nothing; who may only look is refused where something would change."""
    if os.geteuid() != 0:
        pytest.skip("needs root to be somebody else")
    words = [word for word in row.words if word != "--dry-run"]
    done = lab.run(*name.split(), *words, "--json", user=(65534, 1))
    expect(done, 4)
    assert objects(done)[0]["error"]["name"] == "not-authorised"
    looking = lab.run(*name.split(), *words, "--json", user=(65534, 65534))
    expect(looking, 4 if TABLE[name][3] == "change" else row.status)
    if "--dry-run" in row.words:
        expect(lab.run(*name.split(), *row.words, user=(65534, 65534)), row.status)


def try_no_terminal(lab, name, row):
    """What needs an answer is not done, does not hang, and prints the complete command to type."""
    done = lab.run(*name.split(), *row.asks)
    expect(done, 9, err=rf"ngmtctl.* {name.split()[0]}.*--(yes|plan)")
    as_json = lab.run(*name.split(), *row.asks, "--json")
    expect(as_json, 9)
    assert objects(as_json, True)[-1]["error"]["name"] == "not-confirmed"


def test_every_command_has_a_row():
    listed = subprocess.run([program("client/ngmtctl"), "help", "--json"], capture_output=True, text=True, check=True,
                            env=clean_environment())
    assert set(ROWS) == set(TABLE) == {command["name"] for command in json.loads(listed.stdout)["commands"]}


@pytest.mark.parametrize("name, mode", [(name, mode) for name in ROWS for mode in MODES if is_possible(name, mode)])
def test_command(lab, name, mode):
    globals()["try_" + mode.replace(" ", "_")](lab, name, ROWS[name])
