"""Masks: where in a tile a layer is laid on."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.skin.canvas.layer import Decal, DetailTiles

_ADDED = ("melanin", "blood", "height", "valley", "cover")
"""The images of a decal that a mask weakens."""


def resized(mask: Tensor, size: int) -> Tensor:
    """Return a mask [H, W] as [size, size]. When it shrinks, texels are averaged: thin lines fade, and don't break."""
    if mask.shape == (size, size):
        return mask
    image = interpolate(mask[None, None], size=(size, size), mode="bilinear", align_corners=False, antialias=True)
    return image[0, 0].clamp_(0.0, 1.0)


def masked(detail: Decal | DetailTiles, mask: Tensor) -> Decal | DetailTiles:
    """Return a decal or detail tiles weighted by a mask [S, S], which is as large as the maps."""
    if isinstance(detail, DetailTiles):
        return replace(detail, weights=detail.weights * resized(mask, detail.weights.shape[-1]))
    weight = mask[detail.window.slices]
    images = {name: getattr(detail, name) for name in _ADDED}
    return replace(detail, **{name: image * weight for name, image in images.items() if image is not None})
