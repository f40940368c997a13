"""Whether a face folder's contents fit together.

A damaged or hand-edited one is refused before anything is built. Everything here raises ValueError with a phrase that
says what is wrong.
"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SKIN = "skin"
"""The object that carries all shape keys and custom properties, and that the others follow."""

NAME_BYTES = 63  # what Blender up to 4.5 keeps of a name; a longer one could not be found again

LARGEST = 1e9
"""No number of a face comes near; Blender's own would overflow somewhere beyond, and nothing compares with NaN."""

_FIELDS = {
    "statement": str,
    "face_id": str,
    "prompt": str,
    "seed": int,
    "resolution": int,
    "traits": dict,
    "head": dict,
    "parts": list,
    "materials": dict,
    "maps": list,
    "shapes": list,
    "not_understood": list,
    "history": list,
}
_NUMBERS = ("roughness", "transmission", "ior", "subsurface")
_LATER_NUMBERS = ("metallic", "coat", "coat_roughness", "coat_ior")  # older faces do without
_TRIPLES = ("base_colour", "subsurface_radius")
_MAP_FILE = re.compile(r"maps/\w[\w.-]*")
_IMAGE_START = {".png": b"\x89PNG\r\n\x1a\n", ".exr": b"\x76\x2f\x31\x01"}
_PNG_END = b"IEND\xaeB`\x82"

_MOST_CANDIDATES = 2**31  # the number says how a person was drawn, too: it is no coordinate


def check_document(document: dict[str, Any]) -> None:
    """Check face.json: every field that is read here is there and of its kind, and what one names, the other has."""
    for field, kind in _FIELDS.items():
        _need(isinstance(document.get(field), kind), f"{field} is missing or of the wrong kind")
        _need(kind is not str or _is_text(document[field]), f"{field} is not plain text")
    _need(0 < document["resolution"] < LARGEST, "the resolution is no number of pixels")
    _need(_is_text(document["head"].get("model")), "the head has no model")
    identity = document["head"].get("identity", {})
    candidate: Any = identity.get("candidate", 0) if isinstance(identity, dict) else None
    _need(_is_number(candidate, _MOST_CANDIDATES) and candidate >= 0, "the head's identity is no numbers")
    _check_traits(document["traits"])
    _check_layers(document.get("layers", []))
    _check_edits(document.get("edits", []))
    _check_names(document["shapes"], "shape")
    _need("Basis" not in document["shapes"], "a shape has the name Basis, which Blender needs")
    for name, values in document["materials"].items():
        _check_material(name, values)
    for entry in document["maps"]:
        _check_map(entry)
    for part in document["parts"]:
        _need(isinstance(part, dict) and part.get("material") in document["materials"], "a part has no material")
        _need(_is_text(part.get("object", "")), "a part is welded to something that is not text")
    _check_names([part.get("name") for part in document["parts"]], "part")
    objects = [name for name, _ in by_object(document["parts"])]
    _check_names(objects, "object")
    _need(SKIN in objects, f"it has no part called {SKIN}")


