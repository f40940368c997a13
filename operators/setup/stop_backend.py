"""Stopping DreamFace's engine."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_stop_backend(bpy.types.Operator):
    """Stop DreamFace's engine, which makes the faces, and free its memory; what is being made is lost"""

    bl_idname = "dreamface.stop_backend"
    bl_label = "Stop DreamFace's Engine"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Stop it."""
        application.get().setup.stop()
        return {"FINISHED"}
