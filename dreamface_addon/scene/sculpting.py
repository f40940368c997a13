"""What an artist has sculpted on a mesh: how its basis differs from what the traits say, and which expressions differ.

Each mesh of a face has a hidden attribute, `REST`, with the vertices as the traits alone put them. What was sculpted is
always the basis minus `REST`. The attribute lies in the mesh, so copies, files and undo keep the two together.

To tell a shape key that was sculpted from one that is as we made it, the keys remember sums of what we made: over every
`BLOCK` vertices, of the displacement times a weight for each vertex, one sum for each axis. Rounding does not add up to
much in so short sums: 2500 steps of a slider, each of which rounds every vertex anew, change a sum by some 0.001 mm, a
twentieth of `TOLERANCE`. Weights are at least 1 and differ from vertex to vertex, so a single vertex moved by 0.05 mm
changes a sum by more than `TOLERANCE`, and opposite moves of neighbours do not cancel.

The sums are few because Blender 4.3 never frees the custom properties of the shape keys in Edit Mode's undo steps.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

REST = ".dreamface_rest"
"""Attribute of a mesh's vertices: where the traits alone put them, metres. Blender hides names with a dot in front."""

BUILT_OFFSET = ".dreamface_offset"
"""Attribute of a mesh's vertices: the offset that its face folder came with, metres; absent where it had none."""

ROUNDING = 1e-7
"""Metres that an offset on top of a head's vertices may differ by from what it was before it was laid there."""

BLOCK = 256  # vertices

TOLERANCE = 2e-5
"""Metres: sums that differ by more show that a shape key was sculpted."""

_MOMENT = "dreamface_rest_written"
"""Custom property of a mesh and of its shape keys: which call of `write_rest` they were last part of.

Undo brings each datablock back by itself, so a mesh may meet the shape keys of another moment.
"""

_SUMS = "dreamface_shape_sums"
"""Custom property of shape keys: a key's name -> the sums of its displacement as we made it."""

_OFFSET_SUMS = "dreamface_offset_sums"
"""Custom property of shape keys: the sums of what was sculpted on the basis when ours were made."""


def positions(points: Any) -> Array:
    """[V, 3] positions of a mesh's vertices or of a shape key's points, metres."""
    values = np.empty(len(points) * 3, np.float32)
    points.foreach_get("co", values)
    return values.reshape(-1, 3)


def basis_of(mesh: bpy.types.Mesh) -> Array:
    """Return the [V, 3] neutral vertices of a mesh, in Object or Sculpt Mode, that belong to its `REST`; metres."""
    keys = mesh.shape_keys
    if keys is None or (_MOMENT in keys and keys[_MOMENT] != mesh.get(_MOMENT)):
        return positions(mesh.vertices)
    points = keys.reference_key.points
    return positions(points if len(points) == len(mesh.vertices) else mesh.vertices)  # a script may add vertices


def rest_of(mesh: bpy.types.Mesh) -> Array | None:
    """Return the [V, 3] vertices that the traits alone give, in metres; None where a mesh does not know them."""
    return read_vectors(mesh, REST)


def offset_of(mesh: bpy.types.Mesh) -> Array:
    """Return what was sculpted on a mesh, [V, 3] in metres.

    Files of older versions do not know what their traits said: there the mesh is taken for it, as it is.
    """
    rest = rest_of(mesh)
    if rest is None:
        return np.zeros((len(mesh.vertices), 3), np.float32)
    offset = basis_of(mesh) - rest
    if not np.isfinite(offset).all():
        offset[~np.isfinite(offset)] = 0.0
    built = built_offset_of(mesh)
    return offset if built is None else np.where(np.abs(offset - built) < ROUNDING, built, offset)


def built_offset_of(mesh: bpy.types.Mesh) -> Array | None:
    """Return the [V, 3] offset in metres that a mesh's face folder came with; None where it had none."""
    return read_vectors(mesh, BUILT_OFFSET)


def write_rest(mesh: bpy.types.Mesh, rest: Array) -> None:
    """Note the [V, 3] vertices in metres that the traits alone give."""
    write_vectors(mesh, REST, rest)
    mesh[_MOMENT] = uuid.uuid4().hex
    if mesh.shape_keys is not None:
        mesh.shape_keys[_MOMENT] = mesh[_MOMENT]


def write_built_offset(mesh: bpy.types.Mesh, offset: Array | None) -> None:
    """Note the [V, 3] offset in metres that the mesh's face folder has; None where it has none."""
    if offset is not None and offset.any():
        write_vectors(mesh, BUILT_OFFSET, offset)
    elif BUILT_OFFSET in mesh.attributes:
        mesh.attributes.remove(mesh.attributes[BUILT_OFFSET])