def by_object(parts: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Each object's name and the parts that are welded into it, in order."""
    groups = groupby(parts, key=lambda part: part.get("object") or part["name"])
    return [(name, list(welded)) for name, welded in groups]


def _check_traits(traits: dict[str, Any]) -> None:
    for name, entry in traits.items():
        _need(isinstance(entry, dict) and "value" in entry, f"the trait {name} has no value")
        _need(not name.startswith("expression.") or _is_number(entry["value"]), f"{name} is no number")


def _check_layers(layers: Any) -> None:
    """A list of entries, or, in faces of older versions, strengths by name."""
    if isinstance(layers, dict):
        layers = [{"id": name, "strength": strength} for name, strength in layers.items()]
    _need(isinstance(layers, list), "the layers are no list")
    for entry in layers:
        _need(isinstance(entry, dict) and _is_text(entry.get("id")), "a layer has no id")
        _need(_is_number(entry.get("strength")), f"the layer {entry['id']} has no strength")


def _check_edits(edits: Any) -> None:
    """A list of entries; faces of older versions have none."""
    _need(isinstance(edits, list), "the edits are no list")
    for entry in edits:
        _need(isinstance(entry, dict) and _is_text(entry.get("id")), "an edit has no id")
        _need(_is_number(entry.get("strength")), f"the edit {entry['id']} has no strength")
        _need(isinstance(entry.get("kind"), str), f"the edit {entry['id']} has no kind")


def _check_material(name: str, values: Any) -> None:
    _need(isinstance(values, dict) and _is_name(values.get("name")), f"the material {name} has no name")
    tile = values.get("tile")
    _need(tile is None or _is_text(tile), f"the material {name} has a tile that is not text")
    for field in _NUMBERS:
        _need(_is_number(values.get(field)), f"the material {name} has no {field}")
    for field in _LATER_NUMBERS:
        _need(_is_number(values.get(field, 0.0)), f"the material {name} has a {field} that is no number")
    for field in _TRIPLES:
        triple = values.get(field)
        fits = isinstance(triple, list) and len(triple) == 3 and all(_is_number(value) for value in triple)
        _need(fits, f"the material {name} has no {field}")


def _check_map(entry: Any) -> None:
    _need(isinstance(entry, dict), "a map is not described")
    for field in ("tile", "channel", "file", "colour_space"):
        _need(_is_text(entry.get(field)), f"a map has no {field}")
    _need(bool(_MAP_FILE.fullmatch(entry["file"])), f"the map {entry['file']} is not in the folder maps")


def _check_names(names: list[Any], what: str) -> None:
    _need(all(_is_name(name) for name in names), f"the name of a {what} is missing or longer than {NAME_BYTES} letters")
    _need(len(set(names)) == len(names), f"two {what}s have the same name")


def check_arrays(document: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """Check geometry.npz: its arrays have their shapes, point at nothing that is not there, and match face.json."""
    vertex_count = len(_floats(arrays, "vertices", 3))
    faces, face_uvs = _indices(arrays, "faces", 4), _indices(arrays, "face_uvs", 4)
    _need(len(faces) == len(face_uvs), "not every face has its place in the texture")
    _check_range(face_uvs, len(_floats(arrays, "uv", 2)), "a face points at a texture coordinate that is not there")
    _check_parts(document["parts"], faces, vertex_count)
    _check_corners(faces)
    _check_runs(arrays, "shape", len(_floats(arrays, "shape_deltas", 3)), vertex_count)
    _need(len(document["shapes"]) == len(arrays["shape_offsets"]) - 1, "not every blend shape has a name")
    _check_runs(arrays, "region", len(_floats(arrays, "region_weights", None)), vertex_count)
    _check_names([str(name) for name in arrays["region_names"]], "region")
    _need(len(arrays["region_names"]) == len(arrays["region_offsets"]) - 1, "not every region has a name")
    landmarks = _indices(arrays, "landmark_vertices", None)
    _check_range(landmarks, vertex_count, "a landmark points at a vertex that is not there")
    _need(len(arrays["landmark_names"]) == len(landmarks), "not every landmark has a name")
    check_rig(arrays, vertex_count)
    if document["head"].get("offset"):
        moved, deltas = _indices(arrays, "offset_vertices", None), _floats(arrays, "offset_deltas", 3)
        _need(len(moved) == len(deltas), "the offset does not fit together")
        _check_range(moved, vertex_count, "the offset has a vertex that is not there")


def check_rig(arrays: dict[str, NDArray[Any]], vertex_count: int) -> None:
    """Check the arrays of a rig, where there is one; faces of older versions have none."""
    if "rig_bones" not in arrays:
        return
    bones = len(arrays["rig_bones"])
    _check_runs(arrays, "rig", len(_floats(arrays, "rig_weights", None)), vertex_count)
    _need(len(arrays["rig_offsets"]) == bones + 1, "not every bone has vertices")
    weights = arrays["rig_weights"]
    _need(not weights.size or (weights.min() >= 0.0 and weights.max() <= 1.0), "a bone has weights beyond 0 and 1")
    for name in ("rig_anchors", "neck_ring"):
        _check_range(_indices(arrays, name, None), vertex_count, f"{name} has a vertex that is not there")
    ends = _floats(arrays, "rig_anchor_weights", len(arrays["rig_anchors"]))
    _need(len(ends) == 2 * bones, "not every bone has two ends")


def _check_corners(faces: NDArray[Any]) -> None:
    """A face has four corners, or three and the last of them again; Blender may crash on others."""
    for corner in range(4):
        for later in range(corner + 1, 4):
            if (corner, later) != (2, 3):
                _need(not (faces[:, corner] == faces[:, later]).any(), "a face has a corner twice")


def _span(part: dict[str, Any], key: str) -> tuple[int, int]:
    """Return where a part begins and ends among all vertices or faces."""
    span = part.get(key)
    numbers = span if isinstance(span, list) and all(type(end) is int for end in span) else []
    _need(len(numbers) == 2 and numbers[0] <= numbers[1], f"{part['name']} is empty")
    return numbers[0], numbers[1]


def _check_parts(parts: list[dict[str, Any]], faces: NDArray[Any], vertex_count: int) -> None:
    """The parts cover everything, one after the other, and the faces of each object have corners of its own alone."""
    vertex = face = 0
    for part in parts:
        first, last = _span(part, "vertices")
        first_face, last_face = _span(part, "faces")
        _need(first_face < last_face, f"{part['name']} is empty")
        _need((first, first_face) == (vertex, face), f"{part['name']} does not start where the part before it ends")
        _need(last <= vertex_count and last_face <= len(faces), f"{part['name']} has more than there is")
        vertex, face = last, last_face
    _need((vertex, face) == (vertex_count, len(faces)), "the parts do not cover all vertices and faces")
    for name, welded in by_object(parts):
        first, last = welded[0]["vertices"][0], welded[-1]["vertices"][1]
        _need(first < last, f"{name} is empty")
        local = faces[welded[0]["faces"][0] : welded[-1]["faces"][1]] - first
        _check_range(local, last - first, f"a face of {name} points at a vertex that is not its own")


def _check_runs(arrays: dict[str, NDArray[Any]], what: str, count: int, vertex_count: int) -> None:
    offsets, vertices = _indices(arrays, f"{what}_offsets", None), _indices(arrays, f"{what}_vertices", None)
    in_order = len(offsets) > 0 and offsets[0] == 0 and offsets[-1] == count and not (np.diff(offsets) < 0).any()
    _need(bool(in_order) and len(vertices) == count, f"the {what}s do not fit together")
    _check_range(vertices, vertex_count, f"a {what} has a vertex that is not there")


def check_image(file: Path) -> None:
    """Check that a map is there and begins, and where it can be told also ends, as its kind does.

    Blender opens images when it first shows them: a bad one would come up pink.
    """
    if not file.is_file():
        raise ValueError(f"{file.name} is missing")
    with file.open("rb") as stream:
        start = _IMAGE_START.get(file.suffix.lower(), b"")
        _need(stream.read(len(start)) == start, f"{file.name} is not an image")
        if file.suffix.lower() == ".png":
            stream.seek(-min(len(_PNG_END), file.stat().st_size), 2)
            _need(stream.read() == _PNG_END, f"{file.name} is cut short")


def _floats(arrays: dict[str, NDArray[Any]], name: str, width: int | None) -> NDArray[Any]:
    array = _array(arrays, name, width, "f")
    _need(bool(np.isfinite(array).all()), f"{name} has numbers that are none")
    return array


def _indices(arrays: dict[str, NDArray[Any]], name: str, width: int | None) -> NDArray[Any]:
    return _array(arrays, name, width, "i")


def _array(arrays: dict[str, NDArray[Any]], name: str, width: int | None, kind: str) -> NDArray[Any]:
    array = arrays.get(name)
    _need(array is not None, f"{name} is missing")
    assert array is not None
    shaped = array.ndim == 1 if width is None else array.ndim == 2 and array.shape[1] == width
    _need(shaped and array.dtype.kind == kind, f"{name} has another shape or kind")
    return array


def _check_range(indices: NDArray[Any], count: int, problem: str) -> None:
    _need(not indices.size or (int(indices.min()) >= 0 and int(indices.max()) < count), problem)


def _is_number(value: Any, most: float = LARGEST) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < most


def _is_text(value: Any) -> bool:
    """Whether Blender can store it: text without the zero byte, and without halves of a character."""
    try:
        return isinstance(value, str) and b"\0" not in value.encode("utf-8")
    except UnicodeEncodeError:
        return False


def _is_name(value: Any) -> bool:
    return _is_text(value) and 0 < len(value.encode("utf-8")) <= NAME_BYTES


def _need(condition: bool, problem: str) -> None:
    if not condition:
        raise ValueError(problem)
