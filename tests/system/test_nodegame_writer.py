# SPDX-License-Identifier: MIT
"""The fake nodeGame server (nodegame.py) writes what the real one does: the texts here and in tests/data were made by
server 7.0.3 and by NDDB 1.19.1 and 3.0.2, or are told in their documentation."""
import math
import os
import pathlib

import pytest

import gamecode
import nddb
from javascript import NAN, UNDEFINED, number_text, text, to_fixed, to_number
from ngmt import HIT, assignment, source_root, worker
from nodegame import Server, format_field, litter, race

DATA = source_root() / "tests" / "data"
HEADER = "id,type,workerid,hitid,assignmentid,access,exit,approve,reject,basepay,bonus"

# What the real writer made of five players with short ids: {name: text}.
REAL = {
    "std": f"""{HEADER}
p1,player,Ap1WORKER,3HITXXXX,3ASGp1,accp1,exp1,1,0,0,2.5
998877665544,bot,NA,NA,NA,NA,NA,1,0,0,3
p2,player,Ap2WORKER,3HITXXXX,3ASGp2,accp2,exp2,1,0,0,0.3
p3,player,Ap3WORKER,3HITXXXX,3ASGp3,accp3,exp3,0,1,0,1
""",
    "addDisc": f"""{HEADER},disconnected,disconnectedStage
p1,player,Ap1WORKER,3HITXXXX,3ASGp1,accp1,exp1,1,0,0,2.5,0,NA
p3,player,Ap3WORKER,3HITXXXX,3ASGp3,accp3,exp3,0,1,0,1,1,2.1.3
""",
    "botfirst": """id,type,basepay,bonus
998877665544,bot,0,3
p1,player,0,2.5
""",
    "round": f"""{HEADER}
p1,player,Ap1WORKER,3HITXXXX,3ASGp1,accp1,exp1,1,0,0,0.33
p2,player,Ap2WORKER,3HITXXXX,3ASGp2,accp2,exp2,1,0,0,0
p3,player,Ap3WORKER,3HITXXXX,3ASGp3,accp3,exp3,1,0,0,NaN
p4,player,Ap4WORKER,3HITXXXX,3ASGp4,accp4,exp4,1,0,0,1e+21
p5,player,Ap5WORKER,3HITXXXX,3ASGp5,accp5,exp5,1,0,0,-2
""",
    "strid": """id,type,basepay,bonus
p1,player,0,2.5
""",
    "twice": f"""{HEADER}
p1,player,Ap1WORKER,3HITXXXX,3ASGp1,accp1,exp1,1,0,0,1
""",
}


@pytest.fixture
def server(tmp_path):
    return Server(tmp_path / "nodegame")


def put_player(game, number, short=False, **more):
    """A player of the samples, known to the registry without a claim."""
    name = f"p{number}"
    ids = (f"A{name}WORKER", "3HITXXXX", f"3ASG{name}") if short else (worker(number), HIT, assignment(number))
    client = {"id": name, "clientType": "player", "WorkerId": ids[0], "HITId": ids[1], "AssignmentId": ids[2],
              "AccessCode": f"acc{name if short else number}", "ExitCode": f"exp{number}", "disconnected": False, **more}
    game.registry[name] = client
    return client


def put_bot(game):
    game.registry["998877665544"] = client = {"id": "998877665544", "clientType": "bot", "win": 3,
                                              "disconnected": False}
    return client


def room_with(game, *clients):
    room = game.room()
    for client in clients:
        room.enter(client)
    return room


