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
from dreamface.traits import Traits, TraitValue, Value

_BEARD: Final = ("beard.style", "beard.length", "beard.density", "beard.colour", "stubble.density")
_BROWS: Final = "brows.density"
_SHORT: Final = ("none", "stubble")  # styles that are no beard yet
_LEAST_DENSITY: Final = 0.05  # guards a division
_USUAL_DENSITY: Final = 0.6  # of a beard that words ask for without saying how dense
_GREY: Final = (0.42, 0.41, 0.40)  # linear Rec. 709 of a beard's grey hair
_GREYED: Final = 0.8  # how much of its colour a beard takes that words call wholly grey


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
        masks = masks_of(edit.place, head, pictures)
        strength = min(1.0, edit.strength)
        weight = at_vertices(masks, head.topology) * strength
        for region, density in wanted.items():
            if region == "beard" and density > 0.0:
                if _grows_anew(traits, edit.traits):
                    # The edit's beard grows there, and none anywhere else; stubble beside it stays painted on the skin.
                    traits = traits.under(_beard_of(edit.traits))
                    if not any(mark.region == "beard" and mark.density > 0.0 for mark in marks):
                        marks.append(HairMark("beard", torch.ones_like(weight), 0.0))
                else:
                    density = _beside(traits, edit.traits)
            elif region == "brows":
                density = _share(density, traits.number(_BROWS))
            marks.append(HairMark(region, weight, density, {tile: strength * mask for tile, mask in masks.items()}))
    return traits, tuple(marks)


def _wanted(said: Traits) -> dict[Region, float]:
    """Return how densely hair shall grow, of each region that words speak of."""
    found: dict[Region, float] = {}
    if "beard.style" in said or "beard.density" in said or "stubble.density" in said:
        denser = "beard.style" not in said and "beard.density" in said and said.number("beard.density") > 0.0
        found["beard"] = 1.0 if denser or _has_beard(said) else 0.0
    if said.choice("hair.style") == "bald" and "hair.style" in said:
        found["scalp"] = 0.0
    if _BROWS in said:
        found["brows"] = said.number(_BROWS)
    return found


def _beside(person: Traits, said: Traits) -> float:
    """Return how densely a beard grows in a place, over the one that the person has: stubble there is cut hair."""
    if "beard.style" not in said and "beard.density" not in said:
        return 0.0
    if "beard.style" in said and said.choice("beard.style") in _SHORT:
        return 0.0
    return _share(said.number("beard.density"), person.number("beard.density")) if "beard.density" in said else 1.0


def _share(said: float, usual: float) -> float:
    """Return what is said of a density over what a person has, at most all of it."""
    return 1.0 if said >= usual else said / max(usual, _LEAST_DENSITY)


def _has_beard(traits: Traits) -> bool:
    style = traits.choice("beard.style")
    grown = style != "none" and (traits.number("beard.density") if "beard.density" in traits else _USUAL_DENSITY) > 0.0
    return grown or traits.number("stubble.density") > 0.0


def _grows_anew(person: Traits, said: Traits) -> bool:
    """Return whether a beard that words ask for isn't the one that a person has: stubble is no beard yet."""
    if said.choice("beard.style") in _SHORT:
        return not _has_beard(person)
    return person.choice("beard.style") in _SHORT or not _has_beard(person)


def _beard_of(said: Traits) -> dict[str, TraitValue | Value]:
    """Return the traits of a beard that words ask for; grey that they speak of is the beard's alone."""
    found: dict[str, TraitValue | Value] = {name: said[name] for name in _BEARD if name in said}
    if "beard.style" in said and "beard.density" not in said:
        found["beard.density"] = _USUAL_DENSITY
    if "hair.grey" in said and "beard.colour" not in said:
        found["beard.colour"] = (*_GREY, _GREYED * said.number("hair.grey"))
    return found
