"""A mesh of another topology in an object that is there; its shape keys behave like the old ones of the same names."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from .actions import copy_nla
from .carrying import SAME_PLACE, Map, added_vertices, carry, sculpture_of
from .checking import SKIN
from .gaze import carry_gaze
from .meshes import add_neck_ring, add_shape_keys, add_vertex_groups, drive_shape_keys, move_vertices, new_mesh
from .reading import FaceFolder, FaceObject
from .records import own_names
from .sculpting import offset_of, rest_of, sculpted_keys
from .visemes import mix_visemes


@dataclass(frozen=True)
class KeptMesh:
    """A mesh that no object shows any more, left in the file for what an artist has made on it.

    Attributes:
        mesh: its name.
        made: names of the artist's own shape keys and vertex groups in it, and of ours that were sculpted.
        sculpted: whether what was sculpted on its basis is in no other mesh.
        added: whether it has vertices that were joined to it, or made in it.
    """

    mesh: str
    made: tuple[str, ...]
    sculpted: bool = False
    added: bool = False


@dataclass(frozen=True)
class Replaced:
    """What has become of an artist's work on a mesh that was replaced.

    Attributes:
        kept: the old mesh, where it had to be kept.
        carried: whether what was sculpted on it is on the new one.
    """

    kept: KeptMesh | None
    carried: bool = False


def replace_mesh(
    object_: bpy.types.Object,
    face: FaceFolder,
    piece: FaceObject,
    materials: list[bpy.types.Material | None],
    skin: bpy.types.Object,
    place: Map = SAME_PLACE,
    without_built: bool = False,
) -> Replaced:
    """Build an object of a face in one that has another mesh.

    The object keeps everything but its vertex groups. Shape keys keep value, limits, muting, action and drivers by
    name, and whatever was driven by the old ones is driven by the new. What an artist has made on the old mesh does not
    fit the new one: the old mesh is then kept. What was sculpted on its basis is carried over.

    Args:
        object_: with the old mesh.
        face: the new face.
        piece: what the object becomes.
        materials: see `new_mesh`.
        skin: of the face; it still says which face it was.
        place: where places on the old head are on the new one.
        without_built: the new face brings what the old one's folder came with; see `sculpture_of`.
    """
    old, name = object_.data, object_.data.name
    mesh = new_mesh(face, piece, materials)
    sculpture = sculpture_of(object_, without_built)
    carried = carry(sculpture, mesh, place) if sculpture is not None else None
    kept = keep_mesh(object_, skin, sculpture is not None and carried is None)
    object_.data = mesh
    object_.vertex_groups.clear()
    add_vertex_groups(face, piece, object_)
    add_neck_ring(face, piece, object_)
    added = add_shape_keys(face, piece, object_, all_of_them=piece.name == SKIN)
    old_keys, new_keys = old.shape_keys, object_.data.shape_keys
    if old_keys is not None and new_keys is not None:
        mix_visemes(object_, old_keys.key_blocks.keys(), of_all=object_ == skin)
        _carry_over(old_keys, new_keys)
        added = [name for name in added if name not in old_keys.key_blocks]
    if object_ != skin:
        drive_shape_keys(object_, skin, added)
    rest = rest_of(mesh)
    if carried is not None and rest is not None:
        move_vertices(mesh, rest, offset=offset_of(mesh) + carried)
    remove_unused(old)
    mesh.name = name
    return Replaced(kept, carried is not None)


def keep_mesh(object_: bpy.types.Object, skin: bpy.types.Object, sculpted: bool) -> KeptMesh | None:
    """See that an object's mesh stays in the file if it has what an artist has made and nothing else has.

    Args:
        object_: with the mesh.
        skin: of the face; it still says which face it was.
        sculpted: whether what was sculpted on the basis is nowhere else.
    """
    made = (*own_names(object_, skin), *sculpted_keys(object_.data))
    added = bool(added_vertices(object_).any())
    if not (made or sculpted or added):
        return None
    mesh = object_.data
    mesh.use_fake_user = True
    mesh.name = f"{mesh.name[:_NAME_LENGTH]} before"
    return KeptMesh(mesh.name, made, sculpted, added)


_NAME_LENGTH = 48  # letters of the old mesh's name in that of the kept one, which may be 63 bytes long


def warning_about(replaced: list[Replaced]) -> str:
    """Return what an artist has to know about meshes that were replaced, or nothing."""
    sentences = []
    if any(mesh.carried for mesh in replaced):
        sentences.append("What was sculpted is on the new mesh now, as closely as it fits: look it over, or undo.")
    kept = [mesh.kept for mesh in replaced if mesh.kept is not None]
    if kept:
        made = ", ".join(dict.fromkeys(name for mesh in kept for name in mesh.made))
        what = [f"shape keys and vertex groups that you have made or sculpted ({made})"] if made else []
        what += ["what was sculpted on the head itself"] if any(mesh.sculpted for mesh in kept) else []
        what += ["what was joined to the head or made from it"] if any(mesh.added for mesh in kept) else []
        meshes = ", ".join(f"“{mesh.mesh}”" for mesh in kept)
        sentences.append(
            f"The head has another mesh now, and the new one could not take over {' and '.join(what)}. "
            f"They are kept with the old mesh: give an object the mesh {meshes} to see them."
        )
    return " ".join(sentences)


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
    carry_gaze(old, new)
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
    copy_nla(old, animation)
    for driver in old.drivers:
        try:
            new.path_resolve(driver.data_path)
        except ValueError:
            continue  # the new head has no such shape key
        animation.drivers.from_existing(src_driver=driver)
