"""A part of DreamFace: the actions of one topic, such as models, and the reasons why they are not possible now.

Operators and panels call a part's own methods: `application.get().models.cancel(...)`. The methods here are the ones
that the application calls on every part.
"""

from __future__ import annotations

from typing import ClassVar

from .job import Job

BUSY_INTERVAL = 0.01
READY_INTERVAL = 0.1
IDLE_INTERVAL = 1.0
"""Seconds between ticks: while something is awaited, while the backend runs, and otherwise."""


class Part:
    """Base class that does nothing; a part overrides the methods that concern it.

    A part gets what it needs in its constructor, and does not know the application.

    Attributes:
        kinds: kinds of jobs that the part submits; their results come back to it.
    """

    kinds: ClassVar[tuple[str, ...]] = ()

    @property
    def interval(self) -> float:
        """Seconds after which the part wants to be called again, at the latest."""
        return IDLE_INTERVAL

    def tick(self) -> bool:
        """Do what there is to do without waiting; return whether something that panels show has changed."""
        return False

    def finish(self, job: Job) -> None:
        """Take over one of the part's jobs that is done, failed or cancelled."""

    def dismiss_messages(self) -> None:
        """Stop showing the part's messages, which the artist has read."""

    def file_opened(self) -> None:
        """Forget what belongs to the file that was open before."""

    def shut_down(self) -> None:
        """End what would outlive the extension."""
