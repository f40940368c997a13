"""Where the islands of the skin's layout border on each other: what is marked across such a seam is one mark.

Along every seam both islands are sampled at matching points. Both sides are pulled to what they have in common, less
and less with the distance to the seam, until bilinear filters find the same on both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import cg
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.arrays import FloatArray, IntArray
from dreamface.edits.symmetry import skin_faces
from dreamface.face import Topology
from dreamface.geometry import smoothstep
from dreamface.skin import painted_parts

_USUAL: Final = 1024  # texels a side of masks, for which the following are meant; finer images take as much skin
_PER_TEXEL: Final = 2.0  # matching points
_REACH: Final = 7.0  # texels, about 2 mm of skin, up to which a side is pulled
_WHOLE: Final = 1.5  # texels, up to which it is pulled all the way: filters mix these
_NEIGHBOURS: Final = 3  # matching points that pull a texel
_BLUR: Final = 3.5  # texels of the coarser side, standard deviation: what is sharper can't be the same in both grids
_STEPS: Final = 300  # of smoothing
_SPREAD: Final = 2.0 / 3.0  # variance that one step of the mean of three points has, spacings squared
_LAST: Final = 2  # rounds that take away what is left of the difference, on the texels that filters mix
_STEADY: Final = 1.0  # keeps those smooth
_INSIDES: Final = ("mouth_inside", "eye_sockets")
_SHOWN: Final = 0.2
_ALIKE: Final = 1e-3  # difference of a mask that nobody sees


@dataclass(frozen=True)
class Seams:
    """Matching points along all seams; P points, each with two sides. A texel is a flat index over all tiles.

    Attributes:
        reading: two [P, T * S * S] sparse: what a bilinear filter finds on either side.
        texels: [K] the texels near a seam.
        pull: [K, 2 P] sparse: mixes what matching points of either side have, for each of those.
        fade: [K] how far each of those is pulled to that.
        smooth: [P, P] sparse: one step of smoothing along the seams.
        points: two [P, 3] number of the tile and texel coordinates, of either side.
        outside: [P] bool: those that show; the others lie in the mouth and in the eye sockets.
    """

    reading: tuple[sp.csr_matrix, sp.csr_matrix]
    texels: IntArray
    pull: sp.csr_matrix
    fade: NDArray[np.float32]
    smooth: sp.csr_matrix
    points: tuple[FloatArray, FloatArray]
    outside: NDArray[np.bool_]

    def both_sides(self, images: dict[str, Tensor]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return [P] what a bilinear filter finds of masks [S, S] of all tiles, on either side of the seams."""
        flat = _flat(images)
        return self.reading[0] @ flat, self.reading[1] @ flat

    def stitched(self, images: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return masks [S, S] of all tiles, pulled together along the seams where the two sides differ."""
        flat = _flat(images)
        one, other = (side @ flat for side in self.reading)
        apart = np.abs(one - other)
        if not len(apart) or apart.max() <= _ALIKE:
            return images
        common, near = 0.5 * (one + other), (apart > _ALIKE).astype(np.float32)
        for _ in range(_STEPS):
            common, near = self.smooth @ common, self.smooth @ near
        near = np.clip(near * 16.0, 0.0, 1.0)
        wanted, amount = self.pull @ np.tile(common, 2), self.fade * (self.pull @ np.tile(near, 2))
        flat[self.texels] += amount * (wanted - flat[self.texels])
        rows = np.flatnonzero(near > _ALIKE)
        reading = sp.vstack([side[rows] for side in self.reading]).tocsr()
        square = reading @ reading.T + _STEADY * sp.identity(2 * len(rows), dtype=np.float32)
        for _ in range(_LAST):
            missing = np.tile(near[rows] * common[rows] + (1.0 - near[rows]) * 0.5 * (one + other)[rows], 2)
            answer, _ = cg(square, missing - reading @ flat, rtol=1e-3, maxiter=100)
            flat = np.clip(flat + reading.T @ answer.astype(np.float32), 0.0, 1.0)
        size = next(iter(images.values())).numel()
        parts = torch.split(torch.from_numpy(flat), size)
        return {name: part.view_as(image) for part, (name, image) in zip(parts, images.items(), strict=True)}


def _flat(images: dict[str, Tensor]) -> NDArray[np.float32]:
    return np.concatenate([image.numpy().reshape(-1) for image in images.values()]).astype(np.float32)


def seams_of(topology: Topology, tiles: list[str], size: int) -> Seams:
    """Find the seams of the skin in some tiles of `size` texels a side."""
    first, second, joints, spacing, outside = _matching_points(topology, tiles, size)
    sides = [_bilinear(side, size, len(tiles)) for side in (first, second)]
    texels, pull, fade = _pull(np.concatenate((first, second)), size, len(tiles))
    return Seams((sides[0], sides[1]), texels, pull, fade, _smoothing(joints, spacing), (first, second), outside)


def _matching_points(
    topology: Topology, tiles: list[str], size: int
) -> tuple[FloatArray, FloatArray, IntArray, FloatArray, NDArray[np.bool_]]:
    """Return the points of all seams.

    Returns:
        Two [P, 3] number of the tile and texel coordinates, on either side; [J, 2] which points are neighbours; [P]
        texels of the coarser side from one to the next; and [P] whether they show.
    """
    edges, uvs, tile = _seam_edges(topology, tiles)
    ends = topology.uv.numpy().astype(np.float64)[uvs] * [size, -size] + [-0.5, size - 0.5]  # [E, 2 sides, 2 ends, 2]
    length = np.linalg.norm(ends[:, :, 1] - ends[:, :, 0], axis=2)
    count = np.maximum(2, np.ceil(_PER_TEXEL * length.max(axis=1)).astype(int) + 1)
    edge = np.repeat(np.arange(len(edges)), count)
    number = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    share = (number / (count[edge] - 1))[:, None]
    sides = []
    for side in (0, 1):
        place = ends[edge, side, 0] * (1.0 - share) + ends[edge, side, 1] * share
        sides.append(np.concatenate((tile[edge, side, None], place), axis=1))
    inner = np.flatnonzero(number[1:] > 0)
    joints = [np.stack((inner, inner + 1), axis=1)]
    joints.append(_at_the_ends(edges, count))
    outside = (_hidden(topology)[edges] < _SHOWN).all(axis=1)
    spacing = length.min(axis=1) / (count - 1)
    return sides[0], sides[1], np.concatenate(joints), spacing[edge], outside[edge]


def _hidden(topology: Topology) -> FloatArray:
    """Return [V] how far the vertices lie in the mouth or in an eye socket."""
    inside = [topology.regions[name].double().numpy() for name in _INSIDES if name in topology.regions]
    return np.max(inside, axis=0) if inside else np.zeros(topology.vertex_count)


def _at_the_ends(edges: IntArray, count: IntArray) -> IntArray:
    """Return [J, 2] the last points of seam edges that meet at a vertex."""
    last = np.cumsum(count) - 1
    points = np.concatenate((last - count + 1, last))
    vertices = np.concatenate((edges[:, 0], edges[:, 1]))
    order = np.argsort(vertices, kind="stable")
    same = np.flatnonzero(np.diff(vertices[order]) == 0)
    return np.stack((points[order[same]], points[order[same + 1]]), axis=1)


def _seam_edges(topology: Topology, tiles: list[str]) -> tuple[IntArray, IntArray, IntArray]:
    """Return [E, 2] vertices, [E, 2, 2] texture coordinates of either side and end, and [E, 2] the sides' tiles."""
    faces = skin_faces(topology)
    rings, uv_rings = topology.faces[faces].numpy(), topology.face_uvs[faces].numpy()
    tile = _tiles_of(topology, tiles)[faces]
    one, other = rings.reshape(-1), np.roll(rings, -1, axis=1).reshape(-1)
    uv_one, uv_other = uv_rings.reshape(-1), np.roll(uv_rings, -1, axis=1).reshape(-1)
    tile = np.repeat(tile, 4)
    real = (one != other) & (tile >= 0)
    low, high = np.minimum(one, other), np.maximum(one, other)
    uv_low, uv_high = np.where(one < other, uv_one, uv_other), np.where(one < other, uv_other, uv_one)
    key = (low * np.int64(topology.vertex_count) + high)[real]
    rows = np.flatnonzero(real)[np.argsort(key, kind="stable")]
    key = np.sort(key, kind="stable")
    pair = np.flatnonzero(key[1:] == key[:-1])
    first, second = rows[pair], rows[pair + 1]
    cut = (uv_low[first] != uv_low[second]) | (uv_high[first] != uv_high[second])
    first, second = first[cut], second[cut]
    edges = np.stack((low[first], high[first]), axis=1)
    uvs = np.stack([np.stack((uv_low[side], uv_high[side]), axis=1) for side in (first, second)], axis=1)
    return edges, uvs, np.stack((tile[first], tile[second]), axis=1)


def _bilinear(points: FloatArray, size: int, tiles: int) -> sp.csr_matrix:
    """Return [P, T * S * S] what a bilinear filter mixes at points [P, 3]."""
    place = np.clip(points[:, 1:], 0.0, size - 1.0)
    first = np.minimum(place.astype(np.int64), size - 2)
    share = place - first
    start = points[:, 0].astype(np.int64) * size * size + first[:, 1] * size + first[:, 0]
    columns = np.stack((start, start + 1, start + size, start + size + 1), axis=1)
    x, y = share[:, 0], share[:, 1]
    weights = np.stack(((1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y), axis=1).astype(np.float32)
    rows = np.repeat(np.arange(len(points)), 4)
    return sp.csr_matrix((weights.ravel(), (rows, columns.ravel())), shape=(len(points), tiles * size * size))


def _pull(points: FloatArray, size: int, tiles: int) -> tuple[IntArray, sp.csr_matrix, NDArray[np.float32]]:
    """Return [K] texels near points [Q, 3], [K, Q] a mean of the nearest, and [K] 1 at them to 0 further away."""
    texels, rows, columns, values, fades = [], [], [], [], []
    found, finer = 0, max(1.0, size / _USUAL)
    for tile in range(tiles):
        here = np.flatnonzero(points[:, 0] == tile)
        if not len(here):
            continue
        tree = cKDTree(points[here, 1:])
        near = np.zeros((size, size), dtype=bool)
        reach = int(_REACH * finer)
        centre = np.rint(points[here, 1:]).astype(int)
        for x in range(-reach, reach + 1):
            for y in range(-reach, reach + 1):
                near[np.clip(centre[:, 1] + y, 0, size - 1), np.clip(centre[:, 0] + x, 0, size - 1)] = True
        where = np.argwhere(near)
        away, which = tree.query(where[:, ::-1], k=_NEIGHBOURS)
        fades.append(1.0 - smoothstep(torch.from_numpy(away[:, 0]), _WHOLE * finer, _REACH * finer).numpy())
        weight = 1.0 / np.square(away + 0.25)
        weight /= weight.sum(axis=1, keepdims=True)
        texels.append(tile * size * size + where[:, 0] * size + where[:, 1])
        rows.append(np.repeat(found + np.arange(len(where)), _NEIGHBOURS))
        columns.append(here[which].ravel())
        values.append(weight.ravel().astype(np.float32))
        found += len(where)
    shape = (found, len(points))
    pull = sp.csr_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=shape)
    return np.concatenate(texels), pull, np.concatenate(fades).astype(np.float32)


def _smoothing(joints: IntArray, spacing: FloatArray) -> sp.csr_matrix:
    """Return [P, P] that mixes each point with its neighbours, the more of them the closer they lie."""
    count = len(spacing)
    both = np.concatenate((joints, joints[:, ::-1], np.repeat(np.arange(count), 2).reshape(-1, 2)))
    graph = sp.csr_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(count, count))
    mean = sp.diags(1.0 / np.asarray(graph.sum(axis=1)).ravel()) @ graph
    rate = np.minimum(1.0, np.square(_BLUR / np.maximum(spacing, 1e-6)) / (_STEPS * _SPREAD))
    return sp.csr_matrix(sp.diags(rate) @ mean + sp.diags(1.0 - rate)).astype(np.float32)


def _tiles_of(topology: Topology, tiles: list[str]) -> IntArray:
    """Return [F] the number of each face's tile; -1 for those of others."""
    found = np.full(len(topology.faces), -1)
    for number, tile in enumerate(tiles):
        for part in painted_parts(topology, tile):
            found[slice(*part.faces)] = number
    return found
