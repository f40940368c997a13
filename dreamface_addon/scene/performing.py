"""Takes on faces: one action for shape keys and head, made anew from the raw take whenever its settings change.

The action of a take has dreamface_take, the raw take as an .npz; dreamface_take_of, the id of the face it was made for;
dreamface_shaping, what the artist makes of it, as JSON; dreamface_take_seconds; dreamface_take_footage, the path of the
video; dreamface_take_notes; and dreamface_baked, which says what its curves were made of, and what they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import bpy
import numpy as np
from numpy.typing import NDArray

from .actions import (
    COMPANION,
    action_for,
    action_of,
    assign,
    channels_for,
    copy_strips,
    curves_of,
    is_linear,
    keys_of,
    new_action,
    push_to_nla,
    remove_curves,
    remove_strips,
    strips_of,
    write_curves,
    write_keys,
)
from .errors import SceneError
from .expressions import (
    BEFORE_TAKE,
    bring_back_expression,
    keep_expression,
    keys_of_face,
    put_head_back,
    why_no_expression,
)
from .head_motion import HeadOwner, all_head_paths, head_owner, head_owners, stance, tolerances, turn_values
from .keys import needed_keys
from .lids import lids_meeting
from .records import FACE_ID

Array = NDArray[np.float64]

TAKE = "dreamface_take"
TAKE_OF = "dreamface_take_of"
SHAPING = "dreamface_shaping"
SECONDS = "dreamface_take_seconds"
FOOTAGE = "dreamface_take_footage"
NOTES = "dreamface_take_notes"
_BAKED = "dreamface_baked"


# ------------------------------------------------------------------------------------------------------- what there is


def is_take(action: bpy.types.Action | None) -> bool:
    """Whether an action is a take."""
    return action is not None and TAKE in action


def takes_of(skin: bpy.types.Object) -> list[bpy.types.Action]:
    """Return a face's takes by name: those made for it, and others that it wears."""
    worn = {action_of(owner) for owner in _owners(skin)}
    worn |= {strip.action for owner in _owners(skin) for _, strip in strips_of(owner)}
    return [
        action
        for action in bpy.data.actions
        if is_take(action) and (action.get(TAKE_OF) == skin[FACE_ID] or action in worn)
    ]


def worn_take(skin: bpy.types.Object) -> bpy.types.Action | None:
    """Return the take that moves a face now, and is not in the NLA."""
    keys = skin.data.shape_keys
    action = action_of(keys) if keys is not None else None
    return action if is_take(action) else None


def in_nla(skin: bpy.types.Object, action: bpy.types.Action) -> bool:
    """Whether a take is on a track of a face's NLA."""
    keys = skin.data.shape_keys
    return keys is not None and any(strip.action == action for _, strip in strips_of(keys))


def driven_shapes(skin: bpy.types.Object) -> list[str]:
    """Return the shape keys that drivers of the artist's move: a take cannot."""
    keys = skin.data.shape_keys
    drivers = keys.animation_data.drivers if keys is not None and keys.animation_data is not None else ()
    paths = {driver.data_path for driver in drivers}
    return [name for name in keys_of_face(skin) if _path(name) in paths]


def _owners(skin: bpy.types.Object) -> list[bpy.types.ID]:
    """What takes move, or did before bones came or went: the shape keys, armatures, and the skin."""
    keys = skin.data.shape_keys
    return [*([keys] if keys is not None else []), *(head.owner for head in head_owners(skin))]


def _path(name: str) -> str:
    return f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'


# ---------------------------------------------------------------------------------------------- making and changing one


def new_take(
    skin: bpy.types.Object, name: str, raw: bytes, shaping: str, seconds: float, footage: str = "", notes: str = ""
) -> bpy.types.Action:
    """Return the action of a new take, without curves yet.

    Args:
        skin: the face's that it is for.
        name: what it is called.
        raw: the take as an .npz.
        shaping: what the artist makes of it, as JSON.
        seconds: its length.
        footage: path of the video; empty without.
        notes: what there is to know about it.
    """
    action = new_action(name)
    action[TAKE], action[TAKE_OF], action[SHAPING] = raw, str(skin[FACE_ID]), shaping
    action[SECONDS], action[FOOTAGE], action[NOTES] = seconds, footage, notes
    return action


