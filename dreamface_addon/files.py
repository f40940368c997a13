"""Small files of ours on disk: whole, or as they were."""

from __future__ import annotations

from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    """Write a text file in one step, so that no reader meets half of it; its folder is made where it is missing.

    Raises:
        OSError: the disk refuses; the file is as it was.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(text, "utf-8")
    part.replace(file)
