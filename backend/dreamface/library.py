"""The faces in a folder: what there is, what nobody wants, and taking them away. Needs no torch.

A variation is one of several faces made at once for an artist to choose from. Until it is picked, a file
`variation.json` in its folder says so: whoever makes variations calls `mark_variation` for each, and `mark_picked` for
the one that is picked or exported. `unwanted` says which have waited for too long.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from dreamface import _files
from dreamface._files import cannot_write, sibling, whole_file
from dreamface._reading import parse_json, read_regular
from dreamface.errors import FolderError
from dreamface.provenance import SOFTWARE

VARIATION: Final = "variation.json"
"""The file in a face folder that says that the face is a variation which nobody has picked."""

KEPT_FOR: Final = 7 * 24 * 3600.0
"""Seconds that a variation which nobody picks stays."""

_DOCUMENT: Final = "face.json"
_FILES: Final = ("geometry.npz", "groom.npz", "preview.png", VARIATION)
_LITTER: Final = (".DS_Store", "Thumbs.db", "desktop.ini", ".directory")
_PICTURE: Final = "layers/{}.png"
_LARGEST_DOCUMENT: Final = 16 * 2**20  # bytes


@dataclass(frozen=True)
class FaceEntry:
    """A face in a folder of faces.

    Attributes:
        path: of its own folder.
        prompt: what it was made from; empty where that can't be read.
        made: when it was saved, in seconds since 1970.
        size: bytes on disk, with the exports in its folder.
        damaged: whether its face.json can't be read.
        variation_of: what it was made together with, where nobody has picked it; None for any other face.
        unpicked_since: when it was made a variation, in seconds since 1970.
    """

    path: Path
    prompt: str
    made: float
    size: int
    damaged: bool = False
    variation_of: str | None = None
    unpicked_since: float | None = None

    @property
    def id(self) -> str:
        """The name of its folder: in a backend's store, the job's id."""
        return self.path.name


def faces_in(place: Path) -> list[FaceEntry]:
    """Return the faces right in a folder, newest first; none where there is no such folder.

    Raises:
        FolderError: the folder may not be looked into.
    """
    try:
        children = sorted(place.iterdir()) if place.is_dir() else []
    except OSError as error:
        raise FolderError(f"{place} can't be looked into ({error.strerror}): change its permissions.") from error
    entries = [entry for child in children if not child.name.startswith(".") and (entry := _entry(child)) is not None]
    return sorted(entries, key=lambda entry: -entry.made)


def unwanted(entries: Iterable[FaceEntry], now: float, kept_for: float = KEPT_FOR) -> list[FaceEntry]:
    """Return the variations that nobody has picked for a while.

    Args:
        entries: the faces.
        now: seconds since 1970.
        kept_for: seconds that they stay.
    """
    return [entry for entry in entries if entry.unpicked_since is not None and now - entry.unpicked_since > kept_for]


def remove(entry: FaceEntry) -> None:
    """Delete a face's folder with all that is in it.

    If the process is killed meanwhile, the rest goes with the next `sweep`.

    Raises:
        FolderError: the disk refused; the face is whole, still.
    """
    gone = sibling(entry.path, "part")
    _move(entry.path, gone)
    _delete(gone)


def remove_unpicked(entry: FaceEntry) -> bool:
    """Delete a variation's folder, unless somebody has picked it by now or keeps files in it; return whether it went.

    A face with files that DreamFace did not write is no variation any more: somebody works with it.

    Raises:
        FolderError: the disk refused; the face is whole, still.
    """
    if _has_own_files(entry.path):
        mark_picked(entry.path)
        return False
    aside = sibling(entry.path, "old")  # nobody can pick it there; `sweep` brings it back if we are killed now
    _move(entry.path, aside)
    gone = sibling(entry.path, "part")
    try:
        goes = _is_unpicked(aside) and not _has_own_files(aside)
        _move(aside, gone if goes else entry.path)
    except (OSError, FolderError):
        _move(aside, entry.path)
        raise
    _delete(gone)
    return goes


def _move(path: Path, to: Path) -> None:
    try:
        path.rename(to)
    except OSError as error:
        raise cannot_write(path, error) from error


def _delete(gone: Path) -> None:
    """Delete what nobody finds any more; what the disk refuses goes with the next `sweep`."""
    with suppress(OSError):
        if gone.is_symlink():
            gone.unlink()
    shutil.rmtree(gone, ignore_errors=True)


def _is_unpicked(path: Path) -> bool:
    return (path / VARIATION).exists()


def _has_own_files(path: Path) -> bool:
    """Whether somebody else has put files into a face folder; what file managers leave everywhere does not count."""
    return any(name.name not in _LITTER for name in foreign_files(path))


def mark_variation(path: Path, group: str) -> None:
    """Say of a face that it is a variation, until `mark_picked` takes that back.

    Args:
        path: of the face folder.
        group: names those that were made together, such as the id of the request.

    Raises:
        FolderError: the disk refused.
    """
    with whole_file(path / VARIATION) as part:
        part.write_text(json.dumps({"of": group, "since": time.time()}) + "\n", "utf-8")


def mark_picked(path: Path) -> None:
    """Say of a face that somebody wants it; any face may be given.

    Raises:
        FolderError: the face is not there, or the disk refused.
    """
    try:
        (path / VARIATION).unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path / VARIATION, error) from error
    if not path.is_dir():
        raise FolderError(f"{path} is not there any more: make the face again.")


# --------------------------------------------------------------------------------------------- what belongs to a face


def foreign_files(path: Path) -> list[Path]:
    """Return what DreamFace did not write into a face folder, relative to it: an artist's own .blend, say.

    Raises:
        FolderError: `path` is no face folder, or its face.json can't be read: nobody knows what is whose.
    """
    from dreamface.record import pictures_in  # not above: the command line starts without pydantic

    try:
        data = _read(path / _DOCUMENT)
    except OSError as error:
        raise FolderError(f"{path / _DOCUMENT} can't be read ({error.strerror}): change its permissions.") from error
    if data is None or not _is_ours(data):
        raise FolderError(f"{path / _DOCUMENT} is damaged: restore it or generate the face again.")
    maps = data.get("maps")
    listed = [file.get("file") for file in maps if isinstance(file, dict)] if isinstance(maps, list) else []
    ours = {_DOCUMENT, *_FILES, *map(str, listed)}
    ours |= {_PICTURE.format(digest) for digest in pictures_in(data)}
    names = [file.relative_to(path) for file in path.rglob("*") if file.is_symlink() or not file.is_dir()]
    return [name for name in names if name.as_posix() not in ours]


def move_foreign_files(old: Path, new: Path) -> None:
    """Move what DreamFace did not write from one face folder to another; where a name is taken, to the next free one.

    Raises:
        FolderError: `old` is no face folder, or its face.json can't be read.
        OSError: the disk refused.
    """
    for name in foreign_files(old):
        place = next(place for place in _numbered(new / name) if not os.path.lexists(place))
        place.parent.mkdir(parents=True, exist_ok=True)
        (old / name).rename(place)


def _numbered(path: Path) -> Iterator[Path]:
    """`name.blend`, `name-2.blend`, `name-3.blend`, ..."""
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def sweep(place: Path, *, again: bool = False) -> None:
    """Delete what killed runs have left beside the faces in a folder; a face that one had moved aside returns.

    Args:
        place: where faces, or exports of them, lie; it need not exist.
        again: whether to look once more, as after a process of one's own was killed.
    """
    _files.sweep(place, _rescue, again=again)


def _rescue(old: Path, path: Path) -> None:
    """Put right a swap that was killed: the old face returns, or what others had put into it goes into the new one.

    Where something else has its place by now, it stays as it is.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            with suppress(OSError):  # not empty
                path.rmdir()
        if not os.path.lexists(path):
            old.rename(path)
            return
        if path.is_symlink() or not _is_face(path):
            return
        move_foreign_files(old, path)
        if foreign_files(old):
            return
    except (OSError, FolderError):  # whatever is in it, it may be somebody's
        return
    shutil.rmtree(old, ignore_errors=True)