# -- JavaScript -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value, written", [
    (0, "0"), (-0.0, "0"), (2.0, "2"), (2.5, "2.5"), (-2, "-2"), (1 / 3, "0.3333333333333333"), (1e-7, "1e-7"),
    (1e-6, "0.000001"), (0.1 + 0.2, "0.30000000000000004"), (1e20, "100000000000000000000"), (1e21, "1e+21"),
    (1.5e21, "1.5e+21"), (123456789012345680000, "123456789012345680000"), (5e-324, "5e-324"),
    (1.7976931348623157e308, "1.7976931348623157e+308"), (NAN, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_a_number_is_written_as_javascript_writes_it(value, written):
    assert number_text(value) == written


@pytest.mark.parametrize("value, digits", [
    (1 / 3, "0.33"), (2.5, "2.50"), (1.005, "1.00"), (0.125, "0.13"), (-0.125, "-0.13"), (-2, "-2.00"), (NAN, "NaN"),
    (1e21, "1e+21"), (123456789012345678, "123456789012345680.00")])
def test_two_decimals_are_kept_of_the_exact_value(value, digits):
    assert to_fixed(value, 2) == digits


def test_what_a_game_keeps_as_a_win_becomes_a_number():
    assert [to_number(v) for v in ("2.5", " 3 ", "", None, True, "1e2", "-4")] == [2.5, 3, 0, 0, 1, 100, -4]
    assert all(math.isnan(to_number(v)) for v in ("abc", "1,5", "1_000", "nan", UNDEFINED, {}))


def test_values_of_other_types_are_written_as_their_text():
    client = {"yes": True, "no": False, "nothing": None, "empty": "", "list": [1, 2], "object": {"a": 1}, "nan": NAN,
              "stage": {"stage": 2, "step": 1, "round": 3}, "text": 'a,"b"\n'}
    written = {key: format_field(client, key) for key in (*client, "missing")}
    assert written == {"yes": "1", "no": "0", "nothing": "0", "empty": "0", "list": "1,2", "object": "[object Object]",
                       "nan": "NaN", "stage": "2.1.3", "text": 'a,"b"\n', "missing": "NA"}
    assert format_field(client, "missing", missing="-") == "-"
    assert text(UNDEFINED) == "undefined"


# -- computeBonus of 7.0.3 --------------------------------------------------------------------------------------------


def test_a_room_with_a_bot_and_one_who_left(server):
    game = server.game("std")
    gone = put_player(game, 3, short=True, win=1)
    room = room_with(game, put_player(game, 1, short=True, win=2.5), put_bot(game),
                     put_player(game, 2, short=True, win=0.1 + 0.2), gone)
    room.disconnect(gone)
    room.compute_bonus()
    assert room.path.read_text() == REAL["std"]
    assert not os.path.exists(room.directory / ".bonus.bak")


def test_the_columns_of_those_who_left(server):
    game = server.game("disconnected")
    gone = put_player(game, 3, short=True, win=1)
    room = room_with(game, put_player(game, 1, short=True, win=2.5), gone)
    room.disconnect(gone, (2, 1, 3))
    room.compute_bonus(add_disconnected=True)
    assert room.path.read_text() == REAL["addDisc"]
    room.compute_bonus(add_disconnected=False)
    assert len(room.path.read_text().splitlines()) == 2


def test_a_bot_that_comes_first_hides_the_columns_of_mturk(server):
    game = server.game("botfirst")
    room = room_with(game, put_bot(game), put_player(game, 1, win=2.5)).compute_bonus()
    assert room.path.read_text() == REAL["botfirst"] == (DATA / "bot-first.csv").read_text()
    room.compute_bonus(amt=True)
    assert room.path.read_text().splitlines()[0] == HEADER


def test_who_gives_ids_gets_no_columns_of_mturk(server):
    game = server.game("strid")
    room = room_with(game, put_player(game, 1, win=2.5), put_player(game, 2, win=7)).compute_bonus(clients=["p1"])
    assert room.path.read_text() == REAL["strid"] == (DATA / "string-id.csv").read_text()


def test_amounts_are_rounded_and_may_be_none(server):
    game = server.game("round")
    wins = (1 / 3, UNDEFINED, "abc", 1e21, -2)
    room = room_with(game, *(put_player(game, n, short=True, win=win) for n, win in enumerate(wins, 1)))
    assert room.compute_bonus().path.read_text() == REAL["round"]


def test_amounts_that_are_not_rounded(server):
    game = server.game("exact")
    room = room_with(game, *(put_player(game, n, win=win) for n, win in enumerate((1 / 3, 1e-7, 0.1 + 0.2, 2), 1)))
    assert room.compute_bonus(win_decimals=-1).path.read_text() == (DATA / "not-rounded.csv").read_text()


def test_the_rate_is_applied_again_by_a_second_call(server):
    game = server.game("twice", settings={"EXCHANGE_RATE": 0.1})
    room = room_with(game, put_player(game, 1, short=True, win=100))
    assert room.compute_bonus().path.read_text().splitlines()[1].endswith(",10")
    assert room.compute_bonus().path.read_text() == REAL["twice"]


def test_a_property_that_is_not_there_is_no_rejection_but_na(server):
    game = server.game("nores")
    players = [put_player(game, n, win=win, disconnected=UNDEFINED) for n, win in ((1, 2.5), (2, 0.3))]
    assert room_with(game, *players).compute_bonus().path.read_text() == (DATA / "no-reject.csv").read_text()


def test_texts_are_written_as_they_are(server):
    game = server.game("inject")
    players = [put_player(game, 1, win=2.5, AccessCode="acc,1"), put_player(game, 2, win=2.5, ExitCode="exp\n"),
               put_player(game, 3, win=2.5)]
    assert room_with(game, *players).compute_bonus().path.read_text() == (DATA / "injected.csv").read_text()


def test_rows_of_another_width_are_appended_without_a_header(server):
    game = server.game("widths")
    room = room_with(game, put_player(game, 1, win=2.5), put_player(game, 2, win=2.5))
    room.compute_bonus(clients=[game.registry["p1"]])
    room.compute_bonus(clients=["p2"], append=True)
    assert room.path.read_text() == (DATA / "mixed-widths.csv").read_text()


def test_a_file_that_is_written_again_has_the_last_ones_only(server):
    game = server.game("truncated")
    first, second = put_player(game, 1, win=1), put_player(game, 2, win=2)
    room = room_with(game, first, second)
    room.compute_bonus(clients=[first])
    inode = room.path.stat().st_ino
    room.compute_bonus(clients=[second])
    assert [line.split(",")[0] for line in room.path.read_text().splitlines()] == ["id", "p2"]
    assert room.path.stat().st_ino == inode


def test_between_the_opening_and_the_writing_the_file_is_empty(server):
    game = server.game("between")
    room = room_with(game, put_player(game, 1, win=1)).compute_bonus()
    (writing,) = room.begin_bonus()
    before = room.path.read_text()
    writing.open()
    assert before and room.path.read_text() == ""
    writing.write_some(writing.length // 2)
    half = room.path.read_text()
    writing.write().close()
    assert before.startswith(half) and 0 < len(half) < len(before) == len(room.path.read_text())


def test_the_first_of_two_first_calls_is_lost_but_for_its_end(server):
    game = server.game("race")
    long, short = put_player(game, 1, win=10.25), put_player(game, 2, win=1)
    room = room_with(game, long, short)
    race(room.begin_bonus(clients=[long], append=True), room.begin_bonus(clients=[short], append=True))
    lines = room.path.read_text().splitlines()
    assert lines[0] == HEADER and lines[1].startswith("p2,") and lines[1].endswith(",1") and lines[2:] == [".25"]


def test_columns_may_be_added_and_the_header_may_be_another(server):
    game = server.game("columns", settings={"BASE_PAY": 1.5})
    room = room_with(game, put_player(game, 1, win=2, svo="A"))
    room.compute_bonus(header_add=["svo", ("mail", "email")])
    assert room.path.read_text().splitlines() == [HEADER + ",svo,mail", (
        f"p1,player,{worker(1)},{HIT},{assignment(1)},acc1,exp1,1,0,1.5,2,A,NA")]
    room.compute_bonus(header=["id", ("approve", lambda c: not c["disconnected"]), "win"], missing="?")
    assert room.path.read_text() == "id,approve,win\np1,1,2\n"


def test_prolifics_file_has_no_header(server):
    game = server.game("prolific")
    room = room_with(game, put_player(game, 1, win=2.5)).compute_bonus(prolific=True)
    assert (room.directory / "bonus_prolific.csv").read_text() == "p1,2.5\n"


def test_the_samples_of_the_reader_are_written_so_too(server):
    """std.csv has all that std has, with ids of the platform's form."""
    game = server.game("sample")
    gone = put_player(game, 3, win=1)
    room = room_with(game, put_player(game, 1, win=2.5), put_bot(game), put_player(game, 2, win=0.3), gone)
    room.disconnect(gone)
    assert room.compute_bonus().path.read_text() == (DATA / "std.csv").read_text()


# -- other versions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version, header", [
    ("4.0.0", "id,access,exit,bonus"), ("5.5.0", "id,access,exit,bonus"),
    ("5.7.1", "id,type,workerid,hitid,assignmentid,access,exit,approve,reject,bonus"),
    ("6.3.0", "id,type,workerid,hitid,assignmentid,access,exit,approve,reject,bonus"), ("8.0.0", HEADER)])
