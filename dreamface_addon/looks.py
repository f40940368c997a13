"""Looks: people to start from. Some come with DreamFace, others the artist has saved."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from .files import write_whole


@dataclass(frozen=True)
class Look:
    """A prompt and traits to start from.

    Attributes:
        name: what the artist calls it.
        prompt: in words.
        seed: what the words leave open is drawn from it; -1 where any seed will do.
        head: head model; "auto" where any will do.
        traits: trait -> {"value", ...}: what was set beside the words.
    """

    name: str
    prompt: str
    seed: int = -1
    head: str = "auto"
    traits: dict[str, Any] = field(default_factory=dict)


def read(file: Path) -> list[Look]:
    """Return the looks in a file, in their order; entries that are no looks are passed over."""
    return [look for look in map(_look, _entries(file)) if look is not None]


def save(file: Path, look: Look) -> None:
    """Add a look on top, in place of one of the same name; a file that cannot be understood is put aside first.

    Raises:
        OSError: the file cannot be written.
    """
    kept = _others(file, look.name)
    _write(file, [asdict(look), *kept])


def remove(file: Path, name: str) -> None:
    """Remove a look; nothing happens where there is none of that name or the file cannot be written."""
    with contextlib.suppress(OSError):
        _write(file, _others(file, name))


def _look(entry: Any) -> Look | None:
    """Return the look that an entry describes, or None; fields of newer versions are passed over."""
    if not isinstance(entry, dict):
        return None
    known = {each.name: entry[each.name] for each in fields(Look) if each.name in entry}
    try:
        look = Look(**known)
    except TypeError:
        return None
    fits = isinstance(look.name, str) and isinstance(look.prompt, str) and isinstance(look.traits, dict)
    return look if fits else None


def _entries(file: Path) -> list[Any]:
    try:
        entries = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return entries if isinstance(entries, list) else []


def _others(file: Path, name: str) -> list[Any]:
    """Return all entries but the look of that name, as they are; a file that holds none is kept beside."""
    entries = _entries(file)
    if not entries and file.exists() and file.stat().st_size > len("[]\n"):
        file.replace(file.with_suffix(".damaged"))
    return [entry for entry in entries if not (isinstance(entry, dict) and entry.get("name") == name)]


def _write(file: Path, entries: list[Any]) -> None:
    write_whole(file, json.dumps(entries, ensure_ascii=False, indent=1))
