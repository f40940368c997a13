"""Random patterns, each from its own random stream, so that a new or changed layer leaves the others as they were."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from dreamface import random_streams

_HEAD: Final = 0.55  # metres: a lattice need not be larger
_CELLS: Final = (8, 32)  # fewest and most cells after which a lattice repeats; odd angles to the surface hide it
_UNMIXING: Final = 1.55  # mixing eight independent values takes about a third of their spread
_FADE: Final = (6.0, -15.0, 10.0)  # 6 t^5 - 15 t^4 + 10 t^3 from 0 to 1 (Perlin 2002)
_JITTER: Final = 0.8  # cells: how far the middles of irregular cells are moved, from one side to the other
_AT_ONCE: Final = 1 << 16  # texels: what is worked out for so many stays in the cache
_FAR: Final = 9.0  # squared distance in cells that is greater than any
# Any rotation away from the axes will do: noise aligned with the face would be mirrored across its middle.
_TURN: Final = torch.linalg.qr(torch.tensor([[0.62, 0.37, -0.71], [-0.29, 0.91, 0.24], [0.73, 0.11, 0.66]]))[0]


def stream(seed: int, layer: str) -> torch.Generator:
    """Return the layer's random numbers, which no other layer uses."""
    return random_streams.stream(seed, f"skin/{layer}")


def solid_noise(position: Tensor, cell: float, channels: int, generator: torch.Generator) -> Tensor:
    """Return smooth value noise in space (Perlin 1985's lattice, quintic fade), seamless wherever the surface is.

    Args:
        position: [3, H, W] metres.
        cell: metres between lattice points.
        channels: how many independent ones.
        generator: where the lattice comes from.

    Returns:
        [channels, H, W], mean 0, standard deviation about 1.
    """
    cells = min(max(_CELLS[0], math.ceil(_HEAD / cell)), _CELLS[1])
    lattice = torch.randn(channels, cells, cells, cells, generator=generator)
    for axis in range(1, lattice.dim()):  # repeat the first layer behind the last
        lattice = torch.cat((lattice, lattice.narrow(axis, 0, 1)), dim=axis)
    places = position.reshape(3, -1)
    found = torch.empty(channels, places.shape[1])
    for some, part in zip(torch.split(found, _AT_ONCE, 1), torch.split(places, _AT_ONCE, 1), strict=True):
        some.copy_(_mixed(lattice, (_TURN @ part).div_(cell)))
    return found.mul_(_UNMIXING).view(channels, *position.shape[1:])


def _mixed(lattice: Tensor, place: Tensor) -> Tensor:
    """Return [C, N] what a lattice [C, L + 1, L + 1, L + 1] that repeats has at places [3, N] in cells.

    The places are overwritten.
    """
    low = place.floor()
    fraction = place.sub_(low)
    fifth, fourth, third = _FADE
    fade = (fraction * fifth).add_(fourth).mul_(fraction).add_(third).mul_(fraction * fraction * fraction)
    cells = lattice.shape[-1] - 1
    grid = low.remainder_(cells).add_(fade).mul_(2.0 / cells).sub_(1.0)
    mixed = grid_sample(lattice[None], grid.T.contiguous().view(1, 1, 1, -1, 3), align_corners=True)
    return mixed.view(len(lattice), -1)


def cell_tile(cells: int, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return a repeating square of irregular cells (Worley 1996, "A cellular texture basis function").

    Args:
        cells: per side.
        size: texels per side.
        generator: where the cells come from.

    Returns:
        [size, size] distance to the nearest cell's middle, to the second nearest, both in cells, and a random number
        0..1 that is the same all over the nearest cell.
    """
    offset = 0.5 + _JITTER * (torch.rand(2, cells, cells, generator=generator) - 0.5)
    random = torch.rand(cells * cells, generator=generator)
    line = (torch.arange(size) + 0.5) * (cells / size)
    row, column = line.long()[:, None], line.long()[None, :]
    y, x = line[:, None] - row, line[None, :] - column
    first = torch.full((size, size), _FAR)
    second, nearest = first.clone(), torch.zeros(size, size, dtype=torch.long)
    for step_y in (-1, 0, 1):
        for step_x in (-1, 0, 1):
            index = (row + step_y).remainder(cells) * cells + (column + step_x).remainder(cells)
            away_y = step_y + offset[0].view(-1)[index] - y
            away_x = step_x + offset[1].view(-1)[index] - x
            distance = away_x * away_x + away_y * away_y
            closer = distance < first
            second = torch.where(closer, first, torch.minimum(second, distance))
            nearest = torch.where(closer, index, nearest)
            first = torch.minimum(first, distance)
    return first.sqrt(), second.sqrt(), random[nearest]
