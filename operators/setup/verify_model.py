"""Verify in the Models panel."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_verify_model(bpy.types.Operator):
    """Check that this model is whole and of the version that DreamFace expects"""

    bl_idname = "dreamface.verify_model"
    bl_label = "Verify Model"
    bl_options = {"INTERNAL"}

    model: bpy.props.StringProperty(options={"HIDDEN"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Possible with a backend."""
        why_not = application.get().why_no_backend()
        cls.poll_message_set(why_not)
        return not why_not

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Have the backend check it."""
        application.get().change_model("verify_model", self.model)
        return {"FINISHED"}
