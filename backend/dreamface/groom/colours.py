"""Pigments of a person's hair by region, and the colour of each strand."""

from __future__ import annotations

from dreamface.hair import HairColour
from dreamface.styles import Style
from dreamface.traits import Traits


def colour_of(style: Style, traits: Traits) -> HairColour:
    """Return the pigments of a person's hair of one region."""
    red, green, blue = traits.tint("hair.dye")[0]
    return HairColour(
        melanin=traits.number("hair.melanin"), redness=traits.number("hair.redness"), grey=traits.number("hair.grey"),
        dye=(red, green, blue, traits.tint("hair.dye")[1]),
    )  # fmt: skip
