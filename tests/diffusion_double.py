"""A diffusion model whose answers are known in closed form, for tests that need no weights."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from dreamface.guidance import Prompt, Schedule


@dataclass
class GaussianDiffusion:
    """Knows pictures of one colour for each word: latents are normal around it, all alike, with a small deviation.

    Its latents are the picture itself, -1..1, on cells of `factor` pixels. The denoiser is the exact one of such a
    Gaussian: E[noise | x_t] = sqrt(1 - a) (x_t - sqrt(a) mean) / (a deviation^2 + 1 - a).

    Attributes:
        means: word -> sRGB colour; other words mean the grey in the middle.
        deviation: of the latents.
        exhausted_above: pixels a side from which it says that the GPU's memory is out; 0 is never.
        nan_from: level of noise below which it gives no numbers; -1 is never.
        pictures: all that it was given to encode.
    """

    means: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    deviation: float = 0.0
    side: int = 64
    factor: int = 4
    exhausted_above: int = 0
    nan_from: int = -1
    name: str = "a double"
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    schedule: Schedule = field(default_factory=Schedule.scaled_linear)
    pictures: list[Tensor] = field(default_factory=list)

    def embed(self, words: str) -> Prompt:
        known = next((colour for word, colour in self.means.items() if word in words), (0.5, 0.5, 0.5))
        return Prompt(torch.tensor(known).view(1, 1, 3), "")

    def encode(self, pictures: Tensor) -> Tensor:
        if self.exhausted_above and pictures.shape[-1] >= self.exhausted_above:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        self.pictures.append(pictures[0])
        return 2.0 * avg_pool2d(pictures, self.factor) - 1.0

    def decode(self, latents: Tensor) -> Tensor:
        return 0.5 * interpolate(latents, scale_factor=self.factor, mode="nearest") + 0.5

    def predict_noise(self, latents: Tensor, level: Tensor, embedding: Tensor) -> Tensor:
        kept = self.schedule.signal[level].float().view(-1, 1, 1, 1)
        mean = 2.0 * embedding[:, 0].view(-1, 3, 1, 1) - 1.0
        noise = (1.0 - kept).sqrt() * (latents - kept.sqrt() * mean)
        noise = noise / (kept * self.deviation**2 + 1.0 - kept)
        return torch.full_like(noise, torch.nan) if int(level[0]) < self.nan_from else noise
