"""Damped least squares (Levenberg 1944; Marquardt 1963): steps that always lower the cost, and that can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np

from dreamface.arrays import FloatArray
from dreamface.progress import Progress

MOST_DAMPING: Final = 1e4
"""From which a step is the last that is tried."""

_FIRST_DAMPING: Final = 1e-3
_MORE, _LESS = 8.0, 0.25  # of it, after a step that did not lower the cost, and after one that did

State = TypeVar("State")


def lowered(
    state: State,
    cost_of: Callable[[State], float],
    normal_of: Callable[[State], tuple[FloatArray, FloatArray]],
    moved: Callable[[State, FloatArray], State],
    rounds: tuple[int, float],
    progress: tuple[Progress, str],
) -> State:
    """Return what costs less than a state, by damped Gauss-Newton steps.

    Args:
        state: to begin with.
        cost_of: what is minimised.
        normal_of: the normal equations' matrix [N, N] and right side [N] at a state.
        moved: a state after a step [N].
        rounds: how many steps at most, and the fraction of the cost below which a gain is the last.
        progress: told before every step, and with what words.

    Raises:
        Cancelled: the progress said so.
    """
    (most, settled), (watched, words) = rounds, progress
    cost, damping = cost_of(state), _FIRST_DAMPING
    for number in range(most):
        watched.report("photograph", number / most, words)
        normal, gradient = normal_of(state)
        while True:
            tried = moved(state, np.linalg.solve(normal + damping * np.diag(np.diagonal(normal)), gradient))
            new = cost_of(tried)
            if new < cost or damping > MOST_DAMPING:
                break
            damping *= _MORE
        if not new < cost:  # nor where it is no number
            break
        gained, cost, state, damping = cost - new, new, tried, damping * _LESS
        if gained < settled * cost:
            break
    return state
