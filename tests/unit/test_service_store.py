"""The store of jobs: damaged entries, full disks, and who may read it."""

from __future__ import annotations

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
