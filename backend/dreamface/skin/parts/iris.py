"""The iris on a polar chart: what lies between pupil and white, ring by ring and all around.

The stroma, the iris' visible tissue, has a coordinate of its own: 0 at the pupil's edge and 1 at the limbus. When a
pupil widens, fibres, collarette and furrows are pushed together, as they are in an eye. All sizes and colours are in
`iris_anatomy.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.atlas import ramp
from dreamface.skin.canvas.pigments import luminance
from dreamface.skin.parts.iris_anatomy import (
    ARCUS,
    BORDER,
    COLLARETTE,
    CRYPTS,
    FIBRES,
    FLECKS,
    FURROWS,
    PIGMENT,
    PUPIL,
    RELIEF,
    RIM,
    SHADE,
    THREADS,
    VEIL,
    BundleLook,
    Noise,
)

REACH: Final = 1.25
"""Radius at the chart's last row: 1 is where the iris seems to end, and what is beyond that is white."""

_RADIUS_M: Final = 5.9e-3  # metres; irises of all adults are nearly the same size
_WRAPPED: Final = 16  # columns that are repeated beyond each end of the chart: fibres bend less than that
_UNMIXING: Final = 1.3  # interpolation takes about a quarter of the spread of random values
_DIVISION_GUARD: Final = 1e-4


@dataclass(frozen=True)
class IrisLook:
    """One person's iris.

    Attributes:
        colour: [3] linear Rec. 709, as people see it.
        pupil: radius of the pupil, 1 is the iris'.
        old: 0 for the young, 1 for the very old.
        white: [3] the eyeball's colour around it.
    """

    colour: Tensor
    pupil: float
    old: float
    white: Tensor


@dataclass(frozen=True)
class IrisChart:
    """The painted iris, looked up by radius and angle.

    Attributes:
        image: [6, R, T + 2] colour and normal. The first and the last column repeat the other end's.
    """

    image: Tensor

    def at(self, radius: Tensor, turn: Tensor, turned: float = 0.0) -> tuple[Tensor, Tensor]:
        """Return [3, H, W] colours and [3, H, W] normals (to the person's left, up, ahead) at places [H, W].

        Args:
            radius: 1 is where the iris seems to end.
            turn: from the person's left upwards, -pi..pi.
            turned: how far the whole iris is turned that way, 0..2 pi.
        """
        columns = self.image.shape[-1]
        around = (turn + (math.pi - turned)).remainder(2.0 * math.pi) - math.pi if turned else turn
        grid = torch.stack((around * ((columns - 2) / (columns * math.pi)), radius * (2.0 / REACH) - 1.0), dim=-1)
        sampled = grid_sample(self.image[None], grid[None], padding_mode="border", align_corners=False)[0]
        colour, (left, up, ahead) = sampled[:3], sampled[3:]
        cosine, sine = math.cos(turned), math.sin(turned)
        return colour, torch.stack((cosine * left - sine * up, sine * left + cosine * up, ahead))


def pupil_radius(size: float, hole: float) -> float:
    """Return the pupil's radius, 1 is the iris', for `pupil.size`; it is at least the radius of the mesh's `hole`."""
    small, large = PUPIL.radii
    return max(small + (large - small) * size, hole)


def around_limbus(radius: Tensor, rim: Tensor, white: Tensor) -> Tensor:
    """Return [3, ...] colours across the limbus, from the iris' rim to the white of the eye.

    Args:
        radius: [...] 1 is where the iris seems to end.
        rim: [3, ...] colour of the iris there.
        white: [3, ...].
    """
    shade = torch.tensor(BORDER.shade).view(3, *[1] * radius.dim())
    bluish = torch.lerp(white, white * shade, 1.0 - smoothstep(radius, *BORDER.shade_ends))
    return torch.lerp(rim, bluish, smoothstep(radius, *BORDER.radii))


def rim_colour(look: IrisLook) -> Tensor:
    """Return the [3] colour of the dark ring around an iris."""
    grey = torch.full((3,), luminance(look.colour))
    return RIM.brightness * torch.lerp(look.colour, grey, RIM.greyness) + RIM.ground


