"""Edits and other heads: copied to them, and mixed with them."""

import bpy

from ...dreamface_addon import application, edit_sliders, interface, scene
from ...dreamface_addon.interface import HeadAction
from .stack import why_no_edit


def other_heads(context: bpy.types.Context) -> list[bpy.types.Object]:
    """Return the other heads of the scene, by name."""
    skin = scene.skin_of(context.active_object)
    others = [other for other in scene.skins() if context.scene in other.users_scene and other != skin]
    return sorted(others, key=scene.name_of)


def _named(uid: str) -> bpy.types.Object | None:
    return next((skin for skin in scene.skins() if str(skin.session_uid) == uid), None)


class DREAMFACE_OT_copy_edits(HeadAction, bpy.types.Operator):
    """Lay the same edits on this head, above its own; places go along to heads of other meshes"""

    bl_idname = "dreamface.copy_edits"
    bl_label = "Copy Edits"

    head: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    all: bpy.props.BoolProperty(
        name="All Edits", description="The whole stack, not only the chosen edit", default=True, options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where there are edits and another head."""
        why_not = why_no_edit(context)
        if not why_not and not other_heads(context):
            why_not = "There is no other head in this scene to copy them to"
        return interface.allow(cls, why_not)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy them."""
        skin, other = scene.skin_of(context.active_object), _named(self.head)
        if other is None:
            self.report({"ERROR"}, "That head is gone")
            return {"CANCELLED"}
        active = edit_sliders.active_edit(skin)
        entries = scene.stack_of(skin) if self.all or active is None else [active[1]]
        try:
            application.get().editing.copy(skin, other, entries)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class DREAMFACE_OT_mix_with(HeadAction, bpy.types.Operator):
    """Mix this head in: on the marked place, or everywhere"""

    bl_idname = "dreamface.mix_with"
    bl_label = "Mix With"

    head: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where there is another head, and something to take of it."""
        why_not = interface.why_not_edit(context)
        if not why_not and not other_heads(context):
            why_not = "There is no other head in this scene to mix with"
        return interface.allow(cls, why_not or application.get().setup.why_no_backend())

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mix it in."""
        other, fields = _named(self.head), context.window_manager.dreamface
        if other is None:
            self.report({"ERROR"}, "That head is gone")
            return {"CANCELLED"}
        take = [name for name in ("skin", "shape") if name in fields.mix_take]
        if not take:
            self.report({"ERROR"}, "Choose what to take of the other head: skin, shape or both")
            return {"CANCELLED"}
        try:
            application.get().editing.mix(scene.skin_of(context.active_object), other, take, fields.mix_degree)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
