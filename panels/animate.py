"""Expressions, footage, a camera, and the takes of the selected head."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..dreamface_addon import application, living, scene
from ..dreamface_addon.take_sliders import GAINS
from . import drawing
from .expressions import draw_expressions
from .page import Page, selected_head
from .rig import draw_rig

_TAKES = 3  # rows of the list
_PERFORMING, _ON_TRACK, _RESTING = "PLAY", "NLA", "ACTION"
"""What stands before a take: it moves the head, is in the NLA, or neither."""


class DREAMFACE_UL_takes(bpy.types.UIList):
    """The takes of the selected head"""

    bl_idname = "DREAMFACE_UL_takes"

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: object,
        item: bpy.types.Action,
        _icon: int,
        _active_data: object,
        _active_property: str,
    ) -> None:
        """Draw a take: whether it plays, its name, its length, and buttons."""
        skin = scene.skin_of(context.active_object)
        if skin is None:
            return
        performs = scene.worn_take(skin) == item
        icon = _PERFORMING if performs else _ON_TRACK if scene.in_nla(skin, item) else _RESTING
        row = layout.row(align=True)
        use = row.row(align=True)
        if performs:
            use.operator("dreamface.take_off", text="", icon=icon, depress=True)
        else:
            use.operator("dreamface.use_take", text="", icon=icon, emboss=False).take = item.name
        row.prop(item, "name", text="", emboss=False)
        seconds = row.row()
        seconds.alignment = "RIGHT"
        seconds.label(text=f"{float(item.get(scene.SECONDS, 0.0)):.1f} s")
        row.operator("dreamface.delete_take", text="", icon="TRASH", emboss=False).take = item.name

    def filter_items(
        self, context: bpy.types.Context, data: bpy.types.BlendData, property_: str
    ) -> tuple[list[int], list[int]]:
        """Show only takes, and only this head's."""
        skin = scene.skin_of(context.active_object)
        mine = set(scene.takes_of(skin)) if skin is not None else set()
        actions = getattr(data, property_)
        letters = self.filter_name.casefold()
        shown = [action in mine and letters in action.name.casefold() for action in actions]
        return [self.bitflag_filter_item if show else 0 for show in shown], []


