# SPDX-License-Identifier: MIT
"""What importing a large file costs: a million rows through "load" and through a watched room, until they are durable
and complete, beside a bare C loop (insert_rows.c) that inserts the same rows into tables of the same kind; and how long
a status takes meanwhile."""
import contextlib
import os
import random
import sqlite3
import statistics
import subprocess
import threading
import time

import pay
from ngmtd import Daemon
from status import percentile

ROWS = 1_000_000
ROUNDS = 3
SETTLE_MS = 200
STATUS_EVERY_S = 0.01
GOAL_RATIO = 1.6
GOAL_RSS_MB = 64
GOAL_STATUS_MS = 50
PATIENCE_S = 300
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def write(path):
    """12 columns, about 120 bytes a row; ids come at random, as the platform gives them out."""
    dice = random.Random(1)

    def some(count):
        return "".join(dice.choices(LETTERS, k=count))

    with open(path, "w", encoding="utf-8") as out:
        out.write("id,type,workerid,hitid,assignmentid,access,exit,approve,reject,basepay,bonus,comment\n")
        for i in range(ROWS):
            out.write(f"{some(8)},human,A{some(13)},3NGMTHIT{i // 1000:022},3{some(29)},{some(6)},{some(6)},1,0,0,"
                      f"{i % 500 / 100:.2f},{'NA' if i % 8 else 'some words here'}\n")
    return path


class Witness:
    """Asks for the status all the time, on a thread of its own."""

    def __init__(self, daemon):
        self._daemon, self._ends = daemon, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.samples = []

    def _run(self):
        with self._daemon.control() as control:
            while not self._ends.wait(STATUS_EVERY_S):
                began = time.monotonic()
                control.call("status")
                self.samples.append(1000 * (time.monotonic() - began))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._ends.set()
        self._thread.join()


def load(daemon, control, path):
    loaded = control.call("load", what="results", path=str(path), mode="new")
    if loaded["working_set"]["rows"] != ROWS:
        raise RuntimeError("rows are missing")


def appear(daemon, control, path):
    """A room with the file comes into the folder, and goes again."""
    room = daemon.folder / "data" / "room000001"
    waiting = path.parent / "room"
    waiting.mkdir()
    os.rename(path, waiting / "bonus.csv")
    os.rename(waiting, room)
    try:
        end = time.monotonic() + PATIENCE_S
        while not is_imported(daemon):
            if time.monotonic() > end:
                raise RuntimeError("the room is not imported")
            time.sleep(0.01)
    finally:
        os.rename(room, waiting)
        os.rename(waiting / "bonus.csv", path)
        waiting.rmdir()


def is_imported(daemon):
    with contextlib.closing(sqlite3.connect(f"file:{daemon.ledger}?mode=ro", uri=True, timeout=30)) as database:
        return database.execute("SELECT count(*) FROM room WHERE imported_s IS NOT NULL").fetchone() == (1,)


def run_ngmtd(build, folder, sim, path, way):
    """Seconds of wall and CPU, memory, and how long the status took."""
    (folder / "data").mkdir(parents=True)
    more = f"[nodegame]\ngame = {folder}/data\nsettle = {SETTLE_MS}ms\n"
    with Daemon(build, folder, sim, more=more) as daemon, daemon.control() as control, Witness(daemon) as witness:
        time.sleep(0.5)  # for the first scan
        cpu_s, began = daemon.cpu_s(), time.monotonic()
        way(daemon, control, path)
        return {"wall_s": time.monotonic() - began - (SETTLE_MS / 1000 if way is appear else 0),
                "cpu_s": daemon.cpu_s() - cpu_s, "rss_mb": daemon.peak_rss_mb(), "status": witness.samples,
                "ledger": daemon.ledger}


def run_bare(program, ledger, new):
    rows, wall_s, cpu_s = subprocess.run([str(program), str(ledger), str(new)], check=True, text=True,
                                         stdout=subprocess.PIPE).stdout.split()
    if int(rows) != ROWS:
        raise RuntimeError("the rows are not all there")
    for path in new.parent.glob(new.name + "*"):
        path.unlink()
    return {"wall_s": float(wall_s), "cpu_s": float(cpu_s)}


def add(report, name, ours, bare):
    for key, what in (("wall_s", "wall"), ("cpu_s", "CPU")):
        mine, beside = (statistics.median(run[key] for run in runs) for runs in (ours, bare))
        report.add(f"import: {ROWS} rows, {name}: {what}", mine, "s", beside, f"<= {GOAL_RATIO} times",
                   mine <= GOAL_RATIO * beside)
    rss_mb = max(run["rss_mb"] for run in ours)
    report.add(f"import: {name}: peak memory", rss_mb, "MB", None, f"<= {GOAL_RSS_MB}", rss_mb <= GOAL_RSS_MB)
    samples = [sample for run in ours for sample in run["status"]]
    for title, value in (("p50", percentile(samples, 0.5)), ("p99", percentile(samples, 0.99))):
        report.add(f"import: {name}: status meanwhile, {len(samples)} times: {title}", value, "ms")
    report.add(f"import: {name}: status meanwhile: max", max(samples), "ms", None, f"<= {GOAL_STATUS_MS}",
               max(samples) <= GOAL_STATUS_MS)


def measure(build, insert_rows, folder, report):
    path = write(folder / "large.csv")
    report.add(f"import: file of {ROWS} rows", os.path.getsize(path) / 1e6, "MB")
    with pay.simulator() as sim:
        for name, way in (("load", load), ("watched", appear)):
            ours, bare = [], []
            for number in range(ROUNDS):
                ours.append(run_ngmtd(build, folder / f"{name}{number}", sim, path, way))
                bare.append(run_bare(insert_rows, ours[-1]["ledger"], folder / "bare.db"))
            add(report, name, ours, bare)
