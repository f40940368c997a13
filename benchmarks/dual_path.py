"""What two paths of score distillation make of a skin, against either path alone, with the built-in pair of models.

    python benchmarks/dual_path.py [--prompts N] [--steps N] [--data FOLDER] [--sheet FILE.png] [--carve N] [--way NAME]

The question of Zhang et al. 2023 ("DreamFace"), figure 15. Every prompt begins with the same plain person, whose traits
know nothing of the words, and goes through the pipeline's own texturing: with the model of pictures and the model of
textures, with the first alone, with the second alone; and with the second sampled at once, the fast way. The prompts
are those of small_pair.py. The new skin is compared with what our own painter makes of the same words, on the texture
and in pictures of the head. With --data, a folder of `dreamface synthesise`, age is read off, too. With --carve, so
many prompts are carved as well, for the sheet alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, normalize

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "backend"), str(ROOT)]

from benchmarks.small_pair import (  # noqa: E402
    CELL,
    PROMPTS,
    AgeReader,
    Asked,
    ciede2000,
    fine_pattern,
    masks,
    mean_lab,
    references,
    strays,
)
from dreamface.colour import decode_srgb, encode_srgb, lab  # noqa: E402
from dreamface.face import Head  # noqa: E402
from dreamface.guidance import Sitter, small_pair  # noqa: E402
from dreamface.guidance.layering import shown_texels  # noqa: E402
from dreamface.guidance.sitter import PAPER  # noqa: E402
from dreamface.images import encode_unit8, write_png  # noqa: E402
from dreamface.pipeline import Detail, FastDetail, build_head  # noqa: E402
from dreamface.pipeline.detailing import make_detail, sample_skin, texture_skin  # noqa: E402
from dreamface.prior import complete  # noqa: E402
from dreamface.record import FaceRecord  # noqa: E402
from dreamface.render import Seen, Views, front_light, look  # noqa: E402
from dreamface.traits import Traits  # noqa: E402

WAYS: Final = (("both paths", 1.0, 3.0), ("pictures alone", 1.0, 0.0), ("textures alone", 0.0, 3.0))
"""Name, weight of the model of pictures, weight of the model of textures."""

FAST: Final = "textures at once"
"""Name of the fast way, without score distillation."""

PLAIN: Final = Traits({"age": 30.0, "gender": 0.0, "skin.melanin": 0.35})
"""Whom every prompt begins with."""

GUIDANCE: Final = 10.0
SEED: Final = 1
RESOLUTION: Final = 512  # of the painted skin
YAWS: Final = (-0.5, 0.0, 0.5)  # radians, from where the head is looked at
VIEW: Final = 96  # pixels a side of the pictures that are compared
SHEET_VIEW: Final = 64  # and of those on the sheet
COLUMNS: Final = 8  # of the sheet: the first prompts
SHOWN_EVERY: Final = 10  # steps of the pipeline between two pictures of a head as it forms


class Subject:
    """The plain person, and the views of its head."""

    def __init__(self) -> None:
        """Shape it, and look at it."""
        self.traits = complete(PLAIN, SEED)
        self.head: Head = build_head("anny", self.traits, SEED, 0)

    def asked(self, words: str) -> FaceRecord:
        """Return its record with a prompt that its traits know nothing of."""
        return FaceRecord("", words, SEED, RESOLUTION, self.head.model, self.traits, ())

    def make(self, words: str, detail: Detail | FastDetail) -> tuple[Sitter, Tensor]:
        """Return it as it sat, and [3, S, S] its new texture, with the brows that lie on top."""
        pair = small_pair()
        if isinstance(detail, FastDetail):
            sitter, textured = sample_skin(self.head, self.asked(words), detail, pair.texture)
            return sitter, worn(sitter, textured.after[:1])[0]
        sitter, textured = texture_skin(self.head, self.asked(words), detail, pair.picture, pair.texture)
        return sitter, worn(sitter, textured.after[:1])[0]


def worn(sitter: Sitter, bare: Tensor) -> Tensor:
    """Return textures [1, 3, S, S] with what lies on top of them: the plain person's brows."""
    side = bare.shape[-1]
    over = decode_srgb(sitter.skin(side, bare=False)) / decode_srgb(sitter.skin(side)).clamp_min(1e-3)
    return encode_srgb((decode_srgb(bare) * over).clamp(0.0, 1.0))


