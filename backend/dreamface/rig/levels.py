"""Levels of detail: the same head with fewer triangles, its blend shapes, texture coordinates and bones.

What each level keeps is a table of the head model's (`training/levels.py`), so all heads of a model have the same
meshes. Every vertex of a level is one of the head's: shapes, weights and the neck's ring hold as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from dreamface.errors import BadRequest
from dreamface.face import Face, Part, Topology
from dreamface.rig.joints import anchor_places
from dreamface.rig.making import rig_of
from dreamface.rigging import Rig

LEVELS: Final = 4
"""How many there are; level 0 is the head itself."""

_TABLE: Final = Path(__file__).with_name("levels.npz")


def reduced(face: Face, level: int) -> Face:
    """Return a face at a level of detail; parts that the head model does not know, such as cards of hair, stay whole.

    Raises:
        BadRequest: there is no such level, or none for the face's head model.
    """
    if not 0 <= level < LEVELS:
        raise BadRequest(f"There is no level of detail {level}: choose 0, the finest, to {LEVELS - 1}.")
    if level == 0:
        return face
    topology = face.head.topology
    faces, uvs, counts = _faces(topology, _table(face.head.model, level), face.head.model)
    kept = torch.zeros(topology.vertex_count, dtype=torch.bool)
    kept[faces.reshape(-1)] = True
    place = torch.cat((torch.zeros(1, dtype=torch.int64), kept.long().cumsum(0)))
    left = _topology(topology, kept, place, place[faces], uvs, counts)
    head = replace(face.head, topology=left, vertices=face.head.vertices[kept], offset=None)
    rig = _rig(rig_of(face), face.head.vertices, kept, place)
    return replace(face, head=head, shapes=face.shapes[:, kept], rig=rig)


@lru_cache(maxsize=1)
def _tables() -> Mapping[str, np.ndarray[tuple[int, ...], np.dtype[np.uint16]]]:
    with np.load(_TABLE, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _table(model: str, level: int) -> dict[str, Tensor]:
    """Part -> [T, 3, 2] int64: at each corner of its triangles the vertex of the part's object, and the coordinate."""
    prefix = f"{model}.{level}."
    names = [name.removeprefix(prefix).removesuffix(".uv") for name in _tables() if name.startswith(prefix)]
    table = {}
    for name in names:
        if not name.endswith(".vertices"):
            both = (_tables()[f"{prefix}{name}.{what}"] for what in ("vertices", "uv"))
            table[name] = torch.from_numpy(np.stack([*both], axis=-1).astype(np.int64))
    if not table:
        raise BadRequest(f"There are no levels of detail for the head model {model}: export level 0.")
    return table


def _faces(topology: Topology, table: Mapping[str, Tensor], model: str) -> tuple[Tensor, Tensor, list[int]]:
    """[F, 4] the level's faces by the head's vertices, [F, 4] by its coordinates, and how many each part has."""
    first = {part.name: group.vertices[0] for group in topology.objects for part in group.parts}
    last = {part.name: group.vertices[1] for group in topology.objects for part in group.parts}
    faces, uvs, counts = [], [], []
    for part in topology.parts:
        if part.name in table:
            corners = table[part.name][:, [0, 1, 2, 2]]
            own, own_uvs = corners[..., 0] + first[part.name], corners[..., 1]
            if int(own.max()) >= last[part.name] or int(own_uvs.max()) >= len(topology.uv):
                raise BadRequest(f"The face's geometry is not that of the head model {model}: make the face again.")
        else:
            run = slice(*part.faces)
            own, own_uvs = topology.faces[run], topology.face_uvs[run]
        faces.append(own)
        uvs.append(own_uvs)
        counts.append(len(own))
    return torch.cat(faces), torch.cat(uvs), counts


def _topology(
    before: Topology, kept: Tensor, place: Tensor, faces: Tensor, face_uvs: Tensor, counts: list[int]
) -> Topology:
    parts: list[Part] = []
    for part, count in zip(before.parts, counts, strict=True):
        start = parts[-1].faces[1] if parts else 0
        vertices = (int(place[part.vertices[0]]), int(place[part.vertices[1]]))
        parts.append(replace(part, vertices=vertices, faces=(start, start + count)))
    return replace(
        before,
        faces=faces,
        face_uvs=face_uvs,
        parts=tuple(parts),
        regions={name: weights[kept] for name, weights in before.regions.items()},
        landmarks={name: int(place[vertex]) for name, vertex in before.landmarks.items() if bool(kept[vertex])},
    )


def _rig(rig: Rig, vertices: Tensor, kept: Tensor, place: Tensor) -> Rig:
    """The rig on the vertices that are left, with joints where they were."""
    anchors, weights = anchor_places(vertices[kept], rig.places(vertices).reshape(-1, 3))
    ring = rig.neck_ring[kept[rig.neck_ring]]
    return Rig(anchors, weights, rig.weights[kept], place[ring])
