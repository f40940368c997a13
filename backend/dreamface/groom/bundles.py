"""Hair that runs together: the middle of a tail, braid or rope, and where its hairs are around that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.groom.shaping import arc_lengths, even, frames
from dreamface.groom.surface import Surface
from dreamface.styles import Place

_FINE: Final = 160
"""Points of a bundle's middle."""

_HANGING: Final = 48
"""Steps in which a bundle hangs."""

_PUSHED: Final = 0.7  # share of what hangs too deep by which it is moved in one step
_STIFF: Final = 0.035  # metres over which a hanging bundle turns down
_DOWN: Final = (0.0, 0.0, -1.0)


@dataclass(frozen=True)
class Bundle:
    """The middle of a bundle.

    Attributes:
        points: [M, 3] metres, evenly spaced.
        across, away: [M, 3] unit directions, along the skin and away from it.
        length: metres.
    """

    points: Tensor
    across: Tensor
    away: Tensor
    length: float

    def at(self, arc: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return points, across and away [..., 3] at metres [...] from its start."""
        place = (arc / self.length).clamp(0.0, 1.0) * (len(self.points) - 1)
        before = place.long().clamp(max=len(self.points) - 2)
        part = (place - before)[..., None]
        found = (
            torch.lerp(values[before], values[before + 1], part) for values in (self.points, self.across, self.away)
        )
        points, across, away = found
        return points, normalize(across, dim=-1), normalize(away, dim=-1)


def bundle_of(points: Tensor, outward: Tensor) -> Bundle:
    """Return the bundle along points [K, 3]; `outward` [3] is away from the skin at its start."""
    fine = even(points[None], _FINE)
    across, away = frames(fine, outward[None, None].expand_as(fine))
    return Bundle(fine[0], across[0], away[0], float(arc_lengths(fine)[0, -1]))


def on_skin(surface: Surface, azimuth: Tensor, elevation: Tensor, out: Tensor) -> tuple[Tensor, Tensor]:
    """Return places [N, 3] in directions around the skull, `out` metres off the skin, and the way out of it [N, 3]."""
    a, e = torch.deg2rad(azimuth), torch.deg2rad(elevation)
    way = torch.stack((e.cos() * a.sin(), -e.cos() * a.cos(), e.sin()), dim=1)
    place = surface.outermost(way)
    near = surface.near(place)
    return place + out[:, None] * near.normal, near.normal


def place_on(surface: Surface, place: Place, unit: float, mirrored: bool = False) -> tuple[Tensor, Tensor]:
    """Return one place of a style [3] and the way out of the skin there [3]; `unit` is its millimetre in metres."""
    azimuth = torch.tensor([-place.azimuth if mirrored else place.azimuth])
    points, normal = on_skin(surface, azimuth, torch.tensor([place.elevation]), torch.tensor([place.out * unit]))
    return points[0], normal[0]


def hanging(surface: Surface, start: Tensor, way: Tensor, length: float, margin: float) -> Tensor:
    """Return [N, K, 3]: how bundles hang from places.

    Args:
        surface: what they keep out of.
        start: [N, 3] metres.
        way: [N, 3] unit directions in which they leave.
        length: metres.
        margin: metres between their middles and the skin.
    """
    step, place, direction, points = length / _HANGING, start, way, [start]
    turning = min(1.0, step / _STIFF)
    for _ in range(_HANGING):
        down = place.new_tensor(_DOWN).expand_as(direction)
        direction = normalize(torch.lerp(direction, down, turning), dim=1)
        moved = place + step * direction
        near = surface.near(moved)
        deep = (margin - near.distance).clamp(min=0.0)[:, None]
        direction = normalize(moved + _PUSHED * deep * near.normal - place, dim=1)
        place = place + step * direction
        points.append(place)
    return torch.stack(points, dim=1)


def plaited(strands: int, number: Tensor, turns: Tensor, radius: Tensor) -> tuple[Tensor, Tensor]:
    """Return how far across and away [N, P] the middle of each strand of a braid or rope is.

    A braid of three follows a flat figure of eight, x = a sin t, y = b sin 2t, each a third of a turn after the
    other; a rope of two goes round.

    Args:
        strands: three or two.
        number: [N] which strand.
        turns: [N, P] from the start.
        radius: [N, P] metres of the whole.
    """
    angle = 2.0 * torch.pi * (turns + number[:, None] / strands)
    if strands == 3:
        return 0.62 * radius * torch.sin(angle), 0.36 * radius * torch.sin(2.0 * angle)
    return 0.45 * radius * torch.sin(angle), 0.45 * radius * torch.cos(angle)


def shared_locks(lock: Tensor) -> Tensor:
    """Return [N] int64: 0 for guides that have a lock of their own, numbers from 1 on for those that share one.

    Args:
        lock: [N] int64, see `Hair.lock`.
    """
    _, place, count = torch.unique(lock, return_inverse=True, return_counts=True)
    together = count > 1
    number: Tensor = torch.where(together, together.long().cumsum(0), 0)[place]
    return number
