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
from torch.nn.functional import avg_pool1d, pad

from dreamface.skin.noise import stream
from dreamface.skin.subject import Subject

_MM: Final = 1e-3
_GATHERED: Final = 0.9  # how much closer rows lie in the middle of eyes, nose and mouth
_GATHERING: Final = 17.0 * _MM  # how far that reaches
_BINS: Final = 48  # heights that the head's girth is taken at
_TABLE: Final = 64  # cells after which their random numbers repeat, both ways


@dataclass(frozen=True)
class Lattice:
    """The rows on one tile's coarse grid.

    Attributes:
        turns: [2, S, S] radians around the head's axis, from the face's middle to the left; the first jumps by a whole
            turn at the back of the head, the second at the front.
        front: [S, S] above 0 where the first is to be used.
        down: [S, S] metres from the crown.
        girth: [R] radius of each row, metres.
        random: [4, T, T] uniform numbers of the cells' own.
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
        """[3, R]: how many cells each row has, how far it is moved along, and where its random numbers begin."""
        counts = (2.0 * math.pi * self.girth / self.cell_width).round().clamp_min(4.0)
        number = torch.arange(len(counts))
        own = self.random[0, :, 0][number.remainder(_TABLE)]
        # Every second row is moved by half a cell, and each a little by chance.
        return torch.stack((counts, 0.5 * number.remainder(2) + 0.25 * own, number.remainder(_TABLE) * float(_TABLE)))

    def own(self, number: int, cell: Tensor) -> Tensor:
        """[h, w] one of the random numbers of cells, given as `Cells.index`."""
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
    """Rows over a head.

    Args:
        subject: whose head.
        name: of the random stream.
        row_height: metres.
        cell_width: metres.
        wander: metres that rows stray.
    """
    head = subject.head
    crown, chin, ears = head.landmark("crown"), head.landmark("menton"), head.landmark("tragion_l")
    back = head.landmark("opisthocranion")
    middle = torch.stack((0.5 * (crown[0] + chin[0]), 0.5 * (head.landmark("nasion")[1] + back[1]), ears[2] + 0.02))
    radius = float(crown[2] - middle[2])
    aside = 0.5 * float((head.landmark("zygion_l") - head.landmark("zygion_r")).norm())
    depth = 0.5 * float(back[1] - head.landmark("nasion")[1])
    chart = _Chart(middle, radius, math.sqrt(depth / aside))
    turn, down, around = chart.of(subject.surface.position)
    front = torch.cos(turn)
    noise = subject.noise("blotches", 0.034, 3)
    gathered, down = _gather(subject, chart, turn, down)
    stray = gathered - turn + wander / radius * noise[0]
    turns = torch.stack((turn, torch.where(turn < 0.0, turn + 2.0 * math.pi, turn))) + stray
    down = down + wander * noise[1] + 4.0 * _MM
    girth = _girth(down, around, subject.surface.atlas.inside, row_height)
    random = torch.rand(4, _TABLE, _TABLE, generator=stream(subject.seed, name))
    return Lattice(turns, front, down, girth, random, row_height, cell_width)


@dataclass(frozen=True)
class _Chart:
    """Where places lie around and down the head.

    Attributes:
        middle: [3] of the head.
        radius: metres from there to the crown.
        narrow: square root of the head's depth over its width, so that equal turns are equal ways around an ellipse.
    """

    middle: Tensor
    radius: float
    narrow: float

    def of(self, place: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Turn, metres from the crown, and metres from the axis of places [3, ...].

        Above the middle rows are circles of latitude, below it they go straight down.
        """
        x, y, z = (place - self.middle.view(3, *[1] * (place.dim() - 1))).unbind(0)
        around = torch.sqrt(x * x + y * y)
        above = self.radius * torch.atan2(around, z.clamp_min(0.0))
        return torch.atan2(x * self.narrow, -y / self.narrow), above - z.clamp_max(0.0), around


def _gather(subject: Subject, chart: _Chart, turn: Tensor, down: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates that grow faster around eyes, nose and mouth, so that cells are smaller there."""
    offset_turn, offset_down = torch.zeros_like(turn), torch.zeros_like(down)
    for name in ("lid_upper_l", "lid_upper_r", "pronasale", "stomion_superius"):
        centre = [float(value) for value in chart.of(subject.head.landmark(name))]
        aside, below = centre[2] * (turn - centre[0]), down - centre[1]
        weight = _GATHERED * torch.exp(-(aside * aside + below * below) / (2.0 * _GATHERING**2))
        offset_turn += weight * (turn - centre[0])
        offset_down += weight * below
    return turn + offset_turn, down + offset_down


def _girth(down: Tensor, around: Tensor, inside: Tensor, row_height: float) -> Tensor:
    """[R] mean distance from the axis of each row's skin."""
    reach = float(down.max()) + 2.0 * row_height
    chosen = (down[inside] / reach * _BINS).long().clamp(0, _BINS - 1)
    total = torch.zeros(_BINS).index_add_(0, chosen, around[inside])
    count = torch.zeros(_BINS).index_add_(0, chosen, torch.ones(len(chosen)))
    mean = torch.where(count > 0.0, total / count.clamp_min(1.0), 0.09)
    mean = avg_pool1d(pad(mean[None], (1, 1), mode="replicate"), 3, stride=1)[0]
    rows = math.ceil(reach / row_height) + 2
    place = ((torch.arange(rows) + 0.5) * row_height / reach * _BINS).long().clamp(0, _BINS - 1)
    return mean[place]


def cells(found: Lattice, turn: Tensor, row: Tensor) -> Cells:
    """The cells of whole rows [h, w] at turns [h, w]."""
    count, shift, first = found.rows[:, row.long().clamp_(0, len(found.girth) - 1)].unbind(0)
    place = (turn * (0.5 / math.pi)).mul_(count).add_(shift)
    column = place.floor()
    place.sub_(column).sub_(0.5)
    return Cells(place, column.remainder_(count).remainder_(_TABLE).add_(first).long())
