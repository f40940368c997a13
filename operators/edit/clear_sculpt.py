"""Clear Sculpted Changes."""

import bpy

from ...dreamface_addon import application, interface, scene, shaping


class DREAMFACE_OT_clear_sculpt(bpy.types.Operator):
    """Set the selected head, and expressions that were sculpted, back to what the sliders say"""

    bl_idname = "dreamface.clear_sculpt"
    bl_label = "Clear Sculpted Changes"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where something was sculpted on the selected face."""
        why_not = interface.why_no_face(context, object_mode=True)
        if not why_not:
            changes = shaping.sculpted(scene.skin_of(context.active_object))
            why_not = "" if changes else changes.notice.rstrip(".") or "Nothing was sculpted on this head"
        return interface.allow(cls, why_not)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set it back; expressions are made anew by the backend."""
        skin = scene.skin_of(context.active_object)
        try:
            expressions_are_missing = shaping.clear_sculpted(skin)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        left_alone = scene.edited_parts(skin)
        if left_alone:
            self.report({"WARNING"}, left_alone)
        if expressions_are_missing:
            application.get().following.make_expressions(skin)
        return {"FINISHED"}
