"""The materials of a head: what answers light where a map does not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dreamface.face import Head, Material
from dreamface.skin.pigments import mixed_hair_colour
from dreamface.traits import Traits

_MM: Final = 1e-3
# Mean free paths of red, green and blue in light skin (Jensen et al. 2001, table 1: "skin 1").
_SKIN_RADIUS: Final = (3.67 * _MM, 1.37 * _MM, 0.68 * _MM)
_TEETH_RADIUS: Final = (1.6 * _MM, 1.2 * _MM, 0.9 * _MM)
_WET_RADIUS: Final = (2.0 * _MM, 0.7 * _MM, 0.5 * _MM)


def materials(head: Head, traits: Traits) -> Mapping[str, Material]:
    """The material of every part of a head, by name."""
    known = _all_materials(traits)
    return {part.material: known[part.material] for part in head.topology.parts}


def _all_materials(traits: Traits) -> dict[str, Material]:
    # Melanin takes part of the light that would have come back further away.
    reach = 1.0 - 0.45 * traits.number("skin.melanin")
    red, green, blue = _SKIN_RADIUS
    lash = mixed_hair_colour(traits).tolist()
    found = (
        Material(
            "skin", "skin", roughness=0.5, ior=1.4, subsurface=0.6,
            subsurface_radius=(red * reach, green * reach, blue * reach),
        ),
        Material("sclera", "eyes", roughness=0.18, ior=1.4, subsurface=0.4, subsurface_radius=_WET_RADIUS),
        Material("iris", "eyes", roughness=0.35, ior=1.4),
        Material("cornea", roughness=0.02, transmission=1.0, ior=1.376),
        Material(
            "teeth", "mouth", roughness=0.16, ior=1.62, subsurface=0.3, subsurface_radius=_TEETH_RADIUS,
        ),
        Material("gums", "mouth", roughness=0.24, ior=1.4, subsurface=0.6, subsurface_radius=_WET_RADIUS),
        Material("tongue", "mouth", roughness=0.34, ior=1.4, subsurface=0.6, subsurface_radius=_WET_RADIUS),
        # Lashes are finer and look darker than hair that lies in a mass.
        Material("lashes", base_colour=(0.5 * lash[0], 0.5 * lash[1], 0.5 * lash[2]), roughness=0.4, ior=1.55),
    )  # fmt: skip
    return {material.name: material for material in found}
