"""Actions in every Blender that we support: with slots from 4.4 on, without before.

With slots one action holds the motion of shape keys and of an object. Without, each has an action of its own; the
keys' action points to the object's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HAS_SLOTS = "slots" in bpy.types.Action.bl_rna.properties

COMPANION = "dreamface_head_action"
"""Custom property of an action for shape keys: the action for the object, where one action cannot hold both."""

_LINEAR = 1  # of Keyframe.interpolation
_SLOTS = {"KEY": "Face", "OBJECT": "Head"}
"""Kind of datablock -> what its slot is called."""


def new_action(name: str) -> bpy.types.Action:
    """Return a new action that stays in the file when nothing wears it."""
    action = bpy.data.actions.new(name)
    action.use_fake_user = True
    if not HAS_SLOTS:
        action.id_root = "KEY"
    return action


def action_for(action: bpy.types.Action, owner: bpy.types.ID, make: bool = False) -> bpy.types.Action | None:
    """Return the action that moves `owner` as part of `action`: itself, or its companion; None without one.

    Args:
        action: for shape keys.
        owner: shape keys or an object.
        make: a companion where one is needed and missing.
    """
    if owner.id_type == "KEY":
        return action
    companion = action.get(COMPANION)
    if companion is None and HAS_SLOTS:
        return action
    if companion is None and make:
        companion = bpy.data.actions.new(f"{action.name[:_NAME_LENGTH]} head")
        companion.id_root = "OBJECT"
        action[COMPANION] = companion
    return companion


_NAME_LENGTH = 58  # bytes of an action's name in its companion's, which may be 63 bytes long


def channels_for(action: bpy.types.Action, owner: bpy.types.ID, make: bool = False) -> Any:
    """Return what has the `fcurves` and `groups` of an action that move `owner`: a channel bag, or the action itself.

    None where there is none and `make` is False.
    """
    if not HAS_SLOTS:
        return action
    slot = _slot_for(action, owner, make)
    strip = _strip_of(action, make)
    return strip.channelbag(slot, ensure=make) if slot is not None and strip is not None else None


def curves_of(action: bpy.types.Action) -> list[bpy.types.FCurve]:
    """Return all curves of an action."""
    if not HAS_SLOTS:
        return list(action.fcurves)
    return [
        curve for layer in action.layers for strip in layer.strips for bag in strip.channelbags for curve in bag.fcurves
    ]


def _strip_of(action: bpy.types.Action, make: bool) -> Any:
    if not action.layers and make:
        action.layers.new("Layer")
    if not action.layers:
        return None
    strips = action.layers[0].strips
    return strips[0] if strips else strips.new(type="KEYFRAME") if make else None


def _slot_for(action: bpy.types.Action, owner: bpy.types.ID, make: bool) -> Any:
    worn = owner.animation_data
    if worn is not None and worn.action == action and worn.action_slot is not None:
        return worn.action_slot
    kinds = (owner.id_type, "UNSPECIFIED")  # the latter in files of a Blender without slots
    fitting = [slot for kind in kinds for slot in action.slots if slot.target_id_type == kind]
    if fitting or not make:
        return fitting[0] if fitting else None
    return action.slots.new(id_type=owner.id_type, name=_SLOTS[owner.id_type])


def assign(owner: bpy.types.ID, action: bpy.types.Action | None) -> None:
    """Have `owner` moved by an action, in the slot that is for it; by none with None."""
    animation = owner.animation_data_create()
    animation.action = action
    if HAS_SLOTS and action is not None:
        animation.action_slot = _slot_for(action, owner, make=True)


def action_of(owner: bpy.types.ID) -> bpy.types.Action | None:
    """Return the action that moves a datablock now."""
    return owner.animation_data.action if owner.animation_data is not None else None


def write_curves(
    channels: Any, paths: list[tuple[str, int, str]], frames: Array, values: Array, needed: NDArray[np.bool_]
) -> int:
    """Replace the curves of some properties, with straight lines between their keys; return how many keys they have.

    Args:
        channels: of an action, for one datablock.
        paths: of each of the C curves: data path, index in it, and name of its group.
        frames: [N].
        values: [N, C].
        needed: [N, C] which of them become keys.
    """
    remove_curves(channels, paths)
    total = 0
    for column, (path, index, name) in enumerate(paths):
        rows = np.flatnonzero(needed[:, column])
        curve = channels.fcurves.new(path, index=index)
        curve.group = channels.groups.get(name) or channels.groups.new(name)
        write_keys(curve, np.stack((frames[rows], values[rows, column]), axis=1))
        total += len(rows)
    return total


def remove_curves(channels: Any, paths: list[tuple[str, int, str]]) -> None:
    """Take the curves of some properties out of an action's channels for one datablock."""
    ours = {(path, index) for path, index, _ in paths}
    for curve in [curve for curve in channels.fcurves if (curve.data_path, curve.array_index) in ours]:
        channels.fcurves.remove(curve)


