"""An armature in a head: its bones move skin, eyes, teeth, tongue and lashes, and hair goes along with the skin.

Shape keys act first, bones on top of them: opening the jaw bone adds to what jawOpen does. The armature is a child of
the skin, which stays the object to move, and everything of ours in it follows the head when that is reshaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np
from mathutils import Vector

from .errors import SceneError
from .gaze import forget_gaze, refresh_gaze
from .meshes import WEIGHT_STEPS
from .records import BEFORE_RIG, PART, RANGE, RIG, VERTEX_COUNT, check_can_change, parts_of, rig_of, was_edited
from .rigs import BONES, EYES, PARENTS, RigData, stored_rig, usual_rig
from .sculpting import Array, basis_of

MODIFIER: Final = "DreamFace Rig"

_ANCHORS: Final = "dreamface_anchors"
"""Custom property of the armature's data: from which vertices its joints follow, as JSON."""

_STILL: Final = 1e-6  # metres: joints that are farther off are moved
_LEAST: Final = 1e-3  # metres: Blender drops shorter bones
_ENDS: Final = 2


def add_rig(skin: bpy.types.Object) -> bpy.types.Object:
    """Give a head bones, or return those that it has.

    Args:
        skin: the face's.

    Returns:
        The armature, a child of the skin.

    Raises:
        SceneError: the head's objects cannot be changed now, or nobody knows its bones; nothing was changed.
    """
    there = rig_of(skin)
    if there is not None:
        return there
    parts = parts_of(skin)
    check_can_change(parts)
    if was_edited(skin):
        raise SceneError(f"The mesh of {skin.name} was edited, so its bones would carry the wrong vertices: undo that.")
    data = _need_rig(skin)
    armature = bpy.data.objects.new(f"{skin.name} rig", bpy.data.armatures.new(f"{skin.name} rig"))
    skin.users_collection[0].objects.link(armature)
    armature.parent = skin
    armature[RIG] = True
    armature.show_in_front = True
    armature.data.display_type = "OCTAHEDRAL"
    for channel in ("location", "rotation", "scale"):
        setattr(armature, f"lock_{channel}", (True, True, True))  # the skin is the object to move
    _note_anchors(armature, data)
    _make_bones(armature, _places(parts, data.anchors, data.anchor_weights))
    for bone in armature.pose.bones:
        bone.rotation_mode = "XYZ"
        bone.lock_location = bone.lock_scale = (True, True, True)
    for part in parts:
        _carry(part, data, armature)
    refresh_gaze(skin, armature)  # where bones moved the eyes that an artist has deleted by hand
    return armature


def remove_rig(skin: bpy.types.Object) -> None:
    """Take a head's bones away, with all that was made for them; shape keys move eyes and jaw as before."""
    armature = rig_of(skin)
    if armature is None:
        return
    parts = parts_of(skin)
    check_can_change(parts)
    forget_gaze(skin, armature)
    for part in parts:
        for modifier in [each for each in part.modifiers if each.type == "ARMATURE" and each.object == armature]:
            part.modifiers.remove(modifier)
        for bone in BONES:
            group = part.vertex_groups.get(bone)
            if group is not None:
                part.vertex_groups.remove(group)
            _rename_group(part, bone + BEFORE_RIG, bone)
    data = armature.data
    bpy.data.objects.remove(armature)
    if not data.users:
        bpy.data.armatures.remove(data)


def settle_rig(skin: bpy.types.Object) -> bool:
    """Take a head's joints along to where its vertices are now; return whether they had to move."""
    armature = rig_of(skin)
    if armature is None or skin.data.is_editmode or not (armature.is_editable and armature.data.is_editable):
        return False
    try:
        noted = json.loads(armature.data[_ANCHORS])
        anchors, weights = np.array(noted["vertices"], np.int64), np.array(noted["weights"], np.float32)
    except (KeyError, ValueError, TypeError):
        return False  # an artist's own armature, or one whose properties were removed
    places = _places(parts_of(skin), anchors, weights)
    bones = armature.data.bones
    off = [
        bone
        for bone, place in places.items()
        if bone in bones
        and max((bones[bone].head_local - Vector(place[0])).length, (bones[bone].tail_local - Vector(place[1])).length)
        > _STILL
    ]
    if not off:
        return False
    with _bones_of(armature) as edited:
        for name in off:
            bone, (joint, tip) = edited.get(name), places[name]
            if bone is not None:
                bone.head, bone.tail = joint, tip
                _roll(bone)
    return True


def renew_rig(skin: bpy.types.Object) -> None:
    """Fit a head's bones to it after it was given other meshes; parts that have lost their weights get them again."""
    armature = rig_of(skin)
    if armature is None:
        return
    data = find_rig(skin)
    if data is None:
        return
    _note_anchors(armature, data)
    for part in parts_of(skin):
        if not _has_weights(part):
            _carry(part, data, armature)
    settle_rig(skin)
    refresh_gaze(skin, armature)


def find_rig(skin: bpy.types.Object) -> RigData | None:
    """Return the rig of a head: its folder's, or else its head model's; None where neither is known."""
    count, folder = skin.get(VERTEX_COUNT, 0), skin.get("dreamface_folder", "")
    stored = stored_rig(Path(folder), count) if folder else None
    return stored or usual_rig(str(skin.get("dreamface_head", "")), count)


def _need_rig(skin: bpy.types.Object) -> RigData:
    data = find_rig(skin)
    if data is None:
        raise SceneError(f"{skin.name} was made by an older DreamFace, which knew no bones: press Repaint Skin first.")
    return data


