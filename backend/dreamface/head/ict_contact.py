"""Where two edges of an opening face each other: how far they gape or cross, and how a correction spreads around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra
from torch import Tensor

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_DEPTHS = 20  # heights are compared at that many depths per slice
_REACH_SHARE = 0.5  # a correction is averaged over columns within this share of the distance from the edge ...
_REACH_LEAST = 1.5e-3  # ... and within this many metres


@dataclass(frozen=True)
class Edge:
    """One edge as profiles across it: slices along the opening, and in each a line of points from inside to outside.

    Attributes:
        first, second: [S, R] vertices that each point lies between.
        share: [S, R] how near it is to the second one, 0..1.
    """

    first: Tensor
    second: Tensor
    share: Tensor

    def profiles(self, vertices: Tensor) -> Tensor:
        """[..., S, R, X] the points, from vertices [..., V, X]."""
        return torch.lerp(vertices[..., self.first, :], vertices[..., self.second, :], self.share[..., None])


def edge(rings: Sequence[IntArray], place: FloatArray, slices: FloatArray) -> Edge:
    """Points of the rings at given places along the opening.

    Args:
        rings: from inside to outside; each [N] vertices of one edge, from corner to corner. Where a ring ends before a
            slice, the next one outwards stands in.
        place: [V] where each vertex lies along the opening.
        slices: [S] increasing, in the same unit.
    """
    first, second, share = (np.zeros((len(slices), len(rings)), dtype=kind) for kind in (np.int64, np.int64, np.float64))
    for index in range(len(rings) - 1, -1, -1):
        ring = rings[index][np.argsort(place[rings[index]], kind="stable")]
        along = place[ring]
        after = np.clip(np.searchsorted(along, slices), 1, len(ring) - 1)
        step = np.maximum(along[after] - along[after - 1], 1e-12)
        first[:, index], second[:, index] = ring[after - 1], ring[after]
        share[:, index] = np.clip((slices - along[after - 1]) / step, 0.0, 1.0)
        outside = (slices < along[0]) | (slices > along[-1])
        if index + 1 < len(rings):
            for array in (first, second, share):
                array[outside, index] = array[outside, index + 1]
    return Edge(torch.from_numpy(first), torch.from_numpy(second), torch.from_numpy(share).float())


def openings(upper: Tensor, lower: Tensor) -> Tensor:
    """[..., S] the least height of the upper edge over the lower one; below 0 they cross.

    Args:
        upper, lower: [..., S, R, 2] profiles as depth and height. Where they share no depth, the opening is infinite.
    """
    near = torch.maximum(upper[..., 0].amin(dim=-1), lower[..., 0].amin(dim=-1))
    far = torch.minimum(upper[..., 0].amax(dim=-1), lower[..., 0].amax(dim=-1))
    steps = torch.linspace(0.01, 0.99, _DEPTHS)
    depths = near[..., None] + (far - near).clamp(min=0.0)[..., None] * steps
    under = _outline(upper, depths, torch.inf).amin(dim=-2)
    over = _outline(lower, depths, -torch.inf).amax(dim=-2)
    return (under - over).amin(dim=-1).masked_fill(far <= near, torch.inf)


def _outline(profile: Tensor, depths: Tensor, nothing: float) -> Tensor:
    """[..., R - 1, D] height of every piece of the profile at every depth; `nothing` where the piece isn't there."""
    start, end = profile[..., :-1, :], profile[..., 1:, :]
    run = end[..., 0] - start[..., 0]
    slope = (end[..., 1] - start[..., 1]) / torch.where(run.abs() < 1e-9, 1e-9, run)
    ahead = depths[..., None, :] - start[..., 0, None]
    heights = torch.addcmul(start[..., 1, None], slope[..., None], ahead)
    inside = (ahead * (depths[..., None, :] - end[..., 0, None])) <= 0.0
    return torch.where(inside, heights, nothing)


def distances(neutral: FloatArray, faces: IntArray, sources: IntArray, reach: float) -> FloatArray:
    """[N, V] metres along edges from each of the sources [N]; infinite beyond `reach`."""
    corners = np.stack((faces, np.roll(faces, -1, axis=1)), axis=-1).reshape(-1, 2)
    across = np.stack((faces[:, [0, 2]], faces[:, [1, 3]]), axis=1).reshape(-1, 2)
    pairs = np.unique(np.sort(np.concatenate((corners, across)), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    lengths = np.linalg.norm(neutral[pairs[:, 0]] - neutral[pairs[:, 1]], axis=1)
    count = len(neutral)
    graph = sp.coo_matrix((lengths, (pairs[:, 0], pairs[:, 1])), shape=(count, count)).tocsr()
    found: FloatArray = dijkstra(graph, directed=False, indices=sources, limit=reach)
    return found


def spread(away: FloatArray, reach: float) -> FloatArray:
    """[V, N] how far each vertex follows each of an edge's columns: 1 in all at the edge, 0 at `reach`.

    Args:
        away: [N, V] metres from every column's vertex on the edge; see `distances`.
        reach: metres.
    """
    least = away.min(axis=0)
    near = np.isfinite(least)
    width = np.maximum(_REACH_SHARE * least[near], _REACH_LEAST)
    weights = np.exp(-np.square((away[:, near] - least[near]) / width))
    weights /= weights.sum(axis=0)
    fade = np.clip(1.0 - least[near] / reach, 0.0, 1.0)
    found = np.zeros((away.shape[1], away.shape[0]))
    found[near] = (weights * (fade * fade * (3.0 - 2.0 * fade))).T
    return found
