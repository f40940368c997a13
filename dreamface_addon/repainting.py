"""Maps that follow a face's stack of edits.

What changes is painted into its images within a moment. Once nothing changes any more its folder is made again behind
the artist's back. A stack is a custom property of the skin, so undo and redo bring it back. What the images show is
known here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import bpy

from . import interface, scene, shaping, stack
from .link import BackendState
from .making import Making
from .part import BUSY_INTERVAL, IDLE_INTERVAL, READY_INTERVAL, Part
from .session import Painted, Session
from .setting_up import SettingUp

QUIET = 2.0
"""Seconds without a change after which a face's folder is made again, with maps that nothing has to be put into."""

SOON = 0.4
"""The same where the backend can't paint into images: an older one, or more than it can send."""

PATIENCE = 10.0
"""Seconds that a running backend has before it is said that textures wait for it."""

SHOWN = "dreamface_shown_edits"
"""Custom property of the skin: the edits that its images show when the file is opened, as JSON; without it those that
the face's folder shows.
"""


@dataclass
class _Face:
    """A face whose maps are on their way to its stack.

    Attributes:
        changed: when its stack changed last.
        wanted: what of the stack was asked for last and did not come yet; None for nothing.
        since: when that was asked.
        job: whether its folder is being made.
        failed: what of the stack could not be made.
    """

    changed: float
    wanted: list[stack.Entry] | None = None
    since: float = 0.0
    job: bool = False
    failed: list[stack.Entry] | None = field(default=None)


