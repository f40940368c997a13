"""Two shapes of curves that tables of looks are written with: a straight line, and a soft step."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from torch import Tensor

from dreamface.geometry import smoothstep

_Number = TypeVar("_Number", float, Tensor)


class Line(NamedTuple):
    """A straight line.

    Attributes:
        base: its value at 0.
        slope: what is added at 1.
    """

    base: float
    slope: float

    def at(self, x: _Number) -> _Number:
        """Return the line's value at x."""
        return self.base + self.slope * x


class Ramp(NamedTuple):
    """A soft step from one value to another.

    Attributes:
        before, after: the values on both sides of the step.
        over: the interval in which the value changes.
    """

    before: float
    after: float
    over: tuple[float, float]

    def at(self, x: Tensor) -> Tensor:
        """Return the ramp's value at each of x."""
        return self.before + (self.after - self.before) * smoothstep(x, *self.over)
