"""Measures heads from photographs against the truth: renders of heads of our own that no fit has learnt from.

python benchmarks/capture.py [--people 20] [--skin 4] [--tones 10] [--heads anny,ict] [--pins 20]

Both head models, all ages and tones, random light, within 30 degrees, lenses from 24 to 135 mm, expressions, 512
pixels, JPEG. The distance is the mean over the vertices of the face after alignment; a photograph does not tell how
large a head is, so it is given with the size aligned, and without. With `--skin` so many of them are made in full from
one photograph:

- `landmarks px`: mean distance between where the fitted head and the true one have their landmarks, in a picture of 224
  pixels.
- `photometric`: mean absolute difference of the photograph and of the made face in its place, with the light that
  suits it best; sRGB 0..1, over the face's skin.
- `albedo PSNR`: of the albedo where the photograph shows it, in sRGB; `but for tone` without the mean of each channel.
- `albedo ~ light`: correlation of the albedo's luminance with the cosine to the lamp, where the photograph shows the
  skin; `truth ~ light` is the true albedo's, and `error ~ light` that of the logarithm of their ratio.
- `tone dE2000`: CIEDE2000 between the mean colours of forehead and cheeks.

With `--tones` so many of Monk's ten tones are worn by people in random light.

With `--pins` only pins are measured: points of a fitted head are dragged by 10 pixels at 512, so many times for each
head model, each time as the next step of a drag. `s` is how long the head takes to follow, `ready s` how long the first
time takes to get ready, `pin px` how far the point then is from its pin, `others px` the median of all others' moves.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import colour
import numpy as np
import torch
from PIL import Image
from torch import Tensor

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from benchmarks.skin_tones import LUMINANCE, MONK, monk_distances  # noqa: E402
from dreamface.arrays import FloatArray  # noqa: E402
from dreamface.capture import (  # noqa: E402
    PINS,
    TOLD,
    Pin,
    Pinned,
    Pinning,
    Sighting,
    find_faces,
    fit_person,
    load_population,
    read_photograph,
    skin_points,
    used_tracker,
)
from dreamface.capture.lighting import estimate_light  # noqa: E402
from dreamface.capture.pose import project  # noqa: E402
from dreamface.colour import decode_srgb, encode_srgb, lab  # noqa: E402
from dreamface.errors import BadRequest  # noqa: E402
from dreamface.face import Face, pose  # noqa: E402
from dreamface.head import load_model  # noqa: E402
from dreamface.images import encode_srgb8  # noqa: E402
from dreamface.pipeline import from_photo  # noqa: E402
from dreamface.prior import complete  # noqa: E402
from dreamface.render import vertex_normals  # noqa: E402
from dreamface.skin import atlas_of, materials  # noqa: E402
from dreamface.training.capture_model import SIZE, jpeg, random_traits, random_view  # noqa: E402
from dreamface.training.expressions import random_expression  # noqa: E402
from dreamface.training.landmark_model import of_the_face  # noqa: E402
from dreamface.training.snapshots import Light, Person, View, random_light  # noqa: E402
from dreamface.traits import ARKIT_SHAPES, Traits  # noqa: E402

FIRST = 90_000
FIRST_TONE = 95_000
PICTURES = 3
MEASURED: Final = 224
"""Pixels a side of the pictures in which landmarks are compared."""

TEXELS: Final = 512
"""A side, on which skins are compared."""

DRAGGED: Final = 10.0
"""Pixels by which pins are dragged."""

BARE: Final = ("forehead", "cheeks")


@dataclass(frozen=True)
class Taken:
    """A photograph, and how it was taken.

    Attributes:
        jpeg: what is in the file.
        view: of the head.
        weights: [52] of the expression.
        light: on it.
    """

    jpeg: bytes
    view: View
    weights: Tensor
    light: Light


@dataclass(frozen=True)
class Shown:
    """A person and photographs of them.

    Attributes:
        person: the truth.
        traits: theirs.
        taken: photographs.
    """

    person: Person
    traits: Traits
    taken: tuple[Taken, ...]


def photographed(head: str, seed: int, resolution: int, traits: Traits, pictures: int = PICTURES) -> Shown:
    """Return a person and photographs of them."""
    random = np.random.default_rng([seed, 3])
    person = Person.of(head, seed, traits, resolution)
    taken = []
    for _ in range(pictures):
        weights = torch.from_numpy((random_expression(random) * random.uniform(0.0, 0.8)).astype(np.float32))
        view, light = random_view(random, person), random_light(random)
        placed = view.place(person.posed(weights))
        picture = encode_srgb8(person.shaded(placed, view.camera, SIZE, light, float(random.uniform(0.03, 0.7))))
        taken.append(Taken(jpeg(picture, random), view, weights, light))
    return Shown(person, traits, tuple(taken))


def aligned(points: FloatArray, target: FloatArray, with_size: bool) -> FloatArray:
    """Return points [N, 3] moved onto a target by the best similarity (Umeyama 1991), or without changing the size."""
    middle, other = points.mean(axis=0), target.mean(axis=0)
    left, sizes, right = np.linalg.svd((points - middle).T @ (target - other))
    flip = np.array((1.0, 1.0, np.sign(np.linalg.det(left @ right))))
    scale = (sizes * flip).sum() / np.square(points - middle).sum() if with_size else 1.0
    moved: FloatArray = scale * (points - middle) @ (left * flip) @ right + other
    return moved


def distances(vertices: FloatArray, truth: FloatArray, face: FloatArray) -> tuple[float, float]:
    """Return the mean distance in mm over the face with the size aligned, and without."""
    own, true = vertices[face], truth[face]
    found = [1e3 * np.linalg.norm(aligned(own, true, sized) - true, axis=1).mean() for sized in (True, False)]
    return found[0], found[1]


def shape_of(head: str, shown: Shown) -> dict[str, float]:
    """Return the figures of one person's shape."""
    population, tracker = load_population(head), used_tracker()
    photographs = [read_photograph(one.jpeg, "a render") for one in shown.taken]
    seen: list[Sighting] = find_faces(photographs)
    truth = shown.person.head.vertices.double().numpy()
    face = of_the_face(shown.person.head).numpy()
    figures: dict[str, float] = {}
    for name, some in (("one", seen[:1]), ("three", seen)):
        start = time.perf_counter()
        pixels = [one.photograph.pixels for one in some]
        fit = fit_person(population, [one.landmarks for one in some], tracker, pictures=pixels)
        figures[f"{name} s"] = time.perf_counter() - start
        figures[name], figures[f"{name} rigid"] = distances(population.vertices(fit.values), truth, face)
        gender = (population.told_mean + fit.values @ population.told)[TOLD.index("gender")]
        figures[f"{name} sex"] = float(np.sign(gender) == np.sign(sex_of(shown)))
    nobody = population.vertices(np.zeros(len(population.modes)))
    figures["mean face"], figures["mean face rigid"] = distances(nobody, truth, face)
    return figures


