"""The face folder: a Face on disk.

    face.json       what the face is and where it came from; everything that is not an array (`FaceDocument`)
    geometry.npz    vertices, faces, UVs, blend shapes, regions, landmarks; numpy alone reads it
    maps/           <tile>_<channel>.png, and <tile>_displacement.exr in metres
    layers/         <SHA-256>.png: pictures that the skin's layers refer to, such as masks
    preview.png     a picture

It is written beside its place and renamed into it: a folder that exists is whole. The same face gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)
from torch import Tensor

from dreamface import __version__, images
from dreamface._files import cannot_write, flush_to_disk, sibling, side_by_side
from dreamface.errors import BadRequest, FolderError
from dreamface.face import Face, Head, Maps, Material, Part, Topology, group_parts
from dreamface.progress import Progress
from dreamface.provenance import DIGITAL_SOURCE_TYPE, SOFTWARE, STATEMENT
from dreamface.record import RECORD_FIELDS, FaceRecord, pictures_in
from dreamface.traits import ARKIT_SHAPES

SCHEMA_VERSION: Final = 3
"""2 added layers, and materials' metallic and coat; 3 made layers a list of entries, and added offsets of vertices.

Older faces are read as ones that have none of what came later."""

_DOCUMENT = "face.json"
_GEOMETRY = "geometry.npz"
_PREVIEW = "preview.png"

_LAYERS = "layers"

_STEP = "save"

_MOST_VERTICES: Final = 10_000_000
"""More than any head has."""

_LARGEST_OFFSET: Final = 256 * 2**20
"""Bytes of an unpacked offset: an archive that claims more is refused before memory is asked for."""

_UNREADABLE: Final = (
    OSError, ValueError, TypeError, KeyError, IndexError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What reading a damaged JSON, image or .npz file can raise."""

Arrays = Mapping[str, NDArray[Any]]


