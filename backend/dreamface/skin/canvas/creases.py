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

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.atlas import SkinSurface, coarser
from dreamface.skin.canvas.layer import Decal, Window
from dreamface.skin.canvas.marks import texel_of
from dreamface.units import MM

_FINEST: Final = 0.45 * MM  # size of a texel that shows branches and parallels
_SHORTEST: Final = 1e-9  # metres or tile lengths: guards divisions by a length
_SHORTEST_STEP: Final = 1e-12  # the same of steps that may be far shorter
_SEEDS: Final = 2**62


@dataclass(frozen=True)
class _Kind:
    """Creases of similar width, drawn on a map that is then enlarged.

    Attributes:
        from_mm, below_mm: widths.
        side: texels a side of the map at most.
        sharpness: of their ends: the depth goes with the sine of the way, to this power.
    """

    from_mm: float
    below_mm: float
    side: int
    sharpness: float


_KINDS: Final = (
    _Kind(from_mm=0.0, below_mm=1.2, side=2048, sharpness=0.8),
    _Kind(from_mm=1.2, below_mm=2.2, side=512, sharpness=1.5),
    _Kind(from_mm=2.2, below_mm=math.inf, side=256, sharpness=1.5),
)
"""Only the first kind is deep enough for its width to keep light out."""

KINDS: Final = range(len(_KINDS))


@dataclass(frozen=True)
class _Sampling:
    """How many points a crease is drawn with.

    Attributes:
        spacing: texels between points.
        least_along, least_across: points of the shortest and of the narrowest crease.
        to_measure: points along a curve that its length is measured by.
        wide: fraction of cross sections that are no wider than what the number of points across is meant for.
        sample: about how many cross sections are looked at for that.
        edge: texels that points keep from the far edges of the map.
        smoothing: texels a side that broad creases are averaged over.
    """

    spacing: float = 1.0
    least_along: int = 4
    least_across: int = 6
    to_measure: int = 16
    wide: float = 0.95
    sample: int = 256
    edge: float = 1.001
    smoothing: int = 3


@dataclass(frozen=True)
class _ProfileLook:
    """The cross section of a crease. Places are in widths of the crease, from its middle.

    Attributes:
        reach: how far it goes to either side.
        steepness, exponent: the depth falls as exp(-steepness * place ** exponent).
        groove_ends: fraction of the reach beyond which the groove fades out.
        shoulder, shoulder_width: place of the top of the swelling beside the groove, and its width.
        shoulder_ends: fraction of the reach beyond which the swelling fades out.
    """

    reach: float = 2.7
    steepness: float = 1.1
    exponent: float = 1.3
    groove_ends: float = 0.6
    shoulder: float = 1.55
    shoulder_width: float = 0.6
    shoulder_ends: float = 0.8


@dataclass(frozen=True)
class _CourseLook:
    """How a crease changes on its way. Cells are mm between independent values of noise along it.

    Attributes:
        sway_cell_mm, tremble_cell_mm: it sways to the sides, in wide and in small windings.
        tremble: height of the small windings over that of the wide ones.
        depth_cell_mm, depth, depth_varies, depth_limits: mean of the factor on its depth, its unevenness and limits.
        gap_cell_mm: of the noise that breaks it.
        gap_range: `broken` of 0 adds this to that noise, `broken` of 1 takes it away.
        present: values of the sum over which it appears.
        width_cell_mm, width, width_varies, width_limits: mean of the factor on its width, its unevenness and limits.
        lean_cell_mm, lean: one of the shoulders is the higher one, now this and now that.
        stretched: densities of the layout, over the usual one, over which creases fade out. Where the layout is
            squeezed or drawn out, as in the corners of the mouth, points would lie too far apart.
        table: independent values of the noise.
        table_shift: values from one of the noises to the next.
    """

    sway_cell_mm: float = 6.0
    tremble_cell_mm: float = 1.3
    tremble: float = 0.15
    depth_cell_mm: float = 7.0
    depth: float = 0.85
    depth_varies: float = 0.3
    depth_limits: tuple[float, float] = (0.25, 1.3)
    gap_cell_mm: float = 4.0
    gap_range: float = 1.8
    present: tuple[float, float] = (-0.4, 0.5)
    width_cell_mm: float = 7.0
    width: float = 0.85
    width_varies: float = 0.2
    width_limits: tuple[float, float] = (0.5, 1.4)
    lean_cell_mm: float = 7.0
    lean: float = 0.4
    stretched: tuple[float, float] = (2.5, 5.0)
    table: int = 1024
    table_shift: float = 100.0

    @property
    def cells_mm(self) -> tuple[float, ...]:
        """Those of sway, tremble, depth, gaps, width and lean."""
        return (
            self.sway_cell_mm,
            self.tremble_cell_mm,
            self.depth_cell_mm,
            self.gap_cell_mm,
            self.width_cell_mm,
            self.lean_cell_mm,
        )


