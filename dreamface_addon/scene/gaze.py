"""Eyes that bones turn: one target to look at, and lids that follow.

Usually the shapes eyeLook... turn the eyeballs and move the lids. While bones turn the eyes, these shapes move the lids
alone, driven by the bones: nothing turns twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import bpy
import numpy as np

from .before import gaze_weights, note_gaze_weights, own_weight
from .errors import SceneError
from .records import PART, parts_of, rig_of
from .rigs import EYES
from .sculpting import Array, basis_of, positions

TARGET: Final = "dreamface_eye_target"
"""Custom property of the empty that eyes look at."""

_AIM, _LIMIT = "DreamFace Aim", "DreamFace Limit"
"""Constraints of the eyes' bones."""

_BALLS: Final = ("sclera", "iris", "cornea")
_MUTED: Final = "dreamface_gaze_muted"
"""Custom property of an eyeball's shape keys: the names of those that we have muted, as JSON."""

_TURN: Final = "turn"
"""The variable of our drivers."""

_AWAY: Final = 0.6  # metres before the eyes
_SIZE: Final = 0.015  # metres
_FARTHEST: Final = {"x": np.radians(35.0), "z": np.radians(45.0)}
"""How far an eye turns up or down, and to a side, radians."""

_USUAL: Final = {"Up": np.radians(25.0), "Down": np.radians(30.0), "In": np.radians(35.0), "Out": np.radians(35.0)}
"""Turn of an eyeball at a weight of 1 where its shape does not say it, radians."""

_TURNS: Final = {"Down": ("ROT_X", 1.0), "Up": ("ROT_X", -1.0)}
_SIDEWAYS: Final = {"left": {"In": 1.0, "Out": -1.0}, "right": {"In": -1.0, "Out": 1.0}}
"""Direction -> the sign of a bone's turn about Z, which points down: positive is towards the person's right."""


def eye_target(skin: bpy.types.Object) -> bpy.types.Object | None:
    """Return the empty that a head's eyes look at; None where they look at nothing."""
    rig = rig_of(skin)
    for bone in EYES:
        pose = rig.pose.bones.get(bone) if rig is not None else None
        for constraint in _constraints_of(pose):
            target = getattr(constraint, "target", None)
            if target is not None:
                return target
    return None


def _constraints_of(pose: bpy.types.PoseBone | None) -> list[Any]:
    """Return our constraints of an eye's bone, also those whose target is gone and that were made again."""
    found = pose.constraints if pose is not None else ()
    return [constraint for constraint in found if constraint.name.startswith((_AIM, _LIMIT))]


def aim_eyes(skin: bpy.types.Object) -> bpy.types.Object:
    """Let a head with a rig look at a target before it; return the target, which the artist may move.

    Raises:
        SceneError: the head has no rig.
    """
    rig = rig_of(skin)
    if rig is None:
        raise SceneError(f"{skin.name} has no bones: press Add Rig first.")
    there = eye_target(skin)
    if there is not None:
        return there
    eyes = [rig.data.bones[bone].head_local for bone in EYES if bone in rig.data.bones]
    if not eyes:
        raise SceneError(f"The rig of {skin.name} has no eyes: remove it and add it again.")
    target = bpy.data.objects.new(f"{skin.name} eye target", None)
    skin.users_collection[0].objects.link(target)
    target.empty_display_type, target.empty_display_size = "SPHERE", _SIZE
    target[TARGET] = True
    target.parent = skin
    target.location = sum(eyes, eyes[0] * 0.0) / len(eyes)
    target.location.y -= _AWAY
    for bone in EYES:
        if bone in rig.pose.bones:
            _aim(rig.pose.bones[bone], target)
    bones_move_eyes(skin, True)
    return target


def release_eyes(skin: bpy.types.Object) -> None:
    """Let a head look at nothing; shapes turn its eyes again."""
    rig, target = rig_of(skin), eye_target(skin)
    if rig is not None:
        bones_move_eyes(skin, False)
        for bone in EYES:
            _leave(rig.pose.bones.get(bone))
    if target is not None and TARGET in target:
        bpy.data.objects.remove(target)


