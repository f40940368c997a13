"""Resetting a slider."""

import bpy

from ...dreamface_addon import application, scene, shaping
from ...dreamface_addon.interface import HeadAction
from ...dreamface_addon.vocabulary import TRAITS


class DREAMFACE_OT_reset_trait(HeadAction, bpy.types.Operator):
    """Set this trait back to how the face was generated"""

    bl_idname = "dreamface.reset_trait"
    bl_label = "Reset Face Sliders"

    trait: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Say whether one trait or all of them are meant."""
        what = "this trait" if properties.trait else "everything that was changed"
        return f"Set {what} back to how the face was generated"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set it back; an empty name stands for all traits."""
        skin = scene.skin_of(context.active_object)
        if self.trait and self.trait not in TRAITS:
            self.report({"ERROR"}, f"There is no trait called {self.trait}")
            return {"CANCELLED"}
        for trait in [TRAITS[self.trait]] if self.trait else TRAITS.values():
            shaping.reset(skin, trait)
        if not self.trait:
            shaping.reset_layers(skin)
        application.get().following.follow(skin)
        return {"FINISHED"}
