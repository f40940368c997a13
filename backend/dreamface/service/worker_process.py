"""The service's side of a worker: starting it, talking to it, and starting it again when it dies."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Literal

from dreamface.errors import BadRequest, Busy, DreamFaceError, NameTaken, UnknownName
from dreamface.service import frames
from dreamface.service.memory import count_kills

COMMAND: Final = (sys.executable, "-I" if sys.flags.isolated else "-P", "-m", "dreamface.service.worker")
"""Starts the real worker; no file in the user's folder passes for a module."""

GRACE: Final = 2.0
"""Seconds that a cancelled job has to stop by itself."""

START_LIMIT: Final = 180.0
"""Seconds that a worker has to become ready; virus scanners read every file of torch the first time."""

CALL_LIMIT: Final = 30.0  # seconds
PAINT_LIMIT: Final = 120.0  # seconds: a head at 4096 that has twenty edits takes a busy machine long
_GIVE_UP: Final = 3  # starts in a row that failed, before waiting jobs are told
_KILLED_COUNTS: Final = 0.25  # of a failed start: somebody killed the worker, which says little of the next start
_LONGEST_PAUSE: Final = 30.0  # seconds between starts

_KILLED: Final = "The backend's worker was stopped by the system or another program (SIGKILL): try again."

log = logging.getLogger(__name__)


class WorkerLost(DreamFaceError):
    """The worker died, or does not start; the message says why."""


class NotStarted(WorkerLost):
    """The worker died before it had begun the job: another can do it."""


