"""Parts of a face as Blender meshes with shape keys and vertex groups; numpy in, foreach_set out."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from .reading import FaceFolder

WEIGHT_STEPS = 255
"""Vertex group weights are rounded to this many steps: Blender takes one weight for many vertices at once, not many."""


def new_mesh(face: FaceFolder, part: dict[str, Any], material: bpy.types.Material) -> bpy.types.Mesh:
    """One part's neutral mesh: quads, one UV map, smooth shading."""
    first, last = part["vertices"]
    faces = slice(*part["faces"])
    quads = face.arrays["faces"][faces] - first
    uv = face.arrays["uv"][face.arrays["face_uvs"][faces].reshape(-1)]
    mesh = bpy.data.meshes.new(part["name"])
    mesh.vertices.add(last - first)
    mesh.vertices.foreach_set("co", _flat(face.arrays["vertices"][first:last]))
    mesh.loops.add(quads.size)
    mesh.loops.foreach_set("vertex_index", np.ascontiguousarray(quads, np.int32).reshape(-1))
    mesh.polygons.add(len(quads))
    mesh.polygons.foreach_set("loop_start", np.arange(0, quads.size, 4, dtype=np.int32))
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", _flat(uv))
    mesh.update(calc_edges=True)
    mesh.shade_smooth()
    mesh.materials.append(material)
    return mesh


def add_shape_keys(face: FaceFolder, part: dict[str, Any], object_: bpy.types.Object, all_of_them: bool) -> None:
    """Add the shape keys that move the part, or all of them, at the weights of the face's expression."""
    first, last = part["vertices"]
    neutral = face.arrays["vertices"][first:last]
    for index, name in enumerate(face.document["shapes"]):
        vertices, deltas = face.shape(index)
        inside = (vertices >= first) & (vertices < last)
        if not (all_of_them or inside.any()):
            continue
        if object_.data.shape_keys is None:
            object_.shape_key_add(name="Basis", from_mix=False)
        moved = neutral.copy()
        moved[vertices[inside] - first] += deltas[inside]
        key = object_.shape_key_add(name=name, from_mix=False)
        key.points.foreach_set("co", _flat(moved))
        key.value = face.expression(name)  # set always: what a new key starts at differs between Blender versions


def drive_shape_keys(object_: bpy.types.Object, skin: bpy.types.Object) -> None:
    """Make each shape key of `object_` follow the one of the same name on the skin.

    The driver is a plain sum of one variable, not a script: it works in files that may not run Python.
    """
    if object_.data.shape_keys is None:
        return
    for key in object_.data.shape_keys.key_blocks[1:]:
        driver = key.driver_add("value").driver
        driver.type = "SUM"
        variable = driver.variables.new()
        variable.name = "weight"
        target = variable.targets[0]
        target.id_type = "KEY"
        target.id = skin.data.shape_keys
        target.data_path = f'key_blocks["{key.name}"].value'


def add_vertex_groups(face: FaceFolder, part: dict[str, Any], object_: bpy.types.Object) -> None:
    """Add a vertex group for each region that covers some of the part."""
    first, last = part["vertices"]
    for name, (vertices, weights) in face.regions().items():
        inside = (vertices >= first) & (vertices < last)
        steps = np.rint(weights[inside] * WEIGHT_STEPS).astype(np.int64)
        local = vertices[inside] - first
        if not steps.any():
            continue
        group = object_.vertex_groups.new(name=name)
        for step in np.unique(steps[steps > 0]):
            group.add(local[steps == step].tolist(), step / WEIGHT_STEPS, "REPLACE")


def _flat(values: Any) -> Any:
    return np.ascontiguousarray(values, np.float32).reshape(-1)
