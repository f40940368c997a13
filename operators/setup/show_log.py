"""The backend's log."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_show_log(bpy.types.Operator):
    """Open the log of the backend, or of setting it up, in a text editor of the system's"""

    bl_idname = "dreamface.show_log"
    bl_label = "Open DreamFace Log"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Possible once there is one."""
        if not application.get().log.is_file():
            cls.poll_message_set("There is no log yet: nothing has been started")
            return False
        return True

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Open it with the system's own program."""
        bpy.ops.wm.path_open(filepath=str(application.get().log))
        return {"FINISHED"}
