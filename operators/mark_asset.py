"""The Asset Browser."""

import bpy

from ..dreamface_addon import scene


class DREAMFACE_OT_mark_asset(bpy.types.Operator):
    """Make the selected face an asset, with its picture, for the Asset Browser"""

    bl_idname = "dreamface.mark_asset"
    bl_label = "Mark as Asset"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Possible where a face is selected."""
        if scene.skin_of(context.active_object) is None:
            cls.poll_message_set("Select a DreamFace head first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mark it."""
        try:
            scene.mark_as_asset(scene.skin_of(context.active_object))
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, "The face is in the Asset Browser, under Current File.")
        return {"FINISHED"}
