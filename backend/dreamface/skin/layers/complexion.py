"""Where the face's pigments lie: tone, zones, unevenness of every size, dark circles, lips, and a beard's shadow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.anatomy import blobs, both, coarsely, curve, near, places, unlit, zones
from dreamface.skin.canvas.atlas import rise, smooth_step
from dreamface.skin.canvas.layer import Ground, Layer, Weave
from dreamface.skin.canvas.noise import stream
from dreamface.skin.canvas.pigments import PIGMENT_TRAITS, RESTING_OXYGENATION, resting_blood
from dreamface.skin.canvas.subject import Subject

_MM: Final = 1e-3
_WET: Final = torch.tensor([0.30, 0.075, 0.065])  # linear Rec. 709 of the mouth's lining and the eye sockets
_ADULT: Final = (13.0, 20.0)  # years between which a beard's shadow comes
_BLUISH: Final = torch.tensor([0.40, 0.49, 0.55])  # what hair below the skin leaves of its colour
_ALONG_TROUGH: Final = 14  # points along the trough below each eye
_DARK: Final = (0.25, 0.75)  # melanin between which skin starts to darken where it is thin or rubbed
# What the darkest of such places leave of dark skin's colour. More melanin would turn them grey and olive; they are a
# warm brown, since the blood below shows where the skin is thin.
_UMBER: Final = torch.tensor([0.70, 0.61, 0.57])


def manhood(subject: Subject) -> float:
    """0..1: of women and children, to grown men."""
    number = subject.traits.number
    return max(0.0, number("gender")) * rise(number("age"), *_ADULT)


def inner(subject: Subject) -> Tensor:
    """[S, S] 0..1: the mouth's lining and the eye sockets, which are no skin."""
    return subject.region("mouth_inside", "eye_sockets")


# ------------------------------------------------------------------------------------------------------------- tone


def _tone(subject: Subject, ground: Ground) -> Ground:
    number = subject.traits.number
    return replace(
        ground,
        melanin=ground.melanin + number("skin.melanin"),
        blood=ground.blood + resting_blood(subject.traits),
        oxygenation=torch.full_like(ground.oxygenation, RESTING_OXYGENATION),
        carotene=torch.full_like(ground.carotene, number("skin.yellowness")),
    )


# ------------------------------------------------------------------------------------------------------------ zones


_Spots = Mapping[str, Tensor]  # [S, S] of each of `_SPOTS`

_SPOTS: Final[Mapping[str, tuple[float, tuple[str, ...]]]] = {
    "nose": (13.0 * _MM, ("pronasale",)),
    "rhinion": (11.0 * _MM, ("rhinion",)),
    "wings": (5.5 * _MM, both("alare", "alar_base")),
    "ears": (17.0 * _MM, both("ear_top", "ear_back", "ear_lobe")),
    "chin": (12.0 * _MM, ("pogonion",)),
    "corners": (6.0 * _MM, ("subnasale", *both("endocanthion"))),
    "glabella": (12.0 * _MM, ("glabella",)),
    "forehead": (34.0 * _MM, ("metopion",)),
    "chin_sides": (9.0 * _MM, (*both("chin_side"), "sublabiale")),
    "sunny": (34.0 * _MM, ("metopion", *both("frontotemporale"))),
    "high": (15.0 * _MM, ("rhinion", *both("cheekbone"))),
    "mouth": (9.0 * _MM, (*both("cheilion"), "sublabiale")),
    "inner_eye": (7.0 * _MM, both("endocanthion")),
    "nostrils": (9.0 * _MM, (*both("alar_base"), "subnasale")),
    "temples": (20.0 * _MM, both("temple")),
    "mid_forehead": (22.0 * _MM, ("metopion",)),
    "whole_chin": (14.0 * _MM, ("pogonion",)),
    "cheeks": (17.0 * _MM, both("cheekbone", "upper_cheek")),
    "nose_tip": (14.0 * _MM, ("pronasale",)),
    "whole_forehead": (38.0 * _MM, ("metopion",)),
    "around_mouth": (13.0 * _MM, ("sublabiale", *both("cheilion"))),
    "nasion": (12.0 * _MM, ("nasion",)),
    "upper_cheeks": (18.0 * _MM, both("upper_cheek")),
    "beard": (15.0 * _MM, ("pogonion", "menton", *both("cheilion", "chin_side"))),
    "moustache": (9.0 * _MM, ("labrale_superius", *both("alar_base"))),
    "jaw": (16.0 * _MM, tuple(f"multipie_{number:02d}" for number in (3, 4, 5, 6, 7, 9, 10, 11, 12, 13))),
}
"""Places of the zones: a radius, metres, around landmarks; see `anatomy.zones`."""


