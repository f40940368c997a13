"""A face's expression: its shape keys and how its head is turned, as one thing that can be kept and brought back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import bpy
import numpy as np

from .before import BEFORE_PREVIEW as BEFORE_PREVIEW
from .before import BEFORE_TAKE as BEFORE_TAKE
from .before import gaze_weights, note_gaze_weights
from .head_motion import HeadOwner, Turning, head_owner
from .lids import lids_meeting
from .records import hair_of


def keys_of_face(skin: bpy.types.Object) -> dict[str, bpy.types.ShapeKey]:
    """Name -> shape key of a face, without the basis."""
    keys = skin.data.shape_keys
    return {} if keys is None else {key.name: key for key in keys.key_blocks if key != keys.reference_key}


def why_no_expression(skin: bpy.types.Object) -> str:
    """Return why a face can wear no expression, or nothing."""
    if skin.data.shape_keys is None:
        return "This head has lost its shape keys: undo, or import its face folder again"
    if not (skin.is_editable and skin.data.shape_keys.is_editable):
        return "The head is linked from another file: make it local first (Object > Relations)"
    return ""


def set_expression(skin: bpy.types.Object, weights: Mapping[str, float]) -> None:
    """Set a face's shape keys by name; keys that are not named stay as they are."""
    keys = keys_of_face(skin)
    for name, weight in weights.items():
        if name in keys:
            keys[name].value = weight
    by_bones = gaze_weights(skin.data.shape_keys)
    again = {name: float(weight) for name, weight in weights.items() if name in by_bones}
    if again:
        note_gaze_weights(skin.data.shape_keys, by_bones | again)  # they show when bones give them no longer


def keep_expression(skin: bpy.types.Object, where: str, without_hair: Sequence[str] = ()) -> None:
    """Note the expression that a face has now, unless one is noted there already.

    Where something else turns the head than when it was noted, how that stands is noted, too.

    Args:
        skin: the face's.
        where: custom property of the skin.
        without_hair: regions whose hair is hidden until the expression is brought back.
    """
    owner = head_owner(skin)
    if where in skin:
        kept = _kept(skin, where)
        if kept and owner.bone not in kept["heads"]:
            kept["heads"][owner.bone] = _stands(owner)
            skin[where] = json.dumps(kept)
        return
    hair = hair_of(skin)
    hidden = [region for region in without_hair if region in hair and not hair[region].hide_viewport]
    for region in hidden:
        hair[region].hide_viewport = True
    keys = {name: key.value for name, key in keys_of_face(skin).items()} | gaze_weights(skin.data.shape_keys)
    skin[where] = json.dumps({"keys": keys, "heads": {owner.bone: _stands(owner)}, "hidden": hidden})


def _stands(owner: HeadOwner) -> dict[str, Any]:
    return {"mode": owner.mode, "values": owner.read()}


def _kept(skin: bpy.types.Object, where: str) -> dict[str, Any]:
    """Return a noted expression; empty where there is none that can be read."""
    try:
        kept = json.loads(skin[where])
        if "heads" not in kept:  # of a file from before heads could get and lose bones meanwhile
            kept["heads"] = {kept["bone"]: {"mode": kept["mode"], "values": kept["head"]}}
    except (KeyError, ValueError, TypeError):
        return {}
    return dict(kept)


def put_head_back(skin: bpy.types.Object, where: str, owner: HeadOwner) -> None:
    """Have what turned a head stand as it was noted, or at rest where that is not known."""
    _put_back(owner, _kept(skin, where).get("heads", {}).get(owner.bone))


def _put_back(owner: HeadOwner, noted: dict[str, Any] | None) -> None:
    values = noted["values"] if noted is not None and noted["mode"] == owner.mode else []
    if len(values) < len(owner.paths) or not owner.can_turn:
        owner.rest()
    owner.write(values)


