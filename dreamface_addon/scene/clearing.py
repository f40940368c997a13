"""How much an artist has sculpted on a face, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from .applying import check_not_applied
from .armature import settle_rig
from .cards import show_newer_hair
from .hair import settle_hair
from .meshes import move_vertices
from .photographs import forget_pins
from .records import check_can_change, hair_of, parts_of, was_edited
from .sculpting import forget_shapes, offset_of, rest_of, sculpted_keys, write_built_offset


@dataclass(frozen=True)
class SculptedChanges:
    """What was sculpted on a face.

    Attributes:
        millimetres: how far the vertex that was moved most is from where the traits put it.
        expressions: names of the face's own shape keys that were sculpted.
        notice: why that is not all, or cannot be told, as a sentence; usually nothing.
    """

    millimetres: float
    expressions: tuple[str, ...]
    notice: str = ""

    def __bool__(self) -> bool:
        """Whether anything was sculpted."""
        return bool(self.millimetres or self.expressions)


def sculpted_distance(skin: bpy.types.Object) -> float | None:
    """Return how far the vertex that was sculpted most was moved, in millimetres; None where Blender does not tell.

    That is while a part is in Edit Mode. Parts whose topology was edited do not count; see `edited_parts`.
    """
    parts = parts_of(skin)
    if any(part.data.is_editmode for part in parts):
        return None
    offsets = [offset_of(part.data) for part in parts if not was_edited(part)]
    squares = [np.einsum("vx,vx->v", offset, offset) for offset in offsets] or [np.zeros(1)]
    return 1000.0 * max(float(square.max(initial=0.0)) for square in squares) ** 0.5


def edited_parts(skin: bpy.types.Object) -> str:
    """Return a sentence about a face's parts that have other vertices than they came with; usually nothing.

    What was joined to a part, or extruded from it, has no place that the traits give: it is never moved there.
    """
    names = [part.name for part in parts_of(skin) if was_edited(part)]
    if not names:
        return ""
    have, they, them = ("has", "it", "it") if len(names) == 1 else ("have", "they", "them")
    return (
        f"{' and '.join(names)} {have} other vertices than {they} came with, because something was joined to {them} or "
        f"cut off: DreamFace can't tell what was sculpted there, and Clear Sculpted Changes leaves {them} alone."
    )


def sculpted_expressions(skin: bpy.types.Object) -> tuple[str, ...]:
    """Return the names of a face's own shape keys that were sculpted; not in Edit Mode."""
    return tuple(dict.fromkeys(name for part in parts_of(skin) for name in sculpted_keys(part.data)))


def clear_sculpted(skin: bpy.types.Object) -> tuple[str, ...]:
    """Set a face's parts back to what its traits say, except those whose topology was edited.

    Returns:
        The names of the face's own shape keys that were sculpted: they have to be made anew, by `reshape` with shapes.

    Raises:
        SceneError: the face's objects cannot be changed now, or its transform was applied; nothing was changed.
    """
    objects = parts_of(skin)
    check_can_change([*objects, *hair_of(skin).values()])
    check_not_applied(skin)
    expressions: dict[str, None] = {}
    for object_ in objects:
        mesh, rest = object_.data, rest_of(object_.data)
        sculpted = sculpted_keys(mesh)
        if sculpted:
            forget_shapes(mesh, sculpted)
            expressions |= dict.fromkeys(sculpted)
        if rest is not None and not was_edited(object_):
            write_built_offset(mesh, None)
            move_vertices(mesh, rest, offset=np.zeros_like(rest))
    forget_pins(skin)
    settle_hair(skin)
    settle_rig(skin)
    show_newer_hair(skin)
    return tuple(expressions)
