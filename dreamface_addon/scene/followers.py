"""Eyes, teeth and lashes on an artist's own rig: what an Armature modifier does to the skin, it does to them.

Blender gives such a modifier to the skin alone when a head is parented to an armature, and the other parts would stay
behind. They get one like it, and of the skin's weights those of the places closest to them; what is hard, an eyeball or
a tooth, gets one weight as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import bpy
import numpy as np
from mathutils.kdtree import KDTree

from .meshes import WEIGHT_STEPS
from .records import FOLLOWED, PART, parts_of, rig_of
from .sculpting import Array, basis_of

_PREFIX: Final = "DreamFace Follows "
"""What the names of such modifiers begin with; the rest is the name of the skin's."""

_HARD: Final = ("sclera", "iris", "cornea", "teeth")
"""What the names of parts end with whose connected pieces do not bend."""

_SETTINGS: Final = ("use_bone_envelopes", "use_deform_preserve_volume", "show_viewport", "show_render")
_LEAST: Final = 0.01  # of a weight


def armatures_of(skin: bpy.types.Object) -> tuple[int, ...]:
    """Return which armatures of an artist's own move a skin; cheap, to be asked again and again."""
    rig = rig_of(skin) if any(modifier.type == "ARMATURE" for modifier in skin.modifiers) else None
    return tuple(modifier.object.session_uid for modifier in _own(skin, rig))


def follow_armatures(skin: bpy.types.Object, renew: bool = False) -> bool:
    """Let a head's other parts go along with the armatures that an artist has put on its skin.

    Parts that have a modifier of that armature already are the artist's concern. Where the skin has lost an armature,
    the parts lose it, too.

    Args:
        skin: the face's.
        renew: take the skin's weights anew, because they were painted.

    Returns:
        Whether anything has changed.
    """
    if skin.data.is_editmode:
        return False
    modifiers = list(_own(skin, rig_of(skin)))
    carried: dict[str, _Carried | None] = {}
    changed = False
    for part in parts_of(skin):
        if part == skin or not (part.is_editable and part.data.is_editable) or part.mode != "OBJECT":
            continue
        changed |= _drop_lost(part, [modifier.object for modifier in modifiers])
        for modifier in modifiers:
            ours = part.modifiers.get(_PREFIX + modifier.name)
            theirs = any(
                each.type == "ARMATURE" and each.object == modifier.object and each != ours for each in part.modifiers
            )
            if theirs or (ours is not None and not renew):
                continue
            if modifier.name not in carried:
                carried[modifier.name] = _carried(skin, modifier.object)
            _copy_weights(part, carried[modifier.name])
            if ours is None:
                _copy_modifier(part, modifier)
            changed = True
    return changed


def _own(skin: bpy.types.Object, rig: bpy.types.Object | None) -> Iterator[bpy.types.Modifier]:
    for modifier in skin.modifiers:
        if modifier.type == "ARMATURE" and modifier.object is not None and modifier.object != rig:
            yield modifier


def _copy_modifier(part: bpy.types.Object, of: bpy.types.Modifier) -> None:
    modifier = part.modifiers.new(_PREFIX + of.name, "ARMATURE")
    modifier.object = of.object
    for setting in _SETTINGS:
        setattr(modifier, setting, getattr(of, setting))
    place = sum(each.type == "ARMATURE" for each in part.modifiers) - 1  # after our own rig, before all others
    part.modifiers.move(len(part.modifiers) - 1, place)


def _drop_lost(part: bpy.types.Object, armatures: list[bpy.types.Object]) -> bool:
    lost = [each for each in part.modifiers if each.name.startswith(_PREFIX) and each.object not in armatures]
    for modifier in lost:
        part.modifiers.remove(modifier)
    if lost and not any(each.name.startswith(_PREFIX) for each in part.modifiers):
        for name in json.loads(part.get(FOLLOWED, "[]")):
            group = part.vertex_groups.get(name)
            if group is not None:
                part.vertex_groups.remove(group)
        part.pop(FOLLOWED, None)
    return bool(lost)


@dataclass(frozen=True)
class _Carried:
    """What an armature does to a skin.

    Attributes:
        names: [N] of its bones that have vertex groups.
        tree: those of the skin's vertices that they move, to be looked for by place.
        weights: [K, N] of these vertices.
    """

    names: list[str]
    tree: KDTree
    weights: Array


