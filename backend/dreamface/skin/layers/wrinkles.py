"""Wrinkles: creases along curves that hang on the face's landmarks, so that they lie at the same place on every head.

Lines of expression lie across the pull of the muscle below, folds where skin sinks (Piérard et al. 2003, "From skin
microrelief to wrinkles"). Where they run, in which order they come and how deep they get was chosen by eye.

Where all of them run hangs on the head and the seed alone, and is worked out once, for all areas together; how deep
each one is follows from the traits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.atlas import Surface, rise
from dreamface.skin.canvas.creases import (
    KINDS,
    Creases,
    beside,
    creases,
    drop,
    ribbons,
    shows_fine,
    through,
    together,
    twigs,
)
from dreamface.skin.canvas.layer import Layer, Patch
from dreamface.skin.canvas.marks import texel_of
from dreamface.skin.canvas.subject import Subject

_MM: Final = 1e-3
_EYES_APART: Final = 80.0 * _MM  # between the outer corners on the head that the lengths below are meant for
_SIDES: Final = (("l", 1.0), ("r", -1.0))
_FINE, _MEDIUM, _COARSE = 0.24 * _MM, 0.38 * _MM, 0.58 * _MM  # widths of sharp lines
_LINES, _VALLEYS = 1.6, 2.1  # times the depths below: the subsurface scattering of every renderer softens what is drawn
_SOFT, _FOLD, _SAG = 2.0 * _MM, 2.9 * _MM, 5.0 * _MM  # widths of the valleys that they lie in, and of sunken skin
_SHARP: Final = 1.0 * _MM  # narrower ones have branches and parallels
_RANDOM: Final = 1200  # numbers that one area's wrinkles take at most
_OLD: Final = (34.0, 84.0)  # years over which skin sags, and all wrinkles get deeper
_DEEPER: Final = 0.7  # how much deeper
_SUNK: Final = 1.8  # times the depth given below: of sagging skin at the end of that
_LATER: Final = 0.15  # how much later than a wrinkle its parallels come
_SOON, _STEEP = 0.68, 0.75  # how early wrinkles come, and how fast they deepen: powers of the area's amount
_NECK_AGES: Final = (28.0, 78.0)  # years over which the neck's rings deepen
_NECK: Final = "neck"

_Point = tuple[str | Tensor, float, float]  # a landmark or texture coordinates, mm to the person's left, mm up


class _Sketch:
    """Curves as they are thought of: in millimetres from landmarks."""

    def __init__(self, surface: Surface, stream: Callable[[str], torch.Generator]) -> None:
        self._surface = surface
        self._stream = stream
        self._known: dict[str, Tensor] = {}
        eyes = [self.uv(f"exocanthion_{side}") for side, _ in _SIDES]
        apart = surface.position[0].view(-1)[texel_of(torch.stack(eyes), surface.atlas.size)]
        self._scale = float((apart[0] - apart[1]).abs()) / _EYES_APART
        self._starts: list[Tensor] = []
        self._ways: list[tuple[float, float]] = []
        self._numbers: list[tuple[float, ...]] = []

    def begin(self, area: str) -> None:
        """Lines of another area follow."""
        self._area = _AREA_NAMES.index(area)
        self._random = iter(torch.rand(_RANDOM, generator=self._stream(f"{area} wrinkles")).tolist())

    def uv(self, name: str) -> Tensor:
        """Where a landmark lies in the tile."""
        if name not in self._known:
            place = self._surface.atlas.landmark(name)
            if place is None:
                raise KeyError(name)
            self._known[name] = place
        return self._known[name]

    def rand(self, low: float, high: float) -> float:
        """The next random number of the area."""
        share: float = next(self._random)
        return low + (high - low) * share

    def line(
        self,
        points: Sequence[_Point],
        depth: float,
        width: float,
        *,
        start: float = 0.0,
        sag: float = 0.0,
        sway: float = 0.25,
        broken: float = 0.15,
        swelling: float = 0.25,
        lean: float = 0.0,
    ) -> None:
        """A crease that passes four points, `depth` and `sway` in mm.

        Args:
            points: where.
            depth: at the deepest, when the area is all wrinkled; below 0 a bulge.
            width: see `Creases`.
            start: the area's amount at which it comes.
            sag: 0 where muscles fold the skin, to 1 where it sinks with the years.
            sway: see `Creases`.
            broken: see `Creases`.
            swelling: see `Creases`.
            lean: see `Creases`.
        """
        for anchor, left, up in points:
            self._starts.append(self.uv(anchor) if isinstance(anchor, str) else anchor)
            self._ways.append((left * _MM * self._scale, up * _MM * self._scale))
        own = (
            (_LINES if width < _SHARP else _VALLEYS) * depth * _MM,
            width,
            sway * _MM * self._scale,
            broken,
            swelling,
            lean,
        )
        self._numbers.append((*own, self._area, start, sag))

    def finish(self) -> tuple[Creases, Tensor]:
        """All of them, as deep as they get; and [N, 3] the area's number, the amount at which each comes, its sag."""
        places = self._surface.walk(torch.stack(self._starts), torch.tensor(self._ways))
        depth, width, sway, broken, swelling, lean, *rest = torch.tensor(self._numbers).unbind(1)
        curves = through(places.view(-1, 4, 2))
        lines = creases(curves, depth, width, sway=sway, broken=broken, swelling=swelling, lean=lean)
        return lines, torch.stack(rest, dim=1)


