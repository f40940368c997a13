"""Rows of cells around the head, which scales and rosettes fill.

Rows run around the head's axis and are counted from the crown down; each holds as many cells as fit its girth, so that
cells are of one size everywhere but where they are meant to be smaller: around eyes and mouth the rows draw together.
Everything follows from positions in space, so seams of the texture layout do not show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

from dreamface.face import Head, Topology
from dreamface.skin.canvas.noise import solid_noise, stream
from dreamface.skin.canvas.shared_noises import BLOTCHES, Noise
from dreamface.skin.canvas.subject import Subject
from dreamface.units import MM

_FEWEST: Final = 4.0  # cells of a row
_SHIFTED: Final = 0.25  # cells that a row is moved along at random, at most
_AXIS_ABOVE_EARS: Final = 0.02  # metres that the middle of the head lies above the ears
_GIRTH_BINS: Final = 5  # heights that the girth is averaged over, which bridges those without a triangle's middle
_GATHERED: Final = 0.9  # how much closer rows lie in the middle of eyes, nose and mouth
_GATHERING: Final = 17.0 * MM  # how far that reaches
_BIN: Final = 7.0 * MM  # of height, that the head's girth is averaged over
_FIRST: Final = 4.0 * MM  # how far above the crown rows are counted from
_STRAYS: Final = 4.0  # deviations that rows stray at most
_TABLE: Final = 64  # cells after which their random numbers repeat, both ways


@dataclass(frozen=True)
class Lattice:
    """Rows on one tile's coarse grid.

    Attributes:
        turns: [2, S, S] radians around the head's axis, from the face's middle to the left; the first jumps by a whole
            turn at the back of the head, the second at the front.
        front: [S, S] above 0 where the first is to be used.
        down: [S, S] metres from the crown.
        girth: [R] radius of each row, metres.
        random: [4, T, T] uniform numbers, four for each cell.
        row_height, cell_width: metres.
    """

    turns: Tensor
    front: Tensor
    down: Tensor
    girth: Tensor
    random: Tensor
    row_height: float
    cell_width: float

    @cached_property
    def rows(self) -> Tensor:
        """[3, R] cells of each row, cells by which it is moved along, and where its random numbers begin."""
        counts = (2.0 * math.pi * self.girth / self.cell_width).round().clamp_min(_FEWEST)
        number = torch.arange(len(counts))
        random = self.random[0, :, 0][number.remainder(_TABLE)]
        # Every second row is moved by half a cell, and each a little at random.
        shift = 0.5 * number.remainder(2) + _SHIFTED * random
        return torch.stack((counts, shift, number.remainder(_TABLE) * float(_TABLE)))

    def own(self, number: int, cell: Tensor) -> Tensor:
        """Return [h, w] one of the random numbers of cells [h, w], given as `Cells.index`."""
        return self.random[number].view(-1)[cell]


@dataclass(frozen=True)
class Cells:
    """The cell of a given row at every texel.

    Attributes:
        across: [h, w] -0.5..0.5 cells from its middle.
        index: [h, w] which cell it is; far apart ones share a number.
    """

    across: Tensor
    index: Tensor


def lattice(subject: Subject, name: str, row_height: float, cell_width: float, wander: float) -> Lattice:
    """Return rows over a head, which are computed once.

    Args:
        subject: whose head.
        name: of the random stream.
        row_height: metres.
        cell_width: metres.
        wander: metres that rows stray.
    """
    courses = subject.once(f"{name} rows", lambda: _courses(subject, wander))
    girth = subject.once(f"{name} girth", lambda: _girth(subject, row_height, wander))
    random = torch.rand(4, _TABLE, _TABLE, generator=stream(subject.seed, name))
    return Lattice(courses[:2], courses[2], courses[3], girth, random, row_height, cell_width)


def exact_noise(subject: Subject, noise: Noise) -> Tensor:
    """Return `Subject.noise`, but computed on the full grid.

    The coarser grid of `Subject.noise` is slightly wrong at the islands' borders. That would show where patterns with
    sharp edges go on in the next tile.
    """
    place = subject.surface.position

    def make() -> Tensor:
        return solid_noise(place, noise.cell, len(noise.channels), subject.stream(noise.name))

    return subject.once(f"exactly {noise.name}", make)


def _courses(subject: Subject, wander: float) -> Tensor:
    """Return [4, S, S] the two turns, the front and the way down of a `Lattice`."""
    chart = _chart(subject.head)
    turn, down, _ = chart.of(subject.surface.position)
    noise = exact_noise(subject, BLOTCHES)
    gathered, down = _gather(subject.head, chart, turn, down)
    stray = gathered - turn + wander / chart.radius * noise[0]
    turns = torch.stack((turn, torch.where(turn < 0.0, turn + 2.0 * math.pi, turn))) + stray
    return torch.stack((*turns, torch.cos(turn), down + wander * noise[1] + _FIRST))


@dataclass(frozen=True)
class _Chart:
    """Coordinates around and down the head.

    Attributes:
        middle: [3] of the head.
        radius: metres from there to the crown.
        narrow: square root of the head's depth over its width, so that equal turns are equal ways around an ellipse.
    """

    middle: Tensor
    radius: float
    narrow: float

    def of(self, place: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return turn, metres from the crown, and metres from the axis of places [3, ...].

        Above the middle rows are circles of latitude, below it they go straight down.
        """
        x, y, z = (place - self.middle.view(3, *[1] * (place.dim() - 1))).unbind(0)
        around = torch.sqrt(x * x + y * y)
        above = self.radius * torch.atan2(around, z.clamp_min(0.0))
        return torch.atan2(x * self.narrow, -y / self.narrow), above - z.clamp_max(0.0), around


