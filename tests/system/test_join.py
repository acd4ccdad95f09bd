# SPDX-License-Identifier: MIT
"""Rows without worker and assignment, as nodeGame's single-player template writes them: joined with MTurk's own list of
submissions by exit code, by codes file, by worker id; held where that leaves a doubt; and nobody is paid for another."""
import pytest

from ngmt import HIT, REASON, RpcError, approvals, assignment, bonuses, calls, check_books, wait_until, worker

OTHER_HIT = "3NGMTHIT0000000000000000000002"
TEMPLATE = ("id", "type", "basepay", "bonus")
WITH_CODES = ("id", "access", "exit", "bonus")


class Template:
    """A bonus.csv without AMT columns."""

    def __init__(self, folder, columns=TEMPLATE, name="bonus.csv"):
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / name
        self.columns = columns
        self.lines = []

    def player(self, **cells):
        cells = {"type": "human", "basepay": 1, "bonus": 2.5, **cells}
        self.lines.append(",".join(str(cells.get(column, "NA")) for column in self.columns))
        return self

    def write(self):
        self.path.write_text("\n".join([",".join(self.columns), *self.lines]) + "\n")
        return self


def submit(sim, codes, hit=HIT, make_hit=True):
    """{number: code}"""
    if make_hit:
        sim.hit(hit=hit, reward="1.00", max_assignments=100, title="Survey")
    if codes:
        sim.submit(hit=hit, assignments=[{"assignment": assignment(n), "worker": worker(n), "code": code}
                                         for n, code in codes.items()])


def rows(daemon, verdict=None):
    """The working set by line: line 2 is the first."""
    page = daemon.call("show", what="results", limit=1000, **({"verdict": verdict} if verdict else {}))
    return {row["line"]: row for row in page["rows"]}


def wait_for_payment(daemon, number):
    """Until it is approved and paid, as the ledger has it."""
    wait_until(lambda: {(op["kind"], op["state"]) for op in daemon.ledger.operations()
                        if op["assignment_id"] == assignment(number)} == {("approve", "done"), ("bonus", "done")},
               daemon.log)


def room_rows(daemon, room):
    return {row["line"]: row for row in daemon.call("room", room=room)["rows_page"]}


@pytest.fixture
def options():
    return {"import": {"auto_approve": "yes"}, "defaults": {"reason": REASON, "hit_id": HIT}}


@pytest.fixture
def daemon(sim, make_daemon, options):
    return make_daemon(sim, options=options)


@pytest.fixture
def watching(sim, make_daemon, options, tmp_path):
    """A game is watched; its rooms are paid by themselves."""
    (tmp_path / "games" / "survey" / "data").mkdir(parents=True)

    def make(entry=f"policy=pay hit={HIT}", **more):
        options["nodegame"] = {"game": f"{tmp_path}/games/survey {entry}", "settle": "50ms", "rescan": "1s", **more}
        del options["defaults"]["hit_id"]
        daemon = make_daemon(sim, options=options)
        wait_until(lambda: not daemon.call("rooms")["watch"]["scanning"], daemon.log)
        return daemon
    return make


def test_by_exit_code(sim, daemon, tmp_path):
    submit(sim, {1: "exp1", 2: " EXP2 ", 9: "somebody else's"})
    file = Template(tmp_path, WITH_CODES).player(id="p1", access="a1", exit="exp1")
    file.player(id="p2", access="a2", exit="exp2", bonus=1).player(id="p3", access="a3", exit="exp3").write()
    loaded = daemon.call("load", what="results", path=str(file.path), mode="new")["files"][0]
    assert (loaded["approve"], loaded["hold"], loaded["unjoined"]) == (2, 1, 1)
    assert [problem["line"] for problem in loaded["problems"]] == [4]
    found = rows(daemon)
    assert found[2]["worker_id"] == worker(1) and found[2]["assignment_id"] == assignment(1)
    assert found[2]["hit_id"] == HIT and "joined by its exit code" in found[2]["why"]
    assert found[4]["verdict"] == "hold" and 'nobody has submitted exit code "exp3"' in found[4]["why"]
    daemon.pay()
    check_books(sim, daemon, {1: 250, 2: 100})


