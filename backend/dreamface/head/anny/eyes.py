"""The eyeball: sclera, iris and cornea as separate surfaces on a unit eye that looks along -Y.

Proportions follow the human eye (Atchison and Smith 2000, "Optics of the Human Eye"), but for the ball's size: the base
mesh's sockets hold larger ones than people have. The limbus lies where an iris is as wide as a person's, the iris a
little behind it, and the cornea bulges by about a twelfth of the eye's radius.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from dreamface.arrays import FloatArray, IntArray
from dreamface.geometry import disc_grid, lattice_quads

_CELLS: Final = 8  # per side of a cap; 4 x _CELLS segments around the axis
LIMBUS: Final = np.radians(21.2)  # where iris meets sclera: 11.8 mm across on a ball of 32.6 mm
_SCLERA_RINGS: Final = np.radians([21.2, 22.2, 24.8, 29.5, 36.0, 45.0, 55.0, 67.0, 80.0, 95.0, 112.0])
_CORNEA_EDGE: Final = np.radians(22.6)  # what it covers of the white, refracted light would brighten
_CORNEA_RINGS: Final = np.radians([22.6, 21.4, 19.3, 16.2, 12.2])
CORNEA_BULGE: Final = 0.085  # height over the sclera's sphere, of the eye's radius
_CORNEA_LIFT: Final = 0.004  # keeps the rim just clear of the sclera
_IRIS_DEPTH: Final = 0.042  # how far the iris lies behind the limbus, of the eye's radius
_IRIS_RIM: Final = 0.86  # of its radius: from there it rises to the limbus, where the limbus' shade hides that

_TILE_CENTRES: Final = {
    ("iris", "left"): (0.25, 0.75),
    ("iris", "right"): (0.75, 0.75),
    ("sclera", "left"): (0.25, 0.25),
    ("sclera", "right"): (0.75, 0.25),
}
UV_RADIUS: Final = 0.235  # of a disc in the tile; four discs share it
SCLERA_UV_FALLOFF: Final = np.radians(50.0)  # gives the visible front most of the sclera's disc


@dataclass(frozen=True)
class EyePart:
    """One surface of the unit eye: [N, 3] vertices, [Q, 4] outward quads, [N, 2] texture coordinates."""

    vertices: FloatArray
    faces: IntArray
    uv: FloatArray


def eye_parts(side: str) -> dict[str, EyePart]:
    """The parts "sclera", "iris" and "cornea" of the left or right unit eye (radius 1, centre 0, looking along -Y)."""
    return {"sclera": _sclera(side), "iris": _iris(side), "cornea": _cornea(side)}


def iris_uv_radius(sine: FloatArray) -> FloatArray:
    """Distance from the iris disc's centre in the tile, for sine-of-angle 0..sin(LIMBUS)."""
    return UV_RADIUS * sine / np.sin(LIMBUS)


def sclera_uv_radius(angle: FloatArray) -> FloatArray:
    """Distance from the sclera disc's centre in the tile, for an angle off the axis in radians."""
    return UV_RADIUS * (1.0 - np.exp(-angle / SCLERA_UV_FALLOFF)) / (1.0 - np.exp(-np.pi / SCLERA_UV_FALLOFF))


def cornea_reach(angles: FloatArray) -> FloatArray:
    """Distance of the cornea's surface from the eye's centre, in radii, at angles off the axis; the white's is 1."""
    dome = np.clip(1.0 - (angles / _CORNEA_EDGE) ** 2, 0.0, 1.0)
    reach: FloatArray = 1.0 + _CORNEA_LIFT + CORNEA_BULGE * dome**1.5
    return reach


def height_over_eye(arms: Tensor, radius: float) -> Tensor:
    """Return [..., N] metres by which points lie outside an eyeball that looks along -Y.

    Args:
        arms: [..., N, 3] metres, from its centre.
        radius: metres.
    """
    distance = torch.linalg.vector_norm(arms, dim=-1)
    angle = torch.arccos((-arms[..., 1] / distance).clamp(-1.0, 1.0))
    reach = torch.from_numpy(cornea_reach(angle.double().numpy())).float()
    return distance - radius * torch.where(angle < _CORNEA_EDGE, reach, 1.0)


