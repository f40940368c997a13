"""Landmarks of faces in pictures, by MediaPipe: the mesh that its package carries, or FaceLandmarker.

Both give the same 478 points: 468 of the face's surface and five of each iris.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from dreamface.arrays import Float32Array, FloatArray
from dreamface.errors import WITH_VIDEO, MissingDependency
from dreamface.models import FACE_LANDMARKER, model_folder
from dreamface.traits import ARKIT_SHAPES

COUNT: Final = 478

_hush = threading.Lock()

WAIT: Final = 2.0
"""Seconds for which a face that is hidden is waited for, and at first for all faces to be in view."""

_BLANK: Final = np.zeros((64, 64, 3), np.uint8)

_SURE: Final = 0.5
"""How sure MediaPipe has to be that it sees a face, 0..1."""

_QUIET: Final = {"GLOG_minloglevel": "3", "TF_CPP_MIN_LOG_LEVEL": "3"}
"""What keeps MediaPipe from writing about its insides."""


@dataclass(frozen=True)
class Landmarks:
    """One face in one picture.

    Attributes:
        points: [478, 2] to the right and downwards from the picture's middle, in heights of the picture.
        coefficients: [52] in the order of `ARKIT_SHAPES`, 0..1, as FaceLandmarker has them; None from others.
    """

    points: FloatArray
    coefficients: Float32Array | None = None

    @property
    def middle(self) -> FloatArray:
        """[2] where the face is."""
        return 0.5 * (self.points.min(axis=0) + self.points.max(axis=0))

    @property
    def size(self) -> float:
        """How large it is, in heights of the picture."""
        return float(np.ptp(self.points, axis=0).max())

    def in_pixels(self, picture: NDArray[np.uint8]) -> FloatArray:
        """Return [478, 2] columns and rows of the points in their picture [H, W, 3]."""
        height, width = picture.shape[:2]
        return self.points * height + (0.5 * width, 0.5 * height)


class LandmarkTracker(Protocol):
    """Finds faces in pictures that follow each other."""

    def find(self, picture: NDArray[np.uint8], time: float) -> list[Landmarks]:
        """Return the faces in a picture [H, W, 3] at a time in seconds, which rises from call to call."""
        ...

    def close(self) -> None:
        """Let go of the network."""
        ...


def open_tracker(name: str, faces: int = 1, still: bool = False) -> LandmarkTracker:
    """Return a new tracker.

    Args:
        name: "face-mesh", "face-landmarker", or "auto" for the latter where it is installed.
        faces: how many to look for. More than there are cost time: it looks for them in every picture.
        still: whether the pictures have nothing to do with each other.

    Raises:
        MissingDependency: it is not installed; the message says how it is.
    """
    return FaceLandmarker(faces, still) if used_tracker(name) == "face-landmarker" else FaceMesh(faces, still)


def used_tracker(name: str = "auto") -> str:
    """Return the name of the tracker that a name means: "auto" is FaceLandmarker where it is installed."""
    return ("face-landmarker" if FACE_LANDMARKER.installed else "face-mesh") if name == "auto" else name


def installed_tracker() -> str:
    """Load what "auto" stands for, and return its name with its version.

    Raises:
        MissingDependency: there is none; the message says what to do.
    """
    open_tracker("auto").close()
    name = "FaceLandmarker" if used_tracker() == "face-landmarker" else "the face mesh"
    return f"{name} of mediapipe {metadata.version('mediapipe')}"


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep what MediaPipe's C++ says of its insides while it starts out of the process's stderr.

    It writes before any setting of its own log counts; Python's own errors are not affected, as they come later.
    """
    with _hush, open(os.devnull, "wb") as nothing:  # noqa: PTH123 - it is no path of ours
        sys.stderr.flush()
        kept = os.dup(2)
        try:
            os.dup2(nothing.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


class FaceMesh:
    """The mesh that mediapipe 0.10.21 carries."""

    def __init__(self, faces: int = 1, still: bool = False) -> None:
        """Load it.

        Args:
            faces: how many to look for.
            still: whether the pictures have nothing to do with each other.

        Raises:
            MissingDependency: mediapipe is not installed, or is a newer one without the mesh.
        """
        os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
        try:
            from mediapipe.python.solutions.face_mesh import FaceMesh as Network
        except (ImportError, OSError) as error:
            raise MissingDependency(_without_mesh()) from error
        with _hushed():
            self._network = Network(
                static_image_mode=still,
                max_num_faces=faces,
                refine_landmarks=True,
                min_detection_confidence=_SURE,
                min_tracking_confidence=_SURE,
            )
            self._network.process(_BLANK)

    def find(self, picture: NDArray[np.uint8], time: float) -> list[Landmarks]:
        """Return the faces in a picture; the time is not needed."""
        found = self._network.process(np.ascontiguousarray(picture)).multi_face_landmarks or ()
        return [Landmarks(_points(face.landmark, picture)) for face in found]

    def close(self) -> None:
        """Let go of the network."""
        self._network.close()


def _without_mesh() -> str:
    """Return why there is no mesh: because there is no mediapipe, or because it is one without."""
    try:
        from mediapipe.tasks.python import vision  # noqa: F401
    except (ImportError, OSError) as error:
        return _without_mediapipe(error)
    return f"This Python's mediapipe has no face mesh of its own: {FACE_LANDMARKER.how}."


def _without_mediapipe(error: Exception) -> str:
    """Return why mediapipe does not load: it, or what it loads, is missing; a library of the system's for instance."""
    if isinstance(error, ModuleNotFoundError):
        missing = "" if error.name == "mediapipe" else f" and {error.name}"
        return f"Faces in pictures need mediapipe{missing}: {WITH_VIDEO}."
    return f"MediaPipe, which follows faces, does not load ({error}): install what it misses, or {WITH_VIDEO}."


class FaceLandmarker:
    """The file that is installed as a model: landmarks and coefficients."""

    def __init__(self, faces: int = 1, still: bool = False) -> None:
        """Load it.

        Args:
            faces: how many to look for.
            still: whether the pictures have nothing to do with each other.

        Raises:
            MissingDependency: mediapipe, or the model, is not installed.
        """
        os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
        if not FACE_LANDMARKER.installed:
            raise MissingDependency(f"FaceLandmarker is not installed: {FACE_LANDMARKER.how}.")
        try:
            import mediapipe
            from mediapipe.tasks.python import vision
            from mediapipe.tasks.python.core.base_options import BaseOptions
        except (ImportError, OSError) as error:
            raise MissingDependency(_without_mediapipe(error)) from error
        self._as_image: Callable[[NDArray[np.uint8]], Any] = lambda picture: mediapipe.Image(
            image_format=mediapipe.ImageFormat.SRGB, data=picture
        )
        data = (model_folder(FACE_LANDMARKER.name) / FACE_LANDMARKER.file).read_bytes()
        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=data),
            running_mode=vision.RunningMode.IMAGE if still else vision.RunningMode.VIDEO,
            num_faces=faces,
            min_face_detection_confidence=_SURE,
            min_face_presence_confidence=_SURE,
            min_tracking_confidence=_SURE,
            output_face_blendshapes=True,
        )
        with _hushed():
            self._network: Any = vision.FaceLandmarker.create_from_options(options)
        self._still, self._last = still, -1

    def find(self, picture: NDArray[np.uint8], time: float) -> list[Landmarks]:
        """Return the faces in a picture."""
        self._last = max(self._last + 1, round(1000.0 * time))
        image = self._as_image(np.ascontiguousarray(picture))
        found = self._network.detect(image) if self._still else self._network.detect_for_video(image, self._last)
        return [
            Landmarks(_points(face, picture), _coefficients(shapes))
            for face, shapes in zip(found.face_landmarks, found.face_blendshapes, strict=True)
        ]

    def close(self) -> None:
        """Let go of the network."""
        with suppress(RuntimeError):
            self._network.close()


