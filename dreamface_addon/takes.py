"""A take: what a face did over time, as the engine's .npz holds it, and what an artist makes of it; numpy alone.

The raw take is kept with its action, so everything here can be changed after tracking: mirror, smoothing, strength by
region, the neutral face, the part of it that is used, and how fast it goes.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .expressions import other_side

Array = NDArray[np.float64]

VERSION: Final = 1
"""Of the .npz; newer ones are not read."""

REGIONS: Final = ("brows", "eyes", "jaw", "mouth", "cheeks", "head", "gaze")
"""Parts of a performance whose strength is set on its own: parts of the face, how the head turns, where it looks."""

MOST_GAIN: Final = 3.0

_GROUPS: Final = (
    ("eyeLook", "gaze"), ("eye", "eyes"), ("brow", "brows"), ("jaw", "jaw"), ("mouth", "mouth"), ("tongue", "mouth"),
    ("cheek", "cheeks"), ("nose", "cheeks"),
)  # fmt: skip
"""How the name of a shape begins -> its region; the first that fits."""

_MIN_CUTOFF: Final = 1.5  # hertz, of a channel that rests, with a smoothing of a half
_BETA: Final = 5.0  # hertz more for each unit that a channel moves in a second: blinks stay quick
_OCTAVES: Final = 4.0  # between a smoothing of 0 and of 1
_DERIVATIVE_CUTOFF: Final = 1.0  # hertz


class TakeError(Exception):
    """A take cannot be read; the message is a sentence for the artist."""


@dataclass(frozen=True)
class Take:
    """Expression, head and gaze at a number of moments.

    Attributes:
        times: [T] seconds, rising.
        weights: [T, S] 0..1.
        head: [T, 3] yaw, pitch and roll, radians: the order "YXZ" with (pitch, roll, yaw).
        position: [T, 3] metres, from a camera at the origin that looks along +Y; zeros where it is not known.
        eyes: [T, 2, 2] yaw and pitch of the left and the right eyeball against the head.
        seen: [T] whether there was a face.
        shapes: the S names.
        rate: moments a second.
        focal: length of the lens in heights of the picture; 0 where it is not known.
        source: name of the footage.
        footage: its width and height in pixels; zeros where there was none.
    """

    times: Array
    weights: Array
    head: Array
    position: Array
    eyes: Array
    seen: NDArray[np.bool_]
    shapes: tuple[str, ...]
    rate: float
    focal: float = 0.0
    source: str = ""
    footage: tuple[int, int] = (0, 0)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return float(self.times[-1] - self.times[0])

    @property
    def moves_in_space(self) -> bool:
        """Whether it knows where the head was."""
        return bool(np.ptp(self.position, axis=0).max() > 0.0)

    def at(self, times: Array) -> Take:
        """Return it at other moments, with straight lines between its own."""
        moving: dict[str, Any] = {name: _between(self.times, getattr(self, name), times) for name in _MOVING}
        nearest = np.searchsorted(0.5 * (self.times[1:] + self.times[:-1]), times)
        return replace(self, times=times, seen=self.seen[nearest], **moving)


_MOVING: Final = ("weights", "head", "position", "eyes")


@dataclass(frozen=True)
class Shaping:
    """What an artist makes of a take.

    Attributes:
        mirror: left is right.
        smoothing: 0..1; 0 leaves it as it was tracked.
        gains: region -> strength, 1 where it is not set.
        neutral: the second at which the face rested; None where it is taken as it is.
        move: how far the head moves, apart from turning: 1 as far as it did.
        first: seconds of the take that are left out at its beginning.
        last: seconds that are left out at its end.
        speed: 2 goes twice as fast.
        start: frame of the scene at which it begins.
        tolerance: how far a curve may be from what was tracked: a share of a shape's whole way, or radians.
    """

    mirror: bool = False
    smoothing: float = 0.5
    gains: dict[str, float] = field(default_factory=dict)
    neutral: float | None = None
    move: float = 1.0
    first: float = 0.0
    last: float = 0.0
    speed: float = 1.0
    start: float = 1.0
    tolerance: float = 0.0005

    def to_json(self) -> str:
        """Return it as text, the same for the same values."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: object) -> Shaping:
        """Read it; what is missing or damaged is as usual."""
        try:
            said = json.loads(str(text))
        except (ValueError, RecursionError):
            said = {}
        known = {entry.name for entry in fields(cls)}
        given = {name: value for name, value in said.items() if name in known} if isinstance(said, dict) else {}
        plain = cls()
        for name, value in list(given.items()):
            usual = getattr(plain, name)
            number = isinstance(value, int | float) and np.isfinite(value)
            fits = isinstance(value, dict) if name == "gains" else number or (name == "neutral" and value is None)
            given[name] = value if fits else usual
        gains = {region: float(gain) for region, gain in given.get("gains", {}).items() if region in REGIONS}
        return cls(**given | {"gains": gains})

    def gain(self, region: str) -> float:
        """Return the strength of a region."""
        return self.gains.get(region, 1.0)


