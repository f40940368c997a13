"""Skin textures from the built-in head's layout to ICT-FaceKit's and back.

Every texel of the target's layout lies in a triangle; the triangle's corners have places on the other skin and so in
its layout, and between them the texel's place follows. Where the other layout is cut between the corners, the texel
goes with the corner that it is nearest to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from dreamface.arrays import FloatArray
from dreamface.face import Topology
from dreamface.head.transfer.correspondence import Places, load_correspondence
from dreamface.render import Camera, rasterise, sample_texture

ANNY_TILES: Final = ("skin",)
ICT_TILES: Final = ("skin", "back_of_head")

_SKIN_PARTS: Final = {  # part of the skin -> tile, of either head
    "skin": "skin",
    "back_of_head": "back_of_head",
    "mouth_socket": "back_of_head",
    "left_eye_socket": "back_of_head",
    "right_eye_socket": "back_of_head",
}
_CUT: Final = 0.1  # of a tile: corners of one triangle that lie further apart have a cut between them
_DISTANCE: Final = 64.0  # tiles, of the camera that looks at a layout


@dataclass(frozen=True)
class _Lookup:
    """Where the texels of one target tile are found.

    Attributes:
        tile: [N] number of the source tile.
        uv: [N, 2] in the source tile.
        nearest: [S * S] which of the N texels inside an island each texel of the tile takes after.
    """

    tile: Tensor
    uv: Tensor
    nearest: Tensor

    def sample(self, images: list[Tensor], size: int) -> Tensor:
        """Return [size, size, C] of the source tiles' images [H, W, C]."""
        found = torch.zeros(len(self.uv), images[0].shape[2])
        for number, image in enumerate(images):
            rows = torch.nonzero(self.tile == number)[:, 0]
            found[rows] = sample_texture(image, self.uv[rows])
        return found[self.nearest].view(size, size, -1)