def bake_take(
    skin: bpy.types.Object,
    action: bpy.types.Action,
    frames: Array,
    weights: Array,
    shapes: tuple[str, ...],
    head: Array,
    place: Array,
    tolerance: float,
    state: str,
) -> int:
    """Write a take's curves; return how many keys they have.

    Args:
        skin: the face's.
        action: the take's.
        frames: [N] of the scene.
        weights: [N, S] 0..1.
        shapes: the S names; shape keys that the face does not have are left out.
        head: [N, 3] yaw, pitch and roll in radians.
        place: [N, 3] metres from where the head rests.
        tolerance: how far a curve may be from these.
        state: what all this was made of; see `is_baked`.

    Raises:
        SceneError: the face or the take cannot be changed.
    """
    why_not = why_no_expression(skin) or ("" if action.is_editable else _LINKED.format(action.name))
    if why_not:
        raise SceneError(f"{why_not}.")
    known = keys_of_face(skin)
    columns = [index for index, name in enumerate(shapes) if name in known]
    paths = [(_path(shapes[index]), 0, _GROUP_OF_KEYS) for index in columns]
    channels = channels_for(action, skin.data.shape_keys, make=True)
    values = lids_meeting(weights, shapes)[:, columns]
    needed = needed_keys(frames, values, np.full(len(columns), tolerance))
    count = write_curves(channels, paths, frames, values, needed)
    count += _bake_head(skin, action, frames, head, place, tolerance)
    action[_BAKED] = json.dumps({"of": state, "stance": stance(skin), "keys": _fingerprint(action)})
    for owner in _owners(skin):
        owner.update_tag(refresh={"TIME"})  # the frame that is shown shows it
    return count


_LINKED = "{} is linked from another file: make it local first"
_GROUP_OF_KEYS = "Face"


def _bake_head(
    skin: bpy.types.Object, action: bpy.types.Action, frames: Array, head: Array, place: Array, tolerance: float
) -> int:
    owner = head_owner(skin)
    moving = action_for(action, owner.owner, make=True)
    assert moving is not None
    channels = channels_for(moving, owner.owner, make=True)
    remove_curves(channels, all_head_paths())  # also of what turned the head before, and in another mode
    if not owner.can_turn or not (head.any() or place.any()):
        return 0  # the artist's own animation of the head shows
    values = turn_values(skin, owner, head, place)
    needed = needed_keys(frames, values, tolerances(owner, tolerance))
    return write_curves(channels, owner.paths, frames, values, needed)


def is_baked(skin: bpy.types.Object, action: bpy.types.Action, state: str) -> bool:
    """Whether a take's curves were made of `state`, for a head that stands as it does now."""
    baked = _baked(action)
    return baked.get("of") == state and baked.get("stance") == stance(skin)


def baked_state(action: bpy.types.Action) -> str:
    """Return what a take's curves were made of; empty where it has none yet."""
    return str(_baked(action).get("of", ""))


def is_edited(action: bpy.types.Action) -> bool:
    """Whether an artist has changed a take's keys since they were made."""
    baked = _baked(action)
    return "keys" in baked and baked["keys"] != _fingerprint(action)


def _baked(action: bpy.types.Action) -> dict[str, str]:
    try:
        baked = json.loads(action.get(_BAKED, "{}"))
    except ValueError:
        return {}
    return baked if isinstance(baked, dict) else {}


def _fingerprint(action: bpy.types.Action) -> str:
    """What a take's curves are, so that other keys, or others at other places, are told apart."""
    digest = hashlib.sha256()
    companion = action.get(COMPANION)
    curves = [*curves_of(action), *(curves_of(companion) if companion is not None else ())]
    for curve in sorted(curves, key=lambda curve: (curve.data_path, curve.array_index)):
        digest.update(f"{curve.data_path}[{curve.array_index}] {is_linear(curve)}".encode())
        digest.update(keys_of(curve).tobytes())
    return digest.hexdigest()


