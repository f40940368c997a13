"""Repaint Skin."""

import bpy

from ...dreamface_addon import application, interface, making, scene


class DREAMFACE_OT_paint(bpy.types.Operator):
    """Paint the selected head's skin anew, as the sliders say, in the detail of the first page"""

    bl_idname = "dreamface.paint"
    bl_label = "Repaint Skin"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it with a head and an engine."""
        return interface.allow(cls, interface.why_not_edit(context) or application.get().making.why_not_paint())

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the backend for them; they come in when they are done."""
        if application.get().making.running:
            self.report({"WARNING"}, making.BUSY)
            return {"CANCELLED"}
        resolution = int(context.window_manager.dreamface.resolution)
        try:
            application.get().making.paint(scene.skin_of(context.active_object), resolution)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
