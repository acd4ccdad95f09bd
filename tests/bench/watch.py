# SPDX-License-Identifier: MIT
"""What watching costs: ten thousand rooms looked at from the start of the process, from the last write of a file to the
operations that it asks for, and a minute in which nothing happens."""
import contextlib
import os
import pathlib
import sqlite3
import time

import pay
import study
from ngmtd import Daemon
from status import percentile

ROOMS = 10_000
GOAL_SCAN_S = 2
SETTLE_MS = 200
WRITES = 50
GOAL_LATE_MS = 100
IDLE_S = 60
GOAL_IDLE_PERCENT = 1
PATIENCE_S = 120
HEADER = "id,type,workerid,hitid,assignmentid,access,exit,approve,reject,basepay,bonus\n"


def make_rooms(data, count, rows):
    """As many rooms as nodeGame makes them; `rows` in each, of a HIT that nobody knows."""
    data.mkdir(parents=True)
    for number in range(1, count + 1):
        room = data / f"room{number:06}"
        room.mkdir()
        text = "".join(f"p{n},player,A1NGMT{number:07}X,3NGMTHIT0000000000000000000001,3NGMTASG{number:07}{n:015},"
                       f"acc{n},exp{n},1,0,0,0.5\n" for n in range(rows))
        (room / "bonus.csv").write_text(HEADER + text)
    return data


def configuration(data, policy, settle_ms=SETTLE_MS):
    return f"[nodegame]\ngame = {data}\npolicy = {policy}\nsettle = {settle_ms}ms\n[defaults]\nreason = {study.REASON}\n"


def wait_until(condition, what, every_s=0.002):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {PATIENCE_S} s in vain: {what}")
        time.sleep(every_s)


def is_scanned(control, rooms=0):
    """The first scan has ended, and has found as many."""
    watch = control.call("rooms", limit=1)["watch"]
    return watch["rescanned_at"] and not watch["scanning"] and sum(f["rooms"] for f in watch["folders"]) == rooms


def rooms_known(ledger):
    with contextlib.closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=30)) as database:
        return database.execute("SELECT count(*), count(imported_s) FROM room").fetchone()


def start_and_scan(build, folder, sim, text, after):
    """Seconds from the start of the process to the end of its first scan, and of its CPU."""
    began = time.monotonic()
    with Daemon(build, folder, sim, more=text) as daemon, daemon.control() as control:
        wait_until(lambda: is_scanned(control, ROOMS), "the first scan")
        seconds, cpu_s = time.monotonic() - began, daemon.cpu_s()
        after(daemon)
    return seconds, cpu_s


def measure_scans(build, folder, sim, report):
    """First all rooms are new; then they are known, with their files as they were. At last a minute of nothing."""
    for name, rows in (("header only", 0), ("4 rows each", 4)):
        text = configuration(make_rooms(folder / f"data{rows}", ROOMS, rows), "import", 0)
        title = f"watch: {ROOMS} rooms, {name}"
        began = time.monotonic()
        add_scan(report, f"{title}, first time",
                 start_and_scan(build, folder / f"ngmt{rows}", sim, text, lambda daemon: wait_until(
                     lambda: rooms_known(daemon.ledger) == (ROOMS, ROOMS), "the imports", 0.1)))
        report.add(f"{title}, first time: all imported", time.monotonic() - began, "s")
        add_scan(report, f"{title}, known", start_and_scan(
            build, folder / f"ngmt{rows}", sim, text, lambda daemon: measure_idleness(daemon, report) if rows else None))


def add_scan(report, title, measured):
    seconds, cpu_s = measured
    report.add(f"{title}: scanned", seconds, "s", None, f"<= {GOAL_SCAN_S}", seconds <= GOAL_SCAN_S)
    report.add(f"{title}: CPU until then", cpu_s, "s")


def measure_idleness(daemon, report):
    time.sleep(2)  # for what follows the scan
    before = daemon.cpu_s()
    time.sleep(IDLE_S)
    percent = 100 * (daemon.cpu_s() - before) / IDLE_S
    report.add(f"watch: {ROOMS} rooms, idle for {IDLE_S} s: of a core", percent, "%", None, f"< {GOAL_IDLE_PERCENT}",
               percent < GOAL_IDLE_PERCENT)
    report.add(f"watch: {ROOMS} rooms: peak memory", daemon.peak_rss_mb(), "MB")


def append_row(path, number, assignment):
    """As computeBonus with append: one write."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(descriptor, f"p{number},player,{assignment['worker']},{assignment['hit']},{assignment['assignment']},"
                             f"acc{number},exp{number},1,0,0,{study.BONUS}\n".encode())
    finally:
        os.close(descriptor)


def measure_latency(build, folder, sim, report):
    """Into the queue means: both operations are in the ledger, committed. Each time another of many rooms."""
    assignments = study.submit(sim, WRITES)
    data, late = folder / "data", []
    data.mkdir(parents=True)
    with Daemon(build, folder / "late", sim, more=configuration(data, "pay")) as daemon, daemon.control() as control:
        wait_until(lambda: is_scanned(control), "the first scan")
        make_rooms_again(data)
        wait_until(lambda: rooms_known(daemon.ledger) == (WRITES, WRITES), "the rooms")
        database = sqlite3.connect(f"file:{daemon.ledger}?mode=ro", uri=True, timeout=30)
        with contextlib.closing(database):
            for number, assignment in enumerate(assignments, 1):
                append_row(data / f"room{number:06}" / "bonus.csv", number, assignment)
                written = time.monotonic()
                wait_until(lambda: database.execute("SELECT count(*) FROM operation WHERE assignment_id = ?",
                                                    (assignment["assignment"],)).fetchone() == (2,), "the operations",
                           0.001)
                late.append(1000 * (time.monotonic() - written) - SETTLE_MS)
        wait_until(lambda: study.is_exact(sim, assignments), "the payments", 0.05)
    for name, value, has_goal in (("p50", percentile(late, 0.5), True), ("worst", max(late), True),
                                  ("best", min(late), False)):
        report.add(f"watch: last write to queue, beyond settle, {WRITES} times: {name}", value, "ms", None,
                   *((f"<= {GOAL_LATE_MS}", value <= GOAL_LATE_MS) if has_goal else ()))


def make_rooms_again(data):
    for number in range(1, WRITES + 1):
        room = data / f"room{number:06}"
        room.mkdir()
        (room / "bonus.csv").write_text(HEADER)


def measure(build, folder, report):
    folder = pathlib.Path(folder)
    with pay.simulator() as sim:
        measure_latency(build, folder / "latency", sim, report)
        measure_scans(build, folder / "scans", sim, report)
