"""The sRGB curve (IEC 61966-2-1), and CIE L*a*b*."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor


def encode_srgb(linear: Tensor) -> Tensor:
    """Linear 0..1 to sRGB-encoded 0..1 (IEC 61966-2-1)."""
    linear = linear.clamp(0.0, 1.0)
    return torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp(min=0.0031308) ** (1.0 / 2.4) - 0.055)


def decode_srgb(encoded: Tensor) -> Tensor:
    """Decode sRGB values 0..1 to linear Rec. 709 (IEC 61966-2-1); values outside are clamped."""
    encoded = encoded.clamp(0.0, 1.0)
    return torch.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055).pow(2.4))


_XYZ: Final = torch.tensor(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
"""CIE 1931 tristimulus values of linear Rec. 709's primaries with the white D65 (IEC 61966-2-1)."""

_LINEAR_BELOW: Final = 216.0 / 24389.0  # CIE 15:2004
_SLOPE: Final = 24389.0 / 27.0


def lab(linear: Tensor) -> Tensor:
    """Return [..., 3] CIE L*, a*, b* under D65 of linear Rec. 709 [..., 3] (CIE 15:2004).

    >>> [round(value) + 0 for value in lab(torch.tensor([1.0, 1.0, 1.0])).tolist()]
    [100, 0, 0]
    """
    relative = (linear @ _XYZ.T) / _XYZ.sum(dim=1)
    bent = torch.where(
        relative > _LINEAR_BELOW, relative.clamp_min(1e-9) ** (1.0 / 3.0), (_SLOPE * relative + 16.0) / 116.0
    )
    x, y, z = bent.unbind(-1)
    return torch.stack((116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)), dim=-1)
