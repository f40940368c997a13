"""What is done to each channel after it was read: FaceLandmarker's share and its range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.signal import find_peaks

from dreamface.arrays import Float32Array, FloatArray
from dreamface.traits import ARKIT_SHAPES

SHARES: Final[Mapping[str, float]] = {
    "eyeBlink": 0.7, "eyeWide": 0.7, "eyeLook": 0.5, "eyeSquint": 0.4, "browDown": 0.3,
    "jawOpen": 0.2, "mouthRoll": 0.4, "mouthPress": 0.3, "mouthFrown": 0.2, "mouthStretch": 0.2,
}  # fmt: skip
"""How much of FaceLandmarker's own coefficient is taken, for shapes whose names begin so; of others none.

cheekPuff, cheekSquint, noseSneer, jawForward and tongueOut stay at 0 there, and landmarks tell better how far a mouth
smiles, puckers or goes aside. The shares were chosen on made-up motion, by how far vertices of the face are off.
"""

SHAPE_SHARES: Final = np.array(
    [next((share for start, share in SHARES.items() if name.startswith(start)), 0.0) for name in ARKIT_SHAPES]
)

REST_SHARE: Final = 10.0
"""Percent of the moments that lie below what counts as rest: eyeSquint rests at a third there."""

WHOLE_SHARE: Final = 25.0
"""Percent of the blinks that lie below what counts as whole."""

PROMINENT: Final = 0.2
"""How far a blink stands out of what is around it."""

CLOSES: Final = ("eyeBlinkLeft", "eyeBlinkRight")
"""Shapes of which nearly every peak in a take is 1: a blink closes the eye."""

LEAST_FULL: Final = 0.35
"""A blink that is weaker is none: nobody blinked in the take."""

USUAL_FULL: Final = 0.75
"""What a blink reads as before anybody has blinked, live."""

LEAST_USUAL: Final = 0.6
"""What that may come down to for somebody whose blinks read as little."""

_FORGOTTEN: Final = 0.9995
"""Live: what is left of a blink's fullest from picture to picture."""


@dataclass
class Range:
    """What counts as rest and as full.

    Attributes:
        rest: [52].
        full: [52].
    """

    rest: FloatArray
    full: FloatArray

    @classmethod
    def live(cls) -> Range:
        """Return the range before anything was seen."""
        full = np.array([USUAL_FULL if name in CLOSES else 1.0 for name in ARKIT_SHAPES])
        return cls(np.zeros(len(ARKIT_SHAPES)), full)

    def with_moment(self, weights: FloatArray) -> Range:
        """Take in one moment [52] of a live source, and return itself."""
        for name in CLOSES:
            index = ARKIT_SHAPES.index(name)
            self.full[index] = max(float(weights[index]), LEAST_USUAL, self.full[index] * _FORGOTTEN)
        return self


def fused(weights: FloatArray, coefficients: FloatArray | None) -> FloatArray:
    """Mix what was read [T, 52] with FaceLandmarker's own coefficients [T, 52], where there are any."""
    if coefficients is None:
        return weights
    return weights + SHAPE_SHARES * (coefficients - weights)


def without_rest(coefficients: Float32Array) -> FloatArray:
    """Return FaceLandmarker's coefficients [T, 52] of a whole take less what each seldom falls below, still up to 1."""
    rest = np.percentile(coefficients, REST_SHARE, axis=0)
    moved: FloatArray = np.clip((coefficients - rest) / np.maximum(1.0 - rest, 0.1), 0.0, 1.0)
    return moved


def range_of(weights: FloatArray) -> Range:
    """Return the range of a whole take [T, 52]: blinks open and close whole, others stay as they are.

    What most blinks reach is whole, not what the hardest one does: eyes that are shut look shut.
    """
    rest, full = np.zeros(len(ARKIT_SHAPES)), np.ones(len(ARKIT_SHAPES))
    for name in CLOSES:
        channel = weights[:, ARKIT_SHAPES.index(name)]
        low = float(np.percentile(channel, REST_SHARE))
        peaks, _ = find_peaks(np.pad(channel, 1, constant_values=low), height=low + LEAST_FULL, prominence=PROMINENT)
        if len(peaks):
            rest[ARKIT_SHAPES.index(name)] = low
            full[ARKIT_SHAPES.index(name)] = np.percentile(channel[peaks - 1], WHOLE_SHARE)
    return Range(rest, full)


def as_seen(weights: FloatArray, within: Range) -> FloatArray:
    """Return weights [T, 52] stretched from their range to 0..1."""
    stretched: FloatArray = np.clip((weights - within.rest) / np.maximum(within.full - within.rest, 1e-3), 0.0, 1.0)
    return stretched
