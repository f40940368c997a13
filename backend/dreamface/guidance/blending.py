"""Blended latent diffusion: a picture is made anew under a mask, and stays as it is elsewhere.

Avrahami et al. 2023, "Blended latent diffusion": after each step, latents outside the mask are replaced by the
picture's own with as much noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d

from dreamface.errors import DreamFaceError
from dreamface.guidance.interface import LatentDiffusion, guided_noise
from dreamface.progress import Progress

_TOUCHED: Final = 1.0 / 512.0  # of a mask: what is less shows nothing


@dataclass(frozen=True)
class Wish:
    """What is to be made.

    Attributes:
        words: what should be there.
        against: what should not.
        steps: of denoising.
        guidance: how far it is led towards the words; 1 is the words alone.
        keep: 0..1 how much of the picture under the mask is kept: 0 begins with noise alone, close to 1 changes
            next to nothing.
        seed: of the noise.
    """

    words: str
    against: str = ""
    steps: int = 30
    guidance: float = 7.5
    keep: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Blended:
    """A picture that was made anew, and the same picture before, both [3, H, W] sRGB-encoded 0..1.

    Attributes:
        after: the new one.
        before: the old one as the autoencoder gives it back, so that what it loses is in both.
    """

    after: Tensor
    before: Tensor


def blend(
    model: LatentDiffusion,
    picture: Tensor,
    mask: Tensor,
    wish: Wish,
    progress: Progress = Progress(),  # noqa: B008
) -> Blended:
    """Make a picture anew under a mask.

    Args:
        model: what makes it.
        picture: [3, H, W] sRGB-encoded 0..1; sides are multiples of `model.factor`.
        mask: [H, W] 0..1; latents that it touches at all are made anew.
        wish: what is to be there.
        progress: told about every step.

    Raises:
        DreamFaceError: the model gave no numbers.
        Cancelled: the progress said so.
    """
    with torch.no_grad():
        progress.report("diffusion", 0.0, "Reading the words")
        words, none = model.embed(wish.words), model.embed(wish.against)
        own = model.encode(picture[None].to(model.device))
        covered = adaptive_max_pool2d(mask[None, None], own.shape[-2:]).to(own) > _TOUCHED
        # Drawn on the CPU: another device would draw other numbers from the same seed.
        random = torch.Generator().manual_seed(wish.seed)
        noise = torch.randn(own.shape, generator=random).to(own)
        levels = model.schedule.levels(wish.steps)
        levels = levels[min(len(levels) - 1, round(wish.keep * len(levels))) :]
        latents = model.schedule.noised(own, noise, levels[0])
        if wish.keep == 0.0:
            latents = torch.where(covered, noise, latents)
        for number, (level, following) in enumerate(zip(levels, (*levels[1:], -1), strict=True)):
            progress.report("diffusion", number / len(levels), f"Diffusion, step {number + 1} of {len(levels)}")
            found = guided_noise(model, latents, level, words, none, wish.guidance)
            latents = model.schedule.step(latents, found, level, following)
            latents = torch.where(covered, latents, model.schedule.noised(own, noise, following))
            _check(latents, number + 1, len(levels))
        after, before = model.decode(latents)[0].float().cpu(), model.decode(own)[0].float().cpu()
        _check(after, len(levels), len(levels))
        _check(before, len(levels), len(levels))
        progress.report("diffusion", 1.0, "Diffusion is done")
        return Blended(after.clamp(0.0, 1.0), before.clamp(0.0, 1.0))


def _check(values: Tensor, step: int, steps: int) -> None:
    if not bool(torch.isfinite(values).all()):
        raise DreamFaceError(
            f"The diffusion model gave no numbers (NaN) in step {step} of {steps}: try another seed or less guidance, "
            "or install its checkpoint again."
        )