def keep_edited(action: bpy.types.Action) -> bpy.types.Action:
    """Keep a take's keys as an artist has edited them, in an action of its own; it is a take no longer."""
    copy = action.copy()
    copy.name, copy.use_fake_user = f"{action.name[:_NAME_LENGTH]} edited", True
    for name in (TAKE, TAKE_OF, SHAPING, SECONDS, FOOTAGE, NOTES, _BAKED):
        copy.pop(name, None)
    if COMPANION in copy:
        copy[COMPANION] = copy[COMPANION].copy()
        copy[COMPANION].use_fake_user = True
    return copy


_NAME_LENGTH = 54  # bytes of a take's name in that of its edited copy, which may be 63 bytes long


def count_keys(action: bpy.types.Action) -> int:
    """Return how many keys a take has."""
    companion = action.get(COMPANION)
    curves = [*curves_of(action), *(curves_of(companion) if companion is not None else ())]
    return sum(len(curve.keyframe_points) for curve in curves)


def thin_keys(action: bpy.types.Action, tolerance: float) -> tuple[int, int]:
    """Take keys out of the straight curves of an action without which they are the same within `tolerance`.

    Returns:
        How many keys there were, and are.
    """
    companion = action.get(COMPANION)
    before = after = 0
    for curve in [*curves_of(action), *(curves_of(companion) if companion is not None else ())]:
        places = keys_of(curve)
        before += len(places)
        if len(places) > 2 and is_linear(curve):
            needed = needed_keys(places[:, 0], places[:, 1:], np.array([tolerance]))[:, 0]
            write_keys(curve, places[needed])
        after += len(curve.keyframe_points)
    return before, after


# ---------------------------------------------------------------------------------------------------- wearing one


def wear_take(skin: bpy.types.Object, action: bpy.types.Action) -> list[str]:
    """Have a take move a face. What an artist has animated there goes on playing, below it, on an NLA track.

    Returns:
        Names of the actions that were put onto tracks.

    Raises:
        SceneError: the face cannot be changed.
    """
    why_not = why_no_expression(skin)
    if why_not:
        raise SceneError(f"{why_not}.")
    moved = [owner for owner in _owners(skin) if _is_ours(action_of(owner))]
    if not moved and not _plays_takes(skin):
        skin.pop(BEFORE_TAKE, None)  # of a take that was taken off in other ways
    keep_expression(skin, BEFORE_TAKE)
    turning = head_owner(skin)
    pushed = []
    for owner in _owners(skin):
        if owner.id_type == "KEY" or owner == turning.owner:
            pushed += _have_move(owner, action)
        elif owner in moved:
            assign(owner, None)
    for head in head_owners(skin):
        if head.owner in moved and not (head == turning and _turns(action, head)):
            put_head_back(skin, BEFORE_TAKE, head)
    return list(dict.fromkeys(pushed))


def _have_move(owner: bpy.types.ID, action: bpy.types.Action) -> list[str]:
    """Have a take move what it has curves for; return the names of tracks for what moved it before."""
    moving, now = action_for(action, owner), action_of(owner)
    track = push_to_nla(owner) if now is not None and now != moving and not _is_ours(now) else None
    channels = channels_for(moving, owner) if moving is not None else None
    if channels is not None and len(channels.fcurves):
        assign(owner, moving)
    elif now is not None and _is_ours(now):
        assign(owner, None)
    return [track.name] if track is not None else []


def _turns(action: bpy.types.Action, head: HeadOwner) -> bool:
    """Whether a take has curves for what turns a head."""
    moving = action_for(action, head.owner)
    channels = channels_for(moving, head.owner) if moving is not None else None
    paths = {path for path, _, _ in head.paths}
    return channels is not None and any(curve.data_path in paths for curve in channels.fcurves)


def take_off(skin: bpy.types.Object) -> None:
    """Have no take move a face any more; it gets the expression back that it had before."""
    for owner in _owners(skin):
        if _is_ours(action_of(owner)):
            assign(owner, None)
    noted = skin.get(BEFORE_TAKE)
    bring_back_expression(skin, BEFORE_TAKE)
    if noted is not None and _plays_takes(skin):
        skin[BEFORE_TAKE] = noted  # what a take in the NLA shows is not what the face had