def test_the_header_of_each_version(server, version, header):
    game = server.game("old", version=version)
    assert room_with(game, put_player(game, 1, win=1)).compute_bonus().path.read_text().splitlines()[0] == header


def test_until_version_6_who_left_twice_has_two_rows(server):
    for version, rows in (("5.7.1", 2), ("6.3.0", 1)):
        game = server.game("left" + version, version=version)
        client = put_player(game, 1, win=1)
        room = room_with(game, put_player(game, 2, win=1), client)
        room.disconnect(client)
        room.reconnect(client)
        room.disconnect(client)
        room.compute_bonus(add_disconnected=True)
        assert room.path.read_text().count("\np1,") == rows
        room.compute_bonus()
        assert room.path.read_text().count("\np1,") == (0 if version < "6" else 1)


def test_who_came_back_is_no_longer_gone(server):
    game = server.game("back")
    client = put_player(game, 1, win=1)
    room = room_with(game, client, put_player(game, 2, win=1))
    room.disconnect(client)
    room.reconnect(client)
    rows = room.compute_bonus().path.read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["p2", "p1"] and all(",1,0,0,1" in row for row in rows)


@pytest.mark.parametrize("version, has_header", [("5.7.1", False), ("6.3.0", True), ("7.0.3", True)])
def test_appending_to_no_file(server, version, has_header):
    game = server.game("append", version=version)
    room = room_with(game, put_player(game, 1, win=1)).compute_bonus(append=True)
    assert room.path.read_text().startswith("id,") == has_header
    room.compute_bonus(append=True)
    lines = room.path.read_text().splitlines()
    assert len(lines) == 2 + has_header and [line.startswith("id,") for line in lines].count(True) == has_header