def _alike(sketch: _Sketch, low: float, high: float) -> tuple[float, float]:
    """A number for the left and one for the right: people differ more than their sides."""
    own = sketch.rand(low, high)
    return own * sketch.rand(0.88, 1.12), own * sketch.rand(0.88, 1.12)


def _between(sketch: _Sketch, first: str, second: str, share: float) -> Tensor:
    return torch.lerp(sketch.uv(first), sketch.uv(second), share)


# ------------------------------------------------------------------------------------------------- forehead

_ROWS: Final = ((11.0, 0.16), (18.0, 0.0), (25.5, 0.04), (33.0, 0.12), (40.5, 0.34), (48.0, 0.55))
"""Lines across the forehead: mm above the brows, and the amount at which they come."""


def _forehead(sketch: _Sketch) -> None:
    for height, start in _ROWS:
        deep, rest = sketch.rand(0.55, 1.15), sketch.rand(0.35, 0.9)
        lift, tilt = sketch.rand(-2.2, 2.2), sketch.rand(-1.6, 1.6)
        row = partial(_on_row, sketch, height + lift, tilt)
        left, right = sketch.rand(-0.2, 1.8), sketch.rand(7.2, 9.2)
        gap, middle = sketch.rand(-1.3, 0.9), sketch.rand(3.6, 5.4)
        sketch.line(row(left, middle - 0.4 * gap), 0.40 * deep, 2.3 * _MM, start=start, sway=1.0, broken=0.0,
                    swelling=0.75)  # fmt: skip
        sketch.line(row(middle + 0.4 * gap, right), 0.40 * deep, 2.3 * _MM, start=start, sway=1.0, broken=0.0,
                    swelling=0.75)  # fmt: skip
        for low, high, share in (
            (left + sketch.rand(-0.2, 0.6), middle - gap, sketch.rand(0.6, 1.0)),
            (middle + gap, right + sketch.rand(-0.6, 0.2), sketch.rand(0.6, 1.0)),
            (sketch.rand(2.4, 3.6), sketch.rand(5.4, 6.6), sketch.rand(0.1, 0.8)),
        ):
            sketch.line(row(low, high), 0.46 * deep * share, _COARSE, start=start, sway=0.4, broken=0.08)
        # Between the rows run finer ones, which come later.
        low = sketch.rand(0.6, 5.0)
        between = _on_row(sketch, height + lift + sketch.rand(2.6, 4.8), tilt, low, low + sketch.rand(1.5, 3.4))
        sketch.line(between, 0.22 * rest, _MEDIUM, start=0.2 + start, sway=0.5, broken=0.2)
    for side, sign in _SIDES:
        _frown(sketch, side, sign)
        hollow: list[_Point] = [
            (f"frontotemporale_{side}", sign * (9.0 + bend), up)
            for up, bend in ((15.0, -1.0), (4.0, 1.0), (-7.0, 3.0), (-17.0, 5.0))
        ]
        sketch.line(hollow, 0.75, 8.0 * _MM, start=0.1, sag=1.0, broken=0.0, swelling=0.2)
    across = [("nasion", left, 1.5 - 0.02 * left * left) for left in (-6.0, -2.0, 2.5, 6.5)]
    sketch.line(across, 0.34, _COARSE, start=0.3, broken=0.15)
    sketch.line(across, 0.22, _SOFT, start=0.3, broken=0.0, swelling=0.6)


