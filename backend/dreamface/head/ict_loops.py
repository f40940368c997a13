"""The edge loops around the eyes, the mouth and the nostrils of ICT-FaceKit's mesh, and its mirror map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dreamface.head.ict_parts import PAPER

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FACE_FACES: Final = 9230  # the faces of part "skin"
FACE_VERTICES: Final = 9409  # its vertices
SOCKETS: Final = {"mouth": (11144, 13226), "left_eye": (13226, 13630), "right_eye": (13630, 14034)}
SOCKET_VERTICES: Final = {"mouth": (11248, 13294), "left_eye": (13294, 13678), "right_eye": (13678, 14062)}

LID_LOOPS: Final = 10
LID_POSTERIOR: Final = 1  # where the lid's margin meets the eyeball
LID_CONTOUR: Final = 2  # the loop of the Multi-PIE landmarks: the visible opening
LID_ANTERIOR: Final = 4  # where the margin turns into the lid's front
LIP_LOOPS: Final = 18
LIP_CONTACT: Final = 7  # where closed lips are seen to meet
NOSTRIL_LOOPS: Final = 13
NOSTRIL_RIM: Final = 10

_LEFT_NOSTRIL_CAP: Final = (  # the outline of the patch that closes the left nostril, deep inside
    5177, 5164, 5165, 5166, 5289, 5260, 5167, 5270, 5280, 5456, 5419, 5356, 5357, 5380, 5361, 5360, 5364, 5359, 5358,
    5414, 5451, 5178, 5179, 5180,
)  # fmt: skip

_CARUNCLE: Final = 2.4e-3  # metres from the inner corner to where the lids' loops no longer run round the caruncle

# The vermilion border in loops from the mouth's socket: distance from the midline in metres, loop.
_UPPER_BORDER: Final = ((0.0, 0.009, 0.017, 0.0253), (15.0, 15.0, 14.0, 13.0))
_LOWER_BORDER: Final = ((0.0, 0.018, 0.0253), (12.0, 12.0, 13.0))


@dataclass(frozen=True)
class Loops:
    """Loops around an opening, from the inside outwards.

    Attributes:
        members: per loop its vertices in order around the opening.
        level: [14062] number of each vertex's loop; -1 further in, `len(members)` everywhere else.
    """

    members: tuple[IntArray, ...]
    level: IntArray


def mirror_map(neutral: FloatArray) -> IntArray:
    """[14062] the vertex of the skin on the other side; a vertex on the midline is its own."""
    skin = neutral[:PAPER]
    found = cKDTree(skin).query(skin * [-1.0, 1.0, 1.0])[1]
    mirror: IntArray = np.asarray(found, dtype=np.int64)
    return mirror


def eye_loops(faces: IntArray, side: str) -> Loops:
    """The lids' loops of the "left" or "right" eye; loop 0 is where the face meets the eye's socket."""
    return _around(faces, *_socket_border(faces, f"{side}_eye"), LID_LOOPS)


def lip_loops(faces: IntArray) -> Loops:
    """The lips' loops; loop 0 is where the face meets the mouth's socket."""
    return _around(faces, *_socket_border(faces, "mouth"), LIP_LOOPS)


def nostril_loops(faces: IntArray, side: str, mirror: IntArray) -> Loops:
    """The loops of the "left" or "right" nostril from its deep end outwards."""
    cap = np.array(_LEFT_NOSTRIL_CAP)
    if side == "right":
        cap = mirror[cap]
    inside = _enclosed(faces, cap)
    return _around(faces[:FACE_FACES], cap, inside, NOSTRIL_LOOPS)


def lip_border(neutral: FloatArray, loops: Loops) -> FloatArray:
    """[N, 3] points of the vermilion border, closed, around the mouth."""
    columns = lip_columns(neutral, loops)
    outline = neutral[columns[13]]
    reach = np.abs(outline[:, 0])
    upper = outline[:, 2] >= lip_corner_height(outline)
    level = np.where(upper, np.interp(reach, *_UPPER_BORDER), np.interp(reach, *_LOWER_BORDER))
    return along_columns(neutral, columns, level)


def lip_columns(neutral: FloatArray, loops: Loops) -> IntArray:
    """[16, 74] the first loops of the lips, walked so that column k of each is joined to column k of the next."""
    return _columns(neutral, loops.members[:16])


def inner_columns(neutral: FloatArray, faces: IntArray, columns: IntArray) -> IntArray:
    """[8, 74] the loops of the mouth's socket from the lips' first loop inwards, in the order of `lip_columns`."""
    start, stop = SOCKETS["mouth"]
    neighbours = neighbours_of(faces[start:stop])
    rings, seen = [columns[0]], set(columns[0].tolist())
    for _ in range(7):
        ring = {other for vertex in rings[-1].tolist() for other in neighbours[vertex]} - seen
        seen |= ring
        rings.append(walk(ring, neighbours))
    return _columns(neutral, tuple(rings))


def _columns(neutral: FloatArray, loops: tuple[IntArray, ...]) -> IntArray:
    """Loops turned so that column k of each lies beside column k of the one before."""
    rows = [loops[0]]
    for members in loops[1:]:
        rows.append(_beside(neutral, rows[-1], members))
    return np.stack(rows)


def lip_corner_height(outline: FloatArray) -> FloatArray:
    """[N] height of the line between the corners of a closed curve around the mouth, under each of its points."""
    left, right = outline[outline[:, 0].argmax()], outline[outline[:, 0].argmin()]
    height: FloatArray = np.interp(outline[:, 0], [right[0], left[0]], [right[2], left[2]])
    return height


def along_columns(neutral: FloatArray, columns: IntArray, level: FloatArray) -> FloatArray:
    """[N, 3] the point at loop `level` [N] (a fraction lies between two loops) on each column [R, N]."""
    low = np.clip(np.floor(level).astype(np.int64), 0, len(columns) - 2)
    share = (level - low)[:, None]
    at = np.arange(columns.shape[1])
    points: FloatArray = (1.0 - share) * neutral[columns[low, at]] + share * neutral[columns[low + 1, at]]
    return points


# ----------------------------------------------------------------------------------------------------------- walking


def _socket_border(faces: IntArray, name: str) -> tuple[IntArray, IntArray]:
    """The loop where the face meets a socket, and the socket's own vertices."""
    start, stop = SOCKETS[name]
    socket = np.unique(faces[start:stop])
    border = np.intersect1d(socket, faces[:FACE_FACES])
    return border, np.setdiff1d(socket, border)


