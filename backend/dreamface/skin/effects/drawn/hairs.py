"""Painted hairs along drawn strokes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.canvas.pigments import dyed, hair_colour
from dreamface.skin.effects.drawn.art import Art, Handling, Medium
from dreamface.units import MM


@dataclass(frozen=True)
class _Hairs:
    """How painted hairs look.

    Attributes:
        width_mm: of the noise that is drawn out to hairs.
        length_mm: over which it is drawn out, to either side.
        most_steps: to either side.
        shown: deviations of the drawn-out noise from which a hair shows, and at which it is full.
        lighter: how much brighter and darker single hairs are.
        body: cover between them of a full stroke: what lies below.
        roughness, specular: 0..1.
        height_mm: of hairs.
    """

    width_mm: float = 0.11
    length_mm: float = 3.6
    most_steps: int = 18
    shown: tuple[float, float] = (0.25, 1.7)
    lighter: float = 0.35
    body: float = 0.18
    roughness: float = 0.42
    specular: float = 0.5
    height_mm: float = 0.03


_HAIRS: Final = _Hairs()
HAIR_TRAITS: Final = ("hair.melanin", "hair.redness", "hair.dye")


def _hair(site: Site, art: Art, handling: Handling) -> Sequence[Patch]:
    assert art.shape is not None, "the medium is shaped"
    noise = site.noise("hairs", max(_HAIRS.width_mm, 1.1 * site.texel), 2)
    drawn = _drawn_out(noise, art.shape.along, _HAIRS.length_mm / site.texel)
    there = (art.alpha > 0.1).float()
    spread = ((drawn * drawn * there).sum(dim=(1, 2)) / there.sum().clamp_min(1.0)).sqrt().clamp_min(1e-6)
    drawn = drawn / spread[:, None, None]
    thick = art.alpha * site.mask
    hairs = smoothstep(drawn[0] - 1.6 * (1.0 - thick), *_HAIRS.shown) * (thick > 0.0)
    cover = torch.maximum(hairs, thick * _HAIRS.body).clamp(0.0, 1.0) * smoothstep(thick, 0.0, 0.35)
    own = dyed(hair_colour(site.subject.traits), site.subject.traits)[:, None, None]
    colour = art.colour if handling.coloured else own.expand_as(art.colour)
    colour = (colour * torch.exp(_HAIRS.lighter * drawn[1])[None]).clamp(0.0, 1.0)
    return (
        Patch(
            site.window,
            cover=cover,
            colour=colour,
            gloss=cover,
            roughness=_HAIRS.roughness,
            specular=_HAIRS.specular,
            height=hairs * smoothstep(thick, 0.0, 0.35) * (_HAIRS.height_mm * MM),
        ),
    )


def _drawn_out(noise: Tensor, along: Tensor, reach: float) -> Tensor:
    """Return noise [C, h, w] averaged along directions (Cabral and Leedom 1993, line integral convolution).

    Args:
        noise: what is drawn out.
        along: [2, h, w] unit directions, texels to the right and down.
        reach: texels to either side.
    """
    height, width = noise.shape[1:]
    steps = min(max(2, int(reach)), _HAIRS.most_steps)
    rows, columns = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    place = torch.stack((columns * (2.0 / width) - 1.0, rows * (2.0 / height) - 1.0), dim=-1)
    step = torch.stack((along[0] * (2.0 / width), along[1] * (2.0 / height)), dim=-1) * (reach / steps)
    found = noise.clone()
    for number in range(1, steps + 1):
        for way in (number, -number):
            grid = (place + way * step)[None]
            found += grid_sample(noise[None], grid, padding_mode="border", align_corners=False)[0]
    return found / (2 * steps + 1)


HAIR: Final = Medium(
    "hair", "painted hairs along the strokes, in the person's hair colour unless a colour was drawn", _hair,
    HAIR_TRAITS, shaped=True, strokes_only=True,
)  # fmt: skip
