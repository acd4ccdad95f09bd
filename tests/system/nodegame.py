# SPDX-License-Identifier: MIT
"""A fake nodeGame server: an installation with games, their channels with rooms and players, and GameRoom.computeBonus
of several versions, which writes the same bytes by the same calls in the same order.

    server = Server(folder, seed=1)
    game = server.game("ultimatum", version="7.0.3", settings={"EXCHANGE_RATE": 0.1})
    room = game.room()
    player = room.enter(game.claim("A1NGMT0000001X", hit, assignment))
    player["win"] = 25
    room.compute_bonus()

Players are dicts, as the registry's objects are; a property that is not there is undefined. Everything that is random
comes from the seed, and time from the server's own clock.
"""
import os
import pathlib
import random
import re
import shutil
import string
import time

import gamecode
import nddb
from javascript import UNDEFINED, is_number, is_truthy, number_text, text, to_fixed, to_number

START_MS = 1_700_000_000_000
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
AMT = (("workerid", "WorkerId"), ("hitid", "HITId"), ("assignmentid", "AssignmentId"), ("access", "AccessCode"),
       ("exit", "ExitCode"), ("approve", lambda client: not is_truthy(client.get("disconnected", UNDEFINED))),
       ("reject", lambda client: client.get("disconnected", UNDEFINED)))


def version_of(name):
    return tuple(int(part) for part in name.split("."))


def format_field(client, field, missing="NA"):
    """What stands in a cell: no quotes, nothing is escaped."""
    if isinstance(field, tuple):
        field = field[1]
    value = field(client) if callable(field) else client.get(field, UNDEFINED)
    if value is UNDEFINED:
        value = missing
    if value is True:
        return "1"
    if not is_number(value) and not is_truthy(value):
        return "0"
    if isinstance(value, dict) and {"stage", "step", "round"} <= value.keys():
        return ".".join(text(value[part]) for part in ("stage", "step", "round"))
    return text(value)


class Writing:
    """One fs.createWriteStream: a file that is opened in place, written to by one writev and closed, which others may
    come between. Never a temporary file, never a lock."""

    def __init__(self, path, chunks, append):
        self.path = path
        self._chunks = [chunk.encode() for chunk in chunks if chunk]
        self._flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC)
        self._descriptor = None

    def open(self):
        self._descriptor = os.open(self.path, self._flags, 0o666)
        return self

    def write(self):
        """All at once, as is usual."""
        if self._chunks:
            os.writev(self._descriptor, self._chunks)
        return self

    @property
    def length(self):
        return sum(map(len, self._chunks))

    def write_some(self, length):
        """What a reader may see of a large one; the next write() is the rest."""
        data = b"".join(self._chunks)
        os.write(self._descriptor, data[:length])
        self._chunks = [data[length:]]
        return self

    def close(self):
        os.close(self._descriptor)

    def run(self):
        self.open().write().close()


class Server:
    """nodeGame's installation folder."""

    def __init__(self, path, seed=1):
        self.path = pathlib.Path(path)
        self.dice = random.Random(seed)
        self.now_ms = START_MS
        for name in ("games", "games_available"):
            (self.path / name).mkdir(parents=True)
        (self.path / "package.json").write_text('{\n  "name": "nodegame",\n  "version": "7.0.3"\n}\n')

    def tick(self, ms=1000):
        self.now_ms += ms
        return self.now_ms

    def code(self, length):
        """As J.randomString(length, 'aA1') does."""
        return "".join(self.dice.choices(string.ascii_letters + string.digits, k=length))

    def game(self, name, **options):
        return Game(self, name, **options)


