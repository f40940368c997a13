"""Generate."""

import bpy

from ...dreamface_addon import application, interface, making, scene, seeds


class DREAMFACE_OT_generate(bpy.types.Operator):
    """Make the face that the prompt describes, or several to choose from"""

    bl_idname = "dreamface.generate"
    bl_label = "Generate Face"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it with a prompt and an engine."""
        return interface.allow(cls, application.get().making.why_not_generate(context.window_manager.dreamface.prompt))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the backend for it; the face comes in when it is done."""
        if application.get().making.running:
            self.report({"WARNING"}, making.BUSY)
            return {"CANCELLED"}
        chosen = context.window_manager.dreamface
        if not chosen.keep_seed:
            chosen.seed = seeds.new_seed()
        skin = scene.skin_of(context.active_object) if chosen.update_selected else None
        application.get().making.generate(
            chosen.prompt.strip(),
            seeds=seeds.seeds_from(chosen.seed, chosen.variations),
            resolution=int(chosen.resolution),
            head=chosen.head or "auto",
            skin=skin,
            name=chosen.name.strip(),
        )
        chosen.name = ""  # the next head is somebody else
        return {"FINISHED"}
