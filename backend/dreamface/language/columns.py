"""What the reader's network can say: one column for each side of a number, each choice, and each colour.

"nose.width>" says that the nose is wider than most, "nose.width<" that it is narrower, "nose.width=" that it is
neither; "beard.style:goatee" is a choice; "lipstick+" and "lipstick-" are a tint that is there and one that isn't.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dreamface.traits import VOCABULARY, Kind, Trait, Value

_SAME: Final = 1e-6
_GAMMA: Final = 2.2  # colours are predicted in steps that look equal


@dataclass(frozen=True)
class Column:
    """One thing that words can state.

    Attributes:
        name: as the module says.
        trait: the trait that it is about.
        side: one of "><=+-:*"; "*" is a value without sides, as an age or the colour of an iris.
        choice: of a choice.
    """

    name: str
    trait: str
    side: str
    choice: str = ""

    @property
    def width(self) -> int:
        """How many numbers its value takes."""
        if self.side == "+":
            return 4
        if self.side == "*":
            return 3 if VOCABULARY[self.trait].kind is Kind.COLOUR else 1
        return 1 if self.side in "<>" else 0


def parse_column(name: str) -> Column:
    """Return the column of a name."""
    if ":" in name:
        trait, choice = name.split(":")
        return Column(name, trait, ":", choice)
    return Column(name, name[:-1], name[-1])


def column_of(trait: str, value: Value) -> Column:
    """Return the column that a value of a trait belongs to."""
    known = VOCABULARY[trait]
    if known.kind is Kind.CHOICE:
        return parse_column(f"{trait}:{value}")
    if known.kind is Kind.COLOUR or trait == "age":
        return parse_column(f"{trait}*")
    if known.kind is Kind.TINT:
        assert isinstance(value, tuple | list)
        return parse_column(f"{trait}{'+' if value[3] > 0.0 else '-'}")
    assert isinstance(value, int | float) and isinstance(known.default, int | float)
    distance = value - known.default
    return parse_column(f"{trait}{'=' if abs(distance) < _SAME else '>' if distance > 0 else '<'}")


def encode_value(column: Column, value: Value) -> tuple[float, ...]:
    """Return a value as numbers from 0 to 1, as many as the column is wide."""
    if column.width == 0:
        return ()
    if isinstance(value, tuple | list):
        return (*(channel ** (1 / _GAMMA) for channel in value[:3]), *value[3:])
    assert isinstance(value, int | float)
    start, span = _range(VOCABULARY[column.trait], column.side)
    return (min(1.0, max(0.0, (value - start) / span)),)


def decode_value(column: Column, numbers: Sequence[float]) -> Value:
    """Return the trait's value that the numbers of its column say."""
    trait = VOCABULARY[column.trait]
    if column.side == ":":
        return column.choice
    if column.side in "=-":
        return trait.default if column.side == "=" else (0.0, 0.0, 0.0, 0.0)
    if trait.kind in (Kind.COLOUR, Kind.TINT):
        return (*(number**_GAMMA for number in numbers[:3]), *numbers[3:])
    start, span = _range(trait, column.side)
    return trait.clamp(start + numbers[0] * span)


def _range(trait: Trait, side: str) -> tuple[float, float]:
    """Return where a number's side starts, and how far it goes (negative: down)."""
    assert isinstance(trait.default, int | float)
    if side == "*":
        return trait.low, trait.high - trait.low
    return trait.default, (trait.high if side == ">" else trait.low) - trait.default
