"""The jobs, in SQLite: what is in here survives whatever is killed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from dreamface.errors import DreamFaceError
from dreamface.service.layout import Layout, has_folder, is_face
from dreamface.service.schemas import Job, Kind, State

ACTIVE: Final = ("queued", "running")
"""States in which a job is not over."""

_VERSION: Final = 1  # of the table

_LONGEST: Final = 3600.0  # seconds; a job that took more slept with the laptop, or somebody set the clock

_TABLE: Final = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    request TEXT NOT NULL,
    created REAL NOT NULL,
    started REAL,
    finished REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    result TEXT
);
CREATE INDEX jobs_by_state ON jobs (state);
"""


class StoreError(DreamFaceError):
    """The job store cannot be read or written."""


@dataclass
class Record:
    """A job as the store and the queue know it.

    Attributes:
        id, kind, state, request, error, attempts: see `schemas.Job`.
        created, started, finished: seconds since 1970.
        result: plain data without the places, which the store's folder gives.
        stage, fraction, message: how far it is; while it runs, and in memory only.
        usual: seconds that jobs like it took before, where there were any; in memory only.
    """

    id: str
    kind: Kind
    request: dict[str, Any]
    created: float
    state: State = "queued"
    started: float | None = None
    finished: float | None = None
    attempts: int = 0
    error: str | None = None
    result: dict[str, Any] | None = None
    stage: str = ""
    fraction: float = 0.0
    message: str = ""
    usual: float | None = None

    @property
    def is_active(self) -> bool:
        """Whether it is not over."""
        return self.state in ACTIVE


class JobStore:
    """The table of jobs. Used by one thread; every method is one small transaction.

    Raises:
        StoreError: from every method, where the disk refuses.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        with self._explained():
            self._database = sqlite3.connect(file, isolation_level=None, timeout=5.0, check_same_thread=False)
            self._database.row_factory = sqlite3.Row
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=FULL")  # a job that was answered survives a power cut
            version = self._database.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._database.executescript(f"BEGIN; {_TABLE} PRAGMA user_version={_VERSION}; COMMIT;")
        if version > _VERSION:
            raise StoreError(
                f"{file} was made by a newer DreamFace: update DreamFace, or choose another folder (--store)."
            )

    def close(self) -> None:
        """Hand the file back."""
        self._database.close()

    def add(self, record: Record) -> None:
        """Remember a new job."""
        if not self._file.exists():  # Linux would let us write into the deleted file
            raise StoreError(f"{self._file.parent} was moved or emptied while DreamFace used it: restart the backend.")
        with self._explained():
            self._database.execute(
                "INSERT INTO jobs (id, kind, state, request, created) VALUES (?, ?, ?, ?, ?)",
                (record.id, record.kind, record.state, json.dumps(record.request), record.created),
            )

    def update(self, record: Record) -> None:
        """Remember a job's new state."""
        result = None if record.result is None else json.dumps(record.result)
        with self._explained():
            self._database.execute(
                "UPDATE jobs SET state=?, started=?, finished=?, attempts=?, error=?, result=? WHERE id=?",
                (record.state, record.started, record.finished, record.attempts, record.error, result, record.id),
            )

    def get(self, job: str) -> Record | None:
        """The job of that id, or None."""
        with self._explained():
            row = self._database.execute("SELECT * FROM jobs WHERE id=?", (job,)).fetchone()
        return None if row is None else _record(row)

    def active(self) -> list[Record]:
        """The jobs that are not over, oldest first."""
        with self._explained():
            rows = self._database.execute("SELECT * FROM jobs WHERE state IN (?, ?) ORDER BY number", ACTIVE).fetchall()
        return [_record(row) for row in rows]

    def newest(self, limit: int) -> list[Record]:
        """The newest jobs, newest first."""
        return _newest(self._database, limit)

    def durations(self, kind: Kind, resolution: object, limit: int = 10) -> list[float]:
        """Seconds that the last done jobs of a kind took at a resolution."""
        with self._explained():
            rows = self._database.execute(
                "SELECT finished - started AS seconds FROM jobs WHERE state='done' AND kind=? "
                "AND json_extract(request, '$.resolution') IS ? AND finished - started BETWEEN 0 AND ? "
                "ORDER BY number DESC LIMIT ?",
                (kind, resolution, _LONGEST, limit),
            ).fetchall()
        return [row["seconds"] for row in rows]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _refusal(self._file, error) from error


def read_jobs(file: Path, limit: int) -> list[Record]:
    """The newest jobs of a store that no backend has open, newest first; none where there is no store.

    Raises:
        StoreError: the file is damaged or can't be read.
    """
    if not file.exists():
        return []
    try:
        database = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
        try:
            database.row_factory = sqlite3.Row
            return _newest(database, limit)
        finally:
            database.close()
    except sqlite3.Error as error:
        raise _refusal(file, error) from error


def to_job(record: Record, layout: Layout, eta: float | None = None) -> Job:
    """A job as clients see it."""
    result = None
    if record.result is not None:
        result = dict(record.result)
        if has_folder(record.kind):
            folder = layout.result(record.kind, record.id)
            result |= {"folder": str(folder)} if is_face(record.kind) else {"file": str(folder / result["file"])}
    return Job(
        id=record.id,
        kind=record.kind,
        state=record.state,
        stage=record.stage,
        fraction=record.fraction,
        message=record.message,
        eta=None if eta is None else round(eta, 2),
        created=_iso(record.created) or "",
        started=_iso(record.started),
        finished=_iso(record.finished),
        error=record.error,
        request=record.request,
        result=result,
        attempts=record.attempts,
    )


def _iso(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _newest(database: sqlite3.Connection, limit: int) -> list[Record]:
    rows = database.execute("SELECT * FROM jobs ORDER BY number DESC LIMIT ?", (limit,)).fetchall()
    return [_record(row) for row in rows]


def _record(row: sqlite3.Row) -> Record:
    data = {key: row[key] for key in row.keys() if key != "number"}  # noqa: SIM118 - iterating a Row gives its values
    data["request"] = json.loads(data["request"])
    data["result"] = None if data["result"] is None else json.loads(data["result"])
    return Record(**data, fraction=1.0 if data["state"] == "done" else 0.0)


def _refusal(file: Path, error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StoreError("The disk is full: free some space, then try again.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreError(f"{file.parent} is not writable: change its permissions or choose another folder (--store).")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreError(
            f"{file} is damaged: move it away, and DreamFace starts a new list; faces stay where they are."
        )
    return StoreError(f"{file} could not be used ({error}): try again.")
