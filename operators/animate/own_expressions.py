"""Expressions of one's own: saved from a head, removed."""

import bpy

from ...dreamface_addon import expressions, interface, places, scene
from .base import head_of, why_no_head


class DREAMFACE_OT_save_expression(bpy.types.Operator):
    """Keep the expression that the selected head has now, for all heads"""

    bl_idname = "dreamface.save_expression"
    bl_label = "Save Expression"
    bl_options = {"INTERNAL"}

    name: bpy.props.StringProperty(name="Name", maxlen=40, options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head is selected."""
        return interface.allow(cls, why_no_head(context))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for a name."""
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the name, and whether another expression goes for it."""
        self.layout.prop(self, "name")
        if any(entry.name == self.name.strip() for entry in expressions.own(places.expressions_file())):
            self.layout.label(text="Replaces your expression of that name", icon="ERROR")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Save it."""
        name = self.name.strip()
        if not name:
            self.report({"ERROR"}, "Give the expression a name")
            return {"CANCELLED"}
        try:
            expressions.save(places.expressions_file(), name, scene.weights_of(head_of(context)))
        except OSError as error:
            self.report({"ERROR"}, f"It can't be saved ({error.strerror}): free some space, or check the disk")
            return {"CANCELLED"}
        self.report({"INFO"}, f"{name} is among your expressions")
        return {"FINISHED"}


class DREAMFACE_OT_remove_expression(bpy.types.Operator):
    """Remove one of your expressions; heads that have it stay as they are"""

    bl_idname = "dreamface.remove_expression"
    bl_label = "Remove Expression"
    bl_options = {"INTERNAL"}

    expression: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first: there is no way back."""
        return context.window_manager.invoke_confirm(self, event, title="Remove Expression", confirm_text="Remove")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Remove it."""
        expressions.remove(places.expressions_file(), self.expression)
        return {"FINISHED"}
