"""Which keys a curve needs: those without which straight lines between the others would miss it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def needed_keys(frames: Array, values: Array, tolerances: Array) -> NDArray[np.bool_]:
    """Return [N, C] which of the samples are needed as keys.

    All curves go through together, sample by sample. From its last key each curve keeps the cone of slopes whose lines
    pass every sample since within the tolerance; where the next sample lies outside of it, the sample before becomes a
    key. (Known as the swinging door, Bristol 1990, with keys on the samples.)

    Args:
        frames: [N] rising.
        values: [N, C] samples of C curves.
        tolerances: [C] how far a line may be from a sample.
    """
    count = len(values)
    keep = np.zeros(values.shape, bool)
    keep[0] = True
    resting = np.abs(values - values[0]).max(axis=0) <= tolerances
    keep[-1, ~resting] = True
    base, since = values[0].copy(), np.full(values.shape[1], frames[0])
    low, high = np.full(values.shape[1], -np.inf), np.full(values.shape[1], np.inf)
    for index in range(1, count):
        value, run = values[index], frames[index] - since
        slope = (value - base) / run
        missed = ((slope < low) | (slope > high)) & ~resting
        if missed.any():
            keep[index - 1, missed] = True
            base[missed], since[missed] = values[index - 1, missed], frames[index - 1]
            low[missed], high[missed] = -np.inf, np.inf
            run = frames[index] - since
        low = np.maximum(low, (value - tolerances - base) / run)
        high = np.minimum(high, (value + tolerances - base) / run)
    return keep
