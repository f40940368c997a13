"""The lips' own colour, and the lining of the mouth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.anatomy import blobs, curve, near, places
from dreamface.skin.canvas.layer import Ground, Layer
from dreamface.skin.canvas.pigments import PIGMENT_TRAITS, resting_blood
from dreamface.skin.canvas.shared_noises import MOTTLING, PATCHES
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.complexion import manhood
from dreamface.units import MM

# Linear Rec. 709 of the mouth's lining and the eye sockets. Mucosa hardly absorbs red light: with a darker colour the
# inside of an open mouth would be black in a path tracer, as light bounces between its walls.
_WET: Final = torch.tensor([0.48, 0.18, 0.16])


@dataclass(frozen=True)
class _LipsLook:
    """The lips' pigments. "wet" is 1 along the line where they meet; "man" is 0 for women to 1 for grown men.

    Attributes:
        man_grown, man_born: how much of "man" comes with growing up, and how much is there from birth.
        border, border_noise: weights of the lips' regions between which they begin, and how much noise frays that.
        middle_mm: half the width of the lower lip's lighter middle.
        kept, kept_lower, kept_middle, kept_wet: fraction of the skin's melanin at the border, and how much less of it
            on the lower lip, in its middle, and where they are wet.
        brown, brown_man, brown_upper: steps of melanin on light skin, what men have more, and the upper lip.
        melanin_uneven: steps of melanin that the unevenness takes.
        uneven_patches, uneven_range: weight of the patches in it, beside the mottling, and its least and most.
        blood, blood_red, blood_man, blood_wet, blood_line, blood_uneven: steps of blood above the skin's, per step of
            `lips.redness`, less of men, where they are wet, on the line itself, and of the unevenness.
        fade, fade_man: how much of all that is lost at the border, and what men lose more.
        oxygen, oxygen_man, oxygen_wet, oxygen_line, oxygen_lower, oxygen_uneven: the same of oxygenation.
        flush_from, flush_power: `lips.redness` from which lips are redder than blood makes them, and how it sets in.
        flush: what is left of red, green and blue light at full redness.
    """

    man_grown: float = 0.6
    man_born: float = 0.4
    border: tuple[float, float] = (0.18, 0.92)
    border_noise: float = 0.07
    middle_mm: float = 11.0
    kept: float = 0.98
    kept_lower: float = 0.06
    kept_middle: float = 0.11
    kept_wet: float = 0.06
    brown: float = 0.01
    brown_man: float = 0.08
    brown_upper: float = 0.02
    melanin_uneven: float = 0.03
    uneven_patches: float = 0.7
    uneven_range: tuple[float, float] = (-2.0, 2.0)
    blood: float = 0.45
    blood_red: float = 0.9
    blood_man: float = 0.25
    blood_wet: float = 0.18
    blood_line: float = 0.25
    blood_uneven: float = 0.14
    fade: float = 0.12
    fade_man: float = 0.33
    oxygen: float = 0.60
    oxygen_man: float = 0.24
    oxygen_wet: float = 0.12
    oxygen_line: float = 0.35
    oxygen_lower: float = 0.10
    oxygen_uneven: float = 0.10
    flush_from: float = 0.68
    flush_power: float = 0.6
    flush: tuple[float, float, float] = (0.88, 0.36, 0.38)


_LIPS: Final = _LipsLook()
_FEWEST_LIPS: Final = 1e-3  # weight of the regions, so that nothing is divided by 0


def _lips(subject: Subject, ground: Ground) -> Ground:
    """Paint lips: less melanin, least in the lower lip's middle; near blood, most where they are wet; a soft border."""
    number, look = subject.traits.number, _LIPS
    man = look.man_grown * manhood(subject) + look.man_born * max(0.0, number("gender"))
    small, patches = subject.noise(MOTTLING), subject.noise(PATCHES)
    upper, lower = subject.region("lips_upper"), subject.region("lips_lower")
    lips = _covered(subject)
    lower_part = lower / (upper + lower).clamp_min(_FEWEST_LIPS)
    wet = subject.once("lips/wet", lambda: _wet_lips(subject))
    line = wet.square().square_() * wet
    uneven = (look.uneven_patches * patches[0] + small[0]).clamp(*look.uneven_range)
    melanin = _lip_melanin(subject, lower_part, wet, line, uneven, man)
    red = number("lips.redness")
    dry_blood = resting_blood(subject.traits) + look.blood + look.blood_red * red - look.blood_man * man
    blood = dry_blood + look.blood_wet * wet + look.blood_line * line + look.blood_uneven * uneven
    # Men's have less of a border: they pale towards it.
    lips = lips * (1.0 - (look.fade + look.fade_man * man) * (1.0 - _inner_lips(subject)))
    oxygenation = look.oxygen - look.oxygen_man * man + look.oxygen_wet * wet - look.oxygen_line * line
    oxygenation = oxygenation + look.oxygen_lower * lower_part + look.oxygen_uneven * small[1]
    return replace(
        ground,
        melanin=torch.lerp(ground.melanin, melanin, lips),
        blood=torch.lerp(ground.blood, blood, lips),
        oxygenation=torch.lerp(ground.oxygenation, oxygenation, lips),
    )


