"""A language model of the user's own choice that helps to understand talk: any GGUF file that llama.cpp reads."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from dreamface.models.contents import BadContents
from dreamface.progress import Progress

NAME: Final = "talk-model"
FILE: Final = "model.gguf"
PAGE: Final = "https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"
SIZE: Final = 1_000_000_000
"""Bytes, about: a model of 1.5 thousand million parameters with 4 bits each."""

_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_LEAST: Final = 1_000_000  # bytes: a smaller file is no language model
_CHUNK: Final = 2**22  # bytes


def take(
    source: Path,
    title: str,
    again: str,
    target: Path,
    settings: Callable[[Progress], Path],
    check_room: Callable[[int], None],
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> None:
    """Check a GGUF file and copy it into a folder.

    Args:
        source: the file.
        title: as a sentence names it.
        again: what to do where it is not as it should be: the end of a sentence.
        target: the folder that is made.
        settings: not used: the file has everything.
        check_room: refuses where the disk has no room for so many bytes.
        progress: told about every chunk.

    Raises:
        BadContents: it is no language model in this format, or can't be read.
        OSError: the disk refused to write.
        Cancelled: the progress said so.
    """
    progress.report("check", 0.0, f"Looking into {title}")
    try:
        size = source.stat().st_size
        with source.open("rb") as data:
            head = data.read(8)
    except OSError as error:
        raise BadContents(f"{title} can't be read ({error.strerror}): give a file that ends in .gguf.") from error
    if head[:4] != _MAGIC or size < _LEAST:
        raise BadContents(f"{title} is no language model in the GGUF format: {again}.")
    (version,) = struct.unpack("<I", head[4:])
    if version not in _VERSIONS:
        raise BadContents(f"{title} has version {version} of the GGUF format, and 2 and 3 are known: {again}.")
    check_room(size)
    _copy(source, target / FILE, size, progress)


def _copy(source: Path, target: Path, size: int, progress: Progress) -> None:
    done = 0
    with source.open("rb") as data, target.open("wb") as copy:
        while chunk := data.read(_CHUNK):
            copy.write(chunk)
            done += len(chunk)
            progress.report("copy", min(done / size, 1.0), f"Copying {source.name}")