def sex_of(shown: Shown) -> float:
    """Return the sex of a person, -1 or 1."""
    return shown.person.head.identity["gender"]


def fitted_view(face: Face) -> tuple[View, Tensor]:
    """Return how a face stood before the camera of its photograph, and [52] what it did there."""
    shot = face.record.history[0]["photographs"][0]  # type: ignore[index]
    weights = torch.tensor([shot["expression"].get(name, 0.0) for name in ARKIT_SHAPES])
    return View(torch.tensor(shot["rotation"]), torch.tensor(shot["position"]), shot["focal"]), weights


def landmarks_px(face: Face, shown: Shown) -> float:
    """Return the mean distance between landmarks of the made head and the true one, in a picture of 224 pixels."""
    vertex = load_population(face.head.model).vertex[:468]
    view, weights = fitted_view(face)
    shapes = load_model(face.head.model).shapes(face.head)[: len(ARKIT_SHAPES)]
    taken = shown.taken[0]
    own = view.place(pose(face.head.vertices, shapes, weights)[vertex])
    true = taken.view.place(shown.person.posed(taken.weights)[vertex])
    seen = [
        focal * points[:, (0, 2)] / points[:, 1:2] for points, focal in ((own, view.focal), (true, taken.view.focal))
    ]
    return float((seen[0] - seen[1]).norm(dim=1).mean() * MEASURED)


