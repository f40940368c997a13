"""Makes docs/gallery/edits: what words make of a marked place, on three people in two lights.

python benchmarks/edits_gallery.py [SHEET ...]

Four edits are put on a face at a time, each at a place of its own, and one picture of it is cut into four. Pictures
are kept in build/edits-gallery, so that a run which was stopped goes on where it was: delete it when effects change.
"""

from __future__ import annotations

import hashlib
import importlib
import math
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from dreamface import pipeline
from dreamface.edits import overlays, read_words
from dreamface.face import Head
from dreamface.images import encode_mask
from dreamface.language import read
from dreamface.prior import complete
from dreamface.record import EditEntry, Place
from dreamface.render import Camera, preview
from dreamface.render.camera import Camera as _Camera
from dreamface.render.environment import Environment
from dreamface.render.shading import Light
from dreamface.skin import Painter, atlas_of, materials, skin_tiles
from dreamface.traits import Traits
from dreamface.units import MM

FOLDER: Final = Path(__file__).parents[1] / "docs/gallery/edits"
WORK: Final = Path(__file__).parents[1] / "build/edits-gallery"
RESOLUTION: Final = 1024
PICTURE: Final = 620  # pixels of a face before it is cut
CELL: Final = 210  # pixels
CROP: Final = 1.25  # of a place's larger radius, to each side
MASK: Final = 1024
FEATHER_MM: Final = 0.8
DISTANCE: Final = 1.1  # metres from the camera
WIDTH: Final = 0.205  # metres that the picture shows
QUALITY: Final = 86
BARE: Final = {"hair.style": "bald", "beard.style": "none", "stubble.density": 0.0}

PEOPLE: Final = (
    ("a pale woman of 28 with rosy skin", 3, "ict"),
    ("an Indian man of 40", 7, "anny"),
    ("a Sudanese woman of 30 with very dark skin", 2, "ict"),
)
LIGHTS: Final = ("soft", "side")


@dataclass(frozen=True)
class Spot:
    """An ellipse on the face: landmark, millimetres across and down, and its turn in radians."""

    landmark: str
    across: float
    down: float
    turn: float = 0.0
    aim_mm: tuple[float, float] = (0.0, 0.0)  # of its middle, from the landmark: to the person's left, and up


FOREHEAD = Spot("metopion", 30, 21)
LEFT, RIGHT = Spot("cheek_l", 22, 24, 0.0, (-2, 2)), Spot("cheek_r", 22, 24, 0.0, (2, 2))
MOUTH, CHIN = Spot("stomion_superius", 34, 14), Spot("pogonion", 19, 13)

SHEETS: Final = {
    "skin": (
        "In the skin",
        (
            ("a port wine stain", LEFT),
            ("a fresh scar, stitched", replace(FOREHEAD, across=30, down=6, turn=0.25)),
            ("acne", RIGHT),
            ("vitiligo patch", replace(CHIN, across=24, down=15)),
        ),
    ),
    "wounds": (
        "Wounds",
        (
            ("fresh blood running down", replace(FOREHEAD, across=30, down=26)),
            ("an old burn scar", LEFT),
            ("an open wound", replace(RIGHT, across=22, down=6, turn=-0.8)),
            ("blood splatter", replace(CHIN, across=26, down=17)),
        ),
    ),
    "wet": (
        "Wet and dirty",
        (
            ("heavy sweat", FOREHEAD),
            ("dried mud", LEFT),
            ("running mascara", Spot("upper_cheek_r", 5, 30, 0.0, (0, -6))),
            ("smeared red lipstick", MOUTH),
        ),
    ),
    "paint": (
        "Paint and metal",
        (
            ("gold leaf", FOREHEAD),
            ("tribal war paint in blue", LEFT),
            ("silver glitter", RIGHT),
            ("copper metal plate", CHIN),
        ),
    ),
    "materials": (
        "Other materials",
        (
            ("cracked porcelain", FOREHEAD),
            ("tree bark", LEFT),
            ("glowing cracks", RIGHT),
            ("marble", CHIN),
        ),
    ),
    "traits": (
        "What prompts know",
        (
            ("very old skin with deep wrinkles", FOREHEAD),
            ("many freckles", LEFT),
            ("green dragon scales", RIGHT),
            ("glossy dark red lipstick", replace(MOUTH, across=26, down=10)),
        ),
    ),
}
"""Sheet -> title, and the words and places of its four edits."""