def test_by_worker_id(sim, daemon, tmp_path):
    """External authentication: the player's id is the worker's."""
    submit(sim, {1: "x", 2: "y"})
    file = Template(tmp_path).player(id=worker(1)).player(id=worker(3)).write()
    daemon.call("load", what="results", path=str(file.path), mode="new")
    assert "worker's" in rows(daemon)[2]["why"]
    daemon.pay()
    check_books(sim, daemon, {1: 250})


def test_a_file_with_the_worker_alone(sim, daemon, tmp_path):
    submit(sim, {1: "x"})
    path = tmp_path / "combined.csv"
    path.write_text(f"workerid,bonus\n{worker(1)},1.25\n{worker(2)},3\n")
    daemon.call("load", what="results", path=str(path), mode="new")
    daemon.pay()
    check_books(sim, daemon, {1: 125})
    assert f"worker {worker(2)} has not submitted" in rows(daemon)[3]["why"]


def test_by_codes_file(sim, watching, tmp_path):
    """What nodeGame keeps in auth/ is found beside the game, and read again when the game starts anew."""
    auth = tmp_path / "games" / "survey" / "auth"
    auth.mkdir()
    (auth / "codes.csv").write_text('"id","AccessCode","ExitCode"\n"p1","a1","stale"\n')
    (auth / "codes.imported.csv").write_text('"ExitCode","id","AccessCode"\n"exp1","p1","a1"\n"exp2","p2","a2"\n')
    submit(sim, {1: "exp1", 2: "exp2", 3: "exp3"})
    daemon = watching()
    file = Template(tmp_path / "games" / "survey" / "data" / "room000001").player(id="p1").write()
    wait_for_payment(daemon, 1)
    check_books(sim, daemon, {1: 250})
    file.player(id="p2", bonus=1).write()
    wait_for_payment(daemon, 2)
    (auth / "codes.imported.csv").write_text('"ExitCode","id","AccessCode"\n"exp3","p3","a3"\n')
    Template(tmp_path / "games" / "survey" / "data" / "room000002").player(id="p3", bonus=3).write()
    wait_for_payment(daemon, 3)
    check_books(sim, daemon, {1: 250, 2: 100, 3: 300})
    assert "codes file" in room_rows(daemon, "room000001")[2]["why"]
    # they are not what a person loaded: nothing is checked against them
    shown = daemon.call("show", what="inputcodes")
    assert shown["total"] == 0 and shown["files"][0]["path"].endswith("codes.imported.csv")


def test_a_late_submission(sim, watching, tmp_path):
    submit(sim, {1: "exp1"})
    daemon = watching()
    Template(tmp_path / "games" / "survey" / "data" / "room000001", WITH_CODES).player(
        id="p1", access="a1", exit="exp1").player(id="p2", access="a2", exit="exp2", bonus=3).write()
    wait_for_payment(daemon, 1)
    check_books(sim, daemon, {1: 250})
    waiting = room_rows(daemon, "room000001")[3]
    assert waiting["join"] == "waiting" and 'nobody has submitted exit code "exp2"' in waiting["why"]
    submit(sim, {2: "exp2"}, make_hit=False)
    daemon.call("rooms_rescan")
    wait_for_payment(daemon, 2)
    wait_until(lambda: room_rows(daemon, "room000001")[3]["bonus_state"] == "done", daemon.log)
    check_books(sim, daemon, {1: 250, 2: 300})