def photometric(face: Face, jpeg_file: bytes) -> float:
    """Return the mean absolute difference of a photograph and of the face made from it, over the face's skin; sRGB."""
    head, (view, weights) = face.head, fitted_view(face)
    shapes = load_model(head.model).shapes(head)[: len(ARKIT_SHAPES)]
    person = Person(head, shapes, dict(materials(head, face.traits)), face.maps)
    photograph = torch.from_numpy(np.asarray(Image.open(io.BytesIO(jpeg_file)).convert("RGB")).copy()) / 255.0
    seen = person.shown(view.place(person.posed(weights)), view.camera, len(photograph))
    skin = of_the_face(head)[head.topology.triangles[seen.triangles]].all(dim=1)
    target, normals, albedo = photograph[seen.hit][skin], seen.normals[skin], seen.albedo[skin]
    light, _ = estimate_light(decode_srgb(target), albedo, normals, torch.ones(len(target)))
    return float((encode_srgb(albedo * light.on(normals)) - target).abs().mean())


def skin_of(head: str, seed: int, shown: Shown) -> dict[str, float]:
    """Return the figures of one person's skin, from one photograph."""
    start, used = time.perf_counter(), time.process_time()
    face = from_photo(shown.taken[0].jpeg, seed=seed, head=head, resolution=1024)
    figures = {"wall s": time.perf_counter() - start, "processor s": time.process_time() - used}
    figures["sex"] = float(np.sign(face.traits.number("gender")) == np.sign(sex_of(shown)))
    figures["landmarks px"] = landmarks_px(face, shown)
    figures["photometric"] = photometric(face, shown.taken[0].jpeg)
    return figures | albedo_figures(face, shown)


def albedo_figures(face: Face, shown: Shown) -> dict[str, float]:
    """Return how true a face's albedo is, and how much of the light is left in it."""
    made, real = (_texels(maps["skin"]["albedo"]) for maps in (face.maps, shown.person.maps))
    atlas = atlas_of(face.head.topology, "skin", TEXELS)
    mask = face.pictures[(face.record.edits[0].place.mask or {})["skin"]]  # type: ignore[union-attr]
    seen = torch.from_numpy(np.array(Image.open(io.BytesIO(mask)).resize((TEXELS, TEXELS)))) > 128
    seen &= atlas.inside
    off = made[:, seen].clamp(0, 1) ** (1 / 2.2) - real[:, seen].clamp(0, 1) ** (1 / 2.2)
    figures = {"albedo PSNR": float(-10.0 * torch.log10(off.square().mean()))}
    figures["but for tone"] = float(-10.0 * torch.log10((off - off.mean(dim=1, keepdim=True)).square().mean()))
    taken = shown.taken[0]
    placed = taken.view.place(shown.person.posed(taken.weights))
    normals = vertex_normals(placed, shown.person.head.topology.triangles)
    normal = torch.nn.functional.normalize(atlas.spread(normals), dim=0)[:, seen]
    cosine = (taken.light.direction @ normal).clamp_min(0.0)
    bright = [LUMINANCE @ albedo[:, seen] for albedo in (made, real)]
    ratio = (bright[0].clamp_min(1e-4) / bright[1].clamp_min(1e-4)).log()
    for name, values in (("albedo", bright[0]), ("truth", bright[1]), ("error", ratio)):
        figures[f"{name} ~ light"] = abs(float(torch.corrcoef(torch.stack((values, cosine)))[0, 1]))
    return figures | {"tone dE2000": tone_apart(face, shown)}


def _texels(albedo: Tensor) -> Tensor:
    """Return [3, `TEXELS`, `TEXELS`] of an albedo map [S, S, 3]."""
    size = (TEXELS, TEXELS)
    return torch.nn.functional.interpolate(albedo.permute(2, 0, 1)[None], size=size, mode="area")[0]


def tone_apart(face: Face, shown: Shown) -> float:
    """Return CIEDE2000 between the mean colours of forehead and cheeks of the made and the true skin."""
    bare = atlas_of(face.head.topology, "skin", TEXELS).region(*BARE) > 0.5
    tones = [_texels(maps["skin"]["albedo"])[:, bare].mean(dim=1) for maps in (face.maps, shown.person.maps)]
    return float(colour.delta_E(*(lab(tone).double().numpy() for tone in tones), method="CIE 2000"))


