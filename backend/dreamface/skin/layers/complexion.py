"""Where the face's pigments lie: tone, zones, unevenness of every size, dark circles, lips, and a beard's shadow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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


_Spots = Mapping[str, Tensor]
"""[S, S] 0..1 how much of a texel belongs to each of `_SPOTS`."""

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


_Weights = Mapping[str | tuple[str, ...], float]
"""How much each of `_SPOTS` (by name) and of the head's regions (a tuple: their union) adds to a field."""

_FLUSHED: Final[_Weights] = {
    "wings": 0.22, "ears": 0.22, "corners": 0.10, "glabella": 0.05, ("lids_upper", "lids_lower"): 0.15,
    ("lids_margin", "eye_sockets"): 0.30, "forehead": -0.07, ("temples",): -0.05, "chin_sides": -0.06,
    ("neck",): -0.05,
}  # fmt: skip
"""Steps of blood: more where the skin is thin over many vessels, less over bone and on the neck."""

_FLUSHED_IN_PATCHES: Final = {"apples": 0.22, "nose": 0.21, "chin": 0.13}
"""The same of places where it is patchy."""

_APPLES_RADIUS: Final = 21.0 * _MM
_RHINION_FLUSH: Final = 0.55  # over that of the tip of the nose
_FLUSH_PATCHES, _FLUSH_BLOTCHES = 0.35, 0.25  # how patchy: weights of two noises
_FLUSH_RANGE: Final = (0.2, 2.0)

_TANNED: Final[_Weights] = {"sunny": 0.03, "high": 0.025}
_SHADED: Final[_Weights] = {("neck",): 0.03, ("lids_upper",): 0.015}
"""Steps of melanin where the sun shines, and what is missing in the shade."""

_RUBBED: Final[_Weights] = {
    "lids": 0.70, "mouth": 0.55, "nostrils": 0.45, "temples": 0.40, "mid_forehead": 0.32, "whole_chin": 0.28,
    ("neck",): 0.30, "cheeks": -0.40,
}  # fmt: skip
"""How much deeper dark skin is: at the lids, around mouth and nostrils, at the temples; less on the cheeks."""

_THIN: Final[_Weights] = {
    ("lids_upper", "lids_lower"): 0.28, "inner_eye": 0.25, ("temples",): 0.14, "nose_tip": -0.08,
}  # fmt: skip
"""How much less oxygen the blood shows, because the skin is thin over veins."""

_YELLOW: Final[_Weights] = {
    "whole_forehead": 0.12, "around_mouth": 0.12, ("neck",): 0.10, "nasion": 0.10, "upper_cheeks": -0.10,
}  # fmt: skip
"""Steps of carotene, which gathers where sweat and fat are."""
_YELLOW_HUES: Final = 0.09  # weight of the noise on that


def _weighted(subject: Subject, spots: _Spots, weights: _Weights, start: Tensor | None = None) -> Tensor:
    """Return [S, S] the weighted sum of spots and regions, added to `start` in the table's order."""
    total = start
    for name, weight in weights.items():
        term = weight * (spots[name] if isinstance(name, str) else subject.region(*name))
        total = term if total is None else total + term
    assert total is not None
    return total


def _flush(subject: Subject, spots: _Spots) -> Tensor:
    """Return [S, S] steps of blood."""
    cheeks = torch.stack([places(subject, f"upper_cheek_{s}", f"cheekbone_{s}", f"cheek_{s}").mean(0) for s in "lr"])
    patchy = (
        1.0
        + _FLUSH_PATCHES * subject.noise("patches", 0.011, 3)[1]
        + _FLUSH_BLOTCHES * subject.noise("blotches", 0.034, 3)[2]
    )
    patched = {
        "apples": blobs(subject, cheeks, _APPLES_RADIUS),
        "nose": torch.maximum(spots["nose"], _RHINION_FLUSH * spots["rhinion"]),
        "chin": spots["chin"],
    }
    flush = _weighted(subject, patched, _FLUSHED_IN_PATCHES) * patchy.clamp(*_FLUSH_RANGE)
    return _weighted(subject, spots, _FLUSHED, flush)


