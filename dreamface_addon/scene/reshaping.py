"""New vertices for a whole head at once, fast enough for a slider."""

from __future__ import annotations

import json
from typing import Any

import bpy
import numpy as np

from .applying import check_not_applied
from .armature import settle_rig
from .cards import show_newer_hair
from .errors import SceneError
from .hair import settle_hair
from .meshes import move_vertices, object_shapes
from .records import (
    MEASURED_PROPERTY,
    RANGE,
    TRAITS_PROPERTY,
    check_can_change,
    hair_of,
    lost_properties,
    parts_of,
    traits_of,
    wear_expression,
)
from .sculpting import Array
from .visemes import renew_visemes


def reshape(skin: bpy.types.Object, arrays: dict[str, Array], traits: dict[str, Any]) -> None:
    """Move the parts of a face to new neutral vertices, and store the traits that they come from.

    What was sculpted stays on top of the new vertices. An artist's own shape keys, those of the face's that were
    sculpted, and without new shapes all of them, keep how they differ from the basis.

    Args:
        skin: the face's.
        arrays: `vertices` [V, 3] float32 of the whole head in metres, in the order of geometry.npz; with
            `shape_offsets`, `shape_vertices` and `shape_deltas` as there, the face's shape keys are made anew; with
            `measured_names` and `measured` [M], what the new head measures is noted as well. A rig's joints,
            and visemes, follow with the shape keys.
        traits: all of the face's: trait -> value, or {"value", "confidence", "because"}.

    Raises:
        SceneError: the face's objects cannot be changed now, or do not fit; nothing was changed.
    """
    objects = parts_of(skin)
    check_can_change([*objects, *hair_of(skin).values()])
    check_not_applied(skin)
    try:
        names = json.loads(skin["dreamface_shapes"])
        stored = _with_reasons(traits, traits_of(skin))
        spans = [tuple(object_[RANGE]) for object_ in objects]
    except (KeyError, ValueError, TypeError) as error:
        raise lost_properties(skin) from error
    vertices = arrays["vertices"]
    _check_fit(objects, spans, vertices)
    with_shapes = "shape_offsets" in arrays
    if with_shapes and len(arrays["shape_offsets"]) != len(names) + 1:
        raise SceneError(f"{skin.name} has other shape keys than its head model: generate the face again.")
    for object_, (first, last) in zip(objects, spans, strict=True):
        shapes = object_shapes(arrays, names, first, last) if with_shapes else ()
        move_vertices(object_.data, vertices[first:last], shapes)
    settle_hair(skin)
    if with_shapes:  # once a slider rests: Blender changes bones in Edit Mode alone, and evaluates the scene for it
        settle_rig(skin)
        renew_visemes(skin)
    show_newer_hair(skin)
    skin[TRAITS_PROPERTY] = stored
    if "measured" in arrays:
        measured = zip(arrays["measured_names"].tolist(), arrays["measured"].tolist(), strict=True)
        skin[MEASURED_PROPERTY] = json.dumps(dict(measured))
    wear_expression(skin, json.loads(stored))


def _with_reasons(traits: dict[str, Any], before: dict[str, Any]) -> str:
    """Traits as JSON; bare values get the confidence and reason they had, or those of a trait that was set."""
    entries = {}
    for name, entry in traits.items():
        value = entry["value"] if isinstance(entry, dict) else entry
        reasons = entry if isinstance(entry, dict) else before.get(name, {"confidence": 1.0, "because": ""})
        entries[name] = reasons | {"value": value}
    return json.dumps(entries)


def _check_fit(objects: list[bpy.types.Object], spans: list[tuple[int, ...]], vertices: Array) -> None:
    for object_, (first, last) in zip(objects, spans, strict=True):
        if not (0 <= first < last <= len(vertices) and len(object_.data.vertices) == last - first):
            raise SceneError(f"{object_.name} has other vertices than the head it came from: generate the face again.")
    if not np.isfinite(vertices).all():
        raise SceneError("The engine sent vertices that are no numbers: start it again.")
