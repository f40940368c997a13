"""What the prompt says in one place, fitted to what it says in others: a blue alien's stripes are of a darker blue."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Final

from dreamface.colour_names import linear
from dreamface.language.effects import Effects
from dreamface.language.hair_words import COLOURS_SRGB
from dreamface.language.meanings import OTHER_IRIS, PLAIN_SCALES, PLAIN_SPOTS, PLAIN_STRIPES
from dreamface.language.tables import HAIR_COLOURS
from dreamface.traits import Traits, TraitValue, Value

_SAME: Final = 1e-3  # linear steps within which a colour is the table's own
_PATTERNS: Final = {
    "skin.stripes": (PLAIN_STRIPES, 0.10), "skin.spots": (PLAIN_SPOTS, 0.10), "skin.scales": (PLAIN_SCALES, 0.75),
}  # fmt: skip
"""The colour that a pattern has where none was said, and the share of the skin's tint that it gets instead."""

_OF_HAIR: Final = ("hair.melanin", "hair.redness", "hair.grey", "hair.dye")
_SUPPOSED: Final = 0.5  # of the confidence in a beard's colour: that the hair has it, too
_ONE_SCAR: Final = 0.08  # a scar, and a trace of another
_BROWN: Final = (0.1022, 0.0423, 0.0160)


def harmonised(traits: Traits) -> Traits:
    """The same traits, with colours that nobody named fitted to those that somebody did."""
    changed: dict[str, TraitValue | Value] = {}
    tint, strength = traits.tint("skin.tint")
    if strength > 0.0:
        for name, (plain, share) in _PATTERNS.items():
            if name in traits and _is(traits.tint(name)[0], plain):
                value = (*(share * channel for channel in tint), traits.tint(name)[1])
                changed[name] = replace(traits[name], value=value)
    if _pimples_by_spots(traits) and (strength > 0.0 or "skin.spots" in traits):
        # Nobody means them by the spots of a purple alien or a leopard.
        if "skin.spots" not in traits:
            value = (*(0.10 * channel for channel in tint), 0.9)
            changed["skin.spots"] = replace(traits["blemishes.density"], value=value)
        changed["blemishes.density"] = replace(traits["blemishes.density"], value=0.0)
    if "scars.density" in traits and "scar" in _words(traits["scars.density"]) and traits.number("scars.density") > 0.0:
        changed["scars.density"] = replace(traits["scars.density"], value=_ONE_SCAR)
    if "iris.right_colour" in traits and "iris.colour" in traits:
        other, amount = traits.tint("iris.right_colour")
        red, _, blue = traits.colour("iris.colour")
        if _is(other, OTHER_IRIS) and blue > red:  # one blue eye already: the other is brown
            changed["iris.right_colour"] = replace(traits["iris.right_colour"], value=(*_BROWN, amount))
    changed |= _hair_of_a_beard(traits)
    return traits.under(changed) if changed else traits


def _hair_of_a_beard(traits: Traits) -> dict[str, TraitValue]:
    """Hair of which nothing was said has the natural colour of the beard.

    The colour of the brows does not count: a prompt names it mostly because it differs from the hair's.
    """
    if any(name in traits for name in _OF_HAIR) or "beard.colour" not in traits:
        return {}
    entry = traits["beard.colour"]
    return {
        effect.trait: replace(entry, value=effect.value, confidence=entry.confidence * _SUPPOSED)
        for effect in _natural_colours().get(traits.tint("beard.colour")[0], ())
        if effect.value is not None
    }


@cache
def _natural_colours() -> dict[tuple[float, float, float], Effects]:
    known = {name: linear(srgb) for name, srgb in COLOURS_SRGB.items()}
    return {known[name]: effects for name, effects in HAIR_COLOURS.items() if name in known}


def _pimples_by_spots(traits: Traits) -> bool:
    said = traits.get("blemishes.density")
    return said is not None and bool(_words(said) & {"spot", "spots"}) and traits.number("blemishes.density") > 0.0


def _words(said: TraitValue) -> set[str]:
    return set(said.because.lower().split())


def _is(colour: tuple[float, float, float], plain: tuple[float, float, float]) -> bool:
    return all(math.isclose(one, other, abs_tol=_SAME) for one, other in zip(colour, plain, strict=True))
