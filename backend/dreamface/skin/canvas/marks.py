"""Hairs and spots, drawn straight into the texture layout with anti-aliasing.

Images are [size, size], row 0 at v = 1; places are texture coordinates (u, v). Coverage is optical: n overlapping marks
of strength s cover 1 - exp(-n s).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.skin.canvas.layer import Window

_SAMPLES_PER_TEXEL: Final = 1.5  # along a hair
_LENGTH_SAMPLE: Final = 10_000  # hairs that are looked at to find the longest
_LOBES: Final = ((2.0, 0.16), (3.0, 0.10), (5.0, 0.06))  # of a spot's outline: waves around it, height
_FURTHEST: Final = 1.35  # the outline's largest radius over the mean
_GROUPS: Final = (0.0, 2.5, 5.0, 9.0, 16.0, 28.0, 50.0, 100.0, 1e4)  # reaches in texels that share one window's size
_SMALLEST: Final = 0.7  # texels: radius of the smallest spot


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


def draw_lines(size: int, lines: Tensor, widths: Tensor, strengths: Tensor) -> tuple[Window, Tensor] | None:
    """Optical depth of thin lines, in a window around all of them; None where there are none in the tile.

    Args:
        size: of the maps.
        lines: [N, P, 2] places along each, about evenly spaced.
        widths: [N] tile lengths; they taper to both ends.
        strengths: [N] optical depth in the middle of a line that is wider than a texel.
    """
    corner = torch.stack((lines[..., 0], 1.0 - lines[..., 1]), dim=-1) * size
    low = corner.amin(dim=(0, 1)).floor().long() - 2
    high = corner.amax(dim=(0, 1)).ceil().long() + 2
    (left, top), (right, bottom) = low.clamp(0, size).tolist(), high.clamp(0, size).tolist()
    if left >= right or top >= bottom:
        return None
    steps = lines.diff(dim=1).norm(dim=2).sum(dim=1) * size
    count = max(3, math.ceil(float(steps.max()) * _SAMPLES_PER_TEXEL))
    points = interpolate(corner.transpose(1, 2), size=count, mode="linear", align_corners=True).transpose(1, 2)
    share = (torch.arange(count) + 0.5) / count
    taper = (4.0 * share * (1.0 - share)).sqrt()[None, :]
    weights = (strengths * widths * size * steps / count)[:, None] * taper
    side = max(right - left, bottom - top)
    local = (points - torch.tensor([left, top])) / side
    local = torch.stack((local[..., 0], 1.0 - local[..., 1]), dim=-1)
    image = splat(side, local.reshape(-1, 2), weights.reshape(-1))
    return Window((top, bottom), (left, right)), image[: bottom - top, : right - left]


@dataclass(frozen=True)
class SpotList:
    """N spots on the skin.

    Attributes:
        places: [N, 2].
        metric: [N, 3] of the skin there, see `atlas.SkinSurface`: they are drawn round on the skin, not in the layout.
        radii: [N] metres.
        strengths: [N] in the middle.
        shapes: [N, 3] uniform random numbers, which the outlines come from.
    """

    places: Tensor
    metric: Tensor
    radii: Tensor
    strengths: Tensor
    shapes: Tensor

    def of(self, chosen: Tensor) -> SpotList:
        """Those where a mask is true."""
        return SpotList(*(getattr(self, field.name)[chosen] for field in fields(self)))


def draw_spots(size: int, spots: SpotList, softness: float, ragged: float = 1.0) -> tuple[Window, Tensor] | None:
    """Sum of irregular spots, in a window around all of them; None where there are none.

    Args:
        size: of the maps.
        spots: what to draw.
        softness: width of their edge over the radius.
        ragged: how irregular their outlines are; 0 is round.
    """
    if len(spots.places) == 0:
        return None
    centre = torch.stack((spots.places[:, 0], 1.0 - spots.places[:, 1]), dim=1) * size - 0.5
    texel = 1.0 / (size * torch.sqrt(spots.metric[:, 0] * spots.metric[:, 2]))  # metres
    radius = torch.maximum(spots.radii, _SMALLEST * texel)
    # Spots smaller than a texel keep their sum: they get fainter instead of disappearing between texels.
    strengths = spots.strengths * (spots.radii / radius) ** 2
    spots = replace(spots, places=centre, radii=radius, strengths=strengths)
    reach = _reach(spots, size, _FURTHEST + 0.5 * softness)
    low, high = (centre - reach).floor().amin(dim=0), (centre + reach).ceil().amax(dim=0) + 1
    (left, top), (right, bottom) = low.clamp(0, size).long().tolist(), high.clamp(0, size).long().tolist()
    if left >= right or top >= bottom:
        return None
    image = torch.zeros(bottom - top, right - left)
    longest = reach.amax(dim=1)
    for least, most in pairwise(_GROUPS):
        group = (longest >= least) & (longest < most)
        if bool(group.any()):
            farthest = reach[group].amax(dim=0).ceil().long().tolist()
            _draw_group(image, (top, left), size, spots.of(group), farthest, softness, ragged)
    return Window((top, bottom), (left, right)), image


def _reach(spots: SpotList, size: int, radii: float) -> Tensor:
    """Return [N, 2] texels to the right and down that so many radii take."""
    a, b, c = spots.metric.unbind(1)
    return (radii * spots.radii * size)[:, None] * torch.stack((torch.hypot(a, b * c), c), dim=1)


def _draw_group(
    image: Tensor, start: tuple[int, int], size: int, spots: SpotList, reach: list[int], softness: float, ragged: float
) -> None:
    """Add spots that reach at most so many texels [right, down] to an image that starts at a row and a column."""
    height, width = image.shape
    x, y = spots.places[:, 0, None, None], spots.places[:, 1, None, None]
    columns = x.round().long() + torch.arange(-reach[0], reach[0] + 1)
    rows = y.round().long() + torch.arange(-reach[1], reach[1] + 1)[:, None]
    a, b, c = (part[:, None, None] / 1.0 for part in spots.metric.unbind(1))
    along_u, along_v = (columns - x) / size, (y - rows) / size
    away_x, away_y = (along_u + b * along_v) / a, along_v / c + torch.zeros_like(along_u)  # metres on the skin
    distance = torch.hypot(away_x, away_y) / spots.radii[:, None, None]
    if ragged > 0.0:
        turn = torch.atan2(away_y, away_x)
        outline = torch.ones_like(turn)
        for number, (waves, lobe) in enumerate(_LOBES):
            phase = 2.0 * math.pi * spots.shapes[:, number, None, None]
            outline += ragged * lobe * torch.sin(waves * turn + phase)
        distance /= outline
    inside = ((1.0 + 0.5 * softness - distance) / softness).clamp(0.0, 1.0)
    values = spots.strengths[:, None, None] * inside * inside * (3.0 - 2.0 * inside)
    rows, columns = rows - start[0], columns - start[1]
    keep = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height) & (values > 0)
    image.view(-1).index_add_(0, (rows * width + columns)[keep], values[keep])


def coverage(depth: Tensor) -> Tensor:
    """0..1 share that an optical depth hides."""
    return 1.0 - torch.exp(-depth)


def texel_of(places: Tensor, size: int) -> Tensor:
    """Return [N] index into a flattened [size, size] image of the texel at texture coordinates [N, 2]."""
    column = (places[:, 0] * size).long().clamp(0, size - 1)
    row = ((1.0 - places[:, 1]) * size).long().clamp(0, size - 1)
    return row * size + column
