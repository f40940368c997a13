"""A page for one face, or for a folder of faces, in the browser."""

from __future__ import annotations

import tempfile
import webbrowser
from argparse import Namespace
from pathlib import Path

from dreamface.cli.faces import folder_of
from dreamface.cli.making import check_can_be_folder
from dreamface.cli.terminal import Terminal
from dreamface.errors import FolderError
from dreamface.library import faces_in


def run(options: Namespace, terminal: Terminal) -> bool:
    """Write the page and open it.

    Raises:
        FolderError: there is no face, it can't be read, or the disk refused.
    """
    faces = _faces(folder_of(options.face))
    out = _output(options.output)
    with terminal.progress() as progress:
        from dreamface import folder, webpage

        if len(faces) == 1:
            folder.read_document(faces[0])  # refused with its reason, instead of a page that only says so
        page = webpage.write_page(out, faces, progress, title=folder_of(options.face).resolve().name)
    opened = not options.no_open and webbrowser.open(page.resolve().as_uri())
    terminal.result({"page": str(page), "faces": [str(face) for face in faces], "opened": opened})
    if options.no_open or opened:
        terminal.show(str(page))
    else:
        terminal.show(f"No browser could be started here: open {page} in one.")
    return True


def _faces(place: Path) -> list[Path]:
    """The face in a place, or all that lie in it, by name."""
    if (place / "face.json").exists():
        return [place]
    faces = sorted(entry.path for entry in faces_in(place))
    if not faces:
        raise FolderError(f"There is no face in {place}: name a face's folder, or make one with `dreamface generate`.")
    return faces


def _output(wanted: Path | None) -> Path:
    """The page's folder, which is made."""
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="dreamface-view-"))
    check_can_be_folder(wanted)
    try:
        wanted.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"{wanted} can't be made ({error.strerror}): choose another place.") from error
    return wanted
