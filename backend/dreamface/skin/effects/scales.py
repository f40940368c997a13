"""Scales that grow out of the marked skin: whole and overlapping in its middle, small and apart towards its border.

They lie in rows around the head, which draw together around eyes and mouth. A scale begins with its row and its free
edge reaches over the next one. Places on it are `along`, from 0 at its root to 1 at its tip, and `across`, -1 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.lattice import Lattice, lattice
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.effects.colours import Colour, between, column, filtered, mixed
from dreamface.skin.effects.effect import Effect, Look
from dreamface.skin.effects.marked import Marked
from dreamface.units import MM


@dataclass(frozen=True)
class _Kind:
    """Scales of an animal. Lengths are millimetres.

    Attributes:
        row: from one row to the next.
        width: of a cell of a row.
        overlap: rows that a scale is long.
        tip_from: along, from where it narrows to its tip.
        pointed: power of its outline there: 2 is round, 1 is a straight-sided point.
        height: of its free edge, where it is whole.
        arch: how much of that it lacks at its sides.
        keel: height of the ridge along its middle, and its half width across.
        rings: height of fine rings around its root, and how many there are.
        light, dark: linear Rec. 709 of a scale's edge and of its root.
        marked: how much darker the animal's markings are, and their size.
        sheen: colours that its light shifts to, from scale to scale; and by how much.
        roughness, specular, metallic: of it.
        worn: how much lighter its keel and free edge are.
    """

    row: float
    width: float
    overlap: float
    tip_from: float
    pointed: float
    height: float
    arch: float
    keel: tuple[float, float]
    rings: tuple[float, float]
    light: Colour
    dark: Colour
    marked: tuple[float, float]
    sheen: tuple[Colour, Colour, float]
    roughness: float
    specular: float
    metallic: float
    worn: float


_KINDS: Final = {
    "snake": _Kind(
        3.5, 4.5, 1.85, 0.40, 1.55, 0.34, 0.35, (0.07, 0.14), (0.0, 0.0), (0.205, 0.170, 0.070), (0.052, 0.046, 0.022),
        (0.62, 10.0), ((0.20, 0.24, 0.05), (0.17, 0.09, 0.045), 0.55), 0.33, 0.55, 0.0, 0.12,
    ),
    "fish": _Kind(
        3.1, 5.4, 1.95, 0.30, 2.0, 0.24, 0.25, (0.0, 1.0), (0.022, 6.0), (0.46, 0.50, 0.50), (0.060, 0.085, 0.100),
        (0.45, 13.0), ((0.30, 0.52, 0.51), (0.56, 0.42, 0.48), 0.45), 0.19, 0.8, 0.7, 0.10,
    ),
    "dragon": _Kind(
        4.9, 6.0, 1.80, 0.34, 1.25, 0.85, 0.50, (0.34, 0.20), (0.03, 4.0), (0.150, 0.040, 0.026), (0.026, 0.008, 0.008),
        (0.35, 14.0), ((0.17, 0.065, 0.02), (0.11, 0.02, 0.03), 0.45), 0.38, 0.5, 0.0, 0.35,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class _Growth:
    """How scales come out of the skin. Lengths are millimetres.

    Attributes:
        over: from the border, over which they become whole; and of the place's radius, at most.
        chance: how much earlier some of them are.
        begins: of what they have grown, from which one is there, and by which it is quite there.
        least: size of the smallest, of a whole one.
        cover: of the skin, that the smallest and whole ones hide.
        closed: what they have grown by which the skin between them is theirs, too.
        wash: how much of their colour the skin beside the first ones has.
        shadow: over which one falls from an edge, and how dark it is.
        sizes: of whole scales at amounts of 0 and 1.
        wander: that rows stray.
        opaque: of the light below the skin, that they keep off.
    """

    over: tuple[float, float] = (19.0, 0.85)
    chance: float = 0.30
    begins: tuple[float, float] = (0.02, 0.09)
    least: float = 0.26
    cover: tuple[float, float] = (0.14, 0.97)
    closed: tuple[float, float] = (0.38, 0.72)
    wash: float = 0.40
    shadow: tuple[float, float] = (0.45, 0.55)
    sizes: tuple[float, float] = (0.72, 1.28)
    wander: float = 1.2
    opaque: float = 0.85


_GROWTH: Final = _Growth()
_SHADE, _CHANCE, _SHEEN = 1, 2, 3  # which of the lattice's random numbers say how dark, how early, how coloured one is
_COLUMNS: Final = 1024  # more than any row has cells


@dataclass(frozen=True)
class _Scale:
    """The scale of one row at each of N texels.

    Attributes:
        along, across: see above.
        room: millimetres to its outline; less than 0 outside.
        grown: 0..1.
        size: of a whole one.
        index: which it is, for the lattice's random numbers.
    """

    along: Tensor
    across: Tensor
    room: Tensor
    grown: Tensor
    size: Tensor
    index: Tensor


def _scales(site: Site, look: Look) -> Sequence[Patch]:
    """Draw the scales, the dark skin between them and the shadows at their edges."""
    kind, skin = _KINDS[look.variant or "snake"], Marked(site)
    grown = between(*_GROWTH.sizes, look.amount)
    rows = lattice(
        site.subject, f"{look.variant or 'snake'} scales {grown:.3f}", grown * kind.row * MM, grown * kind.width * MM,
        _GROWTH.wander * MM,
    )  # fmt: skip
    over, under = _both(skin, rows, kind, grown)
    soft = max(0.09, 0.6 * skin.texel)
    on_over, on_under = (smoothstep(one.room, -soft, soft) * _there(one) for one in (over, under))
    cover = (on_over + (1.0 - on_over) * on_under) * skin.fade
    relief = torch.lerp(on_under * _relief(under, kind), _relief(over, kind), on_over)
    colour = torch.lerp(_colour(skin, rows, under, kind, look), _colour(skin, rows, over, kind, look), on_over)
    falls, dark = _GROWTH.shadow
    shadow = (
        torch.exp(-(over.room.clamp_max(0.0) / (falls * over.size.clamp_min(0.3))).square())
        * _there(over)
        * (1.0 - on_over)
    )
    shadow = shadow * over.along.clamp(0.0, 1.0)
    rim = torch.exp(-(torch.where(over.room > 0.0, over.room, under.room.clamp_min(0.0)) / 0.22).square()) * cover
    hidden = torch.where(over.room > 0.0, over.grown, under.grown)
    whole = _GROWTH.cover[0] + (_GROWTH.cover[1] - _GROWTH.cover[0]) * smoothstep(hidden, 0.12, 0.62)
    colour = colour * (1.0 - dark * shadow) * (1.0 - 0.30 * rim)
    growth = (skin.depth / _reach(skin)).clamp(0.0, 1.0)
    closed = smoothstep(growth, *_GROWTH.closed) * (1.0 - cover) * skin.fade
    light = column(kind.light) if look.colour is None else _natural(look.colour)
    tinted = (light / light.max().clamp_min(0.05)).clamp(0.12, 1.0)
    wash = _GROWTH.wash * smoothstep(growth + 0.06 * skin.fractal("scales/wash", 4.0), 0.02, 0.7) * skin.fade
    beside = skin.patch(
        stain=tinted.pow(wash) * filtered((0.50, 0.42, 0.40), 0.7 * shadow * (1.0 - cover) * skin.fade),
        cover=0.9 * closed, colour=0.16 * light, flat=0.8 * closed, gloss=closed, roughness=0.6,
    )  # fmt: skip
    horn = skin.patch(
        cover=(whole * cover).clamp(0.0, 1.0), colour=colour.clamp(0.0, 1.0), gloss=cover * whole.sqrt(),
        roughness=(kind.roughness + 0.16 * rim + 0.05 * skin.fractal("scales/rough", 2.0)).clamp(0.08, 0.9),
        specular=kind.specular, subsurface=1.0 - _GROWTH.opaque, metallic=kind.metallic, flat=0.92 * cover * whole,
        height_mm=kind.height * relief * skin.fade,
    )  # fmt: skip
    return beside, horn


def _reach(skin: Marked) -> float:
    """Return millimetres from the border to where scales are whole."""
    return min(_GROWTH.over[0], _GROWTH.over[1] * skin.radius)


def _there(scale: _Scale) -> Tensor:
    return smoothstep(scale.grown, *_GROWTH.begins)


# ------------------------------------------------------------------------------------------------------------ the rows


def _both(skin: Marked, rows: Lattice, kind: _Kind, scale: float) -> tuple[_Scale, _Scale]:
    """Return at each texel the scale of the row above, which lies on top, and that of its own row."""
    ahead, behind, front, down = skin.cut(torch.stack((*rows.turns, rows.front, rows.down)))
    turn, below = torch.where(front > 0.0, ahead, behind), down / rows.row_height
    row = below.floor()
    own, above = _cell(rows, turn, row), _cell(rows, turn, row - 1.0)
    depths = _CellMeans.of(skin.depth, row, own[1])
    reach = _reach(skin)
    found = []
    for (across, place, index), at in ((above, row - 1.0), (own, row)):
        chance = _GROWTH.chance * (rows.own(_CHANCE, index) - 0.5)
        grown = (depths.at(at, place) / reach + chance).clamp(0.0, 1.0)
        size = _GROWTH.least + (1.0 - _GROWTH.least) * smoothstep(grown, 0.0, 0.72)
        along = (below - at) / kind.overlap
        # A small one keeps to the middle of where a whole one would lie.
        along = (along - 0.32 * (1.0 - size)) / size
        across = 2.0 * across / size
        found.append(
            _Scale(along, across, _room(along, across, kind) * size * 0.5 * kind.width * scale, grown, size, index)
        )
    return found[0], found[1]


def _cell(rows: Lattice, turn: Tensor, row: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return [N] each of the cell of a row: -0.5..0.5 from its middle, its column, and its index in `Lattice.own`."""
    count, shift, first = rows.rows[:, row.long().clamp(0, len(rows.girth) - 1)].unbind(0)
    place = turn * (0.5 / torch.pi) * count + shift
    column = place.floor()
    repeats = rows.random.shape[-1]
    return place - column - 0.5, column, (column.remainder(count).remainder(repeats) + first).long()


