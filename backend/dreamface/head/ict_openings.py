"""ICT-FaceKit's lid and lip loops, found from how its faces join: ring by ring outwards, in ordered columns."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dreamface.face import Topology

IntArray = NDArray[np.int64]

_SKIN: Final = "skin"
_SOCKETS: Final = {"left_eye": "left_eye_socket", "right_eye": "right_eye_socket", "mouth": "mouth_socket"}
_CORNERS: Final = {  # Multi-PIE numbers of an opening's corners, the person's right first, and of its upper edge
    "left_eye": (42, 45, 43),
    "right_eye": (36, 39, 37),
    "mouth": (60, 64, 62),
}
_LONGEST: Final = 40


@dataclass(frozen=True)
class Loops:
    """Parallel closed loops around an opening.

    Column 0 is the corner on the person's right; columns 1 to `left` - 1 run along the upper lid or lip to the corner
    on the person's left, which is column `left`; the rest run back along the lower one.

    Attributes:
        rings: [R, N] vertices; the first rings lie innermost, later ones further out on the face.
        seam: index of the ring on which the socket and the face are joined; 0 where none of the rings is that.
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


def loops(topology: Topology) -> dict[str, Loops]:
    """All loops; left is the person's left.

    "mouth": from deep in the mouth over the seam to the edge of the lips' red. "left_eye", "right_eye": from deep in
    the socket to the hind edge of the lids, past the caruncle: it lies between the hind edge and the inner canthus.
    "left_lids", "right_lids": the front edge of the lids, around the caruncle too.
    """
    mesh = _Mesh(topology)
    found = {}
    for name, socket in _SOCKETS.items():
        seam = mesh.seam(_SKIN, socket)
        inwards, outwards = mesh.rings(seam, mesh.faces_of(_SKIN)), mesh.rings(seam, mesh.faces_of(socket))
        found[name] = _ordered(mesh, topology, name, np.array(inwards[:0:-1] + outwards), len(inwards) - 1)
    for side in ("left", "right"):
        hind = found[f"{side}_eye"]
        front = mesh.loop_outside(hind.rings[-2:, int(hind.upper[len(hind.upper) // 2])], hind.rings)
        rings = np.array(mesh.rings(front, mesh.within(front, int(hind.rings[-1, 0]))))
        found[f"{side}_lids"] = _ordered(mesh, topology, f"{side}_eye", rings, 0)
    return found


def _ordered(mesh: _Mesh, topology: Topology, name: str, rings: IntArray, seam: int) -> Loops:
    """The rings [R, N] from their corner on the person's right over the upper edge."""
    right, left, upper = (
        mesh.nearest(rings, topology.landmarks[f"multipie_{number:02d}"]) for number in _CORNERS[name]
    )
    count = rings.shape[1]
    left, upper = (left - right) % count, (upper - right) % count
    rings = np.roll(rings, -right, axis=1)
    if upper > left:  # the loop was walked the other way around
        rings, left = np.roll(rings[:, ::-1], 1, axis=1), count - left
    return Loops(rings, seam, left, tuple(map(mesh.straight_on, rings[-2].tolist(), rings[-1].tolist())))


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
        """The vertices met by walking on from `before` over `start`, at most `_LONGEST`, while four edges meet."""
        found: list[int] = []
        here = start
        while len(found) < _LONGEST and (ahead := self._opposite(before, here)) is not None:
            before, here = here, ahead
            found.append(here)
        return np.array(found, dtype=np.int64)

    def _opposite(self, before: int, here: int) -> int | None:
        """The vertex across `here` from its neighbour `before`; None where not four faces meet."""
        if len(self._around[here]) != 4:
            return None
        behind = set(self._at_edge[frozenset((before, here))])
        ahead = [
            vertex
            for vertex in self._around[here] - {before}
            if not behind & set(self._at_edge[frozenset((here, vertex))])
        ]
        return ahead[0] if len(ahead) == 1 else None

    def loop_outside(self, way: IntArray, inner: IntArray) -> list[int]:
        """The first closed loop of edges that is crossed on from `way` [2], a little longer than the rings `inner`."""
        known = {int(vertex) for vertex in inner.ravel()}
        before, here = way.tolist()
        for vertex in self.straight_on(before, here).tolist():
            side = next(iter(self._around[vertex] - {here, self._opposite(here, vertex)}))
            loop, ahead = [vertex, side], self._opposite(vertex, side)
            while ahead not in (None, vertex) and len(loop) < 2 * inner.shape[1]:
                loop.append(ahead)
                ahead = self._opposite(loop[-2], loop[-1])
            if ahead == vertex and not known & set(loop):
                return loop
            here = vertex
        raise AssertionError("ICT-FaceKit's lids have a closed loop around the caruncle.")

    def within(self, loop: list[int], start: int) -> frozenset[int]:
        """The faces on the same side of the loop as the vertex `start`."""
        fence = {frozenset(edge) for edge in zip(loop, loop[1:] + loop[:1], strict=True)}
        found: set[int] = set()
        waiting = [face for other in self._around[start] for face in self._at_edge[frozenset((start, other))]]
        while waiting:
            face = waiting.pop()
            if face in found:
                continue
            found.add(face)
            corners = self._faces[face]
            for edge in map(frozenset, zip(corners, corners[1:] + corners[:1], strict=True)):
                if edge not in fence:
                    waiting += self._at_edge.get(edge, [])
        return frozenset(found)

    def nearest(self, rings: IntArray, start: int) -> int:
        """The column of rings [R, N] that is reached from a vertex in the fewest steps."""
        reached, front = {start}, {start}
        while not np.isin(rings, list(front)).any():
            front = {other for vertex in front for other in self._around[vertex]} - reached
            reached |= front
        return int(np.flatnonzero(np.isin(rings, list(front)).any(axis=0))[0])
