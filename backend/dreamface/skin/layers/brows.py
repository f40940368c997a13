"""Eyebrows: the hairs that stand where the style of the brows has them, drawn flat on the skin.

Where a brow lies and how its hairs are combed is said by `dreamface.styles`, so that paint and strands are one brow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.render import RayMesh, face_normals, unit
from dreamface.skin.canvas.layer import Decal, Ground, Layer
from dreamface.skin.canvas.marks import coverage
from dreamface.skin.canvas.ramps import Line
from dreamface.skin.canvas.strands import Strands, blurred, draw, narrowed, nearest_density, window_around
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.hair_look import BROW_COLOUR_TRAITS, HAIR_HEIGHT, brow_colours, brow_grey, sheltered
from dreamface.styles import BROW_SIDES, BrowArc, brow_arc, brow_shape, share_of_brow_hairs
from dreamface.units import MM

_LEAST_DEPTH: Final = 1e-6  # optical depth: keeps a mean over no hairs from dividing by zero
_CANDIDATES: Final = 1250  # hairs of the densest brow; how many of them are there depends on the traits
_STEPS: Final = 33  # along a brow, at which it is looked for where hairs are densest
_SPREAD: Final = 0.41  # deviation of the sum of two uniform numbers
_AROUND: Final = 25.0 * MM  # from a brow's landmarks, within which skin is looked for that it lies on


@dataclass(frozen=True)
class _Hair:
    """What single hairs of a brow are like.

    Attributes:
        length_varies, width_mm: factor on the length, and the width at the root, by a random number.
        bend_varies: factor on the style's bend, by a random number.
        darkening: of the way from the scalp hair's melanin to black.
        lightness_spread: deviation of the logarithm of the hairs' lightness.
        depth: factor on the optical depth.
        roughness, specular: of the hairs.
    """

    length_varies: Line
    width_mm: Line
    bend_varies: Line
    darkening: float
    lightness_spread: float
    depth: float
    roughness: float
    specular: float


_HAIR: Final = _Hair(
    length_varies=Line(base=0.60, slope=0.60),
    width_mm=Line(base=0.060, slope=0.055),
    bend_varies=Line(base=0.5, slope=1.0),
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
    patches = []
    for side, suffix in BROW_SIDES:
        if subject.surface.atlas.landmark(f"brow_arch_{suffix}") is not None:
            patches += _paint(subject, _grow(subject, side, suffix))
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


class _Skin:
    """The skin around a brow, to lay hairs on."""

    def __init__(self, subject: Subject, arc: BrowArc) -> None:
        """Build the search tree of the triangles near the brow."""
        topology, vertices = subject.head.topology, subject.head.vertices
        first, stop = (2 * face for face in next(one for one in topology.objects if one.name == "skin").faces)
        near = torch.cdist(vertices, arc.places).amin(dim=1) < _AROUND
        chosen = first + torch.nonzero(near[topology.triangles[first:stop]].any(dim=1))[:, 0]
        self._triangles, self._uvs = topology.triangles[chosen], topology.uv[topology.triangle_uvs[chosen]]
        self._normals = unit(face_normals(vertices, self._triangles))
        self._mesh = RayMesh(vertices, self._triangles)

    def below(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Return texture coordinates [N, 2] of what is nearest to points [N, 3], and the way out [N, 3] there."""
        triangle, weights = self._mesh.nearest(points, 1.0)
        return (self._uvs[triangle] * weights[:, :, None]).sum(dim=1), self._normals[triangle]


def _grow(subject: Subject, side: str, suffix: str) -> Strands:
    """Return the hairs of one brow."""
    traits = subject.traits
    # The first number of the grown hairs' stream: painted and grown brows are uneven in the same way.
    generator = subject.stream(f"brow guides {side}")
    arc = brow_arc(brow_shape(traits), subject.head, traits, suffix, generator)
    random = torch.rand(_CANDIDATES, 12, generator=subject.stream(f"brow {side}"))
    phases = 2.0 * math.pi * random[0, 9:]
    share = share_of_brow_hairs(traits) * _presence(arc, random[:, 0], 2.0 * random[:, 1] - 1.0)
    random = random[random[:, 2] < share]
    curves = _curves(_Skin(subject, arc), arc, random, phases)
    width = nearest_density(subject, curves[:, 0]) * MM * _HAIR.width_mm.at(random[:, 7])
    return Strands(curves, narrowed(width, subject.size), random[:, [5, 6, 7, 8]])


def _presence(arc: BrowArc, along: Tensor, across: Tensor) -> Tensor:
    """Return 0..1 [N] how likely each candidate is there: fewest at the start, at the tail and at the edges."""
    crowding = arc.crowding(along)
    return crowding / arc.crowding(torch.linspace(0.0, 1.0, _STEPS)).amax() * arc.thinning(across)


def _curves(skin: _Skin, arc: BrowArc, random: Tensor, phases: Tensor) -> Tensor:
    """Return [N, 3, 2] hairs in the texture layout: combed on the skin, and laid down on it."""
    along, across = random[:, 0], 2.0 * random[:, 1] - 1.0
    middle, raised = arc.at(along, across)
    outward, upward = arc.frame(along, skin.below(middle)[1])
    unruly = arc.shape.unruly * (random[:, 3] + random[:, 4] - 1.0) / _SPREAD
    angle = torch.deg2rad(arc.angles(along, across, phases) + unruly)
    bend = math.radians(arc.shape.bend) * _HAIR.bend_varies.at(random[:, 5]) * (0.7 - 0.5 * across)
    half = 0.5 * arc.lengths(along, across) * _HAIR.length_varies.at(random[:, 6])
    points = [middle + raised[:, None] * upward]
    for turn in (angle, angle - bend):
        way = torch.cos(turn)[:, None] * outward + torch.sin(turn)[:, None] * upward
        points.append(points[-1] + half[:, None] * way)
    return torch.stack([skin.below(place)[0] for place in points], dim=1)


def _shade(subject: Subject, ground: Ground) -> Ground:
    dense = subject.traits.number("brows.density") * smoothstep(subject.region("brows"), *_SHELTERED)
    return replace(ground, subsurface=sheltered(ground, dense))


BROWS: Final = Layer(
    "brows",
    "eyebrows",
    ("brows.style", "brows.thickness", "brows.density", *BROW_COLOUR_TRAITS),
    stain=_shade,
    decals=_brow_decals,
)
