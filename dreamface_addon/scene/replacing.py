"""A mesh of another topology in an object that is there; its shape keys behave like the old ones of the same names."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from .checking import SKIN
from .meshes import add_shape_keys, add_vertex_groups, drive_shape_keys, new_mesh
from .reading import FaceFolder, FaceObject
from .records import own_names


@dataclass(frozen=True)
class KeptMesh:
    """A mesh that no object shows any more, left in the file for what an artist has made on it.

    Attributes:
        mesh: its name.
        made: names of the artist's own shape keys and vertex groups in it.
    """

    mesh: str
    made: tuple[str, ...]


def replace_mesh(
    object_: bpy.types.Object,
    face: FaceFolder,
    piece: FaceObject,
    materials: list[bpy.types.Material | None],
    skin: bpy.types.Object,
) -> KeptMesh | None:
    """Build an object of a face in one that has another mesh.

    The object keeps everything but its vertex groups. Shape keys keep value, limits, muting, action and drivers by
    name, and whatever was driven by the old ones is driven by the new. What an artist has made on the old mesh does not
    fit the new one: the old mesh is then kept.

    Args:
        object_: with the old mesh.
        face: the new face.
        piece: what the object becomes.
        materials: see `new_mesh`.
        skin: of the face; it still says which face it was.
    """
    old, name = object_.data, object_.data.name
    kept = keep_mesh(object_, skin)
    object_.data = new_mesh(face, piece, materials)
    object_.vertex_groups.clear()
    add_vertex_groups(face, piece, object_)
    added = add_shape_keys(face, piece, object_, all_of_them=piece.name == SKIN)
    old_keys, new_keys = old.shape_keys, object_.data.shape_keys
    if old_keys is not None and new_keys is not None:
        _carry_over(old_keys, new_keys)
        added = [name for name in added if name not in old_keys.key_blocks]
    if object_ != skin:
        drive_shape_keys(object_, skin, added)
    remove_unused(old)
    object_.data.name = name
    return kept


def keep_mesh(object_: bpy.types.Object, skin: bpy.types.Object) -> KeptMesh | None:
    """See that an object's mesh stays in the file if an artist has made shape keys or vertex groups on it."""
    made = own_names(object_, skin)
    if not made:
        return None
    mesh = object_.data
    mesh.use_fake_user = True
    mesh.name = f"{mesh.name[:_NAME_LENGTH]} before"
    return KeptMesh(mesh.name, made)


_NAME_LENGTH = 48  # letters of the old mesh's name in that of the kept one, which may be 63 bytes long


def warning_about(kept: list[KeptMesh]) -> str:
    """What an artist has to know about meshes that were kept, or nothing."""
    if not kept:
        return ""
    made = ", ".join(dict.fromkeys(name for mesh in kept for name in mesh.made))
    meshes = ", ".join(f"“{mesh.mesh}”" for mesh in kept)
    return (
        f"The head has another mesh now, which shape keys and vertex groups of your own do not fit ({made}). "
        f"They are kept with the old mesh: give an object the mesh {meshes} to see them."
    )


def remove_unused(mesh: bpy.types.Mesh) -> None:
    """Remove a mesh that nothing needs any more."""
    if not mesh.users:
        bpy.data.meshes.remove(mesh)


def _carry_over(old: bpy.types.Key, new: bpy.types.Key) -> None:
    for key in new.key_blocks[1:]:
        before = old.key_blocks.get(key.name)
        if before is not None:
            key.slider_min, key.slider_max = before.slider_min, before.slider_max
            key.value, key.mute = before.value, before.mute
    if old.animation_data is not None:
        _carry_over_animation(old.animation_data, new)
    for user in bpy.data.user_map(subset={old})[old]:
        animation = getattr(user, "animation_data", None)
        for driver in animation.drivers if animation else ():
            for variable in driver.driver.variables:
                for target in variable.targets:
                    if target.id == old:
                        target.id = new


def _carry_over_animation(old: bpy.types.AnimData, new: bpy.types.Key) -> None:
    animation = new.animation_data_create()
    animation.action = old.action
    if bpy.app.version >= (4, 4, 0) and old.action is not None:  # from 4.4 on an action holds several things' motion
        animation.action_slot = old.action_slot
    for driver in old.drivers:
        try:
            new.path_resolve(driver.data_path)
        except ValueError:
            continue  # the new head has no such shape key
        animation.drivers.from_existing(src_driver=driver)
