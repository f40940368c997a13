"""A head's bones, what its eyes look at, and the visemes of lip sync."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from ...dreamface_addon import application, interface, scene
from ...dreamface_addon.interface import HeadAction


def _why_not(context: bpy.types.Context, needs_rig: bool) -> str:
    """Return why the selected head's rig cannot be changed now, or nothing."""
    why_not = interface.why_no_face(context) or interface.why_not_edit(context)
    if not why_not and context.mode not in ("OBJECT", "POSE"):
        why_not = "Go to Object Mode first"
    if not why_not and needs_rig and scene.rig_of(scene.skin_of(context.active_object)) is None:
        why_not = "This head has no bones: press Add Rig first"
    return why_not


def _do(operator: Any, context: bpy.types.Context, action: Callable[[bpy.types.Object], object]) -> set[str]:
    """Do something to the selected head, or report why not."""
    try:
        action(scene.skin_of(context.active_object))
    except scene.SceneError as error:
        operator.report({"ERROR"}, str(error))
        return {"CANCELLED"}
    return {"FINISHED"}


def _change_bones(operator: Any, context: bpy.types.Context, change: Callable[[bpy.types.Object], object]) -> set[str]:
    """Add or remove the selected head's bones, and have the take that it wears turn it by what it has then."""

    def change_and_perform(skin: bpy.types.Object) -> None:
        change(skin)
        application.get().animating.bones_changed(skin)

    return _do(operator, context, change_and_perform)


def _select(context: bpy.types.Context, skin: bpy.types.Object) -> None:
    """Make the skin active, because what is may go."""
    context.view_layer.objects.active = skin
    skin.select_set(True)


class RigAction(HeadAction):
    """An operator for heads that have bones."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where the selected head has bones."""
        return interface.allow(cls, _why_not(context, needs_rig=True))


class DREAMFACE_OT_add_rig(HeadAction, bpy.types.Operator):
    """Give the selected head bones: neck, head, jaw and eyes. They move skin, eyes, teeth, tongue, lashes and hair"""

    bl_idname = "dreamface.add_rig"
    bl_label = "Add Rig"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head is selected that has none."""
        why_not = _why_not(context, needs_rig=False)
        if not why_not and scene.rig_of(scene.skin_of(context.active_object)) is not None:
            why_not = "This head has bones already"
        return interface.allow(cls, why_not)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add it."""
        return _change_bones(self, context, scene.add_rig)


class DREAMFACE_OT_remove_rig(RigAction, bpy.types.Operator):
    """Take the selected head's bones away; its shape keys stay, and move eyes and jaw as before"""

    bl_idname = "dreamface.remove_rig"
    bl_label = "Remove Rig"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove it; the skin is selected where the armature was."""
        skin = scene.skin_of(context.active_object)
        assert skin is not None  # see `poll`
        if context.mode == "POSE":
            bpy.ops.object.mode_set(mode="OBJECT")
        if context.active_object not in scene.parts_of(skin):
            _select(context, skin)
        return _change_bones(self, context, scene.remove_rig)


class DREAMFACE_OT_aim_eyes(RigAction, bpy.types.Operator):
    """Let the selected head's eyes look at a target, which you move; lids follow"""

    bl_idname = "dreamface.aim_eyes"
    bl_label = "Eye Target"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add the target, or take it away where there is one."""
        skin = scene.skin_of(context.active_object)
        assert skin is not None  # see `poll`
        target = scene.eye_target(skin)
        if target is not None and context.active_object == target:
            _select(context, skin)
        return _do(self, context, scene.aim_eyes if target is None else scene.release_eyes)


class DREAMFACE_OT_bones_move_eyes(HeadAction, bpy.types.Operator):
    """Let the bones of the eyes turn them and move their lids. Otherwise shape keys do, and bones add to them"""

    bl_idname = "dreamface.bones_move_eyes"
    bl_label = "Bones Move Eyes"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where the selected head has bones, and its eyes look at no target, which needs this."""
        why_not = _why_not(context, needs_rig=True)
        if not why_not and scene.eye_target(scene.skin_of(context.active_object)) is not None:
            why_not = "The eyes look at a target, by their bones: take the target away first"
        return interface.allow(cls, why_not)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Switch."""
        skin = scene.skin_of(context.active_object)
        wanted = not scene.eyes_follow_bones(skin)
        return _do(self, context, lambda head: scene.bones_move_eyes(head, wanted))


class DREAMFACE_OT_visemes(HeadAction, bpy.types.Operator):
    """Give the selected head the 15 visemes of Oculus' lip sync as shape keys, mixed from its own; or take them away"""

    bl_idname = "dreamface.visemes"
    bl_label = "Visemes"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add them, or remove those that are there."""
        has = scene.has_visemes(scene.skin_of(context.active_object))
        return _do(self, context, scene.remove_visemes if has else scene.add_visemes)
