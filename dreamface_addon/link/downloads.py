"""Fetching a finished job's folder from a backend on another machine: whole, or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from .client import Client, Exchange

_TRIES = 4  # times one file, or the list of them, is asked for without a byte more of it
_RENAME_TRIES = 50  # polls; an antivirus may hold new files for a moment


class Download:
    """Fetches all files of a job into <parent>/<job id>, by way of <parent>/.<job id>.part.

    Attributes:
        folder: where they will be.
        fraction: how much of the bytes is here, 0..1.
        done: the folder is there, or `problem` says why not.
        problem: a sentence; "" while all is well.
    """

    def __init__(self, client: Client, job_id: str, parent: Path) -> None:
        self.folder = parent / job_id
        self.fraction = 0.0
        self.done = self.folder.is_dir()
        self.problem = ""
        self._client = client
        self._job = job_id
        self._part = parent / f".{job_id}.part"
        self._files: list[tuple[str, int]] | None = None
        self._fetched = 0  # files
        self._bytes = self._total = 0
        self._failures = self._renames = 0
        self._furthest = 0  # bytes of the file that is fetched now, which came before the line broke
        self._exchange: Exchange | None = None

    def use(self, client: Client) -> None:
        """Go on over another client, after the connection was lost."""
        self._client = client
        if self._exchange is not None and not self._exchange.done:
            self._exchange.cancel()
        self._exchange = None

    def cancel(self) -> None:
        """Stop, and remove what was fetched."""
        self._fail("")

    def poll(self) -> Exchange | None:
        """Go on; the client is polled by whoever owns it.

        Returns:
            An exchange that has just failed because the connection did: it will be tried again.
        """
        if self.done:
            return None
        try:
            return self._go_on()
        except OSError as error:
            self._fail(f"The face could not be saved in {self.folder.parent} ({error.strerror}): make room there.")
            return None

    def _go_on(self) -> Exchange | None:
        if self._exchange is None:
            self._ask()
            return None
        exchange = self._exchange
        if not exchange.done:
            self._note_progress(exchange)
            return None
        self._exchange = None
        if exchange.error is not None:
            return self._failed(exchange)
        if self._files is None:
            self._list(exchange)
        else:
            self._check_file(exchange)
        return None

    def _ask(self) -> None:
        if self._files is None:
            self._exchange = self._client.send("GET", f"/jobs/{self._job}/files")
        elif self._fetched < len(self._files):
            path, size = self._files[self._fetched]
            target = self._part / path
            target.parent.mkdir(parents=True, exist_ok=True)
            there = target.stat().st_size if target.exists() else 0  # a line that broke has left its beginning
            self._exchange = self._client.send(
                "GET", f"/jobs/{self._job}/files/{path}", into=target, beginning=min(there, max(0, size - 1))
            )
        else:
            self._finish()

    def _note_progress(self, exchange: Exchange) -> None:
        if self._files is None or not self._total:
            return
        self.fraction = min(1.0, (self._bytes + exchange.received) / self._total)
        if exchange.received > self._files[self._fetched][1]:
            exchange.cancel()
            self._fail("The engine sent a larger file than it had announced; nothing was kept.")

    def _failed(self, exchange: Exchange) -> Exchange | None:
        # A line that breaks every minute still brings a little more each time.
        self._failures = 1 if exchange.received > self._furthest else self._failures + 1
        self._furthest = max(self._furthest, exchange.received)
        if self._failures < _TRIES and exchange.lost:
            return exchange
        self._fail(f"The face could not be fetched. {exchange.error}")
        return None

    def _list(self, exchange: Exchange) -> None:
        try:
            self._files = [_file(entry) for entry in exchange.json()["files"]]
        except (KeyError, TypeError, ValueError):
            self._files = []
        if not self._files:
            self._fail("The engine's list of files cannot be used; nothing was fetched.")
            return
        self._total, self._failures, self._furthest = sum(size for _, size in self._files), 0, 0
        shutil.rmtree(self._part, ignore_errors=True)
        self._part.mkdir(parents=True)

    def _check_file(self, exchange: Exchange) -> None:
        assert self._files is not None
        size = self._files[self._fetched][1]
        if exchange.received != size:
            self._fail("The engine sent a file of another size than it had announced; nothing was kept.")
            return
        self._fetched += 1
        self._bytes += size
        self._failures = self._furthest = 0

    def _finish(self) -> None:
        try:
            self._part.rename(self.folder)
        except PermissionError:
            self._renames += 1
            if self._renames > _RENAME_TRIES:
                raise
            return
        self.fraction, self.done = 1.0, True

    def _fail(self, problem: str) -> None:
        if self._exchange is not None:
            self._exchange.cancel()
        shutil.rmtree(self._part, ignore_errors=True)
        self.problem, self.done = problem, True


def _file(entry: dict[str, Any]) -> tuple[str, int]:
    """A listed file's path and size.

    Raises:
        ValueError: it would lie outside the folder, here or on any other system, or says no size.
    """
    path, size = entry["path"], entry["size"]
    if not isinstance(path, str) or not isinstance(size, int) or size < 0:
        raise ValueError("not a file")
    pure = PurePosixPath(path)
    windows = PureWindowsPath(path)
    outside = pure.is_absolute() or windows.drive or windows.root or ".." in windows.parts
    if outside or not pure.parts or any(mark in path for mark in '\\:\0*?"<>|'):
        raise ValueError("a path that leads elsewhere")
    return pure.as_posix(), size
