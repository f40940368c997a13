"""The skin's tiles as texels that masks are made of: where each lies on the mesh, and how the tiles hang together.

A mask is kept as [N] values of the texels inside the islands, of all tiles one after the other. What belongs to the
topology is made once and kept; nothing here depends on a person's shape but `positions`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from dreamface.edits.seams import Seams, seams_of
from dreamface.edits.symmetry import symmetry_of
from dreamface.face import Topology
from dreamface.skin import TopologyCache, nearest_texels, skin_tiles, texels_inside

MASK_SIZE: Final = 1024
"""Texels a side of a mask."""

_KEPT: Final = 2  # topologies
_HALVES: Final = torch.tensor([[0, 1, 2], [0, 2, 3]])  # corners of a face that its triangles have

_sheets: TopologyCache[Sheet] = TopologyCache(_KEPT)


@dataclass(frozen=True)
class TileSheet:
    """One tile.

    Attributes:
        name: of the tile.
        triangle: [N] int32 the topology's triangle around each texel inside the islands.
        weights: [N, 3] barycentric weights.
        texel: [N] int32 flat index of the texel.
        distance: [S, S] texels to the islands' border; 0 outside.
        fill: [S * S] int32 which of the N each texel takes after: itself, or the nearest one inside.
        matrix: [N, V] sparse, interpolates values of the vertices.
    """

    name: str
    triangle: Tensor
    weights: Tensor
    texel: Tensor
    distance: Tensor
    fill: Tensor
    matrix: Tensor
    _fills: dict[int, Tensor] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """N."""
        return len(self.texel)

    def image(self, values: Tensor) -> Tensor:
        """Return [S, S] values [N], filled beyond the islands."""
        return values[self.fill].view(MASK_SIZE, MASK_SIZE)

    def trusted(self, image: Tensor, reach: int) -> Tensor:
        """Return [S, S] an image whose texels less than `reach` texels inside the islands show what lies outside."""
        if reach not in self._fills:
            deep = (self.distance > reach).numpy()
            deep |= ((self.distance > 0.0) & (self.distance == _highest_near(self.distance))).numpy()  # narrow islands
            rows, columns = distance_transform_edt(~deep, return_distances=False, return_indices=True)
            self._fills[reach] = torch.from_numpy((rows * MASK_SIZE + columns).astype(np.int32)).view(-1)
        return image.reshape(-1)[self._fills[reach]].view(MASK_SIZE, MASK_SIZE)


def _highest_near(distance: Tensor) -> Tensor:
    return torch.nn.functional.max_pool2d(distance[None], 5, 1, 2)[0]


@dataclass(frozen=True)
class Sheet:
    """All tiles of a topology's skin.

    Attributes:
        topology: the topology.
        tiles: in order, the face's first.
    """

    topology: Topology
    tiles: tuple[TileSheet, ...]

    @property
    def count(self) -> int:
        """How many texels there are inside the islands."""
        return sum(tile.count for tile in self.tiles)

    def from_vertices(self, values: Tensor) -> Tensor:
        """Return [N, ...] interpolated values [V] or [V, C] of the vertices."""
        columns = values[:, None] if values.dim() == 1 else values
        found = torch.cat([tile.matrix @ columns for tile in self.tiles])
        return found[:, 0] if values.dim() == 1 else found

    def flat(self, images: dict[str, Tensor]) -> Tensor:
        """Return [N] of images [S, S] by tile; a tile that is missing is 0."""
        return torch.cat(
            [
                images[tile.name].reshape(-1)[tile.texel] if tile.name in images else torch.zeros(tile.count)
                for tile in self.tiles
            ]
        )

    def images(self, values: Tensor) -> dict[str, Tensor]:
        """Return [S, S] by tile of values [N], filled beyond the islands."""
        split = torch.split(values, [tile.count for tile in self.tiles])
        return {tile.name: tile.image(part) for tile, part in zip(self.tiles, split, strict=True)}

    def mirrored(self, values: Tensor) -> Tensor:
        """Return [N] what values [N] are on the other side."""
        images = self.images(values)
        found = torch.zeros(len(values))
        for number, tile in enumerate(self.tiles):
            if bool(images[tile.name].any()):
                rows, places = self._other_side[number]
                found[rows] = bilinear(images[tile.name], places)
        return found

    @cached_property
    def _other_side(self) -> list[tuple[Tensor, Tensor]]:
        """By tile: which of the N texels have their mirror image there, and [M, 2] its texture coordinates."""
        symmetry, topology = symmetry_of(self.topology), self.topology
        tile_of_face = torch.full((len(topology.faces),), -1, dtype=torch.int8)
        for number, tile in enumerate(self.tiles):
            tile_of_face[tile.triangle.long() // 2] = number  # a face without a texel is nobody's mirror image
        triangle = torch.cat([tile.triangle for tile in self.tiles]).long()
        weights = torch.cat([tile.weights for tile in self.tiles])
        face = triangle // 2
        corners = symmetry.uvs[face].gather(1, _HALVES[triangle % 2])
        places = (topology.uv[corners] * weights[..., None]).sum(dim=1)
        there = tile_of_face[symmetry.faces[face]]
        found = []
        for number in range(len(self.tiles)):
            rows = torch.nonzero(there == number)[:, 0]
            found.append((rows, places[rows]))
        return found

    @cached_property
    def seams(self) -> Seams:
        """Where its islands border on each other."""
        return seams_of(self.topology, [tile.name for tile in self.tiles], MASK_SIZE)


def bilinear(image: Tensor, places: Tensor) -> Tensor:
    """Return [N] of an image [S, S] at texture coordinates [N, 2]."""
    size = image.shape[-1]
    x = (places[:, 0] * size - 0.5).clamp(0.0, size - 1.0)
    y = ((1.0 - places[:, 1]) * size - 0.5).clamp(0.0, size - 1.0)
    column, row = x.long().clamp_max(size - 2), y.long().clamp_max(size - 2)
    right, down = x - column, y - row
    flat, first = image.reshape(-1), row * size + column
    above = torch.lerp(flat[first], flat[first + 1], right)
    below = torch.lerp(flat[first + size], flat[first + size + 1], right)
    return torch.lerp(above, below, down)


def sheet_of(topology: Topology) -> Sheet:
    """Return the sheet of a topology, from memory where it was made before."""
    return _sheets.get(topology, "sheet", lambda: Sheet(topology, tuple(_tiles(topology))))


def _tiles(topology: Topology) -> list[TileSheet]:
    return [_tile(topology, name) for name in skin_tiles(topology)]


def _tile(topology: Topology, name: str) -> TileSheet:
    triangle, weights = texels_inside(topology, name, MASK_SIZE)
    inside = triangle >= 0
    distance, nearest = distance_transform_edt(inside.numpy()), nearest_texels(inside.numpy())
    texel = torch.nonzero(inside.view(-1))[:, 0]
    number = torch.full((MASK_SIZE**2,), -1, dtype=torch.int32)
    number[texel] = torch.arange(len(texel), dtype=torch.int32)
    triangle = triangle.view(-1)[texel]
    corners = topology.triangles[triangle]
    rows = torch.arange(0, 3 * len(texel) + 1, 3, dtype=torch.int32)
    order = corners.argsort(dim=1)
    matrix = torch.sparse_csr_tensor(
        rows,
        corners.gather(1, order).int().reshape(-1),
        weights.gather(1, order).reshape(-1),
        (len(texel), topology.vertex_count),
        check_invariants=False,
    )
    distances = torch.from_numpy(distance.astype(np.float32))
    return TileSheet(name, triangle.int(), weights, texel.int(), distances, number[nearest], matrix)
