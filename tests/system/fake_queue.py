# SPDX-License-Identifier: MIT
"""The queue of a fake daemon: the methods queue, release, cancel, hold, retry and resolve over a list of operations."""
import json

from fake_daemon import Refusal

HIT_ID = "3NGMTHIT000000000000000001"


def operation(number, **more):
    """One operation as the method queue lists it; held by a limit unless said otherwise."""
    value = {"id": number, "kind": "bonus", "state": "held", "hold": "limit", "held_until": None, "amount_cents": 200,
             "fees_cents": 40, "assignment_id": f"3NGMTASG{number:05}", "worker_id": f"A1NGMT{number:08}X",
             "hit_id": HIT_ID, "purpose": "bonus", "why": "beyond max_bonus of $1.00", "batch": 7,
             "command": "bonus", "user": "alice", "attempts": 0, "at": "2026-11-23T12:00:00Z"}
    value.update(more)
    return value


QUEUE = [
    operation(11), operation(12, amount_cents=350, fees_cents=70, worker_id="A1NGMT00000011X"),
    operation(13, hold="disagrees", why="the worker is another one on the platform"),
    operation(14, hold="doubt", why="the answer was lost"),
    operation(15, kind="reject", hold="undo", held_until="2026-11-23T12:10:00Z", amount_cents=0, fees_cents=0,
              why="may still be taken back"),
    operation(16, state="queued", hold=None, why=None, kind="approve", amount_cents=100, fees_cents=20),
    operation(17, state="planned", hold=None, why=None),
    operation(18, state="sending", hold=None, why=None, batch=8),
    operation(19, state="done", hold=None, why="paid", worker_id="A1NGMT00000019X", batch=6),
    operation(20, state="cancelled", hold=None, why="taken back by alice", batch=9),
]


class Queue:
    """The methods queue, release, cancel and resolve over a list of operations, as ngmt-protocol(7) has them."""

    def __init__(self, operations, page=1000):
        self.operations = json.loads(json.dumps(operations))
        self.page = page
        self.batch = 40
        self.released = []
        self.fates = {}
        self.looks = 1

    def settles(self, fates, looks=1):
        """What becomes of released operations, {id: members}, when they are listed for the `looks`th time; else they are queued."""
        self.fates, self.looks = fates, looks
        return self

    def settle(self, ids):
        """A released operation has been checked when one looks."""
        if not set(ids) & {op["id"] for op in self.released}:
            return
        self.looks -= 1
        if self.looks <= 0:
            for op in self.released:
                op.update({"state": "queued", **self.fates.get(op["id"], {})})
            self.released = []

    def select(self, select, purpose=None):
        found = self.operations
        if select is None:
            return [op for op in found if op["state"] not in ("done", "cancelled")]
        assert select, "an empty select is refused"
        if "ids" not in select and purpose == "release":
            found = [op for op in found if op["state"] == "held" and op["hold"] != "doubt" and
                     (op["hold"] != "undo" or select.get("hold") == "undo")]
        if "ids" not in select and purpose == "cancel":
            found = [op for op in found if op["state"] in ("planned", "queued", "held") and op["hold"] != "doubt"]
        if "ids" not in select and purpose == "hold":
            found = [op for op in found if op["state"] in ("planned", "queued") or op["hold"] == "undo"]
        if "ids" not in select and purpose == "retry":
            found = [op for op in found if op["state"] == "failed" or op["attempts"] > 0 and
                     op["state"] in ("planned", "queued", "unsure")]
        keys = {"ids": "id", "worker": "worker_id", "assignment": "assignment_id", "hit": "hit_id"}
        for key, value in select.items():
            name = keys.get(key, key)
            assert name in QUEUE[0], f"unknown member {key}"
            found = [op for op in found if (op[name] in value if key == "ids" else op[name] == value)]
        return found

    @staticmethod
    def total(operations):
        return {"count": len(operations), "amount_cents": sum(op["amount_cents"] for op in operations),
                "fees_cents": sum(op["fees_cents"] for op in operations)}

    def queue(self, params, _peer):
        if params["what"] == "show":
            found = [op for op in self.operations if op["id"] == params["id"]]
            if not found:
                return Refusal("not-found", f"there is no operation {params['id']}", 1)
            return {"environment": "sandbox", **found[0], "key": "bonus/3NGMTASG00011/A1NGMT00000011X/bonus",
                    "token": "TOKEN", "first_sent": None, "created": "2026-11-23T11:59:00Z", "outcome": None,
                    "http_status": None, "request_id": None, "answer": None,
                    "row": {"file": "/data/bonus.csv", "line": 3},
                    "steps": [{"at": "2026-11-23T11:59:00Z", "state": "planned", "why": None, "batch": 7,
                               "command": "bonus", "user": "alice"},
                              {"at": "2026-11-23T12:00:00Z", "state": "held", "why": "beyond max_bonus of $1.00",
                               "batch": None, "command": None, "user": None}]}
        self.settle((params.get("select") or {}).get("ids", []))
        found = self.select(params.get("select"), params.get("for"))
        offset, limit = params["offset"], min(params["limit"], self.page)
        more = offset + limit < len(found)
        return {"environment": "sandbox", "operations": found[offset:offset + limit],
                "next_offset": offset + limit if more else None, "total": self.total(found)}

    def change(self, params, purpose, may, state, done):
        found = self.select(params["select"], purpose)
        total = self.total(found)
        if "expect" in params and params["expect"] != {key: total[key] for key in ("count", "amount_cents")}:
            return Refusal("money-rule", "there are other operations now than were shown; nothing was done", 5)
        if not found or len(found) > 5000:
            return Refusal("usage", "none, or too many", 2)
        self.batch += 1
        changed = [op for op in found if may(op)]
        refused = [{"id": op["id"], "why": f"it is {op['state']}"} for op in found if not may(op)]
        for op in changed:
            op.update(state=state, hold=None)
        if state == "planned":
            self.released += changed
        return {"environment": "sandbox", "batch": self.batch, done: len(changed), "refused": refused[:100]}

    def release(self, params, _peer):
        return self.change(params, "release", lambda op: op["state"] in ("held", "cancelled") and op["hold"] != "doubt",
                           "planned", "released")

    def cancel(self, params, _peer):
        return self.change(params, "cancel", lambda op: op["state"] in ("planned", "held", "queued") and op["hold"] != "doubt",
                           "cancelled", "cancelled")

    def hold(self, params, _peer):
        return self.change(params, "hold", lambda op: op["state"] in ("planned", "queued"), "held", "held")

    def retry(self, params, _peer):
        return self.change(params, "retry", lambda op: op["state"] in ("failed", "planned", "queued", "unsure"), "planned",
                           "retried")

    def resolve(self, params, _peer):
        op = [op for op in self.operations if op["id"] == params["id"]][0]
        op.update(state="done" if params["done"] else "planned", hold=None)
        return {"environment": "sandbox", "batch": 44, "id": op["id"], "state": op["state"]}

    def attach(self, daemon):
        for method in ("queue", "release", "cancel", "hold", "retry", "resolve"):
            daemon.on(method, getattr(self, method))
        return self

    def states(self, *ids):
        return [op["state"] for number in ids for op in self.operations if op["id"] == number]
