"""ICT-FaceKit's OBJ files made into one compact file that is mapped into memory.

Li et al. 2020, "Learning Formation of Physically-Based Face Attributes"; the light version of the model, MIT licence.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

FILE: Final = "ict-facekit.safetensors"
FORMAT: Final = 1
"""Raise it when the meaning of a stored array changes."""

VERTICES, FACES, MODES = 26719, 26384, 100
_CENTIMETRE: Final = 0.01
_MESHES: Final = "FaceXModel"
_NEUTRAL: Final = "generic_neutral_mesh"


def convert(source: Path, target: Path) -> None:
    """Read the unpacked repository at `source` and write `FILE` into the folder `target`.

    The file holds, in metres, Z up, looking along -Y:
        neutral [26719, 3] float32.
        modes [100, 26719, 3] float32: offsets from the neutral at coefficient 1; coefficients are N(0, 1) in people.
        expressions [57, 26719, 3] float32: offsets at weight 1, in the order of the metadata's `expression_names`.
        faces [26384, 4] int32: vertices of each face; a triangle repeats its last corner.
        face_uvs [26384, 4] int32: the same into `uv`.
        uv [28911, 2] float32 as in the archive: the integer part of u tells the UDIM tile.
        multipie [68] int32: vertices of the Multi-PIE landmarks.
    """
    meshes = source / _MESHES
    neutral, uv, faces, face_uvs = _read_mesh(meshes / f"{_NEUTRAL}.obj")
    names = sorted(
        file.stem for file in meshes.glob("*.obj") if file.stem != _NEUTRAL and not file.stem.startswith("identity")
    )

    def offsets(stem: str) -> NDArray[np.float32]:
        return np.asarray(_to_blender(_read_vertices(meshes / f"{stem}.obj") - neutral), dtype=np.float32)

    indices = json.loads((meshes / "vertex_indices.json").read_text("utf-8"))
    tensors = {
        "neutral": np.asarray(_to_blender(neutral), dtype=np.float32),
        "modes": np.stack([offsets(f"identity{mode:03d}") for mode in range(MODES)]),
        "expressions": np.stack([offsets(name) for name in names]),
        "faces": faces,
        "face_uvs": face_uvs,
        "uv": np.asarray(uv, dtype=np.float32),
        "multipie": np.array(indices["idx_to_landmark_verts"], dtype=np.int32),
    }
    save_file(tensors, target / FILE, {"format": str(FORMAT), "expression_names": json.dumps(names)})


def _read_mesh(file: Path) -> tuple[FloatArray, FloatArray, IntArray, IntArray]:
    """[V, 3] vertices in the file's own place, [T, 2] texture coordinates, [F, 4] corners and texture corners."""
    vertices: list[list[str]] = []
    uv: list[list[str]] = []
    corners: list[list[str]] = []
    with file.open(encoding="ascii") as lines:
        for line in lines:
            key, *values = line.split() or [""]
            if key == "v":
                vertices.append(values[:3])
            elif key == "vt":
                uv.append(values[:2])
            elif key == "f":
                corners.append((values + values[-1:])[:4])
    pairs = np.array([[corner.split("/")[:2] for corner in face] for face in corners], dtype=np.int32) - 1
    return (
        np.array(vertices, dtype=np.float64),
        np.array(uv, dtype=np.float64),
        np.ascontiguousarray(pairs[..., 0]),
        np.ascontiguousarray(pairs[..., 1]),
    )


def _read_vertices(file: Path) -> FloatArray:
    """[V, 3] vertices in the file's own place."""
    with file.open(encoding="ascii") as lines:
        return np.array([line.split()[1:4] for line in lines if line.startswith("v ")], dtype=np.float64)


def _to_blender(points: FloatArray) -> FloatArray:
    """The archive is Y up and faces +Z in centimetres; Blender is Z up and the face looks along -Y in metres."""
    return np.stack((points[..., 0], -points[..., 2], points[..., 1]), axis=-1) * _CENTIMETRE
