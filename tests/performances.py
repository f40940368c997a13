"""Made-up performances for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dreamface.performance import Performance
from dreamface.traits import ARKIT_SHAPES


def performance(seconds: float = 2.0, rate: float = 30.0, **changes: object) -> Performance:
    """A jaw that opens and shuts once a second, a wink of the left eye after a second, and a head that looks around."""
    times = np.arange(round(seconds * rate) + 1) / rate
    weights = np.zeros((len(times), len(ARKIT_SHAPES)), np.float32)
    weights[:, ARKIT_SHAPES.index("jawOpen")] = 0.5 - 0.5 * np.cos(2.0 * np.pi * times)
    weights[:, ARKIT_SHAPES.index("eyeBlinkLeft")] = np.clip(1.0 - np.abs(times - 1.0) / 0.1, 0.0, 1.0)
    head = np.zeros((len(times), 3), np.float32)
    head[:, 0], head[:, 1] = 0.4 * np.sin(np.pi * times), 0.2 * np.sin(2.0 * np.pi * times)
    position = np.stack((0.02 * np.sin(times), np.full(len(times), 0.6), np.zeros(len(times))), axis=1)
    arrays: dict[str, object] = {
        "times": times,
        "weights": weights,
        "head": head,
        "position": position.astype(np.float32),
        "eyes": np.zeros((len(times), 2, 2), np.float32),
        "seen": np.ones(len(times), bool),
    }
    return Performance(**arrays | {"rate": rate, "source": "monologue.mp4"} | changes)  # type: ignore[arg-type]


def saved(folder: Path, name: str = "monologue", **changes: object) -> Path:
    """Write one as a take's file."""
    path = folder / f"{name}.npz"
    performance(**changes).save(path)  # type: ignore[arg-type]
    return path
