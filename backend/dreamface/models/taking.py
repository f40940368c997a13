"""What somebody offers for a model: looked into, and copied piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dreamface.models.contents import BadContents
from dreamface.progress import Progress

_CHUNK: Final = 2**22  # bytes copied at a time
_MEGABYTE: Final = 1e6


@dataclass(frozen=True)
class Offer:
    """A file or folder that is to become a model's folder, and all that checking and copying it needs.

    Attributes:
        source: the file or folder.
        title: as a sentence names it.
        again: what to do where it is not as it should be: the end of a sentence.
        target: the folder that is made.
        settings: gives a folder with the settings of a model whose single file has none.
        check_room: refuses where the disk has no room for so many bytes.
        progress: told about every chunk.
    """

    source: Path
    title: str
    again: str
    target: Path
    settings: Callable[[Progress], Path]
    check_room: Callable[[int], None]
    progress: Progress


Take = Callable[[Offer], None]
"""Checks what is offered, and copies what is needed of it.

Raises BadContents where it is something else, not complete, damaged or pickled; OSError where the disk refused to
write; Cancelled where the progress said so.
"""


def copy_files(
    offer: Offer, names: Mapping[Path, str], progress: Progress, seen: Callable[[bytes], object] | None = None
) -> None:
    """Copy files into the folder that is made, where the disk has room for all.

    Args:
        offer: what they are of.
        names: file -> where it goes.
        progress: told about every chunk.
        seen: is given every chunk, too.
    """
    with reading(offer.title):
        size = sum(file.stat().st_size for file in names)
    offer.check_room(size)
    done = 0
    for file, name in names.items():
        (offer.target / name).parent.mkdir(parents=True, exist_ok=True)
        with (offer.target / name).open("wb") as copy:
            for chunk in chunks(file):
                if seen is not None:
                    seen(chunk)
                copy.write(chunk)
                done += len(chunk)
                progress.report("copy", min(1.0, done / size), f"Copying {name}: {done / _MEGABYTE:.0f} MB")


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
