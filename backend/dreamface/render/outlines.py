"""Outlines: pixels along them are blended by the share that each side covers, which makes a picture differentiable.

What a pixel shows jumps when an outline moves over its centre. Blended with its neighbour by how far the outline lies
from both centres, its colour changes evenly instead, and vertices get a gradient from it. After Laine et al. 2020,
"Modular primitives for high-performance differentiable rendering", section 3.5, in plain torch; outlines are looked
for edge by edge here, as small triangles that turn away cover no pixel's centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import torch
from torch import Tensor

_FLAT: Final = 1e-9  # square pixels: triangles that are smaller have no sides
_BEHIND: Final = 1.0 + 1e-5  # times farther away than an outline is what it hides, at least


@dataclass(frozen=True)
class Outlines:
    """A mesh whose outlines are looked for.

    Attributes:
        triangles: [T, 3] int64.
    """

    triangles: Tensor

    @cached_property
    def _edges(self) -> tuple[Tensor, Tensor, Tensor]:
        """[E, 2] the ends of each edge, [E] the corner across in one of its triangles, and [E] in another one, or -1.

        Triangles that have a corner twice have no edges.
        """
        corners = self.triangles
        ends = torch.stack((corners[:, [1, 2, 0]], corners[:, [2, 0, 1]]), dim=-1).sort(dim=-1).values.view(-1, 2)
        whole = (corners != corners[:, [1, 2, 0]]).all(dim=1).repeat_interleave(3)
        kept = torch.nonzero(whole)[:, 0]
        span = int(corners.max()) + 1 if len(corners) else 1
        keys, number = torch.unique(ends[kept, 0] * span + ends[kept, 1], return_inverse=True)
        edges = torch.stack((keys // span, keys % span), dim=1)
        across = corners.reshape(-1)[kept]
        order = torch.argsort(number, stable=True)
        count = torch.bincount(number, minlength=len(edges))
        start = count.cumsum(0) - count
        second = across[order[(start + 1).clamp_max(max(0, len(order) - 1))]]
        return edges, across[order[start]], torch.where(count > 1, second, -1)

    def seen(self, place: Tensor) -> tuple[Tensor, Tensor]:
        """Return which edges are outlines in a picture: where the mesh ends, or folds back behind itself.

        Args:
            place: [V, 2] pixel x and y.

        Returns:
            [K, 2] int64 the vertices at their ends, and [K] the sign of the cross product of the edge and the way to
            the mesh: on which side of it the mesh lies.
        """
        ends, across, beyond = self._edges
        a, b = place[ends[:, 0]], place[ends[:, 1]]
        one, other = _cross(b - a, place[across] - a), _cross(b - a, place[beyond.clamp_min(0)] - a)
        outline = ((one * other > 0.0) | (beyond < 0)) & (one.abs() > _FLAT)
        return ends[outline], one[outline].sign()


def _cross(one: Tensor, other: Tensor) -> Tensor:
    """Return [...] one x other of [..., 2]."""
    return one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]


def blend_outlines(image: Tensor, depth: Tensor, projected: Tensor, outlines: Outlines) -> Tensor:
    """Return an image blended along outlines; see `visibility.Rasteriser.antialias`.

    Every outline is followed through the rows that it crosses, or the columns where it lies rather flat. That misses
    none where triangles are smaller than pixels, as those of a surface that turns away are.

    Args:
        image: [B, S, S, C].
        depth: [B, S, S] metres at each pixel's centre; infinite where there is nothing.
        projected: [B, V, 3] pixel x, pixel y and depth; differentiable.
        outlines: of the mesh.
    """
    size, flat = image.shape[1], image.reshape(-1, image.shape[-1])
    places, changes = [], []
    for number, view in enumerate(projected):
        ends, side = outlines.seen(view[:, :2].detach())
        for axis in (0, 1):
            reach, near, far = _crossings(view, ends, side, depth[number], axis)
            beyond = reach > 0.5
            share = torch.where(beyond, reach - 0.5, 0.5 - reach)
            place = number * size * size + torch.where(beyond, far, near)
            other = number * size * size + torch.where(beyond, near, far)
            places.append(place)
            changes.append(share[:, None] * (flat.index_select(0, other) - flat.index_select(0, place)))
    return flat.index_add(0, torch.cat(places), torch.cat(changes)).view(image.shape)


def _crossings(view: Tensor, ends: Tensor, side: Tensor, depth: Tensor, axis: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return where outlines cross the lines between the centres of neighbours along an axis (0: in a row).

    Args:
        view: [V, 3] pixel x, pixel y and depth; differentiable.
        ends: [K, 2] of the outlines.
        side: [K] of the mesh; see `Outlines.seen`.
        depth: [S, S] metres at the pixels' centres.
        axis: 0 for rows, 1 for columns.

    Returns:
        [P] 0..1 how far from the nearer pixel's centre to the other one's, differentiable, and [P] flat index of the
        pixel on the mesh's side, and of the other one.
    """
    size, order = len(depth), ([1, 0, 2] if axis == 1 else [0, 1, 2])
    with torch.no_grad():
        one, other = view[ends[:, 0]][:, order], view[ends[:, 1]][:, order]
        run, rise = (other - one)[:, :2].abs().unbind(1)
        steep = (rise > run) if axis == 1 else (rise >= run)
        low, high = (edge(one[:, 1], other[:, 1]) for edge in (torch.minimum, torch.maximum))
        first = (low - 0.5).ceil().clamp(0, size).long()
        stop = (high - 0.5).ceil().clamp(0, size).long()
        count = torch.where(steep & (torch.minimum(one[:, 2], other[:, 2]) > 0.0), stop - first, 0).clamp_min(0)
        edge_of = torch.repeat_interleave(torch.arange(len(ends), device=view.device), count)
        line = torch.arange(len(edge_of), device=view.device) - (count.cumsum(0) - count)[edge_of] + first[edge_of]
    a = view.index_select(0, ends[edge_of, 0])[:, order]
    b = view.index_select(0, ends[edge_of, 1])[:, order]
    at = (line + 0.5 - a[:, 1]) / (b[:, 1] - a[:, 1])
    along = a[:, 0] + at * (b[:, 0] - a[:, 0])
    with torch.no_grad():
        before = (along - 0.5).floor()
        # On an edge that goes up, where y grows downwards, a cross product above 0 is to the right; the other axis is
        # a mirror image.
        up = side[edge_of] * torch.sign(b[:, 1] - a[:, 1]) * (-1.0 if axis == 0 else 1.0)
        mesh_after = up > 0.0
        inside = (before >= 0) & (before < size - 1)
        edge_depth = 1.0 / ((1.0 - at) / a[:, 2] + at / b[:, 2])
        column = before.long().clamp(0, size - 2)
        near, far = torch.where(mesh_after, column + 1, column), torch.where(mesh_after, column, column + 1)
        near, far = (line * size + each if axis == 0 else each * size + line for each in (near, far))
        flat = depth.reshape(-1)
        kept = inside & (flat[far] > edge_depth * _BEHIND) & (flat[near] < flat[far])
        kept = torch.nonzero(kept)[:, 0]
        reach = (along.detach() - before - 0.5)[kept]
        reach = torch.where(mesh_after[kept], 1.0 - reach, reach)
        kept = kept[_outermost(near[kept] * 2 + mesh_after[kept], reach)]
        near, far, before, mesh_after = near[kept], far[kept], before[kept], mesh_after[kept]
    reach = along.index_select(0, kept) - before - 0.5
    return torch.where(mesh_after, 1.0 - reach, reach), near, far


def _outermost(pair: Tensor, reach: Tensor) -> Tensor:
    """Return [Q] of [P] crossings the one of each pair that reaches farthest: it hides the others."""
    # Twice, as the numbers of pairs are too large for one number in single precision, and Apple's GPU has no other.
    order = torch.argsort(reach)
    order = order[torch.argsort(pair[order], stable=True)]
    last = torch.ones_like(order, dtype=torch.bool)
    last[:-1] = pair[order][1:] != pair[order][:-1]
    return order[last]
