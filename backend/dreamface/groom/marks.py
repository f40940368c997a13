"""Hair on places that an artist has marked: denser, sparser or shaved, other than as its style grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from dreamface.groom.looks import thinned
from dreamface.groom.surface import Surface
from dreamface.hair import Hair, HairMark, Roots
from dreamface.random_streams import stream
from dreamface.styles import Style, root_density
from dreamface.traits import Traits

_MOST_MORE: Final = 1.6  # times as many hairs as a style has, where marks let it grow on more skin


def density_of(style: Style, surface: Surface, traits: Traits, seed: int) -> tuple[Tensor, float]:
    """Return [V] 0..1 how densely a style has roots, and how many hairs it has over those without any marks.

    Raises:
        BadRequest: the head has no region for such hair.
    """
    usual = root_density(style, surface.head, traits, seed)
    density = usual
    for mark in marks_of(surface, style.region):
        density = torch.lerp(density, torch.full_like(density, mark.density), mark.weight)
    if density is usual:
        return usual, 1.0
    whole = surface.area(usual)
    return density, min(surface.area(density) / whole, _MOST_MORE) if whole > 0.0 else 0.0


def marks_of(surface: Surface, region: str) -> Sequence[HairMark]:
    """Return the marks of a region's hair."""
    return [mark for mark in surface.marks if mark.region == region]


def shaved(hair: Hair, surface: Surface, seed: int) -> Hair:
    """Return hair that does not grow by density, such as brows, without what marks shave."""
    kept = torch.ones(len(hair), dtype=torch.bool)
    for number, mark in enumerate(marks_of(surface, hair.region)):
        kept &= _stay(hair.roots, mark, surface, torch.rand(len(hair), generator=stream(seed, f"shaved {number}")))
    if bool(kept.all()):
        return hair
    look = thinned(hair.look, float(kept.float().mean()))
    return Hair(
        hair.region, hair.style, hair.points[kept], hair.roots.of(kept), hair.uv[kept], hair.lock[kept], look,
        hair.colour,
    )  # fmt: skip


def _stay(roots: Roots, mark: HairMark, surface: Surface, random: Tensor) -> Tensor:
    """Return [N] bool: roots that a mark leaves."""
    weight = roots.on(mark.weight[:, None], surface.triangles)[:, 0]
    return random >= weight * (1.0 - mark.density)
