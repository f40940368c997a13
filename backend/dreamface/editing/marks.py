"""Marks that lie on a face, found by words and taken off: "remove the scar on the left cheek"."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from dreamface import edits as edit_words
from dreamface.editing.phrasing import listed
from dreamface.edits import REGIONS, Wish
from dreamface.errors import BadRequest
from dreamface.language import Reading, read_degrees, with_removals
from dreamface.record import EditEntry
from dreamface.traits import Traits

_NO: Final = re.compile(r"(?:please )?(?:no|without) (?:more )?(?:the |her |his |their |that |this |any |all )*(?P<what>\S.*)", re.IGNORECASE)
_EVERYWHERE: Final = frozenset({"whole_face", "whole_head"})


@dataclass(frozen=True)
class Removal:
    """What becomes of a stack of edits of which marks are taken off.

    Attributes:
        stack: without them.
        what: the words for them.
        labels: of the edits that they were of.
        elsewhere: labels of edits with the same things at other places, where none lies at the place that was named.
    """

    stack: tuple[EditEntry, ...]
    what: str = ""
    labels: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


def without_marks(words: str, stack: Sequence[EditEntry]) -> Removal:
    """Return a stack without the marks that words take away; the same where they take none away.

    Args:
        words: such as "no scar on the left cheek".
        stack: the face's edits; also those that its prompt has made.
    """
    unchanged = Removal(tuple(stack))
    found = _NO.fullmatch(with_removals(words.strip().rstrip(".")))
    if found is None:
        return unchanged
    regions, rest, _ = edit_words.find_regions(found["what"])
    wishes, names = _meant(rest)
    if not wishes and not names:
        return unchanged
    kept: list[EditEntry] = []
    labels: list[str] = []
    elsewhere: list[str] = []
    for edit in stack:
        left = _without(edit, wishes, names)
        if left == edit:
            kept.append(edit)
        elif _lies_there(edit, regions):
            labels.append(edit.label or edit.id)
            kept += [left] if left is not None else []
        else:
            elsewhere.append(edit.label or edit.id)
            kept.append(edit)
    return Removal(tuple(kept), rest.strip(), tuple(labels), () if labels else tuple(elsewhere))


def told(removal: Removal) -> str:
    """Return the sentence on what was taken off, or where the thing lies instead."""
    if removal.labels:
        return f"Took off {listed([f'“{label}”' for label in dict.fromkeys(removal.labels)])}."
    return f"There is no {removal.what} there, only {listed([f'“{label}”' for label in removal.elsewhere])}."


def _meant(words: str) -> tuple[tuple[Wish, ...], Collection[str]]:
    """Return the effects that words name, and the traits."""
    wishes: list[Wish] = []
    for said in (words, f"a {words}"):  # "mole" alone is a trait, "a mole" is one of them
        with suppress(BadRequest):
            wishes += edit_words.read_words(said, lambda _: Reading(Traits(), ())).wishes
    return tuple(wishes), frozenset(read_degrees(words).traits) if words.strip() else frozenset()


def _without(edit: EditEntry, wishes: Sequence[Wish], names: Collection[str]) -> EditEntry | None:
    """Return an edit without some effects and traits; None where nothing is left, the edit itself where it has none."""
    if edit.kind != "words" or edit.place is None or not edit.visible:
        return edit
    effects = edit.parameters.get("effects", [])
    left = [effect for effect in effects if not any(_is_one(effect, wish) for wish in wishes)]
    traits = Traits({name: entry for name, entry in edit.traits.items() if name not in names})
    if len(left) == len(effects) and len(traits) == len(edit.traits):
        return edit
    if left or traits:
        parameters = {**edit.parameters, "effects": left} if left else {
            name: value for name, value in edit.parameters.items() if name != "effects"
        }  # fmt: skip
        return replace(edit, parameters=parameters, traits=traits)
    return replace(edit, visible=False) if edit.digests else None  # what somebody painted would be lost with it


def _is_one(effect: Mapping[str, Any], wish: Wish) -> bool:
    """Return whether an edit's effect is what a wish names; one that names no variant is any of them."""
    return effect["name"] == wish.effect and wish.look.variant in ("", None, effect.get("variant", ""))


def _lies_there(edit: EditEntry, regions: Collection[str]) -> bool:
    """Return whether an edit lies where words say; anywhere, where they say no place."""
    if not regions or _EVERYWHERE.intersection(regions):
        return True
    assert edit.place is not None
    own = set(edit.place.regions)
    return any(_overlap(one, other) for one in own for other in regions)


def _overlap(one: str, other: str) -> bool:
    """Return whether two regions are the same, or one is a side of the other: the left cheek is of the cheeks."""
    if one == other or one in _EVERYWHERE:
        return True
    sides = [REGIONS[name].side if name in REGIONS else "" for name in (one, other)]
    bare = [re.sub(r"^(?:left|right)_|_(?:left|right)$", "", name).rstrip("s") for name in (one, other)]
    return bare[0] == bare[1] and not all(sides)


__all__ = ["Removal", "told", "without_marks"]
