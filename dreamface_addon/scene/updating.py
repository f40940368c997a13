"""Another face in the objects of one that is there, so that what an artist has built around it goes on working."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from .applying import check_not_applied
from .armature import renew_rig
from .attachments import unpack_offset
from .cards import remove_cards, show_newer_hair
from .carrying import SAME_PLACE, Map, map_between, sculpture_of
from .checking import SKIN
from .edits import describe_edits
from .hair import deleted_hair, edited_hair, keep_edited_hair, put_hair, settle_hair
from .importing import ImportedFace, follow_skin, new_object, see_through_lashes, want
from .materials import new_materials, values_of
from .meshes import add_shape_keys, drive_shape_keys, has_topology, move_vertices, object_shapes, set_uv
from .naming import name_after_update
from .patching import show_folder
from .reading import FaceFolder, FaceObject, read_face_folder
from .records import (
    PART,
    check_can_change,
    describe_part,
    describe_skin,
    hair_objects_of,
    lost_properties,
    parts_of,
    wear_expression,
)
from .repainting import repaint
from .replacing import Replaced, keep_mesh, remove_unused, replace_mesh, warning_about
from .sculpting import Array, built_offset_of, offset_of, write_built_offset
from .solid import colour_solid
from .surface import why_no_hair_map
from .visemes import add_visemes, has_visemes
from .wrinkles import fold_skin


def update_face(
    skin: bpy.types.Object,
    folder: Path | str,
    sent_offset: bytes | None = None,
    edits: list[dict[str, Any]] | None = None,
) -> ImportedFace:
    """Show the face in `folder` with the objects of the face that `skin` belongs to.

    What an artist has sculpted stays on top of the new face, unless the folder holds it already.

    Where the head has the same topology, objects and meshes stay and keep names, transforms, modifiers, constraints,
    animation, vertex groups, and an artist's own shape keys, which move along with the new neutral. Vertices, texture
    coordinates and the face's own shape keys, unless they were sculpted, are made anew. Materials: see `repaint`. The
    value of a shape key stays as it is, except where the new face's expression differs from the old one's: it is the
    new one's then. Parts that the artist has deleted stay deleted.
    Hair is the new face's, except where an artist has edited it, which goes along with the skin, or deleted it: that
    stays away.

    An object with another topology, or whose mesh was edited into one, gets a new mesh, with new materials and vertex
    groups; shape keys keep value, limits, animation and drivers by name. An artist's own shape keys and vertex groups
    do not fit the new mesh: the old one is kept in the file with them, and `ImportedFace.warning` says so. A head from
    another head model gains and loses objects as it has parts, and takes its own hair along.

    Args:
        skin: the face's.
        folder: with the new face.
        sent_offset: the offset with which the folder was asked for; see `files_of`.
        edits: the stack that the face has afterwards; None is the folder's.

    Raises:
        FaceFolderError: the folder cannot be read.
        SceneError: the objects cannot be changed now. Nothing was changed in either case.
    """
    face = read_face_folder(folder)
    objects = parts_of(skin)
    check_can_change([*objects, *hair_objects_of(skin).values()])
    check_not_applied(skin)
    if "dreamface_head" not in skin or skin not in objects or not skin.users_collection:
        raise lost_properties(skin)
    deleted, had_visemes = deleted_hair(skin), has_visemes(skin)
    if skin["dreamface_head"] == face.document["head"]["model"]:
        sent = unpack_offset(sent_offset, len(face.arrays["vertices"])) if sent_offset is not None else None
        replaced = _update_objects(objects, face, sent)
        repaint(objects, face)
        warnings = [warning_about(replaced)]
    else:
        remove_cards(skin)
        objects, replaced = _change_head(skin, objects, face)
        warnings = [warning_about(replaced), keep_edited_hair(skin)]
    warnings.append(_update_hair(skin, face, deleted))
    show_newer_hair(skin)
    prompt_before = str(skin.get("dreamface_prompt", ""))
    describe_skin(skin, face)
    describe_edits(skin, face.document, face.path, edits)
    if had_visemes:
        add_visemes(skin)
    renew_rig(skin)
    wear_expression(skin, face.document["traits"])
    fold_skin(skin, face.wrinkles)
    colour_solid(objects, face)
    from_photographs = any(step.get("from") == "photograph" for step in face.document["history"])
    name_after_update(skin, skin["dreamface_prompt"] if from_photographs else prompt_before)  # which names nobody
    for scene in skin.users_scene:
        see_through_lashes(scene)
    want(face)
    parts = {object_[PART]: object_ for object_ in reversed(objects)}
    return ImportedFace(skin.users_collection[0], skin, parts, face, " ".join(filter(None, warnings)))


def adopt_face(skin: bpy.types.Object, folder: Path | str, edits: list[dict[str, Any]]) -> bool:
    """Let a face be the one in `folder`, which differs from it in what its textures show already; see `show_folder`.

    Args:
        skin: the face's.
        folder: with the face.
        edits: the stack that the face has afterwards.

    Returns:
        False where it differs in more: nothing was changed, and `update_face` has to be called.

    Raises:
        FaceFolderError: the folder cannot be read.
    """
    face = read_face_folder(folder)
    if skin.get("dreamface_head") != face.document["head"]["model"] or not show_folder(skin, face):
        return False
    describe_skin(skin, face)
    describe_edits(skin, face.document, face.path, edits)
    return True


def _update_hair(skin: bpy.types.Object, face: FaceFolder, deleted: list[str]) -> str:
    """Give the skin the face's hair, except where an artist has edited what is there, or deleted it.

    Returns:
        Why it has not got it, as a sentence, or nothing.
    """
    kept = [*edited_hair(skin), *deleted]
    why_not = why_no_hair_map(skin) if any(hair.region not in kept for hair in face.groom or ()) else ""
    if face.groom is None or why_not:
        settle_hair(skin)
    else:
        built = face.arrays["vertices"][slice(*face.objects[SKIN].vertices)]
        put_hair(skin, face.groom, kept, grown_on=built)
    return why_not


def _update_objects(objects: list[bpy.types.Object], face: FaceFolder, sent: Array | None) -> list[Replaced]:
    """Give each object the new face's of its name; the skin comes first. Returns what became of replaced meshes."""
    skin, replaced = objects[0], []
    edited = [object_ for object_ in objects if object_[PART] in face.objects and not _fits(object_, face)]
    place = _place(edited, skin, face)
    for object_ in objects:
        piece = face.objects.get(object_[PART])
        if piece is None:
            continue
        if object_ not in edited:
            _update_mesh(object_, face, piece, skin, sent)
        else:
            slots, without_built = _slots(object_, face, piece), face.has_offset and sent is None
            replaced.append(replace_mesh(object_, face, piece, slots, skin, place, without_built))
        describe_part(object_, face, piece)
    return replaced