def _on_row(sketch: _Sketch, height: float, tilt: float, low: float, high: float) -> list[_Point]:
    """Four points of a line over the brows, from one place on the row of Multi-PIE points 17..26 to another."""
    points: list[_Point] = []
    for number in range(4):
        place = low + (high - low) * number / 3.0
        first = min(max(int(place), 0), 8)
        anchor = _between(sketch, f"multipie_{17 + first}", f"multipie_{18 + first}", place - first)
        out = (place - 4.5) / 4.5
        # The brows' own arch is lost higher up, where lines dip in the middle and sink at their ends.
        points.append(
            (anchor, 0.0, height * (1.0 - 0.10 * out * out) + 1.5 * abs(out) + tilt * out + sketch.rand(-0.6, 0.6))
        )
    return points


def _frown(sketch: _Sketch, side: str, sign: float) -> None:
    """The upright line beside the root of the nose, the valley that it lies in, and a shorter one further out."""
    anchor, lean, tall, deep = "glabella", sketch.rand(-1.0, 1.0), sketch.rand(0.8, 1.25), sketch.rand(0.6, 1.1)
    for out, depth, width, reach, start in ((7.0, 0.36, _COARSE, 1.0, 0.0), (11.5, 0.18, _MEDIUM, 0.6, 0.35)):
        upright: list[_Point] = [
            (anchor, sign * (out + lean + bend), -7.0 + 17.0 * share * tall * reach)
            for share, bend in ((0.0, -1.4), (0.33, -0.3), (0.67, 0.3), (1.0, 1.2))
        ]
        sketch.line(upright, depth * deep, width, start=start, sway=0.35, broken=0.08)
        if out < 10.0:
            sketch.line(upright, 0.30 * deep, _SOFT, sway=0.2, broken=0.0, swelling=0.7)


# ------------------------------------------------------------------------------------------------- eyes

_FEET: Final = (
    (52.0, 0.4), (40.0, 0.12), (28.0, 0.22), (17.0, 0.0), (7.0, 0.28), (-4.0, 0.03), (-14.0, 0.2), (-24.0, 0.08),
    (-36.0, 0.25), (-48.0, 0.4),
)  # fmt: skip
"""Crow's feet: degrees above the horizontal, and the amount at which they come."""


def _eyes(sketch: _Sketch) -> None:
    bags, hoods = _alike(sketch, 0.4, 1.15), _alike(sketch, 0.3, 1.1)
    for (side, sign), bag, hood in zip(_SIDES, bags, hoods, strict=True):
        _feet(sketch, side, sign)
        _lower_lid(sketch, side, sign)
        _bag(sketch, side, sign, bag)
        _upper_lid(sketch, side, sign, hood)
        for number in range(3):  # beside the bridge, where the nose is wrinkled
            top = -5.0 - 4.0 * number + sketch.rand(-1.0, 1.0)
            points: list[_Point] = [
                (f"bridge_side_{side}", sign * (-3.0 + 3.2 * step), top + 8.0 - 1.1 * step * step) for step in range(4)
            ]
            sketch.line(points, 0.14 * sketch.rand(0.4, 1.0), _MEDIUM, start=0.4, sway=0.4, broken=0.35)


def _feet(sketch: _Sketch, side: str, sign: float) -> None:
    for degrees, start in _FEET:
        turn = math.radians(degrees + sketch.rand(-5.0, 5.0))
        near, long = sketch.rand(5.0, 11.0), sketch.rand(7.0, 26.0)
        bend = sketch.rand(1.0, 4.5) * (1.0 if degrees > 0.0 else -0.6)
        points: list[_Point] = []
        for share in (0.0, 0.33, 0.67, 1.0):
            along = near + long * share
            up = along * math.sin(turn) - bend * share * share
            points.append((f"exocanthion_{side}", sign * along * math.cos(turn), up))
        deep = sketch.rand(0.35, 1.1)
        sketch.line(points, 0.42 * deep, sketch.rand(_MEDIUM, _COARSE), start=start, sway=0.45, broken=0.08)
        sketch.line(points, 0.26 * deep, 1.3 * _MM, start=start, sway=0.45, broken=0.0, swelling=0.7)


