"""A prompt in a window of its own, where it can be read whole."""

import bpy

_WIDTH = 720  # pixels


class DREAMFACE_OT_edit_prompt(bpy.types.Operator):
    """Read and edit the whole prompt in a wide window"""

    bl_idname = "dreamface.edit_prompt"
    bl_label = "Prompt"
    bl_options = {"INTERNAL"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Open the window."""
        return context.window_manager.invoke_props_dialog(self, width=_WIDTH)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the field."""
        row = self.layout.row()
        row.activate_init = True
        row.scale_y = 1.3
        row.prop(context.window_manager.dreamface, "prompt", text="")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Close the window; the prompt is set as it is typed."""
        return {"FINISHED"}
