"""The sidebar: one tab, with a page for each kind of work; and what the preferences show beside settings."""

import bpy

from .animate import DREAMFACE_MT_apply_take, DREAMFACE_PT_animate, DREAMFACE_UL_takes
from .create import DREAMFACE_MT_prompts, DREAMFACE_PT_create
from .edit import (
    FAMILY_MENUS,
    DREAMFACE_MT_copy_edit,
    DREAMFACE_MT_copy_edits,
    DREAMFACE_MT_edit_words,
    DREAMFACE_MT_mix_with,
    DREAMFACE_MT_regions,
    DREAMFACE_PT_edit,
    DREAMFACE_UL_edits,
)
from .engine import DREAMFACE_PT_setup, draw_engine
from .frame import DREAMFACE_MT_heads, DREAMFACE_PT_frame
from .hair import DREAMFACE_PT_hair
from .models import draw_models
from .output import DREAMFACE_PT_output
from .person import DREAMFACE_PT_person
from .skin import DREAMFACE_MT_add_layer, DREAMFACE_PT_skin

PREFERENCES = {"Engine": draw_engine, "Models": draw_models}
"""Sections of the preferences: heading -> what draws below it."""

_CLASSES = (
    DREAMFACE_UL_takes,
    DREAMFACE_MT_heads,
    DREAMFACE_MT_apply_take,
    DREAMFACE_MT_prompts,
    DREAMFACE_MT_add_layer,
    DREAMFACE_UL_edits,
    DREAMFACE_MT_regions,
    *FAMILY_MENUS,
    DREAMFACE_MT_edit_words,
    DREAMFACE_MT_copy_edits,
    DREAMFACE_MT_copy_edit,
    DREAMFACE_MT_mix_with,
    DREAMFACE_PT_setup,
    DREAMFACE_PT_frame,
    DREAMFACE_PT_create,
    DREAMFACE_PT_person,
    DREAMFACE_PT_skin,
    DREAMFACE_PT_hair,
    DREAMFACE_PT_edit,
    DREAMFACE_PT_animate,
    DREAMFACE_PT_output,
)


def register() -> None:
    """Add the panels."""
    for class_ in _CLASSES:
        bpy.utils.register_class(class_)


def unregister() -> None:
    """Take them out."""
    for class_ in reversed(_CLASSES):
        bpy.utils.unregister_class(class_)
