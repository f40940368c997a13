"""Wrinkles: creases along curves that hang on the face's landmarks, so that they lie at the same place on every head.

Lines of expression lie across the pull of the muscle below, folds where skin sinks (Piérard et al. 2003, "From skin
microrelief to wrinkles"). Where they run, in which order they come and how deep they get was chosen by eye.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.atlas import Surface, rise
from dreamface.skin.creases import Creases, beside, creases, draw_creases, shows_fine, through, together, twigs
from dreamface.skin.layer import Layer, Patch
from dreamface.skin.marks import texel_of
from dreamface.skin.subject import Subject

_MM: Final = 1e-3
_EYES_APART: Final = 80.0 * _MM  # between the outer corners on the head that the lengths below are meant for
_SIDES: Final = (("l", 1.0), ("r", -1.0))
_FINE, _MEDIUM, _COARSE = 0.20 * _MM, 0.32 * _MM, 0.46 * _MM  # widths of sharp lines
_DEPTH: Final = 1.5  # of all lines: the subsurface scattering of every renderer softens what is drawn
_SOFT, _FOLD = 2.0 * _MM, 3.2 * _MM  # widths of the valleys that they lie in
_RANDOM: Final = 600  # numbers that one area's wrinkles take at most
_NECK_AGES: Final = (28.0, 78.0)  # years over which the neck's rings deepen

_Point = tuple[str | Tensor, float, float]  # a landmark or texture coordinates, mm to the person's left, mm up


class _Sketch:
    """Curves as they are thought of: in millimetres from landmarks."""

    def __init__(self, surface: Surface, generator: torch.Generator) -> None:
        self._surface = surface
        self._known: dict[str, Tensor] = {}
        self._random = iter(torch.rand(_RANDOM, generator=generator).tolist())
        eyes = [self.uv(f"exocanthion_{side}") for side, _ in _SIDES]
        apart = surface.position[0].view(-1)[texel_of(torch.stack(eyes), surface.atlas.size)]
        self._scale = float((apart[0] - apart[1]).abs()) / _EYES_APART
        self._starts: list[Tensor] = []
        self._ways: list[tuple[float, float]] = []
        self._numbers: list[tuple[float, float, float, float, float]] = []

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
        sway: float = 0.25,
        broken: float = 0.15,
        swelling: float = 0.25,
    ) -> None:
        """A crease that passes four points, `depth` and `sway` in mm."""
        for anchor, left, up in points:
            self._starts.append(self.uv(anchor) if isinstance(anchor, str) else anchor)
            self._ways.append((left * _MM * self._scale, up * _MM * self._scale))
        self._numbers.append((_DEPTH * depth * _MM, width, sway * _MM * self._scale, broken, swelling))

    def finish(self) -> Creases:
        """All of them."""
        places = self._surface.walk(torch.stack(self._starts), torch.tensor(self._ways))
        depth, width, sway, broken, swelling = torch.tensor(self._numbers).unbind(1)
        return creases(through(places.view(-1, 4, 2)), depth, width, sway=sway, broken=broken, swelling=swelling)


def _onset(amount: float, start: float) -> float:
    """How deep a line is that comes when the area's amount passes `start`."""
    return max(0.0, (amount - start) / (1.0 - start))


def _between(sketch: _Sketch, first: str, second: str, share: float) -> Tensor:
    return torch.lerp(sketch.uv(first), sketch.uv(second), share)


# ------------------------------------------------------------------------------------------------- forehead

_ROWS: Final = ((11.0, 0.22), (18.5, 0.0), (26.0, 0.06), (33.5, 0.18), (41.0, 0.42), (48.0, 0.66))
"""Lines across the forehead: mm above the brows, and the amount at which they come."""


