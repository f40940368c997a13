"""A flat picture around a place of the skin: each vertex nearby gets its place in the picture, with little stretch.

The skin around the anchor is unrolled by a discrete exponential map (Schmidt et al. 2006, "Interactive decal
compositing with discrete exponential maps"), and then made as rigid as possible (Liu et al. 2008, "A local/global
approach to mesh parameterization", the ARAP case of section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.errors import BadRequest
from dreamface.face import Head, Topology
from dreamface.skin import painted_parts, skin_tiles

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

_HIDDEN: Final = ("mouth_inside", "eye_sockets", "nostrils")
"""Regions that no picture is laid on: they are pockets that nothing lies flat in."""

_POCKETS: Final = ("mouth_socket", "eye_socket")
"""Materials that no picture is laid on."""

_LONGER: Final = 1.25  # ways along edges are longer than straight ones by this much at most, on what is about flat
_NEARLY: Final = 1.06  # of the radius: triangles that reach into it from outside are needed too
_ROUNDS: Final = (12, 5, 5, 5)  # of local and global steps, with the same weights
_HEAVIEST: Final = 6.0  # by which the weight of a triangle grows at once
_MARGIN_WEIGHT: Final = 0.02  # of the triangles beyond the picture: they may stretch, so that it need not
_MOST_RINGS: Final = 3  # of vertices around a triangle that is turned back
_SMOOTHINGS: Final = 40  # of each ring
_LEAST_COTANGENT: Final = 0.02  # of a triangle's angles: none pulls the wrong way
_LEAST_LENGTH: Final = 1e-9  # metres; guards divisions
_TURNED_OVER: Final = -0.9  # cosine of two normals below which no shortest turn between them is looked for
_LEVEL: Final = 0.15  # of a direction's part in the skin below which it says nothing about what is upright
_CANDIDATES: Final = 24  # triangles whose middles are nearest to a point, among which the nearest one is looked for


@dataclass(frozen=True)
class Anchor:
    """A place on the skin.

    Attributes:
        tile: texture tile.
        u, v: texture coordinates in it, v up.
    """

    tile: str
    u: float
    v: float


@dataclass(frozen=True)
class Wrap:
    """The skin around an anchor, laid out flat.

    Attributes:
        triangles: [T] indices into the topology's triangles.
        flat: [T, 3, 2] metres of their corners in the plane: to the right and up for one who looks at the skin.
        stretch: [T, 2] singular values of the map to the plane: 1 is neither stretched nor squeezed.
        turned: [T] whether a triangle came out upside down.
    """

    triangles: _Ints
    flat: _Floats
    stretch: _Floats
    turned: NDArray[np.bool_]


@dataclass(frozen=True)
class _Skin:
    """What of a topology pictures are laid on.

    Attributes:
        triangles: [M] indices into the topology's triangles.
        corners: [M, 3] vertices.
        uv: [M, 3, 2] texture coordinates.
        tile: [M] index into the topology's tiles.
    """

    triangles: _Ints
    corners: _Ints
    uv: _Floats
    tile: _Ints


@lru_cache(maxsize=4)  # topologies are compared by identity, and live as long as their model
def _skin_by_id(key: _ById) -> _Skin:
    topology = key.topology
    chosen, tiles = [], []
    for tile in skin_tiles(topology):
        for part in painted_parts(topology, tile):
            if part.object_name == "skin" and part.material not in _POCKETS:
                found = np.arange(2 * part.faces[0], 2 * part.faces[1])
                chosen.append(found)
                tiles.append(np.full(len(found), topology.tiles.index(tile)))
    triangles, tile_of = np.concatenate(chosen), np.concatenate(tiles)
    corners = topology.triangles.numpy()[triangles]
    hidden = np.zeros(topology.vertex_count, bool)
    for name in _HIDDEN:
        if name in topology.regions:
            hidden |= topology.regions[name].numpy() > 0.5
    flat = corners[:, 1] == corners[:, 2]  # the second half of a triangle
    seen = ~flat & ~hidden[corners].any(axis=1)
    uv = topology.uv.numpy().astype(np.float64)[topology.triangle_uvs.numpy()[triangles[seen]]]
    return _Skin(triangles[seen], corners[seen], uv, tile_of[seen])


@dataclass(frozen=True)
class _ById:
    """A topology as a key: the same object is the same topology."""

    topology: Topology

    def __hash__(self) -> int:
        return id(self.topology)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and other.topology is self.topology


def _skin(head: Head) -> _Skin:
    return _skin_by_id(_ById(head.topology))


# --------------------------------------------------------------------------------------------------------- anchors


def anchor_of(head: Head, point: Tensor) -> Anchor:
    """Return the place of the skin that is nearest to a point in space.

    Args:
        head: whose skin.
        point: [3] metres.
    """
    skin, place = _skin(head), point.double().numpy()
    corners = head.vertices.double().numpy()[skin.corners]
    # Large triangles may be nearer than their middles: the nearest middles are enough on meshes as even as heads are.
    _, near = cKDTree(corners.mean(axis=1)).query(place, k=min(_CANDIDATES, len(corners)))
    weights = _nearest_in(corners[near], place)
    away = np.linalg.norm((corners[near] * weights[..., None]).sum(axis=1) - place, axis=1)
    best = int(away.argmin())
    u, v = (skin.uv[near[best]] * weights[best][:, None]).sum(axis=0)
    return Anchor(head.topology.tiles[skin.tile[near[best]]], float(u), float(v))


def point_of(head: Head, anchor: Anchor) -> Tensor:
    """Return [3] metres where an anchor lies in space.

    Raises:
        BadRequest: the head has no skin in that tile.
    """
    row, weights = _triangle_at(head, anchor)
    corners = head.vertices.double().numpy()[_skin(head).corners[row]]
    return torch.from_numpy(weights @ corners).float()


def _triangle_at(head: Head, anchor: Anchor) -> tuple[int, _Floats]:
    """Return the row of `_Skin` that an anchor lies in, or is nearest to, and [3] its weights there."""
    skin, tiles = _skin(head), head.topology.tiles
    if anchor.tile not in skin_tiles(head.topology):
        names = ", ".join(skin_tiles(head.topology))
        raise BadRequest(f"This head has no skin in a tile called {anchor.tile!r}: its tiles are {names}.")
    rows = np.nonzero(skin.tile == tiles.index(anchor.tile))[0]
    place = np.array((anchor.u, anchor.v))
    weights = _nearest_in(skin.uv[rows], place)
    away = np.linalg.norm((skin.uv[rows] * weights[..., None]).sum(axis=1) - place, axis=1)
    best = int(away.argmin())
    return int(rows[best]), weights[best]


def _nearest_in(corners: _Floats, place: _Floats) -> _Floats:
    """Return [N, 3] weights of the points of triangles [N, 3, D] that are nearest to a place [D]."""
    found = _weights_in(corners, place)
    inside = (found >= 0.0).all(axis=1)
    best, nearest = np.full(len(corners), np.inf), found.copy()
    for one, other in ((0, 1), (1, 2), (2, 0)):
        along = corners[:, other] - corners[:, one]
        length = np.maximum((along**2).sum(axis=1), _LEAST_LENGTH**2)
        share = np.clip(((place - corners[:, one]) * along).sum(axis=1) / length, 0.0, 1.0)
        away = ((corners[:, one] + share[:, None] * along - place) ** 2).sum(axis=1)
        closer = ~inside & (away < best)
        best = np.where(closer, away, best)
        nearest[closer] = 0.0
        nearest[closer, one], nearest[closer, other] = 1.0 - share[closer], share[closer]
    return nearest


def _weights_in(corners: _Floats, place: _Floats) -> _Floats:
    """Return [N, 3] barycentric weights of a place [D], dropped onto the planes of triangles [N, 3, D]."""
    one, two, way = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0], place - corners[:, 0]
    aa, ab, bb = (one * one).sum(axis=1), (one * two).sum(axis=1), (two * two).sum(axis=1)
    a, b = (way * one).sum(axis=1), (way * two).sum(axis=1)
    total = aa * bb - ab * ab
    total = np.where(np.abs(total) < _LEAST_LENGTH**3, np.inf, total)
    second, third = (bb * a - ab * b) / total, (aa * b - ab * a) / total
    return np.stack((1.0 - second - third, second, third), axis=1)


# ---------------------------------------------------------------------------------------------------------- laying


def lay(head: Head, anchor: Anchor, radius: float) -> Wrap:
    """Return the skin around an anchor, laid out flat.

    Args:
        head: whose skin; its shape decides, so that another one's picture is laid again and not stretched.
        anchor: what becomes the middle of the plane.
        radius: metres of the plane that are needed at least, where the skin goes on for so long.

    Raises:
        BadRequest: the head has no skin in the anchor's tile.
    """
    row, weights = _triangle_at(head, anchor)
    patch = _patch(head, row, weights, radius)
    flat = _rigid(patch, _unrolled(patch), radius)
    flat = _upright(patch, _turned_back(patch, flat))
    corners = flat[patch.corners]
    stretch, turned = _stretch(patch, corners)
    return Wrap(patch.triangles, np.stack((corners.real, corners.imag), axis=-1), stretch, turned)


@dataclass(frozen=True)
class _Patch:
    """Triangles around an anchor, with vertices numbered anew.

    Attributes:
        triangles: [T] indices into the topology's triangles.
        corners: [T, 3] indices into `vertices`.
        vertices: [N, 3] metres.
        normals: [N, 3].
        away: [N] metres from the anchor, along edges.
        middle: index of the anchor's triangle.
        weights: [3] of the anchor in it.
        edges: [N, N] lengths of edges, both ways.
    """

    triangles: _Ints
    corners: _Ints
    vertices: _Floats
    normals: _Floats
    away: _Floats
    middle: int
    weights: _Floats
    edges: csr_matrix

    @property
    def anchor(self) -> _Floats:
        """[3] metres."""
        found: _Floats = self.weights @ self.vertices[self.corners[self.middle]]
        return found

    @property
    def normal(self) -> _Floats:
        """[3] of the skin at the anchor."""
        mean = self.weights @ self.normals[self.corners[self.middle]]
        found: _Floats = mean / max(float(np.linalg.norm(mean)), _LEAST_LENGTH)
        return found


def _patch(head: Head, row: int, weights: _Floats, radius: float) -> _Patch:
    """Return the triangles that can be reached over the skin within a radius of the anchor."""
    skin, vertices = _skin(head), head.vertices.double().numpy()
    anchor = weights @ vertices[skin.corners[row]]
    near = ((vertices - anchor) ** 2).sum(axis=1) <= (radius * _NEARLY) ** 2
    near[skin.corners[row]] = True
    rows = np.nonzero(near[skin.corners].any(axis=1))[0]  # coarse triangles reach far beyond
    away = _distances(vertices, skin.corners[rows], skin.corners[row], anchor)
    close = away[skin.corners[rows]]
    rows = rows[np.isfinite(close).all(axis=1) & ((close.min(axis=1) <= radius * _LONGER) | (rows == row))]
    rows = _connected(skin.corners[rows], int(np.nonzero(rows == row)[0][0]), rows)
    used, corners = np.unique(skin.corners[rows], return_inverse=True)
    corners = corners.reshape(-1, 3)
    across = np.cross(vertices[used][corners[:, 1]] - vertices[used][corners[:, 0]],
                      vertices[used][corners[:, 2]] - vertices[used][corners[:, 0]])  # fmt: skip
    normals = np.zeros((len(used), 3))
    for corner in range(3):
        np.add.at(normals, corners[:, corner], across)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), _LEAST_LENGTH**2)
    middle = int(np.nonzero(rows == row)[0][0])
    edges = _edge_lengths(vertices[used], corners)
    return _Patch(skin.triangles[rows], corners, vertices[used], normals, away[used], middle, weights, edges)


def _distances(vertices: _Floats, corners: _Ints, start: _Ints, anchor: _Floats) -> _Floats:
    """Return [V] metres from the anchor along edges; infinite where none lead."""
    used, local = np.unique(corners, return_inverse=True)
    lengths = _edge_lengths(vertices[used], local.reshape(-1, 3))
    sources = np.searchsorted(used, start)
    # A vertex more stands for the anchor itself.
    links = np.linalg.norm(vertices[start] - anchor, axis=1)
    whole = coo_matrix(lengths)
    count = len(used)
    rows = np.concatenate((whole.row, np.full(3, count)))
    columns = np.concatenate((whole.col, sources))
    values = np.concatenate((whole.data, np.maximum(links, _LEAST_LENGTH)))
    graph = csr_matrix((values, (rows, columns)), shape=(count + 1, count + 1))
    found = dijkstra(graph, indices=count)
    away = np.full(len(vertices), np.inf)
    away[used] = found[:count]
    away[start] = links
    return away


def _edge_lengths(vertices: _Floats, corners: _Ints) -> csr_matrix:
    """Return [N, N] lengths of the triangles' edges, both ways."""
    pairs = np.concatenate([corners[:, [one, other]] for one, other in ((0, 1), (1, 2), (2, 0))])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    pairs = np.concatenate((pairs, pairs[:, ::-1]))
    lengths = np.linalg.norm(vertices[pairs[:, 0]] - vertices[pairs[:, 1]], axis=1)
    size = (len(vertices), len(vertices))
    return csr_matrix((np.maximum(lengths, _LEAST_LENGTH), (pairs[:, 0], pairs[:, 1])), shape=size)


