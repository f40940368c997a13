"""Free Space under Engine in the preferences."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_free_space(bpy.types.Operator):
    """List what of yours lies on the machine that makes the faces, the largest first"""

    bl_idname = "dreamface.free_space"
    bl_label = "Free Space"

    close: bpy.props.BoolProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only of another machine that answers."""
        why_not = application.get().clearing.why_not()
        if why_not:
            cls.poll_message_set(why_not)
        return not why_not

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Ask for the list, or put it away."""
        clearing = application.get().clearing
        if self.close:
            clearing.close()
        else:
            clearing.look()
        return {"FINISHED"}