def tones(head: str, count: int) -> list[dict[str, float]]:
    """Return the figures of people who wear Monk's tones."""
    rows = []
    chosen = np.linspace(0, len(MONK) - 1, count).round().astype(int)
    for number, (_, amounts) in enumerate(monk_distances()):
        if number not in chosen:
            continue
        seed = FIRST_TONE + number
        traits = complete(random_traits(seed).under(dict(amounts)), seed)
        shown = photographed(head, seed, TEXELS, traits, 1)
        try:
            face = from_photo(shown.taken[0].jpeg, seed=seed, head=head, resolution=TEXELS)
        except BadRequest as error:
            print(head, MONK[number], error)
            continue
        own, true = face.traits.number("skin.melanin"), traits.number("skin.melanin")
        row = {"Monk dE2000": tone_apart(face, shown), "melanin off": own - true}
        print(f"  Monk {number + 1:2} {row['Monk dE2000']:6.2f}  melanin {own:.2f} for {true:.2f}")
        rows.append(row)
    return rows


def pins(head: str, count: int) -> list[dict[str, float]]:
    """Return the figures of points that are dragged on a head which was fitted to one photograph."""
    population, skin, random = load_population(head), skin_points(head), np.random.default_rng(FIRST)
    response = population.usual_shapes[:, skin.vertex]
    shown = photographed(head, FIRST, 256, random_traits(FIRST), 1)
    sighting = find_faces([read_photograph(shown.taken[0].jpeg, "a render")])[0]
    fit = fit_person(population, [sighting.landmarks], used_tracker(), pictures=[sighting.photograph.pixels])
    start = time.perf_counter()
    pinning = Pinning(population, fit)
    ready = time.perf_counter() - start
    now = Pinned(np.zeros(len(fit.values)), fit)

    def points(followed: Pinned) -> FloatArray:
        neutral = skin.on(population.vertices(fit.values + followed.values))
        found: FloatArray = neutral + np.tensordot(followed.shots.weights[0], response, axes=1)
        return found

    def seen(followed: Pinned) -> FloatArray:
        found: FloatArray = project(followed.shots.poses.place(points(followed)[None]), fit.focal)[0]
        return found

    before, rows = seen(now), []
    for _ in range(count):
        landmark = int(random.choice(list(PINS.values())))
        angle = random.uniform(0.0, 2.0 * np.pi)
        move = DRAGGED / SIZE * np.array((np.cos(angle), np.sin(angle)))
        where = points(now)[[landmark]]
        for share in (0.9, 1.0):  # a drag comes step by step: the last is measured
            place = before[landmark] + share * move
            start = time.perf_counter()
            followed, _ = pinning.follow([Pin(0, landmark, (place[0], place[1]))], where, now)
            seconds = time.perf_counter() - start
        after = seen(followed)
        off, others = np.linalg.norm(after[landmark] - place), np.median(np.linalg.norm(after - before, axis=1))
        rows.append({"s": seconds, "ready s": ready, "pin px": off * SIZE, "others px": others * SIZE})
    return rows


def show(rows: list[dict[str, float]]) -> None:
    """Print mean, median and worst of figures."""
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row[name] for row in rows if name in row]
        print(f"  {name:20} mean {np.mean(values):7.3f}  median {np.median(values):7.3f}  worst {np.max(values):7.3f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20, help="of each head model")
    parser.add_argument("--skin", type=int, default=4, help="of them, made in full")
    parser.add_argument("--tones", type=int, default=10, help="of Monk's, on the first head model")
    parser.add_argument("--heads", default="anny,ict")
    parser.add_argument("--pins", type=int, default=0, help="drags of pins; nothing else is measured then")
    given = parser.parse_args()
    heads = given.heads.split(",")
    if given.pins:
        for head in heads:
            print(head, given.pins, "pins")
            show(pins(head, given.pins))
        return
    for head in heads:
        rows: list[dict[str, float]] = []
        for seed in range(FIRST, FIRST + given.people):
            in_full = seed - FIRST < given.skin
            shown = photographed(head, seed, 1024 if in_full else 256, random_traits(seed))
            try:
                row = shape_of(head, shown)
                row |= skin_of(head, seed, shown) if in_full else {}
            except BadRequest as error:
                row = {"failed": 1.0}
                print(head, seed, error)
            rows.append(row)
        print(head, len(rows), "people")
        show(rows)
    if given.tones:
        show(tones(heads[0], given.tones))


if __name__ == "__main__":
    main()
