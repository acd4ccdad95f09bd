# SPDX-License-Identifier: MIT
"""A day in a laboratory, as a seed decides it: rooms of a nodeGame server in which people play, finish, leave, come back
and submit their assignments, while an ngmtd watches. What each of them is owed in the end is written down as it
happens.

Each room is a script (a generator) that yields whenever others may come between: None, or a condition without which it
cannot go on. Which script goes on next is the seed's choice; nobody waits for a time to pass."""
import collections
import contextlib
import dataclasses
import itertools
import random
import sqlite3

import gamecode
import nddb
from ngmt import assignment, wait_until, worker
from nodegame import Server, litter, race

# What becomes of a player, and how often.
FATES = collections.Counter({
    "submits": 60, "late": 6, "never": 4, "gone": 5, "gone, submits": 2, "returned": 2, "returned, taken": 3,
    "nothing won": 4, "points": 2, "not a number": 2, "negative": 1, "comes back": 5, "bot": 4})
LEAVE = ("gone", "gone, submits", "returned, taken")  # before the end
RETURN = ("returned", "returned, taken")  # their assignment, which is somebody else's then
RATES = (1, 0.1, 0.05, 0.01)


@dataclasses.dataclass
class Player:
    number: int  # of the worker and of the assignment
    hit: str
    client: dict
    fate: str
    cents: int

    @property
    def assignment(self):
        return assignment(self.number)


