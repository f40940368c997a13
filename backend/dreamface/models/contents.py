"""Reads the files of a downloaded archive or an unpacked folder, without unpacking anything onto the disk.

So no name in an archive can lead outside of a folder, and no space is needed for what is read once.
"""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from dreamface.errors import BadRequest

_LARGEST: Final = 2**28
"""Bytes of one unpacked file: what claims to be larger is meant to fill the memory."""

_UNREADABLE: Final = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip
"""What the archive modules raise over one that is cut short, damaged or encrypted."""


class BadContents(BadRequest):
    """An archive or folder is not what it should be; the message names the file that is wrong."""


@dataclass(frozen=True)
class Contents:
    """What is in an archive or a folder.

    Attributes:
        title: the archive or folder as a sentence names it.
        names: its files, relative to the model's own folder in it, with /; read in this order they come fastest.
        again: what to do where it is not as it should be: the end of a sentence.
    """

    title: str
    names: tuple[str, ...]
    again: str
    _read: Callable[[str], bytes]

    def read(self, name: str) -> bytes:
        """The bytes of one of `names`.

        Raises:
            BadContents: they are damaged or not readable.
        """
        try:
            return self._read(name)
        except PermissionError as error:
            raise BadContents(f"{name} in {self.title} is not readable: change its permissions.") from error
        except (*_UNREADABLE, OSError) as error:
            raise BadContents(f"{self.title} is damaged: {name} in it can't be read; {self.again}.") from error


@contextmanager
def open_contents(source: Path, anchor: str, title: str, again: str) -> Iterator[Contents]:
    """Open an archive or an unpacked folder.

    Args:
        source: a .zip or .tar.gz, or a folder.
        anchor: a file that every copy of the model has; it tells which folder in `source` is the model's own.
        title: `source` as a sentence names it.
        again: see `Contents`.

    Raises:
        BadContents: it is damaged, or there is no `anchor` in it.
        BadRequest: there is no such file, or it is nothing that can be opened.
    """
    if _is_folder(source):
        root, found = _look_into(source, anchor, title, again)
        yield Contents(title, found, again, lambda name: _read_small(root / name))
        return
    with _opened(source, title, again) as (members, read):
        root_name = next((name.removesuffix(anchor) for name in members if f"/{name}".endswith(f"/{anchor}")), None)
        if root_name is None:
            raise _without(title, anchor, again)
        names = tuple(name.removeprefix(root_name) for name in members if name.startswith(root_name))
        yield Contents(title, names, again, lambda name: read(root_name + name))


def _without(title: str, anchor: str, again: str) -> BadContents:
    return BadContents(f"There is no {anchor} in {title}: it is something else, or not complete; {again}.")


# ------------------------------------------------------------------------------------------------------------- folders


def _is_folder(source: Path) -> bool:
    try:
        if source.is_dir():
            return True
        # Reading a device need not end, and opening a pipe waits for whoever writes to it.
        if source.exists() and not source.is_file():
            raise BadRequest(
                f"{source} is neither a file nor a folder: choose an archive, or the folder it was unpacked into."
            )
    except OSError as error:
        raise _closed(str(source), error) from error
    return False


def _look_into(folder: Path, anchor: str, title: str, again: str) -> tuple[Path, tuple[str, ...]]:
    """The folder that has `anchor` in it, and the names of all files there."""
    try:
        root = _root_of(folder, anchor)
        names = () if root is None else tuple(_names_in(root))
    except OSError as error:
        raise _closed(title, error) from error
    if root is None:
        raise _without(title, anchor, again)
    return root, names


def _closed(title: str, error: OSError) -> BadRequest:
    return BadRequest(f"{title} can't be looked at ({error.strerror}): check the path and its permissions.")


def _root_of(folder: Path, anchor: str) -> Path | None:
    """The folder that has `anchor` in it: `folder`, one right in it, or the one whose part `folder` is."""
    depth = len(PurePosixPath(anchor).parts) - 1
    places = [folder, *sorted(place for place in folder.iterdir() if place.is_dir())]
    places += folder.absolute().parents[:depth]
    return next((place for place in places if (place / anchor).is_file()), None)


def _names_in(root: Path) -> Iterator[str]:
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield path.relative_to(root).as_posix()


def _read_small(file: Path) -> bytes:
    _check_size(file.stat().st_size)
    return file.read_bytes()


# ------------------------------------------------------------------------------------------------------------ archives

_Opened = tuple[Mapping[str, object], Callable[[str], bytes]]


@contextmanager
def _opened(source: Path, title: str, again: str) -> Iterator[_Opened]:
    """The members of an archive in its own order, and what reads one."""
    try:
        opener = _open_zip if zipfile.is_zipfile(source) else _open_tar if tarfile.is_tarfile(source) else None
        if opener is None and not source.exists():
            raise BadRequest(f"There is no file or folder {source}: check the path.")
        if opener is None:
            raise BadContents(f"{title} is neither a whole .zip or .tar.gz nor a folder: {again}.")
        opened = opener(source)
    except PermissionError as error:
        raise BadRequest(f"{title} is not readable: change its permissions.") from error
    except FileNotFoundError as error:
        raise BadRequest(f"There is no file or folder {source}: check the path.") from error
    except (*_UNREADABLE, OSError) as error:
        raise BadContents(f"{title} is damaged or cut short: {again}.") from error
    archive, members, read = opened
    with archive:
        yield members, read


def _open_zip(source: Path) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo], Callable[[str], bytes]]:
    archive = zipfile.ZipFile(source)
    members = {member.filename: member for member in archive.infolist() if not member.is_dir()}

    def read(name: str) -> bytes:
        _check_size(members[name].file_size)
        return archive.read(members[name])

    return archive, members, read


def _open_tar(source: Path) -> tuple[tarfile.TarFile, dict[str, tarfile.TarInfo], Callable[[str], bytes]]:
    archive = tarfile.open(source)  # noqa: SIM115 - its user closes it
    members = {member.name.removeprefix("./"): member for member in archive.getmembers() if member.isreg()}

    def read(name: str) -> bytes:
        _check_size(members[name].size)
        file = archive.extractfile(members[name])
        assert file is not None  # it is a regular file
        return file.read()

    return archive, members, read


def _check_size(size: int) -> None:
    if size > _LARGEST:
        raise ValueError(f"{size} bytes in one file")
