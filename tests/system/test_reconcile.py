# SPDX-License-Identifier: MIT
"""Files, ledger and platform side by side: each finding is provoked, and told apart from all others."""
import csv
import io
import sqlite3
import subprocess
import threading
import time

import pytest

from ngmt import HIT, Room, RpcError, assignment, calls, clean_environment, program, submit, wait_until, worker

FINDINGS = ("double", "paid-outside", "missing", "other-amount", "wrong-worker", "wrong-hit", "decided-otherwise",
            "approved-outside", "rejected-outside", "owed", "held", "not-in-file", "unknown-assignment",
            "not-submitted", "undecided", "waiting", "auto-approved", "agree")
OTHER_HIT = "3NGMTHIT0000000000000000000002"


def rows_of(report, number):
    return [row for row in report["rows"] if row["assignment_id"] == assignment(number)]


def row_of(report, number):
    rows = rows_of(report, number)
    assert len(rows) == 1, report["rows"]
    return rows[0]


def finding(report, number):
    return row_of(report, number)["finding"]


def counts(report):
    return {f["finding"]: f["count"] for f in report["findings"]}


def pay_outside(sim, number, amount, token):
    sim.boto3_client().send_bonus(WorkerId=worker(number), BonusAmount=amount, AssignmentId=assignment(number),
                                  Reason="by hand", UniqueRequestToken=token)


def paid_room(sim, daemon, room, numbers=(1, 2, 3), bonus=2.5):
    submit(sim, numbers)
    for number in numbers:
        room.player(number, bonus)
    daemon.load(room.write())
    daemon.pay()
    return room


def change(daemon, sql, *values):
    """As a restored backup or a bug would leave the ledger; the daemon must not run."""
    assert daemon.process is None
    database = sqlite3.connect(daemon.ledger_path)
    with database:
        assert database.execute(sql, values).rowcount > 0
    database.close()


# -- all is well ------------------------------------------------------------------------------------------------------


def test_a_paid_room_agrees(sim, daemon, room):
    paid_room(sim, daemon, room.bot())
    report = daemon.call("reconcile")
    assert (report["agrees"], report["compared"], report["differing"], report["hits"]) == (True, 3, 0, 1)
    assert report["environment"] == "rehearsal"
    assert report["selection"] == "the working set"
    assert counts(report) == {"agree": 3}
    assert report["money"] == {"currency": "USD", "file_cents": 750, "ledger_cents": 750, "ledger_fees_cents": 150,
                               "platform_cents": 750, "rewards_cents": 300, "difference_cents": 0}
    row = row_of(report, 2)
    assert (row["hit_id"], row["worker_id"], row["agrees"], row["also"]) == (HIT, worker(2), True, [])
    assert (row["file"]["path"], row["file"]["line"], row["file"]["verdict"]) == (str(room.path), 4, "approve")
    assert row["file"]["bonus_cents"] == 250
    assert (row["ledger"]["decision"]["kind"], row["ledger"]["decision"]["state"]) == ("approve", "done")
    (bonus,) = row["ledger"]["bonuses"]
    assert (bonus["purpose"], bonus["state"], bonus["amount_cents"], bonus["fees_cents"]) == ("bonus", "done", 250, 50)
    assert (row["platform"]["status"], row["platform"]["auto_approved"]) == ("approved", False)
    assert [p["amount_cents"] for p in row["platform"]["bonuses"]] == [250]
    assert (row["platform"]["reward_cents"], row["difference_cents"]) == (100, 0)

    done = daemon.ctl("reconcile")
    assert "All 3 rows agree" in done.stdout and "REHEARSAL" in done.stdout
    assert assignment(1) not in done.stdout  # only what differs is listed
    assert assignment(1) in daemon.ctl("reconcile", "--all-rows").stdout
    assert daemon.ctl("reconcile", "--json").json["agrees"] is True


