"""What varies slowly over the skin: pigments by region, gloss, translucency, make-up. Everything here is coarse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.atlas import Atlas, Surface, skin_noise, smooth_step
from dreamface.skin.noise import stream
from dreamface.skin.pigments import MOST_BLOOD, scalp_hair_colour, skin_colour
from dreamface.traits import Traits

_LUMINANCE: Final = torch.tensor([0.2126, 0.7152, 0.0722])
_WET: Final = torch.tensor([0.30, 0.075, 0.065])  # linear Rec. 709 of the mouth's lining and the eye sockets
_ADULT: Final = (13.0, 20.0)  # years between which a beard's shadow comes


@dataclass(frozen=True)
class Complexion:
    """The skin without its fine detail, on the coarse grid; [1 or 3, S, S].

    Attributes:
        albedo: linear Rec. 709.
        roughness, specular, subsurface: as in the maps.
        pores, lines: 0..1 strength of the fine relief.
        lip: 0..1, where lips are.
    """

    albedo: Tensor
    roughness: Tensor
    specular: Tensor
    subsurface: Tensor
    pores: Tensor
    lines: Tensor
    lip: Tensor


def complexion(surface: Surface, traits: Traits, seed: int, hair_cover: Tensor) -> Complexion:
    """The face's colours and gloss.

    Args:
        surface: the head's skin.
        traits: who it is.
        seed: of the random variation.
        hair_cover: [S, S] 0..1 how much short hair shades the skin.
    """
    atlas = surface.atlas
    broad = skin_noise(surface, 0.034, 3, stream(seed, "blotches"))
    middle = skin_noise(surface, 0.011, 3, stream(seed, "patches"))
    small = skin_noise(surface, 0.0034, 3, stream(seed, "mottling"))
    albedo = _skin_albedo(atlas, traits, broad, middle, small)
    albedo = _shade(albedo, scalp_hair_colour(traits), 0.93 * hair_cover)
    albedo = _beard_shadow(atlas, traits, albedo, middle[2])
    albedo = torch.lerp(albedo, _WET[:, None, None], _inner(atlas))
    albedo = _tint_skin(albedo, traits)
    albedo = _make_up(atlas, traits, albedo)
    lips = atlas.region("lips_upper", "lips_lower")
    calm = (1.0 - lips) * (1.0 - atlas.region("lids_margin")) * (1.0 - _inner(atlas))
    return Complexion(
        albedo=albedo.clamp(0.0, 1.0),
        roughness=_roughness(atlas, traits, middle[2], small[2])[None],
        specular=(0.5 - 0.1 * atlas.region("lids_upper", "lids_lower") - 0.08 * atlas.region("neck"))[None],
        subsurface=_subsurface(atlas)[None],
        pores=(calm * _pore_strength(atlas))[None],
        lines=(calm * (0.6 + 0.4 * (1.0 - atlas.region("nose"))))[None],
        lip=lips[None],
    )


def _inner(atlas: Atlas) -> Tensor:
    return atlas.region("mouth_inside", "eye_sockets")


def _skin_albedo(atlas: Atlas, traits: Traits, broad: Tensor, middle: Tensor, small: Tensor) -> Tensor:
    """[3, S, S] from the amounts of melanin and blood everywhere; noises are [3, S, S]."""
    base, ruddy = traits.number("skin.melanin"), traits.number("skin.redness")
    carotene = traits.number("skin.yellowness")
    age = smooth_step(torch.tensor(traits.number("age")), 25.0, 80.0)
    region = atlas.region
    tired = region("under_eyes") * (0.15 + 0.85 * traits.number("under_eyes.darkness"))
    lids = torch.maximum(region("lids_upper"), region("lids_lower"))
    flush = (
        0.20 * region("cheeks") + 0.22 * region("nose") + 0.22 * region("ears") + 0.12 * region("chin")
        + 0.16 * region("nostrils") + 0.10 * lids + 0.35 * region("lids_margin")
        - 0.07 * region("forehead") - 0.06 * region("neck") - 0.05 * region("temples")
    )  # fmt: skip
    uneven = 0.022 * broad[0] + 0.022 * middle[0] + 0.026 * small[0]
    blood = (
        _resting_blood(ruddy) + (0.45 + 1.1 * ruddy) * flush + (0.6 + 0.8 * ruddy + 0.4 * age) * uneven + 0.30 * tired
    )
    # The same dose of melanin is a smaller step of the trait on light skin, where the trait's curve is flat.
    spots = (0.26 + 0.30 * age) * (0.012 * broad[1] + 0.012 * middle[1] + 0.012 * small[1])
    melanin = base + spots * (1.6 - base)
    melanin = melanin + 0.05 * tired * (0.5 + base) + 0.03 * region("forehead") * (0.4 + base) + 0.03 * lids * base
    melanin = melanin - 0.04 * region("neck") * base + 0.02 * region("nose")
    oxygenation = 0.8 + 0.08 * middle[1] - 0.65 * tired - 0.25 * lids
    melanin, blood, oxygenation = _lips(atlas, traits, melanin, blood, oxygenation, middle[0] + small[0])
    colour = skin_colour(melanin.clamp(0.0, 1.0), blood.clamp(0.0, MOST_BLOOD), oxygenation, carotene)
    dark = 1.0 - 0.16 * tired - 0.25 * region("nostrils") * smooth_step(region("nostrils"), 0.9, 1.0)
    return colour * dark


def _resting_blood(redness: float) -> float:
    """The blood axis' amount where no region has more or less."""
    return 0.14 + 0.78 * redness


