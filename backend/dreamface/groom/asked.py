"""What a person's traits ask of a style: how long it is, how far it stands off, a fringe, a parting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dreamface.styles import Cut, Section, Style, Where, find_style
from dreamface.traits import Traits

# hair.length -> metres of loose hair, the unit in which lengths of styles are compared.
_LENGTH: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
_LENGTH_METRES: Final = (0.004, 0.020, 0.05, 0.10, 0.17, 0.26, 0.45, 0.75)

# hair.volume -> factor on how far hair stands off the head.
_VOLUME: Final = (0.0, 0.5, 1.0)
_VOLUME_FACTOR: Final = (0.3, 1.0, 2.6)
_CURLY_FROM, _CURLY_AT = 0.35, 0.65  # hair.curl from which combed hair falls into curls, and where it has
_CURLS_STAND: Final = 0.7  # by how much further they stand off the head
_CURLY: Final = {
    "clump": 0.8, "clump_from": 0.0, "strand_clump": 0.3, "frizz": 1.1, "frizz_scale": 13.0, "flyaways": 0.035,
    "scatter": 0.2,
}  # fmt: skip
"""Look of hairs that have fallen into curls: each curl is many hairs, and none of them keeps quite to it."""

_FRINGE_FROM: Final = 0.15  # hair.fringe above which hair is cut over the forehead
_SHORTEST_FRINGE, _LONGEST_FRINGE = 32.0, -4.0  # millimetres from the glabella up to its ends
FRINGE: Final = Section(
    where=Where(azimuth=(-1.0, 38.0), elevation=(30.0, 72.0), soft_degrees=12.0),
    length=120.0, flow={"forward": 1.0, "down": 0.6}, lift=30.0, rise=14.0, follow=55.0, stiff=20.0, gravity=0.9,
    volume=7.0, turn=12.0, unruly=4.0, face=1.0, loose=True,
)  # fmt: skip
"""A fringe, on top of a style that has none."""

_RAGGED: Final = 9.0  # millimetres by which it is cut unevenly


@dataclass(frozen=True)
class Shape:
    """How a person's traits change a style.

    Attributes:
        length: factor.
        volume: factor.
        curl: added to the style's own.
        parting: -1..1.
    """

    length: float
    volume: float
    curl: float
    parting: float


def shape_of(style: Style, traits: Traits) -> Shape:
    """Return how traits change a style."""
    parting = style.parting.side if style.parting is not None else 0.0
    if style.region != "scalp":
        length = _beard_length(traits.number("beard.length"), style) if style.region == "beard" else 1.0
        return Shape(length, volume=1.0, curl=0.0, parting=parting)
    here, there = (
        float(np.interp(value, _LENGTH, _LENGTH_METRES)) for value in (traits.number("hair.length"), style.length)
    )
    volume, usual = (
        float(np.interp(value, _VOLUME, _VOLUME_FACTOR))
        for value in (_asked(traits, "hair.volume", style.volume), style.volume)
    )
    return Shape(
        length=min(max(here / there, style.shortest), style.longest),
        volume=volume / usual * (1.0 + _CURLS_STAND * curls_of(style, traits)),
        curl=_asked(traits, "hair.curl", style.curl) - style.curl,
        parting=_asked(traits, "hair.parting", parting),
    )


def _asked(traits: Traits, name: str, usual: float) -> float:
    return traits.number(name) if name in traits else usual


def curls_of(style: Style, traits: Traits) -> float:
    """Return 0..1: how far hair that its style combs straight or in waves falls into curls instead."""
    asked = _asked(traits, "hair.curl", style.curl)
    if not _is_combed(style) or style.ties or asked <= style.curl:
        return 0.0
    least = max(style.curl, _CURLY_FROM)
    return min(max((asked - least) / max(_CURLY_AT - least, 0.1), 0.0), 1.0)


def with_curls(style: Style, traits: Traits) -> Style:
    """Return the style with hairs that draw together into curls where the traits ask for more than it has."""
    share, look = curls_of(style, traits), style.look
    if share == 0.0:
        return style
    changed = {name: (1.0 - share) * getattr(look, name) + share * value for name, value in _CURLY.items()}
    # Guides curl out of step: what is mixed of several has no curl of its own.
    return style.model_copy(update={"look": look.model_copy(update={**changed, "guides_each": 1})})


def _beard_length(asked: float, style: Style) -> float:
    """Return the factor on a beard's length: from its shortest to its longest as `beard.length` goes from 0 to 1."""
    if asked < style.length:
        return float(style.shortest ** ((style.length - asked) / style.length))
    return float(style.longest ** ((asked - style.length) / max(1.0 - style.length, 1e-6)))


def with_fringe(style: Style, traits: Traits) -> Style:
    """Return the style with as much of a fringe as the traits ask for."""
    amount = _asked(traits, "hair.fringe", style.fringe)
    if not _is_combed(style) or amount == style.fringe:
        return style
    if style.fringe > 0.0:
        changed = (_with_other_fringe(section, amount, style.fringe) for section in style.sections)
        return style.model_copy(update={"sections": tuple(section for section in changed if section is not None)})
    if amount < _FRINGE_FROM:
        return style
    cut = Cut(landmark="glabella", mm=_fringe_end(amount), ragged=_RAGGED)
    return style.model_copy(update={"sections": (*style.sections, FRINGE.model_copy(update={"cut": cut}))})


def _with_other_fringe(section: Section, amount: float, usual: float) -> Section | None:
    """Return a style's own section with another fringe: longer, shorter, or None for none."""
    if section.where is None or section.cut is None or not section.face:
        return section
    if amount < _FRINGE_FROM:
        return None
    moved = section.cut.mm + _fringe_end(amount) - _fringe_end(usual)
    return section.model_copy(update={"cut": section.cut.model_copy(update={"mm": moved})})


def _fringe_end(amount: float) -> float:
    """Return millimetres from the glabella up to where a fringe ends."""
    return float(np.interp(amount, (_FRINGE_FROM, 1.0), (_SHORTEST_FRINGE, _LONGEST_FRINGE)))


def _is_combed(style: Style) -> bool:
    """Whether a style's hair is combed by its sections, at least in front."""
    return style.region == "scalp" and style.rows is None and style.curves is None and style.guides > 0


def unanswered(traits: Traits) -> tuple[str, ...]:
    """Return the traits that were asked for and that the style of the scalp can't show.

    Raises:
        BadRequest: the style is unknown.
    """
    style = find_style(traits.choice("hair.style"), "scalp")
    ignored = {
        "hair.length": style.guides == 0,
        "hair.volume": style.guides == 0 or style.rows is not None or style.curves is not None,
        "hair.curl": style.guides == 0 or style.curves is not None or style.rows is not None,
        "hair.fringe": not _is_combed(style),
        "hair.parting": style.parting is None or not _is_combed(style) or bool(style.ties),
    }
    usual = {"hair.length": 0.0, "hair.curl": style.curl, "hair.fringe": style.fringe}  # no hair is of no length
    return tuple(
        name
        for name, is_ignored in ignored.items()
        if is_ignored and name in traits and traits[name].confidence > 0.0 and traits.value(name) != usual.get(name)
    )
