"""From pictures to a performance: a whole clip at once, or one picture after the other."""

from __future__ import annotations

import threading
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dreamface.arrays import Float32Array, FloatArray, IntArray
from dreamface.capture import (
    USUAL_FOCAL,
    Follower,
    LandmarkModel,
    Landmarks,
    LandmarkTracker,
    Person,
    Poses,
    Reading,
    angles,
    find_person,
    load_model,
    open_tracker,
    read_expression,
    refined,
    with_gaze,
    with_winks,
)
from dreamface.errors import BadRequest
from dreamface.motion.footage import Footage, open_footage
from dreamface.motion.moment import Moment
from dreamface.motion.shaping import calibrated, gaze_of, mirrored, neutral_at, trimmed
from dreamface.motion.trackers import Wishes
from dreamface.motion.tracking.channels import Range, as_seen, fused, range_of, without_rest
from dreamface.motion.tracking.sightings import Sightings
from dreamface.performance import Performance
from dreamface.progress import Progress
from dreamface.traits import ARKIT_SHAPES

SEVERAL: Final = 4
"""How many faces are looked for where there may be several."""

LOOKS: Final = 12
"""Pictures in which it is looked how many faces there are."""

LOOK_EVERY: Final = 60
"""Pictures from one such look to the next in footage that does not say how long it is."""

NEUTRAL_MARGIN: Final = 0.5
"""Seconds that are read beyond a neutral moment after the end."""

CALIBRATION: Final = 24
"""Pictures from which the person is learnt."""

AT_ONCE: Final = 16
"""Pictures that are read at a time: each takes almost two megabytes meanwhile."""

LIVE_CALIBRATIONS: Final = (10, 60, 240)
"""After so many pictures the person is learnt, live; each time from all that were kept."""

_KEPT_EVERY: Final = 4  # live: one picture in so many is kept for that
_STEP: Final = "tracking"
_FOUND: Final = 0.85  # of the work: the landmarks


def track(source: Path, options: Wishes, progress: Progress = Progress()) -> Performance:  # noqa: B008
    """Return what a face does in a video or a folder of pictures.

    Raises:
        BadRequest: it is no such thing, or has no face in it.
        MissingDependency: no tracker is installed.
        Cancelled: the progress said so.
    """
    start, end = _span(options)
    footage = open_footage(source, start, end, options.rate if source.is_dir() else None)
    with Sightings() as seen:
        _find_landmarks(footage, options, seen, progress.part(0.0, _FOUND))
        if not len(seen):
            raise _nobody(footage, options, seen)
        progress.report(_STEP, _FOUND, "Learning who it is")
        model = load_model()
        person = find_person(model, seen.points(_spread(len(seen))))
        reading = _read(model, person, seen, progress.part(_FOUND + 0.05, 1.0))
        take = _performance(footage, seen, person, reading)
    if options.neutral is not None:
        begun = start or 0.0
        take = calibrated(take, neutral_at(take, options.neutral - begun))
        take = trimmed(take, (options.start or 0.0) - begun, None if options.end is None else options.end - begun)
    progress.report(_STEP, 1.0, f"Followed {len(seen):,} of {len(take):,} pictures")
    return mirrored(take) if options.mirror else take


def _span(options: Wishes) -> tuple[float | None, float | None]:
    """Return where to begin and to end, so that the neutral moment is among it."""
    if options.neutral is None:
        return options.start, options.end
    start = min(options.start or 0.0, options.neutral)
    return start, None if options.end is None else max(options.end, options.neutral + NEUTRAL_MARGIN)


def _nobody(footage: Footage, options: Wishes, seen: Sightings) -> BadRequest:
    if options.face is not None and 0 < seen.faces <= options.face:
        there = "is one face" if seen.faces == 1 else f"are {seen.faces} faces"
        return BadRequest(f"There {there} in {footage.name}, and they are counted from 0: choose another.")
    return BadRequest(f"No face was seen in {footage.name}: choose footage in which a face looks at the camera.")


class _More(Exception):
    """There are more faces than are looked for."""


def _find_landmarks(footage: Footage, options: Wishes, seen: Sightings, progress: Progress) -> None:
    """Go through the footage once; and once more where several faces come into view after the beginning."""
    try:
        _go_through(footage, options, seen, progress)
    except _More as more:
        seen.forget()
        seen.faces = int(more.args[0])
        _go_through(footage, options, seen, progress)


