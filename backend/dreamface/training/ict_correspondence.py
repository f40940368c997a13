"""Makes `head/transfer/ict_correspondence.npz`: where the built-in head's skin and ICT-FaceKit's lie on each other.

The built-in mean adult is laid onto ICT's neutral: a similarity from landmarks, a smooth warp through landmarks and
curves, then `registration.lay`. The edges of the lids, the lips and the nostrils are held curve on curve, and what lies
inside of them is only ever matched with what lies inside of the other's. Both heads are taken as mirror images of
themselves, and so is the outcome.

Needs ICT-FaceKit to be installed. Run it again with: python -m dreamface.training.ict_correspondence
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from dreamface.arrays import FloatArray, IntArray
from dreamface.geometry import catmull_clark, fit_similarity, unique_edges, ways_around
from dreamface.head.anny.bank import Bank, load_bank
from dreamface.head.anny.identity import IdentitySpace
from dreamface.head.anny.model import AnnyHead
from dreamface.head.ict.openings import (
    LID_ANTERIOR,
    LID_POSTERIOR,
    LIP_CONTACT,
    NOSTRIL_RIM,
    PAPER_FACES,
    PARTS,
    SOCKETS,
    Loops,
    lid_levels,
    mirror_map,
    mouth_loops,
    nostril_levels,
)
from dreamface.head.ict.parts import PAPER, SKIN
from dreamface.head.ict.source import IctSource, load_source
from dreamface.training.registration import FLIP, Finder, MirroredMesh, Pins, Schedule, laplacian, lay, vertex_normals

OUTPUT: Final = Path(__file__).parent.parent / "head" / "transfer" / "ict_correspondence.npz"

_OUTSIDE, _MOUTH, _EYES, _NOSTRILS = 0, 1, (2, 3), (4, 5)  # zones: matches are made within one only

# Loops of the built-in cage that have a partner on ICT; see `ict_openings` for its own numbers.
_LID_SEAM, _LID_POSTERIOR, _LID_ANTERIOR = 0, 1, 3
_LIP_CONTACT, _LIP_BORDER = 2, 6
_NOSTRIL_SEED: Final = 7158  # MakeHuman's vertex in the depth of the left nostril
_NOSTRIL_RIM: Final = 5

_CARUNCLE: Final = 2.4e-3  # metres from the inner corner to where ICT's lid loops no longer run round the caruncle
# ICT's vermilion border in loops from the mouth's socket: distance from the midline in metres, loop.
_UPPER_BORDER: Final = ((0.0, 0.009, 0.017, 0.0253), (15.0, 15.0, 14.0, 13.0))
_LOWER_BORDER: Final = ((0.0, 0.018, 0.0253), (12.0, 12.0, 13.0))
_OUTLINE: Final = 13  # a loop on which the lips' corners are told

# Multi-PIE landmarks that lie in the same places on both heads; the jaw's contour and the brows do not.
_SAME_MULTIPIE: Final = (8, 27, 28, 29, 30, 33)

# More points that the two heads have in common, left side: (vertex of MakeHuman's base mesh, vertex of ICT's mesh).
_PAIRS: Final = (
    (12012, 6821), (12015, 6844), (12021, 7285), (12016, 6862), (12018, 6836), (12039, 7222), (12051, 7179),
    (12166, 7243), (12031, 6757), (12340, 7120), (12064, 6772), (12281, 7308), (12192, 6961), (12213, 7094),
    (12312, 7349), (12056, 6865), (12217, 7230), (12304, 6913), (12107, 7038), (12014, 8439), (6984, 4203),
    (6979, 3252), (7024, 4147),
)  # fmt: skip

_SMOOTHING: Final = 1e-6  # of the first warp: it need not pass through every landmark
_CURVE_PULL: Final = 50.0
_MARK_PULL: Final = 3.0
_FACING: Final = 0.3  # least cosine between the normals of matched places
_WEIGHT_STEPS: Final = 65535  # barycentric weights are stored as uint16
_SCHEDULE: Final = Schedule(
    (100.0, 40.0, 16.0, 6.0, 2.5, 1.0, 0.4, 0.2), steps=4, reach=(0.02, 0.005), least_cosine=_FACING
)


def main() -> None:
    """Register, and write both directions."""
    laid, anny, ict, noses = register()
    to_ict = locate(anny.moved(laid), ict)
    to_anny = locate(ict, anny.moved(laid))
    for zone in _NOSTRILS:
        _join_discs(to_ict, to_anny, anny, ict, zone, noses)
    arrays: dict[str, NDArray[np.uint16]] = {}
    for name, (triangle, weights), onto in (("ict", to_ict, anny), ("anny", to_anny, ict)):
        arrays[f"{name}_triangle"] = triangle.astype(np.uint16)
        arrays[f"{name}_corners"] = onto.triangles[triangle].astype(np.uint16)
        arrays[f"{name}_weights"] = np.rint(weights[:, 1:] * _WEIGHT_STEPS).astype(np.uint16)
    names, regions = _transferred_regions(arrays, ict)
    np.savez_compressed(OUTPUT, **arrays, region_names=names, region_weights=regions)


def _transferred_regions(
    arrays: Mapping[str, NDArray[np.uint16]], ict: MirroredMesh
) -> tuple[NDArray[np.str_], NDArray[np.uint8]]:
    """[R] names of the built-in head's regions and [R, PAPER] their weights on ICT's skin, 0..255.

    What lies in ICT's own sockets is known exactly; the rest is transferred and mirrored.
    """
    regions = AnnyHead().topology.regions
    corners = arrays["ict_corners"].astype(np.int64)
    shares = arrays["ict_weights"] / _WEIGHT_STEPS
    shares = np.concatenate((1.0 - shares.sum(axis=1, keepdims=True), shares), axis=1)
    weights = np.stack([(region.double().numpy()[corners] * shares).sum(axis=1) for region in regions.values()])
    weights = 0.5 * (weights + weights[:, ict.mirror])
    sockets = {"mouth_inside": ("mouth",), "eye_sockets": ("left_eye", "right_eye")}
    for row, name in enumerate(regions):
        for inside, members in sockets.items():
            for socket in members:
                start, stop = PARTS[SOCKETS[socket]].vertices
                weights[row, start:stop] = float(name == inside)
    return np.array(list(regions)), np.rint(255.0 * weights.clip(0.0, 1.0)).astype(np.uint8)


def locate(onto: MirroredMesh, points: MirroredMesh) -> tuple[IntArray, FloatArray]:
    """[N] triangles of `onto` and [N, 3] weights: the closest place to each vertex of `points`."""
    normals = vertex_normals(points.vertices, points.triangles)
    triangle, weights, _ = Finder(onto).closest(points.vertices, normals, points.vertex_zones, _FACING)
    return triangle, weights


def _join_discs(
    to_ict: tuple[IntArray, FloatArray],
    to_anny: tuple[IntArray, FloatArray],
    anny: MirroredMesh,
    ict: MirroredMesh,
    zone: int,
    noses: tuple[FloatArray, FloatArray],
) -> None:
    """Match what lies inside a nostril, a dimple on one head and a tube on the other: both are flattened to a disc."""
    discs = [flat_disc(surface, zone, nose) for surface, nose in zip((anny, ict), noses, strict=True)]
    for matched, onto, points in ((to_ict, discs[0], discs[1]), (to_anny, discs[1], discs[0])):
        rows = np.flatnonzero(points.vertex_zones == zone)
        up = np.broadcast_to([0.0, 0.0, 1.0], (len(rows), 3))
        triangle, weights, _ = Finder(onto).closest(points.vertices[rows], up, points.vertex_zones[rows], -1.0)
        matched[0][rows], matched[1][rows] = triangle, weights


def flat_disc(surface: MirroredMesh, zone: int, nose: FloatArray) -> MirroredMesh:
    """The surface with the zone's vertices laid into the unit disc (Tutte 1963, "How to draw a graph").

    The rim lies on the circle by arc length, its corners towards and away from the nose's tip opposite each other.
    """
    triangles = surface.triangles[surface.zones == zone]
    edges, _, uses = unique_edges(triangles)
    border = _chain(edges[uses == 1])
    turn = np.empty(len(border))
    for sign, way in zip((1.0, -1.0), _ways("nostril", surface.vertices[border], nose), strict=True):
        turn[way] = sign * np.pi * _along(surface.vertices[border][way])
    flat = np.zeros_like(surface.vertices)
    flat[border, 0], flat[border, 1] = np.cos(turn), np.sin(turn)
    inner = np.setdiff1d(np.unique(triangles), border)
    graph = laplacian(triangles, len(surface.vertices))[inner]
    flat[inner] = splu(graph[:, inner].tocsc()).solve(-(graph[:, border] @ flat[border]))
    return surface.moved(flat)


def _chain(edges: IntArray) -> IntArray:
    """The vertices of a closed chain of edges in order."""
    after: dict[int, list[int]] = {}
    for one, other in edges.tolist():
        after.setdefault(one, []).append(other)
        after.setdefault(other, []).append(one)
    chain = [int(edges[0, 0])]
    while len(chain) < len(edges):
        chain.append(next(other for other in after[chain[-1]] if len(chain) < 2 or other != chain[-2]))
    return np.array(chain)


def register() -> tuple[FloatArray, MirroredMesh, MirroredMesh, tuple[FloatArray, FloatArray]]:
    """[N, 3] the built-in skin's vertices where they lie on ICT's neutral, the two surfaces, the tips of the noses."""
    source, bank = load_source(), load_bank()
    anny, loops = anny_surface(bank)
    ict, curves = ict_surface(source)
    noses = anny.vertices[bank.landmarks["pronasale"]], ict.vertices[int(source.multipie[30])]
    held = np.concatenate(list(loops.values()))
    places = np.concatenate([on_curve(name, anny.vertices[loop], curves[name], noses) for name, loop in loops.items()])
    marks, targets = _marks(bank, source, anny, ict)
    where = np.concatenate((held, marks))
    goal = np.concatenate((places, ict.vertices[targets]))
    pins = Pins(
        where,
        goal,
        np.repeat([_CURVE_PULL, _MARK_PULL], [len(held), len(marks)]),
        np.repeat([False, True], [len(held), len(marks)]),
    )
    warped = _warp(anny, where, goal)
    return lay(anny.moved(warped), ict, pins, _SCHEDULE), anny, ict, noses


def _marks(bank: Bank, source: IctSource, anny: MirroredMesh, ict: MirroredMesh) -> tuple[IntArray, IntArray]:
    """[K] vertices of the built-in skin and [K] of ICT's that are the same points."""
    to_cage = {vertex: index for index, vertex in enumerate(bank.cage.base_index.tolist())}
    pairs = [(bank.landmarks[f"multipie_{number:02d}"], int(source.multipie[number])) for number in _SAME_MULTIPIE]
    for one, other in _PAIRS:
        pairs += [(to_cage[one], other), (int(anny.mirror[to_cage[one]]), int(ict.mirror[other]))]
    marks, targets = np.array(pairs).T
    return marks, targets


