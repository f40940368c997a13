"""Wrinkles: grooves along curves that hang on the face's landmarks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate

from dreamface.skin.atlas import Surface, coarser
from dreamface.skin.layer import Layer, Patch, Window, window_of
from dreamface.skin.marks import splat, texel_of
from dreamface.skin.subject import Subject

_MM: Final = 1e-3
_LARGEST_WRINKLE_MAP: Final = 1024
_UNIT: Final = 1.652  # the eye's width in `unit`s: about from the nose's bridge to its tip
_SHARP, _SOFT = 0.39 * _MM, 1.07 * _MM  # deviation of a groove's profile
_SWELLING: Final = 2.6  # width of the swelling beside a groove, over the groove's
_REACH: Final = 2.6  # of a blur, in its standard deviations


@dataclass(frozen=True)
class _Fold:
    """A groove: [3, 2] or [4, 2] Bezier control points in the tile and its depth in metres."""

    points: Tensor
    depth: float


_Folds = tuple[list[_Fold], list[_Fold]]  # sharp and soft ones


def _wrinkles(trait: str, subject: Subject) -> Sequence[Patch]:
    """Grooves, drawn on a map of at most `_LARGEST_WRINKLE_MAP`; none on a smooth face or away from it."""
    amount, marks = subject.traits.number(trait), _marks(subject.surface)
    if amount == 0.0 or not marks:
        return ()
    unit = _UNIT * 0.5 * float((marks[36] - marks[39]).norm() + (marks[42] - marks[45]).norm())
    sharp, soft = _GROUPS[trait](marks, unit, amount, subject.stream(trait))
    side = coarser(subject.size, _LARGEST_WRINKLE_MAP)
    corners = torch.stack((marks[36], marks[45]))
    density = float(subject.surface.density.view(-1)[texel_of(corners, subject.surface.atlas.size)].mean())
    groove = torch.zeros(side, side)
    for folds, width in ((sharp, _SHARP), (soft, _SOFT)):
        if folds:
            lines = _draw_folds(folds, side)
            sigma = width * density * side
            # The skin that a groove takes up swells beside it.
            rows, columns = _around(lines, _SWELLING * sigma)
            lines = lines[rows, columns]
            groove[rows, columns] -= _blur(lines, sigma) - 0.45 * _blur(lines, _SWELLING * sigma)
    window = window_of(groove != 0.0)
    return () if window is None else (_enlarged(groove, window, subject.size),)


def _enlarged(groove: Tensor, window: Window, size: int) -> Patch:
    """A window of a smaller map at full size; bicubic, so that slopes are smooth too."""
    factor = size // len(groove)
    (top, bottom), (left, right) = window.rows, window.columns
    height = groove[window.slices]
    if factor > 1:
        height = interpolate(height[None, None], scale_factor=float(factor), mode="bicubic", align_corners=False)[0, 0]
    return Patch(Window((top * factor, bottom * factor), (left * factor, right * factor)), height=height)


def _marks(surface: Surface) -> dict[int, Tensor]:
    """Where the Multi-PIE landmarks of brows, eyes, nose and mouth lie; nothing where the face is in another tile."""
    found = {}
    for number in range(17, 68):
        place = surface.atlas.landmark(f"multipie_{number:02d}")
        if place is None:
            return {}
        found[number] = place
    return found


def _draw_folds(folds: list[_Fold], side: int) -> Tensor:
    """[side, side] lines one texel wide; a line through a texel leaves its depth there."""
    share = (torch.arange(600) + 0.5) / 600
    places, weights = [], []
    for fold in folds:
        points = _bezier(fold.points, share)
        length = float(points.diff(dim=0).norm(dim=1).sum()) * side
        ends = torch.sin(math.pi * share).clamp_min(0.0) ** 0.7
        places.append(points)
        weights.append(fold.depth * length / len(share) * ends)
    return splat(side, torch.cat(places), torch.cat(weights))


def _around(lines: Tensor, sigma: float) -> tuple[slice, slice]:
    """Rows and columns that a blur of the lines reaches."""
    reach = math.ceil(_REACH * sigma)
    row, column = torch.nonzero(lines).unbind(1)
    return (
        slice(max(0, int(row.min()) - reach), int(row.max()) + reach + 1),
        slice(max(0, int(column.min()) - reach), int(column.max()) + reach + 1),
    )


def _bezier(points: Tensor, share: Tensor) -> Tensor:
    """De Casteljau's algorithm: [N, 2] for control points [P, 2]."""
    level = points[None].expand(len(share), -1, -1)
    while level.shape[1] > 1:
        level = torch.lerp(level[:, :-1], level[:, 1:], share[:, None, None])
    return level[:, 0]


