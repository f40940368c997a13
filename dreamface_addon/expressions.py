"""ARKit's 52 expressions in groups, and the named expressions that come with DreamFace."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

GROUPS: Final = {
    "Eyes": (
        "eyeBlinkLeft", "eyeBlinkRight", "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight",
    ),
    "Gaze": (
        "eyeLookUpLeft", "eyeLookUpRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
        "eyeLookOutLeft", "eyeLookOutRight",
    ),
    "Brows": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight", "browDownLeft", "browDownRight"),
    "Jaw": ("jawOpen", "jawForward", "jawLeft", "jawRight"),
    "Mouth": (
        "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight",
        "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft",
        "mouthStretchRight", "mouthPressLeft", "mouthPressRight", "tongueOut",
    ),
    "Lips": (
        "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthLowerDownLeft",
        "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    ),
    "Cheeks and Nose": ("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight"),
}  # fmt: skip
"""Heading -> the expressions under it."""

ARKIT_SHAPES: Final = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel",
    "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft",
    "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""In ARKit's order, in which a camera's weights come; a test compares them with the backend's."""

_SIDES: Final = ("Left", "Right")


@dataclass(frozen=True)
class Expression:
    """A named expression.

    Attributes:
        name: as it is shown.
        weights: shape -> 0..1; all others are 0.
    """

    name: str
    weights: dict[str, float]


@lru_cache
def read(file: Path) -> tuple[Expression, ...]:
    """Return the expressions in a file: name -> shape -> weight, where "mouthSmile" stands for both of its sides."""
    said: dict[str, dict[str, float]] = json.loads(file.read_text("utf-8"))
    return tuple(Expression(name, _both_sides(weights)) for name, weights in said.items())


def _both_sides(weights: dict[str, float]) -> dict[str, float]:
    whole: dict[str, float] = {}
    for shape, weight in weights.items():
        sides = (shape,) if shape in ARKIT_SHAPES else tuple(shape + side for side in _SIDES)
        whole |= dict.fromkeys(sides, float(weight))
    return whole


def label_of(shape: str) -> str:
    """Return a shape's name as words, such as "Mouth Smile Left"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", shape).title()
