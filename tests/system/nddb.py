# SPDX-License-Identifier: MIT
"""NDDB's save() and stream(), by which nodeGame writes everything but bonus.csv: quoted, with backslashes, in place, in
chunks, and never closed."""
import json
import os

from javascript import UNDEFINED, is_number, number_text

# Its major versions: 1.19.1 is nodegame-mturk's, 3.0.2 nodegame-server 7's.
CHUNKS = {1: 64 << 10, 3: 128 << 10}


def quoted(value, version, separator=","):
    """A string as a cell."""
    if version >= 3:
        return json.dumps(value, ensure_ascii=False)
    for special in ("\\", '"', separator, "\n", "\t"):
        value = value.replace(special, "\\" + special)
    return f'"{value}"'


def cell(value, version):
    if value is None or value is UNDEFINED:
        value = "NA"
    if isinstance(value, bool):
        value = "true" if value else "false"
    return number_text(value) if is_number(value) else quoted(value, version)


def flattened(item):
    """{"a": {"b": 1}, "c": [2]} has the columns a.b and c.0."""
    flat = {}
    for key, value in item.items():
        if isinstance(value, (dict, list)):
            children = value.items() if isinstance(value, dict) else enumerate(value)
            flat.update({f"{key}.{name}": child for name, child in flattened(dict(children)).items()})
        else:
            flat[key] = value
    return flat


def auto_header(items):
    """Every key of any item, but those whose value is null where they are first seen."""
    names = {}
    for item in items:
        names.update({name: True for name, value in item.items() if value is not None})
    return list(names)


class Database:
    """What the items of one file were saved by; its descriptors stay open until its process ends: close()."""

    def __init__(self, version=3, eol="\n"):
        self.version = version
        self.eol = eol  # os.EOL of the server's machine
        self._descriptors = []

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        while self._descriptors:
            os.close(self._descriptors.pop())

    def _open(self, path, flags):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o666)
        self._descriptors.append(descriptor)
        return descriptor

    def save_csv(self, path, items, header=None, append=None, on_chunk=lambda written: None):
        """`append` None: as the version does unless told otherwise. 1.x overwrites, and its "a" repeats the header; 3.x
        appends, and writes the header only into a new file. `on_chunk` is called after each chunk."""
        items = [flattened(item) for item in items]
        header = header or auto_header(items)
        is_new = not os.path.exists(path)
        append = self.version >= 3 if append is None else append
        lines = [",".join(quoted(name, self.version) for name in header)] if is_new or self.version < 3 or \
            not append else []
        lines += [",".join(cell(item.get(name), self.version) for name in header) for item in items]
        data = "".join(line + self.eol for line in lines).encode()
        descriptor = self._open(path, os.O_APPEND if append else os.O_TRUNC)
        for start in range(0, len(data), CHUNKS[self.version]):
            os.write(descriptor, data[start:start + CHUNKS[self.version]])
            on_chunk(min(len(data), start + CHUNKS[self.version]))
        return self

    def save_json(self, path, items):
        """An array; JSON files are closed."""
        with open(path, "w", encoding="utf-8") as out:
            json.dump(items, out, ensure_ascii=False, indent=4 if self.version < 3 else None)
        return self

    def stream(self, path, item):
        """memory.json: an object a line, almost at once."""
        descriptor = self._open(path, os.O_APPEND)
        os.write(descriptor, (json.dumps(item, ensure_ascii=False, separators=(",", ":")) + "\n").encode())
        # Each flush of the real one leaks a descriptor; one is enough to keep the file open.
        if len(self._descriptors) > 64:
            os.close(self._descriptors.pop(0))
        return self