@dataclass(frozen=True)
class _TwigLook:
    """Side branches of creases.

    Attributes:
        first, span: where along the crease the first may leave, and the part of the crease from there to the last.
        turn, turn_spread: radians of the sharpest turn, and from there to the widest.
        length, length_spread: factors on the typical length: of the shortest, and from there to the longest.
        presence: fraction of creases that have one.
        depth, width, sway, broken: over the crease's.
        more_broken: what is added to `broken`.
    """

    first: float = 0.15
    span: float = 0.7
    turn: float = 0.2
    turn_spread: float = 0.3
    length: float = 0.6
    length_spread: float = 0.8
    presence: float = 0.5
    depth: float = 0.5
    width: float = 0.8
    sway: float = 0.4
    broken: float = 0.5
    more_broken: float = 0.1


@dataclass(frozen=True)
class _ParallelLook:
    """Finer creases that run beside others.

    Attributes:
        places: fractions of the crease's way beside which the parallel's four points lie.
        width, sway: over the crease's.
        more_broken, most_broken: what is added to `broken`, and the upper limit of the sum.
    """

    places: tuple[float, float, float, float] = (0.12, 0.4, 0.65, 0.88)
    width: float = 0.75
    sway: float = 1.3
    more_broken: float = 0.35
    most_broken: float = 0.8


_SAMPLING: Final = _Sampling()
_PROFILE: Final = _ProfileLook()
_COURSE: Final = _CourseLook()
_TWIG: Final = _TwigLook()
_PARALLEL: Final = _ParallelLook()
_CELLS: Final = torch.tensor(_COURSE.cells_mm) * MM
_SHIFTS: Final = torch.arange(len(_CELLS)) * _COURSE.table_shift


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
        """Return those where a mask is true."""
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
    """Return creases along curves [N, P, 2] of P = 2, 3 or 4 control points.

    Each number is the same for all creases, or [N]; see `Creases`.
    """
    cubic_points = 4
    while points.shape[1] < cubic_points:  # raise the degree
        count = points.shape[1]
        fraction = (torch.arange(1, count) / count)[:, None]
        inner = fraction * points[:, :-1] + (1.0 - fraction) * points[:, 1:]
        points = torch.cat((points[:, :1], inner, points[:, -1:]), dim=1)
    numbers = (depth, width, sway, broken, swelling, lean)
    return Creases(points, *(torch.as_tensor(value).float().expand(len(points)) for value in numbers))


def together(*parts: Creases) -> Creases:
    """Return all creases of several lists."""
    return Creases(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Creases)))


def through(points: Tensor) -> Tensor:
    """Return [N, 4, 2] control points of the cubic Bezier curves that pass points [N, 4, 2] at 0, 1/3, 2/3 and 1."""
    first, second, third, last = points.unbind(1)
    inner = _control_point(first, second, third, last)
    outer = _control_point(last, third, second, first)
    return torch.stack((first, inner, outer, last), dim=1)


def _control_point(end: Tensor, near: Tensor, far: Tensor, far_end: Tensor) -> Tensor:
    """Return the control point next to an end, from the points that the curve passes, in their order from that end."""
    return (18.0 * near - 9.0 * far + 2.0 * far_end - 5.0 * end) / 6.0


def on_curve(points: Tensor, fraction: Tensor) -> Tensor:
    """Return [..., 2] where cubic Bezier curves [..., 4, 2] are at fractions [...] of their way."""
    rest = 1.0 - fraction
    square, rest_square = fraction * fraction, rest * rest
    middle, outer = 3.0 * rest_square * fraction, 3.0 * rest * square
    weights = torch.stack((rest_square * rest, middle, outer, square * fraction), dim=-1)
    return _weighted_sum(weights, points)


