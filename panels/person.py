"""Who the selected head is."""

from __future__ import annotations

import bpy

from .explore import draw_explore
from .traits import TraitsPage


class DREAMFACE_PT_person(TraitsPage, bpy.types.Panel):
    """Age, sex, ancestry and build, then the face by region; the mesh follows."""

    bl_idname = "DREAMFACE_PT_person"
    bl_label = "Person"
    page = "PERSON"

    def draw_more(self, layout: bpy.types.UILayout, skin: bpy.types.Object) -> None:
        """Draw the neighbours of the head."""
        draw_explore(layout, bpy.context)
