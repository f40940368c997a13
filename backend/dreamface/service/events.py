"""Telling everyone who listens how the jobs go, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable

from dreamface.service.schemas import Job
from dreamface.service.store import ACTIVE
from dreamface.service.users import asking

ALIVE_EVERY = 4.0
"""Seconds after which silence is broken by a comment, so that listeners can tell it from a lost connection."""


class _Listener:
    """What one listener has not been told yet: only the newest of each job, so a slow one costs no memory."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.news: dict[str, Job] = {}
        self.woken = asyncio.Event()


class Hub:
    """Passes on what becomes of jobs. Used in one event loop."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._closed = False

    def publish(self, job: Job, owner: str) -> None:
        """Tell every listener that a job's owner has."""
        for listener in self._listeners:
            if listener.owner == owner:
                listener.news[job.id] = job
                listener.woken.set()

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        for listener in self._listeners:
            listener.woken.set()

    async def stream(self, now: Callable[[], Iterable[Job]], only: str | None = None) -> AsyncIterator[str]:
        """Events as they go over HTTP, to whoever asks.

        Args:
            now: the jobs as they are, which come first.
            only: the job to follow, until it is over; None follows all for ever.
        """
        listener = _Listener(asking.get().name)
        self._listeners.add(listener)
        try:
            listener.news = {job.id: job for job in now()}
            yield ": alive\n\n"  # the answer starts now, even if nothing is going on
            while True:
                news, listener.news = listener.news, {}
                listener.woken.clear()
                for job in news.values():
                    if only in (None, job.id):
                        yield f"event: job\ndata: {job.model_dump_json()}\n\n"
                if self._closed or (only in news and news[only].state not in ACTIVE):
                    return
                try:
                    await asyncio.wait_for(listener.woken.wait(), ALIVE_EVERY)
                except TimeoutError:
                    yield ": alive\n\n"
        finally:
            self._listeners.discard(listener)
