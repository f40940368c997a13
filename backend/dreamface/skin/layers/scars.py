"""Old scars: short bands without pores and lines, a little paler or pinker than the skin around them, sunken or raised.

What heals has less melanin and, for a year or two, more vessels (Bond et al. 2008, "Maturation of the human scar").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.layer import Decal, Layer, Window
from dreamface.skin.canvas.marks import texel_of
from dreamface.skin.canvas.ramps import Line
from dreamface.skin.canvas.subject import Subject
from dreamface.units import MM

_SITES: Final = (
    "cheek", "brow_arch", "cheekbone", "upper_cheek", "chin_side", "frontotemporale", "nose_side", "gonion", "temple",
)  # fmt: skip
"""Landmarks, left and right, that scars lie near."""


@dataclass(frozen=True)
class _Band:
    """The course and the outline of a scar. Lengths are metres.

    Hardly a line: it wanders, is torn at its borders, and widest somewhere near the middle.

    Attributes:
        spread: how far it lies from its landmark at most, aside and up.
        length, width: the least and the most.
        length_power: of the random number: long scars are rare.
        bow: of its length, that it is bent over its width.
        bow_zero: square of the way from the middle to an end where the bend crosses the straight line.
        cell: length of its outline's irregularities.
        torn, torn_within: fraction by which these change its half width, and the bounds of that factor.
        wander: widths that its course strays.
        wander_pace: length of the irregularities over that of the course's.
        line_over: distances from its middle, in half widths, over which it ends.
        rim_at, rim_width: where the rims along it lie, and how wide they are, in half widths.
        reach_along, reach_across: lengths and widths from its middle within which all of it lies.
    """

    spread: float
    length: tuple[float, float]
    width: tuple[float, float]
    length_power: int
    bow: float
    bow_zero: float
    cell: float
    torn: float
    torn_within: tuple[float, float]
    wander: float
    wander_pace: float
    line_over: tuple[float, float]
    rim_at: float
    rim_width: float
    reach_along: float
    reach_across: float


_BAND: Final = _Band(
    spread=7.0 * MM,
    length=(7.0 * MM, 28.0 * MM),
    width=(0.9 * MM, 2.4 * MM),
    length_power=2,
    bow=0.3,
    bow_zero=0.4,
    cell=1.7 * MM,
    torn=0.45,
    torn_within=(0.35, 1.8),
    wander=0.25,
    wander_pace=0.3,
    line_over=(0.15, 1.25),
    rim_at=1.5,
    rim_width=0.5,
    reach_along=0.6,
    reach_across=4.0,
)
_LEAST_TAPER: Final = 1e-3  # square of the width at the very ends, over that in the middle
_TABLE: Final = 128  # irregularities along a scar, at most
_SEEDS: Final = 1e6  # different scars that a random number 0..1 chooses from


@dataclass(frozen=True)
class _Tissue:
    """What a scar is made of.

    Attributes:
        melanin: steps that the line lacks, by the skin's melanin.
        rim_melanin: steps that the rims have more.
        cover: 0..1 how much of the gloss of pores and lines it replaces.
        roughness: of the scar, which has none of them.
        rim_height_mm: of the rims along it.
    """

    melanin: Line
    rim_melanin: float
    cover: float
    roughness: float
    rim_height_mm: float


@dataclass(frozen=True)
class _Blood:
    """Steps of blood that a scar's line and its rims have more than the skin around."""

    line: float
    rims: float


_TISSUE: Final = _Tissue(
    melanin=Line(base=0.025, slope=0.18), rim_melanin=0.015, cover=0.5, roughness=0.40, rim_height_mm=0.06
)
_FRESH: Final = _Blood(line=0.5, rims=0.16)
_HEALED: Final = _Blood(line=0.06, rims=0.08)
_FRESH_FRACTION: Final = 0.3  # of the scars are still pink
_RAISED_MM, _SUNKEN_MM = 0.20, -0.28  # heights of the line
_RAISED_FRACTION: Final = 0.35  # of the scars stand out


def _scars(subject: Subject) -> Sequence[Decal]:
    """Paint the first of all sites in the person's own order, as many as the trait asks for; the last one fainter."""
    amount = subject.traits.number("scars.density")
    sites = [f"{name}_{side}" for name in _SITES for side in "lr"]
    generator = subject.stream("scars")
    order = torch.randperm(len(sites), generator=generator).tolist()
    random = torch.rand(len(sites), 12, generator=generator)
    decals = []
    for rank, site in enumerate(order):
        strength = min(1.0, amount * len(sites) - rank)
        place = subject.surface.atlas.landmark(sites[site])
        if strength > 0.0 and place is not None:
            decal = _scar(subject, place, random[rank], strength)
            if decal is not None:
                decals.append(decal)
    return tuple(decals)


