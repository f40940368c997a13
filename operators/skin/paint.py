"""Repaint Skin."""

import bpy

from ...dreamface_addon import application, interface, scene


class DREAMFACE_OT_paint(bpy.types.Operator):
    """Paint the selected face's textures anew, as the sliders say"""

    bl_idname = "dreamface.paint"
    bl_label = "Repaint Skin"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it with a face, a backend and nothing else running."""
        return interface.allow(cls, interface.why_no_face(context) or application.get().making.why_not_paint())

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the backend for them; they come in when they are done."""
        resolution = int(context.window_manager.dreamface.resolution)
        try:
            application.get().making.paint(scene.skin_of(context.active_object), resolution)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
