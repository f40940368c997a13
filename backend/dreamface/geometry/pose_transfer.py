"""Deformation transfer: poses of one mesh carried onto other shapes of the same mesh.

Sumner and Popović 2004, "Deformation Transfer for Triangle Meshes": a pose of the template deforms each of its
triangles by a 3 x 3 gradient S; the same gradients are asked of another shape's triangles, and its vertices are found
by least squares, with one factorisation for all poses. Here the unknown is not the pose but how it differs from the
template's offsets times a scale. Over all edges ij, that difference c solves

    min sum w_ij |(c_i - c_j) - (S_ij - I)(y_i - y_j)|^2,    y = shape - scale * template,

where S_ij is the mean gradient of the triangles that have the edge, and w_ij the width of the strip of surface along
the edge over its length, on the shape. So c is exactly 0 on the template, whatever rounding does, and smooth elsewhere.
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
_STEEPEST: Final = 0.7  # of S - I: as at a mouth's corner, where a wider tear would make much of a person's small folds
_STILL: Final = 1e-4  # metres; a template's vertex that moves less stays
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
        self._template, self._count = template.float(), len(offsets)
        edges, _, _ = unique_edges(quads)
        edges = edges[edges[:, 0] != edges[:, 1]]
        windows = _windows(_neighbours(edges, len(points)), offsets)
        free = windows.any(axis=0)
        used = free[edges].any(axis=1)
        self._edges, self._faces = torch.from_numpy(edges[used]), faces
        self._free = torch.from_numpy(np.flatnonzero(free))
        self._windows = torch.from_numpy(windows[:, free])
        self._strips = _strips(quads, edges, len(points))[used]
        self._across = _differences(edges[used], len(points))[:, free].astype(np.float32)
        self._gradients = _gradients(points, quads, offsets, edges, used)

    def corrections(self, shape: Tensor, scale: Tensor) -> Tensor:
        """Return [S, V, 3] metres: what to add to the template's offsets times a scale to have the shape's own poses.

        Args:
            shape: [V, 3] metres, any origin.
            scale: [] how much larger the shape is than the template.
        """
        found = torch.zeros(self._count, len(shape), 3)
        change = shape - scale * self._template
        weights = self._weights(shape)
        steps = ((change[self._edges[:, 0]] - change[self._edges[:, 1]]) * weights[:, None]).numpy()
        wanted = np.zeros((len(steps), self._count, 3), dtype=np.float32)
        for index, (rows, gradients) in enumerate(self._gradients):
            wanted[rows, index] = np.einsum("eij,ej->ei", gradients, steps[rows])
        sources = self._across.T @ wanted.reshape(len(steps), -1)
        system = (self._across.T @ sp.diags(weights.numpy()) @ self._across).tocsc()
        solved = torch.from_numpy(_solve(system, sources)).view(len(self._free), self._count, 3)
        found[:, self._free] = solved.transpose(0, 1) * self._windows[..., None]
        return found

    def _weights(self, shape: Tensor) -> Tensor:
        """Return [E] the weight of each edge; 1 in a grid of squares."""
        corners = shape[self._faces]
        areas = torch.linalg.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]).norm(dim=1)
        strips = torch.from_numpy(self._strips @ areas.numpy())
        squares = (shape[self._edges[:, 0]] - shape[self._edges[:, 1]]).square().sum(dim=1)
        return (strips / squares.clamp(min=1e-18)).clamp(*_WEIGHTS)


def _solve(system: sp.csc_matrix, sources: Float32Array) -> Float32Array:
    """Return [N, X] solutions of a symmetric positive definite system; two threads share the columns."""
    solver = splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    with ThreadPoolExecutor(_THREADS) as pool:
        return np.concatenate(list(pool.map(solver.solve, np.array_split(sources, _THREADS, axis=1))), axis=1)


def _neighbours(edges: IntArray, count: int) -> sp.csr_matrix:
    """Return [V, V] 1 where two vertices have an edge."""
    one_way = sp.coo_matrix((np.ones(len(edges), dtype=np.float32), edges.T), shape=(count, count))
    return (one_way + one_way.T).tocsr()


def _differences(edges: IntArray, count: int) -> sp.csr_matrix:
    """Return [E, V] the matrix that takes each edge's first end less its second."""
    rows = np.repeat(np.arange(len(edges)), 2)
    values = np.tile([1.0, -1.0], len(edges))
    return sp.csr_matrix((values, (rows, edges.ravel())), shape=(len(edges), count))


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


def _strips(quads: IntArray, edges: IntArray, count: int) -> sp.csr_matrix:
    """Return [E, F] how much of a face's doubled area lies in the strip of surface along an edge."""
    number = _edge_numbers(edges, quads, np.roll(quads, -1, axis=1), count)
    known = number >= 0
    faces = np.broadcast_to(np.arange(len(quads))[:, None], quads.shape)[known]
    shares = np.full(len(faces), 0.25, dtype=np.float32)
    return sp.csr_matrix((shares, (number[known], faces)), shape=(len(edges), len(quads)))


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
