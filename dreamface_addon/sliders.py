"""`Object.dreamface`: a face's traits as Blender properties, for sliders and for scripts.

A script says `bpy.context.object.dreamface.nose_width = 1.5`, and the mesh follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
from bpy.props import EnumProperty, FloatProperty, FloatVectorProperty, PointerProperty, StringProperty

from . import scene, shaping
from .styling import Styling
from .vocabulary import LAYERS, STYLE_OF, TRAITS, Layer, Trait

STEP = 5  # hundredths: what a click on a slider's arrow adds

_on_change: Callable[[bpy.types.Object], None] | None = None
_styling: Styling | None = None


def _style_items(region: str) -> Callable[[Any, Any], list[Any]]:
    """Return what gives the menu of a region's styles."""
    trait = TRAITS[STYLE_OF[region]]

    def items(group: Any, _context: Any) -> list[Any]:
        if _styling is not None:
            current = shaping.value_of(group.id_data, trait) if group is not None else ""
            return list(_styling.items(region, current))
        return [(choice, choice, "", 0, number) for number, choice in enumerate(trait.choices)]

    return items


def _style(region: str) -> Any:
    """Return the menu of a region's styles: those that come along, and the artist's own."""
    trait, items = TRAITS[STYLE_OF[region]], _style_items(region)

    def get(group: Any) -> int:
        names = [item[0] for item in items(group, None)]
        return names.index(shaping.value_of(group.id_data, trait))

    def change(group: Any, number: int) -> None:
        skin = group.id_data
        if not scene.is_skin(skin) or skin.is_evaluated or _styling is None:
            return
        _styling.choose(skin, region, items(group, None)[number][0])
        if _on_change is not None:
            _on_change(skin)

    return EnumProperty(
        name=trait.label, description=trait.description, items=items, get=get, set=change, options=set()
    )


_AMOUNT_REGIONS = ("scalp", "beard")
"""Regions with so many hairs that the 3D view need not draw all of them."""


def _amount(render: bool) -> Any:
    """Return the slider for how many of a head's hairs are drawn."""

    def objects(group: Any) -> list[bpy.types.Object]:
        hair = scene.hair_of(group.id_data) if scene.is_skin(group.id_data) else {}
        return [hair[region] for region in _AMOUNT_REGIONS if region in hair]

    def get(group: Any) -> float:
        return next((scene.hair_density(object_, render) for object_ in objects(group)), 1.0)

    def change(group: Any, share: float) -> None:
        for object_ in objects(group):
            scene.set_hair_density(object_, share, render)

    where = "a render" if render else "the 3D view"
    return FloatProperty(
        name="Hairs in Render" if render else "Hairs in View",
        description=f"How many of the hairs {where} draws; fewer are wider, so that the hair stays as dense, "
        "except with Blender's nodes",
        min=0.0, max=1.0, step=STEP, precision=2, get=get, set=change, options=set(),
    )  # fmt: skip


def _folds() -> Any:
    """Return the slider for how deep expressions fold the skin."""

    def get(group: Any) -> float:
        strength = scene.wrinkle_strength(group.id_data) if scene.is_skin(group.id_data) else None
        return 0.0 if strength is None else float(strength.default_value)

    def change(group: Any, value: float) -> None:
        strength = scene.wrinkle_strength(group.id_data) if scene.is_skin(group.id_data) else None
        if strength is not None and not group.id_data.is_evaluated:
            strength.default_value = value

    return FloatProperty(
        name="Expression Wrinkles",
        description="How deep the skin folds where an expression presses it together. Shape keys drive it; it shows in "
        "Material Preview and in renders",
        min=0.0, max=2.0, step=STEP, precision=2, get=get, set=change, options=set(),
    )  # fmt: skip


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
        "__annotations__": {trait.attribute: _property(trait) for trait in TRAITS.values() if not trait.is_style}
        | {TRAITS[trait].attribute: _style(region) for region, trait in STYLE_OF.items()}
        | {"hair_in_view": _amount(render=False), "hair_in_render": _amount(render=True)}
        | {layer.attribute: _strength(layer) for layer in LAYERS.values()}
        | {"expression_wrinkles": _folds(), "title": _title()},
        "__doc__": "A face's traits, and the layers of its skin.",
    },
)


def register(on_change: Callable[[bpy.types.Object], None], styling: Styling) -> None:
    """Give every object `dreamface`; only faces have values there.

    Args:
        on_change: called with a face's skin when one of its traits has changed.
        styling: knows the hair styles.
    """
    global _on_change, _styling
    _on_change, _styling = on_change, styling
    bpy.utils.register_class(Sliders)
    bpy.types.Object.dreamface = PointerProperty(type=Sliders)


def unregister() -> None:
    """Remove `dreamface` from objects; the traits themselves are custom properties and stay."""
    del bpy.types.Object.dreamface
    bpy.utils.unregister_class(Sliders)
