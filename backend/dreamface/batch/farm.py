"""Rows made on several machines, as Ray has them: one worker for each processor of the cluster, models kept loaded.

Ray (https://docs.ray.io) moves the work; the folder or URL that faces go to is seen by all machines. Everything else is
as on one machine.
"""

from __future__ import annotations

import logging
import socket
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from dreamface import __version__
from dreamface.batch.dispatching import dispatch
from dreamface.batch.making import Make, ProgressOf, load_pipeline, make
from dreamface.batch.outcome import Result, Results
from dreamface.batch.plan import PlannedRow
from dreamface.batch.processes import processors
from dreamface.batch.table import PLAN
from dreamface.batch.wishes import Wish
from dreamface.errors import BadRequest, DreamFaceError, MissingDependency

EXTRA: Final = "farm"

LOCAL, AUTO, CLIENT = "local", "auto", "ray://"
"""A cluster of this machine alone; the one that this machine belongs to; one that is reached by its address."""

_NO_RAY: Final = f"Farms need the package ray: install DreamFace with its extra, dreamface[{EXTRA}]."
_TOKEN: Final = "; a cluster that asks for a token takes RAY_AUTH_MODE=token"
_ASK_S: Final = 60.0  # within which every machine has to say what it has
_KNOCK_S: Final = 10.0  # within which a cluster's host answers first
_PORT: Final = 10001  # of Ray's clients
_PROBE_EVERY_S: Final = 2.0
_PROBE_S: Final = 2.0  # within which a cluster that is there answers
_MOST_SILENCES: Final = 3  # in a row; Ray itself ends this process after a minute of them
_STORE_BYTES: Final = 100 * 2**20  # of memory that Ray shares between processes: rows and answers are small


class Farm:
    """Makes rows as tasks of a Ray cluster.

    Args:
        address: `LOCAL`, `AUTO` or ray://host:10001.
        count: workers; None is one for each processor of the cluster.
        make: makes rows; a function that can be imported by its name, as the next one.
        load: what a worker does before its first row.

    Raises:
        BadRequest: the address is none of these.
        MissingDependency: Ray is not installed.
    """

    def __init__(
        self,
        address: str,
        count: int | None = None,
        make: Make = make,
        load: Callable[[], None] = load_pipeline,
    ) -> None:
        if address not in (LOCAL, AUTO) and not (address.startswith(CLIENT) and urlsplit(address).hostname):
            raise BadRequest(f"--ray takes {AUTO}, {LOCAL} or an address such as ray://host:10001; got {address!r}.")
        try:
            import ray  # noqa: F401
        except ImportError as error:
            raise MissingDependency(_NO_RAY) from error
        self._address, self._count, self._make, self._load = address, count, make, load

    def run(self, rows: Sequence[PlannedRow], wish: Wish, progress_of: ProgressOf) -> Results:
        """See `Executor`.

        Raises:
            DreamFaceError: there is no such cluster, or its machines have another DreamFace, or don't see the folder.
        """
        import ray

        if isinstance(wish.out, Path):
            wish = replace(wish, out=wish.out.absolute())  # workers are in folders of their own
        ours = not ray.is_initialized()
        if ours:
            self._connect(ray)
        try:
            _check_machines(ray, wish)
            yield from self._work(ray, rows, wish)
        finally:
            if ours:
                ray.shutdown()

    def _connect(self, ray: Any) -> None:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        try:
            if self._address == LOCAL:
                processes = self._count or processors()
                own = {"num_cpus": processes, "include_dashboard": False, "object_store_memory": _STORE_BYTES}
                ray.init(LOCAL, **own, **quiet)  # by this word, never one that runs here already
            else:
                if self._address.startswith(CLIENT):  # Ray itself would try for most of a minute
                    place = urlsplit(self._address)
                    socket.create_connection((place.hostname, place.port or _PORT), timeout=_KNOCK_S).close()
                with warnings.catch_warnings(action="ignore"):  # the sentence below says the same
                    ray.init(self._address, **quiet)
        except Exception as error:  # whatever Ray meets on its way
            said = (str(error).strip() or repr(error)).splitlines()[0].rstrip(".:")
            raise DreamFaceError(
                f"No Ray cluster could be reached by --ray {self._address} ({said}): start one with `ray start --head` "
                f"or work on this machine with --ray {LOCAL}{_TOKEN if self._address.startswith(CLIENT) else ''}."
            ) from error

    def _work(self, ray: Any, rows: Sequence[PlannedRow], wish: Wish) -> Results:
        resources = ray.cluster_resources()
        on_gpu = bool(wish.align) and resources.get("GPU", 0) >= 1  # what looks at portraits is the one that gains
        own = {"num_cpus": 1, "num_gpus": 1} if on_gpu else {"num_cpus": 1}
        count = self._count or int(resources.get("GPU" if on_gpu else "CPU", 1)) or 1
        maker = ray.remote(**own)(_maker())
        workers = [_Actor(ray, maker, self._make, self._load, wish) for _ in range(min(count, len(rows)))]
        pulse = _Pulse(_heart(ray, self._address))
        try:
            for result in dispatch(workers, rows, partial(wish.store.sweep, again=True)):
                yield result
                if result is None and pulse.is_gone():
                    yield Result(-1, "stop", reason=_GONE)
        except DreamFaceError:
            raise
        except Exception as error:  # a client of Ray's may say so in many ways
            if not (isinstance(error, ConnectionError) or pulse.is_silent()):
                raise
            yield Result(-1, "stop", reason=_GONE)