_FLAT: Final = tuple(name for name in RECORD_FIELDS if name not in ("head", "candidate"))
"""The record's fields that lie in face.json under their own names."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Generator(_Strict):
    """The software that wrote the folder."""

    name: str
    version: str


class HeadDocument(_Strict):
    """Which head model, the identity coefficients that rebuild the vertices from it, and whether an offset lies on top.

    The offset itself is in geometry.npz.
    """

    model: str
    identity: dict[str, FiniteFloat]
    offset: bool = False


class MapFile(_Strict):
    """One texture: which tile and channel it is, where it lies in the folder and how its values are encoded.

    "srgb" is colour; "non-color" is plain values, 0..1 over 0..255, a normal's -1..1 over 0..255, or metres in an EXR.
    """

    tile: str
    channel: str
    file: str = Field(pattern=r"^maps/\w[\w.-]*$")
    colour_space: Literal["srgb", "non-color"]


class FaceDocument(_Strict):
    """face.json: see `Face` for what the fields mean; what one field names, the other has."""

    schema_version: Literal[1, 2, 3]
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
            spread |= {field: value[field] for field in _FLAT} if name == "record" else {name: value}
        return spread

    @field_validator("shapes")
    @classmethod
    def _check_shapes(cls, shapes: tuple[str, ...]) -> tuple[str, ...]:
        if shapes[: len(ARKIT_SHAPES)] != ARKIT_SHAPES or len(set(shapes)) != len(shapes):
            raise ValueError("the 52 ARKit shapes must come first, and every name once")
        return shapes

    @field_validator("parts")
    @classmethod
    def _check_parts(cls, parts: tuple[Part, ...]) -> tuple[Part, ...]:
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
        shown = {file.tile for file in self.maps if file.channel in ("albedo", "opacity")}
        for tile in {file.tile for file in self.maps} - shown:
            raise ValueError(f"the tile {tile} has neither albedo nor opacity")
        return self


# ------------------------------------------------------------------------------------------------------------- saving


def save(face: Face, path: Path | str, progress: Progress = Progress()) -> Path:  # noqa: B008 - immutable
    """Write `face` as the folder `path`, in place of the face folder that may be there, and return `path`.

    Files that someone else put into the old folder are kept. If anything fails, or the user stops, the old folder stays
    as it was and nothing else is left behind.

    Raises:
        FolderError: the disk refused, or `path` holds something that is not a face folder.
        Cancelled: the user asked to stop.
    """
    path = Path(path).resolve()
    progress.report(_STEP, 0.0, "Saving the face")
    _check_replaceable(path)
    part = sibling(path, "part")
    try:
        part.mkdir()
        _write_contents(face, part, progress)
        _swap(part, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    progress.report(_STEP, 1.0, "Saved the face")
    return path


def _check_replaceable(path: Path) -> None:
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not _is_ours(path):
        raise FolderError(f"{path} exists and is not a DreamFace folder: choose another name.")


def _is_ours(path: Path) -> bool:
    try:
        generator = json.loads((path / _DOCUMENT).read_text("utf-8"))["generator"]
        return bool(generator["name"] == SOFTWARE)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write_contents(face: Face, folder: Path, progress: Progress) -> None:
    document = _describe(face)
    (folder / "maps").mkdir()
    _write_pictures(face, folder)
    writers: list[Callable[[], None]] = [
        partial(_write_map, face.maps[file.tile][file.channel], folder / file.file, file) for file in document.maps
    ]
    writers.append(lambda: images.write_png(images.encode_unit8(face.preview), folder / _PREVIEW))
    writers.append(lambda: np.savez(folder / _GEOMETRY, **_pack_geometry(face)))
    writers.append(lambda: _write_document(document, folder / _DOCUMENT))
    for done, _ in enumerate(side_by_side(writers), 1):
        progress.report(_STEP, 0.9 * done / len(writers), f"Saved {done} of {len(writers)} files")
    for file in (*folder.rglob("*"), folder):
        flush_to_disk(file)


def _write_pictures(face: Face, folder: Path) -> None:
    if face.record.pictures:
        (folder / _LAYERS).mkdir()
    for digest in face.record.pictures:
        if digest not in face.pictures:
            raise FolderError(f"The picture {digest} of one of the face's layers is missing: take its mask away.")
        (folder / _picture_file(digest)).write_bytes(face.pictures[digest])


def _picture_file(digest: str) -> str:
    return f"{_LAYERS}/{digest}.png"


def _write_map(image: Tensor, path: Path, file: MapFile) -> None:
    if path.suffix == ".exr":
        images.write_exr(image, path)
    elif file.channel == "normal":
        images.write_png(images.encode_normal8(image), path)
    elif file.colour_space == "srgb":
        images.write_png(images.encode_srgb8(image), path)
    else:
        images.write_png(images.encode_unit8(image), path)


def _write_document(document: FaceDocument, path: Path) -> None:
    path.write_text(document.model_dump_json(indent=1) + "\n", "utf-8")


def _swap(part: Path, path: Path) -> None:
    """Rename `part` to `path`; the folder that was there stays until the new one has its place."""
    if path.exists() and not any(path.iterdir()):
        path.rmdir()
    if not path.exists():
        part.rename(path)
        return
    foreign = _foreign_files(path)
    old = sibling(path, "old")
    path.rename(old)
    try:
        part.rename(path)
    except BaseException:
        old.rename(path)
        raise
    for name in foreign:
        if not (path / name).exists():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (old / name).rename(path / name)
    shutil.rmtree(old, ignore_errors=True)


def _foreign_files(path: Path) -> list[Path]:
    """What DreamFace did not write into a face folder, relative to it: an artist's own .blend, say."""
    data = _read_json(path)
    ours = {_DOCUMENT, _GEOMETRY, _PREVIEW, *(file["file"] for file in data.get("maps", ()))}
    ours |= {_picture_file(digest) for digest in pictures_in(data.get("layers"))}
    names = [file.relative_to(path) for file in path.rglob("*") if file.is_file()]
    return [name for name in names if name.as_posix() not in ours]


def _describe(face: Face) -> FaceDocument:
    topology = face.head.topology
    return FaceDocument(
        schema_version=SCHEMA_VERSION,
        generator=Generator(name=SOFTWARE, version=__version__),
        statement=STATEMENT,
        digital_source_type=DIGITAL_SOURCE_TYPE,
        record=face.record,
        head=HeadDocument(
            model=face.head.model, identity=dict(face.head.identity), offset=face.head.offset is not None
        ),
        parts=topology.parts,
        materials=dict(face.materials),
        tiles=topology.tiles,
        maps=tuple(_map_file(tile, channel) for tile, channels in face.maps.items() for channel in channels),
        shapes=face.shape_names,
        measured=dict(face.measured),
    )


