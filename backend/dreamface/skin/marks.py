"""Hairs and spots, drawn straight into the texture layout with anti-aliasing.

Images are [size, size], row 0 at v = 1; places are texture coordinates (u, v). Coverage is optical: n overlapping marks
of strength s cover 1 - exp(-n s).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor

_SAMPLES_PER_TEXEL: Final = 1.5  # along a hair
_LENGTH_SAMPLE: Final = 10_000  # hairs that are looked at to find the longest
_LOBES: Final = ((2.0, 0.16), (3.0, 0.10), (5.0, 0.06))  # of a spot's outline: waves around it, height
_FURTHEST: Final = 1.35  # the outline's largest radius over the mean
_GROUPS: Final = (0.0, 2.0, 5.0, 12.0, 28.0, 64.0, 200.0)  # radii in texels that share one size of window


def splat(size: int, places: Tensor, weights: Tensor) -> Tensor:
    """Sum of weights [N] at places [N, 2], each shared among its four texels."""
    x = places[:, 0] * size - 0.5
    y = (1.0 - places[:, 1]) * size - 0.5
    keep = (x >= 0) & (x < size - 1) & (y >= 0) & (y < size - 1)
    x, y, weights = x[keep], y[keep], weights[keep]
    left, top = x.floor(), y.floor()
    share_x, share_y = x - left, y - top
    index = top.long() * size + left.long()
    image = torch.zeros(size * size)
    right_part, left_part = weights * share_x, weights * (1.0 - share_x)
    image.index_add_(0, index, left_part * (1.0 - share_y))
    image.index_add_(0, index + 1, right_part * (1.0 - share_y))
    image.index_add_(0, index + size, left_part * share_y)
    image.index_add_(0, index + size + 1, right_part * share_y)
    return image.view(size, size)


def draw_hairs(size: int, curves: Tensor, widths: Tensor) -> Tensor:
    """Optical depth of tapering hairs.

    Args:
        size: of the image.
        curves: [N, 3, 2] quadratic Bezier control points from root to tip.
        widths: [N] at the root, in tile lengths; may be far thinner than a texel.
    """
    if len(curves) == 0:
        return torch.zeros(size, size)
    steps = curves.diff(dim=1).norm(dim=2).sum(dim=1) * size
    longest = float(steps[:_LENGTH_SAMPLE].quantile(0.97))  # a few longer ones may get dotted
    count = max(3, math.ceil(longest * _SAMPLES_PER_TEXEL))
    share = (torch.arange(count) + 0.5) / count
    start, bend, end = curves.unbind(1)
    at = share[None, :, None]
    points = (1 - at) ** 2 * start[:, None] + 2 * at * (1 - at) * bend[:, None] + at**2 * end[:, None]
    taper = (1.0 - share**2.5)[None, :]
    weights = (widths * size * steps / count)[:, None] * taper
    return splat(size, points.reshape(-1, 2), weights.reshape(-1))


@dataclass(frozen=True)
class SpotList:
    """N spots.

    Attributes:
        places: [N, 2].
        radii: [N] tile lengths.
        strengths: [N] in the middle.
        shapes: [N, 3] uniform random numbers, which the outlines come from.
    """

    places: Tensor
    radii: Tensor
    strengths: Tensor
    shapes: Tensor

    def of(self, chosen: Tensor) -> SpotList:
        """Those where a mask is true."""
        return SpotList(self.places[chosen], self.radii[chosen], self.strengths[chosen], self.shapes[chosen])


def draw_spots(size: int, spots: SpotList, softness: float) -> Tensor:
    """[size, size] sum of irregular spots; `softness` is the width of their edge over the radius."""
    image = torch.zeros(size * size)
    texels = spots.radii * size
    for low, high in pairwise(_GROUPS):
        group = (texels >= low) & (texels < high)
        if bool(group.any()):
            reach = int(float(texels[group].max()) * (_FURTHEST + 0.5 * softness)) + 1
            _draw_group(image, size, spots.of(group), softness, reach)
    return image.view(size, size)


def _draw_group(image: Tensor, size: int, spots: SpotList, softness: float, reach: int) -> None:
    """Add spots that fit into windows of 2 `reach` + 1 texels to a flattened image."""
    x = spots.places[:, 0] * size - 0.5
    y = (1.0 - spots.places[:, 1]) * size - 0.5
    window = torch.arange(-reach, reach + 1)
    columns = x.round().long()[:, None, None] + window[None, None, :]
    rows = y.round().long()[:, None, None] + window[None, :, None]
    away_x, away_y = columns - x[:, None, None], rows - y[:, None, None]
    turn = torch.atan2(away_y, away_x)
    outline = torch.ones_like(turn)
    for number, (waves, height) in enumerate(_LOBES):
        outline = outline + height * torch.sin(waves * turn + 2.0 * math.pi * spots.shapes[:, number, None, None])
    # Spots smaller than a texel keep their sum: they get fainter instead of disappearing between texels.
    texels = spots.radii * size
    radius = texels.clamp_min(0.7)
    strengths = spots.strengths * (texels / radius) ** 2
    distance = torch.sqrt(away_x**2 + away_y**2) / (radius[:, None, None] * outline)
    inside = ((1.0 + 0.5 * softness - distance) / softness).clamp(0.0, 1.0)
    values = strengths[:, None, None] * inside * inside * (3.0 - 2.0 * inside)
    keep = (columns >= 0) & (columns < size) & (rows >= 0) & (rows < size) & (values > 0)
    image.index_add_(0, (rows * size + columns)[keep], values[keep])


def coverage(depth: Tensor) -> Tensor:
    """0..1 share that an optical depth hides."""
    return 1.0 - torch.exp(-depth)


def texel_of(places: Tensor, size: int) -> Tensor:
    """[N] index into a flattened [size, size] image of the texel at texture coordinates [N, 2]."""
    column = (places[:, 0] * size).long().clamp(0, size - 1)
    row = ((1.0 - places[:, 1]) * size).long().clamp(0, size - 1)
    return row * size + column