def _warp(anny: MirroredMesh, where: IntArray, goal: FloatArray) -> FloatArray:
    """[N, 3] the built-in skin after a similarity and a smooth warp that bring `where` [K] near `goal` [K, 3]."""
    similarity = fit_similarity(torch.from_numpy(anny.vertices[where]), torch.from_numpy(goal))
    start = similarity.apply(torch.from_numpy(anny.vertices)).numpy()
    _, once = np.unique(start[where].round(5), axis=0, return_index=True)
    known = start[where][once]
    field = RBFInterpolator(known, goal[once] - known, kernel="linear", smoothing=_SMOOTHING, degree=1)
    warped = start + field(start)
    mirrored: FloatArray = 0.5 * (warped + warped[anny.mirror] * FLIP)
    return mirrored


# ------------------------------------------------------------------------------------------------------ the two heads


def anny_surface(bank: Bank) -> tuple[MirroredMesh, dict[str, IntArray]]:
    """The built-in mean adult's skin, and the vertices of its loops in order, by the names of `ict_surface`."""
    cage, count = bank.cage, bank.cage.ranges["skin"][1]
    fine = catmull_clark(cage.skin_faces, count)
    vertices = fine.matrix @ IdentitySpace(bank, fine.matrix).mean_adult()[:count].double().numpy()
    mirror = np.asarray(cKDTree(vertices).query(vertices * FLIP)[1], dtype=np.int64)
    edge_vertex = _edge_vertices(cage.skin_faces, count)
    seed = int(np.flatnonzero(cage.base_index == _NOSTRIL_SEED)[0])
    nostrils = [_grow(cage.skin_faces, start) for start in (seed, int(cage.mirror[seed]))]
    zones = np.zeros(len(cage.skin_faces), dtype=np.int64)
    zones[(cage.islands == 2) | _within(cage.skin_faces, cage.lip_rings[: _LIP_CONTACT + 1])] = _MOUTH
    rings = {f"lips_{ring}": cage.lip_rings[ring] for ring in (_LIP_CONTACT, _LIP_BORDER)}
    for number, side in enumerate("lr"):
        lids, nostril = cage.lid_rings[number], nostrils[number]
        zones[(cage.islands == 3 + number) | _within(cage.skin_faces, lids[: _LID_POSTERIOR + 1])] = _EYES[number]
        zones[_within(cage.skin_faces, np.concatenate(nostril))] = _NOSTRILS[number]
        rings |= {f"lids_{side}_{ring}": lids[ring] for ring in (_LID_SEAM, _LID_POSTERIOR, _LID_ANTERIOR)}
        rings[f"nostril_{side}"] = _around(vertices[nostril[-1]], nostril[-1])
    loops = {name: _refined(ring, edge_vertex) for name, ring in rings.items()}
    vertices = 0.5 * (vertices + vertices[mirror] * FLIP)
    return MirroredMesh(vertices, _split(fine.faces), mirror, np.repeat(zones, 8)), loops