def test_rows_that_wait_are_asked_for_again_by_themselves(sim, watching, tmp_path):
    """And after a restart; nobody has to say anything."""
    submit(sim, {})
    daemon = watching()
    Template(tmp_path / "games" / "survey" / "data" / "room000001", WITH_CODES).player(
        id="p1", access="a1", exit="exp1").write()
    wait_until(lambda: "nobody has submitted" in str(daemon.call("rooms") and room_rows_or_none(daemon)), daemon.log)
    daemon.terminate()
    submit(sim, {1: "exp1"}, make_hit=False)
    daemon.start()
    wait_for_payment(daemon, 1)
    check_books(sim, daemon, {1: 250})
    # nothing waits: nobody asks
    asked = calls(sim, "ListAssignmentsForHIT")
    daemon.call("rooms_rescan")
    wait_until(lambda: not daemon.call("rooms")["watch"]["scanning"], daemon.log)
    assert calls(sim, "ListAssignmentsForHIT") == asked


def room_rows_or_none(daemon):
    try:
        return room_rows(daemon, "room000001")
    except RpcError:
        return None


def test_several_submissions_of_one_code(sim, daemon, tmp_path):
    """A worker has passed the code on: a person decides who gets the bonus."""
    submit(sim, {1: "exp1", 2: "exp1"})
    file = Template(tmp_path, WITH_CODES).player(id="p1", access="a1", exit="exp1").write()
    daemon.call("load", what="results", path=str(file.path), mode="new")
    row = rows(daemon)[2]
    assert row["verdict"] == "hold"
    assert f"{assignment(1)} (worker {worker(1)}), {assignment(2)} (worker {worker(2)})" in row["why"]
    assert daemon.apply() is None
    assert not bonuses(sim) and not approvals(sim)
    listed = daemon.call("unclaimed")
    assert [s["assignment_id"] for s in listed["submissions"]] == [assignment(1), assignment(2)]
    assert "a row asks for it, but could not be joined" in listed["submissions"][0]["why"]


def test_two_rows_for_one_submission(sim, watching, tmp_path):
    """Codes that are given out twice: neither row is paid, whichever came first, as long as nothing was sent."""
    submit(sim, {1: "10", 2: "20"})
    daemon = watching(f"hit={HIT}")
    data = tmp_path / "games" / "survey" / "data"
    Template(data / "room000001", WITH_CODES).player(id="1", access="1", exit="10", bonus=1).write()
    wait_until(lambda: (room_rows_or_none(daemon) or {}).get(2, {}).get("join") == "done", daemon.log)
    Template(data / "room000002", WITH_CODES).player(id="2", access="2", exit="10", bonus=9).player(
        id="3", access="3", exit="20").write()
    wait_until(lambda: room_rows(daemon, "room000001")[2]["join"] == "doubtful", daemon.log)
    one, two = room_rows(daemon, "room000001")[2], room_rows(daemon, "room000002")
    assert "line 2 of room000002" in one["why"] and "line 2 of room000001" in two[2]["why"]
    assert one["worker_id"] is None and two[3]["join"] == "done"
    daemon.pay(select={"game": "survey"})
    check_books(sim, daemon, {2: 250})
    # one of them was a test run
    daemon.call("rooms_ignore", rooms=["room000002"])
    wait_until(lambda: room_rows(daemon, "room000001")[2]["join"] == "done", daemon.log)
    daemon.pay(select={"room": "room000001"})
    check_books(sim, daemon, {1: 100, 2: 250})


def test_who_was_paid_stays_paid(sim, watching, tmp_path):
    """The row was joined and paid; another row and another submission with its code come later."""
    submit(sim, {1: "exp1"})
    daemon = watching()
    data = tmp_path / "games" / "survey" / "data"
    Template(data / "room000001", WITH_CODES).player(id="p1", access="a1", exit="exp1").write()
    wait_for_payment(daemon, 1)
    submit(sim, {2: "exp1"}, make_hit=False)
    Template(data / "room000002", WITH_CODES).player(id="p2", access="a2", exit="exp1", bonus=7).write()
    wait_until(lambda: "room000002" in [room["room"] for room in daemon.call("rooms")["rooms"]], daemon.log)
    wait_until(lambda: room_rows(daemon, "room000002").get(2, {}).get("join") == "doubtful", daemon.log)
    check_books(sim, daemon, {1: 250})
    listed = daemon.call("unclaimed")["submissions"]
    assert [s["assignment_id"] for s in listed] == [assignment(2)]


