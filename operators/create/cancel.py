"""Cancel."""

import bpy

from ...dreamface_addon import application, interface


class DREAMFACE_OT_cancel(bpy.types.Operator):
    """Stop what is being made; the scene stays as it is"""

    bl_idname = "dreamface.cancel"
    bl_label = "Cancel DreamFace's Work"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it while something runs."""
        app = application.get()
        return interface.allow(cls, "" if app.carding.running or app.animating.running else app.making.why_not_cancel())

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Cancel every job of this Blender."""
        application.get().making.cancel()
        application.get().carding.cancel()
        application.get().animating.cancel()
        return {"FINISHED"}