def _lower_lid(sketch: _Sketch, side: str, sign: float) -> None:
    """The crease from the inner corner around the lower lid, and finer ones in it."""
    names = (f"endocanthion_{side}", f"lid_lower_inner_{side}", f"lid_lower_outer_{side}", f"exocanthion_{side}")
    for below, start, depth, width, end in (
        (2.3, 0.10, 0.14, _FINE, 0.5), (3.8, 0.22, 0.15, _FINE, 1.0), (5.6, 0.0, 0.30, _MEDIUM, -1.5),
        (7.4, 0.30, 0.18, _FINE, 0.0), (9.6, 0.12, 0.20, _MEDIUM, -3.0), (11.5, 0.4, 0.16, _MEDIUM, -1.0),
    ):  # fmt: skip
        down = below + sketch.rand(-0.6, 0.6)
        points: list[_Point] = [
            (names[0], sign * 2.5, -0.6 * down - 1.2), (names[1], 0.0, -down), (names[2], sign * 1.0, -down),
            (names[2], sign * (7.0 + end), -0.85 * down - 0.4),
        ]  # fmt: skip
        sketch.line(points, depth * sketch.rand(0.6, 1.1), width, start=start, sway=0.4, broken=0.2)


def _bag(sketch: _Sketch, side: str, sign: float, full: float) -> None:
    """The bag below the eye, its border, the trough that runs down from the inner corner, and the fold below that."""
    names = (f"endocanthion_{side}", f"lid_lower_inner_{side}", f"lid_lower_outer_{side}", f"exocanthion_{side}")
    low = sketch.rand(-1.5, 1.5)
    bag: list[_Point] = [
        (names[0], sign * 5.0, -5.0), (names[1], sign * 1.0, -7.2), (names[2], 0.0, -7.6),
        (names[3], sign * -1.0, -6.2),
    ]  # fmt: skip
    sketch.line(bag, -0.50 * full, 2.6 * _MM, sag=0.8, sway=0.3, broken=0.0, swelling=0.0)
    border: list[_Point] = [
        (names[0], sign * 1.0, -6.0), (names[1], sign * 0.0, -12.5 + low), (names[2], sign * 1.0, -13.0 + low),
        (names[3], sign * 2.0, -8.5 + low),
    ]  # fmt: skip
    sketch.line(border, 0.52 * full, 1.9 * _MM, sag=0.6, sway=0.4, broken=0.0, swelling=0.5, lean=0.5 * sign)
    sketch.line(border, 0.16 * full, _COARSE, start=0.2, sway=0.4, broken=0.25)
    tear: list[_Point] = [
        (names[0], sign * -1.0, -5.0), (names[1], sign * -3.0, -10.5), (names[1], sign * 5.0, -14.5),
        (names[2], sign * 9.0, -17.0),
    ]  # fmt: skip
    sketch.line(tear, 0.55, 2.4 * _MM, sag=0.3, sway=0.4, broken=0.0, swelling=0.5)
    festoon: list[_Point] = [
        (names[1], sign * 4.0, -21.0 + low), (names[2], sign * 2.0, -24.0 + low), (names[3], sign * 4.0, -21.0 + low),
        (names[3], sign * 11.0, -13.0 + low),
    ]  # fmt: skip
    sketch.line(festoon, 0.70 * full, 4.0 * _MM, start=0.2, sag=1.0, sway=0.5, broken=0.0, swelling=0.55,
                lean=0.6 * sign)  # fmt: skip


