"""Takes that are recorded live. Every moment is on the disk within a second: no crash takes more than that away."""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Final

import numpy as np

from dreamface._files import cannot_write
from dreamface._reading import UNREADABLE, read_regular
from dreamface.errors import BadRequest, DreamFaceError
from dreamface.motion.moment import WIDTH, Moment, from_rows, rate_of
from dreamface.motion.shaping import eyes_of_weights, held_and_faded
from dreamface.motion.smoothing import smoothed
from dreamface.performance import LARGEST_TAKE, LONGEST, Performance, load_performance

ROWS: Final = ".rows"
"""Suffix of a take that goes on: float64 rows of moments."""

_ABOUT: Final = ".json"  # beside it: what the take is called and how it is to be smoothed
_TAKE: Final = ".npz"
_NUMBERED: Final = re.compile(r"take-([0-9]{1,9})")
_FLUSH_EVERY: Final = 1.0  # seconds
_LARGEST_ABOUT: Final = 2**16  # bytes


@dataclass(frozen=True)
class About:
    """What is known of a take besides its moments.

    Attributes:
        source: name of what it is recorded from.
        footage: width and height of its pictures, pixels.
        smoothing: 0..1, done when the take is over: both ways, so that nothing comes late.
    """

    source: str
    footage: tuple[int, int] = (0, 0)
    smoothing: float = 0.0


@dataclass(frozen=True)
class Recorded:
    """A take that is over.

    Attributes:
        file: the .npz.
        seconds, moments: how long it is.
    """

    file: Path
    seconds: float
    moments: int


class Recorder:
    """Writes takes into a folder: `take-1.npz`, `take-2.npz` and so on.

    Attributes:
        last: the take that was recorded last, or None.
    """

    def __init__(self, folder: Path, about: About) -> None:
        self.last: Recorded | None = None
        self.about = about
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._place = folder
        self._begun = self._flushed = 0.0

    @property
    def is_on(self) -> bool:
        """Whether a take goes on."""
        return self._file is not None

    def start(self) -> None:
        """Begin a take.

        Raises:
            FolderError: the disk refused.
        """
        if self.is_on:
            return
        self._place = self._folder / f"take-{1 + _highest_number(self._folder)}{ROWS}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._place.with_suffix(_ABOUT).write_text(json.dumps(asdict(self.about)), "utf-8")
            self._file = self._place.open("wb")
        except OSError as error:
            raise cannot_write(self._place, error) from error
        self._begun, self._flushed = -1.0, time.monotonic()

    def add(self, moment: Moment) -> None:
        """Keep a moment where a take goes on; one that is too long ends by itself.

        Raises:
            FolderError: the disk refused; the take so far is kept.
        """
        if self._file is None:
            return
        self._begun = moment.time if self._begun < 0.0 else self._begun
        if moment.time - self._begun > LONGEST:
            self.stop()
            return
        try:
            self._file.write(moment.to_row().tobytes())
            if time.monotonic() - self._flushed >= _FLUSH_EVERY:
                self._file.flush()
                self._flushed = time.monotonic()
        except OSError as error:
            self.stop()
            raise cannot_write(self._place, error) from error

    def stop(self) -> Recorded | None:
        """End the take; gives the one that was recorded last.

        Raises:
            FolderError: the disk refused; the take lies beside its name, and `rescue` finds it.
        """
        return self.finish(self.detach())

    def detach(self) -> Path | None:
        """End the take at once, and return its rows for `finish`; None where none goes on.

        Raises:
            FolderError: the disk refused.
        """
        file, self._file = self._file, None
        if file is None:
            return None
        try:
            file.close()
            self._place.with_suffix(_ABOUT).write_text(json.dumps(asdict(self.about)), "utf-8")
        except OSError as error:
            raise cannot_write(self._place, error) from error
        return self._place

    def finish(self, rows: Path | None) -> Recorded | None:
        """Make a take of rows, which takes a second for ten minutes; gives the take that was recorded last.

        Raises:
            FolderError: the disk refused; the rows stay, and `rescue` finds them.
        """
        if rows is not None:
            self.last = _finish(rows) or self.last
        return self.last


def _highest_number(folder: Path) -> int:
    """Return the highest number of a take in a folder, finished or not; 0 where there is none."""
    found = (_NUMBERED.fullmatch(file.stem) for file in folder.glob("take-*"))
    return max((int(match[1]) for match in found if match is not None), default=0)


def rescue(folder: Path) -> Recorded | None:
    """Finish what a recorder that died has left in a folder; gives the newest take in it, or None.

    What can't be finished stays as it is.
    """
    for place in sorted(folder.glob(f"take-*{ROWS}")):
        try:
            _finish(place)
        except DreamFaceError:
            continue
    takes = sorted(folder.glob(f"take-*{_TAKE}"), key=lambda file: (len(file.name), file.name))
    return _describe(takes[-1]) if takes else None


def _describe(file: Path) -> Recorded | None:
    try:
        take = load_performance(file)
    except BadRequest:
        return None
    return Recorded(file, round(take.duration, 3), len(take))


def _finish(place: Path) -> Recorded | None:
    """Make a take of rows; None where there are none."""
    take = _read(place)
    file = place.with_suffix(_TAKE)
    if take is not None:
        take.save(file)
    for left in (place, place.with_suffix(_ABOUT)):
        left.unlink(missing_ok=True)
    return None if take is None else Recorded(file, round(take.duration, 3), len(take))


def _read(place: Path) -> Performance | None:
    try:
        data = read_regular(place, 2 * LARGEST_TAKE)
    except UNREADABLE as error:
        raise BadRequest(f"{place.name} can't be read: choose another take.") from error
    rows = np.frombuffer(data[: len(data) // (8 * WIDTH) * 8 * WIDTH], np.float64).reshape(-1, WIDTH)
    rows = rows[np.isfinite(rows).all(axis=1)]
    if not len(rows):
        return None
    about = _about(place.with_suffix(_ABOUT))
    take = from_rows(rows, rate=30.0, source=about.source, footage=about.footage)
    take = smoothed(held_and_faded(replace(take, rate=rate_of(take.times))), about.smoothing)
    return take if take.footage == (0, 0) else eyes_of_weights(take)


def _about(file: Path) -> About:
    try:
        data = json.loads(read_regular(file, _LARGEST_ABOUT))
        width, height = data["footage"]
        return About(str(data["source"]), (int(width), int(height)), min(max(float(data["smoothing"]), 0.0), 1.0))
    except UNREADABLE:
        return About("")