_GONE: Final = "The Ray cluster is gone: start it again"


class _Actor:
    """A worker of the cluster, wherever Ray puts it."""

    def __init__(self, ray: Any, maker: Any, make: Make, load: Callable[[], None], wish: Wish) -> None:
        self._ray, self._maker, self._make, self._load, self._wish = ray, maker, make, load, wish
        self._actor: Any = None

    def start(self) -> Future[list[Result]]:
        self._actor = self._maker.remote()
        return self._actor.begin.remote(self._load).future()

    def submit(self, rows: Sequence[PlannedRow]) -> Future[list[Result]]:
        return self._actor.make.remote(self._make, rows, self._wish).future()

    def is_death(self, error: BaseException) -> bool:
        dead = (self._ray.exceptions.RayActorError, self._ray.exceptions.WorkerCrashedError)
        return isinstance(error, (*dead, self._ray.exceptions.NodeDiedError))

    def stop(self) -> None:
        if self._actor is not None:
            with suppress(Exception):  # it is dead, or the cluster is gone
                self._ray.kill(self._actor)
        self._actor = None


def _maker() -> Any:
    """Return the class of workers: inside a function, so that Ray sends it and no worker has to have the same file."""

    class Maker:
        def begin(self, load: Any) -> list[Any]:
            load()
            return []

        def make(self, make: Any, rows: Any, wish: Any) -> list[Any]:
            from dreamface.batch.dispatching import make_all

            return make_all(make, rows, wish)

    return Maker


def _check_machines(ray: Any, wish: Wish) -> None:
    """Refuse a cluster whose machines have another DreamFace, or don't see where faces go.

    Raises:
        DreamFaceError: which machines, and both versions.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    def look(plan: str | None) -> tuple[str, str, bool]:
        import os
        import platform

        try:
            from dreamface import __version__ as found
        except ImportError:
            found = ""
        return platform.node(), found, plan is None or os.path.isfile(plan)  # noqa: PTH113 - without more imports

    plan = str(wish.out / PLAN) if isinstance(wish.out, Path) else None
    task = ray.remote(num_cpus=0)(look)
    there = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    asked = [task.options(scheduling_strategy=NodeAffinitySchedulingStrategy(one, soft=False)) for one in there]
    try:
        found = ray.get([one.remote(plan) for one in asked], timeout=_ASK_S)
    except Exception as error:
        raise DreamFaceError(
            f"Not all machines of the Ray cluster answer ({type(error).__name__}): look at `ray status`."
        ) from error
    other = sorted({(name, version) for name, version, _ in found if version != __version__})
    if other:
        said = ", ".join(f"{name} has {version or 'none'}" for name, version in other)
        raise DreamFaceError(
            f"This machine has DreamFace {__version__}, and of the cluster {said}: install the same everywhere."
        )
    blind = sorted({name for name, _, sees in found if not sees})
    if blind:
        raise DreamFaceError(
            f"{', '.join(blind)} can't see {wish.out}: choose a folder that all machines share, or a URL, such as "
            "s3://bucket/cast."
        )


def _heart(ray: Any, address: str) -> tuple[str, int] | None:
    """Return the host and port at which a cluster answers while it is there."""
    place = urlsplit(address if address.startswith(CLIENT) else f"ray://{_head(ray)}")
    return (place.hostname, place.port or _PORT) if place.hostname else None


def _head(ray: Any) -> str:
    with suppress(Exception):  # not of a client's
        return str(ray.get_runtime_context().gcs_address)
    return ""


class _Pulse:
    """Feels whether a cluster is there, before Ray ends this process because it is not."""

    def __init__(self, place: tuple[str, int] | None) -> None:
        self._place, self._next, self._silences = place, 0.0, 0

    def is_silent(self) -> bool:
        """Whether it does not answer right now."""
        if self._place is None:
            return False
        try:
            socket.create_connection(self._place, timeout=_PROBE_S).close()
        except OSError:
            return True
        return False

    def is_gone(self) -> bool:
        """Whether it has not answered several times in a row; asks now and then."""
        if self._place is None or time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + _PROBE_EVERY_S
        self._silences = self._silences + 1 if self.is_silent() else 0
        return self._silences >= _MOST_SILENCES
