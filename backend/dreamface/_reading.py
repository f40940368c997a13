"""Reads files that somebody may have damaged or made up: regular ones alone, and nothing beyond a limit.

What is wrong is a ValueError, whose words end the sentence of whoever knows what the file is for.
"""

from __future__ import annotations

import json
import math
import os
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final, Literal

import numpy as np
from numpy.lib import format as numpy_format
from numpy.typing import NDArray

from dreamface._archives import open_zip
from dreamface.text import is_printable

UNREADABLE: Final = (
    OSError, ValueError, TypeError, KeyError, IndexError, EOFError, RuntimeError, MemoryError, OverflowError,
    SyntaxError, NotImplementedError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What reading a damaged JSON, image or .npz file can raise."""

Arrays = Mapping[str, NDArray[Any]]

LONGEST_NAME: Final = 200
"""Characters of a name in an array or a document."""

FARTHEST: Final = 1000.0
"""No coordinate is further from 0: heads are measured in metres, textures in widths of an image."""

_NPY: Final[Any] = numpy_format  # it ships no types

_DEEPEST: Final = 64  # objects and lists in each other
_WIDEST_INTEGER: Final = 2**63
_LONGEST_HEADER: Final = 2000  # characters of an array's description
_LONGEST_LIST: Final = 2**18  # bytes of an archive's list of members: some thousands
_ARRAY_SUFFIX: Final = ".npy"
_PACKINGS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack more at a time than they are asked for
_ENCRYPTED: Final = 0x1


def open_regular(path: Path) -> IO[bytes]:
    """Open a file that can be read to its end: a pipe would be waited for, and a device never ends.

    Raises:
        OSError: it is not there or may not be read.
        ValueError: it is something other than a file.
    """
    # Without O_NONBLOCK, opening a pipe waits for whoever writes to it.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
    if path.is_dir():  # Windows calls it not readable
        raise ValueError("it is a folder")
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("it is no regular file")
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path, limit: int) -> bytes:
    """Return the bytes of a file that has at most `limit` of them.

    Raises:
        OSError: it is not there or may not be read.
        ValueError: it is something other than a file, or larger.
    """
    with open_regular(path) as file:
        data = b"" if os.fstat(file.fileno()).st_size > limit else file.read(limit + 1)
        if len(data) > limit or os.fstat(file.fileno()).st_size > limit:
            raise ValueError(f"it is larger than {limit / 2**20:.0f} MB")
    return data


# ---------------------------------------------------------------------------------------------------------------- JSON


def parse_json(data: bytes) -> Any:
    """Return the plain data of a JSON text that any other program can read and write again.

    Raises:
        ValueError: it is no JSON, or has what few programs take: NaN, numbers beyond 64 bits, half a surrogate pair,
            or lists and objects in each other without end.
    """
    try:
        parsed = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("its lists and objects are nested too deeply") from error
    _check_plain(parsed)
    return parsed


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it has the number {name}")


def _check_plain(data: Any) -> None:
    level = [data]
    for _ in range(_DEEPEST):
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise ValueError("its lists and objects are nested too deeply")


def _children(value: Any) -> Iterator[Any]:
    """What is inside a list or an object, its names too; any other value is checked."""
    if isinstance(value, dict):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError("it has characters that no text has")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("it has a number that is too large")
    elif isinstance(value, int) and abs(value) >= _WIDEST_INTEGER:
        raise ValueError("it has a number that is too large")


# -------------------------------------------------------------------------------------------------------------- arrays


@dataclass(frozen=True)
class Layout:
    """What an array of an archive must be.

    Attributes:
        kind: "number" becomes float32, finite and not beyond `FARTHEST`; "real" becomes float64, finite; "index"
            becomes int32, not negative; "flag" is true or false; "name" is text, every one once; "text" may be empty.
        shape: a number is that size; a letter is any size, the same in all of the archive's arrays.
        needed: whether it must be there.
    """

    kind: Literal["number", "real", "index", "flag", "name", "text"]
    shape: tuple[int | str, ...]
    needed: bool = True


_DTYPES: Final = {
    "number": ("<f4", "<f8"),
    "real": ("<f4", "<f8", "<i4", "<i8"),
    "index": ("<i4", "<i8", "<u4"),
    "flag": ("|b1",),
}


def read_arrays(file: IO[bytes] | bytes, layouts: Mapping[str, Layout], limit: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of an .npz that `layouts` names; others are not looked at.

    Args:
        file: the archive.
        layouts: name -> what the array must be.
        limit: bytes of all arrays together, and of the archive; one that claims more is refused before memory is asked
            for.

    Raises:
        ValueError: an array is missing, or is another than `layouts` says, or there is more than `limit`.
        Others of `UNREADABLE`: it is no archive, or a damaged one.
    """
    data = BytesIO(file) if isinstance(file, bytes) else file
    size = data.seek(0, os.SEEK_END)
    if size > limit + _LONGEST_LIST:
        raise ValueError(f"it is larger than {limit / 2**20:.0f} MB")
    with open_zip(data, _LONGEST_LIST) as archive:
        members = _members(archive, layouts)
        if sum(member.file_size for member in members.values()) > limit:
            raise ValueError(f"it unpacks to more than {limit / 2**20:.0f} MB")
        sizes: dict[str, int] = {}
        return {name: _read_array(archive, member, name, layouts[name], sizes) for name, member in members.items()}


def _members(archive: zipfile.ZipFile, layouts: Mapping[str, Layout]) -> dict[str, zipfile.ZipInfo]:
    listed = [member for member in archive.infolist() if member.filename.removesuffix(_ARRAY_SUFFIX) in layouts]
    members = {member.filename.removesuffix(_ARRAY_SUFFIX): member for member in listed}
    if len(members) != len(listed):
        raise ValueError("it has an array twice")
    for name, layout in layouts.items():
        if layout.needed and name not in members:
            raise ValueError(f"it has no {name}")
    for name, member in members.items():
        if member.compress_type not in _PACKINGS or member.flag_bits & _ENCRYPTED:
            raise ValueError(f"its {name} is packed in a way that no face folder is")
    return {name: members[name] for name in layouts if name in members}


def _read_array(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, layout: Layout, sizes: dict[str, int]
) -> NDArray[Any]:
    with archive.open(member) as stream:
        version = _NPY.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"its {name} is in a format of another numpy")
        read_header = _NPY.read_array_header_1_0 if version == (1, 0) else _NPY.read_array_header_2_0
        shape, is_fortran, dtype = read_header(stream, max_header_size=_LONGEST_HEADER)
        _check_layout(name, layout, shape, dtype, sizes)
        size = math.prod(shape) * dtype.itemsize
        if size != member.file_size - stream.tell():
            raise ValueError(f"its {name} has another size than it says")
        data = stream.read(size)  # to its end, where the checksum is compared
    flat = np.frombuffer(data, dtype, math.prod(shape))
    array = flat.reshape(shape[::-1]).T if is_fortran else flat.reshape(shape)
    return _checked_values(name, layout, array)


