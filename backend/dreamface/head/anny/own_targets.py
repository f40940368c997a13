"""Sliders of our own: what tells sex, age, childhood and build apart, and MakeHuman's targets say too weakly.

A target is a sum of soft pushes on the mean adult: each moves the skin around a point, most in its middle. A push
beside the midline is made on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from dreamface.arrays import FloatArray
from dreamface.head.anny.cage import Cage
from dreamface.units import MM

PREFIX: Final = "own-"
"""Begins the names of these sliders."""


@dataclass(frozen=True)
class Push:
    """One soft push.

    Attributes:
        at: the middle in millimetres on the mean adult: to the left, backwards, up (see `landmarks`).
        by: how far its middle moves at slider 1, millimetres.
        reach: how far it is felt to the side, in depth and in height, millimetres.
    """

    at: tuple[float, float, float]
    by: tuple[float, float, float]
    reach: tuple[float, float, float]


TARGETS: Final[Mapping[str, tuple[Push, ...]]] = {
    # ----------------------------------------------------------------------------------------------------------- sex
    "own-brow-ridge": (  # the bone over the eyes, and the glabella between
        Push((26.0, -140.0, 750.0), (0.0, -2.6, -0.6), (26.0, 30.0, 13.0)),
        Push((0.0, -143.0, 749.0), (0.0, -2.2, 0.0), (16.0, 30.0, 12.0)),
    ),
    "own-orbit-low": (Push((33.0, -138.0, 752.0), (0.0, -0.4, -2.2), (30.0, 30.0, 16.0)),),  # brow and orbit's roof
    "own-forehead-slope": (Push((0.0, -125.0, 812.0), (0.0, 6.0, -1.0), (75.0, 60.0, 52.0)),),
    "own-jaw-corner": (Push((56.0, -78.0, 664.0), (4.2, 0.5, -2.6), (26.0, 34.0, 30.0)),),
    "own-jaw-line": (Push((42.0, -104.0, 648.0), (2.6, -0.6, -2.4), (26.0, 34.0, 22.0)),),
    "own-chin-square": (
        Push((20.0, -132.0, 638.0), (2.8, -1.6, -1.4), (18.0, 26.0, 17.0)),
        Push((0.0, -138.0, 636.0), (0.0, -2.0, -2.2), (26.0, 30.0, 20.0)),
    ),
    "own-cheek-apple": (Push((40.0, -128.0, 700.0), (1.2, -2.4, 0.6), (24.0, 26.0, 20.0)),),
    "own-nose-bridge": (Push((0.0, -150.0, 716.0), (0.0, -2.4, 0.0), (12.0, 22.0, 22.0)),),
    "own-neck": (
        Push((50.0, -34.0, 612.0), (7.0, 0.0, 0.0), (46.0, 70.0, 88.0)),
        Push((0.0, -88.0, 600.0), (0.0, -3.0, 0.0), (30.0, 30.0, 40.0)),
    ),
    # ----------------------------------------------------------------------------------------------------------- age
    "own-jowl": (
        Push((37.0, -112.0, 640.0), (3.2, -1.0, -6.4), (19.0, 26.0, 21.0)),
        Push((23.0, -124.0, 634.0), (-0.5, 1.4, 0.8), (8.0, 14.0, 12.0)),  # the notch in front of it
    ),
    "own-cheek-sag": (Push((44.0, -120.0, 684.0), (1.0, 0.6, -3.6), (24.0, 28.0, 26.0)),),
    "own-nasolabial": (
        Push((31.0, -138.0, 681.0), (1.0, -2.4, -0.8), (11.0, 18.0, 17.0)),
        Push((24.0, -142.0, 682.0), (0.0, 0.9, 0.0), (5.0, 12.0, 11.0)),
    ),
    "own-marionette": (Push((25.0, -134.0, 657.0), (0.0, 1.6, -0.6), (8.0, 14.0, 11.0)),),
    "own-temple": (Push((60.0, -92.0, 768.0), (-4.6, 1.4, 0.0), (22.0, 34.0, 26.0)),),
    "own-orbit-hollow": (
        Push((30.0, -131.0, 717.0), (0.0, 2.2, 0.0), (19.0, 18.0, 8.0)),
        Push((25.0, -138.0, 745.5), (0.0, 1.8, 0.4), (15.0, 14.0, 6.5)),
    ),
    "own-lid-hood": (Push((42.0, -131.0, 744.0), (0.4, -1.2, -2.4), (14.0, 18.0, 9.0)),),
    "own-cheek-hollow": (Push((50.0, -108.0, 682.0), (-4.4, 2.4, 0.0), (22.0, 32.0, 25.0)),),
    "own-throat": (
        Push((0.0, -88.0, 618.0), (0.0, -5.5, -8.0), (26.0, 30.0, 26.0)),
        Push((9.0, -84.0, 600.0), (1.5, -3.6, 0.0), (8.0, 22.0, 34.0)),
    ),
    "own-nose-tip-drop": (Push((0.0, -157.0, 698.0), (0.0, -0.8, -3.2), (13.0, 18.0, 12.0)),),
    "own-mouth-inward": (Push((0.0, -150.0, 668.0), (0.0, 2.0, 0.0), (26.0, 24.0, 17.0)),),
    # ------------------------------------------------------------------------------------------------------ children
    "own-forehead-dome": (Push((0.0, -138.0, 786.0), (0.0, -4.4, 1.6), (58.0, 46.0, 38.0)),),
    "own-cheek-round": (
        Push((44.0, -118.0, 672.0), (3.4, -3.0, -1.4), (27.0, 30.0, 28.0)),
        Push((36.0, -130.0, 690.0), (1.2, -2.4, 0.0), (22.0, 24.0, 20.0)),
    ),
    "own-nose-small": (
        Push((0.0, -157.0, 697.0), (0.0, 3.6, 1.6), (18.0, 24.0, 14.0)),
        Push((0.0, -147.0, 718.0), (0.0, 2.6, 0.0), (12.0, 20.0, 16.0)),
        Push((16.0, -142.0, 694.0), (-1.8, 0.8, 0.8), (9.0, 14.0, 11.0)),
    ),
    "own-chin-small": (
        Push((0.0, -134.0, 634.0), (0.0, 2.2, 4.6), (34.0, 36.0, 25.0)),
        Push((26.0, -122.0, 640.0), (-2.4, 1.0, 1.4), (20.0, 26.0, 20.0)),
    ),
    # --------------------------------------------------------------------------------------------- weight, ancestry
    "own-double-chin": (Push((0.0, -104.0, 622.0), (0.0, -3.0, -7.5), (38.0, 36.0, 22.0)),),
    "own-cheek-fat": (
        Push((50.0, -106.0, 668.0), (6.4, -2.4, -1.8), (28.0, 42.0, 34.0)),
        Push((36.0, -128.0, 690.0), (1.4, -2.2, 0.0), (22.0, 24.0, 20.0)),
    ),
    "own-malar-flat": (Push((46.0, -122.0, 713.0), (2.0, -1.8, 0.6), (22.0, 26.0, 14.0)),),  # cheekbone to the front
    "own-lips-forward": (
        Push((0.0, -152.0, 675.0), (0.0, -3.4, 0.4), (24.0, 22.0, 9.0)),
        Push((0.0, -149.0, 661.0), (0.0, -3.4, -0.4), (22.0, 22.0, 9.0)),
    ),
    "own-bridge-low": (Push((0.0, -142.0, 730.0), (0.0, 3.0, 0.0), (10.0, 16.0, 15.0)),),
}  # fmt: skip
"""Slider -> its pushes. Above 0 is what the name says; below 0 is the opposite."""

CRANIUM: Final = "own-cranium"
"""The slider of a skull that is larger than its face."""

_SKULL_MIDDLE: Final = (0.0, -48.0, 740.0)  # millimetres on the mean adult
_SKULL_GROWTH: Final = (0.085, 0.075, 0.10)  # at slider 1: in width, depth and height
_FACE_EDGE: Final = ((-140.0, 752.0), (48.0, 690.0))  # depth and height of a line from the brows to the nape
_FACE_SOFTNESS: Final = 60.0  # millimetres above the line in which the skull begins to grow


def own_targets(cage: Cage, skin: FloatArray) -> dict[str, FloatArray]:
    """Return the offsets [Cs, 3] in metres of every slider at 1.

    Args:
        cage: the cage, for its mirror map.
        skin: [Cs, 3] skin vertices of the mean adult in the base mesh's own place.
    """
    found = {CRANIUM: _swollen_skull(skin)}
    return found | {
        name: sum((_pushed(push, cage, skin) for push in pushes), np.zeros_like(skin))
        for name, pushes in TARGETS.items()
    }


def _swollen_skull(skin: FloatArray) -> FloatArray:
    (front, above_front), (back, above_back) = _FACE_EDGE
    points = skin / MM
    edge = above_front + (points[:, 1] - front) / (back - front) * (above_back - above_front)
    share = np.clip((points[:, 2] - edge) / _FACE_SOFTNESS, 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    grown: FloatArray = share[:, None] * (skin - np.array(_SKULL_MIDDLE) * MM) * np.array(_SKULL_GROWTH)
    return grown


def _pushed(push: Push, cage: Cage, skin: FloatArray) -> FloatArray:
    away = (skin - np.array(push.at) * MM) / (np.array(push.reach) * MM)
    felt = np.square(np.clip(1.0 - np.square(away).sum(axis=1), 0.0, 1.0))
    moved = felt[:, None] * np.array(push.by) * MM
    if push.at[0] == 0.0:
        return moved
    return moved + moved[cage.mirror[: len(skin)]] * np.array([-1.0, 1.0, 1.0])
