"""Moving a person's coefficients as little as it takes to measure as asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

_STEPS: Final = 10
_DIFFERENCE: Final = 1e-4  # coefficient step of the numerical derivative


def fit(
    measured: Callable[[Tensor], Tensor],
    start: Tensor,
    wanted: Tensor,
    pull: Tensor,
    hold: Tensor,
    limit: Callable[[Tensor], Tensor],
) -> Tensor:
    """Levenberg-Marquardt (Marquardt 1963): nearer to what is wanted, no further from the start than it takes.

    Minimises sum pull (wanted - measured)^2 + (values - start)^T hold (values - start).

    With values that are N(0, I) in people, a start drawn from there, hold 1 and pull 1 / tolerance^2, the outcome is a
    draw from the people who measure as wanted, as far as the measurements are linear (Matheron's rule).

    Args:
        measured: [B, P] values -> [B, T] measurements, in standard deviations.
        start: [P] values.
        wanted: [T] measurements.
        pull: [T] weights of the measurements.
        hold: [P] weights of the values, or [P, P] a positive definite matrix.
        limit: [P] values -> the nearest that are allowed.

    Returns:
        [P] values.
    """

    def held(moved: Tensor) -> Tensor:
        return hold * moved if hold.dim() == 1 else hold @ moved

    def judge(values: Tensor) -> tuple[float, Tensor, Tensor]:
        value, jacobian = _linearise(measured, values)
        cost = (pull * (wanted - value).square()).sum() + ((values - start) * held(values - start)).sum()
        return float(cost), value, jacobian

    matrix = torch.diag(hold) if hold.dim() == 1 else hold
    best, damping = start, 0.0
    least, value, jacobian = judge(start)
    for _ in range(_STEPS):
        normal = jacobian.T @ (pull[:, None] * jacobian) + matrix + damping * torch.diag(matrix.diagonal())
        gradient = jacobian.T @ (pull * (wanted - value)) - held(best - start)
        tried = limit(best + torch.linalg.solve(normal, gradient))
        cost, new_value, new_jacobian = judge(tried)
        if cost < least:
            best, least, value, jacobian, damping = tried, cost, new_value, new_jacobian, 0.25 * damping
        else:  # the slope may have a kink that was stepped over
            damping = max(4.0, 6.0 * damping)
    return best


def _linearise(measured: Callable[[Tensor], Tensor], values: Tensor) -> tuple[Tensor, Tensor]:
    """Return [T] measurements at `values` [P] and [T, P] their derivatives by central differences."""
    steps = torch.eye(len(values), dtype=values.dtype) * _DIFFERENCE
    deviations = measured(torch.cat((values[None], values + steps, values - steps)))
    count = len(values)
    slope = (deviations[1 : count + 1] - deviations[count + 1 :]) / (2.0 * _DIFFERENCE)
    return deviations[0], slope.T
