"""The rig of a head as face folders have it: bones, the weights with which they carry vertices, and the neck's ring."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .checking import check_rig

BONES: Final = ("neck", "head", "jaw", "eye.L", "eye.R")
"""All bones, parents first. Left is the person's left (+X)."""

PARENTS: Final = {"head": "neck", "jaw": "head", "eye.L": "head", "eye.R": "head"}

EYES: Final = {"eye.L": "left", "eye.R": "right"}

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "dreamface": BONES,
    "unreal": ("neck_01", "head", "FACIAL_C_Jaw", "FACIAL_L_Eye", "FACIAL_R_Eye"),
    "unity": ("Neck", "Head", "Jaw", "LeftEye", "RightEye"),
    "vrm": ("neck", "head", "jaw", "leftEye", "rightEye"),
}
"""The names that bones may have in a file, in the order of `BONES`."""

RING: Final = "neck_ring"
"""The vertex group of the neck's open end."""

_USUAL: Final = Path(__file__).with_name("rigs.npz")
"""The rigs of the head models, for faces that were saved without one."""


@dataclass(frozen=True)
class RigData:
    """Bones of a head of V vertices.

    Attributes:
        anchors: [A] vertices from which the bones' places follow.
        anchor_weights: [2 B, A]: each bone's joint and tip as sums of the anchors.
        carried: bone -> the vertices [K] that it carries, and how much [K], above 0 and up to 1.
        ring: [R] vertices of the neck's open end, in order.
    """

    anchors: NDArray[np.int32]
    anchor_weights: NDArray[np.float32]
    carried: dict[str, tuple[NDArray[np.int32], NDArray[np.float32]]]
    ring: NDArray[np.int32]


def rig_of_arrays(arrays: dict[str, NDArray[Any]]) -> RigData | None:
    """Return the rig among the arrays of a geometry.npz; None where there is none, or one of other bones."""
    if "rig_bones" not in arrays or tuple(arrays["rig_bones"].tolist()) != BONES:
        return None
    offsets, vertices, weights = (arrays[f"rig_{name}"] for name in ("offsets", "vertices", "weights"))
    carried = {
        bone: (vertices[start:stop], weights[start:stop])
        for bone, start, stop in zip(BONES, offsets[:-1], offsets[1:], strict=True)
    }
    return RigData(arrays["rig_anchors"], arrays["rig_anchor_weights"], carried, arrays["neck_ring"])


def usual_rig(model: str, vertex_count: int) -> RigData | None:
    """Return the rig of a head model; None where none is known for heads of that many vertices."""
    with np.load(_USUAL, allow_pickle=False) as known:
        if f"{model}.vertex_count" not in known or int(known[f"{model}.vertex_count"]) != vertex_count:
            return None
        prefix = f"{model}."
        return rig_of_arrays(
            {name.removeprefix(prefix): known[name] for name in known.files if name.startswith(prefix)}
        )


def stored_rig(folder: Path, vertex_count: int) -> RigData | None:
    """Return the rig in a face folder; None where it has none, or cannot be read any more."""
    try:
        with np.load(folder / "geometry.npz", allow_pickle=False) as archive:
            names = [name for name in archive.files if name.startswith("rig_") or name == RING]
            arrays = {name: archive[name] for name in names}
        check_rig(arrays, vertex_count)
    except (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile):
        return None
    return rig_of_arrays(arrays)
