"""What is what in a mouth, vertex by vertex: found from the mesh, so that it holds for every head model and person."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.face import Head, Part, Topology
from dreamface.geometry import pieces

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_MM: Final = 1e-3
_TEETH: Final = ("teeth",)
_SOFT: Final = ("gums", "tongue", "gums_and_tongue")  # materials
_TOUCHING: Final = 1.5 * _MM  # gum this near to a tooth lies at its neck
_NECK: Final = 0.7  # share of the touching gum that lies on the root's side of the neck
_TONGUE_WIDTH: Final = 0.75  # of the arch: the palate and the gums are wider
_TONGUE_FRONT: Final = 0.5  # of the arch's depth: the tongue reaches further forward, the uvula does not
_KEPT: Final = 4  # topologies in memory

_islands: OrderedDict[int, tuple[Topology, _Islands]] = OrderedDict()


@dataclass(frozen=True)
class Mouth:
    """Per vertex of the head, [V]; 0 outside the mouth.

    Attributes:
        up: on teeth, 0 at the gum and below it, 1 at the biting edge.
        across: on teeth, 0 in the middle, 1 where the next tooth begins.
        number: on teeth, 0 for the middle incisors to 7 for the wisdom teeth.
        own: on teeth, a number of its own for each, counted from the person's right, upper ones first.
        margin: on gums, metres to the nearest tooth.
        tongue: 1 on the tongue, 0 on gums and palate.
        tongue_side: on the tongue, -1 at its right border, 0 in the middle, 1 at its left border.
        tongue_top: on the tongue, 1 where it faces up, 0 where it faces down.
    """

    up: Tensor
    across: Tensor
    number: Tensor
    own: Tensor
    margin: Tensor
    tongue: Tensor
    tongue_side: Tensor
    tongue_top: Tensor

    def stacked(self) -> Tensor:
        """[V, 8] all of them, in order."""
        return torch.stack(
            (
                self.up, self.across, self.number, self.own,
                self.margin, self.tongue, self.tongue_side, self.tongue_top,
            ),
            dim=1,
        )  # fmt: skip


@dataclass(frozen=True)
class _Islands:
    """What belongs together, the same for all heads of a topology.

    Attributes:
        tooth: [T] vertices of all teeth.
        tooth_of: [T] which tooth.
        soft: vertices of each island of gums, palate and tongue in the texture layout.
        is_tongue: for each of them, whether its part is a tongue and nothing else.
        faces: [F, 4] of the soft islands.
    """

    tooth: IntArray
    tooth_of: IntArray
    soft: list[IntArray]
    is_tongue: list[bool]
    faces: IntArray


def mouth_of(head: Head) -> Mouth:
    """The mouth of a head with teeth; its jaws closed or nearly so."""
    islands = _islands_of(head.topology)
    positions = head.vertices.double().numpy()
    fields = np.zeros((8, len(positions)))
    soft = np.unique(np.concatenate(islands.soft)) if islands.soft else np.zeros(0, dtype=np.int64)
    _measure_teeth(fields, positions, islands, soft)
    if len(soft):
        fields[4, soft] = cKDTree(positions[islands.tooth]).query(positions[soft])[0]
        _measure_tongue(fields, positions, islands)
    return Mouth(*torch.from_numpy(fields).float().unbind(0))


def _measure_teeth(fields: FloatArray, positions: FloatArray, islands: _Islands, soft: IntArray) -> None:
    """Fill up, across, number and own."""
    count = int(islands.tooth_of.max()) + 1
    members = [islands.tooth[islands.tooth_of == tooth] for tooth in range(count)]
    centres = np.stack([positions[tooth].mean(axis=0) for tooth in members])
    is_upper = centres[:, 2] > centres[:, 2].mean()
    towards = np.where(is_upper, -1.0, 1.0)  # the biting edge, along Z
    necks = _necks(positions, islands, soft, towards)
    for upper in (True, False):
        jaw = np.flatnonzero(is_upper == upper)
        jaw = jaw[np.argsort(_along_arch(centres[jaw]))]
        ways = np.gradient(centres[jaw, :2], axis=0)
        for place, (tooth, way) in enumerate(zip(jaw, ways / np.linalg.norm(ways, axis=1, keepdims=True), strict=True)):
            vertices = members[tooth]
            height, neck = positions[vertices, 2] * towards[tooth], necks[tooth]
            aside = np.abs((positions[vertices, :2] - centres[tooth, :2]) @ way)
            from_right = place < len(jaw) // 2
            fields[0, vertices] = np.clip((height - neck) / max(height.max() - neck, 0.1 * _MM), 0.0, 1.0)
            fields[1, vertices] = aside / aside.max()
            fields[2, vertices] = len(jaw) // 2 - 1 - place if from_right else place - len(jaw) // 2
            fields[3, vertices] = place + (0 if upper else len(jaw))


def _along_arch(centres: FloatArray) -> FloatArray:
    """[N] order of teeth along their arch, from the person's right (-X) to the left."""
    behind = centres[:, 1].max() + 5.0 * _MM
    return np.arctan2(centres[:, 0], behind - centres[:, 1])


