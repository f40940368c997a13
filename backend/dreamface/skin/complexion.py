"""Where the face's pigments lie, region by region: tone, zones, mottling, dark circles, lips, and a beard's shadow."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.atlas import smooth_step
from dreamface.skin.layer import Ground, Layer
from dreamface.skin.subject import Subject

_WET: Final = torch.tensor([0.30, 0.075, 0.065])  # linear Rec. 709 of the mouth's lining and the eye sockets
_ADULT: Final = (13.0, 20.0)  # years between which a beard's shadow comes
_BLUISH: Final = torch.tensor([0.42, 0.50, 0.56])  # what hair below the skin leaves of its colour


def inner(subject: Subject) -> Tensor:
    """[S, S] 0..1: the mouth's lining and the eye sockets, which are no skin."""
    return subject.region("mouth_inside", "eye_sockets")


def _tone(subject: Subject, ground: Ground) -> Ground:
    number = subject.traits.number
    return replace(
        ground,
        melanin=ground.melanin + number("skin.melanin"),
        blood=ground.blood + 0.14 + 0.78 * number("skin.redness"),
        carotene=torch.full_like(ground.carotene, number("skin.yellowness")),
    )


def _zones(subject: Subject, ground: Ground) -> Ground:
    region, ruddy = subject.region, subject.traits.number("skin.redness")
    base = subject.traits.number("skin.melanin")
    lids = region("lids_upper", "lids_lower")
    flush = (
        0.20 * region("cheeks") + 0.22 * region("nose") + 0.22 * region("ears") + 0.12 * region("chin")
        + 0.16 * region("nostrils") + 0.10 * lids + 0.35 * region("lids_margin")
        - 0.07 * region("forehead") - 0.06 * region("neck") - 0.05 * region("temples")
    )  # fmt: skip
    tan = (
        0.03 * region("forehead") * (0.4 + base) + 0.03 * lids * base - 0.04 * region("neck") * base
        + 0.02 * region("nose")
    )  # fmt: skip
    return replace(
        ground,
        melanin=ground.melanin + tan,
        blood=ground.blood + (0.45 + 1.1 * ruddy) * flush,
        oxygenation=ground.oxygenation - 0.25 * lids,
    )


def _mottling(subject: Subject, ground: Ground) -> Ground:
    ruddy, base = subject.traits.number("skin.redness"), subject.traits.number("skin.melanin")
    age = smooth_step(torch.tensor(subject.traits.number("age")), 25.0, 80.0)
    broad = subject.noise("blotches", 0.034, 3)
    middle = subject.noise("patches", 0.011, 3)
    small = subject.noise("mottling", 0.0034, 3)
    blood = 0.022 * broad[0] + 0.022 * middle[0] + 0.026 * small[0]
    # The same dose of melanin is a smaller step of the trait on light skin, where the trait's curve is flat.
    melanin = (0.26 + 0.30 * age) * 0.012 * (broad[1] + middle[1] + small[1]) * (1.6 - base)
    return replace(
        ground,
        melanin=ground.melanin + melanin,
        blood=ground.blood + (0.6 + 0.8 * ruddy + 0.4 * age) * blood,
        oxygenation=ground.oxygenation + 0.08 * middle[1],
    )


def _under_eyes(subject: Subject, ground: Ground) -> Ground:
    number = subject.traits.number
    tired = subject.region("under_eyes") * (0.15 + 0.85 * number("under_eyes.darkness"))
    return replace(
        ground,
        melanin=ground.melanin + 0.05 * tired * (0.5 + number("skin.melanin")),
        blood=ground.blood + 0.30 * tired,
        oxygenation=ground.oxygenation - 0.65 * tired,
    )


def _lips(subject: Subject, ground: Ground) -> Ground:
    """Less melanin, least in the lower lip, and near blood."""
    base, red = subject.traits.number("skin.melanin"), subject.traits.number("lips.redness")
    upper, lower = subject.region("lips_upper"), subject.region("lips_lower")
    lips = torch.maximum(upper, lower)
    share = lower / (upper + lower).clamp_min(1e-3)
    uneven = subject.noise("patches", 0.011, 3)[0] + subject.noise("mottling", 0.0034, 3)[0]
    melanin = base * (0.93 - 0.13 * share) + 0.05 - 0.02 * uneven.clamp(-2.0, 2.0)
    blood = 0.80 + 0.95 * red + 0.05 * uneven
    return replace(
        ground,
        melanin=torch.lerp(ground.melanin, melanin, lips),
        blood=torch.lerp(ground.blood, blood, lips),
        oxygenation=torch.lerp(ground.oxygenation, torch.tensor(0.75), lips),
    )


def _wet_lining(subject: Subject, ground: Ground) -> Ground:
    return replace(ground, albedo=torch.lerp(ground.albedo, _WET[:, None, None], inner(subject)))


def _beard_shadow(subject: Subject, ground: Ground) -> Ground:
    """Shaven hair under the skin of men looks bluish grey (Tyndall scattering of dark hair below a turbid layer)."""
    number = subject.traits.number
    adult = float(smooth_step(torch.tensor(number("age")), *_ADULT))
    male = max(0.0, number("gender")) * adult
    dark = number("hair.melanin") * (1.0 - 0.7 * number("hair.grey"))
    strength = 0.22 * male * dark + 0.40 * number("stubble.density") * dark
    if strength == 0.0:
        return ground
    uneven = subject.noise("patches", 0.011, 3)[2]
    weight = strength * subject.region("beard") * (0.85 + 0.15 * uneven).clamp(0.0, 1.3)
    shade = torch.lerp(torch.ones(3, 1, 1), _BLUISH[:, None, None], weight.clamp(0.0, 1.0))
    return replace(ground, albedo=ground.albedo * shade)


TONE: Final = Layer(
    "tone", "the skin's own colour", ("skin.melanin", "skin.redness", "skin.yellowness"), pigments=_tone
)
ZONES: Final = Layer(
    "zones", "redder nose, cheeks and ears, lighter neck", ("skin.melanin", "skin.redness"), pigments=_zones
)
MOTTLING: Final = Layer(
    "mottling", "unevenness of every size", ("skin.melanin", "skin.redness", "age"), pigments=_mottling
)
UNDER_EYES: Final = Layer(
    "under_eyes", "dark circles under the eyes", ("skin.melanin", "under_eyes.darkness"), pigments=_under_eyes
)
LIPS: Final = Layer("lips", "the lips' own colour", ("skin.melanin", "lips.redness"), pigments=_lips)
LINING: Final = Layer("lining", "the mouth's lining and the eye sockets", stain=_wet_lining)
BEARD_SHADOW: Final = Layer(
    "beard_shadow",
    "the bluish shade of a shaven beard",
    ("age", "gender", "hair.melanin", "hair.grey", "stubble.density"),
    stain=_beard_shadow,
)
