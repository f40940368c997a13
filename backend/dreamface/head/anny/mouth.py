"""Teeth and gums, shaped tooth by tooth along the dental arches of the base mesh's helper boxes.

Crown sizes are textbook means of the permanent dentition (Nelson and Ash 2015, "Wheeler's Dental Anatomy").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline

from dreamface.arrays import FloatArray, IntArray
from dreamface.geometry import disc_grid, lattice_quads
from dreamface.units import MM


@dataclass(frozen=True)
class _Crown:
    """One tooth's crown in millimetres: mesiodistal width, height, labiolingual depth at the gum and at the edge."""

    width: float
    height: float
    depth: float
    edge_depth: float
    taper: float  # width at the edge over the largest width
    cusp: float = 0.0  # height of the chewing surface's rim above its middle
    corner: float = 0.0  # how much lower the edge is at its corners than in its middle
    neck: float = 0.74  # width at the gum over the largest width


_UPPER: Final = (
    _Crown(8.5, 10.5, 7.0, 1.6, 0.97, corner=0.55, neck=0.74),
    _Crown(6.7, 9.2, 6.0, 1.5, 0.92, corner=0.9, neck=0.70),
    _Crown(7.6, 10.4, 7.8, 2.4, 0.62, corner=2.4, neck=0.72),
    _Crown(7.0, 8.6, 9.0, 6.0, 0.76, 1.2, corner=1.4),
    _Crown(6.8, 8.2, 9.0, 6.4, 0.78, 1.0, corner=1.1),
    _Crown(10.0, 7.6, 10.6, 8.6, 0.90, 0.9),
    _Crown(9.4, 7.0, 10.4, 8.4, 0.90, 0.8),
)
_LOWER: Final = (
    _Crown(5.4, 9.0, 6.0, 1.4, 0.98, corner=0.3, neck=0.66),
    _Crown(5.9, 9.2, 6.3, 1.4, 0.97, corner=0.45, neck=0.66),
    _Crown(6.9, 10.2, 7.6, 2.3, 0.64, corner=2.2, neck=0.68),
    _Crown(7.0, 8.6, 7.8, 5.2, 0.76, 1.2, corner=1.4),
    _Crown(7.1, 8.2, 8.2, 5.8, 0.80, 1.0, corner=1.1),
    _Crown(11.0, 7.6, 10.4, 8.6, 0.92, 0.9),
    _Crown(10.4, 7.0, 10.0, 8.4, 0.92, 0.8),
)

# The arches' labial line on the mean adult's helper boxes: x, y of the left half, metres, and the biting edge's height.
_ARCH_X: Final = np.array([0.0, 8.8, 17.4, 22.4, 26.0, 29.2, 30.8, 32.2, 33.2]) * MM
_ARCH_Y: Final = np.array([-137.2, -136.9, -132.2, -125.4, -118.0, -110.2, -104.0, -98.0, -88.0]) * MM
_EDGE_FRONT: Final = {"upper": 0.6664, "lower": 0.6690}
_EDGE_BACK: Final = {"upper": 0.6712, "lower": 0.6714}  # at the last molar: the curve of Spee
_INSET: Final = {"upper": 0.6 * MM, "lower": 3.2 * MM}  # lower teeth bite behind the upper ones

_ROWS: Final = 7  # vertex rows of a crown below its cap
_CELLS: Final = 3  # cap cells per side; 4 x _CELLS vertices around
_ROOTED: Final = 0.22  # share of the crown's height that hides in the gum
_ROUNDNESS: Final = 2.3  # superellipse exponent of a crown's cross-section
_ARCHED: Final = 2.4  # exponent of an edge's arc: the larger, the squarer the tooth
_ARCHES_FROM: Final = 0.45  # share of the crown's height from which corners fall back
_DOME: Final = 0.45  # millimetres by which a labial face's middle stands out
_STATIONS: Final = 64  # gum cross-sections along an arch


@dataclass(frozen=True)
class MouthPart:
    """A surface in the mean adult's base coordinates: [N, 3] vertices, [Q, 4] quads, [N, 2] texture coordinates."""

    vertices: FloatArray
    faces: IntArray
    uv: FloatArray


def mouth_parts() -> dict[str, MouthPart]:
    """Return the parts "upper_teeth", "lower_teeth", "upper_gums" and "lower_gums" of the mean adult."""
    return {
        "upper_teeth": _teeth("upper"),
        "lower_teeth": _teeth("lower"),
        "upper_gums": _gums("upper"),
        "lower_gums": _gums("lower"),
    }


