"""The queue of jobs, without a worker: what it remembers, and what becomes of a face whose job can't be entered."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from dreamface.service.events import Hub
from dreamface.service.jobs import JobQueue, Workers
from dreamface.service.layout import Layout
from dreamface.service.schemas import GenerateJob
from dreamface.service.store import JobStore, Record, StoreError
from dreamface.service.uploads import Uploads


class FakeWorker:
    """Makes what it is asked for at once."""

    async def ready(self) -> None:
        pass

    async def do(self, job: dict[str, Any], on_progress: object) -> dict[str, Any]:
        result = {
            "face_id": "f", "prompt": job["request"]["prompt"], "seed": 1, "resolution": 512, "not_understood": []
        }  # fmt: skip
        place = Path(job["place"])
        place.mkdir(parents=True)
        (place / "face.json").write_text(json.dumps({"generator": {"name": "DreamFace"}, **result}))
        return result


class Desk:
    """A queue on a store, as one life of a backend has it."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root)
        self.layout.prepare()
        self.store = JobStore(self.layout.jobs)
        worker: Any = FakeWorker()
        self.queue = JobQueue(self.store, self.layout, Workers(worker, worker), Hub(), Uploads(self.layout.uploads))
        self.queue.recover()

    def do(self, until: Callable[[], bool]) -> None:
        """Do jobs until something is so."""

        async def go() -> None:
            task = asyncio.create_task(self.queue.run())
            async with asyncio.timeout(10.0):
                while not until():
                    await asyncio.sleep(0.01)
            task.cancel()

        asyncio.run(go())

    def make(self, job: str) -> Path:
        """Have a face made; its folder."""
        self.do(lambda: not self.queue.active())
        return self.layout.result("generate", job)


@contextmanager
def at(root: Path) -> Iterator[Desk]:
    desk = Desk(root)
    with closing(desk.store):
        yield desk


def asked(job: str = "", **request: Any) -> GenerateJob:
    return GenerateJob(id=job or uuid.uuid4().hex, kind="generate", request={"prompt": "a man", "seed": 1, **request})


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program writes into the table."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_face_outlives_a_list_of_jobs_that_is_locked(tmp_path: Path) -> None:
    with at(tmp_path) as desk:
        job, _ = desk.queue.submit(asked())
        with locked(desk.layout.jobs):
            start = time.monotonic()
            place = desk.make(job.id)
            assert time.monotonic() - start < 3.0
            done = desk.queue.get(job.id)
            assert (done.state, done.error) == ("done", None)
            assert "another program" in done.message and "disk" not in done.message
            assert (place / "face.json").exists()
            assert (tmp_path / "reserve").exists()
            assert [listed.state for listed in desk.queue.newest(9)] == ["done"]
        desk.queue.close()
        assert desk.store.get(job.id).state == "done"
        assert desk.queue.get(job.id).message == ""


def test_what_could_not_be_entered_is_tried_again_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamface.service.jobs._SAVE_AGAIN", 0.05)
    with at(tmp_path) as desk:
        job, _ = desk.queue.submit(asked())
        lock = ExitStack()
        lock.enter_context(locked(desk.layout.jobs))

        def is_entered() -> bool:
            if not desk.queue.active():
                lock.close()
            return desk.store.get(job.id).state == "done"

        desk.do(is_entered)


def test_a_face_that_was_not_entered_before_the_backend_was_killed_is_found_again(tmp_path: Path) -> None:
    with at(tmp_path) as desk:
        job, _ = desk.queue.submit(asked())
        begun = Record(job.id, "generate", job.request, 0.0, state="running", started=time.time() - 60.0, attempts=3)
        desk.store.update(begun)
        with locked(desk.layout.jobs):
            place = desk.make(job.id)
            before = desk.queue.get(job.id)
        (place / "scene.blend").write_text("mine")
    with at(tmp_path) as desk:
        after = desk.queue.get(job.id)
        assert (after.state, after.result) == ("done", before.result)
        assert (place / "scene.blend").read_text() == "mine"
        assert desk.store.get(job.id).state == "done"


@pytest.mark.parametrize("text", ["{}", "[]", "{", '{"prompt": 3}', None])
def test_what_is_no_whole_face_is_made_again(tmp_path: Path, text: str | None) -> None:
    with at(tmp_path) as desk:
        job, _ = desk.queue.submit(asked())
        desk.store.update(Record(job.id, "generate", job.request, 0.0, state="running", started=1.0, attempts=1))
        place = desk.layout.result("generate", job.id)
        place.mkdir()
        if text is not None:
            (place / "face.json").write_text(text)
    with at(tmp_path) as desk:
        assert (desk.queue.get(job.id).state, place.exists()) == ("queued", False)


@pytest.mark.parametrize(
    ("error", "given_up"), [("full", True), ("locked", False), ("readonly", False), ("another", False)]
)
def test_the_reserve_is_for_full_disks_only(tmp_path: Path, error: str, given_up: bool) -> None:
    with at(tmp_path) as desk:
        job, _ = desk.queue.submit(asked())
        record = Record(job.id, "generate", job.request, 0.0, state="failed", error="x" * 500_000)
        database = desk.store._database
        if error == "full":
            pages = database.execute("PRAGMA page_count").fetchone()[0]
            database.execute(f"PRAGMA max_page_count={pages}")
        elif error == "readonly":
            database.execute("PRAGMA query_only=1")
        elif error == "another":
            database.execute("DROP TABLE jobs")
        with pytest.raises(StoreError) as refusal:
            if error == "locked":
                with locked(desk.layout.jobs):
                    desk.store.update(record)
            else:
                desk.store.update(record)
        assert ("The disk is full" in str(refusal.value)) == given_up
        assert (tmp_path / "reserve").exists() != given_up
