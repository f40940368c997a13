"""The lips of ICT-FaceKit: closed at rest and in what keeps them closed, and never through each other."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor

from dreamface.head.ict_contact import Edge, FloatArray, IntArray, distances, edge, openings, spread
from dreamface.head.ict_openings import Loops

_INMOST, _OUTMOST = -4, 15  # rings of the lips that move as one: a little of the inside to the edge of the red
_CONTACT: Final = 7  # the ring along which they touch
_SLICES: Final = 25
_STIFFNESS: Final = 0.05  # keeps the answer of slices next to the corners small
_REACH_UPPER, _REACH_LOWER = 0.022, 0.028  # metres along the skin that a correction fades over: to the nose, to the chin
OVERLAP: Final = 0.10e-3  # metres by which closed lips are pressed into each other


class Lips:
    """What is known of the lips before any person is."""

    def __init__(self, loops: Loops, neutral: Tensor, faces: Tensor) -> None:
        """Find the vertices that take part.

        Args:
            loops: around the mouth.
            neutral: [V, 3] metres, of the average person.
            faces: [F, 4] of the skin's object, which has the first vertices.
        """
        count = int(faces.max()) + 1
        points = neutral[:count].double().numpy()
        rings = np.stack([loops.ring(step) for step in range(_INMOST, _OUTMOST + 1)])
        upper = np.concatenate(([0], loops.upper, [loops.left]))
        lower = np.concatenate(([0], loops.lower, [loops.left]))
        contact = points[loops.ring(_CONTACT), 0]
        slices = np.linspace(contact.min(), contact.max(), _SLICES + 2)[1:-1]
        self._upper: Edge = edge(list(rings[:, upper]), points[:, 0], slices)
        self._lower: Edge = edge(list(rings[:, lower]), points[:, 0], slices)
        weights = np.zeros((count, _SLICES))
        for columns, direction, reach in ((loops.upper, 1.0, _REACH_UPPER), (loops.lower, -1.0, _REACH_LOWER)):
            weights += direction * _follow(points, faces.numpy(), rings, columns, slices, reach)
        weights = weights @ self._answer(torch.from_numpy(weights).float())
        moved = np.flatnonzero(np.abs(weights).max(axis=1) > 1e-4)
        self.vertices = torch.from_numpy(moved)
        """[K] the vertices that a correction moves."""
        self._weights = torch.from_numpy(weights[moved]).float()

    def openings(self, vertices: Tensor) -> Tensor:
        """[..., S] metres that the lips of [..., V, 3] stand apart from the right corner to the left; below 0 they cross.

        Infinite where the lips are one before the other.
        """
        profiles = self._upper.profiles(vertices), self._lower.profiles(vertices)
        upper, lower = (profile[..., 1:] for profile in profiles)  # depth is Y, height is Z
        return openings(upper, lower)

    def part(self, gaps: Tensor, *, close: Tensor) -> Tensor:
        """[B, K] how much higher `vertices` must lie so that the lips don't cross, and meet where they are to.

        Args:
            gaps: [B, S] from `openings`.
            close: [B] whether the lips are to be closed.
        """
        needed = -OVERLAP - gaps
        needed = torch.where(close[:, None], needed, needed.clamp(min=0.0))
        needed = torch.where(torch.isfinite(gaps), needed, 0.0)
        return needed @ self._weights.T

    def _answer(self, weights: Tensor) -> FloatArray:
        """[S, S] what to ask of `weights` [V, S] so that the opening at every slice becomes 1 wider.

        Between two columns, and next to the corners, which stay, a slice opens less than it is asked to.
        """
        ring = _CONTACT - _INMOST
        opened = self._upper.profiles(weights)[:, ring] - self._lower.profiles(weights)[:, ring]
        found: FloatArray = np.linalg.solve(opened.double().numpy() + _STIFFNESS * np.eye(_SLICES), np.eye(_SLICES))
        return found


def _follow(
    points: FloatArray, faces: IntArray, rings: IntArray, columns: IntArray, slices: FloatArray, reach: float
) -> FloatArray:
    """[V, S] how far each vertex takes part in what is needed at each slice, for one lip's columns."""
    border = rings[-1, columns]
    inmost = rings[0, columns]
    away = np.minimum(
        distances(points, faces, border, reach), distances(points, faces, inmost, reach) * (reach / _REACH_INSIDE)
    )
    weights = spread(away, reach)
    weights[rings[:, columns].ravel()] = 0.0
    for ring in rings[:, columns]:
        weights[ring, np.arange(len(columns))] = 1.0
    found: FloatArray = weights @ _at_slices(points[rings[_CONTACT - _INMOST, columns], 0], slices)
    return found


_REACH_INSIDE: Final = 0.012  # metres that a correction fades over inside the mouth


def _at_slices(place: FloatArray, slices: FloatArray) -> FloatArray:
    """[N, S] linear weights of the slices' values at places [N]; beyond the outermost slices they stay."""
    step = slices[1] - slices[0]
    inside = np.clip(place, slices[0], slices[-1])
    found: FloatArray = np.clip(1.0 - np.abs(inside[:, None] - slices) / step, 0.0, 1.0)
    return found
