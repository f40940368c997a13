"""What an edit of a face needs beside its record: pictures of masks, and an offset of vertices, from its folder."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import bpy
import numpy as np

from .errors import SceneError


def files_of(skin: bpy.types.Object, record: dict[str, Any]) -> tuple[dict[str, bytes], str | None]:
    """Return the files that an edit sends ahead.

    Args:
        skin: the face's skin, which knows the folder.
        record: what the face remembers.

    Returns:
        SHA-256 -> bytes; and the SHA-256 of the offset among them, None where the head has none.

    Raises:
        SceneError: the folder has moved, or a file in it is missing or damaged.
    """
    folder = Path(skin.get("dreamface_folder", ""))
    files = {digest: _picture(folder, digest) for digest in _pictures_in(record)}
    offset = _offset(folder)
    if offset is None:
        return files, None
    digest = hashlib.sha256(offset).hexdigest()
    return {**files, digest: offset}, digest


def _pictures_in(record: dict[str, Any]) -> list[str]:
    """Return the SHA-256 of every picture that the layers refer to, each once."""
    masks = [entry.get("mask") or {} for entry in record["layers"]]
    return list(dict.fromkeys(digest for mask in masks for digest in mask.values()))


def _picture(folder: Path, digest: str) -> bytes:
    file = folder / "layers" / f"{digest}.png"
    try:
        return file.read_bytes()
    except OSError as error:
        raise SceneError(f"The mask {file} can't be read ({error.strerror}): restore the face's folder.") from error


def _offset(folder: Path) -> bytes | None:
    """Return an .npz with the offset as the backend takes it; None where there is none, or no folder any more."""
    try:
        document = json.loads((folder / "face.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None  # without its folder the face can still be made from its traits
    if not document.get("head", {}).get("offset"):
        return None
    archive = io.BytesIO()
    try:
        with np.load(folder / "geometry.npz", allow_pickle=False) as arrays:
            np.savez(
                archive,
                vertex_count=len(arrays["vertices"]),
                offset_vertices=arrays["offset_vertices"],
                offset_deltas=arrays["offset_deltas"],
            )
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise SceneError(f"{folder / 'geometry.npz'} is damaged or missing: restore the face's folder.") from error
    return archive.getvalue()
