"""`Object.dreamface_edit`: a face's stack of edits as Blender properties, for lists, sliders and scripts.

A script says `bpy.context.object.dreamface_edit.rows[0].strength = 0.5`, and the skin follows. The stack itself is a
custom property of the skin (see `scene.edits`): rows only read and write it, and row 0 is the lowest edit.
"""

from collections.abc import Callable
from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from . import scene, stack

STEP = 5  # hundredths: what a click on a slider's arrow adds

MADE_AS = {
    "ink": ("Tattoo Ink", "Under the skin: it changes colour, not relief"),
    "paint": ("Paint", "On the skin, with a finish of its own"),
    "scar": ("Scar", "Paler, shinier and raised"),
    "wrinkle": ("Wrinkle", "A fold as deep as it is drawn dark"),
    "hair": ("Hair", "Short hairs along the strokes"),
    "metal": ("Metal", "Metal that lies on the skin"),
    "gem": ("Gem", "Stones where it is drawn"),
    "relief": ("Relief", "Light stands out, dark lies deep"),
}
"""What sketches and pictures become: name in the backend -> label, tooltip."""

MADE_OF = {
    "sketch": ("ink", "paint", "scar", "wrinkle", "hair", "metal", "gem"),
    "picture": ("ink", "paint", "relief"),
}
WIDEST_FEATHER = 40.0
SIZES = (1.0, 200.0)
"""Millimetres."""

_on_change: Callable[[bpy.types.Object, bool], None] | None = None


def set_stack(skin: bpy.types.Object, entries: list[stack.Entry], active: int | None = None) -> None:
    """Give a face another stack, as one change; whoever calls it makes the step of undo.

    Args:
        skin: the face's.
        entries: from below.
        active: which of them is chosen then; None leaves the choice as it is, as far as that goes.
    """
    whole = _whole_face(scene.stack_of(skin)) != _whole_face(entries)
    scene.set_stack(skin, entries)
    fit_rows(skin)
    wanted = skin.dreamface_edit.number if active is None else active
    skin.dreamface_edit.number = min(max(wanted, 0), max(len(entries) - 1, 0))
    if _on_change is not None:
        _on_change(skin, whole)


def fit_rows(skin: bpy.types.Object) -> bool:
    """Have as many rows as the stack has edits; return whether that changed anything."""
    rows, count = skin.dreamface_edit.rows, len(scene.stack_of(skin))
    if len(rows) == count:
        return False
    while len(rows) > count:
        rows.remove(len(rows) - 1)
    while len(rows) < count:
        rows.add()
    return True


def active_edit(skin: bpy.types.Object) -> tuple[int, stack.Entry] | None:
    """Return the chosen edit and its place in the stack from below; None where there is none."""
    entries, number = scene.stack_of(skin), skin.dreamface_edit.number
    return (number, entries[number]) if 0 <= number < len(entries) else None


def marked_place(skin: bpy.types.Object) -> stack.Entry:
    """Return the place that marks go to: the chosen edit's, or that of the next one."""
    active = active_edit(skin) if skin.dreamface_edit.marks_chosen else None
    place = active[1].get("place") if active is not None else scene.draft_of(skin)
    return stack.NEW_PLACE | (place or {})


def set_marked_place(skin: bpy.types.Object, place: stack.Entry) -> None:
    """Change the place that marks go to."""
    active = active_edit(skin) if skin.dreamface_edit.marks_chosen else None
    if active is None:
        scene.set_draft(skin, place)
    else:
        set_stack(skin, stack.changed(scene.stack_of(skin), active[0], place=place))


def _whole_face(entries: list[stack.Entry]) -> list[stack.Entry]:
    return stack.looks(entry for entry in entries if stack.is_whole_face(entry))


# --------------------------------------------------------------------------------------------------------------- a row


def _place_in_stack(row: Any) -> int:
    return int(row.path_from_id().rpartition("[")[2].rstrip("]"))


def _entry(row: Any) -> stack.Entry:
    entries, number = scene.stack_of(row.id_data), _place_in_stack(row)
    return entries[number] if number < len(entries) else {}


def _change(skin: Any, number: int, **fields: Any) -> None:
    """Change some fields of an edit, as a slider does it."""
    if not scene.is_skin(skin) or skin.is_evaluated or not skin.is_editable:
        return
    entries = scene.stack_of(skin)
    if number >= len(entries) or all(entries[number].get(name) == value for name, value in fields.items()):
        return
    scene.change_stack(skin, stack.changed(entries, number, **fields))
    if _on_change is not None and fields.keys() != {"label"}:
        _on_change(skin, stack.is_whole_face(entries[number]))


def _change_strength(row: Any, value: float) -> None:
    entry = _entry(row)
    if entry:
        _change(row.id_data, _place_in_stack(row), strength=min(round(value, 4), stack.most_strength(entry)))


def _change_label(row: Any, value: str) -> None:
    if value.strip():
        _change(row.id_data, _place_in_stack(row), label=value.strip()[: stack.LONGEST_LABEL])


