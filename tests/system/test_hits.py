# SPDX-License-Identifier: MIT
"""HITs, qualification types and blocks with ngmtctl, ngmtd and the rehearsal endpoint: what a person types, what they
read, and what the endpoint then has."""
import re

import pytest

from ngmt import assignment, calls, clean_environment, program, source_root, submit, worker

HIT = """[hit]
title = Ultimatum Game
description = Share a sum with another player.
reward = 1.00
assignments = {assignments}
lifetime = 3d
duration = 90m

[question]
url = https://play.example.org/ultimatum?a=1&b=2

[qualification approved-percent]
comparator = GreaterThanOrEqualTo
values = 95
"""


@pytest.fixture
def hit_file(tmp_path):
    def write(assignments=9, **more):
        text = HIT.format(assignments=assignments)
        for old, new in more.get("change", []):
            text = text.replace(old, new)
        (tmp_path / "hit.ini").write_text(text)
        return str(tmp_path / "hit.ini")
    return write


def hits(sim):
    return sim.books("hits")["hits"]


def created(run):
    """The ids of what was created, as the text tells them."""
    return re.findall(r"^created (?:HIT|qualification type) (\S+)", run.stdout, re.M)


def test_a_hit_is_made_once(sim, daemon, hit_file):
    path = hit_file()
    plan = daemon.ctl("hit", "create", path, "--dry-run").stdout
    assert re.search(r"cost: +\$9.00 \+ \$1.80 fees = \$10.80\n", plan), plan
    digest = re.search(r"--plan (\w+)$", plan.strip()).group(1)
    run = daemon.ctl("hit", "create", path, "--yes", "--plan", digest)
    (hit_id,) = created(run)
    assert f'created HIT {hit_id} ("Ultimatum Game")\n' in run.stdout and "(diff: $10.80)" in run.stdout
    run = daemon.ctl("createHIT", path, "--yes")
    assert run.stdout.splitlines()[-1].startswith("Nothing to do: ") and len(hits(sim)) == 1
    assert created(daemon.ctl("hit", "create", path, "--yes", "-t", "again")) != [hit_id] and len(hits(sim)) == 2
    assert calls(sim, "CreateHIT") == 2


def test_the_new_hit_is_the_selected_one(daemon, hit_file):
    (hit_id,) = created(daemon.ctl("hit", "create", hit_file(), "--yes"))
    status = daemon.ctl("get", "HITStatus").stdout
    for line in (f"id: +{hit_id}", "status: +Assignable", "pending ass: +0", "available ass: +9", "completed ass: +0"):
        assert re.search(f"^{line}$", status, re.M), status
    assert daemon.ctl("get", "HITId").stdout == f'retrieved last HIT id: {hit_id} ("Ultimatum Game")\n'
    assert hit_id in daemon.ctl("get", "HITIdList", "-s", "ultimatum").stdout
    run = daemon.ctl("extend", "-a", "1", "-t", "1d", "--yes", status=7)
    assert "Nothing can be done: " in run.stdout and "ten" in run.stdout
    run = daemon.ctl("extendHIT", "-t", "1d", "--yes", TZ="Europe/Berlin")
    assert re.search(rf"^HIT {hit_id} now ends \d{{4}}-.* CES?T \(.*Z\)$", run.stdout, re.M), run.stdout
    assert daemon.ctl("expireHIT", "--yes").stdout == f"expired HIT {hit_id}\n"
    assert re.search("available ass: +0|status: +Reviewable|status: +Unassignable",
                     daemon.ctl("get", "hit-status").stdout)
    assert daemon.ctl("hit", "delete", hit_id, "--yes").stdout == f"deleted HIT {hit_id}\n"


def test_rounds_save_the_fee_for_ten(sim, daemon, hit_file):
    plan = daemon.ctl("hit", "create", hit_file(20), "--dry-run").stdout
    assert re.search(r"cost: +\$20.00 \+ \$8.00 fees", plan), plan
    run = daemon.ctl("hit", "create", hit_file(20), "--rounds", "--yes")
    assert len(created(run)) == 3 and "saved by rounds:  $4.00" in run.stderr
    assert sorted(hit["max_assignments"] for hit in hits(sim)) == [2, 9, 9], hits(sim)


def test_extension_costs_and_is_asked_for(sim, daemon, hit_file):
    (hit_id,) = created(daemon.ctl("hit", "create", hit_file(12), "--yes"))
    run = daemon.ctl("extend", hit_id, "-a", "3", status=9)
    command = run.stderr.splitlines()[-1].split()
    assert command[1:5] == ["extend", hit_id, "-a", "3"] and "--yes" in command
    run = daemon.ctl(*command[1:])
    assert f"extended HIT {hit_id}\n" in run.stdout and "(diff: $4.20)" in run.stdout
    assert hits(sim)[0]["max_assignments"] == 15
    assert daemon.ctl("hit", "delete", hit_id[:-1] + "X", "--yes", status=None).returncode == 1