def _upper_lid(sketch: _Sketch, side: str, sign: float, hanging: float) -> None:
    """Fine lines in the upper lid, and the skin that comes to hang over its outer half."""
    names = (f"endocanthion_{side}", f"lid_upper_inner_{side}", f"lid_upper_outer_{side}", f"exocanthion_{side}")
    for lift, start, depth in ((2.6, 0.15, 0.12), (4.4, 0.25, 0.14), (6.6, 0.4, 0.14)):
        lift = lift + sketch.rand(-0.4, 0.4)
        points: list[_Point] = [
            (names[0], sign * 2.0, 0.8 * lift), (names[1], 0.0, lift), (names[2], sign * 1.0, lift),
            (names[3], sign * 2.5, 0.5 * lift),
        ]  # fmt: skip
        sketch.line(points, depth, _FINE, start=start, sway=0.35, broken=0.3)
    hood: list[_Point] = [
        (names[2], sign * -4.0, 8.5), (names[2], sign * 3.0, 7.5), (names[3], sign * 3.0, 5.0),
        (names[3], sign * 8.0, -1.0),
    ]  # fmt: skip
    sketch.line(hood, -0.5 * hanging, 2.4 * _MM, start=0.1, sag=1.0, sway=0.4, broken=0.0, swelling=0.0)
    below: list[_Point] = [(anchor, left - sign * 0.8, up - 4.0) for anchor, left, up in hood]
    sketch.line(below, 0.45 * hanging, 1.6 * _MM, start=0.1, sag=0.8, sway=0.4, broken=0.0, swelling=0.3)


# ------------------------------------------------------------------------------------------------- cheeks


def _cheeks(sketch: _Sketch) -> None:
    """Nasolabial folds, soft and broad; crescents beside them, hollow cheeks, and upright lines before the ears."""
    folds, hollows = _alike(sketch, 0.75, 1.15), _alike(sketch, 0.3, 1.2)
    for (side, sign), deep, sunk in zip(_SIDES, folds, hollows, strict=True):
        wing, corner = f"alar_base_{side}", f"cheilion_{side}"
        long, wide = sketch.rand(-2.0, 2.0), sketch.rand(-1.0, 1.0)
        fold: list[_Point] = [
            (wing, sign * 2.0, 9.0), (wing, sign * (8.0 + 0.4 * wide), -4.0), (corner, sign * (9.0 + wide), 7.0),
            (corner, sign * (8.5 + wide), -9.0 + long),
        ]  # fmt: skip
        lean = 0.55 * sign  # the cheek hangs over it
        sketch.line(fold, 1.1 * deep, _FOLD, sway=0.5, broken=0.0, swelling=0.6, lean=lean)
        sketch.line(fold, 0.42 * deep, 1.3 * _MM, sway=0.5, broken=0.0, swelling=0.4, lean=lean)
        sketch.line(fold, 0.30 * deep, _COARSE, start=0.25, sway=0.5, broken=0.2)
        hang: list[_Point] = [(anchor, left + sign * 8.0, up - 1.0) for anchor, left, up in fold]
        sketch.line(hang, -0.55 * deep, _SAG, start=0.1, sag=1.0, broken=0.0, swelling=0.0)
        _arcs(sketch, side, sign)
        hollow: list[_Point] = [
            (f"ear_front_{side}", sign * -9.0, -13.0), (f"ear_front_{side}", sign * -17.0, -22.0),
            (corner, sign * 29.0, 16.0), (corner, sign * 22.0, 5.0),
        ]  # fmt: skip
        sketch.line(hollow, 0.65 * sunk, 8.0 * _MM, start=0.15, sag=1.0, broken=0.0, swelling=0.3)
        for number in range(5):
            out = -5.0 - 3.4 * number + sketch.rand(-0.9, 0.9)
            top, low = sketch.rand(-12.0, 4.0), sketch.rand(-44.0, -26.0)
            upright: list[_Point] = [
                (f"ear_front_{side}", sign * (out - 2.0 * bow), top + (low - top) * share)
                for share, bow in ((0.0, 0.0), (0.33, 0.8), (0.67, 1.0), (1.0, 0.9))
            ]
            start, deep = 0.25 + 0.11 * number, sketch.rand(0.5, 1.1)
            sketch.line(upright, 0.20 * deep, _MEDIUM, start=start, sway=0.6, broken=0.2)
            sketch.line(upright, 0.24 * deep, 1.6 * _MM, start=start, sway=0.6, broken=0.0, swelling=0.6)


