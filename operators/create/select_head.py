"""The menu of heads."""

import bpy

from ...dreamface_addon import interface, placing, scene


class DREAMFACE_OT_select_head(bpy.types.Operator):
    """Select this head"""

    bl_idname = "dreamface.select_head"
    bl_label = "Select Head"
    bl_options = {"REGISTER", "UNDO"}

    skin: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it in Object Mode."""
        return interface.allow(cls, "" if context.mode == "OBJECT" else "Go to Object Mode first")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make its skin the active object."""
        skin = next((skin for skin in scene.skins() if str(skin.session_uid) == self.skin), None)
        if skin is None or skin.name not in context.view_layer.objects:
            self.report({"WARNING"}, "This head is not in this view layer")
            return {"CANCELLED"}
        placing.select(skin)
        return {"FINISHED"}
