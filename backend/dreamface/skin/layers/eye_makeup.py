"""Make-up of the eyes: eyeliner and eyeshadow, which keep to the lash lines and to the lids' creases.

A place at an eye has three coordinates: `away`, metres from the lash line; `along`, from 0 at the inner corner to 1 at
the outer one; and `above`, metres above the line between the corners.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.layer import Window
from dreamface.skin.canvas.outlines import Outline, enlarge, outlines
from dreamface.skin.canvas.ramps import Ramp
from dreamface.skin.canvas.shared_noises import MOTTLING
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.makeup_films import FINEST_EDGE, SIDES, Film, full_window, metres_to, texels_per_metre
from dreamface.units import MM

_AROUND_EYE: Final = 0.017  # metres around the lids' rims that make-up reaches


@dataclass(frozen=True)
class _Lids:
    """Around one eye, in coarse texels of a window.

    Attributes:
        window: of the coarse grid.
        away: [h, w] metres from the lash line, negative on the lid's rim and behind it.
        along: [h, w] of the way from the inner to the outer corner.
        above: [h, w] metres above the line between the corners.
        width: metres between the corners.
        crease, brow: metres from the upper lash line to the lid's crease and to the brow.
    """

    window: Window
    away: Tensor
    along: Tensor
    above: Tensor
    width: float
    crease: float
    brow: float


def _eyes(subject: Subject) -> list[_Lids]:
    """Return both eyes' lids; none in a tile that they do not lie in."""
    lids = []
    for side in SIDES:
        outline = _rim(subject, side)
        if outline is not None:
            lids.append(_lids(subject, side, outline))
    return lids


def _rim(subject: Subject, side: str) -> Outline | None:
    """Return the outline of the lids' rims of one eye."""
    atlas = subject.surface.atlas
    corner = atlas.landmark(f"exocanthion_{side}")
    if corner is None:
        return None
    column, row = float(corner[0]) * atlas.size, (1.0 - float(corner[1])) * atlas.size
    margin = round(_AROUND_EYE * float(subject.surface.density.median()) * atlas.size)
    around = [rim for rim in outlines(atlas, ("lids_margin",), margin=margin) if _holds(rim.window, row, column)]
    return max(around, key=lambda rim: rim.window.shape[1], default=None)


def _holds(window: Window, row: float, column: float) -> bool:
    return window.rows[0] <= row < window.rows[1] and window.columns[0] <= column < window.columns[1]


def _lids(subject: Subject, side: str, outline: Outline) -> _Lids:
    head = subject.head
    inner_corner, outer_corner = head.landmark(f"endocanthion_{side}"), head.landmark(f"exocanthion_{side}")
    lid = head.landmark(f"lid_upper_{side}")
    axis = outer_corner - inner_corner
    width = float(axis.norm())
    axis = axis / width
    upward = torch.tensor([0.0, 0.0, 1.0]) - axis[2] * axis
    upward = upward / upward.norm()
    place = subject.surface.position[(slice(None), *outline.window.slices)] - inner_corner[:, None, None]
    return _Lids(
        window=outline.window,
        away=metres_to(subject, outline),
        along=torch.einsum("chw,c->hw", place, axis) / width,
        above=torch.einsum("chw,c->hw", place, upward),
        width=width,
        crease=float((head.landmark(f"lid_crease_{side}") - lid).norm()),
        brow=float((head.landmark(f"brow_arch_{side}") - lid).norm()),
    )


# ------------------------------------------------------------------------------------------------------------- eyeliner


@dataclass(frozen=True)
class _UpperLine:
    """The line along the upper lashes, thicker outwards.

    Attributes:
        height_at_nose, height_at_corner: metres.
        thickening: power of the way along the lid by which one goes over to the other.
        start, end: along the lid, over which it begins and ends.
        waterline: metres that it reaches onto the lid's rim, so that no skin shows between the lashes.
    """

    height_at_nose: float
    height_at_corner: float
    thickening: float
    start: tuple[float, float]
    end: tuple[float, float]
    waterline: float