def test_qualification_types_and_workers(sim, daemon):
    run = daemon.ctl("qualification", "create", "played", "--description", "who played", "--yes")
    (type_id,) = created(run)
    assert daemon.ctl("get", "QualificationTypeId").stdout == f'retrieved QualificationTypeId: {type_id} ("played")\n'
    assert type_id in daemon.ctl("get", "QualificationTypeIdList", "-s", "PLAY").stdout
    assert daemon.ctl("qualification", "create", "played", "--yes", status=None).returncode in (0, 7)
    assert daemon.ctl("qualification", "grant", worker(1), worker(2), "-i", "5", "--yes").stdout == \
        "2 workers got the qualification\n"
    assert "Nothing to do: " in daemon.ctl("qualification", "grant", worker(1), "-i", "5", "--yes").stdout
    holders = daemon.ctl("qualification", "workers").stdout
    assert re.search(rf"{worker(1)} +5 ", holders) and worker(2) in holders
    assert daemon.ctl("qualification", "revoke", worker(1), "-r", "done", "--yes").stdout == \
        "1 worker lost the qualification\n"
    assert worker(1) not in daemon.ctl("qualification", "workers").stdout
    assert re.search("^name: +played$", daemon.ctl("qualification", "show").stdout, re.M)


def test_blocks(sim, daemon):
    submit(sim, [1])
    for words, text in ((("block", worker(1), "-r", "spam"), "1 worker blocked\n"), (("unblock", worker(1)), "1 worker unblocked\n"),
                        (("block", worker(1), "-r", "spam"), "1 worker blocked\n")):
        assert daemon.ctl("worker", *words, "--yes").stdout == text
    assert "Nothing to do: " in daemon.ctl("worker", "block", worker(1), "-r", "spam", "--yes").stdout
    assert calls(sim, "CreateWorkerBlock") == 2 and calls(sim, "DeleteWorkerBlock") == 1


def test_bonuses_of_a_hit(sim, daemon, room):
    submit(sim, [1, 2])
    for number in (1, 2):
        room.player(number, bonus=1.5)
    room.write()
    assert daemon.ctl("get", "hits", "--select", "1").stdout.startswith("selected HIT id: ")
    assert daemon.ctl("get", "bonuses").stdout == "bonuses tot: $0.00 to 0 workers\n"
    daemon.load(room)
    daemon.pay()
    told = daemon.ctl("get", "BonusPayments").stdout
    assert re.search(rf"^{worker(1)} +1 +bonus +\$1.50$", told, re.M) and "bonuses tot: $3.00 to 2 workers\n" in told
    told = daemon.ctl("get", "bonuses", "--assignment", assignment(1), "--json").json
    assert (told["total_cents"], [one["worker_id"] for one in told["workers"]]) == (150, [worker(1)])


def test_a_lost_answer_makes_no_second_hit(sim, daemon, hit_file):
    sim.faults({"operation": "CreateHIT", "kind": "drop-after", "count": 1})
    run = daemon.ctl("hit", "create", hit_file(), "--yes")
    assert created(run) == [hit["hit"] for hit in hits(sim)] and calls(sim, "CreateHIT") == 2, run


def test_the_picker_picks(sim, daemon, hit_file, open_terminal):
    first, = created(daemon.ctl("hit", "create", hit_file(), "--yes"))
    created(daemon.ctl("hit", "create", hit_file(change=[("Ultimatum", "Dictator")]), "--yes"))
    terminal = open_terminal([program("client/ngmtctl"), "get", "HITIdList"],
                             environment=clean_environment(NGMT_SOCKET=str(daemon.socket_path)))
    terminal.wait_for("? Select a HIT (1-2 of 2)")
    terminal.type("ultim")
    terminal.wait_for("(1-1 of 1)")
    terminal.send("Enter")
    assert terminal.end() == 0
    assert f"selected HIT id: {first}" in terminal.screen()
    assert first in daemon.ctl("get", "hit-status").stdout


def test_the_sample_is_a_hit(daemon):
    sample = str(source_root() / "conf" / "hit.ini.sample")
    assert "cost:           $9.00 + $1.80 fees = $10.80\n" in daemon.ctl("hit", "create", sample, "--dry-run").stdout


def test_results_are_no_codes(daemon, room):
    room.player(1)
    room.write()
    assert "results are loaded with" in daemon.ctl("load", "inputcodes", str(room.path)).stderr
    codes = room.path.parent / "codes.csv"
    codes.write_text("id,AccessCode,ExitCode\np1,a,b\n")
    assert daemon.ctl("load", "inputcodes", str(codes), "--replace").stderr == ""


def test_mistakes_are_named(daemon, hit_file):
    run = daemon.ctl("hit", "create", hit_file(change=[("= 95", "= 95, 96")]), "--yes", status=2)
    assert "hit.qualifications[0].values" in run.stderr
    assert "no HIT is selected" in daemon.ctl("expire", status=1).stderr
    assert "no qualification type is selected" in daemon.ctl("qualification", "grant", worker(1), "--yes", status=1).stderr
    assert daemon.ctl("hit", "create", hit_file(), "--yes", "--json", "-q").json["created"][0]["hit_id"]
