"""The chips of what was understood."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_toggle_words(bpy.types.Operator):
    """Use these words of the prompt, or leave open what they say"""

    bl_idname = "dreamface.toggle_words"
    bl_label = "Use Words"
    bl_options = {"INTERNAL"}

    words: bpy.props.StringProperty()

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return what the words were understood as."""
        return application.get().making.chips.tooltip(properties.words)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Put the words out of use, or back."""
        application.get().making.chips.toggle(self.words)
        return {"FINISHED"}
