"""Choose Video or Take."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ...dreamface_addon import application, interface, scene
from .base import head_of, why_no_head

_FILTER = "*.mp4;*.mov;*.m4v;*.mkv;*.avi;*.webm;*.mpg;*.mpeg;*.mts;*.wmv;*.csv;*.npz;*.png;*.jpg;*.jpeg;*.exr;*.tif"


class DREAMFACE_OT_track(bpy.types.Operator, ImportHelper):
    """Have the selected head perform a video, a folder of pictures, a CSV file of Live Link Face, or a take"""

    bl_idname = "dreamface.track"
    bl_label = "Track"
    bl_options = {"INTERNAL"}

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: bpy.props.StringProperty(default=_FILTER, options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head is selected."""
        return interface.allow(cls, why_no_head(context))

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Take what was dropped, or ask for a file."""
        if self.filepath:
            return self.execute(context)
        return super().invoke(context, event)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what can be chosen about tracking."""
        draw_options(self.layout, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the backend for the take; it comes in when it is done."""
        source, animating = Path(bpy.path.abspath(self.filepath)), application.get().animating
        if source.suffix.lower() in _PICTURES:
            source = source.parent  # one picture of a sequence stands for all
        if not source.exists():
            self.report({"ERROR"}, f"{source} is not there: choose a file that exists")
            return {"CANCELLED"}
        why_not = animating.why_not_track(source)
        if why_not:
            self.report({"ERROR"}, why_not)
            return {"CANCELLED"}
        if animating.running:
            self.report({"WARNING"}, "Footage is being tracked: wait for it or cancel it")
            return {"CANCELLED"}
        fields = context.window_manager.dreamface
        animating.track(
            head_of(context), source, tracker=fields.tracker,
            face=fields.face_in_view - 1 if fields.face_in_view else None,
            start=fields.footage_from or None, end=fields.footage_to or None,
        )  # fmt: skip
        return {"FINISHED"}


_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".exr", ".tif", ".tiff"})


def draw_options(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw what can be chosen about tracking."""
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    fields = context.window_manager.dreamface
    column.prop(fields, "tracker")
    column.prop(fields, "face_in_view")
    row = column.column(align=True)
    row.prop(fields, "footage_from")
    row.prop(fields, "footage_to")


class DREAMFACE_OT_use_arrived(bpy.types.Operator):
    """Have the selected head perform this take"""

    bl_idname = "dreamface.use_arrived"
    bl_label = "Use on Selected"
    bl_options = {"INTERNAL"}

    number: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head is selected."""
        return interface.allow(cls, why_no_head(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Bring it in."""
        animating = application.get().animating
        if self.number < len(animating.left):
            animating.bring_in_left(self.number, head_of(context))
        return {"FINISHED"}


class DREAMFACE_OT_dismiss_arrived(bpy.types.Operator):
    """Forget this take; its file stays where it is"""

    bl_idname = "dreamface.dismiss_arrived"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    number: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Forget it."""
        animating = application.get().animating
        if self.number < len(animating.left):
            animating.dismiss_left(self.number)
        return {"FINISHED"}


class DREAMFACE_FH_track(bpy.types.FileHandler):
    """Takes of DreamFace, dropped into a 3D view"""

    bl_idname = "DREAMFACE_FH_track"
    bl_label = "DreamFace Take"
    bl_import_operator = "dreamface.track"
    bl_file_extensions = ".npz"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Take them where a head is selected."""
        return (
            context.area is not None
            and context.area.type == "VIEW_3D"
            and scene.skin_of(context.active_object) is not None
        )
