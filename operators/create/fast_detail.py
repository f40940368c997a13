"""Detail by a texture model at once."""

import bpy

from ...dreamface_addon import application, interface


class DREAMFACE_OT_fast_detail(bpy.types.Operator):
    """Have the texture model that you trained make the skin after all your words, at once. The shape stays"""

    bl_idname = "dreamface.fast_detail"
    bl_label = "Fast Diffusion"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it with both models."""
        return interface.allow(cls, application.get().why_no_fast_detail())

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Choose it."""
        context.window_manager.dreamface.detail = "FAST"
        return {"FINISHED"}
