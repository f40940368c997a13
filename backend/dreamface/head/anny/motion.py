"""Corrections to the facial actions and to the face at rest: lids and lips that meet, eyeballs that turn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

import numpy as np
import torch
from torch import Tensor

from dreamface.arrays import Float32Array, IntArray
from dreamface.geometry import rotation_about, smoothstep, ways_around
from dreamface.traits import ARKIT_SHAPES

YAW: Final = np.radians(30.0)  # of the eyeball at eyeLookIn and eyeLookOut = 1
PITCH: Final = np.radians(25.0)  # at eyeLookUp and eyeLookDown = 1

# Subdivision draws edges back, so on the control cage lids and lips overlap by a little, in metres, to touch at
# last.
_LID_CONTACT_RING: Final = 2  # lid loop whose upper and lower halves meet
_LID_OVERLAP: Final = 1.5e-3
_LID_FOLLOW: Final = (1.0, 1.0, 1.0, 1.0, 0.95, 0.82, 0.64, 0.45, 0.28, 0.15, 0.06)  # how far each loop joins in
_LID_RISE: Final = 10.0e-3  # metres by which an upper lid that sank too far may be lifted
_LID_FADE: Final = 5.0  # the larger, the closer to the corners the full closing reaches
_LIP_CONTACT_RING: Final = 1
_LIP_FADE: Final = 3.2
_LIP_FOLLOW: Final = (1.0, 1.0, 0.9, 0.6, 0.3, 0.1)
_LIPS_PART: Final = (2.0e-3, 6.0e-3)  # metres: lips that the template parts by less keep to that
_CLEARANCE: Final = (0.1e-3, 0.2e-3, 0.4e-3, 0.8e-3, 1.0e-3, 1.1e-3, 1.2e-3, 1.3e-3)  # metres off the eyeball, per loop


@cache
def gaze_rotations(side: str, weight: float = 1.0) -> Mapping[str, Tensor]:
    """ARKit name -> [3, 3] rotation of the left or right eyeball at a weight. "In" is towards the nose."""
    outwards = 1.0 if side == "left" else -1.0
    name = side.capitalize()
    turns = {
        f"eyeLookOut{name}": rotation_about(2, weight * outwards * YAW),
        f"eyeLookIn{name}": rotation_about(2, -weight * outwards * YAW),
        f"eyeLookUp{name}": rotation_about(0, -weight * PITCH),
        f"eyeLookDown{name}": rotation_about(0, weight * PITCH),
    }
    return MappingProxyType(turns)


def close_lids(cage: Tensor, actions: Tensor, rings: IntArray, centres: Tensor, radii: Tensor, bulge: float) -> Tensor:
    """Facial actions whose eyeBlink shuts this person's lids without a gap and without cutting into the eye.

    Args:
        cage: [C, 3] neutral cage.
        actions: [52, C, 3] deltas.
        rings: [2, R, N] lid loops, left then right.
        centres: [2, 3] of the eyeballs, metres.
        radii: [2] of the eyeballs, metres.
        bulge: how far the cornea stands out, as a share of the radius.
    """
    corrected = actions.clone()
    for side, name in enumerate(("eyeBlinkLeft", "eyeBlinkRight")):
        index = ARKIT_SHAPES.index(name)
        shut = _meet(cage, cage + corrected[index], rings[side])
        shut = _clear_of_eye(shut, rings[side], centres[side], float(radii[side]) * (1.0 + bulge))
        corrected[index] = shut - cage
    return corrected


def hold_lips(cage: Tensor, template: Tensor, actions: Tensor, rings: IntArray) -> Tensor:
    """Facial actions whose lips part as the template's do, unless those open wide: closed lips stay closed.

    Args:
        cage: [C, 3] neutral cage.
        template: [52, C, 3] the template's deltas, at this person's size.
        actions: [52, C, 3] this person's deltas.
        rings: [R, N] lip loops.
    """
    contact = cage[rings[_LIP_CONTACT_RING]].numpy()
    upper, lower = _halves(contact)
    held = actions.clone()
    for columns, others in ((upper, lower), (lower, upper)):
        ring = torch.from_numpy(rings[_LIP_CONTACT_RING])
        facing = _facing(contact, columns, others)
        apart = template[:, ring[columns]] - facing @ template[:, ring[others]]
        together = 1.0 - smoothstep(torch.linalg.vector_norm(apart, dim=-1, keepdim=True), *_LIPS_PART)
        own = actions[:, ring[columns]] - facing @ actions[:, ring[others]]
        wrong = 0.5 * together * (own - apart)
        for loop, follow in zip(rings, _LIP_FOLLOW, strict=False):
            held[:, loop[columns]] -= follow * wrong
    return held


def seal_lips(cage: Tensor, rings: IntArray, overlap: float) -> Tensor:
    """Return [C, 3] offsets that bring parted lips together, half from above and half from below.

    Args:
        cage: [C, 3] a cage whose lips stand a little open.
        rings: [R, N] lip loops.
        overlap: metres by which the lips' contact loops are to pass each other; lips that already do stay as they are.
    """
    contact = cage[rings[_LIP_CONTACT_RING]].numpy()
    upper, lower = _halves(contact)
    offsets = torch.zeros_like(cage)
    # Seen upside down, the lower lip sinks onto the upper one.
    for columns, others, direction in ((upper, lower, -1.0), (lower, upper, 1.0)):
        needed = 0.5 * _opening(contact * [1.0, 1.0, -direction], columns, others, overlap, _LIP_FADE)
        for ring, follow in zip(rings, _LIP_FOLLOW, strict=False):
            offsets[ring[columns], 2] += direction * torch.from_numpy(needed * follow).float()
    return offsets


def _meet(neutral: Tensor, shut: Tensor, rings: IntArray) -> Tensor:
    """Move the upper lid until its contact loop lies on the lower lid's."""
    ring = rings[_LID_CONTACT_RING]
    contact = shut[ring].numpy()
    upper, lower = _halves(neutral[ring].numpy())  # shut lids can't be told apart by height
    needed = _opening(contact, upper, lower, _LID_OVERLAP, _LID_FADE, least=-_LID_RISE)
    moved = shut.clone()
    for ring, follow in zip(rings, _LID_FOLLOW, strict=False):
        moved[ring[upper], 2] -= torch.from_numpy(needed * follow).float()
    return moved