def _chart(head: Head) -> _Chart:
    """Return the coordinates of one head."""
    crown, chin, ears = head.landmark("crown"), head.landmark("menton"), head.landmark("tragion_l")
    back = head.landmark("opisthocranion")
    across, along = 0.5 * (crown[0] + chin[0]), 0.5 * (head.landmark("nasion")[1] + back[1])
    middle = torch.stack((across, along, ears[2] + _AXIS_ABOVE_EARS))
    radius = float(crown[2] - middle[2])
    aside = 0.5 * float((head.landmark("zygion_l") - head.landmark("zygion_r")).norm())
    depth = 0.5 * float(back[1] - head.landmark("nasion")[1])
    return _Chart(middle, radius, math.sqrt(depth / aside))


def _gather(head: Head, chart: _Chart, turn: Tensor, down: Tensor) -> tuple[Tensor, Tensor]:
    """Return coordinates that grow faster around eyes, nose and mouth, so that cells are smaller there."""
    offset_turn, offset_down = torch.zeros_like(turn), torch.zeros_like(down)
    for name in ("lid_upper_l", "lid_upper_r", "pronasale", "stomion_superius"):
        centre = [float(value) for value in chart.of(head.landmark(name))]
        aside, below = centre[2] * (turn - centre[0]), down - centre[1]
        weight = _GATHERED * torch.exp(-(aside * aside + below * below) / (2.0 * _GATHERING**2))
        offset_turn += weight * (turn - centre[0])
        offset_down += weight * below
    return turn + offset_turn, down + offset_down


def _girth(subject: Subject, row_height: float, wander: float) -> Tensor:
    """Return [R] mean distances from the axis of each row's skin, on the whole head: rows agree in all tiles."""
    head, chart = subject.head, _chart(subject.head)
    corners = head.vertices[_skin_triangles(head.topology)]  # [N, 3 corners, 3]
    area = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).norm(dim=1)
    turn, down, around = chart.of(corners.mean(dim=1).T)
    area = area / around.square()  # shoulders are at the height of the neck, and farther out
    _, down = _gather(head, chart, turn, down)
    lowest = float(down.max()) + _FIRST
    chosen = ((down + _FIRST) / _BIN).long().clamp_min(0)
    bins = int(lowest / _BIN) + 1
    total, weight = (torch.zeros(bins).index_add_(0, chosen, amount) for amount in (area * around, area))
    total, weight = (
        avg_pool1d(sums[None], _GIRTH_BINS, stride=1, padding=_GIRTH_BINS // 2)[0] for sums in (total, weight)
    )
    known = torch.nonzero(weight > 0.0)[:, 0]
    nearest = (torch.arange(bins)[:, None] - known).abs().argmin(dim=1)
    mean = (total[known] / weight[known])[nearest]
    rows = math.ceil((lowest + _STRAYS * wander) / row_height) + 1
    place = ((torch.arange(rows) + 0.5) * row_height / _BIN).long().clamp_max(bins - 1)
    return mean[place]


def _skin_triangles(topology: Topology) -> Tensor:
    """Return [N, 3] the triangles of skin: neither the mouth's lining nor the eye sockets."""
    parts = [part.faces for part in topology.parts if part.material in ("skin", "back_of_head")]
    triangles = torch.cat([topology.triangles[2 * start : 2 * stop] for start, stop in parts])
    outside = torch.ones(len(topology.regions["scalp"]))
    for name in ("mouth_inside", "eye_sockets"):
        if name in topology.regions:
            outside = outside - topology.regions[name]
    return triangles[(outside[triangles] > 0.5).all(dim=1)]


def cells(rows: Lattice, turn: Tensor, row: Tensor) -> Cells:
    """Return the cells of whole rows [h, w] at turns [h, w]."""
    count, shift, first = rows.rows[:, row.long().clamp_(0, len(rows.girth) - 1)].unbind(0)
    place = (turn * (0.5 / math.pi)).mul_(count).add_(shift)
    column = place.floor()
    place.sub_(column).sub_(0.5)
    return Cells(place, column.remainder_(count).remainder_(_TABLE).add_(first).long())
