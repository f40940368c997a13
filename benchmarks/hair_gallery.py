"""Makes docs/gallery/hair: every style on three heads of different age, sex and ancestry, as previews draw them.

python benchmarks/hair_gallery.py [STYLE ...]
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from dreamface import pipeline
from dreamface.face import Face
from dreamface.groom import grow, hairs_of
from dreamface.render import portrait_camera, preview
from dreamface.skin import Painter, materials
from dreamface.styles import Style, styles
from dreamface.traits import Traits

FOLDER: Final = Path(__file__).parents[1] / "docs/gallery/hair"
CELL: Final = 300  # pixels
RESOLUTION: Final = 1024
VIEWS: Final = (0.0, 0.75)  # radians around the head: the front, and three quarters
BACK: Final = 2.5  # of styles that are made behind the head
ZOOM: Final = 1.12  # of the field of view: room for hair
QUALITY: Final = 88

PICTURE: Final = FOLDER.parents[1] / "pictures/hair.jpg"
COLUMNS: Final = 4
POSTER_VIEW: Final = 0.75
POSTER: Final = (
    ("afro", 0), ("bangs", 2), ("quiff", 1), ("curly", 2), ("cornrows", 0), ("side_part", 1), ("bob", 0),
    ("beard_full", 1), ("pixie", 2), ("dreadlocks", 0), ("beard_handlebar", 2), ("wavy", 0),
)  # fmt: skip
"""Style and row of what the README shows."""

BALD: Final = {"hair.style": "bald", "beard.style": "none", "stubble.density": 0.0}

PEOPLE: Final = {
    "scalp": (
        ("a woman of 28 with African ancestry", 5, "ict", {"hair.melanin": 0.97, "hair.redness": 0.05}),
        ("a Scandinavian man of 45", 4, "anny", {"hair.melanin": 0.42, "hair.redness": 0.2}),
        ("an East Asian woman of 68", 7, "ict", {"hair.melanin": 0.9, "hair.grey": 0.75}),
    ),
    "beard": (
        ("a black man of 35", 8, "ict", {"hair.melanin": 0.97, "hair.redness": 0.05}),
        ("an Irish man of 30", 4, "anny", {"hair.melanin": 0.5, "hair.redness": 0.8}),
        ("an Indian man of 65", 6, "ict", {"hair.melanin": 0.9, "hair.grey": 0.8}),
    ),
}
"""Region -> prompt, seed, head model and colours; brows and lashes are worn by those of the scalp."""


@cache
def person(prompt: str, seed: int, head: str) -> Face:
    """Return a bald and clean-shaven person."""
    return pipeline.generate(prompt, seed=seed, resolution=RESOLUTION, head=head, traits=BALD)


def worn(face: Face, style: Style, colours: dict[str, float]) -> Traits:
    """Return a person's traits with a style as it is drawn."""
    name = style.name.removeprefix(f"{style.region}_")
    if style.region != "scalp":
        amounts = {"beard.density": 0.85, "beard.length": style.length} if style.region == "beard" else {}
        return face.traits.under(
            {"hair.style": "short", "hair.length": 0.13, f"{style.region}.style": name, **amounts, **colours}
        )
    return face.traits.under({
        "hair.style": name, "hair.length": style.length, "hair.curl": style.curl, "hair.volume": style.volume,
        "hair.fringe": style.fringe, "hair.parting": style.parting.side if style.parting else 0.0, **colours,
    })  # fmt: skip


def portraits(face: Face, traits: Traits, views: tuple[float, ...]) -> list[Tensor]:
    """Return [CELL, CELL, 3] pictures of a person with other hair."""
    head = face.head
    hair = hairs_of(grow(head, traits, face.seed), head, traits, face.seed)
    maps = Painter().paint(head, traits, resolution=RESOLUTION, seed=face.seed, layers=face.record.strengths)
    top = float(hair.points[..., 2].max()) if len(hair) else None
    pictures = []
    for yaw in views:
        camera = portrait_camera(head.vertices, yaw=yaw, top=top)
        camera = replace(camera, fov=camera.fov * ZOOM)
        look = materials(head, traits)
        look["lashes"] = replace(look["lashes"], transmission=1.0, ior=1.0)  # the hair has its own
        pictures.append(preview(head.vertices, head.topology, look, maps, size=CELL, camera=camera, strands=hair))
    return pictures


def sheet(style: Style) -> Image.Image:
    """Return one picture of a style: a person a row."""
    people = PEOPLE["beard" if style.region == "beard" else "scalp"]
    views = (*VIEWS, BACK) if style.region == "scalp" else VIEWS
    whole = Image.new("RGB", (CELL * len(views), CELL * len(people)))
    for row, (prompt, seed, head, colours) in enumerate(people):
        face = person(prompt, seed, head)
        for column, picture in enumerate(portraits(face, worn(face, style, colours), views)):
            cell = Image.fromarray((picture.numpy() * 255.0).round().astype(np.uint8))
            whole.paste(cell, (column * CELL, row * CELL))
    ImageDraw.Draw(whole).text((8, 6), style.label, fill=(235, 235, 235))
    return whole


def main(names: list[str]) -> None:
    """Write a sheet for each style, or for those that are named, and the page that shows all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    known = styles().by_name
    for name in names or known:
        sheet(known[name]).save(FOLDER / f"{name}.jpg", quality=QUALITY, optimize=True)
        print(name, flush=True)
    (FOLDER / "README.md").write_text(page(), encoding="utf-8")
    poster().save(PICTURE, quality=QUALITY, optimize=True)


def poster() -> Image.Image:
    """Return what the README shows: some of the sheets' pictures."""
    whole = Image.new("RGB", (CELL * COLUMNS, CELL * (len(POSTER) // COLUMNS)))
    for number, (name, row) in enumerate(POSTER):
        left, top = CELL * VIEWS.index(POSTER_VIEW), CELL * row
        cell = Image.open(FOLDER / f"{name}.jpg").crop((left, top, left + CELL, top + CELL))
        whole.paste(cell, (number % COLUMNS * CELL, number // COLUMNS * CELL))
    return whole


def page() -> str:
    """Return the gallery's page, with the sheets that are there."""
    titles = {"scalp": "Hair", "beard": "Beards", "brows": "Brows", "lashes": "Lashes"}
    lines = ["# Hair", "", PAGE]
    for region, title in titles.items():
        lines += ["", f"## {title}"]
        for style in styles().by_name.values():
            if style.region == region and (FOLDER / f"{style.name}.jpg").is_file():
                lines += [
                    "",
                    f"**{style.label}**. {style.summary}".rstrip(". ") + ".",
                    "",
                    f"![{style.label}]({style.name}.jpg)",
                ]
    return "\n".join(lines) + "\n"


PAGE: Final = """Made by `python benchmarks/hair_gallery.py`: every style that comes along, as previews draw it, not
retouched. Every face is generated; none is a real person's. How to choose, shape and save hair is in
[the guide to hair](../../hair.md)."""


if __name__ == "__main__":
    main(sys.argv[1:])
