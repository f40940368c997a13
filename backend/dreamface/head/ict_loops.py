"""ICT-FaceKit's lid and lip loops, found from how its faces join: ring by ring outwards, in ordered columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dreamface.face import Topology

IntArray = NDArray[np.int64]

_SKIN: Final = "skin"
_CORNERS: Final = {  # Multi-PIE numbers of an opening's corners, the person's right first, and of its lower edge
    "left_eye": ((42, 45), 46),
    "right_eye": ((36, 39), 41),
    "mouth": ((60, 64), 66),
}
_SOCKETS: Final = {"left_eye": "left_eye_socket", "right_eye": "right_eye_socket", "mouth": "mouth_socket"}


@dataclass(frozen=True)
class Opening:
    """The closed loops around an eye or around the mouth.

    Column 0 is the corner on the person's right; columns 1 to `left` - 1 run along the upper lid or lip to the corner on
    the person's left, which is column `left`; the rest run back along the lower one.

    Attributes:
        rings: [R, N] vertices; the first rings lie in the socket, later ones further out on the face.
        seam: index of the ring on which the socket and the face are joined.
        left: column of the corner on the person's left.
        columns: per column, the vertices that follow the last ring further out over the face, as far as the faces stay
            regular; ragged.
    """

    rings: IntArray
    seam: int
    left: int
    columns: tuple[IntArray, ...]

    @property
    def upper(self) -> IntArray:
        """Columns of the upper lid or lip, from the person's right to the left, without the corners."""
        return np.arange(1, self.left)

    @property
    def lower(self) -> IntArray:
        """Columns of the lower lid or lip, from the person's right to the left, without the corners."""
        return np.arange(self.rings.shape[1] - 1, self.left, -1)

    def ring(self, steps: int) -> IntArray:
        """[N] the loop `steps` outwards of the seam; below 0 it lies in the socket."""
        found: IntArray = self.rings[self.seam + steps]
        return found


def openings(topology: Topology) -> dict[str, Opening]:
    """The loops of "left_eye", "right_eye" and "mouth"; left is the person's left."""
    mesh = _Mesh(topology)
    return {name: _opening(mesh, topology, name) for name in _SOCKETS}


def _opening(mesh: _Mesh, topology: Topology, name: str) -> Opening:
    loop = mesh.seam(_SKIN, _SOCKETS[name])
    inwards, outwards = mesh.rings(loop, mesh.faces_of(_SKIN)), mesh.rings(loop, mesh.faces_of(_SOCKETS[name]))
    rings = np.array(inwards[:0:-1] + outwards)
    corners, lower = _CORNERS[name]
    right, left, below = (
        int(np.flatnonzero((rings == topology.landmarks[f"multipie_{point:02d}"]).any(axis=0))[0])
        for point in (*corners, lower)
    )
    rings, left, below = (
        np.roll(rings, -right, axis=1),
        (left - right) % rings.shape[1],
        (below - right) % rings.shape[1],
    )
    if below < left:  # the loop was walked the other way around
        rings, left = np.roll(rings[:, ::-1], 1, axis=1), rings.shape[1] - left
    return Opening(rings, len(inwards) - 1, left, tuple(map(mesh.straight_on, rings[-2], rings[-1])))


class _Mesh:
    """Which faces meet at each edge of the skin's object."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._faces = topology.faces[: topology.objects[0].faces[1]].tolist()
        self._at_edge: defaultdict[frozenset[int], list[int]] = defaultdict(list)
        self._around: defaultdict[int, set[int]] = defaultdict(set)
        for face, corners in enumerate(self._faces):
            corners = list(dict.fromkeys(corners))
            for one, other in zip(corners, corners[1:] + corners[:1], strict=True):
                self._at_edge[frozenset((one, other))].append(face)
                self._around[one].add(other)
                self._around[other].add(one)

    def faces_of(self, part: str) -> frozenset[int]:
        """The faces of a part."""
        return frozenset(range(*self._topology.part(part).faces))

    def seam(self, one: str, other: str) -> list[int]:
        """The closed loop of vertices along which two parts are joined."""
        ones, others = self.faces_of(one), self.faces_of(other)
        following: defaultdict[int, list[int]] = defaultdict(list)
        for edge, faces in self._at_edge.items():
            if len(faces) == 2 and ones & set(faces) and others & set(faces):
                start, end = edge
                following[start].append(end)
                following[end].append(start)
        loop = [min(following)]
        loop.append(following[loop[0]][0])
        while (ahead := next(vertex for vertex in following[loop[-1]] if vertex != loop[-2])) != loop[0]:
            loop.append(ahead)
        return loop

    def rings(self, loop: list[int], behind: frozenset[int]) -> list[list[int]]:
        """The loop and those parallel to it away from the faces `behind`, as long as only quads lie between two."""
        found, used = [loop], set(behind)
        while (step := self._next_ring(found[-1], used)) is not None:
            found.append(step[0])
            used |= step[1]
        return found

    def _next_ring(self, ring: list[int], used: set[int]) -> tuple[list[int], set[int]] | None:
        across: dict[int, int] = {}
        faces: set[int] = set()
        for one, other in zip(ring, ring[1:] + ring[:1], strict=True):
            ahead = [face for face in self._at_edge[frozenset((one, other))] if face not in used]
            corners = self._faces[ahead[0]] if len(ahead) == 1 else []
            if len(set(corners)) != 4:
                return None
            faces.add(ahead[0])
            for here, there in ((one, other), (other, one)):
                place = corners.index(here)
                beside = {corners[place - 1], corners[(place + 1) % 4]} - {there}
                if across.setdefault(here, next(iter(beside))) not in beside:
                    return None
        found = [across[vertex] for vertex in ring]
        return (found, faces) if len(set(found)) == len(found) else None

    def straight_on(self, before: int, start: int) -> IntArray:
        """The vertices met by walking on from `before` over `start` while four edges meet everywhere."""
        found, here = [], start
        while len(self._around[here]) == 4:
            faces = set(self._at_edge[frozenset((before, here))])
            (ahead,) = (
                vertex
                for vertex in self._around[here]
                if vertex != before and not faces & set(self._at_edge[frozenset((here, vertex))])
            )
            before, here = here, ahead
            found.append(here)
            if len(found) > _LONGEST:
                break
        return np.array(found, dtype=np.int64)


_LONGEST: Final = 40


def vertex_rings(topology: Topology, loop: IntArray, steps: int) -> Mapping[int, IntArray]:
    """Steps along edges of the skin's object from a loop -> the vertices that are as far away, 0 being the loop."""
    edges = topology.faces[: topology.objects[0].faces[1]].numpy()
    pairs = np.stack((edges, np.roll(edges, -1, axis=1)), axis=-1).reshape(-1, 2)
    pairs = np.concatenate((pairs, pairs[:, ::-1]))
    reached = np.zeros(int(pairs.max()) + 1, dtype=bool)
    reached[loop] = True
    found = {0: np.asarray(loop, dtype=np.int64)}
    for step in range(1, steps + 1):
        ahead = np.unique(pairs[reached[pairs[:, 0]], 1])
        found[step] = ahead[~reached[ahead]]
        reached[ahead] = True
    return found
