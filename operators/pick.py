"""Choosing one of the variations."""

import bpy

from ..dreamface_addon import application


class DREAMFACE_OT_pick(bpy.types.Operator):
    """Bring this person into the scene"""

    bl_idname = "dreamface.pick"
    bl_label = "Pick"

    job: bpy.props.StringProperty(options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Bring it in, made anew first where larger textures are wanted."""
        app = application.get()
        job = next((job for job in app.gallery.jobs if job.id == self.job), None)
        if job is None or job.state != "done":
            self.report({"WARNING"}, "This face is not there any more: generate again.")
            return {"CANCELLED"}
        context.window_manager.dreamface.seed = job.request["seed"]
        app.pick(job)
        return {"FINISHED"}
