"""Trains decoders of specular and normal maps; `dreamface train pbr-decoders`.

Zhang et al. 2023, "DreamFace", equation 15: the autoencoder's decoder, twice, tuned to give the other maps of the same
person from the latents of the albedo.

OUT/
  model.json, README.md, specular/, normal/   the decoders, as they are installed
  state/                                      what a stopped run goes on from
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from dreamface.errors import BadRequest
from dreamface.guidance import CHANNELS, DESIRED, Decoder, StableDiffusion
from dreamface.guidance.pbr_decoders import WEIGHTS
from dreamface.models.trained import PBR_DECODERS
from dreamface.progress import Progress
from dreamface.training.looping import Loop, check_recipe, claim
from dreamface.training.texture_examples import Examples, TextureExample

_DIRECTION: Final = 1.0  # weight of a normal's direction beside its numbers


@dataclass(frozen=True)
class DecoderRecipe:
    """How decoders are trained.

    Attributes:
        steps: in all.
        batch: examples a step, on each GPU.
        rate: of learning.
        seed: of what is drawn.
        save_every: steps between two states that a stopped run goes on from.
    """

    steps: int = 10_000
    batch: int = 4
    rate: float = 1e-4
    seed: int = 0
    save_every: int = 500

    def check(self) -> None:
        """Refuse what can't be trained.

        Raises:
            BadRequest: a number is out of its range.
        """
        check_recipe(self)


class _Decoders(nn.Module):
    """Both."""

    def __init__(self, autoencoder: Any) -> None:
        super().__init__()
        self.specular, self.normal = (Decoder(autoencoder).float().requires_grad_(True).train() for _ in CHANNELS)

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Return specular and normal maps [B, 3, H, W] as they are encoded, 0..1."""
        return self.specular(latents), self.normal(latents)


def train_pbr_decoders(
    out: Path,
    examples: Examples,
    base: StableDiffusion,
    recipe: DecoderRecipe = DecoderRecipe(),
    *,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Path:
    """Train both decoders, and return their folder. A run that was stopped goes on where its last state was kept.

    Args:
        out: folder of the decoders; it is made where it is not there.
        examples: to learn from; those without specular and normal maps, and undesired ones, are left out.
        base: whose autoencoder they belong to.
        recipe: how they are trained.
        progress: told at every step.

    Raises:
        BadRequest: the recipe can't be trained, there is nothing to learn from, or the folder holds another model.
        MissingDependency: the packages are not installed.
        DreamFaceError: training gave no numbers.
        Cancelled: the progress said so; the last state stays.
    """
    recipe.check()
    usable = [number for number in range(len(examples)) if _is_whole(examples[number])]
    if not usable:
        raise BadRequest("No desired texture has a specular and a normal map: give a folder with some.")
    claim(out, {"base": base.name, **asdict(replace(recipe, steps=0, save_every=1))})
    torch.manual_seed(recipe.seed)
    trained = _Decoders(base.autoencoder)
    loop = Loop.begin(out, trained, recipe.rate, base.device)
    base = base.reading_on(loop.device)

    def loss_of(network: Any, step: int) -> Tensor:
        chance = np.random.default_rng((recipe.seed, step, loop.process))
        people = [examples[usable[int(one)]] for one in chance.integers(0, len(usable), recipe.batch)]
        return loss_of_people(network, people, base, loop.device)

    loop.run(loss_of, recipe.steps, recipe.save_every, progress=progress)
    if loop.writes:
        _write(loop, trained, base, recipe, len(usable), examples.head)
    progress.report("train", 1.0, "The decoders are trained")
    return out


def loss_of_people(network: Any, people: list[TextureExample], base: StableDiffusion, device: torch.device) -> Tensor:
    """Return how far decoded maps are from people's own, where the layout shows the face: numbers, and directions.

    Args:
        network: gives specular and normal maps of latents.
        people: to look at.
        base: that encodes their albedo.
        device: where to compute.
    """
    side = base.side
    albedo, specular, normal = (
        torch.stack([person.map(channel, side) for person in people]).to(device)
        for channel in ("albedo", "specular", "normal")
    )
    face = 1.0 - torch.stack([person.not_face(side) for person in people]).to(device)
    with torch.no_grad():
        latents = base.encode(albedo)
    found_specular, found_normal = network(latents)
    far = (found_specular - specular).abs() + (found_normal - normal).abs()
    turned = 1.0 - cosine_similarity(2.0 * found_normal - 1.0, 2.0 * normal - 1.0, dim=1)[:, None]
    share = face.mean().clamp_min(torch.finfo(torch.float32).eps)
    loss: Tensor = ((far + _DIRECTION * turned) * face).mean() / share
    return loss


def _is_whole(example: TextureExample) -> bool:
    return example.domain == DESIRED and {"specular", "normal"} <= example.images.keys()


def _write(loop: Loop, trained: _Decoders, base: StableDiffusion, recipe: DecoderRecipe, count: int, head: str) -> None:
    """Write the decoders as they are installed."""
    from safetensors.torch import save_file

    with loop.averaged():
        for channel, decoder in zip(CHANNELS, (trained.specular, trained.normal), strict=True):
            (loop.out / channel).mkdir(exist_ok=True)
            weights = {name: value.contiguous().cpu() for name, value in decoder.state_dict().items()}
            save_file(weights, loop.out / channel / WEIGHTS, {"format": "pt"})
    card = f"""# PBR decoders

Made by `dreamface train pbr-decoders` from the autoencoder of {base.name}, under whose licence they stay.

- Learnt from {count:,} textures that have a specular and a normal map.
- {recipe.steps:,} steps of {recipe.batch} for each GPU.
- They read the latents of albedo maps in the UV layout of those textures, and of nothing else.
"""
    loop.describe(PBR_DECODERS.kind, recipe, base.name, head, card)
