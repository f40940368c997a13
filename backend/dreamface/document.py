"""face.json: what the face is and where it came from; everything that is not an array."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from dreamface._reading import LONGEST_NAME, parse_json, read_regular
from dreamface.errors import FolderError
from dreamface.face import Material, Part, group_parts
from dreamface.hair import HairColour, HairLook, Region
from dreamface.limits import LARGEST_MAP, SEED_LIMIT
from dreamface.record import RECORD_FIELDS, Digest, FaceRecord
from dreamface.text import is_printable
from dreamface.traits import ARKIT_SHAPES, STYLE_NAME

DOCUMENT: Final = "face.json"

SCHEMA_VERSION: Final = 8
"""2 added layers, and materials' metallic and coat; 3 made layers a list of entries, and added offsets of vertices;
4 added hair; 5 added expression wrinkles; 6 added an artist's edits; 7 added edits by diffusion;
8 added corrections of how the prompt was understood, conversations, and a whole head's detail by diffusion (an edit's
`under`, `relief_mm`, `stopped` and `shown`).

Older faces are read as ones that have none of what came later. Version 3 later gained hashes, which readers may ignore.
"""

LARGEST_DOCUMENT: Final = 16 * 2**20
"""Bytes of a face.json: hundreds of times what a long history takes."""

_MAX_NAMES: Final = 1000  # in one list of a face.json: parts, shapes, tiles, ...

_LARGEST_COEFFICIENT: Final = 2.0**32
"""Of a head's identity. The candidate's number is the only large one."""

_UNIT: Final = (0.0, 1.0)
_INDEX_OF_REFRACTION: Final = (1.0, 10.0)
_MATERIAL_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "roughness": _UNIT,
    "transmission": _UNIT,
    "ior": _INDEX_OF_REFRACTION,
    "subsurface": _UNIT,
    "metallic": _UNIT,
    "coat": _UNIT,
    "coat_roughness": _UNIT,
    "coat_ior": _INDEX_OF_REFRACTION,
    "base_colour": _UNIT,
    "subsurface_radius": _UNIT,
}
"""What a material's numbers can be; see `Material`."""

_MOST_HAIRS: Final = 1_000_000
_LONGEST: Final = 2.0  # metres of anything about hair

_LOOK_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "hairs": (0, _MOST_HAIRS),
    "radius": (0.0, 0.01),
    "tip": _UNIT,
    "guides_each": (1, 16),
    "clump": _UNIT,
    "clump_from": _UNIT,
    "lock": (0.0, _LONGEST),
    "twist": (-10_000.0, 10_000.0),
    "strand_clump": _UNIT,
    "strand_size": (1, 1000),
    "frizz": (0.0, _LONGEST),
    "frizz_scale": (0.0, _LONGEST),
    "flyaways": _UNIT,
    "scatter": _UNIT,
}
"""What the numbers of a `HairLook` can be."""

_COLOUR_RANGES: Final = {field.name: _UNIT for field in fields(HairColour)}
"""The same of a `HairColour`."""

