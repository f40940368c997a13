"""Looking after faces on disk."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from dreamface.cli.terminal import Terminal

STATES = {
    "changed": "was changed since it was saved",
    "missing": "is missing",
    "unknown": "can't be told: an older DreamFace saved it without a hash",
}
"""What became of a file, in words."""


def verify(options: Namespace, terminal: Terminal) -> bool:
    """Compare a face's files with what was saved; False where one is another."""
    from dreamface import folder

    place = folder_of(options.face)
    with terminal.progress() as progress:
        findings = folder.verify(place, progress.part(0.0, 0.5))
        damaged = [found for found in findings if found.state in ("changed", "missing")]
        if not damaged:
            folder.load(place)  # it may have been saved like this
    unknown = [found for found in findings if found.state == "unknown"]
    terminal.result(
        {
            "folder": str(place),
            "whole": False if damaged else None if unknown else True,
            "files": {found.file: found.state for found in findings},
        }
    )
    terminal.show(*(f"{found.file} {STATES[found.state]}." for found in damaged))
    if damaged:
        terminal.show("Restore these files, or make the face again with `dreamface rebuild`.")
    elif unknown:
        few = ", ".join(found.file for found in unknown)
        terminal.show(f"{place} opens, but whether it is as it was saved {STATES['unknown']} ({few}).")
    else:
        terminal.show(f"{place} is as it was saved, all {len(findings)} files.")
    return not damaged


def folder_of(face: Path) -> Path:
    """The face folder where someone named the face.json in it."""
    return face.parent if face.name == "face.json" else face
