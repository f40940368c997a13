"""The 15 visemes of Oculus' lip sync, as mixtures of ARKit's shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Face

VISEMES: Final[Mapping[str, Mapping[str, float]]] = {
    "viseme_sil": {},
    "viseme_PP": {
        "jawOpen": 0.06, "mouthClose": 0.06, "mouthPressLeft": 0.25, "mouthPressRight": 0.25, "mouthRollLower": 0.15,
        "mouthRollUpper": 0.1,
    },
    "viseme_FF": {
        "jawOpen": 0.08, "mouthRollLower": 0.7, "mouthUpperUpLeft": 0.3, "mouthUpperUpRight": 0.3,
        "mouthShrugLower": 0.2,
    },
    "viseme_TH": {
        "jawOpen": 0.16, "tongueOut": 0.35, "mouthUpperUpLeft": 0.15, "mouthUpperUpRight": 0.15,
        "mouthLowerDownLeft": 0.15, "mouthLowerDownRight": 0.15,
    },
    "viseme_DD": {
        "jawOpen": 0.14, "mouthUpperUpLeft": 0.2, "mouthUpperUpRight": 0.2, "mouthLowerDownLeft": 0.3,
        "mouthLowerDownRight": 0.3, "mouthStretchLeft": 0.1, "mouthStretchRight": 0.1,
    },
    "viseme_kk": {
        "jawOpen": 0.22, "mouthLowerDownLeft": 0.2, "mouthLowerDownRight": 0.2, "mouthUpperUpLeft": 0.15,
        "mouthUpperUpRight": 0.15, "mouthStretchLeft": 0.15, "mouthStretchRight": 0.15,
    },
    "viseme_CH": {
        "jawOpen": 0.05, "mouthFunnel": 0.5, "mouthPucker": 0.15, "mouthShrugUpper": 0.15, "mouthLowerDownLeft": 0.1,
        "mouthLowerDownRight": 0.1,
    },
    "viseme_SS": {
        "jawOpen": 0.05, "mouthStretchLeft": 0.3, "mouthStretchRight": 0.3, "mouthSmileLeft": 0.15,
        "mouthSmileRight": 0.15, "mouthUpperUpLeft": 0.2, "mouthUpperUpRight": 0.2, "mouthLowerDownLeft": 0.35,
        "mouthLowerDownRight": 0.35,
    },
    "viseme_nn": {
        "jawOpen": 0.12, "mouthLowerDownLeft": 0.2, "mouthLowerDownRight": 0.2, "mouthUpperUpLeft": 0.1,
        "mouthUpperUpRight": 0.1, "mouthStretchLeft": 0.1, "mouthStretchRight": 0.1,
    },
    "viseme_RR": {"jawOpen": 0.14, "mouthFunnel": 0.35, "mouthPucker": 0.25, "mouthShrugUpper": 0.1},
    "viseme_aa": {
        "jawOpen": 0.6, "mouthLowerDownLeft": 0.2, "mouthLowerDownRight": 0.2, "mouthUpperUpLeft": 0.15,
        "mouthUpperUpRight": 0.15,
    },
    "viseme_E": {
        "jawOpen": 0.28, "mouthStretchLeft": 0.35, "mouthStretchRight": 0.35, "mouthSmileLeft": 0.25,
        "mouthSmileRight": 0.25, "mouthLowerDownLeft": 0.25, "mouthLowerDownRight": 0.25, "mouthUpperUpLeft": 0.15,
        "mouthUpperUpRight": 0.15,
    },
    "viseme_ih": {
        "jawOpen": 0.2, "mouthSmileLeft": 0.3, "mouthSmileRight": 0.3, "mouthStretchLeft": 0.2,
        "mouthStretchRight": 0.2, "mouthLowerDownLeft": 0.25, "mouthLowerDownRight": 0.25,
    },
    "viseme_oh": {"jawOpen": 0.42, "mouthFunnel": 0.55, "mouthPucker": 0.2},
    "viseme_ou": {"jawOpen": 0.12, "mouthPucker": 0.8, "mouthFunnel": 0.25},
}  # fmt: skip
"""Viseme -> weights of ARKit's shapes, in Oculus' order: silence, p b m, f v, th, t d, k g, ch j sh, s z, n l, r, and
the vowels of father, bed, sit, go and you."""


def with_visemes(face: Face) -> Face:
    """Return the face with the visemes as further blend shapes, last; those that it has already stay as they are."""
    missing = {name: mix for name, mix in VISEMES.items() if name not in face.shape_names}
    if not missing:
        return face
    made = torch.stack([mixture(face, mix) for mix in missing.values()])
    return replace(face, shapes=torch.cat((face.shapes, made)), shape_names=(*face.shape_names, *missing))


def mixture(face: Face, mix: Mapping[str, float]) -> Tensor:
    """Return [V, 3] metres, the sum of a face's shapes with these weights; what it does not have counts nothing."""
    total = torch.zeros_like(face.head.vertices)
    for name, weight in mix.items():
        if name in face.shape_names:
            total += weight * face.shapes[face.shape_names.index(name)]
    return total
