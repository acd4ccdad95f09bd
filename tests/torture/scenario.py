# SPDX-License-Identifier: MIT
"""What a seed decides: the rooms, the people's commands, the faults of the endpoint, and the blows, with their order.

Pure: nothing here starts a program or looks at a clock, so the same seed and size give the same scenario everywhere.
"""
import dataclasses
import random

REASON = "Thank you"
FEEDBACK = "You left before the end"
SECOND_PURPOSE = "follow-up"

# How an answer is lost, as rules for mturk-sim. Some of them executed the request and some did not: the client cannot
# tell which.
LOST = (
    {"kind": "drop-before"},
    {"kind": "drop-after"},
    {"kind": "drop-during"},
    {"kind": "half"},
    {"kind": "rubbish"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 500, "execute": True},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 503, "execute": True},
    {"kind": "status", "status": 502, "body": "<html>Bad Gateway</html>", "content_type": "text/html"},
    {"kind": "status", "status": 502, "body": "<html>Bad Gateway</html>", "content_type": "text/html", "execute": True},
    {"kind": "freeze"},
    {"kind": "freeze", "execute": True},
    {"kind": "error", "status": 500, "type": "InternalFailure", "execute": True},
)
LEAST_LOST = 0.06  # of all requests, by each scenario's rules; at least 5 % are asked for
# What goes wrong without any doubt about what was done.
OTHER = (
    {"kind": "error", "type": "ThrottlingException", "message": "Rate exceeded"},
    {"kind": "empty"},
    {"kind": "delay", "ms": 25},
)
POOR = {"kind": "error", "type": "RequestError", "code": "AWS.MechanicalTurk.InsufficientFunds",
        "message": "This requester account has insufficient funds in its account to complete this transaction."}


@dataclasses.dataclass(frozen=True)
class Player:
    number: int
    hit: int
    decision: str  # "approve" or "reject"
    bonus_cents: int
    has_second_bonus: bool
    is_late: bool  # accepted when the torture begins, submitted in the middle of it
    is_twice: bool  # two equal lines in the file
    has_code: bool  # the worker submitted the exit code, in other cases nothing


@dataclasses.dataclass(frozen=True)
class Blow:
    """Falls after so many requests have reached the endpoint since the last one, or when patience is over."""
    kind: str  # kill, early, point, term, down, ctl, poor, rich, submit
    requests: int
    patience_s: float
    delay_s: float = 0
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Command:
    """One of ngmtctl. `file`: what a load is about."""
    words: tuple
    file: str = ""


