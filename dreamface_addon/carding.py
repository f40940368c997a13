"""Hair as cards: asked of the backend, and brought into the scene when they are made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bpy

from . import interface, scene
from .job import Job
from .part import IDLE_INTERVAL, READY_INTERVAL, Part
from .session import Session


@dataclass(frozen=True)
class _Asked:
    """What a job makes cards of: a face, and what was to be made into cards when it was asked."""

    face_id: str
    state: str


class Carding(Part):
    """Cards of heads' hair, on their way into the scene.

    Attributes:
        notice: what finished cards wait for, or nothing.
    """

    kinds = ("cards",)

    def __init__(self, session: Session, show_error: Callable[[str], None], wake: Callable[[], None]) -> None:
        self.notice = ""
        self._session = session
        self._show_error = show_error
        self._wake = wake
        self._waiting: list[Job] = []

    @property
    def running(self) -> list[Job]:
        """Jobs that make cards and are not over, oldest first."""
        return [job for job in self._session.jobs if not job.finished and job.kind in self.kinds]

    def make(self, skin: bpy.types.Object, level: int, resolution: int) -> None:
        """Have cards made of a head's hair as it is now, combed or not.

        Args:
            skin: the face's.
            level: of detail, 0 is the finest.
            resolution: side of their texture in pixels.

        Raises:
            SceneError: the face has lost what it is made from.
        """
        self._show_error("")
        face_id, record = interface.own_id(skin), scene.record(skin)
        files, offset = scene.files_of(skin, record)
        groom, arrays = scene.pack_hair(skin)
        hair = hashlib.sha256(arrays).hexdigest()
        request: dict[str, Any] = {
            "face": record, "offset": offset, "hair": hair, "groom": groom, "level": level, "resolution": resolution,
        }  # fmt: skip
        sent = {hair: arrays} | ({offset: files[offset]} if offset is not None else {})
        self._session.submit("cards", request, _Asked(face_id, scene.cards_state(skin)), sent)
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
            self._show_error(job.error)
        elif job.state == "done":
            self._waiting.append(job)

    def tick(self) -> bool:
        """Bring in cards that are ready, as one step of undo."""
        before, self.notice = self.notice, ""
        if not self._waiting:
            return bool(before)
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
            scene.make_cards(skin, job.folder, asked.state)
        except scene.SceneError as error:
            self._show_error(str(error))
        else:
            interface.push_undo("DreamFace: Make Cards")
        return True

    def file_opened(self) -> None:
        """Forget the heads of the file that was open before."""
        self._waiting.clear()
        self.notice = ""
