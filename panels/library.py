"""All faces that were made: search, bring in again, compare, delete."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application
from ..dreamface_addon.library import PAGE, Made
from . import drawing

_COLUMNS = 3
_PICTURE_SIZE = 4.0  # in heights of a button


def draw_library(layout: bpy.types.UILayout, context: bpy.types.Context, app: application.Application) -> None:
    """Draw the library, closed at first."""
    _, body = drawing.group(layout, "library", "Library")
    if body is None:
        return
    library, fields = app.library, context.window_manager.dreamface
    if library.folder is None:
        drawing.text(body, "The faces lie on the machine that makes them.", icon="INFO")
        return
    library.show()
    body.prop(fields, "library_search", text="", icon="VIEWZOOM", placeholder="Search")
    faces = library.faces(fields.library_search)
    if not faces:
        none = "No face fits." if fields.library_search else "Faces that you make are kept here."
        drawing.text(body, none if library.is_complete else "Looking…", icon="INFO")
        return
    pages = -(-len(faces) // PAGE)
    page = min(fields.library_page, pages - 1)
    grid = body.grid_flow(row_major=True, columns=_COLUMNS, even_columns=True, even_rows=True, align=True)
    for made in faces[page * PAGE : (page + 1) * PAGE]:
        _draw_face(grid.column(align=True), app, made)
    if pages > 1:
        row = body.row(align=True)
        row.operator("dreamface.turn_library", text="", icon="TRIA_LEFT").by = -1
        row.label(text=f"{page + 1} of {pages}")
        row.operator("dreamface.turn_library", text="", icon="TRIA_RIGHT").by = 1


def _draw_face(column: bpy.types.UILayout, app: application.Application, made: Made) -> None:
    icon = app.pictures.face(made.folder)
    if icon:
        column.template_icon(icon_value=icon, scale=_PICTURE_SIZE)
    else:
        drawing.line(column, made.prompt)
    row = column.row(align=True)
    row.operator("dreamface.bring_in_made", text="", icon="IMPORT").face = made.id
    chosen = app.making.compared == str(made.folder)
    row.operator("dreamface.compare", text="", icon="SPLIT_VERTICAL", depress=chosen).folder = str(made.folder)
    row.operator("dreamface.delete_made", text="", icon="TRASH").face = made.id
