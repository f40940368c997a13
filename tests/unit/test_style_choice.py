"""Choosing a hair style by looks."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.groom import StyleScorer, best_style


class Brightness:
    """An encoder of pictures and prompts by how bright they are, with a part that all of them share."""

    name, dimension = "brightness", 3

    def images(self, pictures: Tensor) -> Tensor:
        bright = pictures.mean(dim=(1, 2, 3))
        return normalize(torch.stack((bright, 1.0 - bright, torch.ones_like(bright)), dim=1), dim=1)

    def texts(self, prompts: Sequence[str]) -> Tensor:
        meant = {"white hair": (1.0, 0.0, 2.0), "black hair": (0.0, 1.0, 2.0)}
        return normalize(torch.tensor([meant.get(prompt, (0.5, 0.5, 2.0)) for prompt in prompts]), dim=1)


def test_the_style_that_looks_like_the_prompt_is_chosen() -> None:
    pictures = torch.tensor([0.1, 0.5, 0.9])[:, None, None, None].expand(-1, 8, 8, 3)
    for prompt, meant in (("white hair", "grey_bob"), ("black hair", "dark_afro")):
        scorer = StyleScorer.of(pictures, Brightness(), prompt)
        assert best_style(("dark_afro", "brown_bun", "grey_bob"), scorer) == meant


def test_a_block_of_styles_is_scored_as_all_are() -> None:
    pictures = torch.rand(5, 8, 8, 3, generator=torch.Generator().manual_seed(0))
    scorer = StyleScorer.of(pictures, Brightness(), "white hair")
    whole = scorer.score(0, torch.zeros(5, 1))
    assert torch.equal(whole[2:4], scorer.score(2, torch.zeros(2, 1)))
