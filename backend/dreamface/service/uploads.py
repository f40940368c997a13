"""Files that clients send ahead of a job: pictures of layers, offsets of vertices. Each goes by its SHA-256."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Final

from dreamface._files import cannot_write, sibling
from dreamface.errors import BadRequest
from dreamface.service.access import LONGEST_UPLOAD, UPLOAD_TOO_LONG

_KEPT_FOR: Final = 30 * 24 * 3600.0
"""Seconds after which a file that no job has asked for is deleted. Faces have copies of what they need."""


class Uploads:
    """The files, in a folder of the store.

    Args:
        folder: it exists.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, digest: str) -> bool:
        """Return whether a file is here."""
        return (self._folder / digest).is_file()

    def file(self, digest: str) -> Path:
        """Return where a file lies.

        Raises:
            BadRequest: it was never sent, or was deleted since.
        """
        if not self.has(digest):
            raise BadRequest(f"There is no upload {digest}: send the file to PUT /uploads/{digest} first.")
        return self._folder / digest

    def check(self, digests: Collection[str]) -> None:
        """Make sure that files are here, and keep them for another month.

        Raises:
            BadRequest: one is not here.
        """
        for digest in digests:
            os.utime(self.file(digest))

    async def receive(self, digest: str, stream: AsyncIterator[bytes]) -> bool:
        """Write a file to disk as it comes in; it is never whole in memory.

        Args:
            digest: SHA-256 of its bytes, hexadecimal.
            stream: its bytes, in pieces.

        Returns:
            Whether it is new.

        Raises:
            BadRequest: the bytes have another SHA-256, or there are more than `LONGEST_UPLOAD` of them.
            FolderError: the disk refused.
        """
        place = self._folder / digest
        part = sibling(place, "part")
        try:
            found = await _write(part, stream)
            if found != digest:
                raise BadRequest(f"What was sent has the SHA-256 {found}, not {digest}: send it again.")
            new = not place.exists()
            part.replace(place)
        except OSError as error:
            raise cannot_write(place, error) from error
        finally:
            part.unlink(missing_ok=True)
        return new

    def sweep(self) -> None:
        """Delete what was left half sent, and files that no job has asked for in a month."""
        for file in self._folder.iterdir():
            try:
                if file.name.startswith(".") or file.stat().st_mtime < time.time() - _KEPT_FOR:
                    file.unlink()
            except OSError:
                continue  # another program holds it; the next start tries again


async def _write(path: Path, stream: AsyncIterator[bytes]) -> str:
    """Write a stream to a file, and give its SHA-256 once it is safely on the disk."""
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        async for piece in stream:
            size += len(piece)
            if size > LONGEST_UPLOAD:
                raise BadRequest(UPLOAD_TOO_LONG)
            digest.update(piece)
            file.write(piece)
        file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    return digest.hexdigest()
