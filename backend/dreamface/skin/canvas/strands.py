"""Fine hairs on the skin: where they root, and how they are drawn into a window of the maps.

The seed fixes a crowd of candidates. A trait only decides how many of them are there, so that more density means the
same hairs and some more. On small maps hairs are finer than texels. These maps show the hairs' mean depth, and as much
unevenness as all hairs together would leave.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate, max_pool2d

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.cache import TopologyCache
from dreamface.skin.canvas.layer import Window
from dreamface.skin.canvas.marks import texel_of
from dreamface.skin.canvas.shared_noises import HAIR_SWIRL, MOTTLING
from dreamface.skin.canvas.subject import Subject

_FINEST: Final = 2048  # texels a side of the maps that smaller ones are to look like, averaged down
_TYPICAL: Final = 1.6  # tile lengths per metre, to count those texels by
_SPARSEST: Final = 1.6  # tile lengths per metre: where skin is laid out smaller, candidates run short
_OVERHANG: Final = 5  # coarse texels: hairs that root this far outside the islands may reach into them
_ISLANDS_IN_MEMORY: Final = 6  # tiles
_BLUR_TEXELS: Final = 3  # a side, that a small image is averaged over


_islands: TopologyCache[Tensor] = TopologyCache(_ISLANDS_IN_MEMORY)


@dataclass(frozen=True)
class _HairLook:
    """How hairs of one coat differ, and how a hair is drawn.

    Attributes:
        shortest, length_spread: factors on the coat's length: of the shortest hair, and from there to the longest.
        finest, width_spread: factors on the coat's width: of the finest hair, and from there to the widest.
        bend: radians between the strongest bends to either side.
        taper: exponent of how a hair thins out to its tip.
        middle: fraction of a hair's length at which its mass has its centre.
        depth: optical depth of a hair that is one texel wide at its root, where it crosses a texel.
        single_at_border: how much of single hairs is left at the very border of an island, where their mean takes over.
        border: of `Atlas.interior`, over which single hairs give way to their mean, as tiles differ in them.
    """

    shortest: float = 0.55
    length_spread: float = 0.9
    finest: float = 0.6
    width_spread: float = 0.8
    bend: float = 0.9
    taper: float = 2.5
    middle: float = 0.38
    depth: float = 0.6
    single_at_border: float = 0.18
    border: float = 0.35


@dataclass(frozen=True)
class _Sampling:
    """How many points hairs are drawn with.

    Attributes:
        per_texel: points along the longest hair.
        least: points along any hair.
        sample: hairs that are looked at to find the longest.
        longest: fraction of these that are no longer than what counts as longest; longer ones may get dotted.
        at_a_time: points that are drawn together, so that they stay in the processor's cache.
    """

    per_texel: float = 1.15
    least: int = 3
    sample: int = 10_000
    longest: float = 0.97
    at_a_time: int = 100_000


_NUMBERS_PER_HAIR: Final = 11
_SALTS: Final = 2**31  # how many there are
_LEAST_DEPTH: Final = 1e-6  # guards a division

_HAIR: Final = _HairLook()
_SAMPLING: Final = _Sampling()


@dataclass(frozen=True)
class Strands:
    """N hairs.

    Attributes:
        curves: [N, 3, 2] quadratic Bezier control points from root to tip, texture coordinates.
        widths: [N] at the root, in tile lengths.
        random: [N, 4] uniform numbers of each hair's own, for its colour.
    """

    curves: Tensor
    widths: Tensor
    random: Tensor

    def __len__(self) -> int:
        return len(self.widths)

    def of(self, chosen: Tensor) -> Strands:
        """Return those where a mask is true."""
        return Strands(self.curves[chosen], self.widths[chosen], self.random[chosen])

    @classmethod
    def none(cls) -> Strands:
        """Return no hairs."""
        return cls(torch.zeros(0, 3, 2), torch.zeros(0), torch.zeros(0, 4))


@dataclass(frozen=True)
class Fur:
    """Many hairs, of which only some are drawn where they are finer than texels.

    Attributes:
        strands: the hairs that are drawn; the fewer they are, the wider.
        expected: [S, S] mean optical depth of all hairs.
        single: [S, S] 0..1 weight of the drawn hairs' difference from that mean. n times as few and as wide hairs vary
            by sqrt(n) times as much as all of them would.
    """

    strands: Strands
    expected: Tensor
    single: Tensor

    def draw(self, size: int, window: Window, kinds: Sequence[tuple[Strands, float]]) -> list[Tensor]:
        """Return [h, w] the optical depth of each of several kinds of the strands.

        Args:
            size: of the maps.
            window: of whole coarse texels, from `window`.
            kinds: strands of each kind, and the fraction 0..1 of all hairs that is of the kind.
        """
        factor = size // self.expected.shape[0]
        coarse = tuple(slice(start // factor, stop // factor) for start, stop in (window.rows, window.columns))
        mean = self.expected[coarse] * (1.0 - self.single[coarse])
        smooth = torch.stack((self.single[coarse], mean))[None]
        single, rest = interpolate(smooth, size=window.shape, mode="bilinear", align_corners=False)[0]
        return [draw(size, window, strands)[0].mul_(single).add_(rest, alpha=part) for strands, part in kinds]

    def window(self, size: int) -> Window | None:
        """Return the window of whole coarse texels that the hairs lie in; None where there are none."""
        exact = window_around(size, self.strands)
        if exact is None:
            return None
        factor = size // self.expected.shape[0]
        rows, columns = (
            (start // factor * factor, -(-stop // factor) * factor) for start, stop in (exact.rows, exact.columns)
        )
        return Window(rows, columns)


@dataclass(frozen=True)
class Coat:
    """How a kind of hair grows.

    Attributes:
        often: roots per square metre where the growth is 1.
        length, width: metres, of a middling hair; the width at its root.
        swirl: radians that the direction wanders over the skin.
        scatter: radians that neighbours differ.
        tufts: radians that hairs turn to and from each other every few millimetres.
        drawn: roots per texel at most; where more grow, only so many are drawn.
    """

    often: float
    length: float
    width: float
    swirl: float
    scatter: float
    tufts: float = 0.0
    drawn: float = 0.3


def ways(subject: Subject, towards: Tensor) -> Tensor:
    """Return [S, S] radians from u to v: the direction in the layout in which a quantity [S, S] grows."""
    rise_v, rise_u = torch.gradient(towards)
    return torch.atan2(-rise_v, rise_u).view(-1)[subject.surface.atlas.inward].view(towards.shape)


def grow(subject: Subject, name: str, coat: Coat, growth: Tensor, way: Tensor, lengths: Tensor) -> Fur:
    """Return hairs that lie in a direction.

    Args:
        subject: whose skin.
        name: of the random stream.
        coat: what kind of hair.
        growth: [S, S] 0..1 how densely they grow.
        way: [S, S] their direction, from `ways`.
        lengths: [S, S] factors on the coat's length.
    """
    surface = subject.surface
    turn = way + coat.swirl * subject.noise(HAIR_SWIRL, "value")
    if coat.tufts:
        turn.add_(subject.noise(MOTTLING, "colour"), alpha=coat.tufts)
    reach = coat.length * lengths * surface.density
    drawn = min(1.0, coat.drawn * (subject.size * _TYPICAL) ** 2 / coat.often)
    strands = _rooted(subject, name, coat, drawn, growth, turn, reach)
    border = smoothstep(surface.atlas.interior, 0.0, _HAIR.border)
    single = math.sqrt(drawn) * (_HAIR.single_at_border + (1.0 - _HAIR.single_at_border) * border)
    mass = growth * lengths * subject.once(f"{name} resolved", lambda: resolved(coat.width * surface.density))
    depth = coat.often * coat.length * coat.width * _HAIR.taper / (1.0 + _HAIR.taper) * _moved(mass, turn, reach)
    return Fur(strands, depth, single)


def _rooted(
    subject: Subject, name: str, coat: Coat, drawn: float, growth: Tensor, turn: Tensor, reach: Tensor
) -> Strands:
    """Return the hairs that are drawn, each a little different.

    Args:
        subject: whose skin.
        name: of the random stream.
        coat: what kind of hair.
        drawn: fraction of the hairs that are drawn.
        growth: [S, S] 0..1 how densely they grow.
        turn: [S, S] radians, their direction.
        reach: [S, S] their length, tile lengths.
    """
    surface = subject.surface
    side, often = surface.atlas.size, coat.often * drawn
    candidates = math.ceil(often / (side * _SPARSEST) ** 2)  # per coarse texel
    atlas = surface.atlas
    near = _islands.get(atlas.topology, (atlas.tile, side), lambda: _widened(atlas.inside))
    expected = (growth * near).view(-1) * (often / candidates) / (surface.density.view(-1) * side) ** 2
    stream = subject.tile_stream(name)
    chosen = torch.rand(candidates * side * side, generator=stream) < expected.repeat(candidates)
    root = torch.nonzero(chosen)[:, 0]
    if not len(root):
        return Strands.none()
    salt = int(torch.randint(_SALTS, (), generator=stream))
    random, texel = _numbers_of(root, _NUMBERS_PER_HAIR, salt), root % (side * side)
    places = torch.stack((texel % side + random[:, 1], side - texel // side - random[:, 2]), dim=1) / side
    angle = turn.view(-1)[texel] + 2.0 * coat.scatter * (random[:, 3] + random[:, 4] - 1.0)
    length = reach.view(-1)[texel] * (_HAIR.shortest + _HAIR.length_spread * random[:, 5])
    width = coat.width / drawn * surface.density.view(-1)[texel]
    width = width * (_HAIR.finest + _HAIR.width_spread * random[:, 6])
    curves = bent(places, angle, _HAIR.bend * (random[:, 7] - 0.5), length)
    return Strands(curves, width, random[:, [8, 9, 5, 10]])


def resolved(width: Tensor, size: int = _FINEST) -> Tensor:
    """Return the coverage of a texel by hairs that cross it one by one, over that by their mean depth.

    Hairs that lie upon each other hide less than hairs side by side, which is what the mean depth counts with.

    Args:
        width: of the hairs, tile lengths.
        size: texels a side of the maps.
    """
    depth = (_HAIR.depth * width * size).clamp_min(_LEAST_DEPTH)
    return -torch.expm1(-depth) / depth


def narrowed(width: Tensor, size: int) -> Tensor:
    """Return the widths at which hairs hide as much in maps of `size` texels a side as they do in large ones."""
    return width * resolved(width) / resolved(width, min(size, _FINEST))


def _moved(image: Tensor, turn: Tensor, reach: Tensor) -> Tensor:
    """Return an image [S, S] of roots, moved to where the middles of their hairs lie."""
    side = image.shape[0]
    if _HAIR.middle * float(reach.median()) * side < 1.0:
        return image  # less than a texel
    middle = (torch.arange(side) + 0.5) / side
    column = middle - _HAIR.middle * reach * turn.cos()
    row = middle[:, None] + _HAIR.middle * reach * turn.sin()
    places = torch.stack((column, row), dim=-1)[None] * 2.0 - 1.0
    return grid_sample(image[None, None], places, padding_mode="border", align_corners=False)[0, 0]


def _widened(inside: Tensor) -> Tensor:
    """Return [S, S] 1 on the islands and a little around them, 0 elsewhere."""
    row = max_pool2d(inside[None].float(), (1, 2 * _OVERHANG + 1), stride=1, padding=(0, _OVERHANG))
    return max_pool2d(row, (2 * _OVERHANG + 1, 1), stride=1, padding=(_OVERHANG, 0))[0]


_HASH_ROUNDS: Final = ((16, 0x7FEB352D), (15, 0x846CA68B))
"""Shift and factor of each round of the hash "lowbias32" (Wellons 2018)."""
_HASH_LAST_SHIFT: Final = 16
_HASH_BITS: Final = 0xFFFFFFFF
_UNUSED_BITS: Final = 8  # of a hash's 32: float32 holds 24
_UNIT: Final = 2.0**-24


def _numbers_of(which: Tensor, count: int, salt: int) -> Tensor:
    """Return [N, count] uniform numbers 0..1 that belong to whole numbers [N], by hashing them."""
    mixed = (which[:, None] * count + torch.arange(count)).add_(salt).bitwise_and_(_HASH_BITS)
    for shift, factor in _HASH_ROUNDS:
        mixed = (mixed ^ (mixed >> shift)).mul_(factor).bitwise_and_(_HASH_BITS)
    return ((mixed ^ (mixed >> _HASH_LAST_SHIFT)) >> _UNUSED_BITS).float() * _UNIT


def bent(root: Tensor, angle: Tensor, bend: Tensor, length: Tensor) -> Tensor:
    """Return [N, 3, 2] curves that leave their roots [N, 2] at an angle and turn by `bend` halfway."""
    first, second = (torch.stack((turn.cos(), turn.sin()), dim=1) for turn in (angle, angle + bend))
    middle = root + 0.5 * length[:, None] * first
    return torch.stack((root, middle, middle + 0.5 * length[:, None] * second), dim=1)


def window_around(size: int, strands: Strands, margin: int = 2) -> Window | None:
    """Return the window of the maps that hairs lie in; None where there are none."""
    if not len(strands):
        return None
    points = strands.curves.reshape(-1, 2)
    (left, low), (right, high) = points.amin(dim=0).tolist(), points.amax(dim=0).tolist()
    rows = max(0, int((1.0 - high) * size) - margin), min(size, int((1.0 - low) * size) + 1 + margin)
    columns = max(0, int(left * size) - margin), min(size, int(right * size) + 1 + margin)
    return Window(rows, columns) if rows[0] < rows[1] and columns[0] < columns[1] else None


def draw(size: int, window: Window, strands: Strands, values: Tensor | None = None) -> Tensor:
    """Return [1 + C, h, w] optical depth of tapering hairs, and the sums of their values [N, C] times it.

    Each hair is a row of points a texel apart. Each point is spread over its four texels.
    """
    count = 1 if values is None else 1 + values.shape[1]
    height, width = window.shape
    images = torch.zeros(count, height * width)
    if not len(strands):
        return images.view(count, height, width)
    steps = strands.curves.diff(dim=1).norm(dim=2).sum(dim=1) * size
    sample = steps[: _SAMPLING.sample]
    longest = float(sample.kthvalue(max(1, int(_SAMPLING.longest * len(sample)))).values)
    number = max(_SAMPLING.least, math.ceil(_SAMPLING.per_texel * longest))
    origin = torch.tensor([window.columns[0] + 0.5, window.rows[0] + 0.5])
    curves = torch.stack((strands.curves[..., 0] * size, (1.0 - strands.curves[..., 1]) * size), dim=-1) - origin
    strength = strands.widths * size * steps / number
    piece = max(1, _SAMPLING.at_a_time // number)
    for start in range(0, len(strands), piece):
        part = slice(start, start + piece)
        _splat(images, width, curves[part], strength[part], number, None if values is None else values[part])
    return images.view(count, height, width)


def _splat(images: Tensor, width: int, curves: Tensor, strength: Tensor, number: int, values: Tensor | None) -> None:
    """Add hairs to images [1 + C, h * width], in place.

    Args:
        images: depth, and sums of the values.
        width: of the images, texels.
        curves: [N, 3, 2] quadratic Bezier control points, texels.
        strength: [N] depth of a point at the root.
        number: points along each curve.
        values: [N, C], or None.
    """
    height = images.shape[1] // width
    fraction = (torch.arange(number) + 0.5) / number
    basis = torch.stack(
        ((1.0 - fraction) ** 2, 2.0 * fraction * (1.0 - fraction), fraction**2)
    )  # Bernstein polynomials
    x, y = (curves[..., 0] @ basis).view(-1), (curves[..., 1] @ basis).view(-1)
    weights = (strength[:, None] * (1.0 - fraction**_HAIR.taper)).view(-1)
    left, top = x.floor(), y.floor()
    keep = (left >= 0) & (left < width - 1) & (top >= 0) & (top < height - 1)
    weights = torch.where(keep, weights, 0.0)
    x, y = x.sub_(left), y.sub_(top)
    index = torch.where(keep, top.mul_(width).add_(left), 0.0).long()
    lower = weights * y
    right_lower, right_upper = lower * x, weights.sub_(lower) * x
    parts = (weights - right_upper, right_upper, lower - right_lower, right_lower)
    for amount, step in zip(parts, (0, 1, width, width + 1), strict=True):
        texel = index + step
        images[0].index_add_(0, texel, amount)
        if values is not None:
            for channel in range(values.shape[1]):
                weighted = amount.view(-1, number) * values[:, channel, None]
                images[1 + channel].index_add_(0, texel, weighted.view(-1))


def blurred(image: Tensor, texels: int) -> Tensor:
    """Return an image [..., h, w] blurred over about so many texels, cheaply."""
    flat = image.reshape(1, -1, *image.shape[-2:])
    side = max(1, texels // 2)
    small = avg_pool2d(flat, side, ceil_mode=True) if side > 1 else flat
    small = avg_pool2d(small, _BLUR_TEXELS, stride=1, padding=_BLUR_TEXELS // 2, count_include_pad=False)
    return interpolate(small, size=image.shape[-2:], mode="bilinear", align_corners=False).reshape(image.shape)


def nearest_density(subject: Subject, places: Tensor) -> Tensor:
    """Return [N] tile lengths per metre at texture coordinates [N, 2]."""
    return subject.surface.density.view(-1)[texel_of(places, subject.surface.atlas.size)]
