"""What a face was like before a take, a camera or bones began to move it: notes on its skin and shape keys."""

from __future__ import annotations

import json
from typing import Final

import bpy

BEFORE_TAKE: Final = "dreamface_before_take"
BEFORE_PREVIEW: Final = "dreamface_before_preview"
"""Custom properties of a skin: the expression that it had before a take, and before a camera moved it."""

_GAZE_WEIGHTS: Final = "dreamface_gaze_weights"
"""Custom property of the skin's shape keys: the gaze shapes' weights before bones gave them, as JSON."""


def gaze_weights(keys: bpy.types.Key | None) -> dict[str, float]:
    """Return the weights that gaze shapes had before bones gave them; empty where bones give none."""
    noted: dict[str, float] = json.loads(keys.get(_GAZE_WEIGHTS, "{}")) if keys is not None else {}
    return noted


def note_gaze_weights(keys: bpy.types.Key, weights: dict[str, float]) -> None:
    """Note the weights that gaze shapes had before bones gave them; with none the note goes."""
    if weights:
        keys[_GAZE_WEIGHTS] = json.dumps(weights)
    elif _GAZE_WEIGHTS in keys:
        del keys[_GAZE_WEIGHTS]


def own_weight(skin: bpy.types.Object, name: str) -> float:
    """Return the weight of a shape that a face has without the take or the camera that moves it now."""
    keys = skin.data.shape_keys
    animation = keys.animation_data
    is_animated = animation is not None and (animation.action is not None or len(animation.nla_tracks) > 0)
    for where in (BEFORE_TAKE, BEFORE_PREVIEW):
        if where in skin and (is_animated or where == BEFORE_PREVIEW):
            try:
                return float(json.loads(skin[where])["keys"][name])
            except (KeyError, ValueError, TypeError):
                continue
    return float(keys.key_blocks[name].value)
