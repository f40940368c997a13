"""DreamFace while Blender runs: the one session, its timer, and what panels and operators ask for.

Blender calls in on a timer, a few milliseconds at a time; nothing here waits for anything.
"""

from __future__ import annotations

import traceback
from collections.abc import Collection
from pathlib import Path

import bpy
from bpy.app.handlers import persistent

from . import diagnostics, history, installation, interface, places, preferences, scene, shaping
from .chips import Chips
from .gallery import RESOLUTION as GALLERY_RESOLUTION
from .gallery import Gallery
from .job import MODEL_JOBS
from .link import BackendState, is_this_machine
from .models import Models
from .placing import Placing, Purpose
from .session import Job, Session
from .setup import Setup
from .shaping import Following, changed_layers, changed_traits

BUDGET = 0.005
"""Seconds that a tick may spend on the network."""

BUSY_INTERVAL = 0.01
READY_INTERVAL = 0.1
IDLE_INTERVAL = 1.0
"""Seconds between ticks: while something is awaited, while the backend runs, and otherwise."""


_OFFLINE = "Allow online access in Preferences > System > Network first"


class Application:
    """Everything that lives as long as Blender does.

    Attributes:
        session: the backend and our jobs.
        setup: setting up the backend, once the artist has started that.
        error: the last thing that went wrong, in words, until dismissed.
        bug: the traceback of the last bug of ours, for reports.
        chips: what of the prompt was understood.
    """

    def __init__(self) -> None:
        self.session = Session(installation.settings())
        self.following = Following(self.session)
        self.placing = Placing(self.following)
        self.chips = Chips(self.session)
        self.gallery = Gallery()
        self.models = Models()
        self.setup: Setup | None = None
        self.error = ""
        self.bug = ""

    # ------------------------------------------------------------------------------------------------------ the timer

    def tick(self) -> float:
        """Do what there is to do; gives the seconds until the next time."""
        changed = self.session.poll(BUDGET)
        changed |= self.following.tick()
        changed |= self._tick_setup()
        changed |= self.models.tick(self.session)
        for job in self.session.take_finished():
            self._finish(job)
            changed = True
        changed |= self.placing.tick(preferences.get().look_at_new_faces)
        if changed:
            interface.redraw()
        return self._interval()

    def _tick_setup(self) -> bool:
        if self.setup is None or not self.setting_up:
            return False
        self.setup.poll()
        if self.setup.state == "done":
            self.configure()
            self.session.start()
        return True

    def _finish(self, job: Job) -> None:
        if job.kind in MODEL_JOBS:
            self.models.finish(job)
            if job.kind == "install_model" and job.state == "done":
                self._go_on_with_model()
        elif job.state == "failed":
            self.error = job.error
        elif job.state == "done" and not job.tag.in_gallery:
            self.placing.add(job)

    def _go_on_with_model(self) -> None:
        """A model is there that may have been missing: what was said about that is over, and meshes follow again."""
        self.following.problem = ""
        self.session.forget_call_problem()
        _follow_all()

    def _interval(self) -> float:
        if self.session.active or self.following.active:
            return BUSY_INTERVAL
        ready = self.session.state is BackendState.READY
        return READY_INTERVAL if ready or self.setting_up or self.placing.waiting else IDLE_INTERVAL

    # -------------------------------------------------------------------------------------------------------- backend

    def configure(self) -> None:
        """Take over the preferences and what has been set up."""
        self.session.configure(installation.settings())

    def why_no_backend(self) -> str:
        """Why the backend cannot be used, or nothing."""
        chosen = preferences.get()
        if chosen.url:
            return "" if bpy.app.online_access or is_this_machine(chosen.url) else _OFFLINE
        existing = installation.existing_python()
        if existing is not None and not existing.is_file():
            return f"There is no {existing}: choose another Python in the Backend panel"
        if installation.backend_python() is None:
            return "Set up the backend first, in the Backend panel"
        if self.session.state is BackendState.STOPPED and not chosen.start_by_itself:
            return "Start the backend first, in the Backend panel"
        return ""

    def start(self) -> None:
        """Start the backend, or connect to the one elsewhere."""
        self.configure()
        self.session.start()
        wake()

    def start_if_needed(self) -> str:
        """Start the backend where it is set up, stopped, and may start by itself; gives why it cannot, or nothing."""
        if self.session.state is not BackendState.STOPPED:
            return ""  # a slider asks at every step: no look at the disk
        why_not = self.why_no_backend()
        if not why_not:
            self.session.start()
        return why_not

    def stop(self) -> None:
        """Stop the backend."""
        self.session.stop()
        wake()

    def why_not_start(self) -> str:
        """Why the backend cannot be started now, or nothing."""
        if self.setting_up:
            return "The backend is being set up"
        if self.session.state in (BackendState.STARTING, BackendState.READY):
            return "The backend runs already"
        existing = installation.existing_python()
        if not preferences.get().url and existing is None and installation.backend_python() is None:
            return "Set up the backend first"
        return self.why_no_backend() if existing is not None or preferences.get().url else ""

    @property
    def log(self) -> Path:
        """The log of what ran last: the set-up or the backend."""
        return self.setup.log if self.setup is not None and self.setup.state != "done" else self.session.backend.log

    @property
    def setting_up(self) -> bool:
        """Whether the backend is being set up."""
        return self.setup is not None and self.setup.state in ("checking", "running")

    def why_not_set_up(self) -> str:
        """Why the backend cannot be set up now, or nothing."""
        if self.setting_up:
            return "The backend is being set up"
        if not places.backend_wheel().is_file():
            return "This copy of the extension holds no backend: choose an existing environment instead"
        if not bpy.app.online_access:
            return _OFFLINE
        return ""

    def cancel_setup(self) -> None:
        """Stop setting up."""
        if self.setup is not None:
            self.setup.cancel()
        wake()

    def start_setup(self) -> None:
        """Set up the backend, or go on where that stopped."""
        self.session.stop()
        self.setup = Setup(
            folder=places.user_folder("environment"),
            wheel=places.backend_wheel(),
            constraints=places.backend_constraints(),
            python=installation.blender_python(),
            online=bpy.app.online_access,
        )
        self.setup.start()
        wake()

    def diagnostics(self) -> str:
        """Text for a bug report."""
        lines = [f"Blender {bpy.app.version_string}, background {bpy.app.background}, online {bpy.app.online_access}"]
        if self.setup is not None:
            lines.append(f"Set-up: {self.setup.state} {self.setup.problem}")
        if self.bug:
            lines.append(diagnostics.discreet(self.bug, self.session.backend))
        return "\n".join([*lines, self.session.diagnostics()])

    # ----------------------------------------------------------------------------------------------------------- jobs

    @property
    def running(self) -> list[Job]:
        """Jobs that make faces and are not over, oldest first."""
        return [job for job in self.session.jobs if not job.finished and job.kind not in MODEL_JOBS]

    def why_not_generate(self, prompt: str) -> str:
        """Why no face can be made now, or nothing."""
        if not prompt.strip():
            return "Type what the face looks like first"
        if self.running:
            return "A face is being made: wait for it or cancel it"
        return self.why_no_backend() or self.chips.why_not_yet(prompt)

    def generate(self, prompt: str, seeds: Collection[int], resolution: int, head: str, face_id: str = "") -> None:
        """Make a face, or several to choose from.

        Args:
            prompt: what the person looks like.
            seeds: one a face.
            resolution: side of the maps in pixels.
            head: name of the head model, or "auto".
            face_id: the face to change in place; empty for a new one.
        """
        self.error = ""
        self.gallery.clear()
        history.add(places.prompts_file(), prompt)
        choosing = len(seeds) > 1
        jobs = []
        for seed in seeds:
            request = {"prompt": prompt, "seed": seed, "head": head, "without": self.chips.dropped_traits(prompt)}
            request["resolution"] = GALLERY_RESOLUTION if choosing else resolution
            if face_id:
                request["face_id"] = face_id
            jobs.append(self.session.submit("generate", request, Purpose(face_id, self.placing.file, choosing)))
        if choosing:
            self.gallery.jobs, self.gallery.resolution, self.gallery.face_id = jobs, resolution, face_id
        wake()

    def pick(self, job: Job) -> None:
        """Bring in one of the gallery's faces, at the size that was asked for."""
        self.gallery.picked.add(job.id)
        purpose = Purpose(self.gallery.face_id, self.placing.file)
        if self.gallery.resolution == GALLERY_RESOLUTION:
            job.tag = purpose
            self.placing.add(job)
        else:
            request = job.request | {"resolution": self.gallery.resolution}
            self.session.submit("generate", request, purpose)
        wake()

    def paint(self, skin: bpy.types.Object, resolution: int) -> None:
        """Make the maps of a face anew, with its traits as the sliders show them."""
        self.error = ""
        face_id, record = own_id(skin), scene.record(skin)
        request = {"face": record, "traits": changed_traits(skin), "layers": changed_layers(skin)}
        request["resolution"] = resolution
        self.session.submit("edit", request, Purpose(face_id, self.placing.file, sent=record))
        wake()

    def cancel(self) -> None:
        """Stop every job."""
        for job in self.running:
            self.session.cancel(job)
        wake()

    def close_gallery(self) -> None:
        """Put the variations away and stop making those that are not there yet."""
        for job in self.gallery.jobs:
            if job in self.running:
                self.session.cancel(job)
        self.gallery.clear()
        wake()

    def dismiss_error(self) -> None:
        """Show no error any more."""
        self.error = self.following.problem = self.placing.warning = ""
        self.session.forget_call_problem()

    # --------------------------------------------------------------------------------------------------------- models

    def why_not_install(self, online: bool = True) -> str:
        """Why no model can be installed now, or nothing; `online` where it is to be downloaded."""
        here = self.session.shares_disk
        if online and here and not bpy.app.online_access:
            return _OFFLINE
        if not online and not here:
            return "The backend is on another machine: run `dreamface models install` with the file there"
        return self.why_no_backend()

    def change_model(self, kind: str, name: str, path: Path | None = None) -> None:
        """Install, check or remove a model; see `job.MODEL_JOBS`."""
        self.models.submit(self.session, kind, name, path)
        wake()

    def cancel_model(self, name: str) -> None:
        """Stop what is being done about a model."""
        job = self.models.running(name)
        if job is not None:
            self.session.cancel(job)
        wake()


