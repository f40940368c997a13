"""A camera that moves the selected head: live, recorded, and put back as it was at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import bpy
import numpy as np

from . import interface, scene
from .animating import Animating
from .expressions import ARKIT_SHAPES
from .feed import Moment
from .part import BUSY_INTERVAL, IDLE_INTERVAL, Part
from .session import Session
from .setting_up import SettingUp
from .settling import Settling

_SHOW_EVERY = 0.5  # seconds between two looks of panels at how fast it goes
_SLOW_HAIR = ("scalp", "beard")
"""Regions of so many hairs that a head moves more smoothly without them."""

_SHAPING_MODES = ("SCULPT", "EDIT")
"""Modes of a head in which its shape keys are not to be moved."""


VIDEO = "video"
"""The menu's entry for a video that plays as a camera."""

_OTHERS = (
    ("udp:11111", "Live Link Face", "An iPhone with Live Link Face that sends to this computer, port 11111"),
    (VIDEO, "Video as a Camera", "A video that plays as if it were a camera"),
)


class Living(Part):
    """The camera and the head that it moves.

    The moments are written into the shape keys and nowhere else: no step of undo, no key. Head and expression are as
    they were after Stop, in files that are saved meanwhile, and in files of a Blender that died.

    Attributes:
        face_id: whose head moves; empty while none does.
        shown: moments that were shown since the start.
        newest: the moment that is shown.
    """

    def __init__(
        self,
        session: Session,
        setup: SettingUp,
        animating: Animating,
        settling: Settling,
        wake: Callable[[], None],
    ) -> None:
        self.face_id = ""
        self.shown = 0
        self.newest: Moment | None = None
        self._session = session
        self._setup = setup
        self._animating = animating
        self._settling = settling
        self._wake = wake
        self._opened = 0
        self._rest: list[float] | None = None  # where the head was at first
        self._moves = True
        self._told = self._recording_since = 0.0
        self._items: list[tuple[str, str, str]] = []  # Blender needs the strings to stay alive

    # ----------------------------------------------------------------------------------------------------------- wishes

    @property
    def is_on(self) -> bool:
        """Whether a camera moves a head."""
        return self._session.feed.is_on

    @property
    def is_recording(self) -> bool:
        """Whether it is recorded."""
        return self._session.feed.recording

    @property
    def recorded_seconds(self) -> float:
        """How long it has been recorded."""
        return time.monotonic() - self._recording_since if self.is_recording else 0.0

    @property
    def status(self) -> str:
        """What stands above every page while a camera is on; nothing otherwise."""
        if not self.is_on:
            return "Fetching the take…" if self._session.feed.state == "stopping" and self.face_id else ""
        name = self._session.feed.name or "The camera"
        return f"{name} records" if self.is_recording else f"{name} moves a head"

    @property
    def problem(self) -> str:
        """What is wrong with the camera, as a sentence; usually nothing."""
        return self._session.feed.problem

    @property
    def camera_items(self) -> list[tuple[str, str, str]]:
        """What can move a face, as items of a menu."""
        found = [(camera.id, camera.name, "A camera of this computer") for camera in self._session.feed.cameras or ()]
        self._items[:] = [*found, *_OTHERS]
        return self._items

    @property
    def knows_cameras(self) -> bool:
        """Whether it is known which cameras there are."""
        return self._session.feed.cameras is not None

    def look_for_cameras(self) -> None:
        """Ask the backend for its cameras, and start it where it does not run."""
        self._setup.start_if_needed()
        self._session.feed.look_for_cameras()
        self._wake()

    def why_not_start(self, skin: bpy.types.Object) -> str:
        """Return why no camera can move a head now, or nothing."""
        if skin.mode in _SHAPING_MODES:
            return f"Leave {skin.mode.title()} Mode first"
        return scene.why_no_expression(skin) or self._setup.why_no_backend()

    def start(self, skin: bpy.types.Object, source: str, **options: Any) -> None:
        """Have a camera move a head; one that moves another is stopped.

        Args:
            skin: the face's.
            source: "camera:0", "udp:11111", or the path of a video that plays as a camera.
            options: mirror, smoothing, gains and face, of the engine's POST /live.
        """
        self._put_back()
        self.face_id, self._opened = interface.own_id(skin), self._animating.opened
        self._moves = not scene.has_rig(skin)
        self.shown, self.newest, self._rest = 0, None, None
        self._setup.start_if_needed()
        self._session.feed.start(source, **options)
        self._wake()

    def record(self, on: bool) -> None:
        """Begin to record, or end it: then the take comes in when the camera stops."""
        self._recording_since = time.monotonic()
        self._session.feed.record(on)
        self._wake()

    def rest(self) -> None:
        """Take the face and the place of the head as they are now for those at rest."""
        self._rest = None
        self._session.feed.rest()
        self._wake()

    def change(self, **options: Any) -> None:
        """Change how the camera's moments are shaped, while it is on."""
        if self.is_on:
            self._session.feed.change(**options)
            self._wake()

    def change_from_fields(self) -> None:
        """Use the camera's fields of the sidebar, which have changed."""
        self.change(**self.options())

    @staticmethod
    def options() -> dict[str, Any]:
        """How the sidebar's fields have the camera shaped."""
        fields = _fields()
        return {"mirror": fields.camera_mirror, "smoothing": round(fields.camera_smoothing, 4), "gains": {}}

    def stop(self, reason: str = "") -> None:
        """Turn the camera off; the head is as it was, and what was recorded comes in as a take."""
        self._session.feed.stop(reason)
        self._put_back()
        self._wake()

    # -------------------------------------------------------------------------------------------------------- moments

    def _show(self, moment: Moment) -> None:
        """Show a moment on the head, or stop where the head is gone."""
        skin = scene.find_face(self.face_id)
        if skin is None or scene.why_no_expression(skin):
            self.stop("The head that the camera moved is gone.")
            return
        self.newest = moment
        if skin.mode in _SHAPING_MODES or bpy.app.is_job_running("RENDER"):
            return
        place = scene.pivot_places(skin, np.array([moment.head]), np.array([moment.position]))[0].tolist()
        if self._rest is None and moment.seen:
            self._rest = place
        rest = self._rest or place
        moved = [now - before if self._moves else 0.0 for now, before in zip(place, rest, strict=True)]
        shows_hair = _fields().camera_hair
        if shows_hair:
            self._settling.live(self.face_id)
        scene.keep_expression(skin, scene.BEFORE_PREVIEW, () if shows_hair else _SLOW_HAIR)
        scene.Puppet(skin, ARKIT_SHAPES).show(moment.weights, moment.head, moved)
        self.shown += 1
        interface.redraw_views()

    def show_again(self) -> None:
        """Show the newest moment again: the scene's animation has just set the head otherwise."""
        if self.newest is not None and self.is_on:
            self._show(self.newest)

    def _put_back(self) -> None:
        """Give the head its expression back."""
        self.newest = None
        self._settling.live("")
        skin = scene.find_face(self.face_id) if self.face_id else None
        if skin is not None and scene.bring_back_expression(skin, scene.BEFORE_PREVIEW):
            interface.redraw_views()

    def put_back_all(self) -> None:
        """Give heads their expression back that a file or a step of undo shows in the middle of a preview."""
        for skin in scene.skins():
            is_moved = self.is_on and skin[scene.FACE_ID] == self.face_id
            if scene.BEFORE_PREVIEW in skin and not is_moved:
                scene.bring_back_expression(skin, scene.BEFORE_PREVIEW)
        self._settling.thin_hair()

    def before_save(self) -> None:
        """Have the file hold the head as it was; the next moment moves it again."""
        skin = scene.find_face(self.face_id) if self.is_on else None
        if skin is not None:
            self._settling.live("")
            scene.bring_back_expression(skin, scene.BEFORE_PREVIEW)

    # --------------------------------------------------------------------------------------- what the application calls

    @property
    def interval(self) -> float:
        """As often as a camera brings moments."""
        return BUSY_INTERVAL if self._session.feed.state != "off" and self.face_id else IDLE_INTERVAL

    def tick(self) -> bool:
        """Show the newest moment; take over what was recorded."""
        feed = self._session.feed
        moment = feed.take()
        if moment is not None and self.is_on:
            self._show(moment)
        ended = feed.take_ended()
        if ended is not None:
            self._put_back()
            if ended.file is not None:
                self._animating.add_recorded(self.face_id, ended.file, self._opened)
            self.face_id = ""
            return True
        due = self.is_on and time.monotonic() - self._told > _SHOW_EVERY
        if due:
            self._told = time.monotonic()
        return due

    def dismiss_messages(self) -> None:
        """Stop showing what was wrong with the camera."""
        self._session.feed.problem = ""

    def file_opened(self) -> None:
        """Stop: the head was in the file that was open before. What was recorded is offered."""
        self.newest = None
        self._session.feed.stop()
        self.put_back_all()

    def shut_down(self) -> None:
        """Leave heads as they were."""
        self._put_back()
        self._session.feed.stop()


def _fields() -> Any:
    """Return the sidebar's fields."""
    return bpy.context.window_manager.dreamface
