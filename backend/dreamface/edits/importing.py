"""A mask picture from a file of any program, as a tile's grey PNG."""

from __future__ import annotations

import hashlib
import io
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch.nn.functional import interpolate

from dreamface.edits.sheet import MASK_SIZE
from dreamface.errors import BadRequest
from dreamface.images import LARGEST_MASK, encode_mask

_FORMATS: Final = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "TGA", "PPM", "JPEG2000")
_LARGEST_FILE: Final = 2**28  # bytes
_LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)  # Rec. 709
_ALIKE: Final = 2.0 / 255.0  # colours and alphas that differ by less are the same
_FAINTEST: Final = 0.5 / 255.0
_TOO_LARGE: Final = f"The mask is too large: make it smaller, at most {LARGEST_MASK:,} pixels a side."
_SIXTEEN_BITS: Final = 65535.0


def import_mask(data: bytes) -> tuple[bytes, str]:
    """Return a mask as a grey PNG of 8 bits, and the SHA-256 of its bytes.

    Light is marked, dark is not. Where the picture has transparency, what is there is marked: by how light it is,
    unless it has but one colour. A large picture is made smaller, one that is not square is stretched over the tile.

    Args:
        data: a picture in any common format.

    Raises:
        BadRequest: it is no picture, is damaged or too large, or nothing is marked in it.
    """
    if not data:
        raise BadRequest("The mask's file is empty: save the picture again.")
    if len(data) > _LARGEST_FILE:
        raise BadRequest(f"The mask's file has more than {_LARGEST_FILE // 2**20} MB: make the picture smaller.")
    values = np.clip(np.nan_to_num(_read(data)), 0.0, 1.0)
    if values.max() < _FAINTEST:
        raise BadRequest("Nothing is marked in the mask: all of it is black or transparent.")
    mask = torch.from_numpy(np.ascontiguousarray(values))
    side = min(MASK_SIZE, max(mask.shape))
    if mask.shape != (side, side):
        mask = interpolate(mask[None, None], size=(side, side), mode="bilinear", antialias=True)[0, 0]
    png = encode_mask(mask.clamp(0.0, 1.0))
    return png, hashlib.sha256(png).hexdigest()


def _read(data: bytes) -> NDArray[np.float32]:
    """Return [H, W] what is marked."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if max(image.size) > LARGEST_MASK:
                raise BadRequest(_TOO_LARGE)
            image.load()
            return _marked(ImageOps.exif_transpose(image))
    except UnidentifiedImageError as error:
        raise BadRequest("The mask's file is no picture that can be read: save it as PNG.") from error
    except Image.DecompressionBombError as error:
        raise BadRequest(_TOO_LARGE) from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        raise BadRequest("The mask's picture is damaged: save it again.") from error


def _marked(image: Image.Image) -> NDArray[np.float32]:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.asarray(image, dtype=np.float32)
        return values / _SIXTEEN_BITS if image.mode != "F" else values
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        pixels = np.asarray(image.convert("RGBA"), dtype=np.float32) / 255.0
        return _with_alpha(pixels[..., :3] @ _LUMINANCE, pixels[..., :3], pixels[..., 3])
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"), dtype=np.float32) / 255.0
    return np.asarray(image.convert("RGB"), dtype=np.float32) / 255.0 @ _LUMINANCE


def _with_alpha(
    light: NDArray[np.float32], colour: NDArray[np.float32], alpha: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return [H, W] what a picture with transparency marks."""
    if alpha.min() > 1.0 - _ALIKE:
        return light
    there = colour[alpha > _ALIKE]
    if not len(there) or np.ptp(there, axis=0).max() < _ALIKE:
        return alpha
    return light * alpha
