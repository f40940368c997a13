"""Teeth, gums and tongue, painted by what `dentition` finds them to be."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from dreamface.face import Head, TileMaps
from dreamface.skin.atlas import Atlas, atlas_of, smooth_step
from dreamface.skin.dentition import mouth_of
from dreamface.skin.layout import painted_parts, tile_of
from dreamface.skin.noise import solid_noise, stream
from dreamface.traits import Traits

_MM: Final = 1e-3
_MATERIALS: Final = ("teeth", "gums", "tongue", "gums_and_tongue")
_LARGEST: Final = 512  # texels a side
_CANINE: Final = 2
_MOST_TEETH: Final = 40  # of a mouth
_PATCHES, _MOTTLING, _PAPILLAE = 8.0 * _MM, 2.2 * _MM, 0.9 * _MM  # cells of noise
_MARGIN: Final = 1.3 * _MM  # of the gum around the teeth, where it is paler
_WETNESS: Final = {"teeth": 0.16, "gums": 0.24, "tongue": 0.34}  # roughness

MOUTH_TRAITS: Final = ("age", "teeth.yellowness", "skin.melanin")
"""What a mouth depends on."""

_ENAMEL: Final = torch.tensor([0.70, 0.655, 0.555])
_DENTIN: Final = torch.tensor([0.62, 0.49, 0.30])
_EDGE: Final = torch.tensor([0.50, 0.51, 0.50])
_GUM: Final = torch.tensor([0.52, 0.165, 0.155])
_GUM_MARGIN: Final = torch.tensor([0.60, 0.26, 0.24])
_TONGUE: Final = torch.tensor([0.46, 0.135, 0.125])
_COATING: Final = torch.tensor([0.58, 0.34, 0.30])


def paint_mouth(head: Head, traits: Traits, resolution: int, seed: int) -> dict[str, TileMaps]:
    """Albedo and roughness of every tile with teeth, gums or tongue, [S, S, 3 or 1]; none for a head without."""
    topology = head.topology
    tiles = [tile_of(topology, part.material) for part in topology.parts if part.material in _MATERIALS]
    if not tiles:
        return {}
    fields = torch.cat((mouth_of(head).stacked(), head.vertices), dim=1)
    size = min(resolution // 2, _LARGEST)
    return {
        tile: _paint_tile(atlas_of(topology, tile, size), fields, traits, seed)
        for tile in dict.fromkeys(tiles)
        if tile is not None
    }


def _paint_tile(atlas: Atlas, fields: Tensor, traits: Traits, seed: int) -> TileMaps:
    """`fields` are [V, 11]: the mouth's eight, and positions in metres."""
    size = atlas.size
    albedo, roughness = torch.zeros(size * size, 3), torch.zeros(size * size, 1)
    parts = painted_parts(atlas.topology, atlas.tile)
    for hard in (True, False):
        texels = atlas.texels_of(*(part.name for part in parts if (part.material == "teeth") == hard))
        if not len(texels):
            continue
        at = atlas.at(texels, fields).T
        mottling = _noise(at[8:], _MOTTLING, seed, "mouth mottling")
        if hard:
            colour, rough = _teeth(at, traits, mottling, seed), torch.tensor(_WETNESS["teeth"])
        else:
            colour, rough = _soft(at, traits, mottling, seed)
        albedo[texels] = colour.clamp(0.0, 1.0).T
        roughness[texels] = (rough + 0.02 * mottling).clamp(0.05, 1.0)[:, None]
    return {"albedo": albedo.view(size, size, 3), "roughness": roughness.view(size, size, 1)}


def _noise(position: Tensor, cell: float, seed: int, layer: str) -> Tensor:
    """[N] noise at places [3, N]."""
    return solid_noise(position[:, None], cell, 1, stream(seed, layer))[0, 0]


def _teeth(at: Tensor, traits: Traits, noise: Tensor, seed: int) -> Tensor:
    """[3, N]; every tooth its own shade; dentin shines through at the neck, the edge is thin and bluish."""
    up, across, number, own_number = at[:4]
    age = float(smooth_step(torch.tensor(traits.number("age")), 15.0, 90.0))
    shades = torch.randn(_MOST_TEETH, generator=stream(seed, "teeth"))
    own = shades[own_number.round().long().clamp(0, _MOST_TEETH - 1)]
    number = number.round()
    yellow = 0.10 + 0.55 * age + 0.35 * (1.0 - up).clamp_min(0.0) ** 2 + 0.16 * (number == _CANINE) + 0.05 * own
    colour = torch.lerp(_ENAMEL[:, None], _DENTIN[:, None], yellow.clamp(0.0, 1.0))
    edge = smooth_step(up, 0.72, 0.95) * (number <= _CANINE) * (1.0 - 0.6 * age)
    colour = torch.lerp(colour, _EDGE[:, None], 0.55 * edge)
    return colour * (1.0 + 0.02 * noise + 0.02 * own) * (1.0 - 0.22 * smooth_step(across, 0.6, 1.0))


def _soft(at: Tensor, traits: Traits, mottling: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """[3, N] colour and [N] roughness of gums, palate and tongue."""
    margin, tongue, side, top = at[4:8]
    patches = _noise(at[8:], _PATCHES, seed, "mouth patches")
    papillae = _noise(at[8:], _PAPILLAE, seed, "mouth papillae")
    gums = _gums(margin, traits, patches, mottling)
    colour = torch.lerp(gums, _tongue(side, top, mottling, papillae), tongue)
    return colour, _WETNESS["gums"] + (_WETNESS["tongue"] - _WETNESS["gums"]) * tongue


def _gums(distance: Tensor, traits: Traits, patches: Tensor, mottling: Tensor) -> Tensor:
    margin = torch.exp(-((distance / _MARGIN) ** 2))
    colour = torch.lerp(_GUM[:, None], _GUM_MARGIN[:, None], 0.6 * margin)
    dark = traits.number("skin.melanin") ** 2 * smooth_step(patches, -0.3, 1.2)
    colour = colour * torch.lerp(torch.ones(3), torch.tensor([0.38, 0.36, 0.42]), 0.75)[:, None] ** dark
    return colour * (1.0 + 0.05 * mottling + 0.03 * patches)


def _tongue(side: Tensor, top: Tensor, mottling: Tensor, papillae: Tensor) -> Tensor:
    middle = torch.exp(-((side / 0.5) ** 2)) * top
    colour = torch.lerp(_TONGUE[:, None], _COATING[:, None], (0.35 * middle + 0.08 * papillae * top).clamp(0.0, 1.0))
    groove = torch.exp(-((side / 0.04) ** 2)) * top
    return colour * (1.0 + 0.04 * mottling + 0.05 * papillae) * (1.0 - 0.15 * groove)
