"""Install under Models in the preferences."""

import bpy

from ...dreamface_addon import application, interface, models
from .model_action import ModelAction


class DREAMFACE_OT_install_model(ModelAction, bpy.types.Operator):
    """Download this model and install it for DreamFace's engine"""

    bl_idname = "dreamface.install_model"
    bl_label = "Install Model"
    bl_options = {"INTERNAL"}
    kind = "install_model"

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return what would be downloaded, and where it would go."""
        model = application.get().models.find(properties.model)
        if model is None:
            return ""
        size = f" {models.megabytes(model.download_size)}" if model.download_size else ""
        return f"Download{size} and install it in {model.folder}; you can cancel it at any time"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it online, with an engine."""
        return interface.allow(cls, application.get().models.why_not_install())
