"""Landmarks and regions of ICT-FaceKit's mesh, under the built-in head's names.

The points were transferred from the built-in head (see `correspondence`) and then moved to the vertex that fits the
definition best: the most prominent, deepest or lowest one near it, or one on the loops of the lids and lips. Points on
the left (+X) are listed; the right ones follow from the mesh's symmetry.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from dreamface.head.ict.openings import mirror_map
from dreamface.head.ict.source import IctSource
from dreamface.head.transfer.correspondence import load_correspondence

MIDLINE: Final = {
    "crown": 10527,
    "trichion": 8435,
    "metopion": 1851,
    "glabella": 2015,
    "nasion": 977,
    "rhinion": 1348,
    "pronasale": 4857,
    "subnasale": 1178,
    "labrale_superius": 0,
    "stomion_superius": 5532,
    "stomion_inferius": 5517,
    "labrale_inferius": 5518,
    "sublabiale": 10,
    "pogonion": 968,
    "chin_dimple": 963,
    "gnathion": 962,
    "menton": 966,
    "cervical_point": 1598,
    "jugular_notch": 8958,
    "cervicale": 10733,
    "opisthocranion": 9440,
}

LEFT: Final = {
    "zygion": 3493,
    "cheekbone": 2451,
    "cheek": 2649,
    "gonion": 4101,
    "ramus": 2615,
    "chin_side": 3046,
    "chin_pad": 3017,
    "temple": 4005,
    "frontotemporale": 4013,
    "euryon": 8464,
    "brow_inner": 4203,
    "brow_arch": 3252,
    "brow_outer": 4147,
    "brow_ridge": 2726,
    "eye_bag": 3302,
    "upper_cheek": 4340,
    "alare": 5314,
    "alar_base": 3359,
    "nostril": 5238,
    "bridge_side": 4515,
    "nose_side": 4505,
    "tip_side": 5472,
    "ear_top": 6821,
    "ear_front": 7426,
    "ear_behind_top": 6862,
    "ear_back": 6857,
    "ear_lobe": 7120,
    "tragion": 6752,
    "mastoid": 9806,
    "neck_side": 9116,
    "endocanthion": 3742,
    "exocanthion": 3721,
    "lid_upper": 2924,
    "lid_upper_inner": 2858,
    "lid_upper_outer": 2932,
    "lid_lower": 2817,
    "lid_lower_inner": 2832,
    "lid_lower_outer": 2823,
    "lid_crease": 4121,
    "cheilion": 6213,
}


def landmarks(source: IctSource) -> dict[str, int]:
    """Name -> vertex: every anthropometric point and "multipie_00" .. "multipie_67"."""
    mirror = mirror_map(source.neutral.double().numpy())
    found = dict(MIDLINE)
    for name, vertex in LEFT.items():
        found[f"{name}_l"] = vertex
        found[f"{name}_r"] = int(mirror[vertex])
    return found | {f"multipie_{number:02d}": int(vertex) for number, vertex in enumerate(source.multipie)}


def regions(count: int) -> dict[str, Tensor]:
    """Name -> [count] weights 0..1; 0 on what is not skin.

    Args:
        count: number of the mesh's vertices.
    """
    transferred = load_correspondence().regions
    return {name: torch.nn.functional.pad(weights, (0, count - len(weights))) for name, weights in transferred.items()}
