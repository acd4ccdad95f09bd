#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Words that must not be in the tree: promises, absolute paths of one machine, package hosts, ids of real people."""
import re

from tree import Report, files, lines

HERE = "tests/lint/words.py"
WORDS = [
    (r"\b(?:TODO|FIXME|XXX|HACK)\b", "do it, or open an issue"),
    (r"(?i)\bnot (?:yet )?implemented\b", "implement it, or leave it out"),
    (r"(?<![\w.:/])/(?:work|farm)/", "a path of one machine: make it relative or a parameter"),
    (r"(?i)\b(?:registry|pypi|npmjs|crates|rubygems|deb\.debian|archive\.ubuntu)\.(?:org|io|com|internal)\b",
     "no package host belongs here: apt knows its own"),
    (r"(?i)\b(?:files\.)?pythonhosted\.org\b", "no package host belongs here"),
    (r"\b(?:AKIA|ASIA)(?![A-Z0-9]*EXAMPLE)[A-Z0-9]{16}\b", "looks like a real access key: use one with EXAMPLE in it"),
]
# MTurk's worker ids: A and 12 to 20 letters and digits, of both kinds; invented ones carry NGMT.
WORKER = re.compile(r"\bA(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{12,20}\b")


def is_invented(worker_id):
    return any(word in worker_id for word in ("NGMT", "EXAMPLE", "WORKER")) or len(set(worker_id)) <= 4


report = Report()
looked_at = [name for name in files() if name != HERE]
patterns = [(re.compile(pattern), advice) for pattern, advice in WORDS]
for name in looked_at:
    for number, line in lines(name):
        for pattern, advice in patterns:
            if found := pattern.search(line):
                report.say(name, number, f'"{found[0]}": {advice}')
        for worker_id in WORKER.findall(line):
            if not is_invented(worker_id):
                report.say(name, number, f'"{worker_id}" looks like a real worker id: write one with NGMT in it')
report.finish(looked_at)
