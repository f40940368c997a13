"""The selected face's traits as sliders."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application, scene, shaping
from ..dreamface_addon.vocabulary import FAMILIES, LAYERS, Trait
from . import drawing

_OPEN_AT_FIRST = "Face"


class DREAMFACE_PT_shape(bpy.types.Panel):
    """Sliders by region, each with a reset; the mesh follows them."""

    bl_idname = "DREAMFACE_PT_shape"
    bl_label = "Shape"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = drawing.CATEGORY

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout = self.layout
        skin = scene.skin_of(context.active_object)
        if skin is None:
            drawing.text(layout, "Select a DreamFace head.", icon="INFO")
            return
        why_not = application.get().setup.why_no_backend()
        if why_not:
            drawing.text(layout, why_not + ".", icon="INFO")
        if application.get().following.notice:
            drawing.text(layout, application.get().following.notice, icon="TIME")
        column = layout.column()
        column.enabled = not why_not
        changed = shaping.changed_traits(skin)
        for family, traits in FAMILIES.items():
            self._draw_family(column, skin, family, traits, changed)
        self._draw_layers(column, skin)
        if shaping.textures_are_old(skin):
            drawing.text(layout, "The textures do not show these changes yet.", icon="INFO")
        row = layout.row(align=True)
        row.operator("dreamface.paint", text="Apply Textures", icon="BRUSH_DATA")
        if changed or shaping.changed_layers(skin):
            row.operator("dreamface.reset_trait", text="", icon="LOOP_BACK").trait = ""

    @staticmethod
    def _draw_layers(layout: bpy.types.UILayout, skin: bpy.types.Object) -> None:
        """How strongly each layer of the skin is laid on, the uppermost first as in a paint program."""
        header, body = layout.panel("DREAMFACE_layers", default_closed=True)
        count = len(shaping.changed_layers(skin))
        header.label(text=f"Skin Layers ({count})" if count else "Skin Layers")
        if body is None:
            return
        column = body.column(align=True)
        for layer in reversed(LAYERS.values()):
            column.prop(skin.dreamface, layer.attribute, slider=True)

    @staticmethod
    def _draw_family(
        layout: bpy.types.UILayout,
        skin: bpy.types.Object,
        family: str,
        traits: tuple[Trait, ...],
        changed: dict[str, object],
    ) -> None:
        header, body = layout.panel(f"DREAMFACE_{family}", default_closed=family != _OPEN_AT_FIRST)
        count = sum(trait.name in changed for trait in traits)
        header.label(text=f"{family} ({count})" if count else family)
        if body is None:
            return
        column = body.column(align=True)
        for trait in traits:
            row = column.row(align=True)
            if trait.kind == "number":
                row.prop(skin.dreamface, trait.attribute, slider=True)
            else:
                split = row.split(factor=0.4, align=True)
                split.label(text=trait.label)
                split.prop(skin.dreamface, trait.attribute, text="")
            reset = row.row(align=True)
            reset.enabled = trait.name in changed
            reset.operator("dreamface.reset_trait", text="", icon="LOOP_BACK").trait = trait.name
