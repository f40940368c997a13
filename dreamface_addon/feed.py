"""A camera's performance while it happens: started, recorded, stopped; always the newest moment, never a queue.

The backend tracks; here its events are read within the timer's budget, and each moment replaces the one before, so
that a slow window drops moments and never falls behind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from .link import Client, Exchange

_SHAPES = 52
_LOST = "The connection to the engine was lost, and the camera with it: start the camera again."
_GARBLED = "The engine sent what is no expression: update the extension and set up the engine again."
_TRIES = 4  # times that one wish is sent


@dataclass(frozen=True)
class Camera:
    """A camera of the engine's machine."""

    id: str
    name: str


@dataclass(frozen=True)
class Moment:
    """What a face does at one moment.

    Attributes:
        time: seconds since the start.
        weights: [52] 0..1, in ARKit's order.
        head: [3] yaw, pitch, roll in radians.
        position: [3] metres from the camera.
        seen: whether there was a face.
        rate: moments a second.
        latency_ms: from the picture to the weights.
        dropped: pictures that were left out so far.
    """

    time: float
    weights: NDArray[np.float32]
    head: tuple[float, ...]
    position: tuple[float, ...]
    seen: bool
    rate: float
    latency_ms: float
    dropped: int

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Moment:
        """Check it; KeyError, TypeError or ValueError where it is none."""
        weights = np.asarray(said["weights"], np.float32)
        head, position = (tuple(float(part) for part in said[name]) for name in ("head", "position"))
        fits = weights.shape == (_SHAPES,) and len(head) == len(position) == 3
        if not fits or not np.isfinite([*weights, *head, *position]).all():
            raise ValueError("no moment")
        return cls(
            float(said["time"]), np.clip(weights, 0.0, 1.0), head, position, bool(said["seen"]),
            float(said.get("rate") or 0.0), float(said.get("latency_ms") or 0.0), int(said.get("dropped") or 0),
        )  # fmt: skip


@dataclass
class Ended:
    """How a camera's performance ended.

    Attributes:
        file: the take that was recorded, on the engine's machine; None where nothing was.
        seconds: its length.
        reason: why it ended by itself, as a sentence; empty where it was stopped.
    """

    file: Path | None = None
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class _Wish:
    method: str
    path: str
    body: dict[str, Any] | None = None
    tries: int = 0


