"""Rows made on this machine: one after the other here, or side by side in processes of their own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from dreamface.batch.dispatching import NotBegun, dispatch, make_all
from dreamface.batch.making import Make, ProgressOf, load_pipeline, make
from dreamface.batch.outcome import Result, Results
from dreamface.batch.plan import PlannedRow
from dreamface.batch.wishes import Wish
from dreamface.errors import BadRequest

MOST_PROCESSES: Final = 256

_MEMORY: Final = Path("/proc/meminfo")
_EACH, _LARGE = 2 * 2**30, 4 * 2**30  # bytes that a process may need, up to maps of `_COMMON` pixels and above
_COMMON: Final = 2048

_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What numpy's and torch's libraries read when they load."""


class Here:
    """Makes rows one after the other in this process.

    Args:
        make: makes rows.
    """

    def __init__(self, make: Make = make) -> None:
        self._make = make

    def run(self, rows: Sequence[PlannedRow], wish: Wish, progress_of: ProgressOf) -> Results:
        """See `Executor`."""
        yield from self._make(rows, wish, progress_of)


class Processes:
    """Makes rows in several processes at a time, each of which loads models once.

    Args:
        count: how many.
        make: makes rows; a function that can be imported by its name, as the next one.
        load: what a process does before its first row.
    """

    def __init__(self, count: int, make: Make = make, load: Callable[[], None] = load_pipeline) -> None:
        self._count, self._make, self._load = count, make, load

    def run(self, rows: Sequence[PlannedRow], wish: Wish, progress_of: ProgressOf) -> Results:
        """See `Executor`."""
        workers = [_Process(self._make, self._load, wish) for _ in range(min(self._count, len(rows)))]
        yield from dispatch(workers, rows, partial(wish.store.sweep, again=True))


def check_processes(count: int | None) -> None:
    """Refuse a number of processes that nobody means.

    Raises:
        BadRequest: it is out of range.
    """
    if count is not None and not 1 <= count <= MOST_PROCESSES:
        raise BadRequest(f"Ask for 1 to {MOST_PROCESSES} processes; got {count}.")


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _fitting(resolution: int) -> int:
    """Return how many processes the memory holds that is free now; Linux alone tells."""
    try:
        lines = _MEMORY.read_text().splitlines()
        free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return MOST_PROCESSES
    return max(1, free * 1024 // (_LARGE if resolution > _COMMON else _EACH))


def on_this_machine(processes: int | None = None, resolution: int = 1024) -> Here | Processes:
    """Return what makes rows here.

    Args:
        processes: that work side by side; None is one for each processor, or as many as memory holds.
        resolution: of the maps in pixels.

    Raises:
        BadRequest: their number is out of range.
    """
    check_processes(processes)
    count = min(processors(), _fitting(resolution)) if processes is None else processes
    return Here() if count == 1 else Processes(count)


class _Process:
    """A worker on this machine: a pool of one process, so that one that dies takes no other along."""

    def __init__(self, make: Make, load: Callable[[], None], wish: Wish) -> None:
        self._make, self._load, self._wish = make, load, wish
        self._pool: ProcessPoolExecutor | None = None

    def start(self) -> Future[list[Result]]:
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_begin)
        with _one_thread_each():
            return self._pool.submit(_ready, self._load)

    def submit(self, rows: Sequence[PlannedRow]) -> Future[list[Result]]:
        assert self._pool is not None
        try:
            return self._pool.submit(make_all, self._make, rows, self._wish)
        except BrokenProcessPool:  # it died while it had nothing to do
            failed: Future[list[Result]] = Future()
            failed.set_exception(NotBegun())
            return failed

    def is_death(self, error: BaseException) -> bool:
        return isinstance(error, (BrokenProcessPool, NotBegun))

    def stop(self) -> None:
        if self._pool is None:
            return
        for process in list((getattr(self._pool, "_processes", None) or {}).values()):
            process.kill()  # a face takes seconds: nobody who stops waits for that
        self._pool.shutdown(cancel_futures=True)
        self._pool = None


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes that start during the block compute with one thread: there is one of them for each processor."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin() -> None:
    """Begin a worker: Ctrl-C is the parent's business, and without a parent there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.cpu_count = _one  # else the renderer, which has threads of its own, would start one for each processor
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _one() -> int:
    return 1


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _ready(load: Callable[[], None]) -> list[Result]:
    """Load what takes long; that it was done says that the process has begun."""
    load()
    return []
