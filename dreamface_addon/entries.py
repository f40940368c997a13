"""Lists of named things that the artist has saved, one JSON file each; what is not understood is kept."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from .files import write_whole


def read_entries(file: Path) -> list[Any]:
    """Return all entries of a file; none where it cannot be read."""
    try:
        entries = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return entries if isinstance(entries, list) else []


def save_entry(file: Path, entry: dict[str, Any]) -> None:
    """Add an entry on top, in place of one of the same name; a file that cannot be understood is put aside first.

    Raises:
        OSError: the file cannot be written.
    """
    _write(file, [entry, *_others(file, entry["name"])])


def remove_entry(file: Path, name: str) -> None:
    """Remove an entry; nothing happens where there is none of that name or the file cannot be written."""
    with contextlib.suppress(OSError):
        _write(file, _others(file, name))


def _others(file: Path, name: str) -> list[Any]:
    """Return all entries but the one of that name, as they are; a file that holds none is kept beside."""
    entries = read_entries(file)
    if not entries and file.exists() and file.stat().st_size > len("[]\n"):
        file.replace(file.with_suffix(".damaged"))
    return [entry for entry in entries if not (isinstance(entry, dict) and entry.get("name") == name)]


def _write(file: Path, entries: list[Any]) -> None:
    write_whole(file, json.dumps(entries, ensure_ascii=False, indent=1))