def draw_iris(look: IrisLook, rows: int, columns: int, generator: torch.Generator) -> IrisChart:
    """Draw an iris on a chart of `rows` from the middle to REACH and `columns` all around."""
    polar = _Polar(look.pupil, rows, columns, generator)
    stroma = _draw_stroma(polar, look.old)
    colour = _paint(polar, look, stroma)
    relief = (
        RELIEF.fibres * stroma.fibres
        + RELIEF.collarette * stroma.collarette
        + RELIEF.crypts * stroma.crypts
        + RELIEF.furrows * stroma.furrows
    )
    within = smoothstep(polar.outward, *RELIEF.begins) * (1.0 - smoothstep(polar.radius, *RELIEF.ends))
    image = torch.cat((colour, unit_normals(polar.slopes(RELIEF.height_m * relief * within))))
    return IrisChart(pad(image[None], (1, 1, 0, 0), mode="circular")[0])


def unit_normals(slopes: Tensor) -> Tensor:
    """Return [3, H, W] normals from slopes [2, H, W]: rise per metre to the left and up."""
    upright = torch.rsqrt(1.0 + slopes[0] * slopes[0] + slopes[1] * slopes[1])
    return torch.stack((-slopes[0] * upright, -slopes[1] * upright, upright))


class _Polar:
    """The chart's coordinates, and noise on it.

    Attributes:
        rows, columns: R and T, the chart's size.
        generator: where the noise comes from.
        radius: [R, 1] 1 is where the iris seems to end.
        turn: [1, T] from the person's left upwards, -pi..pi.
        outward: [R, 1] place across the stroma, below 0 in the pupil and above 1 in the white.
        stroma: the same, limited to 0..1.
    """

    def __init__(self, pupil: float, rows: int, columns: int, generator: torch.Generator) -> None:
        self.rows, self.columns, self.generator = rows, columns, generator
        self.radius = ((torch.arange(rows) + 0.5) * (REACH / rows))[:, None]
        self.turn = ((torch.arange(columns) + 0.5) * (2.0 * math.pi / columns) - math.pi)[None, :]
        self.outward = (self.radius - pupil) / (1.0 - pupil)
        self.stroma = self.outward.clamp(0.0, 1.0)

    def noise(self, noise: Noise, scale: float = 1.0) -> Tensor:
        """Return [R, T] noise, or [1, T] where it only varies around; mean 0, deviation about amplitude * scale."""
        values = self.around(noise.rings + 1, noise.spokes)
        if noise.rings:
            values = self._interpolated(values, self.stroma[:, 0] * noise.rings)
        return values.mul_(noise.amplitude * scale)

    def around(self, count: int, spokes: int) -> Tensor:
        """Return `count` independent rows of noise around the iris: [count, T], mean 0, deviation about 1."""
        lattice = torch.randn(count, spokes, generator=self.generator)
        place = (torch.arange(self.columns) + 0.5) * (spokes / self.columns)
        spoke = place.long()
        weight = _fade(place - spoke)
        return _UNMIXING * torch.lerp(lattice[:, spoke], lattice[:, (spoke + 1) % spokes], weight)

    @staticmethod
    def _interpolated(lines: Tensor, place: Tensor) -> Tensor:
        """Return [R, T] between lines [K, T] at places [R] 0..K-1, as one product with the lines' weights."""
        away = (place[:, None] - torch.arange(len(lines))).abs()
        return _fade((1.0 - away).clamp_min(0.0)) @ lines

    def bent(self, image: Tensor, columns: Tensor) -> Tensor:
        """Return an image [R, T] looked up `columns` [R, T] further around."""
        wide = pad(image[None, None], (_WRAPPED, _WRAPPED, 0, 0), mode="circular")
        furthest = _WRAPPED - 1.0
        place = torch.arange(self.columns) + (_WRAPPED + 0.5) + columns.clamp(-furthest, furthest)
        across = place * (2.0 / wide.shape[-1]) - 1.0
        down = ((torch.arange(self.rows) + 0.5) * (2.0 / self.rows) - 1.0)[:, None].expand_as(across)
        return grid_sample(wide, torch.stack((across, down), dim=-1)[None], align_corners=False)[0, 0]

    def slopes(self, height: Tensor) -> Tensor:
        """Return [2, R, T] the rise of a height [R, T] in metres, per metre to the person's left and up."""
        step_out, step_around = _RADIUS_M * REACH / self.rows, _RADIUS_M * 2.0 * math.pi / self.columns
        outward = (pad(height[None], (0, 0, 1, 1), mode="replicate")[0].diff(dim=0)[1:]) / step_out
        along = (height.roll(-1, 1) - height) / (step_around * self.radius)
        cosine, sine = self.turn.cos(), self.turn.sin()
        return torch.stack((cosine * outward - sine * along, sine * outward + cosine * along))


