"""Opens .zip archives that somebody may have made up, such as .npz files."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast


class TooManyFiles(ValueError):
    """An archive's list of members is longer than any that is expected."""


@contextmanager
def open_zip(file: IO[bytes], longest_list: int) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose list of members has at most so many bytes.

    An archive can tell the size of its list in two places, and which of them counts is for `zipfile` to say: it is
    watched while it reads the list, and stopped before it takes too much at once.

    Args:
        file: the archive; it stays open.
        longest_list: bytes; above 70,000, as the end of an archive alone is that long where it has a comment.

    Raises:
        TooManyFiles: the list is longer.
        zipfile.BadZipFile: it is no archive, or a damaged one.
    """
    watched = _Watched(file, longest_list)
    with zipfile.ZipFile(cast(IO[bytes], watched)) as archive:
        watched.limit = None
        yield archive


class _Watched:
    """A file of which at most `limit` bytes are read at once, while there is a limit."""

    def __init__(self, file: IO[bytes], limit: int | None) -> None:
        self._file = file
        self.limit = limit
        self.tell = file.tell
        self.seek = file.seek
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; all that are left where `size` is negative."""
        if self.limit is not None and (self._left() if size < 0 else size) > self.limit:
            raise TooManyFiles("it has too many files in it")
        return self._file.read(size)

    def _left(self) -> int:
        place = self._file.tell()
        end = self._file.seek(0, os.SEEK_END)
        self._file.seek(place)
        return end - place