class DREAMFACE_MT_apply_take(bpy.types.Menu):
    """Other heads of this scene, to perform the same take"""

    bl_idname = "DREAMFACE_MT_apply_take"
    bl_label = "Apply to"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the menu."""
        skin = scene.skin_of(context.active_object)
        others = [other for other in scene.skins() if context.scene in other.users_scene and other != skin]
        for other in sorted(others, key=scene.name_of):
            icon = application.get().pictures.face(other.get("dreamface_folder", ""))
            entry = self.layout.operator("dreamface.apply_take", text=scene.name_of(other), icon_value=icon)
            entry.skin = str(other.session_uid)
        if not others:
            self.layout.label(text="No other head in this scene")


class DREAMFACE_PT_animate(Page, bpy.types.Panel):
    """Expressions by hand, from footage, and from a camera."""

    bl_idname = "DREAMFACE_PT_animate"
    bl_label = "Animate"
    page = "ANIMATE"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout = self.layout
        skin = selected_head(layout, context)
        app = application.get()
        _draw_left(layout, app)
        if skin is None:
            return
        draw_expressions(layout, context, app, skin)
        _draw_tracking(layout, context, app)
        _draw_camera(layout, context, app, skin)
        _draw_takes(layout, context, app, skin)
        draw_rig(layout, skin)


def _draw_left(layout: bpy.types.UILayout, app: application.Application) -> None:
    """Draw the takes that the artist has to decide about."""
    for number, arrived in enumerate(app.animating.left):
        box = layout.box()
        drawing.text(box, arrived.why, icon="INFO", inset=drawing.IN_BOX)
        row = box.row(align=True)
        row.operator("dreamface.use_arrived").number = number
        row.operator("dreamface.dismiss_arrived").number = number


def _draw_tracking(layout: bpy.types.UILayout, context: bpy.types.Context, app: application.Application) -> None:
    """Draw the button that makes a take of footage, and what can be chosen about it."""
    column = layout.column(align=True)
    row = column.row(align=True)
    row.scale_y = 1.4
    row.active = not app.animating.running
    row.operator_context = "INVOKE_DEFAULT"
    row.operator("dreamface.track", text="Choose Video or Take…", icon="FILE_MOVIE")
    _, body = drawing.group(layout, "tracking", "Tracking")
    if body is not None:
        column = body.column()
        column.use_property_split = True
        column.use_property_decorate = False
        fields = context.window_manager.dreamface
        for name in ("tracker", "face_in_view", "footage_from", "footage_to"):
            column.prop(fields, name)
        drawing.text(body, "Videos, folders of pictures, CSV files of Live Link Face, and takes (.npz).")


def _draw_camera(
    layout: bpy.types.UILayout, context: bpy.types.Context, app: application.Application, skin: bpy.types.Object
) -> None:
    """Draw the camera: which one, Start, Record and Stop."""
    part, fields = app.living, context.window_manager.dreamface
    _, body = drawing.group(layout, "camera", "Camera", closed=not part.is_on)
    if body is None:
        if part.is_on:
            _draw_running(layout, app, skin)
        return
    if part.is_on:
        _draw_running(body, app, skin)
    else:
        row = body.row(align=True)
        row.prop(fields, "camera", text="")
        row.operator("dreamface.look_for_cameras", text="", icon="FILE_REFRESH")
        if not part.knows_cameras:
            drawing.text(body, "Press the arrows to look for cameras.", icon="INFO")
        if fields.camera == living.VIDEO:
            body.prop(fields, "camera_file", text="")
        row = body.row()
        row.scale_y = 1.3
        row.operator("dreamface.start_camera", text="Start", icon="OUTLINER_OB_CAMERA")
    row = body.row(align=True)
    row.prop(fields, "camera_mirror", toggle=True)
    hair = row.row(align=True)
    hair.enabled = not part.is_on
    hair.prop(fields, "camera_hair", toggle=True)
    body.prop(fields, "camera_smoothing", slider=True)


def _draw_running(layout: bpy.types.UILayout, app: application.Application, skin: bpy.types.Object) -> None:
    """Draw the buttons of a camera that is on, and how it goes."""
    part, moment = app.living, app.living.newest
    row = layout.row(align=True)
    row.scale_y = 1.3
    words = f"Stop at {part.recorded_seconds:.0f} s" if part.is_recording else "Record"
    row.operator("dreamface.record_camera", text=words, icon="REC", depress=part.is_recording)
    row.operator("dreamface.stop_camera", text="Stop", icon="SNAP_FACE")
    layout.operator("dreamface.rest_camera", icon="USER")
    if moment is None:
        drawing.text(layout, "Starting the camera…", icon="TIME")
    elif not moment.seen:
        drawing.text(layout, "No face is seen: come into the picture, into the light.", icon="ERROR")
    else:
        drawing.text(layout, f"{moment.rate:.0f} a second, {moment.latency_ms:.0f} ms behind", icon="CHECKMARK")
    if part.face_id != skin.get(scene.FACE_ID):
        drawing.text(layout, "The camera moves another head than the selected one.", icon="INFO")


def _draw_takes(
    layout: bpy.types.UILayout, context: bpy.types.Context, app: application.Application, skin: bpy.types.Object
) -> None:
    """Draw the list of takes, and the sliders of the one that is performed."""
    layout.label(text="Takes")
    if not scene.takes_of(skin):
        drawing.text(layout, "None yet: choose a video, or record a camera.", icon="INFO")
        return
    layout.template_list(
        DREAMFACE_UL_takes.bl_idname, "", bpy.data, "actions", context.window_manager.dreamface, "take_index",
        rows=_TAKES, maxrows=2 * _TAKES,
    )  # fmt: skip
    action = scene.worn_take(skin)
    if action is None:
        drawing.text(layout, "Press the symbol before a take to use it.", icon="INFO")
        return
    why_old = app.animating.why_old(skin, action)
    if why_old:
        drawing.text(layout, why_old, icon="INFO")
    if why_old or app.animating.is_edited(action):
        layout.operator("dreamface.bake_take", icon="FILE_REFRESH")
    if action.get(scene.NOTES):
        drawing.text(layout, str(action[scene.NOTES]), icon="INFO")
    _draw_shaping(layout, action)
    _draw_timing(layout, app, action)
    _draw_footage(layout, context, action)
    column = layout.column(align=True)
    row = column.row(align=True)
    row.operator("dreamface.use_as_neutral", text="Use as Neutral", icon="USER")
    if app.animating.shaping_of(action).neutral is not None:
        row.operator("dreamface.use_as_neutral", text="", icon="X").clear = True
    row.menu(DREAMFACE_MT_apply_take.bl_idname, icon="COMMUNITY")
    row = column.row(align=True)
    row.operator("dreamface.clean_keys", text="Clean Up Keys", icon="BRUSH_DATA")
    row.operator("dreamface.push_take", icon="NLA_PUSHDOWN")


def _draw_shaping(layout: bpy.types.UILayout, action: bpy.types.Action) -> None:
    """Draw how the take is shaped: mirror, smoothing, strength by region."""
    row = layout.row(align=True)
    row.prop(action.dreamface, "mirror", text="", icon="MOD_MIRROR")
    row.prop(action.dreamface, "smoothing", slider=True)
    row.operator("dreamface.reset_shaping", text="", icon="LOOP_BACK")
    _, body = drawing.group(layout, "strength", "Strength")
    if body is not None:
        column = body.column(align=True)
        for gain in GAINS:
            column.prop(action.dreamface, gain, slider=True)
        column.prop(action.dreamface, "move", slider=True)


def _draw_timing(layout: bpy.types.UILayout, app: application.Application, action: bpy.types.Action) -> None:
    """Draw when the take begins, which part of it is used, and how fast."""
    _, body = drawing.group(layout, "timing", "Timing")
    if body is None:
        return
    column = body.column()
    column.use_property_split = True
    column.use_property_decorate = False
    for name in ("start", "first", "last", "speed"):
        column.prop(action.dreamface, name)
    row = body.row(align=True)
    row.operator("dreamface.retime", text="Frame for Frame")
    row.operator("dreamface.retime", text="As It Was").original = True
    row = body.row(align=True)
    row.operator("dreamface.bake_range")
    row.operator("dreamface.fit_scene", text="Fit Scene")


def _draw_footage(layout: bpy.types.UILayout, context: bpy.types.Context, action: bpy.types.Action) -> None:
    """Draw the footage's buttons; nothing for takes that have none."""
    path = str(action.get(scene.FOOTAGE, ""))
    if not path:
        return
    _, body = drawing.group(layout, "footage", "Footage")
    if body is None:
        return
    drawing.line(body, Path(path).name)
    row = body.row(align=True)
    if scene.shows_footage(context.scene):
        row.operator("dreamface.show_footage", text="Hide", icon="HIDE_ON").hide = True
    else:
        show = row.operator("dreamface.show_footage", text="Show", icon="IMAGE_BACKGROUND")
        show.hide = show.sound = False
        loud = row.operator("dreamface.show_footage", text="With Sound", icon="SOUND")
        loud.hide, loud.sound = False, True
    row.operator("dreamface.use_footage_rate", text="Use Its Frame Rate", icon="TIME")
