"""Takes of the selected head: use, take off, delete, bake again, clean up, retime, push down, apply to another head."""

from typing import ClassVar

import bpy

from ...dreamface_addon import application, interface, scene
from ...dreamface_addon.takes import Shaping
from .base import TakeAction, head_of, reporting, take_of, why_no_head


class _NamedTake:
    """Base of the operators for one take of the list."""

    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head is selected that may be changed."""
        return interface.allow(cls, why_no_head(context) or interface.why_not_edit(context))


def _find(operator: bpy.types.Operator) -> bpy.types.Action | None:
    """Return the take that an operator names, or say that it is gone."""
    action = bpy.data.actions.get(operator.take)
    if not scene.is_take(action):
        operator.report({"ERROR"}, f"There is no take called {operator.take} any more")
        return None
    return action


class DREAMFACE_OT_use_take(_NamedTake, bpy.types.Operator):
    """Have the selected head perform this take. Your own animation of it goes on playing, on an NLA track below"""

    bl_idname = "dreamface.use_take"
    bl_label = "Use Take"

    take: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put it on."""
        action, skin = _find(self), head_of(context)
        if action is None:
            return {"CANCELLED"}
        with reporting(self):
            application.get().animating.use(skin, action)
        return {"FINISHED"}


class DREAMFACE_OT_take_off(TakeAction, bpy.types.Operator):
    """Have the head perform nothing; it has the expression again that it had before, and the take stays in the list"""

    bl_idname = "dreamface.take_off"
    bl_label = "Take Off"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take it off."""
        with reporting(self):
            scene.take_off(head_of(context))
        return {"FINISHED"}


class DREAMFACE_OT_delete_take(_NamedTake, bpy.types.Operator):
    """Delete this take, also from the NLA; footage and files on the disk stay"""

    bl_idname = "dreamface.delete_take"
    bl_label = "Delete Take"

    take: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Delete it; one step back brings it back."""
        action = _find(self)
        if action is None:
            return {"CANCELLED"}
        with reporting(self):
            scene.remove_take(action, scene.skins())
        return {"FINISHED"}


class DREAMFACE_OT_use_as_neutral(TakeAction, bpy.types.Operator):
    """Take the face as it is at this frame of the take for a face at rest"""

    bl_idname = "dreamface.use_as_neutral"
    bl_label = "Use as Neutral"

    clear: bpy.props.BoolProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Say what happens."""
        return "Take the face as it was tracked" if properties.clear else str(cls.__doc__)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Change the take."""
        action, animating = take_of(context), application.get().animating
        with reporting(self):
            frame = context.scene.frame_current_final
            second = None if self.clear else animating.second_at(head_of(context), action, frame)
            animating.change(action, neutral=second)
        return {"FINISHED"}


class DREAMFACE_OT_bake_take(TakeAction, bpy.types.Operator):
    """Make the take's keys anew. Keys that you have edited are kept in an action of their own"""

    bl_idname = "dreamface.bake_take"
    bl_label = "Bake Again"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Bake it."""
        with reporting(self):
            count = application.get().animating.bake(head_of(context), take_of(context))
            self.report({"INFO"}, f"{count} keys")
        return {"FINISHED"}


class DREAMFACE_OT_bake_range(TakeAction, bpy.types.Operator):
    """Keep only what lies within the scene's frame range, or within the preview range while that is on"""

    bl_idname = "dreamface.bake_range"
    bl_label = "Bake Range"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Cut the take; the raw one is kept, so the sliders bring everything back."""
        action, skin, animating = take_of(context), head_of(context), application.get().animating
        range_ = context.scene
        first, last = range_.frame_start, range_.frame_end
        if range_.use_preview_range:
            first, last = range_.frame_preview_start, range_.frame_preview_end
        with reporting(self):
            shaping, take = animating.shaping_of(action), animating.take_of(action)
            begin, end = (animating.second_at(skin, action, frame) for frame in (first, last))
            if end <= begin:
                self.report({"ERROR"}, "The take does not play within this range: move the range, or the take")
                return {"CANCELLED"}
            animating.change(
                action, first=begin - float(take.times[0]), last=float(take.times[-1]) - end,
                start=max(shaping.start, float(first)),
            )  # fmt: skip
        return {"FINISHED"}


class DREAMFACE_OT_fit_scene(TakeAction, bpy.types.Operator):
    """Have the scene begin and end with the take"""

    bl_idname = "dreamface.fit_scene"
    bl_label = "Fit Scene to Take"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the scene's frame range."""
        first, last = take_of(context).frame_range
        context.scene.frame_start, context.scene.frame_end = int(first), max(int(last), int(first) + 1)
        return {"FINISHED"}


