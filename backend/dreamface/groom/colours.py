"""Pigments of a person's hair by region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from dreamface.hair import HairColour, Region
from dreamface.skin import beard_grey, brow_dye, brow_grey
from dreamface.styles import Style
from dreamface.traits import Traits

_BROWS_DARKER: Final = 0.30  # of the way from the scalp's melanin to black: brows are darker than blond hair
_LASHES_DARKER: Final = 0.65
_BEARD_LIGHTER: Final = 0.06  # of the scalp's melanin
_BEARD_REDDER: Final = 0.10  # of the way to red: beards of brown hair have red hairs
_LASHES_GREYER: Final = 0.1  # of the share of white hairs in brows: lashes stay dark under white hair


def colour_of(style: Style, traits: Traits) -> HairColour:
    """Return the pigments of a person's hair of a style's region."""
    return _OF_REGION[style.region](_natural(traits), traits)


def _natural(traits: Traits) -> HairColour:
    return HairColour(
        melanin=traits.number("hair.melanin"), redness=traits.number("hair.redness"), grey=traits.number("hair.grey")
    )


def _tint(traits: Traits, name: str) -> tuple[float, float, float, float]:
    (red, green, blue), strength = traits.tint(name)
    return red, green, blue, strength


def _scalp(natural: HairColour, traits: Traits) -> HairColour:
    return replace(
        natural, dye=_tint(traits, "hair.dye"), roots=_tint(traits, "hair.roots"), tips=_tint(traits, "hair.tips"),
        highlights=_tint(traits, "hair.highlights"), temple_grey=traits.number("hair.temple_grey"),
    )  # fmt: skip


def _beard(natural: HairColour, traits: Traits) -> HairColour:
    return replace(
        natural, melanin=natural.melanin * (1.0 - _BEARD_LIGHTER), grey=beard_grey(traits),
        redness=natural.redness + _BEARD_REDDER * (1.0 - natural.redness), dye=_tint(traits, "beard.colour"),
        variation=0.3,
    )  # fmt: skip


def _brows(natural: HairColour, traits: Traits) -> HairColour:
    return replace(
        natural, melanin=_towards_black(natural, _BROWS_DARKER), grey=brow_grey(traits),
        dye=brow_dye(traits),
    )  # fmt: skip


def _lashes(natural: HairColour, traits: Traits) -> HairColour:
    return replace(
        natural, melanin=_towards_black(natural, _LASHES_DARKER), grey=_LASHES_GREYER * brow_grey(traits),
        redness=0.5 * natural.redness, variation=0.05,
    )  # fmt: skip


def _towards_black(natural: HairColour, share: float) -> float:
    return natural.melanin + share * (1.0 - natural.melanin)


_OF_REGION: Final[Mapping[Region, Callable[[HairColour, Traits], HairColour]]] = {
    "scalp": _scalp, "beard": _beard, "brows": _brows, "lashes": _lashes
}  # fmt: skip
