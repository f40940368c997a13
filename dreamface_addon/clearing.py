"""What of the artist's lies on another machine that makes the faces, how large it is, and removing it there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .link import BackendState, Exchange
from .part import Part
from .session import Session

SENT = ""
"""Instead of a job's id: all that was sent ahead of jobs."""

_LOST = "The engine went away before it had answered: try again."
_OLD = "The engine does not say what lies there: update DreamFace on that machine."
_KINDS = {
    "generate": "Face", "from_photo": "Face from photographs", "edit": "Edit", "cards": "Hair cards",
    "explore": "Neighbours", "glance": "Variation's picture", "export": "Export", "animate": "Take",
}  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """What a job has made.

    Attributes:
        job: its id.
        label: what artists read.
        size: bytes.
    """

    job: str
    label: str
    size: int


class Clearing(Part):
    """The list of what lies there, which is asked for when somebody wants to see it.

    Attributes:
        items: the largest first; None before the engine has said.
        used: bytes that all of it takes.
        allowed: bytes that it may take; None: any.
        sent, styles: bytes that were sent ahead of jobs, and of hair styles.
        problem: why something could not be listed or removed, or nothing.
    """

    def __init__(self, session: Session, wake: Callable[[], None]) -> None:
        self.items: list[Kept] | None = None
        self.used = self.sent = self.styles = 0
        self.allowed: int | None = None
        self.problem = ""
        self._session = session
        self._wake = wake
        self._steps: list[tuple[str, str]] = []
        self._exchange: Exchange | None = None

    def why_not(self) -> str:
        """Return why nothing can be listed now, or nothing."""
        if self._session.shares_disk:
            return "Faces are made on this computer: the library removes them"
        if self._session.state is not BackendState.READY:
            return "The engine is not connected"
        return ""

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._steps) or self._exchange is not None

    def look(self) -> None:
        """Ask what lies there."""
        self.problem = ""
        self._steps = [("GET", "/room")]
        self._wake()

    def remove(self, job: str) -> None:
        """Remove there what a job has made; faces that are in scenes here stay. `SENT`: what was sent ahead."""
        self.problem = ""
        path = f"/jobs/{job}/files" if job else "/uploads"
        self._steps = [("DELETE", path), ("GET", "/room")]
        self._wake()

    def close(self) -> None:
        """Show the list no more."""
        self.items, self.problem, self._steps = None, "", []

    # --------------------------------------------------------------------------------------- what the application calls

    def tick(self) -> bool:
        """Ask what there is to ask, or take an answer."""
        client = self._session.backend.client
        if self._exchange is None and self._steps:
            if self._session.state is not BackendState.READY or client is None:
                self._steps, self.problem = [], _LOST
                return True
            self._exchange = client.send(*self._steps.pop(0))
            return True
        if self._exchange is None or not self._exchange.done:
            return False
        exchange, self._exchange = self._exchange, None
        if exchange.lost or exchange.error:
            self.problem = _LOST if exchange.lost else _OLD if exchange.status == 404 else str(exchange.error)
            self._steps = self._steps[-1:]  # the list is right again
        elif exchange.status != 204:
            self._take(exchange.json())
        return True

    def _take(self, said: Any) -> None:
        try:
            self.items = [
                Kept(str(one["job"]), _label(str(one["kind"]), str(one["label"])), int(one["size"]))
                for one in said["items"]
            ]
            self.used, self.sent, self.styles = (int(said[name]) for name in ("used", "uploads", "styles"))
            self.allowed = None if said["allowed"] is None else int(said["allowed"])
        except (KeyError, TypeError, ValueError):
            self.problem = _OLD


def _label(kind: str, words: str) -> str:
    name = _KINDS.get(kind, kind)
    return f"{name}: {words}" if words else name


def in_words(size: int) -> str:
    """Return a size as people say it."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.1f} MB"
