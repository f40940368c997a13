"""How a stage reports what it is doing and learns that it should stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dreamface.errors import Cancelled


@dataclass(frozen=True)
class Step:
    """One report: the stage's name, how far the whole job is (0..1) and what is happening now."""

    stage: str
    fraction: float
    message: str


class Watcher(Protocol):
    """Whoever watches: a progress bar, an event stream, a test."""

    def __call__(self, step: Step) -> None:
        """Take one report."""
        ...


def _nobody(step: Step) -> None:
    pass


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Progress:
    """Passed into every stage; the only thing that knows someone is watching.

    `part` narrows it to a slice of the job, so that a stage reports 0..1 of itself and the watcher
    sees 0..1 of the whole.
    """

    watcher: Watcher = _nobody
    cancelled: Callable[[], bool] = _never
    start: float = 0.0
    end: float = 1.0

    def report(self, stage: str, fraction: float, message: str = "") -> None:
        """Tell the watcher; raise `Cancelled` if the user has asked to stop.

        Args:
            stage: the stage's name, such as "skin".
            fraction: 0..1 of this progress's own slice.
            message: what is happening now, in the artist's words.
        """
        self.check()
        self.watcher(Step(stage, self.start + (self.end - self.start) * fraction, message))

    def check(self) -> None:
        """Raise `Cancelled` if the user has asked to stop; tell nobody. It costs next to nothing."""
        if self.cancelled():
            raise Cancelled

    def part(self, start: float, end: float) -> Progress:
        """The slice `start`..`end` (0..1) of this progress."""
        length = self.end - self.start
        return Progress(self.watcher, self.cancelled, self.start + length * start, self.start + length * end)


def time_in_words(seconds: float) -> str:
    """Return a time as people say it.

    >>> [time_in_words(seconds) for seconds in (1, 20, 130, 200, 9_000, 400_000)]
    ['1 second', '20 seconds', '2 minutes', '3 minutes', '2.5 hours', '4.6 days']
    """
    if seconds < 90.0:
        return f"{seconds:.0f} seconds" if seconds >= 1.5 else "1 second"
    if seconds < 5400.0:
        return f"{seconds / _MINUTE:.0f} minutes"
    return f"{seconds / _HOUR:.1f} hours" if seconds < _DAY else f"{seconds / _DAY:.1f} days"


_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0  # seconds
