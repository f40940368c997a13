"""The service's side of a worker: starting it again after it did not start."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from dreamface.service.worker_process import WorkerLost, WorkerProcess

PROGRAM = """
import sys
from pathlib import Path
if not Path({flag!r}).exists():
    sys.exit(5)
from dreamface.service import frames
sys.stdout.buffer.write(frames.pack({{"type": "ready", "device": "cpu"}}))
sys.stdout.flush()
sys.stdin.read()
"""


async def use(worker: WorkerProcess) -> str:
    """Keep the worker alive until it can be used."""
    async with worker.alive():
        await worker.ready()
        return worker.state


def test_a_worker_that_did_not_start_is_started_when_it_is_next_needed(tmp_path: Path) -> None:
    flag = tmp_path / "mended"
    worker = WorkerProcess((sys.executable, "-c", PROGRAM.format(flag=str(flag))), pause=0.001)

    async def go() -> None:
        for _ in range(2):
            with pytest.raises(WorkerLost, match="does not start"):
                await asyncio.wait_for(use(worker), 20.0)
        flag.touch()
        for _ in range(2):
            assert await asyncio.wait_for(use(worker), 20.0) == "ready"

    asyncio.run(go())


def test_a_worker_whose_program_is_missing_is_started_once_it_is_there(tmp_path: Path) -> None:
    program = tmp_path / "python"
    flag = tmp_path / "mended"
    flag.touch()
    worker = WorkerProcess((str(program), "-c", PROGRAM.format(flag=str(flag))), pause=0.001)

    async def go() -> None:
        with pytest.raises(WorkerLost, match="could not be run"):
            await asyncio.wait_for(use(worker), 20.0)
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        program.chmod(0o700)
        assert await asyncio.wait_for(use(worker), 20.0) == "ready"

    asyncio.run(go())
