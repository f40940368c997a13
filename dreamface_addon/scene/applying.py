"""A head whose transform was applied to its mesh (Ctrl+A), or whose origin was moved: that is not sculpting.

All vertices have moved then by one similarity, away from where the traits put them. Sliders, which know nothing of it,
would mix two sizes, and a face folder would get a skin beside its eyes.
"""

from __future__ import annotations

import bpy
import numpy as np

from .errors import SceneError
from .records import was_edited
from .sculpting import Array, basis_of, built_offset_of, offset_of, rest_of, sculpted_keys

_SMALL = 0.02  # metres: what moves no vertex farther is taken for sculpting
_LEFT = 0.1  # share of all moves, root mean square, that a similarity may leave: what was sculpted besides
_STRETCH_LEFT = 0.02  # the same for a stretch, which artists make, too
_SAME = 0.03  # of a scale, and radians: less is what was sculpted besides, and would move no vertex by `_SMALL`


def applied_transform(skin: bpy.types.Object) -> str:
    """Return a sentence where a skin's transform was applied to its mesh; usually nothing, and in Edit Mode.

    An artist may scale or stretch a head in Edit Mode, too. A stretch is taken for an applied one only if the shape
    keys were stretched with it, which Edit Mode does not do.
    """
    mesh = skin.data
    rest = rest_of(mesh)
    if rest is None or was_edited(skin):
        return ""
    offset, built = offset_of(mesh), built_offset_of(mesh)
    if built is not None:
        rest, offset = rest + built, offset - built
    if np.einsum("vx,vx->v", offset, offset).max(initial=0.0) < _SMALL**2:
        return ""
    kind = _kind(rest.astype(np.float64), basis_of(mesh).astype(np.float64), mesh)
    if not kind:
        return ""
    what = f"The {kind} of {skin.name} was applied to its mesh" + (", or its origin was moved" * (kind == "location"))
    return (
        f"{what}: DreamFace can't tell what was sculpted on it, and sliders and textures would go wrong; undo that "
        "(Ctrl+Z), or import the face's folder again."
    )


def check_not_applied(skin: bpy.types.Object) -> None:
    """Raise where a skin's transform was applied to its mesh.

    Raises:
        SceneError: it was.
    """
    sentence = applied_transform(skin)
    if sentence:
        raise SceneError(sentence)


def _kind(rest: Array, now: Array, mesh: bpy.types.Mesh) -> str:
    """Return which part of a transform has taken vertices [V, 3] to others [V, 3]; nothing where none has."""
    sent = float(((now - rest) ** 2).sum())
    before, after = rest - rest.mean(axis=0), now - now.mean(axis=0)
    spread, together = before.T @ before, before.T @ after
    left, sizes, right = np.linalg.svd(together)
    scale = sizes.sum() / np.trace(spread)
    remaining = float((after**2).sum()) - scale * float(sizes.sum())
    if remaining <= _LEFT**2 * sent:
        turn = left @ right
        angle = np.arccos(np.clip((np.trace(turn) - 1.0) / 2.0, -1.0, 1.0))
        if abs(scale - 1.0) > _SAME or np.linalg.det(turn) < 0.0:
            return "scale"
        return "rotation" if angle > _SAME else "location"
    stretched = after - before @ np.linalg.solve(spread, together)
    if float((stretched**2).sum()) > _STRETCH_LEFT**2 * sent or mesh.shape_keys is None:
        return ""
    return "scale" if len(sculpted_keys(mesh)) > len(mesh.shape_keys.key_blocks) // 2 else ""
