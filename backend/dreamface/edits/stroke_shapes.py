"""How far into a stroke each point lies, how wide the stroke is there, and which way it runs: on the skin, in space.

Everything is measured between points in space, so that it goes on over the seams of the texture layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

_Floats = NDArray[np.float64]

OUTSIDE_MM: Final = -9.0
"""Depth of what lies far from any stroke."""

_UNBOUNDED_MM: Final = 20.0  # depth where a stroke has no edge at all
_NEIGHBOURS: Final = 9  # points around one, with itself
_PARTED: Final = 0.8  # length of the mean direction to the edge below which a point has edges on both sides
_ALONG: Final = 48  # points of a stroke's middle whose line is its direction


@dataclass(frozen=True)
class PointShapes:
    """Shapes at N points.

    Attributes:
        depth, radius: [N] millimetres; see `Shape`.
        aside: [N, 3] millimetres from the stroke's middle.
        along: [N, 3] unit direction; either way.
    """

    depth: _Floats
    radius: _Floats
    aside: _Floats
    along: _Floats


def shapes_of(inside: _Floats, edges: _Floats, near: _Floats) -> tuple[PointShapes, PointShapes]:
    """Return shapes at the points inside strokes, and at points near them.

    Args:
        inside: [N, 3] millimetres; evenly spread.
        edges: [E, 3] millimetres; points of the strokes' outlines.
        near: [M, 3] millimetres; points outside.
    """
    if len(edges):
        to_edge = cKDTree(edges)
        depth, edge = to_edge.query(inside)
        outward = (edges[edge] - inside) / np.maximum(depth, 1e-6)[:, None]
    else:
        to_edge, depth, outward = None, np.full(len(inside), _UNBOUNDED_MM), np.tile((1.0, 0.0, 0.0), (len(inside), 1))
    tree = cKDTree(inside)
    _, around = tree.query(inside, k=min(_NEIGHBOURS, len(inside)))
    around = around.reshape(len(inside), -1)
    parted = np.linalg.norm(outward[around].mean(axis=1), axis=1) < _PARTED
    deepest = depth >= depth[around].max(axis=1) - 1e-9
    middle = np.nonzero(parted & (depth >= np.median(depth[around], axis=1)) | deepest)[0]
    # The middle's own points scatter by a texel: the mean of some of them is smoother than any.
    lines = cKDTree(inside[middle])
    _, nearest = lines.query(inside, k=min(6, len(middle)))
    nearest = nearest.reshape(len(inside), -1)
    core = inside[middle][nearest].mean(axis=1)
    aside = inside - core
    radius = np.maximum(depth + np.linalg.norm(aside, axis=1), 1e-3)
    along = _directions(lines, inside[middle])[nearest[:, 0]]
    own = PointShapes(depth, radius, aside, along)
    if not len(near):
        nothing = np.zeros((0, 3))
        return own, PointShapes(np.zeros(0), np.zeros(0), nothing, nothing)
    _, next_to = tree.query(near)
    away = to_edge.query(near)[0] if to_edge is not None else np.full(len(near), -OUTSIDE_MM)
    beside = near - core[next_to]
    return own, PointShapes(-away, radius[next_to], beside, along[next_to])


def _directions(tree: cKDTree, points: _Floats) -> _Floats:
    """Return [N, 3] the way in which the points around each one spread most."""
    if len(points) < 3:
        return np.tile((0.0, 0.0, 1.0), (len(points), 1))
    _, around = tree.query(points, k=min(_ALONG, len(points)))
    spread = points[around] - points[around].mean(axis=1, keepdims=True)
    _, vectors = np.linalg.eigh(np.einsum("nki,nkj->nij", spread, spread))
    found: _Floats = vectors[:, :, -1]
    return found