def test_a_second_bonus_on_purpose_agrees(sim, daemon, room):
    paid_room(sim, daemon, room)
    daemon.pay(["bonus"], purpose="follow-up")
    report = daemon.call("reconcile")
    assert report["agrees"], report["rows"]
    assert [b["purpose"] for b in row_of(report, 1)["ledger"]["bonuses"]] == ["bonus", "follow-up"]
    assert (report["money"]["file_cents"], report["money"]["platform_cents"]) == (750, 1500)
    assert report["money"]["difference_cents"] == 0


def test_an_empty_ledger_has_nothing_to_compare(sim, daemon):
    report = daemon.call("reconcile")
    assert (report["compared"], report["agrees"], report["rows"], report["next_offset"]) == (0, True, [], None)
    assert "Nothing to compare" in daemon.ctl("reconcile").stdout
    assert calls(sim, "GetHIT") == 0


# -- each finding -----------------------------------------------------------------------------------------------------


def test_owed(sim, daemon, room):
    submit(sim, [1])
    daemon.load(room.player(1, 2.5).write())
    report = daemon.call("reconcile")
    row = row_of(report, 1)
    assert (row["finding"], report["agrees"], row["difference_cents"]) == ("owed", False, -250)
    assert "asks for an approval" in row["why"] and "bonus of $2.50, nobody has paid it" in row["why"]
    assert report["money"]["difference_cents"] == -250
    done = daemon.ctl("reconcile", status=7)
    assert "1 of 1 row does not agree" in done.stdout
    assert assignment(1) in done.stdout and "-$2.50" in done.stdout


def test_waiting(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"queue": {"retry_interval": "1h"}})
    submit(sim, [1])
    daemon.load(room.player(1, 2.5).write())
    sim.faults({"operation": "ApproveAssignment", "kind": "status", "status": 500, "body": "{}"})
    daemon.apply(["approve"])
    daemon.wait_for_state("decision/", "unsure")
    report = daemon.call("reconcile")
    assert "waiting" in (row_of(report, 1)["finding"], *row_of(report, 1)["also"])
    assert "on its way (unsure)" in row_of(report, 1)["why"]


def test_paid_outside(sim, daemon, room):
    submit(sim, [1, 2])
    room.player(1, 2.5).player(2, 0).write()
    daemon.load(room)
    daemon.pay(["approve"])
    pay_outside(sim, 1, "2.50", "outside-1")
    pay_outside(sim, 2, "1.00", "outside-2")
    report = daemon.call("reconcile")
    assert counts(report) == {"paid-outside": 2}
    assert "the file asks for $2.50" in row_of(report, 1)["why"]
    assert "that this ledger did not send" in row_of(report, 2)["why"]
    assert (row_of(report, 1)["difference_cents"], row_of(report, 2)["difference_cents"]) == (0, 100)
    assert report["money"]["platform_cents"] == 350 and report["money"]["ledger_cents"] == 0


def test_double(sim, daemon, room):
    paid_room(sim, daemon, room)
    pay_outside(sim, 2, "2.50", "again")
    report = daemon.call("reconcile")
    assert counts(report) == {"double": 1, "agree": 2}
    row = row_of(report, 2)
    assert "lists 2 payments, the ledger sent 1" in row["why"]
    assert (row["also"], row["difference_cents"]) == (["paid-outside"], 250)
    # What is wrong comes first.
    assert report["findings"][0]["finding"] == "double"


def test_other_amount(sim, daemon, room):
    paid_room(sim, daemon, room)
    room.rows[0]["bonus"] = 3
    room.rows[1]["bonus"] = 0
    daemon.load(room.write(), mode="replace")
    report = daemon.call("reconcile")
    assert counts(report) == {"other-amount": 2, "agree": 1}
    assert "the file asks for a bonus of $3.00, the ledger paid $2.50" in row_of(report, 1)["why"]
    assert "asks for no bonus, the ledger paid $2.50" in row_of(report, 2)["why"]
    assert (row_of(report, 1)["difference_cents"], row_of(report, 2)["difference_cents"]) == (-50, 250)


