"""Old scars: short bands without pores and lines, a little paler or pinker than the skin around them, sunken or raised.

What heals has less melanin and, for a year or two, more vessels (Bond et al. 2008, "Maturation of the human scar").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.atlas import smooth_step
from dreamface.skin.canvas.layer import Layer, Patch, Window
from dreamface.skin.canvas.marks import texel_of
from dreamface.skin.canvas.subject import Subject

_MM: Final = 1e-3
_SITES: Final = (
    "cheek", "brow_arch", "cheekbone", "upper_cheek", "chin_side", "frontotemporale", "nose_side", "gonion", "temple",
)  # fmt: skip
"""Landmarks, left and right, that scars lie near."""

_SPREAD: Final = 7.0 * _MM  # how far from it at most
_LENGTHS, _WIDTHS = (7.0 * _MM, 28.0 * _MM), (0.9 * _MM, 2.4 * _MM)
_FRESH: Final = 0.3  # share of scars that are still pink
_RAISED: Final = 0.35  # share that stand out
_SMOOTH: Final = 0.40  # roughness: a scar has no lines and pores
_UNEVEN: Final = (1.7 * _MM, 0.45)  # length and share of its outline's irregularities


_TABLE: Final = 128  # of them along a scar, at most


def _scars(subject: Subject) -> Sequence[Patch]:
    """The first of all sites in the person's own order, as many as the trait asks for; the last ones fainter."""
    amount = subject.traits.number("scars.density")
    sites = [f"{name}_{side}" for name in _SITES for side in "lr"]
    generator = subject.stream("scars")
    order = torch.randperm(len(sites), generator=generator).tolist()
    random = torch.rand(len(sites), 12, generator=generator)
    found = []
    for rank, site in enumerate(order):
        shown = min(1.0, amount * len(sites) - rank)
        place = subject.surface.atlas.landmark(sites[site])
        if shown > 0.0 and place is not None:
            patch = _scar(subject, place, random[rank], shown)
            if patch is not None:
                found.append(patch)
    return tuple(found)


def _scar(subject: Subject, place: Tensor, random: Tensor, shown: float) -> Patch | None:
    surface, size, side = subject.surface, subject.size, subject.surface.atlas.size
    metric = surface.metric.view(3, -1)[:, texel_of(place[None], side)[0]]
    a, b, c = metric.tolist()
    aside, up = ((random[:2] - 0.5) * 2.0 * _SPREAD).tolist()
    u, v = float(place[0]) + a * aside - b * c * up, float(place[1]) + c * up
    length = _LENGTHS[0] + (_LENGTHS[1] - _LENGTHS[0]) * float(random[2]) ** 2
    width = _WIDTHS[0] + (_WIDTHS[1] - _WIDTHS[0]) * float(random[3])
    reach = 0.6 * length + 4.0 * width
    window = _around(size, u, v, reach * (a * a + (b * c) ** 2) ** 0.5, reach * c)
    if window is None:
        return None
    column, row = torch.arange(*window.columns), torch.arange(*window.rows)[:, None]
    along_u, along_v = (column + 0.5) / size - u, 1.0 - (row + 0.5) / size - v
    x, y = (along_u + b * along_v) / a, along_v / c + torch.zeros_like(along_u)
    line, ridge = _profile(x, y, length, width, random)
    skin = _enlarged(subject.region("lips_upper", "lips_lower", "lids_margin", "eye_sockets"), size, window)
    inside = _enlarged(surface.atlas.interior, size, window)
    line, ridge = ((image * (1.0 - skin) * inside * shown) for image in (line, ridge))
    base = subject.traits.number("skin.melanin")
    fresh, raised = float(random[4]) < _FRESH, float(random[5]) < _RAISED
    height = (0.20 * line if raised else -0.28 * line) + 0.06 * ridge
    return Patch(
        window,
        melanin=-(0.025 + 0.18 * base) * line + 0.015 * ridge,
        blood=(0.5 if fresh else 0.06) * line + (0.16 if fresh else 0.08) * ridge,
        height=height * _MM,
        cover=0.5 * line,
        roughness=_SMOOTH,
    )


def _profile(x: Tensor, y: Tensor, length: float, width: float, random: Tensor) -> tuple[Tensor, Tensor]:
    """0..1 the scar's line, and the rims along it, at places x, y in metres from its middle."""
    turn = 2.0 * torch.pi * random[6]
    along, across = x * turn.cos() + y * turn.sin(), y * turn.cos() - x * turn.sin()
    share = along / (0.5 * length)
    bow = (random[7] - 0.5) * 0.3 * length * (share.square() - 0.4)
    # Hardly a line: it wanders, is torn at its borders, and widest somewhere near the middle.
    table = torch.randn(3, _TABLE, generator=torch.Generator().manual_seed(int(1e6 * float(random[8]))))
    course, torn, beside = (
        _along(row, along / _UNEVEN[0] * pace) for row, pace in zip(table, (0.3, 1.0, 1.0), strict=True)
    )
    local = 0.5 * width * (1.0 + _UNEVEN[1] * torch.where(across > bow, torn, beside)).clamp(0.35, 1.8)
    away = (across - bow - 0.25 * width * course).abs() / (local * (1.0 - share.square()).clamp_min(1e-3).sqrt())
    ends = (share.abs() < 1.0).float()
    line = ends * (1.0 - smooth_step(away, 0.15, 1.25))
    ridge = ends * torch.exp(-((away - 1.5) / 0.5).square())
    return line, ridge


def _along(table: Tensor, place: Tensor) -> Tensor:
    """Smooth noise at places [...] from independent values [T]: deviation about 1."""
    place = place + 0.5 * len(table)
    low = place.floor()
    share, first = place - low, low.long().clamp_(0, len(table) - 2)
    return torch.lerp(table[first], table[first + 1], share * share * (3.0 - 2.0 * share))


def _around(size: int, u: float, v: float, reach_u: float, reach_v: float) -> Window | None:
    """The window around a place, that far to all sides; None where nothing of it lies in the tile."""
    rows = max(0, int((1.0 - v - reach_v) * size)), min(size, int((1.0 - v + reach_v) * size) + 1)
    columns = max(0, int((u - reach_u) * size)), min(size, int((u + reach_u) * size) + 1)
    return Window(rows, columns) if rows[0] < rows[1] and columns[0] < columns[1] else None


def _enlarged(image: Tensor, size: int, window: Window) -> Tensor:
    """[h, w] what a window shows of a coarse image [S, S]; bilinear."""
    side = image.shape[-1]
    rows, columns = (((torch.arange(*span) + 0.5) * (side / size) - 0.5).clamp(0.0, side - 1.0)
                     for span in (window.rows, window.columns))  # fmt: skip
    top, left = rows.long().clamp_max(side - 2), columns.long().clamp_max(side - 2)
    down, right = (rows - top)[:, None], columns - left
    above = torch.lerp(image[top][:, left], image[top][:, left + 1], right)
    below = torch.lerp(image[top + 1][:, left], image[top + 1][:, left + 1], right)
    return torch.lerp(above, below, down)


SCARS: Final = Layer("scars", "old scars", ("scars.density", "skin.melanin"), patches=_scars)
