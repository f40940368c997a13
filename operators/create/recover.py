"""Faces that were being made when Blender died."""

import bpy

from ...dreamface_addon import application, interface


class DREAMFACE_OT_recover(bpy.types.Operator):
    """Bring in the face that was made for this file, or have it made again"""

    bl_idname = "dreamface.recover"
    bl_label = "Recover Face"
    bl_options = {"INTERNAL"}

    offer: bpy.props.StringProperty(options={"HIDDEN"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it while nothing else is made."""
        return interface.allow(cls, application.get().making.why_not_recover())

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Bring it in, or ask for it."""
        making = application.get().making
        why_not = making.why_not_make_again(self.offer)
        if why_not:
            self.report({"ERROR"}, why_not)
            return {"CANCELLED"}
        making.recover(self.offer)
        return {"FINISHED"}


class DREAMFACE_OT_dismiss_offer(bpy.types.Operator):
    """Do not ask for this face again; what was finished stays in the library"""

    bl_idname = "dreamface.dismiss_offer"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    offer: bpy.props.StringProperty(options={"HIDDEN"})

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Drop it from the list."""
        application.get().making.recovery.dismiss(self.offer)
        return {"FINISHED"}
