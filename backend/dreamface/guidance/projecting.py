"""Pictures of views back onto the skin's texels, weighted by visibility and by the angle that each is seen at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, max_pool2d

from dreamface.face import Head
from dreamface.geometry import smoothstep
from dreamface.render import CloseUp, interpolate, unit
from dreamface.skin import texels_inside

_HIDDEN: Final = 0.0008  # metres that something must lie in front of a texel to hide it
_PER_PIXEL: Final = 1.3  # pixels from a texel to the corner of as many pixels around it
_AROUND: Final = (1, 2, 3, 4, 6)  # pixels in which something in front is looked for
_GRAZING, _STEEP = 0.12, 0.5  # cosines between which a texel begins to count
_SHARPNESS: Final = 3.0  # power of the cosine: who sees a texel best decides
_RIM: Final = 0.06  # of the picture's side: beyond, towards its border, a view counts less
_LEAST: Final = 1e-6


@dataclass(frozen=True)
class Texels:
    """The texels of a tile that a place covers.

    Attributes:
        tile: name of the tile.
        size: texels a side of the tile.
        texel: [N] flat index of each.
        position: [N, 3] metres.
        normal: [N, 3] of length 1.
        mask: [N] 0..1.
    """

    tile: str
    size: int
    texel: Tensor
    position: Tensor
    normal: Tensor
    mask: Tensor

    @property
    def uv(self) -> Tensor:
        """[N, 2] texture coordinates of their middles."""
        row, column = self.texel // self.size, self.texel % self.size
        return torch.stack(((column + 0.5) / self.size, 1.0 - (row + 0.5) / self.size), dim=1)

    def image(self, values: Tensor) -> Tensor:
        """Return [C, S, S] of values [N, C]; 0 elsewhere."""
        found = torch.zeros(values.shape[1], self.size * self.size)
        found[:, self.texel] = values.T
        return found.view(-1, self.size, self.size)


def texels_of(head: Head, normals: Tensor, masks: Mapping[str, Tensor], size: int) -> tuple[Texels, ...]:
    """Return the texels of maps of `size` texels a side that masks [S, S] by tile cover.

    Args:
        head: whose skin.
        normals: [V, 3] of length 1, of its vertices.
        masks: tile -> [S, S] 0..1.
        size: texels a side.
    """
    found = []
    for tile, mask in masks.items():
        triangle, weights = texels_inside(head.topology, tile, size)
        grown = max_pool2d(mask[None, None], 5, 1, 2)  # what filters mix in at the mask's border is known, too
        large = torch.nn.functional.interpolate(grown, size=(size, size), mode="bilinear")[0, 0]
        inside = torch.nonzero(triangle.reshape(-1) >= 0)[:, 0]
        covered = large.reshape(-1)[inside] > 0.0
        texel, weights = inside[covered], weights[covered]
        corners = head.topology.triangles[triangle.reshape(-1)[texel]]
        position = interpolate(head.vertices, corners, weights)
        normal = unit(interpolate(normals, corners, weights))
        found.append(Texels(tile, size, texel, position, normal, large.reshape(-1)[texel]))
    return tuple(found)


def project(texels: Texels, view: CloseUp, images: Tensor) -> tuple[Tensor, Tensor]:
    """Return what a view shows at texels.

    Args:
        texels: where.
        view: its camera and depth.
        images: [C, S, S] in its pixels.

    Returns:
        [N, C] bilinear values, and [N] the weight of each: 0 where it is hidden, turned away or out of the picture.
    """
    size = view.size
    place = view.camera.to_pixels(texels.position, size)
    pixels, depth = place[:, :2], place[:, 2]
    grid = (2.0 * pixels / size - 1.0)[None, None]
    towards = unit(texels.position.new_tensor(view.camera.position) - texels.position)
    facing = (texels.normal * towards).sum(dim=1)
    inside = (0.5 - (pixels / size - 0.5).abs()).amin(dim=1)
    weight = smoothstep(facing, _GRAZING, _STEEP) * facing.clamp_min(0.0) ** _SHARPNESS
    weight = weight * smoothstep(inside, 0.0, _RIM) * _shown(view, grid, depth, facing)
    values = grid_sample(images[None], grid, mode="bilinear", padding_mode="border", align_corners=False)[0, :, 0].T
    return values, weight


def _shown(view: CloseUp, grid: Tensor, depth: Tensor, facing: Tensor) -> Tensor:
    """Return [N] 0 where something lies in front of a texel, rising to 1 some pixels beside that.

    Args:
        view: with the depth.
        grid: [1, 1, N, 2] where the texels are in its picture.
        depth: [N] metres to them.
        facing: [N] cosine between their normals and the camera.
    """
    span = 2.0 * math.tan(0.5 * view.camera.fov) * depth / view.size
    slope = (1.0 - facing.square()).clamp_min(0.0).sqrt() / facing.clamp_min(_GRAZING)
    away = -view.depth.nan_to_num(posinf=1e3)[None, None]
    free = []
    for reach in _AROUND:
        front = grid_sample(
            -max_pool2d(away, 2 * reach + 1, 1, reach), grid, mode="nearest", padding_mode="border", align_corners=False
        )[0, 0, 0]
        # What is slanted lies at several depths within the pixels that are looked at.
        free.append(depth - front < _HIDDEN + (_PER_PIXEL * reach + _PER_PIXEL - 0.4) * span * slope)
    return free[0] * torch.stack(free).float().mean(dim=0)


class Gathered:
    """What views have shown of texels, so far.

    Attributes:
        texels: where.
        weight: [N] sum of the views' weights.
    """

    def __init__(self, texels: Texels, channels: int) -> None:
        """Begin with nothing."""
        self.texels = texels
        self.weight = torch.zeros(len(texels.texel))
        self._sum = torch.zeros(len(texels.texel), channels)

    def add(self, values: Tensor, weight: Tensor) -> None:
        """Take a view's values [N, C] and weights [N]."""
        self._sum += values * weight[:, None]
        self.weight += weight

    @property
    def values(self) -> Tensor:
        """[N, C] weighted means; 0 where nothing was seen."""
        return self._sum / self.weight.clamp_min(_LEAST)[:, None] * (self.weight > _LEAST)[:, None]
