"""What colour pigments give: skin from the table that `training.skin_colours` makes, hair from its melanins."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from dreamface.colour import lab
from dreamface.skin.canvas.layer import Ground
from dreamface.traits import Traits

_TABLE: Final = Path(__file__).with_name("skin_colours.npz")
MOST_BLOOD: Final = 2.0  # upper end of the table's blood axis; 1 is the reddest skin, lips have more
_STEP: Final = 0.15  # of a pigment, for slopes: about what a freckle adds
_SPOT_MELANIN: Final = 0.08  # the palest skins' spots are as brown as those of skin with this much

# Absorption of hair per unit of each melanin, red, green and blue (d'Eon et al. 2011, "An energy-conserving hair
# reflectance model"), and how a mass of hair reflects it (Chiang et al. 2016, "A practical and controllable hair and
# fur model for production path tracing", equation 9, for an azimuthal roughness of 0.3).
_EUMELANIN: Final = torch.tensor([0.419, 0.697, 1.37])
_PHEOMELANIN: Final = torch.tensor([0.187, 0.4, 1.05])
_MANY_BOUNCES: Final = 5.89
_MOST_MELANIN: Final = 0.985  # share at which hair is black; 1 would need endless melanin
_DARKENS_LATE: Final = (1.3, 1.1)
"""Power of the share of melanin, and what is added to it at full melanin: by eye, half of it is light brown and not
almost black; red melanin shows at once."""
_RED_GLOW: Final = torch.tensor([2.0, 1.22, 1.6])  # factors on the colour of hair with red melanin only
_GLOW_FADES_FROM: Final = 0.6  # melanin above which red hair glows less
_GLOW_LOST: Final = 0.8  # fraction of the glow that black hair lacks
_WHITE_HAIR: Final = torch.tensor([0.52, 0.50, 0.475])


def skin_colour(melanin: Tensor, blood: Tensor, oxygenation: Tensor, carotene: Tensor) -> Tensor:
    """Linear Rec. 709 albedo of skin.

    Args:
        melanin: [H, W] 0..1.
        blood: [H, W] 0..2.
        oxygenation: [H, W] 0..1, from blue venous to red arterial blood.
        carotene: [H, W] 0..1.

    Returns:
        [3, H, W].
    """
    table = _table()
    place = carotene.clamp(0.0, 1.0) * (table.shape[1] - 1)
    # One step of the table for all texels: they lie close together, and the logarithm is all but straight.
    below = min(int(place.mean()), table.shape[1] - 2)
    volume = table[:, below : below + 2].permute(0, 1, 4, 2, 3).flatten(0, 2)[None]  # [1, 12, blood, melanin]
    grid = torch.stack((2.0 * melanin - 1.0, 2.0 / MOST_BLOOD * blood - 1.0), dim=-1)[None]
    found = grid_sample(volume, grid, padding_mode="border", align_corners=True)[0]
    found = torch.lerp(found[:6], found[6:], oxygenation.clamp(0.0, 1.0))
    return torch.lerp(found[:3], found[3:], place - below).exp_().clamp_(0.0, 1.0)


_LUMINANCE: Final = (0.2126, 0.7152, 0.0722)  # of linear Rec. 709

PIGMENT_TRAITS: Final = ("skin.melanin", "skin.redness", "skin.yellowness")
"""What a person's skin colour depends on."""

RESTING_BLOOD: Final = (0.1, 0.86)  # at no redness, and what full redness adds
_FIRST_BLUSH: Final = 0.75  # power: the first steps of redness are the largest, so that few are bloodless
RESTING_OXYGENATION: Final = 0.65  # venous and arterial vessels together


def mix(ground: Ground) -> Ground:
    """Return the ground with the albedo that its pigments give."""
    melanin, blood = ground.melanin.clamp(0.0, 1.0), ground.blood.clamp(0.0, MOST_BLOOD)
    return replace(ground, albedo=skin_colour(melanin, blood, ground.oxygenation, ground.carotene))


def resting_blood(traits: Traits) -> float:
    """Amount of blood where no region has more or less."""
    none, full = RESTING_BLOOD
    return none + full * max(0.0, traits.number("skin.redness")) ** _FIRST_BLUSH


def resting_colour(traits: Traits) -> Tensor:
    """Return [3] linear Rec. 709 of a person's skin where no region has more or less of anything.

    >>> pale, dark = (luminance(resting_colour(Traits({"skin.melanin": melanin}))) for melanin in (0.1, 0.9))
    >>> pale > 5 * dark
    True
    """
    one = torch.ones(1, 1)
    melanin, carotene = traits.number("skin.melanin"), traits.number("skin.yellowness")
    return skin_colour(melanin * one, resting_blood(traits) * one, RESTING_OXYGENATION * one, carotene * one)[:, 0, 0]


_TRIED: Final = (81, 17, 17)  # amounts of melanin, redness and yellowness that `pigments_of` chooses among


