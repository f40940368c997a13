"""Hair that goes along when the skin moves: each guide turns and moves with the triangle that it is rooted on."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from dreamface.face import Topology
from dreamface.hair import Groom, Hair, Region, Roots


def carried(groom: Groom, topology: Topology, before: Tensor, after: Tensor) -> dict[Region, Hair]:
    """Return the groom of a head whose skin has moved.

    Args:
        groom: of the head before.
        topology: of the head.
        before: [V, 3] vertices in metres.
        after: [V, 3] the same, moved.
    """
    triangles = topology.triangles
    return {
        region: replace(hair, points=moved(hair.points, hair.roots, triangles, before, after))
        for region, hair in groom.items()
    }


def moved(points: Tensor, roots: Roots, triangles: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Return curves [N, P, 3] in metres that are rooted on a skin which has moved; see `carried`."""
    start, end = roots.on(before, triangles), roots.on(after, triangles)
    turn = roots.frames(after, triangles) @ roots.frames(before, triangles).transpose(1, 2)
    return end[:, None] + torch.einsum("nij,npj->npi", turn, points - start[:, None])
