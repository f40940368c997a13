"""Hair that is parted into rows or boxes, each a braid, twist or lock of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.groom.bundles import bundle_of, hanging, plaited
from dreamface.groom.shaping import arc_lengths, even, frames
from dreamface.groom.surface import Surface
from dreamface.hair import Roots
from dreamface.styles import Rows, size_of
from dreamface.units import MM

_RUN: Final = 0.055  # metres that hair runs along in a cornrow before its end is covered by later hair
_EVERY: Final = 0.0045  # metres between roots along a cornrow, or more where that would be too many guides
_OFF_SKIN: Final = 0.7  # of a row's radius, from the skin to its middle
_SHORTEST_ROW: Final = 4  # places; less of a row is left out
_SHORTEST_TAIL: Final = 0.01  # metres; shorter ends stay on the head
_THINNER: Final = 0.45  # share of its radius that a row's end lacks at its tip
_FLAT_PITCH: Final = 10.0  # metres of a turn where a row is not plaited
_FROM, _TO = -75.0, 75.0  # degrees from the top to both sides between which rows lie


@dataclass(frozen=True)
class Rowed:
    """Guides of rows.

    Attributes:
        roots: where they are.
        points: [N, P, 3] metres.
        lock: [N] which row or box, and strand of it.
    """

    roots: Roots
    points: Tensor
    lock: Tensor


def wound(middle: Tensor, normal: Tensor, rows: Rows, unit: float, count: int) -> tuple[Tensor, Tensor]:
    """Return the strands of locks around their middles.

    Args:
        middle: [B, P, 3] metres.
        normal: [B, P, 3] away from the skin.
        rows: how they are made.
        unit: a style's millimetre in metres.
        count: P.

    Returns:
        [B * strands, count, 3] and [B * strands] which lock each belongs to.
    """
    fine = even(middle, max(count, 2 * middle.shape[1]))
    if rows.strands == 1:
        return even(fine, count), torch.arange(len(middle))
    across, away = frames(fine, normal[:, :1].expand_as(fine))
    arc = arc_lengths(fine)
    grows = (arc / (1.5 * rows.size * unit)).clamp(0.0, 1.0)
    radius = rows.radius * unit * grows * (1.0 - 0.35 * (arc / arc[:, -1:].clamp(min=1e-6)) ** 2)
    made = []
    for number in range(rows.strands):
        which = torch.full((len(fine),), float(number))
        x, y = plaited(rows.strands, which, arc / max(rows.pitch * unit, 1e-4), radius)
        made.append(fine + x[..., None] * across + y[..., None] * away)
    return even(torch.cat(made), count), torch.arange(len(middle)).repeat(rows.strands)


def cornrows(
    rows: Rows, surface: Surface, density: Tensor, length: float, count: int, most: int, generator: torch.Generator
) -> Rowed:
    """Return the guides of rows that are plaited along the skin from the forehead to the nape.

    Args:
        rows: how they are made.
        surface: of the head.
        density: [V] where hair grows.
        length: metres that hang beyond the nape.
        count: P, points of each guide.
        most: guides.
        generator: of what is uneven.
    """
    unit = MM * size_of(surface.skull)
    across = rows.size * unit / surface.skull.size * 180.0 / torch.pi
    number = max(1, round((_TO - _FROM) / across))
    angles = _FROM + (torch.arange(number) + 0.5) * (_TO - _FROM) / number
    paths = [_row(surface, angle, density, _OFF_SKIN * rows.radius * unit) for angle in angles.tolist()]
    paths = [path for path in paths if len(path) >= _SHORTEST_ROW]
    lengths = [float(arc_lengths(path[None])[0, -1]) for path in paths]
    every = max(_EVERY, sum(lengths) / max(1, most - len(paths)))
    ends = torch.stack([path[-1] for path in paths]) if paths else torch.zeros(0, 3)
    before = torch.stack([path[-2] for path in paths]) if paths else torch.zeros(0, 3)
    leaving = torch.nn.functional.normalize(ends - before, dim=1)
    tails = hanging(surface, ends, leaving, length, rows.radius * unit)
    guides = [torch.zeros(0, count, 3)]
    locks = [torch.zeros(0, dtype=torch.int64)]
    for row, (path, tail, on_head) in enumerate(zip(paths, tails, lengths, strict=True)):
        made = _plaited_row(rows, surface, (path, tail), on_head, length, unit, every, count)
        guides.append(made)
        locks.append(3 * row + torch.arange(len(made)) % 3)
    points, lock = torch.cat(guides)[:most], torch.cat(locks)[:most]
    roots = surface.roots_at(points[:, 0])
    skin = roots.on(surface.head.vertices, surface.triangles)
    return Rowed(roots, torch.cat((skin[:, None], points[:, 1:]), dim=1), lock)


def _plaited_row(
    rows: Rows,
    surface: Surface,
    way: tuple[Tensor, Tensor],
    on_head: float,
    length: float,
    unit: float,
    every: float,
    count: int,
) -> Tensor:
    """Return [K, count, 3] guides of one row, each of which joins the plait where it is rooted."""
    radius, (path, tail) = rows.radius * unit, way
    whole_way = torch.cat((path, tail[1:])) if length > _SHORTEST_TAIL else path
    middle = bundle_of(whole_way, surface.near(path[:1]).normal[0])
    starts = torch.arange(0.0, on_head, every)
    strand = torch.arange(len(starts)) % 3
    reach = torch.where(starts + _RUN > on_head, middle.length - starts, torch.full_like(starts, _RUN))
    arc = starts[:, None] + torch.linspace(0.0, 1.0, 3 * count)[None] * reach[:, None]
    ramp = ((arc - starts[:, None]) / (2.0 * radius)).clamp(0.0, 1.0)
    whole = radius * (1.0 - _THINNER * ((arc - on_head) / max(length, 1e-6)).clamp(0.0, 1.0))
    pitch = rows.pitch * unit if rows.pitch else _FLAT_PITCH
    x, y = plaited(3, strand.float(), arc / pitch, whole)
    points, side, away = middle.at(arc)
    inside = points + x[..., None] * side + y[..., None] * away
    start = middle.at(starts)[0][:, None].expand_as(inside)
    return even(torch.lerp(start, inside, ramp[..., None]), count)


def _row(surface: Surface, angle: float, density: Tensor, out: float) -> Tensor:
    """Return [K, 3] one row from the forehead to the nape, at an angle from the top to the side."""
    turn = torch.linspace(-85.0, 130.0, 120)  # degrees from the top to the back
    a, t = torch.deg2rad(torch.tensor(angle)), torch.deg2rad(turn)
    # Rows fan a little outwards: they lie on cones around the axis from ear to ear.
    way = torch.stack(
        (torch.sin(a) * torch.ones_like(t), torch.cos(a) * torch.sin(t), torch.cos(a) * torch.cos(t)), dim=1
    )
    place = surface.outermost(way)
    roots = surface.roots_at(place)
    dense = roots.on(density[:, None], surface.triangles)[:, 0]
    grown = torch.nonzero(dense > 0.45)[:, 0]
    if not len(grown):
        return torch.zeros(0, 3)
    first, last = int(grown[0]), int(grown[-1])
    path = place[first : last + 1]
    return path + out * surface.near(path).normal
