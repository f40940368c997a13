"""The selected head's hair, brows, lashes and beard."""

from __future__ import annotations

import bpy

from ..dreamface_addon.vocabulary import PAGES
from .page import Page, draw_repaint, draw_why_not, selected_head
from .traits import draw_families, draw_filter


class DREAMFACE_PT_hair(Page, bpy.types.Panel):
    """Colours as swatches, the rest as sliders."""

    bl_idname = "DREAMFACE_PT_hair"
    bl_label = "Hair"
    page = "HAIR"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        skin = selected_head(self.layout, context)
        if skin is None:
            return
        column = draw_why_not(self.layout)
        draw_filter(column, context)
        draw_families(column, context, skin, PAGES["HAIR"])
        draw_repaint(column, skin)