def _go_through(footage: Footage, options: Wishes, seen: Sightings, progress: Progress) -> None:
    """Find the landmarks of one face among several.

    Looking for more faces than there are takes time in every picture, so where one is expected others are looked for
    only now and then.

    Raises:
        _More: there are more.
    """
    follower = Follower(options.face, seen.faces)
    apart = max(1, footage.count // LOOKS) if footage.count else LOOK_EVERY
    with (
        closing(open_tracker(options.tracker, SEVERAL if seen.faces > 1 else 1)) as tracker,
        closing(open_tracker(options.tracker, SEVERAL)) if seen.faces == 1 else nullcontext() as looker,
    ):
        for number, frame in enumerate(footage.frames()):
            if looker is not None and number % apart == 0:
                found = len(looker.find(frame.picture, frame.time))
                if found > 1:
                    raise _More(found)
            seen.add(frame.time, follower.choose(tracker.find(frame.picture, frame.time), frame.time))
            if number % 10 == 0:
                share = min(number / max(footage.count, 1), 1.0)
                progress.report(_STEP, share, f"Looking at picture {number + 1:,} of about {footage.count:,}")


_BREAKS_OFF: Final = "The file breaks off after {:.1f} of {:.1f} seconds: what was read is kept."


def _spread(count: int) -> IntArray:
    """Return which of so many pictures to learn the person from."""
    return np.unique(np.linspace(0, count - 1, CALIBRATION).round().astype(np.int64))


def _read(model: LandmarkModel, person: Person, seen: Sightings, progress: Progress) -> Reading:
    """Return the expression and the poses in the pictures [F] that have a face."""
    count = len(seen)
    weights, poses = np.empty((count, len(ARKIT_SHAPES))), Poses(np.empty((count, 3, 3)), np.empty((count, 3)))
    for start in range(0, count, AT_ONCE):
        rows = np.arange(start, min(start + AT_ONCE, count))
        some = seen.points(rows)
        part = refined(model, person, some, read_expression(model, person, some))
        part = with_gaze(model, person, some, with_winks(model, person, some, part))
        weights[rows], poses.rotation[rows], poses.position[rows] = (
            part.weights, part.poses.rotation, part.poses.position,
        )  # fmt: skip
        progress.report(_STEP, start / count, "Telling the expression")
    return Reading(weights, poses)


def _performance(footage: Footage, seen: Sightings, person: Person, reading: Reading) -> Performance:
    present = seen.present
    count = len(present)
    coefficients = None if seen.coefficients is None else without_rest(seen.coefficients)
    mixed = fused(reading.weights, coefficients)
    weights = as_seen(mixed, range_of(mixed))

    def spread(values: FloatArray) -> Float32Array:
        whole = np.zeros((count, *values.shape[1:]), np.float32)
        whole[present] = values
        return whole

    return Performance(
        times=seen.times,
        weights=spread(weights),
        head=spread(angles(reading.poses.rotation)),
        position=spread(reading.poses.position),
        eyes=spread(gaze_of(weights)),
        seen=present,
        rate=footage.rate,
        focal=person.focal,
        source=footage.name,
        footage=footage.size,
        notes=(_BREAKS_OFF.format(seen.times[-1] + 1.0 / footage.rate, footage.count / footage.rate),)
        if footage.breaks_off
        else (),
    )


# ---------------------------------------------------------------------------------------------------------------- live


class LiveTracker:
    """Reads one picture after the other; learns who it is while it does.

    The person is learnt in a thread of its own, so that no picture waits for it.
    """

    def __init__(self, options: Wishes) -> None:
        """Load the tracker.

        Raises:
            MissingDependency: it is not installed.
        """
        self._tracker: LandmarkTracker = open_tracker(options.tracker, 1 if options.face is None else SEVERAL)
        self._mirror = options.mirror
        self._follower = Follower(options.face, 1 if options.face is None else options.face + 1)
        self._model = load_model()
        self._person = Person(self._model.mean, USUAL_FOCAL)
        self._kept: list[FloatArray] = []
        self._count = 0
        self._learning: threading.Thread | None = None
        self._poses: Poses | None = None
        self._range = Range.live()

    def see(self, picture: NDArray[np.uint8], time: float) -> Moment | None:
        """Return what the face does in a picture [H, W, 3] at a time in seconds; None where there is no face."""
        face = self._follower.choose(self._tracker.find(picture, time), time)
        if face is None:
            self._poses = None
            return None
        self._learn(face)
        seen = face.points[None]
        person = self._person
        rounds = 8 if self._poses is None else 3
        reading = read_expression(self._model, person, seen, self._poses, rounds)
        reading = with_winks(self._model, person, seen, refined(self._model, person, seen, reading, rounds=1))
        reading = with_gaze(self._model, person, seen, reading)
        self._poses = reading.poses
        coefficients = None if face.coefficients is None else face.coefficients[None].astype(np.float64)
        mixed = fused(reading.weights, coefficients)
        weights = as_seen(mixed, self._range.with_moment(mixed[0]))
        moment = Moment(
            time,
            weights[0].astype(np.float32),
            angles(reading.poses.rotation)[0].astype(np.float32),
            reading.poses.position[0].astype(np.float32),
            gaze_of(weights)[0].astype(np.float32),
        )
        return mirrored(moment) if self._mirror else moment

    def close(self) -> None:
        """Let go of the tracker."""
        if self._learning is not None:
            self._learning.join()
        self._tracker.close()

    def _learn(self, face: Landmarks) -> None:
        if self._count % _KEPT_EVERY == 0 and len(self._kept) < LIVE_CALIBRATIONS[-1]:
            self._kept.append(face.points)
        self._count += 1
        if self._count in LIVE_CALIBRATIONS and (self._learning is None or not self._learning.is_alive()):
            chosen = np.stack(self._kept)
            chosen = chosen[_spread(len(chosen))]
            self._learning = threading.Thread(target=self._find, args=(chosen,), daemon=True)
            self._learning.start()

    def _find(self, seen: FloatArray) -> None:
        self._person = find_person(self._model, seen, rounds=2)