@cache
def person(number: int) -> tuple[Head, Traits, int, Painter]:
    """Return somebody without hair, and their painter."""
    prompt, seed, model = PEOPLE[number]
    traits = complete(pipeline.read(prompt).traits, seed).under(BARE)
    return pipeline.build_head(model, traits, seed), traits, seed, Painter()


def ellipse(head: Head, spot: Spot) -> dict[str, Tensor]:
    """Return an ellipse on the skin as masks: tile -> [MASK, MASK] 0..1."""
    middle, found = head.landmark(spot.landmark), {}
    for tile in skin_tiles(head.topology):
        away = (atlas_of(head.topology, tile, MASK).spread(head.vertices) - middle[:, None, None]) / MM
        aside = away[0].sign() * torch.hypot(away[0], 0.7 * away[1]) - spot.aim_mm[0]
        up = away[2] - spot.aim_mm[1]
        along = aside * math.cos(spot.turn) + up * math.sin(spot.turn)
        across = up * math.cos(spot.turn) - aside * math.sin(spot.turn)
        ring = torch.hypot(along / spot.across, across / spot.down)
        mask = ((1.0 - ring) * min(spot.across, spot.down) / FEATHER_MM + 0.5).clamp(0.0, 1.0)
        mask *= away.norm(dim=0) < 1.7 * max(spot.across, spot.down)
        if spot.landmark == "stomion_superius":
            mask *= 1.0 - atlas_of(head.topology, tile, MASK).region("mouth_inside")
        if bool(mask.any()):
            found[tile] = mask
    return found


def edit(head: Head, words: str, spot: Spot) -> tuple[EditEntry, dict[str, bytes]]:
    """Return the edit that says words of a place, and its pictures."""
    reading, pictures, mask = read_words(words, read), {}, {}
    assert not reading.not_understood, (words, reading.not_understood)
    for tile, image in ellipse(head, spot).items():
        png = encode_mask(image)
        mask[tile] = hashlib.sha256(png).hexdigest()
        pictures[mask[tile]] = png
    entry = EditEntry(words, "words", words, 1.0, True, Place((), mask), reading.traits, reading.parameters(words))
    return entry, pictures


def camera_on(head: Head) -> Camera:
    """Return the camera that looks at a face."""
    target = head.landmark("pronasale") + torch.tensor([0.0, 0.03, 0.022])
    place = target + DISTANCE * torch.tensor([0.0, -1.0, 0.05])
    return Camera(tuple(place.tolist()), tuple(target.tolist()), 2.0 * math.atan(0.5 * WIDTH / DISTANCE))


def picture(number: int, sheet: str, light: str) -> Image.Image:
    """Return a person with the four edits of a sheet."""
    kept = WORK / f"{sheet}-{number}-{light}.png"
    if kept.is_file():
        return Image.open(kept).convert("RGB")
    head, traits, seed, painter = person(number)
    pictures, entries = {}, []
    for words, spot in SHEETS[sheet][1]:
        entry, own = edit(head, words, spot)
        entries.append(entry)
        pictures |= own
    laid = overlays(entries, head, traits, seed, pictures)
    maps = painter.paint(head, traits, resolution=RESOLUTION, seed=seed, overlays=laid)
    camera = camera_on(head)
    module = importlib.import_module("dreamface.render.studio")
    with patch.object(module, "portrait_lights", hard_sides if light == "side" else module.portrait_lights):
        image = preview(head.vertices, head.topology, materials(head, traits), maps, size=PICTURE, camera=camera)
    found = Image.fromarray((image.numpy() * 255.0).round().astype(np.uint8))
    WORK.mkdir(parents=True, exist_ok=True)
    found.save(kept.with_suffix(".part"), format="PNG")
    kept.with_suffix(".part").replace(kept)
    print(kept.stem, flush=True)
    return found