def test_missing(sim, daemon, room):
    submit(sim, [1, 2])
    daemon.load(room.player(1, 2.5).player(2, 2.5).write())
    daemon.pay(["approve", "bonus"])
    # Another assignment took the place of the first one's payment, as far as the ledger can see.
    submit(sim, [3, 4], make_hit=False)
    daemon.terminate()
    change(daemon, "UPDATE operation SET assignment_id = ?, worker_id = ?, changed_s = changed_s - 100 "
           "WHERE assignment_id = ?", assignment(3), worker(3), assignment(1))
    daemon.start()
    report = daemon.call("reconcile", hits=[HIT])
    row = row_of(report, 3)
    assert row["finding"] == "missing"
    assert "the ledger says approved, MTurk does not show it" in row["why"]
    assert "the ledger says that $2.50 was paid, MTurk does not list it" in row["why"]
    assert finding(report, 2) == "agree"
    assert finding(report, 4) == "not-in-file"


def test_auto_approved(sim, daemon, room):
    sim.hit(hit=HIT, reward="1.00", max_assignments=50, title="Ultimatum Game", auto_approval_s=600)
    submit(sim, [1, 2, 3], make_hit=False)
    daemon.load(room.player(1, 0).disconnected(2, 0).write())
    sim.advance(700)
    report = daemon.call("reconcile")
    agreeing, opposing, nobodys = (row_of(report, n) for n in (1, 2, 3))
    # With an approval it agrees, but it is told.
    assert (agreeing["finding"], agreeing["agrees"]) == ("auto-approved", True)
    assert "when its time was over" in agreeing["why"] and agreeing["platform"]["auto_approved"] is True
    assert (opposing["finding"], opposing["agrees"]) == ("auto-approved", False)
    assert "asks for a rejection" in opposing["why"]
    assert (nobodys["finding"], nobodys["also"]) == ("not-in-file", ["auto-approved"])
    assert (report["auto_approved"], report["differing"]) == (3, 2)
    assert report["money"]["rewards_cents"] == 300

    room.rows = room.rows[:1]
    daemon.load(room.write(), mode="replace")
    daemon.ctl("reconcile", status=7)  # 2 and 3 are nobody's now


def test_only_auto_approved_agrees(sim, daemon, room):
    sim.hit(hit=HIT, reward="1.00", max_assignments=50, title="Ultimatum Game", auto_approval_s=600)
    submit(sim, [1], make_hit=False)
    daemon.load(room.player(1, 0).write())
    sim.advance(700)
    done = daemon.ctl("reconcile")
    assert "The one row agrees" in done.stdout and "auto-approved" in done.stdout


def test_approved_in_time_by_the_ledger_is_not_auto_approved(sim, daemon, room):
    paid_room(sim, daemon, room, [1])
    sim.advance(40 * 86400)
    report = daemon.call("reconcile")
    assert (finding(report, 1), report["auto_approved"]) == ("agree", 0)


def test_decided_otherwise_and_outside(sim, daemon, room):
    submit(sim, [1, 2, 3, 4, 5])
    client = sim.boto3_client()
    client.approve_assignment(AssignmentId=assignment(1))
    client.approve_assignment(AssignmentId=assignment(2))
    client.reject_assignment(AssignmentId=assignment(3), RequesterFeedback="no")
    client.reject_assignment(AssignmentId=assignment(4), RequesterFeedback="no")
    client.approve_assignment(AssignmentId=assignment(5))
    room.disconnected(1, 0).player(2, 0).player(3, 0).disconnected(4, 0).write()
    daemon.load(room)
    report = daemon.call("reconcile")
    assert {n: finding(report, n) for n in range(1, 6)} == {
        1: "decided-otherwise", 2: "approved-outside", 3: "decided-otherwise", 4: "rejected-outside",
        5: "approved-outside"}
    assert "asks for a rejection, MTurk shows it as approved (not by this ledger)" in row_of(report, 1)["why"]
    assert "no row of a file claims it" in row_of(report, 5)["why"]


