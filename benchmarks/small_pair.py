"""What the built-in pair of small diffusion models makes of prompts that it has not seen.

    python benchmarks/small_pair.py [--data FOLDER] [--sheet FILE.png]

Each model is sampled directly: skin tone and lip colour are read off textures and compared with what our own painter
makes of the same words; age is told by a linear classifier that has learnt from synthetic people. With --data, a folder
of `dreamface synthesise`, that classifier is trained and measured, too. The sheet shows texture and picture of each.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "backend"), str(ROOT)]

from dreamface.colour import decode_srgb, encode_srgb, lab  # noqa: E402
from dreamface.guidance import sample, small_pair  # noqa: E402
from dreamface.guidance.small_networks import SIDE  # noqa: E402
from dreamface.images import encode_unit8, write_png  # noqa: E402
from dreamface.language.lexicon import linear  # noqa: E402
from dreamface.language.tables import COLOURS_SRGB  # noqa: E402
from dreamface.pipeline import build_head  # noqa: E402
from dreamface.prior import complete  # noqa: E402
from dreamface.skin import Painter, atlas_of  # noqa: E402
from dreamface.traits import Traits  # noqa: E402


@dataclass(frozen=True)
class Asked:
    """A prompt, and what it asks for.

    Attributes:
        words: of the prompt; none of them is a caption of the training.
        melanin: of the skin.
        woman: whether it is one.
        age: years.
        lips: name of the lipstick's colour, or "".
        more: traits of which nothing is measured, but which a reference has.
    """

    words: str
    melanin: float
    woman: bool
    age: float
    lips: str = ""
    more: tuple[tuple[str, float | str], ...] = ()


GREY_BEARD: Final = (("beard.style", "full"), ("beard.density", 0.9), ("hair.grey", 1.0))
PROMPTS: Final = (
    Asked("a very dark-skinned woman with red lipstick", 0.88, True, 30, "red"),
    Asked("a pale old man with a grey beard", 0.08, False, 75, "", GREY_BEARD),
    Asked("a pale young woman wearing purple lipstick", 0.08, True, 24, "purple"),
    Asked("a brown-skinned girl, ten years old", 0.45, True, 10),
    Asked("an elderly black man with a white beard", 0.85, False, 78, "", GREY_BEARD),
    Asked("a light-skinned woman in her thirties with pink lips", 0.19, True, 35, "pink"),
    Asked("a tanned young man, clean-shaven", 0.32, False, 25),
    Asked("a dark old woman", 0.62, True, 78),
    Asked("a porcelain-skinned old lady with coral lipstick", 0.05, True, 77, "coral"),
    Asked("an ebony young man with a full black beard", 0.9, False, 25, "", (("beard.style", "full"),)),
    Asked("a middle-aged olive-skinned woman with plum lipstick", 0.32, True, 50, "plum"),
    Asked("a fair little boy", 0.1, False, 8),
    Asked("a deep brown woman with orange lipstick", 0.72, True, 32, "orange"),
    Asked("a pale woman with black lipstick, twenty", 0.08, True, 20, "black"),
    Asked("an aged man with brown skin and wrinkles", 0.45, False, 82),
    Asked("a dark-skinned woman with blue lipstick", 0.62, True, 30, "blue"),
    Asked("a very pale teenage boy", 0.05, False, 16),
    Asked("a light old woman with crimson lips", 0.19, True, 74, "crimson"),
    Asked("a black lady with hot pink lipstick", 0.85, True, 35, "hot pink"),
    Asked("a brown middle-aged man with a moustache", 0.45, False, 50, "", (("beard.style", "moustache"),)),
)
STEPS: Final = 20
GUIDANCES: Final = (1.0, 4.0)
SEEDS: Final = 2  # samples of each prompt
REFERENCES: Final = 2  # people that our own painter makes of each prompt
COLUMNS: Final = 5  # of the sheet
ZOOM: Final = 3
CELL: Final = 8  # texels over which a pattern is averaged away


def masks() -> tuple[Tensor, Tensor]:
    """Return [S, S] where cheeks, and where the lips that are seen lie in the face's tile."""
    topology = build_head("anny", complete(Traits(), 0), 0, 0).topology
    atlas = atlas_of(topology, "skin", 4 * SIDE)
    cheeks, lips = atlas.region("cheeks"), atlas.region("lips_upper", "lips_lower")
    lips = lips * (1.0 - atlas.region("mouth_inside"))  # what lies inside wears no lipstick
    return avg_pool2d(cheeks[None], 4)[0] > 0.6, avg_pool2d(lips[None], 4)[0] > 0.6