def _scar(subject: Subject, place: Tensor, random: Tensor, strength: float) -> Decal | None:
    """Paint a scar near a landmark at texture coordinates [2]; None where it lies in no texel of the tile.

    Args:
        subject: whose skin.
        place: [2] of the landmark.
        random: [12] uniform numbers of the scar's own.
        strength: 0..1.
    """
    length = _between(_BAND.length, float(random[2]) ** _BAND.length_power)
    width = _between(_BAND.width, float(random[3]))
    seen = _seen(subject, place, random, _BAND.reach_along * length + _BAND.reach_across * width)
    if seen is None:
        return None
    window, x, y = seen
    no_skin = subject.region("lips_upper", "lips_lower", "lids_margin", "eye_sockets")
    no_skin = _enlarged(no_skin, subject.size, window)
    inside = _enlarged(subject.surface.atlas.interior, subject.size, window)
    line, rims = (image * (1.0 - no_skin) * inside * strength for image in _line_and_rims(x, y, length, width, random))
    blood = _FRESH if float(random[4]) < _FRESH_FRACTION else _HEALED
    height_mm = _RAISED_MM if float(random[5]) < _RAISED_FRACTION else _SUNKEN_MM
    return Decal(
        window,
        melanin=-_TISSUE.melanin.at(subject.traits.number("skin.melanin")) * line + _TISSUE.rim_melanin * rims,
        blood=blood.line * line + blood.rims * rims,
        height=(height_mm * line + _TISSUE.rim_height_mm * rims) * MM,
        cover=_TISSUE.cover * line,
        roughness=_TISSUE.roughness,
    )


def _between(ends: tuple[float, float], fraction: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * fraction


def _seen(subject: Subject, place: Tensor, random: Tensor, reach: float) -> tuple[Window, Tensor, Tensor] | None:
    """Return the window of the maps around a scar, and metres x, y [h, w] from its middle; None where it is empty."""
    surface, size = subject.surface, subject.size
    a, b, c = surface.metric.view(3, -1)[:, texel_of(place[None], surface.atlas.size)[0]].tolist()
    aside, up = ((random[:2] - 0.5) * 2.0 * _BAND.spread).tolist()
    u, v = float(place[0]) + a * aside - b * c * up, float(place[1]) + c * up
    window = _around(size, u, v, reach * (a * a + (b * c) ** 2) ** 0.5, reach * c)
    if window is None:
        return None
    column, row = torch.arange(*window.columns), torch.arange(*window.rows)[:, None]
    along_u, along_v = (column + 0.5) / size - u, 1.0 - (row + 0.5) / size - v
    return window, (along_u + b * along_v) / a, along_v / c + torch.zeros_like(along_u)


def _line_and_rims(x: Tensor, y: Tensor, length: float, width: float, random: Tensor) -> tuple[Tensor, Tensor]:
    """Return 0..1 [h, w] the scar's line and the rims along it, at places x, y in metres from its middle."""
    turn = 2.0 * torch.pi * random[6]
    along, across = x * turn.cos() + y * turn.sin(), y * turn.cos() - x * turn.sin()
    from_middle = along / (0.5 * length)  # -1 and 1 at the ends
    bow = (random[7] - 0.5) * _BAND.bow * length * (from_middle.square() - _BAND.bow_zero)
    table = torch.randn(3, _TABLE, generator=torch.Generator().manual_seed(int(_SEEDS * float(random[8]))))
    course, left, right = (
        _along(row, along / _BAND.cell * pace) for row, pace in zip(table, (_BAND.wander_pace, 1.0, 1.0), strict=True)
    )
    torn = (1.0 + _BAND.torn * torch.where(across > bow, left, right)).clamp(*_BAND.torn_within)
    half_width = 0.5 * width * torn * (1.0 - from_middle.square()).clamp_min(_LEAST_TAPER).sqrt()
    away = (across - bow - _BAND.wander * width * course).abs() / half_width
    within = (from_middle.abs() < 1.0).float()
    line = within * (1.0 - smoothstep(away, *_BAND.line_over))
    rims = within * torch.exp(-((away - _BAND.rim_at) / _BAND.rim_width).square())
    return line, rims


def _along(table: Tensor, place: Tensor) -> Tensor:
    """Return smooth noise at places [...] from independent values [T]: deviation about 1."""
    place = place + 0.5 * len(table)
    low = place.floor()
    part, first = place - low, low.long().clamp_(0, len(table) - 2)
    return torch.lerp(table[first], table[first + 1], part * part * (3.0 - 2.0 * part))


def _around(size: int, u: float, v: float, reach_u: float, reach_v: float) -> Window | None:
    """Return the window around a place, that far to all sides; None where nothing of it lies in the tile."""
    rows = max(0, int((1.0 - v - reach_v) * size)), min(size, int((1.0 - v + reach_v) * size) + 1)
    columns = max(0, int((u - reach_u) * size)), min(size, int((u + reach_u) * size) + 1)
    return Window(rows, columns) if rows[0] < rows[1] and columns[0] < columns[1] else None


def _enlarged(image: Tensor, size: int, window: Window) -> Tensor:
    """Return what a window shows [h, w] of a coarse image [S, S]; bilinear."""
    side = image.shape[-1]
    rows, columns = (((torch.arange(*span) + 0.5) * (side / size) - 0.5).clamp(0.0, side - 1.0)
                     for span in (window.rows, window.columns))  # fmt: skip
    top, left = rows.long().clamp_max(side - 2), columns.long().clamp_max(side - 2)
    down, right = (rows - top)[:, None], columns - left
    above = torch.lerp(image[top][:, left], image[top][:, left + 1], right)
    below = torch.lerp(image[top + 1][:, left], image[top + 1][:, left + 1], right)
    return torch.lerp(above, below, down)


SCARS: Final = Layer("scars", "old scars", ("scars.density", "skin.melanin"), decals=_scars)
