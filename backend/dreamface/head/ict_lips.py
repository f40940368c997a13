"""The lips of ICT-FaceKit: what moves with them so that they meet and never cross."""

from __future__ import annotations

from typing import Final

import numpy as np
from torch import Tensor

from dreamface.head.ict_contact import FloatArray, IntArray, Seam, at_slices, distances, edge, spread
from dreamface.head.ict_openings import Loops

OVERLAP: Final = 0.10e-3  # metres by which closed lips are pressed into each other

_INMOST, _OUTMOST = -4, 15  # rings of the lips that move as one: a little of the inside to the edge of the red
_CONTACT: Final = 7  # the ring along which they touch
_SLICES: Final = 25
_REACH_UPPER, _REACH_LOWER = 0.022, 0.028  # metres along the skin that a correction fades over: to the nose, to the chin
_REACH_INSIDE: Final = 0.012  # the same inside the mouth


def lip_seam(loops: Loops, neutral: FloatArray, faces: IntArray) -> Seam:
    """The seam of the lips; both give way by the same.

    Args:
        loops: around the mouth.
        neutral: [V, 3] metres, of the average person's skin.
        faces: [F, 4] of the skin's object.
    """
    rings = np.stack([loops.ring(step) for step in range(_INMOST, _OUTMOST + 1)])
    contact = neutral[loops.ring(_CONTACT), 0]
    slices = np.linspace(contact.min(), contact.max(), _SLICES + 2)[1:-1]
    upper, lower = (
        edge([ring[np.concatenate(([0], columns, [loops.left]))] for ring in rings], neutral[:, 0], slices)
        for columns in (loops.upper, loops.lower)
    )
    weights = np.zeros((len(neutral), _SLICES))
    for columns, direction, reach in ((loops.upper, 0.5, _REACH_UPPER), (loops.lower, -0.5, _REACH_LOWER)):
        lip = rings[:, columns]
        away = np.minimum(
            distances(neutral, faces, lip[-1], reach),
            distances(neutral, faces, lip[0], _REACH_INSIDE) * (reach / _REACH_INSIDE),
        )
        follow = spread(away, reach)
        follow[lip.ravel()] = 0.0
        for ring in lip:
            follow[ring, np.arange(len(columns))] = 1.0
        weights += direction * follow @ at_slices(neutral[lip[_CONTACT - _INMOST], 0], slices)
    return Seam(upper, lower, weights, weights, _CONTACT - _INMOST)
