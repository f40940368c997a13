"""Where the selected head goes."""

from __future__ import annotations

import bpy

from . import drawing
from .page import Page, selected_head


class DREAMFACE_PT_output(Page, bpy.types.Panel):
    """Studio light, assets, and files for other programs."""

    bl_idname = "DREAMFACE_PT_output"
    bl_label = "Output"
    page = "OUTPUT"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout = self.layout
        skin = selected_head(layout, context)
        if skin is not None:
            column = layout.column(align=True)
            column.label(text="Portrait Studio")
            column.operator("dreamface.add_studio", icon="CAMERA_DATA")
            column = layout.column(align=True)
            column.label(text="For Other Programs")
            column.operator_context = "INVOKE_DEFAULT"
            column.operator("dreamface.export_face", text="Export…", icon="EXPORT")
            column.operator("dreamface.mark_asset", text="Mark as Asset", icon="ASSET_MANAGER")
        column = layout.column(align=True)
        column.operator_context = "INVOKE_DEFAULT"
        column.operator("dreamface.import_face", text="Import Face Folder…", icon="IMPORT")
        if skin is not None and skin.get("dreamface_statement"):
            drawing.text(layout, str(skin["dreamface_statement"]), icon="INFO")
