"""The store's folder: what lies where, and who may use it."""

from __future__ import annotations

import os
import re
import stat
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from dreamface import library
from dreamface._files import Held, NoLocks, cannot_write, delete, hold, sweep, whole_file
from dreamface.errors import DreamFaceError
from dreamface.service.schemas import JOB_KINDS, Kind


def has_folder(kind: Kind) -> bool:
    """Whether such a job's result is a folder in the store."""
    return bool(JOB_KINDS[kind].folder)


def is_face(kind: Kind) -> bool:
    """Whether such a job makes a face."""
    return JOB_KINDS[kind].folder == "faces"


@dataclass(frozen=True)
class Layout:
    """Where a store keeps its things; `root` is absolute."""

    root: Path

    @property
    def jobs(self) -> Path:
        """The table of jobs."""
        return self.root / _TABLE

    def result(self, kind: Kind, job: str) -> Path:
        """A done job's folder, where it `has_folder`: a face, or the files of an export."""
        return self.root / JOB_KINDS[kind].folder / job

    @property
    def faces(self) -> Path:
        """The faces, each in a folder of its own."""
        return self.root / "faces"

    def staging(self, job: str, attempt: int) -> Path:
        """Where the worker writes. Every attempt has its own: a worker that is dying may still write into the last."""
        return self.root / "staging" / f"{job}-{attempt}"

    @property
    def uploads(self) -> Path:
        """Files that were sent ahead of a job; those of users lie in folders of their own in it."""
        return self.root / "uploads"

    def uploads_of(self, owner: str) -> Path:
        """Files that somebody has sent ahead; an empty name is the owner's."""
        return for_user(self.uploads, owner)

    def styles_of(self, owner: str) -> Path | None:
        """A user's own hair styles; None: the owner's lie where DreamFace keeps them without a service, too."""
        return for_user(self.root / "styles", owner) if owner else None

    def takes_of(self, owner: str) -> Path:
        """Where somebody's live sessions record, each in a folder of its own."""
        return for_user(self.root / "exports", owner)

    def prepare(self) -> str:
        """Make the folders, sweep what was left half done, and give the store's id.

        Raises:
            DreamFaceError: the disk refused.
        """
        try:
            for name in _NEEDED:
                _make_folder(self.root / name)
            _close_to_others(self.root)
            self._sweep()
            file = self.root / _STORE_ID
            known = file.read_text("ascii").strip() if file.exists() else ""
            if known:
                return known
            with whole_file(file) as part:
                part.write_text(f"{uuid.uuid4()}\n", "ascii")
            _close(file)
            return file.read_text("ascii").strip()
        except OSError as error:
            raise cannot_write(self.root / _STORE_ID, error) from error
        except ValueError as error:
            raise DreamFaceError(f"{self.root / 'store_id'} is damaged: delete it and start again.") from error

    def _sweep(self) -> None:
        """Delete what earlier backends, and removals of faces that were killed, have left half done."""
        for place, form in ((self.root / "staging", _STAGED), (self.faces, _REMOVED)):
            for entry in list(place.iterdir()):
                if form.fullmatch(entry.name):
                    delete(entry)
        library.sweep(self.faces)
        sweep(self.root / "exports")


USER: Final = "user-"
"""What the names of a user's folders begin with, so that no name can be a job's or a device's."""


def for_user(folder: Path, owner: str) -> Path:
    """Return what is a user's in a folder of everybody's; an empty name is the owner's, whose is the folder itself."""
    return folder / f"{USER}{owner}" if owner else folder


NEIGHBOURS: Final = "neighbours.json"
"""Of the result of a job `explore`: which picture is of which neighbour."""


PREVIEW, GLANCE = "preview.png", "glance.json"
"""Of the result of a job `glance`: the picture, and who it is."""


def forming_picture(staged: Path) -> Path:
    """Return where the picture of a face lies while it forms, beside its folder; it is swept like that."""
    return staged.with_name(f"{staged.name}.png")


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError as error:
        raise DreamFaceError(f"{path} is a file: move it away, or choose another folder (--store).") from error


