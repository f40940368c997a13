"""The sidebar's panels, one per file, in the order they are shown."""

import bpy

from .backend import DREAMFACE_PT_backend
from .create import DREAMFACE_MT_prompts, DREAMFACE_PT_create
from .face import DREAMFACE_PT_face
from .models import DREAMFACE_PT_models
from .shape import DREAMFACE_PT_shape

_CLASSES = (
    DREAMFACE_MT_prompts,
    DREAMFACE_PT_create,
    DREAMFACE_PT_shape,
    DREAMFACE_PT_face,
    DREAMFACE_PT_models,
    DREAMFACE_PT_backend,
)


def register() -> None:
    """Add the panels."""
    for class_ in _CLASSES:
        bpy.utils.register_class(class_)


def unregister() -> None:
    """Take them out."""
    for class_ in reversed(_CLASSES):
        bpy.utils.unregister_class(class_)
