"""Brows: hairs in a band along the brow's arc, upright near the nose, then combed outwards from above and from below.

A hair's place in the brow is `along`, from 0 at the inner end to 1 at the tail, and `across`, from -1 at the lower edge
to 1 at the upper one. The two brows of a face are never quite the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.geometry import smoothstep
from dreamface.groom.colours import colour_of
from dreamface.groom.looks import look_of, thinned
from dreamface.groom.roots import hair_uv
from dreamface.groom.surface import Surface
from dreamface.hair import Hair, Roots
from dreamface.random_streams import stream
from dreamface.styles import BrowShape, Style, size_of
from dreamface.traits import Traits
from dreamface.units import MM

_SIDES: Final = (("left", "l"), ("right", "r"))
_GRID: Final = 256  # in which densities along and across a brow are summed up
_GOLDEN: Final = 0.6180340
_SHAKEN: Final = 1.6  # cells of the lattice

# Of the traits: share of the hairs that are there, and factors on the band's height and the hairs' length.
_DENSITY_POWER: Final = 0.6
_FEWER_IN_THIN: Final = 0.35
_HEIGHT: Final = (0.55, 1.45)
_LENGTH: Final = (0.85, 1.12)

_INNER_UNTIL: Final = 0.30  # along, where the inner end's numbers have given way to the middle's
_OUTER_FROM: Final = 0.55  # along, from where they give way to the outer end's
_ENDS: Final = (0.2, 0.12)  # along, over which hairs get dense at the inner end and sparse at the outer
_SHORTER_AT_EDGE: Final = 0.25  # share of the length that hairs of the upper edge lack
_LENGTH_SPREAD: Final = 0.16
_LIFT_SPREAD: Final = 0.35  # of the lift
_SETTLED: Final = 0.55  # share of a hair's length where it lies along the skin
_BACK: Final = 0.35  # of the lift by which tips point back at the skin
_CLOSEST: Final = (0.12 * MM, 0.9 * MM)  # from the skin, of the lowest and the highest hairs' outer halves
_RISING: Final = 3.0 * MM  # along a hair, over which it gets so far
_HEAD: Final = 0.6  # millimetres by which the inner end is higher than the arc of the landmarks
_LEVEL: Final = 0.5  # of the arch's height, at which an arch that is taken away lies
_UNEVEN: Final = 0.4 * MM  # deviation of a brow's arch from the other's
_TURNED: Final = 1.5  # degrees, of its hairs' direction


@dataclass(frozen=True)
class _Arc:
    """The middle line of a brow.

    Attributes:
        places: [3, 3] metres: inner end, arch and outer end.
        share: along, of the arch.
        length: metres.
        outward: 1 on the left and -1 on the right.
        shape: of the style.
        unit: metres of a style's millimetre.
        uneven: metres by which this brow's arch is higher than the style's.
    """

    places: Tensor
    share: float
    length: float
    outward: float
    shape: BrowShape
    unit: float
    uneven: float

    def at(self, along: Tensor, across: Tensor) -> tuple[Tensor, Tensor]:
        """Return places [N, 3] on the line, and how far up [N] from there a hair grows, in metres."""
        first, peak, last = self.places
        t, m = self._on_line(along), self.share
        line = (
            ((t - m) * (t - 1.0) / m)[:, None] * first
            + (t * (1.0 - t) / (m * (1.0 - m)))[:, None] * peak
            + (t * (t - m) / (1.0 - m))[:, None] * last
        )
        shape = self.shape
        chord = torch.lerp(first, last, t[:, None])
        level = _LEVEL * (peak - torch.lerp(first, last, m))
        line = torch.lerp(line, chord + level, shape.flat)
        raised = (shape.arch * self.unit + self.uneven) * _bump(along, shape.arch_at, shape.peak)
        raised = raised + _HEAD * self.unit * (1.0 - along / _INNER_UNTIL).clamp(min=0.0)
        raised = raised + shape.tail * self.unit * ((along - 0.35) / 0.65).clamp(min=0.0) ** 1.6
        return line, raised + 0.5 * _three(along, shape.height) * self.unit * across

    def _on_line(self, along: Tensor) -> Tensor:
        inner, outer = self.shape.inner * self.unit / self.length, self.shape.outer * self.unit / self.length
        return -inner + (1.0 + inner + outer) * along


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
    shape, share = _scaled(style.brows or BrowShape(), traits), _share_of_hairs(traits)
    each = round(0.5 * style.guides * share)
    points, roots = [torch.zeros(0, style.points, 3)], [Roots(torch.zeros(0, dtype=torch.int64), torch.zeros(0, 3))]
    for side, suffix in _SIDES if each else ():
        generator = stream(seed, f"brow guides {side}")
        arc = _arc(shape, surface, suffix, generator)
        placed = _placed(arc, surface, each, generator)
        roots.append(placed.roots)
        points.append(_grown(arc, placed, surface, style.points, generator))
    all_roots = Roots(torch.cat([part.triangle for part in roots]), torch.cat([part.barycentric for part in roots]))
    return Hair(
        "brows", style.name, torch.cat(points), all_roots, hair_uv(surface.head, all_roots),
        torch.arange(len(all_roots)), thinned(look_of(style, surface), share), colour_of(style, traits),
    )  # fmt: skip


def _share_of_hairs(traits: Traits) -> float:
    density, thickness = traits.number("brows.density"), traits.number("brows.thickness")
    return density**_DENSITY_POWER * (1.0 - _FEWER_IN_THIN * (1.0 - thickness))


def _scaled(shape: BrowShape, traits: Traits) -> BrowShape:
    thickness = traits.number("brows.thickness")
    high, long = (low + (most - low) * thickness for low, most in (_HEIGHT, _LENGTH))
    first, middle, last = shape.height
    near, far, end = shape.length
    height, length = (high * first, high * middle, high * last), (long * near, long * far, long * end)
    return shape.model_copy(update={"height": height, "length": length})


def _arc(shape: BrowShape, surface: Surface, suffix: str, generator: torch.Generator) -> _Arc:
    places = torch.stack([surface.head.landmark(f"brow_{name}_{suffix}") for name in ("inner", "arch", "outer")])
    first, second = ((places[n + 1] - places[n]).norm() for n in range(2))
    return _Arc(
        places=places,
        share=float(first / (first + second)),
        length=float(first + second),
        outward=1.0 if suffix == "l" else -1.0,
        shape=shape,
        unit=MM * size_of(surface.skull),
        uneven=_UNEVEN * float(torch.randn(1, generator=generator)),
    )


def _placed(arc: _Arc, surface: Surface, count: int, generator: torch.Generator) -> _Placed:
    """Return `count` hairs of a brow: dense in the middle, fewer at the ends and the edges."""
    grid = torch.linspace(0.0, 1.0, _GRID)
    # The band is narrower at its ends: there are as many hairs to the area.
    here = _three(grid, arc.shape.density) * _three(grid, arc.shape.height)
    here = here * (grid / _ENDS[0]).clamp(max=1.0) ** 0.6 * ((1.0 - grid) / _ENDS[1]).clamp(max=1.0) ** 0.5
    # A lattice that is shaken, so that there are neither gaps nor crowds nor rows.
    number = torch.arange(count)[:, None] + 0.5 + _SHAKEN * (torch.rand(count, 2, generator=generator) - 0.5)
    along = _drawn(grid, here, number[:, 0] / count)
    edge = 1.0 - arc.shape.soft * (2.0 * grid - 1.0).abs() ** 1.7
    across = _drawn(2.0 * grid - 1.0, edge, number[:, 1] * _GOLDEN % 1.0)
    line, raised = arc.at(along, across)
    frame = _frame(arc, surface, along)
    roots = surface.roots_at(line + raised[:, None] * frame[1])
    return _Placed(along, across, roots, *frame)


def _drawn(grid: Tensor, density: Tensor, random: Tensor) -> Tensor:
    """Return [N] numbers of a grid, as many near each as its density says; `random` [N] is uniform."""
    running = density.cumsum(0) / density.sum().clamp(min=1e-9)
    return torch.from_numpy(np.interp(random.numpy(), running.numpy(), grid.numpy())).float()


def _frame(arc: _Arc, surface: Surface, along: Tensor) -> tuple[Tensor, Tensor]:
    """Return the ways [N, 3] along the brow and up across it, on the skin."""
    step, zero = 0.01, torch.zeros_like(along)
    middle, _ = arc.at(along, zero)
    ends = []
    for side in (-step, step):
        line, raised = arc.at(along + side, zero)
        ends.append(line + raised[:, None] * line.new_tensor((0.0, 0.0, 1.0)))
    normal = surface.near(middle).normal
    tangent = ends[1] - ends[0]
    tangent = normalize(tangent - (tangent * normal).sum(dim=1, keepdim=True) * normal, dim=1)
    return tangent, arc.outward * torch.linalg.cross(normal, tangent)


def _grown(arc: _Arc, placed: _Placed, surface: Surface, each: int, generator: torch.Generator) -> Tensor:
    """Return [N, P, 3]: hairs that leave the skin at a small angle, settle along it and bend outwards."""
    shape, along, across = arc.shape, placed.along, placed.across
    count = len(along)
    random = torch.randn(count, 4, generator=generator).clamp(-2.0, 2.0)
    length = _three(along, shape.length) * arc.unit * (1.0 - _SHORTER_AT_EDGE * across.clamp(min=0.0))
    step = (length * (1.0 + _LENGTH_SPREAD * random[:, 0]) / (each - 1))[:, None]
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


def _angle(arc: _Arc, placed: _Placed, random: Tensor, generator: torch.Generator) -> Tensor:
    """Return radians [N] by which roots point up from the brow's direction."""
    shape, along, across = arc.shape, placed.along, placed.across
    phases = 2.0 * math.pi * torch.rand(4, generator=generator)
    tufts = (
        torch.sin(31.0 * along + 2.1 * across + phases[0])
        + 0.7 * torch.sin(67.0 * along - 3.4 * across + phases[1])
        + 0.5 * torch.sin(13.0 * along + 5.0 * across + phases[2])
    )
    tufts = tufts * (0.35 + 0.65 * smoothstep(along / _INNER_UNTIL))
    own = _TURNED * float(torch.randn(1, generator=generator))
    degrees = _three(along, shape.angle) - _three(along, shape.spread) * across
    return torch.deg2rad(degrees + own + shape.tufts * tufts + shape.unruly * random)


def _three(along: Tensor, values: tuple[float, float, float]) -> Tensor:
    """Return [N]: numbers of the inner end, the middle and the outer end, run into each other."""
    first, middle, last = values
    start = 1.0 - smoothstep(along / _INNER_UNTIL)
    end = ((along - _OUTER_FROM) / (1.0 - _OUTER_FROM)).clamp(0.0, 1.0)
    return middle + (first - middle) * start + (last - middle) * end


def _bump(along: Tensor, highest: float, peak: float) -> Tensor:
    """Return [N]: 0 at the ends of the brow and 1 at its highest; a tent where `peak` is 1."""
    tent = torch.minimum(along / highest, (1.0 - along) / (1.0 - highest)).clamp(0.0, 1.0)
    return peak * tent + (1.0 - peak) * torch.sin(0.5 * math.pi * tent)
