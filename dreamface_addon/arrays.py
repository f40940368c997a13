"""The arrays of an uncompressed .npz in memory, where they lie: nothing is copied, so nothing takes time."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Of a file in a zip archive: signature, and the lengths of the name and the extra field that follow."""

_LONGEST_HEADER = 1024  # bytes of an array's own header that are looked at


def open_arrays(content: bytes) -> dict[str, NDArray[Any]]:
    """Name -> array, read-only.

    Raises:
        ValueError: it is no .npz, is compressed or damaged, or holds objects.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return {entry.filename.removesuffix(".npy"): _array(content, entry) for entry in archive.infolist()}
    except (zipfile.BadZipFile, struct.error, NotImplementedError, OverflowError, SyntaxError, TypeError) as error:
        raise ValueError(f"not an .npz file: {error}") from error


def _array(content: bytes, entry: zipfile.ZipInfo) -> NDArray[Any]:
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError("compressed")
    _, name, extra = _LOCAL_HEADER.unpack_from(content, entry.header_offset)
    start = entry.header_offset + _LOCAL_HEADER.size + name + extra
    head = BytesIO(content[start : start + _LONGEST_HEADER])
    version = np.lib.format.read_magic(head)  # type: ignore[no-untyped-call]
    if version != (1, 0):
        raise ValueError("of another version")
    shape, fortran, kind = np.lib.format.read_array_header_1_0(head)  # type: ignore[no-untyped-call]
    if kind.hasobject or fortran:
        raise ValueError("not a plain array")
    count = int(np.prod(shape, dtype=np.int64))
    if head.tell() + count * kind.itemsize != entry.file_size:
        raise ValueError("cut short")
    return np.frombuffer(content, kind, count, start + head.tell()).reshape(shape)
