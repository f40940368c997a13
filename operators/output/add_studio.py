"""A portrait studio around a face."""

import bpy

from ...dreamface_addon import interface, scene

_LIGHTINGS = tuple((name, lighting.label, lighting.description) for name, lighting in scene.LIGHTINGS.items())


class DREAMFACE_OT_add_studio(bpy.types.Operator):
    """Put the selected face before a portrait camera and light it. With a studio in the scene, change its light"""

    bl_idname = "dreamface.add_studio"
    bl_label = "Portrait Studio"
    bl_options = {"REGISTER", "UNDO"}

    lighting: bpy.props.EnumProperty(name="Light", items=_LIGHTINGS, description="How the face is lit")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a face is selected, in Object Mode."""
        return interface.allow(cls, interface.why_no_face(context, object_mode=True))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set it up, or move the one that is there to this face."""
        scene.add_studio(context.scene, scene.skin_of(context.active_object), self.lighting)
        return {"FINISHED"}
