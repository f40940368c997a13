"""What ICT-FaceKit's expressions lack: its scanned actors hardly knit their brows, and lift the corners of a sneer.

The muscles are those of FACS (Ekman, Friesen and Hager 2002, "Facial Action Coding System").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

from dreamface.arrays import IntArray
from dreamface.head.ict.parts import SKIN, parts
from dreamface.head.muscles import Pull, pulled, upper_lip

PULLS: Final[Mapping[str, tuple[Pull, ...]]] = {
    "browDown": (  # corrugator draws the brow down and in, procerus the skin between
        Pull((12.0, -106.0, 58.0), (-2.4, -2.2, -4.6), (16.0, 20.0, 15.0)),
        Pull((27.0, -103.0, 61.0), (-0.8, -1.4, -3.6), (20.0, 20.0, 15.0)),
        Pull((38.0, -98.0, 63.0), (0.0, -0.4, -2.0), (18.0, 22.0, 14.0)),
        Pull((5.0, -107.0, 47.0), (-0.7, -1.6, -1.6), (9.0, 16.0, 12.0)),
        Pull((26.0, -99.0, 50.0), (0.0, -1.4, -1.6), (18.0, 16.0, 9.0)),  # the brow hangs over the lid
        Pull((50.0, -89.0, 58.0), (0.0, -0.3, -1.2), (17.0, 22.0, 13.0)),
    ),
    "browInnerUp": (  # the middle of frontalis, with corrugator as the brows are knit
        Pull((11.0, -107.0, 60.0), (-1.5, -1.0, 3.4), (16.0, 20.0, 16.0)),
        Pull((14.0, -106.0, 80.0), (0.0, -0.2, 1.8), (22.0, 22.0, 20.0)),
        Pull((51.0, -88.0, 57.0), (0.0, 0.0, -1.8), (19.0, 24.0, 14.0)),  # the tail hangs
    ),
    "browOuterUp": (  # the outer part of frontalis
        Pull((48.0, -91.0, 61.0), (0.0, 0.0, 2.4), (20.0, 24.0, 16.0)),
    ),
    "eyeWide": (  # levator palpebrae: white shows above the iris
        Pull((33.0, -95.0, 39.5), (0.0, 0.0, 0.8), (17.0, 14.0, 7.0)),
    ),
    "noseSneer": (  # levator labii superioris alaeque nasi lifts the middle of the lip; the corner stays
        Pull((25.0, -103.0, -35.0), (0.9, 0.5, -4.9), (17.0, 22.0, 17.0)),
        Pull((27.0, -99.0, -6.0), (0.0, -1.6, 1.4), (13.0, 18.0, 18.0)),  # the fold beside the nose
        Pull((8.0, -112.0, -27.0), (0.0, 0.0, 1.4), (12.0, 18.0, 10.0), "upper"),
    ),
    "mouthUpperUp": (  # levator labii superioris
        Pull((25.0, -103.0, -35.0), (0.4, 0.3, -3.6), (16.0, 22.0, 16.0)),
    ),
    "mouthFrown": (  # depressor anguli oris
        Pull((25.0, -102.0, -36.0), (0.3, 0.2, -1.6), (13.0, 18.0, 12.0)),
        Pull((28.0, -97.0, -49.0), (0.6, -1.6, -0.8), (12.0, 18.0, 13.0)),  # the skin below the corner bulges
    ),
    "mouthPress": (  # orbicularis oris: the red of both lips goes in
        Pull((9.0, -117.0, -25.0), (-0.3, 2.2, -2.4), (17.0, 16.0, 9.0), "upper"),
        Pull((9.0, -114.0, -43.5), (-0.3, 2.0, 2.2), (17.0, 16.0, 9.0), "lower"),
        Pull((25.0, -102.0, -35.0), (-0.5, 0.8, -1.6), (10.0, 16.0, 10.0)),
    ),
}  # fmt: skip
"""ARKit's shape without its side -> its pulls, in the place of the archive's average person."""

_SKIN: Final = next(part.vertices[1] for part in parts((0, 0)) if part.name == SKIN)
_UNSIDED: Final = ("browInnerUp",)  # one shape of ARKit's, two halves in the archive


def muscle_pulls(neutral: Tensor, lip_rings: IntArray, contact: int) -> dict[str, Tensor]:
    """Return the name of a shape -> [N, 3] metres to add to it on the first N vertices, those of the skin.

    Args:
        neutral: [V, 3] metres, of the average person.
        lip_rings: [R, K] loops around the mouth.
        contact: which of them lies where closed lips meet.
    """
    skin = neutral[:_SKIN].double().numpy()
    upper = upper_lip(skin, lip_rings, contact)
    found = {}
    for shape, pulls in PULLS.items():
        unsided = shape in _UNSIDED
        for side in ("Left", "Right"):
            name = f"{shape}_{side[0]}" if unsided else shape + side
            found[name] = torch.from_numpy(pulled(pulls, side, skin, upper)).float()
        if unsided:
            found[shape] = found[f"{shape}_L"] + found[f"{shape}_R"]
    return found
