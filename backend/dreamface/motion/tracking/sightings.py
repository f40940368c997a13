"""Landmarks of a clip as they are found, on disk: a long clip takes no more memory than a short one."""

from __future__ import annotations

import tempfile
from array import array
from types import TracebackType
from typing import Final

import numpy as np

from dreamface.arrays import Float32Array, FloatArray, IntArray
from dreamface.capture import COUNT, Landmarks
from dreamface.errors import FolderError
from dreamface.performance import BoolArray
from dreamface.traits import ARKIT_SHAPES

_ROW: Final = COUNT * 2 * np.dtype(np.float32).itemsize
"""Bytes of a face's landmarks."""

_BUFFER: Final = 64 * _ROW


class Sightings:
    """Landmarks of one face in one picture after the other.

    They lie in a file that has no name and goes with the process; what is a few bytes a picture is in memory.

    Attributes:
        faces: how many faces there are in view at some time.
    """

    def __init__(self) -> None:
        """Open the file.

        Raises:
            FolderError: the disk refused.
        """
        try:
            self._file = tempfile.TemporaryFile(buffering=_BUFFER)  # noqa: SIM115 - `__exit__` closes it
        except OSError as error:
            raise _no_room(error) from error
        self.forget()

    def __enter__(self) -> Sightings:
        """Return itself; afterwards the file is gone."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the file go."""
        self._file.close()

    def forget(self) -> None:
        """Begin anew."""
        self._file.seek(0)
        self._file.truncate()
        self._times, self._present, self._coefficients = array("d"), array("b"), array("f")
        self.faces = 1

    def add(self, time: float, face: Landmarks | None) -> None:
        """Note a face in the next picture, None where it is not there; the time is in seconds.

        Raises:
            FolderError: the disk is full.
        """
        self._times.append(time)
        self._present.append(face is not None)
        if face is None:
            return
        if face.coefficients is not None:
            self._coefficients.frombytes(face.coefficients.astype(np.float32).tobytes())
        try:
            self._file.write(face.points.astype(np.float32).tobytes())
        except OSError as error:
            raise _no_room(error) from error

    def __len__(self) -> int:
        """How many pictures have the face."""
        return sum(self._present)

    @property
    def times(self) -> FloatArray:
        """[T] seconds of all pictures."""
        return np.array(self._times)

    @property
    def present(self) -> BoolArray:
        """[T] whether the face is in a picture."""
        return np.array(self._present, bool)

    @property
    def coefficients(self) -> Float32Array | None:
        """[F, 52] of the pictures that have the face; None where the tracker has none."""
        if not self._coefficients:
            return None
        return np.array(self._coefficients, np.float32).reshape(-1, len(ARKIT_SHAPES))

    def points(self, rows: IntArray) -> FloatArray:
        """Return [N, 478, 2] landmarks of some of the F pictures that have the face.

        Raises:
            FolderError: the disk refused.
        """
        try:
            return np.stack([self._row(row) for row in rows.tolist()]).astype(np.float64)
        except OSError as error:
            raise _no_room(error) from error

    def _row(self, row: int) -> Float32Array:
        self._file.seek(row * _ROW)
        return np.frombuffer(self._file.read(_ROW), np.float32).reshape(COUNT, 2)


def _no_room(error: OSError) -> FolderError:
    reason = error.strerror or error
    place = tempfile.gettempdir()
    return FolderError(f"{place} can't hold what is found in the footage ({reason}): free some space, then try again.")
