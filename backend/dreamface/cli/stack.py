"""A face's stack of edits: finding one by what somebody types, and changing the stack."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dreamface.errors import BadRequest

if TYPE_CHECKING:
    from dreamface.record import EditEntry, Place

Stack = Sequence["EditEntry"]
"""From below; the first one is number 1."""


def find(stack: Stack, which: str) -> int:
    """Return the place in the stack of an edit by its number from below, its id, or how that begins.

    Raises:
        BadRequest: there is none, or there are several.
    """
    if not stack:
        raise BadRequest('The face has no edits: `dreamface edit FACE "a scar" --region left_cheek` makes one.')
    if which in map(str, range(1, len(stack) + 1)):
        return int(which) - 1
    names = [edit.id for edit in stack]
    found = [number for number, name in enumerate(names) if name == which]
    if not found and not _is_number(which):
        found = [number for number, name in enumerate(names) if which and name.startswith(which)]
    if len(found) == 1:
        return found[0]
    count = f"{len(stack)} edit{'s' if len(stack) > 1 else ''}"
    if found:
        raise BadRequest(f"Several edits begin with {which!r}: give the number that --list shows.")
    raise BadRequest(f"There is no edit {which}: the face has {count}, and --list shows them.")


def _is_number(which: str) -> bool:
    """Return whether somebody means a number, not the beginning of an id."""
    return re.fullmatch("-?[0-9]{1,3}", which) is not None


def removed(stack: Stack, which: Sequence[str]) -> tuple[EditEntry, ...]:
    """Return the stack without some edits; their numbers are those of the whole stack."""
    gone = {find(stack, one) for one in which}
    return tuple(edit for number, edit in enumerate(stack) if number not in gone)


def moved(stack: Stack, which: str, where: str) -> tuple[EditEntry, ...]:
    """Return the stack with an edit moved one "up" or "down", or to a number.

    Raises:
        BadRequest: there is no such edit, no such number, or it is at the end already.
    """
    number = find(stack, which)
    if where not in ("up", "down") and not (where.isdecimal() and 1 <= int(where) <= len(stack)):
        raise BadRequest(f"An edit moves up, down, or to a number from 1 to {len(stack)}; got {where!r}.")
    target = number + {"up": 1, "down": -1}[where] if where in ("up", "down") else int(where) - 1
    if target == number or not 0 <= target < len(stack):
        end = {"up": "on top", "down": "at the bottom"}.get(where, "there")
        raise BadRequest(f"Edit {number + 1} is {end} already: nothing was changed.")
    others = [edit for index, edit in enumerate(stack) if index != number]
    return (*others[:target], stack[number], *others[target:])


def shown(stack: Stack, which: Sequence[str], visible: bool) -> tuple[EditEntry, ...]:
    """Return the stack with some edits shown or hidden."""
    numbers = {find(stack, one) for one in which}
    return tuple(replace(edit, visible=visible) if number in numbers else edit for number, edit in enumerate(stack))


def strengthened(stack: Stack, which: str, strength: str, *, most: float) -> tuple[EditEntry, ...]:
    """Return the stack with another strength of an edit.

    Raises:
        BadRequest: there is no such edit, or the strength is no number from 0 to `most`.
    """
    number = find(stack, which)
    try:
        value = float(strength)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= most:
        raise BadRequest(f"The strength is a number between 0 and {most:g}; got {strength}.")
    changed = list(stack)
    changed[number] = replace(stack[number], strength=value)
    return tuple(changed)


def place_in_words(place: Place | None) -> str:
    """Return a marked place as a person says it: "left_cheek and a mask, mirrored, 3 mm feather"."""
    if place is None:
        return "the whole face"
    mask = ["a mask"] if list(place.mask or {}) in ([], ["skin"]) and place.mask else []
    if place.mask and not mask:
        mask = [f"a mask on {' and '.join(place.mask)}"]
    where = " and ".join((*place.regions, *mask)) or "nowhere"
    more = [
        *(["mirrored"] if place.mirror else []),
        *([f"{place.feather:g} mm feather"] if place.feather else []),
    ]
    return ", ".join((f"all but {where}" if place.inverted else where, *more))
