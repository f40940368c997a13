"""Feather: what is marked fades out over millimetres of skin beyond its border, across seams and tiles.

Distances are straight lines between points of the skin, but never much shorter than the way over the skin, along the
mesh's edges: the upper lip does not fade into the lower one, nor an ear into the head behind it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import scipy.sparse as sp
import torch
from scipy.ndimage import binary_dilation
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d

from dreamface.arrays import FloatArray
from dreamface.edits.sheet import MASK_SIZE, Sheet
from dreamface.edits.symmetry import skin_edges
from dreamface.face import Head
from dreamface.geometry import smoothstep
from dreamface.units import MM

_LEVELS: Final = (0.5, 0.1)  # of what is painted: a soft brush's strokes have no one border
_CELLS: Final = 6.0  # of a grid per feather, on which distances are worked out
_TEXEL_MM: Final = 0.35  # that a texel of a mask about has
_DETOUR: Final = 1.15  # that the way along edges takes longer than the way over the skin
_SLACK_MM: Final = 4.0  # about an edge's length, that it may take longer besides
_VOXEL_MM: Final = 4.0  # side of the voxels in which what is near a border is looked for, at least
_BORDERS: Final = 12_000  # points of a border that are searched at most


def feathered(sheet: Sheet, head: Head, values: Tensor, feather_mm: float) -> Tensor:
    """Return [N] values 0..1 that fade out beyond what is marked.

    Args:
        sheet: of the head's topology.
        head: on whose skin distances are measured.
        values: [N] 0..1.
        feather_mm: over how many millimetres.
    """
    position = sheet.from_vertices(head.vertices)
    found, before = values, -1
    for level in _LEVELS:
        core = values >= level
        count = int(core.sum())
        if count in (0, before, len(values)):
            continue
        before = count
        found = torch.maximum(found, _faded(sheet, head, position, values, core, feather_mm * MM))
    return found


def _faded(sheet: Sheet, head: Head, position: Tensor, values: Tensor, core: Tensor, feather: float) -> Tensor:
    """Return [N] values that fade out beyond a core [N]; 0 further away than `feather` metres."""
    border = _border(sheet, core)
    border = border[:: max(1, len(border) // _BORDERS)]
    points = position[border].double().numpy()
    away, value = _to_border(sheet, position, values[border], core, points, feather)
    on_mesh = sheet.from_vertices(_along_mesh(sheet, head, border, position, feather))
    away = torch.maximum(away.clamp_min(0.0), (on_mesh - _SLACK_MM * MM) / _DETOUR)
    return value * (1.0 - smoothstep(away / feather, 0.0, 1.0))


def _border(sheet: Sheet, core: Tensor) -> Tensor:
    """Return [B] which of the N texels lie in the core at its border."""
    rest = {name: max_pool2d(image[None], 3, 1, 1)[0] for name, image in sheet.images((~core).float()).items()}
    return torch.nonzero((sheet.flat(rest) > 0.0) & core)[:, 0]


def _to_border(
    sheet: Sheet, position: Tensor, values: Tensor, core: Tensor, points: FloatArray, feather: float
) -> tuple[Tensor, Tensor]:
    """Return [N] straight distances in metres to border points [B, 3], 0 in the core, and [N] the values [B] there.

    They are worked out on a coarser grid, which is fine enough for the feather.
    """
    step = 1
    while step < MASK_SIZE // 16 and 2 * step * _TEXEL_MM * MM * _CELLS <= feather:
        step *= 2
    near = _Near(points, values, feather)
    if step == 1:
        return near.measured(position, core.float())
    channels = [sheet.images(column) for column in (*position.unbind(1), core.float())]
    away, value = {}, {}
    for tile in sheet.tiles:
        grid = avg_pool2d(torch.stack([images[tile.name] for images in channels])[None], step)[0]
        far, worth = near.measured(grid[:3].reshape(3, -1).T, grid[3].reshape(-1))
        away[tile.name], value[tile.name] = _enlarged(far, grid.shape[1]), _enlarged(worth, grid.shape[1])
    return sheet.flat(away), sheet.flat(value)


class _Near:
    """Looks for the nearest point of a border."""

    def __init__(self, points: FloatArray, values: Tensor, feather: float) -> None:
        """Sort the points.

        Args:
            points: [B, 3].
            values: [B] at them.
            feather: metres, how far away is looked.
        """
        self._tree, self._values, self._feather = cKDTree(points), values, feather
        self._around = _Around(points, max(feather, _VOXEL_MM * MM))

    def measured(self, place: Tensor, inner: Tensor) -> tuple[Tensor, Tensor]:
        """Return [N] distances and [N] values there, of places [N, 3] that lie in the core to a share of 0..1."""
        near = torch.nonzero(self._around.holds(place) & (inner < 1.0))[:, 0]
        distance, which = self._tree.query(place[near].double().numpy(), distance_upper_bound=self._feather)
        count, beyond = len(self._values), 2.0 * self._feather
        far = torch.full((len(place),), beyond)
        far[near] = torch.from_numpy(np.where(which < count, distance, beyond)).float()
        far = torch.where(inner > 0.5, -far.clamp_max(self._feather / _CELLS), far)
        worth = torch.full((len(place),), float(self._values.mean()))
        worth[near] = self._values[torch.from_numpy(np.minimum(which, count - 1))]
        return far, worth


class _Around:
    """The space around some points, in voxels: a quick look at what may be near them."""

    def __init__(self, points: FloatArray, side: float) -> None:
        low = points.min(axis=0) - 1.5 * side
        self._low, self._side = torch.from_numpy(low).float(), side
        voxels = ((points - low) / side).astype(np.int64)
        full = np.zeros(voxels.max(axis=0) + 3, dtype=bool)
        full[tuple(voxels.T)] = True
        self._full = torch.from_numpy(binary_dilation(full, np.ones((3, 3, 3))))

    def holds(self, place: Tensor) -> Tensor:
        """Return [N] whether places [N, 3] may lie nearer than a voxel's side to any of the points."""
        found = torch.zeros(len(place), dtype=torch.bool)
        high = self._low + self._side * torch.tensor(self._full.shape)
        rows = torch.nonzero(((place >= self._low) & (place < high)).all(dim=1))[:, 0]
        voxel = ((place[rows] - self._low) / self._side).long().minimum(torch.tensor(self._full.shape) - 1)
        found[rows] = self._full[tuple(voxel.unbind(1))]
        return found


