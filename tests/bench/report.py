# SPDX-License-Identifier: MIT
"""The table of what was measured: figure, value, the other side's value (boto3, Python's csv, an idle daemon), the
ratio, the goal and whether it is met."""
import json
import os


class Report:
    def __init__(self):
        self.figures = []

    def add(self, figure, value, unit, beside=None, goal=None, is_met=None):
        self.figures.append({"figure": figure, "value": value, "unit": unit, "beside": beside,
                             "ratio": beside / value if beside and isinstance(value, float) and value else None,
                             "goal": goal, "met": is_met})

    def is_met(self):
        return all(f["met"] is not False for f in self.figures)

    def print_json(self):
        print(json.dumps({"machine": machine(), "figures": self.figures}, indent=1))

    def print_table(self):
        rows = [("figure", "value", "beside", "ratio", "goal", "verdict")]
        rows += [(f["figure"], number(f["value"], f["unit"]), number(f["beside"], f["unit"]), number(f["ratio"], ""),
                  f["goal"] or "", {None: "", True: "met", False: "MISSED"}[f["met"]]) for f in self.figures]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        print(machine())
        for row in rows:
            print("  ".join(cell.rjust(w) if 0 < i < 4 else cell.ljust(w)
                            for i, (cell, w) in enumerate(zip(row, widths))).rstrip())


def number(value, unit):
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value:.{3 if value < 1 else 2 if value < 100 else 0}f} {unit}".rstrip()


def machine():
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()
    return f"{cores} cores, {os.uname().machine}, load {load[0]:.1f} in the last minute, {load[1]:.1f} in the last five"
