"""The store's folder: what lies where, and who may use it."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dreamface._files import cannot_write, whole_file
from dreamface.errors import DreamFaceError
from dreamface.service.schemas import Kind

_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
"""What systems say of a file that another process has locked."""

_LOCKED_BYTE = 2**20
"""Windows lets nobody read a locked byte, so the one that is locked lies beyond the process id."""


@dataclass(frozen=True)
class Layout:
    """Where a store keeps its things; `root` is absolute."""

    root: Path

    @property
    def jobs(self) -> Path:
        """The table of jobs."""
        return self.root / "jobs.sqlite"

    def result(self, kind: Kind, job: str) -> Path:
        """A done job's folder: a face, or the files of an export."""
        return self.root / ("exports" if kind == "export" else "faces") / job

    def staging(self, job: str, attempt: int) -> Path:
        """Where the worker writes. Every attempt has its own: a worker that is dying may still write into the last."""
        return self.root / "staging" / f"{job}-{attempt}"

    def prepare(self) -> str:
        """Make the folders, sweep what was left half done, and give the store's id.

        Raises:
            DreamFaceError: the disk refused.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)  # prompts and faces are the user's own affair
            shutil.rmtree(self.root / "staging", ignore_errors=True)
            for folder in ("faces", "exports", "staging"):
                (self.root / folder).mkdir(parents=True, exist_ok=True)
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


def lock(root: Path) -> IO[bytes]:
    """Keep every other backend out of the store until the file that this returns is closed, or the process ends.

    Raises:
        DreamFaceError: another backend is in it, or the disk refused.
    """
    path = root / "lock"
    if root.exists() and not root.is_dir():
        raise DreamFaceError(f"{root} is a file: choose a folder (--store).")
    try:
        root.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        _lock_byte(file)
    except OSError as error:
        if error.errno not in _TAKEN:
            file.close()
            raise DreamFaceError(
                f"{root} can't be locked ({error.strerror}): choose a folder (--store) on another disk."
            ) from error
        owner = file.read(20).decode("ascii", "replace").strip()
        file.close()
        who = f"process {owner}" if owner.isdigit() else "another process"
        raise DreamFaceError(
            f"A backend ({who}) is using {root} already: use that one, stop it, or choose another folder (--store)."
        ) from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n".encode())
    return file


def _lock_byte(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        finally:
            file.seek(0)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
