"""The face folder: a Face on disk.

    face.json       what the face is and where it came from; everything that is not an array (`FaceDocument`)
    geometry.npz    vertices, faces, UVs, blend shapes, regions, landmarks; numpy alone reads it
    groom.npz       guides of its hair, where it has any; numpy alone reads it, too
    maps/           <tile>_<channel>.png, and <tile>_displacement.exr in metres
    layers/         <SHA-256>.png: pictures that the skin's layers refer to, such as masks
    preview.png     a picture

It is written beside its place and renamed into it: a folder that exists is whole. The same face gives the same bytes.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor

from dreamface import __version__, images
from dreamface._files import cannot_write, flush_to_disk, sibling, side_by_side
from dreamface._reading import UNREADABLE, open_regular, read_regular
from dreamface.document import (
    DOCUMENT,
    SCHEMA_VERSION,
    FaceDocument,
    Generator,
    HairDocument,
    HeadDocument,
    MapFile,
    document_digest,
    read_raw,
    write_document,
)
from dreamface.errors import BadRequest, FolderError
from dreamface.face import Face, Head, Maps, Topology
from dreamface.hair import Groom, groom_to_json
from dreamface.library import foreign_files, move_foreign_files, sweep
from dreamface.map_changes import encode_map, pack_map_changes
from dreamface.packing import (
    pack_geometry,
    pack_groom,
    pack_offset,
    pack_sent_groom,
    pack_shapes,
    read_geometry,
    read_groom,
    unpack_groom,
    unpack_offset,
    unpack_own_offset,
    unpack_rig,
    unpack_topology,
    unpack_vertices_and_shapes,
)
from dreamface.progress import Progress
from dreamface.provenance import SOFTWARE, source_type, statement
from dreamface.text import one_line
from dreamface.wrinkles import MAP_CHANNELS, MASK_CHANNELS, table

__all__ = [
    "SCHEMA_VERSION",
    "FaceDocument",
    "Finding",
    "changed_exports",
    "load",
    "note_exports",
    "noted_exports",
    "pack_map_changes",
    "pack_offset",
    "pack_sent_groom",
    "pack_shapes",
    "read_document",
    "read_offset",
    "read_pictures",
    "save",
    "state_of",
    "sweep",
    "unpack_groom",
    "unpack_offset",
    "verify",
]

_GEOMETRY = "geometry.npz"
_GROOM = "groom.npz"
_PREVIEW = "preview.png"

_LAYERS = "layers"

_STEP = "save"

_LARGEST_FILE: Final = 2**29  # bytes of one file of a face
_CHUNK: Final = 2**20  # bytes

_MOST_NUMBERS: Final = 3 * 2**28
"""In all maps of a face: twice what one at the largest resolution that can be asked for has."""

_CHANNELS: Final = {
    "albedo": 3, "normal": 3, **dict.fromkeys(MAP_CHANNELS, 3), **dict.fromkeys(MASK_CHANNELS, 4),
}  # fmt: skip
"""Numbers a texel of a map; all others are grey."""


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
    sweep(path.parent)
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
        return _made_it(read_raw(path))
    except (OSError, ValueError):
        return False


def _made_it(data: Any) -> bool:
    """Whether DreamFace wrote a face.json, which nobody has checked yet."""
    generator = data.get("generator") if isinstance(data, dict) else None
    return isinstance(generator, dict) and generator.get("name") == SOFTWARE


def _write_contents(face: Face, folder: Path, progress: Progress) -> None:
    document = _describe(face)
    (folder / "maps").mkdir()
    _write_pictures(face, folder)
    writers: dict[str, Callable[[Path], None]] = {
        file.file: partial(_write_map, face.maps[file.tile][file.channel], file) for file in document.maps
    }
    writers[_PREVIEW] = lambda path: images.write_png(images.encode_unit8(face.preview), path)
    writers[_GEOMETRY] = lambda path: np.savez(path, **pack_geometry(face))
    if face.groom:
        writers[_GROOM] = lambda path: np.savez(path, **pack_groom(face.groom))
    hashes: dict[str, str] = {}
    tasks = [partial(_write_hashed, write, folder, name) for name, write in writers.items()]
    with closing(side_by_side(tasks)) as written:  # whoever stops early waits for the writers first
        for done, (name, digest) in enumerate(written, 1):
            hashes[name] = digest
            progress.report(_STEP, 0.9 * done / len(writers), f"Saved {done} of {len(writers)} files")
    write_document(_with_hashes(document, hashes), folder / DOCUMENT)
    for file in (*folder.rglob("*"), folder):
        flush_to_disk(file)


def _write_hashed(write: Callable[[Path], None], folder: Path, name: str) -> tuple[str, str]:
    """Write one file; its name and SHA-256."""
    write(folder / name)
    return name, _digest(folder / name)


def _with_hashes(document: FaceDocument, hashes: dict[str, str]) -> FaceDocument:
    """Say the SHA-256 of every file that was written."""
    maps = tuple(file.model_copy(update={"sha256": hashes[file.file]}) for file in document.maps)
    others = {name: hashes[name] for name in _files_beside_maps(document)}
    generator = document.generator.model_copy(update={"hashes": others})
    return document.model_copy(update={"maps": maps, "generator": generator})


def _files_beside_maps(document: FaceDocument) -> tuple[str, ...]:
    """Names of the files of one face that face.json says nothing of but their hashes."""
    return (_GEOMETRY, *((_GROOM,) if document.groom else ()), _PREVIEW)


def _digest(file: Path) -> str:
    """SHA-256 of a file's bytes.

    Raises:
        OSError: it is not there or can't be read.
        ValueError: it is no regular file, or larger than any file of a face.
    """
    digest, done = hashlib.sha256(), 0
    with open_regular(file) as data:
        while chunk := data.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            if done > _LARGEST_FILE:
                raise ValueError("it is larger than any file of a face")
    return digest.hexdigest()


def _write_pictures(face: Face, folder: Path) -> None:
    if face.record.pictures:
        (folder / _LAYERS).mkdir()
    for digest in face.record.pictures:
        if digest not in face.pictures:
            raise FolderError(f"The picture {digest} of one of the face's layers is missing: take its mask away.")
        (folder / _picture_file(digest)).write_bytes(face.pictures[digest])


def _picture_file(digest: str) -> str:
    return f"{_LAYERS}/{digest}.png"


def _write_map(image: Tensor, file: MapFile, path: Path) -> None:
    if path.suffix == ".exr":
        images.write_exr(image, path)
    else:
        images.write_png(encode_map(file.channel, image), path)


def _swap(part: Path, path: Path) -> None:
    """Rename `part` to `path`; the folder that was there stays until the new one has its place."""
    if path.exists() and not any(path.iterdir()):
        path.rmdir()
    if not path.exists():
        part.rename(path)
        return
    foreign_files(path)  # before anything is moved: it may not be readable
    old = sibling(path, "old")
    path.rename(old)
    try:
        part.rename(path)
    except BaseException:
        old.rename(path)
        raise
    move_foreign_files(old, path)
    shutil.rmtree(old, ignore_errors=True)


def _describe(face: Face) -> FaceDocument:
    """What face.json says, without the hashes.

    Raises:
        BadRequest: the face has something that no folder can hold, such as a name with a line break.
    """
    topology = face.head.topology
    try:
        return _document(face, topology)
    except ValidationError as error:
        raise BadRequest(f"This face can't be saved ({_problem(error)}): change that first.") from error


def _document(face: Face, topology: Topology) -> FaceDocument:
    return FaceDocument(
        schema_version=SCHEMA_VERSION,
        generator=Generator(name=SOFTWARE, version=__version__),
        statement=statement(face.record.from_photograph),
        digital_source_type=source_type(face.record.from_photograph),
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
        groom=tuple(HairDocument(**entry) for entry in groom_to_json(face.groom)),
        wrinkles=table(face.maps),
    )


def _map_file(tile: str, channel: str) -> MapFile:
    suffix = "exr" if channel == "displacement" else "png"
    colour_space: Literal["srgb", "non-color"] = "srgb" if channel == "albedo" else "non-color"
    return MapFile(tile=tile, channel=channel, file=f"maps/{tile}_{channel}.{suffix}", colour_space=colour_space)


# ------------------------------------------------------------------------------------------------------------ loading


def read_document(path: Path | str) -> FaceDocument:
    """Only face.json: who the face is, without its arrays; milliseconds.

    Raises:
        FolderError: `path` is not a face folder, is damaged, or was written by a newer DreamFace.
    """
    path = Path(path)
    return _checked_document(path, _read_json(path))


def _checked_document(path: Path, data: dict[str, Any]) -> FaceDocument:
    version = data.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise FolderError(f"{path} was made by a newer DreamFace (schema {version}): update DreamFace to open it.")
    try:
        return FaceDocument.model_validate(data)
    except ValidationError as error:
        raise _damaged(path / DOCUMENT, _problem(error)) from error


def _problem(error: ValidationError) -> str:
    """The first thing that is wrong: where, and what."""
    problem = error.errors(include_context=False, include_input=False)[0]
    where = ".".join(str(step) for step in problem["loc"]).removeprefix("record.")
    what = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


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
        return unpack_own_offset(document, read_geometry(Path(path) / _GEOMETRY))


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
            pictures[digest] = read_regular(file, _LARGEST_FILE)
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
        arrays = read_geometry(path / _GEOMETRY)
        topology = unpack_topology(document, arrays)
        vertices, shapes = unpack_vertices_and_shapes(document, arrays)
        offset = unpack_own_offset(document, arrays)
        rig = unpack_rig(arrays)
    with _explained(path / _PREVIEW):
        preview = images.decode_unit8(_with_channels(images.read_png(path / _PREVIEW), 3))
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
        groom=_read_groom(path, document, topology),
        rig=rig,
    )


def _read_groom(path: Path, document: FaceDocument, topology: Topology) -> Groom:
    if not document.groom:
        return {}
    with _explained(path / _GROOM):
        return read_groom(path / _GROOM, document, topology)


def _check_sizes(path: Path, document: FaceDocument) -> None:
    """Refuse maps that fill the memory together, though each of them would not."""
    numbers = 0
    for file in document.maps:
        with _explained(path / file.file):
            width, height = images.size_of(path / file.file)
        numbers += width * height * _CHANNELS.get(file.channel, 1)
        if numbers > _MOST_NUMBERS:
            raise _damaged(path / DOCUMENT, "its maps are larger together than those of any face")


def _read_maps(path: Path, document: FaceDocument) -> Maps:
    _check_sizes(path, document)
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
        pixels = _with_channels(images.read_png(path / file.file), _CHANNELS.get(file.channel, 1))
    if file.channel == "normal":
        return file, images.decode_normal8(pixels)
    return file, images.decode_srgb8(pixels) if file.colour_space == "srgb" else images.decode_unit8(pixels)


def _with_channels(pixels: images.Pixels, count: int) -> images.Pixels:
    if pixels.shape[-1] != count:
        raise ValueError("it is not grey" if count == 1 else f"it has {pixels.shape[-1]} channels instead of {count}")
    return pixels


def _read_json(path: Path) -> dict[str, Any]:
    try:
        with _explained(path / DOCUMENT):
            data = read_raw(path)
    except FolderError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            raise FolderError(f"{path} is not a DreamFace folder: choose one that has a {DOCUMENT} in it.") from error
        raise
    if not _made_it(data):
        raise FolderError(f"{path} is not a DreamFace folder: its {DOCUMENT} was written by something else.")
    return data if isinstance(data, dict) else {}


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Turn what reading `file` can raise into a FolderError."""
    try:
        yield
    except FileNotFoundError as error:
        raise FolderError(f"{file} is missing: restore it or generate the face again.") from error
    except PermissionError as error:
        raise FolderError(f"{file} is not readable: change its permissions.") from error
    except (*UNREADABLE, BadRequest) as error:
        raise _damaged(file, str(error)) from error


