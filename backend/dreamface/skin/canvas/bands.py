"""Maps are finished a band of rows at a time, which stays in the processor's cache."""

from __future__ import annotations

from typing import Final, Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

_SMALLEST_BAND: Final = 128  # rows that are finished at a time
_BAND_TEXELS: Final = 2**17  # as many at least, so that torch has something to do; more would leave the cache


def band_rows(size: int) -> int:
    """Return how many rows are finished at a time in maps of `size` texels a side."""
    return max(_SMALLEST_BAND, _BAND_TEXELS // size // _SMALLEST_BAND * _SMALLEST_BAND)


_MARGIN: Final = {"bilinear": 1, "bicubic": 2}
"""Rows around a texel that its interpolation needs."""


def enlarged(
    image: Tensor,
    rows: tuple[int, int],
    size: int,
    mode: Literal["bilinear", "bicubic"] = "bilinear",
    columns: tuple[int, int] | None = None,
) -> Tensor:
    """Return rows [start, stop) of a coarse image [C, S, S] enlarged to [C, size, size], as [C, h, size].

    With columns [start, stop) only those, as [C, h, w].
    """
    factor = size // image.shape[-1]
    if columns is not None and columns != (0, size):
        return _part(image, rows, columns, factor, mode)
    start, stop = rows[0] // factor, -(-rows[1] // factor)
    if factor == 1:
        return image[:, start:stop].clone()
    margin = _MARGIN[mode]
    piece = pad(image[None], (0, 0, margin, margin), mode="replicate")[:, :, start : stop + 2 * margin]
    large = interpolate(piece, size=(piece.shape[2] * factor, size), mode=mode, align_corners=False)[0]
    first = margin * factor + rows[0] - start * factor
    return large[:, first : first + rows[1] - rows[0]]


def _part(
    image: Tensor,
    rows: tuple[int, int],
    columns: tuple[int, int],
    factor: int,
    mode: Literal["bilinear", "bicubic"],
) -> Tensor:
    """Return [C, h, w] some rows and columns of an image [C, S, S] enlarged by a factor."""
    if factor == 1:
        return image[:, slice(*rows), slice(*columns)].clone()
    margin, side = _MARGIN[mode], image.shape[-1]
    spans, first = [], []
    for start, stop in (rows, columns):
        low, high = start // factor - margin, -(-stop // factor) + margin
        spans.append(torch.arange(low, high).clamp_(0, side - 1))
        first.append(start - low * factor)
    piece = image[:, spans[0]][:, :, spans[1]]
    large = interpolate(piece[None], scale_factor=factor, mode=mode, align_corners=False)[0]
    (top, left), height, width = first, rows[1] - rows[0], columns[1] - columns[0]
    return large[:, top : top + height, left : left + width]