def test_a_file_written_again(sim, watching, tmp_path):
    """survey-ineq: after each finisher the file holds just the last one; and a second version of a row that was paid
    pays nothing again, whatever it says."""
    submit(sim, {1: "exp1", 2: "exp2"})
    daemon = watching()
    folder = tmp_path / "games" / "survey" / "data" / "room000001"
    Template(folder, WITH_CODES).player(id="p1", access="a1", exit="exp1").write()
    wait_for_payment(daemon, 1)
    Template(folder, WITH_CODES).player(id="p2", access="a2", exit="exp2", bonus=1).write()
    wait_for_payment(daemon, 2)
    Template(folder, WITH_CODES).player(id="p1", access="a1", exit="exp1", bonus=0.25).write()
    wait_until(lambda: any(row["join"] == "doubtful" for row in daemon.call("room", room="room000001")["rows_page"]),
               daemon.log)
    wait_for_payment(daemon, 1)
    check_books(sim, daemon, {1: 250, 2: 100})


def test_no_hit_is_known(sim, make_daemon, options, tmp_path):
    del options["defaults"]["hit_id"]
    daemon = make_daemon(sim, options=options)
    submit(sim, {1: "exp1"})
    file = Template(tmp_path, WITH_CODES).player(id="p1", access="a1", exit="exp1").write()
    daemon.call("load", what="results", path=str(file.path), mode="new")
    assert "it is not known in which HIT to look" in rows(daemon)[2]["why"]
    with pytest.raises(RpcError) as refused:
        daemon.call("unclaimed")
    assert refused.value.name == "not-found" and "get hit" in refused.value.hint
    assert daemon.call("get", what="hit")["hit"]["hit_id"] == HIT
    wait_until(lambda: rows(daemon)[2]["verdict"] == "approve", daemon.log)
    daemon.pay()
    check_books(sim, daemon, {1: 250})


def test_a_hit_that_is_not_there(sim, make_daemon, options, tmp_path):
    options["defaults"]["hit_id"] = OTHER_HIT
    daemon = make_daemon(sim, options=options)
    file = Template(tmp_path, WITH_CODES).player(id="p1", access="a1", exit="exp1").write()
    daemon.call("load", what="results", path=str(file.path), mode="new")
    assert f"MTurk knows no HIT {OTHER_HIT}" in rows(daemon)[2]["why"]


def test_without_joining(sim, make_daemon, options, tmp_path):
    options["nodegame"] = {"join": "none"}
    daemon = make_daemon(sim, options=options)
    submit(sim, {1: "exp1"})
    file = Template(tmp_path, WITH_CODES).player(id="p1", access="a1", exit="exp1").write()
    daemon.call("load", what="results", path=str(file.path), mode="new")
    assert "no MTurk ids" in rows(daemon)[2]["why"]
    assert calls(sim, "ListAssignmentsForHIT") == 0


def test_beyond_the_limits(sim, daemon, tmp_path):
    """It is joined, and waits for a person's release as any other row."""
    submit(sim, {1: "exp1"})
    file = Template(tmp_path, WITH_CODES).player(id="p1", access="a1", exit="exp1", bonus=15).write()
    daemon.call("load", what="results", path=str(file.path), mode="new")
    row = rows(daemon)[2]
    assert row["verdict"] == "hold" and "above max_bonus" in row["why"] and row["worker_id"] == worker(1)
    daemon.apply()
    assert {op["state"] for op in daemon.ledger.operations()} == {"held"}
    assert not bonuses(sim)


