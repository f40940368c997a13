"""The modifiers of an object of hair, which make hairs of its guides: DreamFace's node group, or Blender's own."""

from __future__ import annotations

import json
from typing import Any, Final

import bpy
import numpy as np

from .grooms import LOOK
from .guide_nodes import SKIN
from .hair_nodes import COMBED, GROUP, INPUTS, PLAYING, VIEWED_POINTS, hair_group, is_hair_group, is_old_hair_group
from .modifiers import has_input, read_input, write_input
from .node_assets import (
    add_chain,
    can_use_assets,
    chain_density,
    chain_of,
    density_of,
    is_density,
    look_inputs,
    read_chain,
    remove_chain,
    set_chain_density,
    write_chain,
)
from .records import STYLE
from .sculpting import Array

_SET: Final = "dreamface_hair_inputs"
"""Custom property of an object of hair: the inputs of its modifiers as we have set them, as JSON. An artist has changed
those that differ."""

_PUT_ASIDE: Final = "dreamface_hair_inputs_aside"
"""Custom property of an object of hair: what an artist has changed of the nodes that it doesn't have now, as JSON."""

_BLENDERS: Final = "dreamface_blender_nodes"
"""Custom property of the skin: whether its hair is made by Blender's nodes, also what grows later."""

_LEAST_VIEWED: Final = 0.25  # share of the hairs that the 3D view draws at least
_MOST_POINTS: Final = 640_000  # of hairs, that it draws if it can: all hairs of a beard, a quarter of long hair
_SAMPLE: Final = 600  # guides from which the distance between roots is measured
_IN_VIEW, _IN_RENDER = "Viewport Amount", "Render Amount"


def hair_density(object_: bpy.types.Object, render: bool = False) -> float:
    """Return the share, 0..1, of an object's hairs that the 3D view draws, or a render; 0 where it makes none."""
    if chain_of(object_):
        return chain_density(object_, density_of(_set_before(object_)), render)
    modifier = _modifier(object_)
    return float(read_input(modifier, _IN_RENDER if render else _IN_VIEW)) if modifier is not None else 0.0


def set_hair_density(object_: bpy.types.Object, share: float, render: bool = False) -> None:
    """Let the 3D view, or a render, draw a share, 0..1, of an object's hairs."""
    share = min(max(share, 0.0), 1.0)
    if chain_of(object_):
        set_chain_density(object_, density_of(_set_before(object_)), share, render)
    elif _modifier(object_) is not None:
        _write(object_, _IN_RENDER if render else _IN_VIEW, share)
    object_.update_tag()


def wants_blender_nodes(skin: bpy.types.Object) -> bool:
    """Return whether a face's hair is made by Blender's nodes, and that which grows later."""
    return bool(skin.get(_BLENDERS, False))


def choose_nodes(skin: bpy.types.Object, blenders: bool) -> None:
    """Note by which nodes hair of a face is made that grows later."""
    skin[_BLENDERS] = blenders


def add_nodes(object_: bpy.types.Object, skin: bpy.types.Object, place: int = 0) -> None:
    """Give an object of hair the modifiers that are wanted on its skin, or ours where this Blender lacks the others."""
    if wants_blender_nodes(skin) and can_use_assets():
        add_chain(object_, skin, place)
        return
    modifier = object_.modifiers.new(GROUP, "NODES")
    modifier.node_group = hair_group()
    write_input(modifier, SKIN, skin)
    object_.modifiers.move(len(object_.modifiers) - 1, place)


def renew_nodes(object_: bpy.types.Object, skin: bpy.types.Object) -> None:
    """Give an object of hair today's nodes of ours, where it has those of an older version that no artist has changed.

    What its inputs are set to stays.
    """
    modifier = _modifier(object_)
    if modifier is None or not object_.is_editable or not is_old_hair_group(modifier.node_group):
        return
    modifier.node_group = hair_group()  # its inputs have the numbers that the old ones had
    write_input(modifier, SKIN, skin)
    object_.update_tag()


def mark_combed(object_: bpy.types.Object, combed: bool) -> None:
    """Tell the nodes of an object of hair whether its guides are being combed, so that brushes know how they lie."""
    _mark(object_, COMBED, combed)


def mark_playing(object_: bpy.types.Object, playing: bool) -> None:
    """Tell the nodes of an object of hair whether an animation plays: fewer hairs are drawn then, wider ones."""
    _mark(object_, PLAYING, playing)


def _mark(object_: bpy.types.Object, name: str, value: bool) -> None:
    modifier = _modifier(object_)
    if modifier is None or not object_.is_editable or not has_input(modifier, name):
        return
    if bool(read_input(modifier, name)) != value:
        write_input(modifier, name, value)
        object_.update_tag()


