"""Bruises: blood below the skin, which turns from red over blue and green to yellow as it is broken down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.effects.effect import Effect, Look


@dataclass(frozen=True)
class _Bruise:
    """What a bruise is like.

    Attributes:
        blotch_mm: size of its uneven patches.
        uneven: how uneven it is, over its mean.
        core: transmittance of the skin over its thickest blood, red, green and blue.
        rim: the same of its rim, where blood has turned to bilirubin.
        rim_over: mask over which the rim turns to the core.
    """

    blotch_mm: float = 5.0
    uneven: float = 0.35
    core: tuple[float, float, float] = (0.42, 0.30, 0.42)
    rim: tuple[float, float, float] = (0.86, 0.76, 0.50)
    rim_over: tuple[float, float] = (0.15, 0.8)


_BRUISE: Final = _Bruise()


def _bruise(site: Site, look: Look) -> Sequence[Patch]:
    """Filter the skin's light through old blood: yellow at the rim, blue and red within."""
    blotches = site.noise("bruise", _BRUISE.blotch_mm)[0]
    thick = (site.mask * (1.0 + _BRUISE.uneven * blotches)).clamp_(0.0, 1.3) * (site.mask > 0.0)
    core = smoothstep(thick, *_BRUISE.rim_over)
    filters = torch.lerp(
        torch.tensor(_BRUISE.rim)[:, None, None], torch.tensor(_BRUISE.core)[:, None, None], core[None]
    )
    return (Patch(site.window, stain=filters.pow(thick)),)


BRUISES: Final = (Effect("bruise", "a bruise", ("bruise", "bruises", "bruised", "black eye"), _bruise),)
