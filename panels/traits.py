"""Traits as sliders and swatches, for the pages about a person, the skin and the hair."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application, regions, scene, shaping
from ..dreamface_addon.chips import corrected_traits
from ..dreamface_addon.vocabulary import FAMILIES, PAGES, SWATCHES, Trait
from . import drawing
from .page import Page, draw_repaint, draw_why_not, selected_head

_SWATCHES_IN_A_ROW = 6


class TraitsPage(Page):
    """A page whose traits are drawn by family, with search, filters and the button that repaints the skin.

    Attributes:
        opens_first: whether the first family is open at first.
    """

    opens_first = True

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        skin = selected_head(self.layout, context)
        if skin is None:
            return
        column = draw_why_not(self.layout)
        view = View(context, skin)
        if not view.is_filtered:
            self.draw_top(column, skin)
        draw_filter(column, context)
        self._draw_families(column, view)
        self.draw_more(column, skin)
        draw_repaint(column, skin)

    def _draw_families(self, layout: bpy.types.UILayout, view: View) -> None:
        """Draw each family under a heading that opens, with lock and dice."""
        found = False
        families = PAGES[self.page]
        for family in families:
            traits = view.shown(family)
            found |= bool(traits)
            if not view.is_filtered:
                closed = family != families[0] or not self.opens_first
                body = _draw_heading(layout, view, family, closed)
                if body is not None:
                    self.draw_family(body, view, family, traits)
            elif traits:
                layout.label(text=family)
                draw_traits(layout, view, traits)
        if not found:
            drawing.text(layout, "Nothing on this page fits the search and the filters.", icon="INFO")

    def draw_top(self, layout: bpy.types.UILayout, skin: bpy.types.Object) -> None:
        """Draw what stands above everything else; nothing on most pages."""

    def draw_family(self, layout: bpy.types.UILayout, view: View, family: str, traits: list[Trait]) -> None:
        """Draw what stands under an open heading."""
        draw_swatches(layout, family)
        draw_traits(layout, view, traits)

    def draw_more(self, layout: bpy.types.UILayout, skin: bpy.types.Object) -> None:
        """Draw what stands between the traits and the button; nothing on most pages."""


class View:
    """What of a head is shown: search, only changed, only asked for.

    Attributes:
        skin: the head.
        changed: trait -> value of what was changed since it was made.
        corrected: trait -> words of the prompt, of what the artist said that they mean.
    """

    def __init__(self, context: bpy.types.Context, skin: bpy.types.Object) -> None:
        fields = context.window_manager.dreamface
        self.skin = skin
        self.changed = shaping.changed_traits(skin)
        self.corrected = corrected_traits(scene.corrections_of(skin), shaping.traits_of(skin))
        self._letters = fields.search.casefold().strip()
        self._only_changed, self._only_asked = fields.only_changed, fields.only_asked
        self._asked = regions.asked_for(skin) if fields.only_asked else frozenset()

    @property
    def is_filtered(self) -> bool:
        """Whether not everything is shown."""
        return bool(self._letters or self._only_changed or self._only_asked)

    def shown(self, family: str) -> list[Trait]:
        """Return the traits of a family that are shown."""
        return [trait for trait in FAMILIES[family] if self._shows(trait)]

    def _shows(self, trait: Trait) -> bool:
        if self._only_changed and trait.name not in self.changed:
            return False
        if self._only_asked and trait.name not in self._asked:
            return False
        return self._letters in f"{trait.family} {trait.label}".casefold()


def draw_filter(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The search field, and the buttons that show only some traits."""
    fields = context.window_manager.dreamface
    row = layout.row(align=True)
    row.prop(fields, "search", text="", icon="VIEWZOOM", placeholder="Search")
    row.prop(fields, "only_changed", text="", icon="GREASEPENCIL")
    row.prop(fields, "only_asked", text="", icon="OUTLINER_OB_FONT")


def _draw_heading(layout: bpy.types.UILayout, view: View, family: str, closed: bool) -> bpy.types.UILayout | None:
    count = sum(trait.name in view.changed for trait in view.shown(family))
    header, body = drawing.group(layout, family, f"{family} ({count})" if count else family, closed)
    is_locked = family in regions.locked(view.skin)
    buttons = header.row(align=True)
    buttons.alignment = "RIGHT"
    if regions.has_dice(family):
        dice = buttons.row(align=True)
        dice.enabled = not is_locked
        dice.operator("dreamface.roll_region", text="", icon="FILE_REFRESH", emboss=False).region = family
    icon = "LOCKED" if is_locked else "UNLOCKED"
    buttons.operator("dreamface.lock_region", text="", icon=icon, emboss=False).region = family
    return body


def draw_traits(layout: bpy.types.UILayout, view: View, traits: list[Trait]) -> None:
    """Draw sliders, colours and menus, each with an arrow that sets it back; and which an artist's chip has set."""
    column = layout.column(align=True)
    for trait in traits:
        row = column.row(align=True)
        if trait.kind == "number":
            row.prop(view.skin.dreamface, trait.attribute, slider=True)
        else:
            split = row.split(factor=0.45, align=True)
            split.label(text=trait.label)
            split.prop(view.skin.dreamface, trait.attribute, text="")
        reset = row.row(align=True)
        reset.enabled = trait.name in view.changed
        reset.operator("dreamface.reset_trait", text="", icon="LOOP_BACK").trait = trait.name
        if words := view.corrected.get(trait.name):
            drawing.text(column, f"“{words}”: corrected by you", icon="GREASEPENCIL")


_SWATCHES_OF = {"Tone": "skin", "Hair Colour": "hair", "Eyes and Teeth": "iris"}


def draw_swatches(layout: bpy.types.UILayout, family: str) -> None:
    """Draw the natural colours of a family to choose from."""
    kind = _SWATCHES_OF.get(family)
    if kind is None:
        return
    pictures = application.get().pictures
    grid = layout.grid_flow(row_major=True, columns=_SWATCHES_IN_A_ROW, even_columns=True, align=True)
    for swatch in SWATCHES[kind]:
        button = grid.operator("dreamface.use_swatch", text="", icon_value=pictures.colour(swatch.srgb))
        button.kind, button.swatch = kind, swatch.name
