"""Hairs that lie on the skin: brows, the cropped hair of a head without grown hair, stubble and short beards.

Each hair is a curve in the texture layout. Roots come from fixed crowds of candidates (see `spots`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.skin.atlas import Surface, smooth_step
from dreamface.skin.marks import draw_hairs
from dreamface.skin.noise import solid_noise, stream, tile_stream
from dreamface.skin.pigments import dyed, hair_colour, white_hair_colour
from dreamface.skin.spots import texel_of
from dreamface.traits import Traits

_MM: Final = 1e-3
_BROWS: Final = {"left": range(22, 27), "right": range(21, 16, -1)}  # Multi-PIE, from the nose outwards
_BROW_HAIRS: Final = 16.3e3  # per metre of brow at density 1 and full thickness
_SCALP_HAIRS: Final = 1200e3  # per square metre
_BEARD_HAIRS: Final = 400e3  # per square metre
_MOST_SKIN: Final = 0.9  # square metres of skin per tile that roots are drawn for
_FULL_COUNT_SIZE: Final = 2048  # below this size fewer and wider hairs look the same
_OVERHANG: Final = 0.015  # of the tile: hairs that root this far outside it may reach into it


@dataclass(frozen=True)
class HairLayer:
    """Optical depth [size, size] of hairs of one colour [3]."""

    depth: Tensor
    colour: Tensor


@dataclass(frozen=True)
class _Hairs:
    """[N, 3, 2] curves, [N] widths in tile lengths, [N] uniform random numbers that decide who goes grey."""

    curves: Tensor
    widths: Tensor
    greyness: Tensor


def paint_hair(surface: Surface, head: Head, traits: Traits, size: int, seed: int) -> list[HairLayer]:
    """All hairs at full size, by colour."""
    facial = _join([*_brows(surface, traits, seed), _beard(surface, head, traits, size, seed)])
    scalp = _scalp(surface, head, traits, size, seed)
    colour, white = hair_colour(traits), white_hair_colour()
    if traits.tint("hair.dye")[1] == 0.0:
        return _layers(size, traits, _join([facial, scalp]), colour, white)
    return [
        *_layers(size, traits, facial, colour, white),
        *_layers(size, traits, scalp, dyed(colour, traits), dyed(white, traits)),
    ]


def _layers(size: int, traits: Traits, hairs: _Hairs, colour: Tensor, white: Tensor) -> list[HairLayer]:
    grey = hairs.greyness < traits.number("hair.grey")
    found = []
    for chosen, paint in ((~grey, colour), (grey, white)):
        if bool(chosen.any()):
            found.append(HairLayer(draw_hairs(size, hairs.curves[chosen], hairs.widths[chosen]), paint))
    return found


def _join(parts: list[_Hairs]) -> _Hairs:
    return _Hairs(
        torch.cat([part.curves for part in parts]),
        torch.cat([part.widths for part in parts]),
        torch.cat([part.greyness for part in parts]),
    )


# ---------------------------------------------------------------------------------------------------------------- brows


def _brows(surface: Surface, traits: Traits, seed: int) -> list[_Hairs]:
    """Left and right, in the tile that the forehead lies in."""
    found = []
    for side, numbers in _BROWS.items():
        points = [surface.atlas.landmark(f"multipie_{number:02d}") for number in numbers]
        arc = [point for point in points if point is not None]
        if len(arc) == len(points):
            found.append(_brow(surface, torch.stack(arc), traits, seed, side))
    return found


def _brow(surface: Surface, arc: Tensor, traits: Traits, seed: int, side: str) -> _Hairs:
    """Hairs along the arc: upright near the nose, then fanning outwards, upper ones combed down, lower ones up."""
    density = float(surface.density.view(-1)[texel_of(arc, surface.atlas.size)].median())
    thickness = 0.45 + 1.1 * traits.number("brows.thickness")
    count = round(_BROW_HAIRS * float(arc.diff(dim=0).norm(dim=1).sum()) / density)
    random = torch.rand(count, 9, generator=stream(seed, f"brow {side}"))
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


def scalp_cover(surface: Surface, head: Head, traits: Traits) -> Tensor:
    """[S, S] 0..1: where cropped hair grows."""
    cover = surface.atlas.region("scalp")
    style = traits.choice("hair.style")
    if style == "bald":
        return torch.zeros_like(cover)
    if style == "mohawk":
        return cover * (0.25 + 0.75 * torch.exp(-((surface.position[0] / 0.022) ** 4)))
    if style == "receding" and "frontotemporale_l" in head.topology.landmarks:
        for name, reach in (("frontotemporale_l", 0.058), ("frontotemporale_r", 0.058), ("trichion", 0.050)):
            distance = (surface.position - head.landmark(name)[:, None, None]).norm(dim=0)
            cover = cover * smooth_step(distance, 0.6 * reach, 1.15 * reach)
    return cover


def _scalp(surface: Surface, head: Head, traits: Traits, size: int, seed: int) -> _Hairs:
    """Strands of a few millimetres that lie away from the crown."""
    cover = scalp_cover(surface, head, traits)
    crown = head.vertices[int(head.vertices[:, 2].argmax())] + torch.tensor([0.004, 0.05, -0.02])
    distance = (surface.position - crown[:, None, None]).norm(dim=0)
    # Thin at the hairline: a wide, ragged fringe instead of an edge.
    where = cover**1.6
    return _grow(surface, where, _SCALP_HAIRS, distance, 4.5 * _MM, 0.11 * _MM, size, seed, "scalp", swirl=0.5)


def beard_cover(surface: Surface, head: Head, traits: Traits) -> Tensor:
    """[S, S] 0..1: where and how densely a beard (not stubble) grows."""
    style = traits.choice("beard.style")
    region = surface.atlas.region("beard") * (1.0 - 0.9 * surface.atlas.region("lips_upper", "lips_lower"))
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


def _beard(surface: Surface, head: Head, traits: Traits, size: int, seed: int) -> _Hairs:
    """Stubble and beard: downwards, and away from the middle."""
    stubble = 1.0 * traits.number("stubble.density") * surface.atlas.region("beard")
    stubble = stubble * (1.0 - surface.atlas.region("lips_upper", "lips_lower"))
    beard = beard_cover(surface, head, traits)
    downwards = 0.35 * surface.position[0].abs() - surface.position[2]
    longer = 1.0 + 7.0 * traits.number("beard.length")
    length = 1.1 * _MM + (longer * 1.6 * _MM) * (beard > 0.05)
    where = torch.maximum(stubble, beard)
    return _grow(surface, where, _BEARD_HAIRS, downwards, length, 0.12 * _MM, size, seed, "beard", swirl=0.25)


def _grow(
    surface: Surface,
    where: Tensor,
    often: float,
    towards: Tensor,
    length: Tensor | float,
    width: float,
    size: int,
    seed: int,
    layer: str,
    *,
    swirl: float,
) -> _Hairs:
    """Hairs that lie in the direction in which a quantity grows.

    Args:
        surface: the head's skin.
        where: [S, S] 0..1 how many there are.
        often: roots per square metre where that is 1.
        towards: [S, S] hairs point to where this is larger.
        length: metres; [S, S] or the same everywhere.
        width: metres at the root.
        size: of the image they will be drawn on.
        seed: what they are drawn from,
        layer: under this name.
        swirl: radians that the direction wanders.
    """
    if not bool((where > 0.0).any()):
        return _Hairs(torch.zeros(0, 3, 2), torch.zeros(0), torch.zeros(0))
    shared = stream(seed, layer)
    wander = solid_noise(surface.position, 0.022, 1, shared)[0]
    generator = tile_stream(shared, seed, surface.atlas.tile, layer)
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
    reach = (length.view(-1)[index] if isinstance(length, Tensor) else length) * density * (0.6 + 0.8 * random[:, 2])
    bend = 0.6 * (random[:, 1] - 0.5)
    middle = places + 0.5 * reach[:, None] * torch.stack((angle.cos(), angle.sin()), dim=1)
    tip = middle + 0.5 * reach[:, None] * torch.stack(((angle + bend).cos(), (angle + bend).sin()), dim=1)
    widths = width / fewer * density * (0.7 + 0.6 * random[:, 3])
    return _Hairs(torch.stack((places, middle, tip), dim=1), widths, random[:, 1])