def _fade(fraction: Tensor) -> Tensor:
    """Return the smooth step of a fraction 0..1."""
    return fraction * fraction * (3.0 - 2.0 * fraction)


def _bell(values: Tensor) -> Tensor:
    """Return nearly exp(-values^2), and 0 beyond 2: processors are slow at exponentials of very small results."""
    return (1.0 - 0.25 * values * values).clamp_min_(0.0).square_().square_()


# ------------------------------------------------------------------------------------------------------- relief


@dataclass(frozen=True)
class _Stroma:
    """The layers of the stroma, [R, T] each, 0..1.

    Attributes:
        ciliary: 0 inside the collarette, 1 outside.
        fibres: 0 between fibres, 1 on their crests.
        crypts: 1 in holes.
        furrows: 1 in contraction furrows.
        collarette: 1 on its crest.
    """

    ciliary: Tensor
    fibres: Tensor
    crypts: Tensor
    furrows: Tensor
    collarette: Tensor


def _draw_stroma(polar: _Polar, old: float) -> _Stroma:
    """Draw all layers; `old` is 0 for the young, 1 for the very old."""
    wander = polar.around(2, COLLARETTE.wander.spokes)
    crest = COLLARETTE.place + COLLARETTE.wander.amplitude * wander[:1] + polar.noise(COLLARETTE.ripple)
    away = polar.outward - crest
    ciliary, collarette = smoothstep(away, *COLLARETTE.ciliary), _bell(away / COLLARETTE.half_width)
    slow, fast = (polar.noise(noise, polar.columns / FIBRES.bend_columns) for noise in FIBRES.bends)
    bend = slow + fast
    fibres = _draw_fibres(polar, bend, ciliary)
    crypts = smoothstep(polar.bent(polar.noise(CRYPTS.noise), bend), *CRYPTS.opens)
    crypts = crypts * smoothstep(away, *CRYPTS.begins) * (1.0 - smoothstep(polar.stroma, *CRYPTS.ends))
    furrows = _draw_furrows(polar, old, wander[1:])
    return _Stroma(ciliary, fibres * (1.0 - CRYPTS.shallower_fibres * crypts), crypts, furrows * ciliary, collarette)


def _draw_fibres(polar: _Polar, bend: Tensor, ciliary: Tensor) -> Tensor:
    """Draw fibres that are bent by columns [R, T]; those of the outer part where `ciliary` is 1."""
    bundles = reduce(torch.maximum, [_draw_bundle(polar, bundle, bend) for bundle in FIBRES.bundles])
    fine = FIBRES.fine_mean + polar.noise(FIBRES.fine)
    threads = _draw_bundle(polar, FIBRES.inner_bundle)
    inner = FIBRES.inner_ground + FIBRES.inner_height * threads + FIBRES.inner_fine * fine
    outer = FIBRES.outer_bundles * bundles + FIBRES.outer_fine * fine
    return torch.lerp(inner, outer, ciliary).clamp(0.0, 1.0)


def _draw_bundle(polar: _Polar, look: BundleLook, bend: Tensor | None = None) -> Tensor:
    """Draw lines that meet and part: [R, T], high where noise passes through zero."""
    lines = _bell(polar.noise(look.noise) / look.width)
    return look.height * (lines if bend is None else polar.bent(lines, look.bend * bend))


