"""The Asset Browser."""

import bpy

from ...dreamface_addon import interface, scene


class DREAMFACE_OT_mark_asset(bpy.types.Operator):
    """Put the selected face into the Asset Browser, with its picture, to drag it into other scenes"""

    bl_idname = "dreamface.mark_asset"
    bl_label = "Mark Face as Asset"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a face is selected."""
        return interface.allow(cls, interface.why_no_face(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mark it."""
        try:
            scene.mark_as_asset(scene.skin_of(context.active_object))
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, "The face is in the Asset Browser, under Current File")
        return {"FINISHED"}
