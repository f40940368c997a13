"""Soft region weights on the built-in head's skin, laid out around landmarks of the mean adult."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dreamface.arrays import FloatArray
from dreamface.head.anny.cage import Cage
from dreamface.units import MM

_OUTLINE_RING: Final = 6  # the loop by whose height upper and lower are told apart
_SOFT_LIPS: Final = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.92, 0.18, 0.0, 0.0])  # weight per lip loop
_SOFT_MARGIN: Final = np.array([1.0, 1.0, 1.0, 0.7, 0.15, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])  # wet rim, per lid loop
_SOFT_LIDS: Final = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.95, 0.85, 0.65, 0.4, 0.2])  # per lid loop

# Hairline height over the base of the base mesh, by angle around the skull's axis from the front (degrees, metres).
_HAIRLINE_ANGLE: Final = np.array([0, 20, 38, 50, 60, 68, 76, 84, 92, 102, 112, 125, 140, 160, 180.0])
_HAIRLINE_HEIGHT: Final = np.array(
    [0.803, 0.804, 0.799, 0.786, 0.768, 0.755, 0.738, 0.722, 0.738, 0.745, 0.722, 0.690, 0.668, 0.655, 0.652]
)
_SKULL_AXIS: Final = np.array([0.0, -0.035])  # x, y, metres
_HAIRLINE_SOFTNESS: Final = 7.0 * MM


def regions(cage: Cage, skin: FloatArray, points: Mapping[str, int]) -> dict[str, FloatArray]:
    """Name -> [V] weights 0..1 on the smooth skin of the mean adult, except the loops, which are [Cs] on the cage.

    Args:
        cage: the cage.
        skin: [V, 3] subdivided skin of the mean adult.
        points: landmark -> vertex.
    """
    found = {
        "lids_margin": _on_loops(cage, np.concatenate(list(cage.lid_rings), axis=1), _SOFT_MARGIN),
        **_lips(cage, skin),
        **_lids(cage, skin),
        "mouth_inside": _on_islands(cage, (2,)),
        "eye_sockets": _on_islands(cage, (3, 4)),
    }
    found |= _blobs(skin, points)
    found["brows"] = _brows(skin, points)
    found["scalp"] = _scalp(skin)
    found["ears"] = _step(np.abs(skin[:, 0]) - 0.0695, 1.5 * MM) * _band(skin[:, 2], 0.684, 0.746, 2.0 * MM)
    found["scalp"] = found["scalp"] * (1.0 - found["ears"])
    found["neck"] = _step(_jaw_height(skin) - skin[:, 2], 6.0 * MM)
    found["beard"] = _beard(skin, points)
    return found


def _lips(cage: Cage, skin: FloatArray) -> dict[str, FloatArray]:
    return _upper_and_lower(cage, skin, cage.lip_rings, _SOFT_LIPS, "lips")


def _lids(cage: Cage, skin: FloatArray) -> dict[str, FloatArray]:
    sides = [_upper_and_lower(cage, skin, rings, _SOFT_LIDS, "lids") for rings in cage.lid_rings]
    return {name: sides[0][name] + sides[1][name] for name in sides[0]}


def _upper_and_lower(
    cage: Cage, skin: FloatArray, rings: NDArray[np.int64], weights: FloatArray, name: str
) -> dict[str, FloatArray]:
    """Loop weights split into the upper and lower half, halved at the corners."""
    outline = rings[_OUTLINE_RING]
    x, z = skin[outline, 0], skin[outline, 2]
    line = np.interp(x, [x.min(), x.max()], [z[x.argmin()], z[x.argmax()]])
    above = np.clip(0.5 + (z - line) / (2.0 * MM), 0.0, 1.0)
    full = _on_loops(cage, rings, weights)
    share = np.zeros(len(full))
    for ring in rings:
        share[ring] = above
    return {f"{name}_upper": full * share, f"{name}_lower": full * (1.0 - share)}


def _on_loops(cage: Cage, rings: NDArray[np.int64], weights: FloatArray) -> FloatArray:
    values = np.zeros(cage.ranges["skin"][1])
    for ring, weight in zip(rings, weights, strict=True):
        values[ring] = weight
    return values


def _on_islands(cage: Cage, islands: tuple[int, ...]) -> FloatArray:
    values = np.zeros(cage.ranges["skin"][1])
    values[np.unique(cage.skin_faces[np.isin(cage.islands, islands)])] = 1.0
    return values


def _blobs(skin: FloatArray, points: Mapping[str, int]) -> dict[str, FloatArray]:
    """Regions that are soft ellipsoids around landmarks: (landmark, shift, radii) in millimetres."""
    shapes: Mapping[str, tuple[tuple[str, tuple[float, float, float], tuple[float, float, float]], ...]] = {
        "under_eyes": (("eye_bag", (-2.0, 0.0, 1.0), (15.0, 20.0, 6.5)),),
        "nose": (
            ("pronasale", (0.0, 0.0, 0.0), (17.0, 18.0, 14.0)),
            ("rhinion", (0.0, 0.0, 2.0), (12.0, 16.0, 18.0)),
        ),
        "nostrils": (("nostril", (-2.0, 3.0, -1.0), (5.5, 8.0, 5.0)),),
        "cheeks": (("upper_cheek", (10.0, 0.0, -12.0), (21.0, 34.0, 18.0)),),
        "forehead": (("metopion", (0.0, 0.0, -5.0), (62.0, 55.0, 27.0)),),
        "chin": (("pogonion", (0.0, 0.0, -3.0), (22.0, 20.0, 14.0)),),
        "temples": (("temple", (0.0, 0.0, 0.0), (25.0, 22.0, 22.0)),),
    }
    return {name: _soft_union(skin, points, blobs) for name, blobs in shapes.items()}


def _soft_union(
    skin: FloatArray,
    points: Mapping[str, int],
    blobs: tuple[tuple[str, tuple[float, float, float], tuple[float, float, float]], ...],
) -> FloatArray:
    missing = np.ones(len(skin))
    for landmark, shift, radii in blobs:
        names = [landmark] if landmark in points else [f"{landmark}_l", f"{landmark}_r"]
        for name in names:
            mirrored = np.array([-1.0 if name.endswith("_r") else 1.0, 1.0, 1.0])
            centre = skin[points[name]] + np.array(shift) * mirrored * MM
            distance = np.linalg.norm((skin - centre) / (np.array(radii) * MM), axis=1)
            missing *= 1.0 - np.exp(-(distance**4))  # flat inside, quick outside
    return 1.0 - missing


def _brows(skin: FloatArray, points: Mapping[str, int]) -> FloatArray:
    """Along the arc from inner over arch to outer brow; thick inside, thin at the tail."""
    weight = np.zeros(len(skin))
    for side in "lr":
        arc = [skin[points[f"brow_{place}_{side}"]] for place in ("inner", "arch", "outer")]
        for share in np.linspace(0.0, 1.0, 40):
            centre = (1 - share) ** 2 * arc[0] + 2 * share * (1 - share) * _control(arc) + share**2 * arc[2]
            radius = (6.2 - 3.2 * share) * MM
            weight = np.maximum(weight, np.exp(-((np.linalg.norm(skin - centre, axis=1) / radius) ** 4)))
    return weight


def _control(arc: list[FloatArray]) -> FloatArray:
    """Return the quadratic Bezier control point that makes the curve pass through the arch at its middle."""
    return 2.0 * arc[1] - 0.5 * (arc[0] + arc[2])


def _scalp(skin: FloatArray) -> FloatArray:
    x, y = skin[:, 0] - _SKULL_AXIS[0], skin[:, 1] - _SKULL_AXIS[1]
    angle = np.degrees(np.abs(np.arctan2(x, -y)))
    line = np.interp(angle, _HAIRLINE_ANGLE, _HAIRLINE_HEIGHT)
    return _step(skin[:, 2] - line, _HAIRLINE_SOFTNESS)


def _jaw_height(skin: FloatArray) -> FloatArray:
    """Height of the border between face and neck, from the chin back to the ears and the nape."""
    return np.interp(skin[:, 1], [-0.14, -0.12, -0.085, -0.06, -0.02, 0.03], [0.622, 0.626, 0.648, 0.672, 0.665, 0.650])


def _beard(skin: FloatArray, points: Mapping[str, int]) -> FloatArray:
    """Upper lip, chin, jaw and the cheeks below a line from the mouth's corner to the sideburn."""
    x, y, z = np.abs(skin[:, 0]), skin[:, 1], skin[:, 2]
    under_nose = skin[points["subnasale"], 2]
    mouth = skin[points["cheilion_l"]]
    top = np.interp(
        x,
        [0.0, 0.020, 0.030, 0.045, 0.060, 0.068, 0.075],
        [under_nose, under_nose - 0.002, mouth[2] + 0.006, 0.668, 0.684, 0.715, 0.725],
    )
    bottom = np.interp(y, [-0.13, -0.09, -0.06, -0.03], [0.600, 0.612, 0.640, 0.690])
    front = _step(-0.045 - y, 6.0 * MM)
    return _step(top - z, 4.0 * MM) * _step(z - bottom, 8.0 * MM) * front


def _step(values: FloatArray, width: float) -> FloatArray:
    """0 below -width, 1 above +width, smooth between."""
    share = np.clip(0.5 + 0.5 * values / width, 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def _band(values: FloatArray, low: float, high: float, width: float) -> FloatArray:
    return _step(values - low, width) * _step(high - values, width)
