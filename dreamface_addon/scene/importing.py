"""From a face folder to objects in the scene."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from .checking import SKIN
from .materials import new_materials
from .meshes import add_shape_keys, add_vertex_groups, drive_shape_keys, new_mesh
from .reading import FaceFolder, read_face_folder
from .records import describe_part, describe_skin, wear_expression

NAME_LENGTH = 40  # characters of the prompt in the collection's name


@dataclass(frozen=True)
class ImportedFace:
    """The objects that a face became.

    Attributes:
        collection: all of them, and nothing else.
        skin: the object to move, and whose shape keys to animate; the others are its children.
        parts: part name -> object, the skin included.
        face: the folder that it came from.
    """

    collection: bpy.types.Collection
    skin: bpy.types.Object
    parts: dict[str, bpy.types.Object]
    face: FaceFolder


def import_face(folder: Path | str, collection: bpy.types.Collection | None = None) -> ImportedFace:
    """Build a face's objects, each time anew, in a collection of their own.

    The skin gets all shape keys, the 52 of ARKit first, at the face's own expression; the keys of the other parts are
    driven by them. What the objects remember of the face is described in `records`.

    Args:
        folder: a face folder.
        collection: the collection to put the new one into; the scene's where it is None.

    Raises:
        FaceFolderError: the folder cannot be read; nothing was built.
    """
    face = read_face_folder(folder)
    document = face.document
    home = bpy.data.collections.new(document["prompt"][:NAME_LENGTH].strip() or document["face_id"])
    (collection or bpy.context.scene.collection).children.link(home)
    materials = new_materials(face)
    parts = {part["name"]: new_object(face, part, materials, home) for part in document["parts"]}
    skin = parts[SKIN]
    for part in parts.values():
        follow_skin(part, skin)
    describe_skin(skin, face)
    wear_expression(skin, document["traits"])
    return ImportedFace(home, skin, parts, face)


def follow_skin(object_: bpy.types.Object, skin: bpy.types.Object) -> None:
    """Let a new object move with the skin and its shape keys."""
    if object_ == skin:
        return
    object_.parent = skin
    keys = object_.data.shape_keys
    drive_shape_keys(object_, skin, keys.key_blocks.keys()[1:] if keys else ())


def new_object(
    face: FaceFolder, part: dict[str, Any], materials: dict[str, bpy.types.Material], home: bpy.types.Collection
) -> bpy.types.Object:
    """One part as an object in the collection `home`."""
    mesh = new_mesh(face, part, [materials[part["material"]]])
    object_ = bpy.data.objects.new(part["name"], mesh)
    home.objects.link(object_)
    describe_part(object_, face, part)
    add_vertex_groups(face, part, object_)
    add_shape_keys(face, part, object_, all_of_them=part["name"] == SKIN)
    if face.document["materials"][part["material"]]["transmission"] > 0.0:
        object_.visible_shadow = False  # path tracers would leave the iris behind the cornea in the dark
    return object_