def _tan(subject: Subject, spots: _Spots) -> Tensor:
    """Return [S, S] steps of melanin."""
    return _weighted(subject, spots, _TANNED) - _weighted(subject, spots, _SHADED)


def _rubbed(subject: Subject, spots: _Spots) -> Tensor:
    """Return [S, S] how much deeper dark skin is."""
    lids = torch.maximum(subject.region("lids_upper", "lids_lower"), spots["inner_eye"])
    return _weighted(subject, {**spots, "lids": lids}, _RUBBED)


def _thin(subject: Subject, spots: _Spots) -> Tensor:
    """Return [S, S] how much less oxygen the blood shows."""
    return _weighted(subject, spots, _THIN)


def _yellow(subject: Subject, spots: _Spots) -> Tensor:
    """Return [S, S] steps of carotene."""
    return _weighted(subject, spots, _YELLOW) + _YELLOW_HUES * subject.noise("hues", 0.021, 2)[0]


_TANNING: Final = 2.2  # times melanin x (1 - melanin): light skin burns instead, and the darkest can hardly tan
_FLUSH_PALLID, _FLUSH_RUDDY = 0.75, 1.1  # factor on the zones' blood without redness, and what full redness adds
_FLUSH_OXYGEN: Final = 0.45  # steps of oxygenation that a step of the zones' blood brings
_THIN_HIDDEN: Final = 0.7  # fraction of the veins' shine that the darkest skin hides