class Looking:
    """Looks at a head with one skin or another."""

    def __init__(self, sitter: Sitter, size: int, yaws: tuple[float, ...] = YAWS) -> None:
        """Find the pixels once."""
        vertices = sitter.head.vertices
        self.sitter = sitter
        self._views = Views.of([sitter.arc.camera(yaw, 0.0) for yaw in yaws], vertices)
        self._seen: Seen = look(vertices, sitter.mesh, self._views, size)

    def skin(self, texture: Tensor) -> Tensor:
        """Return [N, 3] sRGB-encoded unlit colours of the skin's pixels, of all views."""
        pixels = self.sitter.on_skin(self._seen)[0]
        return self._seen.sample(texture, pixels)

    def picture(self, texture: Tensor) -> Tensor:
        """Return [B, 3, S, S] sRGB-encoded pictures in a light that stays."""
        skin = decode_srgb(texture[None])
        rest = [decode_srgb(image) for image in self.sitter.rest]
        side = texture.shape[-1]
        normal = self.sitter.normals(self._seen, self.sitter.relief(side))
        colours = self.sitter.paint(self._seen, skin, rest) * front_light(self._views).on(normal, self._seen.view)
        grounds = torch.full((len(self._views), 3), PAPER)
        return self._seen.picture(encode_srgb(colours), grounds)


def pixel_differences(own: Tensor, wanted: Tensor) -> float:
    """Return the mean CIEDE2000 of pixels [N, 3], sRGB-encoded, from those that are wanted."""
    one, other = (lab(decode_srgb(some.clamp(0.0, 1.0))) for some in (own, wanted))
    return float(ciede2000(one, other).mean())


def likeness_in_place(pictures: Tensor, wanted: Tensor, where: Tensor) -> np.ndarray:
    """Return [N] -1..1 how a texture's fine pattern agrees with the wanted one, where it should be: correlation.

    Args:
        pictures: [N, 3, S, S].
        wanted: [N, 3, S, S].
        where: [S, S] bool texels that count.
    """

    def pattern(some: Tensor) -> Tensor:
        fine = fine_pattern(some.mean(dim=1, keepdim=True), CELL)
        return normalize(fine[:, 0, where] - fine[:, 0, where].mean(dim=1, keepdim=True), dim=1)

    return (pattern(pictures) * pattern(wanted)).sum(dim=1).numpy()


