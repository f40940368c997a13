"""Photographs as they come from cameras and phones: upright, in sRGB, not too large; and the face in them."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from dreamface._reading import UNREADABLE, read_regular
from dreamface.arrays import FloatArray
from dreamface.capture.landmarks import Landmarks, LandmarkTracker, open_tracker
from dreamface.capture.pose import roll_of
from dreamface.errors import BadRequest

Pixels = NDArray[np.uint8]

LARGEST_SIDE: Final = 2048
"""Pixels: larger photographs are made smaller."""

MOST_PIXELS: Final = 200_000_000
"""Of a photograph that is opened at all."""

LARGEST_FILE: Final = 2**28
"""Bytes."""

MOST_FACES: Final = 4
_ROUNDED: Final = 0.5  # of 255, by which channels of a grey picture differ all the same

LOOKED_AT: Final = 1280
"""Pixels of the longer side in which faces are looked for."""

SMALLEST_FACE: Final = 40
"""Pixels that a face has to be high."""

SHARP_FACE: Final = 160
"""Pixels below which a face shows little of its skin."""

OUTSIDE: Final = 0.12
"""Fraction of a face's landmarks that may lie outside of the picture."""

_PLENTY: Final = f"{LARGEST_SIDE:,} pixels a side are plenty"

_HEIF_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
"""What files of phones begin with after "ftyp" (ISO/IEC 23008-12)."""

_FORMATS: Final = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "JPEG2000", "HEIF")


@dataclass(frozen=True)
class Photograph:
    """A photograph that was read.

    Attributes:
        name: of its file, for sentences.
        pixels: [H, W, 3] sRGB, upright.
    """

    name: str
    pixels: Pixels


def read_photograph(source: Path | bytes, name: str = "") -> Photograph:
    """Read a photograph.

    Args:
        source: a file, or what is in one.
        name: what sentences call it; the file's own by default.

    Raises:
        BadRequest: it is no picture, is damaged or too large.
    """
    name = name or (source.name if isinstance(source, Path) else "the photograph")
    with suppress(ImportError, OSError):  # it may also miss a library of the system's
        import pillow_heif  # type: ignore[import-not-found]

        pillow_heif.register_heif_opener()
    try:
        data = read_regular(source, LARGEST_FILE) if isinstance(source, Path) else source
    except FileNotFoundError as error:
        raise BadRequest(f"There is no photograph {name}: choose a file that is there.") from error
    except (OSError, ValueError) as error:
        raise BadRequest(f"{_title(name)} can't be read: {error}. Choose another.") from error
    return Photograph(name, np.ascontiguousarray(_decoded(data, name)))


def _decoded(data: bytes, name: str) -> Pixels:
    heif = data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            formats = [one for one in _FORMATS if one in Image.OPEN or one != "HEIF"]
            with Image.open(io.BytesIO(data), formats=formats) as image:
                if image.width * image.height > MOST_PIXELS:
                    size = f"{image.width:,} x {image.height:,} pixels"
                    raise BadRequest(f"{_title(name)} has {size}: make it smaller, {_PLENTY}.")
                image.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))  # a JPEG is decoded small at once
                small = _small(image)
                if small.getexif() != image.getexif():
                    small.info.setdefault("exif", image.getexif().tobytes())
                return np.asarray(_in_srgb(ImageOps.exif_transpose(small)))
    except UnidentifiedImageError as error:
        if heif and "HEIF" in Image.OPEN:
            raise BadRequest(f"{_title(name)} is damaged: save it again, or choose another.") from error
        what = "pillow-heif is not installed: install it, or save the picture as JPEG" if heif else "save it as JPEG"
        raise BadRequest(f"{_title(name)} is no picture that can be read here: {what}.") from error
    except Image.DecompressionBombError as error:
        raise BadRequest(f"{_title(name)} has too many pixels: make it smaller, {_PLENTY}.") from error
    except UNREADABLE as error:
        raise BadRequest(f"{_title(name)} is damaged ({error}): save it again, or choose another.") from error