class SkinTextures:
    """Carries textures between the two layouts, at one resolution."""

    def __init__(self, anny: Topology, ict: Topology, size: int) -> None:
        """Find every texel's place on the other head.

        Args:
            anny: the built-in head's topology.
            ict: ICT-FaceKit's.
            size: side of the pictures that are made, in pixels.
        """
        self._size = size
        places = load_correspondence()
        on_anny = _in_layout(places.ict, anny, ANNY_TILES)
        on_ict = _in_layout(places.anny, ict, ICT_TILES)
        self._to_ict = {tile: _lookup(ict, tile, on_anny, size) for tile in ICT_TILES}
        self._to_anny = {tile: _lookup(anny, tile, on_ict, size) for tile in ANNY_TILES}

    def to_ict(self, images: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return what is painted on the built-in head, on ICT's tiles "skin" and "back_of_head".

        Args:
            images: the tile "skin" -> [H, W, C], filled beyond its islands; row 0 at v = 1.

        Returns:
            Tile -> [size, size, C], filled beyond the islands.
        """
        sources = [images[tile] for tile in ANNY_TILES]
        return {tile: lookup.sample(sources, self._size) for tile, lookup in self._to_ict.items()}

    def to_anny(self, images: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return what is painted on ICT's tiles "skin" and "back_of_head", on the built-in head's tile "skin".

        Args:
            images: both tiles -> [H, W, C], filled beyond their islands; row 0 at v = 1.

        Returns:
            The tile "skin" -> [size, size, C], filled beyond the islands.
        """
        sources = [images[tile] for tile in ICT_TILES]
        return {tile: lookup.sample(sources, self._size) for tile, lookup in self._to_anny.items()}


class Carrier:
    """Carries textures and points from the layout of one head model to the other's, at one resolution."""

    def __init__(self, source: Topology, target: Topology, to: str, size: int) -> None:
        """Find every texel's place on the other head.

        Args:
            source: the topology that textures come from.
            target: the one that they are made for.
            to: name of the target's head model, "anny" or "ict".
            size: side of the pictures that are made, in pixels.
        """
        known = load_correspondence()
        self._size, self._source = size, source
        self._from_tiles: tuple[str, ...] = ANNY_TILES if to == "ict" else ICT_TILES
        to_tiles: tuple[str, ...] = ICT_TILES if to == "ict" else ANNY_TILES
        here, there = (known.ict, known.anny) if to == "ict" else (known.anny, known.ict)
        places = _in_layout(here, source, self._from_tiles)
        self._lookups = {tile: _lookup(target, tile, places, size) for tile in to_tiles}
        self._target_tiles, self._there = to_tiles, _in_layout(there, target, to_tiles)

    def images(self, images: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return tile -> [size, size, C] of images [H, W, C] by tile; a tile that is missing is 0. Both are filled."""
        channels = next(iter(images.values())).shape[-1]
        sources = [images.get(tile, torch.zeros(2, 2, channels)) for tile in self._from_tiles]
        return {tile: lookup.sample(sources, self._size) for tile, lookup in self._lookups.items()}

    def place(self, tile: str, place: tuple[float, float]) -> tuple[str, tuple[float, float]]:
        """Return the tile and the texture coordinates of a point of the source's skin; of the nearest one beside it."""
        parts = [part for part in self._source.parts if _SKIN_PARTS.get(part.name) == tile]
        chosen = torch.cat([torch.arange(2 * part.faces[0], 2 * part.faces[1]) for part in parts])
        corners = self._source.uv[self._source.triangle_uvs[chosen]].double().numpy()
        point = np.broadcast_to(np.array((*place, 0.0)), (len(corners), 3))
        weights = _closest_weights(point[:, :2], corners)
        away = np.linalg.norm((corners * weights[..., None]).sum(axis=1) - point[:, :2], axis=1)
        best = int(away.argmin())
        share = torch.from_numpy(weights[best : best + 1]).float()
        number, uv = _blend(self._there, self._source.triangles[chosen[best : best + 1]], share)
        return self._target_tiles[int(number[0])], (float(uv[0, 0]), float(uv[0, 1]))


def _closest_weights(points: FloatArray, corners: FloatArray) -> FloatArray:
    """Return [N, 3] barycentric weights of the points of triangles [N, 3, 2] that lie nearest to points [N, 2]."""
    found = np.zeros((len(points), 3))
    best = np.full(len(points), np.inf)
    for one, other in ((0, 1), (1, 2), (2, 0)):
        along = corners[:, other] - corners[:, one]
        share = ((points - corners[:, one]) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-18)
        share = np.clip(share, 0.0, 1.0)
        away = np.linalg.norm(corners[:, one] + share[:, None] * along - points, axis=1)
        nearer = away < best
        found[nearer] = 0.0
        found[nearer, one], found[nearer, other] = 1.0 - share[nearer], share[nearer]
        best = np.minimum(best, away)
    a, b, c = (corners[:, number] - points for number in range(3))
    areas = np.stack([p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0] for p, q in ((b, c), (c, a), (a, b))], axis=1)
    total = areas.sum(axis=1, keepdims=True)
    inner = areas / np.where(np.abs(total) < 1e-18, 1.0, total)
    inside = (inner >= 0.0).all(axis=1) & (np.abs(total[:, 0]) > 1e-18)
    found[inside] = inner[inside]
    return found


def _in_layout(places: Places, topology: Topology, tiles: tuple[str, ...]) -> tuple[Tensor, Tensor]:
    """Return [V] number of the tile and [V, 2] texture coordinates of the places."""
    of_triangle = torch.zeros(len(topology.triangles), dtype=torch.int64)
    for part in topology.parts:
        tile = _SKIN_PARTS.get(part.name)
        if tile in tiles:
            of_triangle[2 * part.faces[0] : 2 * part.faces[1]] = tiles.index(tile)
    corners = topology.uv[topology.triangle_uvs[places.triangles]]
    return of_triangle[places.triangles], (corners * places.weights[..., None]).sum(dim=1)


def _lookup(topology: Topology, tile: str, places: tuple[Tensor, Tensor], size: int) -> _Lookup:
    """Of one tile of `topology`, whose skin vertices lie at `places` in the other layout."""
    parts = [part for part in topology.parts if _SKIN_PARTS.get(part.name) == tile]
    chosen = torch.cat([torch.arange(2 * part.faces[0], 2 * part.faces[1]) for part in parts])
    triangle, weights = _texels(topology.uv, topology.triangle_uvs[chosen], size)
    inside = triangle >= 0
    place_tile, uv = _blend(places, topology.triangles[chosen[triangle[inside]]], weights[inside])
    rows, columns = distance_transform_edt(~inside.numpy(), return_distances=False, return_indices=True)
    number = torch.full((size, size), -1)
    number[inside] = torch.arange(int(inside.sum()))
    nearest = number[torch.from_numpy(rows.astype(np.int64)), torch.from_numpy(columns.astype(np.int64))]
    return _Lookup(place_tile, uv, nearest.view(-1))


def _texels(uv: Tensor, triangles: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return [S, S] triangle around each texel's centre, -1 for none, and [S, S, 3] its weights."""
    flat = torch.stack((uv[:, 0], torch.zeros(len(uv)), uv[:, 1]), dim=1)
    fov = 2.0 * float(np.arctan(0.5 / _DISTANCE))
    seen = rasterise(flat, triangles, Camera((0.5, -_DISTANCE, 0.5), (0.5, 0.0, 0.5), fov), size)
    return seen.triangle, seen.barycentric


def _blend(places: tuple[Tensor, Tensor], corners: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """[N] tile and [N, 2] coordinates between the places of `corners` [N, 3], with barycentric weights [N, 3]."""
    tiles, uv = places[0][corners], places[1][corners]
    main = weights.argmax(dim=1, keepdim=True)
    main_tile = tiles.gather(1, main)
    away = torch.linalg.vector_norm(uv - uv.gather(1, main[..., None].expand(-1, 1, 2)), dim=2)
    share = weights * ((tiles == main_tile) & (away < _CUT))
    share = share / share.sum(dim=1, keepdim=True)
    return main_tile[:, 0], (share[..., None] * uv).sum(dim=1)
