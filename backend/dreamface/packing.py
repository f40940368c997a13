"""The arrays of a face folder: a head's geometry and blend shapes, offsets of its vertices, and hair, as .npz files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamface._reading import UNREADABLE, Arrays, Layout, open_regular, read_arrays
from dreamface.bones import BONES, ENDS
from dreamface.document import DOCUMENT, FaceDocument, HairDocument
from dreamface.errors import BadRequest
from dreamface.face import Face, Head, Part, Topology, group_parts
from dreamface.hair import Groom, Region, Roots, groom_from_json, groom_to_json
from dreamface.rigging import Rig

LARGEST_GEOMETRY: Final = 256 * 2**20
"""Bytes of all unpacked arrays, and of one that is filled up with zeros: some ten times what a production head has."""

_OFFSET: Final[Mapping[str, Layout]] = {
    "offset_vertices": Layout("index", ("offset",), needed=False),
    "offset_deltas": Layout("number", ("offset", 3), needed=False),
}

_RIG: Final[Mapping[str, Layout]] = {
    "rig_bones": Layout("name", ("bones",), needed=False),
    "rig_anchors": Layout("index", ("anchors",), needed=False),
    "rig_anchor_weights": Layout("number", ("ends of bones", "anchors"), needed=False),
    "rig_offsets": Layout("index", ("bones + 1",), needed=False),
    "rig_vertices": Layout("index", ("carried",), needed=False),
    "rig_weights": Layout("number", ("carried",), needed=False),
    "neck_ring": Layout("index", ("ring",), needed=False),
}
"""What faces of older versions do not have."""

_GEOMETRY: Final[Mapping[str, Layout]] = {
    "vertices": Layout("number", ("vertices", 3)),
    "faces": Layout("index", ("faces", 4)),
    "uv": Layout("number", ("places", 2)),
    "face_uvs": Layout("index", ("faces", 4)),
    "shape_offsets": Layout("index", ("shapes + 1",)),
    "shape_vertices": Layout("index", ("moved",)),
    "shape_deltas": Layout("number", ("moved", 3)),
    "region_names": Layout("name", ("regions",)),
    "region_offsets": Layout("index", ("regions + 1",)),
    "region_vertices": Layout("index", ("covered",)),
    "region_weights": Layout("number", ("covered",)),
    "landmark_names": Layout("name", ("landmarks",)),
    "landmark_vertices": Layout("index", ("landmarks",)),
    **_OFFSET,
    **_RIG,
}
"""The arrays of geometry.npz."""

_SENT_OFFSET: Final[Mapping[str, Layout]] = {
    "vertex_count": Layout("index", ()),
    "offset_vertices": Layout("index", ("offset",)),
    "offset_deltas": Layout("number", ("offset", 3)),
}

_ROUNDING: Final = 1e-3  # how far a weight may be from 0..1

LARGEST_GROOM: Final = 64 * 2**20
"""Bytes of all arrays of a groom: over a hundred thousand guides."""

_FEWEST_POINTS: Final = 2  # of a guide


def pack_geometry(face: Face) -> dict[str, NDArray[Any]]:
    """Return the arrays of geometry.npz.

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
        **_pack_own_offset(head),
        **({} if face.rig is None else pack_rig(face.rig)),
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


def pack_rig(rig: Rig) -> dict[str, NDArray[Any]]:
    """Return a rig as geometry.npz has it.

    `rig_bones` [B] their names; `rig_anchors` [A] and `rig_anchor_weights` [2 B, A] say where each turns and points;
    `rig_offsets` [B + 1], `rig_vertices` and `rig_weights` are runs, a bone's vertices and how much they go with it;
    `neck_ring` [R] the vertices of the neck's open end in order.
    """
    offsets, vertices, weights = _to_runs(rig.weights.T[..., None].cpu().numpy().astype(np.float32))
    return {
        "rig_bones": np.array(BONES, dtype=np.str_),
        "rig_anchors": _as_array(rig.anchors, np.int32),
        "rig_anchor_weights": _as_array(rig.anchor_weights, np.float32),
        "rig_offsets": offsets,
        "rig_vertices": vertices,
        "rig_weights": weights[:, 0],
        "neck_ring": _as_array(rig.neck_ring, np.int32),
    }


