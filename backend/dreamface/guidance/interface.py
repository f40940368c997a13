"""What guidance asks of a diffusion model. Everything else in this room is written against these, not against a kind.

Score distillation, carving and texturing need no more: `encode` and `decode` can be differentiated, `predict_noise`
never is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

import torch
from torch import Tensor

from dreamface.guidance.schedule import Schedule

BLOCK: Final = 8
"""Latents a side that models need multiples of."""

_SMALLER: Final = 0.625  # of a picture's side, where it took too much memory: 320 of 512


@dataclass(frozen=True)
class Prompt:
    """Words as a diffusion model takes them.

    Attributes:
        embedding: [1, L, D].
        cut_off: the end of the words where they are more than the model reads, else empty.
    """

    embedding: Tensor
    cut_off: str = ""


class LatentDiffusion(Protocol):
    """A text-guided diffusion model that works on a small code of a picture, its latents [B, C, h, w].

    It may know pictures of anything, as Stable Diffusion, or texture maps of one UV layout.
    """

    @property
    def name(self) -> str:
        """Which model it is, as a face remembers it."""
        ...

    @property
    def side(self) -> int:
        """Pixels a side of the pictures that it was trained on."""
        ...

    @property
    def factor(self) -> int:
        """Pixels a side that one latent stands for."""
        ...

    @property
    def device(self) -> torch.device:
        """Where its tensors lie."""
        ...

    @property
    def schedule(self) -> Schedule:
        """Its noise."""
        ...

    def embed(self, words: str) -> Prompt:
        """Read words; the empty ones are what guidance leads away from."""
        ...

    def encode(self, pictures: Tensor) -> Tensor:
        """Return the latents of sRGB-encoded pictures [B, 3, H, W], 0..1. Gives the same every time; differentiable."""
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """Return sRGB-encoded pictures [B, 3, H, W], about 0..1, of latents. Differentiable."""
        ...

    def predict_noise(self, latents: Tensor, level: Tensor, embedding: Tensor) -> Tensor:
        """Return the noise [B, C, h, w] that is in latents; without gradients.

        Args:
            latents: [B, C, h, w] with noise.
            level: [B] int64 of the schedule.
            embedding: [B, L, D] of the words.
        """
        ...


def smaller_side(model: LatentDiffusion, side: int) -> int:
    """Return the pixels a side of a picture that takes less memory than one of `side`, and that the model can read."""
    block = BLOCK * model.factor
    return max(block, round(_SMALLER * side / block) * block)


def guided_noise(
    model: LatentDiffusion, latents: Tensor, level: int, words: Prompt, none: Prompt, scale: float
) -> Tensor:
    """Return the noise that is in latents, led towards words: none + scale (words - none).

    Ho and Salimans 2022, "Classifier-free diffusion guidance". Scale 1 is the words alone.

    Args:
        model: it is asked once, about both.
        latents: [B, C, h, w] with noise.
        level: of the schedule.
        words: what is wanted.
        none: what guidance leads away from.
        scale: how far.
    """
    count = len(latents)
    levels = torch.full((2 * count,), level, dtype=torch.int64, device=latents.device)
    embedding = torch.cat((none.embedding.expand(count, -1, -1), words.embedding.expand(count, -1, -1)))
    without, towards = model.predict_noise(torch.cat((latents, latents)), levels, embedding).chunk(2)
    return without + scale * (towards - without)


@dataclass(frozen=True)
class Mixed:
    """Two models of the same latents and the same noise as one: a generic one, and one of texture maps.

    The noise is the weighted sum of what both find (Zhang et al. 2023, "DreamFace", figure 11).

    Attributes:
        generic: reads pictures of anything; it encodes and decodes.
        texture: knows the UV layout.
        share: 0..1 of the texture's.
    """

    generic: LatentDiffusion
    texture: LatentDiffusion
    share: float = 0.5
    _lengths: dict[int, int] = field(default_factory=dict, repr=False, compare=False)
    """Of both embeddings together -> of the generic model's: one of texture maps may have learned tokens more."""

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.generic.name} + {self.texture.name}"

    @property
    def side(self) -> int:
        """The texture's."""
        return self.texture.side

    @property
    def factor(self) -> int:
        """The same for both."""
        return self.generic.factor

    @property
    def device(self) -> torch.device:
        """The same for both."""
        return self.generic.device

    @property
    def schedule(self) -> Schedule:
        """The same for both."""
        return self.generic.schedule

    def embed(self, words: str) -> Prompt:
        """Read words with both; their embeddings lie one after the other, and need not be as long."""
        one, other = self.generic.embed(words), self.texture.embed(words)
        self._lengths[one.embedding.shape[1] + other.embedding.shape[1]] = one.embedding.shape[1]
        return Prompt(torch.cat((one.embedding, other.embedding), dim=1), one.cut_off or other.cut_off)

    def encode(self, pictures: Tensor) -> Tensor:
        """Return latents, by the generic model."""
        return self.generic.encode(pictures)

    def decode(self, latents: Tensor) -> Tensor:
        """Return pictures, by the generic model."""
        return self.generic.decode(latents)

    def predict_noise(self, latents: Tensor, level: Tensor, embedding: Tensor) -> Tensor:
        """Return the weighted sum of the noise that both find."""
        length = self._lengths.get(embedding.shape[1], embedding.shape[1] // 2)
        one, other = embedding[:, :length], embedding[:, length:]
        generic = self.generic.predict_noise(latents, level, one)
        return torch.lerp(generic, self.texture.predict_noise(latents, level, other), self.share)
