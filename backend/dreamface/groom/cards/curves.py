"""Curves in space: guides made even, smoothed, gathered into clusters, and given a side that faces outwards.

C curves of M points each, from root to tip.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

_FEWEST_POINTS: Final = 16  # along a curve
_SHORTEST: Final = 5e-4  # metres: shorter guides make no card
_ROUNDS: Final = 8  # of k-means
_APART: Final = 2.0  # metres, by which groups are taken to be farther from each other than they are
_TINY: Final = 1e-9
_SKEW: Final = (0.37, 0.61, 0.70)  # a direction that no axis has
_FOLLOWING: Final = 0.3  # per point: how quickly a ribbon turns to face outwards


def unit(vectors: Tensor, fallback: Tensor | None = None) -> Tensor:
    """Return vectors of length 1; the fallback, or zero, where there is no length."""
    length = vectors.norm(dim=-1, keepdim=True)
    found = vectors / length.clamp(min=_TINY)
    return found if fallback is None else torch.where(length > _TINY, found, fallback)


def usable(points: Tensor) -> Tensor:
    """Return [N]: which of the guides [N, P, 3] are finite and long enough to be seen."""
    length = points.diff(dim=1).norm(dim=2).sum(dim=1)
    return points.isfinite().flatten(1).all(dim=1) & (length > _SHORTEST)


def even(points: Tensor) -> Tensor:
    """Return guides [N, P, 3] with at least a few points, as curves."""
    if points.shape[1] >= _FEWEST_POINTS:
        return points
    return interpolate(points.mT, size=_FEWEST_POINTS, mode="linear", align_corners=True).mT


def lengths(curves: Tensor) -> Tensor:
    """Return [C] metres."""
    return curves.diff(dim=1).norm(dim=2).sum(dim=1)


def turning(curves: Tensor) -> Tensor:
    """Return [C, M] radians by which curves turn at their points; nothing at the ends."""
    along = unit(curves.diff(dim=1))
    cosine = (along[:, 1:] * along[:, :-1]).sum(dim=2).clamp(-1.0, 1.0)
    moving = (along[:, 1:].norm(dim=2) > 0.5) & (along[:, :-1].norm(dim=2) > 0.5)
    return pad(torch.where(moving, torch.arccos(cosine), 0.0), (1, 1))


def smoothed(curves: Tensor, reach: float) -> Tensor:
    """Return curves without what is finer than `reach` points (standard deviation); their ends stay.

    Beyond its ends a curve goes on point-symmetrically.
    """
    half = min(math.ceil(2.5 * reach), curves.shape[1] - 1)
    if half < 1:
        return curves
    first, last = curves[:, :1], curves[:, -1:]
    before = 2.0 * first - curves[:, 1 : half + 1].flip(1)
    after = 2.0 * last - curves[:, -half - 1 : -1].flip(1)
    longer = torch.cat((before, curves, after), dim=1)
    weights = torch.exp(-0.5 * (torch.arange(-half, half + 1) / reach) ** 2)
    return (longer.unfold(1, 2 * half + 1, 1) * (weights / weights.sum())).sum(dim=-1)


def clusters(curves: Tensor, count: int, group: Tensor | None = None) -> Tensor:
    """Return [N] int64: which of at most `count` clusters each curve is in; near and alike curves share one.

    K-means over the curves' roots and points, begun with curves that are far from each other.

    Args:
        curves: [N, M, 3].
        count: of clusters.
        group: [N] int64; curves of different groups are kept apart as far as there are clusters enough.
    """
    if count >= len(curves):
        return torch.arange(len(curves))
    some = torch.linspace(0, curves.shape[1] - 1, 6).round().long()
    features = torch.cat((2.0 * curves[:, 0], curves[:, some].flatten(1) / math.sqrt(len(some))), dim=1)
    if group is not None:
        features = torch.cat((features, _APART * group[:, None].float()), dim=1)
    chosen = [0]
    nearest = (features - features[0]).norm(dim=1)
    for _ in range(count - 1):
        chosen.append(int(nearest.argmax()))
        nearest = torch.minimum(nearest, (features - features[chosen[-1]]).norm(dim=1))
    middle = features[torch.tensor(chosen)]
    label = torch.zeros(len(curves), dtype=torch.int64)
    for _ in range(_ROUNDS):
        label = torch.cdist(features, middle).argmin(dim=1)
        sums = torch.zeros_like(middle).index_add_(0, label, features)
        share = torch.bincount(label, minlength=count)[:, None]
        middle = torch.where(share > 0, sums / share.clamp(min=1), middle)
    found: Tensor = torch.unique(label, return_inverse=True)[1]
    return found


def centre_lines(curves: Tensor, label: Tensor, reach: float) -> tuple[Tensor, Tensor]:
    """Return the middle of each cluster.

    The way that all of a cluster's curves go is their mean; the curls that a mean would lose are those of the curve
    nearest to it, where the card is rooted too.

    Args:
        curves: [N, M, 3].
        label: [N] which cluster each is in, 0..C-1.
        reach: points over which a curl goes.

    Returns:
        [C, M, 3] and [C] the curves that they are rooted with.
    """
    count = int(label.max()) + 1
    sums = torch.zeros(count, *curves.shape[1:]).index_add_(0, label, curves)
    mean = sums / torch.bincount(label, minlength=count)[:, None, None]
    away = (curves - mean[label]).square().sum(dim=(1, 2))
    order = away.argsort(descending=True, stable=True)
    nearest = torch.zeros(count, dtype=torch.int64)
    nearest[label[order]] = order  # later ones, which are nearer, stay
    own = curves[nearest]
    line = smoothed(mean, reach) + own - smoothed(own, reach)
    share = torch.linspace(0.0, 1.0, curves.shape[1])[None, :, None]
    return line + (own[:, :1] - line[:, :1]) * (1.0 - share) ** 2, nearest


def tangents(curves: Tensor) -> Tensor:
    """Return [C, M, 3] unit directions towards the tip; where a curve stands still, the way that it goes as a whole."""
    slope = torch.gradient(curves, dim=1)[0]
    whole = unit(curves[:, -1:] - curves[:, :1], curves.new_tensor((0.0, 0.0, -1.0)))
    return unit(slope, whole.expand_as(slope))


def facing(along: Tensor, outward: Tensor) -> Tensor:
    """Return [C, M, 3] unit normals of ribbons: at right angles to them, outwards where that can be, never flipping.

    The frame is carried along the ribbon without twist, and drawn towards the outward direction the more the ribbon
    lies across it. Where it first leaves the skin, it is turned as it has to be farther on.

    Args:
        along: [C, M, 3] unit tangents.
        outward: [C, M, 3] unit directions away from the head.
    """
    flat = outward - (outward * along).sum(dim=2, keepdim=True) * along
    weight = flat.norm(dim=2, keepdim=True)
    count = along.shape[1]
    start = _across(along.new_tensor(_SKEW).expand_as(along[:, 0]), along[:, 0])
    normal = unit(flat[:, -1], _across(start, along[:, -1]))
    for index in range(count - 1, -1, -1):
        normal = torch.where(weight[:, index] > 0.5, unit(flat[:, index]), _across(normal, along[:, index]))
    found = []
    for index in range(count):
        normal = _across(normal, along[:, index])
        agrees = (normal * flat[:, index]).sum(dim=1, keepdim=True) > 0.0
        normal = unit(normal + torch.where(agrees, _FOLLOWING * flat[:, index], 0.0), normal)
        found.append(normal)
    return torch.stack(found, dim=1)


def _across(vector: Tensor, along: Tensor) -> Tensor:
    """[C, 3] unit: what of the vectors is at right angles to others."""
    other = torch.linalg.cross(along, along.roll(1, dims=1) + along.new_tensor(_SKEW))
    return unit(vector - (vector * along).sum(dim=1, keepdim=True) * along, unit(other))


def spread_rows(curves: Tensor, rows: int) -> Tensor:
    """Return [C, rows] places 0..M-1 along curves, closer together where these bend."""
    step = curves.diff(dim=1).norm(dim=2)
    bend = turning(curves)
    bend = 0.5 * (bend[:, 1:] + bend[:, :-1])
    cost = step / step.sum(dim=1, keepdim=True).clamp(min=_TINY) + 0.8 * bend / bend.sum(dim=1, keepdim=True).clamp(
        min=1.0
    )
    cost = cost + 1e-4
    total = pad(cost.cumsum(dim=1), (1, 0))
    wanted = torch.linspace(0.0, 1.0, rows)[None, :] * total[:, -1:]
    below = torch.searchsorted(total, wanted.contiguous(), right=True).sub(1).clamp(0, cost.shape[1] - 1)
    share = (wanted - total.gather(1, below)) / cost.gather(1, below)
    return below + share.clamp(0.0, 1.0)
