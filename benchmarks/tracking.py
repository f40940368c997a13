"""Measures tracking against the truth: a recorded take moves people whom nobody has learnt from, and is tracked back.

python benchmarks/tracking.py TAKE.csv [--people ict:9001,ict:9002,anny:9005] [--seconds 11] [--tracker face-mesh]
       [--work FOLDER]

Every person plays another part of the take, with a moving head before a lens that the tracker does not know. Figures:
the mean distance of the vertices of the face from where they should be, beside that of a face that stays at rest;
the correlation of channels that move in that part; and the head's turn. Clips are kept in the work folder.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import torch

from dreamface.motion import Changes, Wishes, make_take, read_live_link
from dreamface.performance import Performance
from dreamface.progress import Progress
from dreamface.training.landmark_model import of_the_face
from dreamface.training.snapshots import Person, View, random_light, rotation
from dreamface.traits import ARKIT_SHAPES

RATE = 30
SIZE = 512
FIRST_SECOND = 5.0
APART = 62.0 / 3.0  # seconds of the take between two people's parts
LIVE = 0.02  # standard deviation of a channel that moves
NAMED = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft", "eyeBlinkRight", "browInnerUp")


@dataclass(frozen=True)
class Truth:
    """What a clip shows: [T, 52] weights and [T, 3, 3] rotations."""

    weights: np.ndarray
    rotation: np.ndarray


def wander(random: np.random.Generator, count: int, width: int, size: float) -> np.ndarray:
    """Return [count] smooth noise."""
    kernel = np.exp(-0.5 * (np.arange(-3 * width, 3 * width + 1) / width) ** 2)
    noise = np.convolve(random.normal(size=count + 6 * width), kernel / np.sqrt((kernel**2).sum()), "valid")
    return size * noise[:count]


def make_clip(head: str, seed: int, weights: np.ndarray, clip: Path) -> None:
    """Render a clip and its truth."""
    random, count = np.random.default_rng([seed, 99]), len(weights)
    person = Person.of(head, seed)
    turns = [wander(random, count, 25, size) for size in (0.22, 0.10, 0.07)]
    focal = float(np.exp(random.uniform(np.log(0.95), np.log(2.8))))
    distance = focal * 0.24 / random.uniform(0.5, 0.75)
    middle = person.head.landmark("multipie_30")
    shift = np.stack([wander(random, count, 30, size) for size in (0.05, 0.03, 0.03)], axis=1)
    light, backdrop = random_light(random), float(random.uniform(0.1, 0.6))
    part = clip.with_suffix(".part.mp4")
    writer = imageio_ffmpeg.write_frames(part, (SIZE, SIZE), fps=RATE, quality=9, macro_block_size=2)
    writer.send(None)
    rotations = []
    for number in range(count):
        turn = rotation(*(float(each[number]) for each in turns)).float()
        aside, away, up = (float(each) for each in shift[number] * distance)
        place = torch.tensor([aside, distance + away, up]) - turn @ middle
        view = View(turn, place, focal)
        posed = person.posed(torch.from_numpy(weights[number]).float())
        writer.send(person.snapshot(view.place(posed), view.camera, SIZE, light, backdrop).tobytes())
        rotations.append(turn.numpy())
    writer.close()
    np.savez(clip.with_suffix(".npz"), weights=weights, rotation=np.array(rotations))
    part.replace(clip)


def face_shapes(head: str, seed: int) -> np.ndarray:
    """Return [52, N, 3] mm: how shapes move vertices of the face."""
    person = Person.of(head, seed, resolution=512)
    return 1e3 * person.shapes[:, of_the_face(person.head)].double().numpy()


def distances(error: np.ndarray, shapes: np.ndarray) -> float:
    """Return the mean distance in mm of vertices that weights [T, 52] are wrong by."""
    return float(np.mean([np.linalg.norm(np.tensordot(row, shapes, 1), axis=1).mean() for row in error]))


def turned(take: Performance, truth: np.ndarray) -> float:
    """Return the mean error of the head's turn in degrees, but for one turn that is the same all the time."""
    found = np.stack([rotation(*angles).double().numpy() for angles in take.head])
    left, _, right = np.linalg.svd(np.einsum("fij,fkj->ik", found, truth))
    apart = np.einsum("fij,fkj->fik", found, np.einsum("ij,fjk->fik", left @ right, truth))
    return float(np.degrees(np.arccos(np.clip((np.trace(apart, axis1=1, axis2=2) - 1) / 2, -1, 1))).mean())


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of two channels, 0 where one does not move."""
    return float(np.corrcoef(one, other)[0, 1]) if min(one.std(), other.std()) > 1e-9 else 0.0


def measure(head: str, seed: int, clip: Path, tracker: str) -> dict[str, float]:
    """Track a clip and compare."""
    start = time.perf_counter()
    take = make_take(clip, Wishes(tracker=tracker), Changes(), Progress())
    taken = time.perf_counter() - start
    with np.load(clip.with_suffix(".npz")) as data:
        truth = Truth(data["weights"].astype(float), data["rotation"].astype(float))
    count = min(len(take), len(truth.weights))
    weights, wanted, shapes = take.weights[:count].astype(float), truth.weights[:count], face_shapes(head, seed)
    live = [index for index in range(len(ARKIT_SHAPES)) if wanted[:, index].std() > LIVE]
    figures = {
        "static": distances(wanted, shapes),
        "error": distances(weights - wanted, shapes),
        "correlation": float(np.mean([correlation(weights[:, index], wanted[:, index]) for index in live])),
        "turn": turned(take.at(np.arange(count) / RATE), truth.rotation[:count]),
        "missed": float((~take.seen).mean()),
        "ms": 1000.0 * taken / count,
    }
    for name in NAMED:
        index = ARKIT_SHAPES.index(name)
        figures[name] = correlation(weights[:, index], wanted[:, index]) if index in live else math.nan
    return figures


def main() -> None:
    """Make the clips that are not there, track them and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("take", type=Path)
    parser.add_argument("--people", default="ict:9001,ict:9002,ict:9003,ict:9004,anny:9005,anny:9006")
    parser.add_argument("--seconds", type=float, default=11.0)
    parser.add_argument("--tracker", default="face-mesh")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "dreamface-tracking")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    weights = read_live_link(options.take).resampled(RATE).weights
    rows = []
    for number, entry in enumerate(options.people.split(",")):
        head, _, seed = entry.partition(":")
        first = round((FIRST_SECOND + number * APART) * RATE)
        part = weights[first : first + round(options.seconds * RATE)]
        clip = options.work / f"{head}-{seed}-{first}-{len(part)}.mp4"
        if not clip.exists():
            make_clip(head, int(seed), part, clip)
        figures = measure(head, int(seed), clip, options.tracker)
        rows.append(figures)
        print(f"{entry}: " + "  ".join(f"{name} {value:.2f}" for name, value in figures.items()), flush=True)
    print("mean: " + "  ".join(f"{name} {np.nanmean([row[name] for row in rows]):.2f}" for name in rows[0]))


if __name__ == "__main__":
    main()
