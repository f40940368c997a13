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
from torch.nn.functional import adaptive_max_pool2d

from dreamface.skin.canvas.marks import texel_of
from dreamface.skin.canvas.subject import Subject

_POINTS: Final = 1024  # of the repeating square
_FACTORS: Final = 61  # numbers are shuffled by multiplying them by one of so many
_TRIED: Final = 6  # places tried for each
_SPARSEST: Final = 1.8  # tile lengths per metre of skin; where a layout has fewer, on shoulders, spots get fewer, too


@cache
def spread_points() -> Tensor:
    """Return [1024, 2] in a repeating unit square: each is the farthest from all before it among those that were tried.

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
    # By nothing of the head itself: another jaw must not move the freckles on the nose.
    copies = max(1, math.ceil(math.sqrt(most / _SPARSEST**2 / _POINTS)))
    # Per copy of the square: in the layout, a square metre of skin takes density^2.
    rate = often / (surface.density * copies).square()
    # Of each copy, the points up to the highest rate in it are looked at.
    highest = adaptive_max_pool2d(rate[None], copies)[0].flip(0).T.reshape(-1)
    counts = (highest + 0.5).long().clamp(0, _POINTS)
    copy = torch.arange(copies * copies).repeat_interleave(counts)
    rank = torch.arange(len(copy)) - (counts.cumsum(0) - counts)[copy]
    # Each copy shifted and turned over in one of eight ways, the random numbers shuffled: so that nothing repeats, in a
    # face or from one person to the next.
    random = torch.rand(copies * copies, 14, generator=subject.tile_stream(name))[copy]
    place, own = _spread_numbers()[rank].split_with_sizes((2, 8), dim=1)
    place = torch.where(random[:, :1] < 0.5, place, place.flip(1))
    place = (torch.where(random[:, 1:3] < 0.5, place, -place) + random[:, 3:5]).remainder_(1.0)
    own = (own * (1.0 + (_FACTORS * random[:, 5:6]).floor()) + random[:, 6:]).remainder_(1.0)
    corner = torch.stack((copy // copies, copy % copies), dim=1)
    found = (corner + place) / copies
    there = rank + 0.5 < rate.view(-1)[texel_of(found, surface.atlas.size)]
    return found[there], own[there]


@cache
def _spread_numbers() -> Tensor:
    """Return [1024, 10] of each of `spread_points` the place, and eight uniform random numbers."""
    random = torch.rand(_POINTS, 8, generator=torch.Generator().manual_seed(2))
    return torch.cat((spread_points(), random), dim=1)
