"""Hair that came too close to the skin is moved out of it."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from dreamface.groom.shaping import arc_lengths
from dreamface.groom.surface import Surface
from dreamface.units import MM

_MARGIN: Final = 0.6 * MM  # from the skin, of everything but roots
_FREE_FROM: Final = 8.0 * MM  # along a hair, from where it keeps that margin
_LOOKED: Final = 10.0 * MM  # how far from hair the skin is looked for
_DEEPEST: Final = 120.0 * MM  # how deep inside the head hair may have come
_PASSES: Final = 3  # in which hair is moved out of folds, as between an ear and the head


def kept_out(points: Tensor, surface: Surface) -> Tensor:
    """Return curves [N, P, 3] with what came too close to the skin moved out of it; roots stay."""
    count, each = points.shape[:2]
    moved = points[:, 1:].reshape(-1, 3)
    closest = _MARGIN * (arc_lengths(points)[:, 1:].reshape(-1) / _FREE_FROM).clamp(max=1.0)
    moved, close = _out_of_depth(moved, closest, surface)
    for _ in range(_PASSES):
        moved, still = _moved_out(moved, close, closest, surface, _LOOKED)
        close = close[still]
    return torch.cat((points[:, :1], moved.view(count, each - 1, 3)), dim=1)


def _out_of_depth(points: Tensor, closest: Tensor, surface: Surface) -> tuple[Tensor, Tensor]:
    """Move those of points [N, 3] out that are so deep inside that the skin is not looked for around them.

    Returns:
        [N, 3] the points, and [M] which of them may still be too close: what was looked at and stayed is not.
    """
    deep = torch.nonzero(surface.may_be_deep(points))[:, 0]
    moved, out = _moved_out(points, deep, closest, surface, _DEEPEST)
    close = torch.ones(len(points), dtype=torch.bool)
    close[deep[~out]] = False
    return moved, torch.nonzero(close)[:, 0]


def _moved_out(points: Tensor, rows: Tensor, closest: Tensor, surface: Surface, reach: float) -> tuple[Tensor, Tensor]:
    """Return points [N, 3] with those at rows [M] `closest` off the skin, and [M] bool: which of these had to move."""
    near = surface.near(points[rows], reach=reach)
    missing = closest[rows] - near.distance
    out = missing > 0.0
    return points.index_add(0, rows[out], missing[out, None] * near.normal[out]), out
