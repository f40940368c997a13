"""Deformation transfer: poses of one mesh carried onto other shapes of the same mesh.

Sumner and Popović 2004, "Deformation Transfer for Triangle Meshes": a pose of the template deforms each of its
triangles by a 3 x 3 gradient S; the same gradients are asked of another shape's triangles, and its vertices are found
by least squares. Two things make that quick enough for a slider:

- The unknown is not the pose but how it differs from the template's offsets times a scale. With the template's edges
  as the system's graph, that difference c solves, over all edges ij,

      min sum w_ij |(c_i - c_j) - (S_ij - I)(y_i - y_j)|^2,    y = other shape - scale * template,

  where S_ij is the mean gradient of the triangles that have the edge. It is exactly 0 on the template.
- The weights w depend on the template only, so that one factorisation serves all poses of all shapes. Every triangle's
  gradient already agrees along the edges, so weights only share out what can't be met exactly.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import splu
from torch import Tensor

from dreamface.arrays import Float32Array, FloatArray, IntArray
from dreamface.geometry.steps import smoothstep
from dreamface.geometry.subdivision import unique_edges

_CORNERS: Final = ((0, 1, 2), (1, 2, 3), (2, 3, 0), (3, 0, 1))
"""The triangles of a quad along both diagonals: with one, mirrored meshes would have other triangles."""
_LEAST_AREA: Final = 1e-12  # square metres; a smaller triangle has no gradient
_WEIGHTS: Final = (0.1, 10.0)  # of an edge; long thin quads would otherwise outweigh all else
_STEEPEST: Final = 1.0  # of S - I: as at a mouth's corner, where a wider tear would make much of a person's small folds
_STILL: Final = 2e-5  # metres; a template's vertex that moves less stays
_RIGID: Final = 2e-3  # of S - I; less is not worth an edge
_GAP: Final = 2  # rings of vertices that stay which don't break up what moves around them
_FADE: Final = 4  # rings over which the transfer begins, inside of what moves
_THREADS: Final = 2


class PoseTransfer:
    """The poses of a template, prepared to be carried onto other shapes."""

    def __init__(self, template: Tensor, faces: Tensor, poses: Tensor) -> None:
        """Find the gradients and factorise the system.

        Args:
            template: [V, 3] metres.
            faces: [F, 4] quads; a triangle repeats its last corner. Vertices without a face stay.
            poses: [S, V, 3] metres, offsets at weight 1.
        """
        points, quads = template.double().numpy(), faces.numpy()
        offsets = poses.float().numpy()
        self._template = template.float()
        edges, _, _ = unique_edges(quads)
        edges = edges[edges[:, 0] != edges[:, 1]]
        ends = sp.coo_matrix((np.ones(len(edges)), edges.T), shape=(len(points),) * 2).tocsr()
        neighbours = ((ends + ends.T) > 0).astype(np.float32).tocsr()
        windows = _windows(neighbours, offsets)
        free = windows.any(axis=0)
        used = free[edges].any(axis=1)
        self._edges = torch.from_numpy(edges[used])
        self._free = torch.from_numpy(np.flatnonzero(free))
        self._windows = torch.from_numpy(windows[:, free])
        weights = _edge_weights(points, quads, edges)[used]
        ends, signs = _incidence(edges[used], len(points))
        across = sp.csr_matrix((signs, ends), shape=(int(used.sum()), len(points)))[:, free]
        system = (across.T @ sp.diags(weights) @ across).tocsc().astype(np.float32)
        options = {"SymmetricMode": True}
        self._solver = splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
        self._divergence = (across.T @ sp.diags(weights)).tocsr().astype(np.float32)
        self._gradients = _gradients(points, quads, offsets, edges, used)
        self._count = len(offsets)

    def corrections(self, shape: Tensor, scale: Tensor) -> Tensor:
        """Return [S, V, 3] metres: what to add to the template's offsets times a scale to have the shape's own poses.

        Args:
            shape: [V, 3] metres, any origin.
            scale: [] how much larger the shape is than the template.
        """
        found = torch.zeros(self._count, len(shape), 3)
        if not self._count:
            return found
        change = shape - scale * self._template
        steps = (change[self._edges[:, 0]] - change[self._edges[:, 1]]).numpy()
        wanted = np.zeros((len(steps), self._count, 3), dtype=np.float32)
        for index, (rows, gradients) in enumerate(self._gradients):
            wanted[rows, index] = np.einsum("eij,ej->ei", gradients, steps[rows])
        sources = self._divergence @ wanted.reshape(len(steps), -1)
        solved = torch.from_numpy(self._solve(sources)).view(len(self._free), self._count, 3)
        found[:, self._free] = solved.transpose(0, 1) * self._windows[..., None]
        return found

    def _solve(self, sources: Float32Array) -> Float32Array:
        """Return [N, X] solutions; two threads share the columns."""
        parts = np.array_split(sources, _THREADS, axis=1)
        with ThreadPoolExecutor(_THREADS) as pool:
            return np.concatenate(list(pool.map(self._solver.solve, parts)), axis=1)


def _incidence(edges: IntArray, count: int) -> tuple[tuple[IntArray, IntArray], FloatArray]:
    """Return rows and columns, and values, of the matrix that takes each edge's first end less its second."""
    rows = np.repeat(np.arange(len(edges)), 2)
    return (rows, edges.ravel()), np.tile([1.0, -1.0], len(edges))


