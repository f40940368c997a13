"""The jobs, in SQLite: what is in here survives whatever is killed."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from dreamface.errors import DreamFaceError
from dreamface.service.layout import Layout, has_folder, is_face
from dreamface.service.schemas import DEEPEST, JOB_KINDS, Job, Kind, State, is_deeper

ACTIVE: Final = ("queued", "running")
"""States in which a job is not over."""

UNREADABLE: Final = "This job's entry in the list of jobs is damaged: ask for it again."

ERROR_CODE: Final = "error_code"
"""What the result of a failed job holds, where a program can tell its error by a code."""

_VERSION: Final = 2  # of the table

_RESERVE: Final = 2**20  # bytes; a hundred outcomes of jobs go into them

_LOCK_PATIENCE: Final = 200  # milliseconds that a lock of another program's is waited for

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
    result TEXT,
    owner TEXT NOT NULL DEFAULT ''
);
CREATE INDEX jobs_by_state ON jobs (state);
"""

_ADD_OWNER: Final = "BEGIN; ALTER TABLE jobs ADD COLUMN owner TEXT NOT NULL DEFAULT ''; PRAGMA user_version=2; COMMIT;"
"""From the first version, whose jobs were all the owner's."""

_SMALL_LETTERS: Final = "UPDATE jobs SET owner=lower(owner) WHERE owner<>lower(owner)"
"""Users' names were once kept as they were typed."""

log = logging.getLogger(__name__)


