"""Starting DreamFace's engine."""

import bpy

from ...dreamface_addon import application, interface


class DREAMFACE_OT_start_backend(bpy.types.Operator):
    """Start DreamFace's engine, which makes the faces"""

    bl_idname = "dreamface.start_backend"
    bl_label = "Start DreamFace's Engine"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it where one is set up."""
        return interface.allow(cls, application.get().setup.why_not_start())

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Start it, or connect to the one elsewhere."""
        application.get().setup.start()
        return {"FINISHED"}
