"""Where the built-in head's skin and ICT-FaceKit's lie on each other, and what is transferred across.

Every vertex of either skin has a place on the other: a triangle and barycentric weights, found once by registration
(see `training.ict_correspondence`) and kept beside this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

FILE: Final = Path(__file__).with_name("ict_correspondence.npz")

_WEIGHT_STEPS: Final = 65535  # barycentric weights are stored as uint16


@dataclass(frozen=True)
class Places:
    """Where the vertices of one skin lie on the other.

    Attributes:
        triangles: [N] int64 into the other topology's `triangles`.
        corners: [N, 3] int64 vertices of those triangles.
        weights: [N, 3] barycentric.
    """

    triangles: Tensor
    corners: Tensor
    weights: Tensor

    def transfer(self, values: Tensor) -> Tensor:
        """Return [N, ...] values of the other skin's vertices [V, ...] as they are at these places."""
        shape = (*self.weights.shape, *([1] * (values.dim() - 1)))
        return (values[self.corners] * self.weights.view(shape).to(values)).sum(dim=1)


@dataclass(frozen=True)
class Correspondence:
    """Both directions, and the regions that were transferred.

    Attributes:
        ict: the places of ICT's 14,062 skin vertices on the built-in skin.
        anny: the places of the built-in skin's 17,891 vertices on ICT's skin.
        regions: the built-in head's region names -> [14062] weights 0..1 on ICT's skin.
    """

    ict: Places
    anny: Places
    regions: dict[str, Tensor]

    def to_ict(self, values: Tensor) -> Tensor:
        """Return [14062, ...] on ICT's skin what `values` [17891 or more, ...] are on the built-in head's."""
        return self.ict.transfer(values)

    def to_anny(self, values: Tensor) -> Tensor:
        """Return [17891, ...] on the built-in skin what `values` [14062 or more, ...] are on ICT's."""
        return self.anny.transfer(values)


@cache
def load_correspondence() -> Correspondence:
    """Return the stored correspondence."""
    with np.load(FILE, allow_pickle=False) as data:
        weights = torch.from_numpy(data["region_weights"]).float() / 255.0
        regions = dict(zip(data["region_names"].tolist(), weights, strict=True))
        return Correspondence(_places(data, "ict"), _places(data, "anny"), regions)


def _places(data: np.lib.npyio.NpzFile, name: str) -> Places:
    stored = torch.from_numpy(data[f"{name}_weights"].astype(np.float32)) / _WEIGHT_STEPS
    return Places(
        torch.from_numpy(data[f"{name}_triangle"].astype(np.int64)),
        torch.from_numpy(data[f"{name}_corners"].astype(np.int64)),
        torch.cat((1.0 - stored.sum(dim=1, keepdim=True), stored), dim=1),
    )