def _necks(positions: FloatArray, islands: _Islands, soft: IntArray, towards: FloatArray) -> FloatArray:
    """[teeth] heights, growing towards the biting edge, at which teeth come out of the gum that touches them."""
    found = np.empty(len(towards))
    distance, nearest = np.zeros(0), np.zeros(0, dtype=np.int64)
    if len(soft):
        distance, nearest = cKDTree(positions[islands.tooth]).query(positions[soft])
    touching = distance < _TOUCHING
    tooth, height = islands.tooth_of[nearest[touching]], positions[soft[touching], 2]
    for number, sign in enumerate(towards):
        around = sign * height[tooth == number]
        bare = sign * positions[islands.tooth[islands.tooth_of == number], 2]
        found[number] = np.quantile(around, _NECK) if len(around) else bare.mean()
    return found


def _measure_tongue(fields: FloatArray, positions: FloatArray, islands: _Islands) -> None:
    """Fill tongue, tongue_side and tongue_top: narrow islands in the middle that reach far enough forward."""
    arch = positions[islands.tooth]
    half_width = np.abs(arch[:, 0]).max()
    front, back = arch[:, 1].min(), arch[:, 1].max()
    normals = _normals(positions, islands.faces)
    for island, known in zip(islands.soft, islands.is_tongue, strict=True):
        x, y = positions[island, 0], positions[island, 1]
        narrow = np.abs(x).max() < _TONGUE_WIDTH * half_width and abs(x.min() + x.max()) < 0.2 * half_width
        if known or (narrow and y.min() < front + _TONGUE_FRONT * (back - front)):
            fields[5, island] = 1.0
            fields[6, island] = x / np.abs(x).max()
            fields[7, island] = np.clip(0.5 + normals[island, 2], 0.0, 1.0)


def _normals(positions: FloatArray, faces: IntArray) -> FloatArray:
    """[V, 3] unit normals of the vertices of quads."""
    a, b, c, d = (positions[faces[:, corner]] for corner in range(4))
    flat = np.cross(c - a, d - b)
    found = np.zeros_like(positions)
    for corner in range(4):
        np.add.at(found, faces[:, corner], flat)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return found / np.maximum(length, 1e-12)


def _islands_of(topology: Topology) -> _Islands:
    key = id(topology)
    if key not in _islands:
        _islands[key] = (topology, _find_islands(topology))  # keeps the topology alive, and so its id its own
        while len(_islands) > _KEPT:
            _islands.popitem(last=False)
    _islands.move_to_end(key)
    return _islands[key][1]


def _find_islands(topology: Topology) -> _Islands:
    faces, face_uvs = topology.faces.numpy(), topology.face_uvs.numpy()
    hard = _faces_of([part for part in topology.parts if part.material in _TEETH])
    soft = _faces_of([part for part in topology.parts if part.material in _SOFT])
    teeth = pieces(faces[hard])
    tooth, first = np.unique(faces[hard], return_index=True)
    tooth_of = np.repeat(teeth, 4)[first]
    tongue = np.isin(soft, _faces_of([part for part in topology.parts if part.material == "tongue"]))
    island_of = pieces(face_uvs[soft]) if len(soft) else np.zeros(0, dtype=np.int64)
    islands = [island_of == number for number in range(int(island_of.max(initial=-1)) + 1)]
    return _Islands(
        tooth,
        tooth_of,
        [np.unique(faces[soft][island]) for island in islands],
        [bool(tongue[island].all()) for island in islands],
        faces[soft],
    )


def _faces_of(parts: list[Part]) -> IntArray:
    return np.concatenate([np.arange(*part.faces) for part in parts] or [np.zeros(0, dtype=np.int64)])
