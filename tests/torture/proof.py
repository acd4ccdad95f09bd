# SPDX-License-Identifier: MIT
"""What must be true after the torture: the endpoint's books, the ledger and the scenario agree in every row.

Every look at something that must hold adds a finding, in words, instead of stopping at the first one.
"""
import collections
import pathlib
import re

import ngmt
from scenario import SECOND_PURPOSE

OUTCOMES = {"approve": {"approved", "already-approved", "auto-approved"},
            "reject": {"rejected", "already-rejected"},
            "bonus": {"paid", "already-processed", "found-paid"},
            "qualify": {"granted", "already-granted"}}


class Proof:
    def __init__(self, scenario, sim, daemon, qualification_type):
        self.scenario = scenario
        self.ledger = daemon.ledger
        self.books = sim.books("assignments", "bonuses", "qualification_types")
        self.qualification_type = qualification_type
        self.findings = []
        self.double = 0
        self.lost = 0
        self.operations = self.ledger.operations() if self.ledger.path.exists() else []

    def say(self, finding):
        self.findings.append(finding)

    def run(self):
        for look in (self._decisions, self._bonuses, self._grants, self._states, self._keys, self._history, self._tally,
                     self._file):
            look()
        return self

    def _by_key(self):
        return {op["key"]: op for op in self.operations}

    # -- the endpoint's books

    def _decisions(self):
        found = {a["assignment"]: a for a in self.books["assignments"]}
        for player in self.scenario.players:
            books = found[ngmt.assignment(player.number)]
            counts = (books["approvals"], books["rejections"])
            wanted = (1, 0) if player.decision == "approve" else (0, 1)
            self.double += max(0, sum(counts) - 1)
            self.lost += counts == (0, 0)
            if counts != wanted:
                self.say(f"{books['assignment']}: {counts[0]} approvals and {counts[1]} rejections, not {wanted}")

    def _wanted_bonuses(self):
        """{(assignment, purpose): cents}"""
        paid = self.scenario.paid()
        wanted = {(ngmt.assignment(p.number), "bonus"): p.bonus_cents for p in paid}
        wanted.update({(ngmt.assignment(p.number), SECOND_PURPOSE): p.bonus_cents for p in paid if p.has_second_bonus})
        return wanted

    def _bonuses(self):
        wanted = self._wanted_bonuses()
        tokens = {op["token"]: op for op in self.operations if op["kind"] == "bonus"}
        paid = collections.Counter()
        for bonus in self.books["bonuses"]:
            op = tokens.get(bonus["token"])
            key = (bonus["assignment"], op["purpose"] if op else "?")
            paid[key] += 1
            if op is None or op["assignment_id"] != bonus["assignment"] or op["worker_id"] != bonus["worker"]:
                self.say(f"paid, but not so in the ledger: {bonus}")
            elif bonus["cents"] != wanted.get(key) or op["amount_minor"] != bonus["cents"]:
                self.say(f"{key}: paid {bonus['cents']} cents, the ledger says {op['amount_minor']}, "
                         f"owed are {wanted.get(key)}")
            if bonus["worker"] != ngmt.worker(int(bonus["assignment"][-7:])):
                self.say(f"paid to somebody else: {bonus}")
        for key, count in paid.items():
            self.double += count - (key in wanted)
            if count != (key in wanted):
                self.say(f"{key}: paid {count} times, owed {int(key in wanted)} times")
        for key in wanted.keys() - paid.keys():
            self.lost += 1
            self.say(f"{key}: never paid")

    def _grants(self):
        (kind,) = [t for t in self.books["qualification_types"] if t["id"] == self.qualification_type]
        granted = sorted(grant["worker"] for grant in kind["grants"])
        wanted = sorted(ngmt.worker(p.number) for p in self.scenario.approved())
        self.lost += len(set(wanted) - set(granted))
        if granted != wanted:
            self.say(f"qualification: missing {sorted(set(wanted) - set(granted))}, "
                     f"too many {sorted(set(granted) - set(wanted))}")

    # -- the ledger

    def _states(self):
        for op in self.operations:
            if op["state"] != "done":
                self.lost += 1
                self.say(f"{op['key']} is left {op['state']} (doubtful {op['doubtful']}, attempts {op['attempts']}): "
                         f"{op['why']}")
            elif op["outcome"] not in OUTCOMES[op["kind"]]:
                self.say(f"{op['key']} is done with the outcome {op['outcome']}")

    def _keys(self):
        wanted = {f"decision/{ngmt.assignment(p.number)}" for p in self.scenario.players}
        wanted |= {f"bonus/{a}/{ngmt.worker(int(a[-7:]))}/{purpose}" for a, purpose in self._wanted_bonuses()}
        wanted |= {f"qualify/{self.qualification_type}/{ngmt.worker(p.number)}/1" for p in self.scenario.approved()}
        known = self._by_key().keys()
        for key in wanted - known:
            self.lost += 1
            self.say(f"{key} is not in the ledger")
        for key in known - wanted:
            self.say(f"{key} is in the ledger, and nobody asked for it")

    def _history(self):
        """Each step's state follows from the one before; the last one is the operation's; each sending was counted."""
        may_follow = state_table()
        steps = collections.defaultdict(list)
        for row in self.ledger.rows("SELECT operation_id, state FROM step WHERE operation_id <> 0 ORDER BY id"):
            steps[row["operation_id"]].append(ngmt.STATES[row["state"]])
        for op in self.operations:
            history = steps.pop(op["id"], [])
            for before, after in zip(history, history[1:]):
                if before != after and after not in may_follow[before]:
                    self.say(f"{op['key']} went from {before} to {after}: {history}")
            if not history or history[0] not in ("planned", "held") or history[-1] != op["state"]:
                self.say(f"{op['key']} is {op['state']}, its history says {history}")
            if history.count("sending") != op["attempts"]:
                self.say(f"{op['key']} was sent {op['attempts']} times, its history says {history}")
        if steps:
            self.say(f"steps of {len(steps)} operations that do not exist")

    def _tally(self):
        sums = "SELECT batch_id, kind, state, {0} AS operations, {1} AS amount, {2} AS fee FROM {3}"
        kept = self.ledger.rows(sums.format("operations", "amount_minor", "fee_minor", "tally") +
                                " WHERE operations <> 0 ORDER BY 1, 2, 3")
        counted = self.ledger.rows(sums.format("count(*)", "sum(amount_minor)", "sum(fee_minor)", "operation") +
                                   " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
        if kept != counted:
            differing = [row for row in kept + counted if (row in kept) != (row in counted)]
            self.say(f"the tally is not the recount: {differing}")
        for row in self.ledger.rows("SELECT * FROM tally WHERE operations = 0"
                                    " AND (amount_minor <> 0 OR fee_minor <> 0)"):
            self.say(f"money of no operation in the tally: {row}")

    def _file(self):
        if not self.ledger.is_sound():
            self.say("the ledger is damaged")
        for row in self.ledger.rows("PRAGMA foreign_key_check"):
            self.say(f"a row refers to nothing: {row}")

    def doubts(self):
        return self.ledger.rows("SELECT count(*) AS n FROM step WHERE state = ?", ngmt.STATES.index("unsure"))[0]["n"]


def state_table():
    """{state: states that may follow} from daemon/op_states.def."""
    text = (pathlib.Path(ngmt.source_root()) / "daemon" / "op_states.def").read_text(encoding="utf-8")
    entries = re.findall(r"^STATE\((\w+),\s*(\d+),\s*\"([\w-]+)\",\s*(.*?),\s*\"", text, re.MULTILINE | re.DOTALL)
    names = {symbol: name for symbol, _, name, _ in entries}
    assert [name for _, _, name, _ in entries] == list(ngmt.STATES), "op_states.def and ngmt.py differ"
    return {name: {names[symbol] for symbol in re.findall(r"S\((\w+)\)", following)}
            for _, _, name, following in entries}
