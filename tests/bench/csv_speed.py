# SPDX-License-Identifier: MIT
"""The reader of results files beside Python's csv module, on one large file. Called as a program with the name of a
file, it is the Python side: it prints rows and cells."""
import csv
import os
import statistics
import subprocess
import sys

ROWS = 1_000_000
COLUMNS = 12
ROUNDS = 3
GOAL_RATIO = 5


def write(path):
    """Rows as nodeGame writes them: ids, times, numbers, and some quoted text with separators and quotes in it."""
    with open(path, "w", encoding="utf-8") as out:
        out.write("id,type,workerid,hitid,assignmentid,access,exit,approve,reject,basepay,bonus,comment\n")
        for i in range(ROWS):
            comment = '"I liked it, a ""lot"" – really"' if i % 8 == 0 else "NA"
            out.write(f"p{i:07d},player,A1NGMT{i:08d},3NGMTHIT00000001,3NGMTASG{i:08d},acc{i},exit{i},1,0,0,"
                      f"{i % 500 / 100:.2f},{comment}\n")
    return path


def count_python(path):
    rows = cells = 0
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            rows += 1
            cells += len(row)
    return rows, cells


def time_of(command):
    """(CPU seconds, output) of a process."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, out.split()


def measure(program, folder, report):
    path = str(write(folder / "large.csv"))
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(time_of([str(program), path]))
        theirs.append(time_of([sys.executable, __file__, path]))
    if any(out[:2] != [str(ROWS + 1), str((ROWS + 1) * COLUMNS)] for _, out in ours + theirs):
        raise RuntimeError("the readers do not agree about the file")
    mine, python = (statistics.median(s for s, _ in runs) for runs in (ours, theirs))
    report.add(f"csv: CPU for {ROWS} rows of {COLUMNS} cells", mine, "s", python, f"ratio >= {GOAL_RATIO} (later)",
               python / mine >= GOAL_RATIO)
    report.add("csv: speed", os.path.getsize(path) / 1e6 / mine, "MB/s")
    os.unlink(path)


if __name__ == "__main__":
    print(*count_python(sys.argv[1]))
