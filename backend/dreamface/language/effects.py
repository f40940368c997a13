"""What a word does to a face: effects on traits, and how degree and negation change them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from dreamface.traits import ARKIT_SHAPES, VOCABULARY, Group, Kind, Trait, Value


class Rank(IntEnum):
    """Which of two effects on one trait wins, whatever their order: "a vampire with tanned skin" is tanned."""

    IMPLIED = 0  # follows from what somebody is: vampires are pale
    VAGUE = 1  # said, but loosely: "young"
    STATED = 2  # said: "pale skin"
    EXACT = 3  # said with a figure: "aged 45"


class Degree(IntEnum):
    """How strongly something is said: "slightly wide" up to "extremely wide"."""

    SLIGHT = 0
    PLAIN = 1
    RATHER = 2
    VERY = 3
    EXTREME = 4


@dataclass(frozen=True)
class Effect:
    """What one word or phrase does to one trait.

    Attributes:
        trait: its name in the vocabulary.
        value: what the trait becomes at plain degree, or None where it is pushed.
        push: -1..1, towards the trait's low or high end; how far is said by the degree.
        rank: see `Rank`.
        confidence: 0..1, how sure the words make us.
    """

    trait: str
    value: Value | None = None
    push: float = 0.0
    rank: Rank = Rank.STATED
    confidence: float = 1.0


Effects = tuple[Effect, ...]


def more(trait: str, share: float = 1.0) -> Effect:
    """Pushes a trait up, by `share` (0..1) of a full push."""
    return Effect(trait, push=share)


def less(trait: str, share: float = 1.0) -> Effect:
    """Pushes a trait down, by `share` (0..1) of a full push."""
    return Effect(trait, push=-share)


def at(trait: str, value: Value, rank: Rank = Rank.STATED) -> Effect:
    """Sets a trait."""
    return Effect(trait, value=value, rank=rank)


def pose(**weights: float) -> Effects:
    """Sets ARKit weights at rest; a name without a side, such as `mouthSmile`, sets both sides."""
    return tuple(
        Effect(f"expression.{shape}", value=weight)
        for name, weight in weights.items()
        for shape in ((name,) if name in ARKIT_SHAPES else (f"{name}Left", f"{name}Right"))
    )


def ranked(effects: Effects, rank: Rank, confidence: float) -> Effects:
    """The same effects at another rank and confidence."""
    return tuple(replace(effect, rank=rank, confidence=confidence) for effect in effects)


# ------------------------------------------------------------------------------------------------- degree and negation

SHAPE_SD: Final = {
    Degree.SLIGHT: 0.9,
    Degree.PLAIN: 1.8,
    Degree.RATHER: 2.1,
    Degree.VERY: 2.4,
    Degree.EXTREME: 3.0,
}
"""How far a word pushes a shape, in standard deviations of the population: "wide" is about the widest 4 in 100."""

SHARE: Final = {Degree.SLIGHT: 0.35, Degree.PLAIN: 0.6, Degree.RATHER: 0.7, Degree.VERY: 0.8, Degree.EXTREME: 1.0}
"""How much of the way from an amount's default to its end a word pushes it."""

STRENGTH: Final = {Degree.SLIGHT: 0.5, Degree.PLAIN: 1.0, Degree.RATHER: 1.1, Degree.VERY: 1.25, Degree.EXTREME: 1.5}
"""What a blend shape weight or the strength of a tint is multiplied by."""

OLD_YEARS: Final = {
    Degree.SLIGHT: 56.0,
    Degree.PLAIN: 70.0,
    Degree.RATHER: 75.0,
    Degree.VERY: 82.0,
    Degree.EXTREME: 92.0,
}
YOUNG_YEARS: Final = {
    Degree.SLIGHT: 28.0,
    Degree.PLAIN: 23.0,
    Degree.RATHER: 21.0,
    Degree.VERY: 18.0,
    Degree.EXTREME: 16.0,
}

_NO_LONGER_YOUNG: Final = 52.0  # years

_TRACE = 0.2  # an amount whose default is at most this is absent on most faces, so "no ..." means none of it


_BROWN_IRIS: Final = (0.1022, 0.0423, 0.0160)
_BLUE_IRIS: Final = (0.1046, 0.2384, 0.4793)
"""What eyes have that are not blue, and those that are not brown."""

_UNHUMAN = {"ears.pointed": 1.45}  # asked for plainly, these mean more than any person has


def value_of(effect: Effect, degree: Degree = Degree.PLAIN, negated: bool = False) -> Value | None:
    """The trait's value, or None where a negation leaves it open ("not blue eyes")."""
    trait = VOCABULARY[effect.trait]
    if negated:
        return _negated(effect, trait)
    return _pushed(effect.push, trait, degree) if effect.value is None else _scaled(effect.value, trait, degree)


def _pushed(push: float, trait: Trait, degree: Degree) -> float:
    if trait.name == "age":
        return (OLD_YEARS if push > 0 else YOUNG_YEARS)[degree]
    if trait.group is Group.SHAPE:
        return trait.clamp(push * _UNHUMAN.get(trait.name, 1.0) * SHAPE_SD[degree])
    assert isinstance(trait.default, float)
    room = trait.high - trait.default if push > 0 else trait.default - trait.low
    return trait.clamp(trait.default + push * SHARE[degree] * room)


def _scaled(value: Value, trait: Trait, degree: Degree) -> Value:
    if trait.group is Group.EXPRESSION and isinstance(value, float):
        return trait.clamp(value * STRENGTH[degree])
    if trait.kind is Kind.TINT and isinstance(value, tuple):
        return (*value[:3], min(1.0, value[3] * STRENGTH[degree]))
    return value


def _negated(effect: Effect, trait: Trait) -> Value | None:
    if trait.kind is Kind.TINT and isinstance(effect.value, tuple):
        return (*effect.value[:3], 0.0)
    if trait.name == "iris.colour" and isinstance(effect.value, tuple):
        red, _, blue = effect.value
        return _BROWN_IRIS if blue > red or effect.value[1] > red else _BLUE_IRIS
    if trait.kind is not Kind.NUMBER:
        return None
    if trait.name == "gender" and isinstance(effect.value, float):
        return -effect.value
    if effect.value is not None and (trait.name == "age" or trait.name.endswith(".length")):
        return None
    if trait.name == "age" and effect.push < 0:
        return _NO_LONGER_YOUNG
    if trait.name.startswith("ancestry."):
        return 0.0 if effect.value else None
    assert isinstance(trait.default, float)
    rising = effect.push > 0 or (isinstance(effect.value, float) and effect.value > trait.default)
    return 0.0 if rising and trait.default <= _TRACE else trait.default
