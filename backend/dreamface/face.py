"""The nouns of a generated head: topology, head, maps, face.

Lengths are metres, Z is up, the face looks along -Y, the origin is the base of the neck. Images are `[H, W, C]` with
row 0 at v = 1; colours are linear Rec. 709.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Final

import torch
from torch import Tensor

from dreamface.hair import Groom
from dreamface.record import FaceRecord
from dreamface.rigging import Rig
from dreamface.traits import ARKIT_SHAPES, VOCABULARY, Traits


@dataclass(frozen=True)
class Material:
    """How a part's surface answers light, for every exporter and renderer.

    Attributes:
        tile: the texture tile it reads, or None where it has plain values only.
        base_colour: linear Rec. 709; multiplies the tile's albedo.
        roughness: 0..1; where the tile has a roughness map, the map is used instead.
        transmission: 0..1, how much light passes through.
        ior: index of refraction.
        subsurface: 0..1 weight; where the tile has a subsurface map, the map is used instead.
        subsurface_radius: diffuse mean free path in metres for red, green, blue: how far light spreads below.
        metallic: 0..1; where the tile has a metallic map, the map is used instead.
        coat: 0..1 weight of a second, sharper gloss over the first: skin's oil, the eye's tears.
        coat_roughness: of that gloss; where the tile has a roughness map, this share of the map is used instead.
        coat_ior: index of refraction of what makes the second gloss.
    """

    name: str
    tile: str | None = None
    base_colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    roughness: float = 0.5
    transmission: float = 0.0
    ior: float = 1.45
    subsurface: float = 0.0
    subsurface_radius: tuple[float, float, float] = (0.0, 0.0, 0.0)
    metallic: float = 0.0
    coat: float = 0.0
    coat_roughness: float = 0.5
    coat_ior: float = 1.4

    @property
    def invisible(self) -> bool:
        """Whether it does nothing to light: all of it passes, and neither bends nor is reflected."""
        return self.transmission == 1.0 and self.ior == 1.0


@dataclass(frozen=True)
class Part:
    """A named piece of the head: one contiguous run of vertices and one of faces, with one material.

    Attributes:
        name: such as "skin", "left_sclera", "upper_teeth"; left is the person's left (+X).
        material: name of its material.
        vertices: [start, stop) into the head's vertices; may be empty in a part that shares all of them.
        faces: [start, stop) into the topology's faces. Their corners are vertices of the part's own object.
        object: the object that it is welded to, where that is not itself; see `Topology.objects`.
        tile: where its texture coordinates lie, where that is not its material's tile.
    """

    name: str
    material: str
    vertices: tuple[int, int]
    faces: tuple[int, int]
    object: str = ""
    tile: str = ""

    @property
    def object_name(self) -> str:
        """The name of the object that it is a piece of."""
        return self.object or self.name


@dataclass(frozen=True)
class PartGroup:
    """An object: one part, or several that are welded together and share vertices along their borders.

    Attributes:
        name: of the object.
        parts: in order, one run of vertices and one of faces together.
    """

    name: str
    parts: tuple[Part, ...]

    @property
    def vertices(self) -> tuple[int, int]:
        """[start, stop) into the head's vertices."""
        return self.parts[0].vertices[0], self.parts[-1].vertices[1]

    @property
    def faces(self) -> tuple[int, int]:
        """[start, stop) into the topology's faces."""
        return self.parts[0].faces[0], self.parts[-1].faces[1]


@dataclass(frozen=True)
class Topology:
    """What all heads of one model share.

    Attributes:
        faces: [F, 4] int64 vertex indices, counter-clockwise seen from outside. A triangle repeats its last corner.
        uv: [T, 2] texture coordinates in 0..1, v up, one layout per tile.
        face_uvs: [F, 4] int64 indices into `uv`, corner by corner like `faces`.
        parts: in order; together they cover all vertices and all faces. The skin's object is called "skin".
        tiles: tile names in UDIM order: the first is 1001.
        regions: name -> [V] soft weights 0..1, such as "lips_upper" or "cheeks".
        landmarks: name -> vertex index; "multipie_00" .. "multipie_67" and named anthropometric points.
    """

    faces: Tensor
    uv: Tensor
    face_uvs: Tensor
    parts: tuple[Part, ...]
    tiles: tuple[str, ...]
    regions: Mapping[str, Tensor] = field(default_factory=dict)
    landmarks: Mapping[str, int] = field(default_factory=dict)

    def part(self, name: str) -> Part:
        """The part called `name`; KeyError where there is none."""
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(name)

    @property
    def vertex_count(self) -> int:
        """V: how many vertices a head has."""
        return self.parts[-1].vertices[1]

    @cached_property
    def objects(self) -> tuple[PartGroup, ...]:
        """The parts by object, in order."""
        return group_parts(self.parts)

    @cached_property
    def triangles(self) -> Tensor:
        """[2F, 3] int64: faces 2i and 2i+1 are quad i split along its first diagonal (corners 0-1-2 and 0-2-3).

        The second half of a face that is a triangle already has no area.
        """
        return split_quads(self.faces)

    @cached_property
    def triangle_uvs(self) -> Tensor:
        """[2F, 3] int64 indices into `uv`, corner by corner like `triangles`."""
        return split_quads(self.face_uvs)

    @cached_property
    def multipie(self) -> Tensor:
        """[68] int64: vertex indices of the 68 Multi-PIE landmarks."""
        return torch.tensor([self.landmarks[f"multipie_{i:02d}"] for i in range(68)])


