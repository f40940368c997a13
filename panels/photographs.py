"""From Photo, on the first page: photographs to make a head from, and the selected head as they show it."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application, photographing, scene
from . import drawing


def draw_from_photo(layout: bpy.types.UILayout, context: bpy.types.Context, app: application.Application) -> None:
    """Draw what makes a head from photographs."""
    _, body = drawing.group(layout, "from_photo", "From Photo")
    if body is None:
        return
    if not photographing.has_agreed():
        box = body.box()
        drawing.text(box, photographing.consent_words(), icon="INFO", inset=drawing.IN_BOX)
        box.operator("dreamface.agree_photographs", text="I Have Read This", icon="CHECKMARK")
    if why_not := photographing.why_not_see(app.setup):
        drawing.text(body, f"{why_not.rstrip('.')}.", icon="INFO")
    _draw_chosen(body, app.photographs)
    if app.photographs.chosen:
        _draw_making(body, context, app)


def _draw_chosen(layout: bpy.types.UILayout, photographs: photographing.Photographs) -> None:
    """Draw the photographs that were chosen, and the button for more."""
    column = layout.column(align=True)
    for number, file in enumerate(photographs.chosen):
        row = column.box().row(align=True)
        row.label(text=file.name, icon="IMAGE_DATA")
        row.operator("dreamface.drop_photograph", text="", icon="X", emboss=False).number = number
    row = column.row(align=True)
    row.scale_y = 1.2
    row.operator_context = "INVOKE_DEFAULT"
    words = "Add Photographs…" if photographs.chosen else "Choose Photographs…"
    row.operator("dreamface.choose_photographs", text=words, icon="FILE_IMAGE")


def _draw_making(layout: bpy.types.UILayout, context: bpy.types.Context, app: application.Application) -> None:
    """Draw what is to be other than they show, and the button that makes the head."""
    chosen = context.window_manager.dreamface
    layout.prop(chosen, "photo_words", text="", placeholder="but older, with a beard")
    layout.prop(chosen, "photo_keep")
    row = layout.row(align=True)
    row.scale_y = 1.4
    row.active = not app.making.running
    row.operator("dreamface.from_photo", text="Make Head", icon="USER")


def draw_photograph_view(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw how the selected head is shown as its photographs show it; for other heads, how that ends."""
    skin = scene.skin_of(context.active_object)
    shots = scene.shots_of(skin) if skin is not None else ()
    if skin is None or not shots:
        if scene.sees_photograph(context.scene):
            layout.operator("dreamface.leave_photo", text="Leave Photo", icon="VIEW_CAMERA")
        return
    box = layout.box()
    seen = scene.seen_photograph(skin, context.scene)
    row = box.row(align=True)
    for number in range(len(shots)):
        words = "View Through Photo" if len(shots) == 1 else f"Photo {number + 1}" if not number else str(number + 1)
        icon = "VIEW_CAMERA" if not number else "NONE"
        row.operator("dreamface.view_photo", text=words, icon=icon, depress=seen == number).number = number
    row = box.row(align=True)
    wear = row.operator("dreamface.wear_photo", text="Its Expression", depress=scene.wears_photograph(skin))
    wear.number = seen or 0
    row.operator_context = "INVOKE_DEFAULT"
    row.operator("dreamface.save_photo_expression", text="", icon="ADD").number = seen or 0
    _draw_pins(box)
    background = scene.photograph_background(context.scene.camera) if seen is not None else None
    if background is not None:
        column = box.column(align=True)
        column.prop(background, "alpha", text="Photo", slider=True)
        column.row(align=True).prop(background, "display_depth", expand=True)


def _draw_pins(layout: bpy.types.UILayout) -> None:
    """Draw the button for pins, or those that end dragging them."""
    pinning = application.get().pinning
    if not pinning.is_on:
        layout.operator("dreamface.pins", text="Drag Pins", icon="PINNED")
    else:
        row = layout.row(align=True)
        row.operator("dreamface.keep_pins", text="Keep", icon="CHECKMARK")
        row.operator("dreamface.put_pins_back", text="Put Back", icon="LOOP_BACK")
        words = "Drag the points in the view. Alt-click takes a pin off." if pinning.is_ready else "Finding the points…"
        drawing.text(layout, words, icon="INFO", inset=drawing.IN_BOX)
    if pinning.problem:
        drawing.text(layout, pinning.problem, icon="ERROR", inset=drawing.IN_BOX)
