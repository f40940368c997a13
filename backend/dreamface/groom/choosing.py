"""Choosing a hair style by looks: pictures of all styles are embedded and compared with the prompt.

As candidates for the head are (DreamFace, Zhang et al. 2023, section 4.1): the encoder is CLIP or anything else that
puts pictures and texts in one space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.head import Encoder, prompt_likeness

ANCHOR: Final = "a person's hair"
"""The prompt that says nothing; pictures are compared with it as the mean of all styles is (Eq. 3)."""


@dataclass(frozen=True)
class StyleScorer:
    """score = lambda_d s_d + lambda_r s_r (DreamFace, Eq. 2 and 3) of hair styles; see `selection.Scorer`.

    Attributes:
        looks: [S, D] unit embeddings of the styles' pictures.
        prompt: [D] unit embedding of the prompt.
        anchor: [D] unit embedding of `ANCHOR`.
        direct: lambda_d, how much the likeness of picture and prompt counts.
        relative: lambda_r, how much the way from the mean style and from the anchor counts.
    """

    looks: Tensor
    prompt: Tensor
    anchor: Tensor
    direct: float = 0.5
    relative: float = 0.5

    @classmethod
    def of(cls, pictures: Tensor, encoder: Encoder, prompt: str) -> StyleScorer:
        """Return the scorer of a prompt.

        Args:
            pictures: [S, H, W, 3] of the styles, sRGB-encoded 0..1.
            encoder: puts pictures and texts in one space.
            prompt: as the artist typed it.
        """
        text, anchor = encoder.texts((prompt, ANCHOR))
        return cls(encoder.images(pictures).cpu().float(), text.cpu().float(), anchor.cpu().float())

    def score(self, first: int, candidates: Tensor) -> Tensor:
        """Return [N] scores of styles first, first + 1, ...; `candidates` [N, K] only says how many they are."""
        seen = self.looks[first : first + len(candidates)]
        weights = self.direct, self.relative
        return prompt_likeness(seen, self.looks.mean(dim=0), self.prompt, self.anchor, weights)


def best_style(names: Sequence[str], scorer: StyleScorer) -> str:
    """Return the name of the style that fits a prompt best; `names` are in the order of the scorer's pictures."""
    return names[int(scorer.score(0, torch.zeros(len(names), 1)).argmax())]