def _arcs(sketch: _Sketch, side: str, sign: float) -> None:
    """Lines around the corner of a smiling mouth, out to the ear; and short ones across them, where skin is creped."""
    corner, eye = f"cheilion_{side}", f"exocanthion_{side}"
    for number in range(9):
        out = 6.0 + 4.3 * number + sketch.rand(-1.6, 1.6)
        top, low = sketch.rand(6.0, 24.0) + 0.3 * out, sketch.rand(-22.0, -3.0) - 0.2 * out
        bow, tilt = 3.0 + 0.06 * out, sketch.rand(-2.0, 2.0)
        arc: list[_Point] = [
            (corner, sign * (8.0 + 0.9 * out + tilt * (share - 0.5) - bow * (2.0 * share - 1.0) ** 2),
             top + (low - top) * share)
            for share in (0.0, 0.33, 0.67, 1.0)
        ]  # fmt: skip
        start, deep = 0.18 + 0.055 * number + sketch.rand(-0.05, 0.1), sketch.rand(0.3, 1.1) * (1.0 - 0.04 * number)
        sketch.line(arc, 0.25 * deep, 1.5 * _MM, start=start, sway=1.0, broken=0.05, swelling=0.7)
        sketch.line(arc, 0.30 * deep, _COARSE, start=start, sway=1.0, broken=0.25)
    for number in range(9):
        left, up = sketch.rand(4.0, 26.0), sketch.rand(-38.0, -14.0)
        turn, long = sketch.rand(-0.7, 0.7), sketch.rand(4.0, 11.0)
        crease: list[_Point] = [
            (eye, sign * (left - 10.0 + along * long * math.cos(turn)), up + along * long * math.sin(turn))
            for along in (-1.0, -0.33, 0.33, 1.0)
        ]
        start, deep = 0.3 + 0.04 * number, sketch.rand(0.3, 1.0)
        sketch.line(crease, 0.18 * deep, _MEDIUM, start=start, sway=0.8, broken=0.25)
        sketch.line(crease, 0.14 * deep, 1.4 * _MM, start=start, sway=0.8, broken=0.0, swelling=0.7)


# ------------------------------------------------------------------------------------------------- mouth


def _mouth(sketch: _Sketch) -> None:
    """Fine upright lines around the lips, folds from the corners of the mouth beside the chin, and jowls."""
    _around_lips(sketch, 49.0, 53.0, 15, 1.0)
    _around_lips(sketch, 55.0, 59.0, 10, -1.0)
    folds, jowls = _alike(sketch, 0.75, 1.15), _alike(sketch, 0.3, 1.15)
    for (side, sign), deep, full in zip(_SIDES, folds, jowls, strict=True):
        corner, long = f"cheilion_{side}", sketch.rand(-3.0, 3.0)
        fold: list[_Point] = [
            (corner, sign * 2.0, -1.5), (corner, sign * 5.0, -8.0), (corner, sign * 6.5, -16.0),
            (corner, sign * 6.0, -25.0 + long),
        ]  # fmt: skip
        lean = 0.5 * sign
        sketch.line(fold, 0.80 * deep, 2.5 * _MM, sway=0.5, broken=0.0, swelling=0.6, lean=lean)
        sketch.line(fold, 0.30 * deep, _COARSE, sway=0.45, broken=0.15)
        hook: list[_Point] = [
            (corner, sign * 0.6, 0.2), (corner, sign * 1.8, -0.9), (corner, sign * 2.9, -2.6),
            (corner, sign * 3.6, -5.0),
        ]  # fmt: skip
        sketch.line(hook, 0.32, _COARSE, sway=0.2, broken=0.0)
        _jowl(sketch, corner, sign, full)
    bow = sketch.rand(1.0, 3.0)
    chin: list[_Point] = [("sublabiale", left, -1.0 - bow * (left / 9.0) ** 2) for left in (-11.0, -4.0, 4.5, 11.0)]
    sketch.line(chin, 0.30, 1.4 * _MM, start=0.2, sway=0.6, broken=0.05)
    sketch.line(chin, 0.22, _COARSE, start=0.35, sway=0.6, broken=0.2)
    for _ in range(9):  # the chin's skin is drawn in
        left, up, turn, long = (sketch.rand(*span) for span in ((-11.0, 11.0), (-7.0, 7.0), (0.0, 3.14), (1.5, 3.0)))
        pit: list[_Point] = [
            ("pogonion", left + along * long * math.cos(turn), up + along * long * math.sin(turn))
            for along in (-1.0, -0.3, 0.3, 1.0)
        ]
        sketch.line(pit, 0.22 * sketch.rand(0.2, 1.0), 1.5 * _MM, start=0.3, sway=0.5, broken=0.0, swelling=0.5)