def _leave(pose: bpy.types.PoseBone | None) -> None:
    """Take our constraints away."""
    for constraint in _constraints_of(pose):
        pose.constraints.remove(constraint)  # type: ignore[union-attr]


def _aim(pose: bpy.types.PoseBone, target: bpy.types.Object) -> None:
    _leave(pose)
    aim = pose.constraints.new("DAMPED_TRACK")
    aim.name, aim.target, aim.track_axis = _AIM, target, "TRACK_Y"
    limit = pose.constraints.new("LIMIT_ROTATION")
    limit.name, limit.owner_space = _LIMIT, "LOCAL"
    limit.use_limit_x = limit.use_limit_z = True
    limit.min_x, limit.max_x = -_FARTHEST["x"], _FARTHEST["x"]
    limit.min_z, limit.max_z = -_FARTHEST["z"], _FARTHEST["z"]


# --------------------------------------------------------------------------------------------------- who turns the eyes


def bones_move_eyes(skin: bpy.types.Object, wanted: bool) -> None:
    """Let bones turn a head's eyes and move its lids, or shapes again.

    Raises:
        SceneError: the head has no rig.
    """
    rig = rig_of(skin)
    if rig is None:
        raise SceneError(f"{skin.name} has no bones: press Add Rig first.")
    keys = skin.data.shape_keys
    if keys is None:
        return
    for bone, side in EYES.items():
        for name, direction in _gaze_shapes(side):
            if name not in keys.key_blocks:
                continue
            driver = _driver_of(keys, name)
            if driver is not None and not _is_gaze_driver(driver, rig):
                continue  # an artist's own
            if driver is not None:
                keys.animation_data.drivers.remove(driver)
            _keep_weight(skin, name, wanted)
            if wanted and bone in rig.data.bones:
                _drive(keys, name, rig, bone, side, direction, _angle(skin, side, name, rig, direction))
    for part in parts_of(skin):
        _mute(part, wanted)


def eyes_follow_bones(skin: bpy.types.Object) -> bool:
    """Return whether bones turn a head's eyes."""
    rig, keys = rig_of(skin), skin.data.shape_keys
    drivers = keys.animation_data.drivers if keys is not None and keys.animation_data else ()
    return rig is not None and any(_is_gaze_driver(driver, rig) for driver in drivers)


def refresh_gaze(skin: bpy.types.Object, rig: bpy.types.Object) -> None:
    """Do it again for shape keys that were made anew."""
    if any(_constraints_of(rig.pose.bones.get(bone)) for bone in EYES) or eyes_follow_bones(skin):
        bones_move_eyes(skin, True)


def forget_gaze(skin: bpy.types.Object, rig: bpy.types.Object) -> None:
    """Take away what was made for eyes that bones turn, before the bones go."""
    if eyes_follow_bones(skin) or eye_target(skin) is not None:
        release_eyes(skin)


def _is_gaze_driver(driver: bpy.types.FCurve, rig: bpy.types.Object) -> bool:
    """Whether a driver is ours, also where an artist has deleted the bones that it looked at."""
    return "eyeLook" in driver.data_path and any(
        target.id == rig or (target.id is None and variable.name == _TURN and variable.type == "TRANSFORMS")
        for variable in driver.driver.variables
        for target in variable.targets
    )


def _keep_weight(skin: bpy.types.Object, name: str, driven: bool) -> None:
    """Note a weight that bones will give, or set it to what it was before they did.

    What a take or a camera gives a shape for a while is not its own weight.
    """
    keys = skin.data.shape_keys
    noted = gaze_weights(keys)
    if driven and name not in noted:
        noted[name] = own_weight(skin, name)
    elif not driven and name in noted:
        keys.key_blocks[name].value = noted.pop(name)
    note_gaze_weights(keys, noted)


