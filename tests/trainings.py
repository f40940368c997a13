"""What tests of trainings share: a table of scans to learn from, and a user who stops."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from dreamface.errors import Cancelled
from dreamface.progress import Progress, Step
from dreamface.training.texture_examples import SCANS


def write_table(folder: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write the table of a folder of scans; its columns are those of the last row."""
    with (folder / SCANS).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[-1]))
        writer.writeheader()
        writer.writerows(rows)


def stopped_at(report: int) -> Progress:
    """Return a progress that is cancelled by a report, counted from 1."""
    calls = 0

    def stop(_: Step) -> None:
        nonlocal calls
        calls += 1
        if calls == report:
            raise Cancelled

    return Progress(stop)