_FULL: Final = "The disk is full: free some space, then try again."


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
        owner: name of the user who asked; empty: the owner.
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
    owner: str = ""
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

    An entry that can't be read, such as another version's, is listed as failed with a reason, or left out and logged;
    it never keeps the others from being read.

    Beside the table lies a file of a megabyte. On a full disk, and only there, it is deleted, so that there is room for
    how the jobs that were taken in ended; new jobs are refused until it could be written again.

    Raises:
        StoreError: from every method, where the disk refuses.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._reserve = file.with_name("reserve")
        with suppress(OSError):  # SQLite says what is wrong; the files it puts beside this one are as closed as it is
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        with self._explained():
            self._database = sqlite3.connect(file, isolation_level=None, timeout=5.0, check_same_thread=False)
            _set_up(self._database)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=FULL")  # a job that was answered survives a power cut
            # From here on whoever waits for a lock holds up every client.
            self._database.execute(f"PRAGMA busy_timeout={_LOCK_PATIENCE}")
            version = self._database.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._database.executescript(f"BEGIN; {_TABLE} PRAGMA user_version={_VERSION}; COMMIT;")
            elif version == 1:
                self._database.executescript(_ADD_OWNER)
            if version <= _VERSION:
                self._database.execute(_SMALL_LETTERS)
        if version > _VERSION:
            raise StoreError(
                f"{file} was made by a newer DreamFace: update DreamFace, or choose another folder (--store)."
            )
        self._reserve_room()

    def close(self) -> None:
        """Hand the file back."""
        self._database.close()

    def add(self, record: Record) -> None:
        """Remember a new job."""
        if not self._file.exists():  # Linux would let us write into the deleted file
            raise StoreError(f"{self._file.parent} was moved or emptied while DreamFace used it: restart the backend.")
        if not self._reserve_room():
            raise StoreError(_FULL)
        with self._explained():
            self._database.execute(
                "INSERT INTO jobs (id, kind, state, request, created, owner) VALUES (?, ?, ?, ?, ?, ?)",
                (record.id, record.kind, record.state, json.dumps(record.request), record.created, record.owner),
            )

    def update(self, record: Record) -> None:
        """Remember a job's new state."""
        result = None if record.result is None else json.dumps(record.result)
        values = (record.state, record.started, record.finished, record.attempts, record.error, result, record.id)
        command = "UPDATE jobs SET state=?, started=?, finished=?, attempts=?, error=?, result=? WHERE id=?"
        with self._explained():
            try:
                self._database.execute(command, values)
            except sqlite3.OperationalError as error:
                if not (_is_full(error, self._file) and self._reserve.exists()):
                    raise
                with suppress(OSError):
                    self._reserve.unlink()
                self._database.execute(command, values)

    def get(self, job: str) -> Record | None:
        """The job of that id, or None."""
        with self._explained():
            rows = self._database.execute("SELECT * FROM jobs WHERE id=?", (job,)).fetchall()
        return next(iter(_records(rows)), None)

    def active(self) -> list[Record]:
        """The jobs that are not over, oldest first; those that can't be read are over from now on, and failed."""
        with self._explained():
            rows = self._database.execute("SELECT * FROM jobs WHERE state IN (?, ?) ORDER BY number", ACTIVE).fetchall()
            sound = [row for row in rows if _is_sound(row)]
            for number in {row["number"] for row in rows} - {row["number"] for row in sound}:
                self._database.execute(
                    "UPDATE jobs SET state='failed', finished=?, error=? WHERE number=?",
                    (time.time(), UNREADABLE, number),
                )
                log.error("Job number %d can't be read and was not done.", number)
        return _records(sound)

    def newest(self, limit: int, owner: str) -> list[Record]:
        """The newest jobs of a user, newest first."""
        with self._explained():
            rows = self._database.execute(
                "SELECT * FROM jobs WHERE owner=? ORDER BY number DESC LIMIT ?", (owner, limit)
            ).fetchall()
        return _records(rows)

    def done(self, owner: str) -> list[tuple[str, Kind]]:
        """Return id and kind of all jobs of a user that are done."""
        with self._explained():
            rows = self._database.execute(
                "SELECT id, kind FROM jobs WHERE state='done' AND owner=?", (owner,)
            ).fetchall()
        return [(row["id"], row["kind"]) for row in rows if row["kind"] in JOB_KINDS]

    def labels(self, owner: str) -> list[tuple[str, Kind, float, str]]:
        """Return id, kind, when it came, and what it is of, of all jobs of a user that are done."""
        with self._explained():
            rows = self._database.execute(
                "SELECT id, kind, created, CASE WHEN json_valid(request) THEN "
                "coalesce(json_extract(request, '$.prompt'), json_extract(request, '$.face.prompt')) END AS label "
                "FROM jobs WHERE state='done' AND owner=? ORDER BY number DESC",
                (owner,),
            ).fetchall()
        return [
            (row["id"], row["kind"], row["created"], str(row["label"] or ""))
            for row in rows
            if row["kind"] in JOB_KINDS
        ]

    def durations(self, kind: Kind, resolution: object, limit: int = 10) -> list[float]:
        """Seconds that the last done jobs of a kind took at a resolution; those with diffusion are left out."""
        with self._explained():
            rows = self._database.execute(
                "SELECT finished - started AS seconds FROM jobs WHERE state='done' AND kind=? "
                "AND CASE WHEN json_valid(request) THEN json_extract(request, '$.resolution') END IS ? "
                "AND CASE WHEN json_valid(request) THEN json_extract(request, '$.detail') END IS NULL "
                "AND finished - started BETWEEN 0 AND ? ORDER BY number DESC LIMIT ?",
                (kind, resolution, _LONGEST, limit),
            ).fetchall()
        return [row["seconds"] for row in rows]

    def _reserve_room(self) -> bool:
        """Make the file that a full disk is relieved by, unless it is there; whether it is."""
        with suppress(OSError):
            if self._reserve.stat().st_size == _RESERVE:
                return True
        try:
            self._reserve.write_bytes(os.urandom(_RESERVE))  # zeros would take no room on some disks
        except OSError:
            with suppress(OSError):
                self._reserve.unlink()
            return False
        return True

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
            _set_up(database)
            return _newest(database, limit)
        finally:
            database.close()
    except sqlite3.Error as error:
        raise _refusal(file, error) from error


