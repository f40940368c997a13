"""How wide the 3D view and EEVEE draw hair: as wide as it is, instead of a pixel or two."""

from __future__ import annotations

from typing import Final

import bpy

from .records import HAIR

_CHOSEN: Final = "dreamface_hair_width"
"""Custom property of a scene: we have chosen how it draws hair, and what an artist chooses later stays."""

_AS_LINES, _AS_WIDE_AS_IT_IS = "STRAND", "STRIP"


def draw_hair_as_wide_as_it_is(skin: bpy.types.Object) -> None:
    """Let the scenes of a face draw hair as thin as it is.

    Blender's own setting draws every hair as a line of more than a pixel: brows and lashes look like wire. As strips,
    hairs that are thinner than a pixel cover only their share of it. Scenes that draw other hair, that have another
    setting, or where an artist has gone back to lines, stay as they are.
    """
    for scene in skin.users_scene:
        if _CHOSEN in scene or not scene.is_editable:
            continue
        scene[_CHOSEN] = True
        if scene.render.hair_type == _AS_LINES and not any(map(_is_others_hair, scene.objects)):
            scene.render.hair_type = _AS_WIDE_AS_IT_IS


def _is_others_hair(object_: bpy.types.Object) -> bool:
    if object_.type == "CURVES":
        return HAIR not in object_
    return any(system.settings.type == "HAIR" for system in object_.particle_systems)
