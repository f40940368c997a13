"""What was changed on the selected head by hand."""

from __future__ import annotations

import bpy

from ..dreamface_addon import shaping
from . import drawing
from .page import Page, selected_head


class DREAMFACE_PT_edit(Page, bpy.types.Panel):
    """What was sculpted on the head, which stays on top of everything else."""

    bl_idname = "DREAMFACE_PT_edit"
    bl_label = "Edit"
    page = "EDIT"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        skin = selected_head(self.layout, context)
        if skin is None:
            return
        self.layout.label(text="Sculpted by Hand")
        drawing.text(
            self.layout,
            "Sculpt or edit the mesh and its shape keys as you like: what you change stays on the head when you move "
            "sliders, use other words or repaint it.",
        )
        changes = shaping.sculpted(skin)
        if changes.notice:
            drawing.text(self.layout, changes.notice, icon="ERROR")
        if changes.millimetres:
            drawing.text(self.layout, f"Moved by up to {changes.millimetres:.1f} mm.", icon="SCULPTMODE_HLT")
        if changes.expressions:
            names = ", ".join(changes.expressions)
            drawing.text(self.layout, f"Expressions you sculpted: {names}.", icon="SHAPEKEY_DATA")
        self.layout.operator("dreamface.clear_sculpt", icon="LOOP_BACK")
