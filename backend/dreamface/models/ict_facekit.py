"""ICT-FaceKit's OBJ files made into one compact file that is mapped into memory.

Li et al. 2020, "Learning Formation of Physically-Based Face Attributes"; the light version of the model, MIT licence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from dreamface.arrays import FloatArray, Int32Array
from dreamface.models.contents import BadContents, Contents
from dreamface.progress import Progress

COMMIT: Final = "da5f95a607f5e6b37755b38d3385d7f2853732e5"
"""Of the repository ICT-VGL/ICT-FaceKit."""

FILE: Final = "ict-facekit.safetensors"
FORMAT: Final = 1
"""Raise it when the meaning of a stored array changes."""

NEUTRAL: Final = "FaceXModel/generic_neutral_mesh.obj"
LICENCE: Final = "LICENSE"
_INDICES: Final = "FaceXModel/vertex_indices.json"
_IDENTITY: Final = "FaceXModel/identity"  # how the names of its meshes begin
_CENTIMETRE: Final = 0.01
_CHECKED: Final = 0.95  # of `convert`: when everything is read and only writing is left


@dataclass(frozen=True)
class Known:
    """What the archive of `COMMIT` holds; made by `training.ict_facekit_hashes`.

    Attributes:
        vertices, faces: of every mesh.
        files: file -> `fingerprint` of it.
    """

    vertices: int
    faces: int
    files: Mapping[str, str]


@cache
def known() -> Known:
    """What must be in an archive."""
    return Known(**json.loads(Path(__file__).with_suffix(".json").read_text("utf-8")))


def expression_names() -> tuple[str, ...]:
    """ICT's names of its expressions, in the order in which they are stored."""
    shapes = (name for name in known().files if name.endswith(".obj") and name != NEUTRAL)
    return tuple(Path(name).stem for name in sorted(shapes) if not name.startswith(_IDENTITY))


@dataclass(frozen=True)
class Mesh:
    """An OBJ file with all its vertices in one run, as the archive's are.

    Attributes:
        vertices: [V, 3] in the file's own place and unit.
        rest: the text after them, with texture coordinates and faces; lines end with a mere newline.
    """

    vertices: FloatArray
    rest: bytes

    @property
    def face_count(self) -> int:
        """How many faces it has."""
        return self.rest.count(b"\nf ")


def convert(contents: Contents, target: Path, progress: Progress = Progress()) -> None:  # noqa: B008 - immutable
    """Check the files of the repository and write `FILE` and its licence into the folder `target`.

    The file holds, in metres, Z up, looking along -Y:
        neutral [26719, 3] float32.
        modes [100, 26719, 3] float32: offsets from the neutral at coefficient 1; coefficients are N(0, 1) in people.
        expressions [57, 26719, 3] float32: offsets at weight 1, in the order of the metadata's `expression_names`.
        faces [26384, 4] int32: vertices of each face; a triangle repeats its last corner.
        face_uvs [26384, 4] int32: the same into `uv`.
        uv [28911, 2] float32 as in the archive: the integer part of u tells the UDIM tile.
        multipie [68] int32: vertices of the Multi-PIE landmarks.

    Raises:
        BadContents: a file is missing, damaged or not as in `COMMIT`.
        OSError: the disk refused.
        Cancelled: the progress said so.
    """
    points, rest, others = _read_checked(contents, progress)
    neutral = points.pop(NEUTRAL)
    uv, faces, face_uvs = _read_faces(rest)
    modes = sorted(name for name in points if name.startswith(_IDENTITY))
    expressions = sorted(set(points) - set(modes))

    def offsets(names: list[str]) -> NDArray[np.float32]:
        stacked = np.empty((len(names), *neutral.shape), dtype=np.float32)
        for row, name in zip(stacked, names, strict=True):
            row[:] = _to_blender(points[name] - neutral)
        return stacked

    tensors = {
        "neutral": np.asarray(_to_blender(neutral), dtype=np.float32),
        "modes": offsets(modes),
        "expressions": offsets(expressions),
        "faces": faces,
        "face_uvs": face_uvs,
        "uv": np.asarray(uv, dtype=np.float32),
        "multipie": np.array(json.loads(others[_INDICES])["idx_to_landmark_verts"], dtype=np.int32),
    }
    progress.report("save", _CHECKED, "Saving ICT-FaceKit")
    # Not `save_file`: what it raises over a full disk is no OSError and has no errno.
    (target / FILE).write_bytes(
        save(tensors, {"format": str(FORMAT), "expression_names": json.dumps(expression_names())})
    )
    (target / LICENCE).write_bytes(others[LICENCE])