def test_wrong_worker_and_wrong_hit(sim, daemon, room):
    submit(sim, [1, 2])
    submit(sim, [3], hit=OTHER_HIT)
    room.player(1, 1, workerid=worker(9)).player(2, 1).player(3, 1).write()
    daemon.load(room)
    report = daemon.call("reconcile")
    both = rows_of(report, 1)
    assert {(row["worker_id"], row["finding"]) for row in both} == {(worker(9), "wrong-worker"),
                                                                    (worker(1), "wrong-worker")}
    for row in both:
        assert f"the file says worker {worker(9)}, MTurk says worker {worker(1)}" in row["why"]
    assert finding(report, 2) == "owed"
    assert finding(report, 3) == "wrong-hit"
    assert f"says HIT {HIT}, MTurk says HIT {OTHER_HIT}" in row_of(report, 3)["why"]


def test_not_in_file(sim, daemon, room):
    paid_room(sim, daemon, room, [1])
    submit(sim, [2], make_hit=False)
    room.rows = []
    daemon.load(room.player(3, 0).write(), mode="replace")
    report = daemon.call("reconcile")
    assert finding(report, 2) == "not-in-file"
    # It was paid for a row that the newest version does not have any more.
    row = row_of(report, 1)
    assert row["finding"] == "not-in-file" and "the ledger paid $2.50, no row of a file claims it" in row["why"]
    assert finding(report, 3) == "unknown-assignment"


def test_not_submitted_and_unknown(sim, daemon, room):
    submit(sim, [1])
    sim.accept(hit=HIT, assignments=[{"assignment": assignment(2), "worker": worker(2)}])
    room.player(1, 0).player(2, 1).player(3, 1).player(4, 1, hitid="3NGMTHIT0000000000000000000404").write()
    daemon.load(room)
    report = daemon.call("reconcile")
    assert (finding(report, 2), finding(report, 3)) == ("not-submitted", "unknown-assignment")
    assert finding(report, 4) == "unknown-assignment"
    assert "knows no HIT 3NGMTHIT0000000000000000000404" in row_of(report, 4)["why"]
    assert report["hits"] == 2


def test_held(sim, daemon, room):
    submit(sim, [1, 2, 3, 4])
    room.player(1, "1.234").player(2, 1).player(3, 1).player(4, 100).add(id="p9", type="player", workerid=worker(9),
                                                                        bonus=1, approve=True)
    room.player(3, 2, approve=False, reject=True)
    daemon.load(room.write())
    report = daemon.call("reconcile")
    assert finding(report, 1) == "held" and "1.234" in row_of(report, 1)["why"]
    assert finding(report, 3) == "held" and "contradict" in row_of(report, 3)["why"]
    assert finding(report, 4) == "held" and row_of(report, 4)["why"].count("max_bonus") == 1
    assert finding(report, 2) == "owed"
    (nameless,) = [row for row in report["rows"] if row["assignment_id"] is None]
    assert nameless["finding"] == "held" and nameless["file"]["line"] == 6
    assert (nameless["ledger"], nameless["platform"]) == (None, None)


def test_undecided(sim, make_daemon, room):
    daemon = make_daemon(sim)
    submit(sim, [1])
    room.columns += ("skip",)
    daemon.load(room.player(1, 1, skip=1).write())
    report = daemon.call("reconcile")
    assert finding(report, 1) == "undecided"


def test_rows_that_contradict_each_other_about_the_bonus(sim, daemon, room):
    submit(sim, [1])
    daemon.load(room.player(1, 1).player(1, 2).write())
    row = row_of(daemon.call("reconcile"), 1)
    assert "rows contradict each other" in row["why"] and row["file"]["rows"] == 2


