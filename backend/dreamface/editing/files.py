"""Pictures that come from files: as the PNG pictures that edits keep."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from torch import Tensor

from dreamface import edits
from dreamface.edits import import_mask
from dreamface.errors import BadRequest
from dreamface.face import Topology
from dreamface.images import LARGEST_MASK, encode_mask, png_size
from dreamface.skin import skin_tiles

Picture: TypeAlias = "Path | str | bytes"
"""A picture's file, or its bytes."""

Mask: TypeAlias = "Picture | Tensor"
"""A picture, or [H, W] 0..1 with row 0 at v = 1."""

PictureKind = Literal["mask", "sketch", "picture"]


def normalise(data: bytes, kind: PictureKind) -> bytes:
    """Return a picture of any kind that is read as the PNG that edits keep of it.

    Args:
        data: bytes of a file.
        kind: a "mask" becomes grey, a "sketch" or "picture" has colours and transparency.

    Raises:
        BadRequest: it is no picture that can be read, or there is nothing on it.
    """
    if kind == "mask":
        return import_mask(data)[0]
    picture = edits.read_picture(data, cut_out=kind == "sketch")
    if kind == "sketch" and edits.covers_all(picture.png):
        raise BadRequest(
            "The sketch covers all of the tile: draw on a transparent or white ground, or give it as a mask."
        )
    return picture.png


def size_of(png: bytes) -> tuple[int, int]:
    """Return width and height of what `normalise` gave."""
    return png_size(png)


def read_picture(source: Picture, kind: PictureKind) -> bytes:
    """Return a picture's PNG; sentences about a file say which."""
    if isinstance(source, bytes):
        return normalise(source, kind)
    path = Path(source)
    try:
        return normalise(path.read_bytes(), kind)
    except OSError as error:
        raise BadRequest(f"{path} can't be read ({error.strerror}): choose another file.") from error
    except BadRequest as error:
        raise BadRequest(f"{path}: {error}") from error


def read_mask(source: Mask) -> bytes:
    """Return the PNG of a mask.

    Raises:
        BadRequest: see `normalise`.
    """
    if not isinstance(source, Tensor):
        return read_picture(source, "mask")
    if source.dim() != 2 or not 0 < min(source.shape) <= max(source.shape) <= LARGEST_MASK:
        raise BadRequest(
            f"A mask must be [H, W] with at most {LARGEST_MASK:,} pixels a side; got {list(source.shape)}."
        )
    return import_mask(encode_mask(source))[0]


def by_digest(pngs: Mapping[str, bytes]) -> tuple[dict[str, str], dict[str, bytes]]:
    """Return name -> SHA-256, and SHA-256 -> PNG."""
    digests = {name: hashlib.sha256(png).hexdigest() for name, png in pngs.items()}
    return digests, {digests[name]: png for name, png in pngs.items()}


def face_tile(topology: Topology) -> str:
    """Return the name of the face's texture tile."""
    return skin_tiles(topology)[0]


def by_tile(topology: Topology, given: Any, what: str) -> dict[str, Any]:
    """Return tile -> what was given for it; one thing alone is for the face's tile.

    Raises:
        BadRequest: nothing was given, or a tile has no skin.
    """
    tiles = skin_tiles(topology)
    found = dict(given) if isinstance(given, Mapping) else {tiles[0]: given}
    if not found:
        raise BadRequest(f"The {what} has no picture: give one, or leave it away.")
    for tile in found:
        if tile not in tiles:
            raise BadRequest(f"The {what} is for the tile {tile!r}, but this head has skin in {' and '.join(tiles)}.")
    return found
