"""Resetting a slider."""

import bpy

from ..dreamface_addon import application, scene, shaping
from ..dreamface_addon.vocabulary import TRAITS


class DREAMFACE_OT_reset_trait(bpy.types.Operator):
    """Set this trait back to how the face was generated"""

    bl_idname = "dreamface.reset_trait"
    bl_label = "Reset"
    bl_options = {"REGISTER", "UNDO"}

    trait: bpy.props.StringProperty(options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Possible where a face is selected."""
        if scene.skin_of(context.active_object) is None:
            cls.poll_message_set("Select a DreamFace head first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set it back; an empty name stands for all traits."""
        skin = scene.skin_of(context.active_object)
        for trait in [TRAITS[self.trait]] if self.trait else TRAITS.values():
            shaping.reset(skin, trait)
        application.follow(skin)
        return {"FINISHED"}