def _jowl(sketch: _Sketch, corner: str, sign: float, full: float) -> None:
    """Where the cheek has sunk to the jaw, and the dip before it."""
    jowl: list[_Point] = [
        (corner, sign * 15.0, -16.0), (corner, sign * 16.0, -23.0), (corner, sign * 18.5, -29.0),
        (corner, sign * 22.0, -34.0),
    ]  # fmt: skip
    sketch.line(jowl, -0.95 * full, 5.5 * _MM, start=0.1, sag=1.0, broken=0.0, swelling=0.0)
    dip: list[_Point] = [
        (corner, sign * 6.5, -22.0), (corner, sign * 7.5, -27.0), (corner, sign * 9.5, -32.0),
        (corner, sign * 12.5, -37.0),
    ]  # fmt: skip
    sketch.line(dip, 0.70 * full, 3.2 * _MM, start=0.1, sag=1.0, broken=0.0, swelling=0.2)


def _around_lips(sketch: _Sketch, first: float, last: float, count: int, up: float) -> None:
    """Lines that spread from the lips' border between two of the Multi-PIE points around them."""
    for number in range(count):
        place = first + (last - first) * (number + sketch.rand(0.05, 0.95)) / count
        low = min(int(place), int(last) - 1)
        anchor = _between(sketch, f"multipie_{low}", f"multipie_{low + 1}", place - low)
        out = (place - 0.5 * (first + last)) / (0.5 * (last - first))
        fan, lean = 3.0 * out * up, sketch.rand(-0.8, 0.8)
        begin, long = sketch.rand(-1.8, 1.0), sketch.rand(4.5, 12.0) * (1.0 - 0.25 * abs(out))
        points: list[_Point] = [
            (anchor, (fan + lean) * share * share, up * (begin + long * share)) for share in (0.0, 0.33, 0.67, 1.0)
        ]
        start, depth = sketch.rand(0.1, 0.6), 0.26 * sketch.rand(0.5, 1.0) * (1.0 if up > 0.0 else 0.75)
        sketch.line(points, depth, sketch.rand(0.8, 1.6) * _FINE, start=start, sway=0.35, broken=0.2)
        if number % 2:
            sketch.line(points, 0.5 * depth, 1.3 * _MM, start=start, sway=0.35, broken=0.0, swelling=0.6)


# ------------------------------------------------------------------------------------------------- neck


def _neck(sketch: _Sketch) -> None:
    """Rings around it, faint on everyone, and bands that stand out."""
    for share, start in ((0.16, 0.30), (0.34, -0.12), (0.56, -0.12), (0.76, 0.25)):
        anchor = _between(sketch, "cervical_point", "jugular_notch", share + sketch.rand(-0.05, 0.05))
        tilt, rise = sketch.rand(-3.0, 3.0), sketch.rand(4.0, 11.0)
        for low, high in (
            (sketch.rand(-52.0, -38.0), sketch.rand(0.0, 14.0)),
            (sketch.rand(-14.0, 0.0), sketch.rand(38.0, 52.0)),
        ):
            points: list[_Point] = []
            for number in range(4):
                left = low + (high - low) * number / 3.0
                points.append((anchor, left, tilt * left / 45.0 + rise * (left / 45.0) ** 2 + sketch.rand(-0.6, 0.6)))
            sketch.line(points, 0.34 * sketch.rand(0.5, 1.1), _COARSE, start=start, sway=0.8, broken=0.15)
            sketch.line(points, 0.42, 2.2 * _MM, start=start, sway=0.7, broken=0.0, swelling=0.6)
    for _, sign in _SIDES:
        near, far, deep = sketch.rand(7.0, 12.0), sketch.rand(14.0, 24.0), sketch.rand(0.4, 1.1)
        band: list[_Point] = [
            (_between(sketch, "cervical_point", "jugular_notch", share), sign * (near + (far - near) * share), 0.0)
            for share in (0.05, 0.33, 0.62, 0.9)
        ]
        sketch.line(band, -0.7 * deep, 3.4 * _MM, start=0.2, sag=1.0, sway=0.8, broken=0.0, swelling=0.0)