@dataclass(frozen=True)
class _LowerLine:
    """A hint of a line along the outer half of the lower lashes.

    Attributes:
        height: metres, where it is thickest.
        thickening: along the lid, over which it gets so.
        edge: its width over that of the upper line's edge.
        waterline: metres that it reaches onto the lid's rim.
        strength: over that of the upper line.
        start, end: along the lid, over which it begins and ends.
    """

    height: float
    thickening: tuple[float, float]
    edge: float
    waterline: float
    strength: float
    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True)
class _Wing:
    """A tapering stroke from the outer corner on, in the direction in which the lower lid would go on.

    Attributes:
        length: metres.
        angle: radians above the eye's axis.
        start_along, start_above: where it begins; metres above the axis.
        half_width: over the height of the upper line at the corner.
        taper: power by which it gets narrower.
        start: in lengths of the wing, over which it begins.
    """

    length: float
    angle: float
    start_along: float
    start_above: float
    half_width: float
    taper: float
    start: tuple[float, float]


_EDGE: Final = 0.12 * MM  # half the width of the eyeliner's edge
_UPPER_LID: Final = (-0.4 * MM, 0.4 * MM)  # above: over which the lower lid's line gives way to the upper one's
_UPPER_LINE: Final = _UpperLine(
    height_at_nose=0.30 * MM,
    height_at_corner=1.6 * MM,
    thickening=1.5,
    start=(-0.02, 0.16),
    end=(1.0, 1.06),
    waterline=1.1 * MM,
)
_LOWER_LINE: Final = _LowerLine(
    height=0.55 * MM,
    thickening=(0.35, 1.0),
    edge=2.0,
    waterline=0.5 * MM,
    strength=0.45,
    start=(0.35, 0.7),
    end=(1.0, 1.05),
)
_WING: Final = _Wing(
    length=5.5 * MM,
    angle=0.46,
    start_along=0.965,
    start_above=0.2 * MM,
    half_width=0.62,
    taper=0.9,
    start=(-0.35, -0.05),
)
_LINER_COVER: Final = 0.97  # of the skin


def eyeliner(subject: Subject) -> list[Film]:
    """Return a line along the upper lashes with a small wing, and a hint of one along the lower ones."""
    films = []
    for lids in _eyes(subject):
        window = full_window(subject, lids.window)
        away, along, above = enlarge(torch.stack((lids.away, lids.along, lids.above)), window).unbind(0)
        soft = max(_EDGE, FINEST_EDGE / texels_per_metre(subject, lids.window))
        upper = smoothstep(above, *_UPPER_LID)
        line = _upper_line(away, along, upper, soft)
        wing = _wing(lids, along, above, soft) * smoothstep(away, -_UPPER_LINE.waterline, 0.0)
        lower = _lower_line(away, along, upper, soft)
        films.append(Film(window, _LINER_COVER * torch.maximum(torch.maximum(line, wing), lower)))
    return films


def _upper_line(away: Tensor, along: Tensor, upper: Tensor, soft: float) -> Tensor:
    """Return 0..1 [h, w] where the line is; `upper` is 0..1 on the upper lid, `soft` half the width of an edge."""
    look = _UPPER_LINE
    thick = along.clamp(0.0, 1.0) ** look.thickening
    height = look.height_at_nose + (look.height_at_corner - look.height_at_nose) * thick
    present = smoothstep(along, *look.start) * (1.0 - smoothstep(along, *look.end))
    line = 1.0 - smoothstep(away - height * present, -soft, soft)
    return line * smoothstep(away, -look.waterline - soft, -look.waterline + soft) * upper * present


def _lower_line(away: Tensor, along: Tensor, upper: Tensor, soft: float) -> Tensor:
    """Return 0..1 [h, w] where the line is; arguments as of `_upper_line`."""
    look = _LOWER_LINE
    height = look.height * smoothstep(along, *look.thickening)
    line = 1.0 - smoothstep(away - height, -look.edge * soft, look.edge * soft)
    line = line * smoothstep(away, -look.waterline - soft, -look.waterline + soft) * (1.0 - upper)
    return look.strength * line * smoothstep(along, *look.start) * (1.0 - smoothstep(along, *look.end))


