"""Fine hairs on the skin: where they root, and how they are drawn into a window of the maps.

A crowd of candidates is fixed by the seed; a trait only decides how many of them are there, so that more density means
the same hairs and some more. Hairs are finer than the texels of small maps, which so show their mean depth and as much
of its unevenness as all of them would leave.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate, max_pool2d

from dreamface.skin.canvas.atlas import smooth_step
from dreamface.skin.canvas.cache import Kept
from dreamface.skin.canvas.layer import Window
from dreamface.skin.canvas.marks import texel_of
from dreamface.skin.canvas.subject import Subject

_FINEST: Final = 2048  # texels a side of the maps that smaller ones are to look like, averaged down
_TYPICAL: Final = 1.6  # tile lengths per metre, to count those texels by
_OVERHANG: Final = 5  # coarse texels: hairs that root this far outside the islands may reach into them
_SPARSEST: Final = 1.6  # tile lengths per metre: where skin is laid out smaller, candidates run short
_AT_A_TIME: Final = 100_000  # points that are drawn together
_LENGTH_SAMPLE: Final = 10_000  # hairs that are looked at to find the longest
_TAPER: Final = 2.5  # exponent of how a hair thins out to its tip
_SPREAD: Final = 0.6  # optical depth of a hair that is one texel wide at its root, where it crosses one
_MIDDLE: Final = 0.38  # of a hair's length: where its mass has its centre
_SHARED: Final = 0.35  # of `Atlas.interior` over which single hairs give way to their mean, as tiles differ in them
_KEPT: Final = 6  # tiles whose islands are in memory
_LEAST_SINGLE: Final = 0.18  # how much of them is left at the very border


_islands: Kept[Tensor] = Kept(_KEPT)


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
        """Those where a mask is true."""
        return Strands(self.curves[chosen], self.widths[chosen], self.random[chosen])

    @classmethod
    def none(cls) -> Strands:
        """No hairs."""
        return cls(torch.zeros(0, 3, 2), torch.zeros(0), torch.zeros(0, 4))


@dataclass(frozen=True)
class Fur:
    """Many hairs, of which only some are drawn where they are finer than texels.

    Attributes:
        strands: those; the fewer they are, the wider.
        expected: [S, S] optical depth that all of them have in the mean.
        single: [S, S] 0..1 how much of what the drawn ones differ from the mean by is to be seen. n times as few
            and as wide hairs vary by sqrt(n) times as much as all of them would.
    """

    strands: Strands
    expected: Tensor
    single: Tensor

    def draw(self, size: int, window: Window, kinds: Sequence[tuple[Strands, float]]) -> list[Tensor]:
        """[h, w] optical depth of each of several kinds of the strands.

        Args:
            size: of the maps.
            window: of whole coarse texels, from `window`.
            kinds: some of them, and which share 0..1 of all hairs is of the kind.
        """
        factor = size // self.expected.shape[0]
        coarse = tuple(slice(start // factor, stop // factor) for start, stop in (window.rows, window.columns))
        mean = self.expected[coarse] * (1.0 - self.single[coarse])
        smooth = torch.stack((self.single[coarse], mean))[None]
        single, rest = interpolate(smooth, size=window.shape, mode="bilinear", align_corners=False)[0]
        return [draw(size, window, strands)[0].mul_(single).add_(rest, alpha=share) for strands, share in kinds]

    def window(self, size: int) -> Window | None:
        """The window of whole coarse texels that the hairs lie in; None where there are none."""
        found = window_around(size, self.strands)
        if found is None:
            return None
        factor = size // self.expected.shape[0]
        rows, columns = (
            (start // factor * factor, -(-stop // factor) * factor) for start, stop in (found.rows, found.columns)
        )
        return Window(rows, columns)


@dataclass(frozen=True)
class Coat:
    """How a kind of hair grows.

    Attributes:
        often: roots per square metre where the growth is 1.
        length, width: metres, of a middling hair at its root.
        drawn: roots per texel at most; where more grow, fewer are drawn.
        swirl: radians that the direction wanders over the skin.
        scatter: radians that neighbours differ.
        tufts: radians that hairs turn to and from each other every few millimetres.
    """

    often: float
    length: float
    width: float
    swirl: float
    scatter: float
    tufts: float = 0.0
    drawn: float = 0.3


def ways(subject: Subject, towards: Tensor) -> Tensor:
    """[S, S] radians from u to v: the direction in the layout in which a quantity [S, S] grows."""
    rise_v, rise_u = torch.gradient(towards)
    return torch.atan2(-rise_v, rise_u).view(-1)[subject.surface.atlas.inward].view(towards.shape)


def grow(subject: Subject, name: str, coat: Coat, growth: Tensor, way: Tensor, lengths: Tensor) -> Fur:
    """Hairs that lie in a direction.

    Args:
        subject: whose skin.
        name: of the random stream.
        coat: what kind of hair.
        growth: [S, S] 0..1 how densely they grow.
        way: [S, S] which, from `ways`.
        lengths: [S, S] what the length is multiplied by.
    """
    surface = subject.surface
    turn = way + coat.swirl * subject.noise("hair swirl", 0.022)[0]
    if coat.tufts:
        turn.add_(subject.noise("mottling", 0.0034, 3)[1], alpha=coat.tufts)
    reach = coat.length * lengths * surface.density
    drawn = min(1.0, coat.drawn * (subject.size * _TYPICAL) ** 2 / coat.often)
    strands = _rooted(subject, name, coat, drawn, growth, turn, reach)
    border = smooth_step(surface.atlas.interior, 0.0, _SHARED)
    single = math.sqrt(drawn) * (_LEAST_SINGLE + (1.0 - _LEAST_SINGLE) * border)
    mass = growth * lengths * subject.once(f"{name} resolved", lambda: resolved(coat.width * surface.density))
    depth = coat.often * coat.length * coat.width * _TAPER / (1.0 + _TAPER) * _moved(mass, turn, reach)
    return Fur(strands, depth, single)


def _rooted(
    subject: Subject, name: str, coat: Coat, drawn: float, growth: Tensor, turn: Tensor, reach: Tensor
) -> Strands:
    """The hairs that are drawn, at directions [S, S] and of lengths [S, S] in tile lengths, each a little different."""
    surface = subject.surface
    side, often = surface.atlas.size, coat.often * drawn
    each = math.ceil(often / (side * _SPARSEST) ** 2)  # candidates per coarse texel
    atlas = surface.atlas
    near = _islands.get(atlas.topology, (atlas.tile, side), lambda: _widened(atlas.inside))
    expected = (growth * near).view(-1) * (often / each) / (surface.density.view(-1) * side) ** 2
    stream = subject.tile_stream(name)
    chosen = torch.rand(each * side * side, generator=stream) < expected.repeat(each)
    root = torch.nonzero(chosen)[:, 0]
    if not len(root):
        return Strands.none()
    salt = int(torch.randint(2**31, (), generator=stream))
    random, texel = _own_numbers(root, 11, salt), root % (side * side)
    places = torch.stack((texel % side + random[:, 1], side - texel // side - random[:, 2]), dim=1) / side
    angle = turn.view(-1)[texel] + 2.0 * coat.scatter * (random[:, 3] + random[:, 4] - 1.0)
    length = reach.view(-1)[texel] * (0.55 + 0.9 * random[:, 5])
    widths = coat.width / drawn * surface.density.view(-1)[texel] * (0.6 + 0.8 * random[:, 6])
    return Strands(bent(places, angle, 0.9 * (random[:, 7] - 0.5), length), widths, random[:, [8, 9, 5, 10]])


def resolved(width: Tensor, size: int = _FINEST) -> Tensor:
    """What single hairs of widths in tile lengths hide of the texels that they cross, over what their mean depth would.

    Hairs that lie upon each other hide less than hairs side by side, which the mean depth takes them for.
    """
    depth = (_SPREAD * width * size).clamp_min(1e-6)
    return -torch.expm1(-depth) / depth


def narrowed(width: Tensor, size: int) -> Tensor:
    """Widths at which hairs hide as much in maps of a size as they do in large ones."""
    return width * resolved(width) / resolved(width, min(size, _FINEST))


def _moved(image: Tensor, turn: Tensor, reach: Tensor) -> Tensor:
    """[S, S] an image of roots, moved to where the middles of their hairs lie."""
    side = image.shape[0]
    if _MIDDLE * float(reach.median()) * side < 1.0:
        return image  # as good as there already
    middle = (torch.arange(side) + 0.5) / side
    column, row = middle - _MIDDLE * reach * turn.cos(), middle[:, None] + _MIDDLE * reach * turn.sin()
    places = torch.stack((column, row), dim=-1)[None] * 2.0 - 1.0
    return grid_sample(image[None, None], places, padding_mode="border", align_corners=False)[0, 0]


def _widened(inside: Tensor) -> Tensor:
    """[S, S] 1 on the islands and a little around them, 0 elsewhere."""
    row = max_pool2d(inside[None].float(), (1, 2 * _OVERHANG + 1), stride=1, padding=(0, _OVERHANG))
    return max_pool2d(row, (2 * _OVERHANG + 1, 1), stride=1, padding=(_OVERHANG, 0))[0]


def _own_numbers(which: Tensor, count: int, salt: int) -> Tensor:
    """[N, count] uniform numbers 0..1 that belong to whole numbers [N] (Wellons 2018, "lowbias32")."""
    mixed = (which[:, None] * count + torch.arange(count)).add_(salt).bitwise_and_(0xFFFFFFFF)
    mixed = (mixed ^ (mixed >> 16)).mul_(0x7FEB352D).bitwise_and_(0xFFFFFFFF)
    mixed = (mixed ^ (mixed >> 15)).mul_(0x846CA68B).bitwise_and_(0xFFFFFFFF)
    return ((mixed ^ (mixed >> 16)) >> 8).float() * 2.0**-24


def bent(root: Tensor, angle: Tensor, bend: Tensor, length: Tensor) -> Tensor:
    """[N, 3, 2] curves that leave their roots [N, 2] at an angle and turn by `bend` halfway."""
    first, second = (torch.stack((turn.cos(), turn.sin()), dim=1) for turn in (angle, angle + bend))
    middle = root + 0.5 * length[:, None] * first
    return torch.stack((root, middle, middle + 0.5 * length[:, None] * second), dim=1)


def window_around(size: int, strands: Strands, margin: int = 2) -> Window | None:
    """The window of the maps that hairs lie in; None where there are none."""
    if not len(strands):
        return None
    points = strands.curves.reshape(-1, 2)
    (left, low), (right, high) = points.amin(dim=0).tolist(), points.amax(dim=0).tolist()
    rows = max(0, int((1.0 - high) * size) - margin), min(size, int((1.0 - low) * size) + 1 + margin)
    columns = max(0, int(left * size) - margin), min(size, int(right * size) + 1 + margin)
    return Window(rows, columns) if rows[0] < rows[1] and columns[0] < columns[1] else None


def draw(size: int, window: Window, strands: Strands, values: Tensor | None = None) -> Tensor:
    """[1 + C, h, w] optical depth of tapering hairs, and the sums of their values [N, C] times it.

    Each hair is a row of points a texel apart, and each point is shared among its four texels.
    """
    count = 1 if values is None else 1 + values.shape[1]
    height, width = window.shape
    images = torch.zeros(count, height * width)
    if not len(strands):
        return images.view(count, height, width)
    steps = strands.curves.diff(dim=1).norm(dim=2).sum(dim=1) * size
    sample = steps[:_LENGTH_SAMPLE]
    longest = float(sample.kthvalue(max(1, int(0.97 * len(sample)))).values)  # a few longer ones may get dotted
    number = max(3, math.ceil(1.15 * longest))
    origin = torch.tensor([window.columns[0] + 0.5, window.rows[0] + 0.5])
    curves = torch.stack((strands.curves[..., 0] * size, (1.0 - strands.curves[..., 1]) * size), dim=-1) - origin
    strength = strands.widths * size * steps / number
    # In pieces that stay in the processor's cache.
    piece = max(1, _AT_A_TIME // number)
    for start in range(0, len(strands), piece):
        part = slice(start, start + piece)
        _splat(images, width, curves[part], strength[part], number, None if values is None else values[part])
    return images.view(count, height, width)


def _splat(images: Tensor, width: int, curves: Tensor, strength: Tensor, number: int, values: Tensor | None) -> None:
    """Add `number` points along each of the curves [N, 3, 2], in texels, to images [1 + C, h * width]."""
    height = images.shape[1] // width
    share = (torch.arange(number) + 0.5) / number
    basis = torch.stack(((1.0 - share) ** 2, 2.0 * share * (1.0 - share), share**2))  # Bernstein polynomials
    x, y = (curves[..., 0] @ basis).view(-1), (curves[..., 1] @ basis).view(-1)
    weights = (strength[:, None] * (1.0 - share**_TAPER)).view(-1)
    left, top = x.floor(), y.floor()
    keep = (left >= 0) & (left < width - 1) & (top >= 0) & (top < height - 1)
    weights = torch.where(keep, weights, 0.0)
    x, y = x.sub_(left), y.sub_(top)
    index = torch.where(keep, top.mul_(width).add_(left), 0.0).long()
    lower = weights * y
    right_lower, right_upper = lower * x, weights.sub_(lower) * x
    parts = (weights - right_upper, right_upper, lower - right_lower, right_lower)
    for amount, step in zip(parts, (0, 1, width, width + 1), strict=True):
        at = index + step
        images[0].index_add_(0, at, amount)
        if values is not None:
            for channel in range(values.shape[1]):
                own = amount.view(-1, number) * values[:, channel, None]
                images[1 + channel].index_add_(0, at, own.view(-1))


def blurred(image: Tensor, texels: int) -> Tensor:
    """[..., h, w] an image blurred over about so many texels, cheaply."""
    flat = image.reshape(1, -1, *image.shape[-2:])
    side = max(1, texels // 2)
    small = avg_pool2d(flat, side, ceil_mode=True) if side > 1 else flat
    small = avg_pool2d(small, 3, stride=1, padding=1, count_include_pad=False)
    return interpolate(small, size=image.shape[-2:], mode="bilinear", align_corners=False).reshape(image.shape)


def nearest_density(subject: Subject, places: Tensor) -> Tensor:
    """[N] tile lengths per metre at texture coordinates [N, 2]."""
    return subject.surface.density.view(-1)[texel_of(places, subject.surface.atlas.size)]
