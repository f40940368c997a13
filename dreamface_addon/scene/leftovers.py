"""Building something in the file, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

_BUILT = ("collections", "objects", "meshes", "hair_curves", "materials", "images", "node_groups")
"""Collections of bpy.data that a face adds to; shape keys go with their mesh."""


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """Remove the datablocks that were added inside when something goes wrong there, whatever it is."""
    before = _datablocks()
    try:
        yield
    except BaseException:
        bpy.data.batch_remove([datablock for uid, datablock in _datablocks().items() if uid not in before])
        raise


def _datablocks() -> dict[int, bpy.types.ID]:
    """Id that lasts as long as Blender -> datablock."""
    return {datablock.session_uid: datablock for name in _BUILT for datablock in getattr(bpy.data, name)}
