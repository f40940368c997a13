"""Reads the files of a downloaded archive or an unpacked folder, without unpacking anything onto the disk.

So no name in an archive can lead outside of a folder, and no space is needed for what is read once.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from dreamface._archives import TooManyFiles, open_zip
from dreamface.errors import BadRequest

_LARGEST: Final = 2**24
"""Bytes of one unpacked file, six times what models have: what claims to be larger is meant to fill the memory."""

_LARGEST_CONTENT: Final = 2**30
"""Bytes of all unpacked files, over twice what models have."""

_LARGEST_ARCHIVE: Final = 2**30
_LONGEST_LIST: Final = 2**24  # bytes of a zip's list of members

_MAGIC_LENGTH: Final = 6
_PACKINGS: Final[Mapping[bytes, Callable[[IO[bytes]], IO[bytes]]]] = {
    b"\x1f\x8b": lambda file: cast(IO[bytes], gzip.GzipFile(fileobj=file)),
    b"BZh": lambda file: cast(IO[bytes], bz2.BZ2File(file)),
    b"\xfd7zXZ\x00": lambda file: cast(IO[bytes], lzma.LZMAFile(file)),  # noqa: SIM115 - its user closes it
}
"""How a packed tar begins, and what unpacks it."""

_UNREADABLE: Final = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError,
    RuntimeError, ValueError, IndexError, MemoryError,
)  # fmt: skip
"""What the archive modules raise over one that is cut short, damaged or encrypted."""


class TooLarge(ValueError):
    """An archive claims more than any model has."""


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
        except TooLarge as error:
            raise BadContents(
                f"{self.title} is not the archive that it should be ({name}: {error}); {self.again}."
            ) from error
        except (*_UNREADABLE, OSError) as error:
            raise BadContents(f"{self.title} is damaged: {name} in it can't be read; {self.again}.") from error


@contextmanager
def open_contents(source: Path, anchor: str, title: str, again: str, bare: bool = False) -> Iterator[Contents]:
    """Open an archive or an unpacked folder.

    Args:
        source: a .zip or .tar.gz, or a folder; where it is bare, the file that is the whole model.
        anchor: a file that every copy of the model has; it tells which folder in `source` is the model's own.
        title: `source` as a sentence names it.
        again: see `Contents`.
        bare: whether a file is not an archive, but `anchor` itself, whatever it is called.

    Raises:
        BadContents: it is damaged, or there is no `anchor` in it.
        BadRequest: there is no such file, or it is nothing that can be opened.
    """
    if _is_folder(source):
        root, found = _look_into(source, anchor, title, again)
        yield Contents(title, found, again, lambda name: _read_small(root / name))
        return
    if bare:
        yield Contents(title, (anchor,), again, lambda _: _read_alone(source))
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


def _read_alone(file: Path) -> bytes:
    try:
        return _read_small(file)
    except FileNotFoundError as error:
        raise BadRequest(f"There is no file or folder {file}: check the path.") from error


def _read_small(file: Path) -> bytes:
    _check_size(file.stat().st_size)
    return file.read_bytes()


# ------------------------------------------------------------------------------------------------------------ archives

_Opened = tuple[Mapping[str, object], Callable[[str], bytes]]


@contextmanager
def _opened(source: Path, title: str, again: str) -> Iterator[_Opened]:
    """The members of an archive in its own order, and what reads one."""
    with ExitStack() as stack:
        try:
            opened = _open(source, stack)
        except PermissionError as error:
            raise BadRequest(f"{title} is not readable: change its permissions.") from error
        except FileNotFoundError as error:
            raise BadRequest(f"There is no file or folder {source}: check the path.") from error
        except (TooLarge, TooManyFiles) as error:
            raise BadContents(f"{title} is not the archive that it should be ({error}): {again}.") from error
        except (*_UNREADABLE, OSError) as error:
            raise BadContents(f"{title} is damaged or cut short: {again}.") from error
        if opened is None:
            raise BadContents(f"{title} is neither a whole .zip or .tar.gz nor a folder: {again}.")
        yield opened


def _open(source: Path, stack: ExitStack) -> _Opened | None:
    """None where it is no archive, or has no whole member."""
    if source.stat().st_size > _LARGEST_ARCHIVE:
        raise TooLarge("it is too large")
    if zipfile.is_zipfile(source):
        return _open_zip(source, stack)
    file = stack.enter_context(source.open("rb"))
    magic = file.read(_MAGIC_LENGTH)
    file.seek(0)
    unpack = next((unpack for start, unpack in _PACKINGS.items() if magic.startswith(start)), None)
    stream = stack.enter_context(unpack(file)) if unpack is not None else file
    return _open_tar(stream, stack)


def _open_zip(source: Path, stack: ExitStack) -> _Opened:
    archive = stack.enter_context(open_zip(stack.enter_context(source.open("rb")), _LONGEST_LIST))
    members = {member.filename: member for member in archive.infolist() if not member.is_dir()}

    def read(name: str) -> bytes:
        _check_size(members[name].file_size)
        return archive.read(members[name])

    return members, read


def _open_tar(stream: IO[bytes], stack: ExitStack) -> _Opened | None:
    """A tar names a file's size before the file: what is too large is not unpacked in order to be passed over."""
    members: dict[str, tarfile.TarInfo] = {}
    try:
        archive = stack.enter_context(tarfile.open(fileobj=cast(IO[bytes], _Bounded(stream)), mode="r:"))  # noqa: SIM115
    except tarfile.ReadError:
        return None
    for member in archive:
        if member.offset_data + member.size > _LARGEST_CONTENT:
            raise TooLarge(f"it unpacks to more than {_LARGEST_CONTENT / 2**30:.0f} GB")
        if member.isreg():
            members[member.name.removeprefix("./")] = member

    def read(name: str) -> bytes:
        _check_size(members[name].size)
        file = archive.extractfile(members[name])
        assert file is not None  # it is a regular file
        return file.read()

    return members, read


class _Bounded:
    """A stream that refuses to be read in larger pieces than any file of a model, or beyond the end of all of them.

    A tar's notes about a file, such as a long name, are read whole, however large they say that they are.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.tell = stream.tell

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        _check_size(size)
        return self._stream.read(size)

    def seek(self, place: int) -> int:
        """Go to a place."""
        if place > _LARGEST_CONTENT:
            raise TooLarge(f"it unpacks to more than {_LARGEST_CONTENT / 2**30:.0f} GB")
        return self._stream.seek(place)


def _check_size(size: int) -> None:
    if size > _LARGEST:
        raise TooLarge(f"it has a file of {size / 2**20:,.0f} MB")
