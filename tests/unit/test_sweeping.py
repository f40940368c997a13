"""Variations that nobody picks go after a week; everything else stays."""

from __future__ import annotations

import asyncio
import json
import time

from dreamface import library
from dreamface.service.sweeping import sweep_variations


def face(folder, name, marked=None):
    path = folder / name
    path.mkdir(parents=True)
    (path / "face.json").write_text(json.dumps({"generator": {"name": "DreamFace"}, "prompt": name}))
    if marked is not None:
        library.mark_variation(path, "group")
        said = json.loads((path / library.VARIATION).read_text())
        (path / library.VARIATION).write_text(json.dumps(said | {"since": time.time() - marked}))
    return path


def test_what_was_not_picked_goes_and_everything_else_stays(tmp_path):
    old = face(tmp_path, "old", library.KEPT_FOR + 60)
    young, picked, plain = (
        face(tmp_path, "young", 60),
        face(tmp_path, "picked", library.KEPT_FOR + 60),
        face(tmp_path, "plain"),
    )
    library.mark_picked(picked)

    async def once():
        task = asyncio.create_task(sweep_variations(tmp_path, every=3600.0))
        while old.exists():
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(asyncio.wait_for(once(), 5.0))
    assert young.exists() and picked.exists() and plain.exists()


def test_a_folder_that_is_not_there_yet_is_no_problem(tmp_path):
    async def briefly():
        task = asyncio.create_task(sweep_variations(tmp_path / "none", every=0.01))
        await asyncio.sleep(0.05)
        assert not task.done()
        task.cancel()

    asyncio.run(briefly())
