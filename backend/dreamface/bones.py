"""The bones of a head and what other software calls them; light to import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

BONES: Final = ("neck", "head", "jaw", "eye.L", "eye.R")
"""All bones, parents first. Left is the person's left (+X)."""

PARENTS: Final[Mapping[str, str]] = {"head": "neck", "jaw": "head", "eye.L": "head", "eye.R": "head"}
"""Bone -> the bone that carries it; the neck hangs on the body."""

BoneNames = Literal["dreamface", "unreal", "unity", "vrm"]
"""Whose names bones have in a file."""

NAMES: Final[Mapping[BoneNames, tuple[str, ...]]] = {
    "dreamface": BONES,
    "unreal": ("neck_01", "head", "FACIAL_C_Jaw", "FACIAL_L_Eye", "FACIAL_R_Eye"),
    "unity": ("Neck", "Head", "Jaw", "LeftEye", "RightEye"),
    "vrm": ("neck", "head", "jaw", "leftEye", "rightEye"),
}
"""The names of `BONES`: Blender's; MetaHuman's; those of Unity's Humanoid avatar; those of VRM 1.0's humanoid."""

BONE_NAMES: Final[tuple[BoneNames, ...]] = get_args(BoneNames)

ENDS: Final = 2  # of a bone: where it turns, and where it points
