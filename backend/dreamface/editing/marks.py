"""Marks that lie on a face, found by words and taken off: "remove the scar on the left cheek"."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from dreamface import edits as edit_words
from dreamface.editing.phrasing import labels_of, listed
from dreamface.edits import REGIONS, Wish
from dreamface.errors import BadRequest
from dreamface.language import Reading, read_degrees, with_removals
from dreamface.record import MOST_STRENGTH, EditEntry, Place
from dreamface.traits import Traits

_NO: Final = re.compile(
    r"(?:please )?(?:no|without) (?:more )?(?:the |her |his |their |that |this |any |all )*(?P<what>\S.*)",
    re.IGNORECASE,
)
_BLACK_EYE: Final = re.compile(r"\bblack (?P<side>(?:left |right )?)eye(?P<many>s?)\b", re.IGNORECASE)
_EVERYWHERE: Final = frozenset({"whole_face", "whole_head"})


@dataclass(frozen=True)
class Removal:
    """A stack of edits after marks were taken off it.

    Attributes:
        stack: the edits that are left.
        what: the words for the marks, such as "scar".
        labels: labels of the edits that the marks belonged to.
        elsewhere: where nothing lies at the place that was named, labels of edits with such marks at other places.
        is_many: whether the words name all of a kind, such as "scars", and not a single mark.
    """

    stack: tuple[EditEntry, ...]
    what: str = ""
    labels: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    is_many: bool = False


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
    regions, rest, _ = edit_words.find_regions(_BLACK_EYE.sub(r"bruise around the \g<side>eye\g<many>", found["what"]))
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
    return Removal(tuple(kept), rest.strip(), tuple(labels), () if labels else tuple(elsewhere), _is_many(rest))


_MASSES: Final = frozenset({"acne", "scarring", "vitiligo", "redness"})
"""Words for many of a kind that are no plurals."""


def _is_many(words: str) -> bool:
    """Return whether words name all of a kind: "scars", "acne"; not "scar" or "abscess"."""
    last = (words.lower().split() or [""])[-1]
    return last in _MASSES or (last.endswith("s") and not last.endswith(("ss", "'s")))


_DETERMINED: Final = r"(?:(?:the|her|his|their|that|this|all|those|these) )+"
_MOVE: Final = (
    re.compile(
        rf"(?:move|shift|transfer|slide|bring|put) {_DETERMINED}(?P<what>.+?) (?:over |down |up |across |further )*(?:to|onto|on to) (?P<where>\S.*)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_DETERMINED}(?P<what>.+?) (?:should|must|has to|needs to|ought to) (?:be|lie|sit|go) (?:on|onto|over on) (?P<where>\S.*)",
        re.IGNORECASE,
    ),
)
_OTHER_SIDE: Final = re.compile(r"(?:the |her |his )?(?:other|opposite) (?P<noun>side|\w+)(?: of .*)?", re.IGNORECASE)
_FAINTER: Final = r"(?:fainter|weaker|subtler|softer|lighter|paler|less (?:visible|prominent|obvious|strong|deep)|more subtle|thinner)"
_BOLDER: Final = (
    r"(?:stronger|bolder|deeper|darker|heavier|clearer|worse|more (?:visible|prominent|obvious|intense|pronounced))"
)
_SCALE: Final = re.compile(
    rf"(?:(?P<down>fade|soften|weaken|tone down|lighten|reduce|blend|play down)|(?P<up>strengthen|intensify|deepen|darken|emphasi[sz]e|accentuate|bring out)) {_DETERMINED}(?P<what>.+)"
    rf"|(?:make )?{_DETERMINED}(?P<thing>.+?) (?:should be |could be |must be |is to be )?(?:(?P<fainter>{_FAINTER})|(?P<bolder>{_BOLDER}))"
    rf"|(?:a )?(?:(?P<less>{_FAINTER}|less(?: of)?)|(?P<more>{_BOLDER}|more of)) (?:{_DETERMINED})?(?P<one>.+)",
    re.IGNORECASE,
)
_BOLDER_TIMES: Final = 1.5  # of its strength, that a mark has where it is to be stronger
_OTHERWISE: Final = re.compile(
    rf"(?:make )?{_DETERMINED}(?P<thing>.+?) (?:should be |is too |too )?(?:more \w+|less \w+|\w+er)", re.IGNORECASE
)
"""An order for what a mark can't be by talking, such as a longer one."""

MARK_STAYS: Final = (
    "A mark can be moved, made fainter or stronger, or taken off: to have it otherwise, take it off and say it anew."
)
_AT_ITS_LIMIT: Final = "That is as far as it goes: {} at {} already."
_PAINTED: Final = "{} was painted, so talk can't move it: paint it anew where it should be."
_NO_OTHER_SIDE: Final = "{} has no other side: say where it should be, such as “on the left cheek”."
_FADED: Final = 0.5  # of its strength, to which a mark fades where nobody says how far


