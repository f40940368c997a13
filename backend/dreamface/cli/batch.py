"""A table of prompts, one face folder for each row."""

from __future__ import annotations

import csv
import traceback
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dreamface.cli.making import check_request, staging, write
from dreamface.cli.terminal import Terminal
from dreamface.cli.words import WINDOWS_DEVICES, slug
from dreamface.errors import BadRequest, Cancelled, DreamFaceError, FolderError
from dreamface.progress import Progress

COLUMNS = ("prompt", "name", "seed", "resolution")
NOT_IN_NAMES = '<>:"/\\|?*'
"""Characters that a folder can't have on some system."""


@dataclass(frozen=True)
class Row:
    """One line of the table, as written.

    Attributes:
        line: where it starts in the file, from 1.
        prompt, seed, resolution: as typed; may be empty or wrong.
        name: of its folder.
    """

    line: int
    prompt: str
    name: str
    seed: str
    resolution: str


@dataclass(frozen=True)
class Failure:
    """A row that no face could be made of, and why."""

    line: int
    reason: str


def run(options: Namespace, terminal: Terminal) -> bool:
    """Make a face for every row; rows whose folder is there already are left alone."""
    rows = read_table(options.table)
    formats = [suffix for suffix in ("glb", "blend") if getattr(options, suffix)]
    made: list[str] = []
    skipped: list[str] = []
    failures: list[Failure] = []
    notes: list[str] = []
    with terminal.progress() as progress:
        for index, row in enumerate(rows):
            part = progress.part(index / len(rows), (index + 1) / len(rows))
            try:
                part.report("batch", 0.0, f"{index + 1} of {len(rows)}: {row.name}")
                if _is_there(options.output / row.name, row):
                    skipped.append(row.name)
                    continue
                notes += _make(row, options, formats, part)
                made.append(row.name)
            except (Cancelled, KeyboardInterrupt):
                finished = len(made) + len(skipped)
                raise Cancelled(f"Stopped; {finished} of {len(rows)} are there, run it again to go on.") from None
            except DreamFaceError as error:
                failures.append(Failure(row.line, str(error)))
            except Exception as error:  # a bug that one row meets must not lose the night's other rows
                traceback.print_exc()
                failures.append(Failure(row.line, f"a bug in DreamFace, please report it: {error!r}"))
    terminal.result(
        {
            "folder": str(options.output),
            "made": made,
            "skipped": skipped,
            "failed": [{"line": failure.line, "reason": failure.reason} for failure in failures],
            "notes": sorted(set(notes)),
        }
    )
    terminal.show(
        f"{len(made)} made, {len(skipped)} were there, {len(failures)} failed, in {options.output}",
        *sorted(set(notes)),
        *(f"Line {failure.line}: {failure.reason}" for failure in failures),
    )
    return not failures


def read_table(path: Path) -> list[Row]:
    """The rows of a CSV file in UTF-8; blank lines are left out.

    Rows without a name are called after their prompt, with a number where several would be called the same.

    Raises:
        BadRequest: the file can't be read, or has no column "prompt", or no row.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(_rows(csv.reader(file, strict=True)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadRequest(f"{path} can't be read ({reason}); it must be a CSV file in UTF-8.") from error
    if not rows:
        raise BadRequest(f"{path} has no rows; write a prompt under the column called prompt.")
    return _all_named(rows)


def _rows(lines: Iterator[list[str]]) -> Iterator[Row]:
    header = [title.strip().lower() for title in next(lines, [])]
    if "prompt" not in header:
        raise BadRequest("The table needs a first line with the columns' names, one of them prompt.")
    for cells in lines:
        # The reader counts lines to the end of a row; line breaks inside quotes are part of it.
        line = lines.line_num - sum(cell.count("\n") for cell in cells)  # type: ignore[attr-defined]
        values = {title: cell.strip() for title, cell in zip(header, cells, strict=False)}
        if any(values.values()):
            yield Row(line, **{column: values.get(column, "") for column in COLUMNS})


def _all_named(rows: list[Row]) -> list[Row]:
    """Rows without a name get their prompt's, numbered where it is taken; given names are kept as they are."""
    taken = {row.name.lower() for row in rows}
    named = []
    for row in rows:
        name, number = row.name or slug(row.prompt), 1
        while not row.name and name in taken:
            number += 1
            name = f"{slug(row.prompt)}-{number}"
        taken.add(name)
        named.append(replace(row, name=name))
    return named


def _is_there(folder: Path, row: Row) -> bool:
    """True where the row's face was made before: folders are moved into place whole.

    Raises:
        FolderError: another face has its name.
    """
    if not folder.exists():
        return False
    from dreamface import folder as face_folder

    document = face_folder.read_document(folder)
    if document.prompt != row.prompt or row.seed not in ("", str(document.seed)):
        face = f"“{document.prompt}” with seed {document.seed}"
        raise FolderError(f"{folder} holds another face, {face}; give this row a name of its own or delete the folder.")
    return True


def _make(row: Row, options: Namespace, formats: list[str], progress: Progress) -> list[str]:
    _check_name(row.name)
    seed = _whole_number(row.seed, "seed") if row.seed else None
    resolution = _whole_number(row.resolution, "resolution") if row.resolution else options.resolution
    check_request(row.prompt, seed, resolution, options.head)
    from dreamface import pipeline

    with staging(options.output) as stage:
        face = pipeline.generate(
            row.prompt, seed=seed, resolution=resolution, head=options.head, progress=progress.part(0.0, 0.7)
        )
        written = write(face, stage, options.output / row.name, row.name, formats, progress.part(0.7, 1.0))
    return written.notes


def _check_name(name: str) -> None:
    bad = any(character in NOT_IN_NAMES or ord(character) < ord(" ") for character in name)
    if bad or name.startswith(".") or name.endswith((".", " ")) or name.lower() in WINDOWS_DEVICES:
        raise BadRequest(f"{name!r} can't be a folder's name; use letters, digits, - and _.")


def _whole_number(text: str, column: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadRequest(f"The {column} must be a whole number; got {text!r}.") from None
