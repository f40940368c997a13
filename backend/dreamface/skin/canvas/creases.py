"""Creases: grooves and ridges along curves on the skin, as deep and wide as they are on the skin and not in the layout.

A crease is drawn as a ribbon. Points across it and along it are dropped onto the texels below them, each weighing its
height times the texels that it stands for: an integral over the crease, so that what is finer than a texel keeps its
volume, and creases that cross add up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from dreamface.skin.canvas.atlas import Surface, coarser, smooth_step
from dreamface.skin.canvas.layer import Patch, Window
from dreamface.skin.canvas.marks import texel_of

_MM: Final = 1e-3
_FINEST: Final = 0.45 * _MM  # size of a texel
_WIDTHS: Final = ((0.0, 1.2 * _MM, 2048), (1.2 * _MM, 2.2 * _MM, 512), (2.2 * _MM, math.inf, 256))
"""Of each kind: widths from and below, and texels a side at most that they are drawn on; they are enlarged from there.

Only the first kind is deep enough for its width to keep light out.
"""
KINDS: Final = range(len(_WIDTHS))
_SPACING: Final = 1.0  # texels between a ribbon's points
_WIDEST: Final = 0.95  # share of them that are no wider than what the number of points across is meant for
_REACH: Final = 2.7  # widths to either side that a groove's profile takes
_SHOULDER: Final = 1.55  # widths from the bottom to the top of the swelling
_STRETCHED: Final = (2.5, 5.0)  # times the usual density, over which creases fade out
_SAMPLES: Final = 16  # of a curve, to measure it
_PARALLEL: Final = (0.12, 0.4, 0.65, 0.88)  # shares of a crease beside which its parallel runs
_ENDS, _SOFT_ENDS = 0.8, 1.5  # the depth goes with the sine of the way, to this power; of fine and of broad creases
_TABLE: Final = 1024  # independent values of the noise along creases
_CELLS: Final = torch.tensor((6.0, 1.3, 7.0, 4.0, 7.0, 7.0)) * _MM
"""Metres between independent values of it: of the sway and its tremble, depth, gaps, width, lean."""
_SHIFTS: Final = torch.arange(6) * 100.0  # along the table from one to the next


@dataclass(frozen=True)
class Creases:
    """N of them. Lengths are metres on the skin.

    Attributes:
        points: [N, 4, 2] control points of cubic Bezier curves, texture coordinates.
        depth: [N] at the deepest; ridges have negative ones.
        width: [N] from the bottom to where it is 1/3 as deep.
        sway: [N] how far it leaves the curve to either side.
        broken: [N] 0..1: how much of it is missing.
        swelling: [N] height of the skin beside it over its depth.
        lean: [N] -1..1: how much more of that is on its left, seen from its start, than on its right.
    """

    points: Tensor
    depth: Tensor
    width: Tensor
    sway: Tensor
    broken: Tensor
    swelling: Tensor
    lean: Tensor

    def of(self, chosen: Tensor) -> Creases:
        """Those where a mask is true."""
        return Creases(*(getattr(self, field.name)[chosen] for field in fields(self)))


def creases(
    points: Tensor,
    depth: Tensor | float,
    width: Tensor | float,
    *,
    sway: Tensor | float = 0.0,
    broken: Tensor | float = 0.0,
    swelling: Tensor | float = 0.25,
    lean: Tensor | float = 0.0,
) -> Creases:
    """Creases along curves [N, P, 2] of P = 2, 3 or 4 control points, the same numbers for all or [N]."""
    while points.shape[1] < 4:  # raise the degree
        count = points.shape[1]
        share = (torch.arange(1, count) / count)[:, None]
        inner = share * points[:, :-1] + (1.0 - share) * points[:, 1:]
        points = torch.cat((points[:, :1], inner, points[:, -1:]), dim=1)
    numbers = (depth, width, sway, broken, swelling, lean)
    return Creases(points, *(torch.as_tensor(value).float().expand(len(points)) for value in numbers))


def together(*parts: Creases) -> Creases:
    """All creases of several lists."""
    return Creases(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Creases)))


def through(points: Tensor) -> Tensor:
    """[N, 4, 2] control points of the cubic Bezier curves that pass points [N, 4, 2] at 0, 1/3, 2/3 and 1."""
    first, second, third, last = points.unbind(1)
    inner = (18.0 * second - 9.0 * third + 2.0 * last - 5.0 * first) / 6.0
    outer = (18.0 * third - 9.0 * second + 2.0 * first - 5.0 * last) / 6.0
    return torch.stack((first, inner, outer, last), dim=1)


def on_curve(points: Tensor, share: Tensor) -> Tensor:
    """[..., 2] where cubic Bezier curves [..., 4, 2] are at shares [...] of their way."""
    rest = 1.0 - share
    square, rest_square = share * share, rest * rest
    weights = torch.stack((rest_square * rest, 3.0 * rest_square * share, 3.0 * rest * square, square * share), dim=-1)
    return _mixed(weights, points)


def _direction(points: Tensor, share: Tensor) -> Tensor:
    """[..., 2] derivative of `on_curve` by the share."""
    rest = 1.0 - share
    weights = torch.stack((rest * rest, 2.0 * rest * share, share * share), dim=-1)
    return 3.0 * _mixed(weights, points.diff(dim=-2))


def _mixed(weights: Tensor, points: Tensor) -> Tensor:
    """[..., 2] sum of points [..., P, 2] times weights [..., P]: for many small ones faster than a matrix product."""
    found = weights[..., :1] * points[..., 0, :]
    for number in range(1, points.shape[-2]):
        found = torch.addcmul(found, weights[..., number, None], points[..., number, :])
    return found


def twigs(stems: Creases, surface: Surface, generator: torch.Generator, length: float) -> Creases:
    """Side branches of every other crease: they leave it at a sharp angle, about `length` metres long, and fainter."""
    count = len(stems.depth)
    random = torch.rand(5, count, generator=generator)
    share = 0.15 + 0.7 * random[0]
    root = on_curve(stems.points, share)
    ahead = _unit_step(
        surface, root, _direction(stems.points, share), (random[1] - 0.5).sign() * (0.2 + 0.3 * random[2])
    )
    far = length * (0.6 + 0.8 * random[3])[:, None]
    along = ahead * torch.where(random[0] > 0.5, -1.0, 1.0)[:, None]
    points = torch.stack((root, root + 0.5 * far * along, root + far * along), dim=1)
    return creases(
        points,
        0.5 * stems.depth * (random[4] < 0.5),
        0.8 * stems.width,
        sway=0.4 * stems.sway,
        broken=0.5 * stems.broken + 0.1,
    )


def beside(line: Creases, surface: Surface, away: Tensor, depth: float) -> Creases:
    """Parallels `away` [N] metres beside creases, `depth` times as deep, more broken and finer."""
    share = torch.tensor(_PARALLEL).expand(len(away), -1)
    stems = line.points[:, None]
    place, ahead = on_curve(stems, share).view(-1, 2), _direction(stems, share).view(-1, 2)
    step = _unit_step(surface, place, ahead, torch.full((len(place),), 0.5 * math.pi))
    moved = place.view(-1, 4, 2) + away[:, None, None] * step.view(-1, 4, 2)
    return creases(
        through(moved), depth * line.depth, 0.75 * line.width,
        sway=1.3 * line.sway, broken=(line.broken + 0.35).clamp(max=0.8), swelling=line.swelling,
    )  # fmt: skip


def _unit_step(surface: Surface, places: Tensor, direction: Tensor, turn: Tensor) -> Tensor:
    """[N, 2] texture coordinates per metre on the skin when one turns by angles [N] from a direction [N, 2]."""
    frame = _frame(surface, places)
    forward = _on_skin(frame, direction)
    forward = forward / forward.norm(dim=1, keepdim=True).clamp_min(1e-12)
    cosine, sine = turn.cos(), turn.sin()
    x, y = forward.unbind(1)
    return _in_layout(frame, torch.stack((cosine * x - sine * y, sine * x + cosine * y), dim=1))


def _frame(surface: Surface, places: Tensor) -> Tensor:
    """[3, N] the metric at texture coordinates."""
    return surface.metric.view(3, -1)[:, texel_of(places, surface.atlas.size)]


def _on_skin(frame: Tensor, way: Tensor) -> Tensor:
    """[N, 2] metres along tangent and bitangent that ways [N, 2] in texture coordinates take; see `Surface.metric`."""
    a, b, c = frame.unbind(0)
    return torch.stack(((way[:, 0] + b * way[:, 1]) / a, way[:, 1] / c), dim=1)


def _in_layout(frame: Tensor, way: Tensor) -> Tensor:
    """The inverse of `_on_skin`."""
    a, b, c = frame.unbind(0)
    rise = way[:, 1] * c
    return torch.stack((way[:, 0] * a - b * rise, rise), dim=1)


# ------------------------------------------------------------------------------------------------- drawing


def shows_fine(surface: Surface, size: int) -> bool:
    """Whether maps of `size` texels a side show branches and parallels of creases."""
    return surface.typical_density * size > 1.0 / _FINEST


def draw_creases(lines: Creases, surface: Surface, size: int, generator: torch.Generator) -> list[Patch]:
    """Their height as patches of maps of `size` texels a side."""
    seed = int(torch.randint(2**62, (1,), generator=generator))
    points = [ribbons(lines, surface, size, torch.Generator().manual_seed(seed), kind) for kind in KINDS]
    return drop(points, lines.depth, size)


def ribbons(lines: Creases, surface: Surface, size: int, generator: torch.Generator, kind: int) -> Tensor:
    """What creases of any depth are drawn with on maps of `size` texels a side.

    Returns:
        [4, M] of those of one kind: column and row of a point in texels, the height that it stands for times its area
        in texels if the crease were one metre deep, and the crease's index, which only grows.
    """
    least, most, _ = _WIDTHS[kind]
    chosen = ((lines.width >= least) & (lines.width < most) & (lines.depth != 0.0)).nonzero()[:, 0]
    table = torch.randn(_TABLE, generator=generator)
    start = torch.rand(len(lines.depth), generator=generator) * _TABLE
    if not len(chosen):
        return torch.empty(4, 0)
    drawn = _ribbons(lines.of(chosen), surface, _side(size, kind), table, start[chosen])
    drawn[3] = chosen.float()[drawn[3].long()]
    return drawn


def drop(points: Sequence[Tensor], depth: Tensor, size: int) -> list[Patch]:
    """Patches of maps of `size` texels a side: what `ribbons` [4, M] of every kind give for depths [N]."""
    sharp, *broad = (_dropped(found, depth, _side(size, kind)) for kind, found in zip(KINDS, points, strict=True))
    patches = []
    if sharp is not None:
        height, window = _enlarged(*sharp, size // _side(size, 0))
        patches.append(Patch(window, height=height))
    # Points that lie too far apart leave ripples in what is broad, which the filter takes out.
    side = _side(size, 1)
    smooth = [
        _enlarged(_smoothed(one[0], kind), one[1], side // _side(size, kind))
        for kind, one in zip(KINDS[1:], broad, strict=True)
        if one is not None
    ]
    if smooth:
        valley, window = _enlarged(*_added(smooth), size // side)
        patches.append(Patch(window, valley=valley))
    return patches


def _dropped(points: Tensor, depth: Tensor, side: int) -> tuple[Tensor, Window] | None:
    """A window of a map of a side, from points [4, M] of one kind; None where none is of any depth."""
    deep = depth.index_select(0, points[3].int())
    if not bool(deep.all()):
        drawn = deep.nonzero()[:, 0]
        points, deep = points[:, drawn], deep[drawn]
    return _drop(points[:2], points[2] * deep, side) if len(deep) else None


def _added(images: Sequence[tuple[Tensor, Window]]) -> tuple[Tensor, Window]:
    """The sum of windows of one map."""
    spans = [(window.rows, window.columns) for _, window in images]
    rows, columns = ((min(span[way][0] for span in spans), max(span[way][1] for span in spans)) for way in (0, 1))
    whole = Window(rows, columns)
    total = torch.zeros(whole.shape)
    for image, window in images:
        (top, bottom), (left, right) = window.rows, window.columns
        total[top - rows[0] : bottom - rows[0], left - columns[0] : right - columns[0]] += image
    return total, whole


def _smoothed(image: Tensor, times: int) -> Tensor:
    """[h, w] means over 3 x 3 texels, and again."""
    for _ in range(times):
        image = avg_pool2d(image[None, None], 3, 1, 1)[0, 0]
    return image


def _side(size: int, kind: int) -> int:
    side = size
    for _, _, most in _WIDTHS[: kind + 1]:
        side = coarser(side, most)
    return side


def _ribbons(lines: Creases, surface: Surface, side: int, table: Tensor, start: Tensor) -> Tensor:
    """[4, M] as `ribbons` gives it, of creases of one kind."""
    shape = on_curve(lines.points[:, None], torch.linspace(0.0, 1.0, _SAMPLES).expand(len(start), -1))
    steps = shape.diff(dim=1)
    whole = shape[:, -1] - shape[:, 0]
    texels = steps.norm(dim=2).sum(dim=1) * side
    metres = _on_skin(_frame(surface, shape[:, _SAMPLES // 2]), whole).norm(dim=1)
    metres = metres * texels / (whole.norm(dim=1) * side).clamp_min(1e-9)
    count = (texels / _SPACING).ceil().long().clamp_min(4)
    line = torch.repeat_interleave(torch.arange(len(count)), count)
    share = (torch.arange(len(line)) - (count.cumsum(0) - count)[line] + 0.5) / count[line]
    curves, (width, sway, broken, swelling, lean, begin, long) = (
        lines.points[line],
        torch.stack((lines.width, lines.sway, lines.broken, lines.swelling, lines.lean, start, metres))[:, line],
    )

    place, ahead = on_curve(curves, share), _direction(curves, share)
    frame = _frame(surface, place)
    forward = _on_skin(frame, ahead)
    aside = torch.stack((-forward[:, 1], forward[:, 0]), dim=1) / forward.norm(dim=1, keepdim=True).clamp_min(1e-9)
    across = _in_layout(frame, aside)

    course = _along(table, begin + _SHIFTS[:, None] + share * long / _CELLS[:, None])
    middle = place + (sway * (course[0] + 0.15 * course[1]))[:, None] * across
    ends = _SOFT_ENDS if float(lines.width[0]) >= _WIDTHS[1][0] else _ENDS
    depth = torch.sin(math.pi * share) ** ends * (0.85 + 0.3 * course[2]).clamp_(0.25, 1.3)
    kept = smooth_step(course[3] + 1.8 - 3.6 * broken, -0.4, 0.5)
    # Where the layout is squeezed or drawn out, as in the corners of the mouth, points would lie too far apart.
    stretched = frame[[0, 2]].amax(dim=0) / surface.typical_density
    kept = kept * (1.0 - smooth_step(stretched, *_STRETCHED))
    width = width * (0.85 + 0.2 * course[4]).clamp_(0.5, 1.4)
    lean = (lean + 0.4 * course[5] * (1.0 - lean.abs())).clamp_(-1.0, 1.0)  # one of the shoulders is the higher one
    area = (ahead[:, 0] * across[:, 1] - ahead[:, 1] * across[:, 0]).abs() * (side * side) / count[line]

    # Where the layout squeezes a few of them they get sparser, rather than all the others denser.
    texels = width * side * torch.linalg.vector_norm(across, dim=1)
    some = texels[:: 1 + len(texels) // 256].sort().values
    widest = float(some[int(_WIDEST * len(some))])
    number = max(6, math.ceil(2.0 * _REACH * widest / _SPACING))
    offset = ((torch.arange(number) + 0.5) / number * 2.0 - 1.0) * _REACH
    weight = depth * kept * area * width * (2.0 * _REACH / number)
    beside = weight * swelling
    heights = torch.stack((weight, beside, beside * lean), dim=1) @ _profile(offset)
    reach = across * (width * side)[:, None]
    found = torch.empty(4, len(line), number)
    torch.addcmul((middle[:, 0] * side - 0.5)[:, None], reach[:, :1], offset, out=found[0])
    torch.addcmul(((1.0 - middle[:, 1]) * side - 0.5)[:, None], reach[:, 1:], offset, value=-1.0, out=found[1])
    found[2], found[3] = heights, line[:, None]
    return found.view(4, -1)


def _profile(offset: Tensor) -> Tensor:
    """[3, J] at widths from the middle: a groove of depth 1, skin that swells beside it, and a lean to one side."""
    away = offset.abs()
    groove = -torch.exp(-1.1 * away**1.3) * smooth_step(-away, -_REACH, -0.6 * _REACH)
    side = torch.exp(-(((away - _SHOULDER) / 0.6) ** 2)) * smooth_step(-away, -_REACH, -0.8 * _REACH)
    return torch.stack((groove, side, side * offset.sign()))


def _along(table: Tensor, place: Tensor) -> Tensor:
    """[M] smooth noise along a line: deviation about 1."""
    low = place.floor()
    share = place - low
    first = low.long()
    return torch.lerp(
        table[first.remainder(len(table))],
        table[(first + 1).remainder(len(table))],
        share * share * (3.0 - 2.0 * share),
    )


def _drop(places: Tensor, weights: Tensor, side: int) -> tuple[Tensor, Window]:
    """The sum of weights [M] at texels [2, M], each shared among its four texels, and its window of the map."""
    places = places.clamp(0.0, side - 1.001)
    corner = places.floor()
    share = places - corner
    low, high = corner.amin(dim=1).long().tolist(), corner.amax(dim=1).long().tolist()
    left, top, width, height = low[0], low[1], high[0] - low[0] + 2, high[1] - low[1] + 2
    index = ((corner[1] - top) * width + (corner[0] - left)).long()
    image = torch.zeros(height * width)
    below = weights * share[1]
    above = weights - below
    for step, row in ((0, above), (width, below)):
        right = row * share[0]
        image.index_add_(0, index + step, row - right)
        image.index_add_(0, index + (step + 1), right)
    return image.view(height, width), Window((top, top + height), (left, left + width))


def _enlarged(height: Tensor, window: Window, factor: int) -> tuple[Tensor, Window]:
    """A window of a smaller map as one of a larger map; bicubic, so that slopes are smooth too."""
    (top, bottom), (left, right) = window.rows, window.columns
    if factor > 1:
        height = interpolate(height[None, None], scale_factor=float(factor), mode="bicubic", align_corners=False)[0, 0]
    return height, Window((top * factor, bottom * factor), (left * factor, right * factor))
