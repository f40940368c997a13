"""Axes along which neighbours of a face lie: what can be one, and at which values of a trait they stand.

Needs no torch: the service checks requests with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dreamface.errors import BadRequest
from dreamface.limits import check_seed
from dreamface.traits import VOCABULARY, Kind, Trait

IDENTITY: Final = "identity"
"""The axis along which a face becomes another person of the same description."""

SIDE: Final = 5
"""Neighbours in a row and in a column; the face itself is one of them."""

SMALLEST_PICTURE, LARGEST_PICTURE = 64, 512
"""Pixels a side that pictures of neighbours may have."""

IDENTITY_STEP: Final = 0.5
"""Usual one, of the way to the other person."""

_LARGEST_IDENTITY_STEP: Final = 1.0
_STEPS: Final = {"sd": 1.0, "years": 12.0}  # by unit
_USUAL_STEP: Final = 0.2  # of an amount's range of 1
_SHORTEST: Final = 0.5  # of a step: where a range ends, steps are shortened to no less; beyond it the face moves over


@dataclass(frozen=True)
class Axis:
    """A direction in which faces differ.

    Attributes:
        name: a trait that is a number, or `IDENTITY`.
        step: from one neighbour to the next, in the trait's unit; of the identity 0..1 of the way to the other
            person. None is the usual one: a standard deviation, 12 years, a fifth of an amount's range.
        towards: seed that draws the other person; None is the one after the face's. Only the identity has one.
    """

    name: str
    step: float | None = None
    towards: int | None = None

    def check(self) -> None:
        """Refuse an axis that there is not.

        Raises:
            BadRequest: there is no such trait, or it is no number, or the step is out of range.
        """
        if self.towards is not None:
            if self.name != IDENTITY:
                raise BadRequest(f"Only the axis {IDENTITY} leads towards another person: leave it out of {self.name}.")
            check_seed(self.towards)
        most = _LARGEST_IDENTITY_STEP if self.name == IDENTITY else _largest_step(number_trait(self.name))
        if self.step is not None and not 0.0 < self.step <= most:  # NaN neither
            raise BadRequest(f"A step of {self.name} must be above 0 and at most {most:g}; got {self.step:g}.")


def check_axes(axes: Sequence[Axis]) -> None:
    """Refuse axes that make no grid.

    Raises:
        BadRequest: one is no axis, or both are the same.
    """
    if len(axes) != 2:
        raise BadRequest("A grid of neighbours has two axes: name two traits, or identity.")
    for axis in axes:
        axis.check()
    if axes[0].name == axes[1].name and (axes[0].name != IDENTITY or axes[0].towards == axes[1].towards):
        another = "; or give both identities a person of their own" if axes[0].name == IDENTITY else ""
        raise BadRequest(f"Both axes are {axes[0].name}: choose another one for one of them{another}.")


def number_trait(name: str) -> Trait:
    """Return a trait that can be an axis.

    Raises:
        BadRequest: there is none of that name, or it is no number.
    """
    trait = VOCABULARY.get(name)
    if trait is None or trait.kind is not Kind.NUMBER:
        raise BadRequest(f"{name!r} is no axis: name a trait that is a number, such as nose.width, or {IDENTITY}.")
    return trait


def _largest_step(trait: Trait) -> float:
    return (trait.high - trait.low) / (SIDE - 1)


def _usual_step(trait: Trait) -> float:
    return _STEPS.get(trait.unit, _USUAL_STEP * (trait.high - trait.low))


def ticks(trait: Trait, value: float, step: float | None = None) -> list[float | None]:
    """Return five values of a trait in ascending order; None stands for the face's own.

    Args:
        trait: a number.
        value: the face's own.
        step: at most so much between two; None is the usual one.

    >>> ticks(VOCABULARY["nose.width"], 0.5)
    [-1.5, -0.5, None, 1.5, 2.5]
    >>> ticks(VOCABULARY["freckles.density"], 0.0)
    [None, 0.2, 0.4, 0.6, 0.8]
    """
    step = min(_usual_step(trait), _largest_step(trait)) if step is None else step
    value = trait.clamp(value)
    rooms = value - trait.low, trait.high - value

    def shortened(count: int, room: float) -> float:
        return step if count == 0 else min(step, room / count)

    below = min(
        (count for count in range(SIDE) if min(shortened(count, rooms[0]), shortened(SIDE - 1 - count, rooms[1]))
         >= _SHORTEST * step),
        key=lambda count: abs(count - SIDE // 2),
    )  # fmt: skip
    above = SIDE - 1 - below
    down, up = shortened(below, rooms[0]), shortened(above, rooms[1])
    lower = [trait.clamp(round(value - down * count, 6)) for count in range(below, 0, -1)]
    return [*lower, None, *(trait.clamp(round(value + up * count, 6)) for count in range(1, above + 1))]