def ict_surface(source: IctSource) -> tuple[MirroredMesh, dict[str, FloatArray]]:
    """ICT's neutral skin, and its curves as [N, 3] points in order."""
    faces = source.faces[:PAPER_FACES].numpy()
    vertices = source.neutral[:PAPER].double().numpy()
    mirror = mirror_map(vertices)
    vertices = 0.5 * (vertices + vertices[mirror] * FLIP)
    zones = np.zeros(len(faces), dtype=np.int64)
    for zone, name in enumerate(SOCKETS.values(), start=_MOUTH):
        zones[slice(*PARTS[name].faces)] = zone
    face = faces[slice(*PARTS[SKIN].faces)]
    own = zones[slice(*PARTS[SKIN].faces)]
    lips = mouth_loops(faces, source.multipie.numpy())
    own[_within(face, lips.rings[: lips.seam + LIP_CONTACT + 1])] = _MOUTH
    curves = {
        f"lips_{_LIP_CONTACT}": vertices[lips.ring(LIP_CONTACT)],
        f"lips_{_LIP_BORDER}": _lip_border(vertices, lips),
    }
    levels = {_LID_SEAM: 0, _LID_POSTERIOR: LID_POSTERIOR, _LID_ANTERIOR: LID_ANTERIOR}
    for number, side in enumerate(("left", "right")):
        eye, nostril = lid_levels(faces, side), nostril_levels(faces, mirror, side)
        own[(eye[face] <= LID_POSTERIOR).all(axis=1)] = _EYES[number]
        own[(nostril[face] <= NOSTRIL_RIM).all(axis=1)] = _NOSTRILS[number]
        canthus = int(source.multipie[42 if side == "left" else 39])
        for ring, level in levels.items():
            curves[f"lids_{side[0]}_{ring}"] = vertices[_lid_contour(vertices, eye, level, canthus)]
        rim = np.flatnonzero(nostril == NOSTRIL_RIM)
        curves[f"nostril_{side[0]}"] = vertices[_around(vertices[rim], rim)]
    return MirroredMesh(vertices, _split(faces), mirror, np.repeat(zones, 2)), curves


