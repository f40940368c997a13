"""Catmull-Clark subdivision as a linear operator.

One step of Catmull-Clark (Catmull and Clark 1978, "Recursively generated B-spline surfaces on arbitrary topological
meshes") is linear in the vertex positions, so it is built once per topology and applied to every identity and every
blend shape as one sparse product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from dreamface.arrays import IntArray


@dataclass(frozen=True)
class Subdivision:
    """One subdivision step of a quad mesh.

    Attributes:
        matrix: [V, C] from cage to subdivided vertices. The cage's vertices keep their indices 0..C-1; then one vertex
            per edge, then one per face.
        faces: [4F, 4] quads; face 4i + k surrounds corner k of cage face i.
    """

    matrix: sp.csr_matrix
    faces: IntArray


def catmull_clark(faces: IntArray, count: int) -> Subdivision:
    """Return the operator for one step on a manifold quad mesh, with borders kept as cubic B-spline curves.

    Args:
        faces: [F, 4] quads over vertices 0..count-1, every vertex used.
        count: number of cage vertices C.
    """
    edges, face_edges, edge_uses = unique_edges(faces)
    face_points = _averages(faces, count)
    edge_points = _edge_points(edges, face_edges, edge_uses, face_points, count)
    vertex_points = _vertex_points(faces, edges, edge_uses, face_points, count)
    matrix = sp.vstack((vertex_points, edge_points, face_points)).tocsr()
    return Subdivision(matrix, split_faces(faces, face_edges, count, len(edges)))


def linear_subdivision(faces: IntArray, count: int) -> Subdivision:
    """Return the same split without smoothing: edge and face points are plain averages. For texture coordinates."""
    edges, face_edges, _ = unique_edges(faces)
    matrix = sp.vstack((sp.identity(count), _averages(edges, count), _averages(faces, count))).tocsr()
    return Subdivision(matrix, split_faces(faces, face_edges, count, len(edges)))


def unique_edges(faces: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the mesh's edges.

    Returns:
        [E, 2] sorted vertex pairs; [F, 4] the edge from corner k to corner k + 1 of each face; [E] how many faces use
        it.
    """
    pairs = np.stack((faces, np.roll(faces, -1, axis=1)), axis=-1).reshape(-1, 2)
    edges, inverse, uses = np.unique(np.sort(pairs, axis=1), axis=0, return_inverse=True, return_counts=True)
    return edges.astype(np.int64), inverse.reshape(faces.shape).astype(np.int64), uses.astype(np.int64)


def split_faces(faces: IntArray, face_edges: IntArray, vertices: int, edges: int) -> IntArray:
    """Return [4F, 4] quads of the split mesh; see `Subdivision.faces`."""
    centre = vertices + edges + np.arange(len(faces))
    after = vertices + face_edges
    before = np.roll(after, 1, axis=1)
    quads = np.stack((faces, after, np.broadcast_to(centre[:, None], faces.shape), before), axis=-1)
    return quads.reshape(-1, 4)


def _averages(groups: IntArray, count: int) -> sp.csr_matrix:
    """Return [G, C] operator that averages each row of vertex indices."""
    rows, size = groups.shape
    data = np.full(groups.size, 1.0 / size)
    return sp.csr_matrix((data, (np.repeat(np.arange(rows), size), groups.ravel())), shape=(rows, count))


def _edge_points(
    edges: IntArray, face_edges: IntArray, uses: IntArray, face_points: sp.csr_matrix, count: int
) -> sp.csr_matrix:
    """Inner edges: mean of both ends and both face points. Border edges: their midpoint."""
    midpoints = _averages(edges, count)
    faces_of_edge = sp.csr_matrix(
        (np.full(face_edges.size, 0.5), (face_edges.ravel(), np.repeat(np.arange(len(face_edges)), 4))),
        shape=(len(edges), len(face_edges)),
    )
    inner = 0.5 * midpoints + 0.5 * (faces_of_edge @ face_points)
    is_inner = sp.diags((uses == 2).astype(np.float64))
    return is_inner @ inner + (sp.identity(len(edges)) - is_inner) @ midpoints


def _vertex_points(
    faces: IntArray, edges: IntArray, uses: IntArray, face_points: sp.csr_matrix, count: int
) -> sp.csr_matrix:
    """Inner vertices: (mean of faces + 2 mean of edge midpoints + (n - 3) vertex) / n. Border: 1/8, 3/4, 1/8."""
    ones = np.ones(faces.size)
    at_vertex = sp.csr_matrix((ones, (faces.ravel(), np.repeat(np.arange(len(faces)), 4))), shape=(count, len(faces)))
    face_count = np.asarray(at_vertex.sum(axis=1)).ravel()
    neighbours = sp.csr_matrix(
        (np.ones(2 * len(edges)), (edges.ravel(order="F"), edges[:, ::-1].ravel(order="F"))), shape=(count, count)
    )
    valence = np.asarray(neighbours.sum(axis=1)).ravel()
    mean_faces = sp.diags(1.0 / face_count) @ at_vertex @ face_points
    mean_midpoints = 0.5 * (sp.identity(count) + sp.diags(1.0 / valence) @ neighbours)
    inner = sp.diags(1.0 / valence) @ (mean_faces + 2.0 * mean_midpoints + sp.diags(valence - 3.0))

    border_edges = edges[uses == 1]
    along = sp.csr_matrix(
        (
            np.full(2 * len(border_edges), 0.125),
            (border_edges.ravel(order="F"), border_edges[:, ::-1].ravel(order="F")),
        ),
        shape=(count, count),
    )
    is_border = np.zeros(count)
    is_border[border_edges.ravel()] = 1.0
    return sp.diags(1.0 - is_border) @ inner + sp.diags(is_border) @ (along + 0.75 * sp.identity(count))
