"""A portrait studio around a face."""

import bpy

from ...dreamface_addon import interface, scene


class DREAMFACE_OT_add_studio(bpy.types.Operator):
    """Put a camera and three soft lights in front of the selected face"""

    bl_idname = "dreamface.add_studio"
    bl_label = "Add Portrait Studio"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a face is selected, in Object Mode."""
        return interface.allow(cls, interface.why_no_face(context, object_mode=True))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set it up, or move the one that is there to this face."""
        scene.add_studio(context.scene, scene.skin_of(context.active_object))
        return {"FINISHED"}