class Game:
    """A game and its channel: the registry of its players, and the counter of its rooms."""

    def __init__(self, server, name, version="7.0.3", settings=None, is_linked=True, own_data_dir=True, padding=6,
                 group="room", stores_claims=True, codes=100):
        self.server = server
        self.name = name
        self.version = version_of(version)
        self.settings = dict(settings or {})
        self.own_data_dir = own_data_dir
        self.padding = padding
        self.group = group
        self.stores_claims = stores_claims  # whether its claimIdPostProcess does; the template's is commented out
        self.path = self._make_folder(is_linked)
        self.data = self.path / "data"
        self.auth = self.path / "auth"
        for folder in (self.data, self.auth, self.path / "log"):
            folder.mkdir(exist_ok=True)
        self.registry = {}
        self._unclaimed = []
        self._claimed = {}
        self._add_codes(codes)
        self.start()

    def _make_folder(self, is_linked):
        place = self.server.path / "games" / self.name
        real = self.server.path / "games_available" / self.name if is_linked else place
        real.mkdir()
        (real / "package.json").write_text(f'{{ "name": "{self.name}", "version": "1.0.0" }}\n')
        if is_linked:
            place.symlink_to(os.path.join("..", "games_available", self.name))
        return real

    # -- its start and its codes

    def start(self):
        """At each start of the server: the counter goes on where the folders end, and the codes are dumped."""
        numbers = [re.search(r"\d+$", entry.name) for entry in self.data.iterdir() if entry.is_dir()]
        self.next_room = max([int(found[0]) for found in numbers if found], default=0) + 1
        self._dump_codes()
        return self

    def _add_codes(self, count):
        """Mode "auto" of auth.codes.js."""
        for _ in range(count):
            client = {"id": self.server.code(8), "AccessCode": self.server.code(6), "ExitCode": self.server.code(6)}
            self.registry[client["id"]] = {**client, "clientType": "player", "disconnected": False}
            self._unclaimed.append(client["id"])

    def _dump_codes(self):
        path = self.auth / "codes.imported.csv"
        if path.exists():
            path.rename(self.auth / "codes.imported.csv.bak")
        codes = [client for client in self.registry.values() if client["clientType"] == "player"]
        with nddb.Database() as database:
            database.save_csv(path, codes, ["id", "AccessCode", "ExitCode"])

    def claim(self, worker_id, hit_id, assignment_id):
        """/claimid: the same code again for a worker who is known, with the ids of the latest claim."""
        if worker_id not in self._claimed:
            self._claimed[worker_id] = self._unclaimed.pop(0)
        client = self.registry[self._claimed[worker_id]]
        if self.stores_claims:
            client.update(WorkerId=worker_id, HITId=hit_id, AssignmentId=assignment_id)
        return client

    def external(self, player_id):
        """Mode "external": whatever the address said is the id, and there are no codes."""
        return self.registry.setdefault(player_id, {"id": player_id, "clientType": "player", "disconnected": False})

    def bot(self, win=0):
        client = {"id": str(self.server.dice.randrange(10 ** 11, 10 ** 12)), "clientType": "bot", "win": win,
                  "disconnected": False}
        return self.registry.setdefault(client["id"], client)

    # -- its rooms

    def room(self, name=None):
        """The next one. A folder of that name that is there already is used as it is."""
        if name is None:
            name = self.group + str(self.next_room).zfill(self.padding)
            self.next_room += 1
        return GameRoom(self, name)

    def levels(self):
        """Two rooms in a row, as the levels of a game make them: the first one's survey, then the game."""
        return self.room(), self.room()


