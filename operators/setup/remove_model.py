"""Remove under Models in the preferences."""

import bpy

from ...dreamface_addon import application
from .model_action import ModelAction


class DREAMFACE_OT_remove_model(ModelAction, bpy.types.Operator):
    """Delete this model from the disk; faces made with it stay, and can be changed again once it is installed again"""

    bl_idname = "dreamface.remove_model"
    bl_label = "Remove Model"
    bl_options = {"INTERNAL"}
    kind = "remove_model"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        model = application.get().models.find(self.model)
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=f"Remove {model.title if model else self.model}?",
            message="Faces made with it stay as they are, but cannot be changed without it.",
            confirm_text="Remove",
            icon="WARNING",
        )
