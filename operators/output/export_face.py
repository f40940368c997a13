"""File > Export > DreamFace Face."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from ...dreamface_addon import application, carding, interface, making, scene
from ...dreamface_addon.link import BackendState

_FORMATS = (
    (".glb", "glTF Binary", "Game engines, web pages and viewers: everything in one file"),
    (".fbx", "FBX", "Maya, 3ds Max, Unity and Unreal: in centimetres, upright, at scale 1"),
    (".usdc", "USD", "Houdini, Katana and film pipelines: textures lie in a folder beside it"),
    (".obj", "OBJ", "ZBrush and other sculpting programs: the head as it looks now, without shape keys"),
)


_BONES = (
    ("none", "No Bones", "Shape keys alone"),
    ("dreamface", "Blender's Names", "neck, head, jaw, eye.L, eye.R"),
    ("unreal", "Unreal's Names", "neck_01, head, FACIAL_C_Jaw, FACIAL_L_Eye, FACIAL_R_Eye, as MetaHumans have them"),
    ("unity", "Unity's Names", "Neck, Head, Jaw, LeftEye, RightEye, as Unity's Humanoid avatar has them"),
    ("vrm", "VRM's Names", "neck, head, jaw, leftEye, rightEye, as VRM 1.0 has them"),
)


_LEVELS = (
    ("0", "Whole Head", "Every face of the head, quads as they are"),
    ("1", "Half", "Half of the triangles: for heads close to the camera of a game"),
    ("2", "A Quarter", "A quarter of the triangles"),
    ("3", "A Tenth", "A tenth of the triangles: for crowds"),
)


class DREAMFACE_OT_export_face(bpy.types.Operator, ExportHelper):
    """Save the selected face for another program, with eyes, teeth, textures and shape keys"""

    bl_idname = "dreamface.export_face"
    bl_label = "Export Face"

    # Not ExportHelper's own, which keeps the last file: the next face would be written over it.
    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filename_ext = ".glb"
    filter_glob: bpy.props.StringProperty(default="*.glb;*.fbx;*.usdc;*.obj", options={"HIDDEN"})
    format: bpy.props.EnumProperty(name="Format", items=_FORMATS, default=".glb")
    animation: bpy.props.BoolProperty(
        name="Animation", default=True,
        description="Also what plays on the head: its take, NLA tracks and keys, on every part that moves",
    )  # fmt: skip
    bones: bpy.props.EnumProperty(name="Bones", items=_BONES, default="dreamface", description="Of a head with a rig")
    visemes: bpy.props.BoolProperty(
        name="Visemes",
        description="With the 15 visemes of lip sync as shape keys, also where the head has none",
    )

    level: bpy.props.EnumProperty(
        name="Detail", items=_LEVELS, default="0",
        description="Triangles of head, eyes and teeth, with all shape keys and bones; cards have their own, on page "
        "Hair",
    )  # fmt: skip

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a face is selected, in Object Mode."""
        return interface.allow(cls, interface.why_no_face(context, object_mode=True))

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for a file, named after the face."""
        skin = scene.skin_of(context.active_object)
        if not self.filepath and skin is not None:
            self.filepath = bpy.path.clean_name(skin.name) + self.format
        return super().invoke(context, event)

    def check(self, _context: bpy.types.Context) -> bool:
        """Keep the file name's ending in step with the format."""
        path = Path(self.filepath)
        if path.suffix.lower() != self.format and path.name:
            self.filepath = str(path.with_suffix(self.format))
            return True
        return False

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the format, and why it cannot be written here."""
        self.layout.prop(self, "format")
        why_not = scene.can_export(self.format)
        if why_not:
            self.layout.label(text=why_not, icon="ERROR")
        skin = scene.skin_of(context.active_object)
        frames = scene.motion_range(scene.parts_of(skin)) if skin is not None and self.format != ".obj" else None
        if frames is not None:
            self.layout.prop(self, "animation", text=f"Animation, Frames {frames[0]} to {frames[1]}")
            with_hair = self.format == ".usdc" and scene.hair_of(skin) and not scene.shows_cards(skin)
            if self.animation and with_hair:
                self.layout.label(text="Hair in each frame makes a large file; cards do not: page Hair", icon="INFO")
        if skin is not None:
            self._draw_head(skin)
        if skin is not None and scene.hair_of(skin):
            if self.format == ".usdc" and not scene.shows_cards(skin):
                pass  # it holds the hair itself
            elif not scene.cards_of(skin):
                self.layout.label(text="The hair is left out: make cards first, on the page Hair", icon="INFO")
            elif scene.cards_are_old(skin):
                words = "make them again first" if _why_not_remake() else "they are made again first"
                self.layout.label(text=f"The cards are older than the head: {words}", icon="INFO")

    def _draw_head(self, skin: bpy.types.Object) -> None:
        """Draw what the file has of the head; what it cannot have is grey, with the reason."""
        why_no_levels = scene.why_no_levels(skin)
        row = self.layout.row()
        row.enabled = not why_no_levels
        row.prop(self, "level")
        if why_no_levels:
            self.layout.label(text=why_no_levels, icon="INFO")
        holds_shapes = scene.holds_bones(self.format)
        column = self.layout.column()
        column.enabled = holds_shapes
        if scene.rig_of(skin) is not None:
            column.prop(self, "bones")
        column.prop(self, "visemes")
        if not holds_shapes:
            self.layout.label(text="OBJ holds neither bones nor shape keys: choose another format", icon="INFO")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the file, or have the cards made again that it would have, and write it when they have come in."""
        path, skin = Path(bpy.path.abspath(self.filepath)), scene.skin_of(context.active_object)
        old = scene.cards_are_old(skin) and (scene.shows_cards(skin) or not path.suffix.lower().startswith(".usd"))
        why_not = scene.can_export(path.suffix)
        try:
            rig = None if self.bones == "none" else self.bones
            visemes = self.visemes and scene.holds_bones(path.suffix)
            level = 0 if scene.why_no_levels(skin) else int(self.level)
            options = {"animation": self.animation, "rig": rig, "visemes": visemes, "level": level}
            if old and not why_not and not _why_not_remake():
                cards_level = int(context.window_manager.dreamface.cards_level)
                application.get().carding.make(skin, cards_level, file=path, options=options)
                self.report({"INFO"}, f"{path.name} is written as soon as its hair cards are made again")
                return {"FINISHED"}
            scene.export_face(skin, path, **options)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if old:
            self.report({"WARNING"}, carding.old_cards(path))
        else:
            self.report({"INFO"}, f"Exported {path.name}")
        return {"FINISHED"}


def _why_not_remake() -> str:
    """Return why cards cannot be made again for a file, or nothing: nobody waits until an engine has started."""
    app = application.get()
    if app.session.state is not BackendState.READY:
        return "The engine is not running"
    return making.BUSY if app.carding.running else ""
