"""Remove in the Models panel."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_remove_model(bpy.types.Operator):
    """Delete this model from the disk; faces made with it stay, and can be changed again once it is installed again"""

    bl_idname = "dreamface.remove_model"
    bl_label = "Remove Model"
    bl_options = {"INTERNAL"}

    model: bpy.props.StringProperty(options={"HIDDEN"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Possible with a backend."""
        why_not = application.get().why_no_backend()
        cls.poll_message_set(why_not)
        return not why_not

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

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Have the backend delete it."""
        application.get().change_model("remove_model", self.model)
        return {"FINISHED"}
