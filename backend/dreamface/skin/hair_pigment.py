"""The colour of single hairs from their pigments and dyes."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from dreamface.hair import HairColour
from dreamface.skin.canvas.pigments import hair_colour, white_hair_colour
from dreamface.traits import Traits

_ROOTS_UNTIL: Final = (0.10, 0.28)  # share of the length over which dyed roots end
_TIPS_FROM: Final = (0.45, 0.95)  # and over which dyed tips begin
_HIGHLIGHTED: Final = 0.35  # share of strands that highlights are on
_LIGHTEST: Final = 0.85  # albedo that no strand exceeds
_STEPS: Final = 8  # of melanin between the darkest and the lightest strand


def hair_pigment(colour: HairColour, random: Tensor, share: Tensor) -> Tensor:
    """Return [N, P, 3] linear Rec. 709: what a mass of such hairs reflects along each strand.

    Args:
        colour: pigments and dyes.
        random: [N, 2] uniform numbers: whether a strand is white, and how dark it is.
        share: [P] 0 at the root and 1 at the tip.
    """
    darker = 1.0 + colour.variation * (2.0 * random[:, 1] - 1.0) * 1.2
    table = torch.stack(
        [
            hair_colour(Traits({"hair.melanin": min(1.0, colour.melanin), "hair.redness": colour.redness}))
            for _ in range(1)
        ]
    )
    base = table[0][None] * darker[:, None]
    white = random[:, :1] < colour.grey
    base = torch.where(white, white_hair_colour()[None] * darker[:, None], base)
    along = base[:, None].expand(-1, len(share), -1)
    along = _dyed(along, colour.dye, torch.ones_like(share)[None, :, None])
    lit = (random[:, 1] * 7.31 % 1.0 < _HIGHLIGHTED).float()[:, None, None]
    along = _dyed(along, colour.highlights, lit)
    along = _dyed(along, colour.roots, 1.0 - _step(share, *_ROOTS_UNTIL)[None, :, None])
    along = _dyed(along, colour.tips, _step(share, *_TIPS_FROM)[None, :, None])
    return along.clamp(0.0, _LIGHTEST)


def _dyed(colour: Tensor, dye: tuple[float, float, float, float], where: Tensor) -> Tensor:
    red, green, blue, strength = dye
    if strength == 0.0:
        return colour
    return torch.lerp(colour, colour.new_tensor((red, green, blue)).expand_as(colour), strength * where)


def _step(value: Tensor, start: float, end: float) -> Tensor:
    share = ((value - start) / (end - start)).clamp(0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
