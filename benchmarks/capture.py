"""Measures heads from photographs against the truth: renders of heads of our own that no fit has learnt from.

python benchmarks/capture.py [--people 20] [--skin 4] [--heads anny,ict]

Both head models, all ages and tones, random light, within 30 degrees, lenses from 24 to 135 mm, expressions, 512
pixels, JPEG. The distance is the mean over the vertices of the face after alignment; a photograph does not tell how
large a head is, so it is given with the size aligned, and without. With `--skin` so many of them are made in full, and
the albedo is compared where the photograph shows it.
"""

from __future__ import annotations

import argparse
import io
import time
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from dreamface.capture import Sighting, find_faces, fit_person, load_population, read_photograph, used_tracker
from dreamface.colour import lab
from dreamface.errors import BadRequest
from dreamface.pipeline import from_photo
from dreamface.skin import atlas_of, resting_tone
from dreamface.training.capture_model import SIZE, jpeg, random_traits, random_view
from dreamface.training.expressions import random_expression
from dreamface.training.landmark_model import of_the_face
from dreamface.training.snapshots import Light, Person, random_light

FIRST = 90_000
PICTURES = 3


@dataclass(frozen=True)
class Shown:
    """A person and photographs of them.

    Attributes:
        person: the truth.
        jpegs: what is in the files.
        lights: of each.
    """

    person: Person
    jpegs: tuple[bytes, ...]
    lights: tuple[Light, ...]


def photographed(head: str, seed: int, resolution: int) -> Shown:
    """Return a person and photographs of them."""
    random = np.random.default_rng([seed, 3])
    person = Person.of(head, seed, random_traits(seed), resolution)
    jpegs, lights = [], []
    for _ in range(PICTURES):
        weights = torch.from_numpy((random_expression(random) * random.uniform(0.0, 0.8)).astype(np.float32))
        view, light = random_view(random, person), random_light(random)
        placed = view.place(person.posed(weights))
        picture = person.snapshot(placed, view.camera, SIZE, light, float(random.uniform(0.03, 0.7)))
        jpegs.append(jpeg(picture, random))
        lights.append(light)
    return Shown(person, tuple(jpegs), tuple(lights))


def aligned(points: np.ndarray, target: np.ndarray, with_size: bool) -> np.ndarray:
    """Return points [N, 3] moved onto a target by the best similarity (Umeyama 1991), or without changing the size."""
    middle, other = points.mean(axis=0), target.mean(axis=0)
    left, sizes, right = np.linalg.svd((points - middle).T @ (target - other))
    flip = np.array((1.0, 1.0, np.sign(np.linalg.det(left @ right))))
    scale = (sizes * flip).sum() / np.square(points - middle).sum() if with_size else 1.0
    return scale * (points - middle) @ (left * flip) @ right + other


def distances(vertices: np.ndarray, truth: np.ndarray, face: np.ndarray) -> tuple[float, float]:
    """Return the mean distance in mm over the face with the size aligned, and without."""
    own, true = vertices[face], truth[face]
    found = [1e3 * np.linalg.norm(aligned(own, true, sized) - true, axis=1).mean() for sized in (True, False)]
    return found[0], found[1]


def shape_of(head: str, shown: Shown) -> dict[str, float]:
    """Return the figures of one person's shape."""
    population, tracker = load_population(head), used_tracker()
    photographs = [read_photograph(jpeg, "a render") for jpeg in shown.jpegs]
    seen: list[Sighting] = find_faces(photographs)
    truth = shown.person.head.vertices.double().numpy()
    face = of_the_face(shown.person.head).numpy()
    figures: dict[str, float] = {}
    for name, some in (("one", seen[:1]), ("three", seen)):
        start = time.perf_counter()
        fit = fit_person(population, [one.landmarks for one in some], tracker)
        figures[f"{name} s"] = time.perf_counter() - start
        figures[name], figures[f"{name} rigid"] = distances(population.vertices(fit.values), truth, face)
        told = population.told_mean + fit.values @ population.told
        figures[f"{name} sex"] = float(np.sign(told[1]) == np.sign(sex_of(shown)))
    nobody = population.vertices(np.zeros(len(population.modes)))
    figures["mean face"], figures["mean face rigid"] = distances(nobody, truth, face)
    return figures


def sex_of(shown: Shown) -> float:
    """Return the sex of a person, -1 or 1."""
    return shown.person.head.identity["gender"]


def skin_of(head: str, seed: int, shown: Shown) -> dict[str, float]:
    """Return the figures of one person's skin, from one photograph."""
    start, used = time.perf_counter(), time.process_time()
    face = from_photo(shown.jpegs[0], seed=seed, head=head, resolution=1024)
    figures = {"wall s": time.perf_counter() - start, "processor s": time.process_time() - used}
    traits = random_traits(seed)
    own, true = (resting_tone(one) for one in (face.traits, traits))
    figures["tone dE76"] = float((lab(own) - lab(true)).norm())
    mask = face.pictures[(face.record.edits[0].place.mask or {})["skin"]]
    size = 512
    seen = torch.from_numpy(np.array(Image.open(io.BytesIO(mask)).resize((size, size)))) > 128
    atlas = atlas_of(face.head.topology, "skin", size)
    seen &= atlas.inside
    made, real = (
        torch.nn.functional.interpolate(maps["skin"]["albedo"].permute(2, 0, 1)[None], size=(size, size), mode="area")[
            0
        ]
        for maps in (face.maps, shown.person.maps)
    )
    off = made[:, seen].clamp(0, 1) ** (1 / 2.2) - real[:, seen].clamp(0, 1) ** (1 / 2.2)
    figures["albedo PSNR"] = float(-10.0 * torch.log10(off.square().mean()))
    figures["PSNR but for tone"] = float(-10.0 * torch.log10((off - off.mean(dim=1, keepdim=True)).square().mean()))
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20, help="of each head model")
    parser.add_argument("--skin", type=int, default=4, help="of them, made in full")
    parser.add_argument("--heads", default="anny,ict")
    given = parser.parse_args()
    for head in given.heads.split(","):
        rows: list[dict[str, float]] = []
        for number in range(given.people):
            shown = photographed(head, FIRST + number, 1024 if number < given.skin else 256)
            try:
                row = shape_of(head, shown)
                row |= skin_of(head, FIRST + number, shown) if number < given.skin else {}
            except BadRequest as error:
                row = {"failed": 1.0}
                print(head, FIRST + number, error)
            rows.append(row)
        print(head, len(rows), "people")
        for name in dict.fromkeys(name for row in rows for name in row):
            values = [row[name] for row in rows if name in row]
            print(
                f"  {name:20} mean {np.mean(values):7.3f}  median {np.median(values):7.3f}  worst {np.max(values):7.3f}"
            )


if __name__ == "__main__":
    main()
