"""ICT-FaceKit's lid, lip and nostril loops, found from how its faces join, and its mirror map."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from dreamface.arrays import FloatArray, IntArray
from dreamface.head.ict.parts import PAPER, SKIN, parts

PARTS: Final = {part.name: part for part in parts((0, 0))}
SOCKETS: Final = {"mouth": "mouth_socket", "left_eye": "left_eye_socket", "right_eye": "right_eye_socket"}
"""Opening -> the part that lies behind it."""
PAPER_FACES: Final = PARTS[SOCKETS["right_eye"]].faces[1]
"""Faces [0:PAPER_FACES) are those of the vertices [0:PAPER)."""

# Loops are counted outwards: over lids and lips from where the face meets the socket, in a nostril from its deep end.
LID_POSTERIOR: Final = 1  # where the lid's margin meets the eyeball
LID_CONTOUR: Final = 2  # the loop of the Multi-PIE landmarks: the visible opening
LID_ANTERIOR: Final = 4  # where the margin turns into the lid's front
LIP_CONTACT: Final = 7  # where closed lips are seen to meet
NOSTRIL_RIM: Final = 10

_LID_LOOPS: Final = 10
_NOSTRIL_LOOPS: Final = 13
_LEFT_NOSTRIL_CAP: Final = (  # the outline of the patch that closes the left nostril, deep inside
    5177, 5164, 5165, 5166, 5289, 5260, 5167, 5270, 5280, 5456, 5419, 5356, 5357, 5380, 5361, 5360, 5364, 5359, 5358,
    5414, 5451, 5178, 5179, 5180,
)  # fmt: skip
_CORNERS: Final = {  # Multi-PIE numbers of an opening's corners, the person's right first, and of its upper edge
    "left_eye": (42, 45, 43),
    "right_eye": (36, 39, 37),
    "mouth": (60, 64, 62),
}
_FARTHEST: Final = 40  # steps from the lids within which a loop goes around the caruncle


@dataclass(frozen=True)
class Loops:
    """Parallel closed loops around an opening.

    Column 0 is the corner on the person's right; columns 1 to `left` - 1 run along the upper lid or lip to the corner
    on the person's left, which is column `left`; the rest run back along the lower one.

    Attributes:
        rings: [R, N] vertices; the first rings lie innermost, later ones further out on the face.
        seam: index of the ring on which the socket and the face are joined; 0 where none of the rings is that.
        left: column of the corner on the person's left.
    """

    rings: IntArray
    seam: int
    left: int

    @property
    def upper(self) -> IntArray:
        """Columns of the upper lid or lip, from the person's right to the left, without the corners."""
        return np.arange(1, self.left)

    @property
    def lower(self) -> IntArray:
        """Columns of the lower lid or lip, from the person's right to the left, without the corners."""
        return np.arange(self.rings.shape[1] - 1, self.left, -1)

    def ring(self, steps: int) -> IntArray:
        """Return [N] the loop `steps` outwards of the seam; below 0 it lies in the socket."""
        found: IntArray = self.rings[self.seam + steps]
        return found


