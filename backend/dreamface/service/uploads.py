"""What clients send ahead of a job: pictures of layers, offsets of vertices, photographs. Each goes by its SHA-256."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import time
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

from starlette.requests import ClientDisconnect

from dreamface._files import cannot_write, flush_to_disk, sibling
from dreamface.errors import BadRequest
from dreamface.service.layout import USER, for_user
from dreamface.service.users import asking

_LIFETIME: Final = 30 * 24 * 3600.0
"""Seconds without use after which the next start deletes a file. Faces have copies of what they need."""

_UPLOAD: Final = re.compile("[0-9a-f]{64}")
_HALF_SENT: Final = re.compile(r"\.[0-9a-f]{64}\..*\.part")


class Uploads:
    """The files that somebody has sent, in a folder of the store.

    Args:
        folder: it is made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, owner: str) -> Uploads:
        """Return the files that a user has sent, where these are the owner's; an empty name is the owner's."""
        return Uploads(for_user(self._folder, owner))

    @property
    def mine(self) -> Uploads:
        """The files of whoever asks, where these are the owner's."""
        return self.of(asking.get().name)

    def has(self, digest: str) -> bool:
        """Return whether a file is here."""
        return (self._folder / digest).is_file()

    def file(self, digest: str) -> Path:
        """Return where a file lies.

        Raises:
            BadRequest: it was never sent, or was deleted since.
        """
        if not self.has(digest):
            raise _missing(digest)
        return self._folder / digest

    def check(self, digests: Collection[str]) -> None:
        """Make sure that files are here, and keep them for another month.

        Raises:
            BadRequest: one is not here.
        """
        for digest in digests:
            with suppress(PermissionError):  # another user's backend wrote it, and its age is theirs
                self._touch(self.file(digest))

    def _touch(self, file: Path) -> None:
        try:
            os.utime(file)
        except FileNotFoundError as error:  # deleted a moment ago
            raise _missing(file.name) from error

    async def receive(self, digest: str, stream: AsyncIterator[bytes]) -> bool:
        """Write a file to disk as it comes in; it is never whole in memory.

        Args:
            digest: SHA-256 of its bytes, hexadecimal.
            stream: its bytes, in pieces.

        Returns:
            Whether it is new.

        Raises:
            BadRequest: the bytes have another SHA-256, or the client has gone before all of them came.
            FolderError: the disk refused.
        """
        place = self._folder / digest
        part = sibling(place, "part")
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            found = await _write(part, stream)
            if found != digest:
                raise BadRequest(f"What was sent has the SHA-256 {found}, not {digest}: send it again.")
            if place.exists():  # a worker may be reading it: Windows would not let it be replaced
                self.check((digest,))
                return False
            part.replace(place)
            await asyncio.to_thread(flush_to_disk, self._folder)
        except ClientDisconnect as error:
            raise BadRequest("The upload broke off: send the file again.") from error
        except OSError as error:
            raise cannot_write(place, error) from error
        finally:
            part.unlink(missing_ok=True)
        return True

    async def keep(self, data: bytes) -> str:
        """Write bytes that were made here to disk, as if a client had sent them, and return their SHA-256.

        Raises:
            FolderError: the disk refused.
        """
        digest = hashlib.sha256(data).hexdigest()
        if self.has(digest):
            self.check((digest,))
            return digest

        async def whole() -> AsyncIterator[bytes]:
            yield data

        await self.receive(digest, whole())
        return digest

    def remove_all(self, needed: Collection[str]) -> None:
        """Delete all of them but those that waiting jobs need."""
        with suppress(OSError):
            self.remove(
                [
                    file.name
                    for file in self._folder.iterdir()
                    if _UPLOAD.fullmatch(file.name) and file.name not in needed
                ]
            )

    def size(self, digest: str) -> int:
        """Return how many bytes a file has; 0 where it is not here."""
        with suppress(OSError):
            return (self._folder / digest).stat().st_size
        return 0

    def remove(self, digests: Collection[str]) -> None:
        """Delete files, as far as they are here."""
        for digest in digests:
            with suppress(OSError):  # another program may hold it: the next start sweeps it, a month later
                (self._folder / digest).unlink(missing_ok=True)

    def sweep(self, needed: Collection[str]) -> None:
        """Delete what was left half sent, and files that no job has asked for in a month; users' as well.

        Args:
            needed: SHA-256 of files that waiting jobs need: they stay.
        """
        for file in (*self._folder.iterdir(), *self._folder.glob(f"{USER}*/*")):
            with suppress(OSError):  # another program may hold it; the next start tries again
                old = file.stat().st_mtime < time.time() - _LIFETIME and file.name not in needed
                if _HALF_SENT.fullmatch(file.name) or (old and _UPLOAD.fullmatch(file.name)):
                    file.unlink()


def _missing(digest: str) -> BadRequest:
    return BadRequest(f"There is no upload {digest}: send the file to PUT /uploads/{digest} first.")


async def _write(path: Path, stream: AsyncIterator[bytes]) -> str:
    """Write a stream to a file, and give its SHA-256 once it is safely on the disk."""
    digest = hashlib.sha256()
    with path.open("xb") as file:
        async for piece in stream:  # `BodyLimit` counts them
            digest.update(piece)
            file.write(piece)
        file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    return digest.hexdigest()
