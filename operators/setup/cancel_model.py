"""Cancel under Models in the preferences."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_cancel_model(bpy.types.Operator):
    """Stop this; what was installed before stays as it is"""

    bl_idname = "dreamface.cancel_model"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    model: bpy.props.StringProperty(options={"HIDDEN"})

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Cancel it."""
        application.get().models.cancel(self.model)
        return {"FINISHED"}
