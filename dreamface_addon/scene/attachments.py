"""What an edit of a face needs beside its record: pictures of masks, and what was sculpted, an offset of vertices.

Pictures lie in the .blend file or in the face's folder; see `edits`. What was sculpted lies in the meshes; see
`sculpting`.
"""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import bpy
import numpy as np

from .applying import check_not_applied
from .edits import digests, read_picture
from .errors import SceneError
from .records import RANGE, VERTEX_COUNT, parts_of
from .sculpting import Array, offset_of

_DIGEST = re.compile("[0-9a-f]{64}")
NO_ARCHIVE = (OSError, ValueError, TypeError, KeyError, IndexError, EOFError, RuntimeError, BadZipFile, zlib.error)
"""What reading bytes that are no .npz, or a damaged one, can raise."""


def pack_offset(skin: bpy.types.Object) -> bytes | None:
    """Return what was sculpted on a face's parts, as the .npz that the backend takes; None where nothing was.

    Parts whose topology was edited are left out: they have other vertices than the backend's.
    """
    parts = parts_of(skin)
    spans = [tuple(part[RANGE]) for part in parts]
    total = np.zeros((skin.get(VERTEX_COUNT, max(last for _, last in spans)), 3), np.float32)
    for part, (first, last) in zip(parts, spans, strict=True):
        offset = _offset_in_any_mode(part)
        if len(offset) == last - first and last <= len(total):
            total[first:last] = offset
    vertices = np.flatnonzero(total.any(axis=1)).astype(np.int32)
    if not vertices.size:
        return None
    archive = io.BytesIO()
    np.savez_compressed(archive, vertex_count=len(total), offset_vertices=vertices, offset_deltas=total[vertices])
    return archive.getvalue()


def unpack_offset(archive: bytes, count: int) -> Array | None:
    """Return the offset [V, 3] in metres that `pack_offset` has packed; None where the head has not V = `count`."""
    try:
        with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
            offset = np.zeros((count, 3), np.float32)
            offset[arrays["offset_vertices"]] = arrays["offset_deltas"]
            return offset if int(arrays["vertex_count"]) == count else None
    except NO_ARCHIVE:
        return None


def _offset_in_any_mode(part: bpy.types.Object) -> Array:
    if not part.data.is_editmode:
        return offset_of(part.data)
    part.update_from_editmode()
    mesh = part.data.copy()  # Blender hides the attributes of a mesh that is being edited
    try:
        return offset_of(mesh)
    finally:
        bpy.data.meshes.remove(mesh)


def files_of(skin: bpy.types.Object, record: dict[str, Any]) -> tuple[dict[str, bytes], str | None]:
    """Return the files that an edit sends ahead.

    Args:
        skin: the face's skin, which knows its folder.
        record: what the face remembers.

    Returns:
        SHA-256 -> bytes; and the SHA-256 of the offset among them, None where the head has none.

    Raises:
        SceneError: a mask's picture is not in the face's folder, or the folder is not known;
            or the skin's transform was applied to its mesh.
    """
    check_not_applied(skin)
    files = {digest: _picture(skin, digest) for digest in _pictures_in(skin, record)}
    offset = pack_offset(skin)
    if offset is None:
        return files, None
    digest = hashlib.sha256(offset).hexdigest()
    return {**files, digest: offset}, digest


def _pictures_in(skin: bpy.types.Object, record: dict[str, Any]) -> list[str]:
    """Return the SHA-256 of every picture that layers and edits refer to, each once."""
    try:
        found = [digest for entry in record["layers"] for digest in (entry.get("mask") or {}).values()]
        found += digests(record.get("edits", []))
        if not all(_DIGEST.fullmatch(digest) for digest in found):
            raise ValueError("no SHA-256")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SceneError(f"The masks of {skin.name} were changed by hand: undo, or import its folder again.") from error
    return list(dict.fromkeys(found))


def _picture(skin: bpy.types.Object, digest: str) -> bytes:
    picture = read_picture(skin, digest)
    if picture is not None:
        return picture
    folder = skin.get("dreamface_folder", "")
    if not folder:
        raise SceneError(f"{skin.name} has masks and no folder with their pictures: import the face's folder again.")
    file = Path(folder) / "layers" / f"{digest}.png"
    try:
        return file.read_bytes()
    except OSError as error:
        raise SceneError(f"The mask {file} can't be read ({error.strerror}): restore the face's folder.") from error