def _blur(lines: Tensor, sigma: float) -> Tensor:
    """Gaussian across the lines, scaled so that a long line of depth d becomes a groove of depth d."""
    reach = max(1, math.ceil(_REACH * sigma))
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = kernel / kernel.sum()
    image = conv2d(lines[None, None], kernel.view(1, 1, 1, -1), padding=(0, reach))
    image = conv2d(image, kernel.view(1, 1, -1, 1), padding=(reach, 0))
    return image[0, 0] * (sigma * math.sqrt(2.0 * math.pi))


def _forehead(marks: dict[int, Tensor], unit: float, amount: float, generator: torch.Generator) -> _Folds:
    """Rows that follow the brows, broken into pieces, and frown lines between the brows."""
    found = []
    for height in (0.45, 0.72, 0.98, 1.25, 1.5):
        random = torch.rand(6, generator=generator).tolist()
        for start, end in (
            (17.4 + random[0], 20.6 + random[1]),
            (20.2 + random[2], 23.2 + random[3]),
            (22.8, 25.6 - random[4]),
        ):
            points = torch.stack([_on_brow(marks, start + (end - start) * share) for share in (0.0, 0.33, 0.67, 1.0)])
            wave = torch.randn(4, 2, generator=generator) * 0.05 * unit
            points = points + torch.tensor([0.0, (height + 0.1 * random[5]) * unit]) + wave
            found.append(_Fold(points, 0.42 * _MM * amount * (1.15 - 0.45 * height) * (0.5 + random[1])))
    for side in (-1.0, 1.0):
        lean = 0.04 * unit * float(torch.randn(1, generator=generator))
        start = marks[27] + torch.tensor([side * 0.13 * unit + lean, 0.02 * unit])
        middle = start + torch.tensor([side * 0.03 * unit, 0.25 * unit])
        end = start + torch.tensor([side * 0.10 * unit, 0.5 * unit])
        found.append(_Fold(torch.stack((start, middle, end)), 0.32 * _MM * amount))
    return found, []


def _on_brow(marks: dict[int, Tensor], place: float) -> Tensor:
    """A point on the broken line through Multi-PIE 17..26."""
    place = min(max(place, 17.0), 25.999)
    first = int(place)
    return torch.lerp(marks[first], marks[first + 1], place - first)


def _eyes(marks: dict[int, Tensor], unit: float, amount: float, generator: torch.Generator) -> _Folds:
    """Crow's feet and the lines under the lower lids."""
    found = []
    for outer, inner, side in ((45, 42, 1.0), (36, 39, -1.0)):
        for angle in (0.62, 0.30, 0.02, -0.28, -0.60):
            random = torch.randn(4, generator=generator).tolist()
            turn = angle + 0.08 * random[0]
            direction = torch.tensor([side * math.cos(turn), math.sin(turn)])
            start = marks[outer] + direction * (0.16 + 0.03 * random[1]) * unit
            length = unit * (0.46 + 0.10 * random[2])
            middle = start + 0.5 * length * direction + torch.tensor([0.0, 0.05 * unit * (1.0 if angle > 0 else -0.4)])
            end = start + length * direction - torch.tensor([0.0, 0.10 * unit])
            found.append(_Fold(torch.stack((start, middle, end)), 0.34 * _MM * amount * (1.0 + 0.25 * random[3])))
        for drop in (0.20, 0.34):
            start = torch.lerp(marks[inner], marks[outer], 0.15) - torch.tensor([0.0, drop * unit])
            end = torch.lerp(marks[inner], marks[outer], 0.9) - torch.tensor([0.0, 0.75 * drop * unit])
            middle = 0.5 * (start + end) - torch.tensor([0.0, 0.30 * unit])
            found.append(_Fold(torch.stack((start, middle, end)), 0.22 * _MM * amount))
    return found, []


