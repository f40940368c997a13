"""Install in the Models panel."""

import bpy

from ...dreamface_addon import application, models


class DREAMFACE_OT_install_model(bpy.types.Operator):
    """Download this model and install it for the backend"""

    bl_idname = "dreamface.install_model"
    bl_label = "Install Model"
    bl_options = {"INTERNAL"}

    model: bpy.props.StringProperty(options={"HIDDEN"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """What would be downloaded, and where it would go."""
        model = application.get().models.find(properties.model)
        if model is None:
            return ""
        size = f" {models.megabytes(model.download_size)}" if model.download_size else ""
        return f"Download{size} and install it in {model.folder}; you can cancel it at any time"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Possible online, with a backend."""
        why_not = application.get().why_not_install()
        cls.poll_message_set(why_not)
        return not why_not

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Have the backend do it."""
        application.get().change_model("install_model", self.model)
        return {"FINISHED"}