def pigments_of(colour: Tensor) -> Traits:
    """Return the melanin, redness and yellowness whose resting skin is nearest to a colour (CIE 1976 difference).

    Args:
        colour: [3] linear Rec. 709.

    >>> person = Traits({"skin.melanin": 0.6, "skin.redness": 0.5, "skin.yellowness": 0.25})
    >>> found = pigments_of(resting_colour(person))
    >>> abs(found.number("skin.melanin") - 0.6) < 0.03
    True
    """
    amounts, looks = _resting_looks()
    best = amounts[int((looks - lab(colour)).square().sum(dim=-1).argmin())].tolist()
    return Traits(dict(zip(PIGMENT_TRAITS, best, strict=True)))


@cache
def _resting_looks() -> tuple[Tensor, Tensor]:
    """Return [N, 3] amounts of pigments, and [N, 3] CIE L*a*b* of skin with them."""
    amounts, colours = resting_colours()
    return amounts, lab(colours)


@cache
def resting_colours() -> tuple[Tensor, Tensor]:
    """Return [N, 3] amounts of melanin, redness and yellowness, and [N, 3] linear Rec. 709 of such skin."""
    melanins, reds, yellows = (torch.linspace(0.0, 1.0, count) for count in _TRIED)
    none, full = RESTING_BLOOD
    melanin, blood = torch.meshgrid(melanins, none + full * reds**_FIRST_BLUSH, indexing="ij")
    oxygenation, colours = torch.full_like(melanin, RESTING_OXYGENATION), []
    for yellow in yellows.tolist():
        colours.append(skin_colour(melanin, blood, oxygenation, torch.full_like(melanin, yellow)).permute(1, 2, 0))
    return torch.cartesian_prod(melanins, reds, yellows), torch.stack(colours, dim=2).reshape(-1, 3)


def pigment_slopes(traits: Traits) -> tuple[Tensor, Tensor]:
    """Return [3] change of the albedo's logarithm per step of melanin, and per step of blood, from a person's skin."""
    melanin = min(max(traits.number("skin.melanin"), _SPOT_MELANIN), 1.0 - _STEP)
    blood, carotene = resting_blood(traits), traits.number("skin.yellowness")
    amounts = torch.tensor([[(melanin, blood), (melanin + _STEP, blood), (melanin, blood + _STEP)]])
    even = torch.ones(1, 3)
    colours = skin_colour(amounts[..., 0], amounts[..., 1], RESTING_OXYGENATION * even, carotene * even)[:, 0].log()
    return (colours[:, 1] - colours[:, 0]) / _STEP, (colours[:, 2] - colours[:, 0]) / _STEP


@cache
def _table() -> Tensor:
    """[oxygenation, carotene, blood, melanin, 3] logarithm of the albedo: pigments absorb, so it bends the least."""
    with np.load(_TABLE) as stored:
        return torch.from_numpy(stored["linear"]).log()


def luminance(colour: Tensor) -> float:
    """Return the luminance of [3] linear Rec. 709.

    >>> round(luminance(torch.tensor([0.0, 1.0, 0.0])), 4)
    0.7152
    """
    return float(colour @ torch.tensor(_LUMINANCE))


def hair_colour(traits: Traits) -> Tensor:
    """Return [3] linear Rec. 709 of hair that has not turned grey.

    >>> black, red = Traits({"hair.melanin": 1.0}), Traits({"hair.melanin": 0.6, "hair.redness": 0.9})
    >>> luminance(hair_colour(black)) < 0.01
    True
    >>> colour = hair_colour(red)
    >>> bool(colour[0] > 2 * colour[2])
    True
    """
    return hair_pigment(traits.number("hair.melanin"), traits.number("hair.redness"))


def hair_pigment(melanin: float, redness: float, darker: float = 0.0) -> Tensor:
    """Return [3] linear Rec. 709 of what a mass of hair reflects that has not turned grey.

    Args:
        melanin: 0..1, how dark.
        redness: 0..1, share of red melanin.
        darker: 0..1, how far it is moved towards black; red hair keeps its glow.
    """
    late, later = _DARKENS_LATE
    dark = melanin + darker * (1.0 - melanin)
    seen = dark ** ((1.0 - redness) * (late + later * dark) + redness)
    amount = -np.log(1.0 - _MOST_MELANIN * seen)
    absorption = amount * ((1.0 - redness) * _EUMELANIN + redness * _PHEOMELANIN)
    fading = _GLOW_LOST * max(0.0, melanin - _GLOW_FADES_FROM) / (1.0 - _GLOW_FADES_FROM)
    glow = torch.lerp(torch.ones(3), _RED_GLOW, redness * (1.0 - fading))
    return torch.minimum(glow * torch.exp(-_MANY_BOUNCES * absorption.sqrt()), _WHITE_HAIR)


def white_hair_colour() -> Tensor:
    """Return [3] linear Rec. 709 of hair without pigment."""
    return _WHITE_HAIR


def dyed(colour: Tensor, traits: Traits) -> Tensor:
    """Return [3] a hair colour under the dye, if there is any.

    >>> brown = torch.tensor([0.1, 0.05, 0.02])
    >>> dyed(brown, Traits({"hair.dye": (0.0, 0.0, 1.0, 1.0)})).tolist()
    [0.0, 0.0, 1.0]
    """
    dye, strength = traits.tint("hair.dye")
    return torch.lerp(colour, torch.tensor(dye), strength)