def _connected(corners: _Ints, middle: int, rows: _Ints) -> _Ints:
    """Return the rows whose triangles hang together with the middle one by edges, and not only by corners."""
    pairs = np.concatenate([corners[:, [one, other]] for one, other in ((0, 1), (1, 2), (2, 0))])
    pairs = np.sort(pairs, axis=1)
    _, edge = np.unique(pairs, axis=0, return_inverse=True)
    triangle = np.tile(np.arange(len(corners)), 3)
    by_edge = csr_matrix((np.ones(len(triangle)), (triangle, edge.reshape(-1))))
    _, piece = connected_components(by_edge @ by_edge.T, directed=False)
    return rows[piece == piece[middle]]


def _unrolled(patch: _Patch) -> NDArray[np.complex128]:
    """Return [N] places in the anchor's tangent plane, as complex numbers, by a discrete exponential map.

    Vertices are reached in the order of their distance, some at a time: each takes the mean of what its neighbours that
    were reached before say of it (Schmidt et al., section 4, with the upwind average of the authors' later work).
    """
    normal = patch.normal
    right = _any_across(normal)
    above = np.cross(normal, right)
    graph = coo_matrix(patch.edges)
    start, end = graph.row, graph.col
    steps = _turned_to(patch.vertices[end] - patch.vertices[start], patch.normals[start], normal, graph.data)
    steps = steps @ right + 1j * (steps @ above)
    ways = patch.vertices - patch.anchor
    places = ways @ right + 1j * (ways @ above)
    places *= patch.away / np.maximum(np.abs(places), _LEAST_LENGTH)
    known = np.zeros(len(patch.vertices), bool)
    known[patch.corners[patch.middle]] = True
    width = float(np.median(graph.data))
    band = np.floor(patch.away / width).astype(np.int64)
    order = np.argsort(band[end], kind="stable")
    limits = np.searchsorted(band[end][order], np.arange(band.max() + 2))
    for number in range(band.max() + 1):
        chosen = order[limits[number] : limits[number + 1]]
        for _ in range(3):  # those of a band that only know each other wait for a turn
            use = chosen[known[start[chosen]] & ~known[end[chosen]]]
            if not len(use):
                break
            weight = 1.0 / graph.data[use]
            count = len(patch.vertices)
            total = np.bincount(end[use], weight, count)
            said = (places[start[use]] + steps[use]) * weight
            mean = np.bincount(end[use], said.real, count) + 1j * np.bincount(end[use], said.imag, count)
            reached = total > 0.0
            places[reached] = mean[reached] / total[reached]
            known |= reached
    return places


