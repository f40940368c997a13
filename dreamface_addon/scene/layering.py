"""An expression laid over a performance: a strip of its own in the NLA of the shape keys, added to what plays below it.

The performance stays as it is. The strip can be moved, stretched, muted and keyed in the NLA editor like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import bpy
import numpy as np

from .actions import action_of, assign, channels_for, new_action, push_to_nla, strips_of, write_curves
from .errors import SceneError
from .expressions import undriven_shapes, why_no_expression
from .performing import push_take, worn_take

_LAYER: Final = "dreamface_expression_layer"
"""Custom property of the actions that are laid over performances."""

_FADE: Final = 8.0  # frames, over which a layer comes and goes


def why_no_layer(skin: bpy.types.Object) -> str:
    """Return why no expression can be laid over what plays on a face, or nothing."""
    keys = skin.data.shape_keys
    if keys is None or not plays(keys):
        return "Nothing plays on this head: use the expression itself, or make a take first"
    return why_no_expression(skin)


def why_no_keys(skin: bpy.types.Object) -> str:
    """Return why no key frames can be set on the sliders of a face, or nothing."""
    why_not = why_no_expression(skin)
    if why_not:
        return why_not
    if worn_take(skin) is not None:
        return "A take moves this head: lay the expression over it, or push the take to the NLA"
    action = action_of(skin.data.shape_keys)
    if action is not None and not action.is_editable:
        return "The head's action is linked from another file: make it local first"
    return ""


def plays(keys: bpy.types.Key) -> bool:
    """Return whether an action moves shape keys, alone or in the NLA."""
    return action_of(keys) is not None or any(not _is_layer(strip) for _, strip in strips_of(keys))


def lay_expression(
    skin: bpy.types.Object, name: str, weights: Mapping[str, float], first: float, last: float
) -> bpy.types.NlaTrack:
    """Add an expression to what plays on a face. What plays goes onto an NLA track, where it goes on playing.

    Args:
        skin: the face's.
        name: of the track.
        weights: shape -> what is added to it; shapes that a driver moves are left out.
        first: frame from which it is there.
        last: frame until which it is there.

    Raises:
        SceneError: nothing plays on the face, or it cannot be changed.
    """
    why_not = why_no_layer(skin)
    if why_not:
        raise SceneError(f"{why_not}.")
    keys = skin.data.shape_keys
    if worn_take(skin) is not None:
        push_take(skin)
    push_to_nla(keys)
    frames = np.array([first, max(last, first + 1.0)])
    shapes = [shape for shape in undriven_shapes(skin, weights) if weights[shape]]
    action = new_action(name)
    action.use_fake_user = False
    action[_LAYER] = True
    values = np.tile([weights[shape] for shape in shapes], (2, 1))
    paths = [(f'key_blocks["{bpy.utils.escape_identifier(shape)}"].value', 0, "Face") for shape in shapes]
    assign(keys, action)
    write_curves(channels_for(action, keys, make=True), paths, frames, values, np.ones(values.shape, bool))
    track = push_to_nla(keys)
    assert track is not None  # it has an action
    strip = track.strips[0]
    strip.blend_type, strip.extrapolation = "ADD", "NOTHING"
    strip.blend_in = strip.blend_out = min(_FADE, 0.5 * (strip.frame_end - strip.frame_start))
    return track


def layers_of(skin: bpy.types.Object) -> list[bpy.types.NlaTrack]:
    """Return the tracks of the expressions that are laid over what plays on a face."""
    keys = skin.data.shape_keys
    return [track for track, strip in strips_of(keys) if _is_layer(strip)] if keys is not None else []


def remove_layer(skin: bpy.types.Object, track: bpy.types.NlaTrack) -> None:
    """Take an expression off again."""
    actions = [strip.action for strip in track.strips if _is_layer(strip)]
    skin.data.shape_keys.animation_data.nla_tracks.remove(track)
    for action in actions:
        if not action.users:
            bpy.data.actions.remove(action)


def _is_layer(strip: bpy.types.NlaStrip) -> bool:
    return strip.action is not None and _LAYER in strip.action
