"""Layers of the skin: put on and taken off."""

import bpy

from ...dreamface_addon import application, regions, scene
from ...dreamface_addon.interface import HeadAction


class _OfALayer(HeadAction, bpy.types.Operator):
    """What putting on and taking off share."""

    layer: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Change the trait that brings the layer; the textures follow when they are painted again."""
        skin = scene.skin_of(context.active_object)
        if self.layer not in regions.LAYER_TRAITS:
            self.report({"ERROR"}, f"There is no layer called {self.layer} to put on or take off")
            return {"CANCELLED"}
        self.change(skin)
        application.get().following.follow(skin)
        return {"FINISHED"}

    def change(self, skin: bpy.types.Object) -> None:
        """Put the layer on, or take it off."""
        raise NotImplementedError


class DREAMFACE_OT_add_layer(_OfALayer):
    """Put this layer on the skin"""

    bl_idname = "dreamface.add_layer"
    bl_label = "Add Layer"

    def change(self, skin: bpy.types.Object) -> None:
        """Put it on."""
        regions.put_on(skin, self.layer)


class DREAMFACE_OT_remove_layer(_OfALayer):
    """Take this layer off the skin"""

    bl_idname = "dreamface.remove_layer"
    bl_label = "Remove Layer"

    def change(self, skin: bpy.types.Object) -> None:
        """Take it off."""
        regions.take_off(skin, self.layer)
