"""Live sessions whose processes hang, or that many ask for at once: without a backend around them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dreamface.service import frames, live
from dreamface.service.jobs import Conflict, NotFound
from dreamface.service.layout import Layout
from dreamface.service.live import LiveSessions
from dreamface.service.schemas import Live, StartLive
from dreamface.service.users import User, asking

READY = frames.pack({"type": "ready", "name": "A phone"})
HANGS = f"import sys, time; sys.stdout.buffer.write({READY!r}); sys.stdout.flush(); time.sleep(60)"
ENDS = f"import sys; sys.stdout.buffer.write({READY!r}); sys.stdout.flush(); sys.stdin.buffer.read(4)"
ASKED = StartLive(source="udp:11111")


def sessions(store: Path, program: str, lonely: float = 60.0) -> LiveSessions:
    return LiveSessions(Layout(store), (sys.executable, "-S", "-E", "-c", program), lonely)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(5.0):
        while not happened():
            await asyncio.sleep(0.005)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_that_hangs_is_ended_when_nobody_follows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_FINISH_LIMIT", 0.02)

    async def run() -> None:
        all_of_them = sessions(tmp_path, HANGS, lonely=0.02)
        name = (await all_of_them.start(ASKED)).id
        process = all_of_them._sessions[name].process.pid
        await until(lambda: not is_alive(process))
        with pytest.raises(Conflict, match="Nobody has followed"):
            await all_of_them.neutral(name)
        assert (await all_of_them.stop(name)).file is None

    asyncio.run(run())


def test_sessions_asked_for_at_once_are_as_few_as_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST", 2)

    async def run() -> None:
        all_of_them = sessions(tmp_path, HANGS)
        begun = await asyncio.gather(*(all_of_them.start(ASKED) for _ in range(4)), return_exceptions=True)
        names = [each.id for each in begun if isinstance(each, Live)]
        refused = [str(each) for each in begun if isinstance(each, Conflict)]
        monkeypatch.setattr(live, "_FINISH_LIMIT", 0.02)
        for name in names:
            await all_of_them.stop(name)
        assert (len(names), refused) == (2, ["There are 2 live sessions already: stop one of them."] * 2)
        await all_of_them.stop((await all_of_them.start(ASKED)).id)  # there is room again

    asyncio.run(run())


def test_a_session_that_has_ended_is_forgotten_though_nobody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "FORGOTTEN", 0.02, raising=False)

    async def run() -> None:
        all_of_them = sessions(tmp_path, ENDS)
        name = (await all_of_them.start(ASKED)).id
        await until(lambda: name not in all_of_them._sessions)
        with pytest.raises(NotFound):
            all_of_them.stream(name)

    asyncio.run(run())


def test_a_session_is_its_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_FINISH_LIMIT", 0.02)

    async def run() -> None:
        all_of_them = sessions(tmp_path, HANGS)
        asking.set(User("anna"))
        name = (await all_of_them.start(ASKED)).id
        asking.set(User("ben"))
        with pytest.raises(NotFound):
            all_of_them.stream(name)
        for others in (all_of_them.stop(name), all_of_them.record(name, True), all_of_them.neutral(name)):
            with pytest.raises(NotFound):
                await others
        asking.set(User("anna"))
        assert (await all_of_them.stop(name)).file is None

    asyncio.run(run())
