# SPDX-License-Identifier: MIT
"""Every command of nodegame-mturk's README, typed word for word into the console on a terminal: what is said is compared
with golden/*.txt, and says at least what nodegame-mturk says. NGMT_GOLDEN=write writes the files anew: read them then."""
import os
import re

import pytest

from ngmt import (HIT, Room, approvals, assignment, bonuses, clean_environment, program, rejections, source_root,
                  submit)

GOLDEN = source_root() / "tests" / "system" / "golden"
OLDER_HIT = "3NGMTHIT0000000000000000000000"
QUESTION = re.compile(r"\[y/N\] ?$|\bnumber\b.*: ?$")

# (name, what is typed, a text of the list in which the first line is then picked, what the README shows there).
EXAMPLES = [
    ("show-Summary", "show Summary", None,
     [r"\*\*\*\* Results \*\*\*\*", r"tot results: 9", r"to approve: 7", r"to reject: 2", r"\*\*\*\* Bonus \*\*\*\*",
      r"bonuses: 7", r"bonuses tot: \S*29\.75", r"bonuses mean: \S*4\.25", r"bonuses std: ", r"bonuses min: \S*2\.39",
      r"bonuses max: \S*4\.66", r"\*\*\*\* Qualification \*\*\*\*", r"qualifications: 0", r"\*\*\*\* Balance \*\*\*\*",
      r"\$1,000"]),
    ("uploadResults", "uploadResults", None,
     [r"7 assignments", r"results processed: 9/9", r"approved: 7", r"rejected: 2", r"\$1,000\.00"]),
    ("grantBonus", 'grantBonus -r "Thank You"', None, [r"bonuses paid: 7", r"\$29\.75"]),
    ("get-HITId", "get HITId", None, [HIT, r'"?Name of the HIT"?']),
    ("get-HITStatus", "get HITStatus", None,
     [r"HIT Status", rf"id: {HIT}", r"status: ", r"pending ass\w*: 0", r"available ass\w*: 49", r"completed ass\w*: 9",
      r"expir\w+: ", r"annotation: BatchId:641"]),
    ("get-HITIdList", "get HITIdList", "Tell a joke", [HIT, "Name of the HIT", r"\$1\.00", "Tell a joke", r"\$0\.25"]),
    ("get-QualificationTypeId", "get QualificationTypeId", None, [r"my_qualification"]),
    ("get-QualificationTypeIdList", "get QualificationTypeIdList -s Finished", "Finished_my_study", [r"Finished_my_study"]),
    ("assignQualification", "assignQualification -i 1", None, [r"qualif\w+: 7"]),
]


@pytest.fixture
def lab(sim, make_daemon, tmp_path):
    """Nine results of a HIT, two of them to be rejected; a game with two rooms; two qualification types."""
    sim.hit(hit=OLDER_HIT, reward="0.25", max_assignments=9, title="Tell a joke")
    sim.advance(60)
    sim.hit(hit=HIT, reward="1.00", max_assignments=59, title="Name of the HIT", annotation="BatchId:641;")
    submit(sim, range(1, 11), make_hit=False)
    sim.balance("1000.00")
    client = sim.boto3_client()
    for name in ("Finished_my_study", "my_qualification"):
        client.create_qualification_type(Name=name, Description="x", QualificationTypeStatus="Active")
        sim.advance(60)
    results = Room(tmp_path / "results")
    for number, bonus in enumerate((2.39, 4.06, 4.66, 4.66, 4.66, 4.66, 4.66), 1):
        results.player(number, bonus)
    results.disconnected(8, bonus=None).disconnected(9, bonus=None).write()
    game = tmp_path / "nodegame" / "games" / "mygame"
    Room(game / "data", 60)
    Room(game / "data", 61).player(10, 1).write()
    (game / "package.json").write_text("{}")
    daemon = make_daemon(sim, options={"nodegame": {"path": str(tmp_path / "nodegame"), "watch": "no"},
                                       "defaults": {"requester_feedback": "not finished"}})
    daemon.results = results.path
    return daemon


