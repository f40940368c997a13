"""What can be done with the selected face."""

from __future__ import annotations

import bpy

from ..dreamface_addon import scene
from . import drawing


class DREAMFACE_PT_face(bpy.types.Panel):
    """Where it came from, and where it can go."""

    bl_idname = "DREAMFACE_PT_face"
    bl_label = "Scene"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = drawing.CATEGORY
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout = self.layout
        skin = scene.skin_of(context.active_object)
        if skin is not None:
            drawing.text(layout, f"“{skin.get('dreamface_prompt', '')}”, seed {skin.get('dreamface_seed', '?')}")
        column = layout.column(align=True)
        column.operator_menu_enum("dreamface.add_studio", "lighting", icon="CAMERA_DATA")
        column.operator("dreamface.mark_asset", text="Mark as Asset", icon="ASSET_MANAGER")
        column.operator_context = "INVOKE_DEFAULT"
        column.operator("dreamface.export_face", text="Export…", icon="EXPORT")
        column.operator("dreamface.import_face", text="Import Face Folder…", icon="IMPORT")
