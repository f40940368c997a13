"""Geometry as other software wants it: Y up, one mesh per object, vertex normals, morph targets.

Arrays are numpy: N vertices and Q faces of one object. A triangle is a face that repeats its last corner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dreamface.arrays import Float32Array, IntArray
from dreamface.face import Face, PartGroup

Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""What turns vectors from our axes to glTF's, as `y_up` does."""

STILL = 1e-6
"""Metres: a vertex that a shape moves by less stays where it is; nobody sees a micrometre."""


@dataclass(frozen=True)
class ObjectMesh:
    """One object of a face, Y up.

    Attributes:
        group: which parts it has.
        vertices: [N, 3] metres.
        quads: [Q, 4] indices into the object's own vertices.
        quad_uvs: [Q, 4] indices into the topology's `uv`.
    """

    group: PartGroup
    vertices: Float32Array
    quads: IntArray
    quad_uvs: IntArray

    def by_material(self) -> dict[str, IntArray]:
        """Material -> [M] the indices of its faces, in the order in which the materials first come."""
        faces: dict[str, list[IntArray]] = {}
        for part in self.group.parts:
            first, last = (face - self.group.faces[0] for face in part.faces)
            faces.setdefault(part.material, []).append(np.arange(first, last))
        return {material: np.concatenate(runs) for material, runs in faces.items()}


@dataclass(frozen=True)
class Morph:
    """How one blend shape moves an object: only the K vertices whose position or normal changes.

    Attributes:
        vertices: [K] ascending indices.
        offsets: [K, 3] metres, added to the vertices.
        normal_offsets: [K, 3], added to the vertex normals.
    """

    vertices: IntArray
    offsets: Float32Array
    normal_offsets: Float32Array


def y_up(vectors: Tensor) -> Float32Array:
    """[..., 3] from DreamFace's axes (Z up, looking along -Y) to glTF's and OBJ's (Y up, looking along +Z)."""
    x, y, z = vectors.detach().cpu().float().unbind(-1)
    return np.stack((x.numpy(), z.numpy(), -y.numpy()), axis=-1)


def object_mesh(face: Face, group: PartGroup) -> ObjectMesh:
    """The neutral geometry of one object."""
    topology = face.head.topology
    return ObjectMesh(
        group,
        y_up(face.head.vertices[slice(*group.vertices)]),
        topology.faces[slice(*group.faces)].cpu().numpy() - group.vertices[0],
        topology.face_uvs[slice(*group.faces)].cpu().numpy(),
    )


def is_triangle(quads: IntArray) -> NDArray[np.bool_]:
    """[Q]: whether the last corner of a face is the one before it again."""
    same: NDArray[np.bool_] = quads[:, 3] == quads[:, 2]
    return same


def triangles(quads: IntArray) -> IntArray:
    """[T, 3]: quads split along their first diagonal, and triangles as they are."""
    halves = np.stack((quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]), axis=1)
    present = np.ones(halves.shape[:2], bool)
    present[:, 1] = ~is_triangle(quads)
    split: IntArray = halves[present]
    return split


def vertex_normals(mesh: ObjectMesh) -> Float32Array:
    """[N, 3] unit normals, the mean of the adjoining faces' normals weighted by their areas."""
    return _unit(_gather(_area_vectors(mesh.vertices, mesh.quads), mesh.quads, len(mesh.vertices)))


def morph(mesh: ObjectMesh, deltas: Float32Array, still: float = STILL, lit: bool = True) -> Morph | None:
    """A blend shape as changes of positions and vertex normals, or None where it leaves the object alone.

    Args:
        mesh: the object.
        deltas: [N, 3] metres, Y up.
        still: metres; a vertex that moves by less stays where it is.
        lit: whether normals change, too; without, they are left as they are at rest.
    """
    moved = np.abs(deltas).max(axis=1, initial=0.0) > still
    if not moved.any():
        return None
    if not lit:
        vertices = np.flatnonzero(moved)
        return Morph(vertices, deltas[vertices], np.zeros((0, 3), np.float32))
    touched = np.zeros(len(moved), bool)  # a quad with a moved corner turns, and the normals at its other corners too
    touched[mesh.quads[moved[mesh.quads].any(axis=1)]] = True
    near = mesh.quads[touched[mesh.quads].any(axis=1)]
    before = _gather(_area_vectors(mesh.vertices, near), near, len(moved))
    after = _gather(_area_vectors(mesh.vertices + deltas, near), near, len(moved))
    vertices = np.flatnonzero(touched | moved)
    return Morph(vertices, deltas[vertices], _unit(after[vertices]) - _unit(before[vertices]))


def vertex_tangents(vertices: Float32Array, normals: Float32Array, uv: Float32Array, quads: IntArray) -> Float32Array:
    """Tangent frames for normal maps, from how the positions change with the texture coordinates.

    Args:
        vertices: [M, 3] split at texture seams.
        normals: [M, 3].
        uv: [M, 2], v up.
        quads: [Q, 4].

    Returns:
        [M, 4]: the unit direction of growing u, at right angles to the normal; and 1 or -1, so that
        cross(normal, tangent) times it is the direction of growing v.
    """
    a, b, c, d = (quads[:, corner] for corner in range(4))
    along, across = vertices[c] - vertices[a], vertices[d] - vertices[b]
    uv_along, uv_across = uv[c] - uv[a], uv[d] - uv[b]
    area = uv_along[:, :1] * uv_across[:, 1:] - uv_along[:, 1:] * uv_across[:, :1]
    facing = np.sign(area)
    by_u = _gather(facing * (along * uv_across[:, 1:] - across * uv_along[:, 1:]), quads, len(vertices))
    by_v = _gather(facing * (across * uv_along[:, :1] - along * uv_across[:, :1]), quads, len(vertices))
    tangents = by_u - normals * (by_u * normals).sum(axis=1, keepdims=True)
    lost = np.linalg.norm(tangents, axis=1) < 1e-12  # where the texture has no area, any direction will do
    tangents[lost] = np.cross(normals[lost], np.roll(normals[lost], 1, axis=1) + np.array([0.1, 0.2, 0.3], np.float32))
    handed = np.where((np.cross(normals, tangents) * by_v).sum(axis=1, keepdims=True) < 0.0, -1.0, 1.0)
    frames: Float32Array = np.concatenate((_unit(tangents), handed), axis=1).astype(np.float32)
    return frames


def _area_vectors(vertices: Float32Array, quads: IntArray) -> Float32Array:
    """[Q, 3] normals with twice each face's area as length: the cross product of its diagonals.

    In a triangle's place, two of its sides stand for them.
    """
    a, b, c, d = (vertices[quads[:, corner]] for corner in range(4))
    normals: Float32Array = np.cross(c - a, d - b)
    return normals


def _gather(area_vectors: Float32Array, quads: IntArray, count: int) -> Float32Array:
    """[count, 3] sums over the faces that share each vertex."""
    present = np.ones(quads.shape, bool)
    present[:, 3] = ~is_triangle(quads)
    corners, faces = quads[present], np.nonzero(present)[0]
    sums = [np.bincount(corners, area_vectors[faces, axis], count) for axis in range(3)]
    total: Float32Array = np.stack(sums, axis=1).astype(np.float32)
    return total


def _unit(vectors: Float32Array) -> Float32Array:
    """Vectors of length 1; +Y where there is no length, as at a vertex whose quads have no area."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    up = np.array([0.0, 1.0, 0.0], np.float32)
    unit: Float32Array = np.where(length > 1e-12, vectors / np.maximum(length, 1e-12), up).astype(np.float32)
    return unit
