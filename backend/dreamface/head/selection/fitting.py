"""Moving a person's coefficients as little as it takes to measure as asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import torch
from torch import Tensor

_STEPS: Final = 10
_SETTLED: Final = 1e-5  # share of the cost; a step that saves less is somebody's last
_DIFFERENCE: Final = 1e-4  # coefficient step of the numerical derivative


def fit(
    measured: Callable[[Tensor, Tensor], Tensor],
    start: Tensor,
    wanted: Tensor,
    pull: Tensor,
    hold: Tensor,
    limit: Callable[[Tensor], Tensor],
) -> Tensor:
    """Levenberg-Marquardt (Marquardt 1963), N people at once: nearer to what is wanted, no further than it takes.

    Minimises sum pull (wanted - measured)^2 + (values - start)^T hold (values - start) for each.

    With values that are N(0, I) in people, a start drawn from there, hold 1 and pull 1 / tolerance^2, the outcome is a
    draw from the people who measure as wanted, as far as the measurements are linear (Matheron's rule).

    Args:
        measured: some of the people [M], and [M, B, P] values, B sets of each -> [M, B, T] measurements, in standard
            deviations.
        start: [N, P] values.
        wanted: [N, T] measurements.
        pull: [N, T] weights of the measurements.
        hold: [P] weights of the values, or [P, P] a positive definite matrix.
        limit: [N, P] values -> the nearest that are allowed.

    Returns:
        [N, P] values.
    """
    matrix = torch.diag(hold) if hold.dim() == 1 else hold
    steady = torch.diag(matrix.diagonal())
    best, damping = start.clone(), torch.zeros(len(start), dtype=start.dtype)
    least = torch.full_like(damping, torch.inf)
    value, jacobian = torch.empty_like(wanted), torch.empty(*wanted.shape, start.shape[1], dtype=start.dtype)
    moved_on = torch.zeros(len(start), dtype=torch.bool)  # since their slopes were measured

    def judge(rows: Tensor, values: Tensor) -> Tensor:
        """Take values [M, P] of people [M] where they cost less than before; return [M] by what share of it."""
        found = measured(rows, values[:, None])[:, 0]
        moved = values - start[rows]
        cost = (pull[rows] * (wanted[rows] - found).square()).sum(dim=1) + ((moved @ matrix) * moved).sum(dim=1)
        gain = (least[rows] - cost) / least[rows]
        better = cost < least[rows]
        took, values = rows[better], values[better]
        best[took], value[took], least[took], moved_on[took] = values, found[better], cost[better], True
        return torch.where(better, gain, -1.0)

    rows = torch.arange(len(start))
    judge(rows, start)
    for _ in range(_STEPS):
        changed = rows[moved_on[rows]]
        if len(changed):
            jacobian[changed] = _slopes(partial(measured, changed), best[changed])
            moved_on[changed] = False
        slope, pulled = jacobian[rows], pull[rows]
        normal = slope.mT @ (pulled[..., None] * slope) + matrix + damping[rows, None, None] * steady
        gradient = (slope.mT @ (pulled * (wanted[rows] - value[rows]))[..., None])[..., 0]
        gradient = gradient - (best[rows] - start[rows]) @ matrix
        # `normal` is positive definite. MKL's batched LU, in `linalg.solve`, fails on several threads.
        step = torch.cholesky_solve(gradient[..., None], torch.linalg.cholesky(normal))[..., 0]
        gain = judge(rows, limit(best[rows] + step))
        # Where it got no better, the slope may have a kink that was stepped over.
        damping[rows] = torch.where(gain > 0.0, 0.25 * damping[rows], (6.0 * damping[rows]).clamp(min=4.0))
        rows = rows[(gain < 0.0) | (gain > _SETTLED)]
        if not len(rows):
            break
    return best


def _slopes(measured: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
    """Return [M, T, P] how measurements change with values [M, P], by central differences."""
    count = values.shape[1]
    steps = torch.eye(count, dtype=values.dtype) * _DIFFERENCE
    found = measured(values[:, None] + torch.cat((steps, -steps)))
    return ((found[:, :count] - found[:, count:]) / (2.0 * _DIFFERENCE)).mT
