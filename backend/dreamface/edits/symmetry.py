"""The skin's mesh: its edges, and left and right by topology alone, which no asymmetry and no sculpting disturbs."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dreamface.arrays import IntArray
from dreamface.face import Topology
from dreamface.skin import TopologyCache

_Edge = tuple[int, int]

_edges: TopologyCache[IntArray] = TopologyCache(4)
_symmetries: TopologyCache[Symmetry] = TopologyCache(4)


@dataclass(frozen=True)
class Symmetry:
    """What lies on the other side.

    Attributes:
        vertices: [V] int64 the mirrored vertex; a vertex on the midline, or one that is not skin, is its own.
        uvs: [F, 4] int64 indices into the topology's `uv` of the mirrored corners, corner by corner like `faces`.
        faces: [F] int64 the mirrored face; a face that is not skin is its own.
    """

    vertices: Tensor
    uvs: Tensor
    faces: Tensor


def symmetry_of(topology: Topology) -> Symmetry:
    """Return the symmetry of a topology's skin, from memory where it was found before."""
    return _symmetries.get(topology, "symmetry", lambda: _find(topology))


def skin_faces(topology: Topology) -> slice:
    """Return which of a topology's faces are the skin's."""
    skin = next(group for group in topology.objects if group.name == "skin")
    return slice(*skin.faces)


def skin_edges(topology: Topology) -> IntArray:
    """Return [E, 2] vertices of the skin's edges and of both diagonals of its faces."""
    return _edges.get(topology, "edges", lambda: _find_edges(topology))


def _find_edges(topology: Topology) -> IntArray:
    faces = topology.faces[skin_faces(topology)].numpy()
    pairs = np.concatenate([faces[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (1, 3))])
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    found: IntArray = np.unique(pairs, axis=0)
    return found


def _find(topology: Topology) -> Symmetry:
    """Walk over both sides at once, from pairs of landmarks on."""
    walk = _Walk(topology)
    pairs = [
        (vertex, topology.landmarks[f"{name[:-2]}_r"])
        for name, vertex in topology.landmarks.items()
        if name.endswith("_l")
    ]
    for left, right in pairs:
        for one in walk.leaving[left]:
            for other in walk.arriving[right]:
                found = walk.matched(one, other)
                if found is not None and all(found[0].get(a) == b for a, b in pairs):
                    return _as_symmetry(topology, *found)
    raise ValueError("The head's mesh is not symmetric.")


def _as_symmetry(topology: Topology, vertices: dict[int, int], faces: dict[int, tuple[int, int]]) -> Symmetry:
    of_vertex = np.arange(topology.vertex_count)
    of_vertex[list(vertices.keys())] = list(vertices.values())
    uvs, of_face = topology.face_uvs.numpy().copy(), np.arange(len(topology.faces))
    rings = topology.faces.numpy()
    for face, (other, turn) in faces.items():
        count = _corners(rings[face])
        corners = (turn - np.arange(count)) % count
        mirrored = topology.face_uvs[other].numpy()[corners]
        uvs[face, :count], uvs[face, count:] = mirrored, mirrored[-1]
        of_face[face] = other
    return Symmetry(torch.from_numpy(of_vertex), torch.from_numpy(uvs), torch.from_numpy(of_face))


def _corners(ring: Sequence[int]) -> int:
    """Return 3 or 4: a triangle repeats its last corner."""
    return 3 if ring[2] == ring[3] else 4


class _Walk:
    """The skin's faces by their edges.

    Attributes:
        leaving: vertex -> its edges away from it, in the faces' direction.
        arriving: vertex -> the edges to it.
    """

    def __init__(self, topology: Topology) -> None:
        skin = skin_faces(topology)
        rings = topology.faces[skin].tolist()
        self._rings = {skin.start + number: ring[: _corners(ring)] for number, ring in enumerate(rings)}
        self._face_of: dict[_Edge, tuple[int, int]] = {}  # edge -> its face, and the corner it leaves
        self.leaving: dict[int, list[_Edge]] = {}
        self.arriving: dict[int, list[_Edge]] = {}
        for face, ring in self._rings.items():
            for corner, vertex in enumerate(ring):
                edge = (vertex, ring[(corner + 1) % len(ring)])
                self._face_of[edge] = face, corner
                self.leaving.setdefault(edge[0], []).append(edge)
                self.arriving.setdefault(edge[1], []).append(edge)

    def matched(self, one: _Edge, other: _Edge) -> tuple[dict[int, int], dict[int, tuple[int, int]]] | None:
        """Return vertex -> vertex and face -> (face, turn), if one edge is the other's mirror image; None if it isn't.

        Corner k of a face is the mirror image of corner turn - k of the other.
        """
        vertices: dict[int, int] = {}
        faces: dict[int, tuple[int, int]] = {}
        waiting = deque([(self._face_of[one], self._face_of[other])])
        while waiting:
            (face, start), (twin, end) = waiting.popleft()
            ring, back = self._rings[face], self._rings[twin]
            turn = (start + end + 1) % len(back)
            if face in faces:
                if faces[face] != (twin, turn):
                    return None
                continue
            if len(ring) != len(back):
                return None
            faces[face] = twin, turn
            for corner, vertex in enumerate(ring):
                if vertices.setdefault(vertex, back[(turn - corner) % len(back)]) != back[(turn - corner) % len(back)]:
                    return None
            for corner, vertex in enumerate(ring):
                across = ring[(corner + 1) % len(ring)], vertex
                beyond = vertices[across[1]], vertices[across[0]]
                if (across in self._face_of) != (beyond in self._face_of):
                    return None
                if across in self._face_of:
                    waiting.append((self._face_of[across], self._face_of[beyond]))
        return vertices, faces