def write_keys(curve: bpy.types.FCurve, places: Array) -> None:
    """Give a curve these keys and no others: [K, 2] frame and value, with straight lines between them."""
    points = curve.keyframe_points
    points.clear()
    points.add(len(places))
    points.foreach_set("co", places.astype(np.float32).reshape(-1))
    points.foreach_set("interpolation", np.full(len(places), _LINEAR, np.int32))
    points.foreach_set("select_control_point", np.zeros(len(places), bool))
    curve.update()


def keys_of(curve: bpy.types.FCurve) -> Array:
    """[K, 2] frame and value of a curve's keys."""
    places = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", places)
    return places.reshape(-1, 2).astype(np.float64)


def is_linear(curve: bpy.types.FCurve) -> bool:
    """Whether a curve is straight from key to key."""
    kinds = np.empty(len(curve.keyframe_points), np.int32)
    curve.keyframe_points.foreach_get("interpolation", kinds)
    return bool((kinds == _LINEAR).all()) and not curve.modifiers


# -------------------------------------------------------------------------------------------------------------- the NLA


def push_to_nla(owner: bpy.types.ID) -> bpy.types.NlaTrack | None:
    """Put the action that moves a datablock onto a track of its own, where it goes on playing; None without one."""
    animation = owner.animation_data
    action = action_of(owner)
    if animation is None or action is None:
        return None
    track = animation.nla_tracks.new()
    track.name = action.name
    first, last = action.frame_range
    strip = track.strips.new(action.name, int(np.floor(first)), action)
    if HAS_SLOTS:
        strip.action_slot = animation.action_slot
    # Blender takes the length of a strip from its slot, which it does not know when the strip is made.
    strip.action_frame_start, strip.action_frame_end = first, max(last, first + 1.0)
    strip.frame_start, strip.frame_end = first, max(last, first + 1.0)
    strip.scale = 1.0
    animation.action = None
    return track


def strips_of(owner: bpy.types.ID) -> Iterator[tuple[bpy.types.NlaTrack, bpy.types.NlaStrip]]:
    """All strips in the NLA of a datablock, with their tracks."""
    animation = owner.animation_data
    for track in animation.nla_tracks if animation is not None else ():
        for strip in track.strips:
            yield track, strip


def remove_strips(owner: bpy.types.ID, action: bpy.types.Action) -> None:
    """Take an action out of a datablock's NLA, and tracks that are empty then."""
    found = [(track, strip) for track, strip in strips_of(owner) if strip.action == action]
    for track, strip in found:
        track.strips.remove(strip)
        if not len(track.strips):
            owner.animation_data.nla_tracks.remove(track)


_OF_STRIPS = (
    "action_frame_start", "action_frame_end", "scale", "repeat", "frame_start", "frame_end", "blend_type",
    "extrapolation", "blend_in", "blend_out", "use_auto_blend", "use_reverse", "use_sync_length", "mute",
    "use_animated_influence", "use_animated_time", "use_animated_time_cyclic",
)  # fmt: skip
"""What a strip is set to."""


def copy_nla(old: bpy.types.AnimData, new: bpy.types.AnimData) -> None:
    """Give a datablock the NLA tracks of another."""
    for track in old.nla_tracks:
        copy = new.nla_tracks.new()
        copy.name, copy.mute, copy.lock = track.name, track.mute, False
        for strip in track.strips:
            if strip.action is None:
                continue
            _copy_strip(strip, copy, strip.action, strip.action_slot if HAS_SLOTS else None)
        copy.lock = track.lock


def copy_strips(old: bpy.types.ID, new: bpy.types.ID, action: bpy.types.Action) -> None:
    """Have an action play in the NLA of an object as it does in that of shape keys; where it is there, it stays.

    Args:
        old: the shape keys.
        new: the object.
        action: for the shape keys.
    """
    moving = action_for(action, new)
    if moving is None or any(strip.action == moving for _, strip in strips_of(new)):
        return
    for track, strip in [found for found in strips_of(old) if found[1].action == action]:
        copy = new.animation_data_create().nla_tracks.new()
        copy.name, copy.mute = track.name, track.mute
        _copy_strip(strip, copy, moving, _slot_for(moving, new, make=True) if HAS_SLOTS else None)


def _copy_strip(strip: bpy.types.NlaStrip, track: bpy.types.NlaTrack, action: bpy.types.Action, slot: Any) -> None:
    made = track.strips.new(strip.name, int(np.floor(strip.frame_start)), action)
    if slot is not None:
        made.action_slot = slot
    for name in _OF_STRIPS:
        setattr(made, name, getattr(strip, name))
    if strip.use_animated_influence:
        made.influence = strip.influence
