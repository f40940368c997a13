"""Makes `head/ict_correspondence.npz`: where the built-in head's skin and ICT-FaceKit's lie on each other.

The built-in mean adult is laid onto ICT's neutral by non-rigid registration: a similarity from landmarks, a smooth
warp through landmarks and curves, then iterated closest points with a stiffness that falls step by step (after Amberg,
Romdhani and Vetter 2007, "Optimal step nonrigid ICP algorithms for surface registration"). The edges of the lids, the
lips and the nostrils are held curve on curve; what lies inside of them is only ever matched with what lies inside of
the other's. Both heads are mirrored, and so is the outcome.

Needs ICT-FaceKit to be installed. Run it again with: python -m dreamface.training.ict_correspondence
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from dreamface.head import ict_loops
from dreamface.head.anny import AnnyHead
from dreamface.head.ict_parts import PAPER
from dreamface.head.ict_source import load_source
from dreamface.head.subdivision import unique_edges

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

OUTPUT: Final = Path(__file__).parent.parent / "head" / "ict_correspondence.npz"

PAPER_FACES: Final = 14034
_WEIGHT_STEPS: Final = 65535  # barycentric weights are stored as uint16

# Multi-PIE landmarks that both heads have in the same places; those of the jaw's contour and the outer brows are not.
_SAME_MULTIPIE: Final = (8, 27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45)

# Points of the left ear, neck and skull: (vertex of the built-in cage, vertex of ICT's mesh).
_PAIRS: Final = (
    (4102, 6821), (4105, 6844), (4111, 7285), (4106, 6862), (4108, 6836), (4129, 7222), (4141, 7179), (4256, 7243),
    (4121, 6757), (4430, 7120), (4303, 7098), (4350, 7134), (4364, 6997), (4268, 6961),
)  # fmt: skip

_STIFFNESS: Final = (30.0, 15.0, 8.0, 4.0, 2.0, 1.0, 0.5, 0.25)
_STEPS_EACH: Final = 4
_CURVE_PULL: Final = 30.0
_FACING: Final = 0.3  # least cosine between the normals of matched places
_REACH: Final = (0.03, 0.008)  # metres, first and last: what lies further is not matched


@dataclass(frozen=True)
class Surface:
    """A symmetric triangle mesh.

    Attributes:
        vertices: [N, 3] metres.
        triangles: [T, 3]; 2i and 2i + 1 are quad i.
        mirror: [N] the vertex on the other side.
        zone: [T] 0 outside, 1 inside of the mouth, 2 and 3 behind the left and right lids, 4 and 5 inside the
            nostrils.
    """

    vertices: FloatArray
    triangles: IntArray
    mirror: IntArray
    zone: IntArray


@dataclass(frozen=True)
class Curve:
    """A closed curve, with the places where it meets its partner.

    Attributes:
        points: [N, 3] metres, in order.
        vertices: [N] the surface's vertices where the points are such.
        anchors: [K] indices into the points, in the same order on both surfaces.
    """

    points: FloatArray
    anchors: IntArray
    vertices: IntArray
