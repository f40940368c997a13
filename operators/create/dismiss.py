"""Faces that are not wanted any more."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_dismiss(bpy.types.Operator):
    """Do not bring this face in; its folder stays on disk"""

    bl_idname = "dreamface.dismiss"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    job: bpy.props.StringProperty(options={"HIDDEN"})

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Drop it from the list."""
        application.get().making.placing.dismiss_left(self.job)
        return {"FINISHED"}
