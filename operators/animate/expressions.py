"""Named expressions, and all that is done with the sliders of a face at once."""

import math
from typing import Any, ClassVar

import bpy

from ...dreamface_addon import application, expressions, interface, places, scene
from .base import head_of, why_no_head

FILE = places.EXTENSION / "presets" / "expressions.json"


def why_no_expression(context: bpy.types.Context) -> str:
    """Return why the selected head can be given no expression now, or nothing."""
    why_not = why_no_head(context) or interface.why_not_edit(context)
    if why_not:
        return why_not
    living = application.get().living
    if living.is_on and living.face_id == head_of(context).get(scene.FACE_ID):
        return "A camera moves this head: press Stop first"
    return ""


class ExpressionAction:
    """Base of the operators that set the sliders of the selected head; one step of undo."""

    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head is selected that nothing else moves."""
        return interface.allow(cls, why_no_expression(context))


class DREAMFACE_OT_use_expression(ExpressionAction, bpy.types.Operator):
    """Give the selected head this expression, as strong as Amount says"""

    bl_idname = "dreamface.use_expression"
    bl_label = "Use Expression"

    expression: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    own: bpy.props.BoolProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, context: bpy.types.Context, properties: Any) -> str:
        """Say which it is."""
        chosen = chosen_expression(context, properties.expression, properties.own)
        return f"{chosen.label}: give the selected head this expression" if chosen is not None else str(cls.__doc__)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the sliders; with Auto Keying they get keys."""
        chosen = chosen_expression(context, self.expression, self.own)
        if chosen is None:
            self.report({"ERROR"}, f"There is no expression called {self.expression}")
            return {"CANCELLED"}
        fields, skin = context.window_manager.dreamface, head_of(context)
        fields.expression = expressions.key_of(chosen, self.own)
        amount = fields.expression_strength
        if fields.expression_head:
            turns = (chosen.head.get(angle, 0.0) for angle in expressions.ANGLES)
            scene.turn_head(skin, [amount * math.radians(turn) for turn in turns])
        weights = {name: amount * chosen.weights.get(name, 0.0) for name in expressions.ARKIT_SHAPES}
        _set(context, weights, head_too=fields.expression_head)
        return {"FINISHED"}


def chosen_expression(context: bpy.types.Context, name: str, own: bool) -> expressions.Expression | None:
    """Return an expression by its name: one of the artist's own, or one that comes along, in the chosen strength."""
    if own:
        return next((entry for entry in expressions.own(places.expressions_file()) if entry.name == name), None)
    return expressions.find(FILE, name, context.window_manager.dreamface.expression_level)


class DREAMFACE_OT_reset_expression(ExpressionAction, bpy.types.Operator):
    """Set these sliders to 0"""

    bl_idname = "dreamface.reset_expression"
    bl_label = "Reset Expression"

    group: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set them back; with all of them the head, too, if expressions turn it."""
        fields = context.window_manager.dreamface
        head_too = not self.group and fields.expression_head
        if head_too:
            scene.turn_head(head_of(context), (0.0, 0.0, 0.0))
        if not self.group:
            fields.expression = ""
        _set(context, dict.fromkeys(expressions.GROUPS.get(self.group, expressions.ARKIT_SHAPES), 0.0), head_too)
        return {"FINISHED"}


class DREAMFACE_OT_mirror_expression(ExpressionAction, bpy.types.Operator):
    """Change the sides of the expression"""

    bl_idname = "dreamface.mirror_expression"
    bl_label = "Mirror Expression"

    how: bpy.props.EnumProperty(
        items=[
            ("FLIP", "Flip", "Change left and right over, as in a mirror"),
            ("LEFT", "Left to Right", "Let the person's left side show on both"),
            ("RIGHT", "Right to Left", "Let the person's right side show on both"),
        ],
        options={"SKIP_SAVE"},
    )  # fmt: skip

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """Say what the button does."""
        return str(properties.bl_rna.properties["how"].enum_items[properties.how].description)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the sliders."""
        weights = scene.weights_of(head_of(context))
        now: dict[str, float] = {name: weights[name] for name in expressions.ARKIT_SHAPES if name in weights}
        _set(context, expressions.mirrored(now, self.how))
        return {"FINISHED"}


class DREAMFACE_OT_key_expression(bpy.types.Operator):
    """Set a key frame on every slider of the face at this frame"""

    bl_idname = "dreamface.key_expression"
    bl_label = "As Key Frames"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where the keys would not go into a take."""
        return interface.allow(cls, why_no_expression(context) or scene.why_no_keys(head_of(context)))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the key frames."""
        frame, turns = context.scene.frame_current, context.window_manager.dreamface.expression_head
        count = scene.key_expression(head_of(context), expressions.ARKIT_SHAPES, frame, turns)
        self.report({"INFO"}, f"{count} key frames at frame {frame}")
        return {"FINISHED"}


class DREAMFACE_OT_lay_expression(bpy.types.Operator):
    """Add the expression that was chosen last to what plays, from this frame to the scene's last, as an NLA strip"""

    bl_idname = "dreamface.lay_expression"
    bl_label = "Lay over Performance"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where something plays and an expression was chosen."""
        why_not = why_no_expression(context) or scene.why_no_layer(head_of(context))
        if not why_not and _last_chosen(context) is None:
            why_not = "Choose an expression first"
        return interface.allow(cls, why_not)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Lay it over."""
        chosen, skin = _last_chosen(context), head_of(context)
        assert chosen is not None  # poll has looked
        amount = context.window_manager.dreamface.expression_strength
        weights = {name: amount * weight for name, weight in chosen.weights.items() if weight}
        if not weights:
            self.report({"WARNING"}, "A face at rest adds nothing: choose another expression")
            return {"CANCELLED"}
        first, last = context.scene.frame_current, context.scene.frame_end
        scene.lay_expression(skin, chosen.label, weights, first, last)
        context.scene.frame_set(context.scene.frame_current)
        self.report({"INFO"}, f"“{chosen.label}” is laid over what plays, from frame {first}")
        return {"FINISHED"}


class DREAMFACE_OT_remove_expression_layer(ExpressionAction, bpy.types.Operator):
    """Take this expression off the performance"""

    bl_idname = "dreamface.remove_expression_layer"
    bl_label = "Remove from Performance"

    track: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take it off."""
        skin = head_of(context)
        found = next((track for track in scene.layers_of(skin) if track.name == self.track), None)
        if found is None:
            self.report({"ERROR"}, "This expression is on the performance no more")
            return {"CANCELLED"}
        scene.remove_layer(skin, found)
        context.scene.frame_set(context.scene.frame_current)
        return {"FINISHED"}


def _last_chosen(context: bpy.types.Context) -> expressions.Expression | None:
    """Return the expression that was chosen last, in the strength that is chosen now."""
    own, _, name = context.window_manager.dreamface.expression.partition(" ")
    return chosen_expression(context, name, own == expressions.OWN) if name else None


def _set(context: bpy.types.Context, weights: dict[str, float], head_too: bool = False) -> None:
    """Set sliders; with Auto Keying they get keys, and so does the head where it was turned."""
    skin = head_of(context)
    scene.set_expression(skin, weights)
    if context.scene.tool_settings.use_keyframe_insert_auto:
        scene.key_expression(skin, weights, context.scene.frame_current, head_too)
