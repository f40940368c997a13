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
    moved = _out_of_depth(moved, closest, surface)
    deep = torch.arange(len(moved))
    for _ in range(_PASSES):
        near = surface.near(moved[deep], reach=_LOOKED)
        missing = closest[deep] - near.distance
        still = torch.nonzero(missing > 0.0)[:, 0]
        deep = deep[still]
        moved = moved.index_add(0, deep, missing[still, None] * near.normal[still])
    return torch.cat((points[:, :1], moved.view(count, each - 1, 3)), dim=1)


def _out_of_depth(points: Tensor, closest: Tensor, surface: Surface) -> Tensor:
    """Return points [N, 3] with those moved out that are so deep inside that the skin is not looked for around them."""
    deep = torch.nonzero(surface.may_be_deep(points))[:, 0]
    if not len(deep):
        return points
    near = surface.near(points[deep], reach=_DEEPEST)
    missing = (closest[deep] - near.distance).clamp(min=0.0)
    return points.index_add(0, deep, missing[:, None] * near.normal)
