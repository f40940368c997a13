"""Writing a face with its exports, whole or not at all."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamface import library
from dreamface._files import cannot_write, staging_folder
from dreamface.errors import Cancelled, DiskFull, DreamFaceError
from dreamface.progress import Progress

if TYPE_CHECKING:
    from dreamface.face import Face


@dataclass
class Written:
    """What was put on disk.

    Attributes:
        folder: the face folder.
        files: format ("glb", "blend") -> exported file in that folder.
        notes: a sentence for each format that could not be written.
    """

    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain data for a program."""
        return {
            "folder": str(self.folder),
            "preview": str(self.folder / "preview.png"),
            "files": {suffix: str(path) for suffix, path in self.files.items()},
            "notes": self.notes,
        }


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A temporary folder in `parent`, so that what is finished there can be moved into place in one step.

    Raises:
        FolderError: nothing can be written there.
    """
    with ExitStack() as stack:
        try:
            parent.mkdir(parents=True, exist_ok=True)
            library.sweep(parent)
            stage = stack.enter_context(staging_folder(parent))
        except OSError as error:
            raise cannot_write(parent / "face", error) from error
        yield stage


def write(face: Face, stage: Path, folder: Path, name: str, formats: Sequence[str], progress: Progress) -> Written:
    """Save a face and its exports in `stage`, then move everything to `folder` at once.

    Where another run has put something there by now, it goes to `folder-2`, or the next number that is free.

    Args:
        face: what to write.
        stage: an empty folder on the same disk, from `staging`.
        folder: where to; what is there, other than an empty folder, stays.
        name: of the exported files, without suffix.
        formats: of "glb" and "blend".
        progress: 0..1 of the writing.
    """
    staged = prepare(face, stage / folder.name, name, formats, progress)
    try:
        folder = _move_to_free(staged.folder, folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return Written(folder, {suffix: folder / path.name for suffix, path in staged.files.items()}, staged.notes)


def prepare(face: Face, whole: Path, name: str, formats: Sequence[str], progress: Progress) -> Written:
    """Save a face and its exports as the folder `whole`, in a `staging` folder, from where it can be moved at once.

    Args:
        face: what to write.
        whole: a new folder.
        name: of the exported files, without suffix.
        formats: of "glb" and "blend".
        progress: 0..1 of the writing.
    """
    from dreamface import folder as face_folder

    saved = 1.0 / (1 + len(formats))
    face_folder.save(face, whole, progress.part(0.0, saved))
    written = export_all(face, whole, name, formats, progress.part(saved, 1.0))
    progress.report("save", 1.0, "finishing")  # the last chance to stop
    return written


def free_names(folder: Path) -> Iterator[Path]:
    """`folder`, `folder-2`, `folder-3`, ..."""
    yield folder
    for number in count(2):
        yield folder.with_name(f"{folder.name}-{number}")


def _move_to_free(whole: Path, folder: Path) -> Path:
    """Move a folder to the first name that is free, and give it; several runs may do this at the same time.

    The folder that was asked for may be there and empty, no other: that is somebody's.

    Raises:
        OSError: the disk refused.
    """
    for free in free_names(folder):
        if free == folder and free.is_dir() and not free.is_symlink():
            with suppress(OSError):  # not empty
                free.rmdir()  # Windows does not move a folder onto another
        if free.exists() or free.is_symlink():
            continue
        try:
            whole.rename(free)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY) and not free.exists():
                raise
        else:
            return free
    raise AssertionError("numbers do not end")


def export_all(face: Face, folder: Path, name: str, formats: Sequence[str], progress: Progress) -> Written:
    """Write a face's exports into its folder.

    A .blend that can't be written, as where bpy is missing, becomes a note: the rest is useful without it.

    Args:
        face: what to export.
        folder: where it was saved.
        name: of the exported files, without suffix.
        formats: of "glb" and "blend".
        progress: 0..1 of the exports.
    """
    from dreamface import folder as face_folder
    from dreamface import pipeline

    written = Written(folder)
    for index, suffix in enumerate(formats):
        part = progress.part(index / len(formats), (index + 1) / len(formats))
        part.report("export", 0.0, f"writing {name}.{suffix}")
        try:
            written.files[suffix] = pipeline.export(
                face, folder / f"{name}.{suffix}", progress=part, face_folder=folder
            )
        except Cancelled:
            raise
        except DreamFaceError as error:
            if suffix != "blend" or isinstance(error, DiskFull):
                raise
            written.notes.append(f"There is no .blend: {error}")
    if written.files:
        face_folder.note_exports(folder, [file.name for file in written.files.values()])
    return written
