# SPDX-License-Identifier: MIT
"""The reader of results files beside Python's csv module, and beside the writers: on thousands of files made at random
from seeds, fed in parts that are cut anywhere, it must find the same records, cells and lines.

NGMT_SEED=N in the environment makes other files; a test that fails names the seed of its file.
"""
import csv
import io
import json
import os
import random
import re
import subprocess

import pytest

import nddb
import nodegame
from javascript import UNDEFINED
from ngmt import SANITIZERS, program

SEED = int(os.environ.get("NGMT_SEED", "1"))
PIECE = 64 << 10  # what the daemon reads at once
COMMON = "abcXYZ019 .-_'#$%&()/:?@[]~"
FOREIGN = "\u00e9\u00df\u00a0\u0085\u0301\u05d0\u2028\u20ac\u4e2d\ufffd\U0001f600\U00010348"
CONTROLS = "\x01\x07\x08\x0b\x0c\x1b\x1c\x1f\x7f"


class Reader:
    """The daemon's reader as a program (tests/unit/csv_records.c): one file after the other."""

    def __init__(self):
        self._process = subprocess.Popen([program("tests/unit/csv_records")], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, env={**os.environ, **SANITIZERS})

    def read(self, data, separator=None, quote=None, part=PIECE, seed=1):
        """(cells, lines) of all records; part: the most bytes that it gets at once."""
        answer = self.ask(data, separator, quote, part, seed)
        assert answer["error"] is None, answer["error"]
        return answer["cells"], answer["lines"]

    def ask(self, data, separator=None, quote=None, part=PIECE, seed=1):
        head = f"{len(data)} {ord(separator or chr(0))} {ord(quote or chr(0))} {part} {seed % (1 << 31)}\n"
        self._process.stdin.write(head.encode() + data)
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(60) == 0
        self._process.stdout.close()


@pytest.fixture(scope="module")
def reader():
    running = Reader()
    yield running
    running.close()


def any_text(dice, alphabet, longest=12):
    return "".join(dice.choices(alphabet, k=dice.randrange(longest + 1)))


# -- RFC 4180, written cell by cell: both readers must find what was meant --------------------------------------------


