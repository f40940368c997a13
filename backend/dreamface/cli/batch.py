"""A table of prompts, one face folder for each row."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Final

from dreamface.batch import FAILED, Farm, Outcome, Place, Row, Wish, on_this_machine, read_table, run_batch
from dreamface.cli.making import check_can_be_folder
from dreamface.cli.terminal import Terminal
from dreamface.errors import Cancelled, DreamFaceError
from dreamface.library import faces_in
from dreamface.progress import Progress

_MADE: Final = 0.95  # of a batch: when all faces are there


def run(options: Namespace, terminal: Terminal) -> bool:
    """Make a face for every row; faces that are there already only get the exports they lack."""
    table = read_table(options.table)
    place: Place = options.output if "://" in options.output else Path(options.output)
    if isinstance(place, Path):
        check_can_be_folder(place)
    largest = max((row.resolution or 0 for row in table.rows if isinstance(row, Row)), default=0)
    executor = (
        on_this_machine(options.processes, max(options.resolution, largest))
        if options.ray is None
        else Farm(options.ray, options.processes)
    )
    has_page = isinstance(place, Path) and options.only is None and not options.no_page
    wish = Wish(
        place, options.resolution, options.head, options.anyway, options.align,
        tuple(suffix for suffix in ("glb", "blend") if getattr(options, suffix)), options.only,
        heads=has_page and _wants_heads(len(table.rows)),
    )  # fmt: skip
    with terminal.progress() as progress:
        outcome = run_batch(table, wish, executor, progress.part(0.0, _MADE), terminal.trace)
        pages = _write_pages(place, outcome, progress.part(_MADE, 1.0)) if has_page and isinstance(place, Path) else []
    terminal.result({"folder": str(place), **outcome.to_json(), "pages": [str(page) for page in pages]})
    old = len(outcome.skipped) + len(outcome.exported)
    counts = f"{len(outcome.made):,} made, {old:,} were there, {len(outcome.failures):,} failed, in {place}"
    failed = f"{place}/{FAILED} has the rows that failed: mend them there, and run it as a table."
    look = [f"Look at them: {pages[0]}"] if pages else []
    terminal.show(counts, *outcome.sentences(), *([failed] if outcome.failures else []), *look)
    return not outcome.failures


def _wants_heads(count: int) -> bool:
    """Whether heads are written for a page of so many faces."""
    from dreamface import webpage  # loads torch, which the other commands are quicker without

    return webpage.has_view() and count <= webpage.MOST_HEADS


def _write_pages(place: Path, outcome: Outcome, progress: Progress) -> list[Path]:
    """Write the page of all faces that are there, and contact sheets of them; where that fails, it is noted.

    Raises:
        Cancelled: the user asked to stop; the faces are there.
    """
    from dreamface.webpage import write_contact_sheets, write_page

    faces = [place / name for name in outcome.names]
    # A table of the rows that had failed is not all of the batch.
    faces += sorted({entry.path for entry in faces_in(place)} - set(faces))
    if not faces:
        return []
    try:
        page = write_page(place, faces, progress.part(0.0, 0.7))
        return [page, *write_contact_sheets(place, faces, progress.part(0.7, 1.0))]
    except Cancelled:
        raise Cancelled(
            f"Stopped; the faces are there, the page of them is not: run it again, or see {place}."
        ) from None
    except DreamFaceError as error:
        outcome.notes.append(f"The page of all faces is not whole: {error}")
        return []
