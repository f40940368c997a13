"""Whether an outside judge sees the expression that a face was given; heads wear hair, from the front and from a side.

    python benchmarks/expressions_seen.py --judge JUDGE.py [--head anny|ict] [--people 6] [--strengths clear]
        [--sheets FOLDER] [--names joy fear ...]

JUDGE.py has `judge(picture, box) -> {"neutral": 0..1, "happy": 0..1, ...}`: networks that know nothing of this project.
It only measures: no weight of an expression is fitted to what it says. `--sheets` writes what was looked at; with
`--names`, expressions that the judge has no word for are drawn, too.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from judged import Judge, load_judge
from PIL import Image, ImageDraw
from torch import Tensor

from dreamface import pipeline
from dreamface.expressions import STRENGTHS, Expression, expressions
from dreamface.face import Head, Maps, expression_weights, pose
from dreamface.groom import grow, hairs_of
from dreamface.hair import Groom
from dreamface.head import load_model
from dreamface.prior import complete
from dreamface.render import Camera, portrait_camera, preview
from dreamface.skin import Painter, WrinklePainter, materials, wear_wrinkles
from dreamface.traits import Traits

PEOPLE: Final = (
    ("a 28 year old German woman", 3),
    ("a 45 year old Nigerian man", 5),
    ("a 70 year old Korean woman", 8),
    ("a 24 year old Indian man", 11),
    ("a 60 year old German man", 14),
    ("a 35 year old Nigerian woman", 17),
    ("a 20 year old Korean man", 21),
    ("a 10 year old Indian girl", 24),
)
SEEN_AS: Final = {
    "neutral": "neutral", "joy": "happy", "sadness": "sad", "anger": "angry", "fear": "fearful",
    "disgust": "disgusted", "surprise": "surprised",
}  # fmt: skip
"""Expression -> the judge's word for it."""

VIEWS: Final = (0.0, 0.45)  # radians around the head: the front, and three quarters
RESOLUTION: Final = 512  # of the maps
SIZE: Final = 288  # pixels of a picture
BOX: Final = ("brow_arch_l", "brow_arch_r", "menton", "cheekbone_l", "cheekbone_r", "zygion_l", "zygion_r")

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sitter:
    """A person who can make faces."""

    head: Head
    shapes: Tensor
    shape_names: tuple[str, ...]
    groom: Groom
    traits: Traits
    seed: int
    maps: Maps

    @classmethod
    def of(cls, name: str, words: str, seed: int) -> Sitter:
        """Return the person of a prompt on a head model."""
        traits, model = complete(pipeline.read(words).traits, seed), load_model(name)
        head = pipeline.build_head(name, traits, seed)
        shapes = model.shapes(head)
        maps = Painter().paint(head, traits, resolution=RESOLUTION, seed=seed)
        named = dict(zip(model.shape_names, shapes, strict=True))
        folds = WrinklePainter().paint(head, named, traits, resolution=RESOLUTION, seed=seed)
        maps = {tile: {**channels, **folds.get(tile, {})} for tile, channels in maps.items()}
        return cls(head, shapes, model.shape_names, grow(head, traits, seed), traits, seed, maps)

    def pictures(self, entry: Expression, size: int) -> list[tuple[Image.Image, Box]]:
        """Return what is seen of an expression from every view, and where the face is in it."""
        weights = expression_weights(Traits(entry.traits()), self.shape_names)
        posed = pose(self.head.vertices, self.shapes, weights)
        worn = wear_wrinkles(self.maps, dict(zip(self.shape_names, weights.tolist(), strict=True)))
        hair = hairs_of(self.groom, self.head, self.traits, self.seed, posed=posed)
        look = dict(materials(self.head, self.traits))
        if "lashes" in self.groom:  # instead of the mesh's
            look["lashes"] = replace(look["lashes"], transmission=1.0, ior=1.0)
        top, found = float(hair.points[..., 2].max()) if len(hair) else None, []
        for yaw in VIEWS:
            camera = portrait_camera(posed, yaw=yaw, top=top)
            shown = preview(posed, self.head.topology, look, worn, size=size, camera=camera, strands=hair)
            picture = Image.fromarray((shown.clamp(0.0, 1.0).numpy() * 255.0).round().astype(np.uint8))
            found.append((picture, self._box(posed, camera, size)))
        return found

    def _box(self, posed: Tensor, camera: Camera, size: int) -> Box:
        points = posed[[self.head.topology.landmarks[name] for name in BOX]]
        pixels = camera.to_pixels(points, size)[:, :2]
        (left, top), (right, bottom) = pixels.amin(dim=0).tolist(), pixels.amax(dim=0).tolist()
        return left, top, right, bottom