def _forehead(sketch: _Sketch, amount: float) -> None:
    for height, start in _ROWS:
        deep = _onset(amount, start) * sketch.rand(0.65, 1.1)
        lift, tilt = sketch.rand(-1.8, 1.8), sketch.rand(-1.2, 1.2)
        row = partial(_on_row, sketch, height + lift, tilt)
        left, right = sketch.rand(0.5, 2.6), sketch.rand(6.4, 8.5)
        sketch.line(row(left, right), 0.30 * deep, _SOFT, sway=0.7, broken=0.0, swelling=0.55)
        gap = sketch.rand(-1.3, 1.0)
        middle = sketch.rand(3.6, 5.4)
        for low, high, share in (
            (left + sketch.rand(-0.2, 0.6), middle - gap, sketch.rand(0.55, 1.0)),
            (middle + gap, right + sketch.rand(-0.6, 0.2), sketch.rand(0.55, 1.0)),
            (sketch.rand(2.4, 3.6), sketch.rand(5.4, 6.6), sketch.rand(0.1, 0.7)),
        ):
            sketch.line(row(low, high), 0.36 * deep * share, _COARSE, sway=0.35, broken=0.08)
    for side, sign in _SIDES:
        _frown(sketch, amount * sketch.rand(0.7, 1.1), side, sign)
    deep = _onset(amount, 0.35)
    across = [("nasion", left, 1.5 - 0.02 * left * left) for left in (-6.0, -2.0, 2.5, 6.5)]
    sketch.line(across, 0.2 * deep, _MEDIUM, broken=0.2)


def _on_row(sketch: _Sketch, height: float, tilt: float, low: float, high: float) -> list[_Point]:
    """Four points of a line over the brows, from one place on the row of Multi-PIE points 17..26 to another."""
    points: list[_Point] = []
    for number in range(4):
        place = low + (high - low) * number / 3.0
        first = min(int(place), 8)
        anchor = _between(sketch, f"multipie_{17 + first}", f"multipie_{18 + first}", place - first)
        out = (place - 4.5) / 4.5
        # The brows' own arch is lost higher up, where lines dip in the middle and sink at their ends.
        points.append(
            (anchor, 0.0, height * (1.0 - 0.10 * out * out) + 1.5 * abs(out) + tilt * out + sketch.rand(-0.5, 0.5))
        )
    return points


def _frown(sketch: _Sketch, amount: float, side: str, sign: float) -> None:
    """The upright line beside the root of the nose, the valley that it lies in, and a shorter one further out."""
    anchor, lean, tall = "glabella", sketch.rand(-0.8, 0.8), sketch.rand(0.8, 1.2)
    for out, depth, width, reach in ((7.0, 0.24, _COARSE, 1.0), (11.5, 0.1, _MEDIUM, 0.6)):
        upright = [
            (anchor, sign * (out + lean + bend), -7.0 + 17.0 * share * tall * reach)
            for share, bend in ((0.0, -1.4), (0.33, -0.3), (0.67, 0.3), (1.0, 1.2))
        ]
        deep = amount if out < 10.0 else _onset(amount, 0.4)
        sketch.line(upright, depth * deep, width, sway=0.35, broken=0.08)
        if out < 10.0:
            sketch.line(upright, 0.15 * deep, _SOFT, sway=0.2, broken=0.0, swelling=0.5)


# ------------------------------------------------------------------------------------------------- eyes

_FEET: Final = ((44.0, 0.25), (30.0, 0.05), (14.0, 0.0), (-2.0, 0.0), (-18.0, 0.08), (-34.0, 0.2), (-50.0, 0.45))
"""Crow's feet: degrees above the horizontal, and the amount at which they come."""


def _eyes(sketch: _Sketch, amount: float) -> None:
    for side, sign in _SIDES:
        _feet(sketch, amount, side, sign)
        _lower_lid(sketch, amount, side, sign)
        _upper_lid(sketch, amount, side, sign)
        for number in range(3):  # beside the bridge, where the nose is wrinkled
            top, deep = -5.0 - 4.0 * number + sketch.rand(-1.0, 1.0), _onset(amount, 0.45)
            points = [
                (f"bridge_side_{side}", sign * (-3.0 + 3.2 * step), top + 8.0 - 1.1 * step * step) for step in range(4)
            ]
            sketch.line(points, 0.07 * deep * sketch.rand(0.5, 1.0), _MEDIUM, sway=0.4, broken=0.35)


