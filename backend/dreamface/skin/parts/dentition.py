"""What is what in a mouth, vertex by vertex: found from the mesh, so that it holds for every head model and person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.arrays import FloatArray, IntArray
from dreamface.face import Head, Part, Topology
from dreamface.geometry import pieces
from dreamface.skin.canvas.cache import TopologyCache
from dreamface.units import MM

_TEETH: Final = ("teeth",)
_SOFT: Final = ("gums", "tongue", "gums_and_tongue")  # materials
_FAR: Final = 8.0 * MM  # gum further from all teeth is as far as that
_TOUCHING: Final = 1.5 * MM  # gum this near to a tooth lies at its neck
_NECK: Final = 0.7  # share of the touching gum that lies on the root's side of the neck
_TONGUE_WIDTH: Final = 0.75  # of the arch: the palate and the gums are wider
_TONGUE_FRONT: Final = 0.5  # of the arch's depth: the tongue reaches further forward, the uvula does not
_FOLDED: Final = 0.2  # share of an island that may lie face down
_CACHED_TOPOLOGIES: Final = 4  # topologies in memory

_islands: TopologyCache[_Islands] = TopologyCache(_CACHED_TOPOLOGIES)


@dataclass(frozen=True)
class Mouth:
    """Per vertex of the head, [V]; 0 outside the mouth.

    Attributes:
        up: on teeth, 0 at the gum and below it, 1 at the biting edge.
        across: on teeth, 0 in the middle, 1 where the next tooth begins.
        number: on teeth, 0 for the middle incisors to 7 for the wisdom teeth.
        own: on teeth, a number of its own for each, counted from the person's right, upper ones first.
        margin: on gums, metres to the nearest tooth, 8 mm at most.
        tongue: 1 on the tongue, 0 on gums and palate.
        tongue_side: on the tongue, -1 at its right border, 0 in the middle, 1 at its left border.
        tongue_top: on the tongue, 1 where it faces up, and where texels are shared with that; 0 where it faces down.
    """

    up: Tensor
    across: Tensor
    number: Tensor
    own: Tensor
    margin: Tensor
    tongue: Tensor
    tongue_side: Tensor
    tongue_top: Tensor

    def of(self, vertices: Tensor) -> Mouth:
        """Return the same of some vertices only."""
        return Mouth(*(values[vertices] for values in vars(self).values()))


@dataclass(frozen=True)
class _Islands:
    """What belongs together, the same for all heads of a topology.

    Attributes:
        tooth: [T] vertices of all teeth, one tooth after the other.
        tooth_of: [T] which tooth.
        first: [teeth] where each begins.
        soft: [S] vertices of gums, palate and tongue.
        islands: the same, by islands of the texture layout.
        faces: [F, 4] of each of them.
        is_tongue: for each of them, whether its part is a tongue and nothing else.
        is_folded: for each of them, whether its upper and its lower side share their texels.
    """

    tooth: IntArray
    tooth_of: IntArray
    first: IntArray
    soft: IntArray
    islands: list[IntArray]
    faces: list[IntArray]
    is_tongue: list[bool]
    is_folded: list[bool]


def mouth_of(head: Head) -> Mouth:
    """Return the mouth of a head with teeth; its jaws closed or nearly so."""
    islands = _islands_of(head.topology)
    positions = head.vertices.double().numpy()
    fields = np.zeros((8, len(positions)))
    distance, nearest = np.zeros(0), np.zeros(0, dtype=np.int64)
    if len(islands.soft):
        tree = cKDTree(positions[islands.tooth], balanced_tree=False, compact_nodes=False)
        distance, nearest = tree.query(positions[islands.soft], distance_upper_bound=_FAR)
        fields[4, islands.soft] = np.minimum(distance, _FAR)
        _measure_tongue(fields, positions, islands)
    touching = distance < _TOUCHING
    gum = positions[islands.soft[touching], 2], islands.tooth_of[nearest[touching]]
    _measure_teeth(fields, positions, islands, gum)
    return Mouth(*torch.from_numpy(fields).float().unbind(0))


def _measure_teeth(
    fields: FloatArray, positions: FloatArray, islands: _Islands, gum: tuple[FloatArray, IntArray]
) -> None:
    """Fill up, across, number and own; `gum` is the height of the gum that touches teeth, and which ones."""
    place, tooth, first = positions[islands.tooth], islands.tooth_of, islands.first
    centres = np.add.reduceat(place, first) / np.diff(np.append(first, len(tooth)))[:, None]
    is_upper = centres[:, 2] > centres[:, 2].mean()
    towards = np.where(is_upper, -1.0, 1.0)  # the biting edge, along Z
    way, number, own = np.zeros((len(centres), 2)), np.zeros(len(centres)), np.zeros(len(centres))
    for upper in (True, False):
        jaw = np.flatnonzero(is_upper == upper)
        jaw = jaw[np.argsort(_along_arch(centres[jaw]))]
        ways = np.gradient(centres[jaw, :2], axis=0)
        way[jaw] = ways / np.linalg.norm(ways, axis=1, keepdims=True)
        count, at = len(jaw), np.arange(len(jaw))
        number[jaw] = np.where(at < count // 2, count // 2 - 1 - at, at - count // 2)
        own[jaw] = at + (0 if upper else count)
    height = place[:, 2] * towards[tooth]
    neck, edge = _necks(height, islands, towards, gum), np.maximum.reduceat(height, first)
    aside = np.abs(((place[:, :2] - centres[tooth, :2]) * way[tooth]).sum(axis=1))
    fields[0, islands.tooth] = np.clip((height - neck[tooth]) / np.maximum(edge - neck, 0.1 * MM)[tooth], 0.0, 1.0)
    fields[1, islands.tooth] = aside / np.maximum.reduceat(aside, first)[tooth]
    fields[2, islands.tooth] = number[tooth]
    fields[3, islands.tooth] = own[tooth]


def _along_arch(centres: FloatArray) -> FloatArray:
    """Return [N] order of teeth along their arch, from the person's right (-X) to the left."""
    behind = centres[:, 1].max() + 5.0 * MM
    return np.arctan2(centres[:, 0], behind - centres[:, 1])