class _Arch:
    """A dental arch: position and frame by signed arc length from the midline, + to the left."""

    def __init__(self, jaw: str) -> None:
        self.crowns = _UPPER if jaw == "upper" else _LOWER
        self.root = 1.0 if jaw == "upper" else -1.0  # which way the roots point along Z
        self._inset = _INSET[jaw]
        self._front, self._back = _EDGE_FRONT[jaw], _EDGE_BACK[jaw]
        x = np.concatenate((-_ARCH_X[:0:-1], _ARCH_X))
        y = np.concatenate((_ARCH_Y[:0:-1], _ARCH_Y))
        steps = np.hypot(np.diff(x), np.diff(y))
        along = np.concatenate(([0.0], np.cumsum(steps)))
        self._curve = CubicSpline(along - along[-1] / 2.0, np.stack((x, y), axis=1))
        half = sum(crown.width for crown in self.crowns) * MM
        self.reach = float(min(half, along[-1] / 2.0 - 1.0 * MM))
        self.scale = self.reach / half

    def frame(self, along: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return [N, 3] points on the biting edge's labial line, [N, 3] tangents and [N, 3] outward normals."""
        flat, slope = self._curve(along), self._curve(along, 1)
        slope /= np.linalg.norm(slope, axis=1, keepdims=True)
        zero = np.zeros(len(along))
        tangent = np.stack((slope[:, 0], slope[:, 1], zero), axis=1)
        outward = np.stack((slope[:, 1], -slope[:, 0], zero), axis=1)
        share = (np.abs(along) / self.reach) ** 2
        edge = self._front + (self._back - self._front) * share
        points = np.stack((flat[:, 0], flat[:, 1], edge), axis=1) - self._inset * outward
        return points, tangent, outward


def _teeth(jaw: str) -> MouthPart:
    arch = _Arch(jaw)
    vertices: list[FloatArray] = []
    faces: list[IntArray] = []
    uv: list[FloatArray] = []
    for side in (1.0, -1.0):
        along = 0.0
        for number, crown in enumerate(arch.crowns):
            middle = side * (along + 0.5 * crown.width * MM * arch.scale)
            along += crown.width * MM * arch.scale
            shape, quads, flat = _crown(crown, arch, middle)
            faces.append(quads + sum(len(block) for block in vertices))
            vertices.append(shape)
            uv.append(_tooth_cell(flat, number, side > 0, jaw))
    return MouthPart(np.concatenate(vertices), np.concatenate(faces), np.concatenate(uv))


def _crown(crown: _Crown, arch: _Arch, along: float) -> tuple[FloatArray, IntArray, FloatArray]:
    """One tooth: vertices, outward quads and [N, 2] position on its face (0..1 across, 0 root to 1 edge)."""
    (point,), (tangent,), (outward,) = arch.frame(np.array([along]))
    disc, cap, rim = disc_grid(_CELLS)
    turn = np.arctan2(disc[rim, 1], disc[rim, 0])
    section = np.stack([np.sign(f) * np.abs(f) ** (2.0 / _ROUNDNESS) for f in (np.cos(turn), np.sin(turn))], axis=1)
    rows = np.linspace(-_ROOTED, 1.0, _ROWS)
    sides = np.concatenate([_section(crown, arch, section, row) for row in rows])
    top = _section(crown, arch, disc * np.abs(section).max(), 1.0)
    inward = 1.0 - np.hypot(disc[:, 0], disc[:, 1])
    top[:, 2] += (0.45 - 1.6 * crown.cusp) * inward * (1.0 if crown.cusp else 0.5)
    local = np.concatenate((sides, top)) * MM
    up = np.array([0.0, 0.0, -arch.root])
    centre = point - outward * 0.5 * crown.depth * MM - up * crown.height * MM
    vertices = centre + local[:, :1] * tangent + local[:, 1:2] * outward + local[:, 2:] * up
    faces = _closed_loft(_ROWS, len(rim), cap, rim)
    if arch.root < 0:
        faces = faces[:, ::-1]
    flat = np.stack((0.5 + local[:, 0] / (crown.width * MM * 1.1), local[:, 2] / (crown.height * MM)), axis=1)
    return vertices, faces, np.clip(flat, 0.0, 1.0)


def _section(crown: _Crown, arch: _Arch, outline: FloatArray, height: float) -> FloatArray:
    """Return [N, 3] millimetres (across, outwards, towards the edge) of a unit outline at a height 0 gum .. 1 edge."""
    above = max(height, 0.0)
    belly = crown.neck + (1.0 - crown.neck) * np.sin(np.pi * min(above / 0.65, 1.0) / 2.0)
    closing = 1.0 - (1.0 - crown.taper) * max(0.0, (above - 0.55) / 0.45) ** 1.6
    width = 0.5 * crown.width * arch.scale * belly * closing
    depth = 0.5 * (crown.depth + (crown.edge_depth - crown.depth) * above**1.25)
    # The labial face stays nearly upright: what depth is lost is lost on the tongue's side.
    forward = 0.5 * crown.depth - depth - 0.6 * above**2
    # Edges are arcs, and the labial face is domed: its middle stands out over its sides.
    away = np.abs(outline[:, 0])
    edge = height * crown.height - crown.corner * away**_ARCHED * max(
        0.0, (height - _ARCHES_FROM) / (1.0 - _ARCHES_FROM)
    )
    domed = _DOME * (1.0 - away**2) * np.clip(outline[:, 1], 0.0, 1.0) * np.sin(np.pi * min(0.15 + 0.75 * above, 1.0))
    return np.stack((outline[:, 0] * width, outline[:, 1] * depth + forward + domed, edge), axis=1)


def _closed_loft(rows: int, around: int, cap: IntArray, rim: IntArray) -> IntArray:
    """Quads of a loft of closed rows whose last row is joined to a gridded cap."""
    strips = lattice_quads(rows, around, closed=True)
    start = rows * around
    last = (rows - 1) * around + np.arange(around)
    joint = np.stack((last, np.roll(last, -1), np.roll(start + rim, -1), start + rim), axis=1)
    return np.concatenate((strips, joint, cap + start))


def _tooth_cell(flat: FloatArray, number: int, left: bool, jaw: str) -> FloatArray:
    """Place a tooth's own coordinates in its cell of the mouth tile's upper half: 7 columns, 4 rows."""
    row = (0 if jaw == "upper" else 2) + (0 if left else 1)
    column_width, row_height, margin = 1.0 / 7.0, 0.125, 0.08
    u = (number + margin + (1.0 - 2.0 * margin) * flat[:, 0]) * column_width
    v = 1.0 - (row + 1.0 - margin - (1.0 - 2.0 * margin) * flat[:, 1]) * row_height
    return np.stack((u, v), axis=1)


def _gums(jaw: str) -> MouthPart:
    """Return a band swept along the arch: down the lip's side, over the tooth necks, and up on the tongue's side."""
    arch = _Arch(jaw)
    along = np.linspace(-arch.reach - 1.0 * MM, arch.reach + 1.0 * MM, _STATIONS)
    points, _, outward = arch.frame(along)
    height, depth, scallop = _neck_profile(arch, along)
    rise = np.array([8.0, 5.0, 2.2, 0.0, -0.1, 0.6, 0.0, 2.6, 7.0, 11.0])  # millimetres above the necks
    spread = np.array([-0.6, 0.3, 0.6, 0.05, -0.6, 0.0, -0.6, 0.05, 1.5, 3.0])  # beyond the tooth, both sides
    sign = np.array([1, 1, 1, 1, 1, 0, -1, -1, -1, -1])
    scalloped = np.array([0, 0, 0.35, 1, 1, 1, 1, 1, 0.35, 0])
    up = np.array([0.0, 0.0, arch.root])
    out = sign * (0.5 * depth[:, None] + spread) - 0.5 * depth[:, None]
    lift = height[:, None] + rise + scallop[:, None] * scalloped
    vertices = points[:, None] + (out * MM)[..., None] * outward[:, None] + (lift * MM)[..., None] * up
    rows, columns = out.shape
    faces = lattice_quads(rows, columns)
    if arch.root < 0:
        faces = faces[:, ::-1]
    u, v = np.meshgrid(np.linspace(0.01, 0.99, rows), np.linspace(0.01, 0.115, columns), indexing="ij")
    base = 0.375 if jaw == "upper" else 0.25
    return MouthPart(vertices.reshape(-1, 3), faces, np.stack((u, base + v), axis=-1).reshape(-1, 2))


def _neck_profile(arch: _Arch, along: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Per station, in millimetres: height of the tooth necks over the edge, tooth depth, and the gum's scallop."""
    borders = np.concatenate(([0.0], np.cumsum([crown.width for crown in arch.crowns]))) * MM * arch.scale
    middles = 0.5 * (borders[1:] + borders[:-1])
    distance = np.abs(along)
    height = np.interp(distance, middles, [crown.height for crown in arch.crowns])
    depth = np.interp(distance, middles, [crown.depth for crown in arch.crowns])
    tooth = np.clip(np.searchsorted(borders, distance) - 1, 0, len(middles) - 1)
    within = (distance - borders[tooth]) / (borders[tooth + 1] - borders[tooth])
    scallop = -1.0 - 1.1 * np.cos(2.0 * np.pi * within)
    return height, depth, scallop
