"""A marked place at the head's vertices, for what is no texture: hair and shape."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from dreamface.face import Topology
from dreamface.skin import painted_parts


def at_vertices(masks: Mapping[str, Tensor], topology: Topology) -> Tensor:
    """Return [V] 0..1 what masks (tile -> [S, S], row 0 at v = 1) have at the vertices; on a seam, the most."""
    found = torch.zeros(topology.vertex_count)
    for tile, mask in masks.items():
        for part in painted_parts(topology, tile):
            faces = slice(*part.faces)
            vertices, uvs = topology.faces[faces].reshape(-1), topology.face_uvs[faces].reshape(-1)
            place = topology.uv[uvs] * torch.tensor([2.0, -2.0]) + torch.tensor([-1.0, 1.0])
            values = grid_sample(mask[None, None], place[None, None], padding_mode="border", align_corners=False)[
                0, 0, 0
            ]
            found.scatter_reduce_(0, vertices, values, "amax")
    return found
