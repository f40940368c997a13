"""Faces that came when their place was gone."""

import bpy

from ...dreamface_addon import application, interface, preferences


class DREAMFACE_OT_bring_in(bpy.types.Operator):
    """Bring this face into the scene as a new one"""

    bl_idname = "dreamface.bring_in"
    bl_label = "Bring In"
    bl_options = {"INTERNAL"}

    job: bpy.props.StringProperty(options={"HIDDEN"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it in Object Mode."""
        return interface.allow(cls, interface.why_not_now())

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Bring it in."""
        application.get().making.placing.bring_in_left(self.job, preferences.get().look_at_new_faces)
        return {"FINISHED"}
