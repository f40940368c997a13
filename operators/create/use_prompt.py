"""Prompts from the presets and from before."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_use_prompt(bpy.types.Operator):
    """Put this prompt into the field"""

    bl_idname = "dreamface.use_prompt"
    bl_label = "Use Prompt"
    bl_options = {"INTERNAL"}

    prompt: bpy.props.StringProperty()

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return the prompt itself."""
        return properties.prompt

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the prompt."""
        context.window_manager.dreamface.prompt = self.prompt
        application.get().making.look = None
        return {"FINISHED"}
