# SPDX-License-Identifier: MIT
"""Every file of tests/data, loaded into a daemon by ngmtctl: verdicts, ids, cents, places and sentences are as its table
corpus.json says (see README.md there; tests/unit/row_files.c goes by the same table)."""
import ast
import contextlib
import json
import os
import pathlib
import shutil

import pytest

from ngmt import RpcError, assignment, source_root, worker

DATA = source_root() / "tests" / "data"
CORPUS = json.loads((DATA / "corpus.json").read_text(encoding="utf-8"))
VERDICTS = ("approve", "reject", "hold", "skip")
REFUSED, PARTIAL = 1, 7  # exit statuses of ngmtctl


@pytest.fixture
def daemon(sim, make_daemon):
    return make_daemon(sim, options=sections())


def files(*options):
    return [entry for entry in CORPUS if "file" in entry and tuple(entry.get("options", ())) == options]


OPTIONS = sorted({tuple(entry["options"]) for entry in CORPUS if "options" in entry})


def sections(options=()):
    """["import.separator=;"] as the harness writes configurations. Nobody asks the platform whose rows without ids are:
    test_join.py does."""
    found = {"nodegame": {"join": "none"}}
    for option in options:
        name, value = option.split("=", 1)
        section, key = name.split(".", 1)
        found.setdefault(section, {})[key] = value
    return found


def expected(row):
    """All eight members of a row of the table, with its ids written out."""
    line, verdict, worker_id, assignment_id, cents, *rest = row
    column, why, texts = (rest + [0, None, {}][len(rest):])
    return {"line": line, "verdict": verdict, "cents": cents, "column": column, "why": why, "texts": texts,
            "worker": worker(worker_id) if isinstance(worker_id, int) else worker_id,
            "assignment": assignment(assignment_id) if isinstance(assignment_id, int) else assignment_id}


def imported(daemon, path):
    return daemon.ledger.rows("SELECT r.* FROM result r JOIN source s ON s.id = r.source_id WHERE s.path = ?"
                              " ORDER BY r.line, r.id", str(path))


def check_row(name, wanted, row):
    got = {"line": row["line"], "verdict": VERDICTS[row["verdict"]], "worker": row["worker_id"],
           "assignment": row["assignment_id"], "cents": row["bonus_cents"] if row["bonus_payable"] else 0,
           "column": row["problem_column"], "why": row["why"] if wanted["why"] else None,
           "texts": {key: row[key] for key in wanted["texts"]}}
    assert got == wanted, f"{name}:{row['line']}: {row['why']}"
    assert row["why"]
    assert not row["bonus_payable"] or row["verdict"] == 0


def check_summary(name, reply, rows):
    """What ngmtctl says about the file: how many of each kind, and each row that is held."""
    loaded = reply["files"][0]
    assert loaded["rows"] == loaded["new"] == len(rows) == reply["working_set"]["rows"], name
    for verdict in VERDICTS:
        assert loaded[verdict] == sum(row["verdict"] == verdict for row in rows), name
    assert [(p["line"], p["column"] or 0, p["message"]) for p in loaded["problems"]] == [
        (row["line"], row["column"], row["why"]) for row in rows if row["verdict"] == "hold"], name


def check_refused(daemon, entry, path, done):
    """Nothing of it is taken, and it is said why: the place, or that there is nothing."""
    why = f"{path}: {entry['error']}" if "error" in entry else f'"{path}" has no rows'
    assert (done.returncode, done.json["error"]["message"]) == (REFUSED, why), entry["file"]
    assert imported(daemon, path) == []


def check_file(daemon, entry):
    path = DATA / entry["file"]
    rows = [expected(row) for row in entry.get("rows", ())]
    done = daemon.ctl("load", "results", "-r", str(path), "--json", status=None)
    if not rows:
        check_refused(daemon, entry, path, done)
        return
    assert done.returncode == (PARTIAL if any(row["verdict"] == "hold" for row in rows) else 0), done.stdout
    got = imported(daemon, path)
    assert len(got) == len(rows), entry["file"]
    for wanted, row in zip(rows, got):
        check_row(entry["file"], wanted, row)
    check_summary(entry["file"], done.json, rows)


def open_files(daemon):
    names = []
    for entry in pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile: a client that has gone
            names.append(os.readlink(entry))
    return sorted(name for name in names if name.startswith("/"))


def test_every_file_is_taken_as_it_is_meant(sim, daemon):
    """One daemon, one file after the other; those that are refused leave nothing, and none stays open."""
    check_file(daemon, files()[0])
    before = open_files(daemon)
    for entry in files()[1:]:
        check_file(daemon, entry)
    assert open_files(daemon) == before
    assert daemon.ledger.is_sound()


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_files_that_need_to_be_told_how(sim, make_daemon, options):
    daemon = make_daemon(sim, options=sections(options))
    for entry in files(*options):
        check_file(daemon, entry)


def test_every_file_again_adds_nothing(sim, daemon):
    counts = []
    for _ in range(2):
        for entry in files():
            with contextlib.suppress(RpcError):
                daemon.call("load", what="results", path=str(DATA / entry["file"]), mode="replace")
        counts.append(daemon.ledger.rows("SELECT count(*) AS n, count(DISTINCT source_id) AS m FROM result"))
    assert counts[0] == counts[1] and counts[0][0]["m"] == sum(1 for entry in files() if entry.get("rows"))


def test_a_bad_room_keeps_no_other_out(sim, daemon, tmp_path):
    """Where nodegame-mturk's loadGame ends with the first error."""
    for number, name in enumerate(("std.csv", "unclosed-quote.csv", "empty.csv", "nul.csv", "wiki.csv"), 1):
        folder = tmp_path / "data" / f"room{number:06}"
        folder.mkdir(parents=True)
        shutil.copy(DATA / name, folder / "bonus.csv")
    done = daemon.ctl("load", "game", str(tmp_path), "--json", status=None).json
    assert {file["room"]: file["rows"] for file in done["files"]} == {"room000001": 4, "room000003": 0, "room000005": 3}
    assert [warning.split(" ")[1] for warning in done["warnings"]] == ["room000002", "room000004"]
    assert "line 2, column 47" in done["warnings"][0] and "NUL" in done["warnings"][1]


# -- the table itself -------------------------------------------------------------------------------------------------


def test_the_table_names_every_file():
    named = [entry["file"] for entry in CORPUS if "file" in entry]
    assert sorted(set(named)) == sorted(path.name for path in DATA.glob("*.csv"))


def functions(path):
    """The tests of a Python file; of C, cmocka's."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
    return {line.split("(")[0].split()[-1] for line in text.splitlines() if line.startswith("static void test_")}


@pytest.mark.parametrize("entry", [entry for entry in CORPUS if "by" in entry], ids=lambda entry: entry["proves"])
def test_what_no_file_can_show_is_proven_elsewhere(entry):
    for test in entry["by"]:
        path, name = test.split("::")
        assert name in functions(source_root() / pathlib.Path(path)), test
