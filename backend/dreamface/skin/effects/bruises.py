"""Bruises: blood below the skin, which turns from red over blue and green to yellow as it is broken down."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.effects.colours import Colour
from dreamface.skin.effects.effect import Effect, Look
from dreamface.skin.effects.marked import Marked


@dataclass(frozen=True)
class _Bruise:
    """What a bruise is like. Lengths are millimetres.

    Attributes:
        cloud: size of its clouds, at least and at most.
        of_radius: size of its clouds, over the radius of the marked place.
        soft: width at most over which it fades at its border, and the same over the radius.
        large: radii of the place over which one bruise turns to several.
        strays: how far its border and its ages stray, in widths of the border and in ages.
        speckled: how uneven the fine vessels make it.
        ages: age 0..1 from the rim to the middle -> transmittance of the skin at full thickness.
    """

    cloud: tuple[float, float] = (4.0, 17.0)
    of_radius: float = 0.7
    soft: tuple[float, float] = (17.0, 1.0)
    large: tuple[float, float] = (26.0, 44.0)
    strays: tuple[float, float] = (0.20, 0.20)
    speckled: float = 0.10
    ages: tuple[tuple[float, Colour], ...] = (
        (0.00, (0.94, 0.84, 0.42)),  # bilirubin
        (0.25, (0.76, 0.72, 0.40)),  # biliverdin
        (0.48, (0.46, 0.48, 0.54)),
        (0.72, (0.42, 0.28, 0.44)),
        (1.00, (0.44, 0.20, 0.28)),  # fresh blood
    )


_BRUISE: Final = _Bruise()


def _bruise(site: Site, look: Look) -> Sequence[Patch]:
    """Filter the skin's light through old blood: yellow and green at the rim, then blue, violet and red within."""
    kind, skin = _BRUISE, Marked(site)
    cell = min(max(kind.of_radius * skin.radius, kind.cloud[0]), kind.cloud[1])
    bend = skin.warp("bruise/bend", cell, 0.15 * cell)
    clouds = 0.8 * skin.noise("bruise", cell, warp=bend) + 0.4 * skin.noise("bruise/small", 0.4 * cell, warp=bend)
    # A ring around an eye is nowhere as deep as a disc of its area.
    soft = min(kind.soft[0], kind.soft[1] * skin.radius, max(1.5, 0.95 * float(skin.depth.amax())))
    within = smoothstep(skin.depth + kind.strays[0] * soft * clouds, 0.0, soft) * skin.mask
    several = float(smoothstep(torch.tensor(skin.radius), *kind.large))
    apart = 0.12 + 0.88 * smoothstep(skin.noise("bruise/apart", 1.7 * cell) + 0.35 * clouds, -1.3, 0.9)
    within = within * (1.0 - several + several * apart)
    age = 0.9 * within + kind.strays[1] * (skin.noise("bruise/ages", cell, warp=bend) + 0.5 * clouds)
    speckles = kind.speckled * skin.noise("bruise/vessels", 1.3)
    thick = within.pow(0.8) * (0.75 + 0.55 * look.amount + 0.15 * clouds + speckles).clamp_min(0.3)
    return (skin.patch(stain=_aged(age).mul_(thick).exp_()),)


def _aged(age: Tensor) -> Tensor:
    """Return [3, N] the logarithm of what blood of ages [N] leaves of the skin's light."""
    stops = [(at, torch.tensor(colour).log()[:, None]) for at, colour in _BRUISE.ages]
    found = stops[0][1].expand(3, len(age))
    for (start, first), (stop, second) in itertools.pairwise(stops):
        found = found + (second - first) * ((age - start) / (stop - start)).clamp(0.0, 1.0)
    return found.clone()


BRUISES: Final = (Effect("bruise", "a bruise", ("bruise", "bruises", "bruised", "black eye"), _bruise),)