def mean_lab(pictures: Tensor, mask: Tensor) -> Tensor:
    """Return [N, 3] mean CIE L*a*b* of pictures [N, 3, S, S] where a mask is."""
    linear = decode_srgb(pictures.clamp(0.0, 1.0))[:, :, mask].mean(dim=2)
    return lab(linear)


def ciede2000(one: Tensor, other: Tensor) -> np.ndarray:
    """Return [N] colour differences (Sharma et al. 2005)."""
    import colour

    return np.asarray(colour.delta_E(one.numpy(), other.numpy(), method="CIE 2000"))


def reference(asked: Asked, seed: int) -> Tensor:
    """Return [3, S, S] the texture that our painter makes of what is asked for."""
    traits: dict = {"skin.melanin": asked.melanin, "gender": -0.9 if asked.woman else 0.9, "age": float(asked.age)}
    traits |= dict(asked.more)
    if asked.lips:
        traits["lipstick"] = (*linear(COLOURS_SRGB[asked.lips]), 0.9)
    person = complete(Traits(traits), seed)
    head = build_head("anny", person, seed, 0)
    maps = Painter().paint(head, person, resolution=2 * SIDE, seed=seed)
    return avg_pool2d(encode_srgb(maps["skin"]["albedo"]).permute(2, 0, 1)[None], 2)[0]


def references(asked: tuple[Asked, ...]) -> Tensor:
    """Return [N, R, 3, S, S] the textures that our painter makes of prompts, of R people each."""
    return torch.stack([torch.stack([reference(one, seed) for seed in range(REFERENCES)]) for one in asked])


class AgeReader:
    """Ridge regression from a texture's colours to its age, with the shrinkage that suits held-out people best.

    Attributes:
        error: mean absolute error on held-out people, years.
        spread: mean absolute difference from the people's mean age, years: the error of a reader that only knows that.
    """

    def __init__(self, textures: Tensor, ages: np.ndarray) -> None:
        seen = self._seen(textures)
        self._middle, self._age = seen.mean(axis=0), float(ages.mean())
        self.spread = float(np.abs(ages - self._age).mean())
        centred = seen - self._middle
        held = np.arange(len(ages)) % 10 == 0
        gram = centred[~held].T @ centred[~held]
        wanted = centred[~held].T @ (ages[~held] - self._age)
        self.error = np.inf
        for shrinkage in (3.0, 10.0, 30.0, 100.0, 300.0):
            weights = np.linalg.solve(gram + shrinkage * np.eye(len(gram)), wanted)
            error = float(np.abs(centred[held] @ weights + self._age - ages[held]).mean())
            if error < self.error:
                self.error, self._weights = error, weights

    def read(self, textures: Tensor) -> np.ndarray:
        """Return [N] years of textures [N, 3, S, S]."""
        return (self._seen(textures) - self._middle) @ self._weights + self._age

    @classmethod
    def taught(cls, data: Path, work: Path | None) -> AgeReader:
        """Return a reader that has learnt from people of `dreamface synthesise`.

        Args:
            data: folder of the people.
            work: where what is read of them is kept; None: beside them.
        """
        from dreamface.training.small_pair import as_network_takes, load_people

        people = load_people(data, work or data)
        ages = np.array([label["traits"]["age"] for label in people.labels])
        return cls(0.5 * as_network_takes(people.albedo) + 0.5, ages)

    @staticmethod
    def _seen(textures: Tensor) -> np.ndarray:
        small = avg_pool2d(textures.clamp(0.0, 1.0), 4)
        detail = fine_pattern(textures, 4)
        rough = avg_pool2d(detail.square().mean(dim=1, keepdim=True), 4).clamp_min(1e-8).log()
        return torch.cat((small.flatten(1), 0.1 * rough.flatten(1)), dim=1).double().numpy()


def fine_pattern(pictures: Tensor, cell: int) -> Tensor:
    """Return pictures [N, C, S, S] without what is larger than cells of so many texels."""
    return pictures - interpolate(avg_pool2d(pictures, cell), scale_factor=cell, mode="bilinear")


