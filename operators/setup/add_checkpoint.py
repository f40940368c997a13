"""Add Checkpoint under Models in the preferences."""

import re

import bpy

from ...dreamface_addon import application
from .model_file import ModelFileAction, chosen_path

_LONGEST = 64  # characters of a name that the engine takes


class DREAMFACE_OT_add_checkpoint(ModelFileAction, bpy.types.Operator):
    """Install a checkpoint of your own for diffusion: a .safetensors of Stable Diffusion 1.5's kind, or a folder"""

    bl_idname = "dreamface.add_checkpoint"
    bl_label = "Add Checkpoint"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: bpy.props.StringProperty(default="*.safetensors", options={"HIDDEN"})
    title: bpy.props.StringProperty(
        name="Name", description="What it is called here; empty takes its file's name", options={"SKIP_SAVE"}
    )

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Have the engine read it."""
        path = chosen_path(self, "choose a .safetensors file, or a folder in diffusers' layout")
        if path is None:
            return {"CANCELLED"}
        words = self.title or (path.name if path.is_dir() else path.stem)
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", words).strip("-_")[:_LONGEST]
        if not name:
            self.report({"ERROR"}, f"{words} has no letters for a name: type one beside the file list")
            return {"CANCELLED"}
        application.get().models.change("install_model", name, path.absolute())
        return {"FINISHED"}
