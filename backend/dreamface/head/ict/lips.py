"""The lips of ICT-FaceKit: what moves with them so that they meet and never cross."""

from __future__ import annotations

from typing import Final

import numpy as np

from dreamface.arrays import IntArray
from dreamface.head.ict.contact import Edge, EdgeGraph, Seam
from dreamface.head.ict.openings import Loops

OVERLAP: Final = 0.10e-3  # metres by which closed lips are pressed into each other

INMOST: Final = -4  # first of the rings of the lips that move as one: a little of the inside ...
OUTMOST: Final = 15  # ... to the edge of the red
_CONTACT: Final = 7  # the ring along which they touch
# Metres along the skin that a correction fades over: to the nose, to the chin, inside the mouth.
_REACH_UPPER, _REACH_LOWER, _REACH_INSIDE = 0.022, 0.028, 0.012


def lip_seam(loops: Loops, skin: EdgeGraph) -> Seam:
    """Return the seam of the lips of the average person's skin; both lips give way by the same.

    Its points are X, Y and Z.
    """
    rings = np.stack([loops.ring(step) for step in range(INMOST, OUTMOST + 1)])

    def lip(columns: IntArray, others: IntArray, reach: float) -> Edge:
        edge = rings[:, np.concatenate(([0], columns, [loops.left]))]
        follow = skin.follow(rings[:, columns], reach, _REACH_INSIDE)
        follow[rings[:, others].ravel()] = 0.0
        return Edge(edge, edge[_CONTACT - INMOST], follow, closing=0.5, parting=0.5)

    upper, lower = lip(loops.upper, loops.lower, _REACH_UPPER), lip(loops.lower, loops.upper, _REACH_LOWER)
    return Seam(upper, lower, skin.points[:, 0])
