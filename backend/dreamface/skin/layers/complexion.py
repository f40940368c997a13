"""Where the face's pigments lie: tone, zones, unevenness of every size, and a beard's shadow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.anatomy import blobs, both, coarsely, places, unlit, zones
from dreamface.skin.canvas.atlas import ramp
from dreamface.skin.canvas.layer import DetailTiles, Ground, Layer
from dreamface.skin.canvas.noise import stream
from dreamface.skin.canvas.pigments import PIGMENT_TRAITS, RESTING_OXYGENATION, resting_blood
from dreamface.skin.canvas.shared_noises import BLOTCHES, HUES, MOTTLING, PATCHES
from dreamface.skin.canvas.subject import Subject
from dreamface.units import MM

_ADULT: Final = (13.0, 20.0)  # years between which a beard's shadow comes
_BLUISH: Final = torch.tensor([0.40, 0.49, 0.55])  # what hair below the skin leaves of its colour
DARK: Final = (0.25, 0.75)  # melanin between which skin starts to darken where it is thin or rubbed
# What the darkest of such places leave of dark skin's colour. More melanin would turn them grey and olive; they are a
# warm brown, since the blood below shows where the skin is thin.
_UMBER: Final = torch.tensor([0.70, 0.61, 0.55])


def manhood(subject: Subject) -> float:
    """0..1: of women and children, to grown men."""
    number = subject.traits.number
    return max(0.0, number("gender")) * ramp(number("age"), *_ADULT)


def inner(subject: Subject) -> Tensor:
    """Return [S, S] 0..1: the mouth's lining and the eye sockets, which are no skin."""
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
    "nose": (13.0 * MM, ("pronasale",)),
    "rhinion": (11.0 * MM, ("rhinion",)),
    "wings": (5.5 * MM, both("alare", "alar_base")),
    "ears": (17.0 * MM, both("ear_top", "ear_back", "ear_lobe")),
    "chin": (12.0 * MM, ("pogonion",)),
    "corners": (6.0 * MM, ("subnasale", *both("endocanthion"))),
    "glabella": (12.0 * MM, ("glabella",)),
    "forehead": (34.0 * MM, ("metopion",)),
    "chin_sides": (9.0 * MM, (*both("chin_side"), "sublabiale")),
    "sunny": (34.0 * MM, ("metopion", *both("frontotemporale"))),
    "high": (15.0 * MM, ("rhinion", *both("cheekbone"))),
    "mouth": (9.0 * MM, (*both("cheilion"), "sublabiale")),
    "inner_eye": (7.0 * MM, both("endocanthion")),
    "nostrils": (9.0 * MM, (*both("alar_base"), "subnasale")),
    "temples": (20.0 * MM, both("temple")),
    "mid_forehead": (22.0 * MM, ("metopion",)),
    "whole_chin": (14.0 * MM, ("pogonion",)),
    "cheeks": (17.0 * MM, both("cheekbone", "upper_cheek")),
    "nose_tip": (14.0 * MM, ("pronasale",)),
    "whole_forehead": (38.0 * MM, ("metopion",)),
    "around_mouth": (13.0 * MM, ("sublabiale", *both("cheilion"))),
    "nasion": (12.0 * MM, ("nasion",)),
    "upper_cheeks": (18.0 * MM, both("upper_cheek")),
    "beard": (15.0 * MM, ("pogonion", "menton", *both("cheilion", "chin_side"))),
    "moustache": (9.0 * MM, ("labrale_superius", *both("alar_base"))),
    "jaw": (16.0 * MM, tuple(f"multipie_{number:02d}" for number in (3, 4, 5, 6, 7, 9, 10, 11, 12, 13))),
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

_FLUSHED_IN_PATCHES: Final[_Weights] = {"apples": 0.22, "nose": 0.21, "chin": 0.13}
"""The same of places where it is patchy."""

_APPLES_RADIUS: Final = 21.0 * MM
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
        1.0 + _FLUSH_PATCHES * subject.noise(PATCHES, "colour") + _FLUSH_BLOTCHES * subject.noise(BLOTCHES, "gloss")
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
    return _weighted(subject, spots, _YELLOW) + _YELLOW_HUES * subject.noise(HUES, "carotene")


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
        oxygenation=ground.oxygenation + _FLUSH_OXYGEN * flush - (1.0 - _THIN_HIDDEN * ramp(base, *DARK)) * thin,
        carotene=ground.carotene + yellow,
    )


