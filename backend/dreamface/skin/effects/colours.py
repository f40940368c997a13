"""What effects do with colours."""

from __future__ import annotations

import torch
from torch import Tensor

Colour = tuple[float, float, float]
"""Linear Rec. 709, or factors on it."""


def column(colour: Colour) -> Tensor:
    """Return a colour as [3, 1]."""
    return torch.tensor(colour)[:, None]


def filtered(colour: Colour, amount: Tensor) -> Tensor:
    """Return [3, N] what a filter leaves of the skin's light.

    Args:
        colour: factors that its full thickness leaves.
        amount: [N] thickness.
    """
    return column(colour).pow(amount)


def mixed(one: Colour | Tensor, other: Colour | Tensor, amount: Tensor) -> Tensor:
    """Return [3, N] colours from one at amount [N] 0 to the other at 1."""
    first, second = (column(end) if isinstance(end, tuple) else end for end in (one, other))
    return first + (second - first) * amount


def between(low: float, high: float, share: float) -> float:
    """Return the number at a share 0..1 of the way from one to another."""
    return low + (high - low) * share