def _zones(subject: Subject, ground: Ground) -> Ground:
    base, ruddy = subject.traits.number("skin.melanin"), subject.traits.number("skin.redness")
    flush, tan, _, thin, yellow = _fields(subject)[:5]
    melanin = _TANNING * max(0.0, base) * (1.0 - base) * tan
    return replace(
        ground,
        melanin=ground.melanin + melanin,
        blood=ground.blood + (_FLUSH_PALLID + _FLUSH_RUDDY * ruddy) * flush,
        oxygenation=ground.oxygenation + _FLUSH_OXYGEN * flush - (1.0 - _THIN_HIDDEN * rise(base, *_DARK)) * thin,
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


@dataclass(frozen=True)
class _Unevenness:
    """How uneven skin is, by the size of what is uneven: blotches (3.4 cm), patches (1.1 cm), mottling (3.4 mm).

    Attributes:
        blood_blotches, blood_patches, blood_mottling: steps of blood.
        blood_net: steps of blood in the net of vessels, whose meshes are about a centimetre wide.
        net_level, net_lowest: of the noise where the net's threads end, and the least that it counts.
        melanin: steps of melanin of the blotches; `melanin_patches` and `melanin_mottling` are over that.
        sun: steps of melanin of the spots that much sun leaves: where the sum of patches and `sun_mottling` times the
            mottling is above `sun_level`.
    """

    blood_blotches: float = 0.034
    blood_patches: float = 0.034
    blood_mottling: float = 0.040
    blood_net: float = 0.035
    net_level: float = 0.55
    net_lowest: float = -0.8
    melanin: float = 0.010
    melanin_patches: float = 0.8
    melanin_mottling: float = 0.7
    sun: float = 0.014
    sun_mottling: float = 0.6
    sun_level: float = 1.1


_UNEVEN: Final = _Unevenness()


def _uneven(subject: Subject) -> Tensor:
    """Return [3, S, S] steps of blood, of melanin, and of the melanin that much sun leaves in spots."""
    look = _UNEVEN
    broad, middle = subject.noise("blotches", 0.034, 3), subject.noise("patches", 0.011, 3)
    # What is as small as a few texels differs across the borders of islands: it fades out.
    small = subject.noise("mottling", 0.0034, 3) * subject.surface.atlas.interior
    # Redder where the noise is near zero: those places form a net, as vessels do.
    net = (look.net_level - middle[2].abs()).clamp_min(look.net_lowest)
    blood = (
        look.blood_blotches * broad[0]
        + look.blood_patches * middle[0]
        + look.blood_mottling * small[0]
        + look.blood_net * net
    )
    melanin = look.melanin * (broad[1] + look.melanin_patches * middle[1] + look.melanin_mottling * small[1])
    sun = look.sun * (middle[1] + look.sun_mottling * small[1] - look.sun_level).clamp_min(0.0)
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


@dataclass(frozen=True)
class _MottlingLook:
    """How the traits change the unevenness.

    Attributes:
        ages: years between which skin gets more uneven.
        melanin_old, sun_young, sun_old, blood_young, blood_old: factors on the steps, and what age adds to them.
        blood_ruddy: what full redness adds to the factor on blood.
        melanin_light, melanin_less, melanin_range: factor on all melanin of light skin, how much less it is on dark
            skin, and the melanin between which that is.
        oxygen: steps of oxygenation, of patches and of hues.
    """

    ages: tuple[float, float] = (25.0, 80.0)
    melanin_old: float = 0.4
    sun_young: float = 0.6
    sun_old: float = 0.7
    melanin_light: float = 1.1
    melanin_less: float = 0.85
    melanin_range: tuple[float, float] = (0.1, 0.9)
    blood_young: float = 0.9
    blood_ruddy: float = 0.7
    blood_old: float = 0.45
    oxygen: float = 0.07


_MOTTLED: Final = _MottlingLook()


def _mottling(subject: Subject, ground: Ground) -> Ground:
    number, look = subject.traits.number, _MOTTLED
    base, age = number("skin.melanin"), rise(number("age"), *look.ages)
    light = look.melanin_light - look.melanin_less * rise(base, *look.melanin_range)
    blood, melanin, sun = _fields(subject)[5:8]
    middle, hue = subject.noise("patches", 0.011, 3), subject.noise("hues", 0.021, 2)
    return replace(
        ground,
        melanin=ground.melanin
        + ((1.0 + look.melanin_old * age) * melanin + (look.sun_young + look.sun_old * age) * sun) * light,
        blood=ground.blood
        + (look.blood_young + look.blood_ruddy * number("skin.redness") + look.blood_old * age) * blood,
        oxygenation=ground.oxygenation + look.oxygen * middle[1] + look.oxygen * hue[1],
    )


_GRAIN_BANDS: Final = ((0.35 * _MM, 1.1 * _MM), (1.0 * _MM, 3.0 * _MM))  # wavelengths of the two patterns
_GRAIN_SIDES: Final = (512, 256, 128)  # texels of the tile; the first that divides the maps' side
_GRAIN_EVEN, _GRAIN_FLUSHED, _GRAIN_RANGE = 0.75, 2.0, (0.4, 1.5)  # strength: everywhere, per step of the zones' blood
_GRAIN_MELANIN_LIGHT, _GRAIN_MELANIN_LESS = 1.15, 0.85  # factor on melanin of light skin; how much less on dark
_LIPS_GRAIN: Final = 0.3  # how much stronger it is on lips
_GRAIN: Final = {"blood": (0.055, 0.045), "melanin": (0.012, 0.016)}  # steps at normal strength, of both patterns


def _grain(subject: Subject) -> Weave:
    """What is too small for the coarse grid: reddish pores with pale skin between them, specks of melanin."""
    surface, base = subject.surface, subject.traits.number("skin.melanin")
    per_metre = subject.size * float(surface.density[surface.atlas.inside].median())
    side = next(side for side in _GRAIN_SIDES if subject.size % side == 0)
    turns = torch.randint(0, side, (len(_GRAIN_BANDS), 2), generator=subject.tile_stream("grain")).tolist()
    tiles = torch.stack([
        _speckle(side, round(per_metre * low, 1), round(per_metre * high, 1)).roll(turn, (0, 1))
        for (low, high), turn in zip(_GRAIN_BANDS, turns, strict=True)
    ])  # fmt: skip
    covered = surface.atlas.interior * (1.0 - inner(subject))
    weights = covered * (_GRAIN_EVEN + _GRAIN_FLUSHED * _fields(subject)[0]).clamp(*_GRAIN_RANGE)
    weights = weights * (1.0 + _LIPS_GRAIN * subject.region("lips_upper", "lips_lower"))
    melanin = torch.tensor(_GRAIN["melanin"]) * (_GRAIN_MELANIN_LIGHT - _GRAIN_MELANIN_LESS * base)
    none = torch.zeros(2)
    blood = torch.tensor(_GRAIN["blood"])
    return Weave(tiles, weights.expand(2, -1, -1), none, melanin, blood, none, none)


_BAND_ENDS: Final = (0.7, 1.4)  # times the lowest and the highest frequency, where the band has faded out
_LOWEST_FREQUENCY: Final = 1e-4


@lru_cache(maxsize=8)
def _speckle(side: int, shortest: float, longest: float) -> Tensor:
    """[side, side] repeating noise, deviation 1, of wavelengths between two, in texels; faint where they are too short.

    It is as uneven at one scale as at the next: the amplitude falls with the frequency.
    """
    random = torch.randn(side, side, generator=stream(0, "speckle"))
    frequency = torch.fft.fftfreq(side)[:, None].hypot(torch.fft.rfftfreq(side)[None])
    low, high = 1.0 / longest, 1.0 / shortest
    band = smooth_step(frequency, _BAND_ENDS[0] * low, low) * (1.0 - smooth_step(frequency, high, _BAND_ENDS[1] * high))
    found = torch.fft.irfft2(torch.fft.rfft2(random) * band / frequency.clamp_min(_LOWEST_FREQUENCY), s=(side, side))
    return found / found.std().clamp_min(1e-12) * min(1.0, max(0.0, 0.5 * longest - 0.5))


# --------------------------------------------------------------------------------------------------- eyes and lips


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
    dark, tired = rise(subject.traits.number("skin.melanin"), *_DARK), _tired(subject)
    return replace(
        ground,
        melanin=ground.melanin + _CIRCLES.melanin * (1.0 - dark) * tired,
        blood=ground.blood + _CIRCLES.blood * tired,
        oxygenation=ground.oxygenation - _CIRCLES.oxygen * (1.0 - dark) * tired,
    )


def _umber_eyes(subject: Subject, ground: Ground) -> Ground:
    """Dark circles on dark skin."""
    return _umber(subject, ground, _CIRCLES.dark_skin, _tired(subject))


def _tired(subject: Subject) -> Tensor:
    """[S, S] 0..1.4 how dark the circles are."""
    amount = _CIRCLES.least + _CIRCLES.range * subject.traits.number("under_eyes.darkness")
    return amount * subject.once("tear troughs", lambda: _tear_troughs(subject))


def _tear_troughs(subject: Subject) -> Tensor:
    """[S, S] 0..1 along a curve from the inner corner of each eye below the lid."""
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
    radii = (look.radius_mm + look.radius_swelling_mm * torch.sin(torch.pi * (first + rest * along))) * _MM
    weights = 1.0 - look.fading * along**look.fading_power
    troughs = blobs(subject, torch.cat(curves), radii.repeat(2), weights.repeat(2))
    lids = torch.maximum(look.lids * subject.region("lids_lower"), look.under_lids * subject.region("under_eyes"))
    uneven = (
        look.uneven
        + look.patches * subject.noise("patches", 0.011, 3)[0]
        + look.mottling * subject.noise("mottling", 0.0034, 3)[2]
    )
    together = torch.maximum(troughs, lids) * (1.0 - subject.region("lids_margin"))
    return together * uneven.clamp(*look.range_uneven)


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


_LIPS: Final = _LipsLook()
_FEWEST_LIPS: Final = 1e-3  # weight of the regions, so that nothing is divided by 0


def _lips(subject: Subject, ground: Ground) -> Ground:
    """Paint lips: less melanin, least in the lower lip's middle; near blood, most where they are wet; a soft border."""
    number, look = subject.traits.number, _LIPS
    man = look.man_grown * manhood(subject) + look.man_born * max(0.0, number("gender"))
    small, patches = subject.noise("mottling", 0.0034, 3), subject.noise("patches", 0.011, 3)
    upper, lower = subject.region("lips_upper"), subject.region("lips_lower")
    region = (upper + lower).clamp(0.0, 1.0)  # at the corners the two meet, half each
    lips = smooth_step(region + look.border_noise * small[2] * (1.0 - region), *look.border)
    lower_part = lower / (upper + lower).clamp_min(_FEWEST_LIPS)
    wet = subject.once("lips/wet", lambda: _wet_lips(subject))
    line = wet.square().square_() * wet
    uneven = (look.uneven_patches * patches[0] + small[0]).clamp(*look.uneven_range)
    melanin = _lip_melanin(subject, lower_part, wet, line, uneven, man)
    red = number("lips.redness")
    blood = resting_blood(subject.traits) + look.blood + look.blood_red * red - look.blood_man * man
    blood = blood + look.blood_wet * wet + look.blood_line * line + look.blood_uneven * uneven
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


def _lip_melanin(subject: Subject, lower_part: Tensor, wet: Tensor, line: Tensor, uneven: Tensor, man: float) -> Tensor:
    """Return [S, S] the lips' melanin.

    The darker the skin, the more of its melanin the lips keep at their border, and the lighter their middle looks.
    """
    look, base = _LIPS, subject.traits.number("skin.melanin")
    middle = subject.once(
        "lips/middle", lambda: near(subject, look.middle_mm * _MM, "labrale_inferius", "stomion_inferius")
    )
    kept = look.kept - look.kept_lower * lower_part - look.kept_middle * middle * lower_part - look.kept_wet * wet
    brown = (look.brown + look.brown_man * man) * (1.0 - base) + look.brown_upper * (1.0 - lower_part)
    return base * kept + brown - look.melanin_uneven * (uneven + wet - line)


_WET_RADIUS: Final = 3.2 * _MM  # of the line where the lips meet
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
        smooth_step(subject.region("mouth_inside"), *_WET_BORDER), _WET_EYES * subject.region("eye_sockets")
    )
    return replace(ground, albedo=torch.lerp(ground.albedo, _WET[:, None, None], wet))


