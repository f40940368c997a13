"""The queue of jobs, without a worker: what it remembers, and what becomes of a face whose job can't be entered."""

from __future__ import annotations

import asyncio
import errno
import json
import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from dreamface import library
from dreamface.errors import FolderError
from dreamface.service.events import Hub
from dreamface.service.jobs import Conflict, JobQueue, NotFound, QuotaUsed, Workers
from dreamface.service.layout import Layout
from dreamface.service.room import Room
from dreamface.service.schemas import ExportJob, FromPhotoJob, GenerateJob, GlanceJob
from dreamface.service.store import JobStore, Record, StoreError
from dreamface.service.uploads import Uploads
from dreamface.service.users import User, asking


class FakeWorker:
    """Makes what it is asked for at once."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []

    async def ready(self) -> None:
        pass

    async def do(self, job: dict[str, Any], on_progress: object) -> dict[str, Any]:
        self.orders.append(job)
        result = {
            "face_id": "f", "prompt": job["request"]["prompt"], "seed": 1, "resolution": 512, "not_understood": [],
            "notes": [], "moved": [], "looked": "",
        }  # fmt: skip
        if job["kind"] == "glance":
            result["file"] = "preview.png"
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
        self.worker = worker = FakeWorker()
        self.queue = JobQueue(
            self.store,
            self.layout,
            Workers(worker, worker),
            Hub(),
            Uploads(self.layout.uploads),
            Room(self.layout, self.store.done),
        )
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
def asked_by(name: str, waiting: int | None = None) -> Iterator[None]:
    token = asking.set(User(name, waiting=waiting))
    yield
    asking.reset(token)


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


def test_a_job_whose_face_was_deleted_is_done_again_when_it_is_asked_for_again(tmp_path: Path) -> None:
    with at(tmp_path) as desk:
        job, _ = desk.queue.submit(asked())
        place = desk.make(job.id)
        shutil.rmtree(place)
    with at(tmp_path) as desk:
        assert desk.queue.get(job.id).state == "done"
        again, new = desk.queue.submit(asked(job.id))
        assert (again.state, again.result, again.attempts, new) == ("queued", None, 0, False)
        assert desk.store.get(job.id).state == "queued"
        with pytest.raises(Conflict):
            desk.queue.submit(asked(job.id, prompt="a woman"))
        assert desk.make(job.id) == place and place.is_dir()
        assert desk.queue.submit(asked(job.id))[0].state == "done"


def test_an_export_whose_face_was_deleted_is_not_done_again(tmp_path: Path) -> None:
    with at(tmp_path) as desk:
        job, _ = desk.queue.submit(asked())
        place = desk.make(job.id)
        export = ExportJob(id="e" * 32, kind="export", request={"job": job.id, "format": "glb"})
        desk.store.add(Record(export.id, "export", export.request.model_dump(), 0.0))
        desk.store.update(
            Record(export.id, "export", {}, 0.0, "done", started=1.0, finished=2.0, result={"file": "face.glb"})
        )
        shutil.rmtree(place)
        with pytest.raises(NotFound, match="were deleted"):
            desk.queue.submit(export)


@pytest.mark.parametrize("state", ["queued", "done"])
@pytest.mark.parametrize("missing", [("variation_of",), ("variation_of", "face_id", "without")])
def test_a_job_of_an_older_version_is_known_when_it_is_sent_again(
    tmp_path: Path, state: str, missing: tuple[str, ...]
) -> None:
    request = {key: value for key, value in asked().request.model_dump(mode="json").items() if key not in missing}
    with at(tmp_path) as desk:
        desk.store.add(Record("a" * 32, "generate", request, time.time()))
        if state == "done":
            desk.store.update(Record("a" * 32, "generate", request, 0.0, "done", 1.0, 2.0, 1, None, {"face_id": "f"}))
            desk.layout.result("generate", "a" * 32).mkdir()
        job, new = desk.queue.submit(asked("a" * 32))
        assert (job.id, job.state, new) == ("a" * 32, state, False)
        with pytest.raises(Conflict):
            desk.queue.submit(asked("a" * 32, seed=2))
        assert desk.queue.submit(asked("a" * 32, seed=None))[1] is False


def test_a_workers_order_has_what_an_older_versions_request_has_not(tmp_path: Path) -> None:
    with at(tmp_path) as desk:
        desk.store.add(Record("a" * 32, "generate", {"prompt": "a man", "seed": 1, "resolution": 512}, time.time()))
        desk.queue.recover()
        desk.make("a" * 32)
        (order,) = desk.worker.orders
        assert order["request"] == asked(resolution=512).request.model_dump(mode="json")
        assert desk.queue.get("a" * 32).request == {"prompt": "a man", "seed": 1, "resolution": 512}


def test_a_variation_that_is_exported_is_picked(tmp_path: Path) -> None:
    with at(tmp_path) as desk:
        job, _ = desk.queue.submit(asked())
        place = desk.make(job.id)
        library.mark_variation(place, "a")
        desk.queue.submit(ExportJob(kind="export", request={"job": job.id, "format": "glb"}))
        assert not (place / library.VARIATION).exists()


def test_only_a_face_can_be_picked(tmp_path: Path) -> None:
    with at(tmp_path) as desk:
        for kind, result in (("export", {"file": "face.glb"}), ("install_model", {"message": "It is installed."})):
            name = kind[:1] * 32 if kind == "export" else "b" * 32
            desk.store.add(Record(name, kind, {}, time.time()))
            desk.store.update(Record(name, kind, {}, 0.0, "done", 1.0, 2.0, 1, None, result))
            if kind == "export":
                desk.layout.result(kind, name).mkdir()
            with pytest.raises(Conflict, match="made no face"):
                desk.queue.face(name)
        with pytest.raises(NotFound):
            desk.queue.face("f" * 32)


def test_files_that_cannot_be_deleted_stay_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with at(tmp_path) as desk:
        job, _ = desk.queue.submit(asked())
        place = desk.make(job.id)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(PermissionError(errno.EACCES, "open")))
            with pytest.raises(FolderError, match="not writable"):
                desk.queue.remove_files(job.id)
        assert (place / "face.json").is_file()
        desk.queue.remove_files(job.id)
        assert not place.exists() and not list(place.parent.iterdir())
        with pytest.raises(NotFound, match="were deleted"):
            desk.queue.remove_files(job.id)


def test_a_damaged_entry_is_its_users_and_nobody_elses(tmp_path: Path) -> None:
    with at(tmp_path) as desk:
        with asked_by("anna"):
            job, _ = desk.queue.submit(asked())
            desk.make(job.id)
            with closing(sqlite3.connect(desk.layout.jobs, isolation_level=None)) as other:
                other.execute("UPDATE jobs SET request='{'")
            assert [listed.id for listed in desk.queue.newest(9)] == [desk.queue.get(job.id).id]
        with pytest.raises(NotFound):
            desk.queue.get(job.id)
        assert desk.queue.newest(9) == []


def test_a_worker_is_told_who_is_glanced_at_next_unless_it_is_anothers_turn(tmp_path: Path) -> None:
    def of(seed: int) -> GlanceJob:
        return GlanceJob(kind="glance", request={"prompt": "a man", "seed": seed})

    with at(tmp_path) as desk:
        jobs = [desk.queue.submit(of(seed))[0].id for seed in range(5)]

        def anna_comes_after_three() -> bool:
            if desk.queue.get(jobs[2]).state == "done" and len(desk.queue.active()) == 2:
                with asked_by("anna"):
                    desk.queue.submit(asked())
            return all(desk.queue.get(job).state == "done" for job in jobs)

        desk.do(anna_comes_after_three)
        orders = {order["id"]: order for order in desk.worker.orders}
        told = [[one["seed"] for one in orders[job].get("ahead", ())] for job in jobs]
        assert told[:3] == [[1], [2], [3]] and told[4] == [] and told[3] in ([], [4])


def test_photographs_of_a_job_that_is_refused_are_not_kept(tmp_path: Path) -> None:
    digest = "ab" * 32
    photographed = FromPhotoJob(kind="from_photo", request={"photographs": [{"upload": digest}]})
    with at(tmp_path) as desk, asked_by("anna", waiting=1):
        photograph = desk.layout.uploads_of("anna") / digest
        photograph.parent.mkdir()
        photograph.write_bytes(b"a photograph")
        first, _ = desk.queue.submit(photographed)
        with pytest.raises(QuotaUsed, match="You have 1 job waiting"):
            desk.queue.submit(photographed)
        assert photograph.exists(), "the first still needs it"
        desk.queue.cancel(first.id)
        desk.queue.submit(asked())
        photograph.write_bytes(b"a photograph")
        with pytest.raises(QuotaUsed):
            desk.queue.submit(photographed)
        assert not photograph.exists()