class Feed:
    """The one camera that is on, or none.

    Attributes:
        state: "off", "starting", "on" or "stopping".
        name: of the camera that is on.
        recording: whether it is being recorded.
        recorded: whether it was, since it is on.
        cameras: those of the engine's machine; None while nobody knows.
        skipped: moments that were replaced before anybody took them.
        problem: a sentence about the last wish; "" if it was met.
    """

    def __init__(self) -> None:
        self.state = "off"
        self.name = ""
        self.recording = self.recorded = False
        self.cameras: list[Camera] | None = None
        self.skipped = 0
        self.problem = ""
        self._newest: Moment | None = None
        self._ended: Ended | None = None
        self._reason = ""
        self._id = ""
        self._start: dict[str, Any] | None = None
        self._starting: Exchange | None = None
        self._events: Exchange | None = None
        self._wishes: list[_Wish] = []
        self._sent: tuple[_Wish, Exchange] | None = None
        self._asked: Exchange | None = None
        self._wants_cameras = False

    # ----------------------------------------------------------------------------------------------------------- wishes

    @property
    def is_on(self) -> bool:
        """Whether a camera is on, or about to be."""
        return self.state in ("starting", "on")

    @property
    def active(self) -> bool:
        """Whether something is going on."""
        return self.state != "off" or self._wants_cameras or self._asked is not None

    def look_for_cameras(self) -> None:
        """Ask which cameras there are."""
        self._wants_cameras = True

    def start(self, source: str, **options: Any) -> None:
        """Turn a camera on; see POST /live of the engine's API for the options."""
        self._forget()
        self.state, self.problem, self.name = "starting", "", ""
        self._start = {"source": source, **options}

    def record(self, on: bool) -> None:
        """Begin to record, or go on without."""
        self.recording, self.recorded = on, on or self.recorded
        self._wish("POST", "/record", {"on": on})

    def rest(self) -> None:
        """Take the face as it is now for one at rest."""
        self._wish("POST", "/neutral")

    def change(self, **options: Any) -> None:
        """Change how it is shaped; a newer wish replaces one that was not sent yet."""
        self._wishes = [wish for wish in self._wishes if wish.method != "PATCH"]
        self._wish("PATCH", "", options)

    def stop(self, reason: str = "") -> None:
        """Turn the camera off; what was recorded comes with `take_ended`.

        Args:
            reason: why, as a sentence, where the artist has not asked for it.
        """
        if self.state == "starting":
            self._cancel()
            self._finish(Ended(reason=reason))
        elif self.state == "on":
            self._reason = reason
            self.state = "stopping"
            self._cancel_events()
            self._wishes = [wish for wish in self._wishes if wish.path == "/record"]
            self._wish("DELETE", "")

    def take(self) -> Moment | None:
        """Return the newest moment, once."""
        newest, self._newest = self._newest, None
        return newest

    def take_ended(self) -> Ended | None:
        """Return how it ended, once."""
        ended, self._ended = self._ended, None
        return ended

    # ------------------------------------------------------------------------------------------------------------- poll

    def poll(self, client: Client) -> bool:
        """Go on; False where the connection was lost."""
        return all([self._poll_cameras(client), self._poll_start(client), self._poll_wishes(client), self._listen()])

    def lost(self) -> None:
        """The connection is gone: what was recorded is asked for once it is there again."""
        if self.state != "off":
            self._cancel()
            if self._id and (self.recorded or self.state == "stopping"):
                self._reason = self._reason or _LOST
                self.state, self.recording, self._newest, self._sent = "stopping", False, None, None
                self._wishes = [_Wish("DELETE", "")]
            else:
                self._finish(Ended(reason=_LOST))
        if self._asked is not None:
            self._asked, self._wants_cameras = None, True

    def _poll_cameras(self, client: Client) -> bool:
        if self._asked is None:
            if self._wants_cameras:
                self._asked, self._wants_cameras = client.send("GET", "/cameras"), False
            return True
        if not self._asked.done:
            return True
        exchange, self._asked = self._asked, None
        if exchange.error is None:
            self.cameras = _cameras(exchange.body)
        elif not exchange.lost:
            self.cameras = []
        return not exchange.lost

    def _poll_start(self, client: Client) -> bool:
        if self._start is not None and self._starting is None:
            self._starting = client.send("POST", "/live", self._start)
        exchange = self._starting
        if exchange is None or not exchange.done:
            return True
        self._starting = self._start = None
        if exchange.error is not None:
            self._finish(Ended(reason=_LOST if exchange.lost else exchange.error))
            return not exchange.lost
        said = exchange.json()
        self._id, self.name = str(said.get("id") or ""), str(said.get("name") or "")
        if not self._id:
            self._finish(Ended(reason=_GARBLED))
            return True
        self.state = "on"
        self._events = client.send("GET", f"/live/{quote(self._id)}/events", on_event=self._hear)
        return True

    def _poll_wishes(self, client: Client) -> bool:
        if self._sent is None:
            if self._wishes and self._id:
                wish = self._wishes.pop(0)
                exchange = client.send(wish.method, f"/live/{quote(self._id)}{wish.path}", wish.body)
                self._sent = wish, exchange
            return True
        wish, exchange = self._sent
        if not exchange.done:
            return True
        self._sent = None
        if exchange.lost and wish.tries < _TRIES:
            self._wishes.insert(0, replace(wish, tries=wish.tries + 1))
            return False
        if wish.method == "DELETE":
            self._take_stopped(exchange)
        elif exchange.error is not None and not exchange.lost:
            self.problem = exchange.error
            self.recording = self.recording and wish.path != "/record"
        return not exchange.lost

    def _take_stopped(self, exchange: Exchange) -> None:
        said = exchange.json() if exchange.error is None else {}
        file = said.get("file")
        seconds = said.get("seconds")
        self._finish(
            Ended(
                Path(file) if isinstance(file, str) and file else None,
                float(seconds) if isinstance(seconds, int | float) else 0.0,
                self._reason or (exchange.error or ""),
            )
        )

    def _listen(self) -> bool:
        """See whether the stream of moments goes on; where it ended, the take so far is fetched."""
        events = self._events
        if events is None or not events.done:
            return True
        self._events = None
        if self.state == "on":
            self.stop(self._reason or (events.error if events.error and not events.lost else "") or _LOST)
        return True

    def _hear(self, name: str, said: dict[str, Any]) -> None:
        if name == "moment":
            try:
                moment = Moment.of(said)
            except (KeyError, TypeError, ValueError):
                self.problem = _GARBLED
                return
            self.skipped += self._newest is not None
            self._newest = moment
        elif name == "ended":
            self._reason = str(said.get("reason") or "The camera has ended.")
            self.stop(self._reason)

    # --------------------------------------------------------------------------------------------------------- the end

    def _wish(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        self._wishes.append(_Wish(method, path, body))

    def _finish(self, ended: Ended) -> None:
        if ended.reason:
            self.problem = ended.reason
        self._forget()
        self._ended = ended

    def _forget(self) -> None:
        self.state, self.recording, self.recorded = "off", False, False
        self._newest = self._ended = self._start = self._starting = self._events = self._sent = None
        self._id = self._reason = ""
        self._wishes = []
        self.skipped = 0

    def _cancel(self) -> None:
        self._cancel_events()
        if self._starting is not None:
            self._starting.cancel()
        if self._sent is not None:
            self._sent[1].cancel()

    def _cancel_events(self) -> None:
        if self._events is not None:
            self._events.cancel()
            self._events = None


def _cameras(body: bytes) -> list[Camera]:
    """The cameras in an answer; what is none is left out."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return []
    entries = said if isinstance(said, list) else []
    return [
        Camera(str(entry["id"]), str(entry.get("name") or entry["id"]))
        for entry in entries
        if isinstance(entry, dict) and entry.get("id")
    ]
