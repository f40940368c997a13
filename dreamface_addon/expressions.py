"""ARKit's 52 shapes by region, and expressions made of them: those that come with DreamFace, and the artist's own."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from .entries import read_entries, remove_entry, save_entry

GROUPS: Final = {
    "Brows": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight", "browDownLeft", "browDownRight"),
    "Eyes": (
        "eyeBlinkLeft", "eyeBlinkRight", "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight",
    ),
    "Gaze": (
        "eyeLookUpLeft", "eyeLookUpRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
        "eyeLookOutLeft", "eyeLookOutRight",
    ),
    "Cheeks and Nose": ("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight"),
    "Mouth": (
        "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft",
        "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight", "mouthPressLeft", "mouthPressRight",
        "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight", "mouthClose",
    ),
    "Lips": (
        "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthLowerDownLeft",
        "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    ),
    "Jaw": ("jawOpen", "jawForward", "jawLeft", "jawRight"),
    "Tongue": ("tongueOut",),
}  # fmt: skip
"""Region of the face -> the shapes that move it."""

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

STRENGTHS: Final = ("slight", "clear", "strong")
"""What most expressions come in."""

REST: Final = "neutral"
"""The expression of a face at rest."""

ANGLES: Final = ("yaw", "pitch", "roll")
"""How a head turns, in the order in which a performance has them."""

OWN: Final = "own"
PRESET: Final = "preset"
"""What the key of an expression begins with."""

Mirror = Literal["FLIP", "LEFT", "RIGHT"]
"""Change both sides over; or let the person's left, or right, side show on both."""

_SIDES: Final = ("Left", "Right")
_ASIDE: Final = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
"""Shapes that shift what lies in the middle to a side, not ones of that side."""

_LEAST: Final = 0.005  # of a weight that is saved


@dataclass(frozen=True)
class Expression:
    """A named expression in one strength.

    Attributes:
        name: of the emotion or gesture, such as "joy"; of an own one, what the artist calls it.
        label: as it is shown.
        weights: shape -> 0..1; all others are 0.
        strength: one of `STRENGTHS`; empty where it has none.
        head: "yaw" (towards the person's left), "pitch" (downwards), "roll" (towards the person's left shoulder)
            -> degrees that the head turns along.
    """

    name: str
    label: str
    weights: dict[str, float]
    strength: str = ""
    head: dict[str, float] = field(default_factory=dict)

    @property
    def picture(self) -> str:
        """Name of its picture, without suffix: "joy_strong"."""
        return f"{self.name}_{self.strength}" if self.strength else self.name


def key_of(entry: Expression, is_own: bool) -> str:
    """Return what tells an expression from all others, whatever its strength."""
    return f"{OWN if is_own else PRESET} {entry.name}"


@lru_cache
def presets(file: Path) -> tuple[Expression, ...]:
    """Return the expressions that come with DreamFace; the backend reads the same file."""
    return tuple(_expression(row) for row in read_entries(file))


def find(file: Path, name: str, strength: str) -> Expression | None:
    """Return one that comes with DreamFace, in a strength or in the only one that it has."""
    there = {(entry.name, entry.strength): entry for entry in presets(file)}
    return there.get((name, strength)) or there.get((name, ""))


def of_strength(file: Path, strength: str) -> list[Expression]:
    """Return all that come with DreamFace as they are in a strength."""
    return [entry for entry in presets(file) if entry.strength in ("", strength)]


def own(file: Path) -> list[Expression]:
    """Return the artist's own, the newest first; entries that are none are passed over."""
    found = []
    for row in read_entries(file):
        try:
            entry = _expression(row)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        if isinstance(entry.name, str) and set(entry.weights) <= set(ARKIT_SHAPES):
            found.append(entry)
    return found


def save(file: Path, name: str, weights: Mapping[str, float]) -> None:
    """Keep weights as an expression of the artist's own, in place of one of the same name.

    Raises:
        OSError: the file cannot be written.
    """
    moved = {shape: round(min(weights[shape], 1.0), 4) for shape in ARKIT_SHAPES if weights.get(shape, 0.0) > _LEAST}
    save_entry(file, asdict(Expression(name, name, moved)))


def remove(file: Path, name: str) -> None:
    """Remove one of the artist's own."""
    remove_entry(file, name)


def _expression(row: dict[str, Any]) -> Expression:
    return Expression(
        row["name"], row["label"], _both_sides(row["weights"]), row.get("strength", ""), dict(row.get("head", {}))
    )


def _both_sides(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights by ARKit's names: "mouthSmile" stands for both of its sides, what names a side goes before it."""
    pairs = {shape: weight for shape, weight in weights.items() if shape not in ARKIT_SHAPES}
    whole = {shape + side: float(weight) for shape, weight in pairs.items() for side in _SIDES}
    return whole | {shape: float(weight) for shape, weight in weights.items() if shape not in pairs}


def mirrored(weights: Mapping[str, float], how: Mirror) -> dict[str, float]:
    """Return weights with both sides changed over, or with one side's on both.

    With one side on both, jaw and mouth are in the middle; the eyes go on looking where they look.
    """
    if how == "FLIP":
        return {other_side(shape): weight for shape, weight in weights.items()}
    left_out = (*_ASIDE, *GROUPS["Gaze"])
    shown = "Left" if how == "LEFT" else "Right"
    both = {
        shape: weights.get(shape if shape.endswith(shown) else other_side(shape), 0.0)
        for shape in weights if shape.endswith(_SIDES) and shape not in left_out
    }  # fmt: skip
    return {**weights, **both, **{shape: 0.0 for shape in _ASIDE if shape in weights}}


def other_side(shape: str) -> str:
    """Return the shape that does the same on the other side; one of the middle is its own."""
    for end, other in zip(_SIDES, reversed(_SIDES), strict=True):
        if shape.endswith(end):
            return shape.removesuffix(end) + other
    return shape


def found_shapes(letters: str, there: Collection[str]) -> dict[str, list[str]]:
    """Return region -> its shapes that have all of the words in their names; regions without any are left out.

    Args:
        letters: what the artist looks for; the region's own name counts, too.
        there: shapes that a head has.
    """
    words = letters.casefold().split()
    shown = {
        region: [shape for shape in shapes if shape in there and _has(f"{region} {label_of(shape)}", words)]
        for region, shapes in GROUPS.items()
    }
    return {region: shapes for region, shapes in shown.items() if shapes}


def _has(name: str, words: Collection[str]) -> bool:
    return all(word in name.casefold() for word in words)


def label_of(shape: str) -> str:
    """Return a shape's name as words, such as "Mouth Smile Left"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", shape).title()
