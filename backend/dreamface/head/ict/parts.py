"""The parts of ICT-FaceKit's mesh: index ranges as its README gives them, materials, texture tiles and UDIM numbers."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from dreamface.face import Part

SKIN: Final = "skin"

# Name, material, end of its vertices, end of its faces, the object it is welded to, and the tile it lies in.
_TABLE: Final = (
    ("skin", "skin", 9409, 9230, "", "skin"),
    ("back_of_head", "back_of_head", 11248, 11144, SKIN, "back_of_head"),
    ("mouth_socket", "mouth_socket", 13294, 13226, SKIN, "back_of_head"),
    ("left_eye_socket", "eye_socket", 13678, 13630, SKIN, "back_of_head"),
    ("right_eye_socket", "eye_socket", 14062, 14034, SKIN, "back_of_head"),
    ("gums_and_tongue", "gums_and_tongue", 17039, 17006, "", "gums_and_tongue"),
    ("teeth", "teeth", 21451, 21496, "", "teeth"),
    ("left_sclera", "left_sclera", 22221, 22296, "", "left_sclera"),
    ("left_iris", "left_iris", 23021, 23094, "", "left_iris"),
    ("right_sclera", "right_sclera", 23791, 23894, "", "right_sclera"),
    ("right_iris", "right_iris", 24591, 24692, "", "right_iris"),
    ("left_lacrimal_fluid", "lacrimal_fluid", 24795, 24855, "", "left_lacrimal_fluid"),
    ("right_lacrimal_fluid", "lacrimal_fluid", 24999, 25018, "", "right_lacrimal_fluid"),
    ("left_eye_blend", "eye_blend", 25023, 25033, "", "skin"),
    ("right_eye_blend", "eye_blend", 25047, 25048, "", "skin"),
    ("left_eye_occlusion", "eye_occlusion", 25199, 25176, "", "skin"),
    ("right_eye_occlusion", "eye_occlusion", 25351, 25304, "", "skin"),
    ("left_lashes", "lashes", 26035, 25844, "", "lashes"),
    ("right_lashes", "lashes", 26719, 26384, "", "lashes"),
)

TILES: Final = (
    "skin", "back_of_head", "gums_and_tongue", "teeth", "left_lacrimal_fluid", "right_lacrimal_fluid", "lashes",
    "left_sclera", "left_iris", "right_sclera", "right_iris",
)  # fmt: skip
"""The archive's tiles 1001 to 1007, and four of our own for the eyeballs, which lie over 1001 there."""

PAPER: Final = 14062
"""Vertices [0:14062) are the mesh of the paper: face, back of the head, sockets of mouth and eyes."""

LOWER_TEETH: Final = (19247, 21451)
"""Vertices of part "teeth"; its first ones are the upper teeth's."""

LOWER_INCISORS: Final = (20263, 20435)
"""Vertices of the two in the middle."""

CORNEA: Final = 0.1396
"""The cornea's edge on the eyeball's texture layout: distance from the middle of the tile. It bulges inside."""


def parts(cornea_faces: tuple[int, int]) -> tuple[Part, ...]:
    """Return all parts, in order; how many faces are the left and the right cornea's."""
    found = []
    vertex = face = 0
    for name, material, last_vertex, last_face, welded_to, tile in _TABLE:
        clear = {"left_sclera": cornea_faces[0], "right_sclera": cornea_faces[1]}.get(name, 0)
        found.append(Part(name, material, (vertex, last_vertex), (face, last_face - clear), welded_to, tile))
        if clear:
            cornea = name.replace("sclera", "cornea")
            faces = (last_face - clear, last_face)
            found.append(Part(cornea, "cornea", (last_vertex, last_vertex), faces, name, tile))
        vertex, face = last_vertex, last_face
    return tuple(found)


def cornea_last(face_uvs: Tensor, uv: Tensor) -> tuple[Tensor, tuple[int, int]]:
    """Return the order of faces in which each eyeball's cornea comes after its white, and how many each cornea has.

    Args:
        face_uvs: [F, 4] indices into `uv`.
        uv: [T, 2] within their tile.

    Returns:
        [F] the archive's face at each place; all parts keep their ranges.
    """
    order = torch.arange(len(face_uvs))
    counts = []
    for name in ("left_sclera", "right_sclera"):
        first, last = _face_range(name)
        reach = torch.linalg.vector_norm(uv[face_uvs[first:last]] - 0.5, dim=-1).amax(dim=1)
        clear = reach < CORNEA
        order[first:last] = first + torch.argsort(clear.int(), stable=True)
        counts.append(int(clear.sum()))
    return order, (counts[0], counts[1])


def inside_tile(uv: Tensor) -> Tensor:
    """Return [T, 2] texture coordinates within their tile, 0..1."""
    return torch.stack((uv[:, 0] - uv[:, 0].floor(), uv[:, 1]), dim=1)


def _face_range(name: str) -> tuple[int, int]:
    first = 0
    for part, _, _, last, _, _ in _TABLE:
        if part == name:
            return first, last
        first = last
    raise KeyError(name)
