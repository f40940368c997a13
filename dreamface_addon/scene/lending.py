"""A head's bones as exporters should find them, for as long as it takes; afterwards all is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import bpy
from bpy_extras.io_utils import axis_conversion
from mathutils import Matrix

from .gaze import bones_move_eyes, eyes_follow_bones
from .records import rig_of
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

    Eyes are moved by their bones and by shapes of the same names as ever: where bones alone move them in the scene, the
    shapes are free again meanwhile.

    Args:
        skin: the face's.
        names: a key of `NAMES`; None leaves the bones away.
        suffix: of the file.
    """
    rig = rig_of(skin)
    with ExitStack() as undo:
        if rig is not None and eyes_follow_bones(skin):
            bones_move_eyes(skin, False)
            undo.callback(bones_move_eyes, skin, True)
        if rig is None or names is None or not holds_bones(suffix):
            yield []
            return
        _stand_beside(rig, skin, undo)
        if suffix == ".fbx":
            _turn_upright(rig, undo)
        _rename(rig, NAMES[names], undo)
        yield [rig]


def _stand_beside(rig: bpy.types.Object, skin: bpy.types.Object, undo: ExitStack) -> None:
    """Take an armature out of the skin that it moves: other software wants it above, or beside."""
    before = rig.parent, rig.matrix_parent_inverse.copy(), rig.matrix_basis.copy()
    place = rig.matrix_world.copy()

    def put_back() -> None:
        rig.parent, rig.matrix_parent_inverse, rig.matrix_basis = before

    undo.callback(put_back)
    rig.parent = None
    rig.matrix_world = place


def _turn_upright(rig: bpy.types.Object, undo: ExitStack) -> None:
    """Turn the bones into FBX's axes and centimetres, as its exporter does with meshes alone.

    It would give the armature a turn of -90 degrees and a scale of 100, which Unity and Unreal keep.
    """
    conversion = Matrix.Scale(_CENTIMETRES, 4) @ axis_conversion(to_forward="-Z", to_up="Y").to_4x4()
    data, name = rig.data, rig.data.name
    copy = data.copy()
    before = rig.matrix_basis.copy()

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


_NAME_LENGTH: Final = 40  # letters of the data's name in that of the one that waits


def _rename(rig: bpy.types.Object, names: tuple[str, ...], undo: ExitStack) -> None:
    """Give bones other names; Blender renames vertex groups, constraints and animation with them."""
    for bone, name in zip(BONES, names, strict=True):
        if bone != name and bone in rig.data.bones:
            rig.data.bones[bone].name = name
            undo.callback(_name, rig, name, bone)


def _name(rig: bpy.types.Object, now: str, name: str) -> None:
    rig.data.bones[now].name = name
