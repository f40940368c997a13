"""Fitting a similarity between two point sets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Similarity:
    """x -> scale * rotation @ x + shift, with any leading batch dimensions.

    Attributes:
        rotation: [..., 3, 3].
        scale: [...].
        shift: [..., 3] metres.
    """

    rotation: Tensor
    scale: Tensor
    shift: Tensor

    def apply(self, points: Tensor) -> Tensor:
        """Return [..., N, 3] moved points."""
        turned = points @ self.rotation.mT
        return self.scale[..., None, None] * turned + self.shift[..., None, :]


def fit_similarity(source: Tensor, target: Tensor) -> Similarity:
    """Return the least-squares similarity from `source` [N, 3] to `target` [..., N, 3] (Umeyama 1991, eq. 40 to 42)."""
    source_mean, target_mean = source.mean(dim=-2), target.mean(dim=-2)
    centred, moved = source - source_mean, target - target_mean[..., None, :]
    covariance = moved.mT @ centred / source.shape[-2]
    u, singular, vh = torch.linalg.svd(covariance)
    flip = torch.ones_like(singular)
    flip[..., 2] = torch.sign(torch.linalg.det(u) * torch.linalg.det(vh))
    rotation = u @ torch.diag_embed(flip) @ vh
    scale = (singular * flip).sum(dim=-1) / centred.square().sum(dim=-1).mean()
    shift = target_mean - scale[..., None] * (rotation @ source_mean)
    return Similarity(rotation, scale, shift)


def rotation_about(axis: int, angle: float) -> Tensor:
    """Return [3, 3] rotation by `angle` radians about X (0), Y (1) or Z (2), right-handed."""
    found = torch.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    found[first, first] = found[second, second] = math.cos(angle)
    found[second, first], found[first, second] = math.sin(angle), -math.sin(angle)
    return found
