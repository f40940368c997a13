"""The materials of a head: what answers light where a map does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from dreamface.face import Head, Material
from dreamface.skin.layout import tile_of
from dreamface.skin.pigments import mixed_hair_colour
from dreamface.traits import Traits

_MM: Final = 1e-3
# Mean free paths of red, green and blue in light skin (Jensen et al. 2001, table 1: "skin 1").
_SKIN_RADIUS: Final = (3.67 * _MM, 1.37 * _MM, 0.68 * _MM)
_TEETH_RADIUS: Final = (1.6 * _MM, 1.2 * _MM, 0.9 * _MM)
_SCLERA_RADIUS: Final = (0.8 * _MM, 0.65 * _MM, 0.5 * _MM)
_WET_RADIUS: Final = (2.0 * _MM, 0.7 * _MM, 0.5 * _MM)
# Relative to the aqueous humour that the iris lies in: it mirrors next to nothing, and a pupil stays black.
_IRIS_IOR: Final = 1.03


def materials(head: Head, traits: Traits) -> Mapping[str, Material]:
    """The material of every part of a head, by name."""
    known = _all_materials(traits)
    topology = head.topology
    return {
        part.material: replace(known[part.material], tile=tile_of(topology, part.material)) for part in topology.parts
    }


def _all_materials(traits: Traits) -> dict[str, Material]:
    """Without the tiles, which the head model decides."""
    # Melanin takes part of the light that would have come back further away.
    reach = 1.0 - 0.45 * traits.number("skin.melanin")
    red, green, blue = _SKIN_RADIUS
    lash = mixed_hair_colour(traits).tolist()
    skin = Material(
        "skin", roughness=0.5, ior=1.4, subsurface=0.6, subsurface_radius=(red * reach, green * reach, blue * reach)
    )
    sclera = Material("sclera", roughness=0.18, ior=1.4, subsurface=0.4, subsurface_radius=_SCLERA_RADIUS)
    iris = Material("iris", roughness=0.45, ior=_IRIS_IOR)
    gums = Material("gums", roughness=0.24, ior=1.4, subsurface=0.6, subsurface_radius=_WET_RADIUS)
    # Unreal Engine's shaders darken and blend the eye's surroundings with these two; here the light does that.
    helper = Material("eye_occlusion", roughness=0.0, transmission=1.0, ior=1.0)
    found = (
        *_named(skin, "skin", "back_of_head", "mouth_socket", "eye_socket"),
        *_named(sclera, "sclera", "left_sclera", "right_sclera"),
        *_named(iris, "iris", "left_iris", "right_iris"),
        Material("cornea", roughness=0.02, transmission=1.0, ior=1.376),
        Material("lacrimal_fluid", roughness=0.03, transmission=1.0, ior=1.336),
        *_named(helper, "eye_occlusion", "eye_blend"),
        Material("teeth", roughness=0.16, ior=1.62, subsurface=0.3, subsurface_radius=_TEETH_RADIUS),
        *_named(gums, "gums", "gums_and_tongue"),
        Material("tongue", roughness=0.34, ior=1.4, subsurface=0.6, subsurface_radius=_WET_RADIUS),
        # Lashes are finer and look darker than hair that lies in a mass.
        Material("lashes", base_colour=(0.5 * lash[0], 0.5 * lash[1], 0.5 * lash[2]), roughness=0.4, ior=1.55),
    )
    return {material.name: material for material in found}


def _named(material: Material, *names: str) -> list[Material]:
    """The same surface under several names."""
    return [replace(material, name=name) for name in names]