_JOB: Final = "[0-9a-f]{32}"
_STAGED: Final = re.compile(rf"\.?{_JOB}-[0-9]+(\..*)?")
_REMOVED: Final = re.compile(rf"\.{_JOB}\.removed")
"""What the add-on calls a face while it deletes it."""

_TABLE: Final = "jobs.sqlite"
_STORE_ID: Final = "store_id"
_FILES: Final = (
    "lock",
    _STORE_ID,
    "backend.json",
    "reserve",
    "log",
    "backend.log",
    "token",
    "address",
    "users.json",
    "users.lock",
)
_NEEDED: Final = ("faces", "exports", "staging", "uploads")
_FOLDERS: Final = (*_NEEDED, "styles", "downloads", "tls")
_RESULT: Final = re.compile(rf"{_JOB}|{_STAGED.pattern}|[0-9a-f]{{64}}")
"""How what the store puts into its folders is called: by a job's id, or an upload's SHA-256."""

_OTHERS: Final = ("models", "environment", "setup.log")
"""What DreamFace keeps in its own folder, where stores lie by default, besides the store."""


@contextmanager
def for_the_user_alone() -> Iterator[int]:
    """Keep other users out of what is written during the block; gives the umask from before."""
    before = os.umask(0o077)
    try:
        yield before
    finally:
        os.umask(before)


def _close_to_others(root: Path) -> None:
    """Keep other users out of a store, also one that an older DreamFace made: prompts and faces are the user's own.

    Folders are closed once, so that whoever opens one later on purpose is not contradicted: the file `store_id`, which
    every version makes, is closed last. What does not go by a name of ours stays as it is, and so does the store's own
    folder where the user has other things in it, too.
    """
    if sys.platform == "win32":  # a user's folders are closed to others there
        return
    entries = list(root.iterdir())
    ours = [entry for entry in entries if _is_ours(entry)]
    if _is_open(root / _STORE_ID):
        if all(entry in ours or entry.name.startswith(".") or entry.name in _OTHERS for entry in entries):
            _close(root)
        for folder in (entry for entry in ours if entry.name in _FOLDERS):
            _close(folder)
            with suppress(OSError):
                for entry in folder.iterdir():
                    if _RESULT.fullmatch(entry.name):
                        _close(entry)
    for file in (entry for entry in ours if entry.name not in _FOLDERS):
        _close(file)


def _is_open(file: Path) -> bool:
    """Whether others may read a file; also where it is not there yet."""
    try:
        return bool(file.stat().st_mode & 0o077)
    except OSError:
        return True


def _is_ours(entry: Path) -> bool:
    """Whether something in the store's folder belongs to the store; SQLite's files beside the table do."""
    if entry.name in _FOLDERS:
        return entry.is_dir()
    return (entry.name in _FILES or entry.name.startswith(_TABLE)) and entry.is_file()


def _close(path: Path) -> None:
    """Take a file or folder's permissions from everyone but its owner. What is another user's stays as it is."""
    with suppress(OSError):
        found = path.lstat()
        if stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode):
            path.chmod(found.st_mode & 0o700)


def lock(root: Path) -> IO[bytes]:
    """Keep every other backend out of the store until the file that this returns is closed, or the process ends.

    Raises:
        DreamFaceError: another backend is in it, or the disk refused.
    """
    path = root / "lock"
    if root.exists() and not root.is_dir():
        raise DreamFaceError(f"{root} is a file: choose a folder (--store).")
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return hold(path)
    except Held as other:
        raise DreamFaceError(
            f"A backend ({other.owner}) is using {root} already: use that one, stop it, or choose another folder "
            "(--store)."
        ) from other
    except NoLocks as error:
        raise DreamFaceError(
            f"{root} can't be locked ({error.strerror}): choose a folder (--store) on another disk."
        ) from error
    except OSError as error:
        raise cannot_write(path, error) from error