def _points(face: Sequence[Any], picture: NDArray[np.uint8]) -> FloatArray:
    height, width = picture.shape[:2]
    shares = np.array([(point.x, point.y) for point in face[:COUNT]], np.float64)
    return (shares - 0.5) * (width / height, 1.0)


def _coefficients(shapes: Sequence[Any]) -> Float32Array:
    named = {shape.category_name: shape.score for shape in shapes}
    return np.array([named.get(name, 0.0) for name in ARKIT_SHAPES], np.float32)


class Follower:
    """Chooses the same face from picture to picture: the largest at first, or one counted from the left."""

    def __init__(self, face: int | None = None, expected: int = 1) -> None:
        """Begin with nobody.

        Args:
            face: which, counted from the left; None is the largest.
            expected: how many there are in view at some time.
        """
        self._face, self._expected = face, expected
        self._last: Landmarks | None = None
        self._seen_at = 0.0

    def choose(self, faces: Sequence[Landmarks], time: float) -> Landmarks | None:
        """Return the face that is followed among those in a picture at a time; None where it is not there."""
        if not faces:
            return None
        chosen = self._first(faces, time) if self._last is None else self._same(faces, time - self._seen_at)
        if chosen is not None:
            self._last, self._seen_at = chosen, time
        return chosen

    def _first(self, faces: Sequence[Landmarks], time: float) -> Landmarks | None:
        if self._face is None:
            return max(faces, key=lambda face: face.size)
        if len(faces) < self._expected and time < WAIT:
            return None  # the others come into view first: they are counted, too
        ordered = sorted(faces, key=lambda face: float(face.middle[0]))
        return ordered[self._face] if self._face < len(ordered) else None

    def _same(self, faces: Sequence[Landmarks], lost_for: float) -> Landmarks | None:
        """Return the nearest face, unless that must be somebody else while ours is hidden."""
        nearest = min(faces, key=self._distance)
        others = max(self._expected, len(faces)) > 1
        return None if others and lost_for < WAIT and self._distance(nearest) > nearest.size else nearest

    def _distance(self, face: Landmarks) -> float:
        assert self._last is not None
        return float(np.linalg.norm(face.middle - self._last.middle) + 0.5 * abs(face.size - self._last.size))