def _wing(lids: _Lids, along: Tensor, above: Tensor, soft: float) -> Tensor:
    """Return 0..1 [h, w] where the wing is; `soft` is half the width of its edge."""
    out, up = math.cos(_WING.angle), math.sin(_WING.angle)
    x, y = (along - _WING.start_along) * lids.width, above - _WING.start_above
    ahead = (x * out + y * up) / _WING.length
    aside = (y * out - x * up).abs()
    half = _WING.half_width * _UPPER_LINE.height_at_corner * (1.0 - ahead).clamp(0.0, 1.0) ** _WING.taper
    half = half * smoothstep(ahead, *_WING.start)
    return (1.0 - smoothstep(aside - half, -soft, soft)) * smoothstep(half, 0.0, 0.5 * soft)


# ------------------------------------------------------------------------------------------------------------ eyeshadow


@dataclass(frozen=True)
class _Shadow:
    """Eyeshadow: strongest along the lashes and at the outer corner, to the crease, and fading out below the brow.

    Attributes:
        upper_lid: above: over which the lower lid's shadow gives way to the upper one's.
        crease: fraction that is lost from the lashes to the crease.
        brow: fraction that is lost from the crease to `brow_at` of the way to the brow.
        brow_at: of the way from the lashes to the brow.
        start, end: along the lid, over which it begins and ends.
        outer_corner: factor along the lid.
        lower: strength along the lower lashes.
        lower_height: metres.
        lower_start, lower_end: along the lid, over which that begins and ends.
        lashes: away: over which it begins, so that the lid's rim has none.
        grain: how much the mottling changes it.
        cover, most: 0..1 of the skin, and the most that grain may make of it.
    """

    upper_lid: tuple[float, float]
    crease: float
    brow: float
    brow_at: float
    start: tuple[float, float]
    end: tuple[float, float]
    outer_corner: Ramp
    lower: float
    lower_height: float
    lower_start: tuple[float, float]
    lower_end: tuple[float, float]
    lashes: tuple[float, float]
    grain: float
    cover: float
    most: float


_SHADOW: Final = _Shadow(
    upper_lid=(-1.0 * MM, 1.5 * MM),
    crease=0.25,
    brow=0.75,
    brow_at=0.85,
    start=(-0.10, 0.22),
    end=(1.02, 1.42),
    outer_corner=Ramp(before=0.80, after=1.0, over=(0.35, 0.95)),
    lower=0.5,
    lower_height=3.2 * MM,
    lower_start=(0.25, 1.0),
    lower_end=(1.0, 1.2),
    lashes=(-0.6 * MM, 0.2 * MM),
    grain=0.06,
    cover=0.93,
    most=0.94,
)


def eyeshadow(subject: Subject) -> list[Film]:
    """Return the shadow on both eyes' lids."""
    films = []
    for lids in _eyes(subject):
        upper = smoothstep(lids.above, *_SHADOW.upper_lid)
        strength = torch.lerp(_lower_shadow(lids), _upper_shadow(lids), upper)
        strength = strength * smoothstep(lids.away, *_SHADOW.lashes)
        grain = 1.0 + _SHADOW.grain * subject.noise(MOTTLING, "gloss")[lids.window.slices]
        window = full_window(subject, lids.window)
        cover = enlarge(_SHADOW.cover * strength * grain, window).clamp(0.0, _SHADOW.most)
        films.append(Film(window, cover, glitters=True))
    return films


def _upper_shadow(lids: _Lids) -> Tensor:
    look = _SHADOW
    graded = 1.0 - look.crease * smoothstep(lids.away, 0.0, lids.crease)
    graded = graded - look.brow * smoothstep(lids.away, lids.crease, look.brow_at * lids.brow)
    present = smoothstep(lids.along, *look.start) * (1.0 - smoothstep(lids.along, *look.end))
    return graded * (present * look.outer_corner.at(lids.along))


def _lower_shadow(lids: _Lids) -> Tensor:
    look = _SHADOW
    shadow = (1.0 - smoothstep(lids.away, 0.0, look.lower_height)) * smoothstep(lids.along, *look.lower_start)
    return look.lower * shadow * (1.0 - smoothstep(lids.along, *look.lower_end))