def _deep_zones(subject: Subject, ground: Ground) -> Ground:
    """Return where dark skin is darker still, and lighter."""
    return umber(subject, ground, 1.0, _fields(subject)[2])


def umber(subject: Subject, ground: Ground, strength: float, weight: Tensor) -> Ground:
    """Dark skin darkened towards a warm brown, or lightened by less than nothing; where it has its melanin."""
    base = subject.traits.number("skin.melanin")
    strength *= ramp(base, *DARK)
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
    broad, middle = subject.noise(BLOTCHES), subject.noise(PATCHES)
    # What is as small as a few texels differs across the borders of islands: it fades out.
    small = subject.noise(MOTTLING) * subject.surface.atlas.interior
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
    """Return [9, S, S] what no trait changes: five zones, three kinds of unevenness, and a beard's shadow."""
    return unlit(subject, "unevenness", _all_fields)


def _all_fields(subject: Subject) -> Tensor:
    uneven = _uneven(subject)
    subject.noise(HUES)
    found = coarsely(subject, _smooth_fields)
    return torch.cat((found[:5], uneven, found[5:]))


def _smooth_fields(subject: Subject) -> Tensor:
    """Return [6, S, S] the five zones and a beard's shadow."""
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
    base, age = number("skin.melanin"), ramp(number("age"), *look.ages)
    light = look.melanin_light - look.melanin_less * ramp(base, *look.melanin_range)
    blood, melanin, sun = _fields(subject)[5:8]
    middle, hue = subject.noise(PATCHES), subject.noise(HUES)
    return replace(
        ground,
        melanin=ground.melanin
        + ((1.0 + look.melanin_old * age) * melanin + (look.sun_young + look.sun_old * age) * sun) * light,
        blood=ground.blood
        + (look.blood_young + look.blood_ruddy * number("skin.redness") + look.blood_old * age) * blood,
        oxygenation=ground.oxygenation + look.oxygen * middle[1] + look.oxygen * hue[1],
    )


_GRAIN_BANDS: Final = ((0.35 * MM, 1.1 * MM), (1.0 * MM, 3.0 * MM))  # wavelengths of the two patterns
_GRAIN_SIDES: Final = (512, 256, 128)  # texels of the tile; the first that divides the maps' side
_GRAIN_EVEN, _GRAIN_FLUSHED, _GRAIN_RANGE = 0.75, 2.0, (0.4, 1.5)  # strength: everywhere, per step of the zones' blood
_GRAIN_MELANIN_LIGHT, _GRAIN_MELANIN_LESS = 1.15, 0.85  # factor on melanin of light skin; how much less on dark
_LIPS_GRAIN: Final = 0.3  # how much stronger it is on lips
_GRAIN: Final = {"blood": (0.055, 0.045), "melanin": (0.012, 0.016)}  # steps at normal strength, of both patterns


def _grain(subject: Subject) -> DetailTiles:
    """Return what is too small for the coarse grid: reddish pores with pale skin between them, specks of melanin."""
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
    return DetailTiles(tiles, weights.expand(2, -1, -1), none, melanin, blood, none, none)


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
    band = smoothstep(frequency, _BAND_ENDS[0] * low, low) * (1.0 - smoothstep(frequency, high, _BAND_ENDS[1] * high))
    found = torch.fft.irfft2(torch.fft.rfft2(random) * band / frequency.clamp_min(_LOWEST_FREQUENCY), s=(side, side))
    return found / found.std().clamp_min(1e-12) * min(1.0, max(0.0, 0.5 * longest - 0.5))


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
    """Return [S, S] 0..1.3: densest on the upper lip, the chin and along the jaw, thin on the cheeks."""
    dense = torch.maximum(spots["beard"], spots["moustache"])
    lips = subject.region("lips_upper", "lips_lower")
    look = _SHADOW
    uneven = look.patches * subject.noise(PATCHES, "gloss") + look.mottling * subject.noise(MOTTLING, "colour")
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
UNEVENNESS: Final = Layer(
    "mottling", "unevenness of every size", ("skin.melanin", "skin.redness", "age"), pigments=_mottling
)
GRAIN: Final = Layer("grain", "reddish pores and specks", ("skin.melanin",), detail_tiles=_grain)
BEARD_SHADOW: Final = Layer(
    "beard_shadow",
    "the bluish shade of a shaven beard",
    ("age", "gender", "hair.melanin", "hair.grey", "stubble.density"),
    stain=_beard_shadow,
)
