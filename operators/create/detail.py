"""Detail by diffusion."""

import bpy

from ...dreamface_addon import application, interface


class DREAMFACE_OT_detail_by_diffusion(bpy.types.Operator):
    """Have a diffusion model carve the shape and texture the skin after all your words. It takes minutes"""

    bl_idname = "dreamface.detail_by_diffusion"
    bl_label = "Diffusion"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it with a model."""
        return interface.allow(cls, application.get().why_no_detail())

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Choose it."""
        context.window_manager.dreamface.detail = "DIFFUSION"
        return {"FINISHED"}
