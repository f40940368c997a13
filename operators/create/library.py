"""The library of faces."""

from pathlib import Path

import bpy

from ...dreamface_addon import application, interface, placing, scene
from ...dreamface_addon.library import PAGE


class DREAMFACE_OT_bring_in_made(bpy.types.Operator):
    """Bring this face into the scene, as a new head"""

    bl_idname = "dreamface.bring_in_made"
    bl_label = "Bring In"
    bl_options = {"INTERNAL"}

    face: bpy.props.StringProperty(options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it in Object Mode."""
        return interface.allow(cls, "" if context.mode == "OBJECT" else "Go to Object Mode first")

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return what the face was made from."""
        made = application.get().library.find(properties.face)
        return f"Bring into the scene: “{made.prompt}”, seed {made.seed}" if made is not None else ""

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Build it at the 3D cursor."""
        made = application.get().library.find(self.face)
        if made is None:
            self.report({"WARNING"}, "This face is not there any more")
            return {"CANCELLED"}
        try:
            placing.place(made.folder)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class DREAMFACE_OT_delete_made(bpy.types.Operator):
    """Delete this face and its textures from the disk"""

    bl_idname = "dreamface.delete_made"
    bl_label = "Delete Face"
    bl_options = {"INTERNAL"}

    face: bpy.props.StringProperty(options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first: heads in other files may use its textures."""
        return context.window_manager.invoke_confirm(
            self, event, title="Delete Face", confirm_text="Delete",
            message="Saved scenes that use its textures will miss them.",
        )  # fmt: skip

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Delete it, unless the open file uses its textures."""
        library = application.get().library
        made = library.find(self.face)
        if made is None:
            return {"CANCELLED"}
        used = [image for image in bpy.data.images if image.users and _lies_in(image, made.folder)]
        if used:
            self.report({"ERROR"}, "A head in this file uses its textures: pack them (File > External Data) first")
            return {"CANCELLED"}
        library.remove(self.face)
        return {"FINISHED"}


def _lies_in(image: bpy.types.Image, folder: Path) -> bool:
    return not image.packed_file and Path(bpy.path.abspath(image.filepath)).is_relative_to(folder)


class DREAMFACE_OT_turn_library(bpy.types.Operator):
    """Show more faces"""

    bl_idname = "dreamface.turn_library"
    bl_label = "Turn Page"
    bl_options = {"INTERNAL"}

    by: bpy.props.IntProperty(options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Turn the page; past the last one there is the last one."""
        fields = context.window_manager.dreamface
        last = (len(application.get().library.faces(fields.library_search)) - 1) // PAGE
        fields.library_page = min(max(fields.library_page + self.by, 0), max(last, 0))
        return {"FINISHED"}
