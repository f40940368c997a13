"""The mouth's tile: teeth in the upper half (7 columns, 4 rows), gums below them, the tongue at the bottom."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from dreamface.skin.atlas import smooth_step
from dreamface.skin.noise import flat_noise, stream
from dreamface.traits import Traits

# The layout that the head models give their mouths: v where one part ends and the next begins.
_TEETH_BOTTOM: Final = 0.5
_GUMS_BOTTOM: Final = 0.25
_COLUMNS, _ROWS = 7, 4
_CANINE: Final = 2

_ENAMEL: Final = torch.tensor([0.70, 0.655, 0.555])
_DENTIN: Final = torch.tensor([0.62, 0.49, 0.30])
_EDGE: Final = torch.tensor([0.50, 0.51, 0.50])
_GUM: Final = torch.tensor([0.52, 0.165, 0.155])
_GUM_MARGIN: Final = torch.tensor([0.60, 0.26, 0.24])
_TONGUE: Final = torch.tensor([0.46, 0.135, 0.125])
_COATING: Final = torch.tensor([0.58, 0.34, 0.30])


def paint_mouth(traits: Traits, size: int, seed: int) -> dict[str, Tensor]:
    """Albedo and roughness of the mouth's tile, [size, size, 3 or 1]."""
    line = (torch.arange(size) + 0.5) / size
    v, u = torch.meshgrid(1.0 - line, line, indexing="ij")
    teeth = round((1.0 - _TEETH_BOTTOM) * size)
    gums = round((1.0 - _GUMS_BOTTOM) * size)
    noise = [flat_noise(cells, cells, size, stream(seed, f"mouth {cells}")) for cells in (12, 48, 160)]
    albedo = torch.cat(
        (
            _teeth(u[:teeth], v[:teeth], traits, noise[1][:teeth], seed),
            _gums(v[teeth:gums], traits, noise[0][teeth:gums], noise[1][teeth:gums]),
            _tongue(u[gums:], v[gums:], noise[1][gums:], noise[2][gums:]),
        ),
        dim=1,
    )
    roughness = torch.full((size, size), 0.16)
    roughness[teeth:gums] = 0.24
    roughness[gums:] = 0.34
    roughness += 0.02 * noise[1]
    return {
        "albedo": albedo.clamp(0.0, 1.0).permute(1, 2, 0).contiguous(),
        "roughness": roughness.clamp(0.05, 1.0)[..., None],
    }


def _teeth(u: Tensor, v: Tensor, traits: Traits, noise: Tensor, seed: int) -> Tensor:
    """Every tooth its own shade; dentin shines through at the neck, the edge is thin and bluish."""
    age = float(smooth_step(torch.tensor(traits.number("age")), 15.0, 90.0))
    column = (u * _COLUMNS).long().clamp_max(_COLUMNS - 1)
    height = ((v - _TEETH_BOTTOM) / (1.0 - _TEETH_BOTTOM)).clamp(0.0, 0.9999) * _ROWS
    up = height - height.floor()  # 0 at the neck, 1 at the biting edge
    across = (u * _COLUMNS - column - 0.5).abs() * 2.0
    own = torch.randn(_ROWS, _COLUMNS, generator=stream(seed, "teeth"))[height.long(), column]
    yellow = 0.10 + 0.55 * age + 0.35 * (1.0 - up).clamp_min(0.0) ** 2 + 0.16 * (column == _CANINE) + 0.05 * own
    colour = torch.lerp(_ENAMEL[:, None, None], _DENTIN[:, None, None], yellow.clamp(0.0, 1.0))
    edge = smooth_step(up, 0.72, 0.95) * (column <= _CANINE) * (1.0 - 0.6 * age)
    colour = torch.lerp(colour, _EDGE[:, None, None], 0.55 * edge)
    return colour * (1.0 + 0.02 * noise + 0.02 * own) * (1.0 - 0.22 * smooth_step(across, 0.6, 1.0))


def _gums(v: Tensor, traits: Traits, patches: Tensor, mottling: Tensor) -> Tensor:
    band = ((v - _GUMS_BOTTOM) / (0.5 * (_TEETH_BOTTOM - _GUMS_BOTTOM))).remainder(1.0)
    margin = torch.exp(-(((band - 0.46) / 0.12) ** 2))
    colour = torch.lerp(_GUM[:, None, None], _GUM_MARGIN[:, None, None], 0.6 * margin)
    dark = traits.number("skin.melanin") ** 2 * smooth_step(patches, -0.3, 1.2)
    colour = colour * torch.lerp(torch.ones(3), torch.tensor([0.38, 0.36, 0.42]), 0.75)[:, None, None] ** dark
    return colour * (1.0 + 0.05 * mottling + 0.03 * patches)


def _tongue(u: Tensor, v: Tensor, mottling: Tensor, papillae: Tensor) -> Tensor:
    middle = torch.exp(-(((u - 0.5) / 0.22) ** 2))
    colour = torch.lerp(
        _TONGUE[:, None, None], _COATING[:, None, None], (0.35 * middle + 0.08 * papillae).clamp(0.0, 1.0)
    )
    groove = torch.exp(-(((u - 0.5) / 0.012) ** 2))
    return colour * (1.0 + 0.04 * mottling + 0.05 * papillae) * (1.0 - 0.15 * groove)
