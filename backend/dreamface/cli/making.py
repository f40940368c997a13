"""Where a new face goes, and what is in the way there."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from dreamface._files import cannot_write
from dreamface.cli.faces import FACES
from dreamface.errors import FolderError
from dreamface.text import is_text
from dreamface.writing import Written, export_all, staging, write

__all__ = ["Destination", "Written", "check_can_be_folder", "check_free", "export_all", "staging", "write"]


def check_can_be_folder(folder: Path) -> None:
    """Refuse a folder that a file is in the way of, or whose name not all libraries can open.

    Raises:
        FolderError: it is a file, or is to be inside one, or can't be looked at, or has bytes in its name.
    """
    if not is_text(str(folder.absolute())):
        raise FolderError(f"{folder} has a name that is not text in UTF-8; choose another place.")
    try:
        file = next((place for place in (folder, *folder.parents) if place.exists() and not place.is_dir()), None)
    except OSError as error:  # a name too long, or a folder that only others may enter
        raise cannot_write(folder, error) from error
    if file is not None:
        raise FolderError(f"{file} is a file, not a folder; choose another place.")


def check_free(folder: Path) -> None:
    """Refuse to write over anything, and places that no folder can be moved to.

    Raises:
        FolderError: there is something at `folder` already, other than an empty folder.
    """
    check_can_be_folder(folder)
    try:
        fixed = folder.name in ("", "..") or folder.is_mount() or folder.resolve() == Path.cwd()
        taken = folder.is_symlink() or (folder.is_dir() and any(folder.iterdir()))
    except OSError as error:
        raise cannot_write(folder / "face.json", error) from error
    if fixed:
        raise FolderError(f"{folder} can't become a face's folder; name a new one, such as {folder / 'face'}.")
    if taken:
        raise FolderError(f"{folder} already exists; choose another folder, or delete it first.")


@dataclass(frozen=True)
class Destination:
    """Where a new face goes: the folder that was named, or else one of its own in the folder of faces.

    Raises:
        FolderError: it can't be written there.
    """

    named: Path | None

    def __post_init__(self) -> None:
        if self.named is None:
            check_can_be_folder(FACES)
        else:
            check_free(self.named)

    def staging(self) -> AbstractContextManager[Path]:
        """A temporary folder on the same disk, see `staging`."""
        return staging(self.named.absolute().parent if self.named else FACES)

    def folder(self, name: str, seed: int) -> Path:
        """Where a face of this name is to lie."""
        return self.named or FACES / f"{name}-{seed}"
