# SPDX-License-Identifier: MIT
"""What is watched, and how it is found: installations, games and data folders that come, go, are renamed and replaced;
what cannot be read; too many folders for inotify; restarts; ten thousand rooms."""
import os
import re
import shutil
import subprocess
import time

import pytest

from ngmt import Room, RpcError, wait_until

NOWHERE = "http://127.0.0.1:9"
SETTLE_MS = 50


@pytest.fixture
def nodegame(tmp_path):
    path = tmp_path / "nodegame"
    (path / "games").mkdir(parents=True)
    (path / "games_available").mkdir()
    return path


def add_game(nodegame, name, data=True, link=None):
    """As nodeGame installs it: the folder in games_available/, a link in games/."""
    folder = nodegame / "games_available" / name
    (folder / "data" if data else folder).mkdir(parents=True)
    (folder / "package.json").write_text("{}\n")
    (nodegame / "games" / (link or name)).symlink_to(f"../games_available/{name}")
    return folder


@pytest.fixture
def make(make_daemon):
    """Daemons that watch and import, and have nobody to send anything to; not started yet."""
    def make_one(**nodegame):
        options = {"settle": f"{SETTLE_MS}ms", "rescan": "1h", **{k: v if isinstance(v, list) else str(v)
                                                                 for k, v in nodegame.items()}}
        return make_daemon(start=False, endpoint=NOWHERE, options={"nodegame": options})
    return make_one


def write(data, number, players):
    room = Room(data, number)
    for player in players:
        room.player(player)
    return room.write()


def known(daemon):
    """{room: {rows, versions, adopted, problem}}"""
    return {row["name"]: row for row in daemon.ledger.rows(
        "SELECT r.name, r.file, r.adopted, r.versions, r.problem, f.path AS folder, f.game,"
        " (SELECT count(*) FROM source s JOIN result t ON t.source_id = s.id WHERE s.room_id = r.id) AS rows"
        " FROM room r JOIN folder f ON f.id = r.folder_id ORDER BY f.id, r.id")}


def wait_for(daemon, room, rows):
    """Until so many rows of the room have been imported, in all versions of its file."""
    wait_until(lambda: known(daemon).get(room, {}).get("rows") == rows,
               lambda: f"{room} has not {rows} rows\n{known(daemon)}\n{daemon.log()[-4000:]}")
    return known(daemon)[room]


def wait_for_log(daemon, pattern, count=1):
    wait_until(lambda: len(re.findall(pattern, daemon.log())) >= count, lambda: f"{pattern}\n{daemon.log()[-4000:]}")


def folders(daemon):
    return {one["game"]: one for one in daemon.call("rooms")["watch"]["folders"]}


def wait_for_rest(daemon):
    """Until everything was looked at, and nothing waits to be imported."""
    def rests():
        watch = daemon.call("rooms")["watch"]
        return not watch["scanning"] and not watch["waiting"]
    wait_until(rests, daemon.log)


# -- what is watched --------------------------------------------------------------------------------------------------


def test_an_installation_and_what_is_added_to_it(make, nodegame):
    first = add_game(nodegame, "first")
    write(first / "data", 1, [1, 2])
    (nodegame / "games" / ".hidden").mkdir()
    (nodegame / "games" / "notes").mkdir()
    daemon = make(path=nodegame).start()
    assert wait_for(daemon, "room000001", 2)["adopted"] == 0
    assert set(folders(daemon)) == {"first"}
    # Its folder is not there yet, then it is started for the first time.
    second = add_game(nodegame, "second", data=False, link="linked")
    wait_until(lambda: "linked" in folders(daemon), lambda: folders(daemon))
    assert "has no data folder" in folders(daemon)["linked"]["note"]
    (second / "data").mkdir()
    wait_until(lambda: folders(daemon)["linked"]["note"] is None, lambda: folders(daemon))
    wait_for_rest(daemon)
    write(second / "data", 8, [3])
    found = wait_for(daemon, "room000008", 1)
    assert (found["adopted"], found["game"], found["folder"]) == (1, "linked", str(second / "data"))
    (nodegame / "games" / "linked").unlink()
    wait_until(lambda: set(folders(daemon)) == {"first"}, lambda: folders(daemon))


def test_games_by_name_by_folder_and_by_data_folder(make, nodegame, tmp_path):
    named = add_game(nodegame, "named")
    other = tmp_path / "my games" / "other"
    (other / "data").mkdir(parents=True)
    results = tmp_path / "results"
    results.mkdir()
    for number, data in enumerate([named / "data", other / "data", results], 1):
        write(data, number, [number])
    daemon = make(path=nodegame, game=[f"{other}/ join=none", f"{results} policy=import", "named hit=3NGMTHIT00001"])
    daemon.start()
    for number, game in enumerate(["named", "other", "results"], 1):
        assert wait_for(daemon, f"room{number:06}", 1)["game"] == game
    assert len(folders(daemon)) == 3
    # By the names of configured games they can be loaded, too.
    for game in ("named", "other", "results"):
        assert daemon.call("load", what="game", game=game, mode="add")["working_set"]["rows"]


