"""A marked place as masks: for each texture tile how much of it lies at each texel."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Hashable, Mapping
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.edits.feather import feathered
from dreamface.edits.regions import REGIONS, region_named, weights_of
from dreamface.edits.sheet import MASK_SIZE, Sheet, TileSheet, sheet_of
from dreamface.edits.symmetry import symmetry_of
from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.images import decode_mask
from dreamface.record import Place
from dreamface.skin import TopologyCache, Window, skin_tiles, window_of

_TEXELS_KEPT: Final = 24_000_000  # of masks, cut to what they reach: 100 MB
_FAINT: Final = 1.0 / 512.0  # half a step of a grey picture: less is nothing

_Cut = dict[str, tuple[Window, Tensor]]

_masks: TopologyCache[_Cut] = TopologyCache(_TEXELS_KEPT, lambda cut: sum(image.numel() for _, image in cut.values()))


def masks_of(place: Place | None, head: Head, pictures: Mapping[str, bytes]) -> dict[str, Tensor]:
    """Return a place as masks: tile -> [S, S] 0..1, row 0 at v = 1, filled beyond the islands; no empty ones.

    What is marked across a seam of the layout is the same on both sides of it.

    Args:
        place: where; None is all of the skin.
        head: whose skin.
        pictures: SHA-256 -> PNG.

    Raises:
        BadRequest: it names a region or a tile that there is not, or a mask's picture is missing or damaged.
    """
    if place is None:
        return {tile: torch.ones(1, 1).expand(MASK_SIZE, MASK_SIZE) for tile in skin_tiles(head.topology)}
    check_place(place, pictures)
    _check_tiles(place, head)
    cut = _masks.get(head.topology, _key(place, head), lambda: _cut(_masks_of(place, head, pictures)))
    found = {}
    for tile, (window, image) in cut.items():
        found[tile] = torch.zeros(MASK_SIZE, MASK_SIZE)
        found[tile][window.slices] = image
    return found


def check_place(place: Place, pictures: Mapping[str, bytes]) -> None:
    """Refuse a place that is nowhere on any head.

    Args:
        place: where.
        pictures: SHA-256 -> PNG.

    Raises:
        BadRequest: it names a region that there is not, or a mask's picture is missing.
    """
    for name in place.regions:
        if region_named(name) is None:
            raise BadRequest(f"There is no region called {name!r}: the regions are {', '.join(REGIONS)}.")
    if not set((place.mask or {}).values()) <= pictures.keys():
        raise BadRequest("A mask's picture is missing: mark the place again.")


def _check_tiles(place: Place, head: Head) -> None:
    tiles = skin_tiles(head.topology)
    for tile in place.mask or {}:
        if tile not in tiles:
            raise BadRequest(f"A mask is for the tile {tile!r}, and this head's skin has {', '.join(tiles)}.")


def _key(place: Place, head: Head) -> Hashable:
    """Return what the masks depend on beside the topology: what was painted alone does not depend on the person."""
    painted = tuple(sorted((place.mask or {}).items()))
    shape = ""
    if place.regions or place.feather > 0.0:
        shape = hashlib.blake2b(head.vertices.contiguous().numpy().tobytes(), digest_size=16).hexdigest()
    return frozenset(place.regions), painted, place.feather, place.mirror, place.inverted, shape


def _cut(masks: Mapping[str, Tensor]) -> _Cut:
    """Return masks cut to what they reach, without empty ones."""
    windows = {tile: window_of(mask > 0.0) for tile, mask in masks.items()}
    return {tile: (window, masks[tile][window.slices].clone()) for tile, window in windows.items() if window}


def _masks_of(place: Place, head: Head, pictures: Mapping[str, bytes]) -> dict[str, Tensor]:
    sheet = sheet_of(head.topology)
    weights = _named(place, head)
    values = sheet.from_vertices(weights) if bool(weights.any()) else torch.zeros(sheet.count)
    if place.mask:
        values = torch.maximum(values, _painted(place, sheet, pictures))
    if place.feather > 0.0:
        values = feathered(sheet, head, values, place.feather)
    images = sheet.images(1.0 - values if place.inverted else values)
    images = sheet.seams.stitched(images)
    return {tile: _without_faint(image) for tile, image in images.items()}


def _named(place: Place, head: Head) -> Tensor:
    """Return [V] the regions' weights."""
    weights = torch.zeros(len(head.vertices))
    for region in filter(None, map(region_named, place.regions)):
        weights = torch.maximum(weights, weights_of(region, head))
    return torch.maximum(weights, weights[symmetry_of(head.topology).vertices]) if place.mirror else weights


def _painted(place: Place, sheet: Sheet, pictures: Mapping[str, bytes]) -> Tensor:
    """Return [N] what was painted."""
    tiles = {tile.name: tile for tile in sheet.tiles}
    digests = place.mask or {}
    images = {name: fitted(decode_mask(pictures[digest]), tiles[name]) for name, digest in digests.items()}
    values = sheet.flat(images)
    return torch.maximum(values, sheet.mirrored(values)) if place.mirror else values


def fitted(painted: Tensor, tile: TileSheet) -> Tensor:
    """Return [S, S] of a painted picture of any size: what lies outside the islands is not mixed in."""
    if painted.shape == (MASK_SIZE, MASK_SIZE):
        return painted
    size = (MASK_SIZE, MASK_SIZE)
    image = interpolate(painted[None, None], size=size, mode="bilinear", antialias=True)[0, 0].clamp_(0.0, 1.0)
    reach = math.ceil(math.sqrt(2.0) * max(MASK_SIZE / min(painted.shape), 1.0))  # texels that the filter mixes in
    return tile.trusted(image, reach)


def _without_faint(image: Tensor) -> Tensor:
    return torch.where(image < _FAINT, 0.0, image)
