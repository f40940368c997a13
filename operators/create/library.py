"""The library of faces."""

from pathlib import Path

import bpy

from ...dreamface_addon import application, interface, placing, preferences, scene
from ...dreamface_addon.library import PAGE


class DREAMFACE_OT_bring_in_made(bpy.types.Operator):
    """Bring this face into the scene, as a new head"""

    bl_idname = "dreamface.bring_in_made"
    bl_label = "Bring In"
    bl_options = {"INTERNAL"}

    face: bpy.props.StringProperty(options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it while the scene may be changed."""
        why_not = "Wait for the render or the action to end" if interface.hindrance() else ""
        return interface.allow(cls, why_not if context.mode == "OBJECT" else "Go to Object Mode first")

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
            placed = placing.place(made.folder)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if placed.warning:
            self.report({"WARNING"}, placed.warning)
        if preferences.get().look_at_new_faces:
            placing.look_at_selected()
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
        versions = library.versions(self.face)
        if any(_is_used(made.folder) for made in versions):
            self.report({"ERROR"}, "A head in this file is made from it: delete that head first")
            return {"CANCELLED"}
        for made in versions:
            library.remove(made)
        return {"FINISHED"}


def _is_used(folder: Path) -> bool:
    """Return whether the open file needs a face folder: its textures, or the pictures of its masks."""
    images = (image for image in bpy.data.images if image.users and not image.packed_file and image.filepath)
    files = [bpy.path.abspath(image.filepath, library=image.library) for image in images]
    files += [skin.get("dreamface_folder", "") for skin in scene.skins()]
    return any(Path(file).resolve().is_relative_to(folder.resolve()) for file in files if file)


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
