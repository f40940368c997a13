"""Where hairs are rooted: evenly over a density on the head's own surface."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.face import Head
from dreamface.hair import Roots

_CANDIDATES: Final = 5  # for each root that is kept
_PACKING: Final = 0.75  # of the distance that even roots would have, which neighbours keep at least


def scatter(head: Head, density: Tensor, count: int, generator: torch.Generator) -> Roots:
    """Return roots at random, as many to the area as the density says.

    Args:
        head: whose surface.
        density: [V] 0..1.
        count: how many.
        generator: of the places.
    """
    triangles = head.topology.triangles
    share = _areas(head.vertices, triangles) * density[triangles].mean(dim=1)
    if count == 0 or not bool((share > 0.0).any()):
        return Roots(torch.zeros(0, dtype=torch.int64), torch.zeros(0, 3))
    running = share.double().cumsum(0)
    # One in each of as many equal strata: no gaps and no crowds, as multinomial draws would have.
    strata = (torch.arange(count) + torch.rand(count, generator=generator)) / count
    chosen = torch.searchsorted(running, strata.double() * running[-1]).clamp(max=len(share) - 1)
    first, second = torch.rand(2, count, generator=generator)
    root = first.sqrt()
    weights = torch.stack((1.0 - root, root * (1.0 - second), root * second), dim=1)
    return Roots(chosen, weights)


def spread(head: Head, density: Tensor, count: int, generator: torch.Generator) -> Roots:
    """Return at most `count` roots that keep away from each other: Poisson discs whose size goes with the density.

    By sample elimination among more candidates: the first in a random order stay (Cook 1986, "Stochastic sampling in
    computer graphics", dart throwing).
    """
    candidates = scatter(head, density, _CANDIDATES * count, generator)
    if not len(candidates):
        return candidates
    triangles = head.topology.triangles
    places = candidates.on(head.vertices, triangles).double().numpy()
    dense = candidates.on(density[:, None], triangles)[:, 0].clamp(min=0.05).numpy()
    area = float((_areas(head.vertices, triangles) * density[triangles].mean(dim=1)).sum())
    reach = _PACKING * np.sqrt(area / count / dense)
    order = torch.randperm(len(candidates), generator=generator).numpy()
    kept = _thinned(places, reach, order, count)
    return candidates.of(torch.from_numpy(kept))


def hair_uv(head: Head, roots: Roots) -> Tensor:
    """Return [N, 2] texture coordinates of roots; those of tile number i lie in i..i+1 along u."""
    topology = head.topology
    uv = roots.on(topology.uv, topology.triangle_uvs)
    tiles = torch.zeros(len(topology.faces))
    for part in topology.parts:
        if part.object_name == "skin":
            tiles[slice(*part.faces)] = float(topology.tiles.index(part.tile)) if part.tile else 0.0
    return uv + torch.stack((tiles[roots.triangle // 2], torch.zeros(len(roots))), dim=1)


def _thinned(
    places: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    reach: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    order: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    count: int,
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return indices of those that are kept, taken in order."""
    near = cKDTree(places).query_ball_point(places, reach)
    free = np.ones(len(places), dtype=bool)
    kept = []
    for index in order:
        if free[index]:
            kept.append(index)
            free[near[index]] = False
            if len(kept) == count:
                break
    return np.array(sorted(kept), dtype=np.int64)


def _areas(vertices: Tensor, triangles: Tensor) -> Tensor:
    a, b, c = vertices[triangles].unbind(1)
    return 0.5 * torch.linalg.cross(b - a, c - a).norm(dim=1)
