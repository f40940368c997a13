"""Pictures from files: whatever an artist has becomes a PNG with straight alpha, which the face keeps."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from dreamface._reading import read_regular
from dreamface.edits.vector import is_svg, render_svg
from dreamface.errors import BadRequest
from dreamface.images import png_bytes

LARGEST_PICTURE: Final = 2048
"""Pixels of the longer side that are kept."""

LARGEST_FILE: Final = 64 * 2**20
"""Bytes of a picture's file."""

LARGEST_SIDE: Final = 20_000
"""Pixels a side of a picture that is read and made smaller."""

_MOST_PIXELS: Final = 80_000_000  # below what Pillow warns of
_FORMATS: Final = ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP")
_PAPER, _INK = 0.9, 0.12  # sRGB of scanned paper that counts as nothing, and of ink that counts as black
_LIGHT: Final = 0.8  # sRGB of what may be paper
_RIM: Final = 0.9  # of the pixels at the border that are light where a picture lies on paper


@dataclass(frozen=True)
class Picture:
    """A picture that can be laid on the skin.

    Attributes:
        png: RGBA with straight alpha, at most `LARGEST_PICTURE` pixels a side; the same file gives the same bytes.
        size: width and height of it.
        on_paper: whether nothing of it is transparent and its border is light: it may want to be cut out.
    """

    png: bytes
    size: tuple[int, int]
    on_paper: bool


def read_picture_file(path: Path, cut_out: bool = False) -> Picture:
    """Return the picture in a file; see `read_picture`.

    Raises:
        BadRequest: there is no such file, or it is no picture that can be read.
    """
    try:
        data = read_regular(path, LARGEST_FILE)
    except (OSError, ValueError) as error:
        raise BadRequest(f"The picture {path.name!r} can't be read ({error}): choose another file.") from error
    return read_picture(data, cut_out)


def read_picture(data: bytes, cut_out: bool = False) -> Picture:
    """Return a picture from a file's bytes: PNG, JPEG, TIFF, WebP, GIF, BMP or SVG. Of moving ones, the first picture.

    Args:
        data: the file.
        cut_out: takes light paper away where nothing of the picture is transparent, as of a scan.

    Raises:
        BadRequest: it is no picture, is damaged or too large, or nothing of it shows.
    """
    if len(data) > LARGEST_FILE:
        raise BadRequest(f"The picture's file has more than {LARGEST_FILE // 2**20} MB: make it smaller.")
    image = _smaller(_opened(render_svg(data, LARGEST_PICTURE) if is_svg(data) else data))
    pixels = np.array(image)
    on_paper = _is_on_paper(pixels)
    if cut_out and bool((pixels[..., 3] == 255).all()):
        pixels = _without_paper(pixels)
    pixels[pixels[..., 3] == 0] = 0
    if not pixels[..., 3].any():
        raise BadRequest("Nothing of the picture shows: all of it is transparent or paper.")
    return Picture(png_bytes(pixels), image.size, on_paper)


def covers_all(png: bytes) -> bool:
    """Return whether nothing of a picture that `read_picture` gave is transparent."""
    with Image.open(io.BytesIO(png)) as image:
        return bool((np.array(image)[..., 3] > 0).all())


def _opened(data: bytes) -> Image.Image:
    """Return a picture as RGBA in sRGB, upright."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of sizes that are refused below, and of odd metadata
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                _check_size(*image.size)
                if image.format == "JPEG":
                    image.draft(None, (LARGEST_PICTURE, LARGEST_PICTURE))  # decoded at a fraction of its size
                image.load()
                return _rgba(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError as error:
        raise BadRequest(_TOO_LARGE) from error
    except Exception as error:
        if isinstance(error, BadRequest):
            raise
        # Pillow's readers raise nearly anything over damaged files.
        raise BadRequest(
            "The file is no picture, or is damaged: choose a PNG, JPEG, TIFF, WebP, GIF, BMP or SVG."
        ) from error


_TOO_LARGE: Final = (
    f"The picture is too large: it may have at most {LARGEST_SIDE:,} pixels a side and "
    f"{_MOST_PIXELS // 1_000_000} million in all. Make it smaller."
)


def _check_size(width: int, height: int) -> None:
    if max(width, height) > LARGEST_SIDE or width * height > _MOST_PIXELS:
        raise BadRequest(_TOO_LARGE)


def _rgba(image: Image.Image) -> Image.Image:
    """Return an image of any kind as RGBA in sRGB."""
    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bits(image).convert("RGBA")
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        image = _in_srgb(image, profile)
    if image.mode in ("P", "PA", "1", "L", "LA", "RGB", "RGBA"):
        return image.convert("RGBA")
    return image.convert("RGB").convert("RGBA")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return grey of 16 bits or more as 8 bits."""
    values = np.asarray(image).astype(np.float64)
    most = 1.0 if image.mode == "F" else 65535.0
    return Image.fromarray(np.round(np.clip(np.nan_to_num(values) / most, 0.0, 1.0) * 255.0).astype(np.uint8))


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return an image whose colours a profile describes in sRGB; unchanged where the profile can't be used."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    try:
        plain = image.convert("RGB") if alpha is not None else image
        found = ImageCms.profileToProfile(
            plain, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    assert found is not None
    if alpha is not None:
        found.putalpha(alpha)
    return found


def _smaller(image: Image.Image) -> Image.Image:
    """Return an RGBA image with at most `LARGEST_PICTURE` pixels a side."""
    longer = max(image.size)
    if longer <= LARGEST_PICTURE:
        return image
    width, height = (max(1, round(side * LARGEST_PICTURE / longer)) for side in image.size)
    # Multiplied with alpha, so that the colour of transparent pixels does not bleed in.
    return image.convert("RGBa").resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0).convert("RGBA")


def _is_on_paper(pixels: NDArray[np.uint8]) -> bool:
    if not (pixels[..., 3] == 255).all():
        return False
    rim = np.concatenate((pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]))[:, :3]
    return bool((rim.min(axis=1) >= _LIGHT * 255).mean() >= _RIM)


def _without_paper(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return RGBA pixels whose paper is transparent, and whose colours are what lies over the paper.

    A pixel hides as much of the paper as its darkest channel says: red ink on white is fully red, and not pink.
    """
    colour = np.clip(pixels[..., :3].astype(np.float64) / 255.0 / _PAPER, 0.0, 1.0)
    darkest = colour.min(axis=2)
    alpha = np.clip((1.0 - darkest) / (1.0 - _INK / _PAPER), 0.0, 1.0)
    over = np.clip((colour - (1.0 - alpha[..., None])) / np.maximum(alpha, 1e-6)[..., None], 0.0, 1.0)
    found = np.concatenate((over, alpha[..., None]), axis=2)
    return np.round(found * 255.0).astype(np.uint8)
