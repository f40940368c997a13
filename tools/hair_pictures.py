"""Draw the pictures of the hair styles that the sidebar shows: `python tools/hair_pictures.py [name ...]`.

Every style of `presets/hair` is rendered on a plain head, in brown, by the renderer of the previews, into
`presets/hair/pictures`; with names, only those. Beside the styles there are pictures of having no beard and of a style
of one's own that has none.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from dreamface import pipeline
from dreamface.face import Head
from dreamface.groom import hairs_of
from dreamface.hair import Region
from dreamface.render import Camera, portrait_camera, preview
from dreamface.skin import materials, paint
from dreamface.styles import Style, styles
from dreamface.traits import Traits, Value

FOLDER = Path(__file__).resolve().parents[1] / "presets" / "hair" / "pictures"
SIZE = 128  # pixels of a picture
DRAWN = 2 * SIZE  # pixels it is rendered at
COLOURS = 160  # of a picture: a palette takes a third of the bytes
MAPS = 512  # pixels of the skin's textures
SEED = 5
YAW = 0.55  # radians off the front

PLAIN: Mapping[str, Value] = {
    "age": 30.0, "skin.melanin": 0.3,
    "hair.style": "bald", "hair.melanin": 0.66, "hair.redness": 0.3, "hair.grey": 0.0, "hair.hairline": 0.25,
    "beard.style": "none", "beard.density": 0.0, "stubble.density": 0.0, "freckles.density": 0.0,
    "brows.style": "natural", "lashes.style": "natural", "moles.density": 0.0,
}  # fmt: skip
"""Who wears the styles."""


@dataclass(frozen=True)
class Shot:
    """How styles of a region are shown.

    Attributes:
        landmark: what the camera looks at; empty for the whole head.
        height: metres from the lower to the upper edge.
        yaw: radians off the front.
        above, behind: metres from the landmark to what is in the middle of the picture.
        gender: of who wears them.
    """

    landmark: str
    height: float
    yaw: float
    above: float
    behind: float
    gender: float


SHOTS: Mapping[Region, Shot] = {
    "scalp": Shot("", 0.0, YAW, 0.0, 0.0, 0.0),
    "beard": Shot("stomion_superius", 0.165, YAW, -0.018, 0.045, 0.9),
    "brows": Shot("nasion", 0.085, 0.3, 0.016, 0.012, 0.0),
    "lashes": Shot("lid_upper_l", 0.046, 0.8, -0.004, 0.0, -0.8),
}
_BESIDE = 1.2  # radians off the front, for hair that is tied behind the head
_CLOSER, _WIDER = 0.88, 1.05  # of the angle that the previews see


def main() -> None:
    """Draw what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="styles; all of them otherwise")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    known = {name: style for name, style in styles().by_name.items() if name not in styles().own}
    wanted = {name: known[name] for name in asked.names or known if name in known}
    for name, style in wanted.items():
        began = time.monotonic()
        shot = replace(SHOTS[style.region], yaw=_BESIDE) if style.ties else SHOTS[style.region]
        save(picture_of(style.region, worn(style), shot), asked.folder / f"{name}.png")
        print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)
    if not asked.names or "beard_none" in asked.names:
        save(picture_of("beard", {}, SHOTS["beard"]), asked.folder / "beard_none.png")
    if not asked.names or "own" in asked.names:
        save(faded(picture_of("scalp", worn(known["medium"]), SHOTS["scalp"])), asked.folder / "own.png")
    for file in asked.folder.glob("*.png"):
        if not asked.names and file.stem not in {*known, "beard_none", "own"}:
            file.unlink()


def worn(style: Style) -> dict[str, Value]:
    """Return the traits with which somebody wears a style as it was drawn."""
    if style.region == "scalp":
        parting = {"hair.parting": style.parting.side} if style.parting is not None else {}
        shape = {f"hair.{field}": getattr(style, field) for field in ("length", "curl", "volume", "fringe")}
        return {"hair.style": style.name, **shape, **parting}
    value = style.name.removeprefix(f"{style.region}_")
    more: dict[str, Value] = {"beard.length": style.length, "beard.density": 0.9} if style.region == "beard" else {}
    if value == "stubble":
        more["stubble.density"] = 0.7
    return {f"{style.region}.style": value, **more}


def picture_of(region: Region, wears: Mapping[str, Value], shot: Shot) -> Tensor:
    """Return [DRAWN, DRAWN, 3] sRGB, 0..1: the plain head with what it wears."""
    traits = Traits({**PLAIN, "gender": shot.gender, **wears})
    head = pipeline.build_head("auto", traits, SEED)
    groom = pipeline.grow_hair(head, traits, SEED)
    hairs = hairs_of(groom, head, traits, SEED)
    surfaces, maps = materials(head, traits), paint(head, traits, resolution=MAPS, seed=SEED)
    if "lashes" in groom:
        surfaces = {**surfaces, "lashes": replace(surfaces["lashes"], transmission=1.0, ior=1.0)}
    top = float(hairs.points[..., 2].max()) if len(hairs) and region == "scalp" else None
    camera = camera_of(head, shot, top)
    return preview(head.vertices, head.topology, surfaces, maps, size=DRAWN, camera=camera, strands=hairs)


def camera_of(head: Head, shot: Shot, top: float | None) -> Camera:
    """Return where a head is seen from."""
    portrait = portrait_camera(head.vertices, yaw=shot.yaw, top=top)
    if not shot.landmark:
        return replace(portrait, fov=(_CLOSER if shot.yaw == YAW else _WIDER) * portrait.fov)
    x, y, z = head.landmark(shot.landmark).tolist()
    if not shot.landmark.endswith("_l"):
        x = 0.0
    y, z = y + shot.behind, z + shot.above
    away = 0.9  # metres
    place = (x + away * math.sin(shot.yaw), y - away * math.cos(shot.yaw), z)
    return Camera(position=place, target=(x, y, z), fov=2.0 * math.atan(0.5 * shot.height / away))


def faded(picture: Tensor) -> Tensor:
    """Return a picture that says only what it is of: grey, and light."""
    return 0.35 + 0.5 * picture.mean(dim=2, keepdim=True).expand(-1, -1, 3)


def save(picture: Tensor, file: Path) -> None:
    """Write a picture, smaller, as a PNG with a palette."""
    pixels = (picture.clamp(0.0, 1.0) * 255.0).round().numpy().astype(np.uint8)
    small = Image.fromarray(pixels).resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    small.quantize(COLOURS, dither=Image.Dither.FLOYDSTEINBERG).save(file, optimize=True)


if __name__ == "__main__":
    main()
