"""The selected head's hair, brows, lashes and beard."""

from __future__ import annotations

import bpy

from .traits import TraitsPage


class DREAMFACE_PT_hair(TraitsPage, bpy.types.Panel):
    """Colours as swatches, the rest as sliders."""

    bl_idname = "DREAMFACE_PT_hair"
    bl_label = "Hair"
    page = "HAIR"