# --------------------------------------------------------------------------------------- what the rest of Blender calls

_application: Application | None = None


def get() -> Application:
    """The application, from register to unregister."""
    assert _application is not None
    return _application


def prompt_changed(prompt: str) -> None:
    """Have the prompt read; the backend may as well start while the artist goes on typing."""
    app = get()
    app.chips.read(prompt)
    if prompt.strip():
        app.start_if_needed()
        wake()


def own_id(skin: bpy.types.Object) -> str:
    """The face's id, after its copies, if it was duplicated, have got ids of their own, as one step of undo."""
    if scene.separate_copies(skin[scene.FACE_ID]):
        interface.push_undo("DreamFace: Separate Copies")
    return str(skin[scene.FACE_ID])


def follow(skin: bpy.types.Object) -> None:
    """Let a face's mesh follow its traits, which have changed."""
    app = get()
    why_not = app.start_if_needed()
    if why_not:
        app.following.problem = f"{why_not}, and the mesh can follow the sliders."
    else:
        app.following.look_at(skin)
    wake()


def head_items() -> list[tuple[str, str, str]]:
    """The head models, for a menu."""
    return _application.models.head_items if _application else []


def settings_changed() -> None:
    """Take over the preferences."""
    if _application is not None:
        _application.configure()
        wake()