def strays(pictures: Tensor, template: Tensor) -> np.ndarray:
    """Return [N] texels that a texture's pattern lies from its place: the best of all small shifts."""

    def pattern(some: Tensor) -> Tensor:
        detail = fine_pattern(some.mean(dim=1, keepdim=True), CELL)
        return detail / detail.square().mean(dim=(2, 3), keepdim=True).sqrt().clamp_min(1e-6)

    own, wanted = pattern(pictures), pattern(template[None])
    shifts = [(down, across) for down in range(-4, 5) for across in range(-4, 5)]
    likeness = torch.stack([(torch.roll(own, shift, (2, 3)) * wanted).mean(dim=(1, 2, 3)) for shift in shifts])
    return np.array([np.hypot(*shifts[int(best)]) for best in likeness.argmax(dim=0)])


def main() -> None:
    """Sample, measure, print, draw."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, help="people of `dreamface synthesise`, to train the age classifier")
    parser.add_argument("--work", type=Path, help="where what is read of them is kept")
    parser.add_argument("--sheet", type=Path, help="a picture of all")
    given = parser.parse_args()
    torch.set_num_threads(1)
    pair = small_pair()
    skin, lips = masks()
    wanted = references(PROMPTS)
    wanted_skin = torch.stack([mean_lab(some, skin).mean(dim=0) for some in wanted])
    wanted_lips = torch.stack([mean_lab(some, lips).mean(dim=0) for some in wanted])
    template = wanted.mean(dim=(0, 1))
    reader = AgeReader.taught(given.data, given.work) if given.data else None
    if reader is not None:
        print(f"age classifier: {reader.error:.1f} years off on held-out people (their mean: {reader.spread:.1f})")
    for guidance in GUIDANCES:
        begun = time.perf_counter()
        made = torch.stack([sample(pair.texture, one.words, STEPS, guidance, seed=7, count=SEEDS) for one in PROMPTS])
        made = made.clamp(0.0, 1.0)
        seconds = (time.perf_counter() - begun) / (len(PROMPTS) * SEEDS)
        flat = made.flatten(0, 1)
        count = SEEDS
        tone = ciede2000(mean_lab(flat, skin), wanted_skin.repeat_interleave(count, dim=0)).reshape(-1, count)
        other = ciede2000(mean_lab(flat, skin), wanted_skin.roll(7, 0).repeat_interleave(count, dim=0))
        painted = torch.tensor([bool(asked.lips) for asked in PROMPTS])
        own_lips = mean_lab(flat, lips).reshape(-1, count, 3)
        lip = ciede2000(own_lips[painted].flatten(0, 1), wanted_lips[painted].repeat_interleave(count, dim=0))
        print(f"guidance {guidance:g}: {seconds:.2f} s a texture of {STEPS} steps")
        print(f"  skin tone: CIEDE2000 {tone.mean():.1f} (to another prompt's: {other.mean():.1f})")
        print(f"  lip colour where lipstick is asked for: CIEDE2000 {lip.mean():.1f}")
        print(f"  patterns stray {strays(flat, template).mean():.2f} texels of {SIDE}")
        if reader is not None:
            ages = reader.read(flat).reshape(-1, count).mean(axis=1)
            asked_ages = np.array([asked.age for asked in PROMPTS])
            order = np.corrcoef(ages, asked_ages)[0, 1]
            print(f"  age: {np.abs(ages - asked_ages).mean():.1f} years off, correlation {order:.2f}")
        if guidance == GUIDANCES[-1]:
            for asked, tones in zip(PROMPTS, tone, strict=True):
                print(f"    {tones.mean():5.1f}  {asked.words}")
    if given.sheet:
        draw(given.sheet, GUIDANCES[-1])


def draw(file: Path, guidance: float) -> None:
    """Write a sheet: of each prompt a texture and two pictures."""
    pair, cells = small_pair(), []
    for asked in PROMPTS:
        texture = sample(pair.texture, asked.words, STEPS, guidance, seed=7)
        pictures = sample(pair.picture, asked.words, STEPS, guidance, seed=7, count=2)
        cells.append(torch.cat([*texture, *pictures], dim=2).clamp(0.0, 1.0))
    rows = [torch.cat(cells[start : start + COLUMNS], dim=2) for start in range(0, len(cells), COLUMNS)]
    sheet = interpolate(torch.cat(rows, dim=1)[None], scale_factor=ZOOM, mode="bicubic")[0]
    write_png(encode_unit8(sheet.permute(1, 2, 0)), file)


if __name__ == "__main__":
    main()