def main() -> None:
    """Print what share is recognised, and what is taken for what."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", type=Path)
    parser.add_argument("--head", choices=("anny", "ict"), action="append")
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--first", type=int, default=0, help="of the people")
    parser.add_argument("--strengths", nargs="+", choices=STRENGTHS, default=["clear"])
    parser.add_argument("--names", nargs="+", default=list(SEEN_AS))
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--sheets", type=Path, help="folder that gets the pictures")
    options = parser.parse_args()
    judge = load_judge(options.judge) if options.judge else None
    wanted = [
        entry for entry in expressions()
        if entry.name in options.names and (not entry.strength or entry.strength in options.strengths)
    ]  # fmt: skip
    for name in options.head or ("anny", "ict"):
        seen: list[tuple[Expression, str, int, str, float]] = []
        for words, seed in PEOPLE[options.first : options.first + options.people]:
            began, sitter, rows = time.monotonic(), Sitter.of(name, words, seed), []
            for entry in wanted:
                shown, row = sitter.pictures(entry, options.size), []
                for view, (picture, box) in enumerate(shown):
                    word, share = _look(judge, picture, box, entry)
                    seen.append((entry, words, view, word, share))
                    row.append(_captioned(picture, f"{entry.words}: {word} {share:.2f}" if judge else entry.words))
                rows.append(row)
            if options.sheets:
                options.sheets.mkdir(parents=True, exist_ok=True)
                _sheet(rows).save(options.sheets / f"{name}-{words.replace(' ', '-')}.png")
            print(f"{name}, {words}: {time.monotonic() - began:.0f} s", flush=True)
        if judge:
            report(name, seen)


def _look(judge: Judge | None, picture: Image.Image, box: Box, entry: Expression) -> tuple[str, float]:
    """Return what the judge takes a picture for, and how much of what was meant it sees."""
    if judge is None:
        return "", 0.0
    said = judge(picture, box)
    word = max(SEEN_AS.values(), key=lambda one: said[one])
    return word, float(said.get(SEEN_AS.get(entry.name, ""), 0.0))


def report(name: str, seen: Sequence[tuple[Expression, str, int, str, float]]) -> None:
    """Print the shares and the table of confusions of one head model."""
    judged = [one for one in seen if one[0].name in SEEN_AS]
    for strength in ("", *STRENGTHS):
        rows = [one for one in judged if one[0].strength in ("", strength)]
        if not strength or not any(one[0].strength == strength for one in rows):
            continue
        print(f"\n{name}, {strength}: {_share(rows):.0%} of {len(rows)} pictures recognised")
        for view, label in enumerate(("front", "three quarters")):
            print(f"  {label}: {_share([one for one in rows if one[2] == view]):.0%}")
        print(
            "  "
            + ", ".join(
                f"{who}: {_share([one for one in rows if one[1] == who]):.0%}"
                for who in dict.fromkeys(one[1] for one in rows)
            )
        )
        print(f"  {'':10}" + "".join(f"{word:>11}" for word in SEEN_AS.values()))
        for wanted in SEEN_AS:
            counts = Counter(word for entry, _, _, word, _ in rows if entry.name == wanted)
            total = sum(counts.values())
            if total:
                cells = "".join(f"{counts[word] / total:>11.0%}" for word in SEEN_AS.values())
                print(f"  {wanted:10}{cells}")


def _share(rows: Sequence[tuple[Expression, str, int, str, float]]) -> float:
    return sum(word == SEEN_AS[entry.name] for entry, _, _, word, _ in rows) / max(len(rows), 1)


def _captioned(picture: Image.Image, words: str) -> Image.Image:
    shown = picture.copy()
    ImageDraw.Draw(shown).text((4, 4), words, fill=(255, 255, 255), stroke_width=1, stroke_fill=(0, 0, 0))
    return shown


def _sheet(rows: Sequence[Sequence[Image.Image]]) -> Image.Image:
    """Return pictures in columns of the same expression, a row a view."""
    width, height = rows[0][0].size
    sheet = Image.new("RGB", (width * len(rows), height * len(rows[0])))
    for x, row in enumerate(rows):
        for y, picture in enumerate(row):
            sheet.paste(picture, (x * width, y * height))
    return sheet


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
