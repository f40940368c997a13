"""Takes on heads: tracked by the backend, brought into the scene as actions, and made anew when their sliders move."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import bpy

from . import interface, scene
from .job import Job
from .part import BUSY_INTERVAL, IDLE_INTERVAL, READY_INTERVAL, Part
from .session import Session
from .setting_up import SettingUp
from .takes import Shaping, Take, TakeError, frames_of, read_take, shape_take, time_at

TAKE_SUFFIX = ".npz"
LIVE_LINK_SUFFIX = ".csv"

QUIET = 0.12
"""Seconds without a change after which a take's curves are made anew."""

_EDITED_KNOWN = 1.0  # seconds for which panels are told the same about edited keys
_PARSED = 3  # takes whose numbers are kept


@dataclass(frozen=True)
class Arrived:
    """A take on its way into the scene.

    Attributes:
        file: the .npz.
        name: what it is to be called.
        face_id: the head that it is for.
        opened: number of the opened file that it was asked for in.
        footage: path of the video; empty without.
        notes: what there is to know about it.
        shaping: how it starts out.
        why: why it has not come in, for those that the artist has to decide about.
    """

    file: Path
    name: str
    face_id: str
    opened: int
    footage: str = ""
    notes: str = ""
    shaping: Shaping = field(default_factory=Shaping)
    why: str = ""


@dataclass(frozen=True)
class _Asked:
    face_id: str
    opened: int
    source: str


