#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Lines, functions and files that are too long, functions that are too complex (pmccabe)."""
import subprocess

from tree import PROGRAM_FOLDERS, ROOT, Report, files, lines

LINE_MAX, FUNCTION_MAX, COMPLEXITY_MAX, FILE_MAX = 120, 60, 15, 600

report = Report()
sources = files(".c", ".h", under=PROGRAM_FOLDERS + ("tests/unit", "tests/fuzz", "tests/bench"))
for name in sources:
    count = 0
    for count, line in lines(name):
        if len(line.expandtabs(8)) > LINE_MAX:
            report.say(name, count, f"{len(line.expandtabs(8))} columns: break it at {LINE_MAX} (a tab is 8)")
        if line != line.rstrip():
            report.say(name, count, "blanks at the end of the line: remove them")
    if name.startswith(PROGRAM_FOLDERS) and count - 1 > FILE_MAX:
        report.say(name, count - 1, f"{count - 1} lines: split it by noun at {FILE_MAX}")

programs = files(".c", under=PROGRAM_FOLDERS)
measured = subprocess.run(["pmccabe", *programs], cwd=ROOT, capture_output=True, text=True, check=True).stdout
for row in measured.splitlines():
    complexity, _, _, line, length, place = row.split("\t")
    path, function = place.split(": ")
    path = path.split("(")[0]
    if int(complexity) > COMPLEXITY_MAX:
        report.say(path, line, f"{function}() has complexity {complexity}: make a table of it or split it "
                               f"(at most {COMPLEXITY_MAX})")
    if int(length) > FUNCTION_MAX:
        report.say(path, line, f"{function}() has {length} lines: split it (at most {FUNCTION_MAX})")
report.finish(sources and measured)
