"""Leaving the variations."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_close_gallery(bpy.types.Operator):
    """Put the variations away"""

    bl_idname = "dreamface.close_gallery"
    bl_label = "Close"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Show no variations any more; what is still being made is cancelled."""
        application.get().making.close_gallery()
        return {"FINISHED"}
