# SPDX-License-Identifier: MIT
"""What the lints share: the files of the tree, and how a finding is said."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM_FOLDERS = ("common", "daemon", "client", "tests/sim", "tests/points")
_SKIPPED = {".git", "__pycache__", ".pytest_cache"}


def _walk():
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in _SKIPPED and not name.startswith("build")]
        yield from (os.path.relpath(os.path.join(folder, name), ROOT) for name in names)


def files(*suffixes, under=("",)):
    """Paths relative to the root, sorted; those that git ignores are left out. No suffix: every file."""
    git = subprocess.run(["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "-co", "--exclude-standard"],
                         capture_output=True, text=True, check=False) if (ROOT / ".git").exists() else None
    names = git.stdout.split("\0") if git and git.returncode == 0 else _walk()
    return sorted(name for name in names
                  if name and (ROOT / name).is_file() and (not suffixes or name.endswith(suffixes))
                  and any(not folder or name.startswith(folder + "/") for folder in under))


def lines(name):
    """(number, line) of a text file; nothing of a binary one."""
    try:
        text = (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    yield from enumerate(text.split("\n"), 1)


class Report:
    """Says each finding at once; finish() ends the program with the status."""

    def __init__(self):
        self.findings = 0

    def say(self, name, line, text):
        self.findings += 1
        print(f"{name}:{line}: {text}")

    def finish(self, looked_at):
        if not looked_at:
            print("nothing was looked at: this lint is broken")
        sys.exit(1 if self.findings or not looked_at else 0)