def _lips(
    atlas: Atlas, traits: Traits, melanin: Tensor, blood: Tensor, oxygenation: Tensor, uneven: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Melanin, blood and oxygenation with lips: less melanin, least in the lower lip, and near blood."""
    base, red = traits.number("skin.melanin"), traits.number("lips.redness")
    upper, lower = atlas.region("lips_upper"), atlas.region("lips_lower")
    lips = torch.maximum(upper, lower)
    share = lower / (upper + lower).clamp_min(1e-3)
    lip_melanin = base * (0.93 - 0.13 * share) + 0.05 - 0.02 * uneven.clamp(-2.0, 2.0)
    lip_blood = 0.80 + 0.95 * red + 0.05 * uneven
    return (
        torch.lerp(melanin, lip_melanin, lips),
        torch.lerp(blood, lip_blood, lips),
        torch.lerp(oxygenation, torch.tensor(0.75), lips),
    )


def _beard_shadow(atlas: Atlas, traits: Traits, albedo: Tensor, uneven: Tensor) -> Tensor:
    """Shaven hair under the skin of men looks bluish grey (Tyndall scattering of dark hair below a turbid layer)."""
    adult = float(smooth_step(torch.tensor(traits.number("age")), *_ADULT))
    male = max(0.0, traits.number("gender")) * adult
    dark = traits.number("hair.melanin") * (1.0 - 0.7 * traits.number("hair.grey"))
    strength = 0.22 * male * dark + 0.40 * traits.number("stubble.density") * dark
    bluish = torch.tensor([0.42, 0.50, 0.56])[:, None, None]
    weight = strength * atlas.region("beard") * (0.85 + 0.15 * uneven).clamp(0.0, 1.3)
    return albedo * torch.lerp(torch.ones(()), bluish, weight.clamp(0.0, 1.0))


def _shade(albedo: Tensor, colour: Tensor, weight: Tensor) -> Tensor:
    """`albedo` as seen between hairs of a colour."""
    return torch.lerp(albedo, albedo * 0.10 + 0.8 * colour[:, None, None], weight)


def _tint_skin(albedo: Tensor, traits: Traits) -> Tensor:
    """Recolour without losing the variation: what was darker or redder than the mean skin stays so."""
    colour, strength = traits.tint("skin.tint")
    if strength == 0.0:
        return albedo
    melanin, blood = traits.number("skin.melanin"), _resting_blood(traits.number("skin.redness"))
    one = torch.ones(1, 1)
    mean = skin_colour(melanin * one, blood * one, 0.8 * one, traits.number("skin.yellowness"))
    tinted = torch.tensor(colour)[:, None, None] * (albedo / mean).clamp(0.0, 1.8)
    return torch.lerp(albedo, tinted, strength)


# -------------------------------------------------------------------------------------------------------------- make-up


def _make_up(atlas: Atlas, traits: Traits, albedo: Tensor) -> Tensor:
    lips = atlas.region("lips_upper", "lips_lower")
    margin, lid = atlas.region("lids_margin"), atlas.region("lids_upper")
    outside = 1.0 - _inner(atlas)
    places = {
        "lipstick": 0.92 * smooth_step(lips, 0.25, 0.75) * outside,
        "eyeshadow": 0.75 * smooth_step(lid, 0.15, 0.9) * (1.0 - margin),
        "blush": 0.45 * atlas.region("cheeks"),
        "eyeliner": 0.9 * smooth_step(margin, 0.02, 0.35) * outside,
    }
    for name, weight in places.items():
        colour, strength = traits.tint(name)
        if strength > 0.0:
            albedo = _lay_on(albedo, torch.tensor(colour)[:, None, None], strength * weight)
    return albedo


def _lay_on(albedo: Tensor, colour: Tensor, weight: Tensor) -> Tensor:
    """A thin film of pigment: half of it hides what is below, half lets its light and shade through."""
    light = (albedo * _LUMINANCE[:, None, None]).sum(dim=0, keepdim=True)
    mean = (light * weight).sum() / weight.sum().clamp_min(1e-6)
    relative = (light / mean.clamp_min(1e-3)).clamp(0.0, 1.6)
    return torch.lerp(albedo, colour * (0.5 + 0.5 * relative), weight)


# ---------------------------------------------------------------------------------------------------------------- gloss


def _roughness(atlas: Atlas, traits: Traits, middle: Tensor, small: Tensor) -> Tensor:
    oil = traits.number("skin.oiliness")
    zone = atlas.region("nose", "forehead", "chin")
    rough = 0.56 - 0.14 * oil - (0.04 + 0.13 * oil) * zone + 0.03 * middle + 0.015 * small
    rough = rough + 0.06 * atlas.region("scalp") + 0.04 * atlas.region("neck")
    for names, value in ((("lips_upper", "lips_lower"), 0.36), (("lids_margin",), 0.22)):
        rough = torch.lerp(rough, value + 0.02 * small, atlas.region(*names))
    return torch.lerp(rough, torch.tensor(0.16), _inner(atlas)).clamp(0.05, 1.0)


def _subsurface(atlas: Atlas) -> Tensor:
    region = atlas.region
    weight = (
        0.55 + 0.25 * region("lips_upper", "lips_lower") + 0.35 * region("ears") + 0.15 * region("nose", "nostrils")
    )
    return (weight + 0.2 * _inner(atlas) - 0.15 * region("scalp")).clamp(0.0, 1.0)


def _pore_strength(atlas: Atlas) -> Tensor:
    region = atlas.region
    weight = 0.35 + 0.65 * region("nose") + 0.45 * region("cheeks") + 0.3 * region("forehead") + 0.25 * region("chin")
    quiet = 0.8 * region("under_eyes", "lids_upper", "lids_lower") + 0.3 * region("neck") + 0.5 * region("ears")
    return (weight - quiet).clamp(0.0, 1.0)
