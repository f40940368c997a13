"""Lids that meet: how far a blink goes while other shapes shut the eye, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LID_CLOSING = {"eyeSquint": 0.19, "cheekSquint": 0.18, "eyeLookDown": 0.33}
"""Share of a blink by which other shapes shut the lids; the backend has the same numbers."""


def lids_meeting(weights: NDArray[Any], shapes: Sequence[str]) -> NDArray[Any]:
    """Return weights [..., S] in which a blink ends where the lids meet.

    All of it, added to a squint, would push them through each other and the eye.

    Args:
        weights: [..., S] 0..1.
        shapes: the S names, ARKit's.
    """
    column = {name: index for index, name in enumerate(shapes)}
    changed = np.array(weights)
    for side in ("Left", "Right"):
        blink = column.get(f"eyeBlink{side}")
        if blink is None:
            continue
        closing = [(column[name + side], share) for name, share in LID_CLOSING.items() if name + side in column]
        shut = sum(share * changed[..., index] for index, share in closing)
        changed[..., blink] = np.minimum(changed[..., blink], 1.0 - shut)
    return changed
