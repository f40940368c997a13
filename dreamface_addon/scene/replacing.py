"""A mesh of another topology in an object that is there; its shape keys behave like the old ones of the same names."""

from __future__ import annotations

from typing import Any

import bpy

from .checking import SKIN
from .meshes import add_shape_keys, add_vertex_groups, drive_shape_keys, new_mesh
from .reading import FaceFolder


def replace_mesh(
    object_: bpy.types.Object,
    face: FaceFolder,
    part: dict[str, Any],
    materials: list[bpy.types.Material | None],
    skin: bpy.types.Object,
) -> None:
    """Build a part of a face in an object that has another mesh.

    The object keeps everything but its vertex groups. Shape keys keep value, limits, muting, action and drivers by
    name, and whatever was driven by the old ones is driven by the new.
    """
    old = object_.data
    object_.data = new_mesh(face, part, materials)
    object_.vertex_groups.clear()
    add_vertex_groups(face, part, object_)
    added = add_shape_keys(face, part, object_, all_of_them=part["name"] == SKIN)
    old_keys, new_keys = old.shape_keys, object_.data.shape_keys
    if old_keys is not None and new_keys is not None:
        _carry_over(old_keys, new_keys)
        added = [name for name in added if name not in old_keys.key_blocks]
    if object_ != skin:
        drive_shape_keys(object_, skin, added)
    name = old.name
    remove_unused(old)
    object_.data.name = name


def remove_unused(mesh: bpy.types.Mesh) -> None:
    """Remove a mesh that no object shows any more."""
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
