"""A slider of our own: pointed ears, which MakeHuman's targets only hint at."""

from __future__ import annotations

from typing import Final

import numpy as np

from dreamface.arrays import FloatArray
from dreamface.head.anny.cage import Cage
from dreamface.units import MM

SLIDER: Final = "ear-elf"

_FOOT: Final = np.array([74.0, -46.0, 714.0]) * MM  # inside the left ear of the mean adult, where the stretch begins
_TOP: Final = np.array([79.0, -40.0, 741.0]) * MM  # on its upper rim
_TIP: Final = np.array([14.0, 26.0, 34.0]) * MM  # how far the rim travels: outwards, backwards and up
_TAPER: Final = 0.72  # share of its breadth that the ear loses at the tip
_LEFT_EAR: Final = range(12012, 12367)  # vertices of the base mesh
_ROOT: Final = 67.0 * MM  # from the midline: here the ear leaves the head
_SOFTNESS: Final = 5.0 * MM


def pointed_ears(cage: Cage, skin: FloatArray) -> FloatArray:
    """Return [Cs, 3] offsets at slider 1: the upper ear drawn out to a point.

    Args:
        cage: the cage, for its mirror map.
        skin: [Cs, 3] skin vertices of the mean adult in the base mesh's own place.
    """
    axis = _TOP - _FOOT
    length = float(np.linalg.norm(axis))
    axis = axis / length
    along = (skin - _FOOT) @ axis / length
    rise = np.clip(along, 0.0, 1.15)
    beside = skin - _FOOT - np.outer(along * length, axis)
    belongs = np.isin(cage.base_index, _LEFT_EAR) * np.clip((skin[:, 0] - _ROOT) / _SOFTNESS, 0.0, 1.0)
    stretch = np.outer(rise**2.2, _TIP) - _TAPER * (rise**2.0)[:, None] * beside
    left = belongs[:, None] * stretch
    return left + left[cage.mirror] * np.array([-1.0, 1.0, 1.0])
