"""Measures how much memory a long clip takes: what is found in a short one is gone through again and again.

python benchmarks/long_clip.py CLIP.mp4 [--minutes 1,10] [--tracker face-mesh]

Figures: megabytes at most, of a process of its own for every length: before the first picture, when all landmarks are
found, and at the end, smoothed; and seconds. MediaPipe itself only looks at the short clip.
"""

from __future__ import annotations

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dreamface.capture.landmarks import Landmarks, open_tracker
from dreamface.motion import Changes, Wishes, make_take
from dreamface.motion.footage import Frame, open_footage
from dreamface.motion.tracking import tracker
from dreamface.progress import Progress, Step

RATE = 30.0


class Loop:
    """Footage that goes on and on; its pictures hold the number of what was found in them."""

    name, rate, size, breaks_off = "long.mp4", RATE, (1280, 720), False

    def __init__(self, count: int, period: int) -> None:
        self.count, self.period = count, period

    def frames(self) -> Iterator[Frame]:
        """Give the pictures out."""
        for number in range(self.count):
            yield Frame(number / RATE, np.array(number % self.period))


class Replay:
    """A tracker that says again what was found."""

    def __init__(self, found: list[list[Landmarks]]) -> None:
        self.found = found

    def find(self, picture: np.ndarray, time: float) -> list[Landmarks]:
        """Return the faces in a picture, as objects of their own."""
        return [Landmarks(face.points.copy(), face.coefficients) for face in self.found[int(picture)]]

    def close(self) -> None:
        """Do nothing."""


def found_in(clip: Path, name: str) -> list[list[Landmarks]]:
    """Return what a tracker finds in each picture of a clip."""
    looker = open_tracker(name)
    return [looker.find(frame.picture, frame.time) for frame in open_footage(clip).frames()]


def peak() -> float:
    """Return the most megabytes that this process has had."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux counts what the parent had as well elsewhere
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text()).group(1)) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def measure(found: list[list[Landmarks]], minutes: float) -> None:
    """Track a clip of so many minutes and print the figures."""
    footage, peaks, start = Loop(round(60 * minutes * RATE), len(found)), {}, time.perf_counter()
    tracker.open_footage = lambda *_: footage
    tracker.open_tracker = lambda *_: Replay(found)

    def watch(step: Step) -> None:
        found_all = step.message.startswith("Learning")
        peaks.setdefault("found" if found_all else "before", peak())

    take = make_take(Path(__file__), Wishes(), Changes(), Progress(watch))
    print(
        f"{minutes:g} min, {len(take):,} pictures: before {peaks['before']:.0f} MB, landmarks found "
        f"{peaks['found']:.0f} MB, end {peak():.0f} MB, {time.perf_counter() - start:.1f} s, checksum "
        f"{float(np.abs(take.weights).sum(dtype=np.float64)):.6f} {float(np.abs(take.head).sum(dtype=np.float64)):.6f}",
        flush=True,
    )


def main() -> None:
    """Measure each length in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--minutes", default="1,10")
    parser.add_argument("--tracker", default="face-mesh")
    parser.add_argument("--found", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.found is not None:
        with np.load(options.found) as data:
            found = [[Landmarks(points)] if np.isfinite(points).all() else [] for points in data["points"]]
        measure(found, float(options.minutes))
        return
    nobody = np.full((478, 2), np.nan)
    points = [faces[0].points if faces else nobody for faces in found_in(options.clip, options.tracker)]
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "found.npz"
        np.savez(kept, points=points)
        for minutes in options.minutes.split(","):
            command = [sys.executable, __file__, str(options.clip), "--minutes", minutes, "--found", str(kept)]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
