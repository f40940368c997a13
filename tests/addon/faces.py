"""Faces on disk for the tests of the scene, and a way to look at what became of them in Blender."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dreamface import folder
from dreamface.face import Face
from dreamface.record import RECORD_FIELDS
from dreamface.traits import Traits
from tests.support import synthetic_face

EYES = [f"{side}_{layer}" for side in ("left", "right") for layer in ("sclera", "iris", "cornea")]
PARTS = ["skin", *EYES, "upper_teeth"]


def other_face(face: Face, **changes: Any) -> Face:
    """Someone else on the same topology: narrower, with another prompt, and with other colours and shapes."""
    narrow = face.head.vertices * face.head.vertices.new_tensor([0.8, 1.0, 1.1])
    materials = face.materials | {"teeth": replace(face.materials["teeth"], base_colour=(0.9, 0.9, 0.7), roughness=0.5)}
    maps = {tile: {name: 1.0 - image for name, image in channels.items()} for tile, channels in face.maps.items()}
    maps["skin"]["normal"] = face.maps["skin"]["normal"]
    someone = {
        "face_id": "face-2",
        "prompt": "someone else",
        "seed": 2**32 - 1,
        "head": replace(face.head, vertices=narrow),
        "shapes": face.shapes * 0.5,
        "materials": materials,
        "maps": maps,
    }
    wanted = someone | changes
    of_record = {name: wanted.pop(name) for name in set(wanted) & (set(RECORD_FIELDS) - {"head"})}
    return replace(face, record=replace(face.record, **of_record), **wanted)


def with_expression(face: Face, **weights: float) -> Face:
    """The same face asked to wear another expression."""
    traits = {name: value for name, value in face.traits.items() if not name.startswith("expression.")}
    wearing = Traits(traits | {f"expression.{name}": weight for name, weight in weights.items()})
    return replace(face, record=replace(face.record, traits=wearing))


def other_head(parent: Path) -> Path:
    """The folder of a face on another topology that has a tongue, and no teeth."""
    path = folder.save(synthetic_face("face-3", side=5), parent / "other-head")
    edit_document(path, lambda document: document["head"].update(model="another"))
    edit_document(path, lambda document: document["parts"][-1].update(name="tongue"))
    return path


def edit_document(path: Path, change: Any) -> None:
    """Change a folder's face.json by hand."""
    document = json.loads((path / "face.json").read_text("utf-8"))
    change(document)
    (path / "face.json").write_text(json.dumps(document), "utf-8")


def read(collection: Any, attribute: str, width: int = 1, kind: type = np.float32) -> Any:
    """An attribute of everything in a Blender collection, [N, width] or [N]."""
    values = np.empty(len(collection) * width, kind)
    collection.foreach_get(attribute, values)
    return values.reshape(-1, width) if width > 1 else values


def vertices(object_: Any) -> Any:
    """[V, 3] of an object's mesh, metres."""
    return read(object_.data.vertices, "co", 3)


def key_offset(object_: Any, name: str) -> Any:
    """[V, 3]: how a shape key differs from the basis, metres."""
    keys = object_.data.shape_keys
    return read(keys.key_blocks[name].points, "co", 3) - read(keys.reference_key.points, "co", 3)


def maps_of(object_: Any) -> dict[str, Path]:
    """Channel -> file, as the object's material shows them."""
    nodes = [node for node in object_.active_material.node_tree.nodes if node.type == "TEX_IMAGE"]
    return {node.label: Path(node.image.filepath) for node in nodes}


GUIDES, POINTS = 120, 12
LOOK = {"hairs": 1200, "radius": 0.0001, "tip": 0.3, "guides_each": 3, "clump": 0.2, "frizz": 0.0}


def with_hair(path: Path, *regions: str, length: float = 0.08, colour: dict[str, Any] | None = None) -> Path:
    """Give a face folder hair: guides straight out of its skin; lashes of all of it."""
    arrays: dict[str, Any] = {}
    for region in regions:
        arrays |= guides_on(path, region, length)
    np.savez(path / "groom.npz", **arrays)
    edit_document(path, lambda document: document.update(groom=[groom_entry(region, colour) for region in regions]))
    return path


def groom_entry(region: str, colour: dict[str, Any] | None = None) -> dict[str, Any]:
    """What face.json says of a region's hair."""
    return {"region": region, "style": "long", "look": dict(LOOK), "colour": {"melanin": 0.6, **(colour or {})}}


def guides_on(path: Path, region: str, length: float = 0.08) -> dict[str, Any]:
    """The arrays in groom.npz of a region's hair on the head in a folder."""
    document = json.loads((path / "face.json").read_text("utf-8"))
    with np.load(path / "geometry.npz") as stored:
        vertices, faces, uv, face_uvs = (stored[name] for name in ("vertices", "faces", "uv", "face_uvs"))
    tile_of = {part["name"]: document["materials"][part["material"]]["tile"] for part in document["parts"]}
    skin = [part for part in document["parts"] if (part.get("object") or part["name"]) == "skin"]
    face_tiles = {
        face: document["tiles"].index(tile_of[part["name"]]) for part in skin for face in range(*part["faces"])
    }
    corners = np.array([[0, 1, 2], [0, 2, 3]])
    middles = vertices[faces].mean(axis=1)
    places = {"scalp": middles[:, 2] > min(0.33, np.quantile(middles[:, 2], 0.8)), "lashes": middles[:, 2] > -1.0}
    wanted = places.get(region, middles[:, 1] < -0.06)
    chosen = [face for face in face_tiles if wanted[face]]
    generator = np.random.default_rng(7)
    face = generator.choice(chosen, GUIDES)
    half = generator.integers(0, 2, GUIDES)
    triangle = vertices[faces[face[:, None], corners[half]]]
    barycentric = generator.dirichlet([1.0, 1.0, 1.0], GUIDES).astype(np.float32)
    root = np.einsum("nkx,nk->nx", triangle, barycentric)
    normal = np.cross(triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    along = np.linspace(0.0, length, POINTS)[:, None]
    uvs = np.einsum("nkx,nk->nx", uv[face_uvs[face[:, None], corners[half]]], barycentric)
    uvs[:, 0] += [face_tiles[index] for index in face]
    return {
        f"{region}_points": (root[:, None] + along * normal[:, None]).astype(np.float32),
        f"{region}_triangle": (2 * face + half).astype(np.int32),
        f"{region}_barycentric": barycentric,
        f"{region}_uv": uvs.astype(np.float32),
        f"{region}_lock": np.arange(GUIDES, dtype=np.int32),
    }