class Repainting(Part):
    """Maps that follow stacks; `tick` does the work, a little at a time.

    Attributes:
        problem: why the maps cannot follow, until dismissed or the next change.
        notice: what they wait for, or nothing.
        seconds: what putting the last answer into the images took.
    """

    def __init__(self, session: Session, setup: SettingUp, making: Making, wake: Callable[[], None]) -> None:
        """Look after nothing yet.

        Args:
            session: the backend.
            setup: starts it.
            making: makes folders.
            wake: called when there is something to do.
        """
        self.problem = self.notice = ""
        self.seconds = 0.0
        self._session = session
        self._setup = setup
        self._making = making
        self._wake = wake
        self._faces: dict[str, _Face] = {}
        self._shown: dict[str, list[stack.Entry]] = {}
        """Face id -> what its images show beyond their files."""

    @property
    def active(self) -> bool:
        """Whether maps are on their way, and nobody has to do anything before."""
        return bool(self._faces) and self._session.state in (BackendState.STARTING, BackendState.READY)

    @property
    def interval(self) -> float:
        """Short while an answer is waited for."""
        if any(face.wanted is not None for face in self._faces.values()):
            return BUSY_INTERVAL
        return READY_INTERVAL if self._faces else IDLE_INTERVAL

    def is_behind(self, skin: bpy.types.Object) -> bool:
        """Return whether a face's images do not show its stack."""
        return stack.looks(scene.stack_of(skin)) != stack.looks(self.shown(skin))

    def is_whole(self, skin: bpy.types.Object) -> bool:
        """Return whether a face's folder shows its stack."""
        return stack.looks(scene.stack_of(skin)) == stack.looks(scene.built_edits(skin))

    def shown(self, skin: bpy.types.Object) -> list[stack.Entry]:
        """Return the edits that a face's images show."""
        own = self._shown.get(str(skin.get(scene.FACE_ID)))
        if own is not None and scene.are_painted(skin):
            return own
        try:
            stored = json.loads(skin[SHOWN])
        except (KeyError, ValueError, TypeError):
            return scene.built_edits(skin)
        return stored if isinstance(stored, list) else scene.built_edits(skin)

    def look_at(self, skin: bpy.types.Object) -> None:
        """Let a face's maps follow its stack, which has changed, from now on until they do."""
        face_id = str(skin[scene.FACE_ID])
        if face_id not in self._faces or scene.find_face(face_id) != skin:
            scene.separate_copies(face_id)  # answers are put on the face that has the id
            face_id = str(skin[scene.FACE_ID])
        if self.is_behind(skin) or not self.is_whole(skin):
            face = self._faces.setdefault(face_id, _Face(0.0))
            face.changed, face.failed, face.job = time.monotonic(), None, False
            self._making.leave_whole(face_id)
            self.problem = ""
            self._setup.start_if_needed()
            self._wake()

    def follow_all(self) -> None:
        """Let all maps follow that do not show their face's stack, as after undo; forget what was undone with them."""
        for skin in scene.skins():
            face_id = str(skin[scene.FACE_ID])
            if face_id in self._shown and not scene.are_painted(skin):
                del self._shown[face_id]
                scene.show_files(skin)
            if self.is_behind(skin):
                self.look_at(skin)

    def before_save(self) -> None:
        """Put into the file what images show and their files do not."""
        for skin in scene.skins():
            shown = self.shown(skin)
            if str(skin[scene.FACE_ID]) in self._shown and scene.pack_painted(skin):
                skin[SHOWN] = json.dumps(shown)
                self._shown.pop(str(skin[scene.FACE_ID]), None)

    # --------------------------------------------------------------------------------------- what the application calls

    def tick(self) -> bool:
        """Put in what came, and ask for what is missing."""
        before = (self.problem, self.notice, bool(self._faces))
        painted = self._session.take_painted()
        applied = painted is not None and self._take(painted)
        refused = self._session.repaint_refused if self._session.state is BackendState.READY else ""
        for face_id in list(self._faces):
            self._look_after(face_id, refused)
        self.notice = self._what_for() if self._faces else ""
        return applied or before != (self.problem, self.notice, bool(self._faces))

    def dismiss_messages(self) -> None:
        """Stop showing why maps could not follow."""
        self.problem = ""

    def file_opened(self) -> None:
        """Forget the faces of the file that was open before; finish those of this one."""
        self._faces.clear()
        self._shown.clear()
        self.problem = self.notice = ""

    def _look_after(self, face_id: str, refused: str) -> None:
        skin, face = scene.find_face(face_id), self._faces[face_id]
        if skin is None:
            del self._faces[face_id]
            return
        wanted = stack.looks(scene.stack_of(skin))
        if refused and face.wanted is not None:
            self.problem, face.failed, face.wanted = refused, face.wanted, None
        if wanted == face.failed or self._session.state is not BackendState.READY:
            return
        waiting = time.monotonic() - face.changed
        behind, slow = self.is_behind(skin), self._session.cannot_repaint(face_id)
        try:
            if behind and not slow:
                self._ask(skin, face, wanted)
            elif waiting > (SOON if behind else QUIET):
                self._make(skin, face_id, face, wanted)
        except scene.SceneError as error:
            self.problem, face.failed = str(error), wanted

    def _ask(self, skin: bpy.types.Object, face: _Face, wanted: list[stack.Entry]) -> None:
        """Ask for what differs, unless that is on its way. Sliders that wait for Repaint Skin go on waiting."""
        if face.wanted == wanted:
            return
        record = scene.record(skin)
        record |= {"traits": shaping.built_traits(skin), "layers": shaping.built_layers(skin, record["layers"])}
        record |= {"edits": stack.canonical(record["edits"]), "talk": []}  # which shows on no texture
        shown = stack.canonical(self.shown(skin))
        files, offset = scene.files_of(skin, record | {"edits": [*record["edits"], *shown]})
        self._session.repaint(str(skin[scene.FACE_ID]), record, shown, offset, files)
        face.wanted, face.since = wanted, time.monotonic()

    def _make(self, skin: bpy.types.Object, face_id: str, face: _Face, wanted: list[stack.Entry]) -> None:
        """Have a face's folder made again, unless it shows the stack or is being made."""
        if self._making.is_making(face_id):
            return
        if self.is_whole(skin):
            del self._faces[face_id]
            self._session.forget_large(face_id)
        elif face.job:  # it came to nothing, and why was said
            face.job, face.failed = False, wanted
        else:
            face.job = True
            self._making.make_whole(skin)

    def _take(self, painted: Painted) -> bool:
        """Put an answer into the images, unless they show something else by now."""
        face, skin = self._faces.get(painted.face_id), scene.find_face(painted.face_id)
        if face is not None:
            face.wanted = None
        if skin is None or bpy.app.is_job_running("RENDER"):
            return False
        if stack.looks(self.shown(skin)) != stack.looks(painted.before):
            return False  # it is asked again
        began = time.monotonic()
        try:
            scene.patch_maps(skin, painted.arrays)
        except (scene.SceneError, KeyError, ValueError, IndexError) as error:
            if face is not None:
                face.failed = stack.looks(scene.stack_of(skin))
            self.problem = str(error) if isinstance(error, scene.SceneError) else _GARBLED
            return True
        self._shown[painted.face_id] = painted.edits
        self.seconds = time.monotonic() - began
        interface.redraw_views()
        return True

    def came_in(self, skin: bpy.types.Object) -> None:
        """Take note that a face's folder came in, whose maps its images show now. What has changed since follows."""
        face_id = str(skin[scene.FACE_ID])
        self._shown.pop(face_id, None)
        skin.pop(SHOWN, None)
        if face_id in self._faces:
            self._faces[face_id].job = False
            self._faces[face_id].wanted = None
        self.look_at(skin)

    def _what_for(self) -> str:
        """Return what the maps wait for, as a sentence; nothing where they are about to follow."""
        state = self._session.state
        if state is BackendState.READY:
            asked = [face.since for face in self._faces.values() if face.wanted is not None]
            late = bool(asked) and time.monotonic() - min(asked) > PATIENCE
            return "The engine does not answer yet; the skin follows when it does." if late else ""
        if state is BackendState.STOPPED:
            why_not = self._setup.why_no_backend() or "Start the engine first, in the preferences"
            return f"{why_not}: the skin follows then."
        return f"The skin follows when the engine is ready. {self._session.problem}".strip()


_GARBLED = "The engine sent textures that do not fit: update the extension and set up the engine again."