def _fits(object_: bpy.types.Object, face: FaceFolder) -> bool:
    return has_topology(object_.data, face, face.objects[object_[PART]])


def _place(replaced: list[bpy.types.Object], skin: bpy.types.Object, face: FaceFolder) -> Map:
    """Return where places on the old head are on the new one; only looked for where it is needed."""
    needed = any(sculpture_of(object_) is not None for object_ in replaced)
    return map_between(skin, face) if needed else SAME_PLACE


def _update_mesh(
    object_: bpy.types.Object, face: FaceFolder, piece: FaceObject, skin: bpy.types.Object, sent: Array | None
) -> None:
    first, last = piece.vertices
    shapes = object_shapes(face.arrays, face.document["shapes"], first, last)
    set_uv(object_.data, face, piece)
    offset = offset_of(object_.data)
    rest = face.arrays["vertices"][first:last]
    if face.has_offset:
        built = face.offset[first:last]
        known = sent[first:last] if sent is not None else built_offset_of(object_.data)
        offset = offset + built if known is None else offset - known + built
        rest = rest - built
        write_built_offset(object_.data, built)
    move_vertices(object_.data, rest, shapes, offset)
    added = add_shape_keys(face, piece, object_, all_of_them=object_ == skin)
    if object_ != skin:
        drive_shape_keys(object_, skin, added)


def _slots(object_: bpy.types.Object, face: FaceFolder, piece: FaceObject) -> list[bpy.types.Material | None]:
    """An object's materials for a new mesh: for each of the face's the slot that stands for it, then the artist's.

    That is a slot with the face's own material, best in its old place; else what the artist has put into its place;
    else any other. One material may be in several slots, and a slot may be empty.
    """
    old, described = list(object_.data.materials), face.document["materials"]
    wanted = [described[name] for name in piece.materials]
    chosen: dict[int, int] = {}  # place in the new mesh -> place in the old one
    best_first: tuple[Callable[[int, int], bool], ...] = (
        lambda new, place: new == place and _is_made_from(old[place], wanted[new]),
        lambda new, place: _is_made_from(old[place], wanted[new]),
        lambda new, place: new == place,
        lambda new, place: True,
    )
    for fits in best_first:
        for new in range(len(wanted)):
            free = [place for place in range(len(old)) if place not in chosen.values() and fits(new, place)]
            if new not in chosen and free:
                chosen[new] = free[0]
    worn_beyond = old[-1] if old else None  # Blender shows faces beyond the slots with the last one
    slots = [old[chosen[new]] if new in chosen else worn_beyond for new in range(len(wanted))]
    return slots + [material for place, material in enumerate(old) if place not in chosen.values()]


def _is_made_from(material: bpy.types.Material | None, values: dict[str, Any]) -> bool:
    return values_of(material).get("name") == values["name"]


def _change_head(
    skin: bpy.types.Object, objects: list[bpy.types.Object], face: FaceFolder
) -> tuple[list[bpy.types.Object], list[Replaced]]:
    """Turn the objects into those of another head model; returns them, the skin first, and what became of meshes."""
    pieces, materials = face.objects, new_materials(face)
    staying = [object_ for object_ in objects if object_[PART] in pieces]
    leaving = [object_ for object_ in objects if object_ not in staying]
    replaced = [Replaced(keep_mesh(object_, skin, sculpture_of(object_) is not None)) for object_ in leaving]
    place = _place(staying, skin, face)
    for object_ in staying:
        piece = pieces[object_[PART]]
        slots = [materials[name] for name in piece.materials]
        replaced.append(replace_mesh(object_, face, piece, slots, skin, place, face.has_offset))
        describe_part(object_, face, piece)
    for object_ in leaving:
        mesh = object_.data
        bpy.data.objects.remove(object_)
        remove_unused(mesh)
    missing = pieces.keys() - {object_[PART] for object_ in staying}
    added = [
        new_object(face, piece, materials, skin.users_collection[0])
        for piece in pieces.values()
        if piece.name in missing
    ]
    for object_ in added:
        follow_skin(object_, skin)
    return staying + added, replaced
