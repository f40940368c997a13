"""Install from File under Models in the preferences."""

import bpy

from ...dreamface_addon import application
from .model_file import ModelFileAction, chosen_path


class DREAMFACE_OT_install_model_file(ModelFileAction, bpy.types.Operator):
    """Install this model from a file that was downloaded already, or from a folder that it was unpacked into"""

    bl_idname = "dreamface.install_model_file"
    bl_label = "Install Model"

    model: bpy.props.StringProperty(options={"HIDDEN"})
    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: bpy.props.StringProperty(
        default="*.zip;*.tar.gz;*.tgz;*.task;*.safetensors;*.pth;*.gguf", options={"HIDDEN"}
    )

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Have the engine read it."""
        path = chosen_path(self, "choose the downloaded file, or the folder it was unpacked to")
        if path is None:
            return {"CANCELLED"}
        application.get().models.change("install_model", self.model, path.absolute())
        return {"FINISHED"}
