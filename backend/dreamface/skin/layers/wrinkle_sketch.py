"""Creases as one thinks of them: curves through four points, in millimetres from the face's landmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from dreamface.skin.canvas.atlas import SkinSurface
from dreamface.skin.canvas.creases import Creases, creases, through
from dreamface.skin.canvas.marks import texel_of
from dreamface.units import MM

_EYES_APART: Final = 80.0 * MM  # between the outer corners of the eyes of the head that the tables are meant for
_RANDOM: Final = 1200  # random numbers that one area takes at most
_LIKE_EACH_OTHER: Final = (0.88, 1.12)  # how much the two sides of a face differ

SHARP_MM: Final = 1.0
"""Creases below this width are sharp lines: they have branches and parallels. Others are valleys and bulges."""

_SHARP_GAIN, _VALLEY_GAIN = 1.6, 2.1
"""Factors on the tables' depths. Subsurface scattering, which every renderer adds, softens what is drawn."""

Range = tuple[float, float]
"""The lowest and the highest value of a random number."""


class Row(BaseModel):
    """A row of a table. A column that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Stroke(Row):
    """How a crease is drawn along a curve.

    Attributes:
        depth_mm: at the deepest, when the area is as wrinkled as can be; below 0 a bulge. None: each row says it.
        width_mm: from the bottom to where it is 1/3 as deep. None: each row says it.
        start: the area's amount of wrinkles at which the crease appears, 0..1; below 0 it is always there.
        sag: 0 where muscles fold the skin, to 1 where skin sinks with age.
        sway_mm: how far it leaves the curve to either side.
        broken: fraction of it that is missing.
        swelling: height of the skin beside it over its depth.
        lean: -1..1 how much more of that swelling is on the side that faces away from the middle of the face.
    """

    depth_mm: float | None = None
    width_mm: float | None = None
    start: float = 0.0
    sag: float = 0.0
    sway_mm: float = 0.25
    broken: float = 0.15
    swelling: float = 0.25
    lean: float = 0.0


@dataclass(frozen=True)
class Side:
    """The side of the face on which creases are drawn, and the random numbers that were drawn for it.

    Attributes:
        name: "l" or "r" of the person; "" in the middle.
        sign: 1 where "out" is to the person's left, -1 where it is to the right.
        numbers: by name.
    """

    name: str = ""
    sign: float = 1.0
    numbers: Mapping[str, float] | None = None

    def landmark(self, name: str) -> str:
        """Return the name of this side's landmark: a "*" stands for the side."""
        return name.replace("*", self.name)

    def knowing(self, numbers: Mapping[str, float]) -> Side:
        """Return the same side with further numbers."""
        return replace(self, numbers={**(self.numbers or {}), **numbers})

    def number(self, name: str) -> float:
        """Return a number by its name. Raises KeyError where none was drawn."""
        return (self.numbers or {})[name]


MIDDLE: Final = Side()
LEFT, RIGHT = Side("l", 1.0), Side("r", -1.0)

Point = tuple[Tensor, float, float]
"""[2] texture coordinates, and the millimetres from there to the person's left and up."""


class Sketch:
    """Collects the creases of all areas, and lays them on the skin at once.

    Args:
        surface: the skin.
        stream: gives the random numbers that go by a name.
        areas: the areas' names, in their order.
    """

    def __init__(self, surface: SkinSurface, stream: Callable[[str], torch.Generator], areas: Sequence[str]) -> None:
        self._surface = surface
        self._stream = stream
        self._areas = tuple(areas)
        self._landmarks: dict[str, Tensor] = {}
        eyes = torch.stack([self.uv(side.landmark("exocanthion_*")) for side in (LEFT, RIGHT)])
        left, right = surface.position[0].view(-1)[texel_of(eyes, surface.atlas.size)]
        self._scale = float((left - right).abs()) / _EYES_APART
        self._anchors: list[Tensor] = []
        self._steps: list[tuple[float, float]] = []
        self._numbers: list[tuple[float, ...]] = []
        self._area = 0
        self._random: Iterator[float] = iter(())

    def begin(self, area: str) -> None:
        """Start an area: its random numbers are its own, whatever the others draw."""
        self._area = self._areas.index(area)
        self._random = iter(torch.rand(_RANDOM, generator=self._stream(f"{area} wrinkles")).tolist())

    def uv(self, landmark: str) -> Tensor:
        """Return the [2] texture coordinates of a landmark. Raises KeyError where the tile has none of that name."""
        if landmark not in self._landmarks:
            place = self._surface.atlas.landmark(landmark)
            if place is None:
                raise KeyError(landmark)
            self._landmarks[landmark] = place
        return self._landmarks[landmark]

    def between(self, first: str, second: str, fraction: float) -> Tensor:
        """Return the [2] texture coordinates between two landmarks, at a fraction of the way."""
        return torch.lerp(self.uv(first), self.uv(second), fraction)

    def rand(self, span: Range) -> float:
        """Draw the area's next random number."""
        low, high = span
        return low + (high - low) * next(self._random)

    def rand_both_sides(self, span: Range) -> tuple[float, float]:
        """Draw a number for the left and one for the right: people differ more than the sides of one face."""
        common = self.rand(span)
        return common * self.rand(_LIKE_EACH_OTHER), common * self.rand(_LIKE_EACH_OTHER)

    def line(
        self,
        points: Sequence[Point],
        stroke: Stroke,
        *,
        strength: float = 1.0,
        start: float = 0.0,
        depth_mm: float | None = None,
        width_mm: float | None = None,
        sign: float = 1.0,
    ) -> None:
        """Draw a crease along a curve.

        Args:
            points: four that the curve passes.
            stroke: how.
            strength: factor on the depth.
            start: added to the stroke's.
            depth_mm: instead of the stroke's.
            width_mm: instead of the stroke's.
            sign: of the side.
        """
        depth = stroke.depth_mm if depth_mm is None else depth_mm
        width = stroke.width_mm if width_mm is None else width_mm
        assert depth is not None and width is not None, "neither the stroke nor the row has a depth and a width"
        gain = _SHARP_GAIN if width < SHARP_MM else _VALLEY_GAIN
        for uv, left, up in points:
            self._anchors.append(uv)
            self._steps.append((left * MM * self._scale, up * MM * self._scale))
        self._numbers.append(
            (
                gain * depth * strength * MM,
                width * MM,
                stroke.sway_mm * MM * self._scale,
                stroke.broken,
                stroke.swelling,
                stroke.lean * sign,
                self._area,
                start + stroke.start,
                stroke.sag,
            )
        )

    def finish(self) -> tuple[Creases, Tensor]:
        """Lay them on the skin.

        Returns:
            N creases, as deep as they get; and [N, 3] the area's index, the amount at which each appears, its sag.
        """
        places = self._surface.walk(torch.stack(self._anchors), torch.tensor(self._steps))
        depth, width, sway, broken, swelling, lean, *rest = torch.tensor(self._numbers).unbind(1)
        curves = through(places.view(-1, 4, 2))
        lines = creases(curves, depth, width, sway=sway, broken=broken, swelling=swelling, lean=lean)
        return lines, torch.stack(rest, dim=1)