def _cap(rings: FloatArray, profile: FloatArray, *, front: bool) -> tuple[FloatArray, IntArray, FloatArray]:
    """Rings of constant angle closed by a gridded cap on their last ring.

    Args:
        rings: [R] angles off the front axis; the last one is the cap's rim.
        profile: not angles but the distance from the centre at each ring.
        front: whether the cap is at the front (-Y) or at the back.

    Returns:
        vertices, quads and [N] angles off the axis.
    """
    points, quads, rim = disc_grid(_CELLS)
    turn = np.arctan2(points[rim, 1], points[rim, 0])
    angles = np.repeat(rings[:-1], len(rim))
    outer = _on_eye(angles, np.tile(turn, len(rings) - 1), np.repeat(profile[:-1], len(rim)))
    reach = rings[-1] if front else np.pi - rings[-1]
    spread = np.hypot(points[:, 0], points[:, 1]) * reach
    cap_angles = spread if front else np.pi - spread
    inner = _on_eye(cap_angles, np.arctan2(points[:, 1], points[:, 0]), np.full(len(points), profile[-1]))
    start = len(outer)
    strips = lattice_quads(len(rings) - 1, len(rim), closed=True)
    seam_from = (len(rings) - 2) * len(rim) + np.arange(len(rim))
    seam_to = start + rim
    joint = np.stack((seam_from, np.roll(seam_from, -1), np.roll(seam_to, -1), seam_to), axis=1)
    grid = quads + start
    faces = np.concatenate((strips, joint, grid if front else grid[:, ::-1]))
    if not front:
        faces[: len(strips) + len(joint)] = faces[: len(strips) + len(joint), ::-1]
    return np.concatenate((outer, inner)), faces, np.concatenate((angles, cap_angles))


def _on_eye(angle: FloatArray, turn: FloatArray, distance: FloatArray) -> FloatArray:
    """Return [N, 3] points at an angle off -Y, turned around it; turn 0 is +X, 90 degrees is up."""
    around = np.sin(angle)
    return distance[:, None] * np.stack((around * np.cos(turn), -np.cos(angle), around * np.sin(turn)), axis=1)


def _disc_uv(part: str, side: str, vertices: FloatArray, radius: FloatArray) -> FloatArray:
    turn = np.arctan2(vertices[:, 2], vertices[:, 0])
    return np.array(_TILE_CENTRES[part, side]) + radius[:, None] * np.stack((np.cos(turn), np.sin(turn)), axis=1)


def _sclera(side: str) -> EyePart:
    vertices, faces, angles = _cap(_SCLERA_RINGS, np.ones(len(_SCLERA_RINGS)), front=False)
    return EyePart(vertices, faces, _disc_uv("sclera", side, vertices, sclera_uv_radius(angles)))


def _iris(side: str) -> EyePart:
    points, faces, _ = disc_grid(_CELLS)
    even = np.hypot(points[:, 0], points[:, 1])
    ring = 1.0 - 2.0 / _CELLS  # the last one before the edge
    reach = np.where(even < ring, even * _IRIS_RIM / ring, np.interp(even, [ring, 1.0], [_IRIS_RIM, 1.0]))
    points = points * (reach / np.maximum(even, 1e-9))[:, None]
    depth = -(np.cos(LIMBUS) - _IRIS_DEPTH * np.minimum(1.0, (1.0 - reach) / (1.0 - _IRIS_RIM)))
    vertices = np.stack((points[:, 0] * np.sin(LIMBUS), depth, points[:, 1] * np.sin(LIMBUS)), axis=1)
    return EyePart(vertices, faces, _disc_uv("iris", side, vertices, iris_uv_radius(reach * np.sin(LIMBUS))))


def _cornea(side: str) -> EyePart:
    vertices, faces, angles = _cap(_CORNEA_RINGS, np.ones(len(_CORNEA_RINGS)), front=True)
    vertices = vertices * cornea_reach(angles)[:, None]
    return EyePart(vertices, faces, _disc_uv("iris", side, vertices, iris_uv_radius(np.sin(angles)) * 0.8))