def _enlarged(values: Tensor, side: int) -> Tensor:
    image = values.view(1, 1, side, side)
    return interpolate(image, size=(MASK_SIZE, MASK_SIZE), mode="bilinear", align_corners=False)[0, 0]


def _along_mesh(sheet: Sheet, head: Head, border: Tensor, position: Tensor, feather: float) -> Tensor:
    """Return [V] ways from the border to the vertices, along the mesh's edges; at most a few feathers."""
    vertices = head.vertices.double().numpy()
    edges = skin_edges(head.topology)
    length = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
    start = _at_corners(sheet, border, position, vertices)
    known = np.flatnonzero(np.isfinite(start))
    source = len(vertices)  # one more vertex, joined to all corners of the border
    rows = np.concatenate((edges[:, 0], edges[:, 1], np.full(len(known), source)))
    columns = np.concatenate((edges[:, 1], edges[:, 0], known))
    weights = np.concatenate((length, length, start[known])).clip(1e-9)
    graph = sp.csr_matrix((weights, (rows, columns)), shape=(source + 1, source + 1))
    most = _DETOUR * feather + 4.0 * _SLACK_MM * MM
    ways = dijkstra(graph, indices=source, limit=most)[:source]
    return torch.from_numpy(np.minimum(ways, most)).float()


def _at_corners(sheet: Sheet, border: Tensor, position: Tensor, vertices: FloatArray) -> FloatArray:
    """Return [V] distances of the vertices to the border's points in the triangles around them; else infinite."""
    triangle = torch.cat([tile.triangle for tile in sheet.tiles])[border].long()
    corners = sheet.topology.triangles[triangle].numpy()
    away = np.linalg.norm(position[border].double().numpy()[:, None] - vertices[corners], axis=2)
    found = np.full(len(vertices), np.inf)
    np.minimum.at(found, corners, away)
    return found
