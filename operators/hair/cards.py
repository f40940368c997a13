"""Make Cards, and which of hair and cards is shown."""

from typing import ClassVar

import bpy

from ...dreamface_addon import application, interface, making, scene
from ...dreamface_addon.interface import HeadAction


class DREAMFACE_OT_make_cards(bpy.types.Operator):
    """Make cards of the selected head's hair, as it is combed now: strips of mesh with a texture, for games"""

    bl_idname = "dreamface.make_cards"
    bl_label = "Make Cards"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head with hair is selected, and an engine is there."""
        why_not = interface.why_not_edit(context) or application.get().setup.why_no_backend()
        if not why_not and not scene.hair_of(scene.skin_of(context.active_object)):
            why_not = "This head has no hair"
        return interface.allow(cls, why_not)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the backend for them; they come in when they are done."""
        app, fields = application.get(), context.window_manager.dreamface
        if app.carding.running:
            self.report({"WARNING"}, making.BUSY)
            return {"CANCELLED"}
        try:
            app.carding.make(scene.skin_of(context.active_object), int(fields.cards_level))
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class DREAMFACE_OT_show_cards(HeadAction, bpy.types.Operator):
    """Show this, and hide the other"""

    bl_idname = "dreamface.show_cards"
    bl_label = "Show Cards"

    shown: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Say what is shown then."""
        return "Show the cards and hide the hair" if properties.shown else "Show the hair and hide the cards"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Show it."""
        scene.show_cards(scene.skin_of(context.active_object), self.shown)
        return {"FINISHED"}