def _lid_contour(vertices: FloatArray, levels: IntArray, level: int, canthus: int) -> IntArray:
    """[N] vertices of a closed curve around the eye: a lids' loop, but led round the caruncle to the inner corner.

    Args:
        vertices: [PAPER, 3] metres.
        levels: [PAPER] of the eye; see `lid_levels`.
        level: which loop.
        canthus: the inner corner's vertex.
    """
    members = np.flatnonzero(levels == level)
    if level > LID_POSTERIOR:
        reach = np.abs(vertices[members, 0])
        members = np.append(members[reach > abs(vertices[canthus, 0]) + _CARUNCLE], canthus)
    away = vertices[members] - vertices[levels == 0].mean(axis=0)
    ordered: IntArray = members[np.argsort(np.arctan2(away[:, 2], away[:, 0]))]
    return ordered


def _lip_border(vertices: FloatArray, lips: Loops) -> FloatArray:
    """[N, 3] points of the vermilion border, closed, around the mouth."""
    outline = vertices[lips.ring(_OUTLINE)]
    left, right = outline[outline[:, 0].argmax()], outline[outline[:, 0].argmin()]
    corners = np.interp(outline[:, 0], [right[0], left[0]], [right[2], left[2]])  # height of the line between them
    reach = np.abs(outline[:, 0])
    upper = outline[:, 2] >= corners
    level = np.where(upper, np.interp(reach, *_UPPER_BORDER), np.interp(reach, *_LOWER_BORDER))
    low = np.floor(level).astype(np.int64)
    share, at = (level - low)[:, None], np.arange(len(level))
    inner, outer = (lips.rings[lips.seam + loop, at] for loop in (low, np.ceil(level).astype(np.int64)))
    points: FloatArray = (1.0 - share) * vertices[inner] + share * vertices[outer]
    return points


