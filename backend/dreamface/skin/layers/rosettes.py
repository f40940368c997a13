"""An animal's spots: broken rings around a darker middle, as a leopard's; small and full on the face, larger elsewhere.

They lie in the cells of a lattice, off the cells' middles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.lattice import Lattice, cells, lattice
from dreamface.skin.canvas.layer import Decal, Layer
from dreamface.skin.canvas.ramps import Line
from dreamface.skin.canvas.shared_noises import MOTTLING, PATCHES, Noise
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.pattern_drawing import (
    EDGE,
    away_from_borders,
    bust_rim,
    exactly,
    finest_edge,
    full_rows,
    in_bands,
    keeps_clear,
)
from dreamface.units import MM

_ASIDE, _ALONG, _SIZE = 1, 2, 3  # which of the lattice's random numbers say where a rosette lies, and how large it is


@dataclass(frozen=True)
class _Places:
    """Where rosettes lie.

    Attributes:
        period: metres from one to the next.
        wander: metres that their rows stray.
        off_middle: cells: the width of the range that they lie in around their cells' middles.
        patches_mm, mottling_mm: that noises of two sizes move their edges.
        turn_radius: metres from the head's axis at which these are taken for turns around it.
    """

    period: float
    wander: float
    off_middle: float
    patches_mm: float
    mottling_mm: float
    turn_radius: float


_PLACES: Final = _Places(
    period=15.5 * MM, wander=2.5 * MM, off_middle=0.34, patches_mm=1.15, mottling_mm=0.32, turn_radius=0.09
)


@dataclass(frozen=True)
class _Ring:
    """What a rosette is like. Smallness is 1 on the face and 0 far from it.

    Attributes:
        radius, small_radius: metres.
        size: factor on it, by a random number.
        hole: radius of the middle over that of the ring, by the smallness: small rings are full.
        gap_over: values of a noise over which rings are broken.
        edge: half the width of its outer edge, in edges of patterns; `inner_edge` is that of its hole over it.
        finest: how much softer it may be at the borders of tiles.
        cover, middle: 0..1 how much of the skin the ring hides, and how much less its middle and its gaps hide.
    """

    radius: float
    small_radius: float
    size: Line
    hole: Line
    gap_over: tuple[float, float]
    edge: float
    inner_edge: float
    finest: float
    cover: float
    middle: float


_RING: Final = _Ring(
    radius=4.6 * MM,
    small_radius=2.0 * MM,
    size=Line(base=0.72, slope=0.56),
    hole=Line(base=0.52, slope=-1.2),
    gap_over=(0.30, 0.55),
    edge=1.4,
    inner_edge=2.0,
    finest=1.8,
    cover=0.92,
    middle=0.70,
)
_GAPS: Final = Noise("rosette gaps", cell=6.2 * MM)
_GAP_STRENGTH: Final = 0.5  # factor on that noise

_FACE: Final = (0.040, 0.095)  # metres from the bridge of the nose over which rings grow larger
_NOSE: Final = 0.5  # fraction of the rosettes that the nose lacks, over `_NOSE_OVER` of its region's weight
_NOSE_OVER: Final = (0.3, 0.9)
_WHOLE_OVER: Final = (0.1, 0.6)  # of what is clear of lips and eyes, over which rings are drawn
_BUST_OVER: Final = (0.01, 0.05)  # metres above the bust's rim over which they come


def _rosettes(subject: Subject) -> Sequence[Decal]:
    """Paint the rings."""
    tint, strength = subject.traits.tint("skin.spots")
    if strength == 0.0:
        return ()
    fields = subject.once("rosettes", lambda: _fields(subject))
    grid = _lattice(subject)
    window = full_rows(subject, fields[-1] > 0.0)
    if window is None:
        return ()
    cover = torch.empty(window.shape)
    fields = torch.cat((fields, finest_edge(subject, _RING.finest)[None]))
    for rows, (ahead, behind, front, down, small, gap, opacity, finest) in in_bands(subject, window, fields):
        soft = finest.clamp_min_(_RING.edge * EDGE)
        distance, size = _to_rosette(grid, torch.where(front > 0.0, ahead, behind), down)
        full, darkness = _ring(distance, size, small, gap, soft)
        cover[rows] = full.mul_(opacity).mul_(darkness).mul_(strength)
    return (Decal(window, cover=cover, colour=torch.tensor(tint)),)


def _ring(distance: Tensor, size: Tensor, small: Tensor, gap: Tensor, soft: Tensor) -> tuple[Tensor, Tensor]:
    """Return 0..1 [h, w] where rosettes are, and how much of the skin they hide there.

    The middle and the gaps of a ring are darker than the skin around, too.
    """
    look = _RING
    radius = torch.lerp(look.radius * size, look.small_radius * size, small)
    hole = radius * look.hole.at(small)
    full = smoothstep((radius - distance) / soft, -1.0, 1.0)
    broken = smoothstep(gap, *look.gap_over) * (1.0 - small)
    inside = smoothstep((hole - distance) / soft, -look.inner_edge, look.inner_edge)
    return full, look.cover - look.middle * torch.maximum(inside, broken)


def _lattice(subject: Subject) -> Lattice:
    return lattice(subject, "rosettes", _PLACES.period, _PLACES.period, _PLACES.wander)


def _fields(subject: Subject) -> Tensor:
    """Return the fields [7, S, S] that rings are drawn from.

    Two turns, the front and the way down of the lattice, with ragged edges; 0..1 how small rings are; a noise that says
    where they are broken; 0..1 how much they cover.
    """
    grid, place = _lattice(subject), subject.surface.position
    middle, small = exactly(subject, PATCHES), subject.noise(MOTTLING) * away_from_borders(subject)
    down = grid.down + (_PLACES.patches_mm * middle[0] + _PLACES.mottling_mm * small[0]) * MM
    aside = (_PLACES.patches_mm * middle[1] + _PLACES.mottling_mm * small[1]) * MM
    turns = grid.turns + aside / _PLACES.turn_radius
    gap = _GAP_STRENGTH * exactly(subject, _GAPS)[0]
    near = (place - subject.head.landmark("rhinion")[:, None, None]).norm(dim=0)
    face = 1.0 - smoothstep(near, *_FACE)
    clear = keeps_clear(subject) * (1.0 - _NOSE * smoothstep(subject.region("nose"), *_NOSE_OVER))
    clear = clear * smoothstep(clear, *_WHOLE_OVER)
    rim = bust_rim(subject)
    bust = smoothstep(place[2], *(rim + height for height in _BUST_OVER))
    return torch.stack((*turns, grid.front, down, face, gap, clear * bust))


def _to_rosette(grid: Lattice, turn: Tensor, down: Tensor) -> tuple[Tensor, Tensor]:
    """Return metres [h, w] to the middle of the nearest rosette, and its size, about 1."""
    below = down / grid.row_height - 0.5
    first = below.floor()
    nearest, chosen = torch.full_like(turn, 1.0), torch.zeros_like(turn, dtype=torch.long)
    for step in (0.0, 1.0):
        row = first + step
        cell = cells(grid, turn, row)
        aside = (cell.across + _PLACES.off_middle * (grid.own(_ASIDE, cell.index) - 0.5)) * grid.cell_width
        along = (below - row + _PLACES.off_middle * (grid.own(_ALONG, cell.index) - 0.5)) * grid.row_height
        distance = torch.sqrt(aside * aside + along * along)
        closer = distance < nearest
        chosen = torch.where(closer, cell.index, chosen)
        nearest = torch.minimum(nearest, distance)
    return nearest, _RING.size.at(grid.own(_SIZE, chosen))


ROSETTES: Final = Layer("spots", "an animal's spots", ("skin.spots",), decals=_rosettes)
