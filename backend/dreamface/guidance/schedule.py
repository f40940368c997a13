"""How a diffusion model adds noise step by step, and takes it away again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Prediction = Literal["epsilon", "v_prediction"]
"""What a denoiser says: the noise, or its velocity (Salimans and Ho 2022, "Progressive distillation", appendix D)."""


@dataclass(frozen=True)
class Schedule:
    """A noise schedule of T levels; level 0 is the least noise.

    Attributes:
        signal: [T] float64 share of the picture's variance that is left at each level (alpha bar of Ho et al. 2020).
    """

    signal: Tensor

    def __len__(self) -> int:
        return len(self.signal)

    @classmethod
    def scaled_linear(cls, first: float = 0.00085, last: float = 0.012, count: int = 1000) -> Schedule:
        """Return Stable Diffusion's own schedule: the square roots of the betas grow evenly."""
        betas = torch.linspace(first**0.5, last**0.5, count, dtype=torch.float64) ** 2
        return cls(torch.cumprod(1.0 - betas, dim=0))

    def levels(self, steps: int) -> tuple[int, ...]:
        """Return the levels of so many even steps, the noisiest first; the last one comes right before the picture."""
        steps = min(steps, len(self))
        return tuple(round((number + 1) * len(self) / steps) - 1 for number in reversed(range(steps)))

    def noised(self, latents: Tensor, noise: Tensor, level: int) -> Tensor:
        """Return latents with noise of a level; level -1 is none.

        Args:
            latents: [...] without noise.
            noise: [...] of deviation 1.
            level: of the schedule.
        """
        if level < 0:
            return latents
        kept = float(self.signal[level])
        return kept**0.5 * latents + (1.0 - kept) ** 0.5 * noise

    def noised_each(self, latents: Tensor, noise: Tensor, level: Tensor) -> Tensor:
        """Return latents [B, ...] with noise [B, ...] of deviation 1, each of its own level [B]."""
        kept = self._kept(level, latents)
        return kept.sqrt() * latents + (1.0 - kept).sqrt() * noise

    def velocity(self, latents: Tensor, noise: Tensor, level: Tensor) -> Tensor:
        """Return what a denoiser of velocities learns to answer; arguments as for `noised_each`."""
        kept = self._kept(level, latents)
        return kept.sqrt() * noise - (1.0 - kept).sqrt() * latents

    def _kept(self, level: Tensor, like: Tensor) -> Tensor:
        """Return [B, 1, ...] the signal at levels [B], to be multiplied with tensors [B, ...] like `like`."""
        # Looked up where it lies: Apple's GPUs know no float64.
        kept = self.signal[level.to(self.signal.device)].to(like.dtype).to(like.device)
        return kept.view(-1, *[1] * (like.dim() - 1))

    def clean(self, latents: Tensor, noise: Tensor, level: int) -> Tensor:
        """Return what latents of a level are without the noise that was found in them."""
        kept = float(self.signal[level])
        return (latents - (1.0 - kept) ** 0.5 * noise) / kept**0.5

    def step(self, latents: Tensor, noise: Tensor, level: int, next_level: int) -> Tensor:
        """Return latents of a level as they are at a less noisy one, or at -1 without noise.

        Song et al. 2021, "Denoising diffusion implicit models", equation 12 without random noise.
        """
        return self.noised(self.clean(latents, noise, level), noise, next_level)

    def noise_of(self, predicted: Tensor, latents: Tensor, level: Tensor, prediction: Prediction) -> Tensor:
        """Return the noise that a denoiser's answer means.

        Args:
            predicted: [B, ...] the answer.
            latents: [B, ...] what it was asked about.
            level: [B] int64.
            prediction: what the answer is.
        """
        if prediction == "epsilon":
            return predicted
        kept = self._kept(level, latents)
        return kept.sqrt() * predicted + (1.0 - kept).sqrt() * latents
