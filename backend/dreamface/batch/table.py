"""A table of prompts: a CSV file, or what spreadsheets make of one."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

from dreamface.errors import BadRequest
from dreamface.limits import RANDOM, read_seed
from dreamface.text import WINDOWS_DEVICES, is_text, slug

NOT_IN_NAMES = '<>:"/\\|?*'
"""Characters that a folder can't have on some system."""

LONGEST_NAME = 150
"""Bytes of a folder's name: systems allow 255, and exports are written under longer names first."""

PLAN, FAILED = "batch.json", "failed.csv"
"""What a batch writes beside the faces: what was planned, and the rows that no face could be made of."""

_RESERVED: Final = re.compile(r"batch\.json|failed\.csv|index\.html|contact-sheet(-\d+)?\.jpg|page", re.IGNORECASE)
"""Names that a batch gives to what lies beside the faces."""

DELIMITERS = (",", ";", "\t", "|")
"""What separates cells: spreadsheets write semicolons where a comma is in numbers."""

MOST_LINES = 200
"""Of one record: a cell with more line breaks is one whose quotes do not end."""

_SEPARATOR_LINE = re.compile(r"sep=.\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        line: where it starts in the file, from 1.
        prompt: as typed; may be empty.
        name: of its folder; may be empty before the table is complete.
        seed: None where it is left open.
        resolution: of the maps in pixels; None where it is left open.
        cells: as they are in the file, one for each column or fewer.
    """

    line: int
    prompt: str
    name: str
    seed: int | None
    resolution: int | None
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that no face could be made of, and why.

    Attributes:
        line: where it starts in the file, from 1.
        reason: a sentence.
        name: of its folder, where it has got one.
        cells: as `Row.cells`.
    """

    line: int
    reason: str
    name: str = ""
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of prompts.

    Attributes:
        columns: their names as they are written.
        rows: in the order of the file; for those that can't be read, why.
    """

    columns: tuple[str, ...]
    rows: list[Row | Failure]


def read_table(path: Path) -> Table:
    """Read a CSV file in UTF-8, or of what Excel calls Unicode text; for those that can't be read, why.

    Blank lines are left out. Cells are separated by what separates the columns' names: commas, semicolons or tabs.
    Rows without a name are called after their prompt, with a number where several would be called the same.

    Raises:
        BadRequest: the file can't be read, or has no column "prompt", or no row.
    """
    try:
        lines = _lines(path.read_bytes())
    except OSError as error:
        raise BadRequest(f"{path} can't be read ({error.strerror}); it must be a CSV file in UTF-8.") from error
    except UnicodeError as error:
        raise BadRequest(f"{path} is no text; save the table as “CSV UTF-8”.") from error
    records, titles = _open_table(lines)
    header = [title.lower() for title in titles]
    if not header:
        raise BadRequest(
            f"{path} needs the columns' names in its first line, separated by commas, semicolons or tabs; one must be "
            "prompt."
        )
    rows = [_row(line, cells, header, lines) for line, cells in records if cells is None or any(map(str.strip, cells))]
    if not rows:
        raise BadRequest(f"{path} has no rows; write a prompt under the column called prompt.")
    return Table(titles, _all_named(rows))


def _lines(data: bytes) -> list[str]:
    """The lines of a text, each with its end; bytes that are no text become lone surrogates."""
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    with io.TextIOWrapper(io.BytesIO(data), encoding, "surrogateescape", newline="") as text:
        return list(text)


def _open_table(lines: Sequence[str]) -> tuple[Iterator[tuple[int, list[str] | None]], tuple[str, ...]]:
    """The records below the columns' names, and these names; no names where none of them is prompt."""
    first = 1 if lines and _SEPARATOR_LINE.fullmatch(lines[0]) else 0  # Excel's: sep=;
    for delimiter in DELIMITERS:
        records = _records(lines, first, delimiter)
        _, titles = next(records, (0, None))
        names = tuple(title.strip() for title in titles or ())
        if "prompt" in (name.lower() for name in names):
            return records, names
    return iter(()), ()


class _Feed:
    """Hands out lines, as few at a time as they are asked for; `place` is the next one's index."""

    def __init__(self, lines: Sequence[str], place: int) -> None:
        self.place = self._start = place
        self._lines = lines

    def begin(self, place: int) -> None:
        """Go on from there, with a new record."""
        self.place = self._start = place

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.place >= len(self._lines):
            raise StopIteration
        if self.place - self._start >= MOST_LINES:
            raise csv.Error("a quoted cell does not end")
        self.place += 1
        return self._lines[self.place - 1]


def _records(lines: Sequence[str], first: int, delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """Each record's first line, from 1, and its cells; None for a line with unmatched quotes.

    Reading goes on after such a line, which would otherwise take all that follows for a part of one cell.
    """
    feed = _Feed(lines, first)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while (start := feed.place) < len(lines):
        feed.begin(start)
        try:
            cells = next(reader)
        except csv.Error:
            yield start + 1, None
            feed.begin(start + 1)
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
        else:
            yield start + 1, cells


def _row(line: int, cells: list[str] | None, header: list[str], lines: Sequence[str]) -> Row | Failure:
    if cells is None:
        reason = "The quotes don't match; put the whole prompt in one pair, and double those inside it."
        return Failure(line, reason, cells=_raw(lines[line - 1], header))
    if any(map(str.strip, cells[len(header) :])):
        reason = "This line has more cells than the first line has columns; put the prompt in quotes."
        return Failure(line, reason, cells=_raw(lines[line - 1], header))
    kept = tuple(cells[: len(header)])
    values = {title: cell.strip() for title, cell in zip(header, cells, strict=False)}
    prompt, name = values.get("prompt", ""), values.get("name", "")
    if not is_text(prompt + name):
        return Failure(line, "This line is not in UTF-8; save the table as “CSV UTF-8”.", cells=kept)
    try:
        seed = _seed(values.get("seed", ""))
        resolution = _whole_number(values.get("resolution", ""), "resolution")
    except BadRequest as error:
        return Failure(line, str(error), name, kept)
    return Row(line, prompt, name, seed, resolution, kept)


def _raw(line: str, header: Sequence[str]) -> tuple[str, ...]:
    """Return the cells of a row that can't be told apart: the whole line is in the prompt's, where it can be mended."""
    return tuple(line.rstrip("\r\n") if title == "prompt" else "" for title in header)


def _seed(text: str) -> int | None:
    """A number; nothing, and what throws the dice, leaves it open."""
    try:
        return read_seed(text) if text else None
    except ValueError:
        raise BadRequest(f"The seed must be a whole number or the word {RANDOM}; got {text!r}.") from None


def _whole_number(text: str, column: str) -> int | None:
    try:
        return int(text) if text else None
    except ValueError:
        raise BadRequest(f"The {column} must be a whole number; got {text!r}.") from None


def _all_named(rows: Sequence[Row | Failure]) -> list[Row | Failure]:
    """Rows without a name get their prompt's, numbered where it is taken; a given name is only given once."""
    given: dict[str, int] = {}
    named: list[Row | Failure] = []
    for row in rows:
        if isinstance(row, Row) and row.name:
            first = given.setdefault(_alike(row.name), row.line)
            if first != row.line:
                reason = f"Line {first} has the same name; give this row one of its own."
                row = Failure(row.line, reason, row.name, row.cells)
        named.append(row)
    taken = set(given)
    numbers: dict[str, int] = {}
    for index, row in enumerate(named):
        if isinstance(row, Row) and not row.name:
            wanted = slug(row.prompt)
            for number in count(numbers.get(wanted, 1)):
                name = wanted if number == 1 else f"{wanted}-{number}"
                if _alike(name) not in taken:
                    break
            numbers[wanted] = number + 1
            taken.add(_alike(name))
            named[index] = replace(row, name=name)
    return named


def _alike(name: str) -> str:
    """Return what is the same for two names that some system takes for one: capitals, and ways to write an accent."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def check_name(name: str) -> None:
    """Refuse what can't be the name of a folder on every system.

    Raises:
        BadRequest: it can't.
    """
    bad = any(character in NOT_IN_NAMES or ord(character) < ord(" ") for character in name)
    device = name.partition(".")[0].rstrip().lower() in WINDOWS_DEVICES  # Windows opens the printer for prn.png, too
    if bad or device or name.startswith(".") or name.endswith((".", " ")):
        raise BadRequest(f"{name!r} can't be a folder's name; use letters, digits, - and _.")
    if any(_RESERVED.fullmatch(name + suffix) for suffix in ("", ".json", ".jpg")):
        raise BadRequest(f"A batch writes a file of its own called so: {name}; give this row another name.")
    if len(name.encode()) > LONGEST_NAME:
        raise BadRequest(f"The name is too long for a folder; use at most {LONGEST_NAME} letters.")
