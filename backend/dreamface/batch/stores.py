"""Where a batch's faces go: a folder, or a place that fsspec reaches by a URL, such as `s3://bucket/cast`.

What is put there is whole: in a folder by renaming. Object stores have no renaming; there the file that says whose a
face is comes last, and what lacks it is not there yet.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from dreamface import library, writing
from dreamface._files import Held, NoLocks, cannot_write, hold, sweep, whole_file
from dreamface._reading import parse_json
from dreamface.errors import Busy, DreamFaceError, FolderError, MissingDependency

Place: TypeAlias = Path | str
"""A folder, or a URL."""

LOCK: Final = ".batch.lock"
RECORD: Final = "record.json"
"""In a folder of maps: whose they are."""

_DOCUMENT: Final = "face.json"
_MARKS: Final = (_DOCUMENT, RECORD)  # written last, in a folder


class Store(Protocol):
    """Where a batch's faces go. Names are those of files and folders in it, with / between them."""

    def exists(self, name: str) -> bool:
        """Whether a file or a whole folder is there."""
        ...

    def names(self) -> frozenset[str] | None:
        """Return the names of all that is there, where to ask for each of many would take long; else None."""
        ...

    def read(self, name: str) -> bytes | None:
        """Return what a file holds; None where it is not there.

        Raises:
            FolderError: it can't be read.
        """
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a file, in place of the one that may be there.

        Raises:
            FolderError: it can't be written.
        """
        ...

    def remove(self, name: str) -> None:
        """Take a file away; one that is not there is as well."""
        ...

    def said(self, name: str) -> Mapping[str, Any] | None:
        """Return what the face.json of a folder says, which nobody has checked; None where it holds no face."""
        ...

    def staging(self) -> AbstractContextManager[Path]:
        """A temporary folder on this machine, from which things can be `put`."""
        ...

    def put(self, staged: Path, name: str) -> bool:
        """Move a file or folder from `staging` to its place; False where something has it by now.

        Raises:
            FolderError: it can't be written.
        """
        ...

    def fetch(self, name: str) -> AbstractContextManager[Path]:
        """A folder of the store as one of this machine."""
        ...

    def put_beside(self, folder: Path, name: str, files: list[str]) -> None:
        """Put files that were written into a folder from `fetch` to the others of that folder."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """No other batch works there during the block.

        Raises:
            Busy: another one does.
            FolderError: nothing can be written there.
        """
        ...

    def sweep(self, again: bool = False) -> None:
        """Take away what killed processes have left; `again`, where that was looked at before."""
        ...


_PAGE: Final = ("page", "page/heads", "page/thumbnails")  # folders of the page of all faces
_OBJECT_STORES: Final = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci", "r2"})


def store_of(place: Place) -> Store:
    """Return the store of a folder or URL.

    Raises:
        MissingDependency: the package that a URL takes is not installed.
        FolderError: there is no such place.
    """
    return _Folder(place) if isinstance(place, Path) else _Url(place)


class _Folder:
    """A folder on a disk of this machine, or one that several machines share."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self, name: str) -> bool:
        return (self.path / name).exists()

    def names(self) -> frozenset[str] | None:
        return None

    def read(self, name: str) -> bytes | None:
        file = self.path / name
        try:
            return file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FolderError(f"{file} can't be read ({error.strerror}): change its permissions.") from error

    def write(self, name: str, data: bytes) -> None:
        with whole_file(self.path / name) as part:
            part.write_bytes(data)

    def remove(self, name: str) -> None:
        with suppress(OSError):
            (self.path / name).unlink(missing_ok=True)

    def said(self, name: str) -> Mapping[str, Any] | None:
        return library.describe(self.path / name)

    def staging(self) -> AbstractContextManager[Path]:
        return writing.staging(self.path)

    def put(self, staged: Path, name: str) -> bool:
        target = self.path / name
        try:
            if target.exists():
                return False
            staged.rename(target)
        except OSError as error:
            if target.exists() and error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.EACCES):
                return False
            raise cannot_write(target, error) from error
        return True

    @contextmanager
    def fetch(self, name: str) -> Iterator[Path]:
        yield self.path / name

    def put_beside(self, folder: Path, name: str, files: list[str]) -> None:
        """They are there already."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        path = self.path / LOCK
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            held = hold(path, mode=0o666)  # as the umask lets: a studio may share the folder
        except Held as other:
            raise Busy(
                f"Another batch ({other.owner}) is working in {self.path}: wait until it is done, or choose another "
                "folder."
            ) from other
        except NoLocks:  # some network disks have none; a face is still made whole or not at all
            held = None
        except OSError as error:
            raise cannot_write(path, error) from error
        try:
            yield
        finally:
            if held is not None:
                held.close()

    def sweep(self, again: bool = False) -> None:
        library.sweep(self.path, again=again)
        for part in _PAGE:
            sweep(self.path / part, again=again)


class _Url:
    """A place that fsspec reaches: `s3://`, `gs://`, `abfs://`, `memory://` and others, each by a package of its own.

    Raises:
        MissingDependency: the package that it takes is not installed.
        FolderError: there is no such place.
    """

    def __init__(self, url: str) -> None:
        import fsspec

        self.url = url
        try:
            self._files, self._root = fsspec.url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            raise MissingDependency(f"{url} takes a package more: {str(error).rstrip('.')}.") from error
        except Exception as error:  # whatever a package thinks of an address or of a key
            raise self._cannot("be reached", error) from error
        protocol = self._files.protocol
        self._protocols = (protocol,) if isinstance(protocol, str) else tuple(protocol)

    def _place(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def exists(self, name: str) -> bool:
        with self._explained("be read"):
            place = self._place(name)
            return self._files.isfile(place) or any(self._files.isfile(f"{place}/{mark}") for mark in _MARKS)

    def names(self) -> frozenset[str] | None:
        with self._explained("be read"):
            try:
                return frozenset(str(one).rstrip("/").rpartition("/")[2] for one in self._files.ls(self._root, False))
            except FileNotFoundError:
                return frozenset()

    def read(self, name: str) -> bytes | None:
        with self._explained("be read"):
            try:
                return bytes(self._files.cat_file(self._place(name)))
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        with self._explained("be written"):
            place = self._place(name)
            self._make_folder_of(place)
            self._files.pipe_file(place, data)

    def remove(self, name: str) -> None:
        with suppress(FolderError), self._explained("be written"), suppress(FileNotFoundError):
            self._files.rm_file(self._place(name))

    def said(self, name: str) -> Mapping[str, Any] | None:
        data = self.read(f"{name}/{_DOCUMENT}")
        try:
            said = None if data is None else parse_json(data)
        except ValueError:
            return None
        return said if isinstance(said, dict) else None

    @contextmanager
    def staging(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="dreamface-") as place:
            yield Path(place)

    def put(self, staged: Path, name: str) -> bool:
        if self.exists(name):
            return False
        if staged.is_file():
            self.write(name, staged.read_bytes())
            return True
        files = [file for file in staged.rglob("*") if file.is_file()]
        for file in sorted(files, key=lambda file: file.name in _MARKS):
            self._upload(file, f"{name}/{file.relative_to(staged).as_posix()}")
        return True

    def _upload(self, file: Path, name: str) -> None:
        with self._explained("be written"):
            place = self._place(name)
            self._make_folder_of(place)
            self._files.put_file(str(file), place)

    def _make_folder_of(self, place: str) -> None:
        """Make the folder of a file; object stores have none, and would make a bucket of a name that was mistyped."""
        if not any(one in _OBJECT_STORES for one in self._protocols):
            self._files.makedirs(place.rpartition("/")[0], exist_ok=True)

    @contextmanager
    def fetch(self, name: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="dreamface-") as place:
            folder = Path(place) / name
            with self._explained("be read"):
                self._files.get(f"{self._place(name)}/", f"{folder}/", recursive=True)
            yield folder

    def put_beside(self, folder: Path, name: str, files: list[str]) -> None:
        for file in (*files, _DOCUMENT):
            self._upload(folder / file, f"{name}/{file}")

    @contextmanager
    def alone(self) -> Iterator[None]:
        yield  # object stores have no locks; whatever is put there is whole all the same

    def sweep(self, again: bool = False) -> None:
        """Nothing half-made has a name there that anybody looks at."""

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except DreamFaceError:
            raise
        except Exception as error:  # each package has errors of its own; some find a whole bucket missing
            raise self._cannot(what, error) from error

    def _cannot(self, what: str, error: Exception) -> FolderError:
        said = str(error).strip().splitlines()
        return FolderError(f"{self.url} can't {what} ({said[0] if said else type(error).__name__}).")