def changed_marks(words: str, stack: Sequence[EditEntry], degree: float = 1.0) -> tuple[tuple[EditEntry, ...], str]:
    """Return a stack in which a mark lies elsewhere or is fainter or stronger, and a sentence; "" where none is.

    A stack that stays as it is comes with the reason, where the words are about a mark.

    Args:
        words: such as "move the scar to the right cheek" or "fade the scar".
        stack: the face's edits; also those that its prompt has made.
        degree: how far to go, over what the words say by themselves.
    """
    for pattern in _MOVE:
        if found := pattern.fullmatch(words):
            return _moved(found, stack)
    found = _SCALE.fullmatch(words)
    named = marks_of(found["what"] or found["thing"] or found["one"], stack) if found else ()
    if found is None or not named:
        other = _OTHERWISE.fullmatch(words)
        return tuple(stack), MARK_STAYS if other and marks_of(other["thing"], stack) else ""
    factor = _FADED**degree if found["down"] or found["fainter"] or found["less"] else _BOLDER_TIMES**degree
    now = {edit.id: replace(edit, strength=min(edit.strength * factor, MOST_STRENGTH)) for edit in named}
    shares = {f"{edit.strength:.0%}".replace("%", " %") for edit in now.values()}
    labels = listed(labels_of(named))
    if all(now[edit.id] == edit for edit in named):
        are = "is" if len(named) == 1 else "are"
        return tuple(stack), _AT_ITS_LIMIT.format(f"{labels} {are}", listed(sorted(shares)))
    return _with(stack, now), f"{labels} now at {listed(sorted(shares))}."


def _moved(found: re.Match[str], stack: Sequence[EditEntry]) -> tuple[tuple[EditEntry, ...], str]:
    """Return a stack in which a mark lies where an order says, and a sentence; "" where it says no place.

    What was painted stays: only regions can be named.
    """
    named = marks_of(found["what"], stack)
    if not named:
        return tuple(stack), ""
    if painted := [edit for edit in named if edit.digests]:
        return tuple(stack), _PAINTED.format(listed(labels_of(painted)))
    if other := _OTHER_SIDE.fullmatch(found["where"]):
        return _on_the_other_side(named, found["what"], other["noun"], stack)
    places, rest, _ = edit_words.find_regions(f"on {found['where']}")
    if not places or rest.strip():
        return tuple(stack), ""
    now = {edit.id: _at(edit, tuple(places), found["what"], found["where"]) for edit in named}
    return _with(stack, now), f"Moved {listed(labels_of(named))} to {found['where']}."


def _on_the_other_side(
    named: Sequence[EditEntry], what: str, noun: str, stack: Sequence[EditEntry]
) -> tuple[tuple[EditEntry, ...], str]:
    """Return a stack in which marks lie mirrored, and a sentence; the same stack where they lie in the middle."""
    now: dict[str, EditEntry] = {}
    for edit in named:
        regions = edit.place.regions if edit.place is not None else ()
        mirrored = tuple(map(_mirrored, regions))
        if mirrored == regions:
            return tuple(stack), _NO_OTHER_SIDE.format(*labels_of([edit]))
        side = "right" if "right" in mirrored[0] else "left"
        now[edit.id] = _at(edit, mirrored, what, f"the {side} {noun}")
    return _with(stack, now), f"Moved {listed(labels_of(named))} to the other side."


def _mirrored(region: str) -> str:
    """Return the region on the other side of the face; the same where it has none."""
    sides = {"left": "right", "right": "left"}
    other = "_".join(sides.get(piece, piece) for piece in region.split("_"))
    return other if other in REGIONS else region


def _at(edit: EditEntry, regions: tuple[str, ...], what: str, where: str) -> EditEntry:
    """Return an edit that lies on other regions alone; its label stays where it is of several things."""
    feather = edit.place.feather if edit.place is not None else 0.0
    effects: Any = edit.parameters.get("effects", [])
    label = edit.label if len(effects) + len(edit.traits) > 1 else _moved_label(what, where)
    return replace(edit, place=Place(regions, feather=feather), label=label)


def _moved_label(what: str, where: str) -> str:
    what = edit_words.find_regions(what)[1]
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what} on {where}"


def _with(stack: Sequence[EditEntry], now: Mapping[str, EditEntry]) -> tuple[EditEntry, ...]:
    return tuple(now.get(edit.id, edit) for edit in stack)


def marks_of(words: str, stack: Sequence[EditEntry]) -> tuple[EditEntry, ...]:
    """Return the edits of a stack that lie on places and are what words name: "the scar on the left cheek"."""
    regions, rest, _ = edit_words.find_regions(words)
    wishes, names = _meant(rest)
    if not wishes and not names:
        return ()
    return tuple(edit for edit in stack if _without(edit, wishes, names) != edit and _lies_there(edit, regions))


def marks_elsewhere(words: str, stack: Sequence[EditEntry]) -> tuple[EditEntry, ...]:
    """Return the edits that are what words name, but lie at other places than they say; none of words without one."""
    regions, rest, _ = edit_words.find_regions(words)
    return marks_of(rest, stack) if regions and not marks_of(words, stack) else ()


def removal_message(removal: Removal) -> str:
    """Return the sentence that says what was taken off, or where the thing lies instead."""
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
    effects: Any = edit.parameters.get("effects", [])
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
    bare = [re.sub(r"(?:^|_)(?:left|right)(?=_|$)", "", name).strip("_").rstrip("s") for name in (one, other)]
    return bare[0] == bare[1] and not all(sides)


__all__ = ["MARK_STAYS", "Removal", "changed_marks", "marks_elsewhere", "marks_of", "removal_message", "without_marks"]
