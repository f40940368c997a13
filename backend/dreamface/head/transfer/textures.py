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
