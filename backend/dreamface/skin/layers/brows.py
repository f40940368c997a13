"""Eyebrows: hairs along an arc of landmarks, upright near the nose, then combed outwards from above and from below.

A hair's place in the brow is `along`, from 0 where the arc starts at the nose to 1 at the tail, and `across`, from -1
at the lower edge to 1 at the upper one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.layer import Decal, Ground, Layer
from dreamface.skin.canvas.marks import coverage
from dreamface.skin.canvas.ramps import Line, Ramp
from dreamface.skin.canvas.strands import Strands, bent, blurred, draw, narrowed, nearest_density, window_around
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.hair_look import BROW_COLOUR_TRAITS, HAIR_HEIGHT, brow_colours, brow_grey, sheltered
from dreamface.units import MM

_ARCS: Final = {"left": range(22, 27), "right": range(21, 16, -1)}  # Multi-PIE, from the nose outwards
_LEAST_DEPTH: Final = 1e-6  # optical depth: keeps a mean over no hairs from dividing by zero


@dataclass(frozen=True)
class _Wave:
    """A regular unevenness along the brow: its height, and the radians that it goes through from nose to tail."""

    height: float
    radians: float


@dataclass(frozen=True)
class _Shape:
    """Where the hairs of a brow stand.

    Attributes:
        candidates: hairs of the densest brow; how many of them are there depends on the traits.
        length, ahead: of the brow in lengths of the arc, and the part of it before the arc's start.
        density_power: power of the trait.
        density_by_thickness: fraction of hairs that are there; thin brows have fewer.
        density_at_start, density_at_tail, density_at_edge: the same by `along`, `along` and distance across.
        half_height_mm: by the thickness.
        height_at_start, height_at_tail: factors on that by `along`.
        drop_mm: how far the middle of the brow lies below the arc, by `along`.
        lift_mm: by which single hairs stand higher or lower.
    """

    candidates: int
    length: float
    ahead: float
    density_power: float
    density_by_thickness: Line
    density_at_start: Ramp
    density_at_tail: Ramp
    density_at_edge: Ramp
    half_height_mm: Line
    height_at_start: Ramp
    height_at_tail: Ramp
    drop_mm: Line
    lift_mm: float


_SHAPE: Final = _Shape(
    candidates=1900,
    length=1.05,
    ahead=0.05,
    density_power=0.8,
    density_by_thickness=Line(base=0.48, slope=0.52),
    density_at_start=Ramp(before=0.20, after=1.0, over=(-0.05, 0.30)),
    density_at_tail=Ramp(before=1.0, after=0.26, over=(0.58, 1.0)),
    density_at_edge=Ramp(before=1.0, after=0.40, over=(0.35, 1.0)),
    half_height_mm=Line(base=3.5, slope=4.8),
    height_at_start=Ramp(before=0.58, after=1.0, over=(-0.05, 0.26)),
    height_at_tail=Ramp(before=1.0, after=0.32, over=(0.45, 1.08)),
    drop_mm=Line(base=0.9, slope=0.6),
    lift_mm=0.5,
)


@dataclass(frozen=True)
class _Combing:
    """How the hairs of a brow lie. Angles are radians from the arc's direction, above 0 is up.

    Attributes:
        start_angle: of the first hairs, by `across`.
        lower_angle, upper_angle: of hairs at the lower and the upper edge, by `along`.
        upper_weight: from the lower (0) to the upper angle (1), by `across`.
        start_until: where along the brow the first hairs' angle gives way to the others'.
        unruliness, first_unruliness: by which neighbours differ, and what is added to that at the start.
        unruly_until: where that addition ends.
        tufts: waves by which neighbours draw together; of a random phase.
        tuft_turn: radians that hairs turn in a wave of height 1.
        tuft_strength: factor on that by `along`.
        bend: that hairs bend halfway, towards the middle of the brow.
        bend_middle: how far below 0 across that middle lies.
        bend_down: that all hairs bend down besides.
        bend_varies: factor on both, by a random number.
        bend_until: from where along the brow hairs bend.
    """

    start_angle: Line
    lower_angle: Line
    upper_angle: Line
    upper_weight: Line
    start_until: tuple[float, float]
    unruliness: float
    first_unruliness: float
    unruly_until: tuple[float, float]
    tufts: tuple[_Wave, _Wave]
    tuft_turn: float
    tuft_strength: Line
    bend: float
    bend_middle: float
    bend_down: float
    bend_varies: Line
    bend_until: tuple[float, float]


_COMBING: Final = _Combing(
    start_angle=Line(base=1.22, slope=-0.25),
    lower_angle=Line(base=0.72, slope=-0.62),
    upper_angle=Line(base=0.12, slope=-0.34),
    upper_weight=Line(base=0.5, slope=0.6),
    start_until=(0.02, 0.42),
    unruliness=0.30,
    first_unruliness=0.12,
    unruly_until=(0.0, 0.3),
    tufts=(_Wave(height=0.22, radians=38.0), _Wave(height=0.15, radians=91.0)),
    tuft_turn=0.6,
    tuft_strength=Line(base=1.0, slope=-0.5),
    bend=0.45,
    bend_middle=0.25,
    bend_down=0.10,
    bend_varies=Line(base=0.4, slope=0.8),
    bend_until=(0.0, 0.25),
)
_ANY_PHASE: Final = 6.3  # radians: about a whole turn


@dataclass(frozen=True)
class _Hair:
    """What single hairs of a brow are like.

    Attributes:
        length_mm: at the ends, and what is added in the middle of the brow.
        arch: half turns of the sine that gives that middle, by `along`.
        length_varies, width_mm: factor on the length, and the width at the root, by a random number.
        length_by_thickness: factor on the length.
        darkening: of the way from the scalp hair's melanin to black.
        lightness_spread: deviation of the logarithm of the hairs' lightness.
        depth: factor on the optical depth.
        roughness, specular: of the hairs.
    """

    length_mm: Line
    arch: Line
    length_varies: Line
    length_by_thickness: Line
    width_mm: Line
    darkening: float
    lightness_spread: float
    depth: float
    roughness: float
    specular: float


_HAIR: Final = _Hair(
    length_mm=Line(base=3.2, slope=4.8),
    arch=Line(base=0.10, slope=0.78),
    length_varies=Line(base=0.45, slope=0.75),
    length_by_thickness=Line(base=0.72, slope=0.45),
    width_mm=Line(base=0.060, slope=0.055),
    darkening=0.30,
    lightness_spread=0.30,
    depth=1.2,
    roughness=0.55,
    specular=0.25,
)
_SHADE: Final = 0.38  # of the hairs' optical depth: how much the skin between them is shaded
_SHADE_REACH_MM: Final = 1.6  # how far that shade spreads
_SHELTERED: Final = (0.05, 0.6)  # weight of the region over which hairs start to keep light off the skin


def _brow_decals(subject: Subject) -> Sequence[Decal]:
    """Paint the left and the right brow, in the tile that the forehead lies in."""
    atlas, patches = subject.surface.atlas, []
    for side, numbers in _ARCS.items():
        points = [atlas.landmark(f"multipie_{number:02d}") for number in numbers]
        arc = [point for point in points if point is not None]
        if len(arc) == len(points):
            patches += _paint(subject, _grow(subject, torch.stack(arc), side))
    return patches


def _paint(subject: Subject, strands: Strands) -> list[Decal]:
    """Paint every hair in its own colour, and shade the skin below them where they are dense."""
    reach = round(_SHADE_REACH_MM * MM * float(subject.surface.density.median()) * subject.size)
    window = window_around(subject.size, strands, margin=reach + 2)
    if window is None:
        return []
    traits, random = subject.traits, strands.random
    pigmented, white = brow_colours(traits, _HAIR.darkening)
    is_white = (random[:, 0] < brow_grey(traits))[:, None]
    lightness = torch.exp(2.0 * _HAIR.lightness_spread * (random[:, 1] + random[:, 2] - 1.0))[:, None]
    images = draw(subject.size, window, strands, torch.where(is_white, white, lightness * pigmented))
    soft = blurred(images[:1], reach)
    cover = coverage(_HAIR.depth * images[0] + _SHADE * soft[0])
    # Between the hairs it is as dark as pigmented ones make it.
    weight = images[0] + _SHADE * soft[0] + _LEAST_DEPTH
    below = _SHADE * soft[0] * pigmented[:, None, None]
    colour = (images[1:] + below) / weight
    height = HAIR_HEIGHT * coverage(images[0])
    return [
        Decal(window, cover=cover, colour=colour, height=height, roughness=_HAIR.roughness, specular=_HAIR.specular)
    ]


def _grow(subject: Subject, arc: Tensor, side: str) -> Strands:
    """Return the hairs of one brow, along an arc [P, 2] of texture coordinates."""
    random = torch.rand(_SHAPE.candidates, 12, generator=subject.stream(f"brow {side}"))
    thickness = subject.traits.number("brows.thickness")
    along = _SHAPE.length * random[:, 0] - _SHAPE.ahead
    across = random[:, 1] + random[:, 9] - 1.0  # densest in the middle
    point, tangent = _along_arc(arc, along)
    upward = torch.stack((-tangent[:, 1], tangent[:, 0]), dim=1)
    upward = upward * upward[:, 1:].sign()
    density = nearest_density(subject, point)
    root = point + upward * (density * _lift(along, across, random, thickness))[:, None]
    heading = torch.atan2(tangent[:, 1], tangent[:, 0])
    mirrored = torch.where(upward[:, 0] * tangent[:, 1] - upward[:, 1] * tangent[:, 0] < 0.0, 1.0, -1.0)
    angle, bend = _combed(along, across, random)
    length = _length_mm(along, random) * _HAIR.length_by_thickness.at(thickness) * MM * density
    curves = bent(root, heading + mirrored * angle, mirrored * bend, length)
    width = density * MM * _HAIR.width_mm.at(random[:, 7])
    strands = Strands(curves, narrowed(width, subject.size), random[:, [5, 6, 7, 8]])
    return strands.of(random[:, 2] < _presence(subject, along, across))


def _presence(subject: Subject, along: Tensor, across: Tensor) -> Tensor:
    """Return 0..1 [N] how likely each candidate is there: fewest at the start, at the tail and at the edges."""
    density, thickness = subject.traits.number("brows.density"), subject.traits.number("brows.thickness")
    full = _SHAPE.density_at_start.at(along) * _SHAPE.density_at_tail.at(along)
    full = full * _SHAPE.density_at_edge.at(across.abs())
    return density**_SHAPE.density_power * _SHAPE.density_by_thickness.at(thickness) * full


def _lift(along: Tensor, across: Tensor, random: Tensor, thickness: float) -> Tensor:
    """Return metres [N] from the arc up to each root."""
    profile = _SHAPE.height_at_start.at(along) * _SHAPE.height_at_tail.at(along)
    half = _SHAPE.half_height_mm.at(thickness) * MM * profile
    return half * across - _SHAPE.drop_mm.at(along) * MM + _SHAPE.lift_mm * MM * (random[:, 8] - 0.5)


def _combed(along: Tensor, across: Tensor, random: Tensor) -> tuple[Tensor, Tensor]:
    """Return the angle [N] of each hair at its root, and how far it bends [N]; radians, above 0 is up."""
    # Neighbours draw together to tufts.
    first, second = (
        wave.height * torch.sin(wave.radians * along + _ANY_PHASE * phase)
        for wave, phase in zip(_COMBING.tufts, random[0, 10:12], strict=True)
    )
    tuft = first + second
    first_hairs = 1.0 - smoothstep(along, *_COMBING.unruly_until)
    unruliness = _COMBING.unruliness + _COMBING.first_unruliness * first_hairs
    angle = _neat_angle(along, across) + unruliness * (random[:, 3] + random[:, 4] - 1.0)
    angle = angle + _COMBING.tuft_turn * tuft * _COMBING.tuft_strength.at(along)
    bend = -_COMBING.bend * torch.sign(across + _COMBING.bend_middle) - _COMBING.bend_down
    bend = bend * _COMBING.bend_varies.at(random[:, 5]) * smoothstep(along, *_COMBING.bend_until)
    return angle, bend


def _neat_angle(along: Tensor, across: Tensor) -> Tensor:
    """Return the angle [N] of a hair that lies as its neighbours do."""
    weight = _COMBING.upper_weight.at(across).clamp(0.0, 1.0)
    combed = torch.lerp(_COMBING.lower_angle.at(along), _COMBING.upper_angle.at(along), weight)
    return torch.lerp(_COMBING.start_angle.at(across), combed, smoothstep(along, *_COMBING.start_until))


def _length_mm(along: Tensor, random: Tensor) -> Tensor:
    """Return each hair's length [N] in a brow of middling thickness: longest in the middle of the brow."""
    middle = torch.sin(torch.pi * _HAIR.arch.at(along.clamp_min(0.0)))
    return _HAIR.length_mm.at(middle) * _HAIR.length_varies.at(random[:, 6])


