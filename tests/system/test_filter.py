# SPDX-License-Identifier: MIT
"""[import] filter and columns: a daemon does not start with a wrong one, and with a right one only the rows that it
keeps are paid."""
import pytest

from ngmt import Room, assignment, bonuses, check_books, submit, worker

NOWHERE = "https://127.0.0.1:9"

WRONG = {
    "bonus > 2; DROP TABLE result": r"column 10: \";\" is not allowed: a filter is one expression",
    "lowr(type) = 'x'": r"column 1: no such function: \"lowr\" (did you mean \"lower\"?)",
    "1) FROM results --": "column 2: there is no parenthesis for this one to close",
    "workerid IN (SELECT name FROM sqlite_schema)": r"column 14: \"SELECT\" is not allowed in a filter",
    "load_extension('x')": r"column 1: no such function: \"load_extension\"",
    "bonus >": "the expression ends too early",
}


def verdicts(daemon):
    """{line: (verdict, why)} of the working set."""
    rows = daemon.ledger.rows("SELECT line, verdict, why FROM result ORDER BY id")
    return {row["line"]: (("approve", "reject", "hold", "skip")[row["verdict"]], row["why"]) for row in rows}


@pytest.mark.parametrize("expression", WRONG)
def test_a_daemon_does_not_start_with_a_wrong_filter(make_daemon, expression):
    daemon = make_daemon(endpoint=NOWHERE, start=False, options={"import": {"filter": expression}})
    line = 1 + daemon.config_path.read_text().splitlines().index(f"filter = {expression}")
    for arguments in (["--check-config"], []):
        status, said = daemon.run_to_end(*arguments)
        assert status == 1 and "good" not in said
        assert f"ngmt.conf:{line}: \"filter\": {WRONG[expression]}".replace('\\"', '"') in said
    assert not daemon.state_path.exists()
    status, said = daemon.run_to_end("--check-config", "-o", "import.filter=bonus > 2")
    assert status == 0 and "good" in said


def test_the_default_filter_leaves_out_bots_and_rows_to_be_skipped(sim, make_daemon, room):
    daemon = make_daemon(sim)
    submit(sim, [1, 2, 3])
    room.columns += ("skip",)
    room.player(1, 1, skip=0).player(2, 2, skip="x").player(3, 3, skip="false").bot()
    daemon.load(room.write())
    assert verdicts(daemon) == {2: ("approve", "to approve, bonus $1.00"), 3: ("skip", "marked to be skipped"),
                                4: ("approve", "to approve, bonus $3.00"), 5: ("skip", "a bot")}
    daemon.pay()
    check_books(sim, daemon, {1: 100, 3: 300})


def test_a_filter_replaces_the_default_and_holds_what_it_cannot_tell(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"import": {"filter": "\"Score, last round\" >= 10"}})
    submit(sim, [1, 2, 3, 4])
    room.columns += ("skip", '"Score, last round"')
    for number, score in ((1, 10), (2, 9.5), (3, None), (4, 11)):
        room.player(number, number, skip=1, **{'"Score, last round"': score})
    room.bot()
    daemon.load(room.write())
    assert verdicts(daemon) == {
        2: ("approve", "to approve, bonus $1.00"), 3: ("skip", "left out by the filter"),
        4: ("hold", 'the filter is neither true nor false: nothing is in "Score, last round"'),
        5: ("approve", "to approve, bonus $4.00"), 6: ("skip", "a bot")}
    daemon.pay()
    check_books(sim, daemon, {1: 100, 4: 400})
    assert assignment(2) not in bonuses(sim)


def test_a_filter_by_a_column_that_the_file_lacks_pays_nobody(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"import": {"filter": "scor > 3"}})
    submit(sim, [1])
    daemon.load(room.player(1).write())
    assert verdicts(daemon) == {
        2: ("hold", 'the filter is neither true nor false: the file has no column "scor"')}
    check_books(sim, daemon, {})


def test_another_filter_judges_the_same_file_anew(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"import": {"filter": "bonus > 2"}})
    submit(sim, [1])
    daemon.load(room.player(1, 1).write())
    assert verdicts(daemon)[2] == ("skip", "left out by the filter")
    daemon.set("import", filter="bonus > 0.5")
    daemon.restart()
    daemon.load(room, mode="replace")
    daemon.pay()
    check_books(sim, daemon, {1: 100})


# -- files without a header -------------------------------------------------------------------------------------------


def test_a_file_without_a_header_is_read_by_the_configured_columns(sim, make_daemon, tmp_path):
    columns = "id,WorkerId,AssignmentId,bonus,Approve,Reject"
    daemon = make_daemon(sim, options={"import": {"columns": columns}})
    submit(sim, [1, 2, 3])
    plain, named = Room(tmp_path / "data", 1), Room(tmp_path / "data", 2)
    plain.path.write_text("".join(f"p{n},{worker(n)},{assignment(n)},{n}.5,1,0\n" for n in (1, 2)))
    daemon.load(plain)
    assert verdicts(daemon) == {1: ("approve", "to approve, bonus $1.50"), 2: ("approve", "to approve, bonus $2.50")}
    daemon.load(named.player(3, 3).write(), mode="add")  # its own header counts
    daemon.pay()
    check_books(sim, daemon, {1: 150, 2: 250, 3: 300})


def test_a_file_without_a_header_is_refused_without_columns_or_with_others(make_daemon, tmp_path):
    room = Room(tmp_path / "data")
    room.path.write_text(f"p1,{worker(1)},{assignment(1)},1.50,1,0\n")
    for options, words in (({}, "no column of a results file is named here"),
                           ({"import": {"columns": "id,WorkerId,AssignmentId,bonus"}},
                            'no header, and no row of a file without one: 6 cells, but "columns" has 4 names')):
        daemon = make_daemon(endpoint=NOWHERE, options=options)
        refused = daemon.ctl("load", "results", str(room.path), status=None)
        assert refused.returncode != 0 and f"line 1, column 1: {words}" in refused.stderr, refused.stderr
        assert "columns" in refused.stderr
        assert daemon.ledger.rows("SELECT * FROM result") == []
