"""A marked place as masks: for each texture tile how much of it lies at each texel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

from dreamface.edits.regions import REGIONS, NamedRegion
from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.geometry import smoothstep
from dreamface.images import decode_mask
from dreamface.record import Place
from dreamface.skin import Atlas, atlas_of, skin_tiles
from dreamface.units import MM

MASK_SIZE: Final = 1024
"""Texels a side of a mask."""

_GRID: Final = 512  # texels a side on which regions are worked out; they are soft
_MIDDLE_MM: Final = 4.0  # over which a region of one side ends at the middle of the face


def masks_of(place: Place | None, head: Head, pictures: Mapping[str, bytes]) -> dict[str, Tensor]:
    """Return a place as masks: tile -> [S, S] 0..1, row 0 at v = 1, filled beyond the islands; no empty ones.

    Args:
        place: where; None is all of the skin.
        head: whose skin.
        pictures: SHA-256 -> PNG.

    Raises:
        BadRequest: it names a region or a tile that there is not, or a mask's picture is missing or damaged.
    """
    found = {}
    for tile in skin_tiles(head.topology):
        atlas = atlas_of(head.topology, tile, _GRID)
        mask = torch.ones(_GRID, _GRID) if place is None else _region_mask(place, head, atlas)
        if place is not None and place.mask is not None and tile in place.mask:
            painted = decode_mask(pictures[place.mask[tile]])
            grown = torch.nn.functional.interpolate(mask[None, None], size=painted.shape, mode="bilinear")[0, 0]
            mask = torch.maximum(grown, painted)
        if bool(mask.any()):
            found[tile] = mask
    return found


def _region_mask(place: Place, head: Head, atlas: Atlas) -> Tensor:
    masks = [torch.zeros(atlas.size, atlas.size)]
    for name in place.regions:
        if name not in REGIONS:
            raise BadRequest(f"There is no region called {name!r}: the regions are {', '.join(REGIONS)}.")
        masks.append(_named(REGIONS[name], head, atlas))
    return torch.stack(masks).amax(dim=0)


def _named(region: NamedRegion, head: Head, atlas: Atlas) -> Tensor:
    mask = atlas.region(*region.regions)
    position = atlas.spread(head.vertices)
    for name in region.landmarks:
        away = (position - head.landmark(name)[:, None, None]).norm(dim=0)
        mask = torch.maximum(mask, 1.0 - smoothstep(away / (region.radius_mm * MM), 0.6, 1.0))
    if region.side is not None:
        left = smoothstep(position[0], -_MIDDLE_MM * MM, _MIDDLE_MM * MM)
        mask = mask * (left if region.side == "left" else 1.0 - left)
    return mask