def _any_across(normal: _Floats) -> _Floats:
    """Return [3] some unit vector in the plane of a normal."""
    axis = np.eye(3)[int(np.abs(normal).argmin())]
    across = np.cross(axis, normal)
    found: _Floats = across / np.linalg.norm(across)
    return found


def _turned_to(ways: _Floats, normals: _Floats, normal: _Floats, lengths: _Floats) -> _Floats:
    """Return ways [E, 3] dropped to the planes of their normals, turned to the plane of `normal`, as long as before."""
    flat = ways - (ways * normals).sum(axis=1, keepdims=True) * normals
    cosine = np.maximum(normals @ normal, _TURNED_OVER)[:, None]
    # The shortest turn from one normal to the other (Möller and Hughes 1999), of vectors that lie in the first's plane.
    axis = np.cross(normals, normal)
    turned = cosine * flat + np.cross(axis, flat) + axis * (axis * flat).sum(axis=1, keepdims=True) / (1.0 + cosine)
    turned -= (turned @ normal)[:, None] * normal
    found: _Floats = turned * (lengths / np.maximum(np.linalg.norm(turned, axis=1), _LEAST_LENGTH))[:, None]
    return found


def _rigid(patch: _Patch, places: NDArray[np.complex128], radius: float) -> NDArray[np.complex128]:
    """Return places [N] that turn and stretch the patch's triangles as little as possible (Liu et al., section 3).

    Triangles that are stretched a lot, or turned over, weigh more the next time.
    """
    own = _own_planes(patch)
    near = patch.away[patch.corners].min(axis=1) <= radius
    weight = _cotangents(own) * np.where(near, 1.0, _MARGIN_WEIGHT)[:, None]
    for number, rounds in enumerate(_ROUNDS):
        if number:
            stretch, turned = _stretch(patch, places[patch.corners])
            worst = np.maximum(stretch[:, 0], 1.0 / np.maximum(stretch[:, 1], _LEAST_LENGTH))
            weight *= np.where(turned, _HEAVIEST, np.clip(worst**2, 1.0, _HEAVIEST))[:, None]
        places = _relaxed(patch, own, weight, places, rounds)
    return places