@dataclass(frozen=True)
class _CellMeans:
    """Mean values of the texels of each cell: what grows, grows whole.

    Attributes:
        means: [C] of all cells in a window of rows and columns; far below 0 where there are no texels.
        row, column: the first.
        rows: how many.
    """

    means: Tensor
    row: int
    column: int
    rows: int

    @classmethod
    def of(cls, values: Tensor, row: Tensor, column: Tensor) -> _CellMeans:
        """Return the means of values [N] of texels in rows and columns [N]."""
        first, left = int(row.min()) - 1, int(column.min()) - 1
        count = int(row.max()) - first + 2
        means = cls(torch.zeros(0), first, left, count)
        index = means._index(row, column)
        total = torch.zeros(count * _COLUMNS).index_add_(0, index, values)
        weight = torch.zeros(count * _COLUMNS).index_add_(0, index, torch.ones_like(values))
        found = torch.where(weight > 0.0, total / weight.clamp_min(1.0), -1e3)
        return cls(found, first, left, count)

    def _index(self, row: Tensor, column: Tensor) -> Tensor:
        rows = (row - self.row).long().clamp(0, self.rows - 1)
        return rows * _COLUMNS + (column - self.column).long().clamp(0, _COLUMNS - 1)

    def at(self, row: Tensor, column: Tensor) -> Tensor:
        """Return [N] the means of cells."""
        return self.means[self._index(row, column)]


