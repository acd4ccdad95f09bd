#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Counts single tests: tally.py meson testlog.json | tally.py pytest junit.xml

Writes "PASSED FAILED" to stderr and the details of what failed to stdout. A program that ends badly without a failed
test (a crash, a leak, a time limit) counts as one; so does one that ran nothing."""
import json
import re
import sys
import xml.etree.ElementTree

RESULT = re.compile(r"^(not ok|ok) (\d+)(?: - (.*)| # SKIP.*)?$", re.MULTILINE)


def meson(path):
    passed = failed = 0
    with open(path, encoding="utf-8") as stream:
        for program in map(json.loads, stream):
            said = program.get("stdout", "") + program.get("stderr", "")
            results = {found.groups() for found in RESULT.finditer(said) if "# SKIP" not in found[0]}
            bad = sorted((name or number).split(" Could not run test")[0] for word, number, name in results if word == "not ok")
            if program["returncode"] != 0 and not bad or not results:
                bad.append(f"{program['result']}, status {program['returncode']}")
            passed += sum(word == "ok" for word, _, _ in results)
            failed += len(bad)
            if bad:
                print(f"{program['name']}: {'; '.join(bad)}")
                print("\n".join("    " + line for line in said.splitlines() if not re.match(r"ok \d|\d{4}-\d\d-\d\dT", line)))
    return passed, failed


def pytest(path):
    passed = failed = 0
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        bad = case.findall("failure") + case.findall("error")
        passed += not bad and case.find("skipped") is None
        failed += bool(bad)
        for problem in bad:
            print(f"{case.get('classname')}.{case.get('name')}:")
            said = (problem.text or problem.get("message") or "").splitlines()
            print("\n".join("    " + line for line in [line for line in said if line.startswith("E ")][:6] + said[-1:]))
    return passed, failed


def main(kind, path):
    try:
        passed, failed = {"meson": meson, "pytest": pytest}[kind](path)
    except (OSError, ValueError, xml.etree.ElementTree.ParseError) as error:
        print(f"no results of the tests: {error}")
        passed, failed = 0, 1
    if passed + failed == 0:
        print("not one test was run")
        failed = 1
    print(passed, failed, file=sys.stderr)


main(*sys.argv[1:])