class Scenario:
    def __init__(self, seed, size):
        self.seed = seed
        self.size = size
        dice = random.Random(seed)
        self.hits = dice.choice((1, 2, 3))
        self.players = [self._player(dice, number) for number in range(1, size + 1)]
        self.bots = dice.randint(0, 2)
        self.queue = {"concurrency": str(dice.choice((1, 2, 4, 4, 8))),
                      "throttle_interval": dice.choice(("0", "1ms", "4ms")),
                      "request_timeout": dice.choice(("600ms", "1s")), "retries": "1000",
                      "retry_interval": dice.choice(("10ms", "30ms")),
                      "undo_window": dice.choice(("0s", "0s", "2s"))}
        self.skew_s = dice.choice((0, 0, 0, -7 * 3600, 3 * 3600, 50 * 3600))
        self.faults = self._faults(dice)
        # A second bonus is asked for by assignment, of all files: two amounts would rightly stand in its way.
        single = [player for player in self.paid() if not player.has_second_bonus]
        self.conflicts = {player.number: dice.randint(1, 900) for player in dice.sample(single, min(5, len(single)))}
        self.phases = self._phases(dice)
        self.blows = self._blows(dice)

    def _player(self, dice, number):
        decision = "reject" if dice.random() < 0.05 else "approve"
        bonus = 0 if dice.random() < 0.05 else dice.randint(1, 999)
        return Player(number, dice.randrange(self.hits), decision, bonus,
                      decision == "approve" and bonus > 0 and dice.random() < 0.05, dice.random() < 0.03,
                      dice.random() < 0.03, dice.random() < 0.5)

    def approved(self):
        return [player for player in self.players if player.decision == "approve"]

    def paid(self):
        return [player for player in self.approved() if player.bonus_cents]

    def _faults(self, dice):
        """The first rule that fires wins, so each one's share is nearly its probability."""
        weights = [dice.random() for _ in LOST]
        share = dice.uniform(LEAST_LOST, 0.2)
        rules = [{"operation": "*", "seed": dice.getrandbits(31), "probability": share * weight / sum(weights), **rule}
                 for weight, rule in zip(weights, LOST)]
        # Silence holds a slot until the time-out: a little of it goes a long way.
        for rule in rules:
            if rule["kind"] == "freeze":
                rule["probability"] = min(rule["probability"], 0.006)
        lost = sum(rule["probability"] for rule in rules)
        rules[1]["probability"] += max(0, LEAST_LOST - lost)
        rules += [{"operation": "*", "seed": dice.getrandbits(31), "probability": dice.uniform(0, 0.05), **rule}
                  for rule in OTHER]
        if dice.random() < 0.3:
            rules.append({"operation": "SendBonus", "seed": dice.getrandbits(31), "probability": 0.003, **POOR})
        return rules

    def _phases(self, dice):
        """[[script of an operator, …] at the same time, …] one after the other; what is cut off begins anew."""
        upload = Command(("upload", "-b", "-r", REASON, "-q", "-f", FEEDBACK, "-i", "1", "--reject", "--yes"))
        single = [Command(("approve", "-f", FEEDBACK, "--yes")), Command(("bonus", "-r", REASON, "--yes")),
                  Command(("qualify", "-i", "1", "--yes")), Command(("reject", "-f", FEEDBACK, "--yes"))]
        dice.shuffle(single)
        load = [Command(("load", "results", "--replace"), name) for name in ("room", "room", "elsewhere")]
        again = Command(("load", "results", "--append"), dice.choice(("room", "elsewhere")))
        first = [[dice.choice(load), upload], [dice.choice(load), *dice.choice(([upload], [again, upload], single))]]
        second = [[Command(("load", "results", "--replace"), "other amounts"), upload],
                  [Command(("load", "results", "--append"), "elsewhere"), upload]]
        follow_up = [load[0], Command(("bonus", "-r", REASON, "--purpose", SECOND_PURPOSE, "--yes"), "follow-up")]
        last = [[follow_up], [[load[2], upload]]]
        dice.shuffle(last)
        phases = [first, [second[dice.randrange(2)]], *last]
        # Detached or followed to the end.
        return [[[self._dressed(dice, command) for command in script] for script in phase] for phase in phases]

    @staticmethod
    def _dressed(dice, command):
        if command.words[0] == "load" or dice.random() < 0.5:
            return command
        return dataclasses.replace(command, words=command.words + ("--no-wait",))

    def _blows(self, dice):
        kinds = ["kill"] * 10 + ["early"] * 3 + ["point"] * 6 + ["term"] * 2 + ["ctl"] * 3 + ["down", "poor", "submit"]
        blows, is_poor = [], False
        for _ in range(10 + self.size // 3):
            kind = dice.choice(kinds)
            if is_poor and dice.random() < 0.5:
                kind = "rich"
            is_poor = (is_poor or kind == "poor") and kind != "rich"
            by_time = dice.random() < 0.2
            blows.append(Blow(kind, 1 << 60 if by_time else 1 + int(dice.expovariate(1 / 40)),
                              dice.uniform(0.05, 1.5) if by_time else dice.uniform(2, 5), dice.uniform(0, 0.12),
                              dice.getrandbits(31)))
        return blows
