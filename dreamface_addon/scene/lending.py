"""A head's bones as exporters should find them, for as long as it takes; afterwards all is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import bpy
import numpy as np
from bpy_extras.io_utils import axis_conversion
from mathutils import Matrix

from .actions import action_of, assign, channels_for
from .followers import weights_at_roots
from .gaze import eyes_follow_bones, muted_gaze
from .records import RIG, cards_of, parts_of, rig_of
from .rigs import BONES, NAMES

_CENTIMETRES: Final = 100.0  # in a metre: the unit of FBX

_WITH_BONES: Final[dict[str, dict[str, Any]]] = {
    ".glb": {"export_skins": True},
    ".fbx": {
        "object_types": {"MESH", "ARMATURE"},
        "add_leaf_bones": False,  # they would end bones whose ends nobody needs
        "armature_nodetype": "NULL",
        "primary_bone_axis": "Y",
        "secondary_bone_axis": "X",
    },
    ".usdc": {"export_armatures": True},
    ".usda": {"export_armatures": True},
    ".usd": {"export_armatures": True},
}
"""Suffix -> what its exporter is told where bones are wanted."""

_WITHOUT_BONES: Final[dict[str, dict[str, Any]]] = {
    ".glb": {"export_skins": False},
    ".usdc": {"export_armatures": False},
    ".usda": {"export_armatures": False},
    ".usd": {"export_armatures": False},
}


def holds_bones(suffix: str) -> bool:
    """Return whether files of that suffix can hold bones."""
    return suffix.lower() in _WITH_BONES


def bone_options(suffix: str, wanted: bool) -> dict[str, Any]:
    """Return what the exporter of a suffix is told about bones."""
    return (_WITH_BONES if wanted else _WITHOUT_BONES).get(suffix, {})


@contextmanager
def lent_rig(skin: bpy.types.Object, names: str | None, suffix: str) -> Iterator[list[bpy.types.Object]]:
    """The armature of a head beside its skin, with names of other software; nothing where it is not wanted.

    It has what moves the skin itself, and carries cards of hair as well. Eyeballs have their gaze shapes also where
    bones turn them in the scene; those shapes turn them where the file has no bones that do it.

    Args:
        skin: the face's.
        names: a key of `NAMES`; None leaves the bones away.
        suffix: of the file.
    """
    rig, has_bones = rig_of(skin), names is not None and holds_bones(suffix)
    with ExitStack() as undo:
        if rig is not None and holds_bones(suffix) and eyes_follow_bones(skin):
            _free_gaze(skin, has_bones, undo)
        if rig is None or names is None or not has_bones:
            yield []
            return
        _stand_beside(rig, skin, undo)
        for cards in cards_of(skin).values():
            _carry_cards(skin, cards, rig, undo)
        if suffix == ".fbx":
            _turn_upright(rig, undo)
        elif suffix != ".glb":
            _say_it_moves(rig, undo)
        _rename(rig, NAMES[names], undo)
        bpy.context.view_layer.update()
        yield [rig]


def _free_gaze(skin: bpy.types.Object, has_bones: bool, undo: ExitStack) -> None:
    """Let eyeballs have the gaze shapes that are muted in the scene; they stay at 0 where bones turn them."""
    for part in parts_of(skin):
        keys = part.data.shape_keys
        for name in muted_gaze(part):
            key = keys.key_blocks[name]
            undo.callback(setattr, key, "mute", True)
            key.mute = False
            if not has_bones:
                continue
            path = f'key_blocks["{name}"].value'
            for driver in keys.animation_data.drivers if keys.animation_data else ():
                if driver.data_path == path:
                    undo.callback(setattr, driver, "mute", driver.mute)
                    driver.mute = True
            undo.callback(setattr, key, "value", key.value)
            key.value = 0.0


def _carry_cards(skin: bpy.types.Object, cards: bpy.types.Object, rig: bpy.types.Object, undo: ExitStack) -> None:
    """Let bones carry cards, each as a whole; in the scene they follow the skin, which other software knows not how."""
    if not (cards.is_editable and cards.data.is_editable):
        return
    undo.callback(setattr, cards.vertex_groups, "active_index", cards.vertex_groups.active_index)
    for bone, (vertices, weights) in weights_at_roots(skin, cards, rig).items():
        _clear_name(cards.vertex_groups, bone, undo)
        group = cards.vertex_groups.new(name=bone)
        undo.callback(_remove_group, cards, bone)
        for weight in np.unique(weights):
            group.add(vertices[weights == weight].tolist(), float(weight), "REPLACE")
    for modifier in cards.modifiers:
        for shown in ("show_viewport", "show_render"):
            undo.callback(setattr, modifier, shown, getattr(modifier, shown))
            setattr(modifier, shown, False)
    modifier = cards.modifiers.new("DreamFace Export", "ARMATURE")
    undo.callback(_remove_modifier, cards, modifier.name)
    modifier.object = rig


def _remove_group(object_: bpy.types.Object, name: str) -> None:
    object_.vertex_groups.remove(object_.vertex_groups[name])


def _remove_modifier(object_: bpy.types.Object, name: str) -> None:
    object_.modifiers.remove(object_.modifiers[name])


def _clear_name(named: Any, name: str, undo: ExitStack) -> None:
    """Give what has a name in a collection of Blender's another one meanwhile."""
    if name in named:
        waiting = named[name]
        waiting.name = f"{name} in the scene"
        undo.callback(_give_name, named, waiting.name, name)


