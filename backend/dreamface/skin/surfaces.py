"""The materials of a head: what answers light where a map does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import exp
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Head, Material
from dreamface.skin.canvas.atlas import ramp
from dreamface.skin.canvas.layout import tile_of
from dreamface.skin.canvas.pigments import hair_colour, white_hair_colour
from dreamface.skin.layers.gloss import DARK_SKIN
from dreamface.traits import Traits
from dreamface.units import MM

# Diffuse mean free paths, 1 / sigma_tr, of red, green and blue in light skin (Jensen et al. 2001: "skin 1"). Green's is
# 3/4 of theirs, nearer to the layered skin of d'Eon and Luebke 2007: light that comes through an ear is red.
_SKIN_RADIUS: Final = (3.67 * MM, 1.03 * MM, 0.68 * MM)
# How steeply they shrink with melanin m, as exp(-k m): melanin takes its part of light both on the way in and out, and
# path tracers know one medium only. Chosen so that what comes through an ear in Cycles falls as what comes back from
# skin does.
_SHRINKING: Final = (2.2, 1.85, 1.5)
# Skin's second lobe: a thin film of oil and sweat that covers part of it and is smoother than what lies below. Measured
# skin is a mixture of a wide and a narrow lobe (Weyrich et al. 2006); judged by eye under hard light.
_OIL: Final = 0.13
_OIL_HIDDEN: Final = 0.5  # fraction of it that the darkest skin lacks: against so little light from below, it looks wet
_OIL_ROUGHNESS: Final = 0.6
_TEETH_RADIUS: Final = (1.6 * MM, 1.2 * MM, 0.9 * MM)
_SCLERA_RADIUS: Final = (0.8 * MM, 0.65 * MM, 0.5 * MM)
_WET_RADIUS: Final = (2.0 * MM, 0.7 * MM, 0.5 * MM)
_TEARS, _TEARS_IOR = 0.8, 1.336  # weight of the film on the white, and its index of refraction
_SALIVA, _SALIVA_IOR = 0.7, 1.34
_LASH_DEPTH: Final = 0.42  # of the hair's colour
_GREY_LASHES: Final = 0.15  # share that has turned white when all other hair has
# Relative to the aqueous humour that the iris lies in: it mirrors next to nothing, and a pupil stays black.
_IRIS_IOR: Final = 1.03


def materials(head: Head, traits: Traits) -> Mapping[str, Material]:
    """Return the material of every part of a head, by name."""
    known = _all_materials(traits)
    topology = head.topology
    return {
        part.material: replace(known[part.material], tile=tile_of(topology, part.material)) for part in topology.parts
    }


def _all_materials(traits: Traits) -> dict[str, Material]:
    """Without the tiles, which the head model decides."""
    lash = _lash_colour(traits).tolist()
    skin = Material(
        "skin",
        roughness=0.5,
        ior=1.4,
        subsurface=0.6,
        subsurface_radius=_skin_radius(traits),
        coat=_OIL * (1.0 - _OIL_HIDDEN * ramp(traits.number("skin.melanin"), *DARK_SKIN)),
        coat_roughness=_OIL_ROUGHNESS,
        coat_ior=1.4,
    )
    sclera = Material(
        "sclera", roughness=0.3, ior=1.4, subsurface=0.4, subsurface_radius=_SCLERA_RADIUS,
        coat=_TEARS, coat_roughness=0.3, coat_ior=_TEARS_IOR,
    )  # fmt: skip
    iris = Material("iris", roughness=0.45, ior=_IRIS_IOR)
    gums = Material(
        "gums", roughness=0.32, ior=1.4, subsurface=0.6, subsurface_radius=_WET_RADIUS,
        coat=_SALIVA, coat_roughness=0.4, coat_ior=_SALIVA_IOR,
    )  # fmt: skip
    # Unreal Engine's shaders darken and blend the eye's surroundings with these two; here the light does that.
    helper = Material("eye_occlusion", roughness=0.0, transmission=1.0, ior=1.0)
    found = (
        *_named(skin, "skin", "back_of_head", "mouth_socket", "eye_socket"),
        *_named(sclera, "sclera", "left_sclera", "right_sclera"),
        *_named(iris, "iris", "left_iris", "right_iris"),
        # The tears over it are a coat, so that viewers without refraction have the gleam at least.
        Material(
            "cornea", roughness=0.02, transmission=1.0, ior=1.376,
            coat=0.5, coat_roughness=0.02, coat_ior=_TEARS_IOR,
        ),
        Material("lacrimal_fluid", roughness=0.03, transmission=1.0, ior=_TEARS_IOR),
        *_named(helper, "eye_occlusion", "eye_blend"),
        Material(
            "teeth", roughness=0.24, ior=1.62, subsurface=0.5, subsurface_radius=_TEETH_RADIUS,
            coat=_SALIVA, coat_roughness=0.4, coat_ior=_SALIVA_IOR,
        ),
        *_named(gums, "gums", "gums_and_tongue"),
        replace(gums, name="tongue", roughness=0.42),
        Material("lashes", base_colour=(lash[0], lash[1], lash[2]), roughness=0.4, ior=1.55),
    )  # fmt: skip
    return {material.name: material for material in found}


def _lash_colour(traits: Traits) -> Tensor:
    """Return [3] linear: lashes are darker than other hair, and few of them turn grey."""
    colour = torch.lerp(hair_colour(traits), white_hair_colour(), _GREY_LASHES * traits.number("hair.grey") ** 2)
    return _LASH_DEPTH * colour


def _skin_radius(traits: Traits) -> tuple[float, float, float]:
    """Return how far red, green and blue go under the skin, metres.

    Melanin takes part of the light that would have come back further away; in flesh of another colour, that colour goes
    as far as red does in ours.
    """
    melanin = traits.number("skin.melanin")
    tint, strength = traits.tint("skin.tint")
    red, green, blue = (
        exp(-steep * melanin) * (own + strength * (max(_SKIN_RADIUS) * colour / max(*tint, 1e-6) - own))
        for own, steep, colour in zip(_SKIN_RADIUS, _SHRINKING, tint, strict=True)
    )
    return red, green, blue


def _named(material: Material, *names: str) -> list[Material]:
    """Return the same surface under several names."""
    return [replace(material, name=name) for name in names]