def _plays_takes(skin: bpy.types.Object) -> bool:
    """Whether takes are on tracks of a face's NLA."""
    return any(_is_ours(strip.action) for owner in _owners(skin) for _, strip in strips_of(owner))


def push_take(skin: bpy.types.Object) -> str:
    """Put the take that a face wears onto NLA tracks; return the tracks' name."""
    names = []
    for owner in _owners(skin):
        if _is_ours(action_of(owner)):
            track = push_to_nla(owner)
            names += [track.name] if track is not None else []
    return names[0] if names else ""


def follow_in_nla(skin: bpy.types.Object, action: bpy.types.Action) -> None:
    """Have a take on NLA tracks, baked anew, turn a head by the bones that it has got, or without those it has lost."""
    keys, turning = skin.data.shape_keys, head_owner(skin)
    if BEFORE_TAKE in skin:
        keep_expression(skin, BEFORE_TAKE)
    for head in head_owners(skin)[1:]:
        if any(_is_ours(strip.action) for _, strip in strips_of(head.owner)):
            for gone in filter(None, (action, action.get(COMPANION))):
                remove_strips(head.owner, gone)
            put_head_back(skin, BEFORE_TAKE, head)
    if _turns(action, turning):
        copy_strips(keys, turning.owner, action)


def remove_take(action: bpy.types.Action, skins: Iterable[bpy.types.Object]) -> None:
    """Delete a take, also where faces wear it or have it in their NLA."""
    companion = action.get(COMPANION)
    for skin in skins:
        was_in_nla = in_nla(skin, action)
        for owner in _owners(skin):
            for gone in (action, companion):
                if gone is not None:
                    remove_strips(owner, gone)
        if worn_take(skin) == action or (was_in_nla and not _is_animated(skin)):
            take_off(skin)
    bpy.data.actions.remove(action)
    if companion is not None and companion.users == 0:
        bpy.data.actions.remove(companion)


def _is_animated(skin: bpy.types.Object) -> bool:
    owners = (skin.data.shape_keys, head_owner(skin).owner)
    return any(action_of(owner) is not None or any(strips_of(owner)) for owner in owners if owner is not None)


def _is_ours(action: bpy.types.Action | None) -> bool:
    """Whether an action is a take, or the companion of one."""
    if action is None:
        return False
    return is_take(action) or any(is_take(other) and other.get(COMPANION) == action for other in bpy.data.actions)


def motion_range(objects: Iterable[bpy.types.Object]) -> tuple[int, int] | None:
    """Return the first and the last frame in which something moves objects, their shape keys, or what they hang on.

    None where nothing does.
    """
    owners: dict[bpy.types.ID, None] = {}
    waiting = list(objects)
    while waiting:
        object_ = waiting.pop()
        if object_ in owners:
            continue
        owners[object_] = None
        keys = getattr(object_.data, "shape_keys", None)
        if keys is not None:
            owners[keys] = None
        waiting += _moved_by(object_)
    ranges = [tuple(action.frame_range) for action in map(action_of, owners) if action is not None]
    ranges += [
        (strip.frame_start, strip.frame_end)
        for owner in owners
        for track, strip in strips_of(owner)
        if not (track.mute or strip.mute)
    ]
    if not ranges:
        return None
    firsts, lasts = zip(*ranges, strict=True)
    return int(np.floor(min(firsts))), int(np.ceil(max(lasts)))


def _moved_by(object_: bpy.types.Object) -> list[bpy.types.Object]:
    """Return what an object goes along with: parent, armatures, and targets of its constraints and its bones'."""
    poses = object_.pose.bones if object_.pose is not None else ()
    constraints = [each for owner in (object_, *poses) for each in owner.constraints if not each.mute]
    aims = [aim for each in constraints for aim in (each, *getattr(each, "targets", ()))]
    movers = [object_.parent, *(getattr(aim, "target", None) for aim in aims)]
    movers += [modifier.object for modifier in object_.modifiers if modifier.type == "ARMATURE"]
    return [mover for mover in movers if mover is not None]