def _covered(subject: Subject) -> Tensor:
    """Return [S, S] 0..1 where lips are, with a frayed border."""
    region = (subject.region("lips_upper") + subject.region("lips_lower")).clamp(0.0, 1.0)  # at the corners, half each
    return smoothstep(region + _LIPS.border_noise * subject.noise(MOTTLING)[2] * (1.0 - region), *_LIPS.border)


def _flush(subject: Subject, ground: Ground) -> Ground:
    """Stain very red lips: blood alone makes them no redder than a dusty pink, and "red lips" are meant to be seen."""
    look = _LIPS
    beyond = (subject.traits.number("lips.redness") - look.flush_from) / (1.0 - look.flush_from)
    if beyond <= 0.0:
        return ground
    weight = min(beyond, 1.0) ** look.flush_power * _covered(subject)
    passed = 1.0 - weight * (1.0 - torch.tensor(look.flush)[:, None, None])
    return replace(ground, albedo=ground.albedo * passed)


def _lip_melanin(subject: Subject, lower_part: Tensor, wet: Tensor, line: Tensor, uneven: Tensor, man: float) -> Tensor:
    """Return [S, S] the lips' melanin.

    The darker the skin, the more of its melanin the lips keep at their border, and the lighter their middle looks.
    """
    look, base = _LIPS, subject.traits.number("skin.melanin")
    middle = subject.once(
        "lips/middle", lambda: near(subject, look.middle_mm * MM, "labrale_inferius", "stomion_inferius")
    )
    kept = look.kept - look.kept_lower * lower_part - look.kept_middle * middle * lower_part - look.kept_wet * wet
    brown = (look.brown + look.brown_man * man) * (1.0 - base) + look.brown_upper * (1.0 - lower_part)
    return base * kept + brown - look.melanin_uneven * (uneven + wet - line)


_WET_RADIUS: Final = 3.2 * MM  # of the line where the lips meet
_INNER_END: Final = 0.3  # of a Gaussian twice as wide, where that of the line is cut off
_INNER_LIPS: Final = (60, 61, 62, 63, 64, 65, 66, 67, 60)  # Multi-PIE's points around the opening
_ALONG_LIPS: Final = 36  # points along that line
_WET_BORDER: Final = (0.0, 0.72)  # weights of the mouth's inside between which the lining begins
_WET_EYES: Final = 0.2  # how much of the lining's red the eye sockets have


def _inner_lips(subject: Subject) -> Tensor:
    """Return [S, S] 0..1 towards the line where the lips meet."""
    wet = subject.once("lips/wet", lambda: _wet_lips(subject))
    return wet.sqrt().sqrt_().sub_(_INNER_END).clamp_(0.0, 1.0 - _INNER_END).div_(1.0 - _INNER_END)


def _wet_lips(subject: Subject) -> Tensor:
    """Return [S, S] 0..1 along the line where the lips meet."""
    names = [f"multipie_{number}" for number in _INNER_LIPS]
    return blobs(subject, curve(places(subject, *names), _ALONG_LIPS), _WET_RADIUS)


def _wet_lining(subject: Subject, ground: Ground) -> Ground:
    # Borders between tiles show what both can: as red a little on both sides in the mouth, hardly redder at the eyes.
    wet = torch.maximum(
        smoothstep(subject.region("mouth_inside"), *_WET_BORDER), _WET_EYES * subject.region("eye_sockets")
    )
    return replace(ground, albedo=torch.lerp(ground.albedo, _WET[:, None, None], wet))


LIPS: Final = Layer(
    "lips",
    "the lips' own colour",
    (*PIGMENT_TRAITS, "lips.redness", "gender", "age"),
    pigments=_lips,
    stain=_flush,
)
LINING: Final = Layer("lining", "the mouth's lining and the eye sockets", stain=_wet_lining)
