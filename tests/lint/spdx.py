#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every source file says its licence in its first lines."""
from tree import ROOT, Report, files

SUFFIXES = (".c", ".h", ".def", ".py", ".sh", ".build", ".ini", ".service", ".socket")

report = Report()
sources = [name for name in files() if name.endswith(SUFFIXES) or (ROOT / name).read_bytes()[:2] == b"#!"]
for name in sources:
    with open(ROOT / name, encoding="utf-8") as stream:
        head = [stream.readline() for _ in range(3)]
    if not any("SPDX-License-Identifier: MIT" in line for line in head):
        report.say(name, 1, "add the line SPDX-License-Identifier: MIT as a comment")
report.finish(sources)
