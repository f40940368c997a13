"""All faces that were made on this machine: a list that panels show, search and clear out."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from .part import IDLE_INTERVAL, READY_INTERVAL, Part
from .session import Session

PAGE = 6  # faces that are shown at once

_PATIENCE = 3.0  # seconds that a panel counts as open after it was drawn
_LOOK_EVERY = 2.0  # seconds between two looks at the folder
_BUDGET = 0.003  # seconds that a tick may read faces
_DRAW_EVERY = 0.5  # seconds between two redraws while faces are being read
_LARGEST = 16_000_000  # bytes of a face.json that is read


@dataclass(frozen=True)
class Made:
    """A face in the library.

    Attributes:
        folder: its face folder.
        prompt: what it was made from.
        seed: what the prompt left open was drawn from it.
        face_id: whose face it is; each repaint makes another folder of the same face.
    """

    folder: Path
    prompt: str
    seed: int
    face_id: str

    @property
    def id(self) -> str:
        """Name of its folder."""
        return self.folder.name


class Library(Part):
    """The faces in the backend's store, newest first; read from disk while a panel shows them.

    Attributes:
        problem: why a face could not be removed, until dismissed.
    """

    def __init__(self, session: Session) -> None:
        self.problem = ""
        self._session = session
        self._wanted = self._looked = self._drawn = 0.0
        self._folders: list[Path] = []
        self._changed_at = 0  # when the folder was changed last, as far as was looked
        self._known: dict[Path, Made | None] = {}

    @property
    def folder(self) -> Path | None:
        """Where the faces lie; None where they lie on another machine."""
        settings = self._session.backend.settings
        return None if settings.url else settings.store / "faces"

    def show(self) -> None:
        """Say that a panel shows the library: it is kept up to date for a while."""
        self._wanted = time.monotonic()

    @property
    def is_complete(self) -> bool:
        """Whether every face was read."""
        return all(folder in self._known for folder in self._folders)

    def faces(self, search: str = "") -> list[Made]:
        """Return the faces that have been read and whose prompts have all the words, newest first; each face once."""
        words = search.casefold().split()
        known = (self._known.get(folder) for folder in self._folders)
        newest: dict[str, Made] = {}
        for made in known:
            if made is not None and all(word in made.prompt.casefold() for word in words):
                newest.setdefault(made.face_id, made)
        return list(newest.values())

    def versions(self, face: str) -> list[Made]:
        """Return the face of that id and its older versions, which were repainted since."""
        made = self.find(face)
        known = (self._known.get(folder) for folder in self._folders)
        return [other for other in known if made is not None and other is not None and other.face_id == made.face_id]

    def find(self, face: str) -> Made | None:
        """Return the face of that id."""
        return next((made for made in self.faces() if made.id == face), None)

    def remove(self, made: Made) -> None:
        """Delete a face from the disk; `problem` says why it could not be."""
        try:
            gone = made.folder.with_name(f".{made.id}.removed")  # at once, or not at all
            made.folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
        except OSError as error:
            self.problem = f"{made.folder} can't be removed ({error.strerror}): close what uses it, and try again."
        self._folders = [folder for folder in self._folders if folder != made.folder]
        self._looked = self._changed_at = 0  # a face that could not be removed is listed again

    # --------------------------------------------------------------------------------------- what the application calls

    @property
    def interval(self) -> float:
        """Frequent while faces are being read for a panel."""
        return READY_INTERVAL if self._is_open and not self.is_complete else IDLE_INTERVAL

    def tick(self) -> bool:
        """Read some faces while a panel shows them."""
        if not self._is_open:
            return False
        changed = self._look()
        until = time.monotonic() + _BUDGET
        unread = [folder for folder in self._folders if folder not in self._known]
        for folder in unread:
            self._known[folder] = _read(folder)
            if time.monotonic() > until:
                break
        finished = bool(unread) and self.is_complete
        due = bool(unread) and time.monotonic() - self._drawn > _DRAW_EVERY
        if changed or finished or due:
            self._drawn = time.monotonic()
        return changed or finished or due

    def _look(self) -> bool:
        """List the folder if it has changed; return whether there are other faces now."""
        if time.monotonic() - self._looked < _LOOK_EVERY or self.folder is None:
            return False
        self._looked = time.monotonic()
        try:
            changed_at = self.folder.stat().st_mtime_ns
        except OSError:
            changed_at = 0
        if changed_at == self._changed_at and changed_at:
            return False
        before, self._folders, self._changed_at = self._folders, _newest(self.folder), changed_at
        self._known = {folder: self._known[folder] for folder in self._folders if folder in self._known}
        return before != self._folders

    def dismiss_messages(self) -> None:
        """Stop showing why a face could not be removed."""
        self.problem = ""

    @property
    def _is_open(self) -> bool:
        return time.monotonic() - self._wanted < _PATIENCE


def _newest(folder: Path | None) -> list[Path]:
    """Return the folders in a folder, the newest first; none where it can't be read."""
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")] if folder else []
        return sorted((entry for entry in entries if entry.is_dir()), key=lambda path: -path.stat().st_mtime)
    except OSError:
        return []


def _read(folder: Path) -> Made | None:
    """Return a face's description; None for what is no face."""
    file = folder / "face.json"
    try:
        if file.stat().st_size > _LARGEST:
            return None
        document = json.loads(file.read_text("utf-8"))
        return Made(folder, str(document["prompt"]), int(document["seed"]), str(document["face_id"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
