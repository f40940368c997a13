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

from dreamface.skin.layer import Ground
from dreamface.traits import Traits

_TABLE: Final = Path(__file__).with_name("skin_colours.npz")
MOST_BLOOD: Final = 2.0  # upper end of the table's blood axis; 1 is the reddest skin, lips have more
_STEP: Final = 0.3  # of a pigment, for slopes: about what a strong freckle adds

# Absorption of hair per unit of each melanin, red, green and blue (d'Eon et al. 2011, "An energy-conserving hair
# reflectance model"), and how a mass of hair reflects it (Chiang et al. 2016, "A practical and controllable hair and
# fur model for production path tracing", equation 9, for an azimuthal roughness of 0.3).
_EUMELANIN: Final = torch.tensor([0.419, 0.697, 1.37])
_PHEOMELANIN: Final = torch.tensor([0.187, 0.4, 1.05])
_MANY_BOUNCES: Final = 5.89
_MOST_MELANIN: Final = 0.985  # share at which hair is black; 1 would need endless melanin
_WHITE_HAIR: Final = torch.tensor([0.52, 0.50, 0.475])


def skin_colour(melanin: Tensor, blood: Tensor, oxygenation: Tensor, carotene: float) -> Tensor:
    """Linear Rec. 709 albedo of skin.

    Args:
        melanin: [H, W] 0..1.
        blood: [H, W] 0..2.
        oxygenation: [H, W] 0..1, from blue venous to red arterial blood.
        carotene: 0..1, one for the whole face.

    Returns:
        [3, H, W].
    """
    table = _table()
    place = carotene * (table.shape[1] - 1)
    below = min(int(place), table.shape[1] - 2)
    chosen = torch.lerp(table[:, below], table[:, below + 1], place - below)  # [oxygenation, blood, melanin, 3]
    volume = chosen.permute(0, 3, 1, 2).reshape(1, -1, *chosen.shape[1:3])
    grid = torch.stack((2.0 * melanin - 1.0, 2.0 / MOST_BLOOD * blood - 1.0), dim=-1)[None]
    found = grid_sample(volume, grid, padding_mode="border", align_corners=True)[0]
    return torch.exp(torch.lerp(found[:3], found[3:], oxygenation.clamp(0.0, 1.0)))


PIGMENT_TRAITS: Final = ("skin.melanin", "skin.redness", "skin.yellowness")
"""What a person's skin colour depends on."""

_SPOT_MELANIN: Final = 0.34  # on paler skin the trait's curve is flat, but freckles are as brown as on this


def mix(ground: Ground) -> Ground:
    """The ground with the albedo that its pigments give."""
    carotene = float(ground.carotene.mean())
    colour = skin_colour(
        ground.melanin.clamp(0.0, 1.0), ground.blood.clamp(0.0, MOST_BLOOD), ground.oxygenation, carotene
    )
    return replace(ground, albedo=colour)


def resting_colour(traits: Traits) -> Tensor:
    """[3] linear Rec. 709 of a person's skin where no region has more or less of anything."""
    one = torch.ones(1, 1)
    melanin, blood = traits.number("skin.melanin"), 0.14 + 0.78 * traits.number("skin.redness")
    return skin_colour(melanin * one, blood * one, 0.8 * one, traits.number("skin.yellowness"))[:, 0, 0]


def pigment_slopes(traits: Traits) -> tuple[Tensor, Tensor]:
    """[3] change of the albedo's logarithm per step of melanin, and per step of blood, from a person's skin."""
    return _slopes(
        max(traits.number("skin.melanin"), _SPOT_MELANIN),
        traits.number("skin.redness"),
        traits.number("skin.yellowness"),
    )


def _slopes(melanin: float, blood: float, carotene: float) -> tuple[Tensor, Tensor]:
    start = min(melanin, 1.0 - _STEP), min(blood, MOST_BLOOD - _STEP)
    amounts = torch.tensor([[start, (start[0] + _STEP, start[1]), (start[0], start[1] + _STEP)]])
    colours = skin_colour(amounts[..., 0], amounts[..., 1], torch.full((1, 3), 0.8), carotene).log()[:, 0]
    return (colours[:, 1] - colours[:, 0]) / _STEP, (colours[:, 2] - colours[:, 0]) / _STEP


@cache
def _table() -> Tensor:
    """[oxygenation, carotene, blood, melanin, 3] logarithm of the albedo: pigments absorb, so it bends the least."""
    with np.load(_TABLE) as stored:
        return torch.from_numpy(stored["linear"]).log()


def hair_colour(traits: Traits) -> Tensor:
    """[3] linear Rec. 709 of hair that has not turned grey."""
    melanin = -np.log(1.0 - _MOST_MELANIN * traits.number("hair.melanin"))
    redness = traits.number("hair.redness")
    absorption = melanin * ((1.0 - redness) * _EUMELANIN + redness * _PHEOMELANIN)
    return torch.minimum(torch.exp(-_MANY_BOUNCES * absorption.sqrt()), _WHITE_HAIR)


def white_hair_colour() -> Tensor:
    """[3] linear Rec. 709 of hair without pigment."""
    return _WHITE_HAIR


def mixed_hair_colour(traits: Traits) -> Tensor:
    """[3] mean linear Rec. 709 of grey and pigmented hairs."""
    return torch.lerp(hair_colour(traits), _WHITE_HAIR, traits.number("hair.grey"))


def dyed(colour: Tensor, traits: Traits) -> Tensor:
    """[3] a hair colour under the dye, if there is any."""
    dye, strength = traits.tint("hair.dye")
    return torch.lerp(colour, torch.tensor(dye), strength)


def scalp_hair_colour(traits: Traits) -> Tensor:
    """[3] mean linear Rec. 709 of the hair on the scalp."""
    return dyed(mixed_hair_colour(traits), traits)
