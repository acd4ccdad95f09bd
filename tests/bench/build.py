# SPDX-License-Identifier: MIT
"""The release build that is measured: no sanitizers, no assertions switched off."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def make(folder):
    """Configures `folder` if it is none yet, brings it up to date, and returns it."""
    folder = pathlib.Path(folder or ROOT / "build" / "bench").resolve()
    if not (folder / "build.ninja").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["meson", "setup", "--buildtype=release", str(folder), str(ROOT)], check=True,
                       stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", str(folder), "--quiet"], check=True, stdout=subprocess.DEVNULL)
    os.environ["NGMT_BUILD"] = str(folder)
    return folder


def csv_rows(build, to):
    """Links csv_rows.c with the daemon's library as it was built, and returns the program."""
    program = to / "csv_rows"
    libraries = [str(build / "daemon" / "libdaemon.a"), str(build / "common" / "libcommon.a")]
    subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", f"-I{ROOT}/daemon",
                    f"-I{ROOT}/common", str(ROOT / "tests" / "bench" / "csv_rows.c"), *libraries, "-o", str(program)],
                   check=True)
    return program


def insert_rows(to):
    """SQLite alone; see insert_rows.c."""
    program = to / "insert_rows"
    subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra",
                    str(ROOT / "tests" / "bench" / "insert_rows.c"), "-lsqlite3", "-o", str(program)], check=True)
    return program
