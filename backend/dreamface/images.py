"""Images between tensors and files: sRGB, 8-bit encodings, PNG and EXR.

Tensors are `[H, W, C]` float32 with row 0 at the top. The 8-bit encodings go through tables and work on a few rows at a
time: a 2048-pixel map takes tens of milliseconds and a few megabytes beyond its result.
"""

from __future__ import annotations

import errno
import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from threading import Lock
from typing import IO

import numpy as np
import OpenEXR
import torch
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from dreamface._reading import open_regular, read_regular
from dreamface.colour import decode_srgb, encode_srgb
from dreamface.errors import BadRequest
from dreamface.limits import LARGEST_MAP
from dreamface.provenance import PICTURE, SOFTWARE

Pixels = NDArray[np.uint8]
"""[H, W, C] with C 1, 3 or, in maps of masks, 4."""

PNG_COMPRESSION = 1
"""zlib level: on skin maps the higher ones save under a tenth of the size and take half as long again."""

LARGEST_MASK = 8192
"""Pixels a side of a mask."""

_LARGEST_FILE = 2**29  # bytes: above what the largest map takes uncompressed
_DEEPEST = 1.0  # metres of displacement
_one_at_a_time = Lock()  # of those that read EXR files: the process has but one stderr
_PNG_HEADER = struct.Struct(">12x4sII")  # what a PNG begins with: signature, length, kind, size
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ROWS = 128  # encoded at a time, so that the temporaries stay in the processor's cache
_LINEAR_STEPS = 65535  # table size; one step is 1/20 of an sRGB code even where the curve is steepest


# -------------------------------------------------------------------------------------------------------------- sRGB


_LINEAR = torch.linspace(0, 1, _LINEAR_STEPS + 1, dtype=torch.float64)
_TO_SRGB8: Pixels = encode_srgb(_LINEAR).mul(255).round().to(torch.uint8).numpy()
_FROM_SRGB8 = decode_srgb(torch.arange(256, dtype=torch.float64) / 255).float().numpy()
_FROM_UNIT8 = (np.arange(256) / 255).astype(np.float32)


# --------------------------------------------------------------------------------------------------- 8-bit encodings


def encode_srgb8(linear: Tensor) -> Pixels:
    """Linear Rec. 709 [H, W, C] to sRGB codes; values outside 0..1 are clamped."""
    return _by_rows(linear, lambda rows: _TO_SRGB8[_quantise(rows, _LINEAR_STEPS).astype(np.uint16)])


def decode_srgb8(pixels: Pixels) -> Tensor:
    """Codes of sRGB to linear Rec. 709 [H, W, C]; `encode_srgb8` gives the same codes again."""
    return torch.from_numpy(_FROM_SRGB8[pixels])


def encode_unit8(values: Tensor) -> Pixels:
    """Plain values 0..1 [H, W, C] to codes; values outside are clamped."""
    return _by_rows(values, lambda rows: _quantise(rows, 255).astype(np.uint8))


def decode_unit8(pixels: Pixels) -> Tensor:
    """Codes to plain values 0..1 [H, W, C]; `encode_unit8` gives the same codes again."""
    return torch.from_numpy(_FROM_UNIT8[pixels])


def encode_normal8(normals: Tensor) -> Pixels:
    """Tangent-space unit normals [H, W, 3] to codes, -1..1 over 0..255."""
    return _by_rows(normals, lambda rows: _quantise(rows * 0.5 + 0.5, 255).astype(np.uint8))


def decode_normal8(pixels: Pixels) -> Tensor:
    """Codes to tangent-space normals [H, W, 3]; `encode_normal8` gives the same codes again.

    That is why they are left as long as 8 bits make them, within 1 % of unit length.
    """
    return decode_unit8(pixels).mul_(2).sub_(1)


def _quantise(rows: NDArray[np.float32], steps: int) -> NDArray[np.float32]:
    return np.clip(rows, 0.0, 1.0) * np.float32(steps) + np.float32(0.5)


