"""Which node groups make the hairs: Blender's own, or DreamFace's."""

from typing import ClassVar

import bpy

from ...dreamface_addon import interface, scene
from ...dreamface_addon.interface import HeadAction


class DREAMFACE_OT_use_node_assets(HeadAction, bpy.types.Operator):
    """Let these nodes make the hairs of the selected head; what you have combed stays"""

    bl_idname = "dreamface.use_node_assets"
    bl_label = "Hair Nodes"

    blenders: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    _ABOUT: ClassVar[dict[bool, str]] = {
        True: "Make the hairs by the hair nodes that come with Blender: a stack of modifiers that you can change, "
        "reorder and add to from Blender's asset browser. Slower than DreamFace's nodes. What you have combed stays",
        False: "Make the hairs by DreamFace's one modifier, which is fast and the same in every Blender. Modifiers of "
        "your own and what you have combed stay",
    }

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Say what is gained, and what it costs."""
        return cls._ABOUT[properties.blenders]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it in Object Mode with a head that has hair, where this Blender has such nodes."""
        why_not = interface.why_no_face(context, object_mode=True) or interface.why_not_edit(context)
        if why_not:
            return interface.allow(cls, why_not)
        skin = scene.skin_of(context.active_object)
        if not scene.hair_of(skin):
            why_not = "This head has no hair"
        elif not (scene.has_hair_library() or scene.wants_blender_nodes(skin)):
            why_not = "This Blender comes without its library of hair nodes: Blender from blender.org has it"
        return interface.allow(cls, why_not)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Change the modifiers."""
        try:
            scene.use_blender_nodes(scene.skin_of(context.active_object), self.blenders)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
