"""The white of the eye: its colour on the ball, and the veins that run over it towards the iris.

Distances from the eye's axis are given in radii of the iris. Colours are linear Rec. 709.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.marks import coverage, splat

VEINS_REACH: Final = 3.6
"""Radius at the edge of the veins' chart, 1 is the iris'."""

_Span = tuple[float, float]
"""Where something fades in: 0 up to the first value, 1 from the second on, smooth between."""

_Colour = tuple[float, float, float]

_SHORTEST: Final = 1e-6  # radii of the iris: guards divisions by a length


# --------------------------------------------------------------------------------------------------- anatomy


@dataclass(frozen=True)
class _WhiteLook:
    """The white where nothing else is.

    Attributes:
        colour: of the young with light skin.
        aged: what a long life takes from it.
        melanin: what `skin.melanin` of 1 takes from it.
        clouds: unevenness of its brightness.
        cloud_cells: independent values of that unevenness, a side.
        cloud_reach: half of the side of these, over the reach of the veins.
        unmixing: interpolation takes about a quarter of the spread of random values.
    """

    colour: _Colour = (0.610, 0.548, 0.512)
    aged: _Colour = (0.04, 0.075, 0.150)
    melanin: _Colour = (0.06, 0.10, 0.16)
    clouds: float = 0.035
    cloud_cells: int = 22
    cloud_reach: float = 1.1
    unmixing: float = 1.3


@dataclass(frozen=True)
class _PinkLook:
    """Pink in the corners of the eye, and everywhere in red eyes.

    Attributes:
        colour: of blood below the white.
        corners: radii over which the corners' pink grows.
        upright: fraction of that pink above and below the iris.
        nose: what the corner at the nose has more.
        nose_radii: radii over which that grows.
        strength, strength_of_red: of the corners' pink, and what it gains in red eyes.
        clouds: its unevenness.
        flush, flush_clouds: pink of red eyes everywhere, and the unevenness of that.
        flush_radii: radii over which that grows.
        most: of the white that pink hides.
    """

    colour: _Colour = (0.64, 0.31, 0.26)
    corners: _Span = (1.05, 2.15)
    upright: float = 0.22
    nose: float = 0.30
    nose_radii: _Span = (1.2, 1.9)
    strength: float = 0.33
    strength_of_red: float = 0.30
    clouds: float = 0.20
    flush: float = 0.46
    flush_clouds: float = 0.16
    flush_radii: _Span = (0.95, 1.7)
    most: float = 0.75


@dataclass(frozen=True)
class _PingueculaLook:
    """The yellowish thickening beside an ageing iris, on the nose's side.

    Attributes:
        colour: of the thickening.
        radius: of its middle.
        half_width, half_height: radii of the iris.
        strength, strength_spread: of the faintest, and from there to the strongest.
    """

    colour: _Colour = (0.66, 0.53, 0.30)
    radius: float = 1.42
    half_width: float = 0.20
    half_height: float = 0.26
    strength: float = 0.25
    strength_spread: float = 0.30


@dataclass(frozen=True)
class _BloodLook:
    """How veins are seen.

    Attributes:
        colour: of a vein.
        strength, strength_of_red: fraction of the white that a vein hides, and what red eyes add.
        depth: factor on the veins' optical depth.
        blush: fraction of that depth that reddens the surroundings: what lies too deep to be seen as a line.
        blush_cells: squares of the chart, a side, that are reddened evenly.
        samples: points per texel along a vein of the typical length.
    """

    colour: _Colour = (0.46, 0.075, 0.060)
    strength: float = 0.78
    strength_of_red: float = 0.18
    depth: float = 2.0
    blush: float = 0.45
    blush_cells: int = 100
    samples: float = 1.1


@dataclass(frozen=True)
class _WindingLook:
    """One kind of windings of a vein: how many independent values there are along it, and their spread."""

    knots: int
    height: float


@dataclass(frozen=True)
class _TrunkLook:
    """Veins from the corners, mostly, that wander towards the iris and get thinner.

    Attributes:
        most: how many there are in a red eye.
        steps: points along each.
        length: the typical one.
        present: fraction of them that a healthy eye has.
        fan: radians that they lie above or below the corners at most, twice.
        begin: radius where they begin.
        run, run_spread: how far the shortest run towards the iris, and what the longest run more.
        wander_out, wander_around: unevenness of the radius, and radians of unevenness around the iris.
        nearest: radius that they do not pass.
        width: at the beginning of a trunk: about 0.15 mm.
        narrow, narrow_spread: factors on the width of the finest, and from there to the widest.
        filled: what irritated eyes add to the width: they do not grow veins, theirs fill.
        taper: fraction of the width that is lost towards the iris.
    """

    most: int = 26
    steps: int = 48
    length: float = 2.6
    present: float = 0.6
    fan: float = 1.2
    begin: float = 3.3
    run: float = 1.55
    run_spread: float = 0.66
    wander_out: float = 0.09
    wander_around: float = 0.13
    nearest: float = 1.14
    width: float = 0.0260
    narrow: float = 0.35
    narrow_spread: float = 0.85
    filled: float = 0.9
    taper: float = 0.75


@dataclass(frozen=True)
class _Generation:
    """Veins that leave those of the generation before: how many leave each, points along each, typical length."""

    count: int
    steps: int
    length: float


@dataclass(frozen=True)
class _BranchLook:
    """Branches of veins.

    Attributes:
        first, span: where along its parent the first may leave, and the part of the parent from there to the last.
        length, length_spread: of the shortest, and from there to the longest.
        aside: how far it leads to one side, over its length.
        bends_back: fraction of that by which it bends back at its end.
        wander: its windings' height over its length.
        nearest: radius that none passes: none reaches over the iris.
        width: over the parent's.
        taper: fraction of the width that is lost towards its end.
    """

    first: float = 0.10
    span: float = 0.75
    length: float = 0.30
    length_spread: float = 0.65
    aside: float = 0.36
    bends_back: float = 0.35
    wander: float = 0.09
    nearest: float = 1.12
    width: float = 0.62
    taper: float = 0.8


_WHITE: Final = _WhiteLook()
_PINK: Final = _PinkLook()
_PINGUECULA: Final = _PingueculaLook()
_BLOOD: Final = _BloodLook()
_WINDINGS: Final = (_WindingLook(knots=5, height=1.0), _WindingLook(knots=13, height=0.28))
_TRUNK: Final = _TrunkLook()
_BRANCH: Final = _BranchLook()
_GENERATIONS: Final = (_Generation(count=3, steps=20, length=0.8), _Generation(count=2, steps=12, length=0.7))


# --------------------------------------------------------------------------------------------------- colour


@dataclass(frozen=True)
class ScleraLook:
    """One person's white of one eye.

    Attributes:
        white: [3] its colour where nothing else is.
        redness: 0..1.
        old: 0 for the young, 1 for the very old.
        inward: -1 where the nose lies on the person's right of the eye, 1 where on the left.
    """

    white: Tensor
    redness: float
    old: float
    inward: float


def white_of(old: float, melanin: float | Tensor) -> Tensor:
    """Return the [3] colour of a white that is never quite white; [..., 3] for melanins [..., 1]."""
    return torch.tensor(_WHITE.colour) - old * torch.tensor(_WHITE.aged) - melanin * torch.tensor(_WHITE.melanin)


def sclera_colour(look: ScleraLook, place: Tensor, generator: torch.Generator) -> Tensor:
    """Return the [3, H, W] colour without veins.

    Args:
        look: the person's.
        place: [2, H, W] away from the iris' middle, to the person's left and up; its length is the angle off the axis,
            1 at the limbus.
        generator: of what is uneven.
    """
    reach = (place[0] * place[0] + place[1] * place[1]).sqrt()
    clouds = _clouds(place, generator)
    colour = look.white[:, None, None] * (1.0 + _WHITE.clouds * clouds[:1])
    amount = _pink_amount(look, place, reach, clouds[1])
    colour = torch.lerp(colour, torch.tensor(_PINK.colour)[:, None, None], amount)
    across, up = place[0] - _PINGUECULA.radius * look.inward, place[1]
    spot = (across / _PINGUECULA.half_width) ** 2 + (up / _PINGUECULA.half_height) ** 2
    strength = _PINGUECULA.strength + _PINGUECULA.strength_spread * float(torch.rand(1, generator=generator))
    yellow = torch.tensor(_PINGUECULA.colour)[:, None, None]
    return torch.lerp(colour, yellow, strength * look.old * torch.exp(-spot))


def _pink_amount(look: ScleraLook, place: Tensor, reach: Tensor, clouds: Tensor) -> Tensor:
    """Return [H, W] 0..1 how much pink there is at places [2, H, W] at radii [H, W]; clouds [H, W] are noise."""
    across = place[0] / reach.clamp_min(_SHORTEST)
    corner = smoothstep(reach, *_PINK.corners) * (_PINK.upright + (1.0 - _PINK.upright) * across * across)
    corner = corner + _PINK.nose * smoothstep(reach, *_PINK.nose_radii) * (look.inward * across).clamp_min(0.0)
    amount = corner * (_PINK.strength + _PINK.strength_of_red * look.redness) * (1.0 + _PINK.clouds * clouds)
    flush = look.redness * (_PINK.flush + _PINK.flush_clouds * clouds) * smoothstep(reach, *_PINK.flush_radii)
    return (amount + flush).clamp(0.0, _PINK.most)


def _clouds(place: Tensor, generator: torch.Generator) -> Tensor:
    """Return [2, H, W] smooth noise, deviation about 1."""
    lattice = torch.randn(1, 2, _WHITE.cloud_cells, _WHITE.cloud_cells, generator=generator)
    grid = (place / (_WHITE.cloud_reach * VEINS_REACH)).permute(1, 2, 0)[None]
    return _WHITE.unmixing * grid_sample(lattice, grid, padding_mode="border", align_corners=False)[0]


# --------------------------------------------------------------------------------------------------- veins


def lay_veins(colour: Tensor, veins: Tensor, redness: float) -> None:
    """Lay veins of coverage [H, W] over colours [H, W, 3], in place."""
    amount = veins[..., None] * (_BLOOD.strength + _BLOOD.strength_of_red * redness)
    colour.add_((torch.tensor(_BLOOD.colour) - colour).mul_(amount))


def look_up(chart: Tensor, place: Tensor) -> Tensor:
    """Return [H, W] values of a chart [S, S] at places [H, W, 2]; see `sclera_colour`."""
    grid = place * torch.tensor([1.0 / VEINS_REACH, -1.0 / VEINS_REACH])
    return grid_sample(chart[None, None], grid[None], padding_mode="border", align_corners=False)[0, 0]


def draw_veins(size: int, redness: float, generator: torch.Generator) -> Tensor:
    """Return the veins' [S, S] coverage on a chart that is seen from ahead and reaches to VEINS_REACH."""
    veins, lengths = [_trunks(redness, generator)], [_TRUNK.length]
    for generation in _GENERATIONS:
        veins.append(_branches(veins[-1], generation.count, generation.steps, generator))
        lengths.append(generation.length)
    drawn = [_sampled(vein, size, length) for vein, length in zip(veins, lengths, strict=True)]
    places, weights = torch.cat([places for places, _ in drawn]), torch.cat([weights for _, weights in drawn])
    depth = _BLOOD.depth * splat(size, places, weights)
    cells = max(1, size // _BLOOD.blush_cells)
    blush = interpolate(avg_pool2d(depth[None, None], cells), size=(size, size), mode="bilinear", align_corners=False)
    return coverage(depth + _BLOOD.blush * blush[0, 0])


@dataclass(frozen=True)
class _Veins:
    """N veins: [N, K, 2] paths on the chart, 1 is the iris' radius, and [N, K] widths."""

    paths: Tensor
    widths: Tensor


def _sampled(veins: _Veins, size: int, length: float) -> tuple[Tensor, Tensor]:
    """Return [M, 2] points along veins, in the chart's texture coordinates, and [M] their weights.

    Args:
        veins: the veins.
        size: texels a side of the chart.
        length: of a typical one, which decides how many points each has.
    """
    place = 0.5 + veins.paths * (0.5 / VEINS_REACH)
    steps = place.shape[1] - 1
    fine = max(1, math.ceil(_BLOOD.samples * length * size / (2.0 * VEINS_REACH * steps)))
    fraction = (torch.arange(fine) + 0.5) / fine
    dense = torch.lerp(place[:, :-1, None], place[:, 1:, None], fraction[:, None])
    x, y = place.diff(dim=1).unbind(-1)
    weights = veins.widths[:, :-1] * torch.hypot(x, y) * (0.5 / VEINS_REACH * size * size / fine)
    return dense.reshape(-1, 2), weights[:, :, None].expand(-1, -1, fine).reshape(-1)


def _trunks(redness: float, generator: torch.Generator) -> _Veins:
    """Return the veins that come from behind the eye."""
    random = torch.rand(_TRUNK.most, 6, generator=generator)
    wander = _wander(_TRUNK.most, _TRUNK.steps, generator)
    present = random[:, 0] < _TRUNK.present + (1.0 - _TRUNK.present) * redness
    random, wander = random[present], wander[present]
    turn = math.pi * (random[:, 1] > 0.5) + _TRUNK.fan * (random[:, 2] + random[:, 3] - 1.0)
    fraction = torch.linspace(0.0, 1.0, _TRUNK.steps)
    run = _TRUNK.run + _TRUNK.run_spread * random[:, 4:5]
    reach = _TRUNK.begin - run * fraction + _TRUNK.wander_out * wander[:, 0]
    turns = turn[:, None] + _TRUNK.wander_around * wander[:, 1]
    paths = reach.clamp_min(_TRUNK.nearest)[..., None] * torch.stack((turns.cos(), turns.sin()), dim=-1)
    narrow = _TRUNK.narrow + _TRUNK.narrow_spread * random[:, 5:] ** 2
    widths = (1.0 + _TRUNK.filled * redness) * _TRUNK.width * narrow * (1.0 - _TRUNK.taper * fraction)
    return _Veins(paths, widths)


def _wander(count: int, steps: int, generator: torch.Generator) -> Tensor:
    """Return [count, 2, steps] paths that begin at 0 and turn this way and that: in large and in small windings."""
    paths = torch.zeros(count, 2, steps)
    for winding in _WINDINGS:
        if winding.knots < steps:
            knots = torch.randn(count, 2, 1, winding.knots, generator=generator)
            curve = interpolate(knots, size=(1, steps), mode="bicubic", align_corners=True)[:, :, 0]
            paths += winding.height * curve
    ramp = torch.linspace(0.0, 1.0, steps)
    return (paths - paths[..., :1]) * ramp.sqrt()


def _branches(parents: _Veins, count: int, steps: int, generator: torch.Generator) -> _Veins:
    """Return `count` veins of so many steps off each parent, thinner and shorter, to one side and on to the iris."""
    number = len(parents.paths) * count
    random = torch.rand(number, 3, generator=generator)
    wander = _wander(number, steps, generator)
    parent = torch.arange(len(parents.paths)).repeat_interleave(count)
    step = ((_BRANCH.first + _BRANCH.span * random[:, 0]) * (parents.paths.shape[1] - 2)).long()
    start, onward = parents.paths[parent, step], parents.paths[parent, step + 1] - parents.paths[parent, step]
    onward = onward / onward.norm(dim=1, keepdim=True).clamp_min(_SHORTEST)
    aside = torch.stack((-onward[:, 1], onward[:, 0]), dim=1) * torch.where(random[:, 1:2] > 0.5, 1.0, -1.0)
    fraction = torch.linspace(0.0, 1.0, steps)[None, :, None]
    length = (_BRANCH.length + _BRANCH.length_spread * random[:, 2])[:, None, None]
    spread = _BRANCH.aside * fraction * (1.0 - _BRANCH.bends_back * fraction)
    wobble = _BRANCH.wander * wander.permute(0, 2, 1) * length
    paths = start[:, None] + length * (fraction * onward[:, None] + spread * aside[:, None]) + wobble
    reach = torch.hypot(paths[..., :1], paths[..., 1:])
    paths = paths * (reach.clamp_min(_BRANCH.nearest) / reach.clamp_min(_SHORTEST))
    widths = _BRANCH.width * parents.widths[parent, step][:, None] * (1.0 - _BRANCH.taper * fraction[..., 0])
    return _Veins(paths, widths)