def _map_file(tile: str, channel: str) -> MapFile:
    suffix = "exr" if channel == "displacement" else "png"
    colour_space: Literal["srgb", "non-color"] = "srgb" if channel == "albedo" else "non-color"
    return MapFile(tile=tile, channel=channel, file=f"maps/{tile}_{channel}.{suffix}", colour_space=colour_space)


# ----------------------------------------------------------------------------------------------------------- geometry


def _pack_geometry(face: Face) -> dict[str, NDArray[Any]]:
    """The arrays of geometry.npz.

    A shape moves, and a region covers, a small part of the vertices. Both are stored as runs: row i of the list has the
    entries offsets[i]:offsets[i+1] of `*_vertices` (which vertices) and of `shape_deltas` or `region_weights`.
    """
    head, topology = face.head, face.head.topology
    weights = np.zeros((len(topology.regions), len(head.vertices), 1), np.float32)
    for row, region in enumerate(topology.regions.values()):
        weights[row, :, 0] = region.cpu().numpy()
    region_offsets, region_vertices, region_weights = _to_runs(weights)
    return {
        "vertices": head.vertices.detach().cpu().numpy().astype(np.float32),
        "faces": topology.faces.cpu().numpy().astype(np.int32),
        "uv": topology.uv.cpu().numpy().astype(np.float32),
        "face_uvs": topology.face_uvs.cpu().numpy().astype(np.int32),
        **pack_shapes(face.shapes),
        **_pack_offset(head),
        "region_names": np.array(list(topology.regions), dtype=np.str_),
        "region_offsets": region_offsets,
        "region_vertices": region_vertices,
        "region_weights": region_weights[:, 0],
        "landmark_names": np.array(list(topology.landmarks), dtype=np.str_),
        "landmark_vertices": np.array(list(topology.landmarks.values()), dtype=np.int32),
    }


def pack_shapes(shapes: Tensor) -> dict[str, NDArray[Any]]:
    """[S, V, 3] blend shapes in metres as geometry.npz has them: `shape_offsets`, `shape_vertices`, `shape_deltas`."""
    offsets, vertices, deltas = _to_runs(shapes.detach().cpu().numpy().astype(np.float32))
    return {"shape_offsets": offsets, "shape_vertices": vertices, "shape_deltas": deltas}


