"""What of a face's measurements tells age, sex and ancestry, learned from the built-in head's people."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from dreamface.traits import SHAPE_TRAITS

LOOKS: Final = ("gender", "age", "ancestry.african", "ancestry.east_asian", "ancestry.european")

_FILE: Final = Path(__file__).with_name("looks.npz")


def look_weights() -> Tensor:
    """Return [5, T] how `LOOKS` change with the raw measurements, see `training.looks`."""
    with np.load(_FILE, allow_pickle=False) as data:
        assert tuple(data["names"]) == LOOKS and tuple(data["traits"]) == SHAPE_TRAITS, "run dreamface.training.looks"
        return torch.from_numpy(data["weights"]).double()