def carry_gaze(old: bpy.types.Key, new: bpy.types.Key) -> None:
    """Have new shape keys know which of them we have muted, and what they were before bones moved eyes and lids."""
    muted = [name for name in json.loads(old.get(_MUTED, "[]")) if name in new.key_blocks]
    if muted:
        new[_MUTED] = json.dumps(muted)
    note_gaze_weights(new, {name: weight for name, weight in gaze_weights(old).items() if name in new.key_blocks})


def _driver_of(keys: bpy.types.Key, name: str) -> bpy.types.FCurve | None:
    path = f'key_blocks["{name}"].value'
    drivers = keys.animation_data.drivers if keys.animation_data else ()
    return next((driver for driver in drivers if driver.data_path == path), None)


def _gaze_shapes(side: str) -> Iterator[tuple[str, str]]:
    for direction in ("Up", "Down", "In", "Out"):
        yield f"eyeLook{direction}{side.title()}", direction


def muted_gaze(part: bpy.types.Object) -> list[str]:
    """Return the gaze shapes of an eyeball that are muted because bones turn it."""
    keys = part.data.shape_keys
    ours = json.loads(keys.get(_MUTED, "[]")) if keys is not None else []
    return [name for name in ours if name in keys.key_blocks and keys.key_blocks[name].mute]


def _drive(
    keys: bpy.types.Key, name: str, rig: bpy.types.Object, bone: str, side: str, direction: str, angle: float
) -> None:
    """Let the turn of an eye's bone give a shape's weight, by an expression that needs no Python."""
    channel, sign = _TURNS.get(direction) or ("ROT_Z", _SIDEWAYS[side][direction])
    driver = keys.key_blocks[name].driver_add("value").driver
    driver.type = "SCRIPTED"
    variable = driver.variables.new()
    variable.name, variable.type = _TURN, "TRANSFORMS"
    target = variable.targets[0]
    target.id, target.bone_target = rig, bone
    target.transform_type, target.transform_space, target.rotation_mode = channel, "LOCAL_SPACE", "XYZ"
    driver.expression = f"min(max({_TURN} * {sign / angle:.6f}, 0.0), 1.0)"


def _angle(skin: bpy.types.Object, side: str, name: str, rig: bpy.types.Object, direction: str) -> float:
    """Radians that an eyeball turns at a weight of 1, as its shape key does it: of its iris, or else its white."""
    bone = next(bone for bone, which in EYES.items() if which == side)
    centre: Array = np.array(rig.data.bones[bone].head_local)
    for layer in ("iris", "sclera"):
        for part in parts_of(skin):
            keys = part.data.shape_keys
            if part[PART] == f"{side}_{layer}" and keys is not None and name in keys.key_blocks:
                before = basis_of(part.data)
                after = positions(keys.key_blocks[name].points)
                turned = _turn_between(before - centre, after - centre)
                if turned > _LEAST:
                    return turned
    return float(_USUAL[direction])


_LEAST: Final = 0.05  # radians: a shape that turns an eye by less turns it not


def _turn_between(before: Array, after: Array) -> float:
    """Radians of the rotation about the origin that takes points [N, 3] nearest to others (Kabsch 1976)."""
    left, _, right = np.linalg.svd(after.T.astype(np.float64) @ before)
    turn = left @ np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))]) @ right
    return float(np.arccos(np.clip((np.trace(turn) - 1.0) / 2.0, -1.0, 1.0)))


def _mute(part: bpy.types.Object, muted: bool) -> None:
    """Let the gaze shapes leave an eyeball alone, or move it again; what an artist has muted stays so."""
    keys = part.data.shape_keys
    if keys is None or not str(part[PART]).endswith(_BALLS):
        return
    ours = set(json.loads(keys.get(_MUTED, "[]")))
    for key in keys.key_blocks[1:]:
        if key.name.startswith("eyeLook"):
            if muted and not key.mute:
                key.mute = True
                ours.add(key.name)
            elif not muted and key.name in ours:
                key.mute = False
                ours.discard(key.name)
    if ours:
        keys[_MUTED] = json.dumps(sorted(ours))
    elif _MUTED in keys:
        del keys[_MUTED]
