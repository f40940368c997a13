"""Values of traits in words: "very wide nose", "about 45 years", "blue iris"."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from dreamface.language import tables
from dreamface.language.hair_words import COLOURS_SRGB
from dreamface.language.lexicon import linear
from dreamface.traits import VOCABULARY, Group, Kind, Trait, Value

_GROWN: Final = 15.0  # years from which a girl is called a woman

_SD_DEGREES: Final = ((1.3, "slightly"), (2.1, ""), (2.7, "very"), (99.0, "extremely"))
"""Up to so many standard deviations from the mean, and the adverb for it."""

_SHARE_DEGREES: Final = ((0.45, "slightly"), (0.7, ""), (0.9, "very"), (99.0, "extremely"))
"""The same for the share of the way from an amount's default to its end."""

_ADJECTIVES: Final = {"slightly": "slight", "": "", "very": "strong", "extremely": "extreme"}
"""The adverbs before a noun that is no adjective and noun."""

_COUNTED: Final = ((0.02, "no {}"), (0.35, "a few {}"), (0.75, "{}"), (99.0, "many {}"))
_AMASSED: Final = ((0.02, "no {}"), (0.35, "slight {}"), (0.75, "{}"), (99.0, "strong {}"))

_COUNTABLE: Final = {
    "freckles.density": "freckles", "moles.density": "moles", "age_spots.density": "age spots",
    "blemishes.density": "blemishes", "capillaries.density": "broken capillaries", "scars.density": "scars",
    "wrinkles.forehead": "forehead wrinkles", "wrinkles.eyes": "crow's feet",
}  # fmt: skip
_MASSES: Final = {
    "vitiligo.coverage": "vitiligo", "wrinkles.cheeks": "folds in the cheeks",
    "wrinkles.mouth": "folds around the mouth", "stubble.density": "stubble", "beard.density": "beard",
    "teeth.gap": "gap between the front teeth", "hair.fringe": "fringe", "hair.temple_grey": "grey at the temples",
}  # fmt: skip
"""Amounts of things, and the things."""

_STEPS: Final[dict[str, tuple[tuple[float, str], ...]]] = {
    "hair.melanin": (
        (0.1, "platinum hair"), (0.33, "blonde hair"), (0.46, "dark blonde hair"), (0.66, "light brown hair"),
        (0.84, "brown hair"), (0.95, "dark brown hair"), (99.0, "black hair"),
    ),
    "hair.grey": ((0.02, "no grey hair"), (0.5, "greying hair"), (0.95, "grey hair"), (99.0, "white hair")),
    "hair.curl": ((0.17, "straight hair"), (0.5, "wavy hair"), (0.82, "curly hair"), (99.0, "coiled hair")),
    "hair.length": (
        (0.03, "no hair"), (0.25, "short hair"), (0.5, "hair of medium length"), (0.85, "long hair"),
        (99.0, "very long hair"),
    ),
    "beard.length": (
        (0.25, "short beard"), (0.5, "beard of medium length"), (0.85, "long beard"), (99.0, "very long beard"),
    ),
    "hair.parting": ((-0.2, "right parting"), (0.2, "middle parting"), (99.0, "left parting")),
    "gender": ((-0.35, "woman"), (0.35, "androgynous"), (99.0, "man")),
}  # fmt: skip
"""Up to which value a trait is called what."""

_NOUNS: Final = frozenset({"bags under the eyes", "dark circles", "fringe", "crow's feet"})
"""Phrases before which an adverb can't stand."""

_OF_CHOICES: Final = {
    "hair.style": "hair", "beard.style": "beard", "brows.style": "brows", "lashes.style": "lashes",
}  # fmt: skip
_COLOURED: Final = {
    "iris.colour": "eyes", "iris.right_colour": "right eye", "skin.tint": "skin", "skin.metal": "metal skin",
    "hair.dye": "dyed hair", "brows.colour": "brows", "beard.colour": "beard",
}  # fmt: skip
"""What a colour is of, where the trait's own name does not say it."""

_PEOPLES: Final = {"european": "European", "african": "African"}


