"""Cameras that look straight at a marked place: one, or several where it is large or curved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.render import Camera, unit
from dreamface.skin import Atlas, atlas_of

_GRID: Final = 256  # texels a side on which a place is looked at
_FOV: Final = math.radians(20.0)  # a long lens: hardly any perspective
_WIDEST: Final = 0.085  # metres from the middle of a view to what it must show: more would be too coarse
_NARROWEST: Final = 0.022  # the same, at least: a model must see what it is
_AROUND: Final = 1.35  # of that is shown
_FACING: Final = 0.55  # cosine to the camera from which a place is seen well enough
_CANDIDATES: Final = 32  # places that a camera may look at
_NEAR: Final = 0.02  # metres around such a place, whose normals are averaged
_DONE: Final = 0.985  # share of a place that is enough
_STRAIGHT: Final = 1.15  # how much the view of the middle of all counts more, for the first one
_GAIN: Final = 0.01  # share of it that another view must add
MOST_VIEWS: Final = 8
"""More would show no more of a head."""


@dataclass(frozen=True)
class Cloud:
    """Where a mask lies.

    Attributes:
        position: [N, 3] metres.
        normal: [N, 3] of length 1.
        weight: [N] square metres of mask at each, up to a factor.
    """

    position: Tensor
    normal: Tensor
    weight: Tensor

    @classmethod
    def of(cls, head: Head, normals: Tensor, masks: Mapping[str, Tensor]) -> Cloud:
        """Return where masks [S, S] by tile lie on a head whose vertices have unit normals [V, 3]."""
        parts = []
        for tile, mask in masks.items():
            atlas = atlas_of(head.topology, tile, _GRID)
            small = torch.nn.functional.adaptive_avg_pool2d(mask[None], _GRID)[0] * atlas.inside
            texels = torch.nonzero(small.reshape(-1) > 0.01)[:, 0]
            where = atlas.at(texels, head.vertices)
            area = _area(atlas, head.vertices).reshape(-1)[texels]
            across = unit(atlas.at(texels, normals))
            parts.append(torch.cat((where, across, (small.reshape(-1)[texels] * area)[:, None]), dim=1))
        found = torch.cat(parts) if parts else torch.zeros(0, 7)
        return cls(found[:, :3], found[:, 3:6], found[:, 6])


def _area(atlas: Atlas, vertices: Tensor) -> Tensor:
    """Return [S, S] square metres of skin of each texel."""
    position = atlas.spread(vertices)
    along = torch.gradient(position, dim=(1, 2))
    return torch.linalg.vector_norm(torch.linalg.cross(along[0], along[1], dim=0), dim=0)


def look_at_place(cloud: Cloud) -> tuple[Camera, ...]:
    """Return the cameras that see a place, the one that sees most of it first; none where nothing is marked.

    Each next one is the candidate that sees most of what no earlier one does.
    """
    left = cloud.weight.clone()
    total = float(left.sum())
    if total <= 0.0:
        return ()
    cameras: list[Camera] = []
    candidates = _candidates(cloud)
    while len(cameras) < MOST_VIEWS and float(left.sum()) > (1.0 - _DONE) * total:
        seen = [_seen(cloud, *candidate) for candidate in candidates]
        gains = torch.stack([(left * one).sum() for one in seen])
        if not cameras:
            gains[0] *= _STRAIGHT
        best = int(gains.argmax())
        if cameras and float(gains[best]) < _GAIN * total:
            break
        cameras.append(_camera(*candidates[best]))
        left = left * ~seen[best]
    return tuple(cameras)


_Candidate = tuple[Tensor, Tensor, float]  # what is in the middle, which way it faces, metres around it


def _candidates(cloud: Cloud) -> list[_Candidate]:
    """Return the middle of all, and places that lie far from each other."""
    found = [_around(cloud, cloud.weight)]
    far = torch.linalg.vector_norm(cloud.position - found[0][0], dim=1)
    for _ in range(min(_CANDIDATES, len(cloud.weight))):
        chosen = int(far.argmax())
        if float(far[chosen]) <= 0.0:
            break
        distance = torch.linalg.vector_norm(cloud.position - cloud.position[chosen], dim=1)
        found.append(_around(cloud, cloud.weight * (distance < _NEAR)))
        far = torch.minimum(far, distance)
    return found


def _around(cloud: Cloud, weight: Tensor) -> _Candidate:
    share = weight[:, None] / weight.sum().clamp_min(1e-20)
    middle = (share * cloud.position).sum(dim=0)
    way = unit((share * cloud.normal).sum(dim=0))
    facing = (cloud.normal @ way > _FACING) & (cloud.weight > 0.0)
    reach = torch.linalg.vector_norm(cloud.position - middle, dim=1)[facing]
    radius = min(max(float(reach.max()) if len(reach) else 0.0, _NARROWEST), _WIDEST)
    return middle, way, radius


def _seen(cloud: Cloud, middle: Tensor, way: Tensor, radius: float) -> Tensor:
    offset = cloud.position - middle
    aside = offset - (offset @ way)[:, None] * way
    return (cloud.normal @ way > _FACING) & (torch.linalg.vector_norm(aside, dim=1) <= radius * 1.02)


def _camera(middle: Tensor, way: Tensor, radius: float) -> Camera:
    distance = _AROUND * radius / math.tan(0.5 * _FOV)
    x, y, z = (middle + distance * way).tolist()
    a, b, c = middle.tolist()
    return Camera((x, y, z), (a, b, c), _FOV)
