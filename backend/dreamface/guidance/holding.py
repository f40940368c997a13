"""A loaded model stays in memory for a while after its last use, so that the next use need not load it again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Generic, TypeVar

from dreamface.guidance.devices import release_memory
from dreamface.progress import Progress

_KEPT_FOR: Final = 120.0  # seconds after it was last used

_Model = TypeVar("_Model")


class Held(Generic[_Model]):
    """One model in memory. Several threads may use it at once.

    Args:
        load: loads the model, and tells the progress.
        version: returns what is installed now; where that has changed, the model is loaded again.
    """

    def __init__(self, load: Callable[[Progress], _Model], version: Callable[[], object] = lambda: None) -> None:
        self._load, self._version_now = load, version
        self._model: _Model | None = None
        self._version: object = None
        self._clock: threading.Timer | None = None
        self._users = 0
        self._busy = threading.Lock()

    @contextmanager
    def use(self, progress: Progress) -> Iterator[_Model]:
        """Hold the model during a block, however long that takes, and for a while after the last one."""
        with self._busy:
            self._users += 1
        try:
            yield self._get(progress)
        finally:
            with self._busy:
                self._users -= 1
            self._wind_clock()

    def _get(self, progress: Progress) -> _Model:
        version = self._version_now()
        with self._busy:
            if self._model is None or self._version != version:
                self._model = None  # before the next one takes as much memory
                self._model, self._version = self._load(progress), version
            return self._model

    def _expire(self) -> None:
        if not self._users:  # whoever uses it winds the clock again
            self.forget()

    def forget(self) -> None:
        """Free the memory."""
        with self._busy:
            self._model = None
        release_memory()

    def _wind_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
        self._clock = threading.Timer(_KEPT_FOR, self._expire)
        self._clock.daemon = True  # nobody waits for it at exit
        self._clock.start()
