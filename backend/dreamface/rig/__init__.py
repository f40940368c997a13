"""The rig: 52 ARKit blend shapes, and posing a head with them."""

from __future__ import annotations

import torch
from torch import Tensor

from dreamface.traits import ARKIT_SHAPES, Traits

__all__ = ["expression_weights", "pose"]


def expression_weights(traits: Traits) -> Tensor:
    """[52] weights 0..1 of the expression.* traits, in the order of `ARKIT_SHAPES`."""
    return torch.tensor([traits.number(f"expression.{name}") for name in ARKIT_SHAPES])


def pose(vertices: Tensor, shapes: Tensor, weights: Tensor) -> Tensor:
    """[..., V, 3] vertices with blend shapes applied: v + sum_i w_i d_i.

    Args:
        vertices: [V, 3] neutral, metres.
        shapes: [52, V, 3] deltas, metres.
        weights: [..., 52].
    """
    return vertices + torch.einsum("...s,svx->...vx", weights.to(shapes.dtype), shapes)