class Animating(Part):
    """Takes of videos, Live Link files and cameras, on their way into the scene and in it.

    Attributes:
        left: takes that the artist has to decide about.
        notice: what finished takes wait for, or nothing.
        message: what the artist has to know about the last one, until dismissed; usually nothing.
    """

    kinds = ("animate",)

    def __init__(
        self, session: Session, setup: SettingUp, show_error: Callable[[str], None], wake: Callable[[], None]
    ) -> None:
        self.left: list[Arrived] = []
        self.notice = ""
        self.message = ""
        self._session = session
        self._setup = setup
        self._show_error = show_error
        self._wake = wake
        self._opened = 0
        self._waiting: list[Arrived] = []
        self._changed: dict[int, float] = {}  # session_uid of a take's action -> when its sliders moved last
        self._parsed: dict[str, Take] = {}
        self._edited: dict[int, tuple[float, bool]] = {}

    # --------------------------------------------------------------------------------------------------------- tracking

    @property
    def running(self) -> list[Job]:
        """Jobs that track and are not over, oldest first."""
        return [job for job in self._session.jobs if not job.finished and job.kind in self.kinds]

    def why_not_track(self, source: Path) -> str:
        """Return why a file cannot be made into a take, or nothing."""
        if source.suffix.lower() == TAKE_SUFFIX:
            return ""
        if not self._session.shares_disk:
            return "The engine runs on another machine and cannot see this file: track it there, then open the .npz"
        return self._setup.why_no_backend()

    def track(self, skin: bpy.types.Object, source: Path, **options: Any) -> None:
        """Make a video, a folder of pictures or a Live Link file into a take for a head; a take comes in at once.

        Args:
            skin: the face's.
            source: the file or folder.
            options: of the job "animate", such as tracker, face, start and end.
        """
        self._show_error("")
        face_id = interface.own_id(skin)
        if source.suffix.lower() == TAKE_SUFFIX:
            self.add(Arrived(source, source.stem, face_id, self._opened, shaping=self._usual(skin)))
            return
        request: dict[str, Any] = {
            "source": str(source), "tracker": "auto", "face": None, "start": None, "end": None, "neutral": None,
            "mirror": False, "smoothing": 0.0, "gains": {},
        }  # fmt: skip
        asked = _Asked(face_id, self._opened, str(source))
        self._session.submit("animate", request | options, asked)  # raw: sliders shape it afterwards
        self._wake()

    def cancel(self) -> None:
        """Cancel every job that tracks."""
        for job in self.running:
            self._session.cancel(job)
        self._wake()

    def add(self, arrived: Arrived) -> None:
        """Have a take brought in as soon as the scene may be changed."""
        self._waiting.append(arrived)
        self._wake()

    def add_recorded(self, face_id: str, file: Path, opened: int) -> None:
        """Have a take brought in that a camera has recorded; it is to look as it did."""
        self.add(Arrived(file, "Camera take", face_id, opened, shaping=Shaping(smoothing=0.0)))

    @property
    def opened(self) -> int:
        """Number of the file that is open."""
        return self._opened

    # ------------------------------------------------------------------------------------------------- takes of a head

    def shaping_of(self, action: bpy.types.Action) -> Shaping:
        """Return what the artist makes of a take."""
        return Shaping.from_json(action.get(scene.SHAPING, "{}"))

    def take_of(self, action: bpy.types.Action) -> Take:
        """Return the raw take.

        Raises:
            SceneError: it was damaged.
        """
        raw = bytes(action[scene.TAKE])
        digest = hashlib.sha256(raw).hexdigest()
        if digest not in self._parsed:
            try:
                take = read_take(raw)
            except TakeError as error:
                raise scene.SceneError(str(error)) from error
            while len(self._parsed) >= _PARSED:
                del self._parsed[next(iter(self._parsed))]
            self._parsed[digest] = take
        return self._parsed[digest]

    def change(self, action: bpy.types.Action, **changes: Any) -> None:
        """Change what the artist makes of a take; its curves follow."""
        action[scene.SHAPING] = replace(self.shaping_of(action), **changes).to_json()
        self.look_at(action)

    def look_at(self, action: bpy.types.Action) -> None:
        """Have a take's curves follow its sliders."""
        self._changed[action.session_uid] = time.monotonic()
        self._wake()

    def follow_all(self) -> None:
        """Have curves follow sliders that undo has brought back."""
        self._edited.clear()
        for skin in scene.skins():
            action = scene.worn_take(skin)
            if action is not None and scene.baked_state(action).partition(" ")[2] != action.get(scene.SHAPING):
                self.look_at(action)

    def is_edited(self, action: bpy.types.Action) -> bool:
        """Return whether an artist has changed a take's keys; panels may ask at every redraw."""
        known = self._edited.get(action.session_uid)
        if known is None or time.monotonic() - known[0] > _EDITED_KNOWN:
            known = time.monotonic(), scene.is_edited(action)
            self._edited[action.session_uid] = known
        return known[1]

    def why_old(self, skin: bpy.types.Object, action: bpy.types.Action) -> str:
        """Return why a take's keys are not what its sliders and the scene say, as a sentence, or nothing."""
        if action.session_uid in self._changed or scene.is_baked(skin, action, self._state(skin, action)):
            return ""
        rate, _, shaping = scene.baked_state(action).partition(" ")
        if self.is_edited(action) and shaping != action.get(scene.SHAPING):
            return "You have edited the keys, so they stay. Bake Again keeps yours in an action of their own."
        if rate != self._rate_text(skin):
            return f"The keys were made for {float(rate or 0):g} frames a second, the scene has {self._rate(skin):g}."
        return "The head was turned or changed since the keys were made." if shaping else "The take has no keys yet."

    def bake(self, skin: bpy.types.Object, action: bpy.types.Action) -> int:
        """Make a take's curves; keys that an artist has edited are kept in an action of their own.

        Returns:
            How many keys it has.

        Raises:
            SceneError: the take is damaged, or the face cannot be changed.
        """
        take, shaping = self.take_of(action), self.shaping_of(action)
        if scene.is_edited(action):
            kept = scene.keep_edited(action)
            self.message = f"Your keys are kept in the action “{kept.name}”."
        frames, times = frames_of(take, shaping, self._rate(skin))
        pivoted = replace(take, position=scene.pivot_places(skin, take.head, take.position))
        shaped = shape_take(pivoted, shaping, times)
        count = scene.bake_take(
            skin, action, frames, shaped.weights, take.shapes, shaped.head, shaped.position, shaping.tolerance,
            self._state(skin, action),
        )  # fmt: skip
        self._edited.pop(action.session_uid, None)
        if scene.worn_take(skin) == action:
            self._tell_of(scene.wear_take(skin, action))  # its head may move now, or something else turns it
        return count

    def bones_changed(self, skin: bpy.types.Object) -> None:
        """Have a head's takes turn it by the bones that it has got, or without those that it has lost.

        Raises:
            SceneError: the take is damaged, or the head cannot be changed.
        """
        for action in scene.takes_of(skin):
            is_below = scene.in_nla(skin, action)
            if is_below or scene.worn_take(skin) == action:
                self.bake(skin, action)
            if is_below:
                scene.follow_in_nla(skin, action)

    def bring_in(self, skin: bpy.types.Object, arrived: Arrived) -> bpy.types.Action:
        """Make a take of a head's and have it move the head.

        Raises:
            SceneError: the file is no take, or the head cannot be changed. Nothing was changed then.
        """
        try:
            raw = arrived.file.read_bytes()
            take = read_take(raw)
        except TakeError as error:
            raise scene.SceneError(str(error)) from error
        except OSError as error:
            raise scene.SceneError(
                f"{arrived.file} can't be read ({error.strerror}): choose a take that exists."
            ) from error
        home = _scene_of(skin)
        shaping = replace(arrived.shaping, start=float(home.frame_start))
        action = scene.new_take(
            skin, arrived.name, raw, shaping.to_json(), take.seconds, arrived.footage, arrived.notes
        )
        try:
            self._wear(skin, action)
        except scene.SceneError:
            bpy.data.actions.remove(action)
            raise
        home.frame_end = max(home.frame_end, int(action.frame_range[1]))
        return action

    def _wear(self, skin: bpy.types.Object, action: bpy.types.Action) -> None:
        self.bake(skin, action)
        self.use(skin, action)

    def use(self, skin: bpy.types.Object, action: bpy.types.Action) -> None:
        """Have one of a head's takes move it; the artist's own animation goes on playing on NLA tracks.

        Raises:
            SceneError: the head cannot be changed.
        """
        pushed = scene.wear_take(skin, action)
        driven = scene.driven_shapes(skin)
        self._tell_of(pushed)
        if driven and not pushed:
            self.message = f"Drivers move {_list(driven)}: the take can't."

    def _tell_of(self, pushed: list[str]) -> None:
        """Say where the artist's own animation is now."""
        if pushed:
            self.message = f"Your animation “{', '.join(pushed)}” is on an NLA track, below the take."

    def apply_to(self, action: bpy.types.Action, skin: bpy.types.Object) -> bpy.types.Action:
        """Have another head perform a take; it gets one of its own.

        Raises:
            SceneError: the take is damaged, or the head cannot be changed.
        """
        take, shaping = self.take_of(action), self.shaping_of(action)
        interface.own_id(skin)
        copy = scene.new_take(
            skin, action.name, bytes(action[scene.TAKE]), shaping.to_json(), take.seconds,
            str(action.get(scene.FOOTAGE, "")), str(action.get(scene.NOTES, "")),
        )  # fmt: skip
        try:
            self._wear(skin, copy)
        except scene.SceneError:
            bpy.data.actions.remove(copy)
            raise
        return copy

    def second_at(self, skin: bpy.types.Object, action: bpy.types.Action, frame: float) -> float:
        """Return the take's second at a frame of the scene."""
        return time_at(self.take_of(action), self.shaping_of(action), self._rate(skin), frame)

    @staticmethod
    def _usual(skin: bpy.types.Object) -> Shaping:
        """Return how a take starts out: a head on a neck turns, but does not leave it."""
        return Shaping(move=0.0 if scene.has_rig(skin) else 1.0)

    @staticmethod
    def _rate(skin: bpy.types.Object) -> float:
        render = _scene_of(skin).render
        return float(render.fps / render.fps_base)

    def _rate_text(self, skin: bpy.types.Object) -> str:
        return f"{self._rate(skin):.5f}"

    def _state(self, skin: bpy.types.Object, action: bpy.types.Action) -> str:
        """What a take's curves are made of: the scene's frames a second, and the sliders."""
        return f"{self._rate_text(skin)} {action.get(scene.SHAPING, '')}"

    # ------------------------------------------------------------------------------ takes that nobody has decided about

    def bring_in_left(self, number: int, skin: bpy.types.Object) -> None:
        """Have one of `left` move this head."""
        arrived = self.left.pop(number)
        self.add(replace(arrived, face_id=interface.own_id(skin), opened=self._opened, why=""))

    def dismiss_left(self, number: int) -> None:
        """Drop one of `left`; its file stays where it is."""
        del self.left[number]

    # --------------------------------------------------------------------------------------- what the application calls

    @property
    def interval(self) -> float:
        """Frequent while sliders move or a take waits."""
        return BUSY_INTERVAL if self._changed else READY_INTERVAL if self._waiting else IDLE_INTERVAL

    def finish(self, job: Job) -> None:
        """Show why a job has failed, or have its take brought in."""
        if job.state == "failed":
            self._show_error(job.error)
        elif job.state == "done" and isinstance(job.tag, _Asked) and job.folder is not None:
            source = Path(job.tag.source)
            notes = [str(note) for note in job.result.get("notes") or []]
            skin = scene.find_face(job.tag.face_id)
            shaping = self._usual(skin) if skin is not None else Shaping()
            is_video = source.suffix.lower() not in (LIVE_LINK_SUFFIX, "")
            self.add(
                Arrived(
                    Path(str(job.result.get("file"))), source.stem, job.tag.face_id, job.tag.opened,
                    job.tag.source if is_video else "", " ".join(notes), shaping,
                )
            )  # fmt: skip

    def tick(self) -> bool:
        """Bring in a take that is ready, as one step of undo; make curves anew whose sliders rest."""
        return self._bring_in_next() | self._follow()

    def _bring_in_next(self) -> bool:
        before, self.notice = self.notice, ""
        if not self._waiting:
            return bool(before)
        held_by = interface.hindrance()
        if held_by is not None:
            self.notice = f"The take is ready and comes in {held_by.value}."
            return self.notice != before
        arrived = self._waiting.pop(0)
        skin = scene.find_face(arrived.face_id) if arrived.opened == self._opened else None
        if skin is None:
            why = "Its head is gone" if arrived.opened == self._opened else "It was made in another file"
            self.left.append(replace(arrived, why=f"{why}: “{arrived.name}”"))
            return True
        self.message = ""
        try:
            self.bring_in(skin, arrived)
        except scene.SceneError as error:
            self.left.append(replace(arrived, why=f"{error} “{arrived.name}”"))
        else:
            interface.push_undo("DreamFace: Take")
        return True

    def _follow(self) -> bool:
        """Make the curves anew of takes whose sliders have come to rest; undo has its step from the slider."""
        now = time.monotonic()
        due = [uid for uid, since in self._changed.items() if now - since >= QUIET]
        if not due or interface.hindrance() is interface.Hindrance.RENDER:
            return False
        for action in [action for action in bpy.data.actions if action.session_uid in due]:
            skin = self.skin_for(action)
            if skin is None or not scene.is_take(action) or scene.is_edited(action):
                continue
            try:
                self.bake(skin, action)
            except scene.SceneError as error:
                self._show_error(str(error))
        for uid in due:
            del self._changed[uid]
        return True

    @staticmethod
    def skin_for(action: bpy.types.Action) -> bpy.types.Object | None:
        """Return the head that a take moves, or was made for: a copy of a head has a copy of its take."""
        made_for = scene.find_face(str(action.get(scene.TAKE_OF, "")))
        if made_for is not None and scene.worn_take(made_for) == action:
            return made_for
        return next((skin for skin in scene.skins() if scene.worn_take(skin) == action), made_for)

    def dismiss_messages(self) -> None:
        """Stop showing what there was to know about the last take."""
        self.message = ""

    def file_opened(self) -> None:
        """Forget the takes of the file that was open before; those that were made for it are offered."""
        self._opened += 1
        self._changed.clear()
        self._edited.clear()
        self.notice = self.message = ""


def _scene_of(skin: bpy.types.Object) -> bpy.types.Scene:
    """Return the scene that a head's takes are made for: the one that is shown, if the head is there."""
    with interface.in_window():
        shown = bpy.context.scene
    scenes: list[bpy.types.Scene] = list(skin.users_scene)
    return shown if shown in scenes or not scenes else scenes[0]


def _list(names: list[str], most: int = 3) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
