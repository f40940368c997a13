"""What MakeHuman's facial actions lack: where they move too little of the skin that a muscle moves.

The muscles are those of FACS (Ekman, Friesen and Hager 2002, "Facial Action Coding System"); which way each one draws
the skin is anatomy (Standring 2020, "Gray's Anatomy", chapter "Face and scalp").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dreamface.arrays import Float32Array, FloatArray
from dreamface.head.anny.cage import Cage
from dreamface.head.muscles import Pull, pulled, upper_lip
from dreamface.traits import ARKIT_SHAPES

PULLS: Final[Mapping[str, tuple[Pull, ...]]] = {
    "noseSneer": (  # levator labii superioris alaeque nasi and nasalis
        Pull((16.0, -143.0, 693.0), (0.8, 0.4, 2.6), (9.0, 15.0, 10.0)),  # the wing of the nose
        Pull((11.0, -149.0, 677.0), (0.6, 0.4, 5.2), (23.0, 19.0, 16.0), "upper"),
        Pull((25.0, -137.0, 699.0), (0.0, -2.6, 3.6), (14.0, 18.0, 18.0)),  # the fold beside it
        Pull((9.0, -142.0, 719.0), (-0.4, -1.4, 2.0), (8.0, 14.0, 11.0)),  # wrinkles over the nose's side
        Pull((27.0, -132.0, 719.0), (0.0, -1.2, 2.0), (17.0, 18.0, 10.0)),
        Pull((8.0, -143.0, 744.0), (-1.2, -0.6, -1.2), (11.0, 15.0, 10.0)),  # procerus
    ),
    "mouthUpperUp": (  # levator labii superioris
        Pull((12.0, -149.0, 676.0), (0.4, 0.4, 3.0), (19.0, 18.0, 14.0), "upper"),
        Pull((17.0, -142.0, 692.0), (0.4, 0.0, 1.5), (9.0, 15.0, 10.0)),
        Pull((27.0, -135.0, 695.0), (0.0, -2.0, 2.8), (15.0, 18.0, 16.0)),
        Pull((29.0, -132.0, 715.0), (0.0, -1.0, 1.6), (17.0, 18.0, 10.0)),
    ),
    "mouthLowerDown": (  # depressor labii inferioris
        Pull((11.0, -146.0, 661.0), (0.8, -0.5, -3.2), (18.0, 18.0, 13.0), "lower"),
        Pull((13.0, -142.0, 650.0), (0.8, -1.0, -1.6), (15.0, 16.0, 11.0)),
    ),
    "mouthSmile": (  # zygomatic major; the cheek has nowhere to go but forwards and up
        Pull((39.0, -127.0, 702.0), (1.6, -3.0, 4.4), (23.0, 26.0, 20.0)),
        Pull((26.0, -137.0, 689.0), (1.4, -1.4, 2.4), (12.0, 17.0, 14.0)),
        Pull((16.0, -143.0, 692.0), (1.4, 0.5, 0.6), (9.0, 15.0, 9.0)),
        Pull((23.0, -139.0, 667.0), (1.0, 2.6, -0.8), (15.0, 18.0, 13.0)),
        Pull((13.0, -149.0, 674.0), (1.2, 1.4, 2.6), (13.0, 16.0, 11.0), "upper"),  # stretched, it bares the teeth
        Pull((3.0, -152.0, 675.0), (0.4, 1.2, 1.4), (10.0, 15.0, 10.0), "upper"),
        Pull((15.0, -144.0, 662.0), (0.8, 0.4, 1.6), (11.0, 16.0, 9.0), "lower"),  # follows the corner
        Pull((6.0, -148.0, 660.0), (0.0, 0.6, -1.0), (15.0, 17.0, 9.0), "lower"),  # what hangs between the corners
    ),
    "mouthPress": (  # orbicularis oris: the red of both lips goes in, mentalis helps
        Pull((9.0, -150.0, 677.0), (-0.3, 2.2, -2.4), (17.0, 15.0, 9.0), "upper"),
        Pull((9.0, -148.0, 660.0), (-0.3, 2.0, 2.8), (17.0, 15.0, 9.0), "lower"),
        Pull((23.0, -139.0, 667.0), (-0.6, 0.8, -0.4), (9.0, 13.0, 9.0)),
        Pull((9.0, -139.0, 641.0), (0.0, -1.4, 1.8), (17.0, 18.0, 12.0)),
        Pull((14.0, -146.0, 683.0), (0.0, -1.0, -0.6), (15.0, 15.0, 7.0), "upper"),  # what went in shows as a bulge
    ),
    "mouthDimple": (  # buccinator: the corner is drawn in, and a small bulge frames it
        Pull((24.0, -138.0, 667.0), (0.8, 2.0, -0.6), (9.0, 13.0, 9.0)),
        Pull((33.0, -131.0, 666.0), (0.6, -1.6, 0.0), (8.0, 14.0, 13.0)),
    ),
    "mouthStretch": (  # risorius and platysma
        Pull((23.0, -139.0, 667.0), (2.8, 1.4, -0.8), (14.0, 17.0, 13.0)),
        Pull((17.0, -143.0, 659.0), (1.6, 0.6, -2.2), (15.0, 17.0, 10.0), "lower"),
        Pull((27.0, -128.0, 650.0), (2.0, 0.8, -2.0), (17.0, 22.0, 18.0)),
    ),
    "mouthFrown": (  # depressor anguli oris: the skin below the corner bulges, the fold to it deepens
        Pull((25.0, -135.0, 653.0), (0.8, -1.6, -0.8), (12.0, 17.0, 13.0)),
    ),
    "mouthShrugLower": (  # mentalis
        Pull((0.0, -141.0, 637.0), (0.0, -1.6, 5.0), (21.0, 21.0, 15.0)),
        Pull((0.0, -129.0, 628.0), (0.0, -0.4, 3.4), (19.0, 18.0, 12.0)),
    ),
    "cheekSquint": (  # orbicularis oculi, orbital part
        Pull((38.0, -128.0, 709.0), (-1.0, -1.8, 0.6), (23.0, 25.0, 17.0)),
        Pull((32.0, -133.0, 727.0), (0.0, -1.2, 1.6), (17.0, 13.0, 8.0)),
        Pull((47.0, -122.0, 733.0), (-1.0, -0.4, 0.4), (12.0, 17.0, 13.0)),
    ),
    "browInnerUp": (  # the middle of frontalis, with corrugator as the brows are knit
        Pull((10.0, -143.0, 749.0), (-1.3, -0.9, 4.2), (16.0, 17.0, 15.0)),
        Pull((15.0, -140.0, 767.0), (0.0, -0.2, 2.4), (22.0, 17.0, 20.0)),
        Pull((50.0, -125.0, 750.0), (0.0, 0.0, -1.6), (17.0, 20.0, 12.0)),  # the tail hangs
    ),
    "browOuterUp": (  # the outer part of frontalis
        Pull((34.0, -139.0, 754.0), (0.4, 0.0, 4.6), (21.0, 20.0, 15.0)),
        Pull((31.0, -136.0, 774.0), (0.0, 0.0, 2.6), (26.0, 22.0, 21.0)),
        Pull((50.0, -126.0, 750.0), (0.3, 0.0, 2.2), (15.0, 20.0, 13.0)),
    ),
    "eyeWide": (  # levator palpebrae: white shows above the iris
        Pull((30.0, -134.0, 739.0), (0.0, 0.0, 0.9), (15.0, 13.0, 7.0)),
    ),
    "browDown": (  # corrugator and procerus
        Pull((11.0, -143.0, 746.0), (-2.1, -1.6, -1.8), (14.0, 16.0, 11.0)),
        Pull((5.0, -143.0, 741.0), (-0.5, -1.3, -1.4), (8.0, 15.0, 9.0)),
        Pull((22.0, -139.0, 743.0), (0.0, -1.4, -1.4), (15.0, 14.0, 8.0)),  # the brow hangs over the lid
    ),
}  # fmt: skip
"""ARKit's shape without its side -> its pulls."""

_OWN: Final[Mapping[str, float]] = {"mouthPress": 0.15}
"""ARKit's shape without its side -> what is kept of MakeHuman's action: its mouthPress makes corners smile."""

_CONTACT: Final = 1  # of `Cage.lip_rings`: where closed lips meet


def strengthen(actions: Float32Array, cage: Cage, skin: FloatArray) -> Float32Array:
    """Return facial actions [52, C, 3] with the pulls of their muscles.

    Args:
        actions: metres at weight 1, in the order of `ARKIT_SHAPES`.
        cage: the cage.
        skin: [Cs, 3] skin vertices of the mean adult in the base mesh's own place.
    """
    found = actions.copy()
    upper = upper_lip(skin, cage.lip_rings, _CONTACT)
    for shape, pulls in PULLS.items():
        for side in ("",) if shape in ARKIT_SHAPES else ("Left", "Right"):
            action = found[ARKIT_SHAPES.index(shape + side)]
            action *= _OWN.get(shape, 1.0)
            action[: len(skin)] += pulled(pulls, side, skin, upper)
    return found
