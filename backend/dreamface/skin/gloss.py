"""How skin shines: roughness and specular by region, and how far light travels below."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.complexion import inner
from dreamface.skin.layer import Ground, Layer
from dreamface.skin.subject import Subject


def _gloss(subject: Subject, ground: Ground) -> Ground:
    region = subject.region
    specular = 0.5 - 0.1 * region("lids_upper", "lids_lower") - 0.08 * region("neck")
    return replace(ground, roughness=_roughness(subject), specular=specular)


def _roughness(subject: Subject) -> Tensor:
    region, oil = subject.region, subject.traits.number("skin.oiliness")
    middle, small = subject.noise("patches", 0.011, 3)[2], subject.noise("mottling", 0.0034, 3)[2]
    zone = region("nose", "forehead", "chin")
    rough = 0.56 - 0.14 * oil - (0.04 + 0.13 * oil) * zone + 0.03 * middle + 0.015 * small
    rough = rough + 0.06 * region("scalp") + 0.04 * region("neck")
    for names, value in ((("lips_upper", "lips_lower"), 0.36), (("lids_margin",), 0.22)):
        rough = torch.lerp(rough, value + 0.02 * small, region(*names))
    return torch.lerp(rough, torch.tensor(0.16), inner(subject)).clamp(0.05, 1.0)


def _translucency(subject: Subject, ground: Ground) -> Ground:
    region = subject.region
    weight = (
        0.55 + 0.25 * region("lips_upper", "lips_lower") + 0.35 * region("ears") + 0.15 * region("nose", "nostrils")
    )
    weight = weight + 0.2 * inner(subject) - 0.15 * region("scalp")
    return replace(ground, subsurface=weight.clamp(0.0, 1.0))


GLOSS: Final = Layer("gloss", "oily forehead and nose, wet lids and lips", ("skin.oiliness",), stain=_gloss)
TRANSLUCENCY: Final = Layer("translucency", "light that shines through ears, nose and lips", stain=_translucency)