def _feet(sketch: _Sketch, amount: float, side: str, sign: float) -> None:
    for degrees, start in _FEET:
        turn = math.radians(degrees + sketch.rand(-6.0, 6.0))
        near, long = sketch.rand(6.0, 9.0), sketch.rand(13.0, 22.0) * (0.75 + 0.35 * amount)
        bend = sketch.rand(1.0, 3.0) * (1.0 if degrees > 0.0 else -0.6)
        points: list[_Point] = []
        for share in (0.0, 0.33, 0.67, 1.0):
            along = near + long * share
            up = along * math.sin(turn) - bend * share * share
            points.append((f"exocanthion_{side}", sign * along * math.cos(turn), up))
        deep = _onset(amount, start)
        sketch.line(points, 0.38 * deep * sketch.rand(0.6, 1.1), _MEDIUM, sway=0.35, broken=0.05, swelling=0.35)
        if abs(degrees) < 32.0:
            sketch.line(points, 0.22 * deep, 1.3 * _MM, sway=0.3, broken=0.0, swelling=0.5)


def _lower_lid(sketch: _Sketch, amount: float, side: str, sign: float) -> None:
    """The crease from the inner corner around the lower lid, finer ones in it, and the bag's lower border."""
    names = (f"endocanthion_{side}", f"lid_lower_inner_{side}", f"lid_lower_outer_{side}", f"exocanthion_{side}")
    for drop, start, depth, width, end in (
        (2.3, 0.12, 0.11, _FINE, 0.5), (3.8, 0.3, 0.10, _FINE, 1.0), (5.6, 0.0, 0.20, _MEDIUM, -1.5),
        (7.4, 0.35, 0.11, _FINE, 0.0), (9.6, 0.18, 0.14, _MEDIUM, -3.0),
    ):  # fmt: skip
        drop = drop + sketch.rand(-0.5, 0.5)
        points: list[_Point] = [
            (names[0], sign * 2.5, -0.6 * drop - 1.2), (names[1], 0.0, -drop), (names[2], sign * 1.0, -drop),
            (names[2], sign * (7.0 + end), -0.85 * drop - 0.4),
        ]  # fmt: skip
        deep = _onset(amount, start)
        sketch.line(points, depth * deep, width, sway=0.35, broken=0.2)
    tear: list[_Point] = [
        (names[0], sign * -1.0, -5.0), (names[1], sign * -3.0, -10.5), (names[1], sign * 5.0, -14.5),
        (names[2], sign * 9.0, -17.0),
    ]  # fmt: skip
    sketch.line(tear, 0.42 * amount, _SOFT, sway=0.4, broken=0.0, swelling=0.5)


def _upper_lid(sketch: _Sketch, amount: float, side: str, sign: float) -> None:
    names = (f"endocanthion_{side}", f"lid_upper_inner_{side}", f"lid_upper_outer_{side}", f"exocanthion_{side}")
    for lift, start, depth in ((2.6, 0.15, 0.08), (4.4, 0.3, 0.09), (6.6, 0.45, 0.09)):
        lift = lift + sketch.rand(-0.4, 0.4)
        points: list[_Point] = [
            (names[0], sign * 2.0, 0.8 * lift), (names[1], 0.0, lift), (names[2], sign * 1.0, lift),
            (names[3], sign * 2.5, 0.5 * lift),
        ]  # fmt: skip
        sketch.line(points, depth * _onset(amount, start), _FINE, sway=0.35, broken=0.3)


# ------------------------------------------------------------------------------------------------- cheeks