def _windows(neighbours: sp.csr_matrix, offsets: Float32Array) -> Float32Array:
    """Return [S, V] how far a pose's transfer counts: 0 where the template stays, 1 a few rings inside of what moves.

    Single vertices that stay amid others that move belong to these.
    """

    def grown(mask: Float32Array) -> Float32Array:
        wider: Float32Array = np.maximum(mask, (neighbours @ mask > 0).astype(np.float32))
        return wider

    moving = (np.linalg.norm(offsets, axis=-1).T > _STILL).astype(np.float32)  # [V, S]
    for _ in range(_GAP):
        moving = grown(moving)
    staying = 1.0 - moving
    for _ in range(_GAP):
        staying = grown(staying)
    rings = np.zeros_like(moving)
    for _ in range(_FADE):
        rings += 1.0 - staying
        staying = grown(staying)
    share = torch.from_numpy(rings.T / _FADE)
    return smoothstep(share).numpy()


def _edge_weights(points: FloatArray, quads: IntArray, edges: IntArray) -> FloatArray:
    """Return [E] the width of the strip of surface along an edge over the edge's length; 1 in a grid of squares."""
    corners = points[quads]
    areas = 0.5 * np.linalg.norm(np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]), axis=1)
    number = _edge_numbers(edges, quads, np.roll(quads, -1, axis=1), len(points))
    shares = np.zeros(len(edges))
    known = number >= 0
    np.add.at(shares, number[known], np.repeat(0.5 * areas[:, None], 4, axis=1)[known])
    lengths = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    weights: FloatArray = np.clip(shares / np.maximum(lengths, 1e-9) ** 2, *_WEIGHTS)
    return weights


def _edge_numbers(edges: IntArray, start: IntArray, end: IntArray, count: int) -> IntArray:
    """Return [...] the number of the edge between two vertices; -1 where start is end."""
    keys = edges @ np.array((count, 1))  # sorted, as the edges are
    asked = np.minimum(start, end) * count + np.maximum(start, end)
    found = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[found] == asked, found, -1)


def _gradients(
    points: FloatArray, quads: IntArray, offsets: Float32Array, edges: IntArray, used: NDArray[np.bool_]
) -> list[tuple[IntArray, Float32Array]]:
    """Return of each pose [N] the used edges that it turns or stretches, and their S - I [N, 3, 3]."""
    triangles = quads[:, _CORNERS].reshape(-1, 3)
    sides = _sides(points, triangles)
    sound = np.linalg.norm(np.cross(sides[..., 0], sides[..., 1]), axis=1) > _LEAST_AREA
    triangles, inverse = triangles[sound], np.linalg.inv(sides[sound])
    numbers = _edge_numbers(edges, triangles[:, :2], triangles[:, 1:], len(points))
    renumbered = np.where(used, np.cumsum(used) - 1, -1)
    numbers = np.where(numbers >= 0, renumbered[numbers], -1)
    known = numbers >= 0
    which = np.nonzero(known)[0]
    mean = sp.csr_matrix((np.ones(len(which)), (numbers[known], which)), shape=(int(used.sum()), len(triangles)))
    mean = sp.diags(1.0 / np.maximum(np.asarray(mean.sum(axis=1))[:, 0], 1.0)) @ mean
    by_triangle = mean.tocsc()
    found = []
    for pose in offsets:
        touched = np.flatnonzero((np.abs(pose).max(axis=1) > 0.0)[triangles].any(axis=1))
        change = _sides(points + pose, triangles[touched]) @ inverse[touched] - np.eye(3)
        gradients = by_triangle[:, touched] @ change.reshape(-1, 9)
        steepness = np.linalg.norm(gradients, axis=1)
        gradients *= np.minimum(1.0, _STEEPEST / np.maximum(steepness, _STEEPEST))[:, None]
        kept = np.flatnonzero(steepness > _RIGID)
        found.append((kept, gradients[kept].reshape(-1, 3, 3).astype(np.float32)))
    return found


def _sides(points: FloatArray, triangles: IntArray) -> FloatArray:
    """Return [T, 3, 3] as columns: two sides of each triangle, and its normal, which grows as the sides do."""
    corners = points[triangles]
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normal = np.cross(one, other)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    return np.stack((one, other, normal / np.sqrt(np.maximum(length, 1e-18))), axis=2)