@pytest.mark.parametrize("version, left", [("4.0.0", ["bonus.csv", "bonus.csv.*.bak"]),
                                           ("6.3.0", [".bonus.bak", "bonus.csv"]), ("7.0.3", ["bonus.csv"]),
                                           ("8.0.0", ["bonus.csv"])])
def test_the_copy_of_the_previous_file(server, version, left):
    game = server.game("backup", version=version)
    room = room_with(game, put_player(game, 1, win=1)).compute_bonus().compute_bonus()
    names = sorted(path.name for path in room.directory.iterdir())
    assert len(names) == len(left) and all(pathlib.PurePath(n).match(p) for n, p in zip(names, left))
    shadow = server.path / str(room.directory.absolute()).lstrip("/") / "bonus.csv.bak"
    assert shadow.exists() == (version == "7.0.3")


# -- games' own code --------------------------------------------------------------------------------------------------


def test_the_oldest_format(server, tmp_path):
    path = tmp_path / "bonus.csv"
    gamecode.write_access_exit(path, [{"id": "abcd1234", "ExitCode": "ex1", "win": 2.5, "terminated": True},
                                      {"id": "abcd5678", "win": 1}, None])
    assert path.read_text() == (DATA / "access-exit.csv").read_text()


def test_the_manual_format(server, tmp_path):
    game, path = server.game("imgscore"), tmp_path / "bonus.csv"
    writer = gamecode.ManualFormat(path).start()
    writer.end(put_player(game, 1, win=2.5)).end(put_player(game, 2, win=1), approve=False)
    writer.start().end(put_player(game, 3, win=0))
    assert path.read_text() == (DATA / "wiki.csv").read_text()


def test_the_format_whose_columns_are_shifted(server, tmp_path):
    game, path = server.game("meritocracy"), tmp_path / "bonus.csv"
    gamecode.write_shifted(path, [put_player(game, 1, win=2.5), put_player(game, 2, win=1)])
    assert path.read_bytes() == (DATA / "shifted.csv").read_bytes()


def test_the_log_of_connections(server):
    game = server.game("stopgo")
    room = room_with(game, put_player(game, 1), put_player(game, 2, WorkerId=UNDEFINED))
    room.log_connections()
    lines = (room.directory / "codes.csv").read_text().splitlines()
    assert [line.split(",")[1:3] for line in lines] == [["p1", worker(1)], ["p2", "NA"]]
    assert all(line.endswith('Safari/537.36"') and "(KHTML, like" in line for line in lines)


# -- NDDB -------------------------------------------------------------------------------------------------------------


def nddb_item(number, **more):
    return {"id": f"p{number}", "type": "player", "WorkerId": worker(number), "HITId": HIT,
            "AssignmentId": assignment(number), "access": f"acc{number}", **more}


def test_nddb_1_escapes_with_backslashes(tmp_path):
    item = nddb_item(1, exit="007", Approve=True, Reject=False, bonus=2.5, Reason='he said "hi", ok\\ \n\tx',
                     RequesterFeedback=UNDEFINED)
    with nddb.Database(version=1) as database:
        database.save_csv(tmp_path / "results.csv", [item])
    assert (tmp_path / "results.csv").read_bytes() == (DATA / "nddb-1.csv").read_bytes()


