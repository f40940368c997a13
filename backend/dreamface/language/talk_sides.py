"""Orders for one side of the face, the person's own: "right eye blue"; and those that only both sides can follow."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from typing import Final

from dreamface.language.changes import base_of, read_change
from dreamface.language.parts import find_parts, part_of
from dreamface.language.talk_orders import THE, as_change
from dreamface.traits import VOCABULARY, Group, Traits, TraitValue

_HAND: Final = r"(?:[- ]hand)?(?: side)?(?: one)?"
_EYE: Final = re.compile(
    rf"(?:{THE} |only |just )*(?P<side>left|right) (?:eye|iris)(?:'s colour| colour)?"
    rf"|(?:{THE} |only |just )*(?:eye|iris) (?:on (?:the|her|his) )?(?P<where>left|right){_HAND}"
)
_PAIRED: Final = (
    "ears", "eyes", "brows", "nostrils", "cheekbones", "cheeks", "temples", "lashes", "bags under the eyes", "lips",
)  # fmt: skip
_ONE: Final = re.compile(
    r"\b(?:left|right)(?:[- ]hand)? (?P<noun>ear|eye ?brow|eye ?lash|eye ?lid|eye ?bag|eye|brow|nostril|cheek ?bone|cheek|temple)s?\b"
)
_HALF: Final = re.compile(
    r"\b(?:left|right)(?:[- ]hand)? (?:half|side) of (?:the |her |his |their )?(?P<noun>hair|head|beard|moustache|jaw|nose|mouth|chin)\b"
    r"|\b(?P<thing>hair|beard) (?:only |just )?on (?:the |her |his )?(?:left|right)(?: side)?\b"
)
_LIES: Final = re.compile(
    r"\b(?:on|at|under|over|above|below|beneath|around|across|near|beside|along|from|behind|between|down)\b"
)
_BOTH_ALIKE: Final = "DreamFace makes both {noun} alike: say it of both of them, or sculpt one side in Blender."
"""What is said to an order for one side of what has no side."""

_NO_SIDES: Final = (
    "DreamFace has no {noun} for one side alone: say it of all the {noun}, or work on that side in Blender."
)
_BOTH_EYES: Final = re.compile(
    r"\b(?:both|two) (?:of (?:the|her|his) )?(?:eyes|irises)\b|\b(?:the |her |his )?eyes both\b"
)
_SWAPPED: Final = re.compile(
    rf"(?:swap|switch|exchange|reverse) (?:{THE} )?(?:eyes|eye colou?rs|colou?rs of (?:{THE} )?eyes|irises)(?: a?round)?"
)
_EYES_ALIKE: Final = "Both eyes have the same colour: say “right eye blue” first."
_COLOUR: Final = "iris.colour"
_OTHER: Final = "iris.right_colour"


def eye_of(clause: str, traits: Traits) -> Traits:
    """Return the traits that give one eye, or both alike again, another colour; none of other clauses.

    Args:
        clause: in lower case.
        traits: of the face: where the left eye changes, the right one stays as it is.
    """
    if _SWAPPED.fullmatch(clause):
        return _swapped(clause, traits)
    if re.search(r"\bblack (?:left |right )?eye\b", clause):  # it is a bruise
        return Traits()
    found = _EYE.search(clause)
    both = _BOTH_EYES.search(clause)
    if (found is None and both is None) or _LIES.search(clause[: found.start()] if found else ""):
        return Traits()
    words = _EYE.sub("eyes", clause) if found else _BOTH_EYES.sub("eyes", clause)
    read = read_change(as_change(words)[0], traits).traits
    colour = read.get(_COLOUR)
    if colour is None or not isinstance(colour.value, tuple) or {*read} - {_COLOUR}:
        return Traits()
    now, strength = traits.tint(_OTHER)
    if found is None:
        gone = {_OTHER: TraitValue((*now, 0.0), 1.0, clause)} if strength > 0.0 else {}
        return Traits({_COLOUR: colour, **gone})
    if (found["side"] or found["where"]) == "right":
        return Traits({_OTHER: TraitValue((*colour.value, 1.0), 1.0, clause)})
    left = traits.value(_COLOUR)
    assert isinstance(left, tuple)
    right = now if strength > 0.0 else left
    return Traits({_COLOUR: colour, _OTHER: TraitValue((*right, strength or 1.0), 1.0, clause)})


def _swapped(clause: str, traits: Traits) -> Traits:
    """Return the traits that exchange the colours of two eyes; none where they are alike."""
    right, strength = traits.tint(_OTHER)
    left = traits.value(_COLOUR)
    if strength <= 0.0 or not isinstance(left, tuple):
        return Traits()
    return Traits({_COLOUR: TraitValue(right, 1.0, clause), _OTHER: TraitValue((*left, strength), 1.0, clause)})


def only_both(clause: str, traits: Traits) -> str:
    """Return the sentence for an order that changes one side of what is alike on both; nothing of other clauses."""
    if _SWAPPED.fullmatch(clause):
        return _EYES_ALIKE
    if half := _HALF.search(clause):
        noun = half["noun"] or half["thing"]
        return _NO_SIDES.format(noun="hair" if noun == "head" else noun)
    found = _ONE.search(clause)
    if found is None or _LIES.search(clause[: found.start()]):
        return ""
    parts = find_parts(found["noun"])
    without_side = re.sub(r"\b(?:left|right)(?:[- ]hand)? (?=\w)", "", clause)
    said = read_change(as_change(without_side)[0], traits).traits
    if not parts or not any(_is_alike(name) for name in said):
        return ""
    noun = parts[0].name if parts[0].name in _PAIRED else part_of(next(iter(said))).name
    return _BOTH_ALIKE.format(noun=noun)


def _is_alike(name: str) -> bool:
    """Return whether a trait is the same on both sides, and nothing that can be laid on one."""
    trait = VOCABULARY[name]
    if trait.group is Group.EXPRESSION or name in (_COLOUR, "asymmetry"):
        return False
    return trait.group is Group.SHAPE or name.startswith(("brows.", "lashes.", "hair.", "beard.", "pupil.", "sclera."))


def without_comparing(clause: str) -> str:
    """Return an order for the skin of one side in words that can be laid there: "a red left cheek" of "redder".

    >>> without_comparing("the left cheek a bit redder")
    'red left cheek'
    """
    found = _ONE.search(clause)
    if found is None:
        return ""
    base = next((base for word in clause.split() if (base := base_of(word))), "")
    if not base or any(_is_alike(name) for name in read_change(base, Traits()).traits):
        return ""
    return f"{base} {found[0]}"


__all__ = ["eye_of", "only_both", "without_comparing"]