def _direction(points: Tensor, fraction: Tensor) -> Tensor:
    """Return [..., 2] the derivative of `on_curve` by the fraction."""
    rest = 1.0 - fraction
    weights = torch.stack((rest * rest, 2.0 * rest * fraction, fraction * fraction), dim=-1)
    return 3.0 * _weighted_sum(weights, points.diff(dim=-2))


def _weighted_sum(weights: Tensor, points: Tensor) -> Tensor:
    """Return [..., 2] the sum of points [..., P, 2] times weights [..., P].

    For many small sums this is faster than a matrix product.
    """
    total = weights[..., :1] * points[..., 0, :]
    for number in range(1, points.shape[-2]):
        total = torch.addcmul(total, weights[..., number, None], points[..., number, :])
    return total


def twigs(stems: Creases, surface: SkinSurface, generator: torch.Generator, length: float) -> Creases:
    """Return a side branch of each crease, about `length` metres long. Of half of them the depth is 0."""
    count = len(stems.depth)
    random = torch.rand(5, count, generator=generator)
    fraction = _TWIG.first + _TWIG.span * random[0]
    root = on_curve(stems.points, fraction)
    turn = (random[1] - 0.5).sign() * (_TWIG.turn + _TWIG.turn_spread * random[2])
    ahead = _unit_step(surface, root, _direction(stems.points, fraction), turn)
    far = length * (_TWIG.length + _TWIG.length_spread * random[3])[:, None]
    along = ahead * torch.where(random[0] > 0.5, -1.0, 1.0)[:, None]
    points = torch.stack((root, root + 0.5 * far * along, root + far * along), dim=1)
    return creases(
        points,
        _TWIG.depth * stems.depth * (random[4] < _TWIG.presence),
        _TWIG.width * stems.width,
        sway=_TWIG.sway * stems.sway,
        broken=_TWIG.broken * stems.broken + _TWIG.more_broken,
    )


def beside(line: Creases, surface: SkinSurface, away: Tensor, depth: float) -> Creases:
    """Return parallels `away` [N] metres beside creases, `depth` times as deep, more broken and finer."""
    fraction = torch.tensor(_PARALLEL.places).expand(len(away), -1)
    stems = line.points[:, None]
    place, ahead = on_curve(stems, fraction).view(-1, 2), _direction(stems, fraction).view(-1, 2)
    step = _unit_step(surface, place, ahead, torch.full((len(place),), 0.5 * math.pi))
    moved = place.view(-1, 4, 2) + away[:, None, None] * step.view(-1, 4, 2)
    return creases(
        through(moved),
        depth * line.depth,
        _PARALLEL.width * line.width,
        sway=_PARALLEL.sway * line.sway,
        broken=(line.broken + _PARALLEL.more_broken).clamp(max=_PARALLEL.most_broken),
        swelling=line.swelling,
    )


def _unit_step(surface: SkinSurface, places: Tensor, direction: Tensor, turn: Tensor) -> Tensor:
    """Return [N, 2] texture coordinates per metre on the skin, in given directions.

    Args:
        surface: the skin.
        places: [N, 2] texture coordinates.
        direction: [N, 2] in texture coordinates, of any length.
        turn: [N] radians to the left of it.
    """
    frame = _frame(surface, places)
    forward = _on_skin(frame, direction)
    forward = forward / forward.norm(dim=1, keepdim=True).clamp_min(_SHORTEST_STEP)
    cosine, sine = turn.cos(), turn.sin()
    x, y = forward.unbind(1)
    return _in_layout(frame, torch.stack((cosine * x - sine * y, sine * x + cosine * y), dim=1))


def _frame(surface: SkinSurface, places: Tensor) -> Tensor:
    """Return [3, N] the metric at texture coordinates [N, 2]."""
    return surface.metric.view(3, -1)[:, texel_of(places, surface.atlas.size)]


def _on_skin(frame: Tensor, way: Tensor) -> Tensor:
    """Return [N, 2] metres along tangent and bitangent of steps [N, 2] in the layout; see `SkinSurface.metric`."""
    a, b, c = frame.unbind(0)
    return torch.stack(((way[:, 0] + b * way[:, 1]) / a, way[:, 1] / c), dim=1)


def _in_layout(frame: Tensor, way: Tensor) -> Tensor:
    """Return [N, 2] ways in texture coordinates of metres [N, 2] on the skin: the inverse of `_on_skin`."""
    a, b, c = frame.unbind(0)
    rise = way[:, 1] * c
    return torch.stack((way[:, 0] * a - b * rise, rise), dim=1)


