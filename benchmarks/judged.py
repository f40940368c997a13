"""Whether people read as asked: a grid of ages, ancestries and sexes, seen with hair, by a judge from outside.

    python benchmarks/judged.py --judge JUDGE.py [--head anny|ict|both] [--seeds 3] [--quick] [--sheets FOLDER]

JUDGE.py has `judge(picture, box) -> {"age": years, "male": 0..1, ...}`, networks that know nothing of this project.
It only measures: nothing here is trained or fitted on what it says. Three views of every face are averaged.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

from dreamface import pipeline
from dreamface.face import Head
from dreamface.groom import grow, hairs_of
from dreamface.prior import complete
from dreamface.render import Camera, portrait_camera, preview
from dreamface.skin import Painter, materials

AGES: Final = (8, 20, 32, 45, 60, 75)
ANCESTRIES: Final = ("Nigerian", "Korean", "Indian", "German")
SEXES: Final = ("woman", "man")
ADULT: Final = 18  # years
JUDGED_AGES: Final = (8, 20, 45, 75)
VIEWS: Final = (-0.3, 0.0, 0.35)  # radians around the head
RESOLUTION: Final = 512  # of the maps
SIZE: Final = 320  # pixels of a picture
QUICK_SIZE: Final = 256
CELL: Final = 200  # pixels of the contact sheet
QUALITY: Final = 85
BOX: Final = ("brow_arch_l", "brow_arch_r", "menton", "cheekbone_l", "cheekbone_r", "zygion_l", "zygion_r")

Judge = Callable[[Image.Image, tuple[float, float, float, float]], dict[str, float]]


@dataclass(frozen=True)
class Seen:
    """One face as the judge sees it: what was asked for, and means over the views."""

    head: str
    age: int
    ancestry: str
    sex: str
    seed: int
    judged_age: float
    male: float

    @property
    def right(self) -> bool:
        """Whether its sex is taken for what was asked."""
        return (self.male >= 0.5) == (self.sex == "man")


def main() -> None:
    """Print how the grid is judged, and write a contact sheet for each head."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--head", default="both", choices=("anny", "ict", "both"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="one seed, and smaller pictures")
    parser.add_argument("--sheets", type=Path, help="folder that gets the contact sheets")
    parser.add_argument("--save", type=Path, help="JSON file of every face's figures")
    options = parser.parse_args()
    judge, seen = load_judge(options.judge), []
    seeds = range(options.first_seed, options.first_seed + (1 if options.quick else options.seeds))
    for head in ("anny", "ict") if options.head == "both" else (options.head,):
        cells = {}
        for number, (age, ancestry, sex) in enumerate(grid()):
            for seed in seeds:
                pictures, boxes = portraits(head, prompt(age, ancestry, sex), _seed(number, seed), options.quick)
                seen.append(_seen(judge, pictures, boxes, (head, age, ancestry, sex, seed)))
                if seed == seeds[0]:
                    cells[age, ancestry, sex] = pictures[-1]
        if options.sheets:
            options.sheets.mkdir(parents=True, exist_ok=True)
            sheet(cells).save(options.sheets / f"people-{head}.jpg", quality=QUALITY, optimize=True)
        report([one for one in seen if one.head == head], head)
    if options.save:
        options.save.write_text(json.dumps([asdict(one) for one in seen]))


def grid() -> list[tuple[int, str, str]]:
    """Return every (age, ancestry, sex)."""
    return [(age, ancestry, sex) for age in AGES for ancestry in ANCESTRIES for sex in SEXES]


def prompt(age: int, ancestry: str, sex: str) -> str:
    """Return the words for somebody, such as "an 8 year old Korean girl"."""
    article = "an" if str(age).startswith("8") else "a"
    noun = sex if age >= ADULT else {"woman": "girl", "man": "boy"}[sex]
    return f"{article} {age} year old {ancestry} {noun}"


def _seed(number: int, seed: int) -> int:
    return 1000 * seed + 7 * number


def load_judge(file: Path) -> Judge:
    """Return the function `judge` of a Python file."""
    spec = importlib.util.spec_from_file_location("outside_judge", file)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{file} is not a Python file.")
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    judge: Judge = module.judge
    return judge


