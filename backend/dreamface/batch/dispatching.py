"""Rows handed to several workers, of which some may die: nothing is lost, nothing is done twice.

A worker gets a few rows at a time. When it dies, it is started anew, and those of its rows that are not there yet are
tried once more, each by itself; then once more with no other worker beside it, as what killed it may have been that
memory ran out. Only a row that kills a worker then, too, has failed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from dreamface.batch.making import Make
from dreamface.batch.outcome import Result, Results
from dreamface.batch.plan import PlannedRow
from dreamface.batch.wishes import Wish
from dreamface.errors import DreamFaceError

LOOK_S: Final = 0.2
"""Seconds between two looks at whether the user wants to stop."""

TOGETHER: Final = 4
"""Rows that a worker gets at a time."""

_TURNS: Final = 4  # that each worker gets at least, so that all are done at about the same time
_MOST_FAILED_STARTS: Final = 3  # in a row: the next one would not work either

Answer: TypeAlias = "Future[list[Result]]"


class NotBegun(Exception):
    """A worker was dead before it got its rows: they are not to blame."""


class Worker(Protocol):
    """A process that makes faces, here or on another machine; it keeps models loaded."""

    def start(self) -> Future[list[Result]]:
        """Start, also anew after it died; the future is done when it can take rows."""
        ...

    def submit(self, rows: Sequence[PlannedRow]) -> Future[list[Result]]:
        """Begin to make rows; the future raises `NotBegun` where the worker is known to be dead already."""
        ...

    def is_death(self, error: BaseException) -> bool:
        """Whether what a future raised means that the worker is dead."""
        ...

    def stop(self) -> None:
        """End at once, whatever it is doing."""
        ...


@dataclass
class _Job:
    """Rows that one worker makes, and how often a worker has died of them."""

    rows: Sequence[PlannedRow]
    deaths: int = 0


def make_all(make: Make, rows: Sequence[PlannedRow], wish: Wish) -> list[Result]:
    """Return the results of rows; none after one that concerns all others, too."""
    results = []
    for result in make(rows, wish):
        results.append(result)
        if result.kind == "stop":
            break
    return results


def dispatch(workers: Sequence[Worker], rows: Sequence[PlannedRow], clear: Callable[[], None]) -> Results:
    """Have workers make rows; yield the results, and None now and then.

    Args:
        workers: not started yet.
        rows: to be made.
        clear: takes away what dead workers have left.

    Raises:
        DreamFaceError: workers end as soon as they begin.
    """
    work = _Work(workers, rows, clear)
    try:
        yield from work.run()
    finally:
        work.stop()


class _Work:
    def __init__(self, workers: Sequence[Worker], rows: Sequence[PlannedRow], clear: Callable[[], None]) -> None:
        size = max(1, min(TOGETHER, len(rows) // (_TURNS * len(workers))))
        self._queue = deque(_Job(rows[start : start + size]) for start in range(0, len(rows), size))
        self._lonely: deque[_Job] = deque()
        self._workers, self._clear = list(workers), clear
        self._idle: list[Worker] = []
        self._busy: dict[Answer, tuple[Worker, _Job | None]] = {}
        self._failed_starts = 0

    def run(self) -> Results:
        for worker in self._workers:
            self._busy[worker.start()] = (worker, None)
        while self._queue or self._lonely or self._working:
            done, _ = wait(self._busy, timeout=LOOK_S, return_when=FIRST_COMPLETED)
            for future in done:
                yield from self._finish(future)
            self._give_out()
            yield None

    @property
    def _working(self) -> bool:
        """Whether rows are being made; workers that have not begun, as where a farm has no room, are not waited for."""
        return any(job is not None for _, job in self._busy.values())

    def stop(self) -> None:
        """End all workers, and take away what they were at."""
        for worker in self._workers:
            worker.stop()
        self._clear()

    def _give_out(self) -> None:
        while self._queue and self._idle:
            self._give(self._idle.pop(), self._queue.popleft())
        if self._lonely and self._idle and not self._queue and not self._working:
            only = self._idle.pop()
            for worker in self._workers:
                if worker is not only:
                    worker.stop()
            self._workers, self._idle = [only], []
            self._busy.clear()
            self._give(only, self._lonely.popleft())

    def _give(self, worker: Worker, job: _Job) -> None:
        self._busy[worker.submit(job.rows)] = (worker, job)

    def _finish(self, future: Answer) -> Iterator[Result]:
        worker, job = self._busy.pop(future)
        error = future.exception()
        if error is None:
            self._failed_starts = 0
            self._idle.append(worker)
            yield from future.result()
        elif worker.is_death(error):
            worker.stop()
            self._clear()
            if job is None:
                self._count_failed_start(error)
            elif isinstance(error, NotBegun):
                self._queue.appendleft(job)
            else:
                yield from self._bury(job)
            self._busy[worker.start()] = (worker, None)
        else:
            raise error

    def _count_failed_start(self, error: BaseException) -> None:
        self._failed_starts += 1
        if self._failed_starts >= _MOST_FAILED_STARTS:
            raise DreamFaceError(
                "Processes that make faces end as soon as they begin, perhaps because memory is short: close other "
                "programs, or ask for fewer with --processes; what is made is kept."
            ) from error

    def _bury(self, job: _Job) -> Iterator[Result]:
        """Put the rows of a dead worker back, or say that they have failed."""
        deaths = job.deaths + 1
        alone = [_Job((row,), deaths) for row in job.rows]
        if deaths == 1:
            self._queue.extendleft(reversed(alone))
        elif deaths == _LONELY:
            self._lonely.extend(alone)
        else:
            for row in job.rows:
                yield Result(row.index, "failed", row.name, _DIED)


_LONELY: Final = 2  # deaths after which a row is tried with no other worker beside it
_DIED: Final = (
    "The process that made it was ended three times, perhaps because memory ran out; try a lower resolution, or this "
    "row alone."
)
