"""The white of the eye: its colour on the ball, and the veins that run over it towards the iris."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate

from dreamface.skin.canvas.atlas import smooth_step
from dreamface.skin.canvas.marks import coverage, splat

VEINS_REACH: Final = 3.6
"""Radius at the edge of the veins' chart, 1 is the iris'."""

_WHITE: Final = (0.610, 0.548, 0.512)
_AGED: Final = (0.04, 0.075, 0.150)  # what a long life takes from it
_MELANIN: Final = (0.06, 0.10, 0.16)  # and what `skin.melanin` takes
_PINK: Final = (0.64, 0.31, 0.26)
_YELLOW: Final = (0.66, 0.53, 0.30)  # of a pinguecula, the thickening beside an ageing iris
_VEIN: Final = (0.46, 0.075, 0.060)

_TRUNKS: Final = 26  # veins that come from behind, per eye at most
_BRANCHES: Final = (3, 2)  # of each trunk, and of each of those
_STEPS: Final = (48, 20, 12)  # along a trunk, a branch, a twig
_SAMPLES: Final = 1.1  # per texel, along a vein that is as long as they usually are
_LENGTHS: Final = (2.6, 0.8, 0.7)  # of those
_BLUSH: Final = 12  # texels of the chart's side over 100: how far around a vein its blood shows
_WIDTH: Final = 0.0260  # of a trunk at its beginning, 1 is the iris' radius: about 0.15 mm


@dataclass(frozen=True)
class ScleraLook:
    """One person's white of one eye.

    Attributes:
        white: [3] its colour where nothing else is.
        redness: 0..1.
        old: 0 for the young, 1 for the very old.
        inward: -1 where the nose lies on the person's right of the eye, 1 where on the left.
    """

    white: Tensor
    redness: float
    old: float
    inward: float


def white_of(old: float, melanin: float) -> Tensor:
    """[3] colour of a white that is never quite white."""
    return torch.tensor(_WHITE) - old * torch.tensor(_AGED) - melanin * torch.tensor(_MELANIN)


def sclera_colour(look: ScleraLook, place: Tensor, generator: torch.Generator) -> Tensor:
    """[3, H, W] colour without veins.

    Args:
        look: whose.
        place: [2, H, W] away from the iris' middle, to the person's left and up; its length is the angle off the axis,
            1 at the limbus.
        generator: of what is uneven.
    """
    reach = (place[0] * place[0] + place[1] * place[1]).sqrt()
    across = place[0] / reach.clamp_min(1e-6)
    clouds = _clouds(place, generator)
    colour = look.white[:, None, None] * (1.0 + 0.035 * clouds[:1])
    inwards = look.inward * across
    corner = smooth_step(reach, 1.05, 2.15) * (0.22 + 0.78 * across * across)
    corner = corner + 0.30 * smooth_step(reach, 1.2, 1.9) * inwards.clamp_min(0.0)
    pink = torch.tensor(_PINK)[:, None, None]
    amount = corner * (0.33 + 0.30 * look.redness) * (1.0 + 0.20 * clouds[1])
    flush = look.redness * (0.46 + 0.16 * clouds[1]) * smooth_step(reach, 0.95, 1.7)
    colour = torch.lerp(colour, pink, (amount + flush).clamp(0.0, 0.75))
    spot = ((place[0] - 1.42 * look.inward) / 0.20) ** 2 + (place[1] / 0.26) ** 2
    size = 0.25 + 0.30 * float(torch.rand(1, generator=generator))
    return torch.lerp(colour, torch.tensor(_YELLOW)[:, None, None], size * look.old * torch.exp(-spot))


def _clouds(place: Tensor, generator: torch.Generator) -> Tensor:
    """[2, H, W] smooth noise, deviation about 1."""
    lattice = torch.randn(1, 2, 22, 22, generator=generator)
    grid = (place / (1.1 * VEINS_REACH)).permute(1, 2, 0)[None]
    return 1.3 * grid_sample(lattice, grid, padding_mode="border", align_corners=False)[0]


def lay_veins(colour: Tensor, veins: Tensor, redness: float) -> None:
    """Lay veins of coverage [H, W] over colours [H, W, 3], in place."""
    amount = veins[..., None] * (0.78 + 0.18 * redness)
    colour.add_((torch.tensor(_VEIN) - colour).mul_(amount))


def look_up(chart: Tensor, place: Tensor) -> Tensor:
    """[H, W] values of a chart [S, S] at places [H, W, 2]; see `sclera_colour`."""
    grid = place * torch.tensor([1.0 / VEINS_REACH, -1.0 / VEINS_REACH])
    return grid_sample(chart[None, None], grid[None], padding_mode="border", align_corners=False)[0, 0]


def draw_veins(size: int, redness: float, generator: torch.Generator) -> Tensor:
    """[S, S] coverage on a chart that is seen from ahead and reaches to VEINS_REACH."""
    trunks = _trunks(redness, generator)
    veins = [trunks]
    for count, steps in zip(_BRANCHES, _STEPS[1:], strict=True):
        veins.append(_branches(veins[-1], count, steps, generator))
    drawn = [_drawn(vein, size, length) for vein, length in zip(veins, _LENGTHS, strict=True)]
    depth = 2.0 * splat(size, torch.cat([points for points, _ in drawn]), torch.cat([weights for _, weights in drawn]))
    # What lies too deep to be seen as a line reddens its surroundings.
    cells = max(1, size * _BLUSH // 1200)
    blush = interpolate(avg_pool2d(depth[None, None], cells), size=(size, size), mode="bilinear", align_corners=False)
    return coverage(depth + 0.45 * blush[0, 0])


def _drawn(veins: _Veins, size: int, length: float) -> tuple[Tensor, Tensor]:
    """[N, 2] points along veins of that usual length, in the chart's texture coordinates, and [N] their weights."""
    place = 0.5 + veins.paths * (0.5 / VEINS_REACH)
    steps = place.shape[1] - 1
    fine = max(1, math.ceil(_SAMPLES * length * size / (2.0 * VEINS_REACH * steps)))
    share = (torch.arange(fine) + 0.5) / fine
    dense = torch.lerp(place[:, :-1, None], place[:, 1:, None], share[:, None])
    x, y = place.diff(dim=1).unbind(-1)
    weights = veins.widths[:, :-1] * torch.hypot(x, y) * (0.5 / VEINS_REACH * size * size / fine)
    return dense.reshape(-1, 2), weights[:, :, None].expand(-1, -1, fine).reshape(-1)


