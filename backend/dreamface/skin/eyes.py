"""Irises and whites, painted by where a texel lies on the eyeball: its angle off the axis and its turn around it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from dreamface.face import Head, TileMaps
from dreamface.skin.atlas import atlas_of, smooth_step
from dreamface.skin.eyeball import LIMBUS, Eyeball
from dreamface.skin.layout import painted_parts, tile_of
from dreamface.skin.marks import coverage, splat
from dreamface.skin.noise import stream
from dreamface.traits import Traits

# Patterns are drawn on a flat chart of the ball: the distance from its middle is proportional to 1 - exp(-angle / f).
_CHART: Final = 0.235  # radius of the whole ball on the chart, whose side is 0.5
_FALLOFF: Final = math.radians(50.0)

_LARGEST: Final = {"sclera": 1024, "iris": 512}  # texels a side of a tile that holds one of them
_SHARE: Final = {"sclera": 2, "iris": 4}  # of the maps' resolution: an iris needs less than a whole ball
_ROUGHNESS: Final = {"sclera": 0.18, "iris": 0.35}

EYE_TRAITS: Final = (
    "iris.colour", "iris.right_colour", "pupil.size", "sclera.redness", "age", "skin.melanin"
)  # fmt: skip
"""What eyes depend on."""

_PUPIL: Final = 0.34  # of the iris' radius, in a lit room
_HOLE: Final = 0.25  # where the pattern begins on a mesh with a hole for a pupil: its rim is black, as in a lit room
_IRIS_ALBEDO: Final = 0.62  # the trait is the colour people see, with the cornea's gleam; the tissue is darker
_COLLARETTE: Final = 0.52
_PUPIL_COLOUR: Final = torch.tensor([0.0025, 0.0022, 0.0022])
_VEIN: Final = torch.tensor([0.42, 0.055, 0.045])
_BRANCHES: Final = 110  # veins per eye at most
_VEIN_STEPS: Final = 90
_VEIN_SAMPLES: Final = 4  # per step


@dataclass(frozen=True)
class _Ball:
    """Polar coordinates of N texels: radius (1 at the edge of what is painted) and turn (0 is +X, radians)."""

    radius: Tensor
    turn: Tensor


def paint_eyes(
    head: Head, eyes: Mapping[str, Eyeball], traits: Traits, resolution: int, seed: int
) -> dict[str, TileMaps]:
    """Albedo and roughness of every tile with whites or irises, [S, S, 3 or 1]; none for a head without eyes.

    Args:
        head: whose eyes.
        eyes: "left" and "right", from `eyeballs`.
        traits: their colours.
        resolution: of the skin's maps; the eyes' are smaller.
        seed: of fibres and veins.
    """
    topology = head.topology
    names = [f"{side}_{kind}" for side in eyes for kind in _SHARE]
    tiles = [tile_of(topology, topology.part(name).material) for name in names]
    return {
        tile: _paint_tile(head, eyes, tile, traits, resolution, seed)
        for tile in dict.fromkeys(tiles)
        if tile is not None
    }


def _paint_tile(
    head: Head, eyes: Mapping[str, Eyeball], tile: str, traits: Traits, resolution: int, seed: int
) -> TileMaps:
    parts = [part.name for part in painted_parts(head.topology, tile)]
    kinds = {name.rpartition("_")[2] for name in parts}
    size = min(resolution // min(_SHARE[kind] for kind in kinds), max(_LARGEST[kind] for kind in kinds))
    atlas = atlas_of(head.topology, tile, size)
    albedo, roughness = torch.empty(size * size, 3), torch.empty(size * size, 1)
    for name in parts:
        side, _, kind = name.rpartition("_")
        texels = atlas.texels_of(name)
        place = eyes[side].place(atlas.at(texels, head.vertices))
        generator = stream(seed, f"{kind} {side}")
        if kind == "iris":
            colour = _iris(eyes[side], place, traits, generator)
        else:
            chart = size if len(parts) == 1 else size // 2
            colour = _sclera(eyes[side], place, traits, side, chart, generator)
        albedo[texels] = colour.clamp(0.0, 1.0).T
        roughness[texels] = _ROUGHNESS[kind]
    return {"albedo": albedo.view(size, size, 3), "roughness": roughness.view(size, size, 1)}


def _around(disc: _Ball, spokes: int, rings: int, generator: torch.Generator) -> Tensor:
    """[N] noise on a polar lattice: `spokes` around, `rings` from the middle to the edge; deviation about 1."""
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


def _iris(ball: Eyeball, place: Tensor, traits: Traits, generator: torch.Generator) -> Tensor:
    """[3, N]: radial fibres, lighter around the collarette, a dark ring at the limbus, the pupil.

    Where the mesh has a hole for a pupil, the pattern begins at its edge, and what is seen through it is black.
    """
    radius = ball.iris_radius(place, _HOLE)
    disc = _Ball(radius.clamp(0.0, 1.2), ball.turn(place))
    colour = _IRIS_ALBEDO * torch.tensor(traits.colour("iris.colour"))[:, None]
    radius = disc.radius + 0.012 * _around(disc, 40, 1, generator)
    coarse, fine = _around(disc, 46, 3, generator), _around(disc, 150, 5, generator)
    crypts = smooth_step(_around(disc, 17, 4, generator), 0.9, 1.9) * smooth_step(radius, 0.45, 0.6)
    fibres = 0.30 * coarse + 0.34 * fine
    light = torch.exp(fibres.clamp(-1.2, 1.2)) * (1.0 - 0.5 * crypts)
    collarette = torch.exp(-(((radius - _COLLARETTE) / 0.07) ** 2))
    inner = 1.0 - smooth_step(radius, _COLLARETTE - 0.06, _COLLARETTE + 0.05)
    # Around the pupil the stroma is thin and the brown epithelium behind it shows.
    brown = torch.tensor([0.20, 0.095, 0.035])[:, None]
    warm = torch.lerp(colour, 0.55 * colour + 0.45 * brown * (0.4 + 2.0 * colour.mean()), 0.8 * inner)
    shade = light * (1.0 + 0.35 * collarette) * (1.0 - 0.72 * smooth_step(radius, 0.80, 0.99))
    pupil = smooth_step(disc.radius + 0.006 * coarse, _PUPIL - 0.02, _PUPIL + 0.025)
    ruff = 1.0 - 0.6 * torch.exp(-(((disc.radius - _PUPIL - 0.02) / 0.03) ** 2))
    return torch.lerp(_PUPIL_COLOUR[:, None], warm * shade * ruff, pupil * ball.in_front(place))


def _sclera(ball: Eyeball, place: Tensor, traits: Traits, side: str, chart: int, generator: torch.Generator) -> Tensor:
    """[3, N]: off-white, yellower with age, pink towards the corners, with veins that come from there.

    Args:
        ball: which eye.
        place: [N, 3] on it.
        traits: whose it is.
        side: "left" or "right".
        chart: texels a side of the chart on which veins are drawn.
        generator: what they are drawn from.
    """
    redness = traits.number("sclera.redness")
    age = float(smooth_step(torch.tensor(traits.number("age")), 30.0, 85.0))
    angle = ball.angle(place)
    disc = _Ball((1.0 - torch.exp(-angle / _FALLOFF)) / (1.0 - math.exp(-math.pi / _FALLOFF)), ball.turn(place))
    white = torch.tensor([0.70, 0.665, 0.62]) - age * torch.tensor([0.03, 0.055, 0.12])
    white = white - 0.10 * traits.number("skin.melanin") * torch.tensor([0.6, 1.0, 1.6])
    uneven = 1.0 + 0.025 * _around(disc, 9, 3, generator)
    colour = white[:, None] * uneven
    inward = -1.0 if side == "left" else 1.0
    corner = smooth_step(angle, 0.50, 1.05) * (0.35 + 0.65 * torch.cos(disc.turn).abs() ** 2)
    corner = corner + 0.35 * smooth_step(angle, 0.60, 1.0) * (inward * torch.cos(disc.turn)).clamp_min(0.0)
    pink = torch.tensor([0.74, 0.36, 0.32])[:, None]
    colour = torch.lerp(colour, pink, (corner * (0.35 + 0.4 * redness)).clamp(0.0, 1.0))
    flush = redness * (0.42 + 0.08 * _around(disc, 14, 4, generator)) * smooth_step(angle, LIMBUS, 0.9)
    colour = torch.lerp(colour, pink, flush.clamp(0.0, 0.6))
    veins = _on_chart(coverage(_veins(chart, redness, generator)), disc)
    colour = torch.lerp(colour, _VEIN[:, None], veins * (0.45 + 0.4 * redness))
    limbus = 1.0 - smooth_step(angle, LIMBUS, LIMBUS + 0.09)
    return torch.lerp(colour, torch.tensor([0.16, 0.17, 0.185])[:, None], 0.75 * limbus)


def _on_chart(image: Tensor, disc: _Ball) -> Tensor:
    """[N] values of a chart [S, S] at places on the ball."""
    reach = 4.0 * _CHART * disc.radius
    grid = torch.stack((reach * torch.cos(disc.turn), -reach * torch.sin(disc.turn)), dim=1)
    return grid_sample(image[None, None], grid[None, None], padding_mode="border", align_corners=False)[0, 0, 0]


def _veins(size: int, redness: float, generator: torch.Generator) -> Tensor:
    """[S, S] optical depth, on the chart, of wandering lines that thin out towards the iris."""
    start = torch.rand(_BRANCHES, 5, generator=generator)
    wander = torch.randn(_BRANCHES, _VEIN_STEPS, generator=generator)
    there = start[:, 0] < 0.22 + 0.78 * redness
    share = torch.linspace(0.0, 1.0, _VEIN_STEPS)
    # Most come from the corners, left and right.
    turn = math.pi * (start[:, 1] > 0.5) + 1.2 * (start[:, 2] + start[:, 0] - 1.0)
    bend = wander.cumsum(dim=1).cumsum(dim=1) * 0.0004 + wander.cumsum(dim=1) * 0.012
    reach = 0.92 - (0.20 + 0.32 * start[:, 4:]) * share
    turns = turn[:, None] + bend
    place = 0.5 + 2.0 * _CHART * reach[..., None] * torch.stack((turns.cos(), turns.sin()), dim=-1)
    width = (0.8 + 1.6 * start[:, 3:4] ** 2) * size / 512.0 * (1.0 - 0.8 * share)
    length = place.diff(dim=1, append=place[:, -1:]).norm(dim=2) * size
    fine = torch.arange(_VEIN_SAMPLES) / _VEIN_SAMPLES
    following = torch.cat((place[:, 1:], place[:, -1:]), dim=1)
    dense = torch.lerp(place[:, :, None], following[:, :, None], fine[:, None])
    weights = (width * length)[:, :, None].expand(-1, -1, _VEIN_SAMPLES) / _VEIN_SAMPLES
    return splat(size, dense[there].reshape(-1, 2), weights[there].reshape(-1))
