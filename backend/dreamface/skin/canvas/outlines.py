"""How far texels lie from the outlines of a region, in the texture layout: what make-up keeps to.

Regions come from a coarse mesh, so their weights have kinks at its edges. Their outline is found once per topology on a
fine grid, smoothed, and kept as a field of distances, which enlarges to any size without losing its sharpness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt, gaussian_filter, label
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.skin.canvas.atlas import Atlas
from dreamface.skin.canvas.cache import TopologyCache
from dreamface.skin.canvas.layer import Window

_FINER: Final = 4  # steps per coarse texel that an outline is found with
_SMOOTHNESS: Final = 1.1  # coarse texels that kinks are smoothed over
_CACHED_OUTLINES: Final = 16  # outlines in memory


@dataclass(frozen=True)
class Outline:
    """One island of a region, and what lies around it.

    Attributes:
        window: in coarse texels.
        distance: [h, w] tile lengths to the outline, negative inside.
    """

    window: Window
    distance: Tensor


_found: TopologyCache[list[Outline]] = TopologyCache(_CACHED_OUTLINES)


def enlarge(image: Tensor, window: Window) -> Tensor:
    """Return [..., h, w] a coarse image [..., a, b] that a window shows, at the window's size; smooth (bicubic)."""
    large = interpolate(image.reshape(1, -1, *image.shape[-2:]), size=window.shape, mode="bicubic", align_corners=False)
    return large.reshape(*image.shape[:-2], *window.shape)


def outlines(atlas: Atlas, names: tuple[str, ...], *, level: float = 0.5, margin: int = 8) -> list[Outline]:
    """Return the islands of a union of regions, from left to right; from memory where they were needed before.

    Args:
        atlas: the coarse grid.
        names: of the regions.
        level: the weight that the outline runs along.
        margin: coarse texels around an island that are still in its window.
    """
    key = (atlas.tile, atlas.size, names, level, margin)
    return _found.get(atlas.topology, key, lambda: _find(atlas, names, level, margin))


def _find(atlas: Atlas, names: tuple[str, ...], level: float, margin: int) -> list[Outline]:
    weight = atlas.region(*names) * atlas.inside
    islands, count = label((weight > level).numpy())
    found = []
    for number in range(1, count + 1):
        rows, columns = np.nonzero(islands == number)
        if len(rows) < 4:
            continue
        window = Window(
            (max(0, int(rows.min()) - margin), min(atlas.size, int(rows.max()) + 1 + margin)),
            (max(0, int(columns.min()) - margin), min(atlas.size, int(columns.max()) + 1 + margin)),
        )
        found.append(Outline(window, _distance(weight, window, level) / atlas.size))
    return sorted(found, key=lambda outline: outline.window.columns)


def _distance(weight: Tensor, window: Window, level: float) -> Tensor:
    """Return [h, w] coarse texels to the outline within a window."""
    height, width = window.shape
    fine = Window((0, height * _FINER), (0, width * _FINER))
    smooth = gaussian_filter(enlarge(weight[window.slices], fine).numpy(), 0.5 * _SMOOTHNESS * _FINER)
    inside = smooth > level
    signed = distance_transform_edt(~inside) - distance_transform_edt(inside)
    signed = gaussian_filter((signed - np.sign(signed) * 0.5).astype(np.float32), 0.5 * _SMOOTHNESS * _FINER)
    mean = torch.from_numpy(signed).view(height, _FINER, width, _FINER).mean(dim=(1, 3))
    return mean / _FINER