def region_of(shape: str) -> str:
    """Return the region that a shape belongs to; "mouth" for what has no other."""
    return next((region for beginning, region in _GROUPS if shape.startswith(beginning)), "mouth")


# ------------------------------------------------------------------------------------------------------------- the file


def read_take(content: bytes) -> Take:
    """Read what the engine, or another take, has written.

    Raises:
        TakeError: it is no take, or is damaged.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            if int(file["version"]) > VERSION:
                raise TakeError("This take was made by a newer DreamFace: update this one to open it.")
            arrays: dict[str, Any] = {name: file[name].astype(np.float64) for name in ("times", *_MOVING)}
            take = Take(
                **arrays,
                seen=file["seen"].astype(bool),
                shapes=tuple(str(name) for name in file["shapes"]),
                rate=float(file["rate"]),
                focal=float(file["focal"]),
                source=str(file["source"]),
                footage=(int(file["footage"][0]), int(file["footage"][1])),
            )
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise TakeError("This is no take of DreamFace, or it is damaged: choose another file.") from error
    _check(take)
    return take


def _check(take: Take) -> None:
    count = len(take.times)
    wanted = {
        "times": (count,), "weights": (count, len(take.shapes)), "head": (count, 3), "position": (count, 3),
        "eyes": (count, 2, 2), "seen": (count,),
    }  # fmt: skip
    whole = all(getattr(take, name).shape == shape for name, shape in wanted.items())
    if not count:
        raise TakeError("The take is empty: nothing was recorded.")
    if not whole or not all(np.isfinite(getattr(take, name)).all() for name in ("times", *_MOVING)):
        raise TakeError("The take is damaged: its numbers do not belong together. Choose another file.")
    if (np.diff(take.times) <= 0.0).any() or not take.rate > 0.0:
        raise TakeError("The take is damaged: its times do not rise. Choose another file.")


# ------------------------------------------------------------------------------------------------------------- shaping


def shape_take(take: Take, shaping: Shaping, times: Array | None = None) -> Take:
    """Return a take as an artist wants it: smoothed, from its neutral face, mirrored, and as strong as is set.

    Args:
        take: the raw one.
        shaping: what the artist makes of it.
        times: the moments that are wanted, in its seconds; None for its own.
    """
    whole = smoothed(take, shaping.smoothing) if shaping.smoothing > 0.0 and len(take.times) > 2 else take
    shaped = whole if times is None else whole.at(times)
    shaped = replace(shaped, position=shaped.position - whole.position[0])
    if shaping.neutral is not None:
        shaped = _rested(shaped, whole.at(np.clip([shaping.neutral], take.times[0], take.times[-1])))
    if shaping.mirror:
        shaped = mirrored(shaped)
    gains = np.array([shaping.gain(region_of(name)) for name in take.shapes])
    return replace(
        shaped,
        weights=np.clip(shaped.weights * gains, 0.0, 1.0),
        head=shaped.head * shaping.gain("head"),
        eyes=shaped.eyes * shaping.gain("gaze"),
        position=shaped.position * shaping.move,
    )


def frames_of(take: Take, shaping: Shaping, rate: float) -> tuple[Array, Array]:
    """Return [N] the scene's frames that the take covers, one after the other, and [N] the take's seconds there.

    Args:
        take: the take.
        shaping: which part of it, how fast, and where it begins.
        rate: the scene's frames a second.
    """
    first = take.times[0] + min(shaping.first, take.seconds)
    last = max(take.times[-1] - shaping.last, first)
    step = shaping.speed / rate
    count = int(np.floor((last - first) / step + 1e-6)) + 1
    numbers = np.arange(count, dtype=np.float64)
    return shaping.start + numbers, first + numbers * step


def time_at(take: Take, shaping: Shaping, rate: float, frame: float) -> float:
    """Return the take's second at a frame of the scene, within the take."""
    time = take.times[0] + shaping.first + (frame - shaping.start) * shaping.speed / rate
    return float(np.clip(time, take.times[0], take.times[-1]))


