"""What all pages share."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application, scene, shaping
from ..dreamface_addon.link import BackendState
from . import drawing
from .frame import is_set_up


class Page:
    """A page of the sidebar: a panel that is shown while its icon is chosen."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = drawing.CATEGORY
    page: str
    layout: bpy.types.UILayout

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Show it while its icon is chosen."""
        return context.window_manager.dreamface.page == cls.page and is_set_up()


def selected_head(layout: bpy.types.UILayout, context: bpy.types.Context) -> bpy.types.Object | None:
    """Return the selected head; where there is none, say how to get one."""
    skin = scene.skin_of(context.active_object)
    if skin is None:
        drawing.text(layout, "Select a head, or make one on the first page.", icon="INFO")
    return skin


def draw_repaint(layout: bpy.types.UILayout, skin: bpy.types.Object) -> None:
    """The button that paints a head's textures anew, and whether that is needed."""
    old = shaping.textures_are_old(skin)
    row = layout.row(align=True)
    row.scale_y = 1.3 if old else 1.0
    row.active = not application.get().making.running
    row.operator("dreamface.paint", text="Repaint Skin", icon="BRUSH_DATA", depress=old)
    if shaping.changed_traits(skin) or shaping.changed_layers(skin):
        row.operator("dreamface.reset_trait", text="", icon="LOOP_BACK").trait = ""
    if old:
        drawing.text(layout, "The skin does not show your changes yet.", icon="INFO")


def draw_why_not(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """Return a column that is grey while nothing can be changed; why, stands there or in the status line above."""
    app = application.get()
    why_not = app.setup.why_no_backend()
    if why_not and app.session.state is not BackendState.STOPPED:
        drawing.text(layout, why_not + ".", icon="INFO")
    column = layout.column()
    column.enabled = not why_not
    return column