def _cheeks(sketch: _Sketch, amount: float) -> None:
    """Nasolabial folds, soft and broad; then crescents beside them, and upright lines before the ears."""
    for side, sign in _SIDES:
        wing, corner = f"alar_base_{side}", f"cheilion_{side}"
        long, wide = sketch.rand(-2.0, 2.0), sketch.rand(-1.0, 1.0)
        fold: list[_Point] = [
            (wing, sign * 4.0, 5.0), (wing, sign * (8.5 + 0.4 * wide), -5.0), (corner, sign * (8.5 + wide), 8.0),
            (corner, sign * (8.0 + wide), -5.0 + long),
        ]  # fmt: skip
        deep = amount * sketch.rand(0.85, 1.1)
        sketch.line(fold, 0.72 * deep, _FOLD, sway=0.5, broken=0.0, swelling=0.45)
        sketch.line(fold, 0.30 * deep, 1.3 * _MM, sway=0.5, broken=0.0, swelling=0.3)
        sketch.line(fold, 0.16 * _onset(deep, 0.3), _MEDIUM, sway=0.5, broken=0.3)
        for away, start, depth in ((7.5, 0.4, 0.14), (13.5, 0.5, 0.13), (20.0, 0.62, 0.10)):
            away, deep = away + sketch.rand(-1.5, 1.5), _onset(amount, start) * sketch.rand(0.6, 1.1)
            top, low = sketch.rand(-4.0, 8.0), sketch.rand(-12.0, -2.0)
            crescent: list[_Point] = [
                (corner, sign * (8.0 + 0.75 * away), 14.0 + top), (corner, sign * (10.0 + away), 9.0 + 0.5 * top),
                (corner, sign * (9.5 + away), 2.0), (corner, sign * (7.0 + 0.85 * away), -4.0 + low),
            ]  # fmt: skip
            sketch.line(crescent, depth * deep, 1.5 * _MM, sway=0.9, broken=0.05, swelling=0.45)
            sketch.line(crescent, 0.7 * depth * deep, _MEDIUM, sway=0.9, broken=0.3)
        for number in range(4):
            out, deep = -7.0 - 3.2 * number + sketch.rand(-0.8, 0.8), _onset(amount, 0.35 + 0.12 * number)
            top, low = sketch.rand(-12.0, 4.0), sketch.rand(-42.0, -28.0)
            upright = [
                (f"ear_front_{side}", sign * (out - 2.0 * bow), top + (low - top) * share)
                for share, bow in ((0.0, 0.0), (0.33, 0.8), (0.67, 1.0), (1.0, 0.9))
            ]
            sketch.line(upright, 0.13 * deep, _MEDIUM, sway=0.6, broken=0.2)


# ------------------------------------------------------------------------------------------------- mouth


def _mouth(sketch: _Sketch, amount: float) -> None:
    """Fine upright lines around the lips, and folds from the corners of the mouth beside the chin."""
    _around_lips(sketch, amount, 49.0, 53.0, 15, 1.0)
    _around_lips(sketch, 0.8 * amount, 55.0, 59.0, 10, -1.0)
    for side, sign in _SIDES:
        corner, long = f"cheilion_{side}", sketch.rand(-3.0, 3.0)
        fold: list[_Point] = [
            (corner, sign * 2.0, -1.5), (corner, sign * 5.0, -8.0), (corner, sign * 6.5, -16.0),
            (corner, sign * 6.0, -25.0 + long),
        ]  # fmt: skip
        deep = amount * sketch.rand(0.8, 1.1)
        sketch.line(fold, 0.48 * deep, 2.4 * _MM, sway=0.5, broken=0.0, swelling=0.45)
        sketch.line(fold, 0.20 * deep, _COARSE, sway=0.45, broken=0.15)
        hook: list[_Point] = [
            (corner, sign * 0.6, 0.2), (corner, sign * 1.8, -0.9), (corner, sign * 2.9, -2.6),
            (corner, sign * 3.6, -5.0),
        ]  # fmt: skip
        sketch.line(hook, 0.24 * amount, _COARSE, sway=0.2, broken=0.0)
    deep, bow = _onset(amount, 0.3), sketch.rand(1.0, 3.0)
    chin: list[_Point] = [("sublabiale", left, -1.0 - bow * (left / 9.0) ** 2) for left in (-11.0, -4.0, 4.5, 11.0)]
    sketch.line(chin, 0.22 * deep, 1.4 * _MM, sway=0.6, broken=0.05)


def _around_lips(sketch: _Sketch, amount: float, first: float, last: float, count: int, up: float) -> None:
    """Lines that spread from the lips' border between two of the Multi-PIE points around them."""
    for number in range(count):
        place = first + (last - first) * (number + sketch.rand(0.05, 0.95)) / count
        low = min(int(place), int(last) - 1)
        anchor = _between(sketch, f"multipie_{low}", f"multipie_{low + 1}", place - low)
        out = (place - 0.5 * (first + last)) / (0.5 * (last - first))
        fan, lean = 3.0 * out * up, sketch.rand(-0.8, 0.8)
        start, long = sketch.rand(-1.6, 1.2), sketch.rand(3.0, 8.5) * (1.0 - 0.25 * abs(out))
        points: list[_Point] = [
            (anchor, (fan + lean) * share * share, up * (start + long * share)) for share in (0.0, 0.33, 0.67, 1.0)
        ]
        deep = _onset(amount, sketch.rand(0.1, 0.75))
        width = sketch.rand(0.8, 1.5) * _FINE
        sketch.line(points, 0.13 * deep, width, sway=0.3, broken=0.2)


