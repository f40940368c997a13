"""The natural colours that the sidebar offers are those that their traits give."""

from __future__ import annotations

import pytest
import torch

from dreamface.colour import decode_srgb, encode_srgb
from dreamface.skin.canvas.pigments import hair_colour, resting_colour, white_hair_colour
from dreamface.traits import Traits
from dreamface_addon.vocabulary import FAMILIES, PAGES, SWATCHES

SHINE = 1.3
"""Hair in the light is lighter than its pigment: so many times the albedo is shown."""


def shown(kind, swatch):
    traits = Traits(swatch.traits)
    if kind == "iris":
        return torch.tensor(swatch.traits["iris.colour"])
    if kind == "skin":
        return resting_colour(traits)
    return SHINE * torch.lerp(hair_colour(traits), white_hair_colour(), traits.number("hair.grey"))


@pytest.mark.parametrize(("kind", "swatch"), [(kind, swatch) for kind in SWATCHES for swatch in SWATCHES[kind]])
def test_a_swatch_shows_what_its_traits_give(kind, swatch):
    assert encode_srgb(shown(kind, swatch)).tolist() == pytest.approx(swatch.srgb, abs=0.01)


@pytest.mark.parametrize("kind", SWATCHES)
def test_swatches_can_be_told_apart(kind):
    colours = [decode_srgb(torch.tensor(swatch.srgb)) ** (1 / 3) for swatch in SWATCHES[kind]]
    distances = [float((one - other).norm()) for n, one in enumerate(colours) for other in colours[:n]]
    assert min(distances) > 0.02
    assert len({swatch.name for swatch in SWATCHES[kind]}) == len(SWATCHES[kind])


def test_every_family_is_on_one_page_and_no_page_names_another():
    on_pages = [family for families in PAGES.values() for family in families]
    assert sorted(on_pages) == sorted(FAMILIES)