def test_every_finding_has_a_test():
    """A finding that is added is provoked above, or in tests/unit/reconcile.c."""
    text = open(__file__, encoding="utf-8").read()
    assert all(text.count(f'"{name}"') > 1 for name in FINDINGS if name not in ("agree",))


# -- selections -------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_rooms(sim, daemon, tmp_path):
    """Two rooms of one HIT, and a third one of another HIT; the first is the working set."""
    submit(sim, [1, 2, 3])
    submit(sim, [5], hit=OTHER_HIT)
    rooms = [Room(tmp_path / "data", 61).player(1, 1), Room(tmp_path / "data", 62).player(2, 1),
             Room(tmp_path / "data", 63).player(5, 1, hitid=OTHER_HIT)]
    for room in rooms:
        room.write()
    daemon.call("load", what="game", game=str(tmp_path / "data"), mode="new")
    daemon.call("load", what="results", path=str(rooms[0].path), mode="replace")
    return rooms


def who(report):
    return {int(row["assignment_id"][-7:]) for row in report["rows"]}


def test_what_others_claim_is_left_out(sim, daemon, two_rooms):
    # 3 is claimed by nobody: it may belong to any room of the HIT.
    assert who(daemon.call("reconcile")) == {1, 3}
    assert who(daemon.call("reconcile", room="room000062")) == {2, 3}
    assert who(daemon.call("reconcile", hits=[HIT])) == {1, 2, 3}
    assert who(daemon.call("reconcile", hits=[HIT, OTHER_HIT])) == {1, 2, 3, 5}
    everything = daemon.call("reconcile", all=True)
    assert who(everything) == {1, 2, 3, 5}
    assert (everything["hits"], everything["selection"]) == (2, "everything that the ledger knows")


def test_the_command_line(sim, daemon, two_rooms):
    assert who(daemon.ctl("reconcile", "--json", "--hit", HIT, "--hit", OTHER_HIT, status=7).json) == {1, 2, 3, 5}
    assert who(daemon.ctl("reconcile", "--json", "--room", "room000063", status=7).json) == {5}
    assert who(daemon.ctl("reconcile", "--json", "--all", status=7).json) == {1, 2, 3, 5}
    daemon.ctl("reconcile", "--all", "--room", "room000063", status=2)
    daemon.ctl("reconcile", "--csv", "--json", status=2)
    refused = daemon.ctl("reconcile", "--hit", "3NGMTHIT0000000000000000000404", "--json", status=1)
    assert refused.json["error"]["name"] == "not-found"
    daemon.ctl("reconcile", "--room", "room999999", status=1)
    daemon.ctl("reconcile", "--hit", "no id", status=2)


def test_hits_that_no_row_names_are_found(sim, daemon, room):
    """Rows without a HIT: one assignment is asked about, and names the HIT of all others."""
    submit(sim, range(1, 21))
    for number in range(1, 21):
        room.player(number, 0, hitid=None)
    daemon.load(room.write())
    report = daemon.call("reconcile")
    assert (report["compared"], report["hits"]) == (20, 1)
    assert counts(report) == {"owed": 20}
    assert calls(sim, "GetAssignment") <= 4


def test_surveys_are_fresh(sim, daemon, room):
    paid_room(sim, daemon, room)
    assert daemon.call("reconcile")["agrees"]
    pay_outside(sim, 1, "9.00", "later")
    assert finding(daemon.call("reconcile"), 1) == "double"
    before = calls(sim, "ListAssignmentsForHIT")
    daemon.call("reconcile")
    assert calls(sim, "ListAssignmentsForHIT") == before + 1


def test_nothing_is_changed(sim, daemon, room):
    paid_room(sim, daemon, room)
    before = daemon.ledger.operations()
    daemon.ctl("reconcile", "--all")
    assert daemon.ledger.operations() == before
    assert calls(sim, "SendBonus") == 3


