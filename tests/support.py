"""A small made-up face with everything that a real one has, for tests that need no head model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dreamface.face import Face, Head, Material, Part, Topology
from dreamface.hair import Groom, Hair, HairColour, HairLook, Region, Roots
from dreamface.record import FaceRecord
from dreamface.traits import ARKIT_SHAPES, Traits, TraitValue

HEAD_RADIUS = 0.1  # metres
EYE_RADIUS = 0.012  # metres
HEAD_CENTRE = (0.0, 0.0, 0.3)
EYE_HEIGHT = 0.32

MATERIALS = {
    "skin": Material(
        "skin", "skin", roughness=0.45, ior=1.4, subsurface=0.6, subsurface_radius=(0.0037, 0.0014, 0.0007)
    ),
    "sclera": Material("sclera", "eyes", roughness=0.3),
    "iris": Material("iris", "eyes", roughness=0.4),
    "cornea": Material("cornea", roughness=0.02, transmission=1.0, ior=1.376),
    "teeth": Material("teeth", base_colour=(0.8, 0.75, 0.6), roughness=0.25),
}


def synthetic_face(
    face_id: str = "face-1",
    resolution: int = 64,
    side: int = 8,
    jaw_open: float = 0.0,
    extra_shapes: tuple[str, ...] = (),
) -> Face:
    """A sphere with eyes and teeth.

    Args:
        face_id: its id.
        resolution: side of the skin tile's maps in pixels; the eyes' is half.
        side: quads along each of the skin sphere's 12 edges; the skin has 6 * side^2 of them.
        jaw_open: the weight of expression.jawOpen that it was asked for.
        extra_shapes: names of shapes beyond ARKit's, as other head models have them.
    """
    generator = torch.Generator().manual_seed(5)
    head = _head(side)
    record = FaceRecord(
        face_id=face_id,
        prompt="a round stranger, “smooth”",
        seed=11,
        resolution=resolution,
        head=head.model,
        traits=Traits(
            {
                "nose.width": TraitValue(1.25, 0.8, "round"),
                "age": TraitValue(41.0, 0.0),
                "skin.melanin": 0.1,
                "lipstick": (0.5, 0.1, 0.1, 0.75),
                "hair.style": "bob",
                "expression.jawOpen": TraitValue(jaw_open, 1.0 if jaw_open else 0.0),
            }
        ),
        not_understood=("stranger",),
        history=({"action": "generate", "seed": 11}, {"action": "edit", "text": "rounder", "strength": 0.5}),
    )
    return Face(
        record=record,
        head=head,
        shapes=_shapes(head, (*ARKIT_SHAPES, *extra_shapes), generator),
        shape_names=(*ARKIT_SHAPES, *extra_shapes),
        materials=MATERIALS,
        maps=_maps(resolution, generator),
        preview=torch.randint(0, 256, (48, 48, 3), generator=generator) / 255,
    )


def welded_face(face_id: str = "face-1", resolution: int = 64, jaw_open: float = 0.0) -> Face:
    """A sphere of another head model, with all that a production head has beyond `synthetic_face`.

    Object "skin" has the parts "skin" and "neck", which share vertices and have materials and tiles of their own; each
    eyeball has a cornea without vertices of its own; the lashes are cut out by an opacity map; two of the teeth's faces
    are triangles; and there are two shapes beyond ARKit's.
    """
    plain = synthetic_face(face_id, resolution, jaw_open=jaw_open)
    generator = torch.Generator().manual_seed(6)
    head, names = _welded_head(), (*ARKIT_SHAPES, "cheekRaiser_L", "cheekRaiser_R")
    maps = _maps(resolution, generator)
    side = resolution // 2
    stripes = (torch.arange(side) % 4 < 2).float().expand(side, side)[..., None]
    return replace(
        plain,
        record=replace(plain.record, head=head.model),
        head=head,
        shapes=_shapes(head, names, generator),
        shape_names=names,
        materials=MATERIALS | WELDED_MATERIALS,
        maps=maps | {"neck": {"albedo": maps["eyes"]["albedo"]}, "lashes": {"opacity": stripes}},
    )


def hair_of(head: Head, region: Region = "scalp", guides: int = 6, points: int = 5) -> Hair:
    """Straight hair of ten centimetres, rooted in a head's first triangles."""
    triangles = torch.arange(guides)
    roots = Roots(triangles, torch.tensor([0.5, 0.25, 0.25]).expand(guides, 3))
    starts = roots.on(head.vertices, head.topology.triangles)
    along = (
        roots.frames(head.vertices, head.topology.triangles)[:, None, :, 2] * torch.linspace(0, 0.1, points)[:, None]
    )
    uv = roots.on(head.topology.uv, head.topology.triangle_uvs)
    look, colour = HairLook(hairs=900, twist=12.5), HairColour(melanin=0.25, dye=(0.5, 0.0, 1.0, 0.75))
    return Hair(region, "bob", starts[:, None] + along, roots, uv, triangles // 2, look, colour)


def with_hair(face: Face) -> Face:
    """The same face with hair on its scalp, and brows of another number of guides and points."""
    groom: Groom = {"scalp": hair_of(face.head), "brows": hair_of(face.head, "brows", 4, 3)}
    return replace(face, groom=groom)


WELDED_MATERIALS = {
    "neck": Material("neck", "neck", roughness=0.5),
    "lashes": Material("lashes", "lashes", base_colour=(0.02, 0.02, 0.03), roughness=0.6),
}

NECK_QUADS = 64  # of the 384 of the skin's sphere
CORNEA_QUADS = 9  # of the 54 of an eyeball


def _welded_head() -> Head:
    pieces: list[_Piece] = [*_cut(_sphere("skin", "skin", HEAD_CENTRE, HEAD_RADIUS, 8), "neck", "neck", NECK_QUADS)]
    for name, x in (("left", 0.033), ("right", -0.033)):
        ball = _sphere(f"{name}_sclera", "sclera", (x, -0.09, EYE_HEIGHT), EYE_RADIUS, 3)
        pieces += _cut(ball, f"{name}_cornea", "cornea", CORNEA_QUADS, share_all=True)
        pieces.append(_sphere(f"{name}_iris", "iris", (x, -0.09, EYE_HEIGHT), EYE_RADIUS * 0.9, 3))
    teeth = _sphere("teeth", "teeth", (0.0, -0.07, 0.26), 0.02, 2)
    first, rest = teeth.faces[:1], teeth.faces[1:]
    first_uvs, rest_uvs = teeth.face_uvs[:1], teeth.face_uvs[1:]
    halves = ([0, 1, 2, 2], [0, 2, 3, 3])
    pieces.append(
        replace(
            teeth,
            faces=torch.cat([*(first[:, half] for half in halves), rest]),
            face_uvs=torch.cat([*(first_uvs[:, half] for half in halves), rest_uvs]),
        )
    )
    pieces.append(_sphere("lashes", "lashes", (0.0, -0.1, 0.33), 0.01, 1))
    return _join(pieces, "welded", ("skin", "eyes", "neck", "lashes"))


@dataclass(frozen=True)
class _Piece:
    """A part: its faces point at the vertices of its own object, `shared` of which belong to the part before it."""

    name: str
    material: str
    vertices: Tensor
    faces: Tensor
    uv: Tensor
    face_uvs: Tensor
    object: str = ""
    shared: int = 0


def _sphere(name: str, material: str, centre: tuple[float, float, float], radius: float, side: int) -> _Piece:
    points, quads, uv, quad_uvs = _quad_sphere(side)
    return _Piece(name, material, points * radius + torch.tensor(centre), quads, uv, quad_uvs)


def _cut(piece: _Piece, name: str, material: str, count: int, share_all: bool = False) -> tuple[_Piece, _Piece]:
    """The last `count` faces of a piece as a part of their own, welded to the others.

    It gets the vertices that only it uses, or none.
    """
    kept = piece.faces[:-count].unique()
    own = torch.tensor([], dtype=torch.int64)
    if not share_all:
        own = piece.faces[-count:].unique()
        own = own[~torch.isin(own, kept)]
    others = torch.tensor([vertex for vertex in range(len(piece.vertices)) if vertex not in set(own.tolist())])
    order = torch.cat((others, own))
    faces = torch.argsort(order)[piece.faces]
    vertices = piece.vertices[order]
    first = replace(piece, vertices=vertices[: len(others)], faces=faces[:-count], face_uvs=piece.face_uvs[:-count])
    nothing = piece.uv[:0]
    second = _Piece(
        name,
        material,
        vertices[len(others) :],
        faces[-count:],
        nothing,
        piece.face_uvs[-count:],
        piece.name,
        len(others),
    )
    return first, second


def _join(pieces: list[_Piece], model: str, tiles: tuple[str, ...]) -> Head:
    """A head of those parts, in their order."""
    faces, face_uvs, parts = [], [], []
    vertex_count = face_count = uv_count = object_uv = 0
    for piece in pieces:
        if not piece.object:
            object_uv = uv_count
        vertices = (vertex_count, vertex_count + len(piece.vertices))
        parts.append(
            Part(piece.name, piece.material, vertices, (face_count, face_count + len(piece.faces)), piece.object)
        )
        faces.append(piece.faces + vertex_count - piece.shared)
        face_uvs.append(piece.face_uvs + object_uv)
        vertex_count, face_count = vertices[1], face_count + len(piece.faces)
        uv_count += len(piece.uv)
    positions = torch.cat([piece.vertices for piece in pieces])
    return Head(
        model,
        Topology(
            faces=torch.cat(faces),
            uv=torch.cat([piece.uv for piece in pieces]),
            face_uvs=torch.cat(face_uvs),
            parts=tuple(parts),
            tiles=tiles,
            regions=_regions(positions, parts[0].vertices[1]),
            landmarks=_landmarks(positions),
        ),
        positions,
        {"radius": HEAD_RADIUS, "roundness": 0.1 + 0.2},
    )


def _head(side: int) -> Head:
    pieces = [("skin", "skin", HEAD_CENTRE, HEAD_RADIUS, side)]
    for name, x in (("left", 0.033), ("right", -0.033)):
        for layer, radius in (("sclera", 1.0), ("iris", 1.01), ("cornea", 1.05)):
            pieces.append((f"{name}_{layer}", layer, (x, -0.09, EYE_HEIGHT), EYE_RADIUS * radius, 3))
    pieces.append(("upper_teeth", "teeth", (0.0, -0.07, 0.26), 0.02, 2))

    return _join([_sphere(*piece) for piece in pieces], "synthetic", ("skin", "eyes"))


def _regions(positions: Tensor, skin_vertices: int) -> dict[str, Tensor]:
    skin = (torch.arange(len(positions)) < skin_vertices).float()
    return {
        "lips_upper": skin * (1 - (positions - torch.tensor([0.0, -0.1, 0.27])).norm(dim=1) / 0.06).clamp(0, 1),
        "forehead": skin * (positions[:, 2] > 0.34).float(),
    }


def _landmarks(positions: Tensor) -> dict[str, int]:
    return {f"multipie_{i:02d}": i for i in range(68)} | {"multipie_08": int(positions[:, 2].argmin())}


def _quad_sphere(side: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A unit cube's grid pushed out to a sphere: welded vertices [V, 3], quads [F, 4], one UV island per cube side."""
    steps = torch.linspace(-1, 1, side + 1)
    u, v = torch.meshgrid(steps, steps, indexing="ij")
    one = torch.ones_like(u)
    grids = [(one, u, v), (-one, -u, v), (-u, one, v), (u, -one, v), (u, v, one), (u, -v, -one)]
    corners = torch.stack([torch.stack(grid, -1).reshape(-1, 3) for grid in grids]).reshape(-1, 3)
    points, weld = torch.unique((corners * side).round().long(), dim=0, return_inverse=True)
    first = (torch.arange(side)[:, None] * (side + 1) + torch.arange(side)).reshape(-1)
    quad = torch.stack((first, first + side + 1, first + side + 2, first + 1), 1)
    quad_uvs = torch.cat([quad + island * (side + 1) ** 2 for island in range(6)])
    islands = [
        torch.stack((u, v), -1).reshape(-1, 2) * 0.14 + torch.tensor([(i % 3) / 3 + 0.16, (i // 3) / 2 + 0.25])
        for i in range(6)
    ]
    return torch.nn.functional.normalize(points.float(), dim=1), weld[quad_uvs], torch.cat(islands), quad_uvs


def _shapes(head: Head, names: tuple[str, ...], generator: torch.Generator) -> Tensor:
    """[S, V, 3]: each shape moves a cap of the skin; jawOpen moves the teeth too, and eyeLook... the eyes alone."""
    shapes = torch.zeros(len(names), *head.vertices.shape)
    skin = slice(*head.topology.part("skin").vertices)
    for index, name in enumerate(names):
        if name.startswith("eyeLook"):
            for part in head.topology.parts:
                if part.name.startswith("left_" if name.endswith("Left") else "right_"):
                    shapes[index, slice(*part.vertices)] = 0.001 * torch.randn(3, generator=generator)
            continue
        centre = torch.nn.functional.normalize(torch.randn(3, generator=generator), dim=0)
        outwards = torch.nn.functional.normalize(head.vertices[skin] - torch.tensor(HEAD_CENTRE), dim=1)
        shapes[index, skin] = 0.01 * (outwards @ centre - 0.6).clamp_min(0.0)[:, None] * outwards
        if name == "jawOpen":
            teeth = next(part for part in head.topology.parts if part.name.endswith("teeth"))
            shapes[index, slice(*teeth.vertices)] = torch.tensor([0.0, 0.0, -0.015])
    return shapes


def _maps(resolution: int, generator: torch.Generator) -> dict[str, dict[str, Tensor]]:
    def noise(size: int, channels: int) -> Tensor:
        coarse = torch.rand(1, channels, 8, 8, generator=generator)
        return torch.nn.functional.interpolate(coarse, (size, size), mode="bicubic")[0].permute(1, 2, 0).clamp(0, 1)

    tilt = (noise(resolution, 3) - 0.5) * torch.tensor([0.4, 0.4, 0.0]) + torch.tensor([0.0, 0.0, 1.0])
    return {
        "skin": {
            "albedo": noise(resolution, 3) * 0.2 + torch.tensor([0.45, 0.25, 0.18]),
            "specular": noise(resolution, 1) * 0.3 + 0.3,
            "roughness": noise(resolution, 1) * 0.4 + 0.3,
            "normal": torch.nn.functional.normalize(tilt, dim=-1),
            "displacement": (noise(resolution, 1) - 0.5) * 0.001,
            "subsurface": noise(resolution, 1),
        },
        "eyes": {"albedo": noise(resolution // 2, 3)},
    }