def _opening(
    contact: Float32Array, columns: IntArray, others: IntArray, overlap: float, fade: float, least: float = 0.0
) -> Float32Array:
    """Return [K] how far each of `columns` must sink to pass the edge below by `overlap`; less towards the corners.

    Where `least` is below 0, an edge that passes the other by more may rise by as much.
    """
    order = others[np.argsort(contact[others, 0])]
    facing = np.interp(contact[columns, 0], contact[order, 0], contact[order, 2])
    # Towards the corners the edges run into each other by themselves.
    place = (contact[columns, 0] - contact[:, 0].min()) / np.ptp(contact[:, 0])
    share = np.minimum(1.0, fade * np.sin(np.pi * place))
    needed = np.maximum(contact[columns, 2] - facing + overlap, least) * share
    padded = np.pad(needed, 1, mode="edge")
    smooth: Float32Array = np.maximum(needed, 0.25 * padded[:-2] + 0.5 * needed + 0.25 * padded[2:])
    return smooth


def _facing(contact: Float32Array, columns: IntArray, others: IntArray) -> Tensor:
    """Return [K, L] weights of the other edge's columns at the place that faces each of these columns."""
    order = np.argsort(contact[others, 0])
    knots = contact[others[order], 0]
    weights = np.stack([np.interp(contact[columns, 0], knots, row) for row in np.eye(len(others))], axis=1)
    return torch.from_numpy(weights[:, np.argsort(order)]).float()


def _halves(contact: Float32Array) -> tuple[IntArray, IntArray]:
    """Columns of the upper and of the lower edge, without the corners, told apart by their way along the loop."""
    x = contact[:, 0]
    one, other = (way[1:-1] for way in ways_around(int(np.argmin(x)), int(np.argmax(x)), len(x)))
    return (one, other) if contact[one, 2].mean() >= contact[other, 2].mean() else (other, one)


def _clear_of_eye(shut: Tensor, rings: IntArray, centre: Tensor, radius: float) -> Tensor:
    """Push lid vertices out to the cornea's sphere plus a loop's own clearance."""
    moved = shut.clone()
    for ring, clearance in zip(rings, _CLEARANCE, strict=False):
        away = moved[ring] - centre
        distance = torch.linalg.vector_norm(away, dim=1, keepdim=True)
        moved[ring] = centre + away * torch.clamp((radius + clearance) / distance, min=1.0)
    return moved
