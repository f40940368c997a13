"""The stack of edits: order, copies, deletion."""

import bpy

from ...dreamface_addon import edit_sliders, interface, scene, stack
from ...dreamface_addon.interface import HeadAction


def why_no_edit(context: bpy.types.Context) -> str:
    """Return why nothing can be done with the chosen edit, or nothing."""
    why_not = interface.why_not_edit(context)
    if not why_not and edit_sliders.active_edit(scene.skin_of(context.active_object)) is None:
        why_not = "This head has no edits yet: mark a place and say what should be there"
    return why_not


class _OnEdit(HeadAction):
    """Base of what is done with the chosen edit."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where an edit is chosen."""
        return interface.allow(cls, why_no_edit(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Change the stack; the skin follows."""
        skin = scene.skin_of(context.active_object)
        active = edit_sliders.active_edit(skin)
        return self.change(skin, *active) if active is not None else {"CANCELLED"}

    def change(self, skin: bpy.types.Object, number: int, entry: stack.Entry) -> set[str]:
        """Change the stack of a head; `number` is the chosen edit's place from below."""
        raise NotImplementedError


class DREAMFACE_OT_move_edit(_OnEdit, bpy.types.Operator):
    """Move the edit over or under its neighbour"""

    bl_idname = "dreamface.move_edit"
    bl_label = "Move Edit"

    by: bpy.props.IntProperty(default=1, options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Say where it goes."""
        return "Lay the edit over the one above it" if properties.by > 0 else "Lay the edit under the one below it"

    def change(self, skin: bpy.types.Object, number: int, entry: stack.Entry) -> set[str]:
        """Move it."""
        entries = stack.moved(scene.stack_of(skin), number, self.by)
        edit_sliders.set_stack(skin, entries, active=stack.find(entries, entry["id"]))
        return {"FINISHED"}


class DREAMFACE_OT_duplicate_edit(_OnEdit, bpy.types.Operator):
    """Lay the same edit over this one once more"""

    bl_idname = "dreamface.duplicate_edit"
    bl_label = "Duplicate Edit"

    def change(self, skin: bpy.types.Object, number: int, entry: stack.Entry) -> set[str]:
        """Duplicate it."""
        entries = scene.stack_of(skin)
        why_not = stack.why_no_more(entries)
        if why_not:
            self.report({"WARNING"}, why_not)
            return {"CANCELLED"}
        edit_sliders.set_stack(skin, stack.duplicated(entries, number), active=number + 1)
        return {"FINISHED"}


class DREAMFACE_OT_delete_edit(_OnEdit, bpy.types.Operator):
    """Take this edit off the face"""

    bl_idname = "dreamface.delete_edit"
    bl_label = "Delete Edit"

    def change(self, skin: bpy.types.Object, number: int, entry: stack.Entry) -> set[str]:
        """Delete it."""
        edit_sliders.set_stack(skin, stack.without(scene.stack_of(skin), number), active=max(number - 1, 0))
        return {"FINISHED"}


class DREAMFACE_OT_clear_edit_mask(_OnEdit, bpy.types.Operator):
    """Take away what was painted as this edit's place; regions that it has by name stay"""

    bl_idname = "dreamface.clear_edit_mask"
    bl_label = "Clear Mask"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where the chosen edit has a mask, and something else that says where it lies."""
        why_not = why_no_edit(context)
        if not why_not:
            active = edit_sliders.active_edit(scene.skin_of(context.active_object))
            entry = active[1] if active is not None else {}
            place = entry.get("place") or {}
            if not place.get("mask"):
                why_not = "Nothing is painted as this edit's place"
            elif not place.get("regions") and entry.get("kind") == "words":
                why_not = "Without its mask the edit would lie nowhere: name a region first, or delete it"
        return interface.allow(cls, why_not)

    def change(self, skin: bpy.types.Object, number: int, entry: stack.Entry) -> set[str]:
        """Clear it."""
        place = entry["place"] | {"mask": None}
        edit_sliders.set_stack(skin, stack.changed(scene.stack_of(skin), number, place=place))
        return {"FINISHED"}
