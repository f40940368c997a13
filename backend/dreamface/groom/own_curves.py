"""Guides that an artist has combed, as part of a style: to the frame of the skull, and from there to any head.

A point is kept as east, north and outwards of its guide's root, from the skull's middle, in lengths of half the skull:
`Skull` says where that is on a head.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.groom.surface import Surface
from dreamface.hair import Roots
from dreamface.styles import MOST_GUIDES, Curves, Skull

_FEWEST_POINTS: Final = 4  # of a guide, as a style has them
_MOST_POINTS: Final = 96
_SHORTEST: Final = 2e-4  # metres; a guide that is shorter was never drawn
_FARTHEST: Final = 0.02  # metres between the skin and the roots of most guides
_LARGEST: Final = 50.0  # halves of a skull: five metres
_EVEN: Final = 1.2  # longest step between points over the shortest, up to which they stay as they are
_ROUNDS: Final = 4  # after which points are about evenly spaced
_DECIMALS: Final = 5  # of half the skull: a micrometre


def to_curves(points: Iterable[Tensor], head: Head) -> Curves:
    """Return guides in the frame of the skull, which a style keeps.

    Args:
        points: of each guide [P, 3] from its root to its tip, metres, in the head's space. All get as many points as
            the one with the most, evenly spaced, and at most 96.
        head: that they were combed on.

    Raises:
        BadRequest: there is no guide, or they do not start on the head's skin.
    """
    drawn = [guide for guide in points if len(guide) > 1 and _length(guide) >= _SHORTEST]
    if not drawn:
        raise BadRequest("There are no guides to make a style of: comb some hair first.")
    drawn = drawn[:: -(-len(drawn) // MOST_GUIDES)]  # every so-and-so-many-th, where there are too many
    count = min(max(_FEWEST_POINTS, *map(len, drawn)), _MOST_POINTS)
    guides = torch.stack([_evenly_spaced(guide, count) for guide in drawn])
    starts = guides[:, 0]
    on_skin = Surface(head).roots_at(starts).on(head.vertices, head.topology.triangles)
    if (on_skin - starts).norm(dim=1).median() > _FARTHEST:
        raise BadRequest("These guides do not start on the head's skin: use curves that are attached to this head.")
    skull = Skull.of(head)
    if ((guides - skull.centre).abs() > _LARGEST * skull.size).any():
        raise BadRequest("These guides reach metres away from the head: check the scale of the curves.")
    azimuth, elevation = skull.angles(starts)
    local = torch.einsum("npc,nck->npk", guides - skull.centre, _frames(azimuth, elevation)) / skull.size
    return Curves(azimuth=_rounded(azimuth), elevation=_rounded(elevation), points=_rounded(local))


def from_curves(curves: Curves, head: Head, surface: Surface | None = None) -> tuple[Tensor, Roots]:
    """Return guides on a head: points [N, P, 3] in metres, of which the first lie on the skin, and their roots.

    Args:
        curves: of a style.
        head: any.
        surface: the head's skin, where it is at hand already.

    Raises:
        BadRequest: a curve is further from the head than hair can be.
    """
    skull = Skull.of(head)
    azimuth, elevation = (torch.tensor(angles, dtype=torch.float32) for angles in (curves.azimuth, curves.elevation))
    local = torch.tensor(curves.points, dtype=torch.float32)
    if not (local.abs() <= _LARGEST).all():  # NaN neither
        raise BadRequest("This hair style has curves that are metres away from the head: save it from the head again.")
    frames = _frames(azimuth, elevation)
    placed = skull.centre + skull.size * torch.einsum("npk,nck->npc", local, frames)
    roots = (surface or Surface(head)).roots_along(placed[:, 0], frames[:, :, 2])
    starts = roots.on(head.vertices, head.topology.triangles)
    return placed + (starts - placed[:, 0])[:, None], roots


def _frames(azimuth: Tensor, elevation: Tensor) -> Tensor:
    """[N, 3, 3] rotations: columns are east (to the person's left in front), north (upwards) and outwards."""
    a, e = torch.deg2rad(azimuth), torch.deg2rad(elevation)
    east = torch.stack((a.cos(), a.sin(), torch.zeros_like(a)), dim=1)
    north = torch.stack((-e.sin() * a.sin(), e.sin() * a.cos(), e.cos()), dim=1)
    return torch.stack((east, north, torch.linalg.cross(east, north)), dim=2)


def _length(guide: Tensor) -> float:
    return float(guide.diff(dim=0).norm(dim=1).sum())


def _evenly_spaced(guide: Tensor, count: int) -> Tensor:
    """[count, 3]: points [P, 3] of a curve to ones with as much of it between each two."""
    data = guide.double().numpy()
    steps = np.linalg.norm(np.diff(data, axis=0), axis=1)
    if len(guide) == count and steps.max() <= _EVEN * steps.min():
        return guide.float()  # again and again it would be cut shorter at each bend
    along = np.concatenate(([0.0], np.cumsum(steps)))
    wanted = np.linspace(0.0, along[-1], count)
    for _ in range(_ROUNDS):  # steps across a bend are shorter than the way around it: points there move apart
        placed = np.stack([np.interp(wanted, along, axis) for axis in data.T], axis=1)
        straight = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(placed, axis=0), axis=1))))
        wanted = np.interp(np.linspace(0.0, straight[-1], count), straight, wanted)
    return torch.from_numpy(np.stack([np.interp(wanted, along, axis) for axis in data.T], axis=1)).float()


def _rounded(values: Tensor) -> Any:
    return np.round(values.double().numpy(), _DECIMALS).tolist()