def mirrored(take: Take) -> Take:
    """Return it with left and right changed over."""
    place = {name: index for index, name in enumerate(take.shapes)}
    other = [place.get(other_side(name), index) for index, name in enumerate(take.shapes)]
    return replace(
        take,
        weights=take.weights[:, other],
        head=take.head * (-1.0, 1.0, -1.0),
        position=take.position * (-1.0, 1.0, 1.0),
        eyes=take.eyes[:, ::-1] * (-1.0, 1.0),
    )


def _rested(take: Take, rest: Take) -> Take:
    """Return it with what the face did at rest, a take of one moment, taken off; what is whole stays whole."""
    room = np.maximum(1.0 - rest.weights, 1e-3)
    return replace(
        take,
        weights=np.clip((take.weights - rest.weights) / room, 0.0, 1.0),
        head=take.head - rest.head,
        eyes=take.eyes - rest.eyes,
    )


def smoothed(take: Take, amount: float) -> Take:
    """Return it without jitter: the One-Euro filter forwards and backwards, so that nothing comes late.

    Casiez, Roussel and Vogel 2012, "1 Euro Filter: A Simple Speed-based Low-pass Filter". The mean of both ways has no
    delay.
    """
    count = len(take.times)
    columns = np.concatenate([getattr(take, name).reshape(count, -1) for name in _MOVING], axis=1)
    cutoff = _MIN_CUTOFF * 2.0 ** (_OCTAVES * (0.5 - amount))
    steps = np.diff(take.times)
    both = 0.5 * (_one_euro(columns, steps, cutoff) + _one_euro(columns[::-1], steps[::-1], cutoff)[::-1])
    made: dict[str, Any] = {}
    at = 0
    for name in _MOVING:
        before = getattr(take, name)
        width = int(np.prod(before.shape[1:]))
        made[name] = both[:, at : at + width].reshape(before.shape)
        at += width
    return replace(take, **made)


def _one_euro(values: Array, steps: Array, min_cutoff: float) -> Array:
    """[T, C] values [T, C], filtered one way; `steps` [T - 1] are the seconds between them."""
    smooth = np.empty_like(values)
    smooth[0] = now = values[0]
    speed = np.zeros(values.shape[1])
    for index, step in enumerate(steps, start=1):
        moved = (values[index] - values[index - 1]) / step
        speed = speed + _share(_DERIVATIVE_CUTOFF, step) * (moved - speed)
        now = now + _share(min_cutoff + _BETA * np.abs(speed), step) * (values[index] - now)
        smooth[index] = now
    return smooth


def _share(cutoff: Any, step: float) -> Any:
    """How much of a new value a low-pass filter takes."""
    turn = 2.0 * np.pi * cutoff * step
    return turn / (turn + 1.0)


def _between(own: Array, values: Array, times: Array) -> Array:
    """[N, ...] values [T, ...] at other moments."""
    if len(own) == 1:
        return np.repeat(values, len(times), axis=0)
    right = np.clip(np.searchsorted(own, times), 1, len(own) - 1)
    share = np.clip((times - own[right - 1]) / (own[right] - own[right - 1]), 0.0, 1.0)
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    mixed: Array = values[right - 1] * (1.0 - share) + values[right] * share
    return mixed
