"""The selected head's skin, eyes and teeth."""

from __future__ import annotations

import bpy

from ..dreamface_addon import regions, scene, shaping
from ..dreamface_addon.vocabulary import LAYERS
from . import drawing
from .page import selected_head
from .traits import TraitsPage


class DREAMFACE_MT_add_layer(bpy.types.Menu):
    """Layers that this skin does not have yet"""

    bl_idname = "DREAMFACE_MT_add_layer"
    bl_label = "Add Layer"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the menu."""
        skin = selected_head(self.layout, context)
        for layer in regions.LAYER_TRAITS if skin is not None else ():
            if not regions.has_layer(skin, layer):
                self.layout.operator("dreamface.add_layer", text=LAYERS[layer].label).layer = layer


class DREAMFACE_PT_skin(TraitsPage, bpy.types.Panel):
    """Tone, marks, wrinkles, make-up, eyes, and the layers of this skin."""

    bl_idname = "DREAMFACE_PT_skin"
    bl_label = "Skin"
    page = "SKIN"

    def draw_more(self, layout: bpy.types.UILayout, skin: bpy.types.Object) -> None:
        """How deep expressions fold it, and the layers that it has, the uppermost first as in a paint program."""
        if scene.wrinkle_strength(skin) is not None:
            layout.prop(skin.dreamface, "expression_wrinkles", slider=True)
        changed = shaping.changed_layers(skin)
        label = f"Layers ({len(changed)})" if changed else "Layers"
        header, body = drawing.group(layout, "layers", label)
        header.menu(DREAMFACE_MT_add_layer.bl_idname, text="", icon="ADD")
        if body is None:
            return
        column = body.column(align=True)
        for name in reversed(LAYERS):
            if name in regions.LAYER_TRAITS and regions.has_layer(skin, name):
                row = column.row(align=True)
                row.prop(skin.dreamface, LAYERS[name].attribute, slider=True)
                row.operator("dreamface.remove_layer", text="", icon="X").layer = name
        _, basis = drawing.group(body, "basis", "What Every Skin Has")
        if basis is None:
            return
        column = basis.column(align=True)
        for name in reversed(LAYERS):
            if name not in regions.LAYER_TRAITS:
                column.prop(skin.dreamface, LAYERS[name].attribute, slider=True)
