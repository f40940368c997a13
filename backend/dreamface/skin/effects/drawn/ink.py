"""Ink: a tattoo, which lies in the skin and filters the light that comes back out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch

from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.canvas.pigments import PIGMENT_TRAITS
from dreamface.skin.effects.drawn.art import Art, Handling, Medium, blurred

_LUMINANCE: Final = (0.2126, 0.7152, 0.0722)  # of linear Rec. 709


@dataclass(frozen=True)
class _Ink:
    """How ink looks in the skin.

    Attributes:
        spread_mm: deviation by which it has run, at strength 1, and what each further step of strength adds.
        darkest: [3] what the blackest ink lets through, red, green and blue: skin above it scatters blue.
        veil: what melanin, which lies above, sends back of the light before it reaches the ink, at full melanin.
        dulled: share of its colour that ink loses under full melanin.
    """

    spread_mm: tuple[float, float] = (0.07, 0.05)
    darkest: tuple[float, float, float] = (0.055, 0.068, 0.082)
    veil: float = 0.18
    dulled: float = 0.75


_INK: Final = _Ink()


def _ink(site: Site, art: Art, handling: Handling) -> Sequence[Patch]:
    melanin = min(max(site.subject.traits.number("skin.melanin"), 0.0), 1.0)
    grey = torch.einsum("chw,c->hw", art.colour, torch.tensor(_LUMINANCE))
    colour = torch.lerp(art.colour, grey[None].expand_as(art.colour), _INK.dulled * melanin)
    floor = torch.tensor(_INK.darkest) * (1.0 - melanin) + (max(_INK.darkest) + _INK.veil) * melanin
    through = floor[:, None, None] + (1.0 - floor[:, None, None]) * colour
    first, further = _INK.spread_mm
    filters = 1.0 - art.alpha * (1.0 - through)
    filters = blurred(filters, (first + further * handling.strength) / site.texel)
    return (Patch(site.window, stain=1.0 - site.mask * (1.0 - filters)),)


INK: Final = Medium(
    "ink", "a tattoo: ink in the skin, which keeps its pores and its gloss", _ink, PIGMENT_TRAITS, runs_mm=0.5
)
