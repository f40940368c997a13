"""From a face folder to objects in the scene."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import bpy

from .checking import SKIN
from .colours import colour_warning
from .edits import describe_edits
from .hair import put_hair
from .leftovers import all_or_nothing
from .materials import new_materials
from .meshes import add_neck_ring, add_shape_keys, add_vertex_groups, drive_shape_keys, new_mesh
from .naming import call_face, free_name, name_from
from .nodes import is_invisible
from .reading import FaceFolder, FaceObject, read_face_folder
from .records import GIVEN, describe_part, describe_skin, wear_expression
from .solid import colour_solid
from .wrinkles import fold_skin

VARIATION = "variation.json"
"""In a face folder: it is a variation that nobody has picked, and is deleted after a week."""

LAYERS = 48
"""How many clear layers light may pass: two rows of lashes, three cards each, there and back, and other things."""

RAYS = ("camera", "diffuse", "glossy", "transmission", "volume_scatter", "shadow")
"""What an object can be hidden from."""


@dataclass(frozen=True)
class ImportedFace:
    """The objects that a face became.

    Attributes:
        collection: all of them, and nothing else.
        skin: the object to move, and whose shape keys to animate; the others are its children.
        parts: name in the head model -> object, the skin included; see `FaceObject`.
        face: the folder that it came from.
        warning: what the artist has to know about it, as a sentence; usually nothing.
    """

    collection: bpy.types.Collection
    skin: bpy.types.Object
    parts: dict[str, bpy.types.Object]
    face: FaceFolder
    warning: str = ""


def import_face(folder: Path | str, collection: bpy.types.Collection | None = None, name: str = "") -> ImportedFace:
    """Build a face's objects, each time anew, in a collection of their own.

    The skin gets all shape keys, the 52 of ARKit first, at the face's own expression; the keys of the other parts are
    driven by them. What the objects remember of the face is described in `records`.

    Args:
        folder: a face folder.
        collection: the collection to put the new one into; the scene's where it is None.
        name: what the face is called; empty takes a name from its prompt. A number follows where it is taken.

    Raises:
        FaceFolderError: the folder cannot be read; nothing was built.
    """
    face = read_face_folder(folder)
    want(face)
    with all_or_nothing():
        return _build(face, collection or bpy.context.scene.collection, name)


def want(face: FaceFolder) -> None:
    """Say that somebody uses a face folder: a variation that is in a scene is not deleted after a week."""
    with contextlib.suppress(OSError):
        (face.path / VARIATION).unlink(missing_ok=True)


def _build(face: FaceFolder, parent: bpy.types.Collection, name: str) -> ImportedFace:
    document = face.document
    called = free_name(name or name_from(document["prompt"]))
    home = bpy.data.collections.new(called)
    home[GIVEN] = home.name
    parent.children.link(home)
    materials = new_materials(face)
    parts = {name: new_object(face, piece, materials, home) for name, piece in face.objects.items()}
    skin = parts[SKIN]
    for part in parts.values():
        follow_skin(part, skin)
    describe_skin(skin, face)
    describe_edits(skin, document, face.path)
    wear_expression(skin, document["traits"])
    fold_skin(skin, face.wrinkles)
    colour_solid(list(parts.values()), face)
    put_hair(skin, face.groom or ())
    call_face(skin, called)
    for scene in skin.users_scene:
        see_through_lashes(scene)
    return ImportedFace(home, skin, parts, face, colour_warning())


def see_through_lashes(scene: bpy.types.Scene) -> None:
    """Let Cycles look through as many layers as lashes have; a ray that meets more than it may ends in black.

    Where upper and lower lashes cross, Blender's usual limit would make a solid wedge of them, and of their shadow.
    """
    if hasattr(scene, "cycles"):  # an add-on, which may be switched off
        scene.cycles.transparent_max_bounces = max(scene.cycles.transparent_max_bounces, LAYERS)


def follow_skin(object_: bpy.types.Object, skin: bpy.types.Object) -> None:
    """Let a new object move with the skin and its shape keys."""
    if object_ == skin:
        return
    object_.parent = skin
    keys = object_.data.shape_keys
    drive_shape_keys(object_, skin, keys.key_blocks.keys()[1:] if keys else ())


def new_object(
    face: FaceFolder, piece: FaceObject, materials: dict[str, bpy.types.Material], home: bpy.types.Collection
) -> bpy.types.Object:
    """One object in the collection `home`."""
    mesh = new_mesh(face, piece, [materials[name] for name in piece.materials])
    object_ = bpy.data.objects.new(piece.name, mesh)
    home.objects.link(object_)
    describe_part(object_, face, piece)
    if piece.materials and all(is_invisible(face.document["materials"][name]) for name in piece.materials):
        for ray in RAYS:  # each would count it as one more layer to look through
            setattr(object_, f"visible_{ray}", False)
        object_.hide_viewport = True  # Solid view would show it
    add_vertex_groups(face, piece, object_)
    add_neck_ring(face, piece, object_)
    add_shape_keys(face, piece, object_, all_of_them=piece.name == SKIN)
    return object_
