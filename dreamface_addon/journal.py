"""What is being made, on disk: so that a file whose Blender died knows its jobs when it is opened again.

Each job is a file of its own, so that two Blenders never write into one. It names the Blender that asked for the job;
as long as that Blender lives, it holds a lock, and nobody else touches its jobs.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import IO, Any

from .files import write_whole
from .setup import try_lock

LONGEST = 30 * 24 * 3600.0
"""Seconds after which nobody will come back for a job."""

_ID = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Entry:
    """A job as it was asked for.

    Attributes:
        job: its id.
        kind: "generate", "from_photo" or "edit".
        request: what was asked.
        blend: path of the .blend file; empty where it was not saved yet.
        scene: name of the scene that it was asked for in.
        face_id: the face to update; empty for a new one.
        name: what a new face is called; empty takes a name from its prompt.
        in_gallery: one of several to choose from.
        resolution: of the face that is chosen from a gallery.
        sent_offset: what was sculpted when an edit was asked for, in base64; empty for nothing.
        pictures: of the place that a diffusion model works on, by their SHA-256, in base64: the head's file may have
            been saved without them.
        store: where the backend keeps its faces; empty where that is another machine.
        detail: how diffusion is to make the one of several faces that is chosen; None: it is not to.
        photographs: paths of those that the face is made from.
    """

    job: str
    kind: str
    request: dict[str, Any]
    blend: str
    scene: str = ""
    face_id: str = ""
    name: str = ""
    in_gallery: bool = False
    resolution: int = 0
    sent_offset: str = ""
    pictures: dict[str, str] = field(default_factory=dict)
    store: str = ""
    detail: dict[str, Any] | None = None
    photographs: list[str] = field(default_factory=list)

    @property
    def prompt(self) -> str:
        """What was asked for, in words; of photographs, what the first one's file is called."""
        asked = self.request.get("prompt") or self.request.get("face", {}).get("prompt", "")
        return str(asked or (Path(self.photographs[0]).name if self.photographs else ""))

    @property
    def folder(self) -> Path | None:
        """The finished face; None while there is none that can be seen from here."""
        folder = Path(self.store) / "faces" / self.job
        return folder if self.store and folder.is_dir() else None


class Journal:
    """The jobs of all Blenders that share a folder.

    A disk that refuses loses the memory of a job, never the job: nothing here raises.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._session = uuid.uuid4().hex
        self._lock: IO[bytes] | None = None
        self._own: dict[str, Entry] = {}

    def note(self, entry: Entry) -> None:
        """Remember a job of this Blender's, or what has changed about it."""
        self._own[entry.job] = entry
        self._write(entry)

    def forget(self, job: str) -> None:
        """Remember a job no longer: its face has come in, or nobody wants it."""
        self._own.pop(job, None)
        if _ID.fullmatch(job):
            with contextlib.suppress(OSError):
                self._file(job).unlink(missing_ok=True)

    def entry(self, job: str) -> Entry | None:
        """Return a job of this Blender's."""
        return self._own.get(job)

    def saved_as(self, before: str, blend: str) -> None:
        """Follow a file that was saved under another name."""
        for entry in [entry for entry in self._own.values() if entry.blend == before != blend]:
            self.note(replace(entry, blend=blend))

    def left_behind(self, blend: str) -> list[Entry]:
        """Return the jobs of a file whose Blender died before it took them over, oldest first."""
        found = [(at, entry) for at, session, entry in self._read() if entry.blend == blend and self._is_dead(session)]
        return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]

    def close(self, kept: tuple[str, ...] = ()) -> None:
        """End with Blender: its jobs are cancelled and forgotten, except finished ones that are `kept`."""
        for job in list(self._own):
            if job not in kept:
                self.forget(job)
        if self._lock is not None:
            self._lock.close()
            self._lock = None
            if not self._own:
                with contextlib.suppress(OSError):
                    self._lock_file(self._session).unlink(missing_ok=True)

    def _write(self, entry: Entry) -> None:
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._lock is None:
                self._lock = try_lock(self._lock_file(self._session))
            document = {"session": self._session, "at": time.time(), **asdict(entry)}
            write_whole(self._file(entry.job), json.dumps(document))

    def _read(self) -> Iterator[tuple[float, str, Entry]]:
        """Yield each entry that can be read, when it was written, and by which Blender; sweep out what is old."""
        try:
            files = list(self._folder.iterdir())
        except OSError:
            return
        for file in files:
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
                if time.time() - file.stat().st_mtime > LONGEST:
                    file.unlink()
                elif file.suffix == ".json":
                    yield _understood(json.loads(file.read_text("utf-8")))

    def _is_dead(self, session: str) -> bool:
        if session == self._session or not _ID.fullmatch(session):
            return False
        try:
            lock = try_lock(self._lock_file(session))
        except OSError:
            return False
        if lock is None:
            return False
        lock.close()
        return True

    def _file(self, job: str) -> Path:
        return self._folder / f"{job}.json"

    def _lock_file(self, session: str) -> Path:
        return self._folder / f"{session}.lock"


def _understood(document: dict[str, Any]) -> tuple[float, str, Entry]:
    """Return when an entry was written, by which Blender, and the entry; fields of newer versions are passed over.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is no entry.
    """
    entry = Entry(**{each.name: document[each.name] for each in fields(Entry) if each.name in document})
    if (
        not _ID.fullmatch(entry.job)
        or not isinstance(entry.request, dict)
        or not isinstance(entry.pictures, dict)
        or not isinstance(entry.detail, dict | None)
        or not (isinstance(entry.photographs, list) and all(isinstance(path, str) for path in entry.photographs))
    ):
        raise ValueError("no job")
    return float(document["at"]), str(document["session"]), entry
