"""Live sessions: each has a process of its own, and never waits for a job, nor a job for it."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from dreamface.errors import BadRequest, DreamFaceError
from dreamface.motion import rescue
from dreamface.service import frames
from dreamface.service.events import ALIVE_EVERY
from dreamface.service.jobs import Conflict, NotFound
from dreamface.service.layout import Layout
from dreamface.service.schemas import Adjust, Camera, Live, LiveMoment, StartLive, Take
from dreamface.service.users import asking

COMMAND: Final = (sys.executable, "-I" if sys.flags.isolated else "-P", "-m", "dreamface.service.live_process")
"""Starts the process of one session; with "cameras" after it, one that lists cameras."""

MOST: Final = 4
"""Sessions at a time."""

LONELY: Final = 30.0
"""Seconds without anybody who follows a session's events, after which it ends: a camera stays on for nobody."""

FORGOTTEN: Final = 3600.0
"""Seconds after its end that a session can be asked about; its take stays on the disk, and can still be asked for."""

_START_LIMIT: Final = 60.0  # seconds; the first time, a tracker's files are read by virus scanners
_CALL_LIMIT: Final = 20.0  # seconds
_FINISH_LIMIT: Final = 120.0  # seconds that smoothing a take of hours may last
_CAMERAS_LIMIT: Final = 15.0  # seconds
_CRASHED: Final = "What reads the camera ended unexpectedly: start it again; what was recorded is kept."
_LONELY_REASON: Final = (
    "Nobody has followed this session for half a minute, so it was ended; what was recorded is kept."
)
_OVER: Final = "The live session has ended: start it again."
_CLOSED: Final = "The backend is ending; what was recorded is kept."

_ID: Final = re.compile("[0-9a-f]{32}")

log = logging.getLogger(__name__)


@dataclass
class _Session:
    """What the service knows of a session.

    Attributes:
        id, name: its own, and its source's.
        folder: where takes are recorded.
        process: it.
        adjustments: how moments are changed now.
        newest: the last moment, and how many there were.
        ended: why it ended, or None.
        hung: whether its process did not end when it was asked to, and was ended.
        take: the take that was recorded last.
        owner: name of the user who started it; empty: the owner.
    """

    id: str
    folder: Path
    process: asyncio.subprocess.Process
    adjustments: dict[str, Any]
    name: str = ""
    newest: dict[str, Any] = field(default_factory=dict)
    count: int = 0
    ended: str | None = None
    hung: bool = False
    take: dict[str, Any] | None = None
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    problem: DreamFaceError | None = None
    listeners: set[asyncio.Event] = field(default_factory=set)
    followed: float = field(default_factory=time.monotonic)
    calls: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    owner: str = field(default_factory=lambda: asking.get().name)

    def wake(self) -> None:
        for listener in self.listeners:
            listener.set()


