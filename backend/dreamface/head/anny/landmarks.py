"""Where the landmarks lie on the built-in head, as vertices of MakeHuman's base mesh.

Points on the left (+X) are listed; the right ones follow from the mesh's mirror map. Names are those of anthropometry
(Farkas 1994, "Anthropometry of the Head and Face") where it has one. Points on the lids and lips come from the edge
loops of the cage instead.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dreamface.arrays import FloatArray, IntArray
from dreamface.geometry import ways_around
from dreamface.head.anny.cage import Cage

MIDLINE: Final = {
    "crown": 881,
    "trichion": 983,
    "metopion": 244,
    "glabella": 220,
    "nasion": 132,
    "rhinion": 5063,
    "pronasale": 5054,
    "subnasale": 343,
    "labrale_superius": 466,
    "stomion_superius": 474,
    "stomion_inferius": 493,
    "labrale_inferius": 496,
    "sublabiale": 491,
    "pogonion": 5162,
    "chin_dimple": 5211,
    "gnathion": 5225,
    "menton": 732,
    "cervical_point": 787,
    "jugular_notch": 815,
    "cervicale": 858,
    "opisthocranion": 962,
}

LEFT: Final = {
    "zygion": 12010,
    "cheekbone": 11790,
    "cheek": 11896,
    "gonion": 7597,
    "ramus": 7614,
    "chin_side": 11833,
    "chin_pad": 11824,
    "temple": 7040,
    "frontotemporale": 11839,
    "euryon": 7700,
    "brow_inner": 6984,
    "brow_arch": 6979,
    "brow_outer": 7024,
    "brow_ridge": 6952,
    "eye_bag": 6918,
    "upper_cheek": 11857,
    "alare": 7099,
    "alar_base": 7119,
    "nostril": 7084,
    "bridge_side": 6907,
    "nose_side": 6958,
    "tip_side": 7046,
    "ear_top": 12012,
    "ear_front": 12014,
    "ear_behind_top": 12016,
    "ear_back": 12040,
    "ear_lobe": 12005,
    "tragion": 12067,
    "mastoid": 7642,
    "neck_side": 7471,
}

_JAW_LEFT: Final = (7449, 7593, 7595, 7597, 7614, 7574, 12010, 12001)  # Multi-PIE 9..16, from the chin to the ear
_BROW_LEFT: Final = (6984, 6980, 6979, 6999, 7024)  # 22..26
_NOSE_MIDDLE: Final = (132, 131, 201, 5054)  # 27..30
_NOSTRILS_LEFT: Final = (7077, 7119)  # 34, 35
_CHIN: Final = 732  # 8
_UNDER_NOSE: Final = 317  # 33

_LID_RING: Final = 3  # the lid margin's outer edge
_CREASE_RING: Final = 9  # where the upper lid folds
_LIP_BORDER_RING: Final = 6  # the vermilion border
_LIP_CONTACT_RING: Final = 2  # where closed lips are seen to meet


def landmarks(cage: Cage, positions: FloatArray) -> dict[str, int]:
    """Name -> cage vertex: every anthropometric point and "multipie_00" .. "multipie_67".

    Args:
        cage: the cage.
        positions: [Cs, 3] skin vertices of the mean adult.
    """
    to_cage = {vertex: index for index, vertex in enumerate(cage.base_index.tolist())}
    found = {name: to_cage[vertex] for name, vertex in MIDLINE.items()}
    for name, vertex in LEFT.items():
        found[f"{name}_l"] = to_cage[vertex]
        found[f"{name}_r"] = int(cage.mirror[to_cage[vertex]])
    eyes = [_eye(cage.lid_rings[side], positions) for side in (0, 1)]
    for side, points in zip("lr", eyes, strict=True):
        found |= {f"{name}_{side}": vertex for name, vertex in points.items()}
    border = _mouth(cage.lip_rings[_LIP_BORDER_RING], positions, 12)
    contact = _mouth(cage.lip_rings[_LIP_CONTACT_RING], positions, 8)
    found |= {"cheilion_r": border[0], "cheilion_l": border[6]}
    chain = _multipie(cage, to_cage, eyes, border, contact)
    return found | {f"multipie_{number:02d}": vertex for number, vertex in enumerate(chain)}


def _multipie(
    cage: Cage, to_cage: dict[int, int], eyes: list[dict[str, int]], border: list[int], contact: list[int]
) -> list[int]:
    """Return the 68 Multi-PIE landmarks in order (Gross et al. 2010; numbered from the person's right)."""
    jaw = [to_cage[vertex] for vertex in _JAW_LEFT]
    brow = [to_cage[vertex] for vertex in _BROW_LEFT]
    nostrils = [to_cage[vertex] for vertex in _NOSTRILS_LEFT]

    def right(vertices: list[int]) -> list[int]:
        return [int(cage.mirror[vertex]) for vertex in reversed(vertices)]

    around = ("exocanthion", "lid_upper_outer", "lid_upper_inner", "endocanthion", "lid_lower_inner", "lid_lower_outer")
    right_eye = [eyes[1][name] for name in around]
    left_eye = [eyes[0][name] for name in (*around[3::-1], *around[:3:-1])]
    nose = [to_cage[vertex] for vertex in _NOSE_MIDDLE]
    under = [*right(nostrils), to_cage[_UNDER_NOSE], *nostrils]
    return [
        *right(jaw), to_cage[_CHIN], *jaw, *right(brow), *brow, *nose, *under, *right_eye, *left_eye, *border, *contact
    ]  # fmt: skip


def _eye(rings: IntArray, positions: FloatArray) -> dict[str, int]:
    """Canthi and lid points of one eye from its loops."""
    margin, crease = rings[_LID_RING], rings[_CREASE_RING]
    x = np.abs(positions[margin, 0])
    inner, outer = int(np.argmin(x)), int(np.argmax(x))
    upper, lower = _halves(margin, inner, outer, positions)
    middle = _at_share(upper, 0.5, positions)
    column = int(np.flatnonzero(margin == middle)[0])
    return {
        "endocanthion": int(margin[inner]),
        "exocanthion": int(margin[outer]),
        "lid_upper": middle,
        "lid_upper_inner": _at_share(upper, 0.33, positions),
        "lid_upper_outer": _at_share(upper, 0.67, positions),
        "lid_lower": _at_share(lower, 0.5, positions),
        "lid_lower_inner": _at_share(lower, 0.33, positions),
        "lid_lower_outer": _at_share(lower, 0.67, positions),
        "lid_crease": int(crease[column]),
    }


def _mouth(ring: IntArray, positions: FloatArray, count: int) -> list[int]:
    """`count` points around a lip loop from the right corner over the upper lip to the left corner and back below."""
    x = positions[ring, 0]
    right, left = int(np.argmin(x)), int(np.argmax(x))
    upper, lower = _halves(ring, right, left, positions)
    steps = np.linspace(0.0, 1.0, count // 2 + 1)[1:-1]
    above = [_at_share(upper, step, positions) for step in steps]
    below = [_at_share(lower, step, positions) for step in reversed(steps)]
    return [int(ring[right]), *above, int(ring[left]), *below]


def _halves(ring: IntArray, start: int, end: int, positions: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the two ways along a closed loop from `start` to `end`, both ends included: (upper, lower)."""
    forward, backward = (ring[way] for way in ways_around(start, end, len(ring)))
    if positions[forward, 2].mean() > positions[backward, 2].mean():
        return forward, backward
    return backward, forward


def _at_share(chain: IntArray, share: float, positions: FloatArray) -> int:
    """Return the chain's vertex nearest to `share` of the way across (in x) from its first to its last."""
    x = positions[chain, 0]
    wanted = x[0] + share * (x[-1] - x[0])
    return int(chain[np.argmin(np.abs(x - wanted))])
