"""Grow."""

from typing import ClassVar

import bpy

from ...dreamface_addon import application, interface, scene


class DREAMFACE_OT_grow_hair(bpy.types.Operator):
    """Grow the selected head's hair anew, as the sliders say"""

    bl_idname = "dreamface.grow_hair"
    bl_label = "Grow"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it with a head and an engine."""
        why_not = interface.why_not_edit(context) or application.get().setup.why_no_backend()
        return interface.allow(cls, why_not)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first where work of the artist's would be lost."""
        skin = scene.skin_of(context.active_object)
        combed = scene.edited_hair(skin)
        if not combed or scene.applied_transform(skin):
            return self.execute(context)
        what = " and ".join(", ".join(scene.HAIR_NAMES[region] for region in combed).rsplit(", ", 1))
        return context.window_manager.invoke_confirm(
            self,
            event,
            title="Grow Hair",
            message=f"What you have combed by hand is replaced: {what}.",
            confirm_text="Replace",
            icon="WARNING",
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the backend for it; it comes in when it is done, as one step of undo."""
        skin = scene.skin_of(context.active_object)
        applied = scene.applied_transform(skin)
        if applied:
            self.report({"ERROR"}, applied)
            return {"CANCELLED"}
        application.get().growing.grow(skin, label="Grow Hair")
        return {"FINISHED"}
