"""Stopping the set-up."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_cancel_set_up(bpy.types.Operator):
    """Stop setting up; what is there already is kept, and it can go on from here later"""

    bl_idname = "dreamface.cancel_set_up"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Stop it."""
        application.get().setup.cancel()
        return {"FINISHED"}