_FLAT: Final = tuple(name for name in RECORD_FIELDS if name not in ("head", "candidate"))
"""The record's fields that lie in face.json under their own names."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Hashes = Annotated[dict[str, Digest], Field(exclude_if=lambda hashes: not hashes)]


class Generator(_Strict):
    """The software that wrote the folder.

    `hashes` has the SHA-256 of geometry.npz, of groom.npz, of preview.png, of the .glb and .blend that were exported
    into the folder, and of face.json itself: see `document_digest`. Older folders have none.
    """

    name: str
    version: str
    hashes: Hashes = {}


class HeadDocument(_Strict):
    """Which head model, the identity coefficients that rebuild the vertices from it, and whether an offset lies on top.

    The offset itself is in geometry.npz.
    """

    model: str
    identity: dict[str, Annotated[FiniteFloat, Field(ge=-_LARGEST_COEFFICIENT, le=_LARGEST_COEFFICIENT)]]
    offset: bool = False


class MapFile(_Strict):
    """One texture: which tile and channel it is, where it lies in the folder and how its values are encoded.

    "srgb" is colour; "non-color" is plain values, 0..1 over 0..255, a normal's -1..1 over 0..255, or metres in an EXR.
    `sha256` is of the file as it was saved; older folders do not say it.
    """

    tile: str
    channel: str = Field(pattern=r"^[a-z][a-z_]*$")
    file: str = Field(pattern=r"^maps/\w[\w.-]*$", max_length=LONGEST_NAME)
    colour_space: Literal["srgb", "non-color"]
    sha256: Annotated[Digest | None, Field(exclude_if=lambda digest: digest is None)] = None

    @model_validator(mode="after")
    def _check_encoding(self) -> Self:
        if self.file.endswith(".exr") != (self.channel == "displacement") or not self.file.endswith((".exr", ".png")):
            raise ValueError(f"{self.file} can't hold the channel {self.channel}")
        if (self.colour_space == "srgb") != (self.channel == "albedo"):
            raise ValueError(f"the channel {self.channel} can't be {self.colour_space}")
        return self


class HairDocument(_Strict):
    """The hair of one region, without its guides, which are in groom.npz: see `Hair`."""

    region: Region
    style: str = Field(pattern=STYLE_NAME)
    look: HairLook
    colour: HairColour

    @field_validator("look", mode="before")
    @classmethod
    def _check_look(cls, look: Any) -> Any:
        return _check_numbers(look, HairLook, _LOOK_RANGES)

    @field_validator("colour", mode="before")
    @classmethod
    def _check_colour(cls, colour: Any) -> Any:
        return _check_numbers(colour, HairColour, _COLOUR_RANGES)


def _check_numbers(data: Any, noun: type, ranges: Mapping[str, tuple[float, float]]) -> Any:
    """Return plain data, or an instance of `noun`, as it is.

    What is missing in data of an older version is the noun's default.

    Raises:
        ValueError: there is a field that the noun does not have, a number of another kind, or one out of its range.
    """
    given = vars(data) if isinstance(data, noun) else data
    if not isinstance(given, dict) or not given.keys() <= ranges.keys():
        raise ValueError(f"it is no {noun.__name__}")
    for name, value in given.items():
        (low, high), whole = ranges[name], isinstance(getattr(noun, name), int)
        kinds = int if whole else (int, float)
        numbers = value if isinstance(value, tuple | list) else (value,)
        if not all(isinstance(number, kinds) and not isinstance(number, bool) for number in numbers):
            raise ValueError(f"{name} is of another kind")
        if not all(low <= number <= high for number in numbers):  # NaN neither
            raise ValueError(f"{name} is what no hair has")
    return data


class FaceDocument(_Strict):
    """face.json: see `Face` for what the fields mean; what one field names, the other has."""

    schema_version: Literal[1, 2, 3, 4, 5, 6, 7, 8]
    generator: Generator
    statement: str
    digital_source_type: str
    record: FaceRecord
    head: HeadDocument
    parts: tuple[Part, ...]
    materials: dict[str, Material]
    tiles: tuple[str, ...]
    maps: tuple[MapFile, ...]
    shapes: tuple[str, ...]
    measured: dict[str, FiniteFloat] = {}
    groom: tuple[HairDocument, ...] = ()
    wrinkles: dict[str, JsonValue] = {}
    """How blend shapes drive the wrinkle maps: `wrinkles.table`, for readers that are not DreamFace."""

    @model_validator(mode="before")
    @classmethod
    def _gather_record(cls, data: Any) -> Any:
        """In the file the record's fields lie beside the others; the head says its model and its candidate."""
        if not isinstance(data, dict) or isinstance(data.get("record"), FaceRecord):
            return data
        record = {name: data[name] for name in _FLAT if name in data}
        head = data.get("head")
        if isinstance(head, dict) and isinstance(head.get("identity", {}), dict):
            candidate = head.get("identity", {}).get("candidate")  # a coefficient: a whole number as a float
            whole = int(candidate) if isinstance(candidate, float) and candidate.is_integer() else candidate
            record |= {"head": head.get("model"), "candidate": whole}
        return {name: value for name, value in data.items() if name not in _FLAT} | {"record": record}

    @model_serializer(mode="wrap")
    def _spread_record(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        spread: dict[str, Any] = {}
        for name, value in handler(self).items():
            spread |= {field: value[field] for field in _FLAT if field in value} if name == "record" else {name: value}
        return spread

    @field_validator("schema_version", mode="before")
    @classmethod
    def _check_version(cls, version: object) -> object:
        if type(version) is not int:
            raise ValueError("it is no whole number")  # True would be 1
        return version

    @field_validator("shapes")
    @classmethod
    def _check_shapes(cls, shapes: tuple[str, ...]) -> tuple[str, ...]:
        if shapes[: len(ARKIT_SHAPES)] != ARKIT_SHAPES or len(set(shapes)) != len(shapes):
            raise ValueError("the 52 ARKit shapes must come first, and every name once")
        _check_names(shapes)
        return shapes

    @field_validator("tiles")
    @classmethod
    def _check_tiles(cls, tiles: tuple[str, ...]) -> tuple[str, ...]:
        if not tiles or len(set(tiles)) != len(tiles):
            raise ValueError("there must be tiles, each with a name of its own")
        _check_names(tiles)
        return tiles

    @field_validator("materials")
    @classmethod
    def _check_materials(cls, materials: dict[str, Material]) -> dict[str, Material]:
        _check_names(materials)
        for name, material in materials.items():
            if material.name != name:
                raise ValueError(f"the material {name} is called {material.name} too")
            for field, (low, high) in _MATERIAL_RANGES.items():
                value = getattr(material, field)
                if not all(low <= number <= high for number in (value if isinstance(value, tuple) else (value,))):
                    raise ValueError(f"{name} has a {field} that no surface has")
        return materials

    @field_validator("groom")
    @classmethod
    def _check_groom(cls, groom: tuple[HairDocument, ...]) -> tuple[HairDocument, ...]:
        if len({hair.region for hair in groom}) != len(groom):
            raise ValueError("a region has hair twice")
        return groom

    @field_validator("record")
    @classmethod
    def _check_record(cls, record: FaceRecord) -> FaceRecord:
        if not 0 <= record.seed < SEED_LIMIT:
            raise ValueError(f"seed: {record.seed} is none")
        if not 0 < record.resolution <= LARGEST_MAP:
            raise ValueError(f"resolution: no maps have {record.resolution} pixels a side")
        return record

    @field_validator("parts")
    @classmethod
    def _check_parts(cls, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        _check_names(part.name for part in parts)
        _check_names(part.object_name for part in parts)
        vertex = face = 0
        for part in parts:
            follows = (part.vertices[0], part.faces[0]) == (vertex, face)
            vertex, face = part.vertices[1], part.faces[1]
            if not follows or vertex < part.vertices[0] or face <= part.faces[0]:
                raise ValueError(f"{part.name} does not start where the part before it ends, or is empty")
        if not parts or len({part.name for part in parts}) != len(parts):
            raise ValueError("there must be parts, each with a name of its own")
        groups = group_parts(parts)
        if len({group.name for group in groups}) != len(groups):
            raise ValueError("the parts of an object must follow each other")
        for group in groups:
            if group.vertices[0] == group.vertices[1]:
                raise ValueError(f"{group.name} has no vertices")
        return parts

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        for part in self.parts:
            if part.material not in self.materials:
                raise ValueError(f"{part.name} has the material {part.material}, which is not there")
            if part.tile and part.tile not in self.tiles:
                raise ValueError(f"{part.name} lies in the tile {part.tile}, which is not there")
        if len({(file.tile, file.channel) for file in self.maps}) != len(self.maps):
            raise ValueError("a tile has a channel twice")
        if len({file.file for file in self.maps}) != len(self.maps):
            raise ValueError("two maps are in the same file")
        for material in self.materials.values():
            if material.tile is not None and material.tile not in self.tiles:
                raise ValueError(f"{material.name} lies in the tile {material.tile}, which is not there")
        for tile in {file.tile for file in self.maps} - set(self.tiles):
            raise ValueError(f"there is a map of the tile {tile}, which is not there")
        shown = {file.tile for file in self.maps if file.channel in ("albedo", "opacity")}
        for tile in {file.tile for file in self.maps} - shown:
            raise ValueError(f"the tile {tile} has neither albedo nor opacity")
        return self


def _check_names(names: Iterable[str]) -> None:
    """Raise unless each is one line of text."""
    given = list(names)
    if len(given) > _MAX_NAMES:
        raise ValueError(f"there are {len(given):,} names, and no head has so many")
    for name in given:
        if not name.strip() or len(name) > LONGEST_NAME or not is_printable(name):
            raise ValueError("a name is empty, too long or not one line of text")


def read_raw(path: Path) -> Any:
    """Return the plain data of the face.json in the folder `path`; what it means is not checked.

    Raises:
        OSError: it is not there or may not be read.
        ValueError: it is no JSON, or too large.
    """
    return parse_json(read_regular(path / DOCUMENT, LARGEST_DOCUMENT))


def document_digest(data: Mapping[str, Any]) -> str:
    """Return the SHA-256 of all that a face.json says, but for this hash itself.

    It is taken over the data in one canonical form: a text that was only laid out anew is the same.

    Args:
        data: plain data, as JSON has it.
    """
    generator = dict(data["generator"])
    generator["hashes"] = {name: digest for name, digest in generator.get("hashes", {}).items() if name != DOCUMENT}
    canonical = json.dumps({**data, "generator": generator}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def write_document(document: FaceDocument, path: Path) -> None:
    """Write a face.json that has its own hash.

    Raises:
        OSError: the disk refused.
        FolderError: it would be larger than what is read again.
    """
    digest = document_digest(json.loads(document.model_dump_json()))
    generator = document.generator.model_copy(update={"hashes": {**document.generator.hashes, DOCUMENT: digest}})
    signed = document.model_copy(update={"generator": generator})
    text = signed.model_dump_json(indent=1) + "\n"
    if len(text.encode()) > LARGEST_DOCUMENT:
        raise FolderError(
            f"The face can't be saved: what was done to it takes over {LARGEST_DOCUMENT // 2**20} MB in face.json."
        )
    path.write_text(text, "utf-8")
