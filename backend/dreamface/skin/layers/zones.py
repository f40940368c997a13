"""Zones of the skin around landmarks, as rows of tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dreamface.skin.canvas.anatomy import zones
from dreamface.skin.canvas.subject import Subject


@dataclass(frozen=True)
class Zone:
    """The skin around landmarks: weight * exp(-(distance / radius)^2), of the nearest one.

    Attributes:
        landmarks: their names.
        radius: metres.
        weight: 0..1 at the landmarks.
    """

    landmarks: tuple[str, ...]
    radius: float
    weight: float = 1.0


def strongest(subject: Subject, table: Sequence[Zone]) -> Tensor:
    """Return 0..1 [S, S]: at each texel, the strongest of the zones."""
    images = zones(subject, {str(number): (zone.radius, zone.landmarks) for number, zone in enumerate(table)})
    return torch.stack([zone.weight * image for zone, image in zip(table, images.values(), strict=True)]).amax(dim=0)
