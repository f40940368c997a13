"""Freckles, moles, age spots and blemishes.

Every kind has a fixed crowd of candidates over the whole tile; a trait only decides how many of them are there, so that
more freckles means the same freckles and some more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.skin.atlas import Surface, smooth_step
from dreamface.skin.marks import SpotList, draw_spots
from dreamface.skin.noise import solid_noise, stream, tile_stream
from dreamface.traits import Traits

_MM: Final = 1e-3
_BUST_RIM: Final = (0.055, 0.085)  # metres above the bust's rim: below, the layout is stretched, and spots fade out
_LARGEST: Final = 1.0  # square metres of skin per tile that candidates are drawn for


@dataclass(frozen=True)
class Spots:
    """What spots add to the skin, [size, size].

    Attributes:
        melanin: steps of skin.melanin.
        blood: steps of the blood axis.
        height: metres.
    """

    melanin: Tensor
    blood: Tensor
    height: Tensor


@dataclass(frozen=True)
class _Kind:
    """How often per square metre at density 1, radii in metres, strength, and softness of the edge."""

    often: float
    radius: tuple[float, float]
    strength: tuple[float, float]
    softness: float


_FRECKLES: Final = _Kind(110e3, (0.25 * _MM, 1.0 * _MM), (0.07, 0.22), 0.9)
_MOLES: Final = _Kind(1.3e3, (0.5 * _MM, 1.4 * _MM), (0.16, 0.36), 0.8)
_AGE_SPOTS: Final = _Kind(4e3, (1.2 * _MM, 4.0 * _MM), (0.05, 0.14), 0.5)
_BLEMISHES: Final = _Kind(8e3, (0.7 * _MM, 2.2 * _MM), (0.4, 0.9), 1.3)


def paint_spots(surface: Surface, head: Head, traits: Traits, size: int, seed: int) -> Spots | None:
    """All spots at full size, or None on clear skin."""
    region = surface.atlas.region
    rim = float(head.vertices[:, 2].min())
    covered = 1.0 - region("lips_upper", "lips_lower", "mouth_inside", "eye_sockets", "lids_margin")
    open_skin = covered * (1.0 - 0.9 * region("scalp")) * smooth_step(surface.position[2] - rim, *_BUST_RIM)
    sun = torch.maximum(region("nose", "cheeks", "under_eyes"), 0.55 * region("forehead"))
    sun = torch.maximum(sun, 0.3 * region("temples", "chin")) * open_skin
    places = {
        "freckles.density": (_FRECKLES, sun),
        "moles.density": (_MOLES, open_skin),
        "age_spots.density": (_AGE_SPOTS, torch.maximum(0.6 * region("forehead", "temples", "cheeks"), sun) * covered),
        "blemishes.density": (_BLEMISHES, region("cheeks", "forehead", "chin", "nose") * open_skin),
    }
    drawn = {
        name: _draw(surface, kind, traits.number(name), where, size, seed, name)
        for name, (kind, where) in places.items()
        if traits.number(name) > 0.0
    }
    if not drawn:
        return None
    nothing = torch.zeros(size, size)
    moles, blemishes = drawn.get("moles.density", nothing), drawn.get("blemishes.density", nothing)
    melanin = drawn.get("freckles.density", nothing) + drawn.get("age_spots.density", nothing) + moles
    return Spots(melanin.clamp_max(0.6), blemishes.clamp_max(1.0), 0.35 * _MM * moles + 0.18 * _MM * blemishes)


def _draw(surface: Surface, kind: _Kind, amount: float, where: Tensor, size: int, seed: int, layer: str) -> Tensor:
    if not bool((where > 0.0).any()):
        return torch.zeros(size, size)
    shared = stream(seed, layer)
    if kind is _FRECKLES:  # freckles come in swarms
        swarm = solid_noise(surface.position, 0.012, 1, shared)[0]
        where = where * (0.75 + 0.45 * swarm).clamp(0.0, 1.0)
    generator = tile_stream(shared, seed, surface.atlas.tile, layer)
    count = int(kind.often * _LARGEST)
    random = torch.rand(count, 8, generator=generator)
    places = random[:, :2]
    index = texel_of(places, surface.atlas.size)
    density = surface.density.view(-1)[index]
    chance = amount**1.3 * where.view(-1)[index] / density**2 / _LARGEST
    there = random[:, 2] < chance
    chosen = random[there]
    # Small ones are many: squaring the uniform number crowds the lower end.
    radii = kind.radius[0] + (kind.radius[1] - kind.radius[0]) * chosen[:, 3] ** 2.2
    strengths = kind.strength[0] + (kind.strength[1] - kind.strength[0]) * chosen[:, 4]
    return draw_spots(size, SpotList(places[there], radii * density[there], strengths, chosen[:, 5:]), kind.softness)


def texel_of(places: Tensor, size: int) -> Tensor:
    """[N] index into a flattened [size, size] image of the texel at texture coordinates [N, 2]."""
    column = (places[:, 0] * size).long().clamp(0, size - 1)
    row = ((1.0 - places[:, 1]) * size).long().clamp(0, size - 1)
    return row * size + column
