"""Pins: points of a head that an artist drags to where a photograph shows them, while the head follows.

The operator hands on what the mouse does, and nothing else. The head follows in `tick`, as answers come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import bpy

from . import expressions, interface, scene
from .link import BackendState
from .part import BUSY_INTERVAL, IDLE_INTERVAL, Part
from .session import Pinned, Session
from .setting_up import SettingUp

REACH: Final = 12.0
"""Pixels from a point within which the mouse takes it."""

_FREE_RADIUS, _HARD_RADIUS, _TAKEN_RADIUS = 3.0, 5.0, 7.0  # pixels
_PATIENCE: Final = 60.0  # seconds that a running engine has for the first answer


@dataclass
class _Board:
    """A head whose points are being dragged.

    Attributes:
        face_id: whose.
        number: of the photograph, from 0.
        home: name of the scene whose camera shows it.
        history: what the face's history said of photographs and pins when it began.
        pins: that there are now.
        wore: whether the head had the expression of a photograph on already.
        since: when the engine was not running last.
        head: the head; None until the engine has said what points there are.
        undone: pins as they were before each change, the oldest first.
        taken: the point that is dragged.
        grip: from the mouse to that point, in fractions of the photograph's width and height.
        near: the point that the mouse is near.
        changed: whether there is something to keep.
        asked: the last question's pins, while there is no answer.
        ends: whether it ends with the head that this answer gives.
        facing: whether each point faces the camera; None where that has to be looked at again.
        rests: whether the expression was taken off for a moment, because the file is being saved.
    """

    face_id: str
    number: int
    home: str
    history: list[dict[str, Any]]
    pins: scene.Pins
    wore: bool
    since: float
    head: scene.PinnedHead | None = None
    undone: list[scene.Pins] = field(default_factory=list)
    taken: int | None = None
    grip: tuple[float, float] = (0.0, 0.0)
    near: int | None = None
    changed: bool = False
    asked: list[dict[str, Any]] | None = None
    ends: bool = False
    facing: Any = None
    rests: bool = False


class Pinning(Part):
    """The pins of one head at a time.

    Attributes:
        problem: why a head does not follow, until dismissed.
        kept: whether the last head has changed and was kept, which is to be a step of undo.
    """

    def __init__(self, session: Session, setup: SettingUp, wake: Callable[[], None]) -> None:
        """Drag nothing yet.

        Args:
            session: the backend.
            setup: starts it.
            wake: called when there is something to do.
        """
        self.problem, self.kept = "", False
        self._session, self._setup, self._wake = session, setup, wake
        self._board: _Board | None = None
        self._dots: scene.Dots | None = None

    # ------------------------------------------------------------------------------------------------------- beginning

    @property
    def is_on(self) -> bool:
        """Whether pins can be dragged, or will be in a moment."""
        return self._board is not None

    @property
    def is_ready(self) -> bool:
        """Whether the engine has said what points there are."""
        return self._board is not None and self._board.head is not None

    @property
    def is_dragging(self) -> bool:
        """Whether the mouse holds a point."""
        return self._board is not None and self._board.taken is not None

    @property
    def is_following(self) -> bool:
        """Whether an answer is waited for."""
        return self._board is not None and self._board.asked is not None

    @property
    def interval(self) -> float:
        """Short while pins are dragged."""
        return BUSY_INTERVAL if self._board is not None else IDLE_INTERVAL

    def why_not(self, skin: bpy.types.Object | None, home: bpy.types.Scene) -> str:
        """Return why points of a head can't be dragged now, or nothing."""
        if self.is_on:
            return "Pins are being dragged: keep them, or put them back first"
        if skin is None or not scene.shots_of(skin):
            return "The selected head was not made from a photograph"
        if scene.seen_photograph(skin, home) is None:
            return "Look through a photograph first: press View Through Photo"
        return scene.why_no_expression(skin) or self._setup.why_no_backend()

    def begin(self, skin: bpy.types.Object, home: bpy.types.Scene) -> None:
        """Show the points of a head in the photograph that a scene looks through.

        Raises:
            SceneError: its objects can't be changed now.
        """
        number = scene.seen_photograph(skin, home)
        if number is None:
            raise scene.SceneError("Look through a photograph first: press View Through Photo.")
        face_id, wore = interface.own_id(skin), scene.wears_photograph(skin)
        scene.take_photograph_off(skin)  # it may be another photograph's
        scene.wear_photograph(skin, number, expressions.ARKIT_SHAPES)
        scene.photograph_camera(skin, number, home)  # the head may have been moved
        self.problem = ""
        self._board = _Board(
            face_id, number, home.name, scene.photograph_steps(skin), scene.pins_of(skin), wore, time.monotonic()
        )
        self._setup.start_if_needed()
        self._session.follow_pins(face_id, skin["dreamface_head"], self._board.history)
        self._dots = scene.Dots(self.dots)
        self._wake()

    # -------------------------------------------------------------------------------------------------------- dragging

    def hover(self, pixel: tuple[float, float], frame: scene.PhotographFrame) -> int | None:
        """Return the point that the mouse is near, which shows from now on; None where there is none."""
        board = self._board
        if board is None or board.head is None:
            return None
        if board.taken is None:
            places = {index: frame.to_region(place) for index, place in self._places(board).items()}
            reach = REACH * _scale()
            apart = {index: (x - pixel[0]) ** 2 + (y - pixel[1]) ** 2 for index, (x, y) in places.items()}
            nearest = min(apart, key=lambda index: apart[index], default=None)
            board.near = nearest if nearest is not None and apart[nearest] <= reach**2 else None
        return board.near

    def take(self, index: int, place: tuple[float, float] | None = None) -> None:
        """Begin to drag a point from where the mouse is in the photograph; None: from the point itself.

        It keeps its distance to the mouse: a point that is taken beside its middle does not jump.
        """
        board = self._board
        if board is not None:
            there = self._places(board).get(index, place)
            board.grip = (0.0, 0.0) if place is None or there is None else (there[0] - place[0], there[1] - place[1])
            board.taken = index
            board.undone.append(dict(board.pins))

    def drag(self, place: tuple[float, float]) -> bool:
        """Move the point that is dragged with the mouse, at a place in the photograph; False where there is none."""
        board = self._board
        if board is None or board.head is None or board.taken is None or board.ends:
            return False
        inside = tuple(min(max(part + grip, 0.0), 1.0) for part, grip in zip(place, board.grip, strict=True))
        board.pins = board.pins | {self._key(board, board.taken): (inside[0], inside[1])}
        self._ask(board)
        return True

    def drop(self) -> None:
        """Leave the point that is dragged where it is."""
        board = self._board
        if board is not None and board.taken is not None:
            board.taken = None
            if board.undone and board.undone[-1] == board.pins:
                board.undone.pop()  # it was clicked, not dragged

    def release(self, index: int) -> None:
        """Take the pin off a point: it goes where the rest of the head takes it."""
        board = self._board
        if board is None or board.head is None:
            return
        key = self._key(board, index)
        if key in board.pins:
            board.undone.append(dict(board.pins))
            board.pins = {other: place for other, place in board.pins.items() if other != key}
            self._ask(board)

    def take_back(self) -> None:
        """Have pins as they were before the last one was dragged or taken off."""
        board = self._board
        if board is not None and board.undone:
            board.taken, board.pins = None, board.undone.pop()
            self._ask(board)

    def leave(self) -> None:
        """Have the point that is dragged where it was; where none is, end it with the head as it was."""
        if self._board is not None and self._board.taken is not None:
            self.take_back()
        else:
            self.put_back()

    def keep(self) -> None:
        """End it with the head that has its pins where they are: once it is there, or now where this is said twice."""
        board, skin = self._board, self._skin()
        if board is None:
            return
        if board.asked is not None and not board.ends:
            board.ends, board.taken = True, None
            return
        if skin is not None and board.head is not None and board.changed:
            board.head.settle()
        self._end(skin)
        self.kept = skin is not None and board.changed

    def put_back(self) -> None:
        """End it with the head as it was."""
        board, skin = self._board, self._skin()
        if board is None:
            return
        home = bpy.data.scenes.get(board.home)
        if skin is not None and home is not None and board.head is not None and board.changed:
            board.head.put_back(board.number, home)
            board.head.settle()
        self._end(skin)

    def _end(self, skin: bpy.types.Object | None) -> None:
        board, self._board = self._board, None
        self.kept = False
        self._session.forget_pins()
        if self._dots is not None:
            self._dots.remove()
            self._dots = None
        if skin is not None and board is not None and not board.wore:
            scene.take_photograph_off(skin)
        interface.redraw()

    # ------------------------------------------------------------------------------------------------------- following

    def tick(self) -> bool:
        """Take what the engine has answered."""
        board = self._board
        if board is None:
            return False
        skin, home = self._skin(), bpy.data.scenes.get(board.home)
        if skin is None or home is None:
            self._end(skin)
            return True
        if skin.mode != "OBJECT" or interface.hindrance() is interface.Hindrance.RENDER:
            return False  # a mesh that is edited or rendered must not move: answers wait
        if scene.seen_photograph(skin, home) != board.number:
            board.ends = True
            self.keep()  # the head has moved already: its bones, its cards and undo have to know
            return True
        if board.rests:
            board.rests = False
            scene.wear_photograph(skin, board.number, expressions.ARKIT_SHAPES)
        changed = False
        while (answer := self._session.take_pinned()) is not None:
            if answer.face_id == board.face_id:
                changed |= self._take(board, skin, home, answer)
        why_not = self._why_no_answer(board)
        if why_not and self._board is not None:
            self.problem = why_not
            if board.head is None:
                self._end(skin)
            else:
                board.asked = None
                self._session.forget_pins()
            changed = True
        if board is self._board and board.ends and board.asked is None:
            self.keep()
            changed = True
        return changed

    def _why_no_answer(self, board: _Board) -> str:
        """Return why what was asked will not come, or nothing."""
        if self._session.state is not BackendState.READY:
            board.since = time.monotonic()
            return self._session.problem if self._session.state is BackendState.FAILED else ""
        if board.head is None and time.monotonic() - board.since > _PATIENCE:
            return "The engine does not answer: see its state in the preferences, and try again."
        return self._session.follow_refused

    def _take(self, board: _Board, skin: bpy.types.Object, home: bpy.types.Scene, answer: Pinned) -> bool:
        try:
            if board.head is None:
                board.head = scene.PinnedHead(skin, scene.PinPoints.of(answer.arrays), expressions.ARKIT_SHAPES)
            if answer.request["pins"] == board.asked:
                board.asked = None
            if answer.step:
                board.head.follow(answer.arrays["moved"], answer.step, board.number, home)
                board.changed, board.facing, self.problem = True, None, ""
        except scene.SceneError as error:
            self.problem = str(error)
        except (KeyError, ValueError):
            self.problem = "The engine sent a head that cannot be read: restart it."
        if board.head is None:
            self._end(skin)
        interface.redraw_views()
        return True

    def _ask(self, board: _Board) -> None:
        skin, head = self._skin(), board.head
        if skin is None or head is None:
            return
        landmarks = {landmark: index for index, landmark in enumerate(head.points.landmarks)}
        pins = [
            {
                "photograph": number + 1, "point": landmark, "at": list(place),
                "where": head.begun(number)[landmarks[landmark]].tolist(),
            }
            for (number, landmark), place in board.pins.items()
            if landmark in landmarks
        ]  # fmt: skip
        board.asked = pins
        self._session.follow_pins(board.face_id, skin["dreamface_head"], board.history, pins)
        self._wake()

    def _skin(self) -> bpy.types.Object | None:
        board = self._board
        if board is None or (board.head is not None and not board.head.is_there):
            return None
        return scene.find_face(board.face_id)

    def _key(self, board: _Board, index: int) -> tuple[int, int]:
        assert board.head is not None
        return board.number, board.head.points.landmarks[index]

    # --------------------------------------------------------------------------------------------------------- showing

    def _places(self, board: _Board) -> dict[int, tuple[float, float]]:
        """Return points that are seen -> where they lie in the photograph: pins where they were put."""
        skin, head = self._skin(), board.head
        home = bpy.data.scenes.get(board.home)
        if skin is None or head is None or home is None or home.camera is None:
            return {}
        if board.facing is None:
            board.facing = head.seen(board.number, home.camera)
        found = head.in_photograph(board.number)
        shown: dict[int, tuple[float, float]] = {}
        for index, place in enumerate(found):
            pin = board.pins.get(self._key(board, index))
            if pin is not None:
                shown[index] = pin
            elif board.facing[index]:
                shown[index] = place
        return shown

    def dots(self) -> list[scene.Dot]:
        """Return what is drawn in the context's region of a 3D view."""
        board = self._board
        home = bpy.data.scenes.get(board.home) if board is not None else None
        if board is None or home is None or home.camera is None:
            return []
        frame = scene.PhotographFrame.here(home)
        if frame is None:
            return []
        dots = []
        for index, place in self._places(board).items():
            is_pin = self._key(board, index) in board.pins
            is_taken = index in (board.taken, board.near)
            radius = _TAKEN_RADIUS if is_taken else _HARD_RADIUS if is_pin else _FREE_RADIUS
            colour = scene.HARD if is_pin or index == board.taken else scene.FREE
            dots.append(scene.Dot(frame.to_region(place), radius * _scale(), colour))
        return dots

    # ----------------------------------------------------------------------------------------------------------- part

    def dismiss_messages(self) -> None:
        """Stop showing why a head does not follow."""
        self.problem = ""

    def file_opened(self) -> None:
        """Forget the head of the file that was open before."""
        if self._board is not None:
            self._end(None)
        self.problem = ""

    def before_save(self) -> None:
        """Have the file say what **Keep** would leave: the head at rest, with its bones and cards where it is now."""
        board, skin = self._board, self._skin()
        if board is None or skin is None or skin.mode != "OBJECT":
            return
        if board.head is not None and board.changed:
            board.head.settle()
        if not board.wore:
            scene.take_photograph_off(skin)
            board.rests = True

    def after_undo(self) -> None:
        """Let go of a head that undo or redo has taken elsewhere: its objects may be others now."""
        if self._board is not None:
            self._end(None)

    def shut_down(self) -> None:
        """Draw nothing any more."""
        if self._dots is not None:
            self._dots.remove()
            self._dots = None


def _scale() -> float:
    return float(bpy.context.preferences.system.ui_scale) or 1.0  # Blender without a window has none
