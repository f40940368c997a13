"""Freckles, moles, age spots and blemishes.

Every kind has a fixed crowd of candidates over the whole tile; a trait only decides how many of them are there, so that
more freckles means the same freckles and some more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.atlas import smooth_step
from dreamface.skin.layer import Layer, Patch, window_of
from dreamface.skin.marks import SpotList, draw_spots, texel_of
from dreamface.skin.subject import Subject

_MM: Final = 1e-3
_BUST_RIM: Final = (0.055, 0.085)  # metres above the bust's rim: below, the layout is stretched, and spots fade out
_LARGEST: Final = 1.0  # square metres of skin per tile that candidates are drawn for


@dataclass(frozen=True)
class _Kind:
    """How often per square metre at density 1, radii in metres, strength, and softness of the edge."""

    where: Callable[[Subject], Tensor]
    often: float
    radius: tuple[float, float]
    strength: tuple[float, float]
    softness: float
    most: float = 0.6
    height: float = 0.0
    bloody: bool = False


def _open_skin(subject: Subject) -> Tensor:
    """[S, S] 0..1: where marks are seen."""
    covered = 1.0 - subject.region("lips_upper", "lips_lower", "mouth_inside", "eye_sockets", "lids_margin")
    rim = float(subject.head.vertices[:, 2].min())
    bust = smooth_step(subject.surface.position[2] - rim, *_BUST_RIM)
    return covered * (1.0 - 0.9 * subject.region("scalp")) * bust


def _sun(subject: Subject) -> Tensor:
    region = subject.region
    sun = torch.maximum(region("nose", "cheeks", "under_eyes"), 0.55 * region("forehead"))
    return torch.maximum(sun, 0.3 * region("temples", "chin")) * _open_skin(subject)


def _aged(subject: Subject) -> Tensor:
    return torch.maximum(0.6 * subject.region("forehead", "temples", "cheeks") * _open_skin(subject), _sun(subject))


def _oily(subject: Subject) -> Tensor:
    return subject.region("cheeks", "forehead", "chin", "nose") * _open_skin(subject)


_FRECKLES: Final = _Kind(_sun, 110e3, (0.25 * _MM, 1.0 * _MM), (0.07, 0.22), 0.9)
_MOLES: Final = _Kind(_open_skin, 1.3e3, (0.5 * _MM, 1.4 * _MM), (0.16, 0.36), 0.8, height=0.35 * _MM)
_AGE_SPOTS: Final = _Kind(_aged, 4e3, (1.2 * _MM, 4.0 * _MM), (0.05, 0.14), 0.5)
_BLEMISHES: Final = _Kind(_oily, 8e3, (0.7 * _MM, 2.2 * _MM), (0.4, 0.9), 1.3, most=1.0, height=0.18 * _MM, bloody=True)


def _draw(kind: _Kind, name: str, subject: Subject) -> Sequence[Patch]:
    """A kind's spots, as many as its trait asks for."""
    amount, where, surface = subject.traits.number(name), kind.where(subject), subject.surface
    if amount == 0.0 or not bool((where > 0.0).any()):
        return ()
    if kind is _FRECKLES:  # freckles come in swarms
        where = where * (0.75 + 0.45 * subject.noise("freckle swarms", 0.012)[0]).clamp(0.0, 1.0)
    count = int(kind.often * _LARGEST)
    random = torch.rand(count, 8, generator=subject.tile_stream(name))
    places = random[:, :2]
    index = texel_of(places, surface.atlas.size)
    density = surface.density.view(-1)[index]
    chance = amount**1.3 * where.view(-1)[index] / density**2 / _LARGEST
    there = random[:, 2] < chance
    chosen = random[there]
    # Small ones are many: squaring the uniform number crowds the lower end.
    radii = kind.radius[0] + (kind.radius[1] - kind.radius[0]) * chosen[:, 3] ** 2.2
    strengths = kind.strength[0] + (kind.strength[1] - kind.strength[0]) * chosen[:, 4]
    spots = SpotList(places[there], radii * density[there], strengths, chosen[:, 5:])
    image = draw_spots(subject.size, spots, kind.softness)
    window = window_of(image > 0.0)
    if window is None:
        return ()
    image = image[window.slices].clamp_max(kind.most)
    height = kind.height * image if kind.height else None
    if kind.bloody:
        return (Patch(window, blood=image, height=height),)
    return (Patch(window, melanin=image, height=height),)


def _layer(name: str, description: str, kind: _Kind) -> Layer:
    trait = f"{name}.density"
    return Layer(name, description, (trait,), patches=partial(_draw, kind, trait))


SPOTS: Final = (
    _layer("freckles", "freckles, where the sun shines", _FRECKLES),
    _layer("moles", "moles", _MOLES),
    _layer("age_spots", "age spots", _AGE_SPOTS),
    _layer("blemishes", "blemishes", _BLEMISHES),
)