def test_a_list_that_cannot_be_read(sim, daemon, tmp_path):
    """Nothing is decided on half a list."""
    submit(sim, {1: "exp1"})
    sim.faults({"operation": "ListAssignmentsForHIT", "kind": "error", "status": 500})
    file = Template(tmp_path, WITH_CODES).player(id="p1", access="a1", exit="exp1").write()
    daemon.call("load", what="results", path=str(file.path), mode="new")
    assert "waits for MTurk's list" in rows(daemon)[2]["why"]
    sim.faults()
    daemon.call("rooms_rescan")
    wait_until(lambda: rows(daemon)[2]["verdict"] == "approve", daemon.log)


def test_unclaimed(sim, daemon, tmp_path):
    """Players of the waiting room have an exit code, submit it, and have no row anywhere."""
    submit(sim, {n: f"exp{n}" for n in range(1, 8)})
    file = Template(tmp_path, WITH_CODES).player(id="p1", access="a1", exit="exp1").player(
        id="p2", access="a2", exit="exp2").write()
    daemon.call("load", what="results", path=str(file.path), mode="new")
    page = daemon.call("unclaimed", limit=3)
    assert page["hits"] == [HIT] and page["total"] == 5 and page["next_offset"] == 3
    first = page["submissions"][0]
    assert (first["assignment_id"], first["worker_id"], first["hit_id"]) == (assignment(3), worker(3), HIT)
    assert first["codes"] == ["exp3"] and first["status"] == "submitted" and first["why"] == "no row asks for it"
    rest = daemon.call("unclaimed", limit=3, offset=3)
    assert [s["assignment_id"] for s in rest["submissions"]] == [assignment(6), assignment(7)]
    assert rest["next_offset"] is None
    # what was decided needs nobody any more
    sim.boto3_client().approve_assignment(AssignmentId=assignment(3))
    assert daemon.call("unclaimed")["total"] == 4
    with pytest.raises(RpcError):
        daemon.call("unclaimed", limit=0)


def test_input_codes(sim, daemon, tmp_path):
    submit(sim, {1: "exp1", 2: "exp2", 3: "exp3"})
    codes = tmp_path / "codes.csv"
    codes.write_text('"id","AccessCode","ExitCode"\n"p1","a1","exp1"\n"p2","a2","exp2"\n')
    done = daemon.ctl("load", "inputcodes", str(codes))
    assert "input codes: 2" in done.stdout
    file = Template(tmp_path, WITH_CODES).player(id="p1", access="a1", exit="exp1").player(
        id="p2", access="wrong", exit="exp2").player(id="p3", access="a3", exit="exp3").write()
    daemon.call("load", what="results", path=str(file.path), mode="new")
    found = rows(daemon)
    assert found[2]["verdict"] == "approve"
    assert 'belongs to access code "a2" in the input codes, not to "wrong"' in found[3]["why"]
    assert 'exit code "exp3" is none of the input codes' in found[4]["why"]
    assert daemon.ctl("load", "inputcodes", str(codes), status=1).stderr.count("there are 2 input codes already") == 1
    codes.write_text('"id","AccessCode","ExitCode"\n"p3","a3","exp3"\n')
    assert "in total: 3" in daemon.ctl("load", "inputcodes", "-a", str(codes)).stdout
    # other codes are other rules: the same file is judged anew
    daemon.call("load", what="results", path=str(file.path), mode="replace")
    assert rows(daemon)[4]["verdict"] == "approve"
    shown = daemon.ctl("show", "inputcodes", "--json").json
    assert shown["total"] == 3 and shown["codes"][2]["exit_code"] == "exp3"
    assert "exp2" in daemon.ctl("show", "inputcodes").stdout
    assert daemon.ctl("show", "inputcodes", "-p", "9", status=1).stderr
    bad = tmp_path / "bad.csv"
    bad.write_text("id,ExitCode\np1,x\np2,y,z\n")
    refused = daemon.ctl("load", "inputcodes", "-r", str(bad), status=1).stderr
    assert "line 3, column 6: 3 cells, but the header has 2" in refused
    assert daemon.call("show", what="inputcodes")["total"] == 3


