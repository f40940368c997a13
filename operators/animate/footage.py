"""A take's footage: behind the camera's picture, with its camera, its sound and its frames a second."""

import bpy

from ...dreamface_addon import application, interface, scene
from .base import TakeAction, head_of, reporting, take_of, why_no_take


class _Footage(TakeAction):
    """Base of the operators for a take's footage."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where the selected head's take was made from a video that is there."""
        why_not = why_no_take(context)
        return interface.allow(cls, why_not or scene.why_no_footage(str(take_of(context).get(scene.FOOTAGE, ""))))


class DREAMFACE_OT_show_footage(_Footage, bpy.types.Operator):
    """Show the footage behind what the scene's camera sees"""

    bl_idname = "dreamface.show_footage"
    bl_label = "Show Footage"

    hide: bpy.props.BoolProperty(options={"HIDDEN", "SKIP_SAVE"})
    sound: bpy.props.BoolProperty(name="Sound", description="Play its sound, and keep in time with it")
    place_camera: bpy.props.BoolProperty(
        name="Place Camera", description="Put a camera before the head, where the one was that filmed it", default=True
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Show or hide it."""
        if self.hide:
            scene.hide_footage(context.scene)
            return {"FINISHED"}
        action, skin, animating = take_of(context), head_of(context), application.get().animating
        path = str(action[scene.FOOTAGE])
        with reporting(self):
            take, shaping = animating.take_of(action), animating.shaping_of(action)
            if self.place_camera or context.scene.camera is None:
                scene.add_camera(context.scene, skin, tuple(take.position[0]), take.focal)
            scene.show_footage(context.scene, path, shaping.start, shaping.first, take.rate, take.footage)
            if self.sound:
                scene.add_sound(context.scene, path, shaping.start, shaping.first)
        return {"FINISHED"}


class DREAMFACE_OT_use_footage_rate(TakeAction, bpy.types.Operator):
    """Give the scene as many frames a second as the footage, so that both keep in step"""

    bl_idname = "dreamface.use_footage_rate"
    bl_label = "Use the Footage's Frame Rate"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set it, and bake the take for it."""
        animating, render = application.get().animating, context.scene.render
        with reporting(self):
            rate = animating.take_of(take_of(context)).rate
            render.fps = max(round(rate), 1)
            render.fps_base = render.fps / rate
            animating.bake(head_of(context), take_of(context))
        return {"FINISHED"}
