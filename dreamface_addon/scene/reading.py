"""Reading a face folder without the backend: face.json and geometry.npz."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCHEMA_VERSION = 1

_DAMAGED = (OSError, ValueError, KeyError, IndexError, TypeError, EOFError, zipfile.BadZipFile)


class FaceFolderError(Exception):
    """A face folder cannot be read; the message is a sentence for the artist."""


@dataclass(frozen=True)
class FaceFolder:
    """What a face folder says; lengths in metres, Z up, looking along -Y.

    Attributes:
        path: where it is.
        document: face.json.
        arrays: geometry.npz.
    """

    path: Path
    document: dict[str, Any]
    arrays: dict[str, NDArray[Any]]

    def shape(self, index: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Blend shape `index`: the vertices that it moves, [K], and by how much, [K, 3]."""
        run = slice(*self.arrays["shape_offsets"][index : index + 2])
        return self.arrays["shape_vertices"][run], self.arrays["shape_deltas"][run]

    def regions(self) -> dict[str, tuple[NDArray[np.int32], NDArray[np.float32]]]:
        """Region name -> the vertices in it, [K], and their weights, [K], above 0 and up to 1."""
        offsets = self.arrays["region_offsets"]
        vertices, weights = self.arrays["region_vertices"], self.arrays["region_weights"]
        return {
            str(name): (vertices[start:stop], weights[start:stop])
            for name, start, stop in zip(self.arrays["region_names"], offsets[:-1], offsets[1:], strict=True)
        }

    def landmark(self, name: str) -> NDArray[np.float32]:
        """[3] position of a landmark.

        Raises:
            KeyError: there is no such landmark.
        """
        found = np.flatnonzero(self.arrays["landmark_names"] == name)
        if not found.size:
            raise KeyError(name)
        position: NDArray[np.float32] = self.arrays["vertices"][self.arrays["landmark_vertices"][found[0]]]
        return position

    def maps(self, tile: str) -> dict[str, tuple[Path, bool]]:
        """Channel -> image file of a tile, and whether it is sRGB colour."""
        return {
            entry["channel"]: (self.path / entry["file"], entry["colour_space"] == "srgb")
            for entry in self.document["maps"]
            if entry["tile"] == tile
        }

    def expression(self, shape: str) -> float:
        """The weight, 0..1, at which the face wears an ARKit shape at rest."""
        trait = self.document["traits"].get(f"expression.{shape}")
        return float(trait["value"]) if trait else 0.0


def read_face_folder(path: Path | str) -> FaceFolder:
    """Read and check a face folder.

    Raises:
        FaceFolderError: it is not one, is damaged or incomplete, or was made by a newer DreamFace.
    """
    path = Path(path)
    if not (path / "face.json").is_file():
        raise FaceFolderError(f"{path} is not a DreamFace folder: choose one that has a face.json in it.")
    try:
        document = json.loads((path / "face.json").read_text("utf-8"))
        version = document["schema_version"]
        if version > SCHEMA_VERSION:
            raise FaceFolderError(f"{path} was made by a newer DreamFace (schema {version}): update the extension.")
        with np.load(path / "geometry.npz", allow_pickle=False) as archive:
            face = FaceFolder(path, document, {name: archive[name] for name in archive.files})
        if len(face.document["shapes"]) != len(face.arrays["shape_offsets"]) - 1:
            raise ValueError("not every blend shape has a name")
        _check_files(face)
    except _DAMAGED as error:
        raise FaceFolderError(f"{path} is damaged ({error}): restore it or generate the face again.") from error
    return face


def _check_files(face: FaceFolder) -> None:
    """Raise where an image is missing, so that an import never stops half-way."""
    for part in face.document["parts"]:
        tile = face.document["materials"][part["material"]]["tile"]
        for file, _ in face.maps(tile).values() if tile else ():
            if not file.is_file():
                raise FileNotFoundError(f"{file.name} is missing")