# ----------------------------------------------------------------------------------------------------------- one scale


def _room(along: Tensor, across: Tensor, kind: _Kind) -> Tensor:
    """Return how far inside of its outline a place on a scale is, in half widths; less than 0 outside."""
    tip = ((along - kind.tip_from) / (1.0 - kind.tip_from)).clamp_min(0.0)
    half = 1.02 * (1.0 - tip.clamp_max(1.0).pow(kind.pointed)).clamp_min(0.0).pow(1.0 / kind.pointed)
    root = (along / 0.12).clamp(0.0, 1.0).sqrt()
    return torch.minimum(half * root - across.abs(), 1.6 * (1.0 - along))


def _relief(scale: _Scale, kind: _Kind) -> Tensor:
    """Return how high a scale stands, of its kind's height: it rises to its free edge, which is rounded off."""
    along, across = scale.along.clamp(0.0, 1.0), scale.across.clamp(-1.2, 1.2)
    rise = 0.16 + 0.84 * along
    arched = 1.0 - kind.arch * across.square()
    rounded = smoothstep(scale.room, -0.05, 0.42)
    keel_height, keel_width = kind.keel
    keel = keel_height / kind.height * torch.exp(-(across / keel_width).square()) * smoothstep(along, 0.05, 0.5)
    rings_height, count = kind.rings
    rings = rings_height / kind.height * torch.sin(2.0 * torch.pi * count * torch.hypot(along, 0.55 * across))
    return (rise * arched * (0.35 + 0.65 * rounded) + keel + rings) * scale.size