def loops(faces: IntArray, multipie: IntArray) -> dict[str, Loops]:
    """Return all loops of lids and lips; left is the person's left.

    "mouth": from deep in the mouth over the seam to the edge of the lips' red. "left_eye", "right_eye": from deep in
    the socket to the hind edge of the lids, past the caruncle: it lies between the hind edge and the inner canthus.
    "left_lids", "right_lids": the front edge of the lids, around the caruncle too.

    Args:
        faces: [F, 4] of ICT-FaceKit; what follows the skin's is not looked at.
        multipie: [68] the vertices of the Multi-PIE landmarks.
    """
    mesh = _Mesh(faces[:PAPER_FACES])
    found = {name: _socket_loops(mesh, multipie, name) for name in SOCKETS}
    for side in ("left", "right"):
        hind = found[f"{side}_eye"]
        front = mesh.loop_outside(hind.rings[-2:, int(hind.upper[len(hind.upper) // 2])], hind.rings)
        rings = np.array(mesh.rings(front, mesh.within(front, int(hind.rings[-1, 0]))))
        found[f"{side}_lids"] = _ordered(mesh, multipie, f"{side}_eye", rings, 0)
    return found


def mouth_loops(faces: IntArray, multipie: IntArray) -> Loops:
    """Return the mouth's alone; see `loops`."""
    return _socket_loops(_Mesh(faces[:PAPER_FACES]), multipie, "mouth")


def lid_levels(faces: IntArray, side: str) -> IntArray:
    """Return [PAPER] by how many edges the skin's vertices lie outside the seam of the "left" or "right" eye's socket.

    -1 is in the socket. On the lids these are numbers of loops; at the inner corner they go over the caruncle.
    """
    start, stop = PARTS[SOCKETS[f"{side}_eye"]].faces
    seam = np.intersect1d(faces[start:stop], faces[slice(*PARTS[SKIN].faces)])
    return _levels(faces[:PAPER_FACES], seam, _LID_LOOPS)


def nostril_levels(faces: IntArray, mirror: IntArray, side: str) -> IntArray:
    """Return [PAPER] number of each skin vertex's loop in the "left" or "right" nostril; -1 is further in.

    Args:
        faces: [F, 4] of ICT-FaceKit.
        mirror: [PAPER] see `mirror_map`.
        side: of the person.
    """
    cap = np.array(_LEFT_NOSTRIL_CAP)
    return _levels(faces[:PAPER_FACES], mirror[cap] if side == "right" else cap, _NOSTRIL_LOOPS)


def mirror_map(neutral: FloatArray) -> IntArray:
    """Return [PAPER] the vertex of the skin on the other side; a vertex on the midline is its own.

    Args:
        neutral: [V, 3] metres.
    """
    skin = neutral[:PAPER]
    found = cKDTree(skin).query(skin * [-1.0, 1.0, 1.0])[1]
    mirror: IntArray = np.asarray(found, dtype=np.int64)
    return mirror


def _levels(faces: IntArray, loop: IntArray, count: int) -> IntArray:
    """Return [PAPER] steps along edges from a closed loop; -1 on its smaller side, `count` from so many steps on."""
    one, other = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    joined = sp.coo_matrix((np.ones(len(one), dtype=np.int32), (one, other)), shape=(PAPER, PAPER)).tocsr()
    joined = joined + joined.T
    rest = np.setdiff1d(np.arange(PAPER), loop)
    _, side = connected_components(joined[rest][:, rest], directed=False)
    level = np.full(PAPER, count)
    level[rest[side == np.bincount(side).argmin()]] = -1
    level[loop] = 0
    for number in range(1, count):
        level[(joined @ (level == number - 1) > 0) & (level == count)] = number
    return level


def _socket_loops(mesh: _Mesh, multipie: IntArray, name: str) -> Loops:
    """Return the loops around an opening before a socket."""
    socket = PARTS[SOCKETS[name]].faces
    seam = mesh.seam(PARTS[SKIN].faces, socket)
    inwards = mesh.rings(seam, frozenset(range(*PARTS[SKIN].faces)))
    outwards = mesh.rings(seam, frozenset(range(*socket)))
    return _ordered(mesh, multipie, name, np.array(inwards[:0:-1] + outwards), len(inwards) - 1)


def _ordered(mesh: _Mesh, multipie: IntArray, name: str, rings: IntArray, seam: int) -> Loops:
    """Return the rings [R, N] from their corner on the person's right over the upper edge."""
    right, left, upper = (mesh.nearest(rings, int(multipie[number])) for number in _CORNERS[name])
    count = rings.shape[1]
    left, upper = (left - right) % count, (upper - right) % count
    rings = np.roll(rings, -right, axis=1)
    if upper > left:  # the loop was walked the other way around
        rings, left = np.roll(rings[:, ::-1], 1, axis=1), count - left
    return Loops(rings, seam, left)


class _Mesh:
    """Which faces meet at each edge, and which vertices are joined."""

    def __init__(self, faces: IntArray) -> None:
        self._faces: list[list[int]] = faces.tolist()
        self._count = int(faces.max()) + 1
        one, other = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
        face = np.repeat(np.arange(len(faces)), faces.shape[1])[one != other]  # a triangle repeats its last corner
        edges = np.stack((np.minimum(one, other), np.maximum(one, other)), axis=1)[one != other]
        order = np.lexsort((face, edges[:, 1], edges[:, 0]))
        self._edges, self._edge_faces = edges[order], face[order]
        self._listed: list[int] = self._edge_faces.tolist()
        keys = edges[order] @ (self._count, 1)
        keys, first = np.unique(keys, return_index=True)
        self._of_edge = dict(zip(keys.tolist(), pairwise((*first.tolist(), len(order))), strict=True))
        ends = np.stack((keys // self._count, keys % self._count))
        start, end = np.concatenate((ends, ends[::-1]), axis=1)
        order = np.argsort(start, kind="stable")
        self._ends: list[int] = end[order].tolist()
        self._first: list[int] = np.searchsorted(start[order], np.arange(self._count + 1)).tolist()

    def _at_edge(self, one: int, other: int) -> list[int]:
        """Return the faces at the edge between two vertices; none where there is no edge."""
        key = min(one, other) * self._count + max(one, other)
        start, stop = self._of_edge.get(key, (0, 0))
        return self._listed[start:stop]

    def _around(self, vertex: int) -> set[int]:
        """Return the vertices that an edge joins to one."""
        return set(self._ends[self._first[vertex] : self._first[vertex + 1]])

    def seam(self, one: tuple[int, int], other: tuple[int, int]) -> list[int]:
        """Return the closed loop of vertices along which two parts, given as ranges of faces, are joined."""
        in_one, in_other = ((self._edge_faces >= part[0]) & (self._edge_faces < part[1]) for part in (one, other))
        keys = self._edges @ (self._count, 1)
        shared = np.intersect1d(keys[in_one], keys[in_other])
        following: dict[int, list[int]] = {}
        for start, end in np.stack((shared // self._count, shared % self._count), axis=1).tolist():
            following.setdefault(start, []).append(end)
            following.setdefault(end, []).append(start)
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
            ahead = [face for face in self._at_edge(one, other) if face not in used]
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

    def _opposite(self, before: int, here: int) -> int | None:
        """Return the vertex across `here` from its neighbour `before`; None where not four faces meet."""
        if len(self._around(here)) != 4:
            return None
        behind = set(self._at_edge(before, here))
        ahead = [vertex for vertex in self._around(here) - {before} if not behind & set(self._at_edge(here, vertex))]
        return ahead[0] if len(ahead) == 1 else None

    def loop_outside(self, way: IntArray, inner: IntArray) -> list[int]:
        """The first closed loop of edges that is crossed on from `way` [2], a little longer than the rings `inner`."""
        known = {int(vertex) for vertex in inner.ravel()}
        before, here = way.tolist()
        for _ in range(_FARTHEST):
            ahead = self._opposite(before, here)
            if ahead is None:
                break
            before, here = here, ahead
            loop = self._loop_across(before, here, 2 * inner.shape[1])
            if loop and not known & set(loop):
                return loop
        raise AssertionError("ICT-FaceKit's lids have a closed loop around the caruncle.")

    def _loop_across(self, before: int, start: int, longest: int) -> list[int]:
        """The loop of edges through `start` that crosses the way from `before`; empty where it does not close."""
        beside = self._around(start) - {before, self._opposite(before, start)}
        loop: list[int] = [start, next(iter(beside))]
        while len(loop) < longest:
            ahead = self._opposite(loop[-2], loop[-1])
            if ahead is None or ahead == start:
                return loop if ahead == start else []
            loop.append(ahead)
        return []

    def within(self, loop: list[int], start: int) -> frozenset[int]:
        """Return the faces on the same side of the loop as the vertex `start`."""
        fence = {frozenset(edge) for edge in zip(loop, loop[1:] + loop[:1], strict=True)}
        found: set[int] = set()
        waiting = [face for other in self._around(start) for face in self._at_edge(start, other)]
        while waiting:
            face = waiting.pop()
            if face in found:
                continue
            found.add(face)
            corners = self._faces[face]
            for edge in zip(corners, corners[1:] + corners[:1], strict=True):
                if frozenset(edge) not in fence:
                    waiting += self._at_edge(*edge)
        return frozenset(found)

    def nearest(self, rings: IntArray, start: int) -> int:
        """Return the column of rings [R, N] that is reached from a vertex in the fewest steps."""
        reached, front = {start}, {start}
        while not np.isin(rings, list(front)).any():
            front = {other for vertex in front for other in self._around(vertex)} - reached
            reached |= front
        return int(np.flatnonzero(np.isin(rings, list(front)).any(axis=0))[0])
