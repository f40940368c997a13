"""The faces of a page: each folder with its picture, or why it can't be shown."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PIL import Image, ImageOps

from dreamface import folder
from dreamface.document import DOCUMENT, FaceDocument
from dreamface.errors import FolderError
from dreamface.text import one_line

PREVIEW = "preview.png"


@dataclass(frozen=True)
class Entry:
    """A face on a page.

    Attributes:
        name: what its files on the page are called; no other face of the page has it.
        folder: the face's.
        document: what its face.json says; None where it can't be read.
        reason: why it can't be; empty where it can.
    """

    name: str
    folder: Path
    document: FaceDocument | None
    reason: str = ""


def entry_of(name: str, path: Path) -> Entry:
    """Return a face folder as an entry; one that is damaged says so."""
    try:
        return Entry(name, path, folder.read_document(path))
    except FolderError as error:
        # The sentence names files with the whole path, which is nobody's business where the page is handed on.
        reason = one_line(str(error)).replace(f"{path.parent}{os.sep}", "")
        return Entry(name, path, None, reason)


def names_for(faces: Sequence[Path]) -> list[str]:
    """Return a name for each face folder: its own, with a number where it would be given twice.

    Upper and lower case count as the same, as they do on many disks.
    """
    taken: set[str] = set()
    names = []
    for face in faces:
        name, number = face.name, 1
        while name.casefold() in taken:
            number += 1
            name = f"{face.name}-{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def picture_of(face: Path, side: int) -> Image.Image | None:
    """Return a face's preview as a square of `side` pixels; None where there is none or it is damaged."""
    try:
        with Image.open(face / PREVIEW) as picture:
            picture.draft("RGB", (side, side))
            return ImageOps.fit(picture.convert("RGB"), (side, side), Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def link(path: Path | str, base: Path | None = None) -> str:
    """Return a path as a relative link.

    Args:
        path: of the file; where `base` is given it is made relative to it.
        base: the folder of the page.
    """
    if base is not None:
        try:
            path = os.path.relpath(Path(path).resolve(), base.resolve())
        except ValueError:  # on another drive of Windows
            return Path(path).resolve().as_uri()
    return quote(Path(path).as_posix())


def mark_of(face: Path) -> str:
    """Return what tells a face folder as it is now from every other: what is made of it for a page carries that."""
    try:
        return f"{(face / DOCUMENT).stat().st_mtime_ns}"
    except OSError:
        return ""


def existing(faces: Iterable[Path]) -> list[Path]:
    """Return the folders, absolute, each once, in the order given."""
    return list(dict.fromkeys(face.absolute() for face in faces))
