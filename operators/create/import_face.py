"""File > Import > DreamFace Face, and dropping a face.json."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ...dreamface_addon import interface, placing, scene


class DREAMFACE_OT_import_face(bpy.types.Operator, ImportHelper):
    """Bring a face folder into the scene: choose it, or the face.json in it"""

    bl_idname = "dreamface.import_face"
    bl_label = "Import Face"
    # Not ImportHelper's own, which keeps the last file: a second import would take that one without asking.
    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it in Object Mode."""
        return interface.allow(cls, "" if context.mode == "OBJECT" else "Go to Object Mode first")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Import what was dropped, or ask for a file."""
        if self.filepath:
            return self.execute(context)
        return super().invoke(context, event)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Build the face at the 3D cursor."""
        chosen = Path(bpy.path.abspath(self.filepath))
        try:
            face = placing.place(chosen if chosen.is_dir() else chosen.parent)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if face.warning:
            self.report({"WARNING"}, face.warning)
        return {"FINISHED"}


class DREAMFACE_FH_import_face(bpy.types.FileHandler):
    """Lets a face.json be dropped into a 3D view."""

    bl_idname = "DREAMFACE_FH_import_face"
    bl_label = "DreamFace Face"
    bl_import_operator = DREAMFACE_OT_import_face.bl_idname
    bl_file_extensions = ".json"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Only into 3D views."""
        return context.area is not None and context.area.type == "VIEW_3D"
