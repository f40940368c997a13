"""Looks: people to start from. Some come with DreamFace, others the artist has saved."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from .entries import read_entries, remove_entry, save_entry


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
    return [look for look in map(_look, read_entries(file)) if look is not None]


def save(file: Path, look: Look) -> None:
    """Add a look on top, in place of one of the same name; a file that cannot be understood is put aside first.

    Raises:
        OSError: the file cannot be written.
    """
    save_entry(file, asdict(look))


def remove(file: Path, name: str) -> None:
    """Remove a look; nothing happens where there is none of that name or the file cannot be written."""
    remove_entry(file, name)


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