class DREAMFACE_OT_retime(TakeAction, bpy.types.Operator):
    """Have each picture of the footage be one frame of the scene, whatever the scene's frames a second"""

    bl_idname = "dreamface.retime"
    bl_label = "Frame for Frame"

    original: bpy.props.BoolProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Say what happens."""
        return "Play it as fast as it was" if properties.original else str(cls.__doc__)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Change its speed."""
        action, animating, render = take_of(context), application.get().animating, context.scene.render
        with reporting(self):
            rate = animating.take_of(action).rate
            speed = 1.0 if self.original else render.fps / render.fps_base / rate
            animating.change(action, speed=speed)
        return {"FINISHED"}


class DREAMFACE_OT_clean_keys(TakeAction, bpy.types.Operator):
    """Take out keys without which the movement is nearly the same, so that it is easier to edit"""

    bl_idname = "dreamface.clean_keys"
    bl_label = "Clean Up Keys"

    tolerance: bpy.props.FloatProperty(
        name="Tolerance", description="How far the curves may be from the take, of a shape key's whole way",
        default=0.02, min=0.0001, max=0.5, precision=3, step=1,
    )  # fmt: skip

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Bake it more coarsely; where an artist has edited keys, thin those out."""
        action, skin, animating = take_of(context), head_of(context), application.get().animating
        with reporting(self):
            if scene.is_edited(action):
                before, after = scene.thin_keys(action, self.tolerance)
            else:
                before = scene.count_keys(action)
                action[scene.SHAPING] = _with_tolerance(animating.shaping_of(action), self.tolerance)
                after = animating.bake(skin, action)
            self.report({"INFO"}, f"{after} keys instead of {before}")
        return {"FINISHED"}


def _with_tolerance(shaping: Shaping, tolerance: float) -> str:
    return Shaping(**{**vars(shaping), "tolerance": tolerance}).to_json()


class DREAMFACE_OT_reset_shaping(TakeAction, bpy.types.Operator):
    """Set mirror, smoothing, strengths, cuts and speed back"""

    bl_idname = "dreamface.reset_shaping"
    bl_label = "Reset Take"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set them back; where the take begins and how the head moves stay."""
        action, animating = take_of(context), application.get().animating
        shaping = animating.shaping_of(action)
        animating.change(action, **vars(Shaping(start=shaping.start, move=shaping.move)))
        return {"FINISHED"}


class DREAMFACE_OT_push_take(TakeAction, bpy.types.Operator):
    """Put the take on NLA tracks, where it goes on playing: the way is free for another take, or for your own keys"""

    bl_idname = "dreamface.push_take"
    bl_label = "Push to NLA"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Push it."""
        name = scene.push_take(head_of(context))
        self.report({"INFO"}, f"“{name}” is on an NLA track")
        return {"FINISHED"}


class DREAMFACE_OT_apply_take(TakeAction, bpy.types.Operator):
    """Have this head perform the take, too"""

    bl_idname = "dreamface.apply_take"
    bl_label = "Apply to Another Head"

    skin: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Give it a take of its own, made from the same raw one."""
        other = next((skin for skin in scene.skins() if str(skin.session_uid) == self.skin), None)
        if other is None or other == head_of(context):
            self.report({"ERROR"}, "Choose another head of this scene")
            return {"CANCELLED"}
        with reporting(self):
            application.get().animating.apply_to(take_of(context), other)
            self.report({"INFO"}, f"{scene.name_of(other)} performs it, too")
        return {"FINISHED"}
