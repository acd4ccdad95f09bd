#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Headers are the manual: each says at its top what the module is for, has its guard, and what it exports is used
somewhere else."""
import re

from tree import ROOT, Report, files, lines

FUNCTION = re.compile(r"^(?:const |unsigned |struct |enum )*\w+(?: \w+)* \**(\w+)\(")


def functions(name):
    """(line, name) of each function that a header declares."""
    for number, line in lines(name):
        found = FUNCTION.match(line)
        if found and not line.startswith(("static", "typedef")):
            yield number, found[1]


def check_head(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    if not re.match(r"/\* SPDX-License-Identifier: MIT\n \*\n \* \S", text):
        report.say(name, 1, "say in the first comment what the module is for, what it owns and who may call it")
    if not re.search(r"^#ifndef NGMT_\w+_H\n#define NGMT_\w+_H$", text, re.MULTILINE):
        report.say(name, 1, "guard it with #ifndef NGMT_..._H")


report = Report()
headers = files(".h", under=("common", "daemon"))
bodies = {name: (ROOT / name).read_text(encoding="utf-8")
          for name in files(".c", ".def", ".h", under=("common", "daemon", "client", "tests"))}
for header in headers:
    check_head(header)
    own = header[:-1] + "c"
    for line_number, function in functions(header):
        call = re.compile(rf"\b{function}\b")
        if not any(call.search(body) for name, body in bodies.items() if name not in (header, own)):
            report.say(header, line_number, f"{function}() is used nowhere else: make it static, or remove it")
report.finish(headers)
