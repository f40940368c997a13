"""A performance while it happens: from a camera, a video that plays as one, or a phone, at the source's own speed.

One thread waits for the source, another reads faces. Between them there is room for one picture, the newest: what is
not read in time is dropped, never queued, so that nothing lags however slow the machine is.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from dreamface.errors import BadRequest
from dreamface.motion import trackers
from dreamface.motion.cameras import Picture, Pictures, is_camera
from dreamface.motion.moment import Moment, at_rest
from dreamface.motion.phones import Phone, is_phone
from dreamface.motion.recording import About, Recorded, Recorder
from dreamface.motion.shaping import (
    FADE,
    HOLD,
    amplified,
    calibrated,
    check_gains,
    eyes_of_weights,
    lids_over_eyes,
    mirrored,
    presence,
)
from dreamface.motion.smoothing import DEFAULT, LiveSmoother, check_smoothing
from dreamface.motion.trackers import Wishes

NEUTRAL_SECONDS: Final = 0.5
"""Of what was seen last, the mean of which becomes the neutral face."""

_RATE_OVER: Final = 1.0  # seconds over which moments are counted
_LOOK_UP: Final = 0.1  # seconds between looks at whether somebody wants to stop
_SILENT: Final = 0.3  # seconds after which a source that sends nothing shows no face
_AT_REST: Final = _SILENT + HOLD + FADE + 0.5  # seconds after which such a face is at rest, and need not be told again


@dataclass(frozen=True)
class Adjustments:
    """How live moments are changed, at any time.

    Attributes:
        mirror: whether left and right are exchanged.
        smoothing: 0..1.
        gains: region or shape -> factor 0..3.
    """

    mirror: bool = False
    smoothing: float = DEFAULT
    gains: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what was asked for.

        Raises:
            BadRequest: a value is out of range.
        """
        check_smoothing(self.smoothing)
        check_gains(self.gains)


class Shaper:
    """Changes moments as they come.

    Attributes:
        adjustments: how; may be replaced at any time.
    """

    def __init__(self, adjustments: Adjustments, is_footage: bool = False) -> None:
        """Begin; the eyes' angles of footage are those of its shapes."""
        self.adjustments = adjustments
        self._is_footage = is_footage
        self._neutral: Moment | None = None
        self._recent: deque[Moment] = deque()
        self._last: Moment | None = None
        self._smoother = LiveSmoother()

    def __call__(self, raw: Moment) -> tuple[Moment, Moment]:
        """Return the moment as it is to be recorded, which is smoothed later, and as it is to be shown."""
        if raw.seen:
            self._remember(raw)
            shaped = raw if self._neutral is None else calibrated(raw, self._neutral)
            shaped = mirrored(shaped) if self.adjustments.mirror else shaped
            self._last = shaped = lids_over_eyes(amplified(shaped, self.adjustments.gains))
        else:
            shaped = self._faded(raw.time)
        self._smoother.smoothing = self.adjustments.smoothing
        smooth = self._smoother(shaped)
        return (eyes_of_weights(shaped), eyes_of_weights(smooth)) if self._is_footage else (shaped, smooth)

    def take_neutral(self) -> None:
        """Take the face of just now as the one at rest.

        Raises:
            BadRequest: no face is seen.
        """
        if not self._recent:
            raise BadRequest("No face was seen yet: look at the camera, then set the neutral face again.")
        recent = list(self._recent)
        means = {
            name: np.mean([getattr(each, name) for each in recent], axis=0).astype(np.float32)
            for name in ("weights", "head", "position", "eyes")
        }
        self._neutral = replace(recent[-1], **means)

    def _remember(self, raw: Moment) -> None:
        self._recent.append(raw)
        while raw.time - self._recent[0].time > NEUTRAL_SECONDS:
            self._recent.popleft()

    def _faded(self, now: float) -> Moment:
        if self._last is None:
            return at_rest(now)
        left = np.float32(presence(np.asarray(now - self._last.time)))
        last = self._last
        return replace(
            last, time=now, seen=False, weights=last.weights * left, head=last.head * left, eyes=last.eyes * left
        )


# ------------------------------------------------------------------------------------------------------------- sources


class Source(Protocol):
    """Where moments come from."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its pictures; zeros where there are none."""
        ...

    @property
    def ending(self) -> str:
        """The sentence for an end that nobody asked for."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Give pictures or moments, and wait for each."""
        ...

    def close(self) -> None:
        """Let it go."""
        ...


def check_source(source: str) -> None:
    """Refuse what can't be a live source.

    Raises:
        BadRequest: it is empty, or neither a camera nor a phone nor the whole path of a file.
    """
    if not source or "\0" in source:
        raise BadRequest("Choose a camera, a video or a port for a phone.")
    if not is_camera(source) and not is_phone(source) and not Path(source).is_absolute():
        raise BadRequest(f"{source!r} is no camera and no port: give the whole path of a video.")


def open_source(source: str) -> Source:
    """Open a camera ("camera", "camera:1"), a phone ("udp:11111"), or a video that plays as a camera (its path).

    Raises:
        BadRequest: there is none, or it is in use or forbidden.
        MissingDependency: what it needs is not installed.
    """
    check_source(source)
    return Phone(source) if is_phone(source) else Pictures(source)


