"""Install from File under Models in the preferences."""

from pathlib import Path

import bpy

from ...dreamface_addon import application, interface


class DREAMFACE_OT_install_model_file(bpy.types.Operator):
    """Install this model from a file that was downloaded already, or from a folder that it was unpacked into"""

    bl_idname = "dreamface.install_model_file"
    bl_label = "Install Model"
    bl_options = {"INTERNAL"}

    model: bpy.props.StringProperty(options={"HIDDEN"})
    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: bpy.props.StringProperty(
        default="*.zip;*.tar.gz;*.tgz;*.task;*.safetensors;*.pth;*.gguf", options={"HIDDEN"}
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it with an engine that finds the files of this machine."""
        return interface.allow(cls, application.get().models.why_not_install(online=False))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the file; with no file chosen, the folder that is open counts."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Have the engine read it."""
        path = Path(bpy.path.abspath(self.filepath))
        if not self.filepath or not path.exists():
            self.report({"ERROR"}, f"{path} is not there: choose the downloaded file, or the folder it was unpacked to")
            return {"CANCELLED"}
        application.get().models.change("install_model", self.model, path.absolute())
        return {"FINISHED"}
