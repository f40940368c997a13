"""How fast a batch is, and how long it still takes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from dreamface.progress import time_in_words

WINDOW_S: Final = 120.0
"""What the rate is measured over: after a pause, or where long prompts follow short ones, the whole mean is wrong."""

FEWEST: Final = 10
"""Faces that the rate is measured over, where they take longer than the window."""

_MINUTE: Final = 60.0


class Pace:
    """Counts faces as they are finished.

    Args:
        clock: seconds; never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times = deque([clock()])  # when the work began, then when each face was finished

    def count(self) -> None:
        """Count one face that was made just now."""
        now = self._clock()
        self._times.append(now)
        while len(self._times) > FEWEST + 1 and self._times[0] < now - WINDOW_S:
            self._times.popleft()

    @property
    def a_minute(self) -> float | None:
        """Faces a minute lately; None before the first."""
        seconds = self._clock() - self._times[0]
        return (len(self._times) - 1) * _MINUTE / seconds if len(self._times) > 1 and seconds > 0.0 else None

    def in_words(self, left: int) -> str:
        """Return the rate, and how long `left` more faces take; "" before the first one is there."""
        rate = self.a_minute
        if rate is None:
            return ""
        said = f"{rate:.0f} a minute" if rate >= _WHOLE else f"{rate:.1f} a minute"
        return f"{said}, {time_in_words(left / rate * _MINUTE)} left" if left else said


_WHOLE: Final = 10.0  # faces a minute from which on fractions say nothing