def portraits(
    name: str, words: str, seed: int, quick: bool = False
) -> tuple[list[Image.Image], list[tuple[float, float, float, float]]]:
    """Return pictures of one person from every view, and in each the face's box: brow to chin, cheek to cheek."""
    traits = complete(pipeline.read(words).traits, seed)
    head = pipeline.build_head(name, traits, seed)
    hair = hairs_of(grow(head, traits, seed), head, traits, seed)
    maps = Painter().paint(head, traits, resolution=RESOLUTION, seed=seed)
    look = materials(head, traits)
    look["lashes"] = replace(look["lashes"], transmission=1.0, ior=1.0)  # the hair has its own
    top = float(hair.points[..., 2].max()) if len(hair) else None
    size, pictures, boxes = QUICK_SIZE if quick else SIZE, [], []
    for yaw in VIEWS:
        camera = portrait_camera(head.vertices, yaw=yaw, top=top)
        shown = preview(head.vertices, head.topology, look, maps, size=size, camera=camera, strands=hair)
        pictures.append(Image.fromarray((shown.numpy() * 255.0).round().astype(np.uint8)))
        boxes.append(_box(head, camera, size))
    return pictures, boxes


def _box(head: Head, camera: Camera, size: int) -> tuple[float, float, float, float]:
    points = head.vertices[[head.topology.landmarks[name] for name in BOX]]
    pixels = camera.to_pixels(points, size)[:, :2]
    (left, upper), (right, lower) = pixels.amin(dim=0).tolist(), pixels.amax(dim=0).tolist()
    return left, upper, right, lower


def _seen(
    judge: Judge,
    pictures: list[Image.Image],
    boxes: list[tuple[float, float, float, float]],
    asked: tuple[str, int, str, str, int],
) -> Seen:
    said = [judge(picture, box) for picture, box in zip(pictures, boxes, strict=True)]
    return Seen(*asked, *(statistics.mean(one[name] for one in said) for name in ("age", "male")))


def report(seen: list[Seen], head: str) -> None:
    """Print shares of sexes taken for what they are, and mean judged ages."""
    print(f"== {head}: {len(seen)} faces", flush=True)
    adults = [one for one in seen if one.age >= ADULT]
    for sex in SEXES:
        them = [one for one in adults if one.sex == sex]
        parts = [f"{ancestry} {_share(o for o in them if o.ancestry == ancestry):.0f}" for ancestry in ANCESTRIES]
        parts += [f"{age}: {_share(one for one in them if one.age == age):.0f}" for age in AGES if age >= ADULT]
        print(f"{sex}: taken for one {_share(them):.0f} %  ({', '.join(parts)})")
    for age in AGES:
        them = [one for one in seen if one.age == age]
        parts = [
            f"{group} {_age(one for one in them if group in (one.ancestry, one.sex)):.0f}"
            for group in (*ANCESTRIES, *SEXES)
        ]
        print(f"asked {age}: judged {_age(them):.1f}  ({', '.join(parts)})")
    misses = [abs(_age(one for one in seen if one.age == age) - age) for age in JUDGED_AGES]
    print(f"mean judged age misses by {', '.join(f'{m:.1f}' for m in misses)} years at {JUDGED_AGES}", flush=True)


def _share(seen: Iterable[Seen]) -> float:
    return 100.0 * statistics.mean(float(one.right) for one in seen)


def _age(seen: Iterable[Seen]) -> float:
    return statistics.mean(one.judged_age for one in seen)


def sheet(cells: dict[tuple[int, str, str], Image.Image]) -> Image.Image:
    """Return the grid: an age a row, ancestries and sexes across."""
    columns = [(ancestry, sex) for ancestry in ANCESTRIES for sex in SEXES]
    whole = Image.new("RGB", (CELL * len(columns), CELL * len(AGES)))
    draw = ImageDraw.Draw(whole)
    for row, age in enumerate(AGES):
        for column, (ancestry, sex) in enumerate(columns):
            place = (CELL * column, CELL * row)
            whole.paste(cells[age, ancestry, sex].resize((CELL, CELL), Image.Resampling.LANCZOS), place)
            draw.text((place[0] + 4, place[1] + 2), f"{age} {ancestry} {sex}", fill=(235, 235, 235))
    return whole


if __name__ == "__main__":
    start = time.perf_counter()
    main()
    print(f"{time.perf_counter() - start:.0f} s")
