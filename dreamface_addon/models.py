"""The head models that the backend has, for a menu."""

from __future__ import annotations

from .backend import BackendState
from .client import Exchange
from .session import Session

AUTOMATIC = ("auto", "Automatic", "The best one installed")


class Models:
    """Asks the backend once each time it becomes ready.

    Attributes:
        head_items: (name, label, tooltip) of the installed head models; Blender needs the same strings to stay alive.
    """

    def __init__(self) -> None:
        self.head_items = [AUTOMATIC]
        self._ready = False
        self._answer: Exchange | None = None

    def tick(self, session: Session) -> bool:
        """Ask or take the answer; True where the menu has changed."""
        was_ready, self._ready = self._ready, session.state is BackendState.READY
        if self._ready and not was_ready and session.backend.client is not None:
            self._answer = session.backend.client.send("GET", "/models")
        if self._answer is None or not self._answer.done:
            return False
        answer, self._answer = self._answer, None
        if answer.error or answer.status != 200:
            return False
        heads = [head for head in answer.json()["heads"] if head["installed"]]
        items = [AUTOMATIC, *((head["name"], head["name"].title(), head["description"]) for head in heads)]
        changed = items != self.head_items
        if changed:
            self.head_items = items
        return changed
