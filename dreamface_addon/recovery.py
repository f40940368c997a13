"""Jobs of a file whose Blender died while they were made: offered again when the file is opened."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from . import places, scene
from .job import Job
from .journal import Entry, Journal
from .photographing import uploads_of
from .placing import Purpose, find_scene
from .session import Session


@dataclass(frozen=True)
class Offer:
    """A job, or the variations of one prompt, that the artist has to decide about.

    Attributes:
        entries: the jobs, oldest first.
        finished: whether all of them are there.
    """

    entries: tuple[Entry, ...]
    finished: bool

    @property
    def id(self) -> str:
        """The first job's."""
        return self.entries[0].job

    @property
    def words(self) -> str:
        """What became of it, as a sentence."""
        first = self.entries[0]
        what = f"{len(self.entries)} variations of “{first.prompt}”" if first.in_gallery else f"“{first.prompt}”"
        were = "were" if first.in_gallery else "was"
        return f"{what} {were} finished when Blender closed." if self.finished else f"{what} {were} not finished."


class Recovery:
    """This Blender's jobs in the journal, and those that other Blenders left behind for the open file.

    Attributes:
        offers: what was left behind, oldest first.
    """

    def __init__(self, session: Session) -> None:
        self.offers: list[Offer] = []
        self._session = session
        self._journal: Journal | None = None
        self._blend = ""

    @property
    def journal(self) -> Journal:
        """The journal in the artist's own folder."""
        if self._journal is None:
            self._journal = Journal(places.user_folder("jobs"))
        return self._journal

    def note(self, job: Job, purpose: Purpose, resolution: int = 0, detail: dict[str, Any] | None = None) -> None:
        """Remember a job that was just submitted."""
        settings = self._session.backend.settings
        home = find_scene(purpose.scene)
        self.journal.note(
            Entry(
                job=job.id,
                kind=job.kind,
                request=dict(job.request),
                blend=bpy.data.filepath,
                scene=home.name if home is not None else "",
                face_id=purpose.face_id,
                name=purpose.name,
                in_gallery=purpose.in_gallery,
                resolution=resolution,
                sent_offset=base64.b64encode(purpose.sent_offset or b"").decode("ascii"),
                pictures={
                    digest: base64.b64encode(job.files[digest]).decode("ascii")
                    for digest in _marked_in(job.request)
                    if digest in job.files
                },
                store="" if settings.url else str(settings.store),
                detail=detail,
                photographs=[str(file) for file in purpose.photographs],
            )
        )

    def forget(self, job_id: str) -> None:
        """Remember a job no longer."""
        self.journal.forget(job_id)

    def look(self) -> None:
        """Find what was left behind for the file that is open now."""
        self._blend = bpy.data.filepath
        groups: dict[tuple[str, bool], list[Entry]] = {}
        for entry in self.journal.left_behind(self._blend):
            together = entry.request.get("variation_of") or entry.prompt if entry.in_gallery else entry.job
            groups.setdefault((str(together), entry.in_gallery), []).append(entry)
        self.offers = [
            Offer(tuple(entries), all(entry.folder is not None for entry in entries)) for entries in groups.values()
        ]

    def saved(self) -> None:
        """Follow the file, which may have been saved under another name."""
        if bpy.data.filepath != self._blend:
            self.journal.saved_as(self._blend, bpy.data.filepath)
            self._blend = bpy.data.filepath

    def offer_again(self, job_id: str) -> None:
        """Offer a job that never reached the backend, because that failed."""
        entry = self.journal.entry(job_id)
        if entry is not None and not entry.in_gallery:
            self.offers.append(Offer((entry,), finished=False))

    def find(self, offer_id: str) -> Offer | None:
        """Return an offer."""
        return next((offer for offer in self.offers if offer.id == offer_id), None)

    def take(self, offer_id: str) -> Offer | None:
        """Return an offer, which is offered no longer."""
        offer = self.find(offer_id)
        self.offers = [other for other in self.offers if other is not offer]
        return offer

    def dismiss(self, offer_id: str) -> None:
        """Drop an offer: finished faces stay in the library, others are not made any more."""
        offer = self.take(offer_id)
        entries = offer.entries if offer is not None else ()
        self._session.give_up([entry.job for entry in entries if entry.folder is None])
        for entry in entries:
            self.forget(entry.job)

    def job_of(self, entry: Entry, file: int) -> Job:
        """Return the job, done where its face is there; otherwise it is asked for again.

        The backend may have it still, or have made it meanwhile: it has the same id, so nothing is made twice.
        """
        purpose = self._purpose(entry, file)
        if entry.folder is None:
            job = self._session.submit(entry.kind, entry.request, purpose, self._files(entry), entry.job)
        else:
            result = {"prompt": entry.prompt, "folder": str(entry.folder)}
            job = Job(entry.job, entry.kind, entry.request, purpose, state="done", folder=entry.folder, result=result)
        self.journal.note(replace(entry, blend=bpy.data.filepath))
        return job

    def close(self, waiting: Callable[[], tuple[str, ...]]) -> None:
        """End with Blender; `waiting` gives the ids of finished jobs that the artist has not decided about."""
        if self._journal is not None:
            self._journal.close(waiting())

    @staticmethod
    def _files(entry: Entry) -> dict[str, bytes]:
        """Return what an edit sends ahead: its offset, and the pictures of its masks as far as its head has them.

        Those of a place that a diffusion model works on are in the journal.
        """
        files: dict[str, bytes] = {}
        skin = scene.find_face(entry.face_id)
        if entry.kind == "edit" and skin is not None:
            with contextlib.suppress(scene.SceneError):
                files, _ = scene.files_of(skin, entry.request["face"])
        for digest in _marked_in(entry.request):
            with contextlib.suppress(KeyError, TypeError, ValueError):  # somebody has changed the journal by hand
                files[digest] = base64.b64decode(entry.pictures[digest])
        if entry.kind == "from_photo":
            files |= uploads_of(map(Path, entry.photographs), entry.request)
        if entry.sent_offset:
            files[entry.request["offset"]] = base64.b64decode(entry.sent_offset)
        return files

    @staticmethod
    def _purpose(entry: Entry, file: int) -> Purpose:
        home = bpy.data.scenes.get(entry.scene)
        return Purpose(
            face_id=entry.face_id if scene.find_face(entry.face_id) is not None else "",
            file=file,
            scene=home.session_uid if home is not None else 0,
            name=entry.name,
            in_gallery=entry.in_gallery,
            sent=entry.request.get("face"),
            sent_offset=base64.b64decode(entry.sent_offset) or None,
            photographs=tuple(map(Path, entry.photographs)),
            keep=entry.request.get("keep") is True,
        )


def _marked_in(request: Mapping[str, Any]) -> list[str]:
    """Return the SHA-256 of the pictures of the place that a diffusion model works on."""
    diffusion = request.get("diffusion")
    return scene.digests([{"place": diffusion.get("place")}]) if isinstance(diffusion, dict) else []
