"""What makes rows in tests of batches: files that say whose face they are, in no time, and accidents by name.

It is given to worker processes by its name, so it has to be a module of its own.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from dreamface.batch import PlannedRow, Result, Wish
from dreamface.batch.making import ProgressOf, put, unwatched

LOG = "made.txt"
"""Beside the folder of faces: a line for each face that was made, also where it was made twice."""


def nothing() -> None:
    """Load nothing."""


def end() -> None:
    """End a worker that is about to begin."""
    os.kill(os.getpid(), signal.SIGKILL)


def make(rows: Sequence[PlannedRow], wish: Wish, progress_of: ProgressOf = unwatched) -> Iterator[Result]:
    """Make rows; the first word of a prompt may be an accident."""
    for row in rows:
        progress_of(row)
        yield _make(row, wish)


def _make(row: PlannedRow, wish: Wish) -> Result:
    store, beside = wish.store, Path(str(wish.out).removeprefix("file://"))
    if store.exists(row.name):
        return Result(row.index, "skipped", row.name)
    with store.staging() as stage:
        folder = stage / row.name
        folder.mkdir()
        match row.prompt.replace(",", " ").split()[0]:
            case "deadly":
                os.kill(os.getpid(), signal.SIGKILL)
            case "once" if not (marker := beside.with_name(f"died-{row.name}")).exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            case "slow":
                time.sleep(60.0)
            case "full" if not beside.with_name("room").exists():
                return Result(row.index, "stop", row.name, "The disk is full: free some space")
            case "odd":
                return Result(row.index, "failed", row.name, "a bug", trace="Traceback\nZeroDivisionError")
            case "unlucky":
                return Result(row.index, "failed", row.name, "No luck.")
        (folder / "face.json").write_text(json.dumps(said_of(row)))
        put(folder, row, wish, store)
    with beside.with_name(LOG).open("a") as log:
        log.write(f"{row.name}\n")
    if row.prompt.startswith("late") and not (marker := beside.with_name(f"died-{row.name}")).exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)  # the face is there, and nobody was told
    return Result(row.index, "made", row.name)


def said_of(row: PlannedRow) -> dict[str, object]:
    """Return the part of a face.json that says whose it is."""
    return {
        "generator": {"name": "DreamFace"}, "prompt": row.prompt, "seed": row.seed, "resolution": row.resolution,
        "head": {"model": "anny"},
    }  # fmt: skip


def made(out: Path) -> list[str]:
    """Return the names of faces in the order in which they were made."""
    return out.with_name(LOG).read_text().splitlines()
