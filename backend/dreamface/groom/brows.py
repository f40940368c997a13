"""Brows: hairs in a band along the brow's arc, upright near the nose, then combed outwards from above and from below.

Where in a face that band lies is said by `dreamface.styles`, so that painted brows lie below. The two brows of a face
are never quite the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.groom.colours import colour_of
from dreamface.groom.looks import look_of, thinned
from dreamface.groom.roots import hair_uv
from dreamface.groom.surface import Surface
from dreamface.hair import Hair, Roots
from dreamface.random_streams import stream
from dreamface.styles import BROW_SIDES, BrowArc, BrowShape, Style, brow_arc, share_of_brow_hairs
from dreamface.traits import Traits
from dreamface.units import MM

_GRID: Final = 256  # in which densities along and across a brow are summed up
_GOLDEN: Final = 0.6180340
_SHAKEN: Final = 1.6  # cells of the lattice

_LENGTH_SPREAD: Final = 0.16
_LIFT_SPREAD: Final = 0.35  # of the lift
_SETTLED: Final = 0.55  # share of a hair's length where it lies along the skin
_BACK: Final = 0.35  # of the lift by which tips point back at the skin
_CLOSEST: Final = (0.12 * MM, 0.9 * MM)  # from the skin, of the lowest and the highest hairs' outer halves
_RISING: Final = 3.0 * MM  # along a hair, over which it gets so far
_TURNED: Final = 1.5  # degrees, of its hairs' direction


@dataclass(frozen=True)
class _Placed:
    """Hairs of one brow before they grow: places in the brow, roots, and a frame of the skin there."""

    along: Tensor
    across: Tensor
    roots: Roots
    outward: Tensor
    upward: Tensor


def grow_brows(style: Style, surface: Surface, traits: Traits, seed: int) -> Hair:
    """Return the brows of a head; none where `brows.density` is 0.

    Args:
        style: with a shape for brows.
        surface: of the head.
        traits: a person's.
        seed: of what is uneven.
    """
    share = share_of_brow_hairs(traits)
    each = round(0.5 * style.guides * share)
    points, roots = [torch.zeros(0, style.points, 3)], [Roots(torch.zeros(0, dtype=torch.int64), torch.zeros(0, 3))]
    for side, suffix in BROW_SIDES if each else ():
        generator = stream(seed, f"brow guides {side}")
        arc = brow_arc(style.brows or BrowShape(), surface.head, traits, suffix, generator)
        placed = _placed(arc, surface, each, generator)
        roots.append(placed.roots)
        points.append(_grown(arc, placed, surface, style.points, generator))
    all_roots = Roots(torch.cat([part.triangle for part in roots]), torch.cat([part.barycentric for part in roots]))
    return Hair(
        "brows", style.name, torch.cat(points), all_roots, hair_uv(surface.head, all_roots),
        torch.arange(len(all_roots)), thinned(look_of(style, surface), share), colour_of(style, traits),
    )  # fmt: skip


def _placed(arc: BrowArc, surface: Surface, count: int, generator: torch.Generator) -> _Placed:
    """Return `count` hairs of a brow: dense in the middle, fewer at the ends and the edges."""
    grid = torch.linspace(0.0, 1.0, _GRID)
    # A lattice that is shaken, so that there are neither gaps nor crowds nor rows.
    number = torch.arange(count)[:, None] + 0.5 + _SHAKEN * (torch.rand(count, 2, generator=generator) - 0.5)
    along = _drawn(grid, arc.crowding(grid), number[:, 0] / count)
    across = _drawn(2.0 * grid - 1.0, arc.thinning(2.0 * grid - 1.0), number[:, 1] * _GOLDEN % 1.0)
    line, raised = arc.at(along, across)
    middle, _ = arc.at(along, torch.zeros_like(along))
    frame = arc.frame(along, surface.near(middle).normal)
    roots = surface.roots_at(line + raised[:, None] * frame[1])
    return _Placed(along, across, roots, *frame)


def _drawn(grid: Tensor, density: Tensor, random: Tensor) -> Tensor:
    """Return [N] numbers of a grid, as many near each as its density says; `random` [N] is uniform."""
    running = density.cumsum(0) / density.sum().clamp(min=1e-9)
    return torch.from_numpy(np.interp(random.numpy(), running.numpy(), grid.numpy())).float()


def _grown(arc: BrowArc, placed: _Placed, surface: Surface, each: int, generator: torch.Generator) -> Tensor:
    """Return [N, P, 3]: hairs that leave the skin at a small angle, settle along it and bend outwards."""
    shape, along, across = arc.shape, placed.along, placed.across
    count = len(along)
    random = torch.randn(count, 4, generator=generator).clamp(-2.0, 2.0)
    step = (arc.lengths(along, across) * (1.0 + _LENGTH_SPREAD * random[:, 0]) / (each - 1))[:, None]
    angle = _angle(arc, placed, random[:, 1], generator)
    bend = math.radians(shape.bend) * (1.0 + 0.5 * random[:, 2]) * (0.7 - 0.5 * across)
    lift = math.radians(shape.lift) * (1.0 + _LIFT_SPREAD * random[:, 3])
    high = _CLOSEST[0] + (_CLOSEST[1] - _CLOSEST[0]) * torch.rand(count, generator=generator)
    triangles = surface.triangles
    place = placed.roots.on(surface.head.vertices, triangles)
    normal = normalize(placed.roots.on(surface.normals, triangles), dim=1)
    points = [place]
    for number in range(1, each):
        done = number / (each - 1)
        turned = (angle - bend * done**1.3)[:, None]
        flat = torch.cos(turned) * placed.outward + torch.sin(turned) * placed.upward
        flat = normalize(flat - (flat * normal).sum(dim=1, keepdim=True) * normal, dim=1)
        up = (lift * (1.0 - (1.0 + _BACK) * min(1.0, done / _SETTLED)))[:, None]
        moved = place + step * (torch.cos(up) * flat + torch.sin(up) * normal)
        near = surface.near(moved)
        closest = high * (number * step[:, 0] / _RISING).clamp(max=1.0)
        moved = moved + (closest - near.distance).clamp(min=0.0)[:, None] * near.normal
        place, normal = place + step * normalize(moved - place, dim=1), near.normal
        points.append(place)
    return torch.stack(points, dim=1)


def _angle(arc: BrowArc, placed: _Placed, random: Tensor, generator: torch.Generator) -> Tensor:
    """Return radians [N] by which roots point up from the brow's direction."""
    phases = 2.0 * math.pi * torch.rand(4, generator=generator)
    own = _TURNED * float(torch.randn(1, generator=generator))
    return torch.deg2rad(own + arc.angles(placed.along, placed.across, phases) + arc.shape.unruly * random)
