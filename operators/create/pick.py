"""Choosing one of the variations."""

import bpy

from ...dreamface_addon import application, interface


class DREAMFACE_OT_pick(bpy.types.Operator):
    """Bring this person into the scene"""

    bl_idname = "dreamface.pick"
    bl_label = "Pick"
    bl_options = {"INTERNAL"}

    job: bpy.props.StringProperty(options={"HIDDEN"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it where the face can be made at full size."""
        return interface.allow(cls, application.get().making.why_not_pick())

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return which one it is."""
        job = application.get().making.gallery.job(properties.job)
        return f"Bring this person into the scene: seed {job.request['seed']}" if job else ""

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Have the person made who is only a picture yet, or wanted with larger textures; else bring the face in."""
        making = application.get().making
        job = making.gallery.job(self.job)
        if job is None or job.state != "done":
            self.report({"WARNING"}, "This face is not there any more: generate again.")
            return {"CANCELLED"}
        context.window_manager.dreamface.seed = job.request["seed"]
        making.pick(job)
        return {"FINISHED"}