def _draw_furrows(polar: _Polar, old: float, wander: Tensor) -> Tensor:
    """Draw the arcs around the pupil; they wind as `wander` [1, T] does."""
    present = polar.around(len(FURROWS.places), FURROWS.spokes)
    first, last = FURROWS.appears
    furrows = torch.zeros(polar.rows, polar.columns)
    for number, place in enumerate(FURROWS.places):
        line = _bell((polar.outward - place - FURROWS.wander * wander) / FURROWS.half_width)
        furrows = furrows + line * smoothstep(present[number], first - FURROWS.earlier_with_age * old, last)
    return furrows


# ------------------------------------------------------------------------------------------------------- colour


@dataclass(frozen=True)
class _Tints:
    """The colours of one person's iris.

    Attributes:
        grey: luminance of the iris.
        pale, cool: 0..1 how little pigment the stroma has, and how blue or grey it is.
        hazel: 0..1 how much the pigment thins out from the pupil on.
        outer, inner: [3] colours of the tissue far from the pupil and near to it.
        brown: [3] colour of flecks.
    """

    grey: float
    pale: float
    cool: float
    hazel: float
    outer: Tensor
    inner: Tensor
    brown: Tensor


def _tints(colour: Tensor) -> _Tints:
    """Derive the colours from the iris' colour [3]."""
    red, green, blue = colour.tolist()
    grey = luminance(colour)
    cool = ramp((red - blue) / (red + blue + _DIVISION_GUARD), *PIGMENT.cool)
    hazel = ramp(green / (red + _DIVISION_GUARD), *PIGMENT.hazel) * (red > blue) * (1.0 - cool)
    tissue = PIGMENT.tissue * torch.lerp(colour, torch.full((3,), grey), PIGMENT.greyness * cool)
    brown = torch.tensor(PIGMENT.epithelium) * (PIGMENT.brown + PIGMENT.brown_luminance * grey)
    brown_fraction = (
        PIGMENT.inner_cool * cool + PIGMENT.inner_hazel * hazel + PIGMENT.inner_brown * (1.0 - cool) * (1.0 - hazel)
    )
    return _Tints(
        grey=grey,
        pale=ramp(grey, *PIGMENT.pale),
        cool=cool,
        hazel=hazel,
        outer=torch.lerp(tissue, torch.tensor(PIGMENT.hazel_tint) * tissue, hazel),
        inner=torch.lerp(tissue, brown, brown_fraction),
        brown=brown,
    )


def _paint(polar: _Polar, look: IrisLook, stroma: _Stroma) -> Tensor:
    """Return the [3, R, T] colour of everything on the chart."""
    tints = _tints(look.colour)
    base = _paint_tissue(polar, tints)
    greyness = THREADS.greyness * tints.pale * (THREADS.greyness_warm + (1.0 - THREADS.greyness_warm) * tints.cool)
    thread = torch.lerp(base, base.mean(dim=0, keepdim=True) + THREADS.white, greyness)
    dark = 1.0 - tints.pale
    ground, crest = THREADS.ground + THREADS.ground_of_dark * dark, THREADS.crest + THREADS.crest_of_dark * dark
    colour = torch.lerp(ground * base, crest * thread, stroma.fibres)
    furrow_darkness = FURROWS.darkness + FURROWS.darkness_of_dark * dark
    light = (1.0 + COLLARETTE.brightness * stroma.collarette) * (1.0 - CRYPTS.darkness * stroma.crypts)
    light = light * (1.0 - furrow_darkness * stroma.furrows)
    light = light * (1.0 + polar.noise(SHADE.patches) * stroma.ciliary)
    light = light * (SHADE.inside - SHADE.loss * smoothstep(polar.outward, *SHADE.falls))
    thickness = (VEIL.mean + polar.noise(VEIL.noise)).clamp(0.0, 1.0)
    veil = (VEIL.strength_cool * tints.cool + VEIL.strength) * thickness * (1.0 - VEIL.below_fibres * stroma.fibres)
    veil_colour = (VEIL.brightness * tints.grey + VEIL.ground) * torch.tensor(VEIL.colour)[:, None, None]
    return _paint_borders(polar, look, torch.lerp(colour, veil_colour, veil) * light)