def _relaxed(
    patch: _Patch, own: NDArray[np.complex128], weight: _Floats, places: NDArray[np.complex128], rounds: int
) -> NDArray[np.complex128]:
    """Return places [N] after some rounds of a local and a global step, with weights [T, 3] of the edges."""
    edges = ((0, 1), (1, 2), (2, 0))
    count = len(patch.vertices)
    start = np.concatenate([patch.corners[:, one] for one, _ in edges])
    end = np.concatenate([patch.corners[:, other] for _, other in edges])
    wide = weight.T.reshape(-1)
    held = patch.corners[patch.middle, :1]  # in its place, or the plane might drift anywhere
    rows = np.concatenate((start, end, start, end, held))
    columns = np.concatenate((start, end, end, start, held))
    values = np.concatenate((wide, wide, -wide, -wide, [wide.mean()]))
    solver = splu(coo_matrix((values, (rows, columns)), shape=(count, count)).tocsc(), permc_spec="MMD_AT_PLUS_A")
    along = np.concatenate([own[:, other] - own[:, one] for one, other in edges])
    for _ in range(rounds):
        turn = (wide * (places[end] - places[start]) * along.conj()).reshape(3, -1).sum(axis=0)
        turn /= np.maximum(np.abs(turn), _LEAST_LENGTH**3)
        wish = wide * np.tile(turn, 3) * along
        right = np.stack([
            np.bincount(end, part, count) - np.bincount(start, part, count) for part in (wish.real, wish.imag)
        ], axis=1)  # fmt: skip
        solved = solver.solve(right)
        places = solved[:, 0] + 1j * solved[:, 1]
    return places


