"""Pictures of words alone: a diffusion model sampled directly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from dreamface.errors import DreamFaceError
from dreamface.guidance.devices import SLOW, Made, within_memory
from dreamface.guidance.distillation import Clock
from dreamface.guidance.interface import LatentDiffusion, guided_noise, smaller_side
from dreamface.progress import Progress

_TOO_LITTLE: Final = (
    "There is too little memory for diffusion, also for small pictures: close other programs that use it, such as a "
    f"render in Blender, or choose {SLOW}."
)


def sample(
    model: LatentDiffusion,
    words: str,
    steps: int = 30,
    guidance: float = 4.0,
    *,
    seed: int = 0,
    count: int = 1,
    channels: int = 4,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Tensor:
    """Return sRGB-encoded pictures [count, 3, S, S], about 0..1, that a model makes of words.

    Args:
        model: S is its side.
        words: what is wanted.
        steps: of denoising.
        guidance: how far it is led towards the words; 1 is the words alone.
        seed: of the noise that it begins with.
        count: of pictures.
        channels: of the latents.
        progress: told about every step.

    Raises:
        DreamFaceError: the model gave no numbers.
        Cancelled: the progress said so.
    """
    shape = (count, channels, model.side // model.factor, model.side // model.factor)
    latents = sample_latents(model, words, steps, guidance, seed=seed, shape=shape, progress=progress)
    with torch.no_grad():
        return model.decode(latents)


def sample_latents(
    model: LatentDiffusion,
    words: str,
    steps: int,
    guidance: float,
    *,
    seed: int,
    shape: tuple[int, int, int, int],
    what: str = "",
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Tensor:
    """Return latents [B, C, h, w] that a model makes of words.

    Song et al. 2021, "Denoising diffusion implicit models", without random noise.

    Args:
        model: it is asked about all of them at once.
        words: what is wanted.
        steps: of denoising.
        guidance: how far it is led towards the words; 1 is the words alone.
        seed: of the noise that it begins with.
        shape: B, C, h and w.
        what: name of the work for progress, such as "Sampling the texture"; empty: none.
        progress: told about every step.

    Raises:
        DreamFaceError: the model gave no numbers.
        Cancelled: the progress said so.
    """
    wanted, none = model.embed(words), model.embed("")
    # Drawn on the CPU: another device would draw other numbers from the same seed.
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(model.device)
    levels = model.schedule.levels(steps)
    begin, clock = f"{what}, step" if what else "Step", Clock(len(levels))
    for number, (level, following) in enumerate(zip(levels, (*levels[1:], -1), strict=True)):
        left = clock.left(number) if what else ""
        progress.report("diffusion", number / len(levels), f"{begin} {number + 1} of {len(levels)}{left}")
        noise = guided_noise(model, latents, level, wanted, none, guidance)
        latents = model.schedule.step(latents, noise, level, following)
        if not bool(torch.isfinite(latents).all()):
            raise DreamFaceError(
                f"{model.name} gave no numbers (NaN) in step {number + 1} of {len(levels)}: try another seed or less "
                "guidance, or install its checkpoint again."
            )
    return latents


def with_less_memory(make: Callable[[int], Made], model: LatentDiffusion) -> Made:
    """Make something at the model's own side; where that takes too much memory, once more at a smaller one.

    Raises:
        DreamFaceError: there is too little memory for that, too, or the graphics card has stopped working.
    """
    return within_memory(make, (model.side, smaller_side(model, model.side)), _TOO_LITTLE)