class DREAMFACE_PG_edit_row(bpy.types.PropertyGroup):
    """One edit of a stack."""

    label: StringProperty(
        name="Name", description="What this edit is called",
        get=lambda row: str(_entry(row).get("label", "")), set=_change_label, options=set(),
    )  # fmt: skip
    strength: FloatProperty(
        name="Strength", description="How strongly it is laid on: 1 as it was meant, 0 not at all",
        min=0.0, max=stack.MOST_STRENGTH, default=1.0, step=STEP, precision=2, options=set(),
        get=lambda row: float(_entry(row).get("strength", 1.0)), set=_change_strength,
    )  # fmt: skip
    visible: BoolProperty(
        name="Visible", description="Show this edit", default=True, options=set(),
        get=lambda row: bool(_entry(row).get("visible", True)),
        set=lambda row, value: _change(row.id_data, _place_in_stack(row), visible=value),
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------------- the group


def _of_place(name: str) -> tuple[Callable[[Any], Any], Callable[[Any, Any], None]]:
    """Return what reads and writes a field of the place that marks go to."""

    def change(group: Any, value: Any) -> None:
        skin = group.id_data
        if not scene.is_skin(skin) or skin.is_evaluated or not skin.is_editable:
            return
        place = marked_place(skin) | {name: round(value, 3) if isinstance(value, float) else value}
        active = active_edit(skin) if group.marks_chosen else None
        if active is None:
            scene.set_draft(skin, place)
        else:
            _change(skin, active[0], place=place)

    return lambda group: marked_place(group.id_data)[name], change


def _of_parameters(name: str, default: Any) -> tuple[Callable[[Any], Any], Callable[[Any, Any], None]]:
    """Return what reads and writes a parameter of the chosen edit."""

    def read(group: Any) -> Any:
        active = active_edit(group.id_data)
        return (active[1].get("parameters") or {}).get(name, default) if active is not None else default

    def change(group: Any, value: Any) -> None:
        active = active_edit(group.id_data)
        if active is not None:
            parameters = (active[1].get("parameters") or {}) | {name: value}
            _change(group.id_data, active[0], parameters=parameters)

    return read, change


_read_feather, _change_feather = _of_place("feather")
_read_mirror, _change_mirror = _of_place("mirror")
_read_inverted, _change_inverted = _of_place("inverted")
_read_size, _change_size = _of_parameters("size_mm", 40.0)
_read_angle, _change_angle = _of_parameters("angle", 0.0)
_read_made_as, _change_made_as = _of_parameters("as", "ink")
_NAMES = tuple(MADE_AS)


class DREAMFACE_PG_edit(bpy.types.PropertyGroup):
    """The stack of a face, and the place that is marked on it."""

    rows: CollectionProperty(type=DREAMFACE_PG_edit_row)
    number: IntProperty(name="Edit", description="The edit that is chosen", min=0, options=set())
    marks_chosen: BoolProperty(
        name="Mark for the Chosen Edit", options=set(),
        description="What is marked goes to the edit that is chosen in the list, instead of to the next one",
    )  # fmt: skip
    feather: FloatProperty(
        name="Feather (mm)", description="Millimetres of skin over which the place fades out beyond its border",
        min=0.0, max=WIDEST_FEATHER, step=50, precision=1, options=set(), get=_read_feather, set=_change_feather,
    )  # fmt: skip
    mirror: BoolProperty(
        name="Mirror", description="The same place on the other side of the face, too", options=set(),
        get=_read_mirror, set=_change_mirror,
    )  # fmt: skip
    inverted: BoolProperty(
        name="Invert", description="Everything but the place", options=set(), get=_read_inverted, set=_change_inverted
    )
    size_mm: FloatProperty(
        name="Size (mm)", description="Of the picture's longer side, millimetres on the skin", min=SIZES[0],
        max=SIZES[1], step=100, precision=1, options=set(), get=_read_size,
        set=lambda group, value: _change_size(group, round(value, 2)),
    )  # fmt: skip
    angle: FloatProperty(
        name="Angle", description="Degrees by which the picture is turned, counter-clockwise", min=-180.0, max=180.0,
        step=500, precision=0, options=set(), get=_read_angle,
        set=lambda group, value: _change_angle(group, round(value, 1)),
    )  # fmt: skip
    made_as: EnumProperty(
        name="Made As", description="What a sketch or a picture becomes",
        items=[(name, label, about) for name, (label, about) in MADE_AS.items()], options=set(),
        get=lambda group: _NAMES.index(_read_made_as(group)) if _read_made_as(group) in _NAMES else 0,
        set=lambda group, number: _change_made_as(group, _NAMES[number]),
    )  # fmt: skip


def register(on_change: Callable[[bpy.types.Object, bool], None]) -> None:
    """Give every object `dreamface_edit`; only faces have edits there.

    Args:
        on_change: called with a face's skin when its stack has changed, and whether an edit of the whole face did.
    """
    global _on_change
    _on_change = on_change
    bpy.utils.register_class(DREAMFACE_PG_edit_row)
    bpy.utils.register_class(DREAMFACE_PG_edit)
    bpy.types.Object.dreamface_edit = PointerProperty(type=DREAMFACE_PG_edit)


def unregister() -> None:
    """Remove it from objects; the stacks themselves are custom properties and stay."""
    global _on_change
    _on_change = None
    del bpy.types.Object.dreamface_edit
    bpy.utils.unregister_class(DREAMFACE_PG_edit)
    bpy.utils.unregister_class(DREAMFACE_PG_edit_row)
