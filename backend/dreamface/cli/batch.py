"""A table of prompts, one face folder for each row."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from dreamface.batch import FAILED, Farm, Place, Wish, on_this_machine, read_table, run_batch
from dreamface.cli.making import check_can_be_folder
from dreamface.cli.terminal import Terminal


def run(options: Namespace, terminal: Terminal) -> bool:
    """Make a face for every row; faces that are there already only get the exports they lack."""
    table = read_table(options.table)
    place: Place = options.output if "://" in options.output else Path(options.output)
    if isinstance(place, Path):
        check_can_be_folder(place)
    here = on_this_machine(options.processes, options.resolution)
    executor = here if options.ray is None else Farm(options.ray, options.processes)
    wish = Wish(
        place, options.resolution, options.head, options.anyway, options.align,
        tuple(suffix for suffix in ("glb", "blend") if getattr(options, suffix)), options.only,
    )  # fmt: skip
    with terminal.progress() as progress:
        outcome = run_batch(table, wish, executor, progress, terminal.trace)
        # Pages of all faces (contact sheets, index.html) go here: their folders are place / name for outcome.names,
        # where place is a Path and nothing is asked for with --only.
    terminal.result({"folder": str(place), **outcome.to_json()})
    old = len(outcome.skipped) + len(outcome.exported)
    counts = f"{len(outcome.made):,} made, {old:,} were there, {len(outcome.failures):,} failed, in {place}"
    failed = f"{place}/{FAILED} has the rows that failed: mend them there, and run it as a table."
    terminal.show(counts, *outcome.sentences(), *([failed] if outcome.failures else []))
    return not outcome.failures
