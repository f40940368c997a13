"""Hairs that lie on the skin: brows, the cropped hair of a head without grown hair, stubble and short beards.

Each hair is a curve in the texture layout. Roots come from fixed crowds of candidates (see `spots`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.atlas import smooth_step
from dreamface.skin.layer import Ground, Layer, Patch, window_of
from dreamface.skin.marks import coverage, draw_hairs, texel_of
from dreamface.skin.pigments import dyed, hair_colour, scalp_hair_colour, white_hair_colour
from dreamface.skin.subject import Subject

_MM: Final = 1e-3
_BROWS: Final = {"left": range(22, 27), "right": range(21, 16, -1)}  # Multi-PIE, from the nose outwards
_BROW_HAIRS: Final = 16.3e3  # per metre of brow at density 1 and full thickness
_SCALP_HAIRS: Final = 1200e3  # per square metre
_BEARD_HAIRS: Final = 400e3  # per square metre
_MOST_SKIN: Final = 0.9  # square metres of skin per tile that roots are drawn for
_HEIGHT: Final = 0.03 * _MM
_FULL_COUNT_SIZE: Final = 2048  # below this size fewer and wider hairs look the same
_OVERHANG: Final = 0.015  # of the tile: hairs that root this far outside it may reach into it


@dataclass(frozen=True)
class _Hairs:
    """[N, 3, 2] curves, [N] widths in tile lengths, [N] uniform random numbers that decide who goes grey."""

    curves: Tensor
    widths: Tensor
    greyness: Tensor


def _patches(subject: Subject, hairs: _Hairs, colour: Tensor, white: Tensor) -> list[Patch]:
    """Hairs as patches, those that have turned grey apart."""
    grey = hairs.greyness < subject.traits.number("hair.grey")
    found = []
    for chosen, paint in ((~grey, colour), (grey, white)):
        depth = draw_hairs(subject.size, hairs.curves[chosen], hairs.widths[chosen])
        window = window_of(depth > 0.0)
        if window is not None:
            cover = coverage(depth[window.slices])
            found.append(Patch(window, cover=cover, colour=paint, height=_HEIGHT * cover))
    return found


def _facial(grow: Callable[[Subject], Sequence[_Hairs]], subject: Subject) -> Sequence[Patch]:
    """Hairs in the colour they grow in."""
    return [
        patch
        for hairs in grow(subject)
        for patch in _patches(subject, hairs, hair_colour(subject.traits), white_hair_colour())
    ]


def _scalp_patches(subject: Subject) -> Sequence[Patch]:
    """Hairs under the dye, if there is any."""
    colour, white = (dyed(colour, subject.traits) for colour in (hair_colour(subject.traits), white_hair_colour()))
    return _patches(subject, _scalp(subject), colour, white)


# ---------------------------------------------------------------------------------------------------------------- brows


def _brows(subject: Subject) -> list[_Hairs]:
    """Left and right, in the tile that the forehead lies in."""
    surface, found = subject.surface, []
    for side, numbers in _BROWS.items():
        points = [surface.atlas.landmark(f"multipie_{number:02d}") for number in numbers]
        arc = [point for point in points if point is not None]
        if len(arc) == len(points):
            found.append(_brow(subject, torch.stack(arc), side))
    return found


def _brow(subject: Subject, arc: Tensor, side: str) -> _Hairs:
    """Hairs along the arc: upright near the nose, then fanning outwards, upper ones combed down, lower ones up."""
    surface, traits = subject.surface, subject.traits
    density = float(surface.density.view(-1)[texel_of(arc, surface.atlas.size)].median())
    thickness = 0.45 + 1.1 * traits.number("brows.thickness")
    count = round(_BROW_HAIRS * float(arc.diff(dim=0).norm(dim=1).sum()) / density)
    random = torch.rand(count, 9, generator=subject.stream(f"brow {side}"))
    along = 0.03 + 0.97 * random[:, 0] ** 1.12
    across = 2.0 * random[:, 1] - 1.0
    across = across.sign() * across.abs() ** 1.25  # denser along the middle
    there = random[:, 2] < traits.number("brows.density") ** 0.8 * (0.5 + 0.5 * thickness / 1.55) * _brow_fill(along)
    point, tangent = _along_arc(arc, along)
    upward = torch.stack((-tangent[:, 1], tangent[:, 0]), dim=1)
    upward = upward * upward[:, 1:].sign()
    half = thickness * density * 4.2 * _MM * _brow_profile(along)
    root = point + upward * (half * (across - 0.15 * along) + density * 0.4 * _MM * (random[:, 8] - 0.5))[:, None]
    angle = _brow_angle(along, across) + 0.24 * (random[:, 3] + random[:, 4] - 1.0) * 2.0
    bend = -0.30 * torch.sign(angle) * (0.5 + random[:, 5])
    length = density * _MM * (4.6 + 3.4 * torch.sin(torch.pi * (0.12 + 0.8 * along))) * (0.65 + 0.6 * random[:, 6])
    length = length * (0.8 + 0.3 * traits.number("brows.thickness"))
    middle = root + 0.5 * length[:, None] * _turned(tangent, upward, angle)
    tip = middle + 0.5 * length[:, None] * _turned(tangent, upward, angle + bend)
    width = density * _MM * (0.105 + 0.06 * random[:, 7])
    return _Hairs(torch.stack((root, middle, tip), dim=1)[there], width[there], random[there, 5])


def _brow_fill(along: Tensor) -> Tensor:
    """How complete the brow is: airy where it starts, full in the middle, thinning to the tail."""
    return smooth_step(along, -0.10, 0.20) * (1.0 - 0.80 * smooth_step(along, 0.6, 1.0))


def _brow_profile(along: Tensor) -> Tensor:
    """Half height along the arc, 1 at its thickest."""
    return (0.72 + 0.28 * smooth_step(along, 0.0, 0.3)) * (1.0 - 0.80 * smooth_step(along, 0.42, 1.05))


def _brow_angle(along: Tensor, across: Tensor) -> Tensor:
    """Radians from the arc's direction, + is up."""
    start = 1.35 - 0.25 * across
    lower = 0.62 - 0.60 * along
    upper = 0.10 - 0.25 * along
    body = torch.lerp(lower, upper, (0.5 + 0.5 * across).clamp(0.0, 1.0))
    return torch.lerp(start, body, smooth_step(along, 0.0, 0.38))


