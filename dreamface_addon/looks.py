"""Looks: people to start from. Some come with DreamFace, others the artist has saved."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Look:
    """A prompt and traits to start from.

    Attributes:
        name: what the artist calls it.
        prompt: in words.
        traits: trait -> value or {"value", ...}; laid over what the prompt says.
    """

    name: str
    prompt: str
    traits: dict[str, Any] = field(default_factory=dict)


def read(file: Path) -> list[Look]:
    """Return the looks in a file, in their order; none where there is no readable file."""
    try:
        return [Look(**entry) for entry in json.loads(file.read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def save(file: Path, look: Look) -> None:
    """Add a look on top, in place of one of the same name.

    Raises:
        OSError: the file cannot be written.
    """
    _write(file, [look, *(old for old in read(file) if old.name != look.name)])


def remove(file: Path, name: str) -> None:
    """Remove a look; nothing happens where there is none of that name or the file cannot be written."""
    with contextlib.suppress(OSError):
        _write(file, [look for look in read(file) if look.name != name])


def _write(file: Path, looks: list[Look]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps([asdict(look) for look in looks], ensure_ascii=False, indent=1), "utf-8")
    part.replace(file)
