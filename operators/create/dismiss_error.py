"""The last error."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_dismiss_error(bpy.types.Operator):
    """Put this message away"""

    bl_idname = "dreamface.dismiss_error"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Show no error any more."""
        application.get().dismiss_error()
        return {"FINISHED"}