def _turned_back(patch: _Patch, places: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return places [N] with the few triangles turned back that came out upside down, as at the rims of the lips.

    Around them, vertices go to the mean of their neighbours, which turns nothing over (Tutte 1963), in wider and wider
    rings.
    """
    links = (patch.edges > 0.0).astype(np.float64)
    share = links.multiply(1.0 / np.maximum(links.sum(axis=1), 1.0)).tocsr()
    for rings in range(1, _MOST_RINGS + 1):
        upside_down: NDArray[np.bool_] = _areas(places[patch.corners]) <= 0.0
        if not upside_down.any():
            break
        chosen = np.zeros(len(places))
        chosen[patch.corners[upside_down]] = 1.0
        for _ in range(rings - 1):
            chosen += links @ chosen
        moved = np.nonzero(chosen)[0]
        mixing = share[moved]
        for _ in range(_SMOOTHINGS):
            places[moved] = mixing @ places
    return places


def _areas(corners: NDArray[np.complex128]) -> _Floats:
    """Return [T] twice the signed areas of triangles [T, 3]."""
    product = (corners[:, 1] - corners[:, 0]).conj() * (corners[:, 2] - corners[:, 0])
    return np.asarray(np.imag(product), np.float64)


def _own_planes(patch: _Patch) -> NDArray[np.complex128]:
    """Return [T, 3] corners of each triangle in a plane of its own, as complex numbers."""
    first, second, third = (patch.vertices[patch.corners[:, corner]] for corner in range(3))
    length = np.maximum(np.linalg.norm(second - first, axis=1), _LEAST_LENGTH)
    along = ((third - first) * (second - first)).sum(axis=1) / length
    above = np.linalg.norm(np.cross(second - first, third - first), axis=1) / length
    return np.stack((np.zeros_like(length) + 0j, length + 0j, along + 1j * above), axis=1)


def _cotangents(own: NDArray[np.complex128]) -> _Floats:
    """Return [T, 3] half the cotangents of the angles that lie opposite to edges 0-1, 1-2 and 2-0."""
    found = []
    for one, other, tip in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        product = (own[:, one] - own[:, tip]).conj() * (own[:, other] - own[:, tip])
        found.append(product.real / np.maximum(np.abs(product.imag), _LEAST_LENGTH**2))
    return 0.5 * np.maximum(np.stack(found, axis=1), _LEAST_COTANGENT)


def _upright(patch: _Patch, flat: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return the plane moved so that the anchor is its origin, and turned so that what is up on the head is up."""
    normal = patch.normal
    up = np.array((0.0, 0.0, 1.0))
    up = up - (up @ normal) * normal
    if np.linalg.norm(up) < _LEVEL:  # on top of the head, away from the face is up
        up = np.array((0.0, 1.0, 0.0))
        up = up - (up @ normal) * normal
    right = np.cross(up, normal)
    near = np.argsort(patch.away)[: max(3, min(16, len(patch.away)))]
    ways = patch.vertices[near] - patch.anchor
    wanted = (ways @ right + 1j * (ways @ up)) / np.linalg.norm(up)
    origin = (patch.weights * flat[patch.corners[patch.middle]]).sum()
    turn = ((flat[near] - origin).conj() * wanted).sum()
    found: NDArray[np.complex128] = (flat - origin) * (turn / max(abs(turn), _LEAST_LENGTH**3))
    return found


def _stretch(patch: _Patch, corners: NDArray[np.complex128]) -> tuple[_Floats, NDArray[np.bool_]]:
    """Return [T, 2] singular values of the map from the skin to the plane, and [T] which triangles turned over."""
    own = _own_planes(patch)
    a, b = own[:, 1] - own[:, 0], own[:, 2] - own[:, 0]
    c, d = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    # A linear map of the plane is straight * z + mirrored * conj(z).
    area = np.maximum(2.0 * (a.conj() * b).imag, _LEAST_LENGTH**2) * 1j
    straight: NDArray[np.complex128] = (d * a.conj() - c * b.conj()) / area
    mirrored: NDArray[np.complex128] = (c * b - d * a) / area
    large, small = np.abs(straight) + np.abs(mirrored), np.abs(straight) - np.abs(mirrored)
    return np.stack((large, np.abs(small)), axis=1), small < 0.0
