"""A language model of the user's own choice that helps to understand talk: any GGUF file that llama.cpp reads."""

from __future__ import annotations

import struct
from typing import Final

from dreamface.models.contents import BadContents
from dreamface.models.taking import Offer, copy_files

NAME: Final = "talk-model"
FILE: Final = "model.gguf"
PAGE: Final = "https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"
SIZE: Final = 1_000_000_000
"""Bytes, about: a model of 1.5 thousand million parameters with 4 bits each."""

_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_LEAST: Final = 1_000_000  # bytes: a smaller file is no language model


def take(offer: Offer) -> None:
    """Check a GGUF file and copy it into a folder; see `Take`."""
    title, again = offer.title, offer.again
    offer.progress.report("check", 0.0, f"Looking into {title}")
    try:
        size = offer.source.stat().st_size
        with offer.source.open("rb") as data:
            head = data.read(8)
    except OSError as error:
        raise BadContents(f"{title} can't be read ({error.strerror}): give a file that ends in .gguf.") from error
    if head[:4] != _MAGIC or size < _LEAST:
        raise BadContents(f"{title} is no language model in the GGUF format: {again}.")
    (version,) = struct.unpack("<I", head[4:])
    if version not in _VERSIONS:
        raise BadContents(f"{title} has version {version} of the GGUF format, and 2 and 3 are known: {again}.")
    copy_files(offer, {offer.source: FILE}, offer.progress)
