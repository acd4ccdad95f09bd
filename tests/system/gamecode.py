# SPDX-License-Identifier: MIT
"""Results files that games write by their own code, before and beside computeBonus."""
import os

from javascript import UNDEFINED, is_truthy, text, to_fixed

MANUAL = ("access", "exit", "WorkerId", "hid", "AssignmentId", "bonus", "Approve", "Reject")


def append_file(path, content):
    """fs.appendFile."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.write(descriptor, content.encode())
    finally:
        os.close(descriptor)


def write_access_exit(path, clients):
    """ultimatum 1.0.1 and 2.0.0 on servers 1 to 3: the separator is a comma and a blank. A None among the clients is one
    that the registry has lost."""
    with open(path, "w", encoding="utf-8") as out:
        out.write(", ".join(("access", "exit", "bonus", "terminated")) + "\n")
        for client in clients:
            if client is None:
                out.write("NA, NA\n")
                continue
            code = client.get("ExitCode")
            cells = (client["id"], code if code else "na", text(client.get("win", 0)),
                     text(client.get("terminated", UNDEFINED)))
            out.write(", ".join(cells) + "\n")


class ManualFormat:
    """imgscore, in the format of the wiki's nodeGame-Mturk page: the header at each start of the room, then a row as each
    player ends."""

    def __init__(self, path):
        self.path = path

    def start(self):
        append_file(self.path, ",".join(f'"{name}"' for name in MANUAL) + "\n")
        return self

    def end(self, client, approve=True):
        cells = [f'"{client[key]}"' for key in ("AccessCode", "ExitCode", "WorkerId", "HITId", "AssignmentId")]
        cells += [to_fixed(float(client["win"]), 2), '"x"' if approve else "", "" if approve else '"x"']
        append_file(self.path, ",".join(cells) + "\n")
        return self


def write_shifted(path, clients):
    """meritocracy5 (2017): eight names, six values, so that they stand one column to the left; CRLF, none at the end."""
    lines = [",".join(f'"{name}"' for name in MANUAL)]
    lines += [",".join((c["AccessCode"], c["ExitCode"], c["HITId"], c["AssignmentId"], text(c["win"]), "x"))
              for c in clients]
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write("\r\n".join(lines))


def append_connection(path, time_ms, client, user_agent):
    """stopgo's and artex's codes.csv, every 30 s: a log of connections, and no results."""
    worker = client.get("WorkerId", UNDEFINED)
    append_file(path, f'{time_ms},{client["id"]},{worker if is_truthy(worker) else "NA"},"{user_agent}"\n')
