"""Where spots lie: points in an order in which every beginning of the list is spread evenly (progressive blue noise).

A trait only decides how far the list is read. So more freckles are the same freckles and some more, at any density that
varies over the skin, and no two lie on each other by chance.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.marks import texel_of
from dreamface.skin.subject import Subject

_POINTS: Final = 1024  # of the repeating square
_TRIED: Final = 6  # places tried for each
_SPARSEST: Final = 1.8  # tile lengths per metre of skin; where a layout has fewer, on shoulders, spots get fewer, too


@cache
def spread_points() -> Tensor:
    """[1024, 2] in a repeating unit square: each is the farthest from all before it among those that were tried.

    Farthest-point sampling of a random pool (Eldar et al. 1997, "The farthest point strategy for progressive image
    sampling").
    """
    pool = torch.rand(_POINTS * _TRIED, 2, generator=torch.Generator().manual_seed(1))
    nearest = torch.full((len(pool),), math.inf)
    chosen = torch.empty(_POINTS, 2)
    for number in range(_POINTS):
        chosen[number] = pool[0 if number == 0 else int(nearest.argmax())]
        away = (pool - chosen[number]).abs()
        away = torch.minimum(away, 1.0 - away)
        nearest = torch.minimum(nearest, away.square().sum(dim=1))
    return chosen


def scatter(subject: Subject, name: str, often: Tensor, most: float) -> tuple[Tensor, Tensor]:
    """Places on a tile's skin, and random numbers of their own that stay theirs when there are more or fewer.

    Args:
        subject: whose skin.
        name: of the random stream.
        often: [S, S] how many there are per square metre of skin.
        most: per square metre, that there ever are: more would not be found.

    Returns:
        [N, 2] texture coordinates, [N, 8] uniform random numbers.
    """
    surface = subject.surface
    # Per unit of the layout, in which a square metre of skin takes density^2.
    rate = often / surface.density.square()
    if not bool((rate > 0.0).any()):
        return torch.empty(0, 2), torch.empty(0, 8)
    # By nothing of the head itself: another jaw must not move the freckles on the nose.
    copies = max(1, math.ceil(math.sqrt(most / _SPARSEST**2 / _POINTS)))
    generator = subject.tile_stream(name)
    count = copies * copies * _POINTS
    shift, random = torch.rand(copies * copies, 1, 2, generator=generator), torch.rand(count, 8, generator=generator)
    corner = torch.stack(torch.meshgrid(torch.arange(copies), torch.arange(copies), indexing="ij"), dim=-1)
    square = (spread_points() + shift).remainder(1.0)  # each copy shifted, so that nothing repeats
    found = ((corner.view(-1, 1, 2) + square) / copies).view(-1, 2)
    rank = (torch.arange(_POINTS) + 0.5).repeat(copies * copies) / _POINTS
    there = rank * copies * copies * _POINTS < rate.view(-1)[texel_of(found, surface.atlas.size)]
    return found[there], random[there]
