"""Files that are fetched one by one at a pinned version, and single files that are known by their hash."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from dreamface.models.contents import BadContents
from dreamface.models.safetensors_header import NotSafetensors, family_of, is_pickled, read_header
from dreamface.models.taking import Offer, copy_files, pickled, reading

_MEGABYTE: Final = 1e6
_PICKLE: Final = b"\x80"  # how a bare pickle begins


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

    def take(self, offer: Offer) -> None:
        """Check the file, or the folder that it is in, and copy it; see `Take`."""
        offer.progress.report("check", 0.0, f"Looking into {offer.title}")
        with reading(offer.title):
            file = self._find(offer.source, offer.title, offer.again)
            self._check(file, offer.title, offer.again)
        digest = hashlib.sha256()
        copy_files(offer, {file: self.name}, offer.progress, digest.update)
        if digest.hexdigest() != self.sha256:
            raise BadContents(f"{offer.title} is not {self.title}, or is damaged: {offer.again}.")

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
        have, whole = size / _MEGABYTE, self.size / _MEGABYTE
        if size < self.size and _is_cut_short(file):
            raise BadContents(f"{title} has {have:.1f} of {self.title}'s {whole:.1f} MB, the rest is missing: {again}.")
        if size < self.size and self.name.endswith(".pth") and _is_bare_pickle(file):
            raise BadContents(
                f"{title} has {have:.1f} MB and {self.title} {whole:.1f}: it is another model, or the rest of it is "
                f"missing; {again}."
            )
        raise BadContents(f"{title} is {_family(file)}, and not {self.title}: {again}.")


def _is_cut_short(file: Path) -> bool:
    """Return whether a file is the beginning of a larger one: of .safetensors, or of torch's own, which are zips."""
    if file.suffix.lower() == ".safetensors":
        try:
            read_header(file)
        except NotSafetensors as error:
            return str(error) == "is cut short"
        return False
    return is_pickled(file) and not _is_bare_pickle(file) and not zipfile.is_zipfile(file)


def _is_bare_pickle(file: Path) -> bool:
    """Return whether a file is of torch's older kind, whose end can't be told from its beginning."""
    with file.open("rb") as data:
        return data.read(1) == _PICKLE


def _family(file: Path) -> str:
    try:
        return family_of(read_header(file)) or "another file"
    except NotSafetensors:
        return "another file"
