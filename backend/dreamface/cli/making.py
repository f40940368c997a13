"""Writing a face with its exports, whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamface._files import cannot_write
from dreamface.errors import BadRequest, Cancelled, DreamFaceError, FolderError
from dreamface.progress import Progress

if TYPE_CHECKING:
    from dreamface.face import Face

SEED_LIMIT = 2**32
"""Seeds are below it: what torch, numpy and Blender all take."""


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


def check_prompt(prompt: str) -> None:
    """Refuse a prompt without words.

    Raises:
        BadRequest: there is nothing in it.
    """
    if not prompt.strip():
        raise BadRequest('The prompt is empty; describe a face, such as "an old fisherman with a hooked nose".')


def check_request(prompt: str, seed: int | None, resolution: int, head: str) -> None:
    """Refuse what can't be made before anything slow starts.

    Raises:
        BadRequest: an empty prompt, a seed out of range, a resolution or head model that is not offered.
    """
    check_prompt(prompt)
    if seed is not None and not 0 <= seed < SEED_LIMIT:
        raise BadRequest(f"The seed must be between 0 and {SEED_LIMIT - 1}; got {seed}.")
    from dreamface import pipeline  # here, because it takes seconds to load

    if resolution not in pipeline.RESOLUTIONS:
        offered = ", ".join(map(str, pipeline.RESOLUTIONS))
        raise BadRequest(f"The resolution must be one of {offered}; got {resolution}.")
    if head not in pipeline.HEADS:
        raise BadRequest(f"The head model must be one of {', '.join(pipeline.HEADS)}; got {head!r}.")


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A temporary folder in `parent`, so that what is finished there can be moved into place in one step.

    Raises:
        FolderError: nothing can be written there.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(prefix=".dreamface-", dir=parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise cannot_write(parent / "face", error) from error
    with temporary as name:
        yield Path(name)


def check_free(folder: Path) -> None:
    """Refuse to write over anything.

    Raises:
        FolderError: there is something at `folder` already, other than an empty folder.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise FolderError(f"{folder} already exists; choose another folder, or delete it first.")


def write(face: Face, stage: Path, folder: Path, name: str, formats: Sequence[str], progress: Progress) -> Written:
    """Save a face and its exports in `stage`, then move everything to `folder` at once.

    A .blend that can't be written, as where bpy is missing, becomes a note: the rest is useful without it.

    Args:
        face: what to write.
        stage: an empty folder on the same disk, from `staging`.
        folder: must not exist, or be empty.
        name: of the exported files, without suffix.
        formats: of "glb" and "blend".
        progress: 0..1 of the writing.
    """
    from dreamface import folder as face_folder
    from dreamface import pipeline

    whole = stage / folder.name
    steps = 1 + len(formats)
    face_folder.save(face, whole, progress.part(0.0, 1.0 / steps))
    written = Written(folder)
    for index, suffix in enumerate(formats, start=1):
        part = progress.part(index / steps, (index + 1) / steps)
        part.report("export", 0.0, f"writing {name}.{suffix}")
        try:
            pipeline.export(face, whole / f"{name}.{suffix}", progress=part)
        except Cancelled:
            raise
        except DreamFaceError as error:
            if suffix != "blend":
                raise
            written.notes.append(f"There is no .blend: {error} (`dreamface doctor` looks for the cause.)")
        else:
            written.files[suffix] = folder / f"{name}.{suffix}"
    progress.report("save", 1.0, "finishing")  # the last chance to stop
    try:
        if folder.is_dir():
            folder.rmdir()  # empty; Windows does not move a folder onto another
        whole.rename(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return written
