"""Making faces: from a prompt to a face in the scene, with variations to choose from; and painting one anew."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import bpy

from . import history, interface, places, preferences, scene
from .chips import Chips
from .gallery import RESOLUTION as GALLERY_RESOLUTION
from .gallery import Gallery
from .job import Job
from .part import IDLE_INTERVAL, READY_INTERVAL, Part
from .placing import Placing, Purpose
from .session import Session
from .setting_up import SettingUp
from .shaping import Following, changed_layers, changed_traits

_BUSY = "A face is being made: wait for it or cancel it"


class Making(Part):
    """Faces from the prompt to the scene, and their textures.

    Attributes:
        chips: what of the prompt was understood.
        gallery: the variations to choose from.
        placing: finished faces on their way into the scene.
    """

    kinds = ("generate", "edit")

    def __init__(
        self,
        session: Session,
        setup: SettingUp,
        following: Following,
        show_error: Callable[[str], None],
        wake: Callable[[], None],
    ) -> None:
        self.chips = Chips(session)
        self.gallery = Gallery()
        self.placing = Placing(following)
        self._session = session
        self._setup = setup
        self._show_error = show_error
        self._wake = wake

    @property
    def running(self) -> list[Job]:
        """Jobs that make faces and are not over, oldest first."""
        return [job for job in self._session.jobs if not job.finished and job.kind in self.kinds]

    # ------------------------------------------------------------------------------------------------------- the prompt

    def read_prompt(self, prompt: str) -> None:
        """Have the prompt read; start the backend meanwhile, because the artist goes on typing."""
        self.chips.read(prompt)
        if prompt.strip():
            self._setup.start_if_needed()
            self._wake()

    def why_not_generate(self, prompt: str) -> str:
        """Return why no face can be made now, or nothing."""
        if not prompt.strip():
            return "Type what the face looks like first"
        if self.running:
            return _BUSY
        return self._setup.why_no_backend() or self.chips.why_not_yet(prompt)

    def generate(
        self,
        prompt: str,
        seeds: Collection[int],
        resolution: int,
        head: str,
        skin: bpy.types.Object | None = None,
    ) -> None:
        """Make a face, or several to choose from.

        Args:
            prompt: what the person looks like.
            seeds: one for each face.
            resolution: side of the maps in pixels.
            head: name of the head model, or "auto".
            skin: the face to change in place; None for a new one.
        """
        self._show_error("")
        self.gallery.clear()
        history.add(places.prompts_file(), prompt)
        face_id = _own_id(skin) if skin is not None else ""
        choosing = len(seeds) > 1
        purpose = Purpose(face_id, self.placing.file, choosing)
        request: dict[str, Any] = {
            "prompt": prompt,
            "head": head,
            "without": self.chips.dropped_traits(prompt),
            "resolution": GALLERY_RESOLUTION if choosing else resolution,
        }
        if face_id:
            request["face_id"] = face_id
        jobs = [self._session.submit("generate", request | {"seed": seed}, purpose) for seed in seeds]
        if choosing:
            self.gallery.jobs, self.gallery.resolution, self.gallery.face_id = jobs, resolution, face_id
        self._wake()

    # --------------------------------------------------------------------------------------------------- the variations

    def pick(self, job: Job) -> None:
        """Bring in one of the gallery's faces; if larger maps were asked for, have it made again with them."""
        self.gallery.picked.add(job.id)
        purpose = Purpose(self.gallery.face_id, self.placing.file)
        if self.gallery.resolution == GALLERY_RESOLUTION:
            job.tag = purpose
            self.placing.add(job)
        else:
            request = job.request | {"resolution": self.gallery.resolution}
            self._session.submit("generate", request, purpose)
        self._wake()

    def close_gallery(self) -> None:
        """Put the variations away and cancel those that are not finished."""
        for job in self.gallery.jobs:
            if job in self.running:
                self._session.cancel(job)
        self.gallery.clear()
        self._wake()

    # ----------------------------------------------------------------------------------------------------- the textures

    def why_not_paint(self) -> str:
        """Return why no face can be painted now, or nothing."""
        return _BUSY if self.running else self._setup.why_no_backend()

    def paint(self, skin: bpy.types.Object, resolution: int) -> None:
        """Make a face's maps again, with its traits as the sliders show them.

        Raises:
            SceneError: the face has lost what it is made from.
        """
        self._show_error("")
        face_id, record = _own_id(skin), scene.record(skin)
        files, offset = scene.files_of(skin, record)
        purpose = Purpose(face_id, self.placing.file, sent=record, sent_offset=files.get(offset or ""))
        request = {
            "face": record,
            "offset": offset,
            "traits": changed_traits(skin),
            "layers": changed_layers(skin),
            "resolution": resolution,
        }
        self._session.submit("edit", request, purpose, files)
        self._wake()

    # --------------------------------------------------------------------------------------------------------- stopping

    def why_not_cancel(self) -> str:
        """Return why there is nothing to cancel, or nothing."""
        return "" if self.running else "Nothing is being made"

    def cancel(self) -> None:
        """Cancel every job that makes a face."""
        for job in self.running:
            self._session.cancel(job)
        self._wake()

    # --------------------------------------------------------------------------------------- what the application calls

    @property
    def interval(self) -> float:
        """Frequent while a face waits for its moment to come in."""
        return READY_INTERVAL if self.placing.waiting else IDLE_INTERVAL

    def tick(self) -> bool:
        """Bring in a face that is ready."""
        return self.placing.tick(preferences.get().look_at_new_faces)

    def finish(self, job: Job) -> None:
        """Show why a job has failed, or have its face brought in."""
        assert isinstance(job.tag, Purpose)
        if job.state == "failed":
            self._show_error(job.error)
        elif job.state == "done" and not job.tag.in_gallery:
            self.placing.add(job)

    def dismiss_messages(self) -> None:
        """Stop showing the warning about the last face that came in."""
        self.placing.warning = ""

    def file_opened(self) -> None:
        """Close the gallery; faces that were asked for in the file before do not come into this one."""
        self.placing.file += 1
        self.close_gallery()

    def shut_down(self) -> None:
        """Free the gallery's pictures."""
        self.gallery.clear()


def _own_id(skin: bpy.types.Object) -> str:
    """Return the face's id; duplicates of the face get ids of their own first, as one step of undo."""
    if scene.separate_copies(skin[scene.FACE_ID]):
        interface.push_undo("DreamFace: Separate Copies")
    return str(skin[scene.FACE_ID])
