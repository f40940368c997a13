"""Writing files so that one that exists is whole, and saying in a sentence why one could not be written."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, TypeVar

from filelock import lock_descriptor

from dreamface.errors import DiskFull, FolderError

Result = TypeVar("Result")

MAX_THREADS = 8
"""More would only keep more maps in memory at once."""

_LOCKED_BYTES = 1
"""Windows lets nobody read what is locked, the first byte of the file: the process id begins after it."""


_OLD = 7 * 24 * 3600.0
"""Seconds after which what another machine's run has left is nobody's any more."""

_MADE_UP_NODE = 1 << 40
"""Set in the number that Python makes up, in every process anew, where there is no network card to take one from."""

_LEFTOVER = re.compile(
    r"\.(?P<stem>.+)\.(?P<machine>[0-9a-f]{8})-(?P<process>[0-9]+)-(?:(?P<time>[0-9a-f]{8})-)?[0-9a-f]{8}"
    r"\.(?P<purpose>part|old|stage)(?P<suffix>\.[^.]*)?",
    re.DOTALL,
)
"""A name of `sibling`; older ones have no time."""

_swept: set[Path] = set()


def sibling(path: Path, purpose: str) -> Path:
    """A new hidden name beside `path`, with its suffix: on the same disk, so that renaming is atomic.

    It says who made it and when, so that `sweep` knows what nobody needs any more.
    """
    maker = f"{_machine()}-{os.getpid()}-{int(time.time()) & 0xFFFFFFFF:08x}-{secrets.token_hex(4)}"
    return path.with_name(f".{path.stem}.{maker}.{purpose}{path.suffix}")


@contextmanager
def staging_folder(parent: Path) -> Iterator[Path]:
    """Make a hidden folder in `parent`, where things are made that are then moved into place; it goes at the end.

    Raises:
        OSError: the disk refused to make it.
    """
    stage = sibling(parent / "dreamface", "stage")
    stage.mkdir(mode=0o700)
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def sweep(folder: Path, rescue: Callable[[Path, Path], None] | None = None, *, again: bool = False) -> None:
    """Delete what killed runs have left in a folder under names of `sibling`, never a living run's; once in a process.

    Args:
        folder: where to look; it need not exist.
        rescue: is given what was moved aside for a new one, and the name that it had; without it, such things stay.
        again: whether to look once more, as after a process of one's own was killed.
    """
    folder = folder.absolute()
    if folder in _swept and not again:
        return
    _swept.add(folder)
    try:
        entries = list(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        name = _LEFTOVER.fullmatch(entry.name)
        with suppress(OSError):  # another run may sweep here at the same time
            if name is None or not _is_abandoned(entry, name):
                continue
            if name["purpose"] != "old":
                delete(entry)
            elif rescue is not None:
                rescue(entry, folder / f"{name['stem']}{name['suffix'] or ''}")


def _is_abandoned(entry: Path, name: re.Match[str]) -> bool:
    """Whether who made it is dead; of another machine's process that is not known, so only age tells.

    What was moved aside is as old as its hidden name: the folder itself may be of last year.
    """
    if name["machine"] == _machine() and os.name != "nt":  # Windows has no signal that only asks
        try:
            os.kill(int(name["process"]), 0)
        except (ProcessLookupError, OverflowError):
            return True
        except OSError:  # it lives, and is another user's
            pass
        return False
    made = int(name["time"], 16) if name["purpose"] == "old" and name["time"] else entry.lstat().st_mtime
    return made < time.time() - _OLD


def delete(entry: Path) -> None:
    """Delete a file, a link or a folder with all that is in it; what the disk refuses stays."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        with suppress(OSError):
            entry.unlink()


@cache
def _machine() -> str:
    """Eight digits for this machine, or this container of it: processes have numbers of their own in each.

    Its name alone would not do: many machines of a studio, and all fresh ones, are called the same.
    """
    namespace = Path("/proc/self/ns/pid")
    try:
        inside = namespace.stat().st_ino
    except OSError:
        inside = 0
    node = uuid.getnode()
    if node & _MADE_UP_NODE:
        node = 0
    return hashlib.sha256(f"{platform.node()}/{node:x}/{inside}".encode("utf-8", "surrogateescape")).hexdigest()[:8]


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
        with suppress(OSError):  # a read-only disk refuses even this, and the reason is on its way already
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
        return DiskFull("The disk is full: free some space, then try again.")
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
