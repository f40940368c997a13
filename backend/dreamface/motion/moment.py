"""One moment of a performance, as live sources give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dreamface.arrays import Float32Array, FloatArray
from dreamface.performance import BoolArray, Performance
from dreamface.traits import ARKIT_SHAPES

WIDTH: Final = 1 + len(ARKIT_SHAPES) + 3 + 3 + 4 + 1
"""Numbers in a moment's row: time, weights, head, position, eyes, seen."""


@dataclass(frozen=True)
class Moment:
    """What a face does now; see `Performance` for units and signs.

    Attributes:
        time: seconds since the source began.
        weights: [52].
        head: [3] yaw, pitch, roll.
        position: [3] metres.
        eyes: [2, 2] yaw and pitch of the left and the right eyeball.
        seen: whether a face was seen.
    """

    time: float
    weights: Float32Array
    head: Float32Array
    position: Float32Array
    eyes: Float32Array
    seen: bool = True

    def to_row(self) -> FloatArray:
        """Return the moment as one row [`WIDTH`] of float64."""
        return np.concatenate(
            ([self.time], self.weights, self.head, self.position, self.eyes.reshape(-1), [float(self.seen)])
        ).astype(np.float64)


def at_rest(time: float, seen: bool = False) -> Moment:
    """Return a moment in which the face does nothing."""
    three = np.zeros(3, np.float32)
    return Moment(time, np.zeros(len(ARKIT_SHAPES), np.float32), three, three, np.zeros((2, 2), np.float32), seen)


def from_rows(rows: FloatArray, *, rate: float, source: str, footage: tuple[int, int] = (0, 0)) -> Performance:
    """Return the performance that rows of moments [T, `WIDTH`] are; times begin at 0, and those that don't rise go.

    Moments at rest that were shown while a source was silent have this machine's time: where the source goes on at an
    earlier one of its own, they go, and not what was seen.

    Raises:
        BadRequest: there are no rows, or they hold what is no number.
    """
    if len(rows):
        rows = rows[_real(rows[:, 0], rows[:, -1] > 0.5)]
        rows = rows[_rising(rows[:, 0])]
    ends = np.cumsum([1, len(ARKIT_SHAPES), 3, 3, 4])
    times, weights, head, position, eyes, seen = np.split(rows, ends, axis=1)
    return Performance(
        times[:, 0] - (times[0, 0] if len(times) else 0.0),
        weights.astype(np.float32),
        head.astype(np.float32),
        position.astype(np.float32),
        eyes.reshape(-1, 2, 2).astype(np.float32),
        seen[:, 0] > 0.5,
        rate=rate,
        source=source,
        footage=footage,
    )


def _rising(times: FloatArray) -> BoolArray:
    """[T] which times are later than all before."""
    before = np.concatenate(([-np.inf], np.maximum.accumulate(times)[:-1]))
    return times > before


def _real(times: FloatArray, seen: BoolArray) -> BoolArray:
    """[T] which moments were seen, or lie before all that was seen later."""
    kept = np.zeros(len(times), bool)
    kept[seen] = _rising(times[seen])  # one that comes late itself counts for nothing
    earliest = np.minimum.accumulate(np.where(kept, times, np.inf)[::-1])[::-1]
    real: BoolArray = seen | (times < earliest)
    return real


USUAL_RATES: Final = (10.0, 12.0, 15.0, 20.0, 24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 90.0, 100.0, 120.0, 240.0)
_NEAR: Final = 0.01  # of a usual rate


def rate_of(times: FloatArray | Sequence[float], fallback: float = 30.0) -> float:
    """Return the moments a second of rising times, a usual rate where it is near one."""
    if len(times) < 2:
        return fallback
    rate = 1.0 / float(np.median(np.diff(times)))
    nearest = min(USUAL_RATES, key=lambda usual: abs(usual - rate))
    return nearest if abs(nearest - rate) <= _NEAR * nearest else rate
