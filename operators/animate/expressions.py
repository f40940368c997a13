"""Named expressions, and setting sliders back."""

from typing import ClassVar

import bpy

from ...dreamface_addon import expressions, interface, places, scene
from .base import head_of, why_no_head

FILE = places.EXTENSION / "presets" / "expressions.json"


class DREAMFACE_OT_use_expression(bpy.types.Operator):
    """Give the selected head this expression, as strong as Strength says"""

    bl_idname = "dreamface.use_expression"
    bl_label = "Use Expression"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    expression: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head is selected that may be changed."""
        return interface.allow(cls, why_no_head(context) or interface.why_not_edit(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the sliders; with Auto Keying they get keys."""
        chosen = next((entry for entry in expressions.read(FILE) if entry.name == self.expression), None)
        if chosen is None:
            self.report({"ERROR"}, f"There is no expression called {self.expression}")
            return {"CANCELLED"}
        strength = context.window_manager.dreamface.expression_strength
        weights = {name: strength * chosen.weights.get(name, 0.0) for name in expressions.ARKIT_SHAPES}
        _set(context, weights)
        return {"FINISHED"}


class DREAMFACE_OT_reset_expression(bpy.types.Operator):
    """Set these sliders to 0"""

    bl_idname = "dreamface.reset_expression"
    bl_label = "Reset Expression"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    group: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head is selected that may be changed."""
        return interface.allow(cls, why_no_head(context) or interface.why_not_edit(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set them back."""
        _set(context, dict.fromkeys(expressions.GROUPS.get(self.group, expressions.ARKIT_SHAPES), 0.0))
        return {"FINISHED"}


def _set(context: bpy.types.Context, weights: dict[str, float]) -> None:
    skin = head_of(context)
    scene.set_expression(skin, weights)
    if context.scene.tool_settings.use_keyframe_insert_auto:
        keys = scene.keys_of_face(skin)
        for name in weights.keys() & keys.keys():
            keys[name].keyframe_insert("value", group="Face")
