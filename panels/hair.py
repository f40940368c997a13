"""The selected head's hair, brows, lashes and beard."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application, scene, styling
from ..dreamface_addon.vocabulary import STYLE_OF, TRAITS, Trait
from . import drawing
from .traits import TraitsPage, View, draw_swatches, draw_traits

_PICTURE = 6.0  # of the style that the hair has, in heights of a button
_SMALL_PICTURE = 4.0
_IN_THE_MENU = 5.0  # of each style in the menu
_SHARE = 0.48  # of the sidebar's width that the picture takes; what stands beside it has a margin

_REGION_OF = {"Beard": "beard", "Brows": "brows", "Lashes": "lashes"}
"""Family of traits -> the region whose style stands on top of it."""


class DREAMFACE_PT_hair(TraitsPage, bpy.types.Panel):
    """Styles as pictures, colours as swatches, the rest as sliders."""

    bl_idname = "DREAMFACE_PT_hair"
    bl_label = "Hair"
    page = "HAIR"
    opens_first = False

    def draw_top(self, layout: bpy.types.UILayout, skin: bpy.types.Object) -> None:
        """The style of the hair."""
        _draw_style(layout, skin, "scalp", _PICTURE)

    def draw_family(self, layout: bpy.types.UILayout, view: View, family: str, traits: list[Trait]) -> None:
        """Sliders and swatches; above them the style of a beard, brows or lashes."""
        if family in _REGION_OF:
            _draw_style(layout, view.skin, _REGION_OF[family], _SMALL_PICTURE)
        draw_swatches(layout, family)
        draw_traits(layout, view, [trait for trait in traits if not trait.is_style])

    def draw_more(self, layout: bpy.types.UILayout, skin: bpy.types.Object) -> None:
        """How many hairs are drawn, what there is to know, and the buttons."""
        hair = scene.hair_of(skin)
        _, body = drawing.group(layout, "hairs", "Display")
        if body is not None:
            column = body.column(align=True)
            column.enabled = bool(hair.keys() & {"scalp", "beard"})
            column.prop(skin.dreamface, "hair_in_view", slider=True)
            column.prop(skin.dreamface, "hair_in_render", slider=True)
            if not column.enabled:
                drawing.text(body, "There is no hair or beard to draw.", icon="INFO")
            _draw_nodes(body, skin)
        _draw_cards(layout, skin)
        _draw_notes(layout, skin)
        row = layout.row(align=True)
        row.scale_y = 1.3
        row.operator_context = "INVOKE_DEFAULT"
        row.operator("dreamface.grow_hair", icon="STRANDS")
        row.operator("dreamface.save_style", text="Save Style…", icon="ADD")


def _draw_style(layout: bpy.types.UILayout, skin: bpy.types.Object, region: str, size: float) -> None:
    """Draw the picture of a region's style, which opens a menu of all, beside its name and what it is."""
    styles = application.get().styles
    attribute = TRAITS[STYLE_OF[region]].attribute
    split = layout.split(factor=_SHARE)
    split.template_icon_view(skin.dreamface, attribute, show_labels=True, scale=size, scale_popup=_IN_THE_MENU)
    column = split.column()
    column.prop(skin.dreamface, attribute, text="")
    row = column.row(align=True)
    _draw_turn(row, region, -1)
    _draw_turn(row, region, 1)
    style = styles.find(region, styling.style_of(skin, region))
    if style is not None and style.own:
        row.operator_context = "INVOKE_DEFAULT"
        row.operator("dreamface.remove_style", text="", icon="TRASH").style = style.name
    if style is not None and style.summary:
        drawing.text(column, style.summary, share=0.86 * (1.0 - _SHARE))


def _draw_nodes(body: bpy.types.UILayout, skin: bpy.types.Object) -> None:
    """Draw which nodes make the hairs."""
    row, blenders = body.row(align=True), scene.wants_blender_nodes(skin)
    row.operator("dreamface.use_node_assets", text="DreamFace's Nodes", depress=not blenders).blenders = False
    row.operator("dreamface.use_node_assets", text="Blender's Nodes", depress=blenders).blenders = True


def _draw_cards(layout: bpy.types.UILayout, skin: bpy.types.Object) -> None:
    """Draw how cards are made, and which of hair and cards is shown."""
    _, body = drawing.group(layout, "cards", "Cards")
    if body is None:
        return
    if scene.cards_of(skin) or scene.hides_hair(skin):
        shown = scene.shows_cards(skin)
        row = body.row(align=True)
        row.operator("dreamface.show_cards", text="Hair", icon="STRANDS", depress=not shown).shown = False
        row.operator("dreamface.show_cards", text="Cards", icon="MESH_GRID", depress=shown).shown = True
        if scene.cards_are_old(skin):
            drawing.text(body, "The cards are older than the hair or the head: make them again.", icon="INFO")
        elif shown and application.get().growing.is_growing(skin):
            drawing.text(body, "The hair is shown again when it has grown.", icon="INFO")
    else:
        drawing.text(body, "Strips of mesh with a texture, for games. GLB, FBX and OBJ files hold hair only as cards.")
    row = body.row(align=True)
    row.prop(bpy.context.window_manager.dreamface, "cards_level", expand=True)
    row = body.row()
    row.scale_y = 1.2
    row.operator("dreamface.make_cards", icon="MESH_GRID")


def _draw_turn(row: bpy.types.UILayout, region: str, by: int) -> None:
    button = row.operator("dreamface.turn_style", text="", icon="TRIA_RIGHT" if by > 0 else "TRIA_LEFT")
    button.region, button.by = region, by


def _draw_notes(layout: bpy.types.UILayout, skin: bpy.types.Object) -> None:
    """What was combed or deleted, and what is wrong with styles."""
    app = application.get()
    combed, deleted = scene.edited_hair(skin), scene.deleted_hair(skin)
    applied = scene.applied_transform(skin) if combed else ""
    if applied:
        drawing.text(layout, applied, icon="ERROR")
    elif combed:
        drawing.text(layout, f"{_names(combed)} combed by hand: Grow replaces it.", icon="STRANDS")
    if deleted:
        drawing.text(layout, f"{_names(deleted)} deleted by hand: Grow makes it anew.", icon="INFO")
    if app.growing.is_growing(skin):
        drawing.text(layout, "Growing…", icon="TIME")
    if app.styles.doing:
        drawing.text(layout, app.styles.doing, icon="TIME")
    elif app.styles.done:
        drawing.text(layout, app.styles.done, icon="CHECKMARK")
    for problem in app.styles.problems:
        drawing.text(layout, problem, icon="ERROR")


def _names(regions: list[str]) -> str:
    """Return such as "The hair and beard were"."""
    names = ", ".join(scene.HAIR_NAMES[region] for region in regions)
    front, _, last = names.rpartition(", ")
    plural = front or last.endswith("s")
    return f"The {front + ' and ' if front else ''}{last} {'were' if plural else 'was'}"
