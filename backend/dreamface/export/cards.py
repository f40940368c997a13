"""Hair as cards in files: a face with its cards as further objects, and a folder of cards for Blender."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamface import images
from dreamface._files import cannot_write, side_by_side
from dreamface.face import Face, Head, Material, Part, Topology
from dreamface.folder import pack_shapes
from dreamface.groom import card_shapes, make_cards
from dreamface.hair import REGIONS, Cards, Groom, Region
from dreamface.progress import Progress
from dreamface.rigging import Rig

HairForm = Literal["cards", "none"]
"""What a file has of a face's hair."""

OBJECTS: Final[Mapping[Region, str]] = {"scalp": "hair", "beard": "beard", "brows": "brows", "lashes": "lashes"}
"""The object, and the material, that each region's cards are."""

CUT_OUT: Final = frozenset({"hair", "beard"})
"""Materials whose opacity is cut at a threshold. Hundreds of cards lie before each other there, which viewers that
blend would draw in a wrong order, so that hair from behind the head shines through. Brows and lashes are one thin layer
on the skin: blended, they stay soft."""

CUT_AT: Final = 0.33
"""Opacity from which a texel of these is seen: low, as smaller copies of a picture of thin hairs get fainter."""

TILE: Final = "hair"
"""The texture tile of all cards."""

_ROUGHNESS: Final[Mapping[Region, float]] = {"scalp": 0.58, "beard": 0.65, "brows": 0.7, "lashes": 0.6}
_IOR: Final = 1.45
_MAPS: Final = ("albedo", "opacity", "normal")  # of the atlas, what exchange formats have a place for
_OWN_LASHES: Final = "lashes"  # how the names of a head's own lash meshes end
_STEP: Final = "export"


@dataclass(frozen=True)
class Dressed:
    """A face as it is written to a file.

    Attributes:
        face: with its cards among its parts, where it has any.
        normals: object -> [N, 3] its vertex normals, where they are not those of its faces.
    """

    face: Face
    normals: Mapping[str, Tensor] = field(default_factory=dict)


def dressed(face: Face, hair: HairForm = "cards", level: int = 0, resolution: int = 1024) -> Dressed:
    """Return a face with its hair as cards: an object and a material for each region.

    The head's own lash meshes are left out where there are cards of lashes. A face without hair stays as it is.

    Args:
        face: whose.
        hair: "none" leaves its hair away.
        level: of detail, 0 is the finest.
        resolution: texels a side of the cards' pictures.
    """
    if hair == "none" or not face.groom:
        return Dressed(face)
    cards = make_cards(face.groom, face.head, seed=face.seed, level=level, resolution=resolution)
    if not len(cards.faces):
        return Dressed(face)
    moved = card_shapes(cards, face.head, face.shapes)
    carried = None if face.rig is None else _carried(face.rig, face.head.topology, cards)
    if _has(cards, "lashes"):
        face = _without_lashes(face)
    regions = [region for region in REGIONS if _has(cards, region)]
    normals = {OBJECTS[region]: cards.normals[cards.run(region)[0]] for region in regions}
    rig = face.rig
    if rig is not None and carried is not None:
        rig = replace(rig, weights=torch.cat((rig.weights, carried)))
    head = replace(
        face.head,
        topology=_with_cards(face.head.topology, cards),
        vertices=torch.cat((face.head.vertices, cards.vertices)),
        offset=None,
    )
    materials = {OBJECTS[region]: _material(region) for region in regions}
    face = replace(
        face,
        head=head,
        shapes=torch.cat((face.shapes, moved), dim=1),
        materials={**face.materials, **materials},
        maps={**face.maps, TILE: {name: cards.maps[name] for name in _MAPS}},
        rig=rig,
    )
    return Dressed(face, normals)


def _carried(rig: Rig, topology: Topology, cards: Cards) -> Tensor:
    """[N, B] how bones carry the cards: each as the place where it is rooted."""
    corners = rig.weights[topology.triangles[cards.roots.triangle]]
    rooted = (corners * cards.roots.barycentric[..., None].to(corners)).sum(dim=1)
    return rooted[cards.card]


def _has(cards: Cards, region: Region) -> bool:
    return bool((cards.region == REGIONS.index(region)).any())


def _material(region: Region) -> Material:
    return Material(OBJECTS[region], TILE, roughness=_ROUGHNESS[region], ior=_IOR)


def _with_cards(topology: Topology, cards: Cards) -> Topology:
    """The topology and the cards' faces: a part for each region."""
    vertices, faces = topology.vertex_count, len(topology.faces)
    parts = []
    for region in REGIONS:
        if _has(cards, region):
            own, quads = cards.run(region)
            run = (vertices + own.start, vertices + own.stop), (faces + quads.start, faces + quads.stop)
            parts.append(Part(OBJECTS[region], OBJECTS[region], *run))
    more = len(cards.vertices)
    return Topology(
        faces=torch.cat((topology.faces, cards.faces + vertices)),
        uv=torch.cat((topology.uv, cards.uv)),
        face_uvs=torch.cat((topology.face_uvs, cards.faces + len(topology.uv))),
        parts=(*topology.parts, *parts),
        tiles=(*topology.tiles, TILE),
        regions={name: torch.cat((weights, weights.new_zeros(more))) for name, weights in topology.regions.items()},
        landmarks=topology.landmarks,
    )


