"""Maps are finished a band of rows at a time, which stays in the processor's cache."""

from __future__ import annotations

from typing import Final, Literal

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
    image: Tensor, rows: tuple[int, int], size: int, mode: Literal["bilinear", "bicubic"] = "bilinear"
) -> Tensor:
    """Return rows [start, stop) of a coarse image [C, S, S] enlarged to [C, size, size], as [C, h, size]."""
    factor = size // image.shape[-1]
    start, stop = rows[0] // factor, -(-rows[1] // factor)
    if factor == 1:
        return image[:, start:stop].clone()
    margin = _MARGIN[mode]
    piece = pad(image[None], (0, 0, margin, margin), mode="replicate")[:, :, start : stop + 2 * margin]
    large = interpolate(piece, size=(piece.shape[2] * factor, size), mode=mode, align_corners=False)[0]
    first = margin * factor + rows[0] - start * factor
    return large[:, first : first + rows[1] - rows[0]]
