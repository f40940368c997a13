"""Natural colours."""

import bpy

from ...dreamface_addon import application, scene, shaping
from ...dreamface_addon.interface import HeadAction
from ...dreamface_addon.vocabulary import SWATCHES, TRAITS

_DYES = ("hair.dye", "hair.roots", "hair.tips", "hair.highlights")


class DREAMFACE_OT_use_swatch(HeadAction, bpy.types.Operator):
    """Use this colour"""

    bl_idname = "dreamface.use_swatch"
    bl_label = "Use Colour"

    kind: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    swatch: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return the colour's name."""
        return properties.swatch

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the traits that give the colour."""
        skin = scene.skin_of(context.active_object)
        chosen = next((swatch for swatch in SWATCHES.get(self.kind, ()) if swatch.name == self.swatch), None)
        if chosen is None:
            self.report({"ERROR"}, f"There is no colour called {self.swatch}")
            return {"CANCELLED"}
        for name, value in chosen.traits.items():
            shaping.set_value(skin, TRAITS[name], value)
        for name in _DYES if self.kind == "hair" else ():  # natural hair is not dyed
            dye = shaping.value_of(skin, TRAITS[name])
            shaping.set_value(skin, TRAITS[name], [*dye[:3], 0.0])
        application.get().following.follow(skin)
        return {"FINISHED"}
