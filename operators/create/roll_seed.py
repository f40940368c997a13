"""The dice."""

import bpy

from ...dreamface_addon import seeds


class DREAMFACE_OT_roll_seed(bpy.types.Operator):
    """Throw the dice for a new seed, and keep it"""

    bl_idname = "dreamface.roll_seed"
    bl_label = "New Seed"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set a new seed."""
        context.window_manager.dreamface.seed = seeds.new_seed()
        context.window_manager.dreamface.keep_seed = True
        return {"FINISHED"}
