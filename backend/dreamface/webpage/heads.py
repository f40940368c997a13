"""A head for the page: a small GLB in a script file.

A page that was opened from disk may not read other files of the disk, but it may load scripts that lie there. So the
GLB is handed to the page by a call: `dreamfaceHead("name", "<gzip, base64>")`.
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Final

from dreamface import folder
from dreamface._files import cannot_write, whole_file
from dreamface.export import light_glb
from dreamface.face import Face
from dreamface.progress import Progress
from dreamface.webpage.entries import mark_of

_GZIP: Final = 31  # zlib's window bits: the largest window, in gzip's format
_LEVEL: Final = 6


def script_of(out: Path, name: str) -> Path:
    """Return where the script of a head is, whether or not it exists."""
    return out / "page" / "heads" / f"{name}.js"


def make_folders(out: Path) -> None:
    """Make the folders of a page's files.

    Raises:
        FolderError: the disk refused, or `out` is not there.
    """
    for folder_path in (out / "page", out / "page" / "thumbnails", out / "page" / "heads"):
        try:
            folder_path.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(folder_path, error) from error


def write_head(
    out: Path,
    face_folder: Path,
    progress: Progress = Progress(),  # noqa: B008 - immutable
    *,
    name: str = "",
    face: Face | None = None,
) -> Path:
    """Write the script of a face's head for the page in `out`, and return it.

    `write_page` does it where it is not done. Processes that make faces can do it themselves, side by side.

    Args:
        out: the page's folder.
        face_folder: where the face is saved.
        progress: told about it.
        name: what the page calls the face; otherwise its folder's name.
        face: what is in the folder, if it is at hand.

    Raises:
        DreamFaceError: the face can't be read, or the disk refused.
        Cancelled: the user asked to stop.
    """
    name = name or face_folder.name
    make_folders(out)
    glb = light_glb(folder.load(face_folder) if face is None else face, progress)
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    data = base64.b64encode(packer.compress(glb) + packer.flush()).decode("ascii")
    with whole_file(script_of(out, name)) as file:
        file.write_text(f'{_mark_line(face_folder)}dreamfaceHead({json.dumps(name)}, "{data}");\n', "ascii")
    return script_of(out, name)


def has_head(out: Path, name: str, face_folder: Path) -> bool:
    """Whether the script of just this face's head is there."""
    line = _mark_line(face_folder).encode()
    try:
        with script_of(out, name).open("rb") as file:
            return file.read(len(line)) == line
    except OSError:
        return False


def _mark_line(face_folder: Path) -> str:
    return f"// {mark_of(face_folder)}\n"
