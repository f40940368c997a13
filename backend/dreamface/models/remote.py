"""Files that are fetched one by one at a pinned version, and single files that are known by their hash."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from dreamface.models.contents import BadContents
from dreamface.models.safetensors_header import NotSafetensors, family_of, is_pickled, read_header
from dreamface.progress import Progress

_CHUNK: Final = 2**22  # bytes copied at a time
_MEGABYTE: Final = 1e6


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository.

    Attributes:
        path: in the repository.
        name: where it is installed.
        size: bytes, about.
        base: address of the repository's files at one version.
    """

    path: str
    name: str
    size: int
    base: str = ""

    @property
    def url(self) -> str:
        """Its address at the pinned version."""
        return f"{self.base}/{self.path}"


@dataclass(frozen=True)
class KnownFile:
    """A model that is one file, known byte for byte.

    A pickled one may run code when it is opened, so it is taken only if it is the very file that is known to run none.

    Attributes:
        name: where it is installed.
        url: of exactly that version.
        size: bytes.
        sha256: of its bytes.
        title: as a sentence names it.
    """

    name: str
    url: str
    size: int
    sha256: str
    title: str

    def take(
        self,
        source: Path,
        title: str,
        again: str,
        target: Path,
        settings: Callable[[Progress], Path],
        check_room: Callable[[int], None],
        progress: Progress = Progress(),  # noqa: B008 - immutable
    ) -> None:
        """Check the file, or the folder that it is in, and copy it; see `stable_diffusion.take`.

        Raises:
            BadContents: it is another file, or damaged; the message says which, as far as that can be told.
            OSError: the disk refused to write.
            Cancelled: the progress said so.
        """
        progress.report("check", 0.0, f"Looking into {title}")
        with reading(title):
            file = self._find(source, title, again)
            self._check(file, title, again)
        check_room(self.size)
        digest, done = hashlib.sha256(), 0
        with (target / self.name).open("wb") as copy:
            for chunk in chunks(file):
                digest.update(chunk)
                copy.write(chunk)
                done += len(chunk)
                progress.report("copy", done / self.size, f"Copying {self.name}: {done / _MEGABYTE:.0f} MB")
        if digest.hexdigest() != self.sha256:
            raise BadContents(f"{title} is not {self.title}, or is damaged: {again}.")

    def _find(self, source: Path, title: str, again: str) -> Path:
        if not source.is_dir():
            if not source.is_file():
                raise BadContents(f"There is no file or folder {source}: check the path.")
            return source
        names = (self.name, PurePosixPath(urlsplit(self.url).path).name)
        places = (source, *sorted(place for place in source.iterdir() if place.is_dir()))
        found = next((place / name for place in places for name in names if (place / name).is_file()), None)
        if found is None:
            raise BadContents(f"There is no {names[1]} in {title}: {again}.")
        return found

    def _check(self, file: Path, title: str, again: str) -> None:
        """Refuse what can't be it, before hundreds of megabytes are read."""
        size = file.stat().st_size
        if size == self.size:
            return
        if is_pickled(file) and not self.name.endswith(".pth"):
            raise pickled(title)
        if size < self.size and _is_cut_short(file):
            have, whole = size / _MEGABYTE, self.size / _MEGABYTE
            raise BadContents(f"{title} has {have:.1f} of {self.title}'s {whole:.1f} MB, the rest is missing: {again}.")
        raise BadContents(f"{title} is {_family(file)}, and not {self.title}: {again}.")


def _is_cut_short(file: Path) -> bool:
    """Return whether a file is the beginning of a larger one: of .safetensors, or of torch's own, which are zips."""
    if file.suffix.lower() == ".safetensors":
        try:
            read_header(file)
        except NotSafetensors as error:
            return str(error) == "is cut short"
        return False
    return is_pickled(file) and not zipfile.is_zipfile(file)


def _family(file: Path) -> str:
    try:
        return family_of(read_header(file)) or "another file"
    except NotSafetensors:
        return "another file"


def pickled(title: str) -> BadContents:
    """Return the refusal of a file that could run any program when it is opened."""
    return BadContents(
        f"{title} is pickled, and opening it could run any program: choose the same model as .safetensors."
    )


@contextmanager
def reading(title: str) -> Iterator[None]:
    """Say which file can't be read, as it is not the disk that is written to."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise BadContents(
            f"{title} can't be read{where}: {error.strerror or error}. Check its permissions and its disk, then try "
            "again."
        ) from error


def chunks(source: Path) -> Iterator[bytes]:
    """Yield what is in a file, piece by piece; only what goes wrong while it is read is its fault."""
    with reading(str(source)):
        data = source.open("rb")
    with data:
        while True:
            with reading(str(source)):
                chunk = data.read(_CHUNK)
            if not chunk:
                return
            yield chunk