def test_a_configuration_that_cannot_be_meant(make, tmp_path):
    daemon = make(game=[f"{tmp_path} polcy=pay"])
    status, said = daemon.run_to_end()
    assert status == 1
    assert 'nothing is known about "polcy=" of a game (did you mean "policy="?)' in said
    assert "ngmt.conf:" in said
    daemon.set("nodegame", game=[f"{tmp_path} policy=pay"])
    status, said = daemon.run_to_end("--check-config")
    assert status == 1
    assert "pays by itself, but there is no" in said
    daemon.set("defaults", reason="Thank you")
    assert daemon.run_to_end("--check-config")[0] == 0


def test_nothing_is_watched_if_told_so(make, nodegame):
    write(add_game(nodegame, "lab") / "data", 1, [1])
    daemon = make(path=nodegame, watch="no").start()
    assert daemon.call("rooms")["rooms"] == []
    with pytest.raises(RpcError):
        daemon.call("room", room="room000001")
    assert daemon.ledger.rows("SELECT * FROM folder") == []


# -- folders that change ----------------------------------------------------------------------------------------------


def test_a_renamed_game_and_a_replaced_link(make, nodegame):
    one, two = add_game(nodegame, "one", link="lab"), add_game(nodegame, "two")
    write(one / "data", 1, [1])
    write(two / "data", 1, [2, 3])
    daemon = make(path=nodegame, game="lab").start()
    wait_until(lambda: {"lab", "two"} == {room["game"] for room in daemon.call("rooms")["rooms"] if room["rows"]},
               daemon.log)
    # The link leads to the other one, which was watched as itself.
    (nodegame / "new").symlink_to(two)
    (nodegame / "new").rename(nodegame / "games" / "lab")
    wait_until(lambda: [one["path"] for one in daemon.call("rooms")["watch"]["folders"]] == [str(two / "data")],
               lambda: folders(daemon))
    # It is the game's by its name in the configuration. The folder is renamed, then it is there again.
    wait_until(lambda: set(folders(daemon)) == {"lab"}, lambda: folders(daemon))
    two.rename(nodegame / "games_available" / "moved")
    wait_until(lambda: folders(daemon)["lab"]["problem"], lambda: folders(daemon))
    write(nodegame / "games_available" / "moved" / "data", 2, [4])
    (nodegame / "games_available" / "moved").rename(two)
    wait_for(daemon, "room000002", 1)


def test_the_folder_above_is_made_later(make, tmp_path):
    data = tmp_path / "far" / "away" / "lab" / "data"
    daemon = make(game=str(data.parent)).start()
    assert "No such file" in folders(daemon)["lab"]["problem"]
    assert len(re.findall("a game is waited for", daemon.log())) == 1
    data.mkdir(parents=True)
    wait_until(lambda: folders(daemon)["lab"]["problem"] is None, lambda: folders(daemon))
    wait_for_rest(daemon)
    write(data, 1, [1])
    assert wait_for(daemon, "room000001", 1)["adopted"] == 1


def test_a_room_that_is_used_again(make, nodegame, tmp_path):
    """room7 and room000007 are two; a room whose folder was made anew is one, and keeps the rows of both."""
    data = add_game(nodegame, "lab") / "data"
    daemon = make(path=nodegame).start()
    wait_for_rest(daemon)
    write(tmp_path / "elsewhere", 7, [3]).directory.rename(data / "room7")
    room = write(data, 7, [1, 2])
    wait_for(daemon, "room000007", 2)
    wait_for(daemon, "room7", 1)
    shutil.rmtree(room.directory)
    write(data, 7, [4, 5, 6])
    assert wait_for(daemon, "room000007", 5)["versions"] == 2
    room.directory.rename(data / "old")
    room.directory.symlink_to("old")
    write(data, 7, [8])
    assert wait_for(daemon, "room000007", 6)["versions"] == 3


# -- what cannot be read ----------------------------------------------------------------------------------------------


def as_nobody_special(daemon):
    """Root may read everything. In a user namespace of its own the daemon may not."""
    if os.geteuid() == 0:
        prefix = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
        if subprocess.run([*prefix, "true"], capture_output=True).returncode:
            pytest.skip("no user namespaces here")
        plain = daemon.command
        daemon.command = lambda *words, **more: [*prefix, *plain(*words, **more)]
    return daemon


def test_a_file_that_becomes_readable(make, nodegame):
    data = add_game(nodegame, "lab") / "data"
    room = write(data, 1, [1])
    room.path.chmod(0)
    daemon = as_nobody_special(make(path=nodegame)).start()
    wait_until(lambda: known(daemon).get("room000001", {}).get("problem"), daemon.log)
    assert "Permission denied" in known(daemon)["room000001"]["problem"]
    room.path.chmod(0o600)
    assert wait_for(daemon, "room000001", 1)["problem"] is None
    assert len(re.findall("room cannot be imported", daemon.log())) == 1