def _cheeks(marks: dict[int, Tensor], unit: float, amount: float, generator: torch.Generator) -> _Folds:
    """Nasolabial folds: from the wings of the nose past the corners of the mouth."""
    found = []
    for wing, corner, side in ((35, 54, 1.0), (31, 48, -1.0)):
        jitter = 0.03 * unit * torch.randn(4, 2, generator=generator)
        start = marks[wing] + torch.tensor([side * 0.16 * unit, 0.12 * unit])
        end = marks[corner] + torch.tensor([side * 0.30 * unit, -0.16 * unit])
        out = torch.lerp(start, end, 0.35) + torch.tensor([side * 0.12 * unit, 0.06 * unit])
        low = torch.lerp(start, end, 0.75) + torch.tensor([side * 0.10 * unit, 0.04 * unit])
        found.append(_Fold(torch.stack((start, out, low, end)) + jitter, 0.75 * _MM * amount))
        second = torch.stack((out, low, end)) + torch.tensor([side * 0.42 * unit, -0.10 * unit]) + jitter[:3]
        found.append(_Fold(second, 0.22 * _MM * amount))
    return [], found


def _mouth(marks: dict[int, Tensor], unit: float, amount: float, generator: torch.Generator) -> _Folds:
    """Short upright lines over the upper lip, and folds from the corners towards the chin."""
    lines, folds = [], []
    for place in torch.linspace(49.0, 53.0, 11).tolist():
        random = torch.randn(3, generator=generator).tolist()
        first = min(int(place), 52)
        start = torch.lerp(marks[first], marks[first + 1], place - first) + torch.tensor(
            [0.02 * unit * random[0], 0.03 * unit]
        )
        end = start + torch.tensor([0.03 * unit * random[1] + 0.2 * float(start[0] - marks[51][0]), 0.20 * unit])
        lines.append(
            _Fold(torch.stack((start, 0.5 * (start + end), end)), 0.18 * _MM * amount * (1.0 + 0.3 * random[2]))
        )
    for corner, side in ((54, 1.0), (48, -1.0)):
        jitter = 0.03 * unit * torch.randn(3, 2, generator=generator)
        start = marks[corner] + torch.tensor([side * 0.03 * unit, -0.03 * unit])
        middle = start + torch.tensor([side * 0.13 * unit, -0.22 * unit])
        end = start + torch.tensor([side * 0.10 * unit, -0.52 * unit])
        folds.append(_Fold(torch.stack((start, middle, end)) + jitter, 0.42 * _MM * amount))
    return lines, folds


_GROUPS: Final[dict[str, Callable[[dict[int, Tensor], float, float, torch.Generator], _Folds]]] = {
    "wrinkles.forehead": _forehead,
    "wrinkles.eyes": _eyes,
    "wrinkles.cheeks": _cheeks,
    "wrinkles.mouth": _mouth,
}


def _layer(where: str, description: str) -> Layer:
    trait = f"wrinkles.{where}"
    return Layer(f"{where}_wrinkles", description, (trait,), patches=partial(_wrinkles, trait))


WRINKLES: Final = (
    _layer("forehead", "wrinkles across the forehead"),
    _layer("eyes", "wrinkles around the eyes"),
    _layer("cheeks", "wrinkles on the cheeks"),
    _layer("mouth", "wrinkles around the mouth"),
)