# ---------------------------------------------------------------------------------------------------- beard's shadow


@dataclass(frozen=True)
class _BeardShadow:
    """The shadow of a shaven beard.

    Attributes:
        grey_less: fraction that grey hair lacks.
        shaven, stubble: strength of grown men's, and what full stubble adds.
        everywhere, dense, jaw: density where a beard grows at all, what the densest places add, and the jaw over those.
        patches, mottling, most: weights of two noises, and the largest density.
    """

    grey_less: float = 0.7
    shaven: float = 0.32
    stubble: float = 0.40
    everywhere: float = 0.55
    dense: float = 0.45
    jaw: float = 0.7
    patches: float = 0.15
    mottling: float = 0.10
    most: float = 1.3


_SHADOW: Final = _BeardShadow()


def _beard_shadow(subject: Subject, ground: Ground) -> Ground:
    """Shaven hair under the skin of men looks bluish grey (Tyndall scattering of dark hair below a turbid layer)."""
    number, male = subject.traits.number, manhood(subject)
    dark = number("hair.melanin") * (1.0 - _SHADOW.grey_less * number("hair.grey"))
    strength = _SHADOW.shaven * male * dark + _SHADOW.stubble * number("stubble.density") * dark
    if strength == 0.0:
        return ground
    weight = (strength * _fields(subject)[8]).clamp_max(1.0)
    shade = torch.lerp(torch.ones(3, 1, 1), _BLUISH[:, None, None], weight)
    return replace(ground, albedo=ground.albedo * shade)


def _shadowed(subject: Subject, spots: _Spots) -> Tensor:
    """[S, S] 0..1.3: densest on the upper lip, the chin and along the jaw, thin on the cheeks."""
    dense = torch.maximum(spots["beard"], spots["moustache"])
    lips = subject.region("lips_upper", "lips_lower")
    look = _SHADOW
    uneven = (
        look.patches * subject.noise("patches", 0.011, 3)[2] + look.mottling * subject.noise("mottling", 0.0034, 3)[1]
    )
    density = look.everywhere + look.dense * torch.maximum(dense, look.jaw * spots["jaw"])
    return subject.region("beard") * (1.0 - lips) * (density + uneven).clamp(0.0, look.most)


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
