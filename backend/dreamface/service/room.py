"""How much of the disk each person takes who shares a service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dreamface.service.layout import Layout, has_folder
from dreamface.service.schemas import Kind

_FRESH: Final = 30.0
"""Seconds after which a person's folders are measured anew: sweeps, and other programs, delete things, too."""


@dataclass
class _Use:
    """What a person takes.

    Attributes:
        jobs: job -> bytes of its folder.
        uploads, styles: bytes of what was sent ahead, and of hair styles.
        measured: when, by `time.monotonic`.
    """

    jobs: dict[str, int] = field(default_factory=dict)
    uploads: int = 0
    styles: int = 0
    measured: float = float("-inf")

    @property
    def total(self) -> int:
        return sum(self.jobs.values()) + self.uploads + self.styles


class Room:
    """Bytes of everybody's faces, exported files, uploads and hair styles. Used in one event loop.

    Folders are measured in a thread, so that nobody waits for the disk but who asks. A job's folder, which nobody
    writes into once it is there, is measured once.

    Args:
        layout: of the store.
        done: gives id and kind of all done jobs of a person.
    """

    def __init__(self, layout: Layout, done: Callable[[str], list[tuple[str, Kind]]]) -> None:
        self._layout = layout
        self._done = done
        self._uses: dict[str, _Use] = {}
        self._measuring = asyncio.Lock()

    def used(self, owner: str) -> int:
        """Return how many bytes a person took when that was measured last, and what has come and gone since."""
        return self._of(owner).total

    def of_jobs(self, owner: str) -> Mapping[str, int]:
        """Return the bytes of each of a person's jobs that has files; see `used`."""
        return self._of(owner).jobs

    async def measure(self, owner: str, limit: float = float("inf")) -> None:
        """Measure what a person takes, if that is a while ago, or if it would be `limit` bytes and more."""
        async with self._measuring:  # one disk, one after the other
            use = self._of(owner)
            if time.monotonic() - use.measured < _FRESH and use.total < limit:
                return
            known, before = dict(use.jobs), set(use.jobs)
            sizes, use.uploads, use.styles = await asyncio.to_thread(self._measure, owner, self._done(owner), known)
            came = {job: size for job, size in use.jobs.items() if job not in before}
            gone = before - use.jobs.keys()
            use.jobs = {job: size for job, size in {**sizes, **came}.items() if job not in gone}
            use.measured = time.monotonic()

    def add_job(self, owner: str, job: str, size: int) -> None:
        """Count a job's folder that has just come."""
        self._of(owner).jobs[job] = size

    def of_others(self, owner: str) -> tuple[int, int]:
        """Return the bytes of a person's uploads and of their hair styles; see `used`."""
        use = self._of(owner)
        return use.uploads, use.styles

    def add_upload(self, owner: str, size: int) -> None:
        """Count an upload that has just come."""
        self._of(owner).uploads += size

    def forget_job(self, owner: str, job: str) -> None:
        """Count a job's folder no more."""
        self._of(owner).jobs.pop(job, None)

    def _of(self, owner: str) -> _Use:
        return self._uses.setdefault(owner, _Use())

    def _measure(
        self, owner: str, done: list[tuple[str, Kind]], known: Mapping[str, int]
    ) -> tuple[dict[str, int], int, int]:
        sizes = {}
        for job, kind in done:
            folder = self._layout.result(kind, job) if has_folder(kind) else None
            if folder is not None and folder.is_dir():
                sizes[job] = known[job] if job in known else size_of(folder)
        return sizes, size_of(self._layout.uploads_of(owner), "*"), size_of(self._layout.styles_of(owner))


def size_of(folder: Path | None, files: str = "**/*") -> int:
    """Return how many bytes the files of a folder take; 0 where there is none."""
    total = 0
    for file in () if folder is None else folder.glob(files):
        with suppress(OSError):
            if not file.is_dir():
                total += file.lstat().st_size
    return total