def _flush(subject: Subject, spots: _Spots) -> Tensor:
    """[S, S] blood: where the skin is thin over many vessels there is more, over bone and on the neck less."""
    cheeks = torch.stack([places(subject, f"upper_cheek_{s}", f"cheekbone_{s}", f"cheek_{s}").mean(0) for s in "lr"])
    patchy = 1.0 + 0.35 * subject.noise("patches", 0.011, 3)[1] + 0.25 * subject.noise("blotches", 0.034, 3)[2]
    apples, nose = blobs(subject, cheeks, 21.0 * _MM), torch.maximum(spots["nose"], 0.55 * spots["rhinion"])
    return (
        (0.22 * apples + 0.21 * nose + 0.13 * spots["chin"]) * patchy.clamp(0.2, 2.0)
        + 0.22 * spots["wings"] + 0.22 * spots["ears"] + 0.10 * spots["corners"] + 0.05 * spots["glabella"]
        + 0.15 * subject.region("lids_upper", "lids_lower") + 0.30 * subject.region("lids_margin", "eye_sockets")
        - 0.07 * spots["forehead"] - 0.05 * subject.region("temples")
        - 0.06 * spots["chin_sides"] - 0.05 * subject.region("neck")
    )  # fmt: skip


def _tan(subject: Subject, spots: _Spots) -> Tensor:
    """[S, S] melanin where the sun shines, and less below the jaw."""
    shaded = 0.03 * subject.region("neck") + 0.015 * subject.region("lids_upper")
    return 0.03 * spots["sunny"] + 0.025 * spots["high"] - shaded


def _rubbed(subject: Subject, spots: _Spots) -> Tensor:
    """[S, S] how much deeper dark skin is: at the lids, around mouth and nostrils, at temples; less on the cheeks."""
    lids = torch.maximum(subject.region("lids_upper", "lids_lower"), spots["inner_eye"])
    return (
        0.70 * lids + 0.55 * spots["mouth"] + 0.45 * spots["nostrils"] + 0.40 * spots["temples"]
        + 0.32 * spots["mid_forehead"] + 0.28 * spots["whole_chin"] + 0.30 * subject.region("neck")
        - 0.40 * spots["cheeks"]
    )  # fmt: skip


def _thin(subject: Subject, spots: _Spots) -> Tensor:
    """[S, S] how much less oxygen the blood shows: thin skin over veins."""
    return (
        0.28 * subject.region("lids_upper", "lids_lower") + 0.25 * spots["inner_eye"]
        + 0.14 * subject.region("temples") - 0.08 * spots["nose_tip"]
    )  # fmt: skip


def _yellow(subject: Subject, spots: _Spots) -> Tensor:
    """[S, S] carotene, which gathers where sweat and fat are."""
    return (
        0.12 * spots["whole_forehead"] + 0.12 * spots["around_mouth"] + 0.10 * subject.region("neck")
        + 0.10 * spots["nasion"] - 0.10 * spots["upper_cheeks"] + 0.09 * subject.noise("hues", 0.021, 2)[0]
    )  # fmt: skip


