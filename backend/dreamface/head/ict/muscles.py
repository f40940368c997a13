"""What ICT-FaceKit's expressions say too weakly: its scanned actors hardly knit their brows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from torch import Tensor

from dreamface.head.ict.parts import SKIN, parts
from dreamface.head.muscles import Pull, pulled

PULLS: Final[Mapping[str, tuple[Pull, ...]]] = {
    "browDown": (  # corrugator draws the brow down and in, procerus the skin between
        Pull((12.0, -106.0, 58.0), (-2.2, -1.8, -3.2), (15.0, 20.0, 14.0)),
        Pull((27.0, -103.0, 61.0), (-0.8, -1.2, -2.6), (19.0, 20.0, 14.0)),
        Pull((5.0, -107.0, 47.0), (-0.7, -1.4, -1.4), (9.0, 16.0, 12.0)),
    ),
}  # fmt: skip
"""ARKit's shape without its side -> its pulls, in the place of the archive's average person."""

_SKIN: Final = next(part.vertices[1] for part in parts((0, 0)) if part.name == SKIN)


def muscle_pulls(neutral: Tensor) -> dict[str, Tensor]:
    """Return ARKit's shape -> [N, 3] metres to add to it on the first N vertices, those of the skin.

    Args:
        neutral: [V, 3] metres, of the average person.
    """
    skin = neutral[:_SKIN].double().numpy()
    neither = np.full(len(skin), 0.5)
    return {
        shape + side: torch.from_numpy(pulled(pulls, side, skin, neither)).float()
        for shape, pulls in PULLS.items()
        for side in ("Left", "Right")
    }
