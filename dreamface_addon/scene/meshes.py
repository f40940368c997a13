"""Objects of a face as Blender meshes with shape keys and vertex groups; numpy in, foreach_set out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import bpy
import numpy as np

from .reading import FaceFolder, FaceObject
from .rigs import RING
from .sculpting import (
    Array,
    basis_of,
    note_shapes,
    offset_of,
    positions,
    sculpted_keys,
    write_built_offset,
    write_rest,
)

Shape = tuple[str, Array, Array]
"""A blend shape's name, the vertices that it moves, [K], and by how much, [K, 3] in metres."""

UV_MAP = "UVMap"

WEIGHT_STEPS = 255
"""Vertex group weights are rounded to this many steps: Blender takes one weight for many vertices at once, not many."""


def new_mesh(face: FaceFolder, piece: FaceObject, materials: list[bpy.types.Material | None]) -> bpy.types.Mesh:
    """One object's neutral mesh: quads and triangles, one UV map, smooth shading, and what the traits alone give.

    Args:
        face: where it comes from.
        piece: the object.
        materials: for its slots; the first of them are those of `piece.materials`, in that order.
    """
    corners, starts = _corners(face, piece)
    mesh = bpy.data.meshes.new(piece.name)
    mesh.vertices.add(_count(piece))
    vertices, offset = face.arrays["vertices"][slice(*piece.vertices)], face.offset[slice(*piece.vertices)]
    mesh.vertices.foreach_set("co", _flat(vertices))
    mesh.loops.add(len(corners))
    mesh.loops.foreach_set("vertex_index", corners)
    mesh.polygons.add(len(starts))
    mesh.polygons.foreach_set("loop_start", starts)
    mesh.uv_layers.new(name=UV_MAP)
    set_uv(mesh, face, piece)
    mesh.update(calc_edges=True)
    mesh.shade_smooth()
    for material in materials:
        mesh.materials.append(material)
    if len(piece.materials) > 1:
        slots = [piece.materials.index(part["material"]) for part in piece.parts]
        counts = [part["faces"][1] - part["faces"][0] for part in piece.parts]
        mesh.polygons.foreach_set("material_index", np.repeat(slots, counts).astype(np.int32))
    write_rest(mesh, vertices - offset)
    write_built_offset(mesh, offset)
    return mesh


def has_topology(mesh: bpy.types.Mesh, face: FaceFolder, piece: FaceObject) -> bool:
    """Whether a mesh has the vertices and faces of an object, wherever the vertices are."""
    corners, starts = _corners(face, piece)
    if (len(mesh.vertices), len(mesh.polygons), len(mesh.loops)) != (_count(piece), len(starts), len(corners)):
        return False
    found, found_starts = np.empty_like(corners), np.empty_like(starts)
    mesh.loops.foreach_get("vertex_index", found)
    mesh.polygons.foreach_get("loop_start", found_starts)
    return np.array_equal(found, corners) and np.array_equal(found_starts, starts)


def set_uv(mesh: bpy.types.Mesh, face: FaceFolder, piece: FaceObject) -> None:
    """Give a mesh the object's texture coordinates, in our own UV map; none where an artist has removed that."""
    layer = mesh.uv_layers.get(UV_MAP)
    if layer is not None:
        faces = slice(*piece.faces)
        corners = face.arrays["face_uvs"][faces][_is_corner(face.arrays["faces"][faces])]
        layer.uv.foreach_set("vector", _flat(face.arrays["uv"][corners]))


def object_shapes(arrays: dict[str, Array], names: list[str], first: int, last: int) -> Iterator[Shape]:
    """All blend shapes, in order, as they move the vertices first:last of a head.

    Args:
        arrays: `shape_offsets` [S + 1], `shape_vertices` [K] and `shape_deltas` [K, 3] in metres: shape i moves
            shape_vertices[offsets[i]:offsets[i + 1]] by shape_deltas of the same rows.
        names: the S names.
        first: index of the object's first vertex.
        last: one more than the index of its last.
    """
    inside = (arrays["shape_vertices"] >= first) & (arrays["shape_vertices"] < last)
    rows = np.flatnonzero(inside)
    vertices, deltas = arrays["shape_vertices"][rows] - first, arrays["shape_deltas"][rows]
    offsets = np.searchsorted(rows, arrays["shape_offsets"])
    for name, start, stop in zip(names, offsets[:-1], offsets[1:], strict=True):
        yield name, vertices[start:stop], deltas[start:stop]


def add_shape_keys(face: FaceFolder, piece: FaceObject, object_: bpy.types.Object, all_of_them: bool) -> list[str]:
    """Add the shape keys that move the object, or all of them, at the weights of the face's expression.

    Keys that are there already stay as they are. Returns the names of those that were added.
    """
    first, last = piece.vertices
    neutral = basis_of(object_.data)
    keys = object_.data.shape_keys
    existing, added = set(keys.key_blocks.keys() if keys else ()), {}
    for name, vertices, deltas in object_shapes(face.arrays, face.document["shapes"], first, last):
        if name in existing or not (all_of_them or vertices.size):
            continue
        if object_.data.shape_keys is None:
            object_.shape_key_add(name="Basis", from_mix=False)
        key = object_.shape_key_add(name=name, from_mix=False)
        key.points.foreach_set("co", _flat(_moved(neutral, vertices, deltas)))
        key.value = face.expression(name)  # set always: what a new key starts at differs between Blender versions
        added[name] = (vertices, deltas)
    note_shapes(object_.data, added)
    return list(added)