class LiveSessions:
    """All live sessions of a backend. Used in one event loop."""

    def __init__(self, layout: Layout, command: Sequence[str] = COMMAND, lonely: float = LONELY) -> None:
        self._layout = layout
        self._command = command
        self._lonely = lonely
        self._sessions: dict[str, _Session] = {}
        self._starting = 0  # processes that are not among the sessions yet
        self._numbers = itertools.count(1)
        self._closed = False

    async def cameras(self) -> list[Camera]:
        """Return this machine's cameras.

        Raises:
            DreamFaceError: they can't be listed.
        """
        process = await self._spawn("cameras", stdin=subprocess.DEVNULL)
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _CAMERAS_LIMIT)
            return [Camera.model_validate(camera) for camera in json.loads(output)]
        except (TimeoutError, ValueError) as error:
            _kill(process)
            raise DreamFaceError("The cameras can't be listed: try again, and see the backend's log.") from error

    # ---------------------------------------------------------------------------------------------------- life

    async def start(self, asked: StartLive) -> Live:
        """Begin a session; answered when its source is open.

        Raises:
            BadRequest: there is no such source, or it is in use or forbidden.
            Conflict: there are too many sessions.
            DreamFaceError: it does not start.
        """
        session = await self._begin(asked)
        try:
            await asyncio.wait_for(session.opened.wait(), _START_LIMIT)
        except (TimeoutError, asyncio.CancelledError):
            self._forget(session)
            raise DreamFaceError("The camera does not start: try again, and see the backend's log.") from None
        if session.problem is not None:
            self._forget(session)
            raise session.problem
        session.followed = time.monotonic()
        session.tasks.append(asyncio.create_task(self._watch(session)))
        return Live(id=session.id, name=session.name)

    async def _begin(self, asked: StartLive) -> _Session:
        """Start a session's process, in a place that is taken before anybody else can ask for it.

        Raises:
            Conflict: there are too many sessions.
            DreamFaceError: it does not start.
        """
        running = sum(session.ended is None for session in self._sessions.values())
        if self._closed or running + self._starting >= MOST:
            raise Conflict(f"There are {MOST} live sessions already: stop one of them.")
        name = uuid.uuid4().hex
        adjustments = asked.model_dump(include={"mirror", "smoothing", "gains"})
        self._starting += 1
        try:
            process = await self._spawn()
        finally:
            self._starting -= 1
        session = _Session(name, self._layout.takes_of(asking.get().name) / name, process, adjustments)
        self._sessions[name] = session
        session.tasks = [asyncio.create_task(self._attend(session))]
        start = {"source": asked.source, "face": asked.face, "adjustments": adjustments, "folder": str(session.folder)}
        _write(session, {"type": "start", **start})
        return session

    async def _spawn(self, *arguments: str, stdin: int = subprocess.PIPE) -> asyncio.subprocess.Process:
        own_group: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            own_group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
        try:
            return await asyncio.create_subprocess_exec(
                *self._command, *arguments, stdin=stdin, stdout=subprocess.PIPE, **own_group
            )
        except OSError as error:
            reason = f"{self._command[0]} could not be run ({error.strerror})"
            raise DreamFaceError(f"{reason}: set DreamFace up again.") from error

    async def _attend(self, session: _Session) -> None:
        """Take what a session's process sends until it ends."""
        assert session.process.stdout
        try:
            while (frame := await frames.receive(session.process.stdout)) is not None:
                self._take(session, frame.header)
        except (frames.FrameError, KeyError, TypeError, ValueError) as error:
            log.error("A live session broke the protocol: %r", error)
        _kill(session.process)
        await session.process.wait()
        if session.ended is None or session.hung:
            recorded = await asyncio.to_thread(rescue, session.folder)
            if recorded is not None:
                session.take = {"file": str(recorded.file), "seconds": recorded.seconds, "moments": recorded.moments}
            session.ended = session.ended or _CRASHED
        session.problem = session.problem or (None if session.name else DreamFaceError(_CRASHED))
        session.opened.set()
        for call in session.calls.values():
            if not call.done():
                call.set_exception(Conflict(session.ended or _OVER))
        session.wake()
        asyncio.get_running_loop().call_later(FORGOTTEN, self._sessions.pop, session.id, None)

    def _take(self, session: _Session, header: dict[str, Any]) -> None:
        match header["type"]:
            case "ready":
                session.name = str(header["name"])
                session.opened.set()
            case "failed":
                session.problem, session.ended = _refusal(header), ""
            case "moment":
                session.newest, session.count = header, session.count + 1
                session.wake()
            case "ended":
                session.ended = session.ended or str(header["reason"])
                session.take = header["take"] or session.take
                session.wake()
            case "answer":
                call = session.calls.pop(header["call"], None)
                if call is not None and not call.done():
                    call.set_result(header)

    async def _watch(self, session: _Session) -> None:
        """End a session that nobody follows."""
        while session.ended is None:
            await asyncio.sleep(min(1.0, self._lonely))
            if session.listeners:
                session.followed = time.monotonic()
            elif time.monotonic() - session.followed > self._lonely:
                session.ended = _LONELY_REASON
                await self._end(session)

    async def _end(self, session: _Session) -> None:
        """Ask a session's process to end, and end it where it does not; what is recorded is kept."""
        try:
            session.take = (await self._ask(session, "stop", _FINISH_LIMIT)).get("take") or session.take
        except DreamFaceError as error:
            log.error("A live session did not end by itself: %s", error)
            _end_hung(session)

    def close(self) -> None:
        """End all sessions: their processes keep what they record by themselves, and end with their input."""
        self._closed = True
        for session in self._sessions.values():
            session.ended = session.ended or _CLOSED
            if session.process.stdin is not None:
                session.process.stdin.close()
            session.wake()

    def _forget(self, session: _Session) -> None:
        self._sessions.pop(session.id, None)
        if session.process.returncode is None:  # else its number may be another process's by now
            _kill(session.process)
        with suppress(OSError):
            session.folder.rmdir()  # empty

    # ---------------------------------------------------------------------------------------------------- use

    def stream(self, name: str) -> AsyncIterator[str]:
        """Return a session's events as they go over HTTP: of moments only ever the newest.

        Raises:
            NotFound: there is no such session.
        """
        return self._events(self._find(name))

    async def _events(self, session: _Session) -> AsyncIterator[str]:
        woken, told = asyncio.Event(), 0
        session.listeners.add(woken)
        try:
            yield ": alive\n\n"
            while True:
                woken.clear()
                if session.count != told:
                    told = session.count
                    moment = LiveMoment.model_validate(session.newest)
                    yield f"event: moment\ndata: {moment.model_dump_json()}\n\n"
                    continue  # whoever is slow gets the newest next, not the next one
                if session.ended is not None:
                    yield f"event: ended\ndata: {json.dumps({'reason': session.ended})}\n\n"
                    return
                try:
                    await asyncio.wait_for(woken.wait(), ALIVE_EVERY)
                except TimeoutError:
                    yield ": alive\n\n"
        finally:
            session.listeners.discard(woken)
            session.followed = time.monotonic()

    async def record(self, name: str, on: bool) -> Take:
        """Begin a take, or end it; gives the take that was recorded last.

        Raises:
            NotFound: there is no such session.
            Conflict: it has ended.
            DreamFaceError: the disk refused.
        """
        session = self._running(name)
        answer = await self._ask(session, "record", _CALL_LIMIT if on else _FINISH_LIMIT, on=on)
        session.take = answer.get("take") or session.take
        return _to_take(session.take)

    async def neutral(self, name: str) -> None:
        """Take the face of just now as the one at rest.

        Raises:
            NotFound: there is no such session.
            BadRequest: no face is seen.
            Conflict: it has ended.
        """
        await self._ask(self._running(name), "neutral", _CALL_LIMIT)

    async def adjust(self, name: str, asked: Adjust) -> None:
        """Change moments otherwise from now on; what is not said stays.

        Raises:
            NotFound: there is no such session.
            Conflict: it has ended.
        """
        session = self._running(name)
        changed = {**session.adjustments, **asked.model_dump(exclude_none=True)}
        await self._ask(session, "adjust", _CALL_LIMIT, adjustments=changed)
        session.adjustments = changed

    async def stop(self, name: str) -> Take:
        """End a session, and give the take that was recorded last; a session that has ended is forgotten.

        Raises:
            NotFound: there is no such session, and never was one with a take.
        """
        if name not in self._sessions:
            return await self._kept(name)
        session = self._find(name)
        if session.ended is None:
            await self._end(session)
        if not await _is_over(session):  # nobody followed it, it was asked to end, and does not
            _end_hung(session)
            await _is_over(session)
        session.ended = session.ended or ""
        session.wake()
        self._forget(session)
        return _to_take(session.take)

    async def _kept(self, name: str) -> Take:
        """Return the take of a session that an earlier backend had."""
        folder = self._layout.takes_of(asking.get().name) / name
        recorded = await asyncio.to_thread(rescue, folder) if _ID.fullmatch(name) else None
        if recorded is None:
            raise NotFound(f"There is no live session {name}: start one.")
        return Take(file=str(recorded.file), seconds=recorded.seconds, moments=recorded.moments)

    # ------------------------------------------------------------------------------------------------------- pieces

    def _find(self, name: str) -> _Session:
        """Return a session of whoever asks."""
        session = self._sessions.get(name)
        if session is None or session.owner != asking.get().name:
            raise NotFound(f"There is no live session {name}: start one.")
        return session

    def _running(self, name: str) -> _Session:
        session = self._find(name)
        if session.ended is not None:
            raise Conflict(session.ended or _OVER)
        return session

    async def _ask(self, session: _Session, kind: str, limit: float, **arguments: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = session.calls[number] = asyncio.get_running_loop().create_future()
        try:
            _write(session, {"type": kind, "call": number, **arguments})
            header = await asyncio.wait_for(answer, limit)
        except TimeoutError as error:
            raise DreamFaceError("The live session does not answer: stop it, and start it again.") from error
        finally:
            session.calls.pop(number, None)
        if "error" in header:
            raise _refusal(header)
        return header


def _to_take(take: dict[str, Any] | None) -> Take:
    return Take(file=None, seconds=0.0, moments=0) if take is None else Take.model_validate(take)


def _refusal(header: dict[str, Any]) -> DreamFaceError:
    kind = BadRequest if header.get("kind") in ("BadRequest", "MissingDependency") else DreamFaceError
    return kind(str(header["error"]))


def _write(session: _Session, header: dict[str, Any]) -> None:
    if session.process.stdin is not None:
        with suppress(OSError):
            session.process.stdin.write(frames.pack(header))


async def _is_over(session: _Session) -> bool:
    """Wait a while for a session's process to end, and what it left to be looked at."""
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(session.tasks[0]), _CALL_LIMIT)
    return session.tasks[0].done()


def _end_hung(session: _Session) -> None:
    session.hung = True
    _kill(session.process)


def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