def _is_face(path: Path) -> bool:
    data = _read(path / _DOCUMENT)
    return data is not None and _is_ours(data)


def describe(path: Path) -> dict[str, Any] | None:
    """Return what a face folder's face.json says, which nobody has checked; None where `path` holds no face."""
    try:
        data = _read(path / _DOCUMENT)
    except OSError:
        return None
    return data if data is not None and _is_ours(data) else None


# ---------------------------------------------------------------------------------------------------------- reading


def _entry(path: Path) -> FaceEntry | None:
    """What is known of a face; None where the folder holds none."""
    try:
        made = (path / _DOCUMENT).lstat().st_mtime
        data = _read(path / _DOCUMENT)
        size = _size(path)
    except OSError:  # no face folder, or it went away meanwhile
        return None
    if data is not None and not _is_ours(data):
        return None
    prompt = data.get("prompt") if data is not None else None
    variation = _variation(path)
    since = variation.get("since") if variation is not None else None
    return FaceEntry(
        path,
        prompt if isinstance(prompt, str) else "",
        made,
        size,
        damaged=data is None,
        variation_of=str(variation.get("of", "")) if variation is not None else None,
        unpicked_since=float(since) if isinstance(since, int | float) and not isinstance(since, bool) else None,
    )


def _variation(path: Path) -> dict[str, Any] | None:
    """What makes a face a variation; None where it is none, or is picked at this moment."""
    try:
        return _read(path / VARIATION)
    except OSError:
        return None


def _read(file: Path) -> dict[str, Any] | None:
    """A JSON file's object; None where it is damaged.

    Raises:
        OSError: it is not there, or may not be read.
    """
    try:
        data = parse_json(read_regular(file, _LARGEST_DOCUMENT))
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _is_ours(data: dict[str, Any]) -> bool:
    generator = data.get("generator")
    return isinstance(generator, dict) and generator.get("name") == SOFTWARE


def _size(path: Path) -> int:
    return sum(file.lstat().st_size for file in path.rglob("*") if file.is_symlink() or not file.is_dir())
