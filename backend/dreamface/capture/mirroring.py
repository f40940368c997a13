"""What one side of a face shows of the other, where photographs show only one: its tone, but no mark of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.arrays import Float32Array
from dreamface.edits import MASK_SIZE, sheet_of
from dreamface.face import Topology

BROAD: Final = 24.0
"""Texels of `MASK_SIZE`: standard deviation of what tone is. Moles, scars and freckles are narrower."""

WELL_SEEN: Final = 0.5
"""Belief from which the other side is seen well enough to tell of this one."""


def mirrored(
    topology: Topology, ratios: Mapping[str, Tensor], seen: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Complete what photographs show of a side by the tone of the other one.

    Args:
        topology: of the head.
        ratios: tile -> [3, S, S] log ratios of the photographs' albedo to the painted one.
        seen: tile -> [S, S] 0..1 how far each is believed.

    Returns:
        Both, where less was seen than of the other side with its tone, fading out with what was seen there.
    """
    sheet = sheet_of(topology)
    belief = {tile: _resized(image[None], MASK_SIZE)[0].clamp(0.0, 1.0) for tile, image in seen.items()}
    weight = {tile: _broad(image) for tile, image in belief.items()}
    other = sheet.images(sheet.mirrored(sheet.flat(weight)))
    tones: dict[str, list[Tensor]] = {tile: [] for tile in ratios}
    for channel in range(3):
        tops = {
            tile: _broad(_resized(image[channel : channel + 1], MASK_SIZE)[0] * belief[tile])
            for tile, image in ratios.items()
        }
        mirror = sheet.images(sheet.mirrored(sheet.flat(tops)))
        for tile, found in tones.items():
            found.append(mirror[tile] / other[tile].clamp_min(_LEAST))
    whole, trust = {}, {}
    for tile, image in ratios.items():
        size, own = image.shape[-1], seen[tile]
        told = (other[tile] / WELL_SEEN).clamp(0.0, 1.0)
        told = _resized((told * (other[tile] > _LEAST))[None], size)[0] * (1.0 - own)
        tone = _resized(torch.stack(tones[tile]), size)
        total = own + told
        whole[tile] = (image * own + tone * told) / total.clamp_min(_LEAST)
        trust[tile] = total.clamp(0.0, 1.0)
    return whole, trust


_LEAST: Final = 1e-2


def _broad(image: Tensor) -> Tensor:
    """Return [S, S] an image without what is narrower than `BROAD`."""
    plain: Float32Array = np.asarray(image, np.float32)
    small = ndimage.zoom(plain, 1.0 / _COARSER, order=1)
    blurred = ndimage.gaussian_filter(small, BROAD / _COARSER)
    return _resized(torch.from_numpy(blurred)[None], image.shape[-1])[0]


_COARSER: Final = 4


def _resized(image: Tensor, size: int) -> Tensor:
    """Return [C, S, S] an image in another size."""
    if image.shape[-1] == size:
        return image
    smaller = image.shape[-1] > size
    return interpolate(image[None], size=(size, size), mode="bilinear", antialias=smaller, align_corners=False)[0]
