"""Draw the pictures of the expressions that the sidebar shows: `python tools/expression_pictures.py [name ...]`.

Every expression of `presets/expressions.json` is rendered on one person, by the renderer of the previews, into
`presets/expressions`; with names, such as joy, only those.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from dreamface import pipeline
from dreamface.expressions import Expression, expressions
from dreamface.face import expression_weights, pose
from dreamface.groom import grow, hairs_of
from dreamface.head import load_model
from dreamface.prior import complete
from dreamface.render import Camera, preview
from dreamface.skin import Painter, WrinklePainter, materials, wear_wrinkles
from dreamface.traits import Traits, Value

FOLDER = Path(__file__).resolve().parents[1] / "presets" / "expressions"
SIZE = 112  # pixels of a picture
DRAWN = 2 * SIZE  # pixels it is rendered at
QUALITY = 84
MAPS = 512  # pixels of the skin's textures
SEED = 5
YAW = 0.3  # radians off the front
AWAY = 0.95  # metres from camera to face
HEIGHT = 0.225  # metres from the lower to the upper edge
ABOVE, BEHIND = 0.017, 0.03  # metres from below the nose to what is in the middle of the picture

PLAIN: Mapping[str, Value] = {
    "age": 32.0, "gender": -0.6, "skin.melanin": 0.3, "hair.style": "pixie", "hair.melanin": 0.8, "hair.grey": 0.0,
    "freckles.density": 0.0, "moles.density": 0.0, "blemishes.density": 0.0,
}  # fmt: skip
"""Who makes the faces."""


def main() -> None:
    """Draw what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of expressions; all of them otherwise")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    sitter = Sitter()
    for entry in expressions():
        if not asked.names or entry.name in asked.names:
            began = time.monotonic()
            sitter.picture(entry).save(asked.folder / f"{entry.words.replace(' ', '_')}.jpg", quality=QUALITY)
            print(f"{entry.words}: {time.monotonic() - began:.1f} s", flush=True)
    known = {entry.words.replace(" ", "_") for entry in expressions()}
    for file in asked.folder.glob("*.jpg"):
        if not asked.names and file.stem not in known:
            file.unlink()


class Sitter:
    """The person who makes the faces."""

    def __init__(self) -> None:
        traits = complete(Traits(PLAIN), SEED)
        self.head = pipeline.build_head("auto", traits, SEED)
        model = load_model(self.head.model)
        self.shapes, self.names = model.shapes(self.head), model.shape_names
        self.traits, self.groom = traits, grow(self.head, traits, SEED)
        self.maps = Painter().paint(self.head, traits, resolution=MAPS, seed=SEED)
        named = dict(zip(self.names, self.shapes, strict=True))
        folds = WrinklePainter().paint(self.head, named, traits, resolution=MAPS, seed=SEED)
        self.maps = {tile: {**channels, **folds.get(tile, {})} for tile, channels in self.maps.items()}
        self.look = dict(materials(self.head, traits))
        if "lashes" in self.groom:  # instead of the mesh's
            self.look["lashes"] = replace(self.look["lashes"], transmission=1.0, ior=1.0)
        x, y, z = self.head.landmark("subnasale").tolist()
        y, z = y + BEHIND, z + ABOVE
        place = (x + AWAY * math.sin(YAW), y - AWAY * math.cos(YAW), z)
        self.camera = Camera(position=place, target=(x, y, z), fov=2.0 * math.atan(0.5 * HEIGHT / AWAY))

    def picture(self, entry: Expression) -> Image.Image:
        """Return what is seen of an expression."""
        weights = expression_weights(Traits(entry.traits()), self.names)
        posed = pose(self.head.vertices, self.shapes, weights)
        worn = wear_wrinkles(self.maps, dict(zip(self.names, weights.tolist(), strict=True)))
        hair = hairs_of(self.groom, self.head, self.traits, SEED, posed=posed)
        shown = preview(posed, self.head.topology, self.look, worn, size=DRAWN, camera=self.camera, strands=hair)
        pixels = (shown.clamp(0.0, 1.0) * 255.0).round().numpy().astype(np.uint8)
        return Image.fromarray(pixels).resize((SIZE, SIZE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    torch.manual_seed(SEED)
    main()
