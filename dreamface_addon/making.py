"""Making faces: from a prompt to a face in the scene, with variations to choose from; and painting one anew."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from . import history, interface, places, preferences, regions, scene, stack
from .chips import Chips, notes_in_lines
from .gallery import PICTURE_SIZE, Gallery
from .gallery import RESOLUTION as GALLERY_RESOLUTION
from .job import Job
from .looks import Look
from .models import Model
from .part import IDLE_INTERVAL, READY_INTERVAL, Part
from .photographing import sent_photographs, why_not_see
from .placing import Placing, Purpose
from .recovery import Recovery
from .session import Session, staged
from .setting_up import SettingUp
from .shaping import Following, changed_layers, changed_traits, traits_of

BUSY = "A face is being made: wait for it or cancel it"
"""Why nothing else can be made now. Polls do not say so: in Blender up to 4.x a button under the pointer that was grey
stays so until the pointer leaves it, and the pointer is where Generate was pressed."""


class Making(Part):
    """Faces from the prompt to the scene, and their textures.

    Attributes:
        chips: what of the prompt was understood.
        gallery: the variations to choose from.
        placing: finished faces on their way into the scene.
        recovery: jobs of this file that a Blender which died left behind.
        look: whose traits are laid over the prompt; None without one.
        remarks: the prompt of the face that was made last, and what the engine has said of it.
        moved: what was moved on that face, because its picture then fits the words better.
        looked: what looking at that face has come to, as a sentence; empty where nobody looked.
        compared: the face folder that was chosen first, to be shown beside a second one; empty without.
    """

    kinds = ("generate", "from_photo", "edit", "glance")

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
        self.placing = Placing(following, self._settled)
        self.recovery = Recovery(session)
        self.look: Look | None = None
        self.compared = ""
        self.remarks: tuple[str, tuple[str, ...]] = ("", ())
        self.moved: tuple[str, ...] = ()
        self.looked = ""
        self._looked = False
        self._prompt = ""
        self._session = session
        self._setup = setup
        self._show_error = show_error
        self._wake = wake

    @property
    def _left(self) -> list[Job]:
        return [job for job, _ in self.placing.left]

    @property
    def running(self) -> list[Job]:
        """Jobs that make faces and are not over, oldest first; those behind the artist's back are left out."""
        return [job for job in self._all_running if not (isinstance(job.tag, Purpose) and job.tag.is_quiet)]

    @property
    def _all_running(self) -> list[Job]:
        return [job for job in self._session.jobs if not job.finished and job.kind in self.kinds]

    def is_making(self, face_id: str) -> bool:
        """Return whether a folder for a face is being made, or waits to come in."""
        jobs = (*self._all_running, *self.placing.waiting)
        return any(isinstance(job.tag, Purpose) and job.tag.face_id == face_id for job in jobs)

    # ------------------------------------------------------------------------------------------------------- the prompt

    def read_prompt(self, prompt: str) -> None:
        """Have the prompt read; start the backend meanwhile, because the artist goes on typing."""
        if self._prompt.strip() != prompt.strip():
            self._adopt_corrections(prompt)
        self._prompt = prompt
        self.chips.read(prompt)
        if prompt.strip():
            self._setup.start_if_needed()
            self._wake()

    def _adopt_corrections(self, prompt: str) -> None:
        """Understand a prompt as the selected head does, where that was made from it and corrected."""
        skin = scene.skin_of(bpy.context.active_object)
        if skin is not None and str(skin.get("dreamface_prompt", "")).strip() == prompt.strip():
            with contextlib.suppress(scene.SceneError):
                self.chips.adopt(scene.record(skin).get("corrections"))

    def why_not_generate(self, prompt: str) -> str:
        """Return why no face can be made now, or nothing; see also `BUSY`."""
        if not prompt.strip():
            return "Type what the face looks like first"
        return self._setup.why_no_backend() or self.chips.why_not_yet(prompt)

    def why_not_align(self, model: Model | None) -> str:
        """Return why portraits can't be looked at, so that faces fit the words better, or nothing.

        Args:
            model: what looks, `models.CLIP`, as the engine describes it; None where it has not described any.
        """
        if why_not := _why_not_installed(model):
            return why_not
        problem = self._setup.diffusion_problem()
        return "Add Diffusion in DreamFace's preferences first" if problem is None else problem

    def generate(
        self,
        prompt: str,
        seeds: Collection[int],
        resolution: int,
        head: str,
        skin: bpy.types.Object | None = None,
        name: str = "",
        anyway: bool = False,
        detail: dict[str, Any] | None = None,
        align: float = 0.0,
    ) -> None:
        """Make a face, or several to choose from.

        Args:
            prompt: what the person looks like.
            seeds: one for each face.
            resolution: side of the maps in pixels.
            head: name of the head model, or "auto".
            skin: the face to change in place; None for a new one.
            name: what a new face is called; empty takes a name from the prompt.
            anyway: whether to make somebody also where nothing of the prompt is read.
            detail: how diffusion is to make shape and skin, as the service takes it; None: it is not to. Of several
                faces to choose from, only the chosen one gets it.
            align: 0..1 how far what the words leave open is moved, so that the portrait fits them better.
        """
        self._show_error("")
        self.remarks, self.moved, self.looked = ("", ()), (), ""
        self.close_gallery()
        history.add(places.prompts_file(), prompt)
        face_id = interface.own_id(skin) if skin is not None else ""
        choosing = len(seeds) > 1
        purpose = replace(self._purpose(face_id), name=name, in_gallery=choosing)
        request: dict[str, Any] = {
            "prompt": prompt,
            "head": head,
            "corrections": self.chips.corrections(prompt),
            "anyway": anyway,
            "resolution": GALLERY_RESOLUTION if choosing else resolution,
            "traits": self.look.traits if self.look is not None else {},
        }
        if align:  # an older engine knows no such field
            request["align"] = align
        if skin is not None:
            request["face_id"] = face_id
            request["traits"] = request["traits"] | regions.locked_traits(skin)
        if choosing and not align:
            self._glance(request, seeds, resolution, detail, purpose)
            return
        if choosing:
            request["variation_of"] = uuid.uuid4().hex
        elif detail is not None:  # an older engine knows no such field
            request["detail"] = detail
        jobs = [self._session.submit("generate", request | {"seed": seed}, purpose) for seed in seeds]
        for job in jobs:
            self.recovery.note(job, purpose, resolution, detail if choosing else None)
        if choosing:
            self.gallery.jobs, self.gallery.resolution, self.gallery.detail = jobs, resolution, detail
            self.gallery.purpose = replace(purpose, in_gallery=False)
        self._wake()

    def _glance(
        self,
        request: dict[str, Any],
        seeds: Collection[int],
        resolution: int,
        detail: dict[str, Any] | None,
        purpose: Purpose,
    ) -> None:
        """Have small pictures of several people taken; the one that is picked is made then.

        Args:
            request: of a face.
            seeds: one for each person.
            resolution: side of the maps of the one that is picked, in pixels.
            detail: how diffusion is to make that one's detail; None: it is not to.
            purpose: where that one goes, once it is made.
        """
        asked = {name: request[name] for name in ("prompt", "head", "corrections", "anyway", "traits")}
        jobs = [self._session.submit("glance", asked | {"seed": s, "size": PICTURE_SIZE}, purpose) for s in seeds]
        self.gallery.jobs, self.gallery.resolution, self.gallery.detail = jobs, resolution, detail
        self.gallery.request, self.gallery.purpose = request, replace(purpose, in_gallery=False)
        self._wake()

    # --------------------------------------------------------------------------------------------------- photographs

    def why_not_from_photographs(self) -> str:
        """Return why no face can be made from photographs now, or nothing; see also `BUSY`."""
        return self._setup.why_no_backend() or why_not_see(self._setup)

    def from_photographs(
        self,
        photographs: Sequence[Path],
        words: str,
        seed: int,
        resolution: int,
        head: str,
        skin: bpy.types.Object | None = None,
        name: str = "",
        keep: bool = False,
    ) -> None:
        """Make a face from photographs of one person.

        Args:
            photographs: files.
            words: what is to be other than they show; may be empty.
            seed: what they do not show is drawn from it.
            resolution: side of the maps in pixels.
            head: name of the head model, or "auto".
            skin: the face to change in place; None for a new one.
            name: what a new face is called; empty takes that of the first file.
            keep: whether copies of the photographs lie with the face, in its folder and in the .blend file.

        Raises:
            SceneError: a photograph cannot be read.
        """
        sources, files = sent_photographs(photographs, self._session.shares_disk)
        self._show_error("")
        self.remarks, self.moved, self.looked = ("", ()), (), ""
        self.close_gallery()
        face_id = interface.own_id(skin) if skin is not None else ""
        called = name or scene.name_from(photographs[0].stem.replace("_", " "))
        purpose = replace(self._purpose(face_id), name=called, photographs=tuple(photographs), keep=keep)
        request: dict[str, Any] = {
            "photographs": sources, "words": words, "seed": seed, "resolution": resolution, "head": head, "keep": keep,
        }  # fmt: skip
        if skin is not None:
            request |= {"face_id": face_id, "traits": regions.locked_traits(skin)}
        self.recovery.note(self._session.submit("from_photo", request, purpose, files), purpose)
        self._wake()

    def forming(self) -> Path | None:
        """Return the picture of the head that diffusion is making, as far as it is; None where there is none."""
        job = next((job for job in self.running if job.request.get("detail") and job.state == "running"), None)
        return None if job is None else staged(self._session.backend.settings, job, ".png")

    # --------------------------------------------------------------------------------------------------- the variations

    def why_not_pick(self) -> str:
        """Return why none of the variations can be picked now, or nothing; some have to be made again."""
        return "" if self._is_as_wanted else self._setup.why_no_backend()

    @property
    def _is_as_wanted(self) -> bool:
        """Whether the variations are what the artist wants, and not pictures or drafts of it."""
        if any(job.kind == "glance" for job in self.gallery.jobs):
            return False
        return self.gallery.resolution == GALLERY_RESOLUTION and self.gallery.detail is None

    def pick(self, job: Job) -> None:
        """Bring in one of the gallery's faces; for larger maps, or detail by diffusion, have it made again."""
        self.gallery.picked.add(job.id)
        purpose = self.gallery.purpose
        if job.kind == "glance":
            self._make_picked(job, purpose)
            return
        self._session.pick(job)
        if self._is_as_wanted:
            job.tag = purpose
            self._note_moved(job)
            self.placing.add(job)
        else:
            request = job.request | {"resolution": self.gallery.resolution, "variation_of": None}
            if self.gallery.detail is not None:
                request["detail"] = self.gallery.detail
            self.recovery.note(self._session.submit("generate", request, purpose), purpose)
        self._wake()

    def _make_picked(self, job: Job, purpose: Purpose) -> None:
        """Have somebody made who is only a picture yet."""
        gallery = self.gallery
        request = gallery.request | {"seed": job.request["seed"], "resolution": gallery.resolution}
        if gallery.detail is not None:
            request["detail"] = gallery.detail
        self.recovery.note(self._session.submit("generate", request, purpose), purpose)
        self._wake()

    def close_gallery(self) -> None:
        """Put the variations away and cancel those that are not finished."""
        for job in self.gallery.jobs:
            self.recovery.forget(job.id)
            if job in self.running:
                self._session.cancel(job)
        self.gallery.clear()
        self._wake()

    # ----------------------------------------------------------------------------------------------------- the textures

    def why_not_paint(self) -> str:
        """Return why no face can be painted now, or nothing; see also `BUSY`."""
        return self._setup.why_no_backend()

    def paint(self, skin: bpy.types.Object, resolution: int) -> None:
        """Make a face's maps again, with its traits as the sliders show them.

        Raises:
            SceneError: the face has lost what it is made from.
        """
        self._show_error("")
        self.leave_whole(str(skin[scene.FACE_ID]))
        job, purpose = self._submit_edit(skin, interface.own_id(skin), resolution, is_quiet=False)
        self.recovery.note(job, purpose)
        self._wake()

    def make_whole(self, skin: bpy.types.Object) -> None:
        """Make a face's folder again behind the artist's back, so that it shows the face's edits.

        Raises:
            SceneError: the face has lost what it is made from.
        """
        self._submit_edit(skin, str(skin[scene.FACE_ID]), int(skin["dreamface_resolution"]), is_quiet=True)
        self._wake()

    # ------------------------------------------------------------------------------------------------------- diffusion

    def why_not_diffuse(self, model: Model | None, said: str = "") -> str:
        """Return why a diffusion model can't make anything now, or nothing; see also `BUSY`.

        Args:
            model: as the engine describes it; None where it has not described any.
            said: what the engine itself has said about it; see `Editing.why_no_diffusion`.
        """
        return self._setup.why_no_backend() or _why_not_installed(model) or said

    def why_not_sample(self, model: Model | None) -> str:
        """Return why a texture model can't make a skin now, or nothing; that it fits the head, the engine says.

        Args:
            model: as the engine describes it; None where it has not described any.
        """
        if model is None or model.installed:
            return _why_not_installed(model)
        return "Train a texture model, which nobody publishes, and install it in DreamFace's preferences, under Models"

    def diffuse(
        self, skin: bpy.types.Object, words: str, place: stack.Entry | None, keep: float, resolution: int
    ) -> None:
        """Have a diffusion model make what words say on a place; it comes in as an edit on top of the stack.

        Args:
            skin: the head's.
            words: what should be there.
            place: where; None where the words name it.
            keep: 0..1 how much of the skin is kept.
            resolution: side of the maps in pixels.

        Raises:
            SceneError: the face has lost what it is made from, or a mask's picture is gone.
        """
        self._show_error("")
        self.leave_whole(str(skin[scene.FACE_ID]))
        diffusion = {"words": words, "place": place, "keep": keep}
        files = {}
        for digest in scene.digests([{"place": place}]):
            png = scene.read_picture(skin, digest)
            if png is None:
                raise scene.SceneError("The picture of the marked place is gone: mark it again.")
            files[digest] = png
        job, purpose = self._submit_edit(
            skin, interface.own_id(skin), resolution, is_quiet=False, diffusion=diffusion, pictures=files
        )
        self.recovery.note(job, purpose)
        self._wake()

    def leave_whole(self, face_id: str) -> None:
        """Make a face's folder no more, because its edits have changed: what is wanted now is painted first."""
        for job in self._all_running:
            if isinstance(job.tag, Purpose) and job.tag.is_quiet and job.tag.face_id == face_id:
                self._session.cancel(job)

    def _submit_edit(
        self,
        skin: bpy.types.Object,
        face_id: str,
        resolution: int,
        is_quiet: bool,
        diffusion: dict[str, Any] | None = None,
        pictures: Mapping[str, bytes] | None = None,
    ) -> tuple[Job, Purpose]:
        record = scene.record(skin)
        files, offset = scene.files_of(skin, record)
        sent_offset = files.get(offset or "")
        files = {**files, **(pictures or {})}
        purpose = replace(self._purpose(face_id), sent=record, sent_offset=sent_offset, is_quiet=is_quiet)
        now = traits_of(skin)
        request = {
            "face": record,
            "offset": offset,
            "traits": {name: now[name] for name in changed_traits(skin) if name in now},  # with how sure they are
            "layers": changed_layers(skin),
            "resolution": resolution,
        }
        if diffusion is not None:  # an older engine knows no such field
            request["diffusion"] = diffusion
        return self._session.submit("edit", request, purpose, files), purpose

    def _purpose(self, face_id: str) -> Purpose:
        """Return what a job that is asked for now is for."""
        return Purpose(face_id, self.placing.file, bpy.context.scene.session_uid)

    # ---------------------------------------------------------------------------------- what a dead Blender left behind

    def why_not_recover(self) -> str:
        """Return why nothing can be recovered now, or nothing."""
        return BUSY if self.running else ""

    def why_not_make_again(self, offer_id: str) -> str:
        """Return why what is not finished cannot be made now, or nothing."""
        offer = self.recovery.find(offer_id)
        return self._setup.why_no_backend() if offer is not None and not offer.finished else ""

    def recover(self, offer_id: str) -> None:
        """Bring in what was finished before Blender died, or have it made again."""
        offer = self.recovery.take(offer_id)
        if offer is None:
            return
        first = offer.entries[0]
        if first.in_gallery:
            self.close_gallery()
        jobs = [self.recovery.job_of(entry, self.placing.file) for entry in offer.entries]
        if first.in_gallery:
            assert isinstance(jobs[0].tag, Purpose)
            self.gallery.jobs, self.gallery.resolution, self.gallery.detail = jobs, first.resolution, first.detail
            self.gallery.purpose = replace(jobs[0].tag, in_gallery=False)
        elif jobs[0].state == "done":
            self.placing.add(jobs[0])
        self._wake()

    def file_saved(self) -> None:
        """Have the jobs follow the file to its new name."""
        self.recovery.saved()

    def _note_moved(self, job: Job) -> None:
        """Remember what looking has moved on a face that was generated; an older engine says nothing of it."""
        if job.kind == "generate":
            moved = job.result.get("moved")
            self.moved = tuple(map(str, moved)) if isinstance(moved, list) else ()
            self.looked = str(job.result.get("looked") or "")

    def _settled(self, job: Job) -> None:
        """Forget a job whose face has come in, or is not wanted."""
        self.recovery.forget(job.id)

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
        if not self._looked:  # Blender was started with a file
            self._looked = True
            self.recovery.look()
        return self.placing.tick(preferences.get().look_at_new_faces)

    def finish(self, job: Job) -> None:
        """Show why a job has failed, or have its face brought in."""
        assert isinstance(job.tag, Purpose)
        if job.state == "failed" and not job.known:
            self.recovery.offer_again(job.id)  # the engine never had it
        elif job.state in ("failed", "cancelled"):
            self.recovery.forget(job.id)
        if job.state == "failed":
            self._show_error(job.error)
        elif job.state == "done":
            if not job.tag.in_gallery:
                self._note_moved(job)
            notes = job.result.get("notes")
            if job.kind == "generate" and isinstance(notes, list):
                prompt = str(job.request.get("prompt", ""))
                reading = self.chips.reading(prompt)  # which knows more of them, where it is still there
                lines = notes_in_lines(reading) if reading is not None and notes else map(str, notes)
                self.remarks = prompt, tuple(lines)
            if job.kind == "from_photo" and isinstance(notes, list):
                self.remarks = job.tag.photographs[0].name if job.tag.photographs else "", tuple(map(str, notes))
            if not job.tag.in_gallery:
                self.placing.add(job)

    def dismiss_messages(self) -> None:
        """Stop showing the warning about the last face that came in."""
        self.placing.warning = ""

    def file_opened(self) -> None:
        """Close the gallery; faces that were asked for in the file before do not come into this one."""
        self.placing.file += 1
        self.close_gallery()
        self._looked = False
        self.moved, self.looked = (), ""
        self.look = None
        self.compared = ""

    def shut_down(self) -> None:
        """Free the gallery's pictures, and remember the finished faces that nobody has decided about."""
        self.recovery.close(lambda: tuple(job.id for job in (*self.placing.waiting, *self._left)))
        self.gallery.clear()


def _why_not_installed(model: Model | None) -> str:
    """Return why a model can't be used yet, or nothing; None is one that the engine has not described."""
    if model is None:
        return "The engine has not said yet what is installed: wait a moment"
    return "" if model.installed else f"Install {model.title} in DreamFace's preferences, under Models, first"