# ------------------------------------------------------------------------------------------------- drawing


def shows_fine(surface: SkinSurface, size: int) -> bool:
    """Return whether maps of `size` texels a side show branches and parallels of creases."""
    return surface.typical_density * size > 1.0 / _FINEST


def draw_creases(lines: Creases, surface: SkinSurface, size: int, generator: torch.Generator) -> list[Decal]:
    """Draw the creases' height as decals of maps of `size` texels a side."""
    seed = int(torch.randint(_SEEDS, (1,), generator=generator))
    points = [ribbons(lines, surface, size, torch.Generator().manual_seed(seed), kind) for kind in KINDS]
    return drop(points, lines.depth, size)


def ribbons(
    lines: Creases,
    surface: SkinSurface,
    size: int,
    generator: torch.Generator,
    kind: int,
    begin: Tensor | None = None,
) -> Tensor:
    """Return the points that creases of one kind are drawn with on maps of `size` texels a side.

    Args:
        lines: N creases.
        surface: the skin.
        size: of the maps.
        generator: of the noise along creases.
        kind: index into `_KINDS`.
        begin: [N] 0..1 where each begins in that noise; None draws it.

    Returns:
        [4, M]: column and row of a point in texels, the height that it stands for times its area
        in texels if the crease were one metre deep, and the crease's index, which only grows.
    """
    least, most = _KINDS[kind].from_mm * MM, _KINDS[kind].below_mm * MM
    chosen = ((lines.width >= least) & (lines.width < most) & (lines.depth != 0.0)).nonzero()[:, 0]
    table = torch.randn(_COURSE.table, generator=generator)
    start = torch.rand(len(lines.depth), generator=generator) if begin is None else begin
    start = start * _COURSE.table
    if not len(chosen):
        return torch.empty(4, 0)
    points = _ribbons(lines.of(chosen), surface, _side(size, kind), _KINDS[kind].sharpness, table, start[chosen])
    points[3] = chosen.float()[points[3].long()]
    return points