def _around(points: FloatArray, members: IntArray) -> IntArray:
    """`members` in order around their middle, seen from below."""
    away = points - points.mean(axis=0)
    ordered: IntArray = members[np.argsort(np.arctan2(away[:, 1], away[:, 0]))]
    return ordered


def _grow(faces: IntArray, seed: int) -> list[IntArray]:
    """Rings of vertices around one, up to the nostril's rim."""
    ends = np.concatenate(unique_edges(faces)[0][:, [[0, 1], [1, 0]]])
    rings = [np.array([seed])]
    for _ in range(_NOSTRIL_RIM):
        beside = ends[np.isin(ends[:, 0], rings[-1]), 1]
        rings.append(np.setdiff1d(beside, np.concatenate(rings)))
    return rings


def _within(faces: IntArray, members: IntArray) -> NDArray[np.bool_]:
    """[F] faces all of whose corners are members."""
    inside: NDArray[np.bool_] = np.isin(faces, members).all(axis=1)
    return inside


def _edge_vertices(faces: IntArray, count: int) -> dict[tuple[int, int], int]:
    """(lower, higher cage vertex) -> the refined vertex on the edge between them."""
    edges, _, _ = unique_edges(faces)
    return {(one, other): count + index for index, (one, other) in enumerate(edges.tolist())}


def _refined(ring: IntArray, edge_vertex: dict[tuple[int, int], int]) -> IntArray:
    """A cage loop with the refined vertices between its own."""
    loop: list[int] = []
    for one, other in zip(ring.tolist(), np.roll(ring, -1).tolist(), strict=True):
        loop.append(one)
        between = edge_vertex.get((min(one, other), max(one, other)))
        if between is not None:
            loop.append(between)
    return np.array(loop)


def _split(quads: IntArray) -> IntArray:
    triangles: IntArray = np.stack((quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]), axis=1).reshape(-1, 3)
    return triangles


# -------------------------------------------------------------------------------------------------------------- curves


def on_curve(name: str, loop: FloatArray, curve: FloatArray, noses: tuple[FloatArray, FloatArray]) -> FloatArray:
    """[N, 3] the place on a closed `curve` for each point of a `loop`: by arc length between two corners.

    Args:
        name: begins with "lips", "lids" or "nostril", which tells the corners.
        loop: [N, 3] in order.
        curve: [M, 3] in order.
        noses: the tips of the loop's and the curve's nose.
    """
    places = np.empty_like(loop)
    for on_loop, on_target in zip(_ways(name, loop, noses[0]), _ways(name, curve, noses[1]), strict=True):
        share, track = _along(loop[on_loop]), _along(curve[on_target])
        for axis in range(3):
            places[on_loop, axis] = np.interp(share, track, curve[on_target, axis])
    return places


def _ways(name: str, points: FloatArray, nose: FloatArray) -> tuple[IntArray, IntArray]:
    """Both ways along a closed curve between its corners, the upper (around a nostril the inner) one first."""
    if name.startswith("nostril"):
        away = np.linalg.norm(points - nose, axis=1)
        rank = -np.abs(points[:, 0])
    else:
        away = points[:, 0] if name.startswith("lips") else np.abs(points[:, 0])
        rank = points[:, 2]
    forward, backward = ways_around(int(away.argmin()), int(away.argmax()), len(points))
    return (forward, backward) if rank[forward].mean() >= rank[backward].mean() else (backward, forward)


def _along(points: FloatArray) -> FloatArray:
    """[N] arc length from the first point, 0..1."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along: FloatArray = np.concatenate(([0.0], np.cumsum(steps))) / steps.sum()
    return along


if __name__ == "__main__":
    main()
