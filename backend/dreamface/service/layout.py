"""The store's folder: what lies where, and who may use it."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from dreamface._files import Held, NoLocks, cannot_write, hold, whole_file
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
        """Files that were sent ahead of a job."""
        return self.root / "uploads"

    def prepare(self) -> str:
        """Make the folders, sweep what was left half done, and give the store's id.

        Raises:
            DreamFaceError: the disk refused.
        """
        try:
            shutil.rmtree(self.root / "staging", ignore_errors=True)
            for folder in ("faces", "exports", "staging", "uploads"):
                (self.root / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
            _close_to_others(self.root)
            file = self.root / "store_id"
            known = file.read_text("ascii").strip() if file.exists() else ""
            if known:
                return known
            with whole_file(file) as part:
                part.write_text(f"{uuid.uuid4()}\n", "ascii")
            return file.read_text("ascii").strip()
        except OSError as error:
            raise cannot_write(self.root / "store_id", error) from error
        except ValueError as error:
            raise DreamFaceError(f"{self.root / 'store_id'} is damaged: delete it and start again.") from error


_TABLE: Final = "jobs.sqlite"
_FILES: Final = ("lock", "store_id", "backend.json", "reserve", "log", "token")
_FOLDERS: Final = ("faces", "exports", "staging", "uploads", "downloads")
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

    The folder itself is left as it is where the user has other things in it, too.
    """
    if sys.platform == "win32":  # a user's folders are closed to others there
        return
    entries = list(root.iterdir())
    ours = [entry for entry in entries if _is_ours(entry.name)]
    if all(entry in ours or entry.name.startswith(".") or entry.name in _OTHERS for entry in entries):
        _close(root)
    for entry in ours:
        _close(entry)
    for folder in _FOLDERS:
        with suppress(FileNotFoundError):
            for entry in (root / folder).iterdir():
                _close(entry)


def _is_ours(name: str) -> bool:
    """Whether something in the store's folder belongs to the store: SQLite's files beside the table do, and logs."""
    return name in (*_FILES, *_FOLDERS) or name.startswith(_TABLE) or name.endswith(".log")


def _close(path: Path) -> None:
    """Let only the owner use a file or folder. What is another user's stays as it is."""
    with suppress(OSError):
        found = path.lstat()
        if stat.S_ISDIR(found.st_mode):
            path.chmod(0o700)
        elif stat.S_ISREG(found.st_mode):
            path.chmod(0o600)


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