def _zones(subject: Subject, ground: Ground) -> Ground:
    base, ruddy = subject.traits.number("skin.melanin"), subject.traits.number("skin.redness")
    flush, tan, _, thin, yellow = _fields(subject)[:5]
    # Light skin burns instead of tanning, and the darkest can hardly tan.
    melanin = 2.2 * max(0.0, base) * (1.0 - base) * tan
    return replace(
        ground,
        melanin=ground.melanin + melanin,
        blood=ground.blood + (0.75 + 1.1 * ruddy) * flush,
        oxygenation=ground.oxygenation + 0.45 * flush - (1.0 - 0.7 * rise(base, *_DARK)) * thin,
        carotene=ground.carotene + yellow,
    )


def _deep_zones(subject: Subject, ground: Ground) -> Ground:
    """Where dark skin is darker still, and lighter."""
    return _umber(subject, ground, 1.0, _fields(subject)[2])


def _umber(subject: Subject, ground: Ground, strength: float, weight: Tensor) -> Ground:
    """Dark skin darkened towards a warm brown, or lightened by less than nothing; where it has its melanin."""
    base = subject.traits.number("skin.melanin")
    strength *= rise(base, *_DARK)
    if strength == 0.0:
        return ground
    weight = (ground.melanin * (strength / base)).clamp_(0.0, strength).mul_(weight)
    return replace(ground, albedo=ground.albedo * (weight * (_UMBER[:, None, None] - 1.0)).add_(1.0))


# ------------------------------------------------------------------------------------------------------- unevenness


def _uneven(subject: Subject) -> Tensor:
    """[3, S, S] steps of blood, melanin, and spots that much sun leaves."""
    broad, middle = subject.noise("blotches", 0.034, 3), subject.noise("patches", 0.011, 3)
    # What is as small as a few texels differs across the borders of islands: it fades out.
    small = subject.noise("mottling", 0.0034, 3) * subject.surface.atlas.interior
    # Vessels lie in a net with meshes about a centimetre wide: redder where the noise is near zero.
    net = (0.55 - middle[2].abs()).clamp_min(-0.8)
    blood = 0.034 * broad[0] + 0.034 * middle[0] + 0.040 * small[0] + 0.035 * net
    melanin = 0.010 * (broad[1] + 0.8 * middle[1] + 0.7 * small[1])
    sun = 0.014 * (middle[1] + 0.6 * small[1] - 1.1).clamp_min(0.0)
    return torch.stack((blood, melanin, sun))


def _fields(subject: Subject) -> Tensor:
    """[9, S, S] what no trait changes: five zones, three kinds of unevenness, and a beard's shadow."""
    return unlit(subject, "unevenness", _all_fields)


def _all_fields(subject: Subject) -> Tensor:
    uneven = _uneven(subject)
    subject.noise("hues", 0.021, 2)
    found = coarsely(subject, _smooth_fields)
    return torch.cat((found[:5], uneven, found[5:]))


def _smooth_fields(subject: Subject) -> Tensor:
    """[6, S, S] the five zones and a beard's shadow."""
    spots = zones(subject, _SPOTS)
    return torch.stack([make(subject, spots) for make in (_flush, _tan, _rubbed, _thin, _yellow, _shadowed)])


def _mottling(subject: Subject, ground: Ground) -> Ground:
    number = subject.traits.number
    base, age = number("skin.melanin"), rise(number("age"), 25.0, 80.0)
    blood, melanin, sun = _fields(subject)[5:8]
    middle, hue = subject.noise("patches", 0.011, 3), subject.noise("hues", 0.021, 2)
    return replace(
        ground,
        melanin=ground.melanin
        + ((1.0 + 0.4 * age) * melanin + (0.6 + 0.7 * age) * sun) * (1.1 - 0.85 * rise(base, 0.1, 0.9)),
        blood=ground.blood + (0.9 + 0.7 * number("skin.redness") + 0.45 * age) * blood,
        oxygenation=ground.oxygenation + 0.07 * middle[1] + 0.07 * hue[1],
    )


