"""Made-up performances, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from dreamface.performance import Performance
from dreamface.traits import ARKIT_SHAPES


def a_take(moments: int = 60, rate: float = 30.0, **others: Any) -> Performance:
    """A face that opens its mouth, blinks its left eye once, looks around and nods."""
    times = np.arange(moments) / rate
    weights = np.zeros((moments, len(ARKIT_SHAPES)), np.float32)
    weights[:, ARKIT_SHAPES.index("jawOpen")] = 0.5 + 0.5 * np.sin(2.0 * times)
    weights[:, ARKIT_SHAPES.index("eyeBlinkLeft")] = np.exp(-(((times - 1.0) / 0.06) ** 2))
    weights[:, ARKIT_SHAPES.index("mouthLeft")] = 0.25
    head = np.stack((0.3 * np.sin(times), 0.2 * np.cos(times), 0.1 * times), axis=1).astype(np.float32)
    eyes = np.stack((np.stack((0.2 * np.sin(3.0 * times), 0.1 * times), 1),) * 2, axis=1).astype(np.float32)
    position = np.stack((0.01 * times, 0.6 + 0.0 * times, 0.02 * times), axis=1).astype(np.float32)
    made = {
        "times": times, "weights": weights, "head": head, "position": position, "eyes": eyes,
        "seen": np.ones(moments, bool), "rate": rate, "source": "made up.mp4",
    }  # fmt: skip
    return Performance(**{**made, **others})