def group_parts(parts: tuple[Part, ...]) -> tuple[PartGroup, ...]:
    """The parts by object, in order."""
    groups = groupby(parts, key=lambda part: part.object_name)
    return tuple(PartGroup(name, tuple(welded)) for name, welded in groups)


def split_quads(quads: Tensor) -> Tensor:
    """[F, 4] quads to [2F, 3] triangles, each quad along its first diagonal."""
    return torch.stack((quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]), dim=1).reshape(-1, 3)


@dataclass(frozen=True)
class Head:
    """One person's neutral geometry.

    Attributes:
        model: name of the head model, such as "anny".
        topology: shared with every head of that model.
        vertices: [V, 3] metres.
        identity: the model's coefficients by name; with the same model and offset they give the same vertices again.
        offset: [V, 3] metres that the vertices hold on top of what the identity says; None where nothing was sculpted.
    """

    model: str
    topology: Topology
    vertices: Tensor
    identity: Mapping[str, float]
    offset: Tensor | None = None

    @property
    def candidate(self) -> int | None:
        """Whom of the seed's candidates the person began as; None on built-in heads from before they had one."""
        return int(self.identity["candidate"]) if "candidate" in self.identity else None

    def landmark(self, name: str) -> Tensor:
        """[3] position of a landmark, metres."""
        return self.vertices[self.topology.landmarks[name]]


TileMaps = Mapping[str, Tensor]
"""Channel -> image of one tile.

albedo [H, W, 3] linear; specular, roughness, subsurface [H, W, 1] 0..1; normal [H, W, 3] unit vectors in tangent space
(OpenGL: +Y is +v); displacement [H, W, 1] metres along the normal, 0 is the mesh; opacity [H, W, 1] 0..1, 0 where the
surface is not there, as between lashes; metallic [H, W, 1] 0..1, only where something is.
"""

Maps = Mapping[str, TileMaps]
"""Tile name -> its maps. The face's has all channels but opacity and metallic, others at least albedo or opacity."""


@dataclass(frozen=True)
class Face:
    """A generated head: everything needed to show, edit, export or rebuild it.

    Attributes:
        record: what it came from and what was done to it.
        head: neutral geometry.
        shapes: [S, V, 3] blend shape deltas in metres, in the order of `shape_names`.
        materials: by name; every part's material is here.
        maps: textures by tile and channel.
        preview: [H, W, 3] sRGB-encoded 0..1 picture, for looking at.
        shape_names: [S] `ARKIT_SHAPES` first, then what else the head model offers.
        measured: every shape trait as it is on the head, in standard deviations of the population.
        pictures: SHA-256 -> PNG, of every picture that the record's layers refer to.
        groom: the hair by region, rooted in the neutral head; faces of older versions have none.
        rig: bones and the weights with which they move the head; faces of older versions have none, see `rig.rig_of`.
    """

    record: FaceRecord
    head: Head
    shapes: Tensor
    materials: Mapping[str, Material]
    maps: Maps
    preview: Tensor
    shape_names: tuple[str, ...] = ARKIT_SHAPES
    measured: Mapping[str, float] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    groom: Groom = field(default_factory=dict)
    rig: Rig | None = None

    @property
    def face_id(self) -> str:
        """Stable identity through edits."""
        return self.record.face_id

    @property
    def prompt(self) -> str:
        """As the artist typed it."""
        return self.record.prompt

    @property
    def seed(self) -> int:
        """What every random choice was drawn from."""
        return self.record.seed

    @property
    def resolution(self) -> int:
        """Side of the skin tile's maps in pixels."""
        return self.record.resolution

    @property
    def traits(self) -> Traits:
        """All of them, with confidence 0 where the seed drew them."""
        return self.record.traits

    @property
    def expression(self) -> Tensor:
        """[S] weights 0..1 of the expression that the face wears."""
        return expression_weights(self.traits, self.shape_names)

    def posed(self, weights: Tensor) -> Tensor:
        """[..., V, 3] vertices in metres at blend shape weights [..., S]; see `pose`."""
        return pose(self.head.vertices, self.shapes, weights)


LID_CLOSING: Final[Mapping[str, float]] = {"eyeSquint": 0.19, "cheekSquint": 0.18, "eyeLookDown": 0.33}
"""Share of a blink by which other shapes shut the lids; a little less than the mean over heads, so that none stay open.

The extension has the same numbers.
"""


def expression_weights(traits: Traits, shape_names: tuple[str, ...]) -> Tensor:
    """[S] weights 0..1 of the expression.* traits for the named shapes; 0 for a shape that is no trait.

    A blink ends where the lids meet: added to a squint, all of it would push them through each other and the eye.
    """
    names = [f"expression.{name}" for name in shape_names]
    weights = {name: traits.number(name) if name in VOCABULARY else 0.0 for name in names}
    for side in ("Left", "Right"):
        blink = f"expression.eyeBlink{side}"
        if blink in weights:
            shut = sum(share * weights.get(f"expression.{name}{side}", 0.0) for name, share in LID_CLOSING.items())
            weights[blink] = min(weights[blink], 1.0 - shut)
    return torch.tensor([weights[name] for name in names])


def pose(vertices: Tensor, shapes: Tensor, weights: Tensor) -> Tensor:
    """[..., V, 3] vertices with blend shapes applied: v + sum_i w_i d_i.

    Args:
        vertices: [V, 3] neutral, metres.
        shapes: [S, V, 3] deltas, metres.
        weights: [..., S].
    """
    return vertices + torch.einsum("...s,svx->...vx", weights.to(shapes), shapes)
