"""Who the selected head is."""

from __future__ import annotations

import bpy

from .traits import TraitsPage


class DREAMFACE_PT_person(TraitsPage, bpy.types.Panel):
    """Age, sex, ancestry and build, then the face by region; the mesh follows."""

    bl_idname = "DREAMFACE_PT_person"
    bl_label = "Person"
    page = "PERSON"
