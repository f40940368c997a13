"""Laying one triangle mesh onto another: closest points, and non-rigid registration by iterating them.

After Amberg, Romdhani and Vetter 2007, "Optimal step nonrigid ICP algorithms for surface registration": a stiffness
that falls step by step. Here stiff means that the displacement field bends little (its graph Laplacian is small), and
matches pull along the target's normal only, so that the surface may slide.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from dreamface.arrays import FloatArray, IntArray
from dreamface.geometry import unique_edges

FLIP = np.array([-1.0, 1.0, 1.0])
_NEAR = 10  # vertices around which the closest triangle is looked for


@dataclass(frozen=True)
class MirroredMesh:
    """A triangle mesh that is its own mirror image.

    Attributes:
        vertices: [N, 3] metres.
        triangles: [T, 3].
        mirror: [N] the vertex on the other side.
        zones: [T]; matches are made within a zone only.
    """

    vertices: FloatArray
    triangles: IntArray
    mirror: IntArray
    zones: IntArray

    @cached_property
    def vertex_zones(self) -> IntArray:
        """[N] the lowest zone of the triangles around each vertex: a border belongs to what is outside."""
        zones = np.full(len(self.vertices), self.zones.max() + 1)
        np.minimum.at(zones, self.triangles.ravel(), np.repeat(self.zones, 3))
        return zones

    def moved(self, vertices: FloatArray) -> MirroredMesh:
        """The same mesh with other vertices."""
        return MirroredMesh(vertices, self.triangles, self.mirror, self.zones)


def triangle_normals(vertices: FloatArray, triangles: IntArray) -> FloatArray:
    """[T, 3] unit normals; zero where a triangle has no area."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    unit: FloatArray = normals / np.where(lengths < 1e-15, np.inf, lengths)
    return unit