def _note_anchors(armature: bpy.types.Object, data: RigData) -> None:
    armature.data[_ANCHORS] = json.dumps(
        {"vertices": data.anchors.tolist(), "weights": [[round(value, 7) for value in row] for row in
                                                        data.anchor_weights.tolist()]}
    )  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- bones


def _places(parts: list[bpy.types.Object], anchors: Array, weights: Array) -> dict[str, Array]:
    """Bone -> [2, 3] where it turns and where it points, metres; those whose vertices are gone are left out."""
    points = np.zeros((len(anchors), 3), np.float32)
    found = np.zeros(len(anchors), bool)
    for part in parts:
        first, last = part[RANGE]
        inside = (anchors >= first) & (anchors < last)
        if inside.any() and len(part.data.vertices) == last - first:
            points[inside] = basis_of(part.data)[anchors[inside] - first]
            found |= inside
    ends = (weights @ points).reshape(len(BONES), _ENDS, 3)
    known = ~(np.abs(weights) > 0.0)[:, ~found].any(axis=1).reshape(len(BONES), _ENDS)
    return {bone: ends[index] for index, bone in enumerate(BONES) if known[index].all()}


def _make_bones(armature: bpy.types.Object, places: dict[str, Array]) -> None:
    with _bones_of(armature) as bones:
        for name, (joint, tip) in places.items():
            bone = bones.new(name)
            bone.head = joint
            bone.tail = tip if np.linalg.norm(tip - joint) > _LEAST else joint + np.array([0.0, -0.02, 0.0])
            bone.parent = bones.get(PARENTS.get(name, ""))
            _roll(bone)


def _roll(bone: bpy.types.EditBone) -> None:
    """Let a bone's X axis point to the person's left, so that turning it forward bends, opens and looks down."""
    upright = abs(bone.vector.normalized().z) > abs(bone.vector.normalized().y)
    bone.align_roll(Vector((0.0, -1.0, 0.0)) if upright else Vector((0.0, 0.0, -1.0)))


@contextmanager
def _bones_of(armature: bpy.types.Object) -> Iterator[Any]:
    """The bones at rest, to be changed: Blender gives them in Edit Mode alone; afterwards all is as it was."""
    layer = bpy.context.view_layer
    active, mode = layer.objects.active, armature.mode
    shown = bpy.data.collections.new("DreamFace rig")  # in no hidden or excluded collection
    bpy.context.scene.collection.children.link(shown)
    shown.objects.link(armature)
    hidden, hidden_here, selected = armature.hide_viewport, armature.hide_get(), armature.select_get()
    try:
        armature.hide_viewport = False
        armature.hide_set(False)
        layer.objects.active = armature
        bpy.ops.object.mode_set(mode="EDIT")
        yield armature.data.edit_bones
    finally:
        bpy.ops.object.mode_set(mode=mode)
        armature.select_set(selected)
        armature.hide_set(hidden_here)
        armature.hide_viewport = hidden
        layer.objects.active = active
        bpy.data.collections.remove(shown)


# ------------------------------------------------------------------------------------------------------------- weights


def _carry(part: bpy.types.Object, data: RigData, armature: bpy.types.Object) -> None:
    """Let the bones carry a part: vertex groups of their names, and a modifier before all others."""
    first, last = part[RANGE]
    if len(part.data.vertices) == last - first:
        for bone in BONES:
            vertices, weights = data.carried[bone]
            inside = (vertices >= first) & (vertices < last)
            if inside.any():
                _rename_group(part, bone, bone + BEFORE_RIG)
                _write_group(part, bone, vertices[inside] - first, weights[inside])
    else:
        _write_group(part, _own_bone(part), np.arange(len(part.data.vertices)), np.ones(len(part.data.vertices)))
    if not any(each.type == "ARMATURE" and each.object == armature for each in part.modifiers):
        modifier = part.modifiers.new(MODIFIER, "ARMATURE")
        modifier.object = armature
        part.modifiers.move(len(part.modifiers) - 1, 0)


def _own_bone(part: bpy.types.Object) -> str:
    """The bone that a part goes with whose vertices nobody knows any more."""
    name = str(part[PART])
    return next((bone for bone, side in EYES.items() if name in (f"{side}_sclera", f"{side}_iris")), "head")


def _has_weights(part: bpy.types.Object) -> bool:
    """Whether bones carry a part; the head bone carries some of each but of the eyes, and no region has its name."""
    return any(bone in part.vertex_groups for bone in BONES if bone != "neck")


def _write_group(part: bpy.types.Object, name: str, vertices: Array, weights: Array) -> None:
    steps = np.rint(weights * WEIGHT_STEPS).astype(np.int64)
    group = part.vertex_groups.get(name) or part.vertex_groups.new(name=name)
    for step in np.unique(steps[steps > 0]):
        group.add(vertices[steps == step].tolist(), step / WEIGHT_STEPS, "REPLACE")


def _rename_group(part: bpy.types.Object, name: str, new: str) -> None:
    """Rename a vertex group, and what modifiers call it; nothing where the new name is taken."""
    group = part.vertex_groups.get(name)
    if group is None or new in part.vertex_groups or (new.endswith(BEFORE_RIG) and _is_ours(part, name)):
        return
    group.name = new
    for modifier in part.modifiers:
        if getattr(modifier, "vertex_group", None) == name:
            modifier.vertex_group = new


def _is_ours(part: bpy.types.Object, name: str) -> bool:
    """Whether a group of a bone's name is the bone's already."""
    return name + BEFORE_RIG in part.vertex_groups
