"""Edits of the whole face in words: the traits that a face shows, between its own and what the words say.

The same arithmetic as the backend's `Traits.towards`; a test compares them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .stack import Entry, is_whole_face

Entries = dict[str, Any]
"""Trait -> {"value", "confidence", "because"}."""


def shown_traits(traits: Mapping[str, Any], edits: Iterable[Entry]) -> Entries:
    """Return traits with the visible edits of the whole face laid over them, from below.

    Args:
        traits: the face's own: trait -> {"value", "confidence", "because"}.
        edits: the face's stack.
    """
    shown = dict(traits)
    for edit in edits:
        if is_whole_face(edit) and edit.get("visible", True):
            shown = towards(shown, edit.get("traits") or {}, float(edit.get("strength", 1.0)))
    return shown


def towards(traits: Mapping[str, Any], other: Mapping[str, Any], amount: float) -> Entries:
    """Return traits moved towards others: 0 leaves them, 1 is the others, above 1 goes beyond.

    Numbers and colours move evenly within their ranges; a choice changes at one half. Of a tint that is not there, the
    other's colour comes with its strength.
    """
    if amount == 0.0:
        return dict(traits)
    known = _vocabulary()
    moved = {
        name: entry | {"value": _between(known[name], _value(traits, name), entry["value"], amount)}
        for name, entry in other.items()
        if name in known and isinstance(entry, dict) and "value" in entry
    }
    return {**traits, **moved}


@cache
def _vocabulary() -> dict[str, dict[str, Any]]:
    """Return every trait by name, those of expressions too."""
    entries = json.loads((Path(__file__).parent / "traits.json").read_text("utf-8"))
    return {entry["name"]: entry for entry in entries}


def _value(traits: Mapping[str, Any], name: str) -> Any:
    entry = traits.get(name)
    return entry["value"] if isinstance(entry, dict) and "value" in entry else _vocabulary()[name]["default"]


def _between(trait: Mapping[str, Any], start: Any, to: Any, amount: float) -> Any:
    """Return a trait's value on its way from one to another."""
    if isinstance(start, str) or isinstance(to, str):
        return to if amount >= 0.5 else start
    if isinstance(start, list | tuple):
        if trait["kind"] == "tint" and 0.0 in (start[-1], to[-1]):  # its colour says nothing where there is none of it
            colour = start if to[-1] == 0.0 else to
            start, to = [*colour[:-1], start[-1]], [*colour[:-1], to[-1]]
        mixed = [a + amount * (b - a) for a, b in zip(start, to, strict=True)]
        return [min(max(value, 0.0), 1.0) for value in mixed]
    return min(max(start + amount * (to - start), trait["low"]), trait["high"])
