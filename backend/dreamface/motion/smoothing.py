"""Takes noise out of a performance and leaves blinks in it.

The One-Euro filter (Casiez, Roussel, Vogel: 1€ Filter, CHI 2012) is a low-pass whose cutoff rises with speed:
cutoff = min_cutoff + beta * |speed|. Slow trembling is smoothed, quick movement is followed.

After a take is over it is run over it both ways and the mean is taken, so that nothing comes late: for a filter that
stays the same, the mean of both ways has the magnitude of one after the other, and no phase.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeVar

import numpy as np

from dreamface.arrays import Float32Array, FloatArray
from dreamface.errors import BadRequest
from dreamface.motion.moment import Moment
from dreamface.performance import Performance
from dreamface.traits import ARKIT_SHAPES

MIN_CUTOFF: Final = 1.5
"""Hz, at rest and at a smoothing of 0.5."""

BETA: Final = 5.0
"""Hz of cutoff for every unit of weight, or radian, a second. A low one makes blinks shallow."""

SPEED_CUTOFF: Final = 4.0
"""Hz: of the low-pass through which speed is measured. With a lower one a blink, a tenth of a second, is over first."""

DEFAULT: Final = 0.5
"""Smoothing of footage where nobody says another."""

_RANGE: Final = 10.0
"""How much lower the cutoff at rest is at a smoothing of 1 than at 0.5, and how much higher it is close to 0."""

_TURN: Final = np.float32(2.0 * np.pi)

_METRE: Final = 10.0
"""Units that a metre counts as: a head moves by centimetres while weights move by tenths."""


Taken = TypeVar("Taken", Performance, Moment)


def check_smoothing(smoothing: float) -> None:
    """Refuse a smoothing that is out of range.

    Raises:
        BadRequest: it is.
    """
    if not 0.0 <= smoothing <= 1.0:
        raise BadRequest(f"Smoothing goes from 0, as it was tracked, to 1; got {smoothing:g}.")


def min_cutoff(smoothing: float) -> float:
    """Return the cutoff at rest in Hz for a smoothing 0..1: 1.5 at 0.5, ten times less at 1."""
    return float(MIN_CUTOFF * _RANGE ** (1.0 - 2.0 * smoothing))


class OneEuro:
    """The filter for several channels at once, moment after moment.

    Attributes:
        min_cutoff: Hz at rest.
        beta: Hz for every unit a second.
    """

    def __init__(self, min_cutoff: float = MIN_CUTOFF, beta: float = BETA) -> None:
        self.min_cutoff, self.beta = min_cutoff, beta
        self._time = 0.0
        self._raw: FloatArray | None = None
        self._value: FloatArray | None = None
        self._speed: FloatArray | None = None

    def __call__(self, values: FloatArray, time: float) -> FloatArray:
        """Return values [C] at a time in seconds, smoothed with what came before."""
        step = time - self._time
        if self._raw is None or self._value is None or self._speed is None or step <= 0.0:
            self._speed = np.zeros_like(values) if self._speed is None else self._speed
            self._value = values
        else:
            speed = (values - self._raw) / step
            self._speed = self._speed + _share(SPEED_CUTOFF, step) * (speed - self._speed)
            cutoff = self.min_cutoff + self.beta * np.abs(self._speed)
            self._value = self._value + _share(cutoff, step) * (values - self._value)
        self._raw, self._time = values, time
        return self._value

    def forget(self) -> None:
        """Begin anew, as after a gap."""
        self._raw = self._value = self._speed = None


def _share(cutoff: FloatArray | float, step: float) -> FloatArray:
    """Return how much of the way to a new value a low-pass goes in a step of so many seconds."""
    turn = 2.0 * np.pi * np.asarray(cutoff, np.float64) * step
    return turn / (turn + 1.0)


def smoothed(performance: Performance, smoothing: float = DEFAULT) -> Performance:
    """Return a performance with less noise and nothing late.

    Args:
        performance: what was tracked.
        smoothing: 0, as it is, to 1.

    Raises:
        BadRequest: the smoothing is out of range.
    """
    check_smoothing(smoothing)
    if smoothing == 0.0 or len(performance) < 2:
        return performance
    channels = _to_channels(performance)
    there = _one_way(performance.times, channels, smoothing)
    back = _one_way(-performance.times[::-1], channels[::-1], smoothing)[::-1]
    return _with(performance, 0.5 * (there + back))


def _one_way(times: FloatArray, channels: FloatArray, smoothing: float) -> FloatArray:
    euro = OneEuro(min_cutoff(smoothing))
    result = np.empty_like(channels)
    for number, time in enumerate(times.tolist()):
        result[number] = euro(channels[number], time)
    return result


def _to_channels(taken: Performance | Moment) -> FloatArray:
    """[..., 62] all numbers of a performance or moment side by side; angles go on beyond half a turn."""
    lead = taken.weights.shape[:-1]
    head = np.unwrap(taken.head, axis=0) if lead else taken.head
    eyes = taken.eyes.reshape(*lead, 4)
    return np.concatenate((taken.weights, head, taken.position * _METRE, eyes), axis=-1).astype(np.float64)


def _with(taken: Taken, channels: FloatArray) -> Taken:
    """Return a performance or moment with other numbers, as `_to_channels` gives them."""
    ends = np.cumsum([len(ARKIT_SHAPES), 3, 3])
    weights, head, position, eyes = np.split(channels.astype(np.float32), ends, axis=-1)
    return replace(
        taken,
        weights=weights.clip(0.0, 1.0),
        head=head - _TURN * np.round(head / _TURN),
        position=position / np.float32(_METRE),
        eyes=eyes.reshape(*eyes.shape[:-1], 2, 2),
    )


class LiveSmoother:
    """The same for moments as they come; what it gives is late by little."""

    def __init__(self, smoothing: float = DEFAULT) -> None:
        self._euro = OneEuro()
        self._head: Float32Array | None = None
        self.smoothing = smoothing

    def __call__(self, moment: Moment) -> Moment:
        """Return a moment, smoothed with those before it."""
        if self.smoothing == 0.0:
            self._euro.forget()
            return moment
        self._euro.min_cutoff = min_cutoff(self.smoothing)
        if self._head is not None:  # the turn that is nearest
            moment = replace(moment, head=moment.head - _TURN * np.round((moment.head - self._head) / _TURN))
        self._head = moment.head
        return _with(moment, self._euro(_to_channels(moment), moment.time))