def note_shapes(mesh: bpy.types.Mesh, shapes: Mapping[str, tuple[Array, Array]]) -> None:
    """Remember shape keys as we have just made them.

    Args:
        mesh: with the keys.
        shapes: a key's name -> the vertices that it moves, [K], and by how much, [K, 3] in metres.
    """
    keys, count = mesh.shape_keys, len(mesh.vertices)
    if keys is None or not shapes:
        return
    if _SUMS not in keys:
        keys[_SUMS] = {}
    if _MOMENT not in keys and _MOMENT in mesh:
        keys[_MOMENT] = mesh[_MOMENT]
    for name, (vertices, deltas) in shapes.items():
        keys[_SUMS][name] = _to_store(count, _sparse_sums(count, vertices, deltas))
    keys[_OFFSET_SUMS] = _to_store(count, _sums(offset_of(mesh)))


def forget_shapes(mesh: bpy.types.Mesh, names: Iterable[str]) -> None:
    """Forget how shape keys were made, so that they are made anew although they were sculpted."""
    sums = mesh.shape_keys.get(_SUMS, {})
    for name in names:
        sums.pop(name, None)


def sculpted_keys(mesh: bpy.types.Mesh) -> list[str]:
    """Return the names of those shape keys of ours that were sculpted after we made them.

    A script may move the basis alone, which Edit and Sculpt Mode never do: what a key then differs more is not its own.
    """
    keys = mesh.shape_keys
    if keys is None or _SUMS not in keys:
        return []
    made, basis = keys[_SUMS], positions(keys.reference_key.points)
    moved_alone = np.nan_to_num(_sums(offset_of(mesh)) - _stored(keys, _OFFSET_SUMS, len(basis)))
    sculpted = []
    for key in keys.key_blocks:
        if key.name in made and key != keys.reference_key:
            change = _sums(positions(key.points) - basis) - _stored(made, key.name, len(basis))
            if _is_change(change) and _is_change(change + moved_alone):
                sculpted.append(key.name)
    return sculpted


def _is_change(sums: Array) -> bool:
    """Return whether a difference of sums is more than rounding; sums of another topology (NaN) say nothing."""
    return bool((np.abs(sums) > TOLERANCE).any())


def _stored(properties: Any, name: str, count: int) -> Array:
    """Return `_sums` from a custom property; NaN where it is not there, or was made for another number of vertices."""
    sums = np.frombuffer(properties[name], np.float32) if name in properties else _NOTHING
    return sums[1:] if sums[0] == count and len(sums) == 1 + _size(count) else np.full(_size(count), np.nan, np.float32)


_NOTHING = np.zeros(1, np.float32)


def _to_store(count: int, sums: Array) -> Array:
    return np.concatenate((np.array([count], np.float32), sums))


def _size(count: int) -> int:
    return 3 * -(-count // BLOCK)


def _sums(displacements: Array) -> Array:
    """[B * 3] float32: the weighted sums of displacements [V, 3] over each block of vertices."""
    return _sparse_sums(len(displacements), slice(len(displacements)), displacements)


def _sparse_sums(count: int, vertices: Array | slice, deltas: Array) -> Array:
    """`_sums` of displacements of `count` vertices, of which only `vertices` [K] move, by `deltas` [K, 3]."""
    blocks = np.zeros((_size(count) // 3 * BLOCK, 3), np.float32)
    blocks[vertices] = deltas
    return np.matmul(_weights(count).reshape(-1, 1, BLOCK), blocks.reshape(-1, BLOCK, 3)).reshape(-1)


@lru_cache(maxsize=64)
def _weights(count: int) -> Array:
    """[V + padding] from 1 to 2, spread by multiples of the golden ratio; the same in all versions of numpy."""
    return (1.0 + np.arange(_size(count) // 3 * BLOCK) * 0.6180339887498949 % 1.0).astype(np.float32)


def read_vectors(mesh: bpy.types.Mesh, name: str) -> Array | None:
    """Return an attribute's vector for every vertex, [V, 3]; None where a mesh has no such attribute."""
    attribute = mesh.attributes.get(name)
    fits = attribute is not None and (attribute.domain, attribute.data_type) == ("POINT", "FLOAT_VECTOR")
    if not fits or len(attribute.data) != len(mesh.vertices):
        return None
    values = np.empty(len(mesh.vertices) * 3, np.float32)
    attribute.data.foreach_get("vector", values)
    return values.reshape(-1, 3)


def write_vectors(mesh: bpy.types.Mesh, name: str, values: Array) -> None:
    """Give every vertex a vector, [V, 3], in place of what an attribute of that name holds."""
    attribute = mesh.attributes.get(name)
    if attribute is not None and (attribute.domain, attribute.data_type) != ("POINT", "FLOAT_VECTOR"):
        mesh.attributes.remove(attribute)
        attribute = None
    if attribute is None:
        attribute = mesh.attributes.new(name, "FLOAT_VECTOR", "POINT")
    attribute.data.foreach_set("vector", np.ascontiguousarray(values, np.float32).reshape(-1))