class JobFailed(DreamFaceError):
    """The worker could not do the job; the message says why.

    Attributes:
        reason: `DreamFaceError.code` of what the worker met.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


_REFUSALS: Mapping[str, type[DreamFaceError]] = {kind.__name__: kind for kind in (NameTaken, UnknownName, Busy)}
"""Refusals of a call that are answered differently from others."""


class CallFailed(DreamFaceError):
    """A call met a bug; the message says which."""


@dataclass
class _Running:
    job: str
    outcome: asyncio.Future[dict[str, Any]]
    on_progress: Callable[[str, float, str], None]
    started: bool = False
    cancelled: bool = False


State = Literal["starting", "ready", "restarting", "stopped"]


class WorkerProcess:
    """One worker at a time, as long as `supervise` runs.

    Args:
        command: starts it.
        grace: seconds that a cancelled job has to stop by itself.
        pause: seconds before it is started again; more each time that it does not start.
        umask: of its files; None: this process's.

    Attributes:
        pid: of the process, or None.
        device: what it computes on, once known.
        problem: why it does not start, or "".
    """

    def __init__(
        self, command: Sequence[str] = COMMAND, *, grace: float = GRACE, pause: float = 0.25, umask: int | None = None
    ) -> None:
        self.pid: int | None = None
        self.device: Literal["cpu", "cuda"] | None = None
        self.problem = ""
        self._state: Literal["starting", "ready", "restarting"] = "starting"
        self._command = command
        self._grace = grace
        self._pause = pause
        self._umask = -1 if umask is None else umask
        self._process: asyncio.subprocess.Process | None = None
        self._was_ready = False
        self._ended_by_us = False  # or about to be: it gets nothing to do any more
        self._kills_before = count_kills()
        self._running: _Running | None = None
        self._calls: dict[int, asyncio.Future[tuple[dict[str, Any], bytes]]] = {}
        self._call_numbers = itertools.count(1)
        self._news = asyncio.Event()  # set when it became ready, or a problem

    @property
    def state(self) -> State:
        """How it is: "starting" at first, "ready" while it can be used, "restarting" after it died.

        "stopped" while somebody has stopped the process (SIGSTOP); it goes on where it was when it is continued.
        """
        return "stopped" if self._process is not None and _is_stopped(self._process.pid) else self._state

    # --------------------------------------------------------------------------------------------------------- its life

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Keep a worker alive during the block."""
        self._forget_problem()  # now: whoever asks before the task below runs must not be told of the last time
        task = asyncio.create_task(self.supervise())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def supervise(self) -> None:
        """Keep a worker alive until this is cancelled."""
        failures = 0.0
        self._forget_problem()
        while True:
            was_ready, reason = await self._live()
            failures = 0.0 if was_ready else failures + (_KILLED_COUNTS if reason == _KILLED else 1.0)
            if failures >= _GIVE_UP:
                self.problem = f"The backend's worker does not start. {reason}"
                self._news.set()
            log.error("%s", reason)
            self._lose(reason)
            if failures:
                await asyncio.sleep(pause_after(failures, self._pause))

    def _forget_problem(self) -> None:
        """Count failed starts from the beginning; `ready` waits for news again, which a problem was."""
        self.problem = ""
        if self._state != "ready":
            self._news.clear()

    async def _live(self) -> tuple[bool, str]:
        """One worker from start to end; whether it ever was ready, and why it ended."""
        self._kills_before, self._ended_by_us, self._was_ready = count_kills(), False, False
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(),
                **_own_group(self._umask),
            )  # fmt: skip
        except OSError as error:
            return False, f"{self._command[0]} could not be run ({error.strerror}); set DreamFace up again."
        self._process, self.pid = process, process.pid
        reason = ""
        try:
            reason = await self._attend(process)
        finally:
            ended_by_us = self._ended_by_us
            self._give_up_on(process)
            self._process = self.pid = None
            code = await process.wait()
        if ended_by_us:
            reason = "The backend's worker was started again because a cancelled job did not stop: try again."
        return self._was_ready, reason or _why(code, memory_ran_out=_is_more(count_kills(), self._kills_before))

    def _give_up_on(self, process: asyncio.subprocess.Process) -> None:
        """Kill a worker; from this moment on nobody takes it for one that can be used."""
        self._ended_by_us = True
        self._state = "restarting"
        self._news.clear()
        _kill(process)

    async def _attend(self, process: asyncio.subprocess.Process) -> str:
        """Take what the worker sends until it ends; the reason, if it is ours."""
        assert process.stdout
        try:
            async with asyncio.timeout(START_LIMIT) as limit:
                while (frame := await frames.receive(process.stdout)) is not None:
                    if frame.header.get("type") == "ready":
                        limit.reschedule(None)
                    self._take(frame)
        except TimeoutError:
            return f"The worker process was not ready after {START_LIMIT:.0f} seconds; the log may say why."
        except (frames.FrameError, KeyError, TypeError, ValueError) as error:
            log.error("The worker broke the protocol: %r", error)
            return "The worker process sent something that makes no sense and was ended; please report it with the log."
        return ""

    def _take(self, frame: frames.Frame) -> None:
        header = frame.header
        match header["type"]:
            case "ready":
                self.device = header["device"]
                self._was_ready = True
                if not self._ended_by_us:
                    self._state, self.problem = "ready", ""
                    self._news.set()
            case "answer":
                self._take_answer(header, frame.payload)
            case "started" | "progress" | "done" | "failed":
                self._take_outcome(header)
            case kind:
                raise ValueError(f"there is no message {kind!r}")

    def _take_answer(self, header: dict[str, Any], payload: bytes) -> None:
        answer = self._calls.pop(header["call"], None)
        if answer is None or answer.done():
            return
        if "error" in header:
            kind = CallFailed if header["bug"] else _REFUSALS.get(header.get("kind", ""), BadRequest)
            answer.set_exception(kind(header["error"]))
        else:
            answer.set_result((header["result"], payload))

    def _take_outcome(self, header: dict[str, Any]) -> None:
        running = self._running
        if running is None or running.job != header["id"] or running.outcome.done():
            return  # late news of a job that was given up
        running.started = True
        if header["type"] == "started":
            return
        if header["type"] == "progress":
            running.on_progress(str(header["stage"]), float(header["fraction"]), str(header["message"]))
        elif header["type"] == "done":
            running.outcome.set_result(dict(header["result"]))
        else:
            running.outcome.set_exception(JobFailed(str(header["error"]), str(header.get("code", ""))))

    def _lose(self, reason: str) -> None:
        """Tell everyone who waits for the dead worker."""
        for answer in self._calls.values():
            if not answer.done():
                answer.set_exception(WorkerLost(reason))
        self._calls.clear()
        running = self._running
        if running is not None and not running.outcome.done():
            running.outcome.set_exception((WorkerLost if running.started else NotStarted)(reason))

    # ------------------------------------------------------------------------------------------------------ its work

    async def ready(self) -> None:
        """Wait until the worker can be used.

        Raises:
            WorkerLost: it does not start.
        """
        while self._state != "ready":
            if self.problem:
                raise WorkerLost(self.problem)
            await self._news.wait()

    async def do(self, job: dict[str, Any], on_progress: Callable[[str, float, str], None]) -> dict[str, Any]:
        """Do a job, {id, kind, request, place}, and give its result; one at a time, when ready.

        Raises:
            JobFailed: it can't be done.
            NotStarted: the worker died before it had begun.
            WorkerLost: the worker died of it.
        """
        self._kills_before = count_kills()
        running = _Running(job["id"], asyncio.get_running_loop().create_future(), on_progress)
        self._running = running
        try:
            try:
                await self._send({"type": "job", **job})
            except WorkerLost as error:
                raise NotStarted(str(error)) from error
            return await running.outcome
        finally:
            self._running = None

    def cancel(self, job: str) -> None:
        """Stop a job, by force if it does not stop soon. Returns at once."""
        running = self._running
        if running is None or running.job != job or running.cancelled:
            return
        running.cancelled = True
        asyncio.get_running_loop().call_later(self._grace, self._insist, running)
        with suppress(WorkerLost):
            self._write({"type": "cancel", "id": job})

    def _insist(self, running: _Running) -> None:
        if self._running is running and self._process is not None:
            log.warning("A cancelled job did not stop; the worker is started again.")
            self._give_up_on(self._process)

    async def call(
        self, name: str, arguments: dict[str, Any], limit: float = CALL_LIMIT
    ) -> tuple[dict[str, Any], bytes]:
        """Ask something that is answered even while a job runs.

        Args:
            name: of one of `tasks.CALLS`.
            arguments: of it.
            limit: seconds that the answer may take.

        Raises:
            BadRequest: it can't be answered; `NameTaken` or `UnknownName` where that is why.
            Busy: a job uses what it needs.
            CallFailed: answering met a bug.
            WorkerLost: the worker is not ready, died, or does not answer.
        """
        if self._state != "ready":
            raise WorkerLost(self.problem or "DreamFace is still starting: try again in a moment.")
        number = next(self._call_numbers)
        answer = self._calls[number] = asyncio.get_running_loop().create_future()
        try:
            await self._send({"type": "call", "call": number, "name": name, "arguments": arguments})
            return await asyncio.wait_for(answer, limit)
        except TimeoutError as error:
            raise WorkerLost("DreamFace is too busy to answer: try again in a moment.") from error
        finally:
            self._calls.pop(number, None)

    async def _send(self, header: dict[str, Any]) -> None:
        stream = self._write(header)
        with suppress(OSError):  # it is dead, and whoever waits is told so by `_lose`
            await stream.drain()

    def _write(self, header: dict[str, Any]) -> asyncio.StreamWriter:
        process = self._process
        if process is None or process.stdin is None:
            raise WorkerLost("DreamFace is just starting again: try again in a moment.")
        with suppress(OSError):
            process.stdin.write(frames.pack(header))
        return process.stdin


