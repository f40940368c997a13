"""A table of prompts, one face folder for each row."""

from __future__ import annotations

import codecs
import csv
import io
import re
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from dreamface.cli.making import check_can_be_folder, export_all, staging, write
from dreamface.cli.terminal import Terminal
from dreamface.cli.words import is_text, slug
from dreamface.errors import BadRequest, Cancelled, DreamFaceError, FolderError
from dreamface.limits import RANDOM, read_seed
from dreamface.progress import Progress
from dreamface.text import WINDOWS_DEVICES

NOT_IN_NAMES = '<>:"/\\|?*'
"""Characters that a folder can't have on some system."""

LONGEST_NAME = 150
"""Bytes of a folder's name: systems allow 255, and exports are written under longer names first."""

DELIMITERS = (",", ";", "\t", "|")
"""What separates cells: spreadsheets write semicolons where a comma is in numbers."""

MOST_LINES = 200
"""Of one record: a cell with more line breaks is one whose quotes do not end."""

_SEPARATOR_LINE = re.compile(r"sep=.\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        line: where it starts in the file, from 1.
        prompt: as typed; may be empty.
        name: of its folder; may be empty before the table is complete.
        seed: None where it is left open.
        resolution: of the maps in pixels; None where it is left open.
    """

    line: int
    prompt: str
    name: str
    seed: int | None
    resolution: int | None


@dataclass(frozen=True)
class Failure:
    """A row that no face could be made of, and why."""

    line: int
    reason: str


@dataclass
class Outcome:
    """What became of the rows.

    Attributes:
        made: names of new folders.
        exported: names of folders that were there and got files they lacked.
        skipped: names of folders that were there with all that is asked for.
        failures: the other rows.
        notes: sentences about what could not be written; may repeat.
    """

    made: list[str] = field(default_factory=list)
    exported: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def there(self) -> int:
        """How many rows have their folder."""
        return len(self.made) + len(self.exported) + len(self.skipped)

    def to_json(self) -> dict[str, Any]:
        """Plain data for a program."""
        return {
            "made": self.made,
            "exported": self.exported,
            "skipped": self.skipped,
            "failed": [{"line": failure.line, "reason": failure.reason} for failure in self.failures],
            "notes": sorted(set(self.notes)),
        }

    def sentences(self) -> list[str]:
        """The same for a person, without the counts."""
        exported = [f"Of those that were there, {len(self.exported)} got new exports"] if self.exported else []
        failed = [f"Line {failure.line}: {failure.reason}" for failure in self.failures]
        return [*exported, *sorted(set(self.notes)), *failed]


def run(options: Namespace, terminal: Terminal) -> bool:
    """Make a face for every row; faces that are there already only get the exports they lack."""
    rows = read_table(options.table)
    check_can_be_folder(options.output)
    if options.align:  # refused once, not on every row
        from dreamface import pipeline

        pipeline.check_can_align(options.align)
    outcome = Outcome()
    with terminal.progress() as progress:
        for index, row in enumerate(rows):
            if isinstance(row, Failure):
                outcome.failures.append(row)
                continue
            part = progress.part(index / len(rows), (index + 1) / len(rows))
            try:
                part.report("batch", 0.0, f"{index + 1} of {len(rows)}: {row.name}")
                _do(row, options, outcome, part)
            except (Cancelled, KeyboardInterrupt):
                there = f"{outcome.there()} of {len(rows)} are there"
                raise Cancelled(f"Stopped; {there}, run it again to go on.") from None
            except DreamFaceError as error:
                outcome.failures.append(Failure(row.line, str(error)))
            except Exception as error:  # a bug that one row meets must not lose the night's other rows
                terminal.bug(error)
                outcome.failures.append(Failure(row.line, f"a bug in DreamFace, please report it: {error!r}"))
    terminal.result({"folder": str(options.output), **outcome.to_json()})
    old = len(outcome.skipped) + len(outcome.exported)
    counts = f"{len(outcome.made)} made, {old} were there, {len(outcome.failures)} failed, in {options.output}"
    terminal.show(counts, *outcome.sentences())
    return not outcome.failures


# ----------------------------------------------------------------------------------------------------------- the table


def read_table(path: Path) -> list[Row | Failure]:
    """The rows of a CSV file in UTF-8, or of what Excel calls Unicode text; for those that can't be read, why.

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
    records, header = _open_table(lines)
    if not header:
        raise BadRequest(
            f"{path} needs the columns' names in its first line, separated by commas, semicolons or tabs; one must be "
            "prompt."
        )
    rows = [_row(line, cells, header) for line, cells in records if cells is None or any(map(str.strip, cells))]
    if not rows:
        raise BadRequest(f"{path} has no rows; write a prompt under the column called prompt.")
    return _all_named(rows)


def _lines(data: bytes) -> list[str]:
    """The lines of a text, each with its end; bytes that are no text become lone surrogates."""
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    with io.TextIOWrapper(io.BytesIO(data), encoding, "surrogateescape", newline="") as text:
        return list(text)


def _open_table(lines: Sequence[str]) -> tuple[Iterator[tuple[int, list[str] | None]], list[str]]:
    """The records below the columns' names, and these names in small letters; no names where there is no prompt."""
    first = 1 if lines and _SEPARATOR_LINE.fullmatch(lines[0]) else 0  # Excel's: sep=;
    for delimiter in DELIMITERS:
        records = _records(lines, first, delimiter)
        _, titles = next(records, (0, None))
        header = [title.strip().lower() for title in titles or ()]
        if "prompt" in header:
            return records, header
    return iter(()), []


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


def _row(line: int, cells: list[str] | None, header: list[str]) -> Row | Failure:
    if cells is None:
        return Failure(line, "The quotes don't match; put the whole prompt in one pair, and double those inside it.")
    if any(map(str.strip, cells[len(header) :])):
        reason = "This line has more cells than the first line has columns; put the prompt in quotes."
        return Failure(line, reason)
    values = {title: cell.strip() for title, cell in zip(header, cells, strict=False)}
    prompt, name = values.get("prompt", ""), values.get("name", "")
    if not is_text(prompt + name):
        return Failure(line, "This line is not in UTF-8; save the table as “CSV UTF-8”.")
    try:
        seed = _seed(values.get("seed", ""))
        resolution = _whole_number(values.get("resolution", ""), "resolution")
    except BadRequest as error:
        return Failure(line, str(error))
    return Row(line, prompt, name, seed, resolution)


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
            first = given.setdefault(row.name.casefold(), row.line)
            if first != row.line:
                row = Failure(row.line, f"Line {first} has the same name; give this row one of its own.")
        named.append(row)
    taken = set(given)
    numbers: dict[str, int] = {}
    for index, row in enumerate(named):
        if isinstance(row, Row) and not row.name:
            wanted = slug(row.prompt)
            for number in count(numbers.get(wanted, 1)):
                name = wanted if number == 1 else f"{wanted}-{number}"
                if name.casefold() not in taken:
                    break
            numbers[wanted] = number + 1
            taken.add(name.casefold())
            named[index] = replace(row, name=name)
    return named


# ----------------------------------------------------------------------------------------------------------- the faces


def _do(row: Row, options: Namespace, outcome: Outcome, progress: Progress) -> None:
    """Make a row's face, or what its folder lacks.

    Raises:
        DreamFaceError: it can't be made.
    """
    from dreamface import folder as face_folder
    from dreamface import pipeline

    _check_name(row.name)
    resolution = options.resolution if row.resolution is None else row.resolution
    pipeline.check_request(row.prompt, row.seed or 0, resolution, options.head)
    folder = options.output / row.name
    formats = [suffix for suffix in ("glb", "blend") if getattr(options, suffix)]
    if folder.exists():
        _check_same(folder, row, resolution, options.head)
        missing = [suffix for suffix in formats if not (folder / f"{row.name}.{suffix}").exists()]
        if not missing:
            outcome.skipped.append(row.name)
            return
        written = export_all(face_folder.load(folder), folder, row.name, missing, progress)
        (outcome.exported if written.files else outcome.skipped).append(row.name)
    else:
        with staging(options.output) as stage:
            face = pipeline.generate(
                row.prompt,
                seed=row.seed,
                resolution=resolution,
                head=options.head,
                anyway=options.anyway,
                align=options.align,
                progress=progress.part(0.0, 0.7),
            )
            written = write(face, stage, folder, row.name, formats, progress.part(0.7, 1.0))
        outcome.made.append(written.folder.name)
    outcome.notes += written.notes


def _check_name(name: str) -> None:
    bad = any(character in NOT_IN_NAMES or ord(character) < ord(" ") for character in name)
    if bad or name.startswith(".") or name.endswith((".", " ")) or name.lower() in WINDOWS_DEVICES:
        raise BadRequest(f"{name!r} can't be a folder's name; use letters, digits, - and _.")
    if len(name.encode()) > LONGEST_NAME:
        raise BadRequest(f"The name is too long for a folder; use at most {LONGEST_NAME} letters.")


def _check_same(folder: Path, row: Row, resolution: int, head: str) -> None:
    """Refuse a folder whose face is another than the row's.

    Raises:
        FolderError: it is, or the folder holds no face.
    """
    from dreamface import folder as face_folder
    from dreamface import pipeline

    record = face_folder.read_document(folder).record
    same = (
        record.prompt == pipeline.clean(row.prompt)
        and row.seed in (None, record.seed)
        and resolution == record.resolution
        and head in ("auto", record.head)
    )
    if not same:
        face = f"“{record.prompt}” with seed {record.seed}, {record.resolution} pixels, {record.head}"
        raise FolderError(f"{folder} holds another face, {face}; give this row a name of its own or delete the folder.")
