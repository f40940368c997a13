"""A performance: what a face did over time, apart from whose face it was."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from dreamface._files import whole_file
from dreamface.arrays import Float32Array, FloatArray
from dreamface.errors import BadRequest
from dreamface.traits import ARKIT_SHAPES

BoolArray: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"

LONGEST: Final = 4 * 3600.0
"""Seconds: a longer take is surely a mistake, and would fill the memory."""

_VERSION: Final = 1
_ARRAYS: Final = ("times", "weights", "head", "position", "eyes", "seen")


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
        if (np.diff(self.times) <= 0.0).any() or not 0.0 <= self.times[-1] - self.times[0] <= LONGEST:
            raise BadRequest("The take is damaged: its times do not rise.")

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
            **{
                name: _between(self.times, getattr(self, name), times)
                for name in ("weights", "head", "position", "eyes")
            },
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
        about = {"version": _VERSION, "rate": self.rate, "focal": self.focal, "source": self.source}
        with whole_file(path) as part, part.open("wb") as file:
            np.savez_compressed(
                file,
                **{name: getattr(self, name) for name in _ARRAYS},
                shapes=np.array(ARKIT_SHAPES),
                footage=np.array(self.footage, np.int64),
                **{name: np.array(value) for name, value in about.items()},
            )


def load_performance(path: Path) -> Performance:
    """Read what `Performance.save` wrote.

    Raises:
        BadRequest: it is no such file, or is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            if int(file["version"]) > _VERSION:
                raise BadRequest(f"{path.name} was made by a newer DreamFace: update this one to open it.")
            return Performance(
                file["times"].astype(np.float64),
                *(file[name].astype(np.float32) for name in ("weights", "head", "position", "eyes")),
                file["seen"].astype(bool),
                rate=float(file["rate"]),
                focal=float(file["focal"]),
                source=str(file["source"]),
                footage=(int(file["footage"][0]), int(file["footage"][1])),
            )
    except FileNotFoundError as error:
        raise BadRequest(f"{path} is not there: choose a take that exists.") from error
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile) as error:
        raise BadRequest(f"{path.name} is no take of DreamFace, or is damaged: choose another file.") from error


def _between(own: FloatArray, values: Float32Array, times: FloatArray) -> Float32Array:
    """[N, ...] values [T, ...] at other moments."""
    flat = values.reshape(len(own), -1)
    columns = [np.interp(times, own, flat[:, column]) for column in range(flat.shape[1])]
    return np.stack(columns, axis=1).reshape(len(times), *values.shape[1:]).astype(np.float32)