class Document:
    """A file with quotes where they must be and where they need not be, ends of lines of all kinds, empty lines."""

    def __init__(self, seed, cells=None):
        self.dice = random.Random(seed)
        self.separator = self.dice.choice(",,,;\t|")
        self.quote = self.dice.choice('""""\'')
        self.ends = self.dice.choice([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"], ["\n", "\r\n", "\r"]])
        self.records, self.lines = [], []
        self.text = self._write(cells or self.dice.randrange(40))

    def _cell(self):
        """(text, as it is written). What is not quoted has no blanks around it, as the reader takes them away; a
        backslash in quotes may be an escape of NDDB's, so there is none."""
        if self.dice.random() < 0.5:
            text = any_text(self.dice, COMMON + FOREIGN + CONTROLS + ",;\t|\n\r" + 3 * self.quote).replace("\\", "")
            return text, self.quote + text.replace(self.quote, 2 * self.quote) + self.quote
        text = any_text(self.dice, COMMON + FOREIGN + CONTROLS + "\\" + "\"'")
        text = re.sub(f"^[ {self.quote}]+| +$", "", text)
        return text, text

    def _write(self, cells):
        out, line, width = [], 1, self.dice.choice([1, 2, 5, 12])
        while cells > 0:
            made = [self._cell() for _ in range(width if self.dice.random() < 0.9 else self.dice.randrange(1, 15))]
            cells -= len(made)
            written = self.separator.join(cell for _, cell in made)
            if written:
                self.records.append([text for text, _ in made])
                self.lines.append(line)
            # The last line may lack its end; CR and LF of two ends in a row would be one.
            end = self.dice.choice(self.ends) if cells > 0 or self.dice.random() < 0.7 else ""
            if out and out[-1] == "\r" and not written and end.startswith("\n"):
                end = "\r"
            out += [written, end]
            line += len(re.findall("\r\n|\r|\n", written + end))
        return "".join(out)

    def read_by_python(self):
        """(cells, lines) as Python's csv module finds them; an empty line is no record."""
        records, lines, begins = [], [], 1
        theirs = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.separator, quotechar=self.quote)
        for cells in theirs:
            if cells:
                records.append(cells)
                lines.append(begins)
            begins = theirs.line_num + 1
        return records, lines


def compare(reader, document, seed, part):
    theirs, their_lines = document.read_by_python()
    assert theirs == document.records, f"seed {seed}: Python reads something else: the test is wrong"
    data = (b"\xef\xbb\xbf" if document.dice.random() < 0.1 else b"") + document.text.encode()
    ours, our_lines = reader.read(data, document.separator, document.quote, part, seed)
    assert ours == theirs, f"seed {seed}"
    assert our_lines == their_lines == document.lines, f"seed {seed}"


@pytest.mark.parametrize("part", [1, 3, 17, 4096])
def test_files_of_rfc_4180_are_read_as_python_reads_them(reader, part):
    for seed in range(SEED * 100_000 + part * 10_000, SEED * 100_000 + part * 10_000 + 1500):
        compare(reader, Document(seed), seed, part)


@pytest.mark.parametrize("part", [PIECE, 1_000_000])
def test_large_files_are_read_as_python_reads_them(reader, part):
    for seed in range(SEED * 100_000, SEED * 100_000 + 3):
        document = Document(seed, cells=30_000)
        assert len(document.text) > 2 * PIECE
        compare(reader, document, seed, part)


def test_the_separator_is_found(reader):
    """Of comma and semicolon the one that is more often in the first line, outside of quotes."""
    for seed in range(SEED * 100_000, SEED * 100_000 + 300):
        dice = random.Random(seed)
        separator, other = dice.choice([",;", ";,"])
        names = [f"n{i}" if dice.random() < 0.7 else f'"{i}{other * 9}"' for i in range(dice.randrange(2, 9))]
        row = ["x" + other * dice.randrange(5) for _ in names]
        text = separator.join(names) + "\n" + separator.join(row) + "\n"
        assert reader.read(text.encode(), part=dice.choice([1, 5, 100]), seed=seed)[0] == [
            [name.strip('"') for name in names], row], f"seed {seed}"


def test_characters_across_the_borders_of_what_is_read_at_once(reader):
    """nodegame-files 4: a character of several bytes across 64 KiB. Every one, at every place, in quotes and not."""
    for border in (PIECE // 2, PIECE, 2 * PIECE):
        for before in range(border - 9, border + 2):
            for wrap in ("", '"'):
                filler = "\n".join("x" * 1022 for _ in range(before // 1023)) + "\n"
                filler += "y" * (before - len(filler) - len(wrap) - 2) + ","
                text = f"{filler}{wrap}\u00e9\u20ac\U0001f600\u4e2d{wrap},z\n"
                cells, _ = reader.read(text.encode(), separator=",", part=PIECE)
                assert cells[-1][1:] == ["\u00e9\u20ac\U0001f600\u4e2d", "z"], (border, before, wrap)


# -- what is written is read ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC])
def test_what_pythons_writer_makes_is_read(reader, quoting):
    """As pandas writes (LF, quotes where they must be) and MTurk (all quoted, CRLF, no final newline)."""
    for seed in range(SEED * 100_000, SEED * 100_000 + 300):
        dice = random.Random(seed)
        separator = dice.choice(",;")
        # It leaves a CR without quotes where lines end in LF.
        special = '",;\n\r' if quoting == csv.QUOTE_ALL else '",;\n'
        rows = [[any_text(dice, COMMON + FOREIGN + special).strip(" ") for _ in range(dice.choice([2, 7]))]
                for _ in range(dice.randrange(1, 12))]
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=separator, quoting=quoting,
                   lineterminator=dice.choice(["\n", "\r\n"])).writerows(rows)
        text = out.getvalue()
        if dice.random() < 0.5:
            text = text.rstrip("\r\n") if text.endswith(('"\n', '"\r\n')) else text
        assert reader.read(text.encode(), separator, part=dice.choice([1, 9, 999]), seed=seed)[0] == rows, f"seed {seed}"


def any_value(dice, alphabet):
    return dice.choice([
        lambda: any_text(dice, alphabet), lambda: any_text(dice, alphabet), lambda: any_text(dice, alphabet, 300),
        lambda: dice.random() * 10 ** dice.randrange(-9, 25), lambda: dice.randrange(-5, 2000),
        lambda: round(dice.random() * 10, 2), lambda: float("nan"), lambda: float("inf"), lambda: None,
        lambda: UNDEFINED, lambda: dice.random() < 0.5, lambda: dice.choice(["NA", "007", "1e5", "0x10", "true", ""])])()


@pytest.mark.parametrize("version", [1, 3])
def test_what_nddb_makes_is_read(reader, version, tmp_path):
    """Whatever a string has in it: quotes, separators, backslashes, tabs, newlines and other controls."""
    alphabet = COMMON + FOREIGN + CONTROLS + '"\\,;\n\t\r' * 3 + "ntrbfu0041"
    for seed in range(SEED * 100_000, SEED * 100_000 + 400):
        dice = random.Random(seed)
        header = ["id", "a \"name\", of\\ sorts", "c", "d"]
        items = [{name: any_value(dice, alphabet) for name in header} for _ in range(dice.randrange(1, 9))]
        path = tmp_path / f"{seed}.csv"
        with nddb.Database(version, eol=dice.choice(["\n", "\r\n"])) as database:
            database.save_csv(path, items, header=header)
        expected = [header] + [[cell_of(item[name], version) for name in header] for item in items]
        assert reader.read(path.read_bytes(), part=dice.choice([1, 9, 999]), seed=seed)[0] == expected, f"seed {seed}"


def cell_of(value, version):
    """What an item's value is as text: a string as it is; of anything else NDDB's text of it, without the quotes."""
    return value if isinstance(value, str) else nddb.cell(value, version).strip('"')


def test_what_computebonus_makes_is_read(reader):
    """formatField neither quotes nor escapes, so of texts only those without separators, quotes and newlines; numbers,
    truths, stages and what is missing all are written as the reader gives them back."""
    fields = ["id", "WorkerId", "win", "stage", "disconnected", "note"]
    for seed in range(SEED * 100_000, SEED * 100_000 + 400):
        dice = random.Random(seed)
        clients = [{name: value for name in fields
                    if (value := dice.choice([any_value(dice, COMMON + FOREIGN + CONTROLS + "\\;"),
                                              {"stage": 1, "step": 2, "round": dice.randrange(9)}, {"a": 1}]))
                    is not UNDEFINED} for _ in range(dice.randrange(1, 9))]
        cells = [[nodegame.format_field(client, name) for name in fields] for client in clients]
        text = ",".join(fields) + "\n" + "".join(",".join(row) + "\n" for row in cells)
        got, _ = reader.read(text.encode(), part=dice.choice([1, 9, 999]), seed=seed)
        assert got == [fields] + [[cell.strip(" ") for cell in row] for row in cells], f"seed {seed}"


def test_what_is_broken_is_refused_however_it_is_cut(reader):
    """A file of nodeGame's with some bytes changed: the same records or the same error, with a place in the file."""
    for seed in range(SEED * 100_000, SEED * 100_000 + 400):
        dice = random.Random(seed)
        data = bytearray(Document(seed).text.encode() or b"x")
        for _ in range(dice.randrange(1, 4)):
            data[dice.randrange(len(data))] = dice.choice(b'"\\\x00\xff\xc3\r\n,a')
        whole = reader.ask(bytes(data), ",")
        assert whole == reader.ask(bytes(data), ",", part=dice.choice([1, 2, 13]), seed=seed), f"seed {seed}"
        if whole["error"]:
            place = re.fullmatch(r"line (\d+), column (\d+): .+", whole["error"])
            assert place and 1 <= int(place[1]) <= data.count(b"\n") + data.count(b"\r") + 1, f"seed {seed}: {whole}"
