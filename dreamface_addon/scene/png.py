"""Pictures of 8 bits as PNG bytes, and back, without files."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .colours import show_as_data

Bytes = NDArray[np.uint8]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # channels -> grey, RGB, RGBA in a PNG's header
_LEVEL = 3  # of zlib: a mask of 1024 takes 10 ms


def encode_png(pixels: Bytes) -> bytes:
    """Return the PNG of pixels [H, W, C] or, grey, [H, W]; row 0 is the picture's top."""
    pixels = np.ascontiguousarray(pixels if pixels.ndim == 3 else pixels[..., None], np.uint8)
    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # each begins with its filter, which is none
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), _LEVEL)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def decode_png(png: bytes) -> NDArray[np.float32]:
    """Return a picture's values [H, W, 4] 0..1 as they are stored, row 0 at the top.

    Raises:
        ValueError: Blender can't read it.
    """
    image = bpy.data.images.new("DreamFace picture", 1, 1)
    try:
        image.source = "FILE"
        image.pack(data=png, data_len=len(png))
        show_as_data(image)
        return image_values(image)
    finally:
        bpy.data.images.remove(image)


def image_values(image: bpy.types.Image, size: int | None = None) -> NDArray[np.float32]:
    """Return an image's values [H, W, 4] as its pixels hold them, row 0 at the top; scaled to a square where asked.

    Raises:
        ValueError: it has no pixels.
    """
    if size is not None and 0 not in image.size and tuple(image.size) != (size, size):
        image.scale(size, size)
    width, height = image.size
    if not width or not height or not len(image.pixels):
        raise ValueError("no picture")
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    values = values.reshape(height, width, -1)[::-1]
    if values.shape[-1] == 4:
        return values
    alpha = np.ones((height, width, 1), np.float32)
    colour: Any = np.repeat(values[..., :1], 3, axis=2) if values.shape[-1] < 3 else values[..., :3]
    return np.concatenate((colour, alpha), axis=2)


def to_bytes(values: NDArray[np.float32]) -> Bytes:
    """Return values 0..1 as the nearest bytes."""
    return np.asarray(np.clip(values, 0.0, 1.0) * 255.0 + 0.5, np.uint8)
