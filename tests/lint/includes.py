#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Includes point down only, and a third-party library is included only where its rules are kept.

The layers are the groups of daemon/meson.build (a line "# group" before its files); the tables below say who may
include whom. A header belongs to the group of its .c file."""
import re

from tree import PROGRAM_FOLDERS, ROOT, Report, files, lines

# library -> files that may include it
THIRD_PARTY = {
    "curl/": ("daemon/http.c", "daemon/http_transfer."),
    "sys/inotify.h": ("daemon/inotify.c",),
    # the filter has a database of its own with nothing in it: a pure function of its texts
    "sqlite3.h": ("daemon/store.c", "daemon/filter.c", "daemon/filter_table.c", "tests/points/power.c"),
    "ini.h": ("common/ini_file.c",),
    "expat.h": ("daemon/mturk_answer.c",),
    "openssl/": ("common/digest.c", "tests/sim/tls.c"),
    "event2/": ("daemon/loop.c", "daemon/control.c", "daemon/http.c", "tests/sim/"),
    "json-c/": ("common/json.h",),
    "editline/": ("client/line_editor.c",),
    "histedit.h": ("client/line_editor.c",),
    "cmocka.h": (),
}
# folder -> folders whose headers it may include
FOLDERS = {
    "common": {"common"},
    "daemon": {"daemon", "common"},
    "client": {"client", "common"},
    "tests/sim": {"tests/sim", "common"},
    "tests/points": {"tests/points", "daemon", "common"},
}
# layer of daemon/ -> layers below it that it may include (its own always)
_DOMAIN = {"domain"}
_BELOW_ENGINE = {"domain", "configuration", "adapters", "the ledger", "MTurk behind the platform interface"}
LAYERS = {
    "domain": set(),
    "configuration": _DOMAIN,
    "adapters": _DOMAIN | {"configuration"},
    "the ledger": _DOMAIN | {"configuration", "adapters"},
    "MTurk behind the platform interface": _DOMAIN | {"configuration", "adapters"},
    "the engine": _BELOW_ENGINE - {"MTurk behind the platform interface"},
    "control": _BELOW_ENGINE | {"the engine"},
    "main": _BELOW_ENGINE | {"the engine", "control"},
}
PURE = {"domain"}
# (who, whom): why it is right all the same. One that is no longer needed is a finding, too.
EXCEPTIONS = {
    ("platform", "facts"): "the words in which a platform says what it has are the ledger's copy of the same",
    ("platform", "http"): "struct http_answer, which a platform judges: data only",
    ("plan_params", "config"): "struct config, the defaults: data only",
    ("verify", "facts"): "struct facts_*: data only; verify_gather() fetches them",
    ("verify", "operations"): "verify_gather() counts the ledger's own bonuses; verify() itself touches nothing",
    ("verify", "results"): "verify_gather() fetches the exit code of the row",
    ("verify", "clock"): "clock_format_utc(), arithmetic only",
    ("reconcile_rule", "facts"): "the words in which a platform says what it has: data only",
    ("reconcile_bonus", "clock"): "clock_format_utc(), arithmetic only",
    ("plan_item", "ledger"): "asks the ledger what it knows of the same key, inside the caller's turn",
    ("plan_item", "operations"): "as above",
    ("plan_report", "pauses"): "a plan's report says whether its lane is paused",
    ("progress", "control"): "progress goes to the connections that subscribed",
    ("room_book", "imports"): "struct imported, struct file_mark: data only",
    ("room_feed", "control"): "as progress",
    ("event_feed", "control"): "as progress",
}

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
    groups["point"] = "domain"  # a library of its own, which every layer may call
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
    # A private header belongs where the file is whose parts it joins.
    stem, other = (text.rsplit(".", 1)[0].removesuffix("_private") for text in (name[len("daemon/"):], header))
    group, target = groups.get(stem), groups.get(other)
    excepted = (stem, other) in EXCEPTIONS
    if header == "clock.h" and group in PURE:
        needed.add((stem, other))
        if not excepted:
            report.say(name, line, "a pure module takes the time as an argument: leave clock.h out")
    if not (ROOT / "daemon" / header).exists() or header.endswith(".def"):
        return
    if not group or not target:
        missing = stem if not group else other
        report.say(name, line, f"{missing} is in no group of daemon/meson.build: add it")
    elif group not in LAYERS:
        report.say("tests/lint/includes.py", 1, f'"{group}" is a new layer: say in LAYERS whom it may include')
    elif target != group and target not in LAYERS[group]:
        needed.add((stem, other))
        if not excepted:
            report.say(name, line, f'"{header}" is of the layer "{target}", which "{group}" must not know')


report = Report()
needed = set()
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
for who, whom in sorted(set(EXCEPTIONS) - needed):
    report.say("tests/lint/includes.py", 1, f"{who} does not need {whom} any more: take it out of EXCEPTIONS")
report.finish(sources)