def vertex_normals(vertices: FloatArray, triangles: IntArray) -> FloatArray:
    """[N, 3] unit normals, means of the triangles around weighted by area."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    normals = np.zeros_like(vertices)
    np.add.at(normals, triangles.ravel(), np.repeat(np.cross(b - a, c - a), 3, axis=0))
    unit: FloatArray = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
    return unit


class Finder:
    """Finds the closest places on a surface."""

    def __init__(self, surface: MirroredMesh) -> None:
        """Prepare the search, zone by zone."""
        self.surface = surface
        self._normals = triangle_normals(surface.vertices, surface.triangles)
        self._zones = {int(zone): self._prepare(np.flatnonzero(surface.zones == zone)) for zone in set(surface.zones)}

    def _prepare(self, members: IntArray) -> tuple[IntArray, cKDTree, IntArray]:
        """Vertices of a zone, their search tree, and [V, K] the triangles around each, padded with the first."""
        triangles = self.surface.triangles[members]
        vertices, local = np.unique(triangles, return_inverse=True)
        order = np.argsort(local.ravel(), kind="stable")
        counts = np.bincount(local.ravel(), minlength=len(vertices))
        first = np.cumsum(counts) - counts
        place = np.minimum(np.arange(counts.max()), counts[:, None] - 1)
        around = members[order[first[:, None] + place] // 3]
        return vertices, cKDTree(self.surface.vertices[vertices]), around

    def closest(
        self, points: FloatArray, normals: FloatArray, zones: IntArray, least_cosine: float
    ) -> tuple[IntArray, FloatArray, FloatArray]:
        """The closest place for each point that faces the same way.

        Args:
            points: [N, 3] metres.
            normals: [N, 3] of the points.
            zones: [N] where each may be matched.
            least_cosine: between the normals; where nothing near faces so, the closest place of all is given.

        Returns:
            [N] triangles, [N, 3] barycentric weights, [N] distances in metres, infinite where nothing faces so.
        """
        triangle, weights = np.zeros(len(points), dtype=np.int64), np.zeros((len(points), 3))
        distance = np.zeros(len(points))
        for zone, (_, tree, around) in self._zones.items():
            rows = np.flatnonzero(zones == zone)
            for chunk in np.array_split(rows, len(rows) // 4096 + 1):
                if len(chunk):
                    near = tree.query(points[chunk], k=min(_NEAR, tree.n))[1]
                    candidates = around[near].reshape(len(chunk), -1)
                    found = self._best(points[chunk], normals[chunk], candidates, least_cosine)
                    triangle[chunk], weights[chunk], distance[chunk] = found
        return triangle, weights, distance

    def _best(
        self, points: FloatArray, normals: FloatArray, candidates: IntArray, least_cosine: float
    ) -> tuple[IntArray, FloatArray, FloatArray]:
        corners = self.surface.vertices[self.surface.triangles[candidates]]
        weights = closest_weights(points[:, None], corners)
        away = np.linalg.norm((weights[..., None] * corners).sum(axis=-2) - points[:, None], axis=-1)
        faces = (self._normals[candidates] * normals[:, None]).sum(axis=-1) >= least_cosine
        rows = np.arange(len(points))
        column = np.where(faces, away, away + 1.0).argmin(axis=1)  # a metre further than anything on a head
        distance = np.where(faces[rows, column], away[rows, column], np.inf)
        return candidates[rows, column], weights[rows, column], distance

    def normals_at(self, triangle: IntArray) -> FloatArray:
        """[N, 3] of triangles [N]."""
        return self._normals[triangle]


def closest_weights(points: FloatArray, corners: FloatArray) -> FloatArray:
    """[..., 3] barycentric weights of the place in a triangle [..., 3, 3] that is closest to a point [..., 3].

    Ericson 2005, "Real-Time Collision Detection", 5.1.5: inside by projection, else the best of the three edges.
    """
    a, b, c = corners[..., 0, :], corners[..., 1, :], corners[..., 2, :]
    ab, ac, ap = b - a, c - a, points - a
    d11, d12, d22 = (ab * ab).sum(-1), (ab * ac).sum(-1), (ac * ac).sum(-1)
    p1, p2 = (ap * ab).sum(-1), (ap * ac).sum(-1)
    area = d11 * d22 - d12 * d12
    flat = area <= 1e-9 * d11 * d22
    safe = np.where(flat, 1.0, area)
    v, w = (d22 * p1 - d12 * p2) / safe, (d11 * p2 - d12 * p1) / safe
    inside = ~flat & (v >= 0.0) & (w >= 0.0) & (v + w <= 1.0)
    best = np.stack((1.0 - v - w, v, w), axis=-1)
    least = np.full(inside.shape, np.inf)
    for one, other in ((0, 1), (1, 2), (2, 0)):
        start, edge = corners[..., one, :], corners[..., other, :] - corners[..., one, :]
        share = ((points - start) * edge).sum(-1) / np.maximum((edge * edge).sum(-1), 1e-18)
        share = np.clip(share, 0.0, 1.0)
        away = np.square(start + share[..., None] * edge - points).sum(-1)
        weights = np.zeros(best.shape)
        weights[..., one], weights[..., other] = 1.0 - share, share
        better = ~inside & (away < least)
        best = np.where(better[..., None], weights, best)
        least = np.where(better, away, least)
    return best


@dataclass(frozen=True)
class Schedule:
    """How the registration goes.

    Attributes:
        stiffness: of the stages.
        steps: in each stage.
        reach: metres, of the first and the last stage: what lies further from the target is not matched.
        least_cosine: between normals that are matched.
    """

    stiffness: tuple[float, ...]
    steps: int
    reach: tuple[float, float]
    least_cosine: float


@dataclass(frozen=True)
class Pins:
    """Vertices that are pulled to given places.

    Attributes:
        vertices: [K].
        places: [K, 3] metres.
        weights: [K]; a matched vertex has 1.
        fading: whether the pull goes down with the stiffness.
    """

    vertices: IntArray
    places: FloatArray
    weights: FloatArray
    fading: NDArray[np.bool_]


def lay(surface: MirroredMesh, target: MirroredMesh, pins: Pins, schedule: Schedule) -> FloatArray:
    """[N, 3] vertices of `surface`, which lies roughly on `target`, laid onto it."""
    count = len(surface.vertices)
    bend = laplacian(surface.triangles, count)
    bend = (bend.T @ bend).tocsc()
    finder = Finder(target)
    free = ~_border(surface.triangles, count)
    laid = surface.vertices
    reaches = np.geomspace(*schedule.reach, len(schedule.stiffness))
    for stiffness, reach in zip(schedule.stiffness, reaches, strict=True):
        fade = np.where(pins.fading, stiffness / schedule.stiffness[0], 1.0)
        for _ in range(schedule.steps):
            normals = vertex_normals(laid, surface.triangles)
            found = finder.closest(laid, normals, surface.vertex_zones, schedule.least_cosine)
            places, pull = _matches(laid, finder, found, free, float(reach), surface.mirror)
            wanted = pull[:, None] * (places - surface.vertices)
            weight = pull.copy()
            np.add.at(weight, pins.vertices, pins.weights * fade)
            pinned = (pins.weights * fade)[:, None] * (pins.places - surface.vertices[pins.vertices])
            np.add.at(wanted, pins.vertices, pinned)
            moved = splu((stiffness * bend + sp.diags(weight + 1e-6)).tocsc()).solve(wanted)
            laid = surface.vertices + moved
            laid = 0.5 * (laid + laid[surface.mirror] * FLIP)
    return laid


def _matches(
    laid: FloatArray,
    finder: Finder,
    found: tuple[IntArray, FloatArray, FloatArray],
    free: NDArray[np.bool_],
    reach: float,
    mirror: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """[N, 3] where each vertex is pulled, along the target's normal, and [N] how strongly; both mirrored."""
    triangle, weights, distance = found
    corners = finder.surface.vertices[finder.surface.triangles[triangle]]
    towards = (weights[..., None] * corners).sum(axis=1) - laid
    normal = finder.normals_at(triangle)
    places = laid + normal * (normal * towards).sum(axis=1, keepdims=True)
    pull = (free & (distance < reach)).astype(np.float64)
    pull = np.minimum(pull, pull[mirror])
    return 0.5 * (places + places[mirror] * FLIP), pull


def laplacian(triangles: IntArray, count: int) -> sp.csr_matrix:
    """[N, N] each vertex less the mean of its neighbours."""
    edges, _, _ = unique_edges(triangles)
    both = np.concatenate((edges, edges[:, ::-1]))
    both = both[both[:, 0] != both[:, 1]]
    graph = sp.csr_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(count, count))
    degree = np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1.0)
    return sp.csr_matrix(sp.identity(count) - sp.diags(1.0 / degree) @ graph)


def _border(triangles: IntArray, count: int) -> NDArray[np.bool_]:
    edges, _, uses = unique_edges(triangles)
    border = np.zeros(count, dtype=bool)
    border[edges[uses == 1]] = True
    return border