def plain(text, folder):
    """Without what is another one each time."""
    for pattern, instead in [(re.escape(str(folder)), "FOLDER"), (r"\bdigest [0-9a-f]{16}", "digest DIGEST"),
                             (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?Z?( UTC| [A-Z]{3,4})?", "TIME"), (r"\b\d{4}-\d\d-\d\d\b", "DATE"),
                             (r"https://127\.0\.0\.1:\d+/", "ENDPOINT"), (r"\b3[A-Z0-9]{29}\b(?<!" + HIT[-8:] + r")", "ID"),
                             (r"\b\d+ (ms|s)\b", "SECONDS"), (r"[ \t]+$", "")]:
        text = re.sub(pattern, instead, text, flags=re.M)
    return text.strip() + "\n"


class Session:
    def __init__(self, terminal, folder):
        self.terminal = terminal
        self.folder = folder
        self.before = ""

    def wait_for_prompt(self):
        """Answers what is asked, until the prompt is there again: what was said since the last one."""
        lines = self.before.count("\n") + 1 if self.before else 0

        def is_ready(shown):
            text = shown.rstrip("\n").split("\n")
            return len(text) > lines and (QUESTION.search(text[-1]) or text[-1].rstrip().endswith(">"))

        while self.terminal.wait_until(is_ready, "a prompt or a question", look=self.terminal.everything):
            text = self.terminal.everything().rstrip("\n")
            if not QUESTION.search(text.split("\n")[-1]):
                new, self.before = text[len(self.before):], text
                return new
            lines = text.count("\n") + 1
            self.terminal.line("y")

    def run(self, words, listed):
        self.terminal.line(words)
        if not listed:
            return self.wait_for_prompt()
        self.terminal.wait_until(lambda shown: shown.count(listed) > words.count(listed), "the list")
        shown = self.terminal.screen()
        self.terminal.send("Enter")
        return shown + "\n-- Enter --\n" + self.wait_for_prompt()


def compare(name, text):
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("NGMT_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text(), f"{path}: read what has changed, then NGMT_GOLDEN=write"


def check(name, text, says):
    for said in says:
        assert re.search(said, re.sub(r" +", " ", text)), (name, said, text)
    compare(name, text)


def start(daemon, open_terminal, folder, *options):
    environment = clean_environment(NGMT_SOCKET=str(daemon.socket_path), HOME=str(folder))
    return Session(open_terminal([program("client/ngmtctl"), *options], columns=120, rows=50, environment=environment,
                                 folder=folder), folder)


def test_the_readme_of_nodegame_mturk(sim, lab, open_terminal, tmp_path):
    session = start(lab, open_terminal, tmp_path, "-r", str(lab.results), "-H", "-Q")
    check("start", plain(session.wait_for_prompt(), tmp_path),
          [r"results file: FOLDER/results/room000061/bonus.csv", r"result codes: 9", r"my_qualification", HIT,
           "Name of the HIT"])
    for name, words, listed, says in EXAMPLES:
        check(name, plain(session.run(words, listed), tmp_path), says)
    session.terminal.line("exit")
    assert session.terminal.end() == 0
    assert len(approvals(sim)) == 7 and len(rejections(sim)) == 2
    assert sum(sum(paid) for paid in bonuses(sim).values()) == 2975
    assert bonuses(sim)[assignment(1)] == [239]


def test_all_results_of_a_game(lab, open_terminal, tmp_path):
    session = start(lab, open_terminal, tmp_path)
    session.wait_for_prompt()
    check("load-Game", plain(session.run("load Game mygame -l 60-61", None), tmp_path),
          [r"loading rooms of game mygame", r"no results in room room000060", r"loading results file: room000061",
           r"results file: \S+room000061/bonus.csv", r"result codes: 1"])
