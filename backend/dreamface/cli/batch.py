"""A table of prompts, one face folder for each row."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Final

from dreamface.batch import FAILED, Farm, Outcome, Place, Wish, on_this_machine, read_table, run_batch
from dreamface.cli.making import check_can_be_folder
from dreamface.cli.terminal import Terminal
from dreamface.progress import Progress

_MADE: Final = 0.95  # of a batch: when all faces are there


def run(options: Namespace, terminal: Terminal) -> bool:
    """Make a face for every row; faces that are there already only get the exports they lack."""
    table = read_table(options.table)
    place: Place = options.output if "://" in options.output else Path(options.output)
    if isinstance(place, Path):
        check_can_be_folder(place)
    here = on_this_machine(options.processes, options.resolution)
    executor = here if options.ray is None else Farm(options.ray, options.processes)
    from dreamface.webpage import MOST_HEADS  # loads torch, which the other commands are quicker without

    has_page = isinstance(place, Path) and options.only is None and not options.no_page
    wish = Wish(
        place, options.resolution, options.head, options.anyway, options.align,
        tuple(suffix for suffix in ("glb", "blend") if getattr(options, suffix)), options.only,
        heads=has_page and len(table.rows) <= MOST_HEADS,
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


def _write_pages(place: Path, outcome: Outcome, progress: Progress) -> list[Path]:
    """Write the page of all faces that are there, and contact sheets of them."""
    faces = [place / name for name in outcome.names]
    if not faces:
        return []
    from dreamface.webpage import write_contact_sheets, write_page

    page = write_page(place, faces, progress.part(0.0, 0.7))
    return [page, *write_contact_sheets(place, faces, progress.part(0.7, 1.0))]