def _give_name(named: Any, now: str, name: str) -> None:
    named[now].name = name


def _stand_beside(rig: bpy.types.Object, skin: bpy.types.Object, undo: ExitStack) -> None:
    """Take an armature out of the skin that it moves: other software wants it above, or beside.

    It goes on moving with the skin.
    """
    before = rig.parent, rig.matrix_parent_inverse.copy(), rig.matrix_basis.copy()
    place = rig.matrix_world.copy()

    def put_back() -> None:
        rig.parent, rig.matrix_parent_inverse, rig.matrix_basis = before

    undo.callback(put_back)
    rig.parent = None
    rig.matrix_world = place
    with_skin = rig.constraints.new("CHILD_OF")
    undo.callback(rig.constraints.remove, with_skin)
    with_skin.target, with_skin.inverse_matrix = skin, skin.matrix_world.inverted_safe()


def _turn_upright(rig: bpy.types.Object, undo: ExitStack) -> None:
    """Turn the bones into FBX's axes and centimetres, as its exporter does with meshes alone.

    It would give the armature a turn of -90 degrees and a scale of 100, which Unity and Unreal keep.
    """
    conversion = Matrix.Scale(_CENTIMETRES, 4) @ axis_conversion(to_forward="-Z", to_up="Y").to_4x4()
    data, name = rig.data, rig.data.name
    copy = data.copy()
    before = rig.matrix_basis.copy()
    _keep_places(rig, undo)

    def put_back() -> None:
        rig.data = data
        bpy.data.armatures.remove(copy)
        data.name = name
        rig.matrix_basis = before

    undo.callback(put_back)
    data.name, copy.name = f"{name[:_NAME_LENGTH]} in the scene", name
    copy.transform(conversion)
    rig.data = copy
    rig.matrix_basis = rig.matrix_basis @ conversion.inverted()
    bpy.context.view_layer.update()


def _say_it_moves(rig: bpy.types.Object, undo: ExitStack) -> None:
    """Give an armature an action that changes nothing: USD's exporter takes bones without one to stand still.

    Targets that bones look at, and whatever else moves them, count for nothing with it.
    """
    if action_of(rig) is not None:
        return
    had_none = rig.animation_data is None
    action = bpy.data.actions.new("DreamFace export")
    undo.callback(bpy.data.actions.remove, action)
    undo.callback(rig.animation_data_clear if had_none else lambda: assign(rig, None))
    channels = channels_for(action, rig, make=True)
    influence = f'constraints["{rig.constraints[-1].name}"].influence'
    channels.fcurves.new(influence).keyframe_points.insert(0.0, 1.0)
    assign(rig, action)


_NAME_LENGTH: Final = 40  # letters of the data's name in that of the one that waits


def _keep_places(rig: bpy.types.Object, undo: ExitStack) -> None:
    """Keep bones where they are while their armature is measured in centimetres: their locations stay in metres.

    A second armature stands as this one does in the scene, and gives each bone its place.
    """
    twin = rig.copy()
    undo.callback(bpy.data.objects.remove, twin)
    twin.pop(RIG, None)
    for bone in rig.pose.bones:
        place = bone.constraints.new("COPY_LOCATION")
        undo.callback(bone.constraints.remove, place)
        place.target, place.subtarget = twin, bone.name


def _rename(rig: bpy.types.Object, names: tuple[str, ...], undo: ExitStack) -> None:
    """Give bones other names; Blender renames vertex groups, constraints and animation with them.

    An artist's own bones and vertex groups that have such a name already are called otherwise meanwhile.
    """
    bones = rig.data.bones
    wanted = {bone: name for bone, name in zip(BONES, names, strict=True) if bone != name and bone in bones}
    carried = [each for each in bpy.data.objects if each.type == "MESH" and _is_carried(each, rig)]
    for name in wanted.values():
        _clear_name(bones, name, undo)
        for object_ in carried:
            _clear_name(object_.vertex_groups, name, undo)
    for bone, name in wanted.items():
        bones[bone].name = name
        undo.callback(_give_name, bones, name, bone)


def _is_carried(object_: bpy.types.Object, rig: bpy.types.Object) -> bool:
    """Whether an armature moves an object whose vertex groups can be called otherwise."""
    modifiers = [modifier for modifier in object_.modifiers if modifier.type == "ARMATURE"]
    return object_.data.is_editable and (object_.parent == rig or any(each.object == rig for each in modifiers))