def test_bad_params(daemon):
    for params in ({"hits": []}, {"hits": "x"}, {"hits": ["a b"]}, {"hits": [1]}, {"room": ""}, {"all": 1},
                   {"limit": 0}, {"limit": 1001}, {"offset": -1}, {"report": 0}, {"report": "1"},
                   {"all": True, "room": "r"}, {"report": 1, "all": True}):
        with pytest.raises(RpcError) as refused:
            daemon.call("reconcile", **params)
        assert refused.value.name == "usage", params


def test_without_the_platform(sim, daemon, room):
    paid_room(sim, daemon, room)
    sim.credentials(access_key_id="AKIDOTHER", secret_access_key="x" * 40)
    with pytest.raises(RpcError) as refused:
        daemon.call("reconcile")
    assert refused.value.name == "credentials"
    daemon.ctl("reconcile", status=4)


# -- CSV and pages ----------------------------------------------------------------------------------------------------


def test_csv(sim, daemon, tmp_path):
    room = Room(tmp_path / '=cmd("x"), data', 61)
    paid_room(sim, daemon, room, [1, 2])
    pay_outside(sim, 2, "1.05", "by-hand")
    done = daemon.ctl("reconcile", "--csv", status=7)
    lines = list(csv.reader(io.StringIO(done.stdout, newline=""), strict=True))
    assert len(lines) == 3 and len({len(line) for line in lines}) == 1
    first, second = (dict(zip(lines[0], line)) for line in lines[1:])
    assert (first["finding"], first["agrees"], second["finding"], second["agrees"]) == ("agree", "yes", "double", "no")
    assert (second["file_bonus"], second["ledger_paid"], second["ledger_fees"]) == ("2.50", "2.50", "0.50")
    assert (second["platform_paid"], second["difference"], second["platform_bonuses"]) == ("3.55", "1.05", "2")
    assert (first["reward"], first["platform_status"], first["auto_approved"]) == ("1.00", "approved", "no")
    assert first["file"] == str(room.path) and first["line"] == "2"
    assert first["approved_at"].endswith("Z") and "T" in first["approved_at"]
    assert first["ledger_purposes"] == "bonus"


def test_csv_is_harmless_in_a_spreadsheet(sim, daemon, room):
    submit(sim, [1])
    daemon.load(room.player(1, 1, workerid="=HYPERLINK(1)").write())
    raw = subprocess.run([program("client/ngmtctl"), "--socket", str(daemon.socket_path), "reconcile", "--csv"],
                         stdout=subprocess.PIPE, env=clean_environment(), check=False, timeout=60)
    assert raw.returncode == 7
    assert raw.stdout.count(b"\r\n") == raw.stdout.count(b"\n") == 3
    rows = list(csv.DictReader(io.StringIO(raw.stdout.decode(), newline=""), strict=True))
    assert {row["worker_id"] for row in rows} == {"'=HYPERLINK(1)", worker(1)}
    assert not [cell for row in rows for cell in row.values() if cell and cell[0] in "=+@"]


def test_pages_are_of_one_report(sim, daemon, room):
    submit(sim, range(1, 26))
    for number in range(1, 26):
        room.player(number, 1)
    daemon.load(room.write())
    first = daemon.call("reconcile", limit=10)
    assert (len(first["rows"]), first["total"], first["next_offset"]) == (10, 25, 10)
    daemon.pay()
    pages = [first] + [daemon.call("reconcile", report=first["report"], offset=offset, limit=10)
                       for offset in (10, 20)]
    assert [len(page["rows"]) for page in pages] == [10, 10, 5]
    assert pages[2]["next_offset"] is None
    numbers = [row["assignment_id"] for page in pages for row in page["rows"]]
    assert numbers == [assignment(n) for n in range(1, 26)]
    assert {row["finding"] for page in pages for row in page["rows"]} == {"owed"}  # as it was
    assert daemon.call("reconcile")["agrees"]
    # Only those that differ, too.
    pay_outside(sim, 7, "3.00", "outside")
    differing = daemon.call("reconcile", differing=True)
    assert (differing["total"], differing["compared"], who(differing)) == (1, 25, {7})