def _damaged(file: Path, detail: str) -> FolderError:
    return FolderError(f"{file} is damaged ({one_line(detail).rstrip('.')}): restore it or generate the face again.")


# ---------------------------------------------------------------------------------------------------------- verifying


@dataclass(frozen=True)
class Finding:
    """What became of one file of a face folder since it was saved.

    Attributes:
        file: relative to the folder, with /.
        state: "unknown" where an older DreamFace saved it, which kept no hashes.
    """

    file: str
    state: Literal["whole", "changed", "missing", "unknown"]


def verify(path: Path | str, progress: Progress = Progress()) -> tuple[Finding, ...]:  # noqa: B008 - immutable
    """Compare a face folder's files with the hashes that were kept when they were saved.

    Args:
        path: of the face folder.
        progress: told about every file.

    Returns:
        What became of each file that the folder should have.

    Raises:
        FolderError: `path` is not a face folder, its face.json is damaged, or a newer DreamFace wrote it.
        Cancelled: the user asked to stop.
    """
    path = Path(path)
    data = _read_json(path)
    document = _checked_document(path, data)
    hashes = document.generator.hashes
    expected = {name: hashes.get(name) for name in _files_beside_maps(document)}
    expected |= {file.file: file.sha256 for file in document.maps}
    expected |= {_picture_file(digest): digest for digest in document.record.pictures}
    own = hashes.get(DOCUMENT)
    findings = [Finding(DOCUMENT, "unknown" if own is None else "whole" if own == document_digest(data) else "changed")]
    for done, (name, digest) in enumerate(expected.items(), 1):
        findings.append(_compare(path, name, digest))
        progress.report("verify", done / len(expected), f"Compared {name}")
    return tuple(findings)


