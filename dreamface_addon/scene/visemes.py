"""The 15 visemes of Oculus' lip sync as shape keys, mixed from ARKit's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import bpy

from .meshes import drive_shape_keys
from .records import check_can_change, parts_of
from .sculpting import Array, basis_of, positions

VISEMES: Final[dict[str, dict[str, float]]] = json.loads(Path(__file__).with_name("visemes.json").read_text("utf-8"))
"""Viseme -> weights of ARKit's shapes; the engine has the same table."""


def has_visemes(skin: bpy.types.Object) -> bool:
    """Return whether a head has visemes."""
    keys = skin.data.shape_keys
    return keys is not None and any(name in keys.key_blocks for name in VISEMES)


def add_visemes(skin: bpy.types.Object) -> None:
    """Give a head the visemes as further shape keys, at 0; those that are there are made anew.

    Raises:
        SceneError: the head's objects cannot be changed now; nothing was changed.
    """
    parts = parts_of(skin)
    check_can_change(parts)
    for part in [skin, *(each for each in parts if each != skin)]:
        keys = part.data.shape_keys
        if keys is None:
            continue
        added = mix_visemes(part, list(VISEMES), of_all=part == skin)
        if part != skin:
            drive_shape_keys(part, skin, added)


def mix_visemes(part: bpy.types.Object, wanted: Iterable[str], of_all: bool) -> list[str]:
    """Mix visemes of one of a head's objects; return those whose shape keys are new.

    Args:
        part: the object.
        wanted: names of visemes; other names are left out.
        of_all: also those that do not move it.
    """
    return [name for name in wanted if name in VISEMES and _mix(part, name, VISEMES[name], of_all)]


def remove_visemes(skin: bpy.types.Object) -> None:
    """Take a head's visemes away.

    Raises:
        SceneError: the head's objects cannot be changed now; nothing was changed.
    """
    parts = parts_of(skin)
    check_can_change(parts)
    for part in parts:
        keys = part.data.shape_keys
        for name in VISEMES if keys is not None else ():
            key = keys.key_blocks.get(name)
            if key is not None:
                key.driver_remove("value")
                part.shape_key_remove(key)


def renew_visemes(skin: bpy.types.Object) -> None:
    """Mix a head's visemes again, after its shapes were made anew; nothing where it has none."""
    if has_visemes(skin):
        add_visemes(skin)


@contextmanager
def lent_visemes(skin: bpy.types.Object, wanted: bool) -> Iterator[None]:
    """Visemes for as long as a file is written."""
    if not wanted or has_visemes(skin):
        yield
        return
    shown = [(part, part.active_shape_key_index) for part in parts_of(skin)]
    add_visemes(skin)
    try:
        yield
    finally:
        remove_visemes(skin)
        for part, index in shown:
            part.active_shape_key_index = index


def _mix(part: bpy.types.Object, name: str, mix: dict[str, float], always: bool) -> bool:
    """Make one viseme of a part; return whether its shape key is new. Parts that it does not move get none."""
    keys = part.data.shape_keys
    neutral = basis_of(part.data)
    offset: Array = sum(
        (
            weight * (positions(keys.key_blocks[shape].points) - neutral)
            for shape, weight in mix.items()
            if shape in keys.key_blocks
        ),
        start=neutral * 0.0,
    )
    key, made = keys.key_blocks.get(name), False
    if key is None:
        if not always and not offset.any():
            return False
        key, made = part.shape_key_add(name=name, from_mix=False), True
        key.value = 0.0
    key.points.foreach_set("co", (neutral + offset).reshape(-1))
    return made