def change_nodes(object_: bpy.types.Object, skin: bpy.types.Object, guides: Array) -> None:
    """Replace an object's modifiers by those that are wanted on its skin.

    How many hairs are drawn stays. What an artist has changed of inputs comes back with the modifiers that have them;
    modifiers that they have added stay where they are.

    Args:
        object_: of hair.
        skin: on which it grows.
        guides: [N, P, 3] metres.
    """
    old = list(chain_of(object_).values()) or [found for found in (_modifier(object_),) if found is not None]
    if old and bool(chain_of(object_)) == wants_blender_nodes(skin):
        return
    shares = hair_density(object_), hair_density(object_, render=True)
    aside = _json(object_, _PUT_ASIDE)
    aside[str(bool(chain_of(object_)))] = _changed(object_)
    place = min((list(object_.modifiers).index(modifier) for modifier in old), default=0)
    if chain_of(object_):
        remove_chain(object_)
    elif old:
        object_.modifiers.remove(old[0])
    del old
    add_nodes(object_, skin, place)
    object_.pop(_SET, None)
    set_look(object_, skin, {**LOOK, **_json(object_, STYLE).get("look", {})}, guides)
    for name, value in aside.pop(str(bool(chain_of(object_))), {}).items():
        _write(object_, name, value)
    object_[_PUT_ASIDE] = json.dumps(aside)
    if shares != (0.0, 0.0):
        set_hair_density(object_, shares[0])
        set_hair_density(object_, shares[1], render=True)


def set_look(object_: bpy.types.Object, skin: bpy.types.Object, look: dict[str, float], guides: Array) -> None:
    """Set the modifiers' inputs, except those that an artist has changed.

    Args:
        object_: of hair.
        skin: on which it grows.
        look: as in `grooms.LOOK`.
        guides: [N, P, 3] metres.
    """
    before, spread = _set_before(object_), _between_roots(guides[:, 0])
    points = look["hairs"] * min(guides.shape[1], VIEWED_POINTS)
    in_view = min(1.0, max(_LEAST_VIEWED, _MOST_POINTS / max(points, 1)))
    if chain_of(object_):
        wanted = look_inputs(skin, look, guides, spread)
        _set_chain(object_, wanted, before, in_view)
    elif _modifier(object_) is not None:
        fields = {name: name.lower().replace(" ", "_") for name in INPUTS}
        wanted = {name: look[field] for name, field in fields.items() if field in look}
        wanted |= {"Points": guides.shape[1], "Mixing": float(look["guides_each"] > 1), "Spread": spread}
        for name, value in (wanted | {_IN_VIEW: in_view}).items():
            if _is_ours(object_, name, before):
                _write(object_, name, value)
    else:
        return
    object_[_SET] = json.dumps(wanted | {_IN_VIEW: in_view})
    object_.update_tag()


def _set_chain(object_: bpy.types.Object, wanted: dict[str, float], before: dict[str, Any], in_view: float) -> None:
    """Set the inputs of Blender's nodes; the density so that as large a share of the hairs is drawn as before."""
    view, rendered = in_view, 1.0
    if before:
        most = density_of(before)
        share, rendered = (chain_density(object_, most, render) for render in (False, True))
        view = share if not np.isclose(share, before.get(_IN_VIEW, share), rtol=1e-3) else in_view
    for name, value in wanted.items():
        if not is_density(name) and _is_ours(object_, name, before):
            _write(object_, name, value)
    set_chain_density(object_, density_of(wanted), view, render=False)
    set_chain_density(object_, density_of(wanted), rendered, render=True)


def _is_ours(object_: bpy.types.Object, name: str, before: dict[str, Any]) -> bool:
    """Whether an input has the value that we have set."""
    return name not in before or bool(np.isclose(_read(object_, name) or 0.0, before[name], rtol=1e-4, atol=1e-9))


def _changed(object_: bpy.types.Object) -> dict[str, float]:
    """The inputs that an artist has changed, other than how many hairs are drawn."""
    before = _set_before(object_)
    names = (name for name in before if not is_density(name) and name != _IN_VIEW)
    values = {name: _read(object_, name) for name in names if not _is_ours(object_, name, before)}
    return {name: value for name, value in values.items() if value is not None}


def _set_before(object_: bpy.types.Object) -> dict[str, Any]:
    return _json(object_, _SET)


def _json(object_: bpy.types.Object, name: str) -> dict[str, Any]:
    try:
        values = json.loads(object_.get(name, "{}"))
    except (ValueError, TypeError):
        return {}
    return values if isinstance(values, dict) else {}


def _modifier(object_: bpy.types.Object) -> bpy.types.Modifier | None:
    """Our modifier of an object of hair; None where an artist has removed it, or it has Blender's."""
    made = [modifier for modifier in object_.modifiers if modifier.type == "NODES"]
    return next((modifier for modifier in made if is_hair_group(modifier.node_group)), None)


def _read(object_: bpy.types.Object, name: str) -> float | None:
    if chain_of(object_):
        return read_chain(object_, name)
    modifier = _modifier(object_)
    return float(read_input(modifier, name)) if modifier is not None else None


def _write(object_: bpy.types.Object, name: str, value: float) -> None:
    """Set an input of ours, within its limits, or one of Blender's."""
    if chain_of(object_):
        write_chain(object_, name, value)
        return
    modifier = _modifier(object_)
    if modifier is not None and name in INPUTS:
        _, _, least, most, _ = INPUTS[name]
        write_input(modifier, name, min(max(value, least), most))


def _between_roots(roots: Array) -> float:
    """How far apart neighbouring roots are, in metres: enough for a guide's neighbours on all sides."""
    sample = roots[:: max(1, len(roots) // _SAMPLE)]
    squares = ((sample[:, None] - roots[None]) ** 2).sum(axis=2)
    squares[squares < 1e-12] = np.inf
    nearest = np.sqrt(np.sort(squares, axis=1)[:, : min(3, len(roots))].max(axis=1)) if len(roots) else squares
    nearest = nearest[np.isfinite(nearest)]
    return float(np.median(nearest)) if nearest.size else 0.002
