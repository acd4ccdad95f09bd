#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Nothing is forgotten by the build: every source is named in a meson.build, every fuzz target has a corpus, every
Python test can be collected, and what has to be executable is."""
import os
import re

from tree import PROGRAM_FOLDERS, ROOT, Report, files, lines

report = Report()
builds = {name: (ROOT / name).read_text(encoding="utf-8") for name in files("meson.build")}
sources = files(".c", under=PROGRAM_FOLDERS + ("tests/unit", "tests/fuzz"))
for source in sources:
    folder, name = os.path.split(source)
    stem = name[:-2]
    own = builds.get(f"{folder}/meson.build", "")
    if folder == "tests/unit" and stem.startswith("sim_"):
        own, stem = builds.get("tests/sim/meson.build", ""), stem[len("sim_"):]
    if not re.search(rf"'(?:\w+/)?{re.escape(stem)}(?:\.c)?'", own):
        report.say(source, 1, f"no meson.build names it: add it to that of {folder}/")
for target in files(".c", under=("tests/fuzz",)):
    corpus = ROOT / "tests" / "fuzz" / "corpus" / os.path.basename(target)[:-2]
    if not corpus.is_dir() or not any(corpus.iterdir()):
        report.say(target, 1, f"put seeds into {corpus.relative_to(ROOT)}/")
for test in files(".py", under=("tests/system",)):
    has_tests = any(re.match(r"\s*(?:async )?def test_", line) for _, line in lines(test))
    if has_tests and not os.path.basename(test).startswith("test_"):
        report.say(test, 1, "pytest does not look here: call it test_*.py")
for name in files():
    with open(ROOT / name, "rb") as stream:
        has_interpreter = stream.read(2) == b"#!"
    if has_interpreter != os.access(ROOT / name, os.X_OK):
        report.say(name, 1, "executable and with an interpreter line, or neither: chmod")
report.finish(sources)
