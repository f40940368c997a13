"""What edits in words on a marked place say of hair: a beard that grows there, or none, shaved brows, a bald patch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import torch

from dreamface.edits.places import masks_of
from dreamface.edits.vertices import at_vertices
from dreamface.face import Head
from dreamface.hair import HairMark, Region
from dreamface.record import EditEntry
from dreamface.traits import Traits

_BEARD: Final = ("beard.style", "beard.length", "beard.density", "beard.colour", "stubble.density")
_BROWS: Final = "brows.density"
_USUAL_DENSITY: Final = 0.6  # of a beard that words ask for without saying how dense


def hair_of(
    edits: Sequence[EditEntry], head: Head, traits: Traits, pictures: Mapping[str, bytes]
) -> tuple[Traits, tuple[HairMark, ...]]:
    """Return the traits that hair grows by, and the places where edits let it grow or shave it.

    Args:
        edits: from below.
        head: whose.
        traits: what the face looks like without these edits.
        pictures: SHA-256 -> PNG.

    Raises:
        BadRequest: a place can't be read.
    """
    marks: list[HairMark] = []
    for edit in edits:
        if edit.kind != "words" or edit.place is None or not edit.visible or edit.strength == 0.0:
            continue
        wanted = _wanted(edit.traits)
        if not wanted:
            continue
        weight = at_vertices(masks_of(edit.place, head, pictures), head.topology) * min(1.0, edit.strength)
        for region, density in wanted.items():
            if region == "beard" and density > 0.0 and not _has_beard(traits):
                # A face without a beard gets the edit's, and none of it anywhere else.
                traits = traits.under({name: edit.traits[name] for name in _BEARD if name in edit.traits})
                marks.append(HairMark("beard", torch.ones_like(weight), 0.0))
            marks.append(HairMark(region, weight, density))
    return traits, tuple(marks)


def _wanted(said: Traits) -> dict[Region, float]:
    """Return how densely hair shall grow, of each region that words speak of."""
    found: dict[Region, float] = {}
    if "beard.style" in said or "beard.density" in said or "stubble.density" in said:
        found["beard"] = 1.0 if _has_beard(said) else 0.0
    if said.choice("hair.style") == "bald" and "hair.style" in said:
        found["scalp"] = 0.0
    if _BROWS in said:
        found["brows"] = said.number(_BROWS)
    return found


def _has_beard(traits: Traits) -> bool:
    style = traits.choice("beard.style")
    grown = style != "none" and (traits.number("beard.density") if "beard.density" in traits else _USUAL_DENSITY) > 0.0
    return grown or traits.number("stubble.density") > 0.0
