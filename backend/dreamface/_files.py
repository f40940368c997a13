"""Writing files so that one that exists is whole, and saying in a sentence why one could not be written."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

from filelock import lock_descriptor

from dreamface.errors import FolderError

Result = TypeVar("Result")

MAX_THREADS = 8
"""More would only keep more maps in memory at once."""

_LOCKED_BYTES = 1
"""Windows lets nobody read what is locked, the first byte of the file: the process id begins after it."""


def sibling(path: Path, purpose: str) -> Path:
    """A new hidden name beside `path`, with its suffix: on the same disk, so that renaming is atomic."""
    return path.with_name(f".{path.stem}.{secrets.token_hex(4)}.{purpose}{path.suffix}")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Write to the path this yields; it becomes `path` if the block succeeds and is removed if it does not.

    Raises:
        FolderError: the disk refused.
    """
    if not path.parent.is_dir():
        raise cannot_write(path, FileNotFoundError(errno.ENOENT, ""))
    part = sibling(path, "part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def flush_to_disk(path: Path) -> None:
    """Flush a file or folder before or after a rename: after a power cut no name points at missing data.

    Raises:
        OSError: the disk refused.
    """
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders and orders their entries by itself
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def cannot_write(path: Path, error: OSError) -> FolderError:
    """The sentence for `error`, met while writing `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FolderError("The disk is full: free some space, then try again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return FolderError(f"{path.parent} is not writable: choose another place or change its permissions.")
    if error.errno in (errno.ENOENT, errno.ENOTDIR) and not path.parent.is_dir():
        return FolderError(f"{path.parent} is not a folder: create it first or choose another place.")
    return FolderError(f"{path} could not be written: {error.strerror or error}.")


def side_by_side(tasks: Sequence[Callable[[], Result]]) -> Generator[Result, None, None]:
    """Run the tasks in threads (zlib, Pillow and OpenEXR release the GIL); yield results as they come, in any order.

    When the consumer stops early, or a task fails, those not yet started never are.
    """
    with ThreadPoolExecutor(max_workers=min(MAX_THREADS, os.cpu_count() or 1)) as pool:
        futures = [pool.submit(task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class Held(Exception):
    """Another process holds a lock.

    Attributes:
        owner: "process" and its number, or "another process".
    """

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


class NoLocks(OSError):
    """The disk has no locks, as some network disks."""


def hold(path: Path, mode: int = 0o600) -> IO[bytes]:
    """Lock the file `path` until the file that this returns is closed, or the process ends.

    Args:
        path: of the lock; it is made where it is not there.
        mode: what it is made with, less the umask; whoever may not write it can't lock it.

    Raises:
        Held: another process has locked it.
        NoLocks: nothing can be locked there.
        OSError: the disk refused.
    """
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, mode), "r+b", buffering=0)
    try:
        taken = not lock_descriptor(file.fileno(), blocking=False)
    except OSError as error:
        file.close()
        raise NoLocks(error.errno, error.strerror) from error
    file.seek(_LOCKED_BYTES)
    if taken:
        with file:
            owner = file.read(20).decode("ascii", "replace").strip()
        raise Held(f"process {owner}" if owner.isdigit() else "another process")
    file.truncate()
    file.write(f"{os.getpid()}\n".encode())
    return file
