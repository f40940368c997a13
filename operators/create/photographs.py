"""From Photo: choosing photographs, making a head of them, and looking at it as they show it."""

from pathlib import Path
from typing import Any, ClassVar

import bpy
from bpy_extras.io_utils import ImportHelper

from ...dreamface_addon import application, expressions, interface, making, photographing, places, placing, scene, seeds


class DREAMFACE_OT_choose_photographs(bpy.types.Operator, ImportHelper):
    """Choose photographs of one person: several, from the front and from both sides, show more than one"""

    bl_idname = "dreamface.choose_photographs"
    bl_label = "Choose Photographs"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: bpy.props.CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*{ending}" for ending in photographing.ENDINGS), options={"HIDDEN"}
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Take what was dropped, or ask for files."""
        if self.filepath or self.files:
            return self.execute(context)
        return super().invoke(context, event)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Put them on the list."""
        home = Path(bpy.path.abspath(self.directory))
        chosen = [home / entry.name for entry in self.files if entry.name] if self.directory else []
        problem = application.get().photographs.add(chosen or [Path(bpy.path.abspath(self.filepath))])
        if problem:
            self.report({"WARNING"}, problem)
        interface.redraw()
        return {"FINISHED"}


class DREAMFACE_FH_choose_photographs(bpy.types.FileHandler):
    """Photographs, dropped on the sidebar's first page."""

    bl_idname = "DREAMFACE_FH_choose_photographs"
    bl_label = "DreamFace Photographs"
    bl_import_operator = DREAMFACE_OT_choose_photographs.bl_idname
    bl_file_extensions = ";".join(photographing.ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Take them where the page is shown; into the view itself, Blender takes pictures as it always does."""
        return (
            context.area is not None
            and context.area.type == "VIEW_3D"
            and (context.region is None or context.region.type == "UI")
            and context.window_manager.dreamface.page == "CREATE"
        )


class DREAMFACE_OT_drop_photograph(bpy.types.Operator):
    """Leave this photograph out"""

    bl_idname = "dreamface.drop_photograph"
    bl_label = "Leave Out"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    number: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Take it off the list."""
        application.get().photographs.drop(self.number)
        return {"FINISHED"}


class DREAMFACE_OT_agree_photographs(bpy.types.Operator):
    """Do not show this any more"""

    bl_idname = "dreamface.agree_photographs"
    bl_label = "I Have Read This"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Remember it in the preferences."""
        photographing.agree()
        return {"FINISHED"}


class DREAMFACE_OT_from_photo(bpy.types.Operator):
    """Make the head of the person in the photographs"""

    bl_idname = "dreamface.from_photo"
    bl_label = "Make Head from Photographs"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it with photographs, an engine that finds faces, and a person's consent in mind."""
        app = application.get()
        why_not = "" if app.photographs.chosen else "Choose photographs first"
        if not why_not and not photographing.has_agreed():
            why_not = "Read what stands above about consent first"
        return interface.allow(cls, why_not or app.making.why_not_from_photographs())

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the backend for it; the face comes in when it is done."""
        app, chosen = application.get(), context.window_manager.dreamface
        if app.making.running:
            self.report({"WARNING"}, making.BUSY)
            return {"CANCELLED"}
        if not chosen.keep_seed:
            chosen.seed = seeds.new_seed()
        try:
            app.making.from_photographs(
                app.photographs.chosen,
                chosen.photo_words.strip(),
                seed=chosen.seed,
                resolution=int(chosen.resolution),
                head=chosen.head or "auto",
                skin=scene.skin_of(context.active_object) if chosen.update_selected else None,
                name=chosen.name.strip(),
                keep=chosen.photo_keep,
            )
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        chosen.name = ""  # the next head is somebody else
        return {"FINISHED"}


def _why_no_photograph(context: bpy.types.Context) -> str:
    why_not = interface.why_not_edit(context)
    if why_not:
        return why_not
    return "" if scene.shots_of(_head_of(context)) else "The selected head was not made from a photograph"


def _head_of(context: bpy.types.Context) -> bpy.types.Object:
    skin = scene.skin_of(context.active_object)
    assert skin is not None  # poll has looked
    return skin


class _PhotographAction:
    """Base of the operators for the photographs of the selected head; one step of undo unless they say otherwise."""

    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}
    number: int

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head is selected that was made from photographs."""
        return interface.allow(cls, _why_no_photograph(context))

    def _chosen(self, context: bpy.types.Context) -> int:
        """Return the number of the photograph, from 0."""
        return min(max(self.number, 0), len(scene.shots_of(_head_of(context))) - 1)


class DREAMFACE_OT_view_photo(_PhotographAction, bpy.types.Operator):
    """Look at the head as the photograph shows it, with the photograph over it; once more goes back"""

    bl_idname = "dreamface.view_photo"
    bl_label = "View Through"

    number: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Look through its camera, or as before."""
        skin, number = _head_of(context), self._chosen(context)
        if scene.seen_photograph(skin, context.scene) == number:
            scene.look_as_before(context.scene)
            placing.look_freely()
            return {"FINISHED"}
        if why_not := scene.look_through_photograph(skin, number, context.scene):
            self.report({"WARNING"}, why_not)
        placing.look_through_camera()
        return {"FINISHED"}


class DREAMFACE_OT_leave_photo(bpy.types.Operator):
    """Give the scene its own camera and picture size back: the head in the photograph is gone, or was made anew"""

    bl_idname = "dreamface.leave_photo"
    bl_label = "Leave Photo"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where the scene looks through a photograph's camera."""
        sees = scene.sees_photograph(context.scene)
        return interface.allow(cls, "" if sees else "The scene does not look through a photograph's camera")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Look as before."""
        scene.look_as_before(context.scene)
        placing.look_freely()
        return {"FINISHED"}


class DREAMFACE_OT_wear_photo(_PhotographAction, bpy.types.Operator):
    """Give the head the expression that it has in the photograph; once more takes it off"""

    bl_idname = "dreamface.wear_photo"
    bl_label = "Its Expression"

    number: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where nothing else moves the face."""
        why_not = _why_no_photograph(context)
        if not why_not:
            skin, living = _head_of(context), application.get().living
            why_not = scene.why_no_expression(skin)
            if living.is_on and living.face_id == skin.get(scene.FACE_ID):
                why_not = why_not or "A camera moves this head: press Stop first"
        return interface.allow(cls, why_not)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put it on or take it off."""
        skin = _head_of(context)
        if scene.wears_photograph(skin):
            scene.take_photograph_off(skin)
        else:
            scene.wear_photograph(skin, self._chosen(context), expressions.ARKIT_SHAPES)
        return {"FINISHED"}


class DREAMFACE_OT_save_photo_expression(_PhotographAction, bpy.types.Operator):
    """Keep the expression in the photograph among your own expressions, for all heads"""

    bl_idname = "dreamface.save_photo_expression"
    bl_label = "Save Its Expression"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    number: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})
    name: bpy.props.StringProperty(name="Name", maxlen=40, options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for a name."""
        self.name = scene.name_of(_head_of(context))
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the name, and whether another expression goes for it."""
        self.layout.prop(self, "name")
        if any(entry.name == self.name.strip() for entry in expressions.own(places.expressions_file())):
            self.layout.label(text="Replaces your expression of that name", icon="ERROR")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Save it."""
        name = self.name.strip()
        if not name:
            self.report({"ERROR"}, "Give the expression a name")
            return {"CANCELLED"}
        weights: dict[str, Any] = scene.shots_of(_head_of(context))[self._chosen(context)].expression
        try:
            expressions.save(places.expressions_file(), name, weights)
        except OSError as error:
            self.report({"ERROR"}, f"It can't be saved ({error.strerror}): free some space, or check the disk")
            return {"CANCELLED"}
        self.report({"INFO"}, f"{name} is among your expressions, on the page Animate")
        return {"FINISHED"}