def test_nddb_3_writes_strings_as_json(tmp_path):
    """The sample has its "ü" as an escape, which JSON allows; JSON.stringify writes the letter."""
    items = [nddb_item(1, exit="12e345", Approve=True, Reject=False, bonus=2.5, Reason='he said "hi", ok\\ \n\tx',
                       RequesterFeedback="\u00fc"),
             nddb_item(2, access="acc2", exit="e2", Approve=None, Reject="0", bonus=NAN, Reason=UNDEFINED,
                       RequesterFeedback=None)]
    with nddb.Database() as database:
        database.save_csv(tmp_path / "results.csv", items)
    assert (tmp_path / "results.csv").read_text() == (DATA / "nddb-3.csv").read_text().replace(r"\u00fc", "\u00fc")


def test_nddb_appends_or_not(tmp_path):
    for version, lines in ((1, 2), (3, 3)):
        path = tmp_path / f"{version}.csv"
        with nddb.Database(version) as database:
            database.save_csv(path, [{"a": 1}]).save_csv(path, [{"a": 2}])
        assert len(path.read_text().splitlines()) == lines
    with nddb.Database(1) as database:
        database.save_csv(path, [{"a": 3}], append=True)
    assert path.read_text() == '"a"\n1\n2\n"a"\n3\n'


def test_nddb_flattens_and_writes_in_chunks_and_stays_open(tmp_path):
    path, seen = tmp_path / "results.csv", []
    items = [{"a": {"b": 1, "c": [2, "x"]}, "n": None, "text": "t" * 100} for _ in range(1500)]
    with nddb.Database(1, eol="\r\n") as database:
        database.save_csv(path, items, on_chunk=seen.append)
        opened = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                  if os.path.exists(f"/proc/self/fd/{fd}")]
        assert str(path) in opened
    assert path.read_bytes().startswith(b'"a.b","a.c.0","a.c.1","text"\r\n1,2,"x","ttt')
    assert seen == [64 << 10, 128 << 10, path.stat().st_size]


# -- the installation -------------------------------------------------------------------------------------------------


def test_rooms_are_numbered_and_folders_used_again(server):
    game = server.game("count")
    assert [game.room().name, game.room().name] == ["room000001", "room000002"]
    assert (server.path / "games" / "count" / "data" / "room000002").is_dir()
    assert game.start().room().name == "room000003"
    (game.data / "room000007").mkdir()
    assert game.start().room().name == "room000008"
    for path in game.data.iterdir():
        path.rename(server.path / path.name)
    assert game.start().room().name == "room000001"


def test_rooms_may_share_a_folder_and_have_other_names(server):
    game = server.game("shared", own_data_dir=False)
    room_with(game, put_player(game, 1, win=1)).compute_bonus()
    room_with(game, put_player(game, 2, win=1)).compute_bonus(append=True)
    assert len((game.data / "bonus.csv").read_text().splitlines()) == 3
    other = server.game("padding", padding=0, group="session", is_linked=False)
    assert other.room().name == "session1" and not (server.path / "games" / "padding").is_symlink()


def test_claims_codes_and_memory(server):
    game = server.game("claims")
    first = game.claim(worker(1), HIT, assignment(1))
    again = game.claim(worker(1), HIT, assignment(9))
    assert again is first and first["AssignmentId"] == assignment(9) and len(first["ExitCode"]) == 6
    assert "WorkerId" not in server.game("template", stores_claims=False).claim(worker(1), HIT, assignment(1))
    codes = (game.auth / "codes.imported.csv").read_text().splitlines()
    assert codes[0] == '"id","AccessCode","ExitCode"' and len(codes) == 101
    assert f'"{first["id"]}","{first["AccessCode"]}","{first["ExitCode"]}"' in codes
    room = room_with(game, first)
    room.remember(first, offer=50)
    assert (room.directory / "memory.json").read_text().startswith(f'{{"player":"{first["id"]}","stage":{{"stage":1,')
    room.close()
    assert (game.path / "log" / "room000001.csv").read_text().count(",connect,") == 1


def test_the_same_seed_makes_the_same_installation(tmp_path):
    def contents(name):
        server = Server(tmp_path / name, seed=7)
        game = server.game("same")
        room = room_with(game, *(game.claim(worker(n), HIT, assignment(n)) for n in range(1, 5)), game.bot(1))
        litter(game.data)
        room.compute_bonus()
        return {str(path.relative_to(server.path)): path.read_bytes() for path in server.path.rglob("*")
                if path.is_file()}

    assert contents("a") == contents("b")
