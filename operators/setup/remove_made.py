"""Remove in the list of Free Space in the preferences."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_remove_made(bpy.types.Operator):
    """Remove this on the machine that makes the faces; heads in your scenes stay as they are"""

    bl_idname = "dreamface.remove_made"
    bl_label = "Remove There"
    bl_options = {"INTERNAL"}

    job: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """One at a time."""
        clearing = application.get().clearing
        why_not = clearing.why_not() or ("Something is being removed" if clearing.busy else "")
        if why_not:
            cls.poll_message_set(why_not)
        return not why_not

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        return context.window_manager.invoke_confirm(
            self,
            event,
            title="Remove it on that machine?" if self.job else "Remove what was sent there?",
            message="Heads in your scenes stay as they are.",
            confirm_text="Remove",
            icon="WARNING",
        )

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Have it removed."""
        application.get().clearing.remove(self.job)
        return {"FINISHED"}