def to_job(record: Record, layout: Layout, eta: float | None = None) -> Job:
    """A job as clients see it."""
    request = _cut(record.request) if is_deeper(record.request) else record.request
    result = None
    if record.result is not None and record.state == "done":
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
        created=iso(record.created) or "",
        started=iso(record.started),
        finished=iso(record.finished),
        error=record.error,
        error_code=str((record.result or {}).get(ERROR_CODE, "")) if record.state == "failed" else "",
        request=request,
        result=result,
        attempts=record.attempts,
    )


def _cut(data: Any, depth: int = DEEPEST) -> Any:
    """JSON without what is nested deeper: an old version took requests in that no answer can hold."""
    if depth == 0:
        return None
    if isinstance(data, dict):
        return {key: _cut(value, depth - 1) for key, value in data.items()}
    return [_cut(value, depth - 1) for value in data] if isinstance(data, list) else data


def iso(seconds: float | None) -> str | None:
    """Return a time in seconds since 1970 as clients get it."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _set_up(database: sqlite3.Connection) -> None:
    database.row_factory = sqlite3.Row
    database.text_factory = lambda text: text.decode("utf-8", "replace")  # else one damaged text breaks a whole list


def _newest(database: sqlite3.Connection, limit: int) -> list[Record]:
    return _records(database.execute("SELECT * FROM jobs ORDER BY number DESC LIMIT ?", (limit,)))


def _records(rows: Iterable[sqlite3.Row]) -> list[Record]:
    """Rows as jobs, without those of which nothing can be said."""
    return [record for row in rows if (record := _record(row) or _damaged(row)) is not None]


def _is_sound(row: sqlite3.Row) -> bool:
    """Whether a job can be done as it was asked for."""
    record = _record(row)
    return record is not None and not is_deeper(record.request)


def _record(row: sqlite3.Row) -> Record | None:
    """A row as a job; None where it can't be read."""
    data = {key: row[key] for key in row.keys() if key != "number"}  # noqa: SIM118 - iterating a Row gives its values
    try:
        data["request"] = json.loads(data["request"])
        data["result"] = None if data["result"] is None else json.loads(data["result"])
        record = Record(**data, fraction=1.0 if data["state"] == "done" else 0.0)
        if record.state == "done" and record.result is None:
            raise ValueError("it gave nothing")
        to_job(record, Layout(Path())).model_dump_json()  # raises where a client could not be told of it
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError, OSError):
        return None
    return record


def _damaged(row: sqlite3.Row) -> Record | None:
    """What can be said of a row that can't be read."""
    if row["kind"] not in JOB_KINDS or not isinstance(row["id"], str):
        _tell_left_out(row["number"])
        return None
    owner = str(row["owner"]) if "owner" in row.keys() else ""  # noqa: SIM118 - as above; the first version has none
    return Record(row["id"], row["kind"], {}, 0.0, state="failed", error=UNREADABLE, owner=owner)


@lru_cache(maxsize=1000)  # once, however often the jobs are listed
def _tell_left_out(number: int) -> None:
    log.warning("Job number %s is left out: it is damaged, or of another version.", number)


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_full(error: sqlite3.Error, file: Path) -> bool:
    """Whether a disk is full: where it is the shared -shm file that can't grow, SQLite calls that an input error."""
    if _code(error) == sqlite3.SQLITE_IOERR:
        with suppress(OSError):
            return shutil.disk_usage(file.parent).free < _RESERVE
    return _code(error) == sqlite3.SQLITE_FULL


def _refusal(file: Path, error: sqlite3.Error) -> StoreError:
    code = _code(error)
    if _is_full(error, file):
        return StoreError(_FULL)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(f"{file} is locked by another program: close that, or try again.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreError(f"{file.parent} is not writable: change its permissions or choose another folder (--store).")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreError(
            f"{file} is damaged: move it away, and DreamFace starts a new list; faces stay where they are."
        )
    return StoreError(f"{file} could not be used ({error}): try again.")