def _to_runs(dense: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """[N, V, C] to offsets [N + 1], vertices [K] and values [K, C], where K entries differ from zero."""
    rows, vertices = np.nonzero(dense.any(axis=2))
    offsets = np.searchsorted(rows, np.arange(len(dense) + 1)).astype(np.int32)
    return offsets, vertices.astype(np.int32), dense[rows, vertices]


def _from_runs(
    offsets: NDArray[np.int32], vertices: NDArray[np.int32], values: NDArray[np.float32], vertex_count: int
) -> Tensor:
    """The inverse of `_to_runs`: [N, V, C]."""
    dense = np.zeros((len(offsets) - 1, vertex_count, values.shape[1]), np.float32)
    dense[np.repeat(np.arange(len(offsets) - 1), np.diff(offsets)), vertices] = values
    return torch.from_numpy(dense)


def _pack_offset(head: Head) -> dict[str, NDArray[Any]]:
    """Which vertices were moved on top of the identity, and by how many metres; nothing where none was."""
    if head.offset is None:
        return {}
    return {name: array for name, array in pack_offset(head.offset).items() if name != "vertex_count"}


def _offset(document: FaceDocument, arrays: Arrays) -> Tensor | None:
    """[V, 3] metres; None where nothing was moved."""
    if not document.head.offset:
        return None
    vertices, count = arrays["offset_vertices"], len(arrays["vertices"])
    if not _all_below(vertices, count):
        raise ValueError("an offset moves a vertex that is not there")
    return _from_runs(np.array([0, len(vertices)]), vertices, arrays["offset_deltas"], count)[0]


def unpack_offset(archive: IO[bytes]) -> Tensor:
    """Return the offset [V, 3] in metres that an .npz holds: what `pack_offset` gives.

    Raises:
        BadRequest: it is no such archive.
    """
    try:
        with zipfile.ZipFile(archive) as names:
            if sum(entry.file_size for entry in names.infolist()) > _LARGEST_OFFSET:
                raise ValueError("it is larger than any head's")
        with np.load(archive, allow_pickle=False) as arrays:
            vertices, deltas = arrays["offset_vertices"], arrays["offset_deltas"].astype(np.float32)
            count = int(arrays["vertex_count"])
        if vertices.ndim != 1 or vertices.dtype.kind not in "iu" or deltas.shape != (len(vertices), 3):
            raise ValueError("its arrays have other shapes")
        if not 0 < count <= _MOST_VERTICES or not _all_below(vertices, count) or not np.isfinite(deltas).all():
            raise ValueError("it moves vertices that no head has")
        return _from_runs(np.array([0, len(vertices)]), vertices, deltas, count)[0]
    except _UNREADABLE as error:
        raise BadRequest(
            f"The offset is no .npz with vertex_count, offset_vertices and offset_deltas: {error}."
        ) from error


def pack_offset(offset: Tensor) -> dict[str, NDArray[Any]]:
    """Return an offset [V, 3] in metres as arrays: vertex_count, which vertices it moves [K], by how much [K, 3]."""
    _, vertices, deltas = _to_runs(offset.detach().cpu().numpy().astype(np.float32)[None])
    return {"vertex_count": np.array(len(offset)), "offset_vertices": vertices, "offset_deltas": deltas}


def read_offset(path: Path | str) -> Tensor | None:
    """[V, 3] metres that a face folder's head has on top of its identity; None where it has none.

    The geometry is read only where there is an offset: a face without one can be rebuilt from face.json alone.

    Raises:
        FolderError: `path` is not a face folder, or its geometry is needed and missing or damaged.
    """
    document = read_document(path)
    if not document.head.offset:
        return None
    with _explained(Path(path) / _GEOMETRY):
        return _offset(document, _read_geometry(Path(path) / _GEOMETRY))


def _read_geometry(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _topology(document: FaceDocument, arrays: Arrays) -> Topology:
    names, vertex_count = arrays["region_names"].tolist(), len(arrays["vertices"])
    weights = _from_runs(
        arrays["region_offsets"], arrays["region_vertices"], arrays["region_weights"][:, None], vertex_count
    )
    faces, face_uvs = arrays["faces"], arrays["face_uvs"]
    _check_indices(document.parts, faces, vertex_count)
    if not _all_below(face_uvs, len(arrays["uv"])) or not _all_below(arrays["landmark_vertices"], vertex_count):
        raise ValueError("a face or landmark points at something that is not there")
    return Topology(
        faces=torch.from_numpy(faces.astype(np.int64)),
        uv=torch.from_numpy(arrays["uv"]),
        face_uvs=torch.from_numpy(face_uvs.astype(np.int64)),
        parts=document.parts,
        tiles=document.tiles,
        regions=dict(zip(names, weights[..., 0], strict=True)),
        landmarks=dict(zip(arrays["landmark_names"].tolist(), arrays["landmark_vertices"].tolist(), strict=True)),
    )


def _vertices_and_shapes(document: FaceDocument, arrays: Arrays) -> tuple[Tensor, Tensor]:
    """[V, 3] vertices and [S, V, 3] shapes, metres."""
    vertices = arrays["vertices"]
    shapes = _from_runs(arrays["shape_offsets"], arrays["shape_vertices"], arrays["shape_deltas"], len(vertices))
    if vertices.shape[1:] != (3,):
        raise ValueError("a vertex has other than three coordinates")
    if len(shapes) != len(document.shapes):
        raise ValueError(f"it has {len(shapes)} shapes and {_DOCUMENT} names {len(document.shapes)}")
    return torch.from_numpy(vertices), shapes


def _check_indices(parts: tuple[Part, ...], faces: NDArray[np.int32], vertex_count: int) -> None:
    """Raise unless the parts cover everything and the faces of each object have corners of its own alone."""
    if parts[-1].vertices[1] != vertex_count or parts[-1].faces[1] != len(faces):
        raise ValueError("the parts do not cover all vertices and faces")
    for group in group_parts(parts):
        first, last = group.vertices
        if not _all_below(faces[slice(*group.faces)] - first, last - first):
            raise ValueError(f"a face of {group.name} points at a vertex that is not its own")


def _all_below(indices: NDArray[np.int32], count: int) -> bool:
    return bool(((indices >= 0) & (indices < count)).all())


# ------------------------------------------------------------------------------------------------------------ loading


def read_document(path: Path | str) -> FaceDocument:
    """Only face.json: who the face is, without its arrays; milliseconds.

    Raises:
        FolderError: `path` is not a face folder, is damaged, or was written by a newer DreamFace.
    """
    path = Path(path)
    data = _read_json(path)
    version = data.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise FolderError(f"{path} was made by a newer DreamFace (schema {version}): update DreamFace to open it.")
    try:
        return FaceDocument.model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(step) for step in problem["loc"]).removeprefix("record.")
        what = problem["msg"].removeprefix("Value error, ")
        raise _damaged(path / _DOCUMENT, f"{where}: {what}" if where else what) from error


def read_pictures(path: Path | str) -> dict[str, bytes]:
    """Return the pictures that a face folder's layers refer to: SHA-256 -> PNG.

    Raises:
        FolderError: `path` is not a face folder, or a picture is missing or is not the one that was saved.
    """
    return _read_pictures(Path(path), read_document(path))


def _read_pictures(path: Path, document: FaceDocument) -> dict[str, bytes]:
    pictures = {}
    for digest in document.record.pictures:
        file = path / _picture_file(digest)
        with _explained(file):
            pictures[digest] = file.read_bytes()
        if hashlib.sha256(pictures[digest]).hexdigest() != digest:
            raise _damaged(file, "it is not the picture that was saved")
    return pictures


def load(path: Path | str) -> Face:
    """Read a face folder.

    Raises:
        FolderError: `path` is not a face folder, is damaged or incomplete, or was written by a newer DreamFace.
    """
    path = Path(path)
    document = read_document(path)
    with _explained(path / _GEOMETRY):
        arrays = _read_geometry(path / _GEOMETRY)
        topology = _topology(document, arrays)
        vertices, shapes = _vertices_and_shapes(document, arrays)
        offset = _offset(document, arrays)
    with _explained(path / _PREVIEW):
        preview = images.decode_unit8(images.read_png(path / _PREVIEW))
    return Face(
        record=document.record,
        head=Head(document.head.model, topology, vertices, document.head.identity, offset),
        shapes=shapes,
        materials=document.materials,
        maps=_read_maps(path, document),
        preview=preview,
        shape_names=document.shapes,
        measured=document.measured,
        pictures=_read_pictures(path, document),
    )


def _read_maps(path: Path, document: FaceDocument) -> Maps:
    maps: dict[str, dict[str, Tensor]] = {file.tile: {} for file in document.maps}
    for file in document.maps:
        maps[file.tile][file.channel] = torch.empty(0)  # threads finish in any order; this one is the document's
    for file, image in side_by_side([partial(_read_map, path, file) for file in document.maps]):
        maps[file.tile][file.channel] = image
    return maps


def _read_map(path: Path, file: MapFile) -> tuple[MapFile, Tensor]:
    with _explained(path / file.file):
        if file.file.endswith(".exr"):
            return file, images.read_exr(path / file.file)
        pixels = images.read_png(path / file.file)
    if file.channel == "normal":
        return file, images.decode_normal8(pixels)
    return file, images.decode_srgb8(pixels) if file.colour_space == "srgb" else images.decode_unit8(pixels)


def _read_json(path: Path) -> dict[str, Any]:
    if not (path / _DOCUMENT).is_file():
        raise FolderError(f"{path} is not a DreamFace folder: choose one that has a {_DOCUMENT} in it.")
    with _explained(path / _DOCUMENT):
        data = json.loads((path / _DOCUMENT).read_text("utf-8"))
    if not isinstance(data, dict) or not _is_ours(path):
        raise FolderError(f"{path} is not a DreamFace folder: its {_DOCUMENT} was written by something else.")
    return data


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Turn what reading `file` can raise into a FolderError."""
    try:
        yield
    except FileNotFoundError as error:
        raise FolderError(f"{file} is missing: restore it or generate the face again.") from error
    except PermissionError as error:
        raise FolderError(f"{file} is not readable: change its permissions.") from error
    except (*_UNREADABLE, BadRequest) as error:
        raise _damaged(file, str(error)) from error


def _damaged(file: Path, detail: str) -> FolderError:
    return FolderError(f"{file} is damaged ({detail.rstrip('.')}): restore it or generate the face again.")
