#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The table of errors in ngmtd(8) is that of daemon/mturk_errors.def. With --print: writes it."""
import re
import sys

from tree import ROOT, Report

TABLE, MANUAL = "daemon/mturk_errors.def", "daemon/ngmtd.8.scd"
ROW = re.compile(r'^ERROR\("([^"]+)",\s*(\w+),\s*"([^"]+)",\s*"([^"]+)",\s*"([^"]*)"\)$', re.MULTILINE)


def escape(text):
    return re.sub(r"([*_\\\[\]#~|])", r"\\\1", text)


def read_rows():
    """{(sentence, advice): [code, ...]}, in the order of the table."""
    text = (ROOT / TABLE).read_text(encoding="utf-8")
    rows, found = {}, ROW.findall(text)
    assert len(found) == len(re.findall(r"^ERROR\(", text, re.MULTILINE)), "a row that is not understood"
    for code, _, _, sentence, advice in found:
        rows.setdefault((sentence, advice), []).append(code)
    return rows


def write_table(rows):
    """A list, since what is said is too long for columns: codes, what happened, what to do."""
    return "\n".join(f"*{escape(', '.join(codes))}*\n\t{escape('; '.join(filter(None, said)))}\n"
                     for said, codes in rows.items())


rows = read_rows()
if sys.argv[1:] == ["--print"]:
    print(write_table(rows), end="")
    sys.exit(0)
report = Report()
if write_table(rows) not in (ROOT / MANUAL).read_text(encoding="utf-8"):
    report.say(MANUAL, 1, "put in what tests/lint/errors.py --print writes")
report.finish(rows)