def _without_lashes(face: Face) -> Face:
    """A face without the parts that are its head's own lashes."""
    topology = face.head.topology
    lost = [part for part in topology.parts if part.object_name.endswith(_OWN_LASHES)]
    vertices = torch.ones(topology.vertex_count, dtype=torch.bool)
    faces = torch.ones(len(topology.faces), dtype=torch.bool)
    for part in lost:
        vertices[slice(*part.vertices)] = False
        faces[slice(*part.faces)] = False
    place, quads = _counted(vertices), _counted(faces)
    parts = tuple(
        replace(
            part,
            vertices=(place[part.vertices[0]], place[part.vertices[1]]),
            faces=(quads[part.faces[0]], quads[part.faces[1]]),
        )
        for part in topology.parts
        if part not in lost
    )
    left = replace(
        topology,
        faces=torch.tensor(place)[topology.faces[faces]],
        face_uvs=topology.face_uvs[faces],
        parts=parts,
        regions={name: weights[vertices] for name, weights in topology.regions.items()},
        landmarks={name: place[vertex] for name, vertex in topology.landmarks.items() if vertices[vertex]},
    )
    head = replace(face.head, topology=left, vertices=face.head.vertices[vertices], offset=None)
    rig = face.rig
    if rig is not None:
        index = torch.tensor(place)
        rig = replace(rig, anchors=index[rig.anchors], weights=rig.weights[vertices], neck_ring=index[rig.neck_ring])
    return replace(face, head=head, shapes=face.shapes[:, vertices], rig=rig)


def _counted(kept: Tensor) -> list[int]:
    """How many are kept before each place, and in all."""
    return [0, *kept.long().cumsum(0).tolist()]


# ------------------------------------------------------------------------------------------------------ for Blender


def write_cards(
    groom: Groom,
    head: Head,
    shapes: Tensor,
    folder: Path,
    *,
    seed: int,
    level: int = 0,
    resolution: int = 1024,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Path:
    """Write a face's cards into an existing folder for Blender, and return the folder.

    `cards.npz` (numpy alone reads it; metres, Z up, as in geometry.npz):

        vertices [N, 3] float32, normals [N, 3] float32, uv [N, 2] float32 (v up), faces [F, 4] int32 into the vertices,
        face_uvs [F, 4] int32 into `uv`; a card is one strip of quads from root to tip
        card [N] int32: which card a vertex belongs to; card_regions [C] int32 into `region_names`; card_locks [C] int64
        root_triangles [C] int32 into the head's triangles (2i and 2i + 1 are the halves of face i of
        geometry.npz, split between its corners 0 and 2), root_barycentric [C, 3] float32: where each card is rooted
        region_names [4]: scalp, beard, brows, lashes; object_names [4]: what their objects are called;
        region_vertices [4, 2] and region_faces [4, 2] int32: the run of each, empty where it has none
        shape_offsets, shape_vertices, shape_deltas: how the face's blend shapes move the cards, in the order of the
        face's shapes and as runs like those of geometry.npz

    `cards/<channel>.png`: the atlas. albedo is sRGB; normal and flow hold -1..1 as 0..255; opacity, root_to_tip, id and
    depth are plain 0..1.

    Args:
        groom: the face's hair. Without any there are no cards, and clear pictures.
        head: the face's.
        shapes: [S, V, 3] its blend shapes, metres.
        folder: where to.
        seed: the face's.
        level: of detail, 0 is the finest.
        resolution: texels a side of the atlas.
        progress: told about every step.

    Raises:
        FolderError: the disk refused.
        Cancelled: the user asked to stop.
    """
    progress.report(_STEP, 0.0, "Making the hair cards")
    cards = make_cards(groom, head, seed=seed, level=level, resolution=resolution)
    progress.report(_STEP, 0.4, "Writing the hair cards")
    try:
        (folder / "cards").mkdir(exist_ok=True)
        np.savez(folder / "cards.npz", **_arrays(cards, card_shapes(cards, head, shapes)))
        tasks = [partial(_write_map, name, image, folder / f"cards/{name}.png") for name, image in cards.maps.items()]
        for done, _ in enumerate(side_by_side(tasks), 1):
            progress.report(_STEP, 0.5 + 0.5 * done / len(tasks), f"Wrote {done} of {len(tasks)} pictures of hair")
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder


def _arrays(cards: Cards, shapes: Tensor) -> dict[str, NDArray[Any]]:
    """What cards.npz has."""
    runs = [cards.run(region) for region in REGIONS]
    faces = cards.faces.numpy().astype(np.int32)
    return {
        "vertices": cards.vertices.numpy(),
        "normals": cards.normals.numpy(),
        "uv": cards.uv.numpy(),
        "faces": faces,
        "face_uvs": faces,
        "card": cards.card.numpy().astype(np.int32),
        "card_regions": cards.region.numpy().astype(np.int32),
        "card_locks": cards.lock.numpy(),
        "root_triangles": cards.roots.triangle.numpy().astype(np.int32),
        "root_barycentric": cards.roots.barycentric.numpy().astype(np.float32),
        "region_names": np.array(REGIONS),
        "object_names": np.array([OBJECTS[region] for region in REGIONS]),
        "region_vertices": np.array([(own.start, own.stop) for own, _ in runs], np.int32),
        "region_faces": np.array([(quads.start, quads.stop) for _, quads in runs], np.int32),
        **pack_shapes(shapes),
    }


_ENCODERS: Final[Mapping[str, Callable[[Tensor], images.Pixels]]] = {
    "albedo": images.encode_srgb8,
    "normal": images.encode_normal8,
    "flow": images.encode_normal8,
}


def _write_map(name: str, image: Tensor, path: Path) -> None:
    images.write_png(_ENCODERS.get(name, images.encode_unit8)(image), path)
