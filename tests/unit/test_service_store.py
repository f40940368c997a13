"""The store of jobs: damaged entries, full disks, and who may read it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dreamface.cli import main
from dreamface.service.store import UNREADABLE, JobStore, Record
from tests.running_backend import running_backend


def deep(depth: int) -> str:
    """JSON of a request whose history is nested."""
    history = "[" * depth + "]" * depth
    return '{"face": {"prompt": "a man", "history": [' + history + ']}, "traits": {}, "resolution": 512}'


def enter(file: Path, **values: Any) -> None:
    """Put a row into the table, past every check."""
    row = {
        "kind": "generate",
        "state": "done",
        "request": '{"prompt": "a man"}',
        "created": 1e9,
        "result": "{}",
        **values,
    }
    with closing(sqlite3.connect(file)) as database, database:
        columns = ", ".join(row)
        database.execute(f"INSERT INTO jobs ({columns}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))


BAD_ROWS: list[dict[str, Any]] = [
    {"request": "{"}, {"request": "[1]"}, {"request": "[" * 5000}, {"request": b"\xff\xfe"}, {"result": "nonsense"},
    {"result": "[1, 2]"}, {"created": "yesterday"}, {"created": 1e300}, {"finished": float("inf")},
    {"attempts": "many"}, {"state": "asleep"}, {"request": '{"prompt": "\\ud800"}'},
    {"kind": "export", "result": "{}"}, {"request": '{"prompt": NaN}'}, {"error": b"\xff"}, {"result": None},
]  # fmt: skip


@pytest.fixture
def old_store(tmp_path: Path) -> Path:
    """A store that holds sound jobs between all kinds of damaged ones."""
    with closing(JobStore(tmp_path / "jobs.sqlite")) as store:
        store.add(Record("first", "generate", {"prompt": "a man", "seed": 1}, time.time()))
    for number, row in enumerate(BAD_ROWS):
        enter(tmp_path / "jobs.sqlite", id=f"bad{number}", **row)
        enter(tmp_path / "jobs.sqlite", id=f"sound{number}", started=1.0, finished=2.0)
    enter(tmp_path / "jobs.sqlite", id="deep", kind="edit", request=deep(252), result="{}")
    enter(tmp_path / "jobs.sqlite", id="waiting deep", kind="edit", state="queued", request=deep(252))
    enter(tmp_path / "jobs.sqlite", id="waiting bad", state="running", request="{")
    enter(tmp_path / "jobs.sqlite", id="newer", kind="sing", state="queued")
    return tmp_path


def test_damaged_entries_break_no_list(old_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running_backend(old_store) as backend:
        status, answer = backend.ask("GET", "/jobs?limit=1000")
        assert status == 200
        jobs = {job["id"]: job for job in answer["jobs"]}
        assert {f"sound{number}" for number in range(len(BAD_ROWS))} | {"first", "deep"} <= set(jobs)
        for number in range(len(BAD_ROWS)):
            assert backend.ask("GET", f"/jobs/bad{number}")[0] in (200, 404)
            if f"bad{number}" in jobs and jobs[f"bad{number}"]["state"] == "failed":
                assert jobs[f"bad{number}"]["error"] == UNREADABLE
        assert jobs["bad0"]["state"] == "failed"
        assert jobs["deep"]["state"] == "done"
        assert jobs["deep"]["request"]["face"]["prompt"] == "a man"
        assert (jobs["waiting deep"]["state"], jobs["waiting bad"]["state"]) == ("failed", "failed")
        assert backend.ask("GET", "/jobs?active=false&limit=1000")[0] == 200
        assert backend.outcome("first")["state"] == "done"
        assert backend.outcome(backend.generate("a man"))["state"] == "done"
        assert "Traceback" not in backend.log()
    assert main(["jobs", "--store", str(old_store), "list"]) == 0
    assert "sound1" in capsys.readouterr().out


def test_a_damaged_entry_that_waited_is_over_for_good(old_store: Path) -> None:
    with closing(JobStore(old_store / "jobs.sqlite")) as store:
        assert [record.id for record in store.active()] == ["first"]
    with closing(sqlite3.connect(old_store / "jobs.sqlite")) as database:
        rows = dict(database.execute("SELECT id, state FROM jobs WHERE id LIKE 'waiting%'"))
        kept = database.execute("SELECT request FROM jobs WHERE id = 'waiting deep'").fetchone()[0]
    assert rows == {"waiting deep": "failed", "waiting bad": "failed"}
    assert json.loads(kept)  # nothing of the user's is deleted


# --------------------------------------------------------------------------------------------------- who may read it


def open_to_others(root: Path) -> list[Path]:
    """What in a store others may use."""
    return [path for path in (root, *root.rglob("*")) if path.lstat().st_mode & 0o077]


def test_a_new_store_is_for_the_user_alone(tmp_path: Path) -> None:
    store = tmp_path / "deep" / "store"
    setup = f"import os; os.umask(0); handover = Path(store, 'backend.json'); store = {str(store)!r}"
    with running_backend(tmp_path / "elsewhere", setup=f"{setup}; options['handover'] = handover") as backend:
        job = backend.generate("a man")
        backend.outcome(job)
        backend.ask("PUT", "/uploads/" + hashlib.sha256(b"a").hexdigest(), b"a")
        assert (store / "faces" / job).stat().st_mode & 0o777 == 0o700
        assert (store / "jobs.sqlite-wal").exists()
        assert open_to_others(store) == []


def test_an_old_store_is_closed_to_others(tmp_path: Path) -> None:
    with running_backend(tmp_path) as backend:
        job = backend.generate("a man")
        backend.outcome(job)
        backend.ask("PUT", "/uploads/" + hashlib.sha256(b"a").hexdigest(), b"a")
        backend.kill()  # leaves -wal and -shm
    assert (tmp_path / "jobs.sqlite-wal").exists()
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    with running_backend(tmp_path):
        inside = list((tmp_path / "faces" / job).rglob("*"))  # nobody gets there
        assert set(open_to_others(tmp_path)) <= set(inside)


@pytest.mark.slow
def test_a_folder_that_holds_other_things_stays_open(tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("for everyone")
    tmp_path.chmod(0o755)
    with running_backend(tmp_path):
        assert tmp_path.stat().st_mode & 0o777 == 0o755
        assert open_to_others(tmp_path) == [tmp_path, tmp_path / "holiday.txt"]