def _copy_weights(part: bpy.types.Object, carried: _Carried | None) -> None:
    """Give a part vertex groups of an armature's bones, with the weights of the skin close by."""
    if carried is None:
        return  # envelopes need no weights
    names = carried.names
    own = carried.weights[np.array([carried.tree.find(point)[1] for point in basis_of(part.data)], np.int64)]
    if str(part[PART]).endswith(_HARD):
        own = _as_wholes(part.data, own)
    own[own < _LEAST] = 0.0
    kept = set(json.loads(part.get(FOLLOWED, "[]")))
    for column, name in enumerate(names):
        steps = np.rint(own[:, column] * WEIGHT_STEPS).astype(np.int64)
        group = part.vertex_groups.get(name)
        if group is not None and name in kept:
            part.vertex_groups.remove(group)
            group = None
        if not steps.any():
            continue
        group = group or part.vertex_groups.new(name=name)
        kept.add(name)
        for step in np.unique(steps[steps > 0]):
            group.add(np.flatnonzero(steps == step).tolist(), step / WEIGHT_STEPS, "REPLACE")
    part[FOLLOWED] = json.dumps(sorted(kept))


def _carried(skin: bpy.types.Object, armature: bpy.types.Object) -> _Carried | None:
    """Return what an armature does to a skin; None where no vertex group says it."""
    names = [group.name for group in skin.vertex_groups if group.name in armature.data.bones]
    column = {skin.vertex_groups[name].index: place for place, name in enumerate(names)}
    weights = np.zeros((len(skin.data.vertices), len(names)), np.float32)
    for vertex in skin.data.vertices if names else ():
        for group in vertex.groups:
            if group.group in column:
                weights[vertex.index, column[group.group]] = group.weight
    moved = np.flatnonzero(weights.sum(axis=1) > 0.0)
    if not moved.size:
        return None
    tree = KDTree(len(moved))
    for place, point in enumerate(basis_of(skin.data)[moved].tolist()):
        tree.insert(point, place)
    tree.balance()
    return _Carried(names, tree, weights[moved] / weights[moved].sum(axis=1, keepdims=True))


def weights_at_roots(
    skin: bpy.types.Object, cards: bpy.types.Object, armature: bpy.types.Object
) -> dict[str, tuple[Array, Array]]:
    """Bone -> vertices [K] of cards of hair, and how much [K] it carries them: each card as the skin at its root."""
    carried = _carried(skin, armature)
    if carried is None:
        return {}
    piece, places = _pieces(cards.data), basis_of(cards.data)
    order = np.argsort(piece, kind="stable")  # a card's first two vertices are its root
    starts = np.unique(piece[order], return_index=True)[1]
    seconds = np.minimum(starts + 1, len(order) - 1)
    roots = (places[order[starts]] + places[order[seconds]]) / 2
    nearest = np.array([carried.tree.find(root)[1] for root in roots], np.int64)
    weights = np.rint(carried.weights[nearest] * WEIGHT_STEPS)[piece] / WEIGHT_STEPS
    return {
        name: (np.flatnonzero(weights[:, column]), weights[weights[:, column] > 0.0, column])
        for column, name in enumerate(carried.names)
        if weights[:, column].any()
    }


def _as_wholes(mesh: bpy.types.Mesh, weights: Array) -> Array:
    """[V, N] weights, of each connected piece their mean."""
    number = _pieces(mesh)
    count = np.bincount(number).astype(np.float32)
    sums = np.stack([np.bincount(number, weights[:, column]) for column in range(weights.shape[1])], axis=1)
    return np.asarray((sums / count[:, None])[number], np.float32)


def _pieces(mesh: bpy.types.Mesh) -> Array:
    """[V] the number of the connected piece that each vertex belongs to."""
    edges = np.empty(len(mesh.edges) * 2, np.int32)
    mesh.edges.foreach_get("vertices", edges)
    edges = edges.reshape(-1, 2)
    piece = np.arange(len(mesh.vertices))
    while True:  # each vertex takes the lowest number around it, until all of a piece have the same
        lowest = np.minimum(piece[edges[:, 0]], piece[edges[:, 1]])
        before = piece.copy()
        np.minimum.at(piece, edges[:, 0], lowest)
        np.minimum.at(piece, edges[:, 1], lowest)
        piece = piece[piece]
        if np.array_equal(before, piece):
            break
    return np.asarray(np.unique(piece, return_inverse=True)[1])
