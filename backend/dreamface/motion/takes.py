"""A take from whatever holds one, as the artist wants it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from dreamface.errors import BadRequest
from dreamface.motion import trackers
from dreamface.motion.live_link import read_live_link, write_live_link
from dreamface.motion.shaping import (
    amplified,
    calibrated,
    check_gains,
    eyes_of_weights,
    held_and_faded,
    lids_over_eyes,
    mirrored,
    neutral_at,
    trimmed,
)
from dreamface.motion.smoothing import DEFAULT, check_smoothing, smoothed
from dreamface.motion.trackers import TRACKERS, Wishes
from dreamface.performance import Performance, load_performance
from dreamface.progress import Progress

RECORDED: Final = (".csv", ".npz")
"""Suffixes of takes: Live Link Face's and our own. They can be written, too."""

SLOWEST_RATE, FASTEST_RATE = 1.0, 240.0
"""Moments a second that a take can be made to have."""

_STEP: Final = "track"
_GAP: Final = 1.8  # of a moment: what is longer is a frame that is missing
_TRACKED: Final = 0.95  # of the work: the rest is smoothing


@dataclass(frozen=True)
class Changes:
    """What is done to a take after it was read.

    Attributes:
        smoothing: 0..1; None is 0.5 for footage, and 0 for a take that was recorded.
        gains: region or shape -> factor 0..3.
        rate: moments a second, even in time; None is the source's own.
    """

    smoothing: float | None = None
    gains: Mapping[str, float] = field(default_factory=dict)
    rate: float | None = None


def check_changes(wishes: Wishes, changes: Changes) -> None:
    """Refuse what can't be, before anything slow starts.

    Raises:
        BadRequest: a value is out of range.
    """
    if wishes.tracker not in TRACKERS:
        raise BadRequest(f"There is no tracker {wishes.tracker!r}: choose {', '.join(TRACKERS)}.")
    if wishes.face is not None and wishes.face < 0:
        raise BadRequest(f"Faces are counted from 0; got {wishes.face}.")
    for name, time in (("start", wishes.start), ("end", wishes.end), ("neutral", wishes.neutral)):
        if time is not None and not 0.0 <= time < np.inf:
            raise BadRequest(f"The {name} is a number of seconds from the beginning; got {time:g}.")
    if wishes.start is not None and wishes.end is not None and wishes.start >= wishes.end:
        raise BadRequest(f"The end, {wishes.end:g} s, must come after the start, {wishes.start:g} s.")
    if changes.smoothing is not None:
        check_smoothing(changes.smoothing)
    check_gains(changes.gains)
    if changes.rate is not None and not SLOWEST_RATE <= changes.rate <= FASTEST_RATE:
        raise BadRequest(f"A rate goes from {SLOWEST_RATE:g} to {FASTEST_RATE:g} a second; got {changes.rate:g}.")


def make_take(source: Path, wishes: Wishes, changes: Changes, progress: Progress) -> Performance:
    """Return the performance in a video, a folder of pictures, a CSV file of Live Link Face or a take of ours.

    Of a recorded take the wishes are done here; times, neutral and mirror mean the same.

    Raises:
        BadRequest: the source is not there, is no such thing, has no face in it, or a wish is out of range.
        MissingDependency: no tracker is installed.
        Cancelled: the progress said so.
    """
    check_changes(wishes, changes)
    _check_source(source)
    is_recorded = source.is_file() and source.suffix.lower() in RECORDED
    progress.report(_STEP, 0.0, f"Reading {source.name}")
    if is_recorded:
        take = _wished(_read(source), wishes)
    else:
        if source.is_dir():
            wishes = replace(wishes, rate=changes.rate)
        take = trackers.track_footage(source, wishes, progress.part(0.0, _TRACKED))
    if not take.seen.any():
        raise BadRequest(f"No face was seen in {source.name}: choose another take, or a part with a face in it.")
    progress.report(_STEP, _TRACKED, "Smoothing the movement")
    usual = 0.0 if is_recorded else DEFAULT
    take = held_and_faded(lids_over_eyes(amplified(take, changes.gains)))
    take = smoothed(take, usual if changes.smoothing is None else changes.smoothing)
    if take.footage != (0, 0):
        take = eyes_of_weights(take)
    if changes.rate is not None:
        take = take.resampled(changes.rate)
    progress.report(_STEP, 1.0, f"{len(take):,} moments")
    return take if take.source else replace(take, source=source.name)


def _check_source(source: Path) -> None:
    try:
        is_there = source.exists()
    except OSError as error:
        raise BadRequest(f"{source} can't be opened ({error.strerror}): choose another source.") from error
    except ValueError as error:  # a NUL
        raise BadRequest("The source's name can't be: choose a file or a folder.") from error
    if not is_there:
        raise BadRequest(f"{source} is not there: choose a video, a folder of pictures or a take that exists.")


def _read(source: Path) -> Performance:
    return read_live_link(source) if source.suffix.lower() == ".csv" else load_performance(source)


def _wished(take: Performance, wishes: Wishes) -> Performance:
    """Return a recorded take as wished; the neutral moment may lie outside of the part that is kept."""
    if wishes.neutral is not None:
        take = calibrated(take, neutral_at(take, wishes.neutral))
    take = trimmed(take, wishes.start, wishes.end)
    return mirrored(take) if wishes.mirror else take


def write_take(take: Performance, path: Path) -> Path:
    """Write a take as .csv or .npz, chosen by the path's suffix; gives the path back.

    Raises:
        BadRequest: there is no such format.
        FolderError: the disk refused.
    """
    match path.suffix.lower():
        case ".csv":
            write_live_link(take, path)
        case ".npz":
            take.save(path)
        case _:
            raise BadRequest(f"{path.name} has no format of a take: end it in {' or '.join(RECORDED)}.")
    return path


def remarks(take: Performance) -> tuple[str, ...]:
    """Return sentences about what an artist should know of a take."""
    said = list(take.notes)
    unseen = 1.0 - float(take.seen.mean())
    if unseen > 0.0:
        seconds = unseen * take.duration
        said.append(
            f"For {seconds:.1f} of {take.duration:.1f} seconds no face was seen: there it holds still, then rests."
        )
    # Footage may come unevenly: nothing is missing where a phone slows down in the dark.
    steps = np.diff(take.times) if take.footage == (0, 0) else np.zeros(0)
    missing = int(np.round(steps[steps > _GAP / take.rate] * take.rate - 1.0).sum()) if len(steps) else 0
    if missing:
        lost = f"{missing:,} frames are" if missing != 1 else "One frame is"
        said.append(f"{lost} missing in the take: between those around it moves straight on.")
    return tuple(said)
