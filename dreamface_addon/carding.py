"""Hair as cards: asked of the backend, and brought into the scene when they are made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import bpy

from . import interface, scene
from .job import Job
from .part import IDLE_INTERVAL, READY_INTERVAL, Part
from .session import Session

RESOLUTION: Final = 1024
"""Pixels a side of the cards' texture."""


@dataclass(frozen=True)
class _Asked:
    """What a job makes cards of: a face, and what was to be made into cards when it was asked.

    Attributes:
        face_id: the face's.
        state: as `scene.cards_state` said then.
        file: that the face is written to when it has the cards.
        options: of the export, by the names of `scene.export_face`.
    """

    face_id: str
    state: str
    file: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


class Carding(Part):
    """Cards of heads' hair, on their way into the scene.

    Attributes:
        notice: what finished cards wait for, or what was written with them, or nothing.
    """

    kinds = ("cards",)

    def __init__(self, session: Session, show_error: Callable[[str], None], wake: Callable[[], None]) -> None:
        self.notice = ""
        self._session = session
        self._show_error = show_error
        self._wake = wake
        self._waiting: list[Job] = []
        self._written = ""

    @property
    def running(self) -> list[Job]:
        """Jobs that make cards and are not over, oldest first."""
        return [job for job in self._session.jobs if not job.finished and job.kind in self.kinds]

    def make(
        self,
        skin: bpy.types.Object,
        level: int,
        resolution: int = RESOLUTION,
        file: Path | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Have cards made of a head's hair as it is now, combed or not.

        Args:
            skin: the face's.
            level: of detail, 0 is the finest.
            resolution: side of their texture in pixels.
            file: that the face is exported to when it has the cards; None for none. Of hair and cards that is shown
                then which was shown before.
            options: of that export, by the names of `scene.export_face`.

        Raises:
            SceneError: the face has lost what it is made from.
        """
        self._show_error("")
        self._written = ""
        face_id, record = interface.own_id(skin), scene.record(skin)
        files, offset = scene.files_of(skin, record)
        groom, arrays = scene.pack_hair(skin)
        hair = hashlib.sha256(arrays).hexdigest()
        request: dict[str, Any] = {
            "face": record, "offset": offset, "hair": hair, "groom": groom, "level": level, "resolution": resolution,
        }  # fmt: skip
        sent = {hair: arrays} | ({offset: files[offset]} if offset is not None else {})
        self._session.submit("cards", request, _Asked(face_id, scene.cards_state(skin), file, options or {}), sent)
        self._wake()

    def cancel(self) -> None:
        """Cancel every job that makes cards."""
        for job in self.running:
            self._session.cancel(job)
        self._wake()

    # --------------------------------------------------------------------------------------- what the application calls

    @property
    def interval(self) -> float:
        """Frequent while cards wait for their moment to come in."""
        return READY_INTERVAL if self._waiting else IDLE_INTERVAL

    def finish(self, job: Job) -> None:
        """Show why a job has failed, or have its cards brought in."""
        if job.state == "failed":
            file = job.tag.file if isinstance(job.tag, _Asked) else None
            self._show_error(f"{job.error} {file.name} was not written." if file else job.error)
        elif job.state == "done":
            self._waiting.append(job)

    def tick(self) -> bool:
        """Bring in cards that are ready, as one step of undo."""
        before, self.notice = self.notice, self._written
        if not self._waiting:
            return before != self.notice
        held_by = interface.hindrance()
        if held_by is not None:
            self.notice = f"The cards are ready and come in {held_by.value}."
            return self.notice != before
        job = self._waiting.pop(0)
        asked = job.tag
        skin = scene.find_face(asked.face_id) if isinstance(asked, _Asked) else None
        if not isinstance(asked, _Asked) or skin is None or job.folder is None:
            return True
        try:
            self._bring_in(skin, job.folder, asked)
        except scene.SceneError as error:
            self._show_error(str(error))
        return True

    def _bring_in(self, skin: bpy.types.Object, folder: Path, asked: _Asked) -> None:
        shown = scene.shows_cards(skin)
        scene.make_cards(skin, folder, asked.state)
        if asked.file is not None and not shown:
            scene.show_cards(skin, False)
        interface.push_undo("DreamFace: Make Cards")
        if asked.file is not None:
            scene.export_face(skin, asked.file, **asked.options)
            self._written = f"Exported {asked.file.name} with new cards"
            if scene.cards_are_old(skin):
                raise scene.SceneError(old_cards(asked.file))

    def dismiss_messages(self) -> None:
        """Stop saying what was written."""
        self._written = ""

    def file_opened(self) -> None:
        """Forget the heads of the file that was open before."""
        self._waiting.clear()
        self.notice = self._written = ""


def old_cards(file: Path) -> str:
    """Return what is to be said of a file with cards that are older than the head."""
    return f"{file.name} has cards that are older than the head: make them again, and export anew"