def _title(name: str) -> str:
    """Return what a sentence begins with."""
    unnamed = name.startswith(("the photograph", "photograph "))
    return name[0].upper() + name[1:] if unnamed else f"The photograph {name}"


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a grey picture of 16 or 32 bits, or of decimal numbers, in 8: by the range that its numbers have."""
    values = np.nan_to_num(np.asarray(image, np.float32), posinf=0.0, neginf=0.0)
    if image.mode.startswith("I;16"):
        most = 65535.0
    else:
        highest = float(values.max(initial=0.0))
        most = next((one for one in _FULL if highest <= one), highest)
    return Image.fromarray((255.0 * np.clip(values / most, 0.0, 1.0)).round().astype(np.uint8), "L")


_FULL: Final = (1.0, 255.0, 65535.0)  # what white is in pictures of decimal numbers or of 32 bits


def _small(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    image = image if image.mode in ("RGB", "RGBA", "L", "P", "CMYK", "LA") else image.convert("RGB")
    if max(image.size) > LARGEST_SIDE:
        image = image.convert("RGB") if image.mode in ("P", "CMYK") else image
        image.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """Return the picture in sRGB: phones save in wider colour spaces."""
    profile = image.info.get("icc_profile")
    plain = image.convert("RGB")
    if not profile or image.mode not in ("RGB", "RGBA"):
        return plain
    with suppress(ImageCms.PyCMSError, OSError):
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(plain, own, ImageCms.createProfile("sRGB"))
        return plain if converted is None else converted
    return plain


@dataclass(frozen=True)
class Sighting:
    """A face in a photograph.

    Attributes:
        photograph: in which it is.
        landmarks: where they are, in heights of the picture from its middle.
        others: how many other faces there are.
        is_named: whether it was said which face is meant.
    """

    photograph: Photograph
    landmarks: Landmarks
    others: int
    is_named: bool = False

    @property
    def height(self) -> float:
        """Pixels that the face is high."""
        return self.landmarks.size * self.photograph.pixels.shape[0]

    @property
    def is_grey(self) -> bool:
        """Whether the face is black and white; what is around it may have colours."""
        places = self.landmarks.in_pixels(self.photograph.pixels)
        left, top = np.maximum(np.floor(places.min(axis=0)).astype(int), 0)
        right, bottom = np.ceil(places.max(axis=0)).astype(int) + 1
        face = self.photograph.pixels[top:bottom, left:right].astype(np.float32)
        hue, level = face - face.mean(axis=2, keepdims=True), float(face.mean())
        return float(np.abs(hue).mean()) < GREY * level + _ROUNDED and _spread(hue) < ONE_HUE * level + _ROUNDED


Place = tuple[float, float]
"""In a photograph: fractions of its width and height from its upper left corner."""


def _spread(hue: NDArray[np.float32]) -> float:
    """Return the standard deviation of colours [H, W, 3] from patch to patch; JPEG's noise is finer than those."""
    rows, columns = (max(1, side // _PATCHES) for side in hue.shape[:2])
    patches = hue[: rows * (hue.shape[0] // rows), : columns * (hue.shape[1] // columns)]
    patches = patches.reshape(patches.shape[0] // rows, rows, patches.shape[1] // columns, columns, 3).mean(axis=(1, 3))
    return float(patches.reshape(-1, 3).std(axis=0).mean())


_PATCHES: Final = 32  # a side of a face


def find_faces(
    photographs: Sequence[Photograph], tracker: str = "auto", places: Mapping[int, Place] = MappingProxyType({})
) -> list[Sighting]:
    """Return the largest face in every photograph, or the one that is meant.

    Args:
        photographs: of one person.
        tracker: see `open_tracker`.
        places: number of a photograph, from 1 -> where in it the face is that is meant, or nearest to it.

    Raises:
        BadRequest: in one there is no face, or too little of one; or a place lies in none.
        MissingDependency: no tracker is installed.
    """
    for number, place in places.items():
        if not 1 <= number <= len(photographs):
            raise BadRequest(f"There is no photograph {number} to look for a face in: there are {len(photographs)}.")
        if not all(0.0 <= part <= 1.0 for part in place):
            raise BadRequest(
                f"The place of the face in photograph {number} lies outside of it: give fractions of its width and "
                "height from its upper left corner, such as 0.3,0.4."
            )
    with closing(open_tracker(tracker, MOST_FACES, still=True)) as network:
        return [_find(one, network, places.get(number)) for number, one in enumerate(photographs, 1)]


def _find(photograph: Photograph, tracker: LandmarkTracker, place: Place | None = None) -> Sighting:
    photograph, found, quarters = _upright(photograph, tracker)
    if not found:
        raise BadRequest(
            f"No face was seen in {photograph.name}: choose a picture in which a face looks towards the camera, "
            "large and in good light."
        )
    meant = _meant(found, photograph.pixels, place, quarters)
    sighting = Sighting(photograph, meant, len(found) - 1, place is not None)
    if sighting.height < SMALLEST_FACE:
        raise BadRequest(
            f"The face in {photograph.name} is only {sighting.height:.0f} pixels high: choose a picture in which it "
            f"has at least {SMALLEST_FACE}, better {SHARP_FACE}."
        )
    if _outside(meant.points, photograph.pixels) > OUTSIDE:
        raise BadRequest(f"Only a part of the face is in {photograph.name}: choose a picture with the whole face.")
    return sighting


def _meant(faces: Sequence[Landmarks], pixels: Pixels, place: Place | None, quarters: int) -> Landmarks:
    """Return the face that lies nearest to a place in a photograph, or the largest.

    Args:
        faces: in the photograph.
        pixels: of the photograph, upright.
        place: as the photograph lay.
        quarters: of a turn, anticlockwise, by which it was turned upright.
    """
    if place is None:
        return max(faces, key=lambda face: face.size)
    across, down = place
    for _ in range(quarters):
        across, down = down, 1.0 - across
    there = np.array(((across - 0.5) * pixels.shape[1] / pixels.shape[0], down - 0.5))
    return min(faces, key=lambda face: float(np.linalg.norm(face.middle - there)))


def _upright(photograph: Photograph, tracker: LandmarkTracker) -> tuple[Photograph, list[Landmarks], int]:
    """Return a photograph turned so that its largest face stands upright, the faces in it, and by how many quarters.

    Trackers find faces that lie or stand on their heads, too, but not where their features are.
    """
    found = _looked(photograph.pixels, tracker)
    if found:
        roll = roll_of(max(found, key=lambda face: face.size).points)
        turns = [round(roll / (0.5 * np.pi)) % 4]
        if turns == [0]:
            return photograph, found, 0
    else:
        turns = [1, 3, 2]
    for quarters in turns:
        upright = np.ascontiguousarray(np.rot90(photograph.pixels, quarters))
        again = _looked(upright, tracker)
        if again and abs(roll_of(max(again, key=lambda face: face.size).points)) <= _UPRIGHT:
            return replace(photograph, pixels=upright), again, quarters
    return photograph, found, 0


_UPRIGHT: Final = 0.3 * np.pi  # radians: a face that was turned by quarters is no farther from upright


def _looked(pixels: Pixels, tracker: LandmarkTracker) -> list[Landmarks]:
    """Return the faces in a picture: in all of it, or else in its quarters: small ones are missed."""
    scale = min(1.0, LOOKED_AT / max(pixels.shape[:2]))
    small = pixels if scale == 1.0 else _scaled(pixels, scale)
    found = tracker.find(small, 0.0)
    if found:
        return found
    height, width = pixels.shape[:2]
    tall, wide = -(-height * 5 // 8), -(-width * 5 // 8)
    for top in (0, height - tall):
        for left in (0, width - wide):
            part = np.ascontiguousarray(pixels[top : top + tall, left : left + wide])
            factor = min(2.0, LOOKED_AT / max(part.shape[:2]))
            for face in tracker.find(_scaled(part, factor), 0.0):
                middle = np.array((left + 0.5 * wide - 0.5 * width, top + 0.5 * tall - 0.5 * height)) / height
                found.append(Landmarks(face.points * (tall / height) + middle, face.coefficients))
    return _apart(found)


def _apart(faces: Sequence[Landmarks]) -> list[Landmarks]:
    """Return faces without those that are there twice: quarters overlap."""
    kept: list[Landmarks] = []
    for face in sorted(faces, key=lambda one: -one.size):
        if all(np.linalg.norm(face.middle - other.middle) > 0.5 * other.size for other in kept):
            kept.append(face)
    return kept


def _scaled(pixels: Pixels, factor: float) -> Pixels:
    height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


def _outside(points: FloatArray, pixels: Pixels) -> float:
    half = np.array((0.5 * pixels.shape[1] / pixels.shape[0], 0.5))
    return float((np.abs(points) > half).any(axis=1).mean())


TURNED: Final = 0.62
"""How much farther from the nose one cheek is seen than the other, as a fraction of both, in a half profile."""

GREY: Final = 0.04
"""Mean difference of the channels in the face, as a fraction of their mean, below which it may be black and white."""

ONE_HUE: Final = 0.018
"""Standard deviation of that difference over the face, as a fraction of the same, below which it is: black and white
pictures may be toned, but have one hue, while pale skin in cool light has lips and cheeks of another."""


def notes_on(sightings: Sequence[Sighting]) -> list[str]:
    """Return a sentence for everything that photographs do not show, and that was therefore taken from elsewhere."""
    notes = []
    for number, sighting in enumerate(sightings, 1):
        name = f"Photograph {number}"
        if sighting.others and not sighting.is_named:
            faces = "one more face" if sighting.others == 1 else f"{sighting.others} more faces"
            notes.append(f"{name} has {faces} in it: the largest was taken.")
        if sighting.height < SHARP_FACE:
            notes.append(
                f"The face in photograph {number} is only {sighting.height:.0f} pixels high: fine marks of the skin "
                "are made up."
            )
        if sidedness(sighting.landmarks) > TURNED:
            notes.append(f"{name} shows one side of the face: the other is made up. Add a picture from the front.")
        if sighting.is_grey:
            notes.append(f"{name} is black and white: the colours of skin, eyes and hair are guesses.")
    return notes


def sidedness(landmarks: Landmarks) -> float:
    """Return 0..1 how much more of one side of the face is seen than of the other."""
    nose, right, left = (landmarks.points[index, 0] for index in (1, 234, 454))
    one, other = abs(nose - right), abs(left - nose)
    return float(abs(one - other) / max(one + other, 1e-6))
