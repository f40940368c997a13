"""Pictures of words alone: a diffusion model sampled directly."""

from __future__ import annotations

import torch
from torch import Tensor

from dreamface.errors import DreamFaceError
from dreamface.guidance.interface import LatentDiffusion, guided_noise
from dreamface.progress import Progress


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

    Song et al. 2021, "Denoising diffusion implicit models", without random noise.

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
    wanted, none = model.embed(words), model.embed("")
    side = model.side // model.factor
    noises = torch.Generator().manual_seed(seed)
    latents = torch.randn(count, channels, side, side, generator=noises).to(model.device)
    levels = model.schedule.levels(steps)
    for number, (level, following) in enumerate(zip(levels, (*levels[1:], -1), strict=True)):
        progress.report("diffusion", number / len(levels), f"Step {number + 1} of {len(levels)}")
        noise = guided_noise(model, latents, level, wanted, none, guidance)
        latents = model.schedule.step(latents, noise, level, following)
        if not bool(torch.isfinite(latents).all()):
            raise DreamFaceError(
                f"{model.name} gave no numbers (NaN) in step {number + 1} of {len(levels)}: try another seed or less "
                "guidance, or install its checkpoint again."
            )
    with torch.no_grad():
        return model.decode(latents)
