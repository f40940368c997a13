"""The eyes' tile: four discs, irises above and whites below, the left eye's on the left (see `head.eyes`)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.atlas import smooth_step
from dreamface.skin.marks import coverage, splat
from dreamface.skin.noise import stream
from dreamface.traits import Traits

# The layout that the head models give their eyes.
_DISC: Final = 0.235  # radius of a disc in the tile
_FALLOFF: Final = math.radians(50.0)  # of the whites' disc: its radius is proportional to 1 - exp(-angle / falloff)
_LIMBUS: Final = math.radians(23.5)  # off the eye's axis, where iris meets white

_PUPIL: Final = 0.34  # of the iris' radius, in a lit room
_IRIS_ALBEDO: Final = 0.62  # the trait is the colour people see, with the cornea's gleam; the tissue is darker
_COLLARETTE: Final = 0.52
_PUPIL_COLOUR: Final = torch.tensor([0.0025, 0.0022, 0.0022])
_VEIN: Final = torch.tensor([0.42, 0.055, 0.045])
_BRANCHES: Final = 110  # veins per eye at most
_VEIN_STEPS: Final = 90
_VEIN_SAMPLES: Final = 4  # per step


@dataclass(frozen=True)
class _Disc:
    """Polar coordinates of a quadrant of the tile: radius (1 at the disc's edge) and turn (0 is +X), both [S, S]."""

    radius: Tensor
    turn: Tensor


def paint_eyes(traits: Traits, size: int, seed: int) -> dict[str, Tensor]:
    """Albedo and roughness of the eyes' tile, [size, size, 3 or 1]."""
    half = size // 2
    disc = _disc(half)
    albedo = torch.empty(3, size, size)
    roughness = torch.full((1, size, size), 0.35)
    for column, side in enumerate(("left", "right")):
        across = slice(column * half, (column + 1) * half)
        albedo[:, :half, across] = _iris(disc, traits, stream(seed, f"iris {side}"))
        albedo[:, half:, across] = _sclera(disc, traits, side, stream(seed, f"sclera {side}"))
        roughness[:, half:, across] = 0.18
    return {
        "albedo": albedo.clamp(0.0, 1.0).permute(1, 2, 0).contiguous(),
        "roughness": roughness.permute(1, 2, 0).contiguous(),
    }


def _disc(half: int) -> _Disc:
    line = ((torch.arange(half) + 0.5) / half - 0.5) * 0.5 / _DISC
    y, x = torch.meshgrid(-line, line, indexing="ij")
    return _Disc(torch.sqrt(x * x + y * y), torch.atan2(y, x))


def _around(disc: _Disc, spokes: int, rings: int, generator: torch.Generator) -> Tensor:
    """[S, S] noise on a polar lattice: `spokes` around, `rings` from the middle to the edge; deviation about 1."""
    lattice = torch.randn(rings + 2, spokes, generator=generator)
    turn = (disc.turn / (2.0 * math.pi)).remainder(1.0) * spokes
    reach = (disc.radius * rings).clamp(0.0, rings + 0.999)
    spoke, ring = turn.floor().long().remainder(spokes), reach.floor().long().clamp_max(rings)
    along, out = turn - turn.floor(), reach - ring
    along, out = along * along * (3.0 - 2.0 * along), out * out * (3.0 - 2.0 * out)
    following = (spoke + 1).remainder(spokes)
    near = torch.lerp(lattice[ring, spoke], lattice[ring, following], along)
    far = torch.lerp(lattice[ring + 1, spoke], lattice[ring + 1, following], along)
    return 1.3 * torch.lerp(near, far, out)


def _iris(disc: _Disc, traits: Traits, generator: torch.Generator) -> Tensor:
    """[3, S, S]: radial fibres, lighter around the collarette, a dark ring at the limbus, the pupil."""
    colour = _IRIS_ALBEDO * torch.tensor(traits.colour("iris.colour"))[:, None, None]
    radius = disc.radius + 0.012 * _around(disc, 40, 1, generator)
    coarse, fine = _around(disc, 46, 3, generator), _around(disc, 150, 5, generator)
    crypts = smooth_step(_around(disc, 17, 4, generator), 0.9, 1.9) * smooth_step(radius, 0.45, 0.6)
    fibres = 0.30 * coarse + 0.34 * fine
    light = torch.exp(fibres.clamp(-1.2, 1.2)) * (1.0 - 0.5 * crypts)
    collarette = torch.exp(-(((radius - _COLLARETTE) / 0.07) ** 2))
    inner = 1.0 - smooth_step(radius, _COLLARETTE - 0.06, _COLLARETTE + 0.05)
    # Around the pupil the stroma is thin and the brown epithelium behind it shows.
    brown = torch.tensor([0.20, 0.095, 0.035])[:, None, None]
    warm = torch.lerp(colour, 0.55 * colour + 0.45 * brown * (0.4 + 2.0 * colour.mean()), 0.8 * inner)
    shade = light * (1.0 + 0.35 * collarette) * (1.0 - 0.72 * smooth_step(radius, 0.80, 0.99))
    pupil = smooth_step(disc.radius + 0.006 * coarse, _PUPIL - 0.02, _PUPIL + 0.025)
    ruff = 1.0 - 0.6 * torch.exp(-(((disc.radius - _PUPIL - 0.02) / 0.03) ** 2))
    return torch.lerp(_PUPIL_COLOUR[:, None, None], warm * shade * ruff, pupil)


def _sclera(disc: _Disc, traits: Traits, side: str, generator: torch.Generator) -> Tensor:
    """[3, S, S]: off-white, yellower with age, pink towards the corners, with veins that come from there."""
    redness = traits.number("sclera.redness")
    age = float(smooth_step(torch.tensor(traits.number("age")), 30.0, 85.0))
    angle = -_FALLOFF * torch.log((1.0 - disc.radius * (1.0 - math.exp(-math.pi / _FALLOFF))).clamp_min(1e-3))
    white = torch.tensor([0.70, 0.665, 0.62]) - age * torch.tensor([0.03, 0.055, 0.12])
    white = white - 0.10 * traits.number("skin.melanin") * torch.tensor([0.6, 1.0, 1.6])
    uneven = 1.0 + 0.025 * _around(disc, 9, 3, generator)
    colour = white[:, None, None] * uneven
    inward = -1.0 if side == "left" else 1.0
    corner = smooth_step(angle, 0.50, 1.05) * (0.35 + 0.65 * torch.cos(disc.turn).abs() ** 2)
    corner = corner + 0.35 * smooth_step(angle, 0.60, 1.0) * (inward * torch.cos(disc.turn)).clamp_min(0.0)
    pink = torch.tensor([0.74, 0.36, 0.32])[:, None, None]
    colour = torch.lerp(colour, pink, (corner * (0.35 + 0.4 * redness)).clamp(0.0, 1.0))
    flush = redness * (0.42 + 0.08 * _around(disc, 14, 4, generator)) * smooth_step(angle, _LIMBUS, 0.9)
    colour = torch.lerp(colour, pink, flush.clamp(0.0, 0.6))
    veins = coverage(_veins(disc.radius.shape[0], redness, generator))
    colour = torch.lerp(colour, _VEIN[:, None, None], veins * (0.45 + 0.4 * redness))
    limbus = 1.0 - smooth_step(angle, _LIMBUS, _LIMBUS + 0.09)
    return torch.lerp(colour, torch.tensor([0.16, 0.17, 0.185])[:, None, None], 0.75 * limbus)


def _veins(size: int, redness: float, generator: torch.Generator) -> Tensor:
    """[S, S] optical depth of wandering lines that thin out towards the iris."""
    start = torch.rand(_BRANCHES, 5, generator=generator)
    wander = torch.randn(_BRANCHES, _VEIN_STEPS, generator=generator)
    there = start[:, 0] < 0.22 + 0.78 * redness
    share = torch.linspace(0.0, 1.0, _VEIN_STEPS)
    # Most come from the corners, left and right.
    turn = math.pi * (start[:, 1] > 0.5) + 1.2 * (start[:, 2] + start[:, 0] - 1.0)
    bend = wander.cumsum(dim=1).cumsum(dim=1) * 0.0004 + wander.cumsum(dim=1) * 0.012
    reach = 0.92 - (0.20 + 0.32 * start[:, 4:]) * share
    turns = turn[:, None] + bend
    place = 0.5 + 2.0 * _DISC * reach[..., None] * torch.stack((turns.cos(), turns.sin()), dim=-1)
    width = (0.8 + 1.6 * start[:, 3:4] ** 2) * size / 512.0 * (1.0 - 0.8 * share)
    length = place.diff(dim=1, append=place[:, -1:]).norm(dim=2) * size
    fine = torch.arange(_VEIN_SAMPLES) / _VEIN_SAMPLES
    following = torch.cat((place[:, 1:], place[:, -1:]), dim=1)
    dense = torch.lerp(place[:, :, None], following[:, :, None], fine[:, None])
    weights = (width * length)[:, :, None].expand(-1, -1, _VEIN_SAMPLES) / _VEIN_SAMPLES
    return splat(size, dense[there].reshape(-1, 2), weights[there].reshape(-1))