_GRAIN_BANDS: Final = ((0.35 * _MM, 1.1 * _MM), (1.0 * _MM, 3.0 * _MM))  # wavelengths of the two patterns
_GRAIN_SIDE: Final = 512  # texels at most
_LIPS_GRAIN: Final = 0.3  # how much stronger it is on lips
_GRAIN: Final = {"blood": (0.055, 0.045), "melanin": (0.012, 0.016)}  # steps at normal strength, of both patterns


def _grain(subject: Subject) -> Weave:
    """What is too small for the coarse grid: reddish pores with pale skin between them, specks of melanin."""
    surface, base = subject.surface, subject.traits.number("skin.melanin")
    per_metre = subject.size * float(surface.density[surface.atlas.inside].median())
    side = next(side for side in (_GRAIN_SIDE, 256, 128) if subject.size % side == 0)
    turns = torch.randint(0, side, (len(_GRAIN_BANDS), 2), generator=subject.tile_stream("grain")).tolist()
    tiles = torch.stack([
        _speckle(side, round(per_metre * low, 1), round(per_metre * high, 1)).roll(turn, (0, 1))
        for (low, high), turn in zip(_GRAIN_BANDS, turns, strict=True)
    ])  # fmt: skip
    covered = surface.atlas.interior * (1.0 - inner(subject))
    weights = covered * (0.75 + 2.0 * _fields(subject)[0]).clamp(0.4, 1.5)
    weights = weights * (1.0 + _LIPS_GRAIN * subject.region("lips_upper", "lips_lower"))
    melanin = torch.tensor(_GRAIN["melanin"]) * (1.15 - 0.85 * base)
    none = torch.zeros(2)
    blood = torch.tensor(_GRAIN["blood"])
    return Weave(tiles, weights.expand(2, -1, -1), none, melanin, blood, none, none)


@lru_cache(maxsize=8)
def _speckle(side: int, shortest: float, longest: float) -> Tensor:
    """[side, side] repeating noise, deviation 1, of wavelengths between two, in texels; faint where they are too short.

    It is as uneven at one scale as at the next: the amplitude falls with the frequency.
    """
    random = torch.randn(side, side, generator=stream(0, "speckle"))
    frequency = torch.fft.fftfreq(side)[:, None].hypot(torch.fft.rfftfreq(side)[None])
    low, high = 1.0 / longest, 1.0 / shortest
    band = smooth_step(frequency, 0.7 * low, low) * (1.0 - smooth_step(frequency, high, 1.4 * high))
    found = torch.fft.irfft2(torch.fft.rfft2(random) * band / frequency.clamp_min(1e-4), s=(side, side))
    return found / found.std().clamp_min(1e-12) * min(1.0, max(0.0, 0.5 * longest - 0.5))


# --------------------------------------------------------------------------------------------------- eyes and lips


def _under_eyes(subject: Subject, ground: Ground) -> Ground:
    """Dark circles: along the tear trough, deepest at the inner corner, purple on light skin and brown on dark."""
    dark, tired = rise(subject.traits.number("skin.melanin"), *_DARK), _tired(subject)
    return replace(
        ground,
        melanin=ground.melanin + 0.075 * (1.0 - dark) * tired,
        blood=ground.blood + 0.42 * tired,
        oxygenation=ground.oxygenation - 0.60 * (1.0 - dark) * tired,
    )


def _umber_eyes(subject: Subject, ground: Ground) -> Ground:
    """Dark circles on dark skin."""
    return _umber(subject, ground, 1.3, _tired(subject))


def _tired(subject: Subject) -> Tensor:
    """[S, S] 0..1.4 how dark the circles are."""
    amount = 0.15 + 0.85 * subject.traits.number("under_eyes.darkness")
    return amount * subject.once("tear troughs", lambda: _tear_troughs(subject))


