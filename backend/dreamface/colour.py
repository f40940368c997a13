"""The sRGB curve (IEC 61966-2-1)."""

from __future__ import annotations

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
