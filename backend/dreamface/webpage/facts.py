"""What the page says of a face, and by what it can be filtered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch

from dreamface import language
from dreamface.colour import encode_srgb
from dreamface.document import FaceDocument
from dreamface.traits import ARKIT_SHAPES, VOCABULARY, Group, Kind, Trait, Traits, Value

DIGITS: Final = 2
"""After the point, of numbers on the page."""


@dataclass(frozen=True)
class Facet:
    """Something by which faces can be filtered and sorted.

    Attributes:
        key: names it in the page's data.
        label: as it is shown.
        find: what a face has: a number, a word, or None where that is nothing.
        low, high: range of numbers; both 0 where it is words.
        unit: behind numbers.
        main: whether it is shown before all others.
    """

    key: str
    label: str
    find: Callable[[Traits], float | str | None]
    low: float = 0.0
    high: float = 0.0
    unit: str = ""
    main: bool = False

    @property
    def is_range(self) -> bool:
        """Whether it is a number."""
        return self.low != self.high

    def to_json(self) -> dict[str, Any]:
        """Return plain data for the page."""
        return {
            "key": self.key, "label": self.label, "kind": "range" if self.is_range else "choice", "low": self.low,
            "high": self.high, "unit": self.unit, "main": self.main,
        }  # fmt: skip


# ------------------------------------------------------------------------------------------- words for several traits

_SEX_BOUND: Final = 0.33
"""Of `gender`, from where a face is a man's or a woman's."""

_ANCESTRIES: Final = {
    "ancestry.african": "African",
    "ancestry.east_asian": "East Asian",
    "ancestry.south_asian": "South Asian",
    "ancestry.european": "European",
}
_MOST_OF: Final = 0.6
"""Share of one ancestry from which the others are not named."""

_DYED: Final = 0.35
_GREY: Final = 0.55
_RED: Final = 0.4
_TOO_DARK_FOR_RED: Final = 0.85
_HAIR_COLOURS: Final = ((0.35, "Blond"), (0.7, "Brown"), (1.01, "Black"))
"""Below that much melanin, the colour."""

_STUBBLE: Final = 0.35
"""Density from which it is seen in a small picture."""


def _sex(traits: Traits) -> str:
    gender = traits.number("gender")
    return "Man" if gender > _SEX_BOUND else "Woman" if gender < -_SEX_BOUND else "Androgynous"


def _ancestry(traits: Traits) -> str:
    shares = {label: traits.number(name) for name, label in _ANCESTRIES.items()}
    whole = sum(shares.values())
    best = max(shares, key=lambda label: shares[label])
    return best if whole > 0.0 and shares[best] / whole >= _MOST_OF else "Mixed"


def _hair_colour(traits: Traits) -> str | None:
    if traits.choice("hair.style") == "bald":
        return None
    if traits.tint("hair.dye")[1] >= _DYED:
        return "Dyed"
    if traits.number("hair.grey") >= _GREY:
        return "Grey"
    melanin = traits.number("hair.melanin")
    if traits.number("hair.redness") >= _RED and melanin < _TOO_DARK_FOR_RED:
        return "Red"
    return next(label for bound, label in _HAIR_COLOURS if melanin < bound)


def _beard(traits: Traits) -> str:
    style = traits.choice("beard.style")
    if style == "none" and traits.number("stubble.density") >= _STUBBLE:
        return "Stubble"
    return words(style)


def words(name: str) -> str:
    """Return a name of the vocabulary as people write it: "low_bun" is "Low bun"."""
    plain = name.replace(".", " ").replace("_", " ").strip()
    return plain[:1].upper() + plain[1:]


# ------------------------------------------------------------------------------------------------------------ the list


def _of_trait(trait: Trait) -> Facet:
    if trait.kind is Kind.CHOICE:
        return Facet(trait.name, words(trait.name), lambda traits: words(traits.choice(trait.name)))
    unit = trait.unit if trait.unit in ("sd", "years") else ""
    low, high, name = trait.low, trait.high, trait.name
    return Facet(name, words(name), lambda traits: round(traits.number(name), DIGITS), low, high, unit)


_MAIN: Final = (
    Facet("age", "Age", lambda traits: round(traits.number("age")), 1.0, 95.0, "years", main=True),
    Facet("sex", "Sex", _sex, main=True),
    Facet("ancestry", "Ancestry", _ancestry, main=True),
    Facet(
        "skin.melanin", "Melanin of the skin", lambda traits: round(traits.number("skin.melanin"), DIGITS), 0.0, 1.0,
        main=True,
    ),
    Facet("hair.style", "Hair", lambda traits: words(traits.choice("hair.style")), main=True),
    Facet("hair.colour", "Hair colour", _hair_colour, main=True),
    Facet("beard", "Beard", _beard, main=True),
)  # fmt: skip

_IN_MAIN: Final = {"age", "gender", "skin.melanin", "hair.style", "beard.style", *_ANCESTRIES}

FACETS: Final[tuple[Facet, ...]] = (
    *_MAIN,
    *(
        _of_trait(trait)
        for trait in VOCABULARY.values()
        if trait.kind in (Kind.NUMBER, Kind.CHOICE)
        and trait.group is not Group.EXPRESSION
        and trait.name not in _IN_MAIN
    ),
)
"""All of them, those that a casting goes by first."""


def facets_of(document: FaceDocument) -> list[float | str | None]:
    """Return what a face has of each of `FACETS`, in their order; of shape, what was measured on it."""
    measured = {name: VOCABULARY[name].clamp(value) for name, value in document.measured.items() if name in VOCABULARY}
    traits = document.record.traits.under(measured)
    return [facet.find(traits) for facet in FACETS]


def said_of(document: FaceDocument) -> list[dict[str, str]]:
    """Return what the prompt says of a face: rows of a trait's label, its value, and the words it was read from.

    What words left open and chance has filled in is not among them, nor is the expression.
    """
    return [
        {"label": words(name), "value": in_words(VOCABULARY[name], entry.value), "because": entry.because}
        for name, entry in document.record.traits.asked().items()
        if VOCABULARY[name].group is not Group.EXPRESSION
    ]


def in_words(trait: Trait, value: Value) -> str:
    """Return a trait's value as people say it; a colour as #rrggbb, which the page shows as a swatch."""
    if isinstance(value, tuple):
        return hex_of(value[:3])
    if isinstance(value, str):
        return words(value)
    exact = language.value_of(trait.name, value).replace("-", "\N{MINUS SIGN}")
    if trait.unit == "years" or trait.name == "gender":
        return exact
    said = language.in_words(trait.name, value)
    return exact if exact in said else f"{said} ({exact})"


def hex_of(linear: tuple[float, ...]) -> str:
    """Return a colour, linear Rec. 709, as #rrggbb."""
    codes = encode_srgb(torch.tensor(linear)).clamp(0.0, 1.0).mul(255.0).round().int().tolist()
    return "#" + "".join(f"{code:02x}" for code in codes)


def expression_of(document: FaceDocument) -> Mapping[str, float]:
    """Return the weights of blend shapes that a face wears at rest, those that are not 0."""
    traits = document.record.traits
    worn = {shape: round(traits.number(f"expression.{shape}"), 3) for shape in ARKIT_SHAPES}
    return {shape: weight for shape, weight in worn.items() if weight}