class Day:
    def __init__(self, seed, folder, sim, daemon):
        self.seed = seed
        self.dice = random.Random(seed)
        self.server = Server(folder / "nodegame", seed=seed)
        self.sim = sim
        self.daemon = daemon
        self.numbers = itertools.count(1)
        self.games = {}
        self.hits = {}
        # What must be true in the end: {assignment: cents}, each approved, and paid if it is not 0.
        self.owed = {}
        # {assignment: amounts}: several are asked for, so one of them or none is paid, and a person is told.
        self.disputed = {}
        # {(game, room): why}: what `rooms` must show as wrong or held.
        self.named = {}
        self.unclaimed = set()
        self.held = set()  # assignments of which nothing may be sent, and of which a room must say so
        self.late = []
        self.opened = []
        self.asked_twice = set()  # assignments that are paid, and of which another row says something else
        self.deaths = 0

    # -- games and people

    def game(self, name, **options):
        number = len(self.games) + 1
        game = self.games[name] = self.server.game(name, **options)
        self.hits[name] = self.sim.hit(hit=f"3NGMTHIT{number:022}", reward="0.50", max_assignments=1000, held=False,
                                       title=f"Game {number}", duration_s=86400)
        return game

    def arrive(self, game, fate=None, cents=None):
        """A worker accepts, claims a code, and has won something by the end. A bot just plays."""
        if fate is None:
            fate = self.dice.choices(list(FATES), FATES.values())[0]
        number, cents = next(self.numbers), self.dice.randint(1, 999) if cents is None else cents
        if fate == "bot":
            return Player(number, "", game.bot(win=3), fate, 0)
        hit = self.hits[game.name]
        if fate not in RETURN:
            self.sim.accept(hit=hit, assignments=[{"assignment": assignment(number), "worker": worker(number)}])
        client = game.claim(worker(number), hit, assignment(number))
        player = Player(number, hit, client, fate, 0 if fate == "nothing won" else cents)
        self._win(game, player)
        return player

    @staticmethod
    def _win(game, player):
        rate = game.settings.get("EXCHANGE_RATE", 1)
        odd = {"points": 1700 / rate, "not a number": "no win", "negative": -2 / rate}
        player.client["win"] = odd.get(player.fate, player.cents / 100 / rate)

    def submit(self, player, by=None):
        """The worker pastes the exit code. `by`: the number of another one, who has the assignment now."""
        self.sim.submit(assignments=[{"assignment": player.assignment, "worker": worker(by or player.number),
                                      "hit": player.hit, "code": player.client["ExitCode"]}])

    def end(self, player):
        """What the end of the game means for a player, who has a row now."""
        fate = player.fate
        if fate in ("submits", "comes back", "late", "nothing won"):
            self.owed[player.assignment] = player.cents
        elif fate in ("points", "not a number", "negative", "returned"):
            self.held.add(player.assignment)
        if fate == "late":
            self.late.append(player)
        elif fate == "returned":
            self.submit(player, by=next(self.numbers))
        elif fate not in ("never", "gone", "returned, taken", "bot"):
            self.submit(player)

    # -- conditions

    def known_players(self):
        """Whose rows the ledger has, all of a source."""
        with contextlib.suppress(sqlite3.Error):
            return {row["player_id"] for row in self.daemon.ledger.rows(
                "SELECT r.player_id FROM result r JOIN source s ON s.id = r.source_id WHERE s.ready")}
        return set()

    def is_known(self, player):
        return lambda: player.client["id"] in self.known_players()

    def is_paid(self, player):
        return lambda: any(op["assignment_id"] == player.assignment and op["state"] == "done"
                           for op in self.daemon.ledger.operations("bonus"))

    # -- rooms in which all end together

    def together(self, game, size, **options):
        """computeBonus once, in the last step."""
        room = self._opened(game.room())
        players = yield from self._play(game, room, size)
        room.compute_bonus(**options)
        yield from self._submit_all(players)

    def _opened(self, *rooms):
        self.opened += rooms
        return rooms[0] if len(rooms) == 1 else rooms

    def _play(self, game, room, size, **fixed):
        """Until the last step: everybody's fate up to there."""
        players = [self.arrive(game, **fixed) for _ in range(size - 1)]
        # A bot that comes first would take the columns of MTurk from all.
        players.insert(0, self.arrive(game, **{"fate": "submits", **fixed}))
        for player in players:
            room.enter(player.client)
            room.remember(player.client)
            if self.dice.random() < 0.2:
                yield None
        yield None
        for player in players:
            if player.fate in (*LEAVE, "comes back"):
                room.disconnect(player.client)
        yield None
        for player in players:
            if player.fate == "comes back":
                room.reconnect(player.client)
            elif player.fate in LEAVE and self.dice.random() < 0.3:
                room.reconnect(player.client)
                room.disconnect(player.client, (3, 1, 1))
        return players

    def _submit_all(self, players):
        for player in self.dice.sample(players, len(players)):
            yield None
            self.end(player)

    def successors(self, game):
        """Whoever gets an assignment that a player of the room has returned, plays in a room of his own, and is paid."""
        room = self._opened(game.room())
        players = yield from self._play(game, room, 4)
        room.compute_bonus()
        yield from self._submit_all(players)
        second = self._opened(game.room())
        for player in players:
            if player.fate != "returned, taken":
                continue
            number = next(self.numbers)
            client = game.claim(worker(number), player.hit, player.assignment)
            next_one = Player(player.number, player.hit, client, "submits", self.dice.randint(1, 999))
            self._win(game, next_one)
            second.enter(client)
            self.submit(next_one, by=number)
            self.owed[next_one.assignment] = next_one.cents
            self.asked_twice.add(next_one.assignment)
        if second.clients:
            second.compute_bonus()

    def twice(self, game):
        """A second computeBonus, by mistake, after the first one's money is there: the rate is applied again."""
        room = self._opened(game.room())
        players = yield from self._play(game, room, 4, fate="submits", cents=500)
        room.compute_bonus()
        yield from self._submit_all(players)
        for player in players:
            yield self.is_paid(player)
        room.compute_bonus()
        self.named[game.name, room.name] = "another amount"
        self.asked_twice.update(player.assignment for player in players)

    def levels(self, game):
        """A survey without results, then the game."""
        survey, play = self._opened(*game.levels())
        players = [self.arrive(game, fate="submits") for _ in range(3)]
        for player in players:
            survey.enter(player.client)
            survey.remember(player.client)
        yield None
        for player in players:
            play.enter(player.client)
            yield None
        play.compute_bonus()
        yield from self._submit_all(players)

    def levels_paid_twice(self, game):
        """Both levels compute: the second one's amounts are the sums. Nobody can know what was meant."""
        rooms = self._opened(*game.levels())
        players = [self.arrive(game, fate="disputed") for _ in range(3)]
        amounts = {player.assignment: set() for player in players}
        for room in rooms:
            for player in players:
                room.enter(player.client)
            room.compute_bonus()
            for player in players:
                amounts[player.assignment].add(round(player.client["win"] * 100))
                room.update_bonus(player.client, 0.25)
            yield self.is_known(players[0])
        for player in players:
            self.disputed[player.assignment] = amounts[player.assignment]
            self.submit(player)
        self.named[game.name, rooms[1].name] = "another amount"

    def used_again(self, game):
        """The room's folder of yesterday is used by today's session, since its counter began anew."""
        sessions = []
        for _ in range(2):
            room = self._opened(game.room("room000777"))
            players = yield from self._play(game, room, 4, fate="submits")
            room.compute_bonus()
            yield from self._submit_all(players)
            sessions += players
            for player in players:
                yield self.is_known(player)

    # -- rooms that never end

    def one_by_one(self, game, size, **options):
        """A row is appended as each one finishes."""
        room = self._opened(game.room())
        fates = [fate for fate in FATES if fate not in (*LEAVE, "comes back", "bot")]
        for _ in range(size):
            player = self.arrive(game, self.dice.choices(fates, [FATES[fate] for fate in fates])[0])
            room.enter(player.client)
            yield None
            room.compute_bonus(append=True, clients=[player.client], **options)
            self.end(player)
            yield None

    def one_at_a_time(self, game, size, **options):
        """The file is written anew for each: the others' rows are gone."""
        room = self._opened(game.room())
        for number in range(size):
            player = self.arrive(game, fate=self.dice.choice(("submits", "nothing won", "late")))
            room.enter(player.client)
            (writing,) = room.begin_bonus(clients=[player.client], **options)
            writing.open()
            yield None
            if self.dice.random() < 0.5:
                # Up to somewhere before the amount, so that it does not matter who reads what there is.
                writing.write_some(self.dice.randrange(1, writing.length - 8))
                yield None
            writing.write().close()
            self.end(player)
            if number + 1 < size:
                yield self.is_known(player)

    def lost_by_nodegame(self, game):
        """Two first calls at once: one row is lost, and only the platform's list tells."""
        room = self._opened(game.room())
        lost, lucky = (self.arrive(game, fate="submits", cents=cents) for cents in (625, 500))
        for player in (lost, lucky):
            room.enter(player.client)
        yield None
        race(room.begin_bonus(clients=[lost.client]), room.begin_bonus(clients=[lucky.client]))
        self.end(lucky)
        self.submit(lost)
        self.unclaimed.add(lost.assignment)
        self.named[game.name, room.name] = "half a row"

    # -- other writers

    def manual(self, game, size):
        """imgscore's rows, with a header at each start."""
        room = self._opened(game.room())
        writer = gamecode.ManualFormat(room.path).start()
        for number in range(size):
            player = self.arrive(game, fate=self.dice.choice(("submits", "nothing won", "never")))
            writer.end(player.client)
            self.end(player)
            if number == size // 2:
                writer.start()
            yield None

    def saved(self, game, size, version):
        """results.csv by NDDB, which does not close it."""
        room = self._opened(game.room())
        players = [self.arrive(game, fate=self.dice.choice(("submits", "never"))) for _ in range(size)]
        yield None
        room._memory.version = version
        room._memory.save_csv(room.directory / "results.csv", [
            {"id": p.client["id"], "WorkerId": p.client["WorkerId"], "HITId": p.hit, "AssignmentId": p.assignment,
             "exit": p.client["ExitCode"], "bonus": p.cents / 100, "Approve": True, "Reject": False,
             "comment": 'said "so",\n\tand left'} for p in players])
        yield from self._submit_all(players)

    # -- mishaps

    def garbage(self, game):
        room = self._opened(game.room())
        players = [self.arrive(game, fate="never") for _ in range(3)]
        for player in players:
            room.enter(player.client)
        room.compute_bonus()
        room.path.write_bytes(self.dice.choice((
            b"\x7fELF\x02\x01\x01\x00\x00\x00\x00" * 300, b'id,workerid,assignmentid,bonus\n"p1,A,B,1\n',
            b"id,bonus,bonus\n1,2,3\n", "id,workerid\r\n".encode("utf-16"))))
        for player in players:
            self.submit(player)
            self.unclaimed.add(player.assignment)
        self.named[game.name, room.name] = "garbage"
        yield None

    def repaired(self, game):
        """Garbage until somebody writes it anew."""
        room = self._opened(game.room())
        players = yield from self._play(game, room, 4, fate="submits")
        room.path.write_bytes(b'id,"')
        yield None
        room.compute_bonus()
        yield from self._submit_all(players)

    def waits_in_vain(self, game, size):
        """Not selected in the waiting room, but with an exit code: submissions without a row."""
        for _ in range(size):
            player = self.arrive(game, fate="submits")
            self.submit(player)
            self.unclaimed.add(player.assignment)
            yield None

    def nobody(self, game):
        """A room without results: a test run, a game that nobody finished."""
        room = self._opened(game.room())
        player = self.arrive(game, fate="never")
        room.enter(player.client)
        room.remember(player.client)
        room.log_connections()
        yield None
        litter(game.data)
        litter(room.directory)
        room.compute_bonus()
        room.path.rename(room.directory / "bonus.csv_4711.bak")
        with nddb.Database() as database:
            database.save_csv(room.directory / "feedback.csv", [], ["time", "player", "feedback"])

    # -- all of it

    def write_down_games(self):
        self.game("ultimatum", settings={"EXCHANGE_RATE": self.dice.choice(RATES), "BASE_PAY": 1.5}, codes=400)
        self.game("survey", settings={"EXCHANGE_RATE": 0.1}, codes=200)
        self.game("vaccination", settings={"BASE_PAY": 0.5}, is_linked=False)
        self.game("template", stores_claims=False)
        self.game("version4", version="4.0.0", stores_claims=False)
        self.game("version5", version="5.7.1", padding=0)
        self.game("version8", version="8.0.0", settings={"EXCHANGE_RATE": 0.01})
        self.game("shared", own_data_dir=False)
        self.game("imgscore", version="6.3.0")
        self.game("pre_frt")

    def entries(self):
        """The "game" lines of the configuration: what is not to be as everywhere."""
        return [f"template join=codes-file hit={self.hits['template']}",
                f"version4 join=exit-code hit={self.hits['version4']}"]

    def scripts(self):
        game, size = self.games, lambda: self.dice.randint(4, 20)
        scripts = [self.together(game["ultimatum"], size()) for _ in range(12)]
        scripts += [self.together(game["ultimatum"], size(), add_disconnected=True) for _ in range(3)]
        scripts += [self.together(game["version5"], size(), add_disconnected=True) for _ in range(4)]
        scripts += [self.together(game["version8"], size()) for _ in range(5)]
        scripts += [self.successors(game["ultimatum"]) for _ in range(2)]
        scripts += [self.one_by_one(game["survey"], size()) for _ in range(3)]
        scripts += [self.one_by_one(game["shared"], 6) for _ in range(2)]
        scripts += [self.one_at_a_time(game["vaccination"], 6, amt=True) for _ in range(2)]
        scripts += [self.one_by_one_without_ids(game["template"], 8), self.one_by_one_without_ids(game["version4"], 8)]
        scripts += [self.twice(game["survey"]), self.levels(game["ultimatum"]), self.levels(game["version8"]),
                    self.levels_paid_twice(game["vaccination"]), self.used_again(game["vaccination"]),
                    self.lost_by_nodegame(game["vaccination"]), self.manual(game["imgscore"], 8),
                    self.saved(game["pre_frt"], 5, 1), self.saved(game["pre_frt"], 5, 3),
                    self.garbage(game["ultimatum"]), self.repaired(game["version8"]),
                    self.waits_in_vain(game["ultimatum"], 4), self.nobody(game["ultimatum"])]
        return scripts

    def one_by_one_without_ids(self, game, size):
        room = self._opened(game.room())
        for _ in range(size):
            player = self.arrive(game, fate=self.dice.choice(("submits", "submits", "late", "never", "nothing won")))
            room.enter(player.client)
            yield None
            # Version 4 writes a header only if it does not append.
            room.compute_bonus(append=room.path.exists(), clients=[player.client["id"]])
            self.end(player)

    def run(self, kills=2, deadly=None):
        """Everything, in an order of the seed's, with so many kills of the daemon in between. `deadly`: starts one that
        dies by itself now and then; how often it did is counted in `deaths`."""
        tending = Tending(self, kills, deadly)
        waiting = [(script, None) for script in self.scripts()]
        while waiting:
            tending.step()
            ready = [i for i, (_, condition) in enumerate(waiting) if condition is None]
            if not ready or tending.steps % 16 == 0:
                ready += [i for i, (_, condition) in enumerate(waiting) if condition is not None and condition()]
            if not ready:
                self._let_daemon_work(waiting, tending)
                continue
            i = self.dice.choice(ready)
            try:
                waiting[i] = (waiting[i][0], next(waiting[i][0]))
            except StopIteration:
                del waiting[i]
        # Those who are late were waited for; the next daemon looks at once.
        for player in self.late:
            self.submit(player)
        self.deaths = tending.end()
        return self

    def _let_daemon_work(self, waiting, tending):
        """Until somebody can go on: all wait for it."""
        def can_go_on():
            tending.revive()
            return any(condition() for _, condition in waiting)

        wait_until(can_go_on, lambda: f"seed {self.seed}: nobody goes on\n{self.daemon.log()[-4000:]}")

    def close(self):
        """The server ends."""
        for room in self.opened:
            room.close()