def test_input_codes_of_the_configuration(sim, make_daemon, options, tmp_path):
    codes = tmp_path / "codes.csv"
    codes.write_text("id,ExitCode\np1,exp1\n")
    options["import"]["input_codes_file"] = str(codes)
    daemon = make_daemon(sim, options=options)
    submit(sim, {1: "exp1", 2: "exp2"})
    file = Template(tmp_path, ("id", "exit", "bonus")).player(id="p1", exit="exp1").player(id="p2", exit="exp2").write()
    daemon.call("load", what="results", path=str(file.path), mode="new")
    assert [row["verdict"] for row in rows(daemon).values()] == ["approve", "hold"]
    daemon.terminate()
    codes.unlink()
    status, said = daemon.run_to_end()
    assert status != 0 and "codes.csv" in said


def test_what_is_loaded_of_a_watched_room(sim, watching, tmp_path):
    """A copy of the room's rows in the working set is the same players, not others who want the same."""
    submit(sim, {1: "exp1"})
    daemon = watching(f"hit={HIT}")
    Template(tmp_path / "games" / "survey" / "data" / "room000001", WITH_CODES).player(
        id="p1", access="a1", exit="exp1").write()
    wait_until(lambda: (room_rows_or_none(daemon) or {}).get(2, {}).get("join") == "done", daemon.log)
    daemon.call("load", what="game", game="survey", mode="new")
    assert rows(daemon)[2]["verdict"] == "approve"
    assert room_rows(daemon, "room000001")[2]["join"] == "done"
    daemon.pay()
    assert daemon.apply(select={"room": "room000001"}) is None
    check_books(sim, daemon, {1: 250})


def test_a_code_that_all_share_tells_nobody_apart(sim, watching, tmp_path):
    """Worker 9 never played, yet has submitted the one code there is."""
    auth = tmp_path / "games" / "survey" / "auth"
    auth.mkdir()
    (auth / "codes.imported.csv").write_text('"id","ExitCode"\n"p1","thanks"\n"p2","thanks"\n')
    submit(sim, {9: "thanks"})
    daemon = watching()
    Template(tmp_path / "games" / "survey" / "data" / "room000001", WITH_CODES).player(
        id="p1", access="a1", exit="thanks").write()
    wait_until(lambda: "is that of several players" in str(daemon.call("room", room="room000001")["rows_page"])
               if daemon.call("rooms")["rooms"] else None, daemon.log)
    assert daemon.ledger.operations() == [] and bonuses(sim) == {}


def test_other_rules_find_no_other_submission(sim, watching, tmp_path):
    """What was joined and paid in last week's HIT is not looked for in this week's, though the row is read anew."""
    submit(sim, {1: "x"})
    daemon = watching()
    Template(tmp_path / "games" / "survey" / "data" / "room000001").player(id=worker(1)).write()
    wait_for_payment(daemon, 1)
    daemon.terminate()
    daemon.set("nodegame", game=f"{tmp_path}/games/survey policy=pay hit={OTHER_HIT}")
    daemon.set("limits", max_bonus="20.00")
    sim.hit(hit=OTHER_HIT, reward="1.00", max_assignments=100, title="Next week's")
    sim.submit(hit=OTHER_HIT, assignments=[{"assignment": assignment(51), "worker": worker(1), "code": "y"}])
    daemon.start()
    wait_until(lambda: daemon.ledger.rows("SELECT 1 FROM result WHERE current AND todo = 0 AND assignment_id IS NOT NULL"
                                          " AND source_id = (SELECT max(id) FROM source WHERE ready)"), daemon.log)
    assert bonuses(sim) == {assignment(1): [250]}
