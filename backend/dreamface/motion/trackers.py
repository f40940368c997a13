"""The one place where what reads faces in pictures is reached: `dreamface.motion.tracking`.

Recorded takes and phones need none of it, so it is loaded when a picture is to be read. Tests put a double at `room`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from dreamface.errors import WITH_VIDEO, MissingDependency
from dreamface.motion.moment import Moment
from dreamface.performance import Performance
from dreamface.progress import Progress

Tracker = Literal["auto", "face-mesh", "face-landmarker"]

TRACKERS: Final[tuple[Tracker, ...]] = ("auto", "face-mesh", "face-landmarker")

_ROOM: Final = "dreamface.motion.tracking"


@dataclass(frozen=True)
class Wishes:
    """How footage is to be tracked.

    Attributes:
        tracker: which one; "auto" is the best that is installed.
        face: which of several faces, counted from the left; None is the largest.
        start, end: of the part that is read, seconds; None is the footage's own.
        neutral: second in which the face is at rest; None leaves the face as it was tracked.
        mirror: whether left and right are exchanged.
        rate: pictures a second that a folder of them was taken with; None is 24.
    """

    tracker: Tracker = "auto"
    face: int | None = None
    start: float | None = None
    end: float | None = None
    neutral: float | None = None
    mirror: bool = False
    rate: float | None = None


class Sees(Protocol):
    """A live tracker."""

    def see(self, picture: Any, time: float) -> Moment | None:
        """Return what a face does in a picture [H, W, 3] uint8 at a time in seconds; None where there is no face."""
        ...

    def close(self) -> None:
        """Let go of what it has loaded."""
        ...


def room() -> Any:
    """Return the module with `track` and `LiveTracker`.

    Raises:
        MissingDependency: it, or what it needs, is not installed.
    """
    try:
        return import_module(_ROOM)
    except ImportError as error:
        raise MissingDependency(
            f"Faces in pictures can't be read here ({error.name or error} is missing): {WITH_VIDEO}; takes of "
            "Live Link Face and streams of a phone work without it."
        ) from error


def track_footage(source: Path, wishes: Wishes, progress: Progress) -> Performance:
    """Return what a face does in a video or a folder of pictures.

    Raises:
        MissingDependency: no tracker is installed.
        BadRequest: it is no such thing, or has no face in it.
        Cancelled: the progress said so.
    """
    tracking = room()
    return tracking.track(source, wishes, progress)


def live_tracker(wishes: Wishes) -> Sees:
    """Return something that reads one picture after the other.

    Raises:
        MissingDependency: no tracker is installed.
    """
    tracking = room()
    return tracking.LiveTracker(wishes)


def in_use() -> str:
    """Load what follows faces in video, and return what that is, in words.

    Raises:
        MissingDependency: something is missing; the message says what to do.
    """
    from dreamface.motion import ffmpeg

    reader = ffmpeg.version()
    name: str = room().installed_tracker()
    return f"{reader} reads videos, {name} follows faces"
