"""Scales instead of skin: overlapping rows with a raised free edge, each scale in its own shade, dark between them.

A scale begins with its row and reaches over the next one. Places on it are `along`, from 0 where it begins to 1 at the
tip of its free edge, and across, from its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.lattice import Cells, Lattice, cells, lattice
from dreamface.skin.canvas.layer import Decal, Ground, Layer
from dreamface.skin.canvas.ramps import Line
from dreamface.skin.canvas.shared_noises import BLOTCHES, PATCHES
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.pattern_drawing import EDGE, exactly, finest_edge, full_rows, in_bands, keeps_clear, resolved
from dreamface.units import MM

_SHADE, _PRESENCE = 1, 2  # which of the lattice's random numbers say how dark a scale is, and how early it comes


@dataclass(frozen=True)
class _Rows:
    """How scales are laid.

    Attributes:
        height, width: metres from one row to the next, and of a scale.
        wander: metres that rows stray.
        overlap: rows that a scale is long.
    """

    height: float
    width: float
    wander: float
    overlap: float


_ROWS: Final = _Rows(height=4.6 * MM, width=6.4 * MM, wander=2.0 * MM, overlap=1.75)


@dataclass(frozen=True)
class _Shape:
    """The outline and the relief of a scale.

    Attributes:
        tip_from: along: from there to 1 its tip is round.
        half_width: in half cells.
        closing: half cells that it loses for each length beyond its tip, so that nothing of it is left there.
        height: metres.
        rise: fraction of the height, by `along`: it rises to its free edge.
        arch: fraction of the height that it lacks at its sides.
        keel: fraction of the height of the ridge along its middle.
        keel_narrowness: half cells over the keel's width.
    """

    tip_from: float
    half_width: float
    closing: float
    height: float
    rise: Line
    arch: float
    keel: float
    keel_narrowness: float


_SHAPE: Final = _Shape(
    tip_from=0.42,
    half_width=0.98,
    closing=4.0,
    height=0.34 * MM,
    rise=Line(base=0.22, slope=0.62),
    arch=0.42,
    keel=0.10,
    keel_narrowness=6.0,
)


@dataclass(frozen=True)
class _Horn:
    """What scales are made of.

    Attributes:
        cover: 0..1 how much of the skin they hide, by their shade.
        rim, shade: 0..1 how dark the rims between them are, and the darkest scale.
        darkness: fraction of their colour that these keep.
        roughness, specular, dark_roughness: of the scales, and of what is dark.
        opaque: fraction of the light from below the skin that they keep off.
        edge: half the width of their edges, in edges of patterns.
        finest: how much softer edges may be at the borders of tiles.
        rim_over: distances from a scale's edge, in edges, over which its rim ends.
        mean_rim, mean_shade: of scales too small to be seen.
    """

    cover: Line
    rim: float
    shade: float
    darkness: float
    roughness: float
    specular: float
    dark_roughness: float
    opaque: float
    edge: float
    finest: float
    rim_over: tuple[float, float]
    mean_rim: float
    mean_shade: float


_HORN: Final = _Horn(
    cover=Line(base=0.90, slope=-0.16),
    rim=0.72,
    shade=0.30,
    darkness=0.16,
    roughness=0.36,
    specular=0.62,
    dark_roughness=0.55,
    opaque=0.75,
    edge=2.0,
    finest=2.5,
    rim_over=(0.25, 1.6),
    mean_rim=0.25,
    mean_shade=0.5,
)


@dataclass(frozen=True)
class _Spread:
    """Where scales are, by the strength: first on neck, temples and brow, last in the middle of the face.

    Attributes:
        by_strength: how far they come at full strength.
        face: metres from the mouth and nose: how far the late middle reaches.
        ears: how late they come on ears, where 1 is as late as in the middle of the face.
        patches, blotches: how much noises of two sizes move their border.
        over: what has come by which they appear, and all are there.
        one_by_one: how much earlier the first scales of a place come than the last ones.
        whole_over: the same as `over`, of single scales.
    """

    by_strength: float
    face: float
    ears: float
    patches: float
    blotches: float
    over: tuple[float, float]
    one_by_one: float
    whole_over: tuple[float, float]


_SPREAD: Final = _Spread(
    by_strength=1.75,
    face=62.0 * MM,
    ears=0.30,
    patches=0.10,
    blotches=0.08,
    over=(0.05, 0.42),
    one_by_one=0.7,
    whole_over=(0.40, 0.52),
)


def _scales(subject: Subject) -> Sequence[Decal]:
    """Paint the scales, and the dark rims between them."""
    tint, strength = subject.traits.tint("skin.scales")
    if strength == 0.0:
        return ()
    grid = lattice(subject, "scales", _ROWS.height, _ROWS.width, _ROWS.wander)
    scaled = _scaled_skin(subject, strength)
    window = full_rows(subject, scaled > 0.0)
    if window is None:
        return ()
    cover, dark, height = (torch.empty(window.shape) for _ in range(3))
    drawing = finest_edge(subject, _HORN.finest), resolved(subject, _ROWS.height)
    fields = torch.stack((*grid.turns, grid.front, grid.down, scaled, *drawing))
    for rows, (ahead, behind, front, down, presence, edge, seen) in in_bands(subject, window, fields):
        soft = edge.clamp_min_(_HORN.edge * EDGE).mul_(2.0 / _ROWS.width)
        turn = torch.where(front > 0.0, ahead, behind)
        relief, rim, scale = _scale(grid, turn, down / grid.row_height, soft)
        rim = torch.lerp(torch.tensor(_HORN.mean_rim), rim, seen)
        shade = torch.lerp(torch.tensor(_HORN.mean_shade), grid.own(_SHADE, scale), seen)
        # Where scales run out, they do so one by one.
        early = presence + _SPREAD.one_by_one * (grid.own(_PRESENCE, scale) - 0.5)
        presence = presence * smoothstep(early, *_SPREAD.whole_over)
        cover[rows] = presence * _HORN.cover.at(shade)
        dark[rows] = presence * (_HORN.rim * rim + _HORN.shade * shade * (1.0 - rim))
        height[rows] = relief.mul_(presence).mul_(_SHAPE.height)
    colour = torch.tensor(tint)
    return (
        Decal(window, cover=cover, colour=colour, height=height, roughness=_HORN.roughness, specular=_HORN.specular),
        Decal(window, cover=dark, colour=_HORN.darkness * colour, roughness=_HORN.dark_roughness),
    )


def _horny(subject: Subject, ground: Ground) -> Ground:
    """Let little light below the scales."""
    _, strength = subject.traits.tint("skin.scales")
    if strength == 0.0:
        return ground
    return replace(ground, subsurface=ground.subsurface * (1.0 - _HORN.opaque * _scaled_skin(subject, strength)))


def _scaled_skin(subject: Subject, strength: float) -> Tensor:
    """Return 0..1 [S, S] where scales are."""
    head, place = subject.head, subject.surface.position
    middle = 0.5 * (head.landmark("pronasale") + head.landmark("subnasale"))
    distance = (place - middle[:, None, None]).norm(dim=0)
    late = torch.exp(-((distance / _SPREAD.face) ** 2)) + _SPREAD.ears * subject.region("ears")
    uneven = _SPREAD.patches * exactly(subject, PATCHES)[0] + _SPREAD.blotches * exactly(subject, BLOTCHES)[2]
    return smoothstep(_SPREAD.by_strength * strength - late + uneven, *_SPREAD.over) * keeps_clear(subject)


# ----------------------------------------------------------------------------------------------------------- one scale


def _scale(grid: Lattice, turn: Tensor, below: Tensor, soft: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return [h, w] each: the relief 0..1, how near the scale's edge is, 0..1, and which scale it is.

    Where the scales of the row above still cover, they lie on top.

    Args:
        grid: the rows.
        turn: [h, w] radians around the head.
        below: [h, w] rows from the crown.
        soft: [h, w] half the width of an edge, in half cells.
    """
    row = below.floor()
    over, under = cells(grid, turn, row - 1.0), cells(grid, turn, row)
    along_over, along_under = (below - row + 1.0) / _ROWS.overlap, (below - row) / _ROWS.overlap
    room_over, room_under = _room(over, along_over), _room(under, along_under)
    on_top = smoothstep(room_over / soft, 0.0, 1.0)
    relief = torch.lerp(_relief(under, along_under), _relief(over, along_over), on_top)
    edge = torch.where(room_over > 0.0, room_over, torch.minimum(room_under, -room_over))
    rim = 1.0 - smoothstep(edge / soft, *_HORN.rim_over)
    return relief, rim, torch.where(room_over > 0.0, over.index, under.index)


def _room(cell: Cells, along: Tensor) -> Tensor:
    """Return half cells [h, w] to the edge of a scale, negative outside: it has straight sides and a round tip."""
    tip = ((along - _SHAPE.tip_from) / (1.0 - _SHAPE.tip_from)).clamp_min(0.0)
    half_width = _SHAPE.half_width * torch.sqrt((1.0 - tip * tip).clamp_min(0.0))
    half_width = half_width - _SHAPE.closing * (along - 1.0).clamp_min(0.0)
    return half_width - 2.0 * cell.across.abs()


def _relief(cell: Cells, along: Tensor) -> Tensor:
    """Return 0..1 [h, w] how high a scale stands: it rises to its free edge, arched across, with a faint keel."""
    across = 2.0 * cell.across.abs()
    arched = 1.0 - _SHAPE.arch * across * across
    keel = _SHAPE.keel * (1.0 - _SHAPE.keel_narrowness * across).clamp_min(0.0)
    return _SHAPE.rise.at(along.clamp(0.0, 1.0)) * arched + keel * along


SCALES: Final = Layer("scales", "overlapping scales", ("skin.scales",), stain=_horny, decals=_scales)
