"""Puts a head beside footage that it was tracked from, and measures how closely landmarks are met.

python benchmarks/beside.py CLIP.mp4 [...] [--head ict] [--seed 11] [--pictures 10] [--tracker face-mesh] -o FOLDER

For every clip a sheet is written: footage above, the head that does the same below. Figures: pictures without a face,
the mean distance of landmarks from where person, pose and expression put them, in percent of the distance between the
eyes, the highest blink of each eye, and milliseconds a picture.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tracking import rotation

from dreamface.capture.landmark_model import load_model
from dreamface.capture.person import Reading, find_person, read_expression, refined, residual
from dreamface.motion.footage import open_footage
from dreamface.motion.trackers import Wishes
from dreamface.motion.tracking import track, tracker
from dreamface.motion.tracking.sightings import Sightings
from dreamface.performance import Performance
from dreamface.progress import Progress
from dreamface.training.snapshots import Light, Person, View

LEFT_CORNER, RIGHT_CORNER = 263, 33  # outer corners of the eyes among the landmarks
SIZE = 256
LIGHT = Light(torch.tensor([0.3, -0.85, 0.43]), 0.8, 0.55, torch.ones(3))


def closeness(clip: Path, name: str) -> float:
    """Return the mean distance of landmarks in percent of the distance between the eyes."""
    with Sightings() as seen:
        tracker._find_landmarks(open_footage(clip), Wishes(tracker=name), seen, Progress())
        points, model = seen.points(np.arange(len(seen))), load_model()
    person = find_person(model, points[tracker._spread(len(points))])
    reading: Reading = refined(model, person, points, read_expression(model, person, points))
    apart = np.linalg.norm(points[:, LEFT_CORNER] - points[:, RIGHT_CORNER], axis=1)
    return float(100.0 * (residual(model, person, points, reading) / apart).mean())


def sheet(clip: Path, take: Performance, person: Person, pictures: int) -> Image.Image:
    """Return footage above and the head below, at moments spread over the clip."""
    wanted = set(np.linspace(0, len(take) - 1, pictures).round().astype(int).tolist())
    columns = []
    for number, frame in enumerate(open_footage(clip).frames()):
        if number not in wanted or number >= len(take):
            continue
        height, width = frame.picture.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        square = Image.fromarray(frame.picture[top : top + side, left : left + side]).resize((SIZE, SIZE))
        columns.append(np.concatenate((np.asarray(square), rendered(take, number, person)), axis=0))
    return Image.fromarray(np.concatenate(columns, axis=1))


def rendered(take: Performance, number: int, person: Person) -> np.ndarray:
    """Return a picture of the head at a moment."""
    turn = rotation(*(float(angle) for angle in take.head[number])).float()
    middle = person.head.landmark("multipie_30")
    view = View(turn, torch.tensor([0.0, 0.75, 0.0]) - turn @ middle, 3.2)
    posed = person.posed(torch.from_numpy(take.weights[number]))
    return person.snapshot(view.place(posed), view.camera, SIZE, LIGHT, 0.2)


def main() -> None:
    """Track every clip, measure and write its sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--head", default="anny")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--pictures", type=int, default=10)
    parser.add_argument("--tracker", default="face-mesh")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    person = Person.of(options.head, options.seed)
    for clip in options.clips:
        start = time.perf_counter()
        take = track(clip, Wishes(tracker=options.tracker))
        taken = 1000.0 * (time.perf_counter() - start) / len(take)
        blinks = [float(take.channel(name).max()) for name in ("eyeBlinkLeft", "eyeBlinkRight")]
        sheet(clip, take, person, options.pictures).save(options.output / f"{clip.stem}.png")
        print(
            f"{clip.name}: missed {int((~take.seen).sum())} of {len(take)}  landmarks off by "
            f"{closeness(clip, options.tracker):.2f} %  blinks {blinks[0]:.2f} {blinks[1]:.2f}  {taken:.1f} ms",
            flush=True,
        )


if __name__ == "__main__":
    main()
