"""Who the selected head is."""

from __future__ import annotations

import bpy

from ..dreamface_addon.vocabulary import PAGES
from .page import Page, draw_repaint, draw_why_not, selected_head
from .traits import draw_families, draw_filter


class DREAMFACE_PT_person(Page, bpy.types.Panel):
    """Age, sex, ancestry and build, then the face by region; the mesh follows."""

    bl_idname = "DREAMFACE_PT_person"
    bl_label = "Person"
    page = "PERSON"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        skin = selected_head(self.layout, context)
        if skin is None:
            return
        column = draw_why_not(self.layout)
        draw_filter(column, context)
        draw_families(column, context, skin, PAGES["PERSON"])
        draw_repaint(column, skin)