class GameRoom:
    """A room: who is in it, its memory, and its bonuses."""

    def __init__(self, game, name):
        self.game = game
        self.name = name
        self.directory = game.data / name if game.own_data_dir else game.data
        self.directory.mkdir(exist_ok=True)
        self.path = self.directory / "bonus.csv"
        self.clients = {}
        # An object since version 6; before, an array with an entry for each time that somebody left.
        self.have_disconnected = []
        self._memory = nddb.Database()

    def close(self):
        """As the server's process ends; nothing else ever closes what NDDB has opened."""
        self._memory.close()

    # -- who is in it

    def enter(self, client):
        self.clients[client["id"]] = client
        self._log("connect", client)
        return client

    def disconnect(self, client, stage=(2, 1, 3)):
        self.clients.pop(client["id"])
        client.update(disconnected=True, disconnectedStage=dict(zip(("stage", "step", "round"), stage)))
        if self.game.version < (6,) or all(one is not client for one in self.have_disconnected):
            self.have_disconnected.append(client)
        self._log("disconnect", client)

    def reconnect(self, client):
        """To the same room with the same id: at the end of the list."""
        client["disconnected"] = False
        self.clients[client["id"]] = client
        self._log("reconnect", client)

    # -- what it writes besides

    def _log(self, what, client):
        moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(self.game.server.tick() // 1000))
        path = self.game.path / "log" / f"{self.name}.csv"
        first = not path.exists()
        gamecode.append_file(path, ("" if first else "\n") + ",".join(
            (moment, self.name, str(self.game.server.now_ms), what, client["id"])))

    def remember(self, client, stage=(1, 1, 1), **more):
        """A line of memory.json, and of times.csv."""
        item = {"player": client["id"], "stage": dict(zip(("stage", "step", "round"), stage)), "session": self.name,
                "timestamp": self.game.server.tick(), "done": True, **more}
        self._memory.stream(self.directory / "memory.json", item)
        self._memory.save_csv(self.directory / "times.csv", [item], ["player", "session", "timestamp", "done"])

    def log_connections(self):
        for client in self.clients.values():
            gamecode.append_connection(self.directory / "codes.csv", self.game.server.tick(), client, USER_AGENT)

    # -- computeBonus

    def update_bonus(self, client, update, clear=False, win_property="win"):
        won = client.get(win_property, 0)
        client[win_property] = update if clear or not is_truthy(won) else won + update

    def _bonus_clients(self, add_disconnected):
        """Bots too, and those who are gone."""
        clients = list(self.clients.values())
        wanted = add_disconnected is True if self.game.version < (6,) else add_disconnected is not False
        return clients + [c for c in self.have_disconnected if wanted and is_truthy(c["disconnected"])]

    def _header(self, clients, win_property, add_disconnected, amt):
        version = self.game.version
        if version < (5, 7):
            return ["id", ("access", "AccessCode"), ("exit", "ExitCode"), ("bonus", win_property)]
        header = ["id", ("type", "clientType")]
        # Whoever gives ids instead of clients gets no columns for MTurk: a string has no AssignmentId.
        first = clients[0] if isinstance(clients[0], dict) else {}
        if amt is True or (amt is not False and is_truthy(first.get("AssignmentId", UNDEFINED))):
            header += AMT
        header += [("basepay", "basePay")] if version >= (7,) else []
        header.append(("bonus", win_property))
        return header + (["disconnected", "disconnectedStage"] if add_disconnected is True else [])

    def _settle_win(self, client, win_property, exchange_rate, win_decimals):
        """In the registry's own object, so that a second call applies the rate to what the first one made."""
        won = client.get(win_property, 0)
        client[win_property] = to_number(won if is_truthy(won) else 0)
        client["basePay"] = self.game.settings.get("BASE_PAY", 0)
        if exchange_rate != 1:
            client[win_property + "Raw"] = client[win_property]
            client[win_property] *= exchange_rate
        if win_decimals != -1:
            client[win_property] = float(to_fixed(client[win_property], 2).replace("Infinity", "inf"))

    def begin_bonus(self, clients=None, append=False, header=None, header_add=(), exchange_rate=None,
                    win_property="win", win_decimals=2, missing="NA", add_disconnected=UNDEFINED, amt=None,
                    prolific=False, accept=lambda client: True, backup=True):
        """Everything up to the opening of the files: their Writings. None if there is nobody."""
        clients = self._bonus_clients(add_disconnected) if clients is None else list(clients)
        if not clients:
            return None
        header = list(header or self._header(clients, win_property, add_disconnected, amt)) + list(header_add)
        rate = exchange_rate or self.game.settings.get("EXCHANGE_RATE", 1)
        rows, prolific_rows = "", ""
        for one in clients:
            client = self.game.registry[one if isinstance(one, str) else one["id"]]
            if not accept(client):
                continue
            self._settle_win(client, win_property, rate, win_decimals)
            rows += ",".join(format_field(client, field, missing) for field in header) + "\n"
            prolific_rows += f"{client['id']},{number_text(client[win_property])}\n"
        names = ",".join(field[0] if isinstance(field, tuple) else field for field in header) + "\n"
        writings = [self._with_backup(self.path, append, backup, names, rows)]
        if prolific:
            writings.append(self._with_backup(self.directory / "bonus_prolific.csv", append, backup, "", prolific_rows))
        return writings

    def compute_bonus(self, **options):
        """`clients` may be clients or ids; the other options have the meaning and the defaults of the real ones."""
        for writing in self.begin_bonus(**options) or ():
            writing.run()
        return self

    def _with_backup(self, path, append, backup, names, rows):
        exists = path.exists()
        if exists and backup:
            self._back_up(path)
        # Issue #131: until version 6 whoever appended to no file got no header.
        has_header = not append if self.game.version < (6,) else not (append and exists)
        return Writing(path, [names if has_header else "", rows], append and exists)

    def _back_up(self, path):
        version, server = self.game.version, self.game.server
        if version < (5,):
            moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(server.tick() // 1000))
            shutil.copyfile(path, path.with_name(f"{path.name}.{moment}.bak"))
        elif version < (7,):
            shutil.copyfile(path, path.with_name(".bonus.bak"))
        elif version < (8,):
            # The whole path once more, below the folder where the server was started.
            shadow = server.path / str(path.absolute().parent).lstrip("/")
            shadow.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, shadow / f"{path.name}.bak")
        else:
            copy = path.with_name(f"{path.name}_{server.dice.randrange(10 ** 6)}.bak")
            shutil.copyfile(path, copy)
            copy.unlink()


def race(*beginnings):
    """Calls of one tick, each of which saw no file: all open it, then all write from its begin. The last one's rows are
    there, and the end of what was longer."""
    writings = [writing for beginning in beginnings for writing in beginning]
    for writing in writings:
        writing.open()
    for writing in writings:
        writing.write()
    for writing in writings:
        writing.close()


def litter(folder):
    """What people and their programs leave in a folder of rooms."""
    (folder / ".DS_Store").write_bytes(b"\x00\x00\x00\x01Bud1")
    (folder / ".ipynb_checkpoints").mkdir(exist_ok=True)
    (folder / "README.md").write_text("# Data\n")
    (folder / "analysis.py").write_text("print(1)\n")
    (folder / ".~lock.bonus.csv#").write_text(",student,lab-7,23.11.2026 18:00,file:///home/student/.config;")