class Newest:
    """Room for one thing, the newest, between a thread that puts and one that takes."""

    def __init__(self) -> None:
        self.dropped = 0
        self._changed = threading.Condition()
        self._item: tuple[Any, float] | None = None
        self._is_over = False

    def put(self, item: Any) -> None:
        """Put something in, in the place of what nobody has taken."""
        with self._changed:
            self.dropped += self._item is not None
            self._item = (item, time.monotonic())
            self._changed.notify_all()

    def end(self) -> None:
        """Say that nothing comes any more."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def take(self, timeout: float) -> tuple[Any, float] | None:
        """Wait for something; gives it with the time at which it came, or None where nothing has come in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._is_over, timeout)
            item, self._item = self._item, None
            return item

    @property
    def is_over(self) -> bool:
        """Whether nothing is left and nothing comes any more."""
        return self._is_over and self._item is None


@dataclass(frozen=True)
class Shown:
    """A moment as it is shown.

    Attributes:
        moment: shaped and smoothed.
        rate: moments a second, of late.
        latency: seconds from when its picture was there.
        dropped: pictures that were not read, since the beginning.
    """

    moment: Moment
    rate: float
    latency: float
    dropped: int


class Live:
    """One live session. `moments` runs in one thread; everything else may be called from another."""

    def __init__(self, source: str, face: int | None, adjustments: Adjustments, folder: Path) -> None:
        """Open the source, and load what reads it.

        Args:
            source: see `open_source`.
            face: which of several faces, counted from the left; None is the largest.
            adjustments: how moments are changed at first.
            folder: where takes are recorded.

        Raises:
            BadRequest: there is no such source, or it is in use or forbidden.
            MissingDependency: what it needs is not installed.
        """
        self._tracker = None if is_phone(source) else trackers.live_tracker(Wishes(face=face))
        self._source = open_source(source)
        self._shaper = Shaper(adjustments, is_footage=self._tracker is not None)
        self._recorder = Recorder(folder, About(self._source.name, self._source.size, adjustments.smoothing))
        self._newest = Newest()
        self._lock = threading.Lock()
        self._stopped = False
        self._times: deque[float] = deque()
        self._last: Moment | None = None
        self._heard = 0.0  # when that was

    @property
    def name(self) -> str:
        """What people call the source."""
        return self._source.name

    @property
    def ending(self) -> str:
        """The sentence for the end of `moments`; empty where it was asked for."""
        return "" if self._stopped else self._source.ending

    def moments(self) -> Iterator[Shown]:
        """Give moment after moment until the source ends or `stop`; a take that goes on is finished then.

        Raises:
            FolderError: the disk refused what is recorded; the take so far is kept.
        """
        threading.Thread(target=self._read, daemon=True).start()
        start = time.monotonic()
        try:
            while not (self._stopped or self._newest.is_over):
                taken = self._newest.take(_LOOK_UP)
                now = time.monotonic()
                if taken is not None:
                    item, came = taken
                    raw = self._last = self._see(item, came - start)
                    self._heard = came
                elif self._last is not None and _SILENT < now - self._heard < _AT_REST:
                    came, raw = now, at_rest(self._last.time + now - self._heard)
                else:
                    continue
                with self._lock:
                    recorded, shown = self._shaper(raw)
                    self._recorder.add(recorded)
                yield Shown(shown, self._count(now), time.monotonic() - came, self._newest.dropped)
        finally:
            self._end()
            if self._tracker is not None:
                self._tracker.close()

    def _read(self) -> None:
        try:
            for item in self._source:
                self._newest.put(item)
                if self._stopped:
                    break
        finally:
            self._newest.end()

    def _see(self, item: Picture | Moment, since: float) -> Moment:
        if isinstance(item, Moment):
            return item
        now = since if item.time is None else item.time
        seen = None if self._tracker is None else self._tracker.see(item.pixels, now)
        return at_rest(now) if seen is None else seen

    def _count(self, now: float) -> float:
        """Return the moments a second of late."""
        self._times.append(now)
        while now - self._times[0] > _RATE_OVER:
            self._times.popleft()
        gone = now - self._times[0]
        return (len(self._times) - 1) / gone if gone > 0.0 else 0.0

    def adjust(self, adjustments: Adjustments) -> None:
        """Change moments otherwise from now on."""
        with self._lock:
            self._shaper.adjustments = adjustments
            self._recorder.about = replace(self._recorder.about, smoothing=adjustments.smoothing)

    def take_neutral(self) -> None:
        """Take the face of just now as the one at rest.

        Raises:
            BadRequest: no face is seen.
        """
        with self._lock:
            self._shaper.take_neutral()

    def record(self, on: bool) -> Recorded | None:
        """Begin a take, or end it; gives the take that was recorded last.

        Raises:
            BadRequest: the session is over.
            FolderError: the disk refused.
        """
        with self._lock:
            if on and (self._stopped or self._newest.is_over):
                raise BadRequest("The source has ended: start it again to record.")
            if on:
                self._recorder.start()
                return self._recorder.last
            rows = self._recorder.detach()
        return self._recorder.finish(rows)  # while moments go on

    def stop(self) -> Recorded | None:
        """End the session and the take that goes on; gives the take that was recorded last, or None.

        Raises:
            FolderError: the disk refused.
        """
        self._stopped = True
        return self._end()

    def _end(self) -> Recorded | None:
        self._newest.end()
        self._source.close()
        with self._lock:
            rows = self._recorder.detach()
        return self._recorder.finish(rows)
