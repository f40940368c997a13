"""Soft pulls on a head's skin, as its muscles do: what a model's own shapes say too weakly, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from dreamface.arrays import FloatArray, IntArray
from dreamface.geometry import ways_around
from dreamface.units import MM

Lip = Literal["", "upper", "lower"]

_MIRRORED: Final = np.array([-1.0, 1.0, 1.0])
_CORNER: Final = (15.0 * MM, 23.0 * MM)  # from the midline: both lips are one from there on
_BESIDE_CORNER: Final = 12.0 * MM  # above and below the corner: the lips are two again
_SOFTNESS: Final = 2.0 * MM  # of the line between the lips, beyond their loops


@dataclass(frozen=True)
class Pull:
    """One soft pull on the left half of the average face.

    Attributes:
        at: the middle in millimetres: to the left, backwards, up, in the place of the model's average person.
        by: how far its middle moves at weight 1, millimetres.
        reach: how far it is felt to the side, in depth and in height, millimetres.
        lip: the lip that it moves alone, with the skin beyond; empty where it moves all that it reaches.
    """

    at: tuple[float, float, float]
    by: tuple[float, float, float]
    reach: tuple[float, float, float]
    lip: Lip = ""


def pulled(pulls: Sequence[Pull], side: str, skin: FloatArray, upper: FloatArray) -> FloatArray:
    """Return the offsets [N, 3] in metres of some pulls at weight 1.

    Args:
        pulls: of one shape.
        side: "Left" or "Right", of the person; empty for both.
        skin: [N, 3] metres, of the average person.
        upper: [N] 0..1 how far a vertex goes with the upper lip rather than with the lower one; 0.5 in the corners.
    """
    found = np.zeros_like(skin)
    for pull in pulls:
        lip = {"": 1.0, "upper": upper, "lower": 1.0 - upper}[pull.lip]
        for mirror in {"Left": (1.0,), "Right": (-1.0,), "": (1.0, -1.0)}[side]:
            way = np.ones(3) if mirror > 0.0 else _MIRRORED
            away = (skin - np.array(pull.at) * way * MM) / (np.array(pull.reach) * MM)
            felt = np.square(np.clip(1.0 - np.square(away).sum(axis=1), 0.0, 1.0)) * lip
            found += (felt / (1.0 + (side == "" and pull.at[0] == 0.0)))[:, None] * np.array(pull.by) * way * MM
    return found


def upper_lip(skin: FloatArray, rings: IntArray, contact: int) -> FloatArray:
    """Return [N] 0..1 how far each vertex goes with the upper lip rather than with the lower one.

    Args:
        skin: [N, 3] metres, of the average person.
        rings: [R, K] loops around the mouth.
        contact: which of them lies where closed lips meet.
    """
    meeting = skin[rings[contact]]
    ways = ways_around(int(meeting[:, 0].argmin()), int(meeting[:, 0].argmax()), len(meeting))
    upper, lower = sorted(ways, key=lambda way: -float(meeting[way, 2].mean()))
    # np.interp wants what it interpolates over to rise.
    line = 0.5 * sum(
        np.interp(skin[:, 0], *meeting[way][np.argsort(meeting[way, 0])][:, [0, 2]].T) for way in (upper, lower)
    )
    above = skin[:, 2] - line
    share = np.clip(0.5 + above / _SOFTNESS, 0.0, 1.0)
    for ring in rings:
        share[ring[upper]], share[ring[lower]] = 1.0, 0.0
    x = np.abs(skin[:, 0])
    joined = _smooth((x - _CORNER[0]) / (_CORNER[1] - _CORNER[0])) * _smooth(1.0 - np.abs(above) / _BESIDE_CORNER)
    return np.asarray(share + joined * (0.5 - share))


def _smooth(share: FloatArray) -> FloatArray:
    clipped = np.clip(share, 0.0, 1.0)
    return np.asarray(clipped * clipped * (3.0 - 2.0 * clipped))