def test_old_reports_are_forgotten(sim, daemon, room):
    paid_room(sim, daemon, room)
    reports = [daemon.call("reconcile")["report"] for _ in range(6)]
    assert daemon.call("reconcile", report=reports[-1])["report"] == reports[-1]
    with pytest.raises(RpcError) as refused:
        daemon.call("reconcile", report=reports[0])
    assert refused.value.name == "not-found"


def test_the_daemon_may_stop_meanwhile(sim, daemon, room):
    paid_room(sim, daemon, room)
    sim.faults({"operation": "ListAssignmentsForHIT", "kind": "freeze"})
    with daemon.connect() as connection:
        request = connection.send("reconcile")
        wait_until(lambda: sim.fault_counts()[0]["fired"] > 0, "the survey is out")
        daemon.terminate()
        with pytest.raises((RpcError, ConnectionError)):
            connection.reply(request)
    sim.faults()
    daemon.start()
    assert daemon.call("reconcile", all=True)["agrees"]


def test_a_survey_of_somebody_else_is_not_believed(sim, daemon, room):
    """It may have read the list of bonuses before somebody paid: the HIT is asked about once more."""
    paid_room(sim, daemon, room)
    sim.faults({"operation": "ListBonusPayments", "kind": "delay", "ms": 1500, "count": 1})
    with daemon.connect() as first, daemon.connect() as second:
        earlier = first.send("reconcile")
        wait_until(lambda: sim.fault_counts()[0]["fired"] > 0, "the first survey is out")
        pay_outside(sim, 1, "9.00", "meanwhile")
        later = second.send("reconcile")
        assert finding(second.reply(later), 1) == "double"
        first.reply(earlier)


# -- many -------------------------------------------------------------------------------------------------------------


def test_many_do_not_keep_others_waiting(sim, daemon, room):
    many = 2100
    sim.hit(hit=HIT, reward="0.10", max_assignments=many, title="Ultimatum Game")
    submit(sim, range(1, many + 1), make_hit=False)
    for number in range(1, many + 1):
        room.player(number, 0.1)
    daemon.load(room.write())
    result = {}

    def compare():
        with daemon.connect() as connection:
            result["report"] = connection.call("reconcile")

    thread = threading.Thread(target=compare)
    thread.start()
    slowest = answers = 0
    while thread.is_alive():
        began = time.monotonic()
        daemon.call("status")
        slowest = max(slowest, time.monotonic() - began)
        answers += 1
    thread.join()
    report = result["report"]
    assert (report["compared"], report["total"], report["next_offset"]) == (many, many, 1000)
    assert counts(report) == {"owed": many}
    assert answers > 20 and slowest < 1.5, (answers, slowest)
    done = daemon.ctl("reconcile", "--json", status=7).json
    assert len(done["rows"]) == many and done["next_offset"] is None
    assert len({row["assignment_id"] for row in done["rows"]}) == many
    lines = daemon.ctl("reconcile", "--csv", status=7).stdout.splitlines()
    assert len(lines) == many + 1


def test_who_has_left_is_not_waited_for(sim, daemon, room):
    paid_room(sim, daemon, room)
    for _ in range(5):
        connection = daemon.connect()
        connection.send("reconcile")
        connection.close()
    # Two of a user at once: those whose client has left do not count for long.
    deadline = time.monotonic() + 60
    while True:
        try:
            assert daemon.call("reconcile")["agrees"]
            return
        except RpcError as busy:
            assert busy.name == "busy" and time.monotonic() < deadline