def _check_layout(
    name: str, layout: Layout, shape: tuple[int, ...], dtype: np.dtype[Any], sizes: dict[str, int]
) -> None:
    fits = len(shape) == len(layout.shape) and all(
        0 <= size == (wanted if isinstance(wanted, int) else sizes.setdefault(wanted, size))
        for size, wanted in zip(shape, layout.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"its {name} has the shape {list(shape)}")
    if layout.kind in ("name", "text"):
        right = dtype.kind == "U" and dtype.itemsize <= 4 * LONGEST_NAME
    else:
        right = dtype.str in _DTYPES[layout.kind]
    if not right:
        raise ValueError(f"its {name} has the type {dtype}")


def _checked_values(name: str, layout: Layout, array: NDArray[Any]) -> NDArray[Any]:
    if layout.kind == "number":
        if not (np.abs(array) <= FARTHEST).all():  # NaN neither
            raise ValueError(f"its {name} has a number that no head has")
        return np.array(array, np.float32, order="C")
    if layout.kind == "index":
        if array.size and not 0 <= array.min() <= array.max() < 2**31:
            raise ValueError(f"its {name} points at something that is not there")
        return np.array(array, np.int32, order="C")
    if layout.kind == "real":
        if not np.isfinite(array).all():
            raise ValueError(f"its {name} has what is no number")
        return np.array(array, np.float64, order="C")
    if layout.kind == "flag":
        if array.view(np.uint8).max(initial=0) > 1:
            raise ValueError(f"its {name} has what is neither true nor false")
        return np.array(array, np.bool_, order="C")
    if layout.kind == "text":
        if not all(map(is_printable, array.reshape(-1).tolist())):
            raise ValueError(f"its {name} is no text")
        return array
    names = array.tolist()
    if len(set(names)) != len(names) or not all(name and is_printable(name) for name in names):
        raise ValueError(f"its {name} are not all names, or not each is there once")
    return array