def test_a_room_that_becomes_readable(make, nodegame):
    data = add_game(nodegame, "lab") / "data"
    room = write(data, 1, [1])
    room.directory.chmod(0)
    try:
        daemon = as_nobody_special(make(path=nodegame)).start()
        wait_until(lambda: known(daemon).get("room000001", {}).get("problem"), daemon.log)
        assert "Permission denied" in known(daemon)["room000001"]["problem"]
    finally:
        room.directory.chmod(0o700)
    assert wait_for(daemon, "room000001", 1)["problem"] is None


def test_a_data_folder_that_becomes_readable(make, nodegame):
    data = add_game(nodegame, "lab") / "data"
    write(data, 1, [1])
    data.chmod(0)
    try:
        daemon = as_nobody_special(make(path=nodegame, rescan="1s")).start()
        wait_until(lambda: folders(daemon)["lab"]["problem"], lambda: folders(daemon))
        assert "Permission denied" in folders(daemon)["lab"]["problem"]
    finally:
        data.chmod(0o700)
    assert wait_for(daemon, "room000001", 1)["adopted"] == 0
    assert folders(daemon)["lab"]["problem"] is None
    assert len(re.findall("cannot be read", daemon.log())) == 1


def test_more_folders_than_inotify_takes(make, nodegame):
    limit = ["unshare", "--user", "--map-root-user", "sh", "-c",
             'echo 30 > /proc/sys/user/max_inotify_watches && exec "$@"', "sh"]
    if subprocess.run([*limit, "true"], capture_output=True).returncode:
        pytest.skip("no user namespaces with a limit of their own here")
    data = add_game(nodegame, "lab") / "data"
    for number in range(1, 51):
        write(data, number, [number])
    daemon = make(path=nodegame)
    plain = daemon.command
    daemon.command = lambda *words, **more: [*limit, *plain(*words, **more)]
    daemon.start()
    for number in range(1, 51):
        wait_for(daemon, f"room{number:06}", 1)
    assert folders(daemon)["lab"]["events"] is False
    for number in (1, 50):
        write(data, number, [number, 50 + number])
        wait_for(daemon, f"room{number:06}", 2)
    write(data, 51, [200])
    assert wait_for(daemon, "room000051", 1)["adopted"] == 1
    assert len(re.findall(r"raise fs.inotify.max_user_watches with sysctl\(8\)", daemon.log())) == 1


# -- restarts ---------------------------------------------------------------------------------------------------------


def test_a_restart_reads_only_what_has_changed(make, nodegame):
    data = add_game(nodegame, "lab") / "data"
    rooms = {number: write(data, number, [number]) for number in range(1, 6)}
    daemon = make(path=nodegame).start()
    for number in rooms:
        wait_for(daemon, f"room{number:06}", 1)
    wait_for_rest(daemon)
    daemon.restart()
    wait_for_log(daemon, "watching game", 2)
    wait_for_rest(daemon)
    assert len(re.findall("file is quiet", daemon.log())) == 5
    # What happens while it is down, also when it did not expect to go.
    daemon.kill()
    rooms[2].player(12).write()
    rooms[3].directory.rename(data / "away")
    write(data, 9, [9])
    daemon.start()
    assert wait_for(daemon, "room000009", 1)["adopted"] == 1
    wait_for(daemon, "room000002", 2)
    wait_for_rest(daemon)
    assert len(re.findall("file is quiet", daemon.log())) == 7
    assert known(daemon)["room000003"]["problem"] is None


def test_a_rescan_by_hand_reads_everything_and_changes_nothing(make, nodegame):
    data = add_game(nodegame, "lab") / "data"
    for number in range(1, 4):
        write(data, number, [number])
    daemon = make(path=nodegame).start()
    for number in range(1, 4):
        wait_for(daemon, f"room{number:06}", 1)
    wait_for_rest(daemon)
    before = known(daemon)
    daemon.call("rooms_rescan")
    wait_for_log(daemon, "file is quiet", 6)
    wait_for_rest(daemon)
    assert known(daemon) == before


# -- many rooms -------------------------------------------------------------------------------------------------------


def test_ten_thousand_rooms(make, nodegame):
    """They are found and watched within seconds of the start (bench: 2 s), and one of them is noticed at once."""
    data = add_game(nodegame, "lab") / "data"
    for number in range(1, 10001):
        (data / f"room{number:06}").mkdir()
    daemon = make(path=nodegame).start()
    wait_for_log(daemon, "rooms=10000 policy=import events=")
    took_ms = int(re.search(r"rooms=10000 .*took_ms=(\d+)", daemon.log())[1])
    assert took_ms < 20000, daemon.log()  # under sanitizers, with everything else that runs
    wait_for_rest(daemon)
    assert len(daemon.ledger.rows("SELECT 1 FROM room WHERE adopted = 0")) == 10000
    began = time.monotonic()
    write(data, 5000, [1])
    wait_for(daemon, "room005000", 1)
    assert time.monotonic() - began < 20
    assert daemon.call("rooms", limit=1)["watch"]["folders"][0]["rooms"] == 10000
