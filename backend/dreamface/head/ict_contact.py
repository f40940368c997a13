"""Where two edges of an opening face each other: how far they gape or cross, and how a correction spreads around them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra
from torch import Tensor

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_DEPTHS: Final = 20  # heights are compared at that many depths per slice
_REACH_SHARE: Final = 0.5  # a correction is averaged over columns within this share of the distance from the edge ...
_REACH_LEAST: Final = 1.5e-3  # ... and within this many metres
_STIFFNESS: Final = 0.05  # keeps what is asked of columns next to the corners small
_STILL: Final = 1e-4  # of a correction; less isn't worth a vertex


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

    def among(self, vertices: Tensor) -> Edge:
        """The same edge numbered by place in `vertices` [N], which are sorted and hold all of its own."""
        first, second = (torch.searchsorted(vertices, own) for own in (self.first, self.second))
        return Edge(first, second, self.share)


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


class Seam:
    """Two edges that are to meet without crossing, and how the surface around them gives way."""

    def __init__(self, upper: Edge, lower: Edge, closing: FloatArray, parting: FloatArray, ring: int) -> None:
        """Prepare.

        Args:
            upper, lower: the edges, with the same slices.
            closing: [V, S] how much a vertex rises if the opening at a slice is to become 1 wider, where a gap is closed.
            parting: [V, S] the same where edges that cross are parted.
            ring: of the edges, along which they touch.
        """
        weights = np.stack([_answering(upper, lower, weights, ring) for weights in (closing, parting)])
        moved = np.flatnonzero(np.abs(weights).max(axis=(0, 2)) > _STILL)
        self.vertices = torch.from_numpy(moved)
        """[K] the vertices that give way."""
        self.known = torch.unique(torch.cat([self.vertices, *(own.reshape(-1) for own in _vertices(upper, lower))]))
        """[N] these and those of the edges, sorted."""
        self._upper, self._lower = upper, lower
        self._closing, self._parting = torch.from_numpy(weights[:, moved]).float()

    def among(self, vertices: Tensor) -> Seam:
        """The same seam numbered by place in `vertices` [N], which are sorted and hold all of `known`."""
        other = copy(self)
        other._upper, other._lower = self._upper.among(vertices), self._lower.among(vertices)
        other.vertices, other.known = (torch.searchsorted(vertices, own) for own in (self.vertices, self.known))
        return other

    def openings(self, points: Tensor, depth: Tensor | None = None) -> Tensor:
        """[..., S] metres that the edges stand apart, from the right corner to the left; below 0 they cross.

        Args:
            points: [..., V, 3] metres.
            depth: [..., V] metres that tell what lies before what; Y unless given. Where the edges share no depth, the
                opening is infinite.
        """
        places = torch.stack((points[..., 1] if depth is None else depth, points[..., 2]), dim=-1)
        return _openings(self._upper.profiles(places), self._lower.profiles(places))

    def rise(self, gaps: Tensor, close: Tensor, overlap: float) -> Tensor:
        """[B, K] metres that `vertices` must rise so that the edges don't cross, and meet where they are to.

        Args:
            gaps: [B, S] from `openings`.
            close: [B] whether they are to meet.
            overlap: metres by which edges that touch are pressed into each other.
        """
        needed = -overlap - gaps
        needed = torch.where(close[:, None], needed, needed.clamp(min=0.0))
        needed = torch.where(torch.isfinite(gaps), needed, 0.0)
        return needed.clamp(max=0.0) @ self._closing.T + needed.clamp(min=0.0) @ self._parting.T


def _answering(upper: Edge, lower: Edge, weights: FloatArray, ring: int) -> FloatArray:
    """[V, S] weights that really open every slice by what is asked for.

    Between two columns, and next to the corners, which stay, plain weights open less.
    """
    rise = torch.from_numpy(weights).float()
    opened = (upper.profiles(rise) - lower.profiles(rise))[:, ring].double().numpy()
    found: FloatArray = weights @ opened.T @ np.linalg.inv(opened @ opened.T + _STIFFNESS * np.eye(len(opened)))
    return found


def _vertices(upper: Edge, lower: Edge) -> tuple[Tensor, ...]:
    return upper.first, upper.second, lower.first, lower.second


def at_slices(place: FloatArray, slices: FloatArray) -> FloatArray:
    """[N, S] linear weights of the slices' values at places [N]; beyond the outermost slices they stay."""
    step = slices[1] - slices[0]
    inside = np.clip(place, slices[0], slices[-1])
    found: FloatArray = np.clip(1.0 - np.abs(inside[:, None] - slices) / step, 0.0, 1.0)
    return found


def _openings(upper: Tensor, lower: Tensor) -> Tensor:
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
