"""From a face folder to objects in the scene."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from .materials import load_images, new_material
from .meshes import add_shape_keys, add_vertex_groups, drive_shape_keys, new_mesh
from .reading import FaceFolder, read_face_folder

SKIN = "skin"
"""The part that carries all shape keys and custom properties, and that the other parts follow."""

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
    driven by them. Its custom properties are dreamface_face_id, dreamface_prompt, dreamface_seed (as text: it may not
    fit Blender's integers) and dreamface_traits (as JSON).

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
    used = dict.fromkeys(part["material"] for part in document["parts"])
    images = load_images(face)
    materials = {
        name: new_material(document["materials"][name], images.get(document["materials"][name]["tile"], {}))
        for name in used
    }
    parts = {part["name"]: _new_object(face, part, materials, home) for part in document["parts"]}
    skin = parts[SKIN]
    for object_ in parts.values():
        if object_ is not skin:
            object_.parent = skin
            drive_shape_keys(object_, skin)
    _describe(skin, document)
    return ImportedFace(home, skin, parts, face)


def _new_object(
    face: FaceFolder, part: dict[str, Any], materials: dict[str, bpy.types.Material], home: bpy.types.Collection
) -> bpy.types.Object:
    mesh = new_mesh(face, part, materials[part["material"]])
    object_ = bpy.data.objects.new(part["name"], mesh)
    home.objects.link(object_)
    add_vertex_groups(face, part, object_)
    add_shape_keys(face, part, object_, all_of_them=part["name"] == SKIN)
    if face.document["materials"][part["material"]]["transmission"] > 0.0:
        object_.visible_shadow = False  # path tracers would leave the iris behind the cornea in the dark
    return object_


def _describe(skin: bpy.types.Object, document: dict[str, Any]) -> None:
    skin["dreamface_face_id"] = document["face_id"]
    skin["dreamface_prompt"] = document["prompt"]
    skin["dreamface_seed"] = str(document["seed"])
    skin["dreamface_traits"] = json.dumps(document["traits"])
