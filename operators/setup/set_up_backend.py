"""Setting up the backend."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_set_up_backend(bpy.types.Operator):
    """Install what makes the faces into a folder of its own: 1 GB or more to download, some minutes, once"""

    bl_idname = "dreamface.set_up_backend"
    bl_label = "Set Up DreamFace Backend"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Possible online, while not set up."""
        why_not = application.get().why_not_set_up()
        cls.poll_message_set(why_not)
        return not why_not

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Begin, or go on where it stopped."""
        application.get().start_setup()
        return {"FINISHED"}