def _turned(tangent: Tensor, upward: Tensor, angle: Tensor) -> Tensor:
    return tangent * torch.cos(angle)[:, None] + upward * torch.sin(angle)[:, None]


def _along_arc(arc: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """Points and unit tangents [N, 2] at shares 0..1 of a Catmull-Rom spline through [P, 2] points."""
    padded = torch.cat((2 * arc[:1] - arc[1:2], arc, 2 * arc[-1:] - arc[-2:-1]))
    place = share * (len(arc) - 1)
    piece = place.long().clamp_max(len(arc) - 2)
    t = (place - piece)[:, None]
    a, b, c, d = (padded[piece + step] for step in range(4))
    point = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    slope = 0.5 * ((c - a) + 2 * (2 * a - 5 * b + 4 * c - d) * t + 3 * (3 * b - a - 3 * c + d) * t**2)
    return point, slope / slope.norm(dim=1, keepdim=True)


# ------------------------------------------------------------------------------------------------------ scalp and beard


def _scalp_cover(subject: Subject) -> Tensor:
    """[S, S] 0..1: where cropped hair grows."""
    surface, head, cover = subject.surface, subject.head, subject.region("scalp")
    style = subject.traits.choice("hair.style")
    if style == "bald":
        return torch.zeros_like(cover)
    if style == "mohawk":
        return cover * (0.25 + 0.75 * torch.exp(-((surface.position[0] / 0.022) ** 4)))
    if style == "receding" and "frontotemporale_l" in head.topology.landmarks:
        for name, reach in (("frontotemporale_l", 0.058), ("frontotemporale_r", 0.058), ("trichion", 0.050)):
            distance = (surface.position - head.landmark(name)[:, None, None]).norm(dim=0)
            cover = cover * smooth_step(distance, 0.6 * reach, 1.15 * reach)
    return cover


def _scalp(subject: Subject) -> _Hairs:
    """Strands of a few millimetres that lie away from the crown."""
    cover, head, surface = _scalp_cover(subject), subject.head, subject.surface
    crown = head.vertices[int(head.vertices[:, 2].argmax())] + torch.tensor([0.004, 0.05, -0.02])
    distance = (surface.position - crown[:, None, None]).norm(dim=0)
    # Thin at the hairline: a wide, ragged fringe instead of an edge.
    where = cover**1.6
    return _grow(subject, where, _SCALP_HAIRS, distance, 4.5 * _MM, 0.11 * _MM, "scalp", swirl=0.5)


def _beard_cover(subject: Subject) -> Tensor:
    """[S, S] 0..1: where and how densely a beard (not stubble) grows."""
    surface, head, traits = subject.surface, subject.head, subject.traits
    style = traits.choice("beard.style")
    region = subject.region("beard") * (1.0 - 0.9 * subject.region("lips_upper", "lips_lower"))
    if style == "none":
        return torch.zeros_like(region)
    x, z = surface.position[0].abs(), surface.position[2]
    corner_x, _, corner_z = head.landmark("multipie_54").abs().tolist()
    above = smooth_step(z, corner_z - 0.004, corner_z + 0.004)
    near = 1.0 - smooth_step(x, corner_x - 0.002, corner_x + 0.010)
    shapes = {
        "full": torch.ones_like(x),
        "moustache": above * near,
        "goatee": near * (above + (1.0 - above) * (1.0 - smooth_step(x, corner_x - 0.006, corner_x + 0.006))),
        "sideburns": smooth_step(x, 2.0 * corner_x, 2.4 * corner_x),
    }
    return region * shapes[style] * (0.35 + 0.65 * traits.number("beard.density"))


def _stubble(subject: Subject) -> Sequence[_Hairs]:
    """A millimetre of hair, downwards and away from the middle."""
    where = subject.region("beard") * (1.0 - subject.region("lips_upper", "lips_lower"))
    where = where * subject.traits.number("stubble.density")
    return (_grow(subject, where, _BEARD_HAIRS, _downwards(subject), 1.1 * _MM, 0.12 * _MM, "stubble", swirl=0.25),)


def _beard(subject: Subject) -> Sequence[_Hairs]:
    """A short beard, downwards and away from the middle."""
    length = 1.1 * _MM + (1.0 + 7.0 * subject.traits.number("beard.length")) * 1.6 * _MM
    cover = _beard_cover(subject)
    return (_grow(subject, cover, _BEARD_HAIRS, _downwards(subject), length, 0.12 * _MM, "beard", swirl=0.25),)


def _downwards(subject: Subject) -> Tensor:
    return 0.35 * subject.surface.position[0].abs() - subject.surface.position[2]


def _grow(
    subject: Subject,
    where: Tensor,
    often: float,
    towards: Tensor,
    length: float,
    width: float,
    layer: str,
    *,
    swirl: float,
) -> _Hairs:
    """Hairs that lie in the direction in which a quantity grows.

    Args:
        subject: whose skin.
        where: [S, S] 0..1 how many there are.
        often: roots per square metre where that is 1.
        towards: [S, S] hairs point to where this is larger.
        length: metres.
        width: metres at the root.
        layer: the name of the random streams.
        swirl: radians that the direction wanders.
    """
    if not bool((where > 0.0).any()):
        return _Hairs(torch.zeros(0, 3, 2), torch.zeros(0), torch.zeros(0))
    surface, size = subject.surface, subject.size
    wander = subject.noise(f"{layer} swirl", 0.022)[0]
    generator = subject.tile_stream(layer)
    fewer = min(1.0, (size / _FULL_COUNT_SIZE) ** 1.5) if size < _FULL_COUNT_SIZE else 1.0
    side = 1.0 + 2.0 * _OVERHANG
    places = side * torch.rand(int(often * _MOST_SKIN * fewer * side**2), 2, generator=generator) - _OVERHANG
    index = texel_of(places, surface.atlas.size)
    density = surface.density.view(-1)[index]
    there = torch.rand(len(places), generator=generator) * density**2 * _MOST_SKIN < where.view(-1)[index]
    places, index, density = places[there], index[there], density[there]
    random = torch.rand(len(places), 4, generator=generator)
    grow_v, grow_u = torch.gradient(towards)
    angle = torch.atan2(-grow_v, grow_u).view(-1)[surface.atlas.inward[index]]
    angle = angle + swirl * wander.view(-1)[index] + 0.5 * (random[:, 0] + random[:, 1] - 1.0)
    reach = length * density * (0.6 + 0.8 * random[:, 2])
    bend = 0.6 * (random[:, 1] - 0.5)
    middle = places + 0.5 * reach[:, None] * torch.stack((angle.cos(), angle.sin()), dim=1)
    tip = middle + 0.5 * reach[:, None] * torch.stack(((angle + bend).cos(), (angle + bend).sin()), dim=1)
    widths = width / fewer * density * (0.7 + 0.6 * random[:, 3])
    return _Hairs(torch.stack((places, middle, tip), dim=1), widths, random[:, 1])


# --------------------------------------------------------------------------------------------------------------- layers


def _shade(subject: Subject, ground: Ground, cover: Tensor) -> Ground:
    """The ground as seen between hairs."""
    colour = scalp_hair_colour(subject.traits)[:, None, None]
    shaded = ground.albedo * 0.10 + 0.8 * colour
    return replace(ground, albedo=torch.lerp(ground.albedo, shaded, 0.93 * cover))


def _shade_scalp(subject: Subject, ground: Ground) -> Ground:
    return _shade(subject, ground, _scalp_cover(subject))


def _shade_beard(subject: Subject, ground: Ground) -> Ground:
    return _shade(subject, ground, 0.5 * _beard_cover(subject))


_COLOUR: Final = ("hair.melanin", "hair.redness", "hair.grey")

HAIR: Final = (
    Layer(
        "cropped_hair", "the cropped hair of a head without grown hair", ("hair.style", "hair.dye", *_COLOUR),
        stain=_shade_scalp, patches=_scalp_patches,
    ),
    Layer("stubble", "stubble", ("stubble.density", *_COLOUR), patches=partial(_facial, _stubble)),
    Layer(
        "beard", "a short beard", ("beard.style", "beard.density", "beard.length", "hair.dye", *_COLOUR),
        stain=_shade_beard, patches=partial(_facial, _beard),
    ),
    Layer("brows", "eyebrows", ("brows.thickness", "brows.density", *_COLOUR), patches=partial(_facial, _brows)),
)  # fmt: skip
