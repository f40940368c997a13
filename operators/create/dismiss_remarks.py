"""The notes on the face that was made last."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_dismiss_remarks(bpy.types.Operator):
    """Hide what was said of this prompt"""

    bl_idname = "dreamface.dismiss_remarks"
    bl_label = "Hide Notes"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Forget it."""
        application.get().making.remarks = ("", ())
        return {"FINISHED"}
