"""Another face in the objects of one that is there, so that what an artist has built around it goes on working."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from .importing import ImportedFace, follow_skin, new_object
from .materials import new_materials
from .meshes import add_shape_keys, drive_shape_keys, has_topology, move_vertices, part_shapes, set_uv
from .reading import FaceFolder, read_face_folder
from .records import (
    PART,
    check_can_change,
    describe_part,
    describe_skin,
    lost_properties,
    parts_of,
    wear_expression,
)
from .repainting import repaint
from .replacing import remove_unused, replace_mesh


def update_face(skin: bpy.types.Object, folder: Path | str) -> ImportedFace:
    """Show the face in `folder` with the objects of the face that `skin` belongs to.

    Where the head has the same topology, objects and meshes stay and keep names, transforms, modifiers, constraints,
    animation, vertex groups, and an artist's own shape keys, which move along with the new neutral. Vertices, texture
    coordinates and the face's own shape keys are made anew. Materials: see `repaint`. The value of a shape key stays
    as it is, except where the new face's expression differs from the old one's: it is the new one's then. Parts that
    the artist has deleted stay deleted.

    A part with another topology, or whose mesh was edited into one, gets a new mesh in the old object, with new
    materials and vertex groups; shape keys keep value, limits, animation and drivers by name. A head from another head
    model gains and loses objects as it has parts.

    Raises:
        FaceFolderError: the folder cannot be read.
        SceneError: the objects cannot be changed now. Nothing was changed in either case.
    """
    face = read_face_folder(folder)
    objects = parts_of(skin)
    check_can_change(objects)
    if "dreamface_head" not in skin or skin not in objects or not skin.users_collection:
        raise lost_properties(skin)
    if skin["dreamface_head"] == face.document["head"]["model"]:
        _update_parts(objects, face)
        repaint(objects, face)
    else:
        objects = _change_head(skin, objects, face)
    describe_skin(skin, face)
    wear_expression(skin, face.document["traits"])
    parts = {object_[PART]: object_ for object_ in reversed(objects)}
    return ImportedFace(skin.users_collection[0], skin, parts, face)


def _update_parts(objects: list[bpy.types.Object], face: FaceFolder) -> None:
    """Give each object the new face's part of its name; the skin comes first."""
    skin, parts = objects[0], _by_name(face)
    for object_ in objects:
        part = parts.get(object_[PART])
        if part is None:
            continue
        if has_topology(object_.data, face, part):
            _update_mesh(object_, face, part, skin)
        else:
            replace_mesh(object_, face, part, list(object_.data.materials), skin)
        describe_part(object_, face, part)


def _update_mesh(object_: bpy.types.Object, face: FaceFolder, part: dict[str, Any], skin: bpy.types.Object) -> None:
    first, last = part["vertices"]
    shapes = part_shapes(face.arrays, face.document["shapes"], first, last)
    set_uv(object_.data, face, part)
    move_vertices(object_.data, face.arrays["vertices"][first:last], shapes)
    added = add_shape_keys(face, part, object_, all_of_them=object_ == skin)
    if object_ != skin:
        drive_shape_keys(object_, skin, added)


def _change_head(skin: bpy.types.Object, objects: list[bpy.types.Object], face: FaceFolder) -> list[bpy.types.Object]:
    """Turn the objects into those of another head model; returns them, the skin first."""
    parts, materials = _by_name(face), new_materials(face)
    kept = [object_ for object_ in objects if object_[PART] in parts]
    for object_ in kept:
        part = parts[object_[PART]]
        replace_mesh(object_, face, part, [materials[part["material"]]], skin)
        describe_part(object_, face, part)
    for object_ in objects:
        if object_ not in kept:
            mesh = object_.data
            bpy.data.objects.remove(object_)
            remove_unused(mesh)
    missing = parts.keys() - {object_[PART] for object_ in kept}
    added = [new_object(face, parts[name], materials, skin.users_collection[0]) for name in parts if name in missing]
    for object_ in added:
        follow_skin(object_, skin)
    return kept + added


def _by_name(face: FaceFolder) -> dict[str, dict[str, Any]]:
    return {part["name"]: part for part in face.document["parts"]}