def hard_sides(camera: _Camera, like: Tensor) -> tuple[tuple[Light, ...], Environment]:
    """Two small lamps that graze the cheeks in a dark room: they show relief and gloss, and what is wrong with them."""
    from dreamface.render.studio import portrait_lights

    _, room = portrait_lights(camera, like)
    right, down, forward = camera.axes(like)
    target = like.new_tensor(camera.target)
    dark = replace(room, sky=room.sky * 0.3, ground=room.ground * 0.3, colours=room.colours * 0.3)
    lamps = [
        Light(target + side * 0.95 * right - 0.45 * down - 0.35 * forward, like.new_tensor(colour), 0.05, 4)
        for side, colour in ((1.0, (2.6, 2.5, 2.35)), (-1.0, (2.3, 2.4, 2.55)))
    ]
    return tuple(lamps), dark


def crop(whole: Image.Image, camera: Camera, head: Head, spot: Spot) -> Image.Image:
    """Return a place of a picture, as large as a cell."""
    aim = torch.tensor([spot.aim_mm[0], 0.0, spot.aim_mm[1]]) * MM
    x, y, _ = camera.to_pixels(head.landmark(spot.landmark) + aim, PICTURE).tolist()
    reach = CROP * max(spot.across, spot.down) * MM / WIDTH * PICTURE
    x, y = (min(max(value, reach), PICTURE - reach) for value in (x, y))
    box = tuple(round(value) for value in (x - reach, y - reach, x + reach, y + reach))
    return whole.crop(box).resize((CELL, CELL), Image.Resampling.LANCZOS)


def write_sheet(name: str) -> None:
    """Write a sheet: an edit a row, a person and a light a column."""
    _, edits = SHEETS[name]
    whole = Image.new("RGB", (CELL * len(PEOPLE) * len(LIGHTS), CELL * len(edits)))
    for number in range(len(PEOPLE)):
        head = person(number)[0]
        for shade, light in enumerate(LIGHTS):
            image = picture(number, name, light)
            for row, (_, spot) in enumerate(edits):
                cell = crop(image, camera_on(head), head, spot)
                whole.paste(cell, ((2 * number + shade) * CELL, row * CELL))
    draw = ImageDraw.Draw(whole)
    for row, (words, _) in enumerate(edits):
        draw.text((7, row * CELL + 5), words, fill=(240, 240, 240), stroke_width=2, stroke_fill=(20, 20, 20))
    whole.save(FOLDER / f"{name}.jpg", quality=QUALITY, optimize=True)
    print(name, flush=True)


PAGE: Final = """# Edits in words

Made by `python benchmarks/edits_gallery.py`: a place is marked on the skin, the words under each heading are typed, and
this is the preview, not retouched. Every face is generated; none is a real person's. Three people, each in soft light
and between two hard lamps from the sides: {people}.
"""


def page() -> str:
    """Return the gallery's page, with the sheets that are there."""
    lines = [PAGE.format(people="; ".join(f"{prompt} ({model})" for prompt, _, model in PEOPLE))]
    for name, (title, edits) in SHEETS.items():
        if (FOLDER / f"{name}.jpg").is_file():
            said = ", ".join(f'"{words}"' for words, _ in edits)
            lines.append(f"## {title}\n\nFrom above: {said}.\n\n![{title}]({name}.jpg)\n")
    return "\n".join(lines)


def main(names: list[str]) -> None:
    """Write the sheets that are named, or all, and the page that shows them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for number in range(len(PEOPLE)):  # a person's first picture takes the longest
        for light in LIGHTS:
            for name in names or SHEETS:
                picture(number, name, light)
    for name in names or SHEETS:
        write_sheet(name)
    (FOLDER / "README.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
