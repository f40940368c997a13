"""What no person has: tinted skin, stripes, an animal's spots, scales and metal."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import torch

from dreamface.skin.layer import Ground, Layer
from dreamface.skin.pigments import PIGMENT_TRAITS, resting_colour
from dreamface.skin.subject import Subject


def _tint(subject: Subject, ground: Ground) -> Ground:
    """Recolour without losing the variation: what was darker or redder than the mean skin stays so."""
    colour, strength = subject.traits.tint("skin.tint")
    if strength == 0.0:
        return ground
    mean = resting_colour(subject.traits)[:, None, None]
    tinted = torch.tensor(colour)[:, None, None] * (ground.albedo / mean).clamp(0.0, 1.8)
    return replace(ground, albedo=torch.lerp(ground.albedo, tinted, strength))


TINT: Final = Layer("tint", "an unnatural skin colour", ("skin.tint", *PIGMENT_TRAITS), stain=_tint)