@dataclass(frozen=True)
class _Veins:
    """N veins: [N, K, 2] paths on the chart, 1 is the iris' radius, and [N, K] widths."""

    paths: Tensor
    widths: Tensor


def _trunks(redness: float, generator: torch.Generator) -> _Veins:
    """Veins from the corners, mostly, that wander towards the iris and get thinner."""
    random = torch.rand(_TRUNKS, 6, generator=generator)
    wander = _wander(_TRUNKS, _STEPS[0], generator)
    there = random[:, 0] < 0.6 + 0.4 * redness
    random, wander = random[there], wander[there]
    turn = math.pi * (random[:, 1] > 0.5) + 1.2 * (random[:, 2] + random[:, 3] - 1.0)
    share = torch.linspace(0.0, 1.0, _STEPS[0])
    reach = 3.3 - (1.55 + 0.66 * random[:, 4:5]) * share + 0.09 * wander[:, 0]
    turns = turn[:, None] + 0.13 * wander[:, 1]
    paths = reach.clamp_min(1.14)[..., None] * torch.stack((turns.cos(), turns.sin()), dim=-1)
    # Irritated eyes do not grow veins: theirs fill.
    widths = (1.0 + 0.9 * redness) * _WIDTH * (0.35 + 0.85 * random[:, 5:] ** 2) * (1.0 - 0.75 * share)
    return _Veins(paths, widths)


def _wander(count: int, steps: int, generator: torch.Generator) -> Tensor:
    """[count, 2, steps] paths that begin at 0 and turn this way and that: in large and in small windings."""
    found = torch.zeros(count, 2, steps)
    for turns, height in ((5, 1.0), (13, 0.28)):
        if turns < steps:
            knots = torch.randn(count, 2, 1, turns, generator=generator)
            found += height * interpolate(knots, size=(1, steps), mode="bicubic", align_corners=True)[:, :, 0]
    ramp = torch.linspace(0.0, 1.0, steps)
    return (found - found[..., :1]) * ramp.sqrt()


def _branches(parents: _Veins, count: int, steps: int, generator: torch.Generator) -> _Veins:
    """`count` veins of so many steps off each other one, thinner and shorter, to one side and on towards the iris."""
    number = len(parents.paths) * count
    random = torch.rand(number, 3, generator=generator)
    wander = _wander(number, steps, generator)
    parent = torch.arange(len(parents.paths)).repeat_interleave(count)
    at = ((0.10 + 0.75 * random[:, 0]) * (parents.paths.shape[1] - 2)).long()
    start, onward = parents.paths[parent, at], parents.paths[parent, at + 1] - parents.paths[parent, at]
    onward = onward / onward.norm(dim=1, keepdim=True).clamp_min(1e-6)
    aside = torch.stack((-onward[:, 1], onward[:, 0]), dim=1) * torch.where(random[:, 1:2] > 0.5, 1.0, -1.0)
    share = torch.linspace(0.0, 1.0, steps)[None, :, None]
    length = (0.30 + 0.65 * random[:, 2])[:, None, None]
    spread = 0.36 * share * (1.0 - 0.35 * share)
    wobble = 0.09 * wander.permute(0, 2, 1) * length
    paths = start[:, None] + length * (share * onward[:, None] + spread * aside[:, None]) + wobble
    # None reaches over the iris.
    reach = torch.hypot(paths[..., :1], paths[..., 1:])
    paths = paths * (reach.clamp_min(1.12) / reach.clamp_min(1e-6))
    widths = 0.62 * parents.widths[parent, at][:, None] * (1.0 - 0.8 * share[..., 0])
    return _Veins(paths, widths)
