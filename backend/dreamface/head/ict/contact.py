"""Where two edges of an opening face each other: how far they gape or cross, and how the surface around gives way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp
import torch
from scipy.sparse.csgraph import dijkstra
from torch import Tensor

from dreamface.arrays import FloatArray, IntArray

_SLICES: Final = 35  # across the opening, in which the edges are compared
_DEPTHS: Final = 20  # heights are compared at that many depths per slice
_REACH_SHARE: Final = 0.8  # a correction is averaged over columns within this share of the distance from the edge ...
_REACH_LEAST: Final = 2.5e-3  # ... and within this many metres
_STIFFNESS: Final = 0.03  # against waves along an edge
_LEAST: Final = 0.02  # keeps what is asked of columns next to the corners small
_ROUNDS: Final = 6  # of measuring an opening and moving its edges
_STILL: Final = 1e-4  # of a correction; less isn't worth a vertex


@dataclass(frozen=True)
class Edge:
    """One edge of an opening, such as the upper lip.

    Attributes:
        rings: [R, N] vertices from inside to outside, each from the right corner to the left. A ring with fewer columns
            repeats its last vertex.
        contact: [N' + 2] the ring along which the edges touch.
        follow: [V, N'] how far each vertex takes part in what is asked of the columns between the corners.
        closing: share of a gap that this edge closes.
        parting: share of a crossing that this edge gives way by.
    """

    rings: IntArray
    contact: IntArray
    follow: FloatArray
    closing: float
    parting: float


def padded(rings: Sequence[IntArray]) -> IntArray:
    """Return [R, N] rings of different lengths as one array; see `Edge.rings`."""
    longest = max(map(len, rings))
    return np.stack([np.pad(ring, (0, longest - len(ring)), mode="edge") for ring in rings])


class Seam:
    """Two edges that are to meet without crossing.

    It is asked about points given as three numbers: how far along the opening from the right corner, how deep, and how
    high. For lips these are X, Y and Z.
    """

    def __init__(self, upper: Edge, lower: Edge, along: FloatArray) -> None:
        """Prepare.

        Args:
            upper: one edge; both hold the corners.
            lower: the other.
            along: [V] of the average person.
        """
        edges = (upper, lower)
        moved = np.flatnonzero(np.any([(edge.follow > _STILL).any(axis=1) for edge in edges], axis=0))
        known = np.unique(np.concatenate([moved, *(edge.rings.ravel() for edge in edges)]))
        self.known = torch.from_numpy(known)
        """[K] the vertices that it looks at or moves."""
        self._rings = [torch.from_numpy(np.searchsorted(known, edge.rings)) for edge in edges]
        self._contacts = [torch.from_numpy(np.searchsorted(known, edge.contact)) for edge in edges]
        self._columns = [torch.from_numpy(np.searchsorted(known, edge.contact[1:-1])) for edge in edges]
        self._corners = torch.from_numpy(np.searchsorted(known, upper.contact[[0, -1]]))
        follow = (upper.follow, -lower.follow)
        self._follow = [torch.from_numpy(weights[known].T).float() for weights in follow]
        self._closing = _answer(edges, along, [edge.closing for edge in edges])
        self._parting = _answer(edges, along, [edge.parting for edge in edges])
        self._shares = [(edge.closing, edge.parting) for edge in edges]

    def openings(self, points: Tensor) -> Tensor:
        """Return [B, S] how far the edges stand apart, from the right corner to the left; below 0 they cross.

        Args:
            points: [B, K, 3] along, depth and height of `known`. Where the edges share no depth, the nearest count.
        """
        slices = self._slices(points)
        upper, lower = (_profiles(points[:, rings], slices) for rings in self._rings)
        return _openings(upper, lower)

    def meet(self, points: Tensor, close: Tensor, overlap: float) -> Tensor:
        """Return [B, K] how much `known` must rise in all, measured again after each step; see `rise`."""
        moved = points.clone()
        waiting = torch.arange(len(points))
        for _ in range(_ROUNDS):
            gaps = self.openings(moved[waiting])
            off = (gaps < -2.0 * overlap) | (close[waiting, None] & (gaps > 0.0))
            waiting, gaps = waiting[off.any(dim=1)], gaps[off.any(dim=1)]
            if len(waiting) == 0:
                break
            moved[waiting, :, 2] += self.rise(moved[waiting], gaps, close[waiting], overlap)
        return moved[..., 2] - points[..., 2]

    def rise(self, points: Tensor, gaps: Tensor, close: Tensor, overlap: float) -> Tensor:
        """Return [B, K] how much `known` must rise so that the edges don't cross, and meet where they are to.

        Args:
            points: [B, K, 3], as for `openings`.
            gaps: [B, S], from there.
            close: [B] whether they are to meet.
            overlap: by how much edges that touch are pressed into each other.
        """
        needed = -overlap - gaps
        closing = torch.where(close[:, None], needed.clamp(max=0.0), 0.0) @ self._closing.T
        parting = needed.clamp(min=0.0) @ self._parting.T
        right, left = points[:, self._corners, 0].unbind(1)
        found = points.new_zeros(points.shape[:2])
        for columns, follow, (closes, parts) in zip(self._columns, self._follow, self._shares, strict=True):
            place = (points[:, columns, 0] - right[:, None]) / (left - right)[:, None]
            found += _at_place(closes * closing + parts * parting, place) @ follow
        return found

    def together(self, points: Tensor, moved: Tensor) -> Tensor:
        """[K, 3] what to add to offsets [K, 3] of `known`, at rest in points [K, 3], so that both edges move alike."""
        rest = points[None]
        slices = self._slices(rest)
        upper, lower = (
            torch.stack([
                _profiles(torch.stack((rest[:, contact, 0], offsets, offsets), dim=-1)[:, None], slices)[:, :, 0, 0]
                for offsets in moved[None, contact].unbind(-1)
            ], dim=-1)
            for contact in self._contacts
        )  # fmt: skip
        apart = 0.5 * (lower - upper)
        right, left = rest[:, self._corners, 0].unbind(1)
        found = torch.zeros_like(moved)
        for columns, follow in zip(self._columns, self._follow, strict=True):
            place = (rest[:, columns, 0] - right[:, None]) / (left - right)[:, None]
            for axis in range(3):
                found[:, axis] += (_at_place(apart[..., axis], place) @ follow)[0]
        return found

    def _slices(self, points: Tensor) -> Tensor:
        """Return [B, S] places along the opening."""
        right, left = points[:, self._corners, 0].unbind(1)
        return right[:, None] + (left - right)[:, None] * _fractions()


def _fractions() -> Tensor:
    return (torch.arange(_SLICES) + 1.0) / (_SLICES + 1.0)


def _at_place(values: Tensor, place: Tensor) -> Tensor:
    """Return [B, N] values [B, S] at the slices, interpolated at places [B, N], 0..1; 0 in the corners."""
    known = torch.nn.functional.pad(values, (1, 1))
    index = (place * (_SLICES + 1.0)).clamp(0.0, _SLICES + 0.999)
    low = index.floor()
    return torch.lerp(known.gather(1, low.long()), known.gather(1, low.long() + 1), index - low)


def _profiles(points: Tensor, slices: Tensor) -> Tensor:
    """Return [B, S, R, 2] depth and height where the rings [B, R, N, 3] pass the slices [B, S].

    Where a ring ends before a slice, the next one outwards stands in.
    """
    along = points[..., 0].cummax(dim=-1).values.contiguous()
    asked = slices[:, None].expand(-1, points.shape[1], -1).contiguous()
    after = torch.searchsorted(along, asked).clamp(1, along.shape[-1] - 1)
    start, end = along.gather(-1, after - 1), along.gather(-1, after)
    share = ((asked - start) / (end - start).clamp(min=1e-9)).clamp(0.0, 1.0)[..., None]
    places = points[..., 1:]
    pick = after[..., None].expand(-1, -1, -1, 2)
    found = torch.lerp(places.gather(2, pick - 1), places.gather(2, pick), share)
    outside = (asked < along[..., :1]) | (asked > along[..., -1:])
    for ring in range(points.shape[1] - 2, -1, -1):
        found[:, ring] = torch.where(outside[:, ring, :, None], found[:, ring + 1], found[:, ring])
    return found.transpose(1, 2)


def _openings(upper: Tensor, lower: Tensor) -> Tensor:
    """[..., S] the least height of the upper profiles [..., S, R, 2] over the lower ones, of depth and height."""
    near = torch.maximum(upper[..., 0].amin(dim=-1), lower[..., 0].amin(dim=-1))
    far = torch.minimum(upper[..., 0].amax(dim=-1), lower[..., 0].amax(dim=-1))
    steps = torch.linspace(0.01, 0.99, _DEPTHS)
    depths = near[..., None] + (far - near).clamp(min=0.0)[..., None] * steps
    under = _outline(upper, depths, torch.inf).amin(dim=-2)
    over = _outline(lower, depths, -torch.inf).amax(dim=-2)
    return torch.where(far > near, (under - over).amin(dim=-1), _opening_apart(upper, lower))


def _opening_apart(upper: Tensor, lower: Tensor) -> Tensor:
    """Return [..., S] how much higher the upper profile is than the lower one where they are nearest in depth."""
    upper_behind = upper[..., 0].amax(dim=-1) < lower[..., 0].amin(dim=-1)
    ends = []
    for profile, outer_end in ((upper, upper_behind), (lower, ~upper_behind)):
        depth, height = profile.unbind(-1)
        end = torch.where(outer_end, depth.argmax(dim=-1), depth.argmin(dim=-1))
        ends.append(height.gather(-1, end[..., None])[..., 0])
    return ends[0] - ends[1]


def _outline(profile: Tensor, depths: Tensor, nothing: float) -> Tensor:
    """[..., R - 1, D] height of every piece of the profile at every depth; `nothing` where the piece isn't there."""
    start, end = profile[..., :-1, :], profile[..., 1:, :]
    run = end[..., 0] - start[..., 0]
    slope = (end[..., 1] - start[..., 1]) / torch.where(run.abs() < 1e-9, 1e-9, run)
    ahead = depths[..., None, :] - start[..., 0, None]
    heights = torch.addcmul(start[..., 1, None], slope[..., None], ahead)
    inside = (ahead * (depths[..., None, :] - end[..., 0, None])) <= 0.0
    return torch.where(inside, heights, nothing)


def _answer(edges: Sequence[Edge], along: FloatArray, shares: Sequence[float]) -> Tensor:
    """Return [S, S] what to ask of the columns so that every slice opens by what is wanted, as far as that is smooth.

    Between two columns, and next to the corners, which stay, a slice opens less than it is asked to. Least squares with
    a penalty on the second differences along the edge.
    """
    slices = _fractions().double().numpy()
    knots = np.concatenate(([0.0], slices, [1.0]))
    opened = np.zeros((_SLICES, _SLICES))
    for edge, share in zip(edges, shares, strict=True):
        ring = along[edge.contact]
        place = (ring - ring[0]) / (ring[-1] - ring[0])
        opened += share * linear_weights(slices, place)[:, 1:-1] @ linear_weights(place[1:-1], knots)[:, 1:-1]
    bends = np.diff(np.eye(_SLICES), n=2, axis=0)
    normal = opened.T @ opened + _STIFFNESS * bends.T @ bends + _LEAST * np.eye(_SLICES)
    return torch.from_numpy(np.linalg.solve(normal, opened.T)).float()


def linear_weights(place: FloatArray, knots: FloatArray) -> FloatArray:
    """[N, K] weights that interpolate between increasing knots [K] at places [N]; beyond the outermost they stay."""
    inside = np.clip(place, knots[0], knots[-1])
    after = np.clip(np.searchsorted(knots, inside), 1, len(knots) - 1)
    share = (inside - knots[after - 1]) / np.maximum(knots[after] - knots[after - 1], 1e-12)
    found = np.zeros((len(place), len(knots)))
    rows = np.arange(len(place))
    found[rows, after - 1], found[rows, after] = 1.0 - share, share
    return found


class EdgeGraph:
    """Ways along the edges of a mesh."""

    def __init__(self, points: FloatArray, faces: IntArray) -> None:
        """Take vertices [V, 3] in metres and faces [F, 4]."""
        corners = np.stack((faces, np.roll(faces, -1, axis=1)), axis=-1).reshape(-1, 2)
        across = np.stack((faces[:, [0, 2]], faces[:, [1, 3]]), axis=1).reshape(-1, 2)
        pairs = np.sort(np.concatenate((corners, across)), axis=1)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        keys = np.unique(pairs @ (len(points), 1))
        pairs = np.stack((keys // len(points), keys % len(points)), axis=1)
        lengths = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
        self.points = points
        ones = sp.coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(points), len(points)))
        joined = (ones + ones.T).tocsr()
        self._mean = sp.diags(1.0 / np.maximum(joined.sum(axis=1).A1, 1.0)) @ joined
        self._graph = sp.coo_matrix((lengths, (pairs[:, 0], pairs[:, 1])), shape=(len(points), len(points))).tocsr()

    def distances(self, sources: IntArray, reach: float) -> FloatArray:
        """Return [N, V] metres from each of the vertices [N]; infinite beyond `reach`."""
        found: FloatArray = dijkstra(self._graph, directed=False, indices=sources, limit=reach)
        return found

    def smoothed(self, values: FloatArray, around: IntArray, reach: float, rounds: int) -> FloatArray:
        """Values [V, X] with waves ironed out: most around some vertices, none beyond `reach` metres."""
        share = np.clip(1.0 - self.distances(around, reach).min(axis=0) / reach, 0.0, 1.0)
        share = (share * share * (3.0 - 2.0 * share))[:, None]
        for _ in range(rounds):
            values = values + share * (self._mean @ values - values)
        return values

    def follow(self, band: IntArray, reach: float, reach_inside: float) -> FloatArray:
        """Return [V, N] how far each vertex follows the columns of a band: wholly in it, not at all beyond its reach.

        Args:
            band: [R, N] vertices, from inside to outside.
            reach: metres outwards.
            reach_inside: metres inwards.
        """
        outwards, inwards = self.distances(band[-1], reach), self.distances(band[0], reach_inside)
        found = _spread(np.minimum(outwards, inwards * (reach / reach_inside)), reach)
        found[band.ravel()] = 0.0
        for ring in band:
            found[ring, np.arange(band.shape[1])] = 1.0
        return found


def _spread(away: FloatArray, reach: float) -> FloatArray:
    """[V, N] how far each vertex follows columns that are [N, V] metres away: 1 in all at 0, nothing at `reach`."""
    least = away.min(axis=0)
    near = np.isfinite(least)
    width = np.maximum(_REACH_SHARE * least[near], _REACH_LEAST)
    weights = np.exp(-np.square((away[:, near] - least[near]) / width))
    weights /= weights.sum(axis=0)
    fade = np.clip(1.0 - least[near] / reach, 0.0, 1.0)
    found = np.zeros((away.shape[1], away.shape[0]))
    found[near] = (weights * (fade * fade * (3.0 - 2.0 * fade))).T
    return found
