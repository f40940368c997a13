"""Reading a face folder without the backend: face.json and geometry.npz."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checking import by_object, check_arrays, check_document, check_image
from .errors import FaceFolderError
from .grooms import RegionHair, parse_groom
from .lids import LID_CLOSING, lids_meeting
from .rigs import RigData, rig_of_arrays, usual_rig

SCHEMA_VERSION = 8

_DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class FaceObject:
    """One part of a head, or several that are welded together: what becomes one object.

    Attributes:
        name: of the object.
        parts: their entries in face.json, in order.
    """

    name: str
    parts: tuple[dict[str, Any], ...]

    @property
    def vertices(self) -> tuple[int, int]:
        """[first, one more than the last) of the head's vertices."""
        return self.parts[0]["vertices"][0], self.parts[-1]["vertices"][1]

    @property
    def faces(self) -> tuple[int, int]:
        """[first, one more than the last) of the head's faces."""
        return self.parts[0]["faces"][0], self.parts[-1]["faces"][1]

    @property
    def materials(self) -> list[str]:
        """Names in face.json of the materials that it wears, each once: its material slots."""
        return list(dict.fromkeys(part["material"] for part in self.parts))


@dataclass(frozen=True)
class FaceFolder:
    """What a face folder says; lengths in metres, Z up, looking along -Y.

    Attributes:
        path: where it is.
        document: face.json.
        arrays: geometry.npz.
        groom: its hair; None where the folder does not say, as those of older versions.
    """

    path: Path
    document: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    groom: list[RegionHair] | None = None

    @cached_property
    def objects(self) -> dict[str, FaceObject]:
        """Name -> object, in order."""
        return {name: FaceObject(name, tuple(parts)) for name, parts in by_object(self.document["parts"])}

    @property
    def has_offset(self) -> bool:
        """Whether the vertices hold more than the traits say."""
        return bool(self.document["head"].get("offset"))

    @cached_property
    def offset(self) -> NDArray[np.float32]:
        """[V, 3] metres that the vertices hold on top of what the traits say: what was sculpted or carved."""
        offset = np.zeros_like(self.arrays["vertices"])
        if self.has_offset:
            offset[self.arrays["offset_vertices"]] = self.arrays["offset_deltas"]
        return offset

    @cached_property
    def rig(self) -> RigData | None:
        """Its bones: the folder's, or else those of its head model; None where neither is known."""
        own = rig_of_arrays(self.arrays)
        return own or usual_rig(self.document["head"]["model"], len(self.arrays["vertices"]))

    def regions(self) -> dict[str, tuple[NDArray[np.int32], NDArray[np.float32]]]:
        """Region name -> the vertices in it, [K], and their weights, [K], above 0 and up to 1."""
        offsets = self.arrays["region_offsets"]
        vertices, weights = self.arrays["region_vertices"], self.arrays["region_weights"]
        return {
            str(name): (vertices[start:stop], weights[start:stop])
            for name, start, stop in zip(self.arrays["region_names"], offsets[:-1], offsets[1:], strict=True)
        }

    def landmarks(self) -> dict[str, int]:
        """Name -> vertex of the head."""
        return dict(zip(self.arrays["landmark_names"].tolist(), self.arrays["landmark_vertices"].tolist(), strict=True))

    @property
    def wrinkles(self) -> dict[str, Any]:
        """How shape keys drive the wrinkle maps; nothing in the folders of older versions."""
        table = self.document.get("wrinkles", {})
        return dict(table) if isinstance(table, dict) else {}

    def maps(self, tile: str) -> dict[str, tuple[Path, bool]]:
        """Channel -> image file of a tile, and whether it is sRGB colour."""
        return {
            entry["channel"]: (self.path / entry["file"], entry["colour_space"] == "srgb")
            for entry in self.document["maps"]
            if entry["tile"] == tile
        }

    def expression(self, shape: str) -> float:
        """The weight, 0..1, at which the face wears an ARKit shape at rest."""
        return expression_weight(self.document["traits"], shape)


def expression_weight(traits: dict[str, Any], shape: str) -> float:
    """The weight, 0..1, that a face's traits give to a blend shape at rest; lids are shut no further than they meet."""
    if not shape.startswith("eyeBlink"):
        return _expression_trait(traits, shape)
    names = [shape, *(name + shape.removeprefix("eyeBlink") for name in LID_CLOSING)]
    return float(lids_meeting(np.array([_expression_trait(traits, name) for name in names]), names)[0])


def _expression_trait(traits: dict[str, Any], shape: str) -> float:
    trait = traits.get(f"expression.{shape}")
    return float(trait["value"]) if trait else 0.0


def read_face_folder(path: Path | str) -> FaceFolder:
    """Read a face folder and check all of it, so that whoever builds it need not.

    Raises:
        FaceFolderError: it is not one, is damaged or incomplete, or was made by a newer DreamFace.
    """
    path = Path(path).absolute()
    if not (path / "face.json").is_file():
        raise FaceFolderError(f"{path} is not a DreamFace folder: choose one that has a face.json in it.")
    try:
        document, arrays = _read_document(path), _read_arrays(path)
        check_arrays(document, arrays)
        face = FaceFolder(path, document, arrays, _read_groom(path, document, len(arrays["faces"])))
        for file in _used_images(face):
            check_image(file)
    except _DAMAGED as error:
        raise FaceFolderError(f"{path} is damaged ({error}): restore it or generate the face again.") from error
    return face


def _read_document(path: Path) -> dict[str, Any]:
    document = json.loads((path / "face.json").read_text("utf-8"))
    version = document["schema_version"] if isinstance(document, dict) and "schema_version" in document else None
    if type(version) is not int:
        raise FaceFolderError(f"{path} is not a DreamFace folder: its face.json was written by something else.")
    if version > SCHEMA_VERSION:
        raise FaceFolderError(f"{path} was made by a newer DreamFace (schema {version}): update the extension.")
    check_document(document)
    return document


def _read_arrays(path: Path, name: str = "geometry.npz") -> dict[str, NDArray[Any]]:
    with np.load(path / name, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _read_groom(path: Path, document: dict[str, Any], face_count: int) -> list[RegionHair] | None:
    entries = document.get("groom")
    if entries is None:
        return None
    return parse_groom(entries, _read_arrays(path, "groom.npz") if entries else {}, face_count)


def _used_images(face: FaceFolder) -> list[Path]:
    materials = face.document["materials"]
    tiles = {materials[part["material"]]["tile"] for part in face.document["parts"]} - {None}
    return [file for tile in sorted(tiles) for file, _ in face.maps(tile).values()]
