"""Lock and dice of a region."""

from random import Random

import bpy

from ...dreamface_addon import application, regions, scene
from ...dreamface_addon.interface import HeadAction
from ...dreamface_addon.vocabulary import FAMILIES


class DREAMFACE_OT_lock_region(HeadAction, bpy.types.Operator):
    """Keep this region as it is when words change the head or the dice are thrown"""

    bl_idname = "dreamface.lock_region"
    bl_label = "Lock Region"

    region: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Lock it, or open it."""
        if self.region not in FAMILIES:
            self.report({"ERROR"}, f"There is no region called {self.region}")
            return {"CANCELLED"}
        regions.toggle_lock(scene.skin_of(context.active_object), self.region)
        return {"FINISHED"}


class DREAMFACE_OT_roll_region(HeadAction, bpy.types.Operator):
    """Throw the dice for this region: everything in it becomes another person's"""

    bl_idname = "dreamface.roll_region"
    bl_label = "Throw Dice"

    region: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Change the traits; the mesh follows."""
        skin = scene.skin_of(context.active_object)
        if self.region not in FAMILIES:
            self.report({"ERROR"}, f"There is no region called {self.region}")
            return {"CANCELLED"}
        if self.region in regions.locked(skin):
            self.report({"WARNING"}, f"{self.region} is locked")
            return {"CANCELLED"}
        regions.roll(skin, self.region, Random())
        application.get().following.follow(skin)
        return {"FINISHED"}
