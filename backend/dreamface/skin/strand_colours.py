"""The colour of single hairs from their pigments and dyes."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.hair import HairColour
from dreamface.skin.canvas.pigments import hair_pigment, white_hair_colour

# The material of hair in Blender has these four, too.
_ROOTS_UNTIL: Final = (0.0, 0.3)  # share of the length over which dyed roots end
_TIPS_FROM: Final = (0.55, 1.0)  # and over which dyed tips begin
_HIGHLIGHTED: Final = 0.3  # share of strands that highlights are on
_MELANIN_SPREAD: Final = 0.15  # from the middle to the darkest strand, at full variation

_LIGHTEST: Final = 0.85  # albedo that no strand exceeds
_UNSEEN_GREY: Final = 0.04  # share of white hairs up to which none is seen
_UNLIKE: Final = 2.8  # by how much the share of white hairs differs between strands, over the variance of single hairs
_SHADES: Final = 9  # of melanin between the lightest and the darkest strand
_TONE_SPREAD: Final = 0.8  # the same of how light strands of one pigment are
_OTHER: Final = 7.31  # makes another random number of a strand's


def strand_colours(
    colour: HairColour, random: Tensor, share: Tensor, temple: Tensor | None = None, lock: Tensor | None = None
) -> Tensor:
    """Return [N, P, 3] linear Rec. 709: what a mass of such hairs reflects along each strand.

    Args:
        colour: pigments and dyes.
        random: [N, 2] uniform numbers: whether a strand is white, and how dark it is.
        share: [P] 0 at the root and 1 at the tip.
        temple: [N] 0..1, how much a strand is one of the temples'; None where none is.
        lock: [N] uniform numbers by which highlights choose, the same for strands that have them together; None where
            each strand has them by itself.
    """
    # The first few white hairs are not seen: strands of previews and on cards are as wide as several hairs.
    grey = torch.full_like(random[:, :1], max(0.0, colour.grey - _UNSEEN_GREY) / (1.0 - _UNSEEN_GREY))
    if temple is not None:
        grey = torch.lerp(grey, grey.clamp(min=colour.temple_grey), temple[:, None])
    spread = _MELANIN_SPREAD * colour.variation
    shades = torch.linspace(colour.melanin - spread, colour.melanin + spread, _SHADES).clamp(0.0, 1.0)
    table = torch.stack([hair_pigment(shade, colour.redness) for shade in shades.tolist()])
    base = table[(random[:, 1] * (_SHADES - 1)).round().long()]
    other = random[:, 1] * _OTHER % 1.0
    tone = 1.0 + _TONE_SPREAD * colour.variation * (2.0 * other[:, None] - 1.0)
    base = torch.lerp(base, white_hair_colour().expand_as(base), _white_share(grey, random[:, :1])) * tone
    along = base[:, None].expand(-1, len(share), -1)
    along = _dyed(along, colour.dye, torch.ones_like(share)[None, :, None])
    lit = ((other if lock is None else lock) < _HIGHLIGHTED).float()[:, None, None]
    along = _dyed(along, colour.highlights, lit)
    along = _dyed(along, colour.roots, 1.0 - smoothstep(share, *_ROOTS_UNTIL)[None, :, None])
    along = _dyed(along, colour.tips, smoothstep(share, *_TIPS_FROM)[None, :, None])
    return along.clamp(0.0, _LIGHTEST)


def _white_share(grey: Tensor, random: Tensor) -> Tensor:
    """Return 0..1 [N, 1] how many of a strand's hairs are white, of `grey` [N, 1] in the mean.

    A strand stands for several hairs. Were it all white or all dark, greying hair would look like wires on a dark cap.
    """
    return (grey + _UNLIKE * grey * (1.0 - grey) * (0.5 - random)).clamp(0.0, 1.0)


def _dyed(colour: Tensor, dye: tuple[float, float, float, float], where: Tensor) -> Tensor:
    red, green, blue, strength = dye
    if strength == 0.0:
        return colour
    return torch.lerp(colour, colour.new_tensor((red, green, blue)).expand_as(colour), strength * where)