# ------------------------------------------------------------------------------------------------- layers

_SKETCHES: Final[dict[str, Callable[[_Sketch], None]]] = {
    "forehead": _forehead,
    "eyes": _eyes,
    "cheeks": _cheeks,
    "mouth": _mouth,
    _NECK: _neck,
}
_AREA_NAMES: Final = tuple(_SKETCHES)


def _wrinkles(area: str, subject: Subject) -> Sequence[Patch]:
    """An area's wrinkles; none on a smooth face."""
    age = subject.traits.number("age")
    amount = rise(age, *_NECK_AGES) if area == _NECK else subject.traits.number(f"wrinkles.{area}")
    if subject.surface.atlas.landmark("nasion") is None or (amount == 0.0 and area != _NECK):
        return ()
    lines, old = subject.once("wrinkles", lambda: _courses(subject)), rise(age, *_OLD)
    *_, start, sag = lines[:, _CURVE:].unbind(1)
    deep = lines[:, _CURVE] * ((amount**_SOON - start) / (1.0 - start)).clamp_min(0.0).pow(_STEEP)
    deep = deep * torch.lerp(torch.tensor(1.0 + _DEEPER * old), torch.tensor(_SUNK * old), sag)
    number = _AREA_NAMES.index(area)
    ends = torch.searchsorted(lines[:, -3].contiguous(), torch.tensor([number, number + 1])).float()
    found = []
    for kind in KINDS:
        points = subject.once(f"wrinkles of kind {kind}", partial(_drawn, subject, lines, kind))
        first, last = torch.searchsorted(points[3], ends).tolist()
        found.append(points[:, first:last])
    return drop(found, deep, subject.size)


_CURVE: Final = 8  # numbers of a curve, before those of a crease


def _courses(subject: Subject) -> Tensor:
    """[N, 17] all lines, by area: control points, numbers of `Creases`, area, amount at which they come, and sag."""
    sketch = _Sketch(subject.surface, subject.stream)
    for area, draw in _SKETCHES.items():
        sketch.begin(area)
        draw(sketch)
    lines, rest = sketch.finish()
    if shows_fine(subject.surface, subject.size):
        chosen = lines.width < _SHARP
        sharp, own, generator = lines.of(chosen), rest[chosen], subject.stream("wrinkles' twigs")
        random = torch.rand(2, len(sharp.depth), generator=generator)
        away = (random[0] - 0.5).sign() * (0.9 + 1.2 * random[1]) * _MM
        branches = twigs(sharp, subject.surface, generator, 5.0 * _MM)
        parallels = beside(sharp, subject.surface, away, 0.5)
        later = own.clone()
        later[:, 1] = own[:, 1].lerp(torch.tensor(1.0), _LATER)
        lines, rest = together(lines, branches, parallels), torch.cat((rest, own, later))
    numbers = [
        getattr(lines, field.name).flatten(1) if field.name == "points" else getattr(lines, field.name)[:, None]
        for field in fields(lines)
    ]
    table = torch.cat((*numbers, rest), dim=1)
    table = table[table[:, _CURVE] != 0.0]
    return table[torch.argsort(table[:, -3], stable=True)]


def _drawn(subject: Subject, lines: Tensor, kind: int) -> Tensor:
    """[4, M] `ribbons` of all lines."""
    numbers = lines[:, _CURVE:-3].unbind(1)
    curves = Creases(lines[:, :_CURVE].reshape(-1, 4, 2), *numbers)
    return ribbons(curves, subject.surface, subject.size, subject.stream("wrinkles' course"), kind)


def _layer(where: str, description: str) -> Layer:
    traits = ("age",) if where == _NECK else (f"wrinkles.{where}", "age")
    return Layer(f"{where}_wrinkles", description, traits, patches=partial(_wrinkles, where))


WRINKLES: Final = (
    _layer("forehead", "wrinkles across the forehead, hollow temples"),
    _layer("eyes", "wrinkles and bags around the eyes"),
    _layer("cheeks", "wrinkles and folds on the cheeks"),
    _layer("mouth", "wrinkles and folds around the mouth, jowls"),
    _layer(_NECK, "rings and bands of the neck"),
)