def pause_after(failures: float, pause: float) -> float:
    """Return the seconds to wait after so many failed starts in a row: twice as long each time, up to half a minute."""
    return min(_LONGEST_PAUSE, pause * 2.0 ** min(failures, 20.0))  # a night of failures must not overflow


def _environment() -> dict[str, str]:
    """This process's, with one heap for all the worker's threads: of several, glibc keeps 60 MB more between jobs."""
    return {"MALLOC_ARENA_MAX": "1", **os.environ}


def _own_group(umask: int) -> dict[str, Any]:
    """Arguments that make a process the head of a group, so that it can be killed with those it starts."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True, "umask": umask}


def _kill(process: asyncio.subprocess.Process) -> None:
    try:
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _is_stopped(pid: int) -> bool:
    """Whether a process of ours was stopped, where the system tells."""
    if not hasattr(os, "waitid"):
        return False
    try:
        # WNOWAIT leaves everything as it is for the one who waits for its end.
        found = os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT)
    except OSError:
        return False
    return found is not None and found.si_pid == pid


def _is_more(now: int | None, before: int | None) -> bool:
    return now is not None and before is not None and now > before


def _why(code: int, memory_ran_out: bool) -> str:
    """Why a worker ended that we did not end."""
    if code == -getattr(signal, "SIGKILL", 9):
        if memory_ran_out:
            return (
                "The backend's worker was stopped by the system because memory ran out: "
                "choose a lower resolution or close other programs."
            )
        return _KILLED
    if code < 0:
        return "The backend's worker crashed: try again, and send us the log if it stays so."
    if code == frames.BROKEN:
        return "PyTorch or another library of the backend does not load: set up the backend again."
    return f"The backend's worker ended unexpectedly (code {code}): try again, and send us the log if it stays so."