def _tear_troughs(subject: Subject) -> Tensor:
    """[S, S] 0..1 along a curve from the inner corner of each eye below the lid."""
    curves = []
    for side in "lr":
        inside, middle, bag, outside = places(
            subject, f"endocanthion_{side}", f"lid_lower_{side}", f"eye_bag_{side}", f"exocanthion_{side}"
        )
        below = bag - middle
        knots = torch.stack(
            (inside + 0.15 * below, torch.lerp(inside, middle, 0.45) + 0.85 * below, bag + 0.25 * below,
             torch.lerp(bag, outside, 0.55) + 0.55 * below, outside + 0.35 * below)
        )  # fmt: skip
        curves.append(curve(knots, _ALONG_TROUGH))
    share = torch.linspace(0.0, 1.0, _ALONG_TROUGH)
    radii = (4.2 + 3.4 * torch.sin(torch.pi * (0.15 + 0.75 * share))) * _MM
    weights = 1.0 - 0.55 * share**1.3
    found = blobs(subject, torch.cat(curves), radii.repeat(2), weights.repeat(2))
    lids = torch.maximum(0.55 * subject.region("lids_lower"), 0.35 * subject.region("under_eyes"))
    uneven = 0.9 + 0.16 * subject.noise("patches", 0.011, 3)[0] + 0.10 * subject.noise("mottling", 0.0034, 3)[2]
    together = torch.maximum(found, lids) * (1.0 - subject.region("lids_margin"))
    return together * uneven.clamp(0.4, 1.4)


def _lips(subject: Subject, ground: Ground) -> Ground:
    """Less melanin, least in the lower lip's middle, and near blood, most where they are wet; a border that fades."""
    number = subject.traits.number
    base, red, man = (
        number("skin.melanin"),
        number("lips.redness"),
        0.6 * manhood(subject) + 0.4 * max(0.0, number("gender")),
    )
    small, middle = subject.noise("mottling", 0.0034, 3), subject.noise("patches", 0.011, 3)
    upper, lower = subject.region("lips_upper"), subject.region("lips_lower")
    region = (upper + lower).clamp(0.0, 1.0)  # at the corners the two meet, half each
    lips = smooth_step(region + 0.07 * small[2] * (1.0 - region), 0.18, 0.92)
    share = lower / (upper + lower).clamp_min(1e-3)
    wet = subject.once("lips/wet", lambda: _wet_lips(subject))
    middle_of = subject.once("lips/middle", lambda: near(subject, 11.0 * _MM, "labrale_inferius", "stomion_inferius"))
    uneven = (0.7 * middle[0] + small[0]).clamp(-2.0, 2.0)
    # The darker the skin, the more the lips keep of its melanin at their border, and the lighter their middle looks.
    kept = 0.98 - 0.06 * share - 0.11 * middle_of * share - 0.06 * wet
    line = wet.square().square_() * wet
    brown = (0.01 + 0.08 * man) * (1.0 - base) + 0.02 * (1.0 - share)
    melanin = base * kept + brown - 0.03 * (uneven + wet - line)
    blood = resting_blood(subject.traits) + 0.45 + 0.9 * red - 0.25 * man + 0.18 * wet + 0.25 * line + 0.14 * uneven
    # Men's have less of a border: they pale towards it.
    lips = lips * (1.0 - (0.12 + 0.33 * man) * (1.0 - _inner_lips(subject)))
    oxygenation = 0.60 - 0.24 * man + 0.12 * wet - 0.35 * line + 0.10 * share + 0.10 * small[1]
    return replace(
        ground,
        melanin=torch.lerp(ground.melanin, melanin, lips),
        blood=torch.lerp(ground.blood, blood, lips),
        oxygenation=torch.lerp(ground.oxygenation, oxygenation, lips),
    )