def _around(faces: IntArray, first: IntArray, inside: IntArray, count: int) -> Loops:
    """Loops on the face from `first` outwards; `inside` is what lies further in."""
    neighbours = neighbours_of(faces[:FACE_FACES])
    level = np.full(PAPER, count)
    level[inside] = -1
    seen = set(inside.tolist())
    ring = set(first.tolist())
    members = []
    for number in range(count):
        seen |= ring
        ordered = walk(ring, neighbours)
        level[ordered] = number
        members.append(ordered)
        ring = {other for vertex in ring for other in neighbours[vertex]} - seen
    return Loops(tuple(members), level)


def walk(ring: set[int], neighbours: dict[int, set[int]]) -> IntArray:
    """The vertices of a loop in order, as far as edges join them."""
    start = min(ring)
    loop, left = [start], ring - {start}
    while left:
        following = neighbours[loop[-1]] & left
        if not following:
            break
        loop.append(min(following, key=lambda vertex: len(neighbours[vertex] & left)))
        left.discard(loop[-1])
    return np.array(loop + sorted(left))


def lid_contour(neutral: FloatArray, loops: Loops, level: int, canthus: int) -> IntArray:
    """[N] vertices of a closed curve around the eye: a lids' loop, but led round the caruncle to the inner corner.

    Args:
        neutral: [V, 3] metres.
        loops: of the eye.
        level: which loop.
        canthus: the inner corner's vertex.
    """
    members = loops.members[level]
    if level > LID_POSTERIOR:
        reach = np.abs(neutral[members, 0])
        members = np.append(members[reach > abs(neutral[canthus, 0]) + _CARUNCLE], canthus)
    away = neutral[members] - neutral[loops.members[0]].mean(axis=0)
    ordered: IntArray = members[np.argsort(np.arctan2(away[:, 2], away[:, 0]))]
    return ordered


def neighbours_of(faces: IntArray) -> dict[int, set[int]]:
    """Vertex -> the vertices that an edge of faces [F, 4] joins it to."""
    ends = np.stack((faces, np.roll(faces, -1, axis=1)), axis=-1).reshape(-1, 2)
    found: dict[int, set[int]] = {}
    for one, other in ends.tolist():
        if one != other:
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return found


def _enclosed(faces: IntArray, outline: IntArray) -> IntArray:
    """The vertices on the smaller side of a closed loop."""
    neighbours = neighbours_of(faces[:FACE_FACES])
    border = set(outline.tolist())
    beside = {other for vertex in border for other in neighbours[vertex]} - border
    smallest: set[int] = set()
    while beside:
        start = beside.pop()
        side, front = {start}, [start]
        while front:
            grown = neighbours[front.pop()] - border - side
            side |= grown
            front.extend(grown)
        beside -= side
        if not smallest or len(side) < len(smallest):
            smallest = side
    return np.array(sorted(smallest))


def _beside(neutral: FloatArray, previous: IntArray, members: IntArray) -> IntArray:
    """`members`, a walked loop, turned so that it runs beside the previous one."""
    tried = []
    for direction in (1, -1):
        way = members[::direction]
        for shift in range(len(way)):
            turned = np.roll(way, shift)
            tried.append((float(np.square(neutral[turned] - neutral[previous]).sum()), turned))
    return min(tried, key=lambda pair: pair[0])[1]
