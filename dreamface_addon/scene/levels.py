"""Levels of detail: a head's meshes with fewer triangles for as long as a file is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import bmesh
import bpy
import numpy as np
from numpy.typing import NDArray

from .errors import SceneError
from .guide_nodes import SKIN
from .modifiers import has_input, read_input, write_input
from .records import PART

LEVELS: Final = 4
"""How many there are; level 0 is the head itself."""

_TABLE: Final = Path(__file__).with_name("levels.npz")
_NAME_LENGTH: Final = 40  # letters of a mesh's name in that of the one that waits, which may be 63 bytes long


@lru_cache(maxsize=1)
def _tables() -> Mapping[str, NDArray[Any]]:
    with np.load(_TABLE, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def why_no_levels(skin: bpy.types.Object) -> str:
    """Return why a head has no levels of detail, as a sentence, or nothing."""
    model = skin.get("dreamface_head", "")
    count = _tables().get(f"{model}.{skin[PART]}.corners")
    if count is None:
        return f"There are no levels of detail for the head model {model}: export the whole head"
    if len(skin.data.loops) != int(count):
        return "The head's mesh has other faces than it was made with: export the whole head"
    return ""


@contextmanager
def at_level(objects: Sequence[bpy.types.Object], followers: Sequence[bpy.types.Object], level: int) -> Iterator[None]:
    """A head's parts at a level of detail, with their shape keys, weights, textures and what plays on them.

    Parts that the level does not know stay whole; so do those whose faces an artist has changed.

    Args:
        objects: the skin first.
        followers: hair and cards that go by the skin's faces, and follow the whole skin meanwhile.
        level: 0 is the whole head.

    Raises:
        SceneError: there is no such level of this head.
    """
    if level == 0:
        yield
        return
    skin = objects[0]
    problem = (
        why_no_levels(skin) if level < LEVELS else f"There is no level of detail {level}: choose 0 to {LEVELS - 1}"
    )
    if problem:
        raise SceneError(f"{problem}.")
    model = skin["dreamface_head"]
    with ExitStack() as undo:
        if followers:
            _stand_in(skin, followers, undo)
        for object_ in objects:
            part = object_.get(PART)
            corners, count = _tables().get(f"{model}.{level}.{part}"), _tables().get(f"{model}.{part}.corners")
            if corners is not None and count is not None and len(object_.data.loops) == int(count):
                _wear(object_, corners, undo)
        bpy.context.view_layer.update()
        yield


def _stand_in(skin: bpy.types.Object, followers: Sequence[bpy.types.Object], undo: ExitStack) -> None:
    """Let hair and cards follow a copy of the skin that stays whole."""
    whole = skin.copy()
    undo.callback(bpy.data.objects.remove, whole)
    bpy.context.scene.collection.objects.link(whole)
    for follower in followers:
        for modifier in follower.modifiers:
            if modifier.type == "NODES" and has_input(modifier, SKIN) and read_input(modifier, SKIN) == skin:
                undo.callback(write_input, modifier, SKIN, skin)
                write_input(modifier, SKIN, whole)
        if follower.type == "CURVES" and follower.data.surface == skin:
            undo.callback(setattr, follower.data, "surface", skin)
            follower.data.surface = whole
        follower.update_tag()


def _wear(object_: bpy.types.Object, corners: NDArray[Any], undo: ExitStack) -> None:
    """Let an object wear a copy of its mesh at a level, of the same name, until it is undone."""
    mesh = object_.data
    name, copy = mesh.name, mesh.copy()

    def put_back() -> None:
        object_.data = mesh
        bpy.data.meshes.remove(copy)
        mesh.name = name

    undo.callback(put_back)
    mesh.name = f"{name[:_NAME_LENGTH]} in the scene"
    copy.name = name
    _reduce(copy, corners)
    object_.data = copy


def _reduce(mesh: bpy.types.Mesh, corners: NDArray[Any]) -> None:
    """Leave triangles alone whose corners [T, 3] are those of the mesh's faces with these numbers."""
    shape = bmesh.new()
    try:
        shape.from_mesh(mesh)
        whole = list(shape.faces)
        loops = [loop for face in whole for loop in face.loops]
        kept = set()
        for numbers in corners.tolist():
            chosen = [loops[number] for number in numbers]
            places = [loop.vert for loop in chosen]
            face = shape.faces.get(places)
            if face is None:
                face = shape.faces.new(places, chosen[0].face)
                for loop, other in zip(face.loops, chosen, strict=True):
                    loop.copy_from(other)
            kept.add(face)
        bmesh.ops.delete(shape, geom=[face for face in whole if face not in kept], context="FACES")
        shape.to_mesh(mesh)
    finally:
        shape.free()
