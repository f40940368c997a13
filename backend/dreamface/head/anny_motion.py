"""Corrections to the facial actions that depend on who the person is: lids that meet, eyeballs that turn."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamface.head.transforms import rotation_about
from dreamface.traits import ARKIT_SHAPES

IntArray = NDArray[np.int64]

YAW: Final = np.radians(30.0)  # of the eyeball at eyeLookIn and eyeLookOut = 1
PITCH: Final = np.radians(25.0)  # at eyeLookUp and eyeLookDown = 1

_CONTACT_RING: Final = 2  # lid loop whose upper and lower halves meet
_OVERLAP: Final = 0.7e-3  # metres by which the control cage's lids overlap when shut; subdivision draws them back
_FOLLOW: Final = (1.0, 1.0, 1.0, 1.0, 0.92, 0.75, 0.5, 0.28, 0.12, 0.04)  # how much of the closing each loop joins in
_CLEARANCE: Final = (0.1e-3, 0.2e-3, 0.4e-3, 0.8e-3, 1.0e-3, 1.1e-3, 1.2e-3, 1.3e-3)  # metres off the eyeball, per loop


def gaze_rotations(side: str) -> dict[str, Tensor]:
    """ARKit name -> [3, 3] rotation of the left or right eyeball at weight 1. "In" is towards the nose."""
    outwards = 1.0 if side == "left" else -1.0
    name = side.capitalize()
    return {
        f"eyeLookOut{name}": rotation_about(2, outwards * YAW),
        f"eyeLookIn{name}": rotation_about(2, -outwards * YAW),
        f"eyeLookUp{name}": rotation_about(0, -PITCH),
        f"eyeLookDown{name}": rotation_about(0, PITCH),
    }


def close_lids(cage: Tensor, actions: Tensor, rings: IntArray, centres: Tensor, radii: Tensor, bulge: float) -> Tensor:
    """Facial actions whose eyeBlink shuts this person's lids without a gap and without cutting into the eye.

    Args:
        cage: [C, 3] neutral cage.
        actions: [52, C, 3] deltas.
        rings: [2, R, N] lid loops, left then right.
        centres: [2, 3] of the eyeballs; radii: [2] of the eyeballs, metres.
        bulge: how far the cornea stands out, as a share of the radius.
    """
    corrected = actions.clone()
    for side, name in enumerate(("eyeBlinkLeft", "eyeBlinkRight")):
        index = ARKIT_SHAPES.index(name)
        shut = cage + corrected[index]
        shut = _meet(shut, rings[side])
        shut = _clear_of_eye(shut, rings[side], centres[side], float(radii[side]) * (1.0 + bulge))
        corrected[index] = shut - cage
    return corrected


def _meet(shut: Tensor, rings: IntArray) -> Tensor:
    """Lower the upper lid until its contact loop lies on the lower lid's."""
    contact = shut[rings[_CONTACT_RING]].numpy()
    upper, lower = _lid_columns(contact)
    order = lower[np.argsort(contact[lower, 0])]
    floor = np.interp(contact[upper, 0], contact[order, 0], contact[order, 2])
    # Towards the corners the lids run into each other by themselves.
    place = (contact[upper, 0] - contact[:, 0].min()) / np.ptp(contact[:, 0])
    needed = np.maximum(contact[upper, 2] - floor + _OVERLAP, 0.0) * np.minimum(1.0, 6.0 * np.sin(np.pi * place))
    moved = shut.clone()
    for ring, follow in zip(rings, _FOLLOW, strict=False):
        moved[ring[upper], 2] -= torch.from_numpy(needed * follow).float()
    return moved


def _lid_columns(contact: NDArray[np.float32]) -> tuple[IntArray, IntArray]:
    """Columns of the upper and of the lower lid, without the corners, told apart by their way along the loop."""
    x = contact[:, 0]
    start, end, count = int(np.argmin(x)), int(np.argmax(x)), len(x)
    one = (start + np.arange(1, (end - start) % count)) % count
    other = (end + np.arange(1, (start - end) % count)) % count
    return (one, other) if contact[one, 2].mean() >= contact[other, 2].mean() else (other, one)


def _clear_of_eye(shut: Tensor, rings: IntArray, centre: Tensor, radius: float) -> Tensor:
    """Push lid vertices out to the cornea's sphere plus a loop's own clearance."""
    moved = shut.clone()
    for ring, clearance in zip(rings, _CLEARANCE, strict=False):
        away = moved[ring] - centre
        distance = torch.linalg.vector_norm(away, dim=1, keepdim=True)
        moved[ring] = centre + away * torch.clamp((radius + clearance) / distance, min=1.0)
    return moved