def _by_rows(image: Tensor, encode: Callable[[NDArray[np.float32]], Pixels]) -> Pixels:
    values = image.detach().cpu().numpy()
    pixels = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), _ROWS):
        pixels[top : top + _ROWS] = encode(values[top : top + _ROWS])
    return pixels


# ----------------------------------------------------------------------------------------------------------- PNG, EXR


def write_png(pixels: Pixels, path: Path) -> None:
    """Write grey, RGB or RGBA pixels as a PNG that says it was generated.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("wb") as file:
        _save_png(pixels, file)


def png_bytes(pixels: Pixels | NDArray[np.uint16], palette: Sequence[int] | None = None) -> bytes:
    """What `write_png` writes.

    Args:
        pixels: as there; [H, W] uint16 becomes a grey PNG of 16 bits.
        palette: red, green and blue codes one after the other, of numbers [H, W] in an indexed PNG.
    """
    file = io.BytesIO()
    _save_png(pixels, file, palette)
    return file.getvalue()


def _save_png(pixels: Pixels | NDArray[np.uint16], file: IO[bytes], palette: Sequence[int] | None = None) -> None:
    notes = PngInfo()
    notes.add_text("Software", SOFTWARE)
    notes.add_text("Comment", PICTURE)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    if palette is not None:
        image.putpalette(palette)
    image.save(file, "PNG", compress_level=PNG_COMPRESSION, pnginfo=notes)


def encode_mask(mask: Tensor) -> bytes:
    """Return a mask [H, W] 0..1 as an 8-bit grey PNG; the same mask gives the same bytes."""
    return png_bytes(encode_unit8(mask[..., None]))


def decode_mask(png: bytes) -> Tensor:
    """Return the mask [H, W] 0..1 in a grey PNG of 8 bits.

    Raises:
        BadRequest: it is another kind of picture, is damaged, or has more than `LARGEST_MASK` pixels a side.
    """
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            if image.mode != "L":
                raise BadRequest("A mask must be a grey PNG picture with 8 bits: convert it first.")
            if max(image.size) > LARGEST_MASK:
                raise BadRequest(f"A mask may have at most {LARGEST_MASK:,} pixels a side: make it smaller.")
            pixels = np.array(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadRequest(f"The mask is no PNG picture, or is damaged ({error}).") from error
    return decode_unit8(pixels)


def read_png(path: Path) -> Pixels:
    """Read an 8-bit grey, RGB or RGBA PNG as [H, W, C].

    Raises:
        FileNotFoundError: there is no such file.
        OSError, ValueError: the file is damaged, of another kind, or larger than `LARGEST_MAP`.
    """
    data = read_regular(path, _LARGEST_FILE)
    _png_size(data)
    _check_chunks(data)
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.mode not in ("L", "RGB", "RGBA"):
                raise OSError(f"it has mode {image.mode} instead of 8-bit grey, RGB or RGBA")
            pixels = np.array(image)
    except (SyntaxError, ValueError, Image.DecompressionBombError) as error:  # Pillow's words for a damaged PNG
        raise OSError(str(error)) from error
    return pixels[..., None] if pixels.ndim == 2 else pixels


def size_of(path: Path) -> tuple[int, int]:
    """Return width and height that a PNG or EXR says it has; its pixels are not looked at.

    Raises:
        FileNotFoundError: there is no such file.
        OSError, ValueError: it is of another kind, or larger than `LARGEST_MAP`.
    """
    if path.suffix == ".exr":
        with _one_at_a_time, _silenced():
            return _exr_size(read_regular(path, _LARGEST_FILE))
    with open_regular(path) as file:
        return _png_size(file.read(_PNG_HEADER.size))


def png_size(png: bytes) -> tuple[int, int]:
    """Return width and height that a PNG says it has.

    Raises:
        ValueError: it is no PNG, or larger than `LARGEST_MAP`.
    """
    return _png_size(png[: _PNG_HEADER.size])


def _png_size(start: bytes) -> tuple[int, int]:
    """Width and height of a PNG that begins so."""
    if len(start) < _PNG_HEADER.size or not start.startswith(_PNG_SIGNATURE):
        raise ValueError("it is no PNG picture")
    kind, width, height = _PNG_HEADER.unpack_from(start)
    if kind != b"IHDR":
        raise ValueError("it is no PNG picture")
    _check_side(width, height)
    return width, height


def _check_chunks(data: bytes) -> None:
    """Raise unless all chunks of a PNG are there with the checksums that they say: Pillow does not look at all of them.

    Raises:
        ValueError: it is cut short, or a bit of it was flipped.
    """
    view, place, kind = memoryview(data), len(_PNG_SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, place) if place + 8 <= len(data) else (0, b"")
        end = place + 8 + length
        if end + 4 > len(data):
            raise ValueError("it is cut short")
        if zlib.crc32(view[place + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise ValueError("its checksum is another")
        place = end + 4


def _check_side(width: int, height: int) -> None:
    if not 0 < min(width, height) <= max(width, height) <= LARGEST_MAP:
        raise ValueError(f"it has {width:,} x {height:,} pixels, and at most {LARGEST_MAP:,} a side are read")


def write_exr(image: Tensor, path: Path) -> None:
    """Write [H, W, 1] as a 32-bit float EXR with the one channel Y, losslessly compressed.

    Raises:
        OSError: the file cannot be written.
    """
    values = image.detach().cpu().float().contiguous().numpy()[..., 0]
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, "comments": PICTURE}
    try:
        OpenEXR.File(header, {"Y": values}).write(str(path))
    except RuntimeError as error:  # all that OpenEXR raises; the system's reason is in its words
        full = os.strerror(errno.ENOSPC) in str(error)
        raise OSError(errno.ENOSPC if full else errno.EIO, str(error).rstrip(".")) from error


def read_exr(path: Path) -> Tensor:
    """Read what `write_exr` wrote, [H, W, 1].

    Raises:
        FileNotFoundError: there is no such file.
        OSError, ValueError: the file is damaged, of another kind, or larger than `LARGEST_MAP`.
    """
    data = read_regular(path, _LARGEST_FILE)
    with _one_at_a_time, _silenced():
        values = _exr_values(data)
    if not (np.abs(values) <= _DEEPEST).all():  # NaN neither
        raise ValueError("it has a number that no skin has")
    return torch.from_numpy(values[..., None])


def _exr_size(data: bytes) -> tuple[int, int]:
    """Width and height of an EXR with one picture."""
    try:
        with OpenEXR.File(io.BytesIO(data), separate_channels=True, header_only=True) as file:
            (left, bottom), (right, top) = file.header()["dataWindow"]
            parts = len(file.parts)
    except (RuntimeError, KeyError, TypeError) as error:
        raise OSError(str(error)) from error
    if parts != 1:
        raise ValueError("it has several pictures in it")
    width, height = int(right) - int(left) + 1, int(top) - int(bottom) + 1
    _check_side(width, height)
    return width, height


def _exr_values(data: bytes) -> NDArray[np.float32]:
    """[H, W] of the channel Y."""
    _exr_size(data)
    try:
        with OpenEXR.File(io.BytesIO(data), separate_channels=True) as file:
            channels = file.channels()
            if list(channels) != ["Y"]:
                raise ValueError("it has other channels than Y")
            return np.asarray(channels["Y"].pixels, np.float32)
    except (RuntimeError, KeyError, TypeError) as error:
        raise OSError(str(error)) from error


@contextmanager
def _silenced() -> Iterator[None]:
    """Lose what OpenEXR writes about a damaged file: names and all, as they stand in it.

    It goes to Python's stdout and to the system's stderr. Only for a moment, and while whoever opens a face waits for
    it: both are away for the whole process.
    """
    try:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    except OSError:  # there is none to be written to
        yield
        return
    try:
        os.dup2(nowhere, 2)
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