def pack_offset(offset: Tensor) -> dict[str, NDArray[Any]]:
    """Return an offset [V, 3] in metres as arrays: vertex_count, which vertices it moves [K], by how much [K, 3]."""
    _, vertices, deltas = _to_runs(offset.detach().cpu().numpy().astype(np.float32)[None])
    return {"vertex_count": np.array(len(offset)), "offset_vertices": vertices, "offset_deltas": deltas}


def _pack_own_offset(head: Head) -> dict[str, NDArray[Any]]:
    """Which vertices were moved on top of the identity, and by how many metres; nothing where none was."""
    if head.offset is None:
        return {}
    return {name: array for name, array in pack_offset(head.offset).items() if name != "vertex_count"}


def _to_runs(dense: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """[N, V, C] to offsets [N + 1], vertices [K] and values [K, C], where K entries differ from zero."""
    rows, vertices = np.nonzero(dense.any(axis=2))
    offsets = np.searchsorted(rows, np.arange(len(dense) + 1)).astype(np.int32)
    return offsets, vertices.astype(np.int32), dense[rows, vertices]


def pack_groom(groom: Groom) -> dict[str, NDArray[Any]]:
    """Return the arrays of groom.npz: for each region its guides' points, where they are rooted, and their locks.

    `{region}_points` [N, P, 3] metres; `{region}_triangle` [N] and `{region}_barycentric` [N, 3] of the root, where
    triangles 2i and 2i + 1 are the corners 0-1-2 and 0-2-3 of face i; `{region}_uv` [N, 2]; `{region}_lock` [N].
    """
    arrays: dict[str, NDArray[Any]] = {}
    for region, hair in groom.items():
        numbers = {"points": hair.points, "barycentric": hair.roots.barycentric, "uv": hair.uv}
        indices = {"triangle": hair.roots.triangle, "lock": hair.lock}
        arrays |= {f"{region}_{name}": _as_array(tensor, np.float32) for name, tensor in numbers.items()}
        arrays |= {f"{region}_{name}": _as_array(tensor, np.int32) for name, tensor in indices.items()}
    return arrays


def pack_sent_groom(groom: Groom) -> dict[str, NDArray[Any]]:
    """Return the same arrays, and `groom`: UTF-8 bytes of the JSON that face.json has."""
    text = json.dumps(groom_to_json(groom)).encode()
    return {**pack_groom(groom), "groom": np.frombuffer(text, np.uint8)}


def _as_array(tensor: Tensor, dtype: type[np.generic]) -> NDArray[Any]:
    return np.ascontiguousarray(tensor.detach().cpu().numpy().astype(dtype))


# ----------------------------------------------------------------------------------------------------------- unpacking


def unpack_offset(archive: IO[bytes]) -> Tensor:
    """Return the offset [V, 3] in metres that an .npz holds: what `pack_offset` gives.

    Raises:
        BadRequest: it is no such archive.
    """
    try:
        arrays = read_arrays(archive, _SENT_OFFSET, LARGEST_GEOMETRY)
        order = np.argsort(arrays["offset_vertices"])
        vertices, deltas = arrays["offset_vertices"][order], arrays["offset_deltas"][order]
        return _from_runs(np.array([0, len(vertices)]), vertices, deltas, int(arrays["vertex_count"]))[0]
    except UNREADABLE as error:
        raise BadRequest(
            f"The offset is no .npz with vertex_count, offset_vertices and offset_deltas: {error}."
        ) from error


def read_geometry(path: Path) -> Arrays:
    """Return the arrays of the geometry.npz `path`, each as `pack_geometry` writes it; what they mean is not checked.

    Raises:
        FileNotFoundError: it is not there.
        Others of `UNREADABLE`: it is damaged, or no such file.
    """
    with open_regular(path) as file:
        return read_arrays(file, _GEOMETRY, LARGEST_GEOMETRY)


def unpack_own_offset(document: FaceDocument, arrays: Arrays) -> Tensor | None:
    """Return the head's offset [V, 3] in metres; None where nothing was moved.

    Raises:
        ValueError: the arrays do not fit.
    """
    if not document.head.offset:
        return None
    if "offset_vertices" not in arrays or "offset_deltas" not in arrays:
        raise ValueError("it has no offset")
    vertices, deltas = arrays["offset_vertices"], arrays["offset_deltas"]
    return _from_runs(np.array([0, len(vertices)]), vertices, deltas, len(arrays["vertices"]))[0]


def unpack_rig(arrays: Arrays) -> Rig | None:
    """Return a head's rig; None where the file has none, or one of other bones.

    Raises:
        ValueError: the arrays do not fit.
    """
    if "rig_bones" not in arrays or tuple(arrays["rig_bones"].tolist()) != BONES:
        return None
    if not arrays.keys() >= _RIG.keys():
        raise ValueError("its rig is not all there")
    count, anchors, ring = len(arrays["vertices"]), arrays["rig_anchors"], arrays["neck_ring"]
    weights = _from_runs(arrays["rig_offsets"], arrays["rig_vertices"], arrays["rig_weights"][:, None], count)[..., 0].T
    off = (weights.sum(dim=1) - 1.0).abs().max()
    if float(off) > _ROUNDING or float(weights.min()) < 0.0 or len(arrays["rig_offsets"]) != len(BONES) + 1:
        raise ValueError("the weights of its bones do not fit")
    if len(arrays["rig_anchor_weights"]) != ENDS * len(BONES):
        raise ValueError("its bones have no ends")
    if not _all_below(anchors, count) or not _all_below(ring, count):
        raise ValueError("its rig points at a vertex that is not there")
    places = torch.from_numpy(arrays["rig_anchor_weights"])
    return Rig(
        torch.from_numpy(anchors.astype(np.int64)),
        places,
        weights.contiguous(),
        torch.from_numpy(ring.astype(np.int64)),
    )


def unpack_topology(document: FaceDocument, arrays: Arrays) -> Topology:
    """Return what all heads of the model share.

    Raises:
        ValueError: the arrays do not fit.
    """
    names, vertex_count = arrays["region_names"].tolist(), len(arrays["vertices"])
    weights = _from_runs(
        arrays["region_offsets"], arrays["region_vertices"], arrays["region_weights"][:, None], vertex_count
    )
    if len(weights) != len(names) or (weights < -_ROUNDING).any() or (weights > 1.0 + _ROUNDING).any():
        raise ValueError("its regions do not fit")
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


def unpack_vertices_and_shapes(document: FaceDocument, arrays: Arrays) -> tuple[Tensor, Tensor]:
    """Return [V, 3] vertices and [S, V, 3] shapes, metres.

    Raises:
        ValueError: the arrays do not fit.
    """
    vertices = arrays["vertices"]
    shapes = _from_runs(arrays["shape_offsets"], arrays["shape_vertices"], arrays["shape_deltas"], len(vertices))
    if len(shapes) != len(document.shapes):
        raise ValueError(f"it has {len(shapes)} shapes and {DOCUMENT} names {len(document.shapes)}")
    return torch.from_numpy(vertices), shapes


def read_groom(path: Path, document: FaceDocument, topology: Topology) -> Groom:
    """Return the groom of the groom.npz `path`, whose looks and colours face.json has.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: the arrays do not fit the document or the topology.
        Others of `UNREADABLE`: it is damaged, or no such file.
    """
    with open_regular(path) as file:
        return _unpack_groom(file, document.groom, topology)


def unpack_groom(archive: IO[bytes], entries: Sequence[Mapping[str, Any]], topology: Topology) -> Groom:
    """Return the groom that was sent: its arrays as groom.npz has them, and what face.json says of each region.

    Raises:
        BadRequest: something is missing, damaged, or does not fit the topology.
    """
    try:
        hair = [HairDocument.model_validate(entry) for entry in entries]
        if len({each.region for each in hair}) != len(hair):
            raise ValueError("a region is there twice")
        return _unpack_groom(archive, hair, topology)
    except UNREADABLE as error:
        raise BadRequest(f"The hair that was sent can't be used ({error}): send what `POST /groom` answers.") from error


def _unpack_groom(archive: IO[bytes], hair: Sequence[HairDocument], topology: Topology) -> Groom:
    layouts: dict[str, Layout] = {}
    for each in hair:
        layouts |= _hair_layouts(each.region)
    arrays = read_arrays(archive, layouts, LARGEST_GROOM)
    parts = {each.region: _unpack_hair(each.region, arrays, len(topology.triangles)) for each in hair}
    return groom_from_json([each.model_dump() for each in hair], parts)


def _hair_layouts(region: Region) -> dict[str, Layout]:
    guides = f"guides of the {region}"
    return {
        f"{region}_points": Layout("number", (guides, f"points of the {region}", 3)),
        f"{region}_triangle": Layout("index", (guides,)),
        f"{region}_barycentric": Layout("number", (guides, 3)),
        f"{region}_uv": Layout("number", (guides, 2)),
        f"{region}_lock": Layout("index", (guides,)),
    }


def _unpack_hair(region: Region, arrays: Arrays, triangles: int) -> tuple[Tensor, Roots, Tensor, Tensor]:
    """Return points, roots, texture coordinates and locks of a region's guides."""
    points, triangle, weights = (arrays[f"{region}_{name}"] for name in ("points", "triangle", "barycentric"))
    if points.shape[1] < _FEWEST_POINTS:
        raise ValueError(f"its {region}_points are no curves")
    if not _all_below(triangle, triangles):
        raise ValueError(f"hair of the {region} is rooted in a triangle that is not there")
    if (weights < -_ROUNDING).any() or (np.abs(weights.sum(axis=1) - 1.0) > _ROUNDING).any():
        raise ValueError(f"hair of the {region} is rooted beside the skin")
    roots = Roots(torch.from_numpy(triangle.astype(np.int64)), torch.from_numpy(weights))
    lock = torch.from_numpy(arrays[f"{region}_lock"].astype(np.int64))
    return torch.from_numpy(points), roots, torch.from_numpy(arrays[f"{region}_uv"]), lock


def _from_runs(
    offsets: NDArray[np.integer[Any]], vertices: NDArray[np.int32], values: NDArray[np.float32], vertex_count: int
) -> Tensor:
    """Do the inverse of `_to_runs`: [N, V, C].

    Raises:
        ValueError: a run points at a vertex that is not there, or at one twice, or the whole would fill the memory.
    """
    steps = np.diff(offsets)
    if not len(offsets) or offsets[0] != 0 or (steps < 0).any() or offsets[-1] != len(vertices):
        raise ValueError("its runs do not cover their entries")
    if not _all_below(vertices, vertex_count):
        raise ValueError("it moves a vertex that is not there")
    rows, count = np.repeat(np.arange(len(steps)), steps), vertex_count
    if not (np.diff(rows * count + vertices) > 0).all():
        raise ValueError("its runs are out of order")
    if not count > 0 or len(steps) * count * values.shape[1] * values.itemsize > LARGEST_GEOMETRY:
        raise ValueError(f"it unpacks to more than {LARGEST_GEOMETRY / 2**20:.0f} MB, or to nothing")
    dense = np.zeros((len(steps), count, values.shape[1]), np.float32)
    dense[rows, vertices] = values
    return torch.from_numpy(dense)


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
