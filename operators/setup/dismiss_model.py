"""How the last action under Models in the preferences ended."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_dismiss_model(bpy.types.Operator):
    """Put this message away"""

    bl_idname = "dreamface.dismiss_model"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    model: bpy.props.StringProperty(options={"HIDDEN"})

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Show it no more."""
        application.get().models.forget_outcome(self.model)
        return {"FINISHED"}