def bring_back_expression(skin: bpy.types.Object, where: str) -> bool:
    """Give a face the expression back that was noted; return whether there was one that can be read."""
    if where not in skin:
        return False
    kept = _kept(skin, where)
    del skin[where]
    try:
        set_expression(skin, {str(name): float(weight) for name, weight in kept["keys"].items()})
        for owner in dict.fromkeys((head_owner(skin), HeadOwner(skin))):
            if owner.bone in kept["heads"]:
                _put_back(owner, kept["heads"][owner.bone])
        hair = hair_of(skin)
        for region in kept["hidden"]:
            if region in hair:
                hair[region].hide_viewport = False
    except (KeyError, ValueError, TypeError, AttributeError):
        return False
    return True


class Puppet:
    """A face that a camera moves, one moment after the other.

    Args:
        skin: the face's.
        shapes: names of the weights that come.
    """

    def __init__(self, skin: bpy.types.Object, shapes: tuple[str, ...]) -> None:
        keys = skin.data.shape_keys
        places = {key.name: index for index, key in enumerate(keys.key_blocks)}
        self._skin, self._keys, self._shapes = skin, keys, shapes
        self._from = np.array([index for index, name in enumerate(shapes) if name in places], np.int64)
        self._to = np.array([places[name] for name in shapes if name in places], np.int64)
        self._count = len(keys.key_blocks)
        self._owner: HeadOwner = head_owner(skin)
        self._turning = Turning(skin, self._owner)

    def fits(self) -> bool:
        """Whether the face is still as it was: the same shape keys, the same thing that turns."""
        keys = self._skin.data.shape_keys
        return keys == self._keys and len(keys.key_blocks) == self._count and head_owner(self._skin) == self._owner

    def show(self, weights: Any, head: Any, place: Any) -> None:
        """Show a moment; no step of undo is made.

        Args:
            weights: [S] 0..1.
            head: yaw, pitch and roll in radians.
            place: metres from where the head rests.
        """
        values = np.empty(self._count, np.float32)
        self._keys.key_blocks.foreach_get("value", values)
        values[self._to] = lids_meeting(np.asarray(weights, np.float32), self._shapes)[self._from]
        self._keys.key_blocks.foreach_set("value", values)
        self._keys.update_tag()
        if self._owner.can_turn:
            self._owner.write(self._turning.values(head, place))
            self._owner.owner.update_tag()


def weights_of(skin: bpy.types.Object) -> dict[str, float]:
    """Return the shape keys' values of a face by name; what bones give the eyes is not the face's own."""
    return {name: key.value for name, key in keys_of_face(skin).items()} | gaze_weights(skin.data.shape_keys)


def undriven_shapes(skin: bpy.types.Object, shapes: Iterable[str]) -> list[str]:
    """Return those of some shape keys that a face has and that no driver moves: the rest cannot be set or keyed."""
    keys = skin.data.shape_keys
    drivers = keys.animation_data.drivers if keys is not None and keys.animation_data is not None else ()
    driven = {driver.data_path for driver in drivers}
    there = keys_of_face(skin)
    return [name for name in shapes if name in there and _value_path(name) not in driven]


def _value_path(name: str) -> str:
    return f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'


def key_expression(skin: bpy.types.Object, shapes: Iterable[str], frame: float, with_head: bool = False) -> int:
    """Set key frames on shape keys, as they stand; return how many got one.

    Args:
        skin: the face's.
        shapes: names of shape keys; what a face has not, or a driver moves, is passed over.
        frame: of the scene.
        with_head: whether the turn of the head gets key frames, too.
    """
    keys, keyed = keys_of_face(skin), undriven_shapes(skin, shapes)
    for name in keyed:
        keys[name].keyframe_insert("value", frame=frame, group=_GROUP)
    if with_head:
        owner = head_owner(skin)
        for path, index, group in owner.paths:
            owner.owner.keyframe_insert(path, index=index, frame=frame, group=group)
    return len(keyed)


_GROUP = "Face"


def turn_head(skin: bpy.types.Object, angles: Sequence[float]) -> None:
    """Turn a face's head: its bone, or without a rig the head itself; with zeros it is straight.

    Args:
        skin: the face's.
        angles: yaw (towards the person's left), pitch (downwards) and roll (towards the left shoulder), radians.
    """
    owner = head_owner(skin)
    if owner.can_turn:
        owner.write(Turning(skin, owner).values(angles, (0.0, 0.0, 0.0)))
