"""Expressions of the selected head: pictures to choose from, what is done with all sliders at once, and sliders."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application, expressions, places, scene
from . import drawing

_FILE = places.EXTENSION / "presets" / "expressions.json"
_PICTURES = places.EXTENSION / "presets" / "expressions"
_COLUMNS = 4
_PICTURE_SIZE = 3.1  # in heights of a button
_SEEN = 0.005  # of a shape key: less is not counted as moved


def draw_expressions(
    layout: bpy.types.UILayout, context: bpy.types.Context, app: application.Application, skin: bpy.types.Object
) -> None:
    """Draw the group, closed at first."""
    _, body = drawing.group(layout, "expressions", "Expression")
    if body is None:
        return
    why_not = scene.why_no_expression(skin)
    if why_not:
        drawing.text(body, why_not + ".", icon="INFO")
        return
    if scene.worn_take(skin) is not None:
        drawing.text(
            body,
            "The take sets the sliders at the next frame. Lay an expression over it, or push it to the NLA first.",
            icon="INFO",
        )
    _draw_pictures(body, context, app, skin)
    _draw_own(body)
    _draw_whole_face(body, skin)
    _draw_sliders(body, context, skin)


def _draw_pictures(
    body: bpy.types.UILayout, context: bpy.types.Context, app: application.Application, skin: bpy.types.Object
) -> None:
    """Draw the expressions that come along, in the strength that is chosen."""
    fields = context.window_manager.dreamface
    body.row(align=True).prop(fields, "expression_level", expand=True)
    grid = body.grid_flow(row_major=True, columns=_COLUMNS, even_columns=True, even_rows=True, align=True)
    for entry in expressions.of_strength(_FILE, fields.expression_level):
        column = grid.column(align=True)
        icon = app.pictures.file(_PICTURES / f"{entry.picture}.jpg")
        if icon:
            column.template_icon(icon_value=icon, scale=_PICTURE_SIZE)
        chosen = fields.expression == expressions.key_of(entry, is_own=False)
        chosen = chosen and _wears(skin, entry, fields.expression_strength)
        button = column.operator("dreamface.use_expression", text=entry.name.title(), depress=chosen)
        button.expression, button.own = entry.name, False
    row = body.row(align=True)
    row.prop(fields, "expression_strength", slider=True)
    row.prop(fields, "expression_head", text="", icon="ORIENTATION_GIMBAL")


def _wears(skin: bpy.types.Object, entry: expressions.Expression, amount: float) -> bool:
    """Return whether a face has an expression still, and was not moved or taken back since."""
    keys = scene.keys_of_face(skin)
    shapes = scene.undriven_shapes(skin, expressions.ARKIT_SHAPES)
    return all(abs(keys[shape].value - amount * entry.weights.get(shape, 0.0)) < _SEEN for shape in shapes)


def _draw_own(body: bpy.types.UILayout) -> None:
    """Draw the artist's own expressions."""
    column = body.column(align=True)
    for entry in expressions.own(places.expressions_file()):
        row = column.row(align=True)
        button = row.operator("dreamface.use_expression", text=entry.name, icon="USER")
        button.expression, button.own = entry.name, True
        row.operator("dreamface.remove_expression", text="", icon="TRASH").expression = entry.name
    row = column.row(align=True)
    row.operator_context = "INVOKE_DEFAULT"
    row.operator("dreamface.save_expression", text="Save Expression…", icon="ADD")


def _draw_whole_face(body: bpy.types.UILayout, skin: bpy.types.Object) -> None:
    """Draw what is done with all sliders at once, and the expressions that are laid over a performance."""
    column = body.column(align=True)
    row = column.row(align=True)
    row.operator("dreamface.mirror_expression", text="Flip", icon="ARROW_LEFTRIGHT").how = "FLIP"
    row.operator("dreamface.mirror_expression", text="", icon="TRIA_RIGHT").how = "LEFT"
    row.operator("dreamface.mirror_expression", text="", icon="TRIA_LEFT").how = "RIGHT"
    row.operator("dreamface.reset_expression", text="Reset", icon="LOOP_BACK").group = ""
    row = column.row(align=True)
    row.operator("dreamface.key_expression", icon="KEY_HLT")
    row.operator("dreamface.lay_expression", text="Lay Over", icon="NLA")
    for track in scene.layers_of(skin):
        row = body.row(align=True)
        row.prop(
            track, "mute", text="", icon="HIDE_ON" if track.mute else "HIDE_OFF", emboss=False, invert_checkbox=True
        )
        row.label(text=f"{track.name}, from frame {track.strips[0].frame_start:.0f}" if track.strips else track.name)
        row.operator("dreamface.remove_expression_layer", text="", icon="X", emboss=False).track = track.name


def _draw_sliders(body: bpy.types.UILayout, context: bpy.types.Context, skin: bpy.types.Object) -> None:
    """Draw the sliders in closed groups, or those that are looked for."""
    fields, keys = context.window_manager.dreamface, scene.keys_of_face(skin)
    body.prop(fields, "expression_search", text="", icon="VIEWZOOM", placeholder="Search Sliders")
    letters = fields.expression_search.strip()
    found = expressions.found_shapes(letters, keys)
    if letters:
        if not found:
            drawing.text(body, "No slider fits.", icon="INFO")
        column = body.column(align=True)
        for shape in (shape for shapes in found.values() for shape in shapes):
            _draw_slider(column, keys[shape])
        return
    for name, shapes in found.items():
        moved = sum(abs(keys[shape].value) > _SEEN for shape in shapes)
        header, inside = drawing.group(body, f"expressions_{name}", f"{name} ({moved})" if moved else name)
        reset = header.row()
        reset.alignment = "RIGHT"
        reset.operator("dreamface.reset_expression", text="", icon="LOOP_BACK", emboss=False).group = name
        if inside is not None:
            column = inside.column(align=True)
            for shape in shapes:
                _draw_slider(column, keys[shape])


def _draw_slider(column: bpy.types.UILayout, key: bpy.types.ShapeKey) -> None:
    column.prop(key, "value", text=expressions.label_of(key.name), slider=True)