_MARKINGS: Final = (0.34, 0.26, 0.22)  # factors on the light of scales in an animal's dark markings
_DULLED: Final = 0.32  # of a colour's purity that horn has not


def _natural(colour: Colour) -> Tensor:
    """Return [3, 1] a colour as horn has it: no paint is as dull."""
    pure = torch.tensor(colour)
    grey = pure @ torch.tensor([0.2126, 0.7152, 0.0722])
    return (0.68 * torch.lerp(pure, grey, _DULLED))[:, None]


def _colour(skin: Marked, rows: Lattice, scale: _Scale, kind: _Kind, look: Look) -> Tensor:
    """Return [3, N] the colour of a scale: dark at its root, light at its edge, each of its own shade."""
    light, dark = column(kind.light), column(kind.dark)
    if look.colour is not None:
        light = _natural(look.colour)
        dark = 0.22 * light
    along = scale.along.clamp(0.0, 1.0)
    tone = smoothstep(along + 0.25 * (rows.own(_SHADE, scale.index) - 0.5), 0.05, 0.95)
    colour = mixed(dark, light, tone)
    first, second, shifted = kind.sheen
    hue = mixed(first, second, rows.own(_SHEEN, scale.index))
    if look.colour is not None:
        hue = hue / column(kind.light).clamp_min(0.02) * light
        shifted *= 0.8
    colour = torch.lerp(colour, hue * (0.25 + 0.75 * tone), shifted)
    darker, cell = kind.marked
    markings = smoothstep(skin.fractal("scales/markings", cell, 2), -0.1, 0.6)
    colour = (
        colour * mixed((1.0, 1.0, 1.0), _MARKINGS, darker * markings) * (0.86 + 0.28 * rows.own(_SHADE, scale.index))
    )
    worn = kind.worn * smoothstep(along, 0.45, 1.0) * torch.exp(-(scale.across / (2.0 * kind.keel[1] + 0.1)).square())
    return colour * (1.0 + 1.6 * worn)


SCALES: Final = Effect(
    "scales",
    "scales of a snake, a fish or a dragon, which come out of the skin at the place's border",
    ("scales", "scaly", "scaled", "scale", "snake skin", "snakeskin", "snake scales", "fish scales", "fish skin",
     "dragon scales", "dragon skin", "dragonskin", "reptile scales", "reptile skin", "lizard scales", "lizard skin",
     "mermaid scales", "crocodile scales", "crocodile skin"),
    _scales,
    variants=tuple(_KINDS),
    takes_colour=True,
)  # fmt: skip
