"""Soft steps from one value to another."""

from __future__ import annotations

from torch import Tensor


def smoothstep(values: Tensor, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Return 0 up to `low`, 1 from `high` on, smooth between."""
    fraction = (values - low).mul_(1.0 / (high - low)).clamp_(0.0, 1.0)
    return (3.0 - 2.0 * fraction).mul_(fraction).mul_(fraction)


def soft_edge(values: Tensor, width: float) -> Tensor:
    """Return 0 below half of `width` before 0, 1 from half of it behind 0 on, smooth between."""
    return smoothstep(values, -0.5 * width, 0.5 * width)