_EXPORTS: Final = (".glb", ".blend")


def note_exports(path: Path, names: Iterable[str], known: Mapping[str, str] | None = None) -> None:
    """Write into a folder's face.json the hashes of exports in it, by which it is seen whether they change.

    Args:
        path: of the face folder.
        names: of files that were just exported into it.
        known: name -> hash of others, as `noted_exports` returned them before the face was saved anew.

    Raises:
        FolderError: it is no face folder, or the disk refused.
    """
    document = read_document(path)
    hashes = {**document.generator.hashes, **(known or {})}
    part = sibling(path / DOCUMENT, "part")
    try:
        hashes |= {name: _digest(path / name) for name in names}
        generator = document.generator.model_copy(update={"hashes": hashes})
        write_document(document.model_copy(update={"generator": generator}), part)
        flush_to_disk(part)
        part.replace(path / DOCUMENT)
    except ValueError:  # an export so large is exported all the same
        return
    except OSError as error:
        raise cannot_write(path / DOCUMENT, error) from error
    finally:
        part.unlink(missing_ok=True)


def noted_exports(path: Path) -> dict[str, str]:
    """Return the hashes of exports that face.json has: name -> SHA-256."""
    hashes = read_document(path).generator.hashes
    return {name: one for name, one in hashes.items() if Path(name).name == name and Path(name).suffix in _EXPORTS}


def state_of(path: Path) -> str:
    """Return what tells whether a face folder is saved anew: the hash of its face.json; "" where there is none."""
    try:
        return _digest(path / DOCUMENT)
    except (OSError, ValueError):
        return ""  # whoever opens it says why


def changed_exports(path: Path) -> tuple[str, ...]:
    """Return the names of exports that are no longer as they were written; of those without a hash that isn't known."""
    noted = noted_exports(path)
    return tuple(name for name, digest in noted.items() if _compare(path, name, digest).state == "changed")


def _compare(path: Path, name: str, digest: str | None) -> Finding:
    try:
        found = _digest(path / name)
    except (FileNotFoundError, NotADirectoryError):
        return Finding(name, "missing")
    except PermissionError as error:
        raise FolderError(f"{path / name} is not readable: change its permissions.") from error
    except (OSError, ValueError):
        return Finding(name, "changed")
    return Finding(name, "unknown" if digest is None else "whole" if found == digest else "changed")
