"""Soft pulls on a head's skin, as its muscles do: what a model's own shapes say too weakly, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from dreamface.arrays import FloatArray
from dreamface.units import MM

Lip = Literal["", "upper", "lower"]

_MIRRORED: Final = np.array([-1.0, 1.0, 1.0])


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
