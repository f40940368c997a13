"""Where the selected head goes."""

from __future__ import annotations

import bpy

from ..dreamface_addon import scene
from . import drawing
from .page import Page, selected_head

_LIGHTS = {"soft": "LIGHT_AREA", "hard": "LIGHT_SPOT", "sun": "LIGHT_SUN", "ring": "MESH_TORUS"}
"""Lighting -> icon."""


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
            for name, lighting in scene.LIGHTINGS.items():
                column.operator("dreamface.add_studio", text=lighting.label, icon=_LIGHTS[name]).lighting = name
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
