"""Several of one thing on a marked place: where they lie, islands for each, and lines side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.atlas import surface_of
from dreamface.skin.canvas.layer import Window, window_of
from dreamface.skin.canvas.masks import resized
from dreamface.skin.canvas.overlay import Patch, Site, Spot
from dreamface.skin.effects.effect import MOST_LINES, Drawing, Look
from dreamface.skin.effects.marked import Course
from dreamface.units import MM

_TRIES: Final = 8  # places that are thrown for each one, of which the farthest from the others is taken
_WELL_INSIDE: Final = 0.6  # of the usual weight, below which a place lies at the border
_GRID: Final = 256  # texels a side of islands as they are looked at as a whole


def places(site: Site, name: str, count: int) -> Tensor:
    """Return [count, 3] places in a marked place, millimetres, spread as far apart as chance allows.

    Args:
        site: where.
        name: of the pattern.
        count: how many.
    """
    cloud, random = _outside(site), site.random(name)
    # What weighs little lies where the mask ends: an area's weight is its size times its mask.
    usual = cloud[:, 3].sort().values[int(0.9 * (len(cloud) - 1))]
    weight = cloud[:, 3] * (cloud[:, 3] > _WELL_INSIDE * usual)
    found = torch.zeros(0, 3)
    for _ in range(count):
        tries = cloud[torch.multinomial(weight, _TRIES, replacement=True, generator=random), :3] / MM
        away = torch.cdist(tries, found).amin(dim=1) if len(found) else torch.zeros(_TRIES)
        found = torch.cat((found, tries[away.argmax()][None]))
    return found


def _outside(site: Site) -> Tensor:
    """Return `Site.cloud` of what can be seen: without the mouth's lining and the eye sockets."""
    found = []
    for tile, mask in site.masks.items():
        surface = surface_of(site.subject.head, tile, _GRID)
        atlas = surface.atlas
        seen = atlas.inside & (atlas.region("mouth_inside", "eye_sockets") < 0.5)
        weight = resized(mask, _GRID) * seen / (surface.density * _GRID).square()
        there = weight > 0.0
        found.append(torch.cat((surface.position[:, there], weight[there][None])).T)
    cloud = torch.cat(found)
    return cloud if len(cloud) else site.cloud


@dataclass(frozen=True)
class _Island:
    """A round piece of a place: its radius over that of an equal share of the place, at most, and how soft it ends."""

    share: float = 0.72
    most_mm: float = 17.0
    uneven: float = 0.25
    soft: float = 0.45


_ISLAND: Final = _Island()


def each(draw: Drawing, site: Site, look: Look) -> Sequence[Patch]:
    """Return what an effect draws, as many times as it is asked for, each on a piece of the place of its own.

    Args:
        draw: what draws one.
        site: the whole place.
        look: how they are wanted.
    """
    found: list[Patch] = []
    for number, island in enumerate(_islands(site, look.count)):
        found += draw(replace(island, seed=site.seed + 7919 * (number + 1)), replace(look, count=0))
    return found


def _islands(site: Site, count: int) -> Iterator[Site]:
    """Yield the pieces of a place that can be seen in this window."""
    area = float(site.cloud[:, 3].sum()) / MM**2
    usual = min(_ISLAND.share * math.sqrt(area / (math.pi * count)), _ISLAND.most_mm)
    sizes = torch.rand(count, generator=site.random("counted/sizes")) - 0.5
    grids = {tile: surface_of(site.subject.head, tile, _GRID).position / MM for tile in site.masks}
    for middle, size in zip(places(site, "counted/islands", count), sizes.tolist(), strict=True):
        radius = usual * (1.0 + _ISLAND.uneven * 2.0 * size)
        image = site.mask * _disc(site.position / MM, middle, radius)
        window = window_of(image > 0.0)
        if window is None:
            continue
        masks = {tile: resized(mask, _GRID) * _disc(grids[tile], middle, radius) for tile, mask in site.masks.items()}
        (top, _), (left, _) = site.window.rows, site.window.columns
        (first, last), (start, stop) = window.rows, window.columns
        there = Window((top + first, top + last), (left + start, left + stop))
        yield replace(site, spot=Spot(there, image[window.slices].clone()), masks=masks)


def _disc(place: Tensor, middle: Tensor, radius: float) -> Tensor:
    away = (place - middle[:, None, None]).norm(dim=0)
    return 1.0 - smoothstep(away, (1.0 - _ISLAND.soft) * radius, radius)


@dataclass(frozen=True)
class _Lines:
    """How lines lie side by side.

    Attributes:
        apart: of the place's half width, that lies between two of them at most; and millimetres at most.
        lean: how much each leans at random, as a slope.
        shorter: how much shorter than the place they are at random, of their length.
        shifted: how far each is moved along at random, of their length.
    """

    apart: tuple[float, float]
    lean: float
    shorter: float
    shifted: float


PARALLEL: Final = _Lines(apart=(1.5, 8.0), lean=0.05, shorter=0.35, shifted=0.10)
LOOSE: Final = _Lines(apart=(1.5, 14.0), lean=0.28, shorter=0.45, shifted=0.14)


def side_by_side(site: Site, course: Course, count: int, kind: _Lines) -> list[Course]:
    """Return the courses of several lines on a place: the place's own where there is but one.

    Args:
        site: where.
        course: through the middle of it.
        count: how many; of more than `MOST_LINES` so many, as each takes a second and 100 MB on a whole face.
        kind: how they lie.
    """
    count = min(count, MOST_LINES)
    if count <= 1:
        return [course]
    own = torch.rand(4, count, generator=site.random("counted/lines")) - 0.5
    apart = min(kind.apart[0] * course.half_width / max(count - 1, 1), kind.apart[1])
    found = []
    for number, (size, lean, shift, aside) in enumerate(own.T.tolist()):
        middle = (number - 0.5 * (count - 1) + 0.35 * aside) * apart
        along = course.along - 2.0 * kind.shifted * shift * course.half_length
        across = course.across - middle - 2.0 * kind.lean * lean * along
        bulge = (
            1.0 - 0.5 * (2.0 * abs(middle) / (apart * count)) ** 2 if count > 2 else 1.0
        )  # the outer ones are shorter
        length = course.half_length * bulge * (1.0 - kind.shorter * (size + 0.5))
        found.append(Course(along, across, length, max(course.half_width / count, 0.32 * apart)))
    return found