def _necks(height: FloatArray, islands: _Islands, towards: FloatArray, gum: tuple[FloatArray, IntArray]) -> FloatArray:
    """Return [teeth] heights, growing towards the biting edge, at which teeth come out of the gum that touches them."""
    found = np.add.reduceat(height, islands.first) / np.diff(np.append(islands.first, len(height)))
    around, tooth = gum[0] * towards[gum[1]], gum[1]
    order = np.lexsort((around, tooth))
    teeth, start, count = np.unique(tooth[order], return_index=True, return_counts=True)
    place = start + _NECK * (count - 1)  # of that quantile
    low = place.astype(np.int64)
    above = np.minimum(low + 1, start + count - 1)
    found[teeth] = around[order][low] + (place - low) * (around[order][above] - around[order][low])
    return found


def _measure_tongue(fields: FloatArray, positions: FloatArray, islands: _Islands) -> None:
    """Fill tongue, tongue_side and tongue_top: narrow islands in the middle that reach far enough forward."""
    arch = positions[islands.tooth]
    half_width = np.abs(arch[:, 0]).max()
    front, back = arch[:, 1].min(), arch[:, 1].max()
    kinds = zip(islands.islands, islands.faces, islands.is_tongue, islands.is_folded, strict=True)
    for island, faces, known, folded in kinds:
        x, y = positions[island, 0], positions[island, 1]
        narrow = np.abs(x).max() < _TONGUE_WIDTH * half_width and abs(x.min() + x.max()) < 0.2 * half_width
        if known or (narrow and y.min() < front + _TONGUE_FRONT * (back - front)):
            fields[5, island] = 1.0
            fields[6, island] = x / np.abs(x).max()
            fields[7, island] = 1.0 if folded else np.clip(0.5 + _facing_up(positions, faces)[island], 0.0, 1.0)


def _facing_up(positions: FloatArray, faces: IntArray) -> FloatArray:
    """Return [V] upward part of the unit normals of the vertices of quads."""
    a, b, c, d = (positions[faces[:, corner]] for corner in range(4))
    flat = np.repeat(np.cross(c - a, d - b), 4, axis=0)
    corners, count = faces.reshape(-1), len(positions)
    x, y, z = (np.bincount(corners, flat[:, axis], count) for axis in range(3))
    up: FloatArray = z / np.maximum(np.sqrt(x * x + y * y + z * z), 1e-12)
    return up


def _islands_of(topology: Topology) -> _Islands:
    return _islands.get(topology, None, lambda: _find_islands(topology))


def _find_islands(topology: Topology) -> _Islands:
    faces, face_uvs = topology.faces.numpy(), topology.face_uvs.numpy()
    hard = _faces_of([part for part in topology.parts if part.material in _TEETH])
    soft = _faces_of([part for part in topology.parts if part.material in _SOFT])
    teeth = pieces(faces[hard])
    tooth, place = np.unique(faces[hard], return_index=True)
    tooth_of = np.repeat(teeth, 4)[place]
    order = np.argsort(tooth_of, kind="stable")
    tongue = np.isin(soft, _faces_of([part for part in topology.parts if part.material == "tongue"]))
    island_of = pieces(face_uvs[soft]) if len(soft) else np.zeros(0, dtype=np.int64)
    islands = [island_of == number for number in range(int(island_of.max(initial=-1)) + 1)]
    return _Islands(
        tooth[order],
        tooth_of[order],
        np.unique(tooth_of[order], return_index=True)[1],
        np.unique(faces[soft]),
        [np.unique(faces[soft][island]) for island in islands],
        [faces[soft][island] for island in islands],
        [bool(tongue[island].all()) for island in islands],
        [_is_folded(topology.uv[topology.face_uvs[soft[island]]].numpy()) for island in islands],
    )


def _is_folded(corners: NDArray[np.float32]) -> bool:
    """Return whether much of an island with faces [F, 4, 2] lies face down in the layout."""
    across, up = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    area = across[:, 0] * up[:, 1] - across[:, 1] * up[:, 0]
    return bool(min(area[area > 0].sum(), -area[area < 0].sum()) > _FOLDED * np.abs(area).sum())


def _faces_of(parts: list[Part]) -> IntArray:
    return np.concatenate([np.arange(*part.faces) for part in parts] or [np.zeros(0, dtype=np.int64)])