def drop(points: Sequence[Tensor], depth: Tensor, size: int) -> list[Decal]:
    """Return decals of maps of `size` texels a side.

    Args:
        points: [4, M] of each kind, from `ribbons`.
        depth: [N] of the creases, metres.
        size: of the maps.
    """
    sharp, *broad = (_dropped(of_kind, depth, _side(size, kind)) for kind, of_kind in zip(KINDS, points, strict=True))
    decals = []
    if sharp is not None:
        height, window = _enlarged(*sharp, size // _side(size, 0))
        decals.append(Decal(window, height=height))
    # Points that lie too far apart leave ripples in what is broad, which the filter takes out.
    side = _side(size, 1)
    smooth = [
        _enlarged(_smoothed(dropped[0], kind), dropped[1], side // _side(size, kind))
        for kind, dropped in zip(KINDS[1:], broad, strict=True)
        if dropped is not None
    ]
    if smooth:
        valley, window = _enlarged(*_added(smooth), size // side)
        decals.append(Decal(window, valley=valley))
    return decals


def _dropped(points: Tensor, depth: Tensor, side: int) -> tuple[Tensor, Window] | None:
    """Return a window of a map and its height, from points [4, M] of one kind; None where no crease has any depth."""
    deep = depth.index_select(0, points[3].int())
    if not bool(deep.all()):
        drawn = deep.nonzero()[:, 0]
        points, deep = points[:, drawn], deep[drawn]
    return _drop(points[:2], points[2] * deep, side) if len(deep) else None


def _added(images: Sequence[tuple[Tensor, Window]]) -> tuple[Tensor, Window]:
    """Return the sum of windows of one map."""
    spans = [(window.rows, window.columns) for _, window in images]
    rows, columns = ((min(span[way][0] for span in spans), max(span[way][1] for span in spans)) for way in (0, 1))
    whole = Window(rows, columns)
    total = torch.zeros(whole.shape)
    for image, window in images:
        (top, bottom), (left, right) = window.rows, window.columns
        total[top - rows[0] : bottom - rows[0], left - columns[0] : right - columns[0]] += image
    return total, whole


def _smoothed(image: Tensor, times: int) -> Tensor:
    """Return [h, w] means over neighbouring texels, several times over."""
    for _ in range(times):
        image = avg_pool2d(image[None, None], _SAMPLING.smoothing, stride=1, padding=_SAMPLING.smoothing // 2)[0, 0]
    return image


def _side(size: int, kind: int) -> int:
    """Return the texels a side of the map that creases of a kind are drawn on, for maps of `size`."""
    side = size
    for finer in _KINDS[: kind + 1]:
        side = coarser(side, finer.side)
    return side


@dataclass(frozen=True)
class _Sections:
    """Cross sections of creases, M of them, a texel apart.

    Attributes:
        line: [M] index of the crease.
        middle: [M, 2] texture coordinates.
        across: [M, 2] texture coordinates per metre on the skin, to the left of the crease.
        width: [M] metres.
        weight: [M] depth, of a crease that is 1 deep, times area in texels per metre of the crease's width.
        swelling, lean: [M] see `Creases`.
    """

    line: Tensor
    middle: Tensor
    across: Tensor
    width: Tensor
    weight: Tensor
    swelling: Tensor
    lean: Tensor


def _ribbons(lines: Creases, surface: SkinSurface, side: int, sharpness: float, table: Tensor, start: Tensor) -> Tensor:
    """Return [4, M] as `ribbons` does, of creases of one kind.

    Args:
        lines: N creases.
        surface: the skin.
        side: of the map, texels.
        sharpness: of the creases' ends.
        table: values of the noise along creases.
        start: [N] where each crease begins in it.
    """
    sections = _sections(lines, surface, side, sharpness, table, start)
    offset = _offsets(sections, side)
    count = len(offset)
    weight = sections.weight * sections.width * (2.0 * _PROFILE.reach / count)
    shoulder = weight * sections.swelling
    heights = torch.stack((weight, shoulder, shoulder * sections.lean), dim=1) @ _profile(offset)
    reach, middle = sections.across * (sections.width * side)[:, None], sections.middle
    points = torch.empty(4, len(weight), count)
    torch.addcmul((middle[:, 0] * side - 0.5)[:, None], reach[:, :1], offset, out=points[0])
    torch.addcmul(((1.0 - middle[:, 1]) * side - 0.5)[:, None], reach[:, 1:], offset, value=-1.0, out=points[1])
    points[2], points[3] = heights, sections.line[:, None]
    return points.view(4, -1)


def _sections(
    lines: Creases, surface: SkinSurface, side: int, sharpness: float, table: Tensor, start: Tensor
) -> _Sections:
    """Return the cross sections of creases of one kind; see `_ribbons` for the arguments."""
    texels, metres = _measure(lines, surface, side)
    count = (texels / _SAMPLING.spacing).ceil().long().clamp_min(_SAMPLING.least_along)
    line = torch.repeat_interleave(torch.arange(len(count)), count)
    fraction = (torch.arange(len(line)) - (count.cumsum(0) - count)[line] + 0.5) / count[line]
    curves, (width, sway, broken, swelling, lean, begin, length) = (
        lines.points[line],
        torch.stack((lines.width, lines.sway, lines.broken, lines.swelling, lines.lean, start, metres))[:, line],
    )
    place, ahead = on_curve(curves, fraction), _direction(curves, fraction)
    frame = _frame(surface, place)
    forward = _on_skin(frame, ahead)
    aside = torch.stack((-forward[:, 1], forward[:, 0]), dim=1)
    across = _in_layout(frame, aside / forward.norm(dim=1, keepdim=True).clamp_min(_SHORTEST))

    noises = _along(table, begin + _SHIFTS[:, None] + fraction * length / _CELLS[:, None])
    swaying, trembling, deeper, whole, wider, leaning = noises.unbind(0)
    depth = torch.sin(math.pi * fraction) ** sharpness
    depth = depth * (_COURSE.depth + _COURSE.depth_varies * deeper).clamp_(*_COURSE.depth_limits)
    present = smoothstep(whole + _COURSE.gap_range - 2.0 * _COURSE.gap_range * broken, *_COURSE.present)
    stretched = frame[[0, 2]].amax(dim=0) / surface.typical_density
    present = present * (1.0 - smoothstep(stretched, *_COURSE.stretched))
    area = (ahead[:, 0] * across[:, 1] - ahead[:, 1] * across[:, 0]).abs() * (side * side) / count[line]
    return _Sections(
        line=line,
        middle=place + (sway * (swaying + _COURSE.tremble * trembling))[:, None] * across,
        across=across,
        width=width * (_COURSE.width + _COURSE.width_varies * wider).clamp_(*_COURSE.width_limits),
        weight=depth * present * area,
        swelling=swelling,
        lean=(lean + _COURSE.lean * leaning * (1.0 - lean.abs())).clamp_(-1.0, 1.0),
    )


def _measure(lines: Creases, surface: SkinSurface, side: int) -> tuple[Tensor, Tensor]:
    """Return [N] lengths of creases in texels of a map of a side, and [N] in metres."""
    fractions = torch.linspace(0.0, 1.0, _SAMPLING.to_measure).expand(len(lines.depth), -1)
    shape = on_curve(lines.points[:, None], fractions)
    whole = shape[:, -1] - shape[:, 0]
    texels = shape.diff(dim=1).norm(dim=2).sum(dim=1) * side
    metres = _on_skin(_frame(surface, shape[:, _SAMPLING.to_measure // 2]), whole).norm(dim=1)
    return texels, metres * texels / (whole.norm(dim=1) * side).clamp_min(_SHORTEST)


def _offsets(sections: _Sections, side: int) -> Tensor:
    """Return [J] places across the creases, in widths from their middle, of the points on a map of a side.

    Where the layout squeezes a few cross sections, their points get sparser, rather than all the others denser.
    """
    texels = sections.width * side * torch.linalg.vector_norm(sections.across, dim=1)
    sample = texels[:: 1 + len(texels) // _SAMPLING.sample].sort().values
    widest = float(sample[int(_SAMPLING.wide * len(sample))])
    count = max(_SAMPLING.least_across, math.ceil(2.0 * _PROFILE.reach * widest / _SAMPLING.spacing))
    return ((torch.arange(count) + 0.5) / count * 2.0 - 1.0) * _PROFILE.reach


def _profile(offset: Tensor) -> Tensor:
    """Return [3, J] heights at places [J], in widths from the middle of a crease.

    Row 0 is a groove of depth 1, row 1 the skin that swells beside it, row 2 a lean to one side.
    """
    away, reach = offset.abs(), _PROFILE.reach
    groove = -torch.exp(-_PROFILE.steepness * away**_PROFILE.exponent)
    groove = groove * smoothstep(-away, -reach, -_PROFILE.groove_ends * reach)
    shoulder = torch.exp(-(((away - _PROFILE.shoulder) / _PROFILE.shoulder_width) ** 2))
    shoulder = shoulder * smoothstep(-away, -reach, -_PROFILE.shoulder_ends * reach)
    return torch.stack((groove, shoulder, shoulder * offset.sign()))


def _along(table: Tensor, place: Tensor) -> Tensor:
    """Return [...] smooth noise at places [...] along a table of independent values: deviation about 1."""
    low = place.floor()
    fraction = place - low
    first = low.long()
    return torch.lerp(
        table[first.remainder(len(table))],
        table[(first + 1).remainder(len(table))],
        fraction * fraction * (3.0 - 2.0 * fraction),
    )


def _drop(places: Tensor, weights: Tensor, side: int) -> tuple[Tensor, Window]:
    """Return the sum of weights [M] at places [2, M], each spread over its four texels, and its window of the map."""
    places = places.clamp(0.0, side - _SAMPLING.edge)
    corner = places.floor()
    fraction = places - corner
    low, high = corner.amin(dim=1).long().tolist(), corner.amax(dim=1).long().tolist()
    left, top, width, height = low[0], low[1], high[0] - low[0] + 2, high[1] - low[1] + 2
    index = ((corner[1] - top) * width + (corner[0] - left)).long()
    image = torch.zeros(height * width)
    below = weights * fraction[1]
    above = weights - below
    for step, row in ((0, above), (width, below)):
        right = row * fraction[0]
        image.index_add_(0, index + step, row - right)
        image.index_add_(0, index + (step + 1), right)
    return image.view(height, width), Window((top, top + height), (left, left + width))


def _enlarged(height: Tensor, window: Window, factor: int) -> tuple[Tensor, Window]:
    """Return a window of a smaller map as one of a larger map; bicubic, so that slopes are smooth too."""
    if factor > 1:
        height = interpolate(height[None, None], scale_factor=float(factor), mode="bicubic", align_corners=False)[0, 0]
    return height, window.scaled(factor)