def wake() -> None:
    """Have the timer fire at once."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    bpy.app.timers.register(_tick, persistent=True)


def _tick() -> float | None:
    """What Blender's timer calls. It drops a timer that raises, and with it everything that is still to come."""
    if _application is None:
        return None
    try:
        return _application.tick()
    except Exception as bug:
        traceback.print_exc()
        _application.bug = traceback.format_exc()
        interface.redraw()
        _application.error = f"DreamFace met a bug ({bug}): press Diagnostics and report it."
        return IDLE_INTERVAL


@persistent
def _after_load(*_) -> None:
    app = get()
    app.placing.file += 1
    app.following.forget()
    app.close_gallery()
    wake()


@persistent
def _after_undo(*_) -> None:
    _follow_all()


def _follow_all() -> None:
    """Let each mesh follow that does not show its face's traits."""
    for skin in scene.skins():
        if shaping.is_behind(skin):
            follow(skin)


_HANDLERS = (("load_post", _after_load), ("undo_post", _after_undo), ("redo_post", _after_undo))


def register() -> None:
    """Begin: the session, its timer and the handlers."""
    global _application
    _application = Application()
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)
    bpy.app.timers.register(_tick, first_interval=IDLE_INTERVAL, persistent=True)


def unregister() -> None:
    """End all that; a backend that was started here ends, too."""
    global _application
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).remove(handler)
    if _application is not None:
        if _application.setup is not None:
            _application.setup.cancel()
        _application.gallery.clear()
        _application.session.shutdown()
        _application = None