def measure(textures: Tensor, wanted: Tensor, asked: tuple[Asked, ...], looking: Looking) -> dict[str, np.ndarray]:
    """Return figures by prompt.

    Args:
        textures: [N, 3, S, S] of a way.
        wanted: [N, R, 3, S, S] what our painter makes.
        asked: the prompts.
        looking: at the head.
    """
    skin, lips = masks()
    tones, colours = (torch.stack([mean_lab(some, where).mean(dim=0) for some in wanted]) for where in (skin, lips))
    lip = ciede2000(mean_lab(textures, lips), colours)
    lip[[not one.lips for one in asked]] = np.nan
    seen = [
        np.mean([pixel_differences(looking.skin(texture), looking.skin(one)) for one in some])
        for texture, some in zip(textures, wanted, strict=True)
    ]
    face = shown_texels(looking.sitter)["skin"]
    face = avg_pool2d(face[None], len(face) // wanted.shape[-1])[0] > 0.5
    return {
        "skin tone, CIEDE2000": ciede2000(mean_lab(textures, skin), tones),
        "lip colour where lipstick is asked for, CIEDE2000": lip,
        "all of the skin that pictures show, pixel by pixel, CIEDE2000": np.array(seen),
        "texels that patterns lie from their place, of 64": strays(textures, wanted.mean(dim=(0, 1))),
        "correlation of the pattern in its place": likeness_in_place(textures, wanted.mean(dim=1), face),
    }


def main() -> None:
    """Texture, measure, print, draw."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--prompts", type=int, default=len(PROMPTS), help="how many of them, from the first")
    parser.add_argument("--steps", type=int, default=60, help="of each half of texturing")
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    parser.add_argument("--made", type=Path, help="file that keeps the textures, which the next run measures at once")
    parser.add_argument("--data", type=Path, help="people of `dreamface synthesise`, to train the age classifier")
    parser.add_argument("--work", type=Path, help="where what is read of them is kept")
    parser.add_argument("--sheet", type=Path, help="a picture of all")
    parser.add_argument("--way", action="append", help="only this one; may be repeated; default: all")
    parser.add_argument("--carve", type=int, default=0, help="how many prompts are carved as well, for the sheet")
    given = parser.parse_args()
    if given.carve and given.steps < SHOWN_EVERY:
        parser.error(f"--carve needs --steps {SHOWN_EVERY} or more: that many make a picture")
    torch.set_num_threads(1)
    asked, subject = PROMPTS[: given.prompts], Subject()
    wanted = references(asked)
    sitter, _ = subject.make("", Detail(1, 1.0, carves=False))
    textures = texture_all(subject, asked, given.steps, given.guidance, given.made, given.way)
    plain = worn(sitter, sitter.skin(wanted.shape[-1]))
    textures["the plain person"] = plain.expand(len(asked), -1, -1, -1)
    looking = Looking(sitter, VIEW)
    reader = AgeReader.taught(given.data, given.work) if given.data else None
    for name, some in textures.items():
        print(name)
        for what, figures in measure(some, wanted, asked, looking).items():
            print(f"  {what}: {np.nanmean(figures):.2f}   [{' '.join(f'{figure:.1f}' for figure in figures)}]")
        if reader is not None:
            ages, years = reader.read(some), np.array([one.age for one in asked])
            order = np.corrcoef(ages, years)[0, 1] if ages.std() > 1e-6 else float("nan")
            print(f"  years off the age asked for: {np.abs(ages - years).mean():.1f}, correlation {order:.2f}")
    if given.sheet:
        carved = [carve(subject, one.words, given.steps, given.guidance) for one in asked[: given.carve]]
        draw(given.sheet, wanted[:, 0], textures, Looking(sitter, SHEET_VIEW, (0.0,)), carved)


def texture_all(
    subject: Subject,
    asked: tuple[Asked, ...],
    steps: int,
    guidance: float,
    kept: Path | None,
    only: list[str] | None = None,
) -> dict[str, Tensor]:
    """Return [N, 3, S, S] textures of the prompts by way; those that a file keeps are not made again."""
    made: dict[str, Tensor] = torch.load(kept, weights_only=True) if kept and kept.is_file() else {}
    ways: dict[str, Detail | FastDetail] = {name: Detail(steps, guidance, False, *both) for name, *both in WAYS}
    ways = {name: how for name, how in {**ways, FAST: FastDetail()}.items() if not only or name in only}

    def key(name: str, words: str) -> str:
        how = ways[name]
        return f"{name}, {how.steps} steps, guidance {how.guidance:g}: {words}"

    for one in asked:
        for name, how in ways.items():
            if key(name, one.words) in made:
                continue
            begun = time.process_time()
            made[key(name, one.words)] = subject.make(one.words, how)[1]
            print(f"{time.process_time() - begun:6.1f} s of the core  {key(name, one.words)}", flush=True)
            if kept:
                torch.save(made, kept)
    return {name: torch.stack([made[key(name, one.words)] for one in asked]) for name in ways}


def carve(subject: Subject, words: str, steps: int, guidance: float) -> Tensor:
    """Return [3, S, S], the last picture of a head that the whole of detail by diffusion has made: carved, textured."""
    pair, shown = small_pair(), []
    make_detail(subject.head, subject.asked(words), Detail(steps, guidance), pair.picture, pair.texture,
                forming=shown.append)  # fmt: skip
    print(f"          carved: {words}", flush=True)
    picture = shown[-1].permute(2, 0, 1)
    return interpolate(picture[None], size=(SHEET_VIEW, SHEET_VIEW), mode="area")[0]


def draw(file: Path, wanted: Tensor, textures: dict[str, Tensor], looking: Looking, carved: list[Tensor]) -> None:
    """Write a sheet: a column each of the first prompts; texture and head by our painter and by each way; carved."""
    rows = []
    ways = [name for name, _, _ in WAYS if name in textures] + [name for name in (FAST,) if name in textures]
    for some in (wanted, *(textures[name] for name in ways)):
        rows.append(torch.cat(list(some), dim=2))
        rows.append(torch.cat([looking.picture(texture)[0] for texture in some], dim=2))
    if carved:
        empty = torch.ones_like(carved[0])
        rows.append(torch.cat([*carved, *[empty] * (len(wanted) - len(carved))], dim=2))
    sheet = torch.cat(rows, dim=1)[:, :, : COLUMNS * SHEET_VIEW]
    write_png(encode_unit8(sheet.permute(1, 2, 0)), file)


if __name__ == "__main__":
    main()
