"""Vitiligo: patches without melanin around eyes, mouth and nostrils, nearly alike on both sides, with crisp edges.

A field over the face says how early each place loses its melanin. The coverage says at which level the field is cut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.anatomy import blobs, both, curve, places
from dreamface.skin.canvas.layer import Ground, Layer
from dreamface.skin.canvas.shared_noises import MOTTLING, Noise
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.zones import Zone, strongest
from dreamface.units import MM


@dataclass(frozen=True)
class _Loop:
    """A closed curve through Multi-PIE points: the number of the first, how many there are, and samples along it."""

    first: int
    points: int
    samples: int


@dataclass(frozen=True)
class _Opening:
    """Skin around an opening of the face.

    Attributes:
        loops: its borders.
        radius: metres that it reaches.
        weight: how early it loses its melanin, 1 first.
    """

    loops: tuple[_Loop, ...]
    radius: float
    weight: float


_OPENINGS: Final = (
    _Opening(
        loops=(_Loop(first=36, points=6, samples=24), _Loop(first=42, points=6, samples=24)),
        radius=15.0 * MM,
        weight=1.0,
    ),
    _Opening(loops=(_Loop(first=48, points=12, samples=36),), radius=14.0 * MM, weight=0.95),
)
_ZONES: Final = (
    Zone(both("alar_base"), radius=9.0 * MM, weight=0.85),
    Zone(("pogonion", *both("temple", "gonion")), radius=17.0 * MM, weight=0.72),
    Zone(("metopion", *both("frontotemporale", "neck_side")), radius=20.0 * MM, weight=0.66),
)


@dataclass(frozen=True)
class _Unevenness:
    """A noise that the field strays by, and how much."""

    noise: Noise
    strength: float


_BROAD: Final = _Unevenness(Noise("vitiligo", cell=19.0 * MM), strength=0.16)
_SMALL: Final = _Unevenness(Noise("vitiligo outlines", cell=6.2 * MM), strength=0.075)
_FINE: Final = _Unevenness(MOTTLING, strength=0.025)

_LEVEL_AT_LEAST: Final = 1.02  # level at which the field is cut at the least coverage
_LEVEL_AT_FULL: Final = -0.32
_COVERAGE_POWER: Final = 0.8  # of the trait: the first steps of it are the largest
_EDGE: Final = 0.035  # of the field over which a patch ends: about a millimetre of skin
_MELANIN_LEFT: Final = 0.012
_SPECKS: Final = (1.75, 2.1)  # of the mottling, where pigment is back around hairs
_SPECK: Final = 0.8  # fraction of the melanin that is back there


def depigmented(subject: Subject) -> Tensor | None:
    """Return 0..1 [S, S] where there is no melanin; None where there are no patches."""
    coverage = subject.traits.number("vitiligo.coverage")
    if coverage == 0.0:
        return None
    level = _LEVEL_AT_LEAST + (_LEVEL_AT_FULL - _LEVEL_AT_LEAST) * coverage**_COVERAGE_POWER
    return smoothstep(subject.once("vitiligo", lambda: _field(subject)), level - _EDGE, level + _EDGE)


def _field(subject: Subject) -> Tensor:
    """Return how early each place [S, S] loses its melanin, 1 first; uneven at every size, so that outlines are."""
    around = [opening.weight * blobs(subject, _border(subject, opening), opening.radius) for opening in _OPENINGS]
    early = torch.stack((*around, strongest(subject, _ZONES))).amax(dim=0)
    for uneven in (_BROAD, _SMALL, _FINE):
        early = early + uneven.strength * subject.noise(uneven.noise)[0]
    return early


def _border(subject: Subject, opening: _Opening) -> Tensor:
    """Return points [K, 3] along an opening's border."""
    curves = []
    for loop in opening.loops:
        names = [f"multipie_{loop.first + step % loop.points}" for step in range(loop.points + 1)]
        curves.append(curve(places(subject, *names), loop.samples))
    return torch.cat(curves)


def _bleach(subject: Subject, ground: Ground) -> Ground:
    pale = depigmented(subject)
    if pale is None:
        return ground
    # Around hairs that still have theirs, melanin comes back first.
    specks = smoothstep(subject.noise(MOTTLING, "colour"), *_SPECKS)
    pale = pale * (1.0 - _SPECK * specks)
    return replace(ground, melanin=torch.lerp(ground.melanin, ground.melanin.clamp_max(_MELANIN_LEFT), pale))


VITILIGO: Final = Layer(
    "vitiligo", "patches without pigment", ("vitiligo.coverage",), pigments=_bleach, amount="vitiligo.coverage"
)
