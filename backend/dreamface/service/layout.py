"""The store's folder: what lies where, and who may use it."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import IO

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
        return self.root / "jobs.sqlite"

    def result(self, kind: Kind, job: str) -> Path:
        """A done job's folder, where it `has_folder`: a face, or the files of an export."""
        return self.root / JOB_KINDS[kind].folder / job

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
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)  # prompts and faces are the user's own affair
            shutil.rmtree(self.root / "staging", ignore_errors=True)
            for folder in ("faces", "exports", "staging", "uploads"):
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
