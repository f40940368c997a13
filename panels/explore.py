"""Explore: a group with a grid of the selected head's neighbours."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application, exploring
from ..dreamface_addon.exploring import IDENTITY, SIDE, Exploring
from . import drawing

_EDGES = 50  # pixels of the sidebar at a UI scale of 1 that pictures do not get
_UNIT = 20.0  # pixels of a picture's scale of 1
_SMALLEST, _LARGEST = 1.6, 8.0  # scale of a picture
_HIGHEST = 0.7  # of the sidebar's height, that all rows together take at most
_NOT_THERE = (0.27, 0.27, 0.27)  # sRGB of a picture that is not taken yet


def draw_explore(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the group: axes, step, the button, and the neighbours that are there."""
    _, body = drawing.group(layout, "explore", "Explore")
    if body is None:
        return
    part, fields = application.get().exploring, context.window_manager.dreamface
    _draw_axes(body, fields)
    row = body.row(align=True)
    row.scale_y = 1.2
    row.operator("dreamface.explore", text="Explore", icon="VIEW_ORTHO")
    if part.grid is not None:
        row.operator("dreamface.close_explore", text="Cancel" if part.running else "", icon="X")
    if part.problem:
        drawing.text(body, part.problem, icon="ERROR")
    if part.grid is not None:
        _draw_grid(body.column(align=True), context, part)


def _draw_axes(layout: bpy.types.UILayout, fields: bpy.types.PropertyGroup) -> None:
    column = layout.column(align=True)
    for direction, words in (("right", "Right"), ("up", "Up")):
        axis = getattr(fields, f"explore_{direction}")
        split = column.split(factor=0.25, align=True)
        split.label(text=words)
        row = split.row(align=True)
        row.operator_context = "INVOKE_DEFAULT"
        row.operator(
            "dreamface.explore_axis", text=exploring.label_of(axis), icon="DOWNARROW_HLT"
        ).direction = direction
    column.prop(fields, "explore_step", slider=True)
    if IDENTITY in (fields.explore_right, fields.explore_up):
        row = column.row(align=True)
        row.prop(fields, "explore_towards")
        row.operator("dreamface.explore_towards", text="", icon="FILE_REFRESH")


def _draw_grid(layout: bpy.types.UILayout, context: bpy.types.Context, part: Exploring) -> None:
    assert part.grid is not None
    less, more = exploring.ends_of(part.grid.up)
    _centred(layout, f"{more} ↑")
    scale = _picture_scale(context)
    for row in range(SIDE):
        line = layout.row(align=True)
        for column in range(SIDE):
            _draw_cell(line.column(align=True), part, row, column, scale)
    _draw_values(layout, part)
    _centred(layout, f"{less} ↓")
    less, more = exploring.ends_of(part.grid.right)
    row = layout.row()
    row.label(text=f"← {less}")
    end = row.row()
    end.alignment = "RIGHT"
    end.label(text=f"{more} →")
    if part.running is not None:
        drawing.progress(layout, part.running.fraction, part.running.message or "Waiting")


def _draw_cell(layout: bpy.types.UILayout, part: Exploring, row: int, column: int, scale: float) -> None:
    cell, pictures = part.cells.get((row, column)), application.get().pictures
    icon = pictures.file(cell.picture) if cell is not None else 0
    layout.template_icon(icon_value=icon or pictures.colour(_NOT_THERE), scale=scale)
    is_here = cell is not None and ((row, column) == part.picked if part.picked is not None else cell.is_face)
    is_face = cell is not None and cell.is_face
    sign = "RADIOBUT_ON" if is_here else "HOME" if is_face else "RADIOBUT_OFF" if cell is not None else "BLANK1"
    below = layout.column()  # in a row, a button that shows no words is as wide as its icon
    below.enabled = cell is not None
    button = below.operator("dreamface.explore_pick", text="", icon=sign, depress=is_here)
    button.row, button.column = row, column


def _draw_values(layout: bpy.types.UILayout, part: Exploring) -> None:
    """Draw the first axis's values below their columns; the second's are in the tooltips."""
    assert part.grid is not None
    line = layout.row(align=True)
    for column in range(SIDE):
        found = next((part.cells[row, column] for row in range(SIDE) if (row, column) in part.cells), None)
        _centred(line, exploring.value_in_words(part.grid.right, found.values[0]) if found is not None else "")


def _centred(layout: bpy.types.UILayout, words: str) -> None:
    row = layout.row()
    row.alignment = "CENTER"
    row.label(text=words)


def _picture_scale(context: bpy.types.Context) -> float:
    """Return how large pictures are, so that five fit beside each other."""
    ui, region = context.preferences.system.ui_scale, context.region
    width, height = (region.width, region.height) if region else (300, 800)
    across = (width - _EDGES * ui) / (SIDE * _UNIT * ui)
    down = _HIGHEST * height / (SIDE * _UNIT * ui) - 1.0  # a button stands below
    return min(max(min(across, down), _SMALLEST), _LARGEST)
