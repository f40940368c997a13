"""What an edit of a face needs beside its record: pictures of masks, and an offset of vertices.

Pictures lie in the face's folder. The offset, which no trait knows of, is kept on the skin: it goes with the .blend.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import bpy
import numpy as np
from numpy.typing import NDArray

from .errors import SceneError

OFFSET = "dreamface_offset"
"""Custom property of the skin, where its head has an offset: an .npz as the backend takes it, in base64.

Blender cuts bytes off at the first zero."""

_DIGEST = re.compile("[0-9a-f]{64}")
_NO_ARCHIVE = (OSError, ValueError, TypeError, KeyError, IndexError, EOFError, RuntimeError, BadZipFile, zlib.error)
"""What reading bytes that are no .npz, or a damaged one, can raise."""


def keep_offset(skin: bpy.types.Object, document: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """Keep the offset of a face folder's head on the skin, and drop that of the head before."""
    if not document["head"].get("offset") or "offset_vertices" not in arrays:
        skin.pop(OFFSET, None)
        return
    archive = io.BytesIO()
    np.savez_compressed(
        archive,
        vertex_count=len(arrays["vertices"]),
        offset_vertices=arrays["offset_vertices"],
        offset_deltas=arrays["offset_deltas"],
    )
    skin[OFFSET] = base64.b64encode(archive.getvalue()).decode("ascii")


def add_offset(skin: bpy.types.Object, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vertices [V, 3], as the traits have them, with the head's offset on top; metres.

    Raises:
        SceneError: the property was changed by hand, or belongs to another head model.
    """
    if OFFSET not in skin:
        return vertices
    try:
        with np.load(io.BytesIO(base64.b64decode(skin[OFFSET])), allow_pickle=False) as arrays:
            if int(arrays["vertex_count"]) != len(vertices):
                raise ValueError("it is of another head model")
            moved = vertices.copy()
            moved[arrays["offset_vertices"]] += arrays["offset_deltas"]
            return moved
    except _NO_ARCHIVE as error:
        raise _damaged_offset(skin, error) from error


def files_of(skin: bpy.types.Object, record: dict[str, Any]) -> tuple[dict[str, bytes], str | None]:
    """Return the files that an edit sends ahead.

    Args:
        skin: the face's skin, which knows its folder.
        record: what the face remembers.

    Returns:
        SHA-256 -> bytes; and the SHA-256 of the offset among them, None where the head has none.

    Raises:
        SceneError: a mask's picture is not in the face's folder, or the folder is not known.
    """
    files = {digest: _picture(skin, digest) for digest in _pictures_in(skin, record)}
    if OFFSET not in skin:
        return files, None
    try:
        offset = base64.b64decode(skin[OFFSET])
    except (ValueError, TypeError) as error:
        raise _damaged_offset(skin, error) from error
    digest = hashlib.sha256(offset).hexdigest()
    return {**files, digest: offset}, digest


def _damaged_offset(skin: bpy.types.Object, error: Exception) -> SceneError:
    return SceneError(f"What was sculpted on {skin.name} is damaged ({error}): undo, or import its folder again.")


def _pictures_in(skin: bpy.types.Object, record: dict[str, Any]) -> list[str]:
    """Return the SHA-256 of every picture that the layers refer to, each once."""
    try:
        digests = [digest for entry in record["layers"] for digest in (entry.get("mask") or {}).values()]
        if not all(_DIGEST.fullmatch(digest) for digest in digests):
            raise ValueError("no SHA-256")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SceneError(f"The masks of {skin.name} were changed by hand: undo, or import its folder again.") from error
    return list(dict.fromkeys(digests))


def _picture(skin: bpy.types.Object, digest: str) -> bytes:
    folder = skin.get("dreamface_folder", "")
    if not folder:
        raise SceneError(f"{skin.name} has masks and no folder with their pictures: import the face's folder again.")
    file = Path(folder) / "layers" / f"{digest}.png"
    try:
        return file.read_bytes()
    except OSError as error:
        raise SceneError(f"The mask {file} can't be read ({error.strerror}): restore the face's folder.") from error
