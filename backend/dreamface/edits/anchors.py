"""Places for pictures by name: a landmark, or the middle of a region."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.edits.places import masks_of
from dreamface.edits.regions import REGIONS, region_named
from dreamface.edits.wrapping import Anchor, anchor_of
from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.record import Place
from dreamface.skin import atlas_of, skin_tiles
from dreamface.units import MM

_GRID: Final = 128  # texels a side on which a region's middle is found
_OFF_MIDDLE_MM: Final = 4.0  # from the middle of the face, within which a region lies on both sides of it
_BULGE_MM: Final = 7.0  # around the middle, within which the most outward skin is looked for
_BESIDE_MM: Final = 15.0  # from the skin, beyond which a middle lies between two sides and not on one


def anchor_at(head: Head, name: str) -> Anchor:
    """Return the place on the skin that a name means.

    Args:
        head: whose skin.
        name: of a landmark, such as "glabella", or of one of `REGIONS`, such as "left_cheek": the middle of it.

    Raises:
        BadRequest: there is no such name, or the head has nothing that it means.
    """
    if name in head.topology.landmarks:
        return anchor_of(head, head.vertices[head.topology.landmarks[name]])
    if (region := region_named(name)) is None:
        raise BadRequest(f"There is no place called {name!r}: name a landmark or one of {', '.join(REGIONS)}.")
    places, weights = _region(head, name)
    if not len(places):
        raise BadRequest(f"This head has no {region.label.lower()}: lay the picture somewhere else.")
    middle = _mean(places, weights)
    if region.side is None and abs(float(middle[0])) < _OFF_MIDDLE_MM * MM:  # of both sides: where it stands out
        middle[0] = 0.0
        near = (places - middle)[:, [0, 2]].norm(dim=1) < _BULGE_MM * MM
        if bool(near.any()):
            middle[1] = places[near, 1].min()
            return anchor_of(head, middle)
    # The mean of a bent region lies below the skin: its nearest own place is what is meant.
    away = torch.linalg.vector_norm(places - middle, dim=1)
    if float(away.min()) > _BESIDE_MM * MM and bool((places[:, 0] > 0.0).any()):  # both ears: the left one
        left = places[:, 0] > 0.0
        places, weights = places[left], weights[left]
        away = torch.linalg.vector_norm(places - _mean(places, weights), dim=1)
    return anchor_of(head, places[int(away.argmin())])


def _region(head: Head, name: str) -> tuple[Tensor, Tensor]:
    """Return [N, 3] places in a region, metres, and [N] how much of the region lies there."""
    places, weights = [torch.zeros(0, 3)], [torch.zeros(0)]
    masks = masks_of(Place((name,)), head, {})
    for tile in skin_tiles(head.topology):
        if tile in masks:
            atlas = atlas_of(head.topology, tile, _GRID)
            mask = interpolate(masks[tile][None, None], size=(_GRID, _GRID), mode="bilinear", antialias=True)[0, 0]
            there = (mask > 0.5) & atlas.inside
            places.append(atlas.spread(head.vertices)[:, there].T)
            weights.append(mask[there])
    return torch.cat(places), torch.cat(weights)


def _mean(places: Tensor, weights: Tensor) -> Tensor:
    return (places * weights[:, None]).sum(dim=0) / weights.sum()
