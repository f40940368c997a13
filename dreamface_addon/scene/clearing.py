"""How much an artist has sculpted on a face, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from .meshes import move_vertices
from .records import check_can_change, parts_of
from .sculpting import forget_shapes, offset_of, rest_of, sculpted_keys, write_built_offset


@dataclass(frozen=True)
class SculptedChanges:
    """What was sculpted on a face.

    Attributes:
        millimetres: how far the vertex that was moved most is from where the traits put it.
        expressions: names of the face's own shape keys that were sculpted.
    """

    millimetres: float
    expressions: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether anything was sculpted."""
        return bool(self.millimetres or self.expressions)


def sculpted_distance(skin: bpy.types.Object) -> float | None:
    """Return how far the vertex that was sculpted most was moved, in millimetres; None where Blender does not tell.

    That is while a part is in Edit Mode.
    """
    meshes = [part.data for part in parts_of(skin)]
    if any(mesh.is_editmode for mesh in meshes):
        return None
    squares = (np.einsum("vx,vx->v", offset, offset) for offset in map(offset_of, meshes))
    return 1000.0 * max(float(square.max(initial=0.0)) for square in squares) ** 0.5


def sculpted_expressions(skin: bpy.types.Object) -> tuple[str, ...]:
    """Return the names of a face's own shape keys that were sculpted; not in Edit Mode."""
    return tuple(dict.fromkeys(name for part in parts_of(skin) for name in sculpted_keys(part.data)))


def clear_sculpted(skin: bpy.types.Object) -> tuple[str, ...]:
    """Set a face's parts back to what its traits say.

    Returns:
        The names of the face's own shape keys that were sculpted: they have to be made anew, by `reshape` with shapes.

    Raises:
        SceneError: the face's objects cannot be changed now; nothing was changed.
    """
    objects = parts_of(skin)
    check_can_change(objects)
    expressions: dict[str, None] = {}
    for object_ in objects:
        mesh, rest = object_.data, rest_of(object_.data)
        sculpted = sculpted_keys(mesh)
        if sculpted:
            forget_shapes(mesh, sculpted)
            expressions |= dict.fromkeys(sculpted)
        if rest is not None and len(rest) == len(mesh.vertices):
            write_built_offset(mesh, None)
            move_vertices(mesh, rest, offset=np.zeros_like(rest))
    return tuple(expressions)
