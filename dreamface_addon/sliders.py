"""`Object.dreamface`: a face's traits as Blender properties, for sliders and for scripts.

A script says `bpy.context.object.dreamface.nose_width = 1.5`, and the mesh follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
from bpy.props import EnumProperty, FloatProperty, FloatVectorProperty, PointerProperty, StringProperty

from . import scene, shaping
from .vocabulary import LAYERS, TRAITS, Layer, Trait

STEP = 5  # hundredths: what a click on a slider's arrow adds

_on_change: Callable[[bpy.types.Object], None] | None = None


def _getter(trait: Trait) -> Callable[[Any], Any]:
    if trait.kind == "choice":
        return lambda group: trait.choices.index(shaping.value_of(group.id_data, trait))
    return lambda group: shaping.value_of(group.id_data, trait)


def _setter(trait: Trait) -> Callable[[Any, Any], None]:
    def change(group: Any, value: Any) -> None:
        skin = group.id_data
        if not scene.is_skin(skin) or skin.is_evaluated:
            return
        if trait.kind == "choice":
            value = trait.choices[value]
        elif trait.kind != "number":
            value = list(value)
        shaping.set_value(skin, trait, value)
        if _on_change is not None:
            _on_change(skin)

    return change


def _property(trait: Trait) -> Any:
    common = {
        "name": trait.label,
        "description": trait.description,
        "get": _getter(trait),
        "set": _setter(trait),
        "options": set(),  # not animatable: every frame would ask the backend
    }
    if trait.kind == "number":
        step, precision = (100, 0) if trait.unit == "years" else (STEP, 2)
        return FloatProperty(min=trait.low, max=trait.high, step=step, precision=precision, **common)
    if trait.kind == "choice":
        items = [(choice, choice.replace("_", " ").title(), "") for choice in trait.choices]
        return EnumProperty(items=items, **common)
    size = 3 if trait.kind == "colour" else 4
    return FloatVectorProperty(subtype="COLOR", size=size, min=0.0, max=1.0, **common)


def _strength(layer: Layer) -> Any:
    def change(group: Any, value: float) -> None:
        skin = group.id_data
        if scene.is_skin(skin) and not skin.is_evaluated:
            shaping.set_strength(skin, layer.name, value)

    return FloatProperty(
        name=layer.label, description=layer.description, min=0.0, max=1.0, default=1.0, step=STEP, precision=2,
        get=lambda group: shaping.strength_of(group.id_data, layer.name), set=change, options=set(),
    )  # fmt: skip


def _rename(group: Any, name: str) -> None:
    skin = group.id_data
    if scene.is_skin(skin) and skin.is_editable and not skin.is_evaluated:
        scene.rename_face(skin, name)


def _title() -> Any:
    """Return the property by which a face is renamed; its objects, materials and images follow."""
    return StringProperty(
        name="Name",
        description="What the head is called; its objects, materials and textures are named after it",
        get=lambda group: scene.name_of(group.id_data),
        set=_rename,
        options=set(),
    )


Sliders = type(
    "DREAMFACE_PG_sliders",
    (bpy.types.PropertyGroup,),
    {
        "__annotations__": {trait.attribute: _property(trait) for trait in TRAITS.values()}
        | {layer.attribute: _strength(layer) for layer in LAYERS.values()}
        | {"title": _title()},
        "__doc__": "A face's traits, and the layers of its skin.",
    },
)


def register(on_change: Callable[[bpy.types.Object], None]) -> None:
    """Give every object `dreamface`; only faces have values there.

    Args:
        on_change: called with a face's skin when one of its traits has changed.
    """
    global _on_change
    _on_change = on_change
    bpy.utils.register_class(Sliders)
    bpy.types.Object.dreamface = PointerProperty(type=Sliders)


def unregister() -> None:
    """Remove `dreamface` from objects; the traits themselves are custom properties and stay."""
    del bpy.types.Object.dreamface
    bpy.utils.unregister_class(Sliders)
