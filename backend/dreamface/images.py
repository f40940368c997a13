"""Images between tensors and files: sRGB, 8-bit encodings, PNG and EXR.

Tensors are `[H, W, C]` float32 with row 0 at the top. The 8-bit encodings go through tables and work on a few rows at a
time: a 2048-pixel map takes tens of milliseconds and a few megabytes beyond its result.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
import OpenEXR
import torch
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from dreamface.colour import decode_srgb, encode_srgb
from dreamface.errors import BadRequest
from dreamface.provenance import SOFTWARE, STATEMENT

Pixels = NDArray[np.uint8]
"""[H, W, C] with C 1 or 3."""

PNG_COMPRESSION = 1
"""zlib level: on skin maps the higher ones save under a tenth of the size and take half as long again."""

LARGEST_MASK = 8192
"""Pixels a side of a mask."""

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
    """Write grey or RGB pixels as a PNG that says it was generated.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("wb") as file:
        _save_png(pixels, file)


def png_bytes(pixels: Pixels) -> bytes:
    """What `write_png` writes."""
    file = io.BytesIO()
    _save_png(pixels, file)
    return file.getvalue()


def _save_png(pixels: Pixels, file: IO[bytes]) -> None:
    notes = PngInfo()
    notes.add_text("Software", SOFTWARE)
    notes.add_text("Comment", STATEMENT)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
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
    """Read an 8-bit grey or RGB PNG as [H, W, C].

    Raises:
        FileNotFoundError: there is no such file.
        OSError: the file is damaged or of another kind.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.mode not in ("L", "RGB"):
                raise OSError(f"{path.name} has mode {image.mode} instead of 8-bit grey or RGB")
            pixels = np.array(image)
    except (SyntaxError, ValueError, Image.DecompressionBombError) as error:  # Pillow's words for a damaged PNG
        raise OSError(str(error)) from error
    return pixels[..., None] if pixels.ndim == 2 else pixels


def write_exr(image: Tensor, path: Path) -> None:
    """Write [H, W, 1] as a 32-bit float EXR with the one channel Y, losslessly compressed.

    Raises:
        OSError: the file cannot be written.
    """
    values = image.detach().cpu().float().contiguous().numpy()[..., 0]
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, "comments": STATEMENT}
    try:
        OpenEXR.File(header, {"Y": values}).write(str(path))
    except RuntimeError as error:  # all that OpenEXR raises; the system's reason is in its words
        full = os.strerror(errno.ENOSPC) in str(error)
        raise OSError(errno.ENOSPC if full else errno.EIO, str(error).rstrip(".")) from error


def read_exr(path: Path) -> Tensor:
    """Read what `write_exr` wrote, [H, W, 1].

    Raises:
        FileNotFoundError: there is no such file.
        OSError: the file is damaged or has no channel Y.
    """
    if not path.exists():
        raise FileNotFoundError(path)
    try:
        with OpenEXR.File(str(path), separate_channels=True) as file:
            values = file.channels()["Y"].pixels.astype(np.float32)
    except (RuntimeError, KeyError) as error:
        raise OSError(str(error)) from error
    return torch.from_numpy(values[..., None])