def _paint_tissue(polar: _Polar, tints: _Tints) -> Tensor:
    """Return [3, R, T] the colour between and behind the fibres, with flecks."""
    wide, narrow = (polar.noise(noise) for noise in PIGMENT.uneven)
    uneven = wide + narrow
    first, last = PIGMENT.spread
    away = polar.outward - PIGMENT.spread_hazel * tints.hazel - PIGMENT.spread_uneven * uneven
    spread = 1.0 - smoothstep(away, COLLARETTE.place + first, COLLARETTE.place + last)
    tissue = torch.lerp(tints.outer[:, None, None], tints.inner[:, None, None], spread)
    flecks = _draw_flecks(polar)
    if flecks is None:
        return tissue
    return torch.lerp(tissue, tints.brown[:, None, None], FLECKS.strength * flecks)


def _paint_borders(polar: _Polar, look: IrisLook, colour: Tensor) -> Tensor:
    """Return [3, R, T] the stroma's colour with the pupil, the dark ring, the ring of old age and the white."""
    rim = rim_colour(look)[:, None, None]
    first, last = RIM.radii
    wobbling = polar.radius + polar.noise(RIM.wobble)
    ring = smoothstep(wobbling, first + RIM.radius_with_age * look.old, last) ** RIM.sharpness
    colour = torch.lerp(colour, rim, (RIM.strength - RIM.fading * look.old) * ring)
    arcus = smoothstep(polar.radius, *ARCUS.begins) * (1.0 - smoothstep(polar.radius, *ARCUS.ends))
    around = ARCUS.amount + ARCUS.above_and_below * polar.turn.sin() ** 2 + polar.noise(ARCUS.uneven)
    strength = ARCUS.strength + ARCUS.strength_spread * float(torch.rand(1, generator=polar.generator))
    amount = ramp(look.old, *ARCUS.ages) * strength * arcus * around.clamp(0.0, 1.0)
    colour = torch.lerp(colour, torch.tensor(ARCUS.colour)[:, None, None], amount)
    beads = (PUPIL.ruff_mean + polar.noise(PUPIL.ruff_beads)).clamp(0.0, 1.0)
    ruff = _bell((polar.outward - PUPIL.ruff) / PUPIL.ruff_half_width) * beads
    brown = PUPIL.ruff_brightness * torch.tensor(PIGMENT.epithelium)[:, None, None]
    colour = torch.lerp(colour, brown, PUPIL.ruff_strength * ruff)
    outside_pupil = smoothstep(polar.outward + polar.noise(PUPIL.edge), *PUPIL.opens)
    colour = torch.lerp(torch.tensor(PUPIL.colour)[:, None, None], colour, outside_pupil)
    return around_limbus(polar.radius.expand(-1, polar.columns), colour, look.white[:, None, None])


def _draw_flecks(polar: _Polar) -> Tensor | None:
    """Draw brown freckles: [R, T] 0..1, or None for an iris without."""
    random = torch.rand(FLECKS.most, 4, generator=polar.generator)
    fewest, most = FLECKS.count
    count = int(max(0.0, (most - fewest) * float(random[0, 0]) + fewest))
    if count == 0:
        return None
    flecks = torch.zeros(polar.rows, polar.columns)
    for _, place, turn, size in random[:count].tolist():
        around = torch.remainder(polar.turn - 2.0 * math.pi * turn, 2.0 * math.pi) - math.pi
        reach = FLECKS.radius + FLECKS.radius_spread * size
        outward = polar.outward - FLECKS.place - FLECKS.place_spread * place
        distance = (outward / (FLECKS.stretch * reach)) ** 2 + (around * polar.radius / reach) ** 2
        flecks = flecks + _bell(distance.sqrt())
    return flecks.clamp_max(1.0)
