"""Diagnostics for a bug report."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_copy_diagnostics(bpy.types.Operator):
    """Copy versions, states and the end of the log, for a bug report; without names of your folders"""

    bl_idname = "dreamface.copy_diagnostics"
    bl_label = "Copy DreamFace Diagnostics"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put them on the clipboard."""
        context.window_manager.clipboard = application.get().diagnostics()
        self.report({"INFO"}, "Copied the diagnostics")
        return {"FINISHED"}