def _along_arc(arc: Tensor, along: Tensor) -> tuple[Tensor, Tensor]:
    """Return points and unit tangents [N, 2] at 0..1 of a Catmull-Rom spline through [P, 2] points."""
    padded = torch.cat((2 * arc[:1] - arc[1:2], arc, 2 * arc[-1:] - arc[-2:-1]))
    place = along * (len(arc) - 1)
    piece = place.long().clamp_max(len(arc) - 2)
    t = (place - piece)[:, None]
    a, b, c, d = (padded[piece + step] for step in range(4))
    square, cube = 2 * a - 5 * b + 4 * c - d, 3 * b - a - 3 * c + d
    point = 0.5 * (2 * b + (c - a) * t + square * t**2 + cube * t**3)
    slope = 0.5 * ((c - a) + 2 * square * t + 3 * cube * t**2)
    return point, slope / slope.norm(dim=1, keepdim=True)


def _shade(subject: Subject, ground: Ground) -> Ground:
    dense = subject.traits.number("brows.density") * smoothstep(subject.region("brows"), *_SHELTERED)
    return replace(ground, subsurface=sheltered(ground, dense))


BROWS: Final = Layer(
    "brows", "eyebrows", ("brows.thickness", "brows.density", *BROW_COLOUR_TRAITS), stain=_shade, decals=_brow_decals
)
