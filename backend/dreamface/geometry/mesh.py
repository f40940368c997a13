"""What rooms that know nothing of each other ask of points and faces."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from dreamface.arrays import IntArray


def fit_sphere(points: Tensor) -> tuple[Tensor, float]:
    """Return [3] centre and radius of the sphere that fits points [N, 3] best.

    By least squares: |p|^2 = 2 p.c + (r^2 - |c|^2) is linear in c and the rest.
    """
    exact = points.double()
    middle = exact.mean(dim=0)
    offsets = exact - middle
    system = torch.cat((2.0 * offsets, torch.ones_like(offsets[:, :1])), dim=1)
    found = torch.linalg.lstsq(system, offsets.square().sum(dim=1, keepdim=True)).solution[:, 0]
    centre = found[:3]
    return (middle + centre).float(), float((found[3] + centre @ centre).sqrt())


def pieces(faces: IntArray) -> IntArray:
    """Return [F] numbers, from 0, of the connected pieces that faces [F, 4] belong to."""
    corners, index = np.unique(faces, return_inverse=True)
    index = index.reshape(faces.shape)
    start, end = np.repeat(index[:, 0], 3), index[:, 1:].reshape(-1)
    links = coo_matrix((np.ones(len(start)), (start, end)), shape=(len(corners), len(corners)))
    _, piece = connected_components(links, directed=False)
    _, number = np.unique(piece[index[:, 0]], return_inverse=True)
    return number.astype(np.int64)


def folded_pairs(faces: Tensor, before: Tensor, after: Tensor) -> int:
    """Pairs of neighbouring quads that faced alike and, after a motion, face away from each other.

    Args:
        faces: [F, 4] quads.
        before: [V, 3] vertices at rest.
        after: [V, 3] the same, moved.
    """
    edges = torch.stack((faces, faces.roll(-1, 1)), -1).reshape(-1, 2).sort(dim=1).values
    number = torch.from_numpy(np.unique(edges.numpy(), axis=0, return_inverse=True)[1]).view(-1)
    order = number.argsort(stable=True)
    twins = number[order][1:] == number[order][:-1]
    pairs = torch.stack((order[:-1][twins], order[1:][twins]), dim=1) // 4

    def agreement(vertices: Tensor) -> Tensor:
        corners = vertices[faces]
        normals = torch.linalg.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        normals = torch.nn.functional.normalize(normals, dim=1)
        alike: Tensor = (normals[pairs[:, 0]] * normals[pairs[:, 1]]).sum(dim=1)
        return alike

    return int(((agreement(before) > 0.5) & (agreement(after) < -0.2)).sum())