def in_words(name: str, value: Value, age: float = 35.0) -> str:
    """Return a trait's value as people say it.

    Args:
        name: the trait's.
        value: see `Kind`.
        age: of the person in years: a girl is no woman yet.

    >>> in_words("nose.width", 2.4)
    'very wide nose'
    """
    trait = VOCABULARY[name]
    if isinstance(value, str):
        return _choice(name, value)
    if isinstance(value, tuple):
        return _colour(trait, value)
    if name == "age":
        return f"about {value:.0f} year{'' if round(value) == 1 else 's'}"
    if name == "gender" and age < _GROWN:
        return "girl" if value < -0.35 else "child" if value < 0.35 else "boy"
    if name in _STEPS:
        return next(words for most, words in _STEPS[name] if value < most)
    if trait.group is Group.EXPRESSION:
        return f"{_label(name)} {value:.0%}".replace("%", " %")
    if name.startswith("ancestry."):
        return _share_of_people(name.partition(".")[2], value)
    return _amount(trait, value)


def hair_colour(word: str) -> tuple[float, float, float] | None:
    """Return the linear Rec. 709 (r, g, b) of a colour that hair can have, or None for what is no colour."""
    named = COLOURS_SRGB.get(word) or tables.COLOURS_SRGB.get(word)
    return linear(named) if named else None


def _amount(trait: Trait, value: float) -> str:
    for table, degrees in ((_COUNTABLE, _COUNTED), (_MASSES, _AMASSED)):
        if trait.name in table:
            return next(words for most, words in degrees if value < most).format(table[trait.name])
    assert isinstance(trait.default, float)
    distance = value - trait.default
    phrases = trait.more if distance > 0.0 else trait.less
    if abs(distance) < 0.05 or not phrases:
        return f"usual {_label(trait.name)}"
    if trait.unit == "sd":
        return _degreed(phrases[0], abs(distance), _SD_DEGREES)
    end = trait.high if distance > 0.0 else trait.low
    return _degreed(phrases[0], distance / (end - trait.default), _SHARE_DEGREES)


def _degreed(phrase: str, amount: float, degrees: tuple[tuple[float, str], ...]) -> str:
    adverb = next(word for most, word in degrees if amount < most)
    if phrase in _NOUNS:
        adverb = _ADJECTIVES[adverb]
    return f"{adverb} {phrase}".strip()


def _choice(name: str, value: str) -> str:
    thing, said = _OF_CHOICES.get(name, _label(name)), value.replace("_", " ")
    return f"no {thing}" if value == "none" else said if value == "bald" else f"{thing}: {said}"


def _colour(trait: Trait, value: tuple[float, ...]) -> str:
    thing = _COLOURED.get(trait.name, _label(trait.name).removesuffix(" colour"))
    if trait.kind is Kind.TINT and value[3] <= 0.02:
        return f"no {thing}"
    faint = "faint " if trait.kind is Kind.TINT and value[3] < 0.35 else ""
    return f"{faint}{_named(value[:3], trait.name.startswith('iris.'))} {thing}"


def _named(rgb: tuple[float, ...], is_iris: bool) -> str:
    """Return the name of the known colour that looks nearest."""
    known = _known_colours(is_iris)
    return min(known, key=lambda name: sum((a**0.45 - b**0.45) ** 2 for a, b in zip(known[name], rgb, strict=True)))


@cache
def _known_colours(is_iris: bool) -> dict[str, tuple[float, float, float]]:
    return {name: linear(srgb) for name, srgb in (tables.IRIS_SRGB if is_iris else tables.COLOURS_SRGB).items()}


def _share_of_people(people: str, share: float) -> str:
    name = _PEOPLES.get(people, people.replace("_", " ").title())
    if share < 0.02:
        return f"not {name}"
    return name if share > 0.98 else f"half {name}" if abs(share - 0.5) < 0.02 else f"{share:.0%} {name}"


def _label(name: str) -> str:
    """Return a trait's name in words: "jaw open" of "expression.jawOpen", "lips redness" of "lips.redness"."""
    plain = name.removeprefix("expression.").replace(".", " ").replace("_", " ")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain).lower()
