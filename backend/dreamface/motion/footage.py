"""Pictures over time: video files and folders of pictures, one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from dreamface.errors import BadRequest
from dreamface.motion.ffmpeg import LOCAL_FILES_ONLY, LONGEST_SIDE, USUAL_RATE, look_at, rising, timed_pictures
from dreamface.performance import LONGEST

Picture = NDArray[np.uint8]

FASTEST: Final = 60.0
"""Pictures a second: of faster footage every other one is left out, or more."""

SEQUENCE_RATE: Final = 24.0
"""Pictures a second of a folder of pictures, where nobody says."""

PICTURE_SUFFIXES: Final = frozenset((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp"))

WHOLE: Final = 0.95
"""Share of the seconds that a file says it has without which it breaks off."""


@dataclass(frozen=True)
class Frame:
    """One picture.

    Attributes:
        time: seconds from the footage's first picture.
        picture: [H, W, 3] sRGB.
    """

    time: float
    picture: Picture


class Footage(Protocol):
    """Pictures that can be gone through once or more.

    Attributes:
        name: of the file or folder.
        rate: pictures a second, in the mean.
        size: width and height of the pictures that are given out.
        count: how many there are about; 0 where that is not known.
        breaks_off: whether the last time it was gone through much less came than it says that it has.
    """

    name: str
    rate: float
    size: tuple[int, int]
    count: int
    breaks_off: bool

    def frames(self) -> Iterator[Frame]:
        """Give the pictures out, one after the other."""
        ...


def open_footage(
    path: Path, start: float | None = None, end: float | None = None, rate: float | None = None
) -> Footage:
    """Open a video file or a folder of pictures.

    Args:
        path: of either.
        start: seconds from its beginning where to begin; None is the beginning.
        end: seconds from its beginning where to stop; None is the end.
        rate: pictures a second: of a folder, what it was taken with (default 24); of a video, other than its own, and
            even.

    Raises:
        BadRequest: it is not there, is neither, or holds no pictures, or the range is empty.
        MissingDependency: what reads videos is not installed.
    """
    first = start or 0.0
    if first < 0.0 or (end is not None and end <= first):
        raise BadRequest("The part of the footage to use is empty: let it end after it starts.")
    if rate is not None and not 1.0 <= rate <= 1000.0:
        raise BadRequest("Footage has 1 to 1000 pictures a second: choose a rate between them.")
    if path.is_dir():
        return PictureSequence(path, first, end, rate or SEQUENCE_RATE)
    if not path.is_file():
        raise BadRequest(f"{path} is not there: choose a video that exists.")
    return VideoFile(path, first, end, rate)


class VideoFile:
    """What FFmpeg reads, with every picture at its own time: phones slow down where it is dark."""

    def __init__(self, path: Path, start: float, end: float | None, rate: float | None) -> None:
        """Look at the file.

        Raises:
            BadRequest: it is no video, is broken, or ends before `start`.
            MissingDependency: imageio-ffmpeg is not installed.
        """
        self.name, self._path = path.name, str(path.resolve())
        self.breaks_off = False
        self._before = (*LOCAL_FILES_ONLY, *(("-ss", f"{start:.6f}") if start else ()))
        self._after = () if end is None else ("-t", f"{end - start:.6f}")
        about = self._first_words()
        length = float(about.get("duration") or 0.0)
        if length and start >= length:
            raise BadRequest(f"{self.name} is {length:.1f} seconds long: start earlier than {start:g}.")
        own = float(about.get("fps") or 0.0) or USUAL_RATE
        self.rate = min(rate or own, FASTEST)
        self._filters = () if rate is None and own <= FASTEST else (f"fps={self.rate}",)
        self.size = (int(about["size"][0]), int(about["size"][1]))
        self.count = max(0, round((min(length, end or length) - start) * self.rate)) if length else 0
        _check_length(self.name, self.count / self.rate)

    def frames(self) -> Iterator[Frame]:
        """Give the pictures out.

        Raises:
            BadRequest: the file has not one picture that can be read.
        """
        width, height = self.size
        step, time, shown = 1.0 / self.rate, 0.0, False
        with closing(timed_pictures(self._path, self._before, self.size, self._filters, self._after)) as pictures:
            for time, picture in rising(pictures, step):
                _check_length(self.name, time)
                yield Frame(time, np.frombuffer(picture, np.uint8).reshape(height, width, 3))
                shown = True
        self.breaks_off = time + step < WHOLE * self.count * step
        if not shown:
            raise BadRequest(f"{self.name} has no picture that can be read: convert it to MP4 and try again.")

    def _first_words(self) -> dict[str, Any]:
        try:
            about = look_at(self._path, self._before)
        except ValueError as error:
            raise BadRequest(f"{self.name} is not a video that can be read: choose another file.") from error
        if not about.get("size") or min(about["size"]) < 1:
            raise BadRequest(f"{self.name} holds no pictures: choose a video.")
        return about


class PictureSequence:
    """Pictures of a folder, in the order of the numbers in their names."""

    def __init__(self, folder: Path, start: float, end: float | None, rate: float) -> None:
        """Look which there are.

        Raises:
            BadRequest: there are none, or the first can't be read.
        """
        self.name, self.rate, self.breaks_off = folder.name, rate, False
        try:
            found = [file for file in folder.iterdir() if _is_picture(file)]
        except OSError as error:
            raise BadRequest(
                f"{folder.name} can't be looked into ({error.strerror}): check its permissions."
            ) from error
        files = sorted(
            found,
            key=lambda file: [
                (part.isdecimal(), int(part) if part.isdecimal() else part) for part in _parts(file.name)
            ],
        )
        last = len(files) if end is None else round(end * rate)
        self._files = files[round(start * rate) : last]
        if not files:
            raise BadRequest(f"{folder.name} holds no pictures to use: choose a folder of PNG or JPEG files.")
        if not self._files:
            raise BadRequest(f"{folder.name} is {len(files) / rate:.1f} seconds long: start earlier than {start:g}.")
        self.count = len(self._files)
        height, width = _read_picture(self._files[0]).shape[:2]
        self.size = (width, height)

    def frames(self) -> Iterator[Frame]:
        """Give the pictures out; one of another size is stretched to the first's.

        Raises:
            BadRequest: one can't be read.
        """
        for number, file in enumerate(self._files):
            yield Frame(number / self.rate, _read_picture(file, self.size))


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in PICTURE_SUFFIXES and not file.name.startswith(".")


def _check_length(name: str, seconds: float) -> None:
    if seconds > LONGEST:
        raise BadRequest(f"{name} is longer than {LONGEST / 3600:.0f} hours: choose a part of it with start and end.")


def _parts(name: str) -> list[str]:
    return re.split(r"(\d+)", name.lower())


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey picture of 16 bits as one of 8: Pillow would cut what is brighter than a 256th off."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image, np.float64) / 257.0).clip(0.0, 255.0).astype(np.uint8))


def _read_picture(file: Path, size: tuple[int, int] | None = None) -> Picture:
    try:
        with Image.open(file) as image:
            upright = _eight_bits(ImageOps.exif_transpose(image)).convert("RGB")
            if size is None:
                upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            elif upright.size != size:
                upright = upright.resize(size)
            return np.asarray(upright)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise BadRequest(f"{file.name} is not a picture that can be read: take it out of the folder.") from error
