"""Makes `capture/population.npz`: who people are, and how their landmarks are seen in photographs.

    python -m dreamface.training.capture_model WORK --people 80 --pictures 6

1. Random people of every head model make faces before random cameras in random light, as JPEG pictures; every tracker
   that is installed says where it sees its landmarks (`WORK/*.npz`; what is there already is not made again).
2. Of each head model, the mean and the covariance of the coefficients of a thousand random people, with age, sex,
   ancestry and build beside them: a fit that starts from there knows how features hang together.
3. On each head model the vertex that stays nearest to a landmark stands for it, with a constant offset; what is left is
   the trackers' error, whose covariance tells the fit which landmarks are wrong together.

Takes a quarter of an hour on one core.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from dreamface.arrays import FloatArray
from dreamface.capture.landmarks import FaceLandmarker, FaceMesh, LandmarkTracker
from dreamface.models import FACE_LANDMARKER, HEADS
from dreamface.prior import complete
from dreamface.training.expressions import random_expression
from dreamface.training.snapshots import Person, View, random_light, rotation
from dreamface.traits import ARKIT_SHAPES, Traits

FIRST_PERSON: Final = 70_000
"""Seed of the first person; `benchmarks/capture.py` looks at others."""

SIZE: Final = 512
FOCALS: Final = (1.0, 5.6)
"""Of lenses, in heights of the picture: 24 to 135 millimetres on full frame."""

TURN: Final = (0.5, 0.3, 0.25)
"""Radians that a head is turned, raised and leaned at most."""

ANY_AGE: Final = 0.5
"""Fraction of people whose age is anything from `AGES`; others are as old as people mostly are."""

AGES: Final = (5.0, 90.0)
QUALITY: Final = (60, 95)
"""Of the JPEG."""


def random_traits(seed: int) -> Traits:
    """Return somebody of any age."""
    random = np.random.default_rng([seed, 17])
    asked = {"age": float(random.uniform(*AGES))} if random.uniform() < ANY_AGE else {}
    return complete(Traits(asked), seed)


def random_view(random: np.random.Generator, person: Person) -> View:
    """Return a head within 30 degrees before a lens from a wide angle to a portrait's."""
    turn = rotation(*(float(random.uniform(-limit, limit)) for limit in TURN)).float()
    focal = float(np.exp(random.uniform(*np.log(FOCALS))))
    share = float(random.uniform(0.5, 0.85))  # of the picture's height that the head's 0.24 m take
    distance = focal * 0.24 / share
    aside, up = (float(random.uniform(-0.1, 0.1)) * distance / focal for _ in range(2))
    middle = person.head.landmark("multipie_30")
    place = torch.tensor([aside, distance, up])
    return View(turn, place - turn @ (middle - torch.tensor([0.0, -0.03, 0.0])), focal)


def as_jpeg(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Return the picture as a JPEG of that quality keeps it."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def trackers() -> dict[str, LandmarkTracker]:
    """Return every tracker that is installed, by name."""
    found: dict[str, LandmarkTracker] = {"face-mesh": FaceMesh(still=True)}
    if FACE_LANDMARKER.installed:
        found["face-landmarker"] = FaceLandmarker(still=True)
    return found


def take_pictures(head: str, seed: int, count: int, file: Path, eyes: dict[str, LandmarkTracker]) -> None:
    """Take pictures of a person, and write what the trackers see in them."""
    random = np.random.default_rng([seed, 5])
    person = Person.of(head, seed, random_traits(seed))
    rows: dict[str, list[FloatArray]] = {name: [] for name in ("weights", "rotation", "position", "focal", *eyes)}
    for number in range(count):
        drawn = random_expression(random) * random.uniform(0.0, 0.8)
        weights = np.zeros(len(ARKIT_SHAPES), np.float32) if number == 0 else drawn.astype(np.float32)
        view = random_view(random, person)
        placed = view.place(person.posed(torch.from_numpy(weights)))
        picture = person.snapshot(placed, view.camera, SIZE, random_light(random), float(random.uniform(0.03, 0.7)))
        picture = as_jpeg(picture, int(random.integers(*QUALITY)))
        found = {name: eye.find(picture, float(number)) for name, eye in eyes.items()}
        if all(found.values()):
            row = {"weights": weights, "rotation": view.rotation.numpy(), "position": view.position.numpy()}
            row |= {"focal": np.array(view.focal)} | {name: faces[0].points for name, faces in found.items()}
            for name, value in row.items():
                rows[name].append(value)
    np.savez(file, **{name: np.array(values, np.float32) for name, values in rows.items()})


@dataclass(frozen=True)
class Record:
    """Pictures of one person.

    Attributes:
        head: name of the head model.
        seed: of the person.
        arrays: weights [F, 52], rotation [F, 3, 3], position [F, 3], focal [F], and landmarks [F, 478, 2] by tracker.
    """

    head: str
    seed: int
    arrays: dict[str, FloatArray]


def read_records(work: Path) -> list[Record]:
    """Read what `take_pictures` has written."""
    records = []
    for file in sorted(work.glob("*-*.npz")):
        head, _, seed = file.stem.partition("-")
        with np.load(file) as data:
            records.append(Record(head, int(seed), {name: data[name].astype(np.float64) for name in data.files}))
    return records


def main() -> None:
    """Take the pictures, and learn from them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--people", type=int, default=80, help="of each head model")
    parser.add_argument("--pictures", type=int, default=6, help="of each person")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    eyes = trackers()
    for seed in range(FIRST_PERSON, FIRST_PERSON + given.people):
        for head in (head.name for head in HEADS if head.installed):
            file = given.work / f"{head}-{seed}.npz"
            if not file.exists():
                take_pictures(head, seed, given.pictures, file, eyes)
                print(file.stem, flush=True)


if __name__ == "__main__":
    main()
