#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Includes point down only, and a third-party library is included only where its rules are kept.

The layers are the groups of daemon/meson.build (a line "# group" before its files); the tables below say who may
include whom. A header belongs to the group of its .c file."""
import re

from tree import PROGRAM_FOLDERS, ROOT, Report, files, lines

# library -> files that may include it
THIRD_PARTY = {
    "curl/": ("daemon/http.c", "daemon/http_transfer.c"),
    "sqlite3.h": ("daemon/store.c",),
    "ini.h": ("daemon/ini_file.c",),
    "openssl/": ("common/digest.c", "tests/sim/tls.c"),
    "event2/": ("daemon/loop.c", "daemon/control.c", "daemon/http.c", "tests/sim/"),
    "json-c/": ("common/json.h",),
    "editline/": ("client/console.c",),
    "cmocka.h": (),
}
# folder -> folders whose headers it may include
FOLDERS = {
    "common": {"common"},
    "daemon": {"daemon", "common"},
    "client": {"client", "common"},
    "tests/sim": {"tests/sim", "common"},
}
LAYERS = LAYER_TABLE
EXCEPTIONS = EXCEPTION_TABLE

INCLUDE = re.compile(r'\s*#\s*include\s+([<"])([^>"]+)[>"]')


def read_groups():
    """Name of a header or source without suffix -> group of daemon/meson.build."""
    group, groups = None, {}
    for _, line in lines("daemon/meson.build"):
        heading = re.match(r"\s+# ([^:,]+)", line)
        group = heading[1].strip() if heading else group
        if group:
            groups.update((stem, group) for stem in re.findall(r"'(\w+)\.c'", line))
        if line.startswith(")"):
            break
    groups["main"] = "main"
    return groups


def check_library(name, line, header):
    for library, allowed in THIRD_PARTY.items():
        if header.startswith(library) and not name.startswith(allowed or ("-",)):
            report.say(name, line, f"<{header}> belongs to {', '.join(allowed) or 'the unit tests'} only: "
                                   "ask that module instead")


def check_folder(name, line, header, folder):
    homes = {other for other in FOLDERS if (ROOT / other / header).exists()}
    if "/" in header:
        report.say(name, line, f'"{header}": include by name alone, not by path')
    elif homes and not homes & FOLDERS[folder]:
        report.say(name, line, f'"{header}" is of {homes.pop()}/, which {folder}/ must not know')
    elif not homes:
        report.say(name, line, f'"{header}" is nowhere in {", ".join(sorted(FOLDERS[folder]))}')


def check_layer(name, line, header, groups):
    stem, other = name[len("daemon/"):].rsplit(".", 1)[0], header.rsplit(".", 1)[0]
    group = groups.get(stem) or HEADERS_ALONE.get(stem)
    target = groups.get(other) or HEADERS_ALONE.get(other)
    if header == "clock.h" and group in PURE and (stem, "clock") not in EXCEPTIONS:
        report.say(name, line, "a pure module takes the time as an argument: leave clock.h out")
    if not (ROOT / "daemon" / header).exists() or header.endswith(".def"):
        return
    if not group or not target:
        missing = stem if not group else other
        report.say(name, line, f"{missing} is in no group of daemon/meson.build: add it")
    elif target != group and target not in LAYERS[group] and (stem, other) not in EXCEPTIONS:
        report.say(name, line, f'"{header}" is of the layer "{target}", which "{group}" must not know')


report = Report()
layer_of = read_groups()
sources = files(".c", ".h", under=PROGRAM_FOLDERS)
for source in sources:
    home = next(folder for folder in FOLDERS if source.startswith(folder + "/"))
    for number, text in lines(source):
        found = INCLUDE.match(text)
        if not found:
            continue
        check_library(source, number, found[2])
        if found[1] == '"':
            check_folder(source, number, found[2], home)
            if home == "daemon":
                check_layer(source, number, found[2], layer_of)
report.finish(sources)