def _inner_lips(subject: Subject) -> Tensor:
    """[S, S] 0..1 towards the line where the lips meet."""
    wet = subject.once("lips/wet", lambda: _wet_lips(subject))
    # Of a Gaussian 3.2 mm wide, one that is twice as wide, without its end, where the first is cut off.
    return wet.sqrt().sqrt_().sub_(0.3).clamp_(0.0, 0.7).div_(0.7)


def _wet_lips(subject: Subject) -> Tensor:
    """[S, S] 0..1 along the line where the lips meet."""
    numbers = [f"multipie_{number}" for number in (60, 61, 62, 63, 64, 65, 66, 67, 60)]
    return blobs(subject, curve(places(subject, *numbers), 36), 3.2 * _MM)


def _wet_lining(subject: Subject, ground: Ground) -> Ground:
    # Borders between tiles show what both can: as red a little on both sides in the mouth, hardly redder at the eyes.
    wet = torch.maximum(smooth_step(subject.region("mouth_inside"), 0.0, 0.72), 0.2 * subject.region("eye_sockets"))
    return replace(ground, albedo=torch.lerp(ground.albedo, _WET[:, None, None], wet))


# ---------------------------------------------------------------------------------------------------- beard's shadow


def _beard_shadow(subject: Subject, ground: Ground) -> Ground:
    """Shaven hair under the skin of men looks bluish grey (Tyndall scattering of dark hair below a turbid layer)."""
    number, male = subject.traits.number, manhood(subject)
    dark = number("hair.melanin") * (1.0 - 0.7 * number("hair.grey"))
    strength = 0.32 * male * dark + 0.40 * number("stubble.density") * dark
    if strength == 0.0:
        return ground
    weight = (strength * _fields(subject)[8]).clamp_max(1.0)
    shade = torch.lerp(torch.ones(3, 1, 1), _BLUISH[:, None, None], weight)
    return replace(ground, albedo=ground.albedo * shade)


def _shadowed(subject: Subject, spots: _Spots) -> Tensor:
    """[S, S] 0..1.3: densest on the upper lip, the chin and along the jaw, thin on the cheeks."""
    dense = torch.maximum(spots["beard"], spots["moustache"])
    lips = subject.region("lips_upper", "lips_lower")
    uneven = 0.15 * subject.noise("patches", 0.011, 3)[2] + 0.10 * subject.noise("mottling", 0.0034, 3)[1]
    most = 0.55 + 0.45 * torch.maximum(dense, 0.7 * spots["jaw"])
    return subject.region("beard") * (1.0 - lips) * (most + uneven).clamp(0.0, 1.3)


TONE: Final = Layer("tone", "the skin's own colour", PIGMENT_TRAITS, pigments=_tone)
ZONES: Final = Layer(
    "zones",
    "redder nose, cheeks and ears, yellower forehead",
    ("skin.melanin", "skin.redness"),
    pigments=_zones,
    stain=_deep_zones,
)
MOTTLING: Final = Layer(
    "mottling", "unevenness of every size", ("skin.melanin", "skin.redness", "age"), pigments=_mottling
)
GRAIN: Final = Layer("grain", "reddish pores and specks", ("skin.melanin",), weave=_grain)
UNDER_EYES: Final = Layer(
    "under_eyes",
    "dark circles under the eyes",
    ("skin.melanin", "under_eyes.darkness"),
    pigments=_under_eyes,
    stain=_umber_eyes,
)
LIPS: Final = Layer(
    "lips",
    "the lips' own colour",
    (*PIGMENT_TRAITS, "lips.redness", "gender", "age"),
    pigments=_lips,
)
LINING: Final = Layer("lining", "the mouth's lining and the eye sockets", stain=_wet_lining)
BEARD_SHADOW: Final = Layer(
    "beard_shadow",
    "the bluish shade of a shaven beard",
    ("age", "gender", "hair.melanin", "hair.grey", "stubble.density"),
    stain=_beard_shadow,
)
