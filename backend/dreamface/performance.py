"""A performance: what a face did over time, apart from whose face it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from dreamface._files import whole_file
from dreamface._reading import LONGEST_NAME, UNREADABLE, Layout, open_regular, read_arrays
from dreamface.arrays import Float32Array, FloatArray
from dreamface.errors import BadRequest
from dreamface.text import one_line
from dreamface.traits import ARKIT_SHAPES

BoolArray: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"

LONGEST: Final = 4 * 3600.0
"""Seconds: a longer take is surely a mistake, and would fill the memory."""

LARGEST_TAKE: Final = 256 * 2**20
"""Bytes of all arrays of a take: 4 hours with 60 moments a second."""

FASTEST: Final = 1000.0
"""Moments a second that no camera exceeds."""

_VERSION: Final = 1
_ARRAYS: Final = ("times", "weights", "head", "position", "eyes", "seen")

_VERSION_LAYOUT: Final[Mapping[str, Layout]] = {"version": Layout("index", ())}

_LAYOUT: Final[Mapping[str, Layout]] = {
    "times": Layout("real", ("moments",)),
    "weights": Layout("number", ("moments", "shapes")),
    "head": Layout("number", ("moments", 3)),
    "position": Layout("number", ("moments", 3)),
    "eyes": Layout("number", ("moments", 2, 2)),
    "seen": Layout("flag", ("moments",)),
    "shapes": Layout("name", ("shapes",)),
    "rate": Layout("real", ()),
    "focal": Layout("real", ()),
    "source": Layout("text", ()),
    "footage": Layout("index", (2,)),
}
"""The arrays of a take."""


@dataclass(frozen=True)
class Performance:
    """Expression, head and gaze at a number of moments.

    Angles are radians about Blender's axes, in which the face looks along -Y, Z is up and +X is the person's left: yaw
    about Z, so that a turn to the person's left is positive; pitch about X, looking down is positive; roll about Y.
    Rolled first, then pitched, then turned: Blender's rotation order "YXZ" with (pitch, roll, yaw).

    Attributes:
        times: [T] seconds from the start of the take, rising strictly.
        weights: [T, 52] in the order of `ARKIT_SHAPES`, 0..1; left and right are the person's own.
        head: [T, 3] yaw, pitch and roll of the head.
        position: [T, 3] metres: the origin of the head, seen from a camera at the origin that looks along +Y; zero
            where it is not known, as in a take of an iPhone.
        eyes: [T, 2, 2] yaw and pitch against the head of the left and the right eyeball.
        seen: [T] whether a face was seen. Where not, the values are held and fade to rest.
        rate: moments a second, as its source counts them.
        focal: length of the camera's lens in heights of its picture; 0 where it is not known.
        source: name of what it was made from, such as "monologue.mp4".
        footage: width and height of the picture it was seen in, pixels; zeros where there was none.
        notes: sentences about what was left out when it was read; no file holds them.
    """

    times: FloatArray
    weights: Float32Array
    head: Float32Array
    position: Float32Array
    eyes: Float32Array
    seen: BoolArray
    rate: float
    focal: float = 0.0
    source: str = ""
    footage: tuple[int, int] = field(default=(0, 0))
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that the arrays belong together.

        Raises:
            BadRequest: they do not.
        """
        count = len(self.times)
        shapes = {
            "times": (),
            "weights": (len(ARKIT_SHAPES),),
            "head": (3,),
            "position": (3,),
            "eyes": (2, 2),
            "seen": (),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != (count, *shape):
                raise BadRequest(f"The take is damaged: it has {count} moments and its {name} do not fit them.")
            if not np.isfinite(array).all():
                raise BadRequest(f"The take is damaged: its {name} hold what is no number.")
        if count == 0:
            raise BadRequest("The take is empty: nothing was recorded.")
        if (np.diff(self.times) <= 0.0).any():
            raise BadRequest("The take is damaged: its times do not rise.")
        if self.times[-1] - self.times[0] > LONGEST:
            raise BadRequest(f"The take is longer than {LONGEST / 3600.0:.0f} hours: choose a part of it.")
        if not 0.0 < self.rate <= FASTEST or not 0.0 <= self.focal < np.inf:
            raise BadRequest("The take is damaged: its rate or its focal length can't be.")

    def __len__(self) -> int:
        """How many moments there are."""
        return len(self.times)

    @property
    def duration(self) -> float:
        """Seconds from the first moment to the last."""
        return float(self.times[-1] - self.times[0])

    def channel(self, shape: str) -> Float32Array:
        """Return [T] the weight of one of ARKit's shapes."""
        return self.weights[:, ARKIT_SHAPES.index(shape)]

    def at(self, times: FloatArray) -> Performance:
        """Return the performance at other moments [N], in seconds: straight lines between its own, held at its ends."""
        return replace(
            self,
            times=np.asarray(times, np.float64),
            weights=_between(self.times, self.weights, times),
            head=_between(self.times, self.head, times),
            position=_between(self.times, self.position, times),
            eyes=_between(self.times, self.eyes, times),
            seen=self.seen[np.searchsorted(0.5 * (self.times[1:] + self.times[:-1]), times)],
        )

    def resampled(self, rate: float) -> Performance:
        """Return the performance with `rate` moments a second, even in time, from its first moment on."""
        count = int(np.floor(self.duration * rate + 1e-6)) + 1
        return replace(self.at(self.times[0] + np.arange(count) / rate), rate=rate)

    def save(self, path: Path) -> None:
        """Write it as .npz, which numpy alone reads again.

        Raises:
            FolderError: the disk refused.
        """
        about = {"version": _VERSION, "rate": float(self.rate), "focal": float(self.focal)}
        with whole_file(path) as part, part.open("wb") as file:
            np.savez_compressed(
                file,
                **{name: getattr(self, name) for name in _ARRAYS},
                shapes=np.array(ARKIT_SHAPES),
                footage=np.array(self.footage, np.int64),
                source=np.array(one_line(self.source)[:LONGEST_NAME]),
                **{name: np.array(value) for name, value in about.items()},
            )


def load_performance(path: Path) -> Performance:
    """Read what `Performance.save` wrote.

    Raises:
        BadRequest: it is no such file, or is damaged.
    """
    try:
        with open_regular(path) as file:
            if int(read_arrays(file, _VERSION_LAYOUT, LARGEST_TAKE)["version"]) > _VERSION:
                raise BadRequest(f"{path.name} was made by a newer DreamFace: update this one to open it.")
            file.seek(0)
            arrays = read_arrays(file, _LAYOUT, LARGEST_TAKE)
        order = [arrays["shapes"].tolist().index(shape) for shape in ARKIT_SHAPES]
    except FileNotFoundError as error:
        raise BadRequest(f"{path} is not there: choose a take that exists.") from error
    except UNREADABLE as error:
        raise BadRequest(f"{path.name} is no take of DreamFace, or is damaged: choose another file.") from error
    return Performance(
        arrays["times"],
        arrays["weights"][:, order].clip(0.0, 1.0),
        arrays["head"],
        arrays["position"],
        arrays["eyes"],
        arrays["seen"],
        rate=float(arrays["rate"]),
        focal=float(arrays["focal"]),
        source=str(arrays["source"]),
        footage=(int(arrays["footage"][0]), int(arrays["footage"][1])),
    )


def _between(own: FloatArray, values: Float32Array, times: FloatArray) -> Float32Array:
    """[N, ...] values [T, ...] at other moments."""
    flat = values.reshape(len(own), -1)
    columns = [np.interp(times, own, flat[:, column]) for column in range(flat.shape[1])]
    return np.stack(columns, axis=1).reshape(len(times), *values.shape[1:]).astype(np.float32)
