"""The production head's lashes; skips where ICT-FaceKit's archive is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from dreamface.head.ict.lashes import _upper_cards, with_curled_lashes
from dreamface.head.ict.openings import PARTS
from dreamface.head.ict.source import IctSource, load_source


@pytest.fixture(scope="module")
def source(ict_models: Path) -> Iterator[IctSource]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DREAMFACE_MODELS", str(ict_models))
        yield load_source()


@pytest.mark.parametrize("side", ["left", "right"])
def test_upper_lashes_turn_up_and_keep_roots_and_lengths(source: IctSource, side: str) -> None:
    curled = with_curled_lashes(source)
    cards = _upper_cards(source, side)
    assert len(cards) == 3
    for card in cards:
        before, after = source.neutral[card], curled.neutral[card]
        assert torch.equal(before[0], after[0])
        lengths = [torch.linalg.vector_norm(points.diff(dim=0), dim=2) for points in (before, after)]
        assert torch.allclose(*lengths, atol=1e-6)
        raised = (after[-1] - before[-1])[:, 2]
        assert float(raised.min()) > 0.001 and 0.003 < float(raised.mean()) < 0.007


def test_nothing_else_moves(source: IctSource) -> None:
    moved = (with_curled_lashes(source).neutral != source.neutral).any(dim=1)
    for part in PARTS.values():
        assert part.name.endswith("lashes") == bool(moved[slice(*part.vertices)].any()), part.name
