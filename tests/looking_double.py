"""An encoder of pictures and words that knows a few colours and shapes, for tests and benchmarks without CLIP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import normalize

_FACE: Final = (slice(0.45, 0.70), slice(0.38, 0.60))
"""Shares of a portrait's height and width in which its face lies."""
_HAIR: Final = (slice(0.06, 0.24), slice(0.40, 0.60))
_USUAL: Final = (0.45, 0.35, 0.30, 0.25, 0.15, 1.0)
_WORDS: Final = {
    "quillon": (1.0, 0.0, 0.0, 0.0, 0.0, 0.0),  # a light face
    "merrow": (0.0, 1.0, 0.0, 0.0, 0.0, 0.0),  # a red face
    "vantor": (0.0, 0.0, 0.0, -1.0, 0.0, 0.0),  # dark hair
    "cinnel": (0.0, 0.0, 0.0, 0.0, 1.0, 0.0),  # red hair
}
"""Words that no dictionary has, so that no trait is read from them, and what a picture of them has more of."""


@dataclass(frozen=True)
class LookingDouble:
    """See `head.Encoder`; it sees how light, red and yellow a face is, and how light and red hair is."""

    name: str = "looking double"
    dimension: int = 6

    def images(self, pictures: Tensor) -> Tensor:
        """Return [N, 6] unit embeddings of [N, H, W, 3] pictures."""
        face, hair = (_mean(pictures, place) for place in (_FACE, _HAIR))
        seen = torch.stack(
            (
                face.mean(dim=1), 3.0 * (face[:, 0] - face[:, 1]), 3.0 * (face[:, 1] - face[:, 2]),
                hair.mean(dim=1), 3.0 * (hair[:, 0] - hair[:, 1]), torch.ones(len(pictures)),
            ),
            dim=1,
        )  # fmt: skip
        return normalize(seen, dim=1)

    def texts(self, prompts: Sequence[str]) -> Tensor:
        """Return [N, 6] unit embeddings."""
        said = [[way for word, way in _WORDS.items() if word in prompt] for prompt in prompts]
        meant = torch.stack([0.5 * torch.tensor([(0.0,) * 6, *ways]).sum(dim=0) for ways in said])
        return normalize(torch.tensor(_USUAL) + meant, dim=1)


def _mean(pictures: Tensor, place: tuple[slice, slice]) -> Tensor:
    """Return [N, 3] mean colours of a place."""
    down, right = (
        slice(round(size * part.start), round(size * part.stop))
        for size, part in zip(pictures.shape[1:3], place, strict=True)
    )
    return pictures[:, down, right].mean(dim=(1, 2))
