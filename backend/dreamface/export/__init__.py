"""A Face as a file for other software: GLB, OBJ or a Blender file."""

from __future__ import annotations

from pathlib import Path

from dreamface.errors import BadRequest
from dreamface.export.blend import write_blend
from dreamface.export.glb import write_glb
from dreamface.export.obj import write_obj
from dreamface.face import Face
from dreamface.progress import Progress

__all__ = ["FORMATS", "export", "write_blend", "write_glb", "write_obj"]

FORMATS = {".glb": write_glb, ".obj": write_obj, ".blend": write_blend}
"""Suffix -> how it is written."""


def export(face: Face, path: Path | str, progress: Progress = Progress()) -> Path:  # noqa: B008 - immutable
    """Write `face` in the format that the suffix of `path` names, and return `path`.

    Raises:
        BadRequest: there is no such format.
        FolderError: the disk refused.
        MissingDependency: a Blender file was asked for, and bpy is not installed.
        Cancelled: the user asked to stop; nothing was written.
    """
    path = Path(path)
    write = FORMATS.get(path.suffix.lower())
    if write is None:
        raise BadRequest(f"{path.name} has no format that DreamFace writes: end it in {', '.join(FORMATS)}.")
    write(face, path, progress)
    return path
