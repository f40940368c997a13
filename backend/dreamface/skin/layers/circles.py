"""Dark circles under the eyes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.anatomy import blobs, curve, places
from dreamface.skin.canvas.atlas import ramp
from dreamface.skin.canvas.layer import Ground, Layer
from dreamface.skin.canvas.shared_noises import MOTTLING, PATCHES
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.complexion import DARK, umber
from dreamface.units import MM

_ALONG_TROUGH: Final = 14  # points along the trough below each eye


@dataclass(frozen=True)
class _Circles:
    """Dark circles.

    Attributes:
        melanin, blood, oxygen: steps of each where they are darkest; of melanin and oxygen on light skin only.
        dark_skin: strength of the umber that stands for them on dark skin.
        least, range: how dark they are of somebody rested, and how much `under_eyes.darkness` adds.
        radius_mm, radius_swelling_mm: half their width at the ends, and how much more it is in between.
        swelling_span: where along the trough that swells, as a fraction of half a turn: start, and what follows.
        fading, fading_power: how much fainter the outer end is, and how that goes along the trough.
        lids, under_lids: how dark the lower lid is, and the region below it.
        uneven, patches, mottling, range_uneven: mean, weights of two noises, and least and most of their sum.
    """

    melanin: float = 0.075
    blood: float = 0.42
    oxygen: float = 0.60
    dark_skin: float = 1.3
    least: float = 0.15
    range: float = 0.85
    radius_mm: float = 4.2
    radius_swelling_mm: float = 3.4
    swelling_span: tuple[float, float] = (0.15, 0.75)
    fading: float = 0.55
    fading_power: float = 1.3
    lids: float = 0.55
    under_lids: float = 0.35
    uneven: float = 0.9
    patches: float = 0.16
    mottling: float = 0.10
    range_uneven: tuple[float, float] = (0.4, 1.4)


_CIRCLES: Final = _Circles()


@dataclass(frozen=True)
class _TroughKnot:
    """A point of the tear trough: between two landmarks, and lower by a fraction of the way from the lid to the bag."""

    start: str
    end: str
    between: float
    lower: float


_TROUGH: Final = (
    _TroughKnot(start="endocanthion", end="endocanthion", between=0.0, lower=0.15),
    _TroughKnot(start="endocanthion", end="lid_lower", between=0.45, lower=0.85),
    _TroughKnot(start="eye_bag", end="eye_bag", between=0.0, lower=0.25),
    _TroughKnot(start="eye_bag", end="exocanthion", between=0.55, lower=0.55),
    _TroughKnot(start="exocanthion", end="exocanthion", between=0.0, lower=0.35),
)


def _under_eyes(subject: Subject, ground: Ground) -> Ground:
    """Dark circles: along the tear trough, deepest at the inner corner, purple on light skin and brown on dark."""
    dark, tired = ramp(subject.traits.number("skin.melanin"), *DARK), _tired(subject)
    return replace(
        ground,
        melanin=ground.melanin + _CIRCLES.melanin * (1.0 - dark) * tired,
        blood=ground.blood + _CIRCLES.blood * tired,
        oxygenation=ground.oxygenation - _CIRCLES.oxygen * (1.0 - dark) * tired,
    )


def _umber_eyes(subject: Subject, ground: Ground) -> Ground:
    """Dark circles on dark skin."""
    return umber(subject, ground, _CIRCLES.dark_skin, _tired(subject))


def _tired(subject: Subject) -> Tensor:
    """Return [S, S] 0..1.4 how dark the circles are."""
    amount = _CIRCLES.least + _CIRCLES.range * subject.traits.number("under_eyes.darkness")
    return amount * subject.once("tear troughs", lambda: _tear_troughs(subject))


def _tear_troughs(subject: Subject) -> Tensor:
    """Return [S, S] 0..1 along a curve from the inner corner of each eye below the lid."""
    look, curves = _CIRCLES, []
    for side in "lr":
        names = ("endocanthion", "lid_lower", "eye_bag", "exocanthion")
        points = dict(zip(names, places(subject, *(f"{name}_{side}" for name in names)), strict=True))
        below = points["eye_bag"] - points["lid_lower"]
        knots = [
            torch.lerp(points[knot.start], points[knot.end], knot.between) + knot.lower * below for knot in _TROUGH
        ]
        curves.append(curve(torch.stack(knots), _ALONG_TROUGH))
    along = torch.linspace(0.0, 1.0, _ALONG_TROUGH)
    first, rest = look.swelling_span
    radii = (look.radius_mm + look.radius_swelling_mm * torch.sin(torch.pi * (first + rest * along))) * MM
    weights = 1.0 - look.fading * along**look.fading_power
    troughs = blobs(subject, torch.cat(curves), radii.repeat(2), weights.repeat(2))
    lids = torch.maximum(look.lids * subject.region("lids_lower"), look.under_lids * subject.region("under_eyes"))
    uneven = (
        look.uneven
        + look.patches * subject.noise(PATCHES, "density")
        + look.mottling * subject.noise(MOTTLING, "gloss")
    )
    together = torch.maximum(troughs, lids) * (1.0 - subject.region("lids_margin"))
    return together * uneven.clamp(*look.range_uneven)


UNDER_EYES: Final = Layer(
    "under_eyes",
    "dark circles under the eyes",
    ("skin.melanin", "under_eyes.darkness"),
    pigments=_under_eyes,
    stain=_umber_eyes,
)