# ------------------------------------------------------------------------------------------------- neck


def _neck(subject: Subject) -> Sequence[Patch]:
    """Rings around the neck: faint on everyone, deeper with age."""
    old = rise(subject.traits.number("age"), *_NECK_AGES)
    return _drawn(subject, "neck wrinkles", lambda sketch: _rings(sketch, old), fine=old)


def _rings(sketch: _Sketch, old: float) -> None:
    for share, start in ((0.16, 0.35), (0.34, 0.0), (0.56, 0.0), (0.76, 0.3)):
        anchor = _between(sketch, "cervical_point", "jugular_notch", share + sketch.rand(-0.05, 0.05))
        deep = 0.14 * (start == 0.0) + _onset(old, start)
        tilt, rise = sketch.rand(-3.0, 3.0), sketch.rand(4.0, 11.0)
        for low, high in (
            (sketch.rand(-52.0, -38.0), sketch.rand(0.0, 14.0)),
            (sketch.rand(-14.0, 0.0), sketch.rand(38.0, 52.0)),
        ):
            points = []
            for number in range(4):
                left = low + (high - low) * number / 3.0
                points.append((anchor, left, tilt * left / 45.0 + rise * (left / 45.0) ** 2 + sketch.rand(-0.6, 0.6)))
            sketch.line(points, 0.20 * deep * sketch.rand(0.6, 1.1), _COARSE, sway=0.7, broken=0.15)
            sketch.line(points, 0.20 * deep, _SOFT, sway=0.6, broken=0.0, swelling=0.5)


# ------------------------------------------------------------------------------------------------- layers

_AREAS: Final[dict[str, Callable[[_Sketch, float], None]]] = {
    "wrinkles.forehead": _forehead,
    "wrinkles.eyes": _eyes,
    "wrinkles.cheeks": _cheeks,
    "wrinkles.mouth": _mouth,
}


def _wrinkles(trait: str, subject: Subject) -> Sequence[Patch]:
    """An area's wrinkles; none on a smooth face."""
    amount = subject.traits.number(trait)
    if amount == 0.0:
        return ()
    return _drawn(subject, trait, lambda sketch: _AREAS[trait](sketch, amount), fine=_onset(amount, 0.2))


def _drawn(subject: Subject, name: str, draw: Callable[[_Sketch], None], fine: float) -> Sequence[Patch]:
    """What is sketched, with branches and finer parallels, where the face is in the tile."""
    if subject.surface.atlas.landmark("nasion") is None:
        return ()
    generator = subject.stream(name)
    sketch = _Sketch(subject.surface, generator)
    draw(sketch)
    lines = sketch.finish()
    if shows_fine(subject.surface, subject.size):
        sharp = lines.of(lines.width < 0.5 * _SOFT)
        away = (0.9 + 1.2 * torch.rand(2, len(sharp.depth), generator=generator)) * _MM
        branches = twigs(sharp, subject.surface, generator, 5.0 * _MM)
        parallels = [
            beside(sharp, subject.surface, away[0], 0.45 * fine),
            beside(sharp, subject.surface, -away[1], 0.35 * fine),
        ]
        lines = together(lines, branches, *parallels)
    return draw_creases(lines, subject.surface, subject.size, subject.stream(f"{name}' course"))


def _layer(where: str, description: str) -> Layer:
    trait = f"wrinkles.{where}"
    return Layer(f"{where}_wrinkles", description, (trait,), patches=partial(_wrinkles, trait))


WRINKLES: Final = (
    _layer("forehead", "wrinkles across the forehead"),
    _layer("eyes", "wrinkles around the eyes"),
    _layer("cheeks", "wrinkles on the cheeks"),
    _layer("mouth", "wrinkles around the mouth"),
    Layer("neck_wrinkles", "rings around the neck", ("age",), patches=_neck),
)