def move_vertices(mesh: bpy.types.Mesh, rest: Array, shapes: Iterable[Shape] = (), offset: Array | None = None) -> None:
    """Give a mesh the vertices that its traits ask for now, with what was sculpted on top; its shape keys go along.

    Args:
        mesh: of V vertices.
        rest: [V, 3] positions in metres that the traits alone give. Where nothing was sculpted the basis gets them
            exactly.
        shapes: keys to make anew, unless they were sculpted. All others, an artist's own among them, keep how they
            differ from the basis.
        offset: [V, 3] metres of what is sculpted from now on; None for what is.
    """
    anew = {name: (vertices, deltas) for name, vertices, deltas in shapes}
    neutral = rest + (offset_of(mesh) if offset is None else offset)
    keys = mesh.shape_keys
    if keys is not None:
        for name in sculpted_keys(mesh) if anew else ():
            anew.pop(name, None)
        basis = keys.reference_key
        delta: Array = neutral - positions(basis.points)
        for key in keys.key_blocks:
            if key == basis:
                moved = neutral
            elif key.name in anew:
                moved = _moved(neutral, *anew[key.name])
            else:
                moved = positions(key.points) + delta
            key.points.foreach_set("co", _flat(moved))
    mesh.vertices.foreach_set("co", _flat(neutral))
    write_rest(mesh, rest)
    if keys is not None:
        note_shapes(mesh, {name: shape for name, shape in anew.items() if name in keys.key_blocks})
    mesh.update()


def _moved(neutral: Array, vertices: Array, deltas: Array) -> Array:
    moved = neutral.copy()
    moved[vertices] += deltas
    return moved


def drive_shape_keys(object_: bpy.types.Object, skin: bpy.types.Object, names: Iterable[str]) -> None:
    """Make shape keys of `object_` follow those of the same names on the skin.

    The driver is a plain sum of one variable, not a script: it works in files that may not run Python.
    """
    for name in names:
        key = object_.data.shape_keys.key_blocks[name]
        driver = key.driver_add("value").driver
        driver.type = "SUM"
        variable = driver.variables.new()
        variable.name = "weight"
        target = variable.targets[0]
        target.id_type = "KEY"
        target.id = skin.data.shape_keys
        target.data_path = f'key_blocks["{key.name}"].value'


def add_vertex_groups(face: FaceFolder, piece: FaceObject, object_: bpy.types.Object) -> None:
    """Add a vertex group for each region that covers some of the object."""
    first, last = piece.vertices
    for name, (vertices, weights) in face.regions().items():
        inside = (vertices >= first) & (vertices < last)
        steps = np.rint(weights[inside] * WEIGHT_STEPS).astype(np.int64)
        local = vertices[inside] - first
        if not steps.any():
            continue
        group = object_.vertex_groups.new(name=name)
        for step in np.unique(steps[steps > 0]):
            group.add(local[steps == step].tolist(), step / WEIGHT_STEPS, "REPLACE")


def add_neck_ring(face: FaceFolder, piece: FaceObject, object_: bpy.types.Object) -> None:
    """Add the vertex group of the neck's open end, where the face knows it and it is the object's."""
    rig = face.rig
    ring = rig.ring if rig is not None else np.zeros(0, np.int32)
    inside = ring[(ring >= piece.vertices[0]) & (ring < piece.vertices[1])]
    if inside.size and RING not in object_.vertex_groups:
        object_.vertex_groups.new(name=RING).add((inside - piece.vertices[0]).tolist(), 1.0, "REPLACE")


def _count(piece: FaceObject) -> int:
    first, last = piece.vertices
    return last - first


def _corners(face: FaceFolder, piece: FaceObject) -> tuple[Array, Array]:
    """[C] int32 vertices at the corners of an object's faces, its first vertex being 0; [F] where each face begins."""
    faces = face.arrays["faces"][slice(*piece.faces)]
    present = _is_corner(faces)
    starts = np.cumsum(present.sum(axis=1)) - present.sum(axis=1)
    return (faces[present] - piece.vertices[0]).astype(np.int32), starts.astype(np.int32)


def _is_corner(faces: Array) -> Array:
    """[F, 4]: whether a face has a corner there; a triangle is stored as a quad whose last corner comes twice."""
    present = np.ones(faces.shape, bool)
    present[:, 3] = faces[:, 3] != faces[:, 2]
    return present


def _flat(values: Any) -> Any:
    return np.ascontiguousarray(values, np.float32).reshape(-1)