def _read_checked(contents: Contents, progress: Progress) -> tuple[dict[str, FloatArray], bytes, dict[str, bytes]]:
    """Every mesh's vertices, what follows them in the neutral mesh, and the bytes of the other files."""
    expected = known()
    missing = sorted(set(expected.files) - set(contents.names))
    if missing:
        more = f" and {len(missing) - 1} more" if missing[1:] else ""
        raise BadContents(f"{contents.title} is not complete: {missing[0]}{more} is missing in it; {contents.again}.")
    points: dict[str, FloatArray] = {}
    others: dict[str, bytes] = {}
    rest = b""
    for index, name in enumerate(name for name in contents.names if name in expected.files):
        progress.report("check", _CHECKED * index / len(expected.files), f"Checking {Path(name).name}")
        data = contents.read(name)
        found: bytes | Mesh = data
        if name.endswith(".obj"):
            found = mesh = _checked_mesh(contents, name, data)
            points[name] = mesh.vertices
            rest = mesh.rest if name == NEUTRAL else rest
        else:
            others[name] = data
        if fingerprint(found) != expected.files[name]:
            raise BadContents(
                f"{name} in {contents.title} is not as in ICT-FaceKit's commit {COMMIT[:7]}: "
                f"it was changed, or is of another version; {contents.again}."
            )
    return points, rest, others


def _checked_mesh(contents: Contents, name: str, data: bytes) -> Mesh:
    # Counted before they are read, which takes minutes where somebody made up millions.
    _check_counts(contents, name, data.count(b"\nv "), data.count(b"\nf "))
    try:
        mesh = read_mesh(data)
    except ValueError as error:
        raise BadContents(f"{contents.title} is damaged: {name} in it is no whole mesh; {contents.again}.") from error
    _check_counts(contents, name, len(mesh.vertices), mesh.face_count)
    return mesh


def _check_counts(contents: Contents, name: str, vertices: int, faces: int) -> None:
    expected = known()
    if (vertices, faces) != (expected.vertices, expected.faces):
        raise BadContents(
            f"{contents.title} is not complete, or of another version of ICT-FaceKit: {name} in it has {vertices:,} "
            f"vertices and {faces:,} faces instead of {expected.vertices:,} and {expected.faces:,}; {contents.again}."
        )


def fingerprint(content: bytes | Mesh) -> str:
    """SHA-256 of what a file says, however its lines end."""
    if isinstance(content, Mesh):
        return hashlib.sha256(content.vertices.astype("<f8").tobytes() + content.rest).hexdigest()
    return hashlib.sha256(b" ".join(content.split())).hexdigest()


def read_mesh(data: bytes) -> Mesh:
    """An OBJ file.

    Raises:
        ValueError: something else stands between its vertices.
    """
    text = data.replace(b"\r\n", b"\n")
    start = text.find(b"\nv ") + 1
    last = text.rfind(b"\nv ") + 1
    if start == 0:
        return Mesh(np.empty((0, 3)), text)
    end = text.find(b"\n", last)
    end = len(text) if end < 0 else end
    numbers = text[start:end].replace(b"v ", b"").split()
    return Mesh(np.array(numbers, dtype=np.float64).reshape(-1, 3), text[end:].rstrip())


def _read_faces(rest: bytes) -> tuple[FloatArray, Int32Array, Int32Array]:
    """[T, 2] texture coordinates, [F, 4] corners and [F, 4] texture corners."""
    uv: list[list[bytes]] = []
    corners: list[list[bytes]] = []
    for line in rest.splitlines():
        key, *values = line.split() or [b""]
        if key == b"vt":
            uv.append(values[:2])
        elif key == b"f":
            corners.append((values + values[-1:])[:4])
    pairs = np.array([[corner.split(b"/")[:2] for corner in face] for face in corners], dtype=np.int32) - 1
    coordinates = np.array(uv, dtype=np.float64)
    return coordinates, np.ascontiguousarray(pairs[..., 0]), np.ascontiguousarray(pairs[..., 1])


def _to_blender(points: FloatArray) -> FloatArray:
    """The archive is Y up and faces +Z in centimetres; Blender is Z up and the face looks along -Y in metres."""
    return np.stack((points[..., 0], -points[..., 2], points[..., 1]), axis=-1) * _CENTIMETRE