class Tending:
    """The daemon's life during a day: it is killed, or dies by itself, and somebody starts it again a while later."""

    def __init__(self, day, kills, deadly):
        self.daemon = day.daemon
        self.dice = day.dice
        self.start = deadly or self.daemon.start
        self.steps = 0
        self.deaths = 0
        self.falls = sorted(self.dice.randrange(50, 600) for _ in range(kills))
        self.back_at = None
        if deadly and self.daemon.process:
            self.daemon.terminate()
            self.start()

    def _has_died(self):
        if self.daemon.process is not None and self.daemon.process.poll() is not None:
            self.daemon.wait_for_death()
            self.deaths += 1
        return self.daemon.process is None

    def revive(self):
        if self._has_died():
            self.start()
            self.back_at = None

    def step(self):
        """One thing has happened elsewhere."""
        self.steps += 1
        if self._has_died():
            self.back_at = self.back_at or self.steps + self.dice.randrange(40)
            if self.steps >= self.back_at:
                self.revive()
        elif self.falls and self.steps >= self.falls[0]:
            self.falls.pop(0)
            self.daemon.kill()
            self.deaths += 1

    def end(self):
        """An ordinary one from here on."""
        if not self._has_died():
            self.daemon.kill()
        self.daemon.start()
        return self.deaths
