"""How pictures lie in their files: cameras note which way up a photograph is, and Blender does not read it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

_ORIENTATION: Final = 0x0112
_LARGEST: Final = 2**28  # bytes of a file that the engine takes; Exif's may be the last
_MOST_ENTRIES: Final = 1000
_JPEG, _PNG, _RIFF, _TIFF = b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF", (b"II*\0", b"MM\0*")


@dataclass(frozen=True)
class Orientation:
    """What makes a picture upright.

    Attributes:
        quarters: how many quarters of a turn clockwise.
        mirrored: whether left and right are exchanged first.
    """

    quarters: int = 0
    mirrored: bool = False


UPRIGHT: Final = Orientation()

_MEANINGS: Final = {
    2: Orientation(0, True),
    3: Orientation(2),
    4: Orientation(2, True),
    5: Orientation(3, True),
    6: Orientation(1),
    7: Orientation(1, True),
    8: Orientation(3),
}
"""Exif's number (CIPA DC-008, Orientation) -> what makes a picture upright."""


def orientation_of(file: Path) -> Orientation:
    """Return what makes a JPEG, PNG, WebP or TIFF upright; one that does not say so, or is broken, is upright."""
    try:
        with file.open("rb") as stream:
            return _MEANINGS.get(_read(_exif(stream)), UPRIGHT)
    except (OSError, struct.error, IndexError):
        return UPRIGHT


def _exif(stream: BinaryIO) -> bytes:
    """Return the TIFF structure in which a picture's notes are; empty without."""
    data = stream.read(_LARGEST)
    if data.startswith(_TIFF):
        return data
    if data.startswith(_JPEG):
        return _in_jpeg(data)
    if data.startswith(_PNG):
        return _in_png(data)
    if data.startswith(_RIFF):
        return _in_webp(data)
    return b""


def _in_jpeg(data: bytes) -> bytes:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = struct.unpack_from(">xBH", data, at)
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            return data[at + 10 : at + 2 + length]
        if marker == 0xDA:  # the picture itself
            break
        at += 2 + length
    return b""


def _in_png(data: bytes) -> bytes:
    at = len(_PNG)
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"eXIf":
            return data[at + 8 : at + 8 + length]
        at += 12 + length  # with the checksum
    return b""


def _in_webp(data: bytes) -> bytes:
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        if name == b"EXIF":
            return data[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0")
        at += 8 + length + length % 2
    return b""


def _read(exif: bytes) -> int:
    """Return Exif's number for the orientation; 1 where it says nothing."""
    if exif[:4] not in _TIFF:
        return 1
    order = "<" if exif[:2] == b"II" else ">"
    (start,) = struct.unpack_from(f"{order}I", exif, 4)
    (count,) = struct.unpack_from(f"{order}H", exif, start)
    for number in range(min(count, _MOST_ENTRIES)):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, start + 2 + 12 * number)
        if tag == _ORIENTATION and kind == 3:
            return int(value)
    return 1
