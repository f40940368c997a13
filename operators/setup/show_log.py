"""The engine's log."""

import bpy

from ...dreamface_addon import application, interface


class DREAMFACE_OT_show_log(bpy.types.Operator):
    """Open the log of DreamFace's engine, or of setting it up, in a text editor of the system's"""

    bl_idname = "dreamface.show_log"
    bl_label = "Open DreamFace Log"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it once there is one."""
        return interface.allow(cls, application.get().setup.why_no_log())

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Open it with the system's own program."""
        bpy.ops.wm.path_open(filepath=str(application.get().setup.log))
        return {"FINISHED"}
