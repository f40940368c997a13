"""Makes docs/pictures and docs/gallery.md: what the README shows, from the prompts below and nothing else.

The close-ups in docs/gallery come from close_ups.py.

python benchmarks/gallery.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from dreamface import pipeline
from dreamface.face import Face
from dreamface.groom import hairs_of
from dreamface.render import Camera, portrait_camera, preview

DOCS = Path(__file__).parents[1] / "docs"
COLUMNS = 4
CELL = 320  # pixels
RESOLUTION = 1024
CLOSE_UP = 2048

PROMPTS = (
    ("an elderly man with a broad nose and freckles", 1),
    ("a young Nigerian woman with high cheekbones and full lips", 2),
    ("a weathered fisherman in his sixties with a grey beard and deep-set blue eyes", 3),
    ("a Japanese girl with freckles", 4),
    ("a Scandinavian woman with green eyes and red hair", 6),
    ("an Indian man with a hooked nose and a thick moustache", 7),
    ("a blue elf queen", 8),
    ("a tired middle-aged woman with dark circles", 9),
    ("a black boxer with a broad nose and stubble", 10),
    ("a smiling grandmother with wrinkles", 11),
    ("a goth girl with black lipstick and smoky eyes", 12),
    ("a surprised young man with big ears and a thin face", 13),
)


EXPRESSIONS: tuple[dict[str, float], ...] = (
    {},
    {"mouthSmile": 0.9, "cheekSquint": 0.6, "jawOpen": 0.15},
    {"eyeBlink": 1.0},
    {"jawOpen": 0.8, "browInnerUp": 0.7, "eyeWide": 0.8},
    {"mouthPucker": 1.0},
    {"mouthFrown": 0.9, "browDown": 0.9, "noseSneer": 0.6},
    {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0, "mouthLeft": 0.5},
    {"tongueOut": 1.0, "eyeSquint": 0.6},
)
"""Shape -> weight; a name without a side means both."""


def main() -> None:
    """Write the pictures and their captions; ICT-FaceKit must be installed."""
    (DOCS / "pictures").mkdir(exist_ok=True)
    for head, name in (("ict", "twelve-ict.jpg"), ("anny", "twelve.jpg")):
        faces = [pipeline.generate(prompt, seed=seed, resolution=RESOLUTION, head=head) for prompt, seed in PROMPTS]
        _save(_sheet([_picture(face.preview) for face in faces]), name)
    _save(_sheet(_expressions(faces=2)), "expressions-ict.jpg")
    _save(_close_up("ict"), "close-up-ict.jpg")
    _save(_close_up("anny"), "close-up.jpg")
    rows = "\n".join(f"| {number} | {prompt} | {seed} |" for number, (prompt, seed) in enumerate(PROMPTS, start=1))
    (DOCS / "gallery.md").write_text(GALLERY.format(rows=rows), encoding="utf-8")


GALLERY = """# Gallery

Made by `python benchmarks/gallery.py`: previews as DreamFace writes them, not retouched. Every face is generated; none
is a real person's. How heads hold up in close-ups, rendered with Cycles under three lightings, is in
[gallery/](gallery/README.md). Every hair style on three people is in [gallery/hair/](gallery/hair/README.md), made by
`python benchmarks/hair_gallery.py`. What words make of a marked place of the skin is in
[gallery/edits/](gallery/edits/README.md), made by `python benchmarks/edits_gallery.py`.

The production head, on ICT-FaceKit's topology:

![Twelve heads](pictures/twelve-ict.jpg)

The same prompts and seeds on the built-in head, which needs no download:

![Twelve heads on the built-in topology](pictures/twelve.jpg)

Row by row:

| | prompt | seed |
| --- | --- | --- |
{rows}

Some of the 52 shapes on two of the production heads:

![Expressions](pictures/expressions-ict.jpg)

A close-up of number 5 with 2048 maps, on the production head and on the built-in one:

![Close-up](pictures/close-up-ict.jpg)

![Close-up on the built-in head](pictures/close-up.jpg)
"""


def _sheet(pictures: list[Image.Image]) -> Image.Image:
    """The pictures in rows."""
    sheet = Image.new("RGB", (COLUMNS * CELL, -(-len(pictures) // COLUMNS) * CELL))
    for number, picture in enumerate(pictures):
        small = picture.resize((CELL, CELL), Image.Resampling.LANCZOS)
        sheet.paste(small, (number % COLUMNS * CELL, number // COLUMNS * CELL))
    return sheet


def _expressions(faces: int) -> list[Image.Image]:
    """`EXPRESSIONS` on some of the production heads."""
    pictures = []
    for prompt, seed in (PROMPTS[1], PROMPTS[6], PROMPTS[4])[:faces]:
        face = pipeline.generate(prompt, seed=seed, resolution=RESOLUTION, head="ict")
        for expression in EXPRESSIONS:
            weights = _weights(face, expression)
            camera = portrait_camera(face.posed(weights), yaw=0.2)
            pictures.append(_picture(_seen(face, weights, camera, size=512)))
    return pictures


def _weights(face: Face, expression: dict[str, float]) -> Tensor:
    """[S] weights of one of `EXPRESSIONS`."""
    sided = ("Left", "Right")
    named = {f"{name}{side}": weight for name, weight in expression.items() for side in ("", *sided)}
    return torch.tensor([named.get(name, 0.0) for name in face.shape_names])


def _close_up(head: str) -> Image.Image:
    """The eyes, nose and mouth of one face."""
    prompt, seed = PROMPTS[4]
    face = pipeline.generate(prompt, seed=seed, resolution=CLOSE_UP, head=head)
    middle = 0.5 * (face.head.landmark("nasion") + face.head.landmark("subnasale"))
    x, y, z = middle.tolist()
    camera = Camera(position=(x - 0.18, y - 0.75, z), target=(x, y, z), fov=0.2)
    return _picture(_seen(face, face.expression, camera, size=768))


def _seen(face: Face, weights: Tensor, camera: Camera, size: int) -> Tensor:
    """A picture of a face with an expression, and with its hair."""
    posed = face.posed(weights)
    hair = hairs_of(face.groom, face.head, face.traits, face.seed, posed=posed)
    look = {
        **face.materials,
        "lashes": replace(face.materials["lashes"], transmission=1.0, ior=1.0),
    }  # hair has its own
    return preview(posed, face.head.topology, look, face.maps, size=size, camera=camera, strands=hair)


def _picture(image: Tensor) -> Image.Image:
    return Image.fromarray((image * 255.0).round().to(torch.uint8).numpy())


def _save(image: Image.Image, name: str) -> None:
    image.save(DOCS / "pictures" / name, quality=88, comment=b"Generated by DreamFace; not a real person.")


if __name__ == "__main__":
    main()
